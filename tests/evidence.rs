//! Evidence before acknowledgement: what a platform hears of its messages while a tape runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

use std::time::{Duration, Instant};

use standin::cloud::defaults;
use standin::event::{Kind, LineState};
use standin::mqtt::Qos;
use standin::profile::{Backoff, BackoffPolicy, Cloud, Endpoint, Identity, MqttIdentity, Profile, Transport};
use standin::session::{self, Action, Follower, Handle, Journal, Order, Recording, clock};
use standin::tape::{Destination, Ending, Recorded, Settings, Tape};
use standin::timeline::{Budget, SessionId, Standing, Timeline};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

/// A device's session and the platform that it speaks to.
struct Bench {
    listener: TcpListener,
    stream: TcpStream,
    journal: Journal,
    handle: Handle,
}

impl Bench {
    async fn start(clean_session: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let journal = Journal::new(Timeline::new(Budget::default(), clock::now()));
        // Another device, so that the one that is spoken to is not the first.
        journal.with(|timeline| timeline.register("other", Cloud::Mqtt));
        let handle = session::start(Profile { clean_session, ..profile(port) }, &journal);
        let stream = accept(&listener, false).await;
        Self { listener, stream, journal, handle }
    }

    /// Cuts the line and takes the session's next connection.
    async fn cut(&mut self) {
        self.stream.shutdown().await.unwrap();
        self.stream = accept(&self.listener, true).await;
        self.online().await;
    }

