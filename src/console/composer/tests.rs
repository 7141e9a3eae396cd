//! What the composer takes, shows, keeps and lets go.

use std::sync::Arc;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use proptest::prelude::*;
use tokio::sync::mpsc;

use super::*;
use crate::cloud;
use crate::console::message::tests::hostile;
use crate::console::picture::{assert_clean, canvas, styled, text};
use crate::event::{Irregular, Kind, LineState, Message, Moment, StateChange, WallTime, What};
use crate::mqtt::Qos;
use crate::profile::{Cloud, Endpoint, HuaweiIdentity, Identity, MqttIdentity, Profile, SignType, Transport};
use crate::session::Action;
use crate::timeline::{Budget, Timeline};

const REQUEST_TOPIC: &str = "$oc/devices/smoke-01/sys/properties/set/request_id=3a1f";

fn profile(name: &str, identity: Identity) -> Profile {
    let endpoint = Endpoint {
        transport: Transport::Wss,
        host: "127.0.0.1".to_owned(),
        port: 443,
        path: "/mqtt".to_owned(),
        subprotocol: None,
    };
    cloud::defaults::profile(name, identity, endpoint)
}

fn handle(number: u16, name: &str, identity: Identity) -> Handle {
    let profile = profile(name, identity);
    let platform = Arc::from(cloud::platform(&profile));
    Handle::new(SessionId(number), Arc::new(profile), platform, mpsc::channel(1).0)
}

fn huawei() -> Handle {
    let identity = HuaweiIdentity { device_id: "smoke-01".to_owned(), secret: None, sign_type: SignType::Sha256 };
    handle(0, "smoke-01", Identity::Huawei(identity))
}

fn broker() -> Handle {
    let client_id = "bench".to_owned();
    handle(1, "bench", Identity::Mqtt(MqttIdentity { client_id, username: None, password: None, will: None }))
}

/// A timeline with both sessions online since second 1, and a request of Huawei's at second 2.
struct World {
    timeline: Timeline,
    start: Moment,
    composer: Composer,
}

impl World {
    fn new() -> Self {
        let start = Moment { at: WallTime::default(), mono: Instant::now() };
        let mut timeline = Timeline::new(Budget::default(), start);
        timeline.register("smoke-01", Cloud::Huawei);
        timeline.register("bench", Cloud::Mqtt);
        let mut world = Self { timeline, start, composer: Composer::default() };
        world.line(0, 1, LineState::Online);
        world.line(1, 1, LineState::Online);
        let message = Message {
            topic: REQUEST_TOPIC,
            qos: Qos::AtLeastOnce,
            payload: br#"{"services":[{"service_id":"smokeDetector","properties":{"alarm":0}}]}"#,
            what: What::PropertySet,
            request_id: Some("3a1f"),
            deadline_ms: Some(20_000),
            ..Message::default()
        };
        world.timeline.append(SessionId(0), world.at(2), &Kind::Rx(message), Some((51, 55)));
        world
    }

    fn at(&self, second: u64) -> Moment {
        self.start.after(Duration::from_secs(second))
    }

    fn line(&mut self, session: u16, second: u64, state: LineState) {
        let change = StateChange { state, ..StateChange::default() };
        self.timeline.append(SessionId(session), self.at(second), &Kind::State(change), None);
    }

    fn open_reply(&mut self) {
        let request = self.timeline.requests().find(SessionId(0), "3a1f").unwrap();
        assert!(self.composer.open_reply(&huawei(), request));
    }

    fn order(&mut self, second: u64) -> Result<Action, Verdict> {
        let session = self.composer.target().unwrap();
        let request = match self.composer.purpose() {
            Some(Purpose::Reply { request_id, .. }) => self.timeline.requests().find(session, request_id),
            _ => None,
        };
        let scene = Scene {
            standing: &self.timeline.sessions()[usize::from(session.0)],
            request,
            irregular: self.timeline.requests().irregular(session, "3a1f", self.at(second).mono),
            now: self.at(second),
        };
        self.composer.to_order(&scene, 7).unwrap().map(|order| {
            assert_eq!(order.number, Some(7));
            order.action
        })
    }

