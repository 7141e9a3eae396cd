//! A machine on a bench: inputs in, packets and happenings out, and a clock that moves when told.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use standin::mqtt::codec::{Decoder, Malformed, Side, encode};
use standin::mqtt::packet::{Connect, Packet, PacketId, Publish, Qos};
use standin::mqtt::{Client, Fault, Happening, Input, Options, Output, Token, TopicFilter};

pub(crate) const OPTIONS: Options = Options {
    max_packet: 1 << 20,
    window: 4,
    queue: 3,
    strict: true,
    answer_within: Duration::from_secs(10),
    hold: false,
};

pub(crate) struct Bench {
    pub(crate) client: Client,
    pub(crate) now: Instant,
    start: Instant,
    reader: Decoder,
}

/// What a step gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) written: Vec<Packet>,
    pub(crate) happenings: Vec<Happening>,
    pub(crate) result: Result<(), Fault>,
}

impl Step {
    /// The step of a machine that found no fault.
    #[track_caller]
    pub(crate) fn good(self) -> (Vec<Packet>, Vec<Happening>) {
        assert_eq!(self.result, Ok(()));
        (self.written, self.happenings)
    }

    #[track_caller]
    pub(crate) fn written(self) -> Vec<Packet> {
        self.good().0
    }

    #[track_caller]
    pub(crate) fn happenings(self) -> Vec<Happening> {
        self.good().1
    }

    /// The words of the protocol fault that ended the connection.
    #[track_caller]
    pub(crate) fn fault(self) -> String {
        match self.result {
            Err(Fault::Protocol(words)) => words,
            other => panic!("no protocol fault but {other:?}, {:?}", self.happenings),
        }
    }
}

impl Bench {
    pub(crate) fn new(options: Options) -> Self {
        let now = Instant::now();
        Self { client: Client::new(options), now, start: now, reader: Decoder::new(Side::Server, 1 << 20) }
    }

    /// A bench whose client is online, with a keep-alive of 60 s.
    pub(crate) fn online(options: Options, clean_session: bool) -> Self {
        let mut bench = Self::new(options);
        bench.connect(clean_session, 60, false);
        bench
    }

    /// Opens a connection and has the platform accept it.
    pub(crate) fn connect(&mut self, clean_session: bool, keep_alive: u16, session_present: bool) -> Step {
        let opened = self.open(connect(clean_session, keep_alive));
        assert_eq!(opened.written.first().map(Packet::name), Some("CONNECT"));
        self.receive(if session_present { "20020100" } else { "20020000" })
    }

    pub(crate) fn open(&mut self, connect: Connect) -> Step {
        self.reader = Decoder::new(Side::Server, 1 << 20);
        self.step(Input::Opened(Box::new(connect)))
    }

    pub(crate) fn step(&mut self, input: Input) -> Step {
        let mut output = Output::default();
        let result = self.client.step(self.now, input, &mut output);
        let mut written = Vec::new();
        let fed = self.reader.feed(output.bytes.freeze(), |packet| {
            written.push(packet);
            Ok::<_, Malformed>(())
        });
        assert_eq!(fed, Ok(()), "the machine wrote what a server refuses");
        Step { written, happenings: output.happenings, result }
    }

    /// Hands over what the platform sent, as hex digits.
    pub(crate) fn receive(&mut self, hex: &str) -> Step {
        let bytes = hex::decode(hex.replace(' ', "")).unwrap();
        self.step(Input::Received(Bytes::from(bytes)))
    }

    pub(crate) fn receive_packet(&mut self, packet: &Packet) -> Step {
        let mut bytes = BytesMut::new();
        encode(packet, &mut bytes).unwrap();
        self.step(Input::Received(bytes.freeze()))
    }

    pub(crate) fn publish(&mut self, token: u64, topic: &str, qos: Qos) -> Step {
        self.step(Input::Publish {
            token: Token(token),
            topic: topic.to_owned(),
            payload: Bytes::from_static(b"x"),
            qos,
            retain: false,
        })
    }

    pub(crate) fn subscribe(&mut self, token: u64, filters: &[(&str, Qos)]) -> Step {
        let filters = filters.iter().map(|(text, qos)| (filter(text), *qos)).collect();
        self.step(Input::Subscribe { token: Token(token), filters })
    }

    pub(crate) fn unsubscribe(&mut self, token: u64, filters: &[&str]) -> Step {
        let filters = filters.iter().map(|text| filter(text)).collect();
        self.step(Input::Unsubscribe { token: Token(token), filters })
    }

    /// Moves the clock to `seconds` after the start, without a tick.
    pub(crate) fn at(&mut self, seconds: f64) -> &mut Self {
        self.now = self.start + Duration::from_secs_f64(seconds);
        self
    }

    pub(crate) fn tick(&mut self) -> Step {
        self.step(Input::Tick)
    }

    /// The machine's deadline, in seconds after the start.
    pub(crate) fn deadline(&self) -> Option<f64> {
        self.client.deadline().map(|at| (at - self.start).as_secs_f64())
    }
}

pub(crate) fn connect(clean_session: bool, keep_alive: u16) -> Connect {
    Connect { client_id: "bench".to_owned(), clean_session, keep_alive, ..Connect::default() }
}

pub(crate) fn filter(text: &str) -> TopicFilter {
    TopicFilter::new(text).unwrap()
}

pub(crate) fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

/// The message that [`Bench::publish`] makes, as it goes over the wire.
pub(crate) fn wire(topic: &str, qos: Qos, number: u16, dup: bool) -> Packet {
    Packet::Publish(Publish {
        dup,
        qos,
        retain: false,
        topic: topic.to_owned(),
        packet_id: PacketId::new(number),
        payload: Bytes::from_static(b"x"),
    })
}

pub(crate) fn sent(token: u64, number: u16, dup: bool) -> Happening {
    Happening::Sent { token: Token(token), packet_id: PacketId::new(number), dup }
}

pub(crate) fn acked(token: u64, number: u16, seconds: u64) -> Happening {
    Happening::Acked { token: Token(token), packet_id: PacketId::new(number), took: Duration::from_secs(seconds) }
}

/// The only happening, which must be a rejection of `token`: its reason.
#[track_caller]
pub(crate) fn rejected(happenings: &[Happening], token: u64) -> &str {
    match happenings {
        [Happening::Rejected { token: found, reason }] if found.0 == token => reason,
        other => panic!("not one rejection of {token}: {other:?}"),
    }
}

/// The only happening, which must be a note.
#[track_caller]
pub(crate) fn noted(happenings: &[Happening]) -> &str {
    match happenings {
        [Happening::Noted(note)] => note,
        other => panic!("not one note: {other:?}"),
    }
}