    async fn online(&self) {
        let coming = async {
            while self.standing(|standing| standing.state) != LineState::Online {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, coming).await.expect("the session comes online");
    }

    fn standing<T>(&self, look: impl FnOnce(&Standing) -> T) -> T {
        self.journal.with(|timeline| look(&timeline.sessions()[usize::from(self.handle.id.0)]))
    }

    async fn send(&mut self, packets: &[u8]) {
        self.stream.write_all(packets).await.unwrap();
    }

    /// Waits until so many messages came, and answers the number of the last event.
    async fn came(&self, messages: u64) -> u64 {
        let coming = async {
            loop {
                let last = self.journal.with(|timeline| {
                    let standing = &timeline.sessions()[usize::from(self.handle.id.0)];
                    (standing.rx >= messages).then(|| timeline.next_number() - 1)
                });
                if let Some(last) = last {
                    return last;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, coming).await.expect("the messages come")
    }

    /// The next packet that the session sends: its first byte and its packet identifier.
    async fn packet(&mut self) -> (u8, u16) {
        let bytes = packet(&mut self.stream).await;
        (bytes[0], bytes.get(2..4).map_or(0, |id| u16::from_be_bytes([id[0], id[1]])))
    }

    /// What the session sends up to a message of ours, which goes out after everything that may go out by now.
    async fn until_now(&mut self) -> Vec<(u8, u16)> {
        let action = Action::Publish {
            topic: "t".into(),
            payload: "v".into(),
            qos: Qos::AtMostOnce,
            retain: false,
            force: false,
        };
        self.handle.try_send(Order { number: None, action }).unwrap();
        let mut packets = Vec::new();
        loop {
            match self.packet().await {
                (0x30, _) => return packets,
                packet => packets.push(packet),
            }
        }
    }

    fn tape(&self) -> Follower {
        self.journal.vouch(Some(vec![self.handle.id]), |_| ()).0
    }
}

fn profile(port: u16) -> Profile {
    let identity = MqttIdentity { client_id: "dev".into(), username: None, password: None, will: None };
    let endpoint =
        Endpoint { transport: Transport::Mqtt, host: "127.0.0.1".into(), port, path: String::new(), subprotocol: None };
    let short = Duration::from_millis(20);
    let backoff = Backoff { policy: BackoffPolicy::Fixed, min: Duration::ZERO, default: short, max: short };
    Profile { backoff, ..defaults::profile("dev", Identity::Mqtt(identity), endpoint) }
}

async fn accept(listener: &TcpListener, session_present: bool) -> TcpStream {
    let mut stream = timeout(PATIENCE, listener.accept()).await.expect("the session dials").unwrap().0;
    assert_eq!(packet(&mut stream).await[0], 0x10, "CONNECT comes first");
    stream.write_all(&[0x20, 2, u8::from(session_present), 0]).await.unwrap();
    stream
}

/// Reads one packet whose remaining length fits one byte.
async fn packet(stream: &mut TcpStream) -> Vec<u8> {
    let reading = async {
        let mut bytes = vec![0; 2];
        stream.read_exact(&mut bytes).await.unwrap();
        assert!(bytes[1] < 128, "a short packet");
        let mut rest = vec![0; usize::from(bytes[1])];
        stream.read_exact(&mut rest).await.unwrap();
        bytes.extend(rest);
        bytes
    };
    timeout(PATIENCE, reading).await.expect("a packet comes")
}

/// A message: `first` is the packet's first byte.
fn message(first: u8, id: u8) -> [u8; 7] {
    [first, 5, 0, 1, b't', 0, id]
}

const QOS1: u8 = 0x32;
const QOS2: u8 = 0x34;
const DUP: u8 = 0x08;
const PUBACK: u8 = 0x40;
const PUBREC: u8 = 0x50;

// MQTT-4.6.0-2, MQTT-4.6.0-3: in the order of arrival, whenever they go.
#[tokio::test]
async fn a_message_is_acknowledged_after_the_tape_has_kept_it() {
    let mut bench = Bench::start(true).await;
    bench.send(&message(QOS1, 1)).await;
    assert_eq!(bench.packet().await, (PUBACK, 1), "at once, without a tape");
    let tape = bench.tape();
    bench.send(&[message(QOS1, 7), message(QOS2, 9)].concat()).await;
    let second = bench.came(3).await;
    bench.send(&[message(QOS2, 3), message(QOS1, 4)].concat()).await;
    let last = bench.came(5).await;
    assert_eq!(bench.until_now().await, []);
    tape.keep(second - 2);
    assert_eq!(bench.until_now().await, []);
    tape.keep(second);
    assert_eq!([bench.packet().await, bench.packet().await], [(PUBACK, 7), (PUBREC, 9)]);
    assert_eq!(bench.until_now().await, []);
    tape.keep(last);
    assert_eq!([bench.packet().await, bench.packet().await], [(PUBREC, 3), (PUBACK, 4)]);
    // With what the session said since, the tape has kept all; it ends, and nothing is owed.
    bench.send(&message(QOS1, 5)).await;
    bench.came(6).await;
    assert_eq!(bench.until_now().await, []);
    drop(tape);
    assert_eq!(bench.packet().await, (PUBACK, 5));
    bench.send(&message(QOS1, 6)).await;
    assert_eq!(bench.packet().await, (PUBACK, 6));
    assert_eq!(bench.until_now().await, []);
}

#[tokio::test]
async fn a_tape_of_another_device_holds_nothing() {
    let mut bench = Bench::start(true).await;
    let (tape, ()) = bench.journal.vouch(Some(vec![SessionId(0)]), |_| ());
    bench.send(&message(QOS1, 1)).await;
    assert_eq!(bench.packet().await, (PUBACK, 1));
    let both = bench.tape();
    bench.send(&message(QOS1, 2)).await;
    let last = bench.came(2).await;
    assert_eq!(bench.until_now().await, []);
    both.keep(last);
    assert_eq!(bench.packet().await, (PUBACK, 2));
    drop(tape);
}

#[tokio::test]
async fn a_disk_that_hangs_is_waited_for_five_seconds_and_then_no_more() {
    let mut bench = Bench::start(true).await;
    let tape = bench.tape();
    let begun = Instant::now();
    bench.send(&[message(QOS1, 1), message(QOS2, 2)].concat()).await;
    assert_eq!([bench.packet().await, bench.packet().await], [(PUBACK, 1), (PUBREC, 2)]);
    assert!(begun.elapsed() >= Duration::from_secs(5));
    bench.send(&message(QOS1, 3)).await;
    assert_eq!(bench.packet().await, (PUBACK, 3), "the line goes on");
    // It answers again.
    tape.keep(bench.came(3).await - 1);
    bench.send(&message(QOS1, 4)).await;
    let last = bench.came(4).await;
    assert_eq!(bench.until_now().await, []);
    tape.keep(last);
    assert_eq!(bench.packet().await, (PUBACK, 4));
}

// MQTT-4.4.0-1: the platform sends again what was not acknowledged; nothing is answered on another connection by itself.
#[tokio::test]
async fn what_waits_dies_with_its_connection_and_is_answered_when_it_comes_again() {
    let mut bench = Bench::start(false).await;
    let tape = bench.tape();
    bench.send(&[message(QOS1, 1), message(QOS2, 2)].concat()).await;
    let last = bench.came(2).await;
    bench.cut().await;
    tape.keep(last);
    assert_eq!(bench.until_now().await, []);
    bench.send(&[message(QOS1 | DUP, 1), message(QOS2 | DUP, 2)].concat()).await;
    // The QoS 2 message is known and kept; but its PUBREC goes behind the PUBACK that came before it.
    let last = bench.came(3).await;
    assert_eq!(bench.until_now().await, []);
    tape.keep(last);
    assert_eq!([bench.packet().await, bench.packet().await], [(PUBACK, 1), (PUBREC, 2)]);
    bench.send(&[0x62, 2, 0, 2]).await;
    assert_eq!(bench.packet().await, (0x70, 2), "PUBCOMP");
    assert_eq!(bench.standing(|standing| standing.rx), 3, "QoS 1 came twice, QoS 2 once");
}

#[tokio::test]
async fn leaving_waits_for_what_the_tape_is_about_to_keep() {
    let mut bench = Bench::start(true).await;
    let tape = bench.tape();
    bench.send(&message(QOS1, 1)).await;
    let last = bench.came(1).await;
    let leaving = tokio::spawn(bench.handle.clone().leave());
    // It still reads, though it was told to leave.
    for messages in 2..50 {
        bench.send(b"\x30\x03\x00\x01t").await;
        bench.came(messages).await;
    }
    tape.keep(last);
    assert_eq!(bench.packet().await, (PUBACK, 1));
    assert_eq!(bench.packet().await.0, 0xe0, "DISCONNECT");
    timeout(PATIENCE, leaving).await.unwrap().unwrap();
}

/// A tape of `sessions` in `folder`.
fn record(bench: &Bench, folder: &std::path::Path, sessions: Option<Vec<SessionId>>) -> Recording {
    let destination = Destination::Folder { path: folder.to_owned(), pattern: Settings::PATTERN.to_owned() };
    let recorded = vec![Recorded::of(&bench.handle.profile)];
    Recording::start(&bench.journal, sessions, recorded, Settings::new(destination), clock::now()).unwrap()
}

/// The payloads' packet identifiers on a tape, as a reader finds them right now.
fn on_tape(path: &std::path::Path) -> Vec<u64> {
    let tape = Tape::open(path).unwrap();
    let mut ids = Vec::new();
    for place in 0..tape.chunks().len() {
        let chunk = tape.chunk(place).unwrap();
        for line in (0..chunk.len()).map(|line| chunk.line(line).unwrap()) {
            let event: serde_json::Value = serde_json::from_slice(line).unwrap();
            if event["kind"] == "rx" {
                ids.push(event["packet_id"].as_u64().unwrap());
            }
        }
    }
    ids
}

#[tokio::test]
async fn when_the_acknowledgement_is_here_the_message_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for clean in [true, false] {
        let mut bench = Bench::start(clean).await;
        let recording = record(&bench, folder.path(), clean.then(|| vec![bench.handle.id]));
        let path = recording.status().path;
        let mut sent = Vec::new();
        for id in 1..=20 {
            let (qos, answer) = if id % 2 == 0 { (QOS1, PUBACK) } else { (QOS2, PUBREC) };
            bench.send(&message(qos, id)).await;
            sent.push(u64::from(id));
            assert_eq!(bench.packet().await, (answer, u16::from(id)));
            assert_eq!(on_tape(&path), sent);
        }
        assert_eq!(Tape::open(&path).unwrap().ending(), Ending::BeingWritten);
        let status = recording.stop(PATIENCE);
        assert_eq!((status.fault, status.missing), (None, 0));
        assert_eq!((Tape::open(&path).unwrap().ending(), on_tape(&path)), (Ending::Whole, sent));
    }
}

#[tokio::test]
async fn a_tape_that_starts_and_stops_under_way_neither_loses_nor_doubles_an_acknowledgement() {
    const MESSAGES: u16 = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(true).await;
    let (journal, id, profile) = (bench.journal.clone(), bench.handle.id, bench.handle.profile.clone());
    let place = folder.path().to_owned();
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let over = std::sync::Arc::clone(&done);
    let tapes = std::thread::spawn(move || {
        let mut missing = 0;
        while !over.load(std::sync::atomic::Ordering::SeqCst) {
            let path = place.clone();
            let settings = Settings::new(Destination::Folder { path, pattern: "{session}-{time}.mcap".to_owned() });
            let recorded = vec![Recorded::of(&profile)];
            let tape = Recording::start(&journal, Some(vec![id]), recorded, settings, clock::now()).unwrap();
            missing += tape.stop(PATIENCE).missing;
        }
        missing
    });
    let mut acknowledged = Vec::new();
    for id in 1..=MESSAGES {
        let [high, low] = id.to_be_bytes();
        bench.send(&[QOS1, 5, 0, 1, b't', high, low]).await;
        // Some are under way at once.
        while acknowledged.len() + 20 < usize::from(id) {
            acknowledged.push(bench.packet().await);
        }
    }
    while acknowledged.len() < usize::from(MESSAGES) {
        acknowledged.push(bench.packet().await);
    }
    assert!(acknowledged.into_iter().eq((1..=MESSAGES).map(|id| (PUBACK, id))));
    assert_eq!(bench.until_now().await, []);
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(tapes.join().unwrap(), 0);
}

#[tokio::test]
async fn a_tape_of_all_tells_of_devices_that_come_later_and_of_the_line_at_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(true).await;
    bench.online().await;
    let recording = record(&bench, folder.path(), None);
    assert!(recording.covers(SessionId(9)) && recording.sessions().is_none());
    let late = Profile { autoconnect: false, name: "late".to_owned(), ..profile(1) };
    let late = session::start(late, &bench.journal);
    bench.journal.append(late.id, clock::now(), &Kind::Note { text: "hello", order: None });
    let status = recording.stop(PATIENCE);
    let tape = Tape::open(&status.path).unwrap();
    let sessions: Vec<_> = tape.about().sessions.iter().map(|known| (known.name.as_str(), known.state)).collect();
    assert_eq!(sessions, [("dev", LineState::Online), ("late", LineState::Offline)]);
    assert_eq!(tape.events(), 1);
}