    fn set(&mut self, text: &str) {
        let sheet = self.composer.open.as_mut().unwrap();
        sheet.body.replace("");
        self.composer.paste(text);
    }
}

fn press(composer: &mut Composer, code: KeyCode, modifiers: KeyModifiers) {
    composer.key(KeyEvent::new(code, modifiers));
}

fn typed(composer: &mut Composer, text: &str) {
    for letter in text.chars() {
        press(composer, KeyCode::Char(letter), KeyModifiers::NONE);
    }
}

fn paint(composer: &mut Composer, width: u16, height: u16, theme: &Theme) -> Buffer {
    let (mut buffer, area) = canvas(width, height);
    composer.fit(area.as_size());
    composer.render(&mut buffer, area, theme, &Signs::UNICODE);
    if let Some(cursor) = composer.cursor(area) {
        assert!(area.contains(cursor), "{cursor:?} in {area:?}");
    }
    buffer
}

/// The frame's words, the text, and a mark where the cursor is.
fn show(composer: &mut Composer, width: u16, height: u16) -> String {
    let body = text(&paint(composer, width, height, &Theme::plain()));
    let heading = composer.heading(&Signs::UNICODE).unwrap();
    let note = composer.note().map_or_else(String::new, |(note, role)| format!("{note} {role:?}"));
    let cursor = composer.cursor(Rect::new(0, 0, width, height));
    let cursor = cursor.map_or("no cursor".to_owned(), |at| format!("cursor {}:{}", at.x, at.y));
    format!("{} / {} / {}\n{body}{note} / {cursor}\n", heading.subject, heading.topic, heading.flags)
}

#[test]
fn a_report_starts_from_the_clouds_own_body() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    assert_snapshot!("report_80", show(&mut world.composer, 80, 8));
    assert_snapshot!("report_40", show(&mut world.composer, 40, 3));
    assert!(matches!(world.order(3), Ok(Action::Publish { retain: false, force: false, .. })));
    let dark = Theme::load("dark", None).unwrap();
    assert_snapshot!("report_dark", styled(&paint(&mut world.composer, 60, 14, &dark)));
}

#[test]
fn what_is_typed_goes_packed_where_the_topic_says_so_and_as_it_is_elsewhere() {
    const TOPIC: &str = "$oc/devices/smoke-01/sys/properties/report";
    let body = r#"{"services":[]}"#;
    let platform = huawei().platform;
    for (topic, is_packed) in [(format!("{TOPIC}?encoding=gzip"), true), (TOPIC.to_owned(), false)] {
        let mut world = World::new();
        world.composer.open_report(&huawei(), 1);
        world.composer.open.as_mut().unwrap().topic.clone_from(&topic);
        world.set(body);
        let Ok(Action::Publish { payload, topic: sent_to, .. }) = world.order(3) else { panic!("{topic}") };
        assert_eq!(sent_to, topic);
        assert_eq!(payload != body.as_bytes(), is_packed, "{topic}");
        let inside = platform.unpacked(&topic, &payload);
        assert_eq!(inside.as_deref(), is_packed.then_some(body.as_bytes()), "{topic}");
    }
}

#[test]
fn a_reply_goes_back_with_the_requests_id_and_closes() {
    let mut world = World::new();
    world.open_reply();
    assert_snapshot!("reply", show(&mut world.composer, 80, 6));
    match world.order(3) {
        Ok(Action::Reply { request_id, payload: Some(payload), .. }) => {
            assert_eq!(request_id, "3a1f");
            assert!(serde_json::from_slice::<serde_json::Value>(&payload).is_ok());
        }
        other => panic!("{other:?}"),
    }
    world.composer.sent();
    assert!(!world.composer.is_open());
    assert_eq!(world.composer.unsent(), 0);
}

