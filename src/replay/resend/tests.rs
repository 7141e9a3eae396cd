use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::engine::Engine;
use super::report::{Ended, Replies, Requests};
use super::score::{Letter, Part, Told};
use super::{Options, Pace};
use crate::cloud::transfer::Transfer;
use crate::cloud::{Direction, Platform, observed};
use crate::event::{Acked, Event, Failure, Kind, LineState, Message, Moment, StateChange, Subscribed, WallTime, What};
use crate::mqtt::Qos;
use crate::profile::Cloud;
use crate::session::{Action, Order};

const POST: &str = "/sys/pk/old/thing/event/property/post";
const LIVE_POST: &str = "/sys/pk/new/thing/event/property/post";

fn named(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The recorded device and the live one.
fn devices(cloud: Cloud) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    match cloud {
        Cloud::Aliyun => (
            named(&[("product_key", "pk"), ("device_name", "old")]),
            named(&[("product_key", "pk"), ("device_name", "new")]),
        ),
        _ => (named(&[("device_id", "old")]), named(&[("device_id", "new")])),
    }
}

/// An engine under a clock of its own, with a platform that does what `answer` says.
struct World {
    engine: Engine,
    live: Arc<dyn Platform>,
    start: Instant,
    now: Moment,
    tape: std::vec::IntoIter<Told>,
    /// What was sent, with the milliseconds since the start.
    sent: Vec<(u64, Order)>,
}

impl World {
    fn new(cloud: Cloud, pace: Pace, tape: Vec<Told>) -> Self {
        let (from, to) = devices(cloud);
        let transfer = Transfer::new((cloud, &from), (cloud, &to)).unwrap();
        let live: Arc<dyn Platform> = observed(cloud, &to).into();
        let options = Options { pace, patience: Duration::from_secs(10), orders: 1_000 };
        let recorded = observed(cloud, &from).into();
        let engine = Engine::new(transfer, recorded, Arc::clone(&live), vec!["held".to_owned()], options, 500);
        let start = Instant::now();
        let now = Moment { at: WallTime::from_unix_micros(10_000_000_000), mono: start };
        let mut world = Self { engine, live, start, now, tape: tape.into_iter(), sent: Vec::new() };
        world.state(LineState::Online);
        world
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.now.mono.duration_since(self.start).as_millis()).unwrap()
    }

    /// Lets it go on until it waits for time or for the platform; answers the orders.
    fn go(&mut self) -> Vec<Order> {
        let mut orders = Vec::new();
        loop {
            while self.engine.wants() {
                let told = self.tape.next();
                self.engine.feed(told);
            }
            match self.engine.step(self.now) {
                Some(order) => orders.push(order),
                None if self.engine.wants() => {}
                None => break,
            }
        }
        let millis = self.millis();
        self.sent.extend(orders.iter().map(|order| (millis, order.clone())));
        orders
    }

    /// Moves the clock to the next deadline; `false`: there is none.
    fn wait(&mut self) -> bool {
        let Some(deadline) = self.engine.deadline() else { return false };
        assert!(deadline > self.now.mono, "a deadline that does not pass");
        self.now = self.now.after(deadline - self.now.mono);
        true
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now.after(Duration::from_millis(millis));
    }

    fn hear(&mut self, kind: Kind<'_>) {
        let event = Event { seq: 1, at: self.now.at, mono_us: 0, session: "new", kind };
        self.engine.hear(self.now.mono, &event);
    }

    fn state(&mut self, state: LineState) {
        self.hear(Kind::State(StateChange { state, reason: Some("a reason"), ..StateChange::default() }));
        if state == LineState::Online {
            self.subscribed("held");
        }
    }

    fn subscribed(&mut self, filter: &str) {
        let asked = Qos::AtLeastOnce;
        self.hear(Kind::Subscribed(Subscribed { filter, asked, granted: Some(asked), reason: None, order: None }));
    }

    fn ack(&mut self, order: &Order) {
        self.hear(Kind::Acked(Acked { packet_id: None, took: Duration::ZERO, order: order.number }));
    }

    fn fail(&mut self, order: &Order, code: &str) {
        self.hear(Kind::Error(Failure { code, reason: "told so", hint: None, order: order.number }));
    }

    fn rx(&mut self, topic: &str, payload: &[u8]) {
        let live = Arc::clone(&self.live);
        let meaning = live.meaning(Direction::Down, topic, payload);
        self.hear(Kind::Rx(Message {
            topic,
            qos: Qos::AtLeastOnce,
            payload,
            what: meaning.what,
            request_id: meaning.request_id.as_deref(),
            deadline_ms: meaning.deadline.map(|within| u32::try_from(within.as_millis()).unwrap()),
            ..Message::default()
        }));
    }

    /// To the end, with a platform that takes everything and replies to reports as Aliyun does, with this code.
    fn run(&mut self, code: Option<u32>) {
        while !self.engine.has_ended() {
            let orders = self.go();
            for order in &orders {
                self.ack(order);
                if let (Action::Publish { topic, payload, .. }, Some(code)) = (&order.action, code) {
                    let id = serde_json::from_slice::<Value>(payload).unwrap()["id"].as_str().unwrap().to_owned();
                    self.rx(
                        &format!("{topic}_reply"),
                        format!(r#"{{"id":"{id}","code":{code},"data":{{}}}}"#).as_bytes(),
                    );
                }
            }
            let goes_on = !orders.is_empty() || self.engine.has_ended() || self.wait();
            assert!(goes_on, "it waits for nothing: {:?}", self.engine.report());
        }
    }
}

