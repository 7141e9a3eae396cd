//! Two machines and a line between them that is cut at every byte, and then at random ones.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use proptest::prelude::*;
use standin::mqtt::packet::Qos;
use standin::mqtt::{Client, Happening, Input, Options, Output, Token};

use crate::bench::{OPTIONS, connect, filter};
use crate::broker::Broker;

/// How many messages go each way: as many of each QoS.
const MESSAGES: u8 = 9;

struct Line {
    client: Client,
    broker: Broker,
    now: Instant,
    /// Bytes on their way to the broker.
    up: BytesMut,
    /// The most bytes that arrive at once.
    piece: usize,
    /// Bytes that arrived, both ways.
    arrived: usize,
    /// The messages that the client was handed.
    got: Vec<Bytes>,
    /// How often each token ended well.
    acked: BTreeMap<Token, usize>,
    subscribed: usize,
}

impl Line {
    fn new(piece: usize) -> Self {
        Self {
            client: Client::new(Options { queue: 100, ..OPTIONS }),
            broker: Broker::new(),
            now: Instant::now(),
            up: BytesMut::new(),
            piece,
            arrived: 0,
            got: Vec::new(),
            acked: BTreeMap::new(),
            subscribed: 0,
        }
    }

    fn input(&mut self, input: Input) {
        let mut output = Output::default();
        self.client.step(self.now, input, &mut output).unwrap();
        self.up.unsplit(output.bytes);
        for happening in output.happenings {
            match happening {
                Happening::Message(publish) => self.got.push(publish.payload),
                Happening::Acked { token, .. } => *self.acked.entry(token).or_default() += 1,
                Happening::Subscribed { .. } => self.subscribed += 1,
                Happening::Rejected { token: Token(0), .. } | Happening::Connected { .. } | Happening::Sent { .. } => {}
                // The PUBCOMP of an exchange that the cut caught came twice, or the PUBREL did.
                Happening::Noted(note) if note.contains("which is not in use") => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn open(&mut self) {
        self.input(Input::Opened(Box::new(connect(false, 60))));
    }

    /// Carries bytes both ways until `budget` of them have arrived or nothing is left to carry. Answers whether all arrived.
    fn run(&mut self, budget: usize) -> bool {
        let mut left = budget;
        loop {
            self.now += Duration::from_millis(1);
            let up = self.up.split_to(self.piece.min(self.up.len()).min(left));
            left -= up.len();
            let down = self.broker.out.len().min(self.piece).min(left);
            let down = self.broker.out.split_to(down);
            left -= down.len();
            self.arrived += up.len() + down.len();
            if !up.is_empty() {
                self.broker.receive(up.freeze());
            }
            if !down.is_empty() {
                self.input(Input::Received(down.freeze()));
            }
            if self.up.is_empty() && self.broker.out.is_empty() {
                return true;
            }
            if left == 0 {
                return false;
            }
        }
    }

    fn cut(&mut self) {
        self.up.clear();
        self.broker.cut();
        self.input(Input::Closed);
    }

    /// Sends everything there is to send, both ways, and a SUBSCRIBE between.
    fn load(&mut self) {
        for number in 0..MESSAGES {
            let (qos, payload) = (Qos::from_number(number % 3).unwrap(), Bytes::from(vec![number]));
            let (token, topic) = (Token(u64::from(number) + 1), "up".to_owned());
            self.input(Input::Publish { token, topic, payload: payload.clone(), qos, retain: false });
            self.broker.publish(payload, qos);
        }
        self.input(Input::Subscribe { token: Token(0), filters: vec![(filter("a"), Qos::AtLeastOnce)] });
    }

    /// What must hold when everything has settled, however often the line was cut.
    fn check(&self) {
        assert_eq!(self.client.in_flight(), 0, "messages were left behind");
        assert!(self.broker.idle());
        for got in [&self.got, &self.broker.got] {
            let count = |number: u8| got.iter().filter(|payload| payload[..] == [number]).count();
            for number in 0..MESSAGES {
                match number % 3 {
                    0 => assert!(count(number) <= 1, "QoS 0 came {} times", count(number)),
                    1 => assert!(count(number) >= 1, "a QoS 1 message is lost"),
                    _ => assert_eq!(count(number), 1, "QoS 2 comes once"),
                }
            }
            for qos in 1..3 {
                let mut firsts: Vec<u8> = Vec::new();
                for payload in got.iter().filter(|payload| payload[0] % 3 == qos) {
                    if !firsts.contains(&payload[0]) {
                        firsts.push(payload[0]);
                    }
                }
                assert!(firsts.is_sorted(), "out of order: {firsts:?}");
            }
        }
        let ended: Vec<_> = self.acked.iter().map(|(token, times)| (token.0, *times)).collect();
        assert_eq!(ended, (1..=u64::from(MESSAGES)).map(|token| (token, 1)).collect::<Vec<_>>());
    }
}

// MQTT-4.3.2-1, MQTT-4.3.2-2, MQTT-4.3.3-1, MQTT-4.3.3-2, MQTT-4.4.0-1, MQTT-4.6.0-1, MQTT-4.1.0-1
#[test]
fn a_cut_at_any_byte_loses_nothing_and_doubles_nothing_of_qos_2() {
    for piece in [1, 5, 1000] {
        let mut whole = Line::new(piece);
        whole.open();
        assert!(whole.run(usize::MAX));
        let before = whole.arrived;
        whole.load();
        assert!(whole.run(usize::MAX));
        whole.check();
        assert_eq!(whole.subscribed, 1);
        for place in 0..whole.arrived - before {
            let mut line = Line::new(piece);
            line.open();
            line.run(usize::MAX);
            line.load();
            assert!(!line.run(place), "the cut is before the end");
            line.cut();
            line.open();
            assert!(line.run(usize::MAX));
            line.check();
        }
    }
}

// MQTT-6.0.0-2, MQTT-3.1.2-4, MQTT-3.1.2-5
#[test]
fn pings_and_requests_work_against_the_broker() {
    let mut line = Line::new(1);
    line.open();
    line.run(usize::MAX);
    line.now += Duration::from_mins(1);
    assert!(line.client.deadline().is_some_and(|at| at <= line.now));
    let mut output = Output::default();
    line.client.step(line.now, Input::Tick, &mut output).unwrap();
    assert_eq!(output.bytes[..], [0xc0, 0]);
    line.broker.receive(output.bytes.freeze());
    let mut answer = line.broker.out.split().freeze();
    line.now += Duration::from_millis(30);
    let mut output = Output::default();
    while answer.has_remaining() {
        line.client.step(line.now, Input::Received(answer.split_to(1)), &mut output).unwrap();
    }
    assert_eq!(output.happenings, [Happening::Pinged { took: Duration::from_millis(30) }]);
    line.input(Input::Unsubscribe { token: Token(0), filters: vec![filter("a")] });
    assert!(!line.up.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// CONNECT and CONNACK may be cut, too, and one cut may follow another.
    #[test]
    fn any_number_of_cuts_loses_nothing(
        places in proptest::collection::vec(0..260_usize, 0..12),
        piece in 1..40_usize,
    ) {
        let mut line = Line::new(piece);
        line.open();
        line.run(usize::MAX);
        line.load();
        for place in places {
            line.run(place);
            line.cut();
            line.open();
        }
        prop_assert!(line.run(usize::MAX));
        line.check();
    }
}