#[test]
fn what_is_no_json_is_kept_back_until_forced() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    world.set("{\n  \"温度\": 21.4\n  \"alarm\": 0\n}");
    assert_snapshot!("fault", show(&mut world.composer, 80, 8));
    let dark = Theme::load("dark", None).unwrap();
    assert_snapshot!("fault_dark", styled(&paint(&mut world.composer, 40, 5, &dark)));
    let refused = world.order(3).unwrap_err();
    assert!(matches!(refused, Verdict::BadJson { line: 3, column: 3, .. }), "{refused:?}");
    assert_snapshot!("kept_back", show(&mut world.composer, 120, 8));
    world.composer.toggle_force();
    assert!(matches!(world.order(3), Ok(Action::Publish { force: true, .. })));
    world.composer.sent();
    assert!(world.order(3).is_err(), "one sending is forced, not all");
}

#[test]
fn an_empty_text_is_no_json_where_the_cloud_wants_it() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    world.set(" \n");
    assert!(matches!(world.order(3), Err(Verdict::BadJson { .. })));
}

#[test]
fn a_plain_broker_takes_any_text_that_does_not_begin_like_json() {
    let mut world = World::new();
    world.composer.open_report(&broker(), 1);
    world.composer.open.as_mut().unwrap().topic = "bench/up".to_owned();
    world.composer.open.as_mut().unwrap().typing = None;
    for (text, goes) in [("21.4 ℃", true), ("", true), ("{\"a\":1}", true), (" {a:1}", false), ("[1,]", false)] {
        world.set(text);
        assert_eq!(world.order(3).is_ok(), goes, "{text}");
    }
}

#[test]
fn no_force_sends_to_a_line_that_is_down_or_on_a_topic_that_is_none() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    world.composer.toggle_force();
    world.line(0, 3, LineState::Backoff);
    assert!(matches!(world.order(4), Err(Verdict::Offline { state: LineState::Backoff, .. })));
    assert_snapshot!("offline", show(&mut world.composer, 80, 4));
    world.line(0, 5, LineState::Online);
    world.composer.open.as_mut().unwrap().topic = "a/+/b".to_owned();
    assert!(matches!(world.order(6), Err(Verdict::BadTopic(_))));
}

#[test]
fn the_clouds_limits_hold_until_forced() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    world.composer.toggle_retain();
    let Err(Verdict::Guarded(breach)) = world.order(3) else { panic!("RETAIN went") };
    assert!(breach.0.contains("RETAIN"), "{breach}");
    world.composer.toggle_force();
    assert!(matches!(world.order(3), Ok(Action::Publish { retain: true, force: true, .. })));
}

#[test]
fn a_reply_is_forced_too() {
    let mut world = World::new();
    world.open_reply();
    world.set("no JSON");
    assert!(matches!(world.order(3), Err(Verdict::BadJson { .. })));
    assert!(world.composer.wants_force());
    world.composer.toggle_force();
    assert!(!world.composer.wants_force());
    assert!(matches!(world.order(3), Ok(Action::Reply { force: true, .. })));
}

#[test]
fn the_way_out_is_told_within_eighty_columns() {
    let late_by = Duration::from_secs(7_000);
    let irregular = (1..8).map(|bits| Doubt::Irregular { what: Irregular::from_bits(bits), late_by });
    for doubt in irregular.chain([Doubt::Forgotten]) {
        let words = Verdict::Doubtful(doubt).words();
        assert!(words.len() <= 76 && words.contains("^S"), "{words}");
    }
}