fn told(millis: u64, part: Part) -> Told {
    Told { time_us: millis * 1_000, at: WallTime::from_unix_micros(i64::try_from(millis).unwrap() * 1_000), part }
}

fn letter(topic: &str, payload: &str) -> Letter {
    Letter {
        topic: topic.to_owned(),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        qos: Qos::AtLeastOnce,
        retain: false,
    }
}

fn sent(millis: u64, topic: &str, payload: &str) -> Told {
    told(millis, Part::Sent(letter(topic, payload)))
}

fn came(millis: u64, topic: &str, payload: &str) -> Told {
    told(millis, Part::Came(letter(topic, payload)))
}

/// A report on the tape, and the reply to it 10 ms later.
fn report(millis: u64, id: u32) -> [Told; 2] {
    [
        sent(millis, POST, &format!(r#"{{"id":"{id}","params":{{"a":{id}}},"method":"m"}}"#)),
        came(millis + 10, &format!("{POST}_reply"), &format!(r#"{{"id":"{id}","code":200,"data":{{}}}}"#)),
    ]
}

fn publish(order: &Order) -> (&str, &str) {
    match &order.action {
        Action::Publish { topic, payload, .. } => (topic, std::str::from_utf8(payload).unwrap()),
        other => panic!("a publish, not {other:?}"),
    }
}

#[test]
fn the_recorded_distances_are_kept_or_divided() {
    for (factor, expected) in [(1.0, [0, 400, 1_000]), (2.0, [0, 200, 500]), (0.1, [0, 4_000, 10_000])] {
        let tape: Vec<_> = [5_000, 5_400, 6_000].iter().flat_map(|millis| report(*millis, 1)).collect();
        let mut world = World::new(Cloud::Aliyun, Pace::Recorded(factor), tape);
        world.run(Some(200));
        assert_eq!(world.sent.iter().map(|(millis, _)| *millis).collect::<Vec<_>>(), expected, "{factor}");
        assert!(world.engine.report().is_as_recorded(), "{:?}", world.engine.report());
    }
}

#[test]
fn topics_ids_and_times_are_those_of_now() {
    let body = r#"{"id":"1","params":{"a":{"value":2,"time":5000}},"method":"m"}"#;
    let mut world = World::new(Cloud::Aliyun, Pace::Full, vec![sent(5_000, POST, body), sent(6_000, POST, body)]);
    let orders = world.go();
    let expected =
        |id: u32, time: u32| format!(r#"{{"id":"{id}","params":{{"a":{{"value":2,"time":{time}}}}},"method":"m"}}"#);
    assert_eq!(publish(&orders[0]), (LIVE_POST, expected(500, 10_000_000).as_str()));
    assert_eq!(publish(&orders[1]), (LIVE_POST, expected(501, 9_999_000).as_str()));
    assert_eq!(orders.iter().map(|order| order.number).collect::<Vec<_>>(), [Some(1_001), Some(1_002)]);
}

#[test]
fn with_replies_the_next_message_waits_for_the_platform() {
    let tape: Vec<_> = report(0, 1).into_iter().chain(report(1_000, 2)).collect();
    let mut world = World::new(Cloud::Aliyun, Pace::Replies, tape);
    let first = world.go();
    assert_eq!(first.len(), 1, "the second waits");
    world.ack(&first[0]);
    world.pass(3_000);
    assert!(world.go().is_empty());
    world.rx(&format!("{LIVE_POST}_reply"), br#"{"id":"500","code":200,"data":{}}"#);
    assert_eq!(world.go().len(), 1, "at once, whatever the tape's time");
}

#[test]
fn a_reply_that_does_not_come_is_waited_for_so_long() {
    let tape: Vec<_> = report(0, 1).into_iter().chain(report(1_000, 2)).collect();
    let mut world = World::new(Cloud::Aliyun, Pace::Replies, tape);
    world.run(None);
    assert_eq!(world.sent.iter().map(|(millis, _)| *millis).collect::<Vec<_>>(), [0, 10_000]);
    let report = world.engine.report();
    assert_eq!(report.replies, Replies { missing: 2, ..Replies::default() });
    assert!(!report.is_as_recorded());
    assert_eq!((report.ended.clone(), report.differences.len()), (Some(Ended::Whole), 2));
}

#[test]
fn other_replies_are_differences() {
    let mut world = World::new(Cloud::Aliyun, Pace::Full, report(0, 1).into());
    world.run(Some(6_300));
    let report = world.engine.report();
    assert_eq!(report.replies, Replies { other: 1, ..Replies::default() });
    assert!(report.differences[0].contains("200") && report.differences[0].contains("6300"), "{report:?}");
    let mut silent = World::new(Cloud::Aliyun, Pace::Full, report_without_reply());
    silent.run(Some(200));
    assert_eq!(silent.engine.report().replies.unrecorded, 1);
    assert!(!silent.engine.report().is_as_recorded());
}

fn report_without_reply() -> Vec<Told> {
    report(0, 1).into_iter().take(1).collect()
}

const COMMAND: &str = "$oc/devices/old/sys/commands/request_id=r1";
const COMMAND_REPLY: &str = "$oc/devices/old/sys/commands/response/request_id=r1";

fn command_tape() -> Vec<Told> {
    vec![
        sent(0, "$oc/devices/old/sys/properties/report", "{}"),
        came(100, COMMAND, r#"{"command_name":"OPEN","paras":{"a":1}}"#),
        sent(150, COMMAND_REPLY, r#"{"result_code":3}"#),
    ]
}

#[test]
fn an_answer_goes_when_the_platform_has_asked_the_same() {
    // Asked before the tape is there, and after it.
    for early in [true, false] {
        let mut world = World::new(Cloud::Huawei, Pace::Recorded(1.0), command_tape());
        let first = world.go();
        world.ack(&first[0]);
        let live = "$oc/devices/new/sys/commands/request_id=live";
        let ask = |world: &mut World| {
            world.rx(live, br#"{"command_name":"CLOSE"}"#);
            world.rx("$oc/devices/new/sys/commands/request_id=l2", br#"{"command_name":"OPEN","paras":{"a":9}}"#);
        };
        if early {
            ask(&mut world);
            assert!(world.go().is_empty(), "the tape has not come to the answer");
        }
        world.pass(200);
        if !early {
            assert!(world.go().is_empty(), "nobody has asked");
            ask(&mut world);
        }
        let answers = world.go();
        let Action::Reply { request_id, payload, .. } = &answers[0].action else { panic!("an answer") };
        assert_eq!((request_id.as_str(), payload.as_deref()), ("l2", Some(&br#"{"result_code":3}"#[..])));
        world.ack(&answers[0]);
        assert!(world.go().is_empty());
        assert!(world.engine.has_ended());
        let report = world.engine.report();
        assert_eq!(report.requests, Requests { recorded: 1, came: 1, unrecorded: 1 }, "{early}");
        assert!(!report.is_as_recorded(), "CLOSE is not on the tape");
    }
}

#[test]
fn an_answer_that_nobody_asks_for_does_not_go() {
    let mut world = World::new(Cloud::Huawei, Pace::Full, command_tape());
    world.run(None);
    let report = world.engine.report();
    let replies = report.kinds().find(|(what, _)| *what == What::CommandReply).unwrap().1;
    assert_eq!((replies.recorded, replies.sent, replies.not_asked), (1, 0, 1));
    assert_eq!(report.requests, Requests { recorded: 1, came: 0, unrecorded: 0 });
    assert_eq!(world.millis(), 10_000, "it waited in case they come late");
    assert!(report.lines().iter().any(|line| line.contains("OPEN")), "{:?}", report.lines());
}

#[test]
fn an_answer_is_not_given_to_a_request_that_is_over() {
    let mut world = World::new(Cloud::Huawei, Pace::Recorded(0.001), command_tape());
    let first = world.go();
    world.ack(&first[0]);
    world.rx("$oc/devices/new/sys/commands/request_id=live", br#"{"command_name":"OPEN"}"#);
    while !world.engine.has_ended() {
        assert!(world.go().is_empty(), "the platform waits for 20 s, and the tape takes 150");
        world.wait();
    }
    assert_eq!(world.engine.report().total().not_asked, 1);
}

#[test]
fn what_is_lost_with_its_line_goes_again_first_and_the_distances_hold() {
    let tape: Vec<_> = [0, 100, 5_000].iter().flat_map(|millis| report(*millis, 1)).collect();
    let mut world = World::new(Cloud::Aliyun, Pace::Recorded(1.0), tape);
    let mut orders = world.go();
    world.pass(100);
    orders.extend(world.go());
    world.fail(&orders[1], "rejected");
    world.fail(&orders[0], "rejected");
    world.state(LineState::Backoff);
    world.pass(60_000);
    assert!(world.go().is_empty(), "the line is down");
    world.state(LineState::Connecting);
    world.state(LineState::Online);
    let again = world.go();
    assert_eq!(again, orders, "in their order, with their ids");
    world.pass(4_899);
    assert!(world.go().is_empty());
    world.pass(1);
    assert_eq!(world.go().len(), 1);
}

#[test]
fn a_device_that_goes_offline_for_good_ends_it() {
    let mut world = World::new(Cloud::Aliyun, Pace::Full, report(0, 1).into());
    world.go();
    world.state(LineState::Offline);
    assert!(world.go().is_empty());
    assert_eq!(world.engine.report().ended, Some(Ended::Offline("a reason".to_owned())));
}

#[test]
fn a_refused_message_is_reported_and_the_others_go() {
    let tape = vec![sent(0, "$oc/devices/old/sys/messages/up", "1"), sent(0, "$oc/devices/old/sys/messages/up", "2")];
    let mut world = World::new(Cloud::Huawei, Pace::Full, tape);
    let orders = world.go();
    world.fail(&orders[0], "topic");
    world.ack(&orders[1]);
    assert!(world.go().is_empty());
    let report = world.engine.report();
    assert_eq!((report.total().refused, report.total().acked), (1, 1));
    assert!(!report.is_as_recorded() && report.differences[0].contains("told so"), "{report:?}");
}

#[test]
fn as_fast_as_the_guardrails_allow() {
    let topic = "$oc/devices/old/sys/messages/up";
    let tape = (0..120).map(|number| sent(number, topic, "x")).collect();
    let mut world = World::new(Cloud::Huawei, Pace::Full, tape);
    let mut most = 0;
    while !world.engine.has_ended() {
        let orders = world.go();
        most = most.max(orders.len());
        for order in &orders {
            world.ack(order);
        }
        if orders.is_empty() {
            world.wait();
        }
    }
    assert_eq!(most, 32, "so many are on their way at once");
    let within = |from: u64| world.sent.iter().filter(|(at, _)| (from..from + 1_000).contains(at)).count();
    assert!((0..world.millis()).all(|from| within(from) <= 50), "Huawei takes 50 a second");
    assert!(world.engine.report().is_as_recorded() && world.millis() < 2_500, "{} ms", world.millis());
}

#[test]
fn what_the_session_finds_too_fast_goes_a_moment_later() {
    for code in ["guard", "busy"] {
        let mut world = World::new(Cloud::Huawei, Pace::Full, vec![sent(0, "$oc/devices/old/user/x", "1")]);
        let orders = world.go();
        world.fail(&orders[0], code);
        assert!(world.go().is_empty());
        assert!(world.wait());
        assert_eq!(world.go(), orders, "{code}");
    }
    let long = "x".repeat(200);
    let mut world = World::new(Cloud::Huawei, Pace::Full, vec![sent(0, &format!("$oc/devices/old/user/{long}"), "1")]);
    let orders = world.go();
    world.fail(&orders[0], "guard");
    assert!(world.go().is_empty() && world.engine.has_ended());
    assert_eq!(world.engine.report().total().refused, 1, "a limit that time does not mend");
}

#[test]
fn subscriptions_of_the_tape_are_made_once_and_those_held_are_not() {
    let filter = |millis, filter: &str| told(millis, Part::Subscribed(filter.to_owned(), Qos::AtLeastOnce));
    let tape = vec![filter(0, "held"), filter(0, "$oc/devices/old/user/#"), filter(0, "$oc/devices/old/user/#")];
    let mut world = World::new(Cloud::Huawei, Pace::Full, tape);
    let orders = world.go();
    assert_eq!(orders.len(), 1);
    let Action::Subscribe { filter, .. } = &orders[0].action else { panic!("a subscription") };
    assert_eq!(filter.as_str(), "$oc/devices/new/user/#");
}

#[test]
fn the_first_message_waits_until_the_subscriptions_are_answered() {
    for answered in [true, false] {
        let mut world = World::new(Cloud::Aliyun, Pace::Full, report(0, 1).into());
        world.hear(Kind::State(StateChange { state: LineState::Online, ..StateChange::default() }));
        assert!(world.go().is_empty());
        if answered {
            world.subscribed("held");
        } else {
            assert!(world.wait());
            assert_eq!(world.millis(), 5_000);
        }
        assert_eq!(world.go().len(), 1);
    }
}

#[test]
fn a_platform_that_acknowledges_nothing_ends_it() {
    let mut world = World::new(Cloud::Huawei, Pace::Full, vec![sent(0, "$oc/devices/old/user/x", "1")]);
    assert_eq!(world.go().len(), 1);
    while !world.engine.has_ended() {
        assert!(world.wait());
        world.go();
    }
    assert_eq!((world.millis(), world.engine.report().ended.clone()), (60_000, Some(Ended::Stalled)));
}

proptest! {
    /// A platform that does as on the tape leaves nothing to tell, whatever the pace.
    #[test]
    fn all_as_recorded_is_said_so(
        gaps in prop::collection::vec(0_u64..3_000, 0..60),
        pace in prop::sample::select(vec![Pace::Recorded(1.0), Pace::Recorded(50.0), Pace::Replies, Pace::Full]),
    ) {
        let mut millis = 0;
        let mut tape = Vec::new();
        for (number, gap) in gaps.iter().enumerate() {
            millis += gap;
            tape.extend(report(millis, u32::try_from(number % 7).unwrap()));
        }
        tape.sort_by_key(|told| told.time_us);
        let mut world = World::new(Cloud::Aliyun, pace, tape);
        world.run(Some(200));
        let report = world.engine.report();
        prop_assert_eq!(world.sent.len(), gaps.len());
        prop_assert_eq!(report.total().acked, gaps.len() as u64);
        let ids: Vec<u64> = world.sent.iter().map(|(_, order)| {
            let body: Value = serde_json::from_str(publish(order).1).unwrap();
            body["id"].as_str().unwrap().parse().unwrap()
        }).collect();
        prop_assert_eq!(ids, (500..500 + gaps.len() as u64).collect::<Vec<_>>());
    }
}
