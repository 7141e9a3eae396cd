//! Any inputs in any order, at any time: no panic, only packets that a server takes, and each token ends once at the most.

#![no_main]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use standin::mqtt::codec::{Decoder, Malformed, Side};
use standin::mqtt::packet::{Connect, Packet};
use standin::mqtt::{Client, Happening, Input, Options, Output, Qos, Token, TopicFilter};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    strict: bool,
    hold: bool,
    window: u8,
    queue: u8,
    steps: Vec<Step<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Open {
        clean_session: bool,
        keep_alive: u8,
    },
    Accept {
        session_present: bool,
    },
    Receive(&'a [u8]),
    /// A packet of the platform: an acknowledgement or a message, with a low identifier.
    Answer {
        kind: u8,
        id: u8,
    },
    Close,
    Publish {
        topic: &'a str,
        qos: u8,
    },
    Subscribe {
        filter: &'a str,
        qos: u8,
    },
    Unsubscribe {
        filter: &'a str,
    },
    Acknowledge {
        up_to: u8,
    },
    Disconnect,
    Wait {
        milliseconds: u16,
    },
    Deadline,
    Forgive,
}

struct Bench {
    client: Client,
    now: Instant,
    server: Decoder,
    /// Whether DISCONNECT is written or a fault was found on this connection.
    over: bool,
    tokens: u64,
    ended: BTreeSet<Token>,
}

impl Bench {
    fn token(&mut self) -> Token {
        self.tokens += 1;
        Token(self.tokens)
    }

    fn input(&mut self, step: Step<'_>) -> Option<Input> {
        let qos = |number: u8| match number % 3 {
            0 => Qos::AtMostOnce,
            1 => Qos::AtLeastOnce,
            _ => Qos::ExactlyOnce,
        };
        Some(match step {
            Step::Open { clean_session, keep_alive } => {
                self.server = Decoder::new(Side::Server, usize::MAX);
                self.over = false;
                let client_id = "fuzz".to_owned();
                let keep_alive = u16::from(keep_alive);
                Input::Opened(Box::new(Connect { client_id, clean_session, keep_alive, ..Connect::default() }))
            }
            Step::Accept { session_present } => {
                Input::Received(Bytes::copy_from_slice(&[0x20, 2, u8::from(session_present), 0]))
            }
            Step::Receive(bytes) => Input::Received(Bytes::copy_from_slice(bytes)),
            Step::Answer { kind, id } => Input::Received(match kind % 9 {
                0 => Bytes::copy_from_slice(&[0x40, 2, 0, id]),
                1 => Bytes::copy_from_slice(&[0x50, 2, 0, id]),
                2 => Bytes::copy_from_slice(&[0x62, 2, 0, id]),
                3 => Bytes::copy_from_slice(&[0x70, 2, 0, id]),
                4 => Bytes::copy_from_slice(&[0x90, 3, 0, id, 1]),
                5 => Bytes::copy_from_slice(&[0xb0, 2, 0, id]),
                6 => Bytes::copy_from_slice(&[0x32, 5, 0, 1, b't', 0, id]),
                7 => Bytes::copy_from_slice(&[0x3c, 5, 0, 1, b't', 0, id]),
                _ => Bytes::copy_from_slice(&[0xd0, 0]),
            }),
            Step::Close => Input::Closed,
            Step::Publish { topic, qos: number } => {
                let (token, topic, qos) = (self.token(), topic.to_owned(), qos(number));
                Input::Publish { token, topic, payload: Bytes::from_static(b"x"), qos, retain: number > 127 }
            }
            Step::Subscribe { filter, qos: number } => {
                let filters = TopicFilter::new(filter).map(|filter| (filter, qos(number))).into_iter().collect();
                Input::Subscribe { token: self.token(), filters }
            }
            Step::Unsubscribe { filter } => {
                let filters = TopicFilter::new(filter).into_iter().collect();
                Input::Unsubscribe { token: self.token(), filters }
            }
            Step::Acknowledge { up_to } => Input::Acknowledge { up_to: u64::from(up_to) },
            Step::Disconnect => Input::Disconnect,
            Step::Wait { milliseconds } => {
                self.now += Duration::from_millis(u64::from(milliseconds) * 4);
                Input::Tick
            }
            Step::Deadline => {
                self.now = self.now.max(self.client.deadline()?);
                Input::Tick
            }
            Step::Forgive => {
                self.client.forgive_silence(self.now);
                return None;
            }
        })
    }

    fn step(&mut self, input: Input) {
        let was_over = self.over;
        let mut output = Output::default();
        let result = self.client.step(self.now, input, &mut output);
        assert!(!was_over || output.bytes.is_empty(), "written after the connection was over");
        self.over |= result.is_err();
        let over = &mut self.over;
        self.server
            .feed(output.bytes.freeze(), |packet| {
                *over |= matches!(packet, Packet::Disconnect);
                Ok::<_, Malformed>(())
            })
            .expect("the machine wrote what a server refuses");
        for happening in output.happenings {
            let ended = match happening {
                Happening::Acked { token, .. }
                | Happening::Subscribed { token, .. }
                | Happening::Unsubscribed { token, .. }
                | Happening::Rejected { token, .. } => token,
                Happening::Refused(_) => {
                    self.over = true;
                    continue;
                }
                _ => continue,
            };
            assert!(self.ended.insert(ended), "{ended:?} ended twice");
        }
        assert!(!self.over || self.client.deadline().is_none(), "a deadline on a dead connection");
    }
}

fuzz_target!(|case: Case<'_>| {
    let options = Options {
        max_packet: 1 << 16,
        window: u16::from(case.window),
        queue: usize::from(case.queue),
        strict: case.strict,
        answer_within: Duration::from_secs(10),
        hold: case.hold,
    };
    let mut bench = Bench {
        client: Client::new(options),
        now: Instant::now(),
        server: Decoder::new(Side::Server, usize::MAX),
        over: false,
        tokens: 0,
        ended: BTreeSet::new(),
    };
    for step in case.steps {
        if let Some(input) = bench.input(step) {
            bench.step(input);
        }
    }
    // A clean session is the end of everything: whatever was asked has an answer then.
    bench.over = false;
    bench.server = Decoder::new(Side::Server, usize::MAX);
    bench.step(Input::Opened(Box::new(Connect {
        client_id: "end".to_owned(),
        clean_session: true,
        ..Connect::default()
    })));
    assert_eq!(bench.ended.len() as u64, bench.tokens, "a token never ended");
    assert_eq!(bench.client.in_flight(), 0);
});
