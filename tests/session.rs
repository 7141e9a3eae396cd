//! A device session against servers that say exactly the bytes of the specification, no more and no less.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use standin::cloud::defaults;
use standin::event::{Event, Kind, LineState};
use standin::mqtt::{Qos, TopicFilter};
use standin::profile::{
    Backoff, BackoffPolicy, Endpoint, Identity, MqttIdentity, OnTakeover, Profile, SecretSource, Subscription,
    Transport,
};
use standin::secret::Secret;
use standin::session::{self, Action, Follower, Handle, Journal, Order, clock};
use standin::timeline::{Budget, Timeline};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

const CONNACK: &[u8] = b"\x20\x02\x00\x00";
const PINGRESP: &[u8] = b"\xd0\x00";

/// A profile for a plain broker on `port`, quick to come back.
fn profile(port: u16) -> Profile {
    let identity = MqttIdentity { client_id: "dev".into(), username: None, password: None, will: None };
    let endpoint =
        Endpoint { transport: Transport::Mqtt, host: "127.0.0.1".into(), port, path: String::new(), subprotocol: None };
    let backoff = Backoff {
        policy: BackoffPolicy::Fixed,
        min: Duration::ZERO,
        default: Duration::from_millis(20),
        max: Duration::from_millis(50),
    };
    Profile { backoff, max_packet: 1 << 20, ..defaults::profile("dev", Identity::Mqtt(identity), endpoint) }
}

/// A session and what it says.
struct Watched {
    handle: Handle,
    journal: Journal,
    follower: Follower,
    seen: Vec<Seen>,
}

/// An event, owned.
#[derive(Clone, Debug)]
struct Seen {
    kind: &'static str,
    state: Option<LineState>,
    code: String,
    text: String,
    attempt: u32,
    order: Option<u64>,
}

impl Watched {
    fn start(profile: Profile) -> Self {
        let (journal, follower) = Journal::followed(Timeline::new(Budget::default(), clock::now()));
        Self { handle: session::start(profile, &journal), journal, follower, seen: Vec::new() }
    }

    async fn event(&mut self, what: &str, matches: impl Fn(&Seen) -> bool) -> Seen {
        let waiting = async {
            loop {
                if let Some(place) = self.seen.iter().position(&matches) {
                    return self.seen.remove(place);
                }
                let seen = &mut self.seen;
                self.follower.next(64, |event| seen.push(owned(event))).await;
            }
        };
        let found = timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("not within {PATIENCE:?}: {what}; seen: {:#?}", self.seen))
    }

    async fn state(&mut self, state: LineState) -> Seen {
        self.event(state.word(), |seen| seen.state == Some(state)).await
    }

    fn order(&self, number: u64, action: Action) {
        self.handle.try_send(Order { number: Some(number), action }).unwrap();
    }
}