#[test]
fn a_reply_of_little_use_asks_once_and_then_goes() {
    let none = Irregular::default();
    let doubtful = |what, late_by| Verdict::Doubtful(Doubt::Irregular { what, late_by: Duration::from_secs(late_by) });
    let late = Irregular { late: true, ..none };
    // Too late.
    let mut world = World::new();
    world.open_reply();
    assert_eq!(world.order(23), Err(doubtful(late, 1)));
    assert_snapshot!("expired", show(&mut world.composer, 80, 6));
    assert!(world.order(24).is_ok(), "the second time it goes");
    // A doubt that is told gives way to no other one, nor after an edit.
    let mut world = World::new();
    world.open_reply();
    assert!(world.order(23).is_err());
    typed(&mut world.composer, " ");
    assert!(world.order(24).is_err());
    // The line is another one.
    let mut world = World::new();
    world.open_reply();
    world.line(0, 5, LineState::Backoff);
    world.line(0, 6, LineState::Online);
    assert_eq!(world.order(8), Err(doubtful(Irregular { moved: true, ..none }, 0)));
    // Since it was told, the deadline has passed as well: that is asked for its own sake.
    let both = Irregular { late: true, moved: true, ..none };
    assert_eq!(world.order(30), Err(doubtful(both, 8)));
    assert!(world.order(31).is_ok());
    // It was answered.
    let mut world = World::new();
    world.open_reply();
    let mut answer = Message { what: What::PropertySetReply, ..request_message(&world) };
    answer.deadline_ms = None;
    world.timeline.append(SessionId(0), world.at(4), &Kind::Tx(answer), None);
    assert_eq!(world.order(5), Err(doubtful(Irregular { second: true, ..none }, 0)));
}

fn request_message(_: &World) -> Message<'static> {
    Message {
        topic: REQUEST_TOPIC,
        qos: Qos::AtMostOnce,
        retain: false,
        dup: false,
        packet_id: None,
        payload: b"{}",
        what: What::PropertySet,
        request_id: Some("3a1f"),
        deadline_ms: Some(20_000),
        took_ms: None,
        by: None,
        irregular: Irregular::default(),
        order: None,
    }
}

#[test]
fn drafts_are_kept_one_for_each_device_and_each_request() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    world.composer.back();
    assert_eq!((world.composer.is_open(), world.composer.unsent()), (false, 0), "nothing was written");
    world.composer.open_report(&huawei(), 1);
    world.set("[\"report\"]");
    world.open_reply();
    world.set("[\"reply\"]");
    world.composer.back();
    world.composer.open_report(&broker(), 1);
    world.set("[\"broker\"]");
    world.composer.back();
    assert_eq!(world.composer.unsent(), 3);
    assert!(world.composer.has_reply_to(SessionId(0), 3));
    let text = |world: &mut World| world.composer.open.as_mut().unwrap().body.known().text.clone();
    world.composer.open_report(&huawei(), 2);
    assert_eq!(text(&mut world), "[\"report\"]");
    world.open_reply();
    assert_eq!(text(&mut world), "[\"reply\"]");
    world.composer.discard();
    assert_eq!(world.composer.unsent(), 2);
    world.open_reply();
    assert_ne!(text(&mut world), "[\"reply\"]");
    world.composer.open_report(&huawei(), 2);
    assert!(world.order(3).is_ok());
    world.composer.sent();
    assert_eq!((world.composer.is_open(), world.composer.unsent()), (true, 1), "a report stays to be sent again");
}

#[test]
fn the_topic_is_the_clouds_next_or_typed() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    let first = world.composer.heading(&Signs::UNICODE).unwrap();
    world.composer.next_topic();
    let second = world.composer.heading(&Signs::UNICODE).unwrap();
    assert_ne!(first.topic, second.topic);
    assert_ne!(first.subject, second.subject);
    for _ in 0..100 {
        if world.composer.open.as_ref().unwrap().typing.is_some() {
            break;
        }
        world.composer.next_topic();
    }
    press(&mut world.composer, KeyCode::Char('u'), KeyModifiers::CONTROL);
    typed(&mut world.composer, "bench/温度\u{202e}");
    press(&mut world.composer, KeyCode::Backspace, KeyModifiers::NONE);
    typed(&mut world.composer, "/q");
    assert_snapshot!("typing_topic", show(&mut world.composer, 40, 4));
    press(&mut world.composer, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!(world.composer.open.as_ref().unwrap().topic, "bench/温度/q");
    world.composer.back();
    assert!(!world.composer.is_open());
}

#[test]
fn what_was_written_stays_when_the_topic_changes() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    world.set("[1]");
    world.composer.next_topic();
    assert_snapshot!("topic_changed", show(&mut world.composer, 80, 4));
}