fn owned(event: &Event<'_>) -> Seen {
    let mut seen = Seen { kind: "", state: None, code: String::new(), text: String::new(), attempt: 0, order: None };
    match &event.kind {
        Kind::State(change) => {
            (seen.kind, seen.state, seen.attempt, seen.order) =
                ("state", Some(change.state), change.attempt, change.order);
            change.code.unwrap_or_default().clone_into(&mut seen.code);
            change.reason.unwrap_or_default().clone_into(&mut seen.text);
        }
        Kind::Rx(message) => {
            seen.kind = "rx";
            seen.text = format!("{} {}", message.topic, String::from_utf8_lossy(message.payload));
        }
        Kind::Tx(message) => {
            (seen.kind, seen.order) = ("tx", message.order);
            seen.text = format!("{} dup={}", message.topic, message.dup);
        }
        Kind::Acked(acked) => (seen.kind, seen.order) = ("acked", acked.order),
        Kind::Subscribed(answer) => {
            (seen.kind, seen.order) = ("subscribed", answer.order);
            seen.text = format!("{} {:?} {}", answer.filter, answer.granted, answer.reason.unwrap_or_default());
        }
        Kind::Unsubscribed { filter, order } => {
            (seen.kind, seen.text, seen.order) = ("unsubscribed", (*filter).to_owned(), *order);
        }
        Kind::Gap { .. } => seen.kind = "gap",
        Kind::Note { text, .. } => (seen.kind, seen.text) = ("note", (*text).to_owned()),
        Kind::Error(failure) => {
            (seen.kind, seen.order) = ("error", failure.order);
            (seen.code, seen.text) = (failure.code.to_owned(), failure.reason.to_owned());
        }
    }
    seen
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    timeout(PATIENCE, listener.accept()).await.expect("the session dials").unwrap().0
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

/// Accepts a session up to its CONNACK.
async fn welcome(listener: &TcpListener) -> TcpStream {
    let mut stream = accept(listener).await;
    assert_eq!(packet(&mut stream).await[0], 0x10, "CONNECT comes first");
    stream.write_all(CONNACK).await.unwrap();
    stream
}

fn publish(topic: &str, qos: Qos) -> Action {
    Action::Publish { topic: topic.into(), payload: "v".into(), qos, retain: false, force: false }
}

#[tokio::test]
async fn connect_carries_exactly_the_credentials() {
    let (listener, port) = listen().await;
    let mut profile = profile(port);
    profile.keep_alive = 300;
    profile.identity = Identity::Mqtt(MqttIdentity {
        client_id: "cid".into(),
        username: Some("u".into()),
        password: Some(SecretSource::Inline(Secret::new("pw"))),
        will: None,
    });
    let mut session = Watched::start(profile);
    let mut stream = accept(&listener).await;
    let expected = b"\x10\x16\x00\x04MQTT\x04\xc2\x01\x2c\x00\x03cid\x00\x01u\x00\x02pw";
    assert_eq!(packet(&mut stream).await, expected);
    stream.write_all(CONNACK).await.unwrap();
    assert_eq!(session.state(LineState::Online).await.attempt, 1);
}

#[tokio::test]
async fn final_refusals_stop_the_line_and_others_do_not() {
    for (code, last) in [(1, true), (2, true), (3, false), (4, true), (5, true)] {
        let (listener, port) = listen().await;
        let mut session = Watched::start(profile(port));
        let mut stream = accept(&listener).await;
        packet(&mut stream).await;
        stream.write_all(&[0x20, 2, 0, code]).await.unwrap();
        let state = if last { LineState::Offline } else { LineState::Backoff };
        let told = session.state(state).await;
        assert_eq!(told.code, format!("connack-{code}"));
        assert!(!told.text.is_empty(), "says what it means");
        if last {
            // It would dial again within 50 ms if it did at all.
            let again = timeout(Duration::from_millis(300), listener.accept()).await;
            assert!(again.is_err(), "code {code} is final");
        } else {
            accept(&listener).await;
        }
    }
}

#[tokio::test]
async fn a_cut_line_backs_off_comes_back_and_subscribes_again() {
    let (listener, port) = listen().await;
    let mut profile = profile(port);
    profile.subscribe.push(Subscription { filter: TopicFilter::new("a/#").unwrap(), qos: Qos::AtLeastOnce });
    let mut session = Watched::start(profile);
    for round in 0..2 {
        let mut stream = welcome(&listener).await;
        let subscribe = packet(&mut stream).await;
        assert_eq!((subscribe[0], &subscribe[4..]), (0x82, &b"\x00\x03a/#\x01"[..]), "round {round}");
        stream.write_all(&[0x90, 3, subscribe[2], subscribe[3], 1]).await.unwrap();
        session.event("subscribed", |seen| seen.kind == "subscribed" && seen.text.starts_with("a/#")).await;
        drop(stream);
        let cut = session.state(LineState::Backoff).await;
        assert_eq!((cut.code.as_str(), cut.attempt), ("closed", round + 2));
    }
}

#[tokio::test]
async fn what_was_granted_live_is_asked_for_again_and_what_was_ended_is_not() {
    let (listener, port) = listen().await;
    let mut session = Watched::start(profile(port));
    let mut stream = welcome(&listener).await;
    session.state(LineState::Online).await;
    for (number, filter, code) in [(1, "kept", 0), (2, "refused", 0x80), (3, "ended", 1)] {
        let filter = TopicFilter::new(filter).unwrap();
        session.order(number, Action::Subscribe { filter, qos: Qos::AtLeastOnce, force: false });
        let asked = packet(&mut stream).await;
        stream.write_all(&[0x90, 3, asked[2], asked[3], code]).await.unwrap();
        session.event("an answer", |seen| seen.order == Some(number)).await;
    }
    session.order(4, Action::Unsubscribe { filter: TopicFilter::new("ended").unwrap() });
    let asked = packet(&mut stream).await;
    stream.write_all(&[0xb0, 2, asked[2], asked[3]]).await.unwrap();
    session.event("unsubscribed", |seen| seen.kind == "unsubscribed" && seen.order == Some(4)).await;
    drop(stream);
    let mut stream = welcome(&listener).await;
    assert_eq!(&packet(&mut stream).await[4..], b"\x00\x04kept\x01");
}

#[tokio::test]
async fn three_quick_closes_are_named_a_take_over() {
    let (listener, port) = listen().await;
    let mut session = Watched::start(profile(port));
    for _ in 0..3 {
        drop(welcome(&listener).await);
    }
    let told = session.event("taken-over", |seen| seen.code == "taken-over").await;
    assert_eq!(told.state, Some(LineState::Backoff));
    accept(&listener).await;
}

#[tokio::test]
async fn a_take_over_can_end_the_line() {
    let (listener, port) = listen().await;
    let mut session = Watched::start(Profile { on_takeover: OnTakeover::Stop, ..profile(port) });
    for _ in 0..3 {
        drop(welcome(&listener).await);
    }
    assert_eq!(session.state(LineState::Offline).await.code, "taken-over");
}

#[tokio::test]
async fn orders_do_not_restart_an_attempt() {
    let (listener, port) = listen().await;
    let dialled = Arc::new(AtomicU32::new(0));
    let mut session = Watched::start(profile(port));
    let held = accept(&listener).await;
    let count = Arc::clone(&dialled);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            std::mem::forget(stream);
        }
    });
    for number in 0..50 {
        session.order(number, publish("t", Qos::AtMostOnce));
        let told = session.event("a refusal", |seen| seen.order == Some(number)).await;
        assert_eq!((told.kind, told.code.as_str()), ("error", "offline"));
    }
    assert_eq!(dialled.load(Ordering::SeqCst), 0, "the attempt went on");
    drop(held);
}