#[test]
fn a_paste_never_sends_and_hides_nothing() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    world.set("{\"a\":\"\u{1b}[31m\u{202e}温\"}\r\n\u{13}\u{1b}\r");
    assert_snapshot!("paste", show(&mut world.composer, 80, 6));
    assert!(world.composer.is_open());
}

#[test]
fn a_paste_beyond_a_mebibyte_is_refused_in_words() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    world.set("[]");
    world.composer.paste(&"x".repeat(1 << 20));
    assert_snapshot!("too_large", show(&mut world.composer, 110, 4));
}

#[test]
fn a_mebibyte_on_one_line_can_be_written_on() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    let value = "x".repeat((1 << 20) - 100);
    world.set(&format!("{{\"a\":\"{value}\""));
    typed(&mut world.composer, "}");
    let shown = show(&mut world.composer, 20, 3);
    assert!(shown.contains("xxxxxxxxxxxxxxxxx\"} |") && shown.contains("valid JSON"), "{shown}");
}

#[test]
fn chinese_is_typed_and_scrolled_by_whole_characters() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    world.set("");
    typed(&mut world.composer, "{\"名称\":\"烟雾探测器一号\"}");
    assert_snapshot!("chinese_40", show(&mut world.composer, 40, 3));
    assert_snapshot!("chinese_11", show(&mut world.composer, 11, 3));
    for _ in 0..9 {
        press(&mut world.composer, KeyCode::Left, KeyModifiers::NONE);
    }
    press(&mut world.composer, KeyCode::Left, KeyModifiers::SHIFT);
    assert_snapshot!("chinese_left", styled(&paint(&mut world.composer, 11, 3, &Theme::plain())));
}

#[test]
fn keys_of_the_keymap_are_never_text() {
    let mut world = World::new();
    world.composer.open_report(&huawei(), 1);
    let before = world.composer.open.as_mut().unwrap().body.known().text.clone();
    for letter in ['s', 'f', 't', 'q', 'r', 'x', 'c', 'z', 'l'] {
        press(&mut world.composer, KeyCode::Char(letter), KeyModifiers::CONTROL);
    }
    press(&mut world.composer, KeyCode::Enter, KeyModifiers::ALT);
    press(&mut world.composer, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!(world.composer.open.as_mut().unwrap().body.known().text, before);
    assert_eq!(world.composer.unsent(), 0);
}

proptest! {
    #[test]
    fn no_text_breaks_the_composer(
        pasted in hostile(), typed_text in hostile(), width in 0u16..14, height in 0u16..6, topic in any::<bool>(),
        keys in proptest::collection::vec(0usize..12, 0..12),
    ) {
        let mut world = World::new();
        world.composer.open_report(&broker(), 1);
        if !topic {
            world.composer.open.as_mut().unwrap().typing = None;
        }
        world.composer.paste(&pasted);
        typed(&mut world.composer, &typed_text);
        assert_clean(&paint(&mut world.composer, width, height, &Theme::plain()));
        for key in keys {
            let (code, modifiers) = [
                (KeyCode::Left, KeyModifiers::NONE), (KeyCode::Up, KeyModifiers::SHIFT), (KeyCode::Home, KeyModifiers::NONE),
                (KeyCode::Backspace, KeyModifiers::NONE), (KeyCode::Delete, KeyModifiers::NONE), (KeyCode::PageUp, KeyModifiers::NONE),
                (KeyCode::Right, KeyModifiers::SHIFT), (KeyCode::Char('u'), KeyModifiers::CONTROL), (KeyCode::Enter, KeyModifiers::NONE),
                (KeyCode::Char('w'), KeyModifiers::CONTROL), (KeyCode::Tab, KeyModifiers::NONE), (KeyCode::Down, KeyModifiers::NONE),
            ][key];
            press(&mut world.composer, code, modifiers);
            assert_clean(&paint(&mut world.composer, width, height, &Theme::plain()));
        }
        // It may be refused; what matters is that it says so and shows it.
        let outcome = world.order(3);
        assert_clean(&paint(&mut world.composer, width, height, &Theme::plain()));
        prop_assert!(outcome.is_ok() || world.composer.open.as_ref().unwrap().note.is_some());
    }
}