#[tokio::test]
async fn a_malformed_packet_ends_the_connection_with_its_name_and_the_next_one_works() {
    let (listener, port) = listen().await;
    let mut session = Watched::start(profile(port));
    let mut stream = welcome(&listener).await;
    session.state(LineState::Online).await;
    // A wildcard in a topic name (MQTT-3.3.2-2).
    stream.write_all(b"\x30\x03\x00\x01+").await.unwrap();
    let told = session.state(LineState::Backoff).await;
    assert_eq!(told.code, "protocol");
    assert!(told.text.contains("PUBLISH"), "{}", told.text);
    welcome(&listener).await;
    session.state(LineState::Online).await;
}

#[tokio::test]
async fn a_silent_platform_is_noticed_within_one_and_a_half_keep_alives() {
    let (listener, port) = listen().await;
    let mut session = Watched::start(Profile { keep_alive: 1, ..profile(port) });
    let mut stream = welcome(&listener).await;
    session.state(LineState::Online).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(packet(&mut stream).await, b"\xc0\x00", "PINGREQ");
    stream.write_all(PINGRESP).await.unwrap();
    assert_eq!(packet(&mut stream).await, b"\xc0\x00", "and another");
    assert_eq!(session.state(LineState::Backoff).await.code, "keepalive");
    // One answered ping and one silence of 1.5 s; the bound is generous for a busy machine.
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn unacknowledged_messages_are_sent_again_in_order_in_a_kept_session() {
    let (listener, port) = listen().await;
    let mut session = Watched::start(Profile { clean_session: false, ..profile(port) });
    let mut stream = welcome(&listener).await;
    session.state(LineState::Online).await;
    for (number, topic) in [(1, "a"), (2, "b")] {
        session.order(number, publish(topic, Qos::AtLeastOnce));
        assert_eq!(packet(&mut stream).await[0], 0x32);
    }
    drop(stream);
    let mut stream = accept(&listener).await;
    packet(&mut stream).await;
    stream.write_all(b"\x20\x02\x01\x00").await.unwrap();
    for topic in [b'a', b'b'] {
        let again = packet(&mut stream).await;
        assert_eq!((again[0], again[4]), (0x3a, topic), "DUP is set, the order is kept");
        stream.write_all(&[0x40, 2, again[5], again[6]]).await.unwrap();
    }
    for number in [1, 2] {
        session.event("acked", |seen| seen.kind == "acked" && seen.order == Some(number)).await;
    }
    assert!(session.seen.iter().any(|seen| seen.text == "a dup=true"), "{:#?}", session.seen);
}

#[tokio::test]
async fn leaving_waits_for_acknowledgements_and_says_disconnect() {
    let (listener, port) = listen().await;
    let mut session = Watched::start(profile(port));
    let mut stream = welcome(&listener).await;
    session.state(LineState::Online).await;
    session.order(1, publish("t", Qos::AtLeastOnce));
    let leaving = tokio::spawn(session.handle.clone().leave());
    let sent = packet(&mut stream).await;
    stream.write_all(&[0x40, 2, sent[5], sent[6]]).await.unwrap();
    assert_eq!(packet(&mut stream).await, b"\xe0\x00", "DISCONNECT");
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "and the end of the stream");
    timeout(PATIENCE, leaving).await.unwrap().unwrap();
    session.event("acked", |seen| seen.kind == "acked" && seen.order == Some(1)).await;
    session.state(LineState::Offline).await;
}

#[tokio::test]
async fn a_follower_that_lags_makes_the_session_stop_reading_and_loses_nothing() {
    const MESSAGES: usize = 40_000;
    let (listener, port) = listen().await;
    let mut session = Watched::start(profile(port));
    let mut stream = welcome(&listener).await;
    session.state(LineState::Online).await;
    // 40 MiB: more than the timeline holds, so that anything read without the follower would be let go.
    let mut message = vec![0x30, 0x83, 0x08, 0, 1, b't'];
    message.resize(6 + 1024, b'x');
    let writer = tokio::spawn(async move {
        for _ in 0..MESSAGES {
            stream.write_all(&message).await.unwrap();
        }
        stream
    });
    // 8 MiB are taken while nobody reads the events; what comes then must wait.
    let unread = async {
        while session.journal.with(|timeline| timeline.span()).is_none_or(|(_, last)| last < 7_000) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, unread).await.expect("the session reads on by itself");
    assert!(!writer.is_finished(), "TCP pushes back");
    let (mut came, mut gaps) = (0, 0);
    let reading = async {
        while came < MESSAGES {
            session
                .follower
                .next(1024, |event| match event.kind {
                    Kind::Rx(_) => came += 1,
                    Kind::Gap { .. } => gaps += 1,
                    _ => {}
                })
                .await;
        }
    };
    timeout(PATIENCE * 2, reading).await.expect("all come");
    assert_eq!((came, gaps), (MESSAGES, 0));
    writer.await.unwrap();
}
