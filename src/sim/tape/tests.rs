use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::script::{Loader, Part};
use super::stage::{Cue, Cued, Said, Stage};
use crate::cloud::transfer::Transfer;
use crate::event::{Event, Kind, LineState, Message, Moment, StateChange, WallTime, What};
use crate::mqtt::Qos;
use crate::profile::Cloud;
use crate::tape::Recorded;

const POST: &str = "/sys/pk/old/thing/event/property/post";
const LIVE_POST: &str = "/sys/pk/new/thing/event/property/post";

fn aliyun(device: &str) -> BTreeMap<String, String> {
    [("product_key", "pk"), ("device_name", device)].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Loads what happened to one device, told in milliseconds.
struct Telling(Loader);

impl Telling {
    fn new(cloud: Cloud, identifiers: BTreeMap<String, String>) -> Self {
        let mut loader = Loader::default();
        let recorded = Recorded {
            name: "dev".to_owned(),
            cloud,
            endpoint: String::new(),
            identifiers,
            clock_offset_us: None,
            state: LineState::Offline,
        };
        loader.session(recorded, 0);
        Self(loader)
    }

    fn say(mut self, millis: u64, kind: Kind<'_>) -> Self {
        let at = WallTime::from_unix_micros(i64::try_from(millis).unwrap() * 1_000);
        self.0.take(&Event { seq: 1, at, mono_us: 0, session: "dev", kind }, millis * 1_000);
        self
    }

    fn line(self, millis: u64, state: LineState) -> Self {
        self.say(millis, Kind::State(StateChange { state, ..StateChange::default() }))
    }

    fn rx(self, millis: u64, topic: &str, payload: &str) -> Self {
        self.say(millis, Kind::Rx(message(topic, payload)))
    }

    fn tx(self, millis: u64, topic: &str, payload: &str) -> Self {
        self.say(millis, Kind::Tx(message(topic, payload)))
    }

    fn part(self) -> Arc<Part> {
        let mut script = self.0.finish();
        assert_eq!((script.parts.len(), script.left_out), (1, 0));
        Arc::new(script.parts.remove(0))
    }

    fn stage(self, cue: Cue) -> Stage {
        let part = self.part();
        let to = aliyun("new");
        let from = (part.recorded.cloud, &part.recorded.identifiers.clone());
        Stage::new(part, Transfer::new(from, (Cloud::Aliyun, &to)).unwrap(), cue)
    }
}

fn message<'a>(topic: &'a str, payload: &'a str) -> Message<'a> {
    Message { topic, qos: Qos::AtLeastOnce, payload: payload.as_bytes(), what: What::Custom, ..Message::default() }
}

fn now() -> Moment {
    Moment { at: WallTime::from_unix_micros(3_600_000_000), mono: Instant::now() }
}

fn post(id: &str, value: u32) -> String {
    format!(r#"{{"id":{id},"params":{{"a":{value}}},"method":"thing.event.property.post"}}"#)
}

fn text(cued: &Cued) -> (&str, &str) {
    (&cued.topic, std::str::from_utf8(&cued.payload).unwrap())
}

/// Two services, a free message, a back-off between them, and two reports with replies.
fn told() -> Telling {
    Telling::new(Cloud::Aliyun, aliyun("old"))
        .line(1_000, LineState::Connecting)
        .line(1_500, LineState::Online)
        .rx(2_500, "/sys/pk/old/thing/service/go", r#"{"id":"7","params":{}}"#)
        .tx(2_600, "/sys/pk/old/thing/service/go_reply", r#"{"id":"7","code":200,"data":{"x":1}}"#)
        .tx(2_700, POST, &post("\"1\"", 5))
        .rx(2_710, &format!("{POST}_reply"), r#"{"id":"1","code":200,"data":{}}"#)
        .line(3_500, LineState::Backoff)
        .line(9_500, LineState::Online)
        .rx(10_000, "/pk/old/user/get", "hello")
        .rx(10_000, "/sys/pk/old/rrpc/request/88", r#"{"id":"5"}"#)
        .tx(10_100, POST, &post("\"2\"", 6))
        .rx(10_110, &format!("{POST}_reply"), r#"{"id":"2","code":6300,"data":{}}"#)
}

#[test]
fn a_script_has_what_came_by_itself_and_what_was_replied() {
    let part = told().part();
    let steps: Vec<_> =
        part.steps.iter().map(|step| (step.at.as_millis(), step.letter.topic.as_str(), step.asks)).collect();
    assert_eq!(
        steps,
        [
            (1_000, "/sys/pk/old/thing/service/go", true),
            (2_500, "/pk/old/user/get", false),
            (2_500, "/sys/pk/old/rrpc/request/88", true),
        ],
        "by the time online"
    );
    assert!(part.steps[0].answer.as_ref().is_some_and(|(topic, _)| topic.ends_with("go_reply")));
    assert_eq!(part.steps[2].answer, None);
    assert_eq!(part.reports.iter().filter(|report| report.reply.is_some()).count(), 2);
}

#[test]
fn replies_without_an_id_are_told_by_their_topic_and_echoes_are_none() {
    let part = Telling::new(Cloud::Aliyun, aliyun("old"))
        .line(0, LineState::Online)
        .tx(10, "/ext/ntp/pk/old/request", r#"{"deviceSendTime":"1"}"#)
        .rx(20, "/ext/ntp/pk/old/response", r#"{"deviceSendTime":"1"}"#)
        .tx(30, "/pk/old/user/both", "echo")
        .rx(31, "/pk/old/user/both", "echo")
        .rx(32, "/pk/old/user/both", "echo")
        .part();
    assert!(part.reports[0].reply.is_some());
    assert_eq!(part.steps.len(), 1, "the second echo is none");
}

#[test]
fn requests_come_at_their_times_while_the_device_is_online() {
    let mut stage = told().stage(Cue::Times);
    let start = now();
    stage.online(start.mono);
    assert_eq!(stage.deadline(), Some(start.mono + Duration::from_secs(1)));
    assert_eq!(stage.cue(start.after(Duration::from_millis(999)), "900", |_| true), None);
    let at = start.after(Duration::from_secs(1));
    let first = stage.cue(at, "900", |_| true).unwrap().unwrap();
    assert_eq!(text(&first), ("/sys/pk/new/thing/service/go", r#"{"id":"900","params":{}}"#));
    assert_eq!(first.asks, Some(0));
    stage.offline(start.after(Duration::from_secs(2)).mono);
    assert_eq!((stage.deadline(), stage.cue(start.after(Duration::from_hours(1)), "1", |_| true)), (None, None));
    let back = start.after(Duration::from_hours(2));
    stage.online(back.mono);
    assert_eq!(stage.deadline(), Some(back.mono + Duration::from_millis(500)), "2 s are over");
    let due = back.after(Duration::from_millis(500));
    let hello = stage.cue(due, "901", |_| true).unwrap().unwrap();
    assert_eq!((text(&hello), hello.asks), (("/pk/new/user/get", "hello"), None));
    let call = stage.cue(due, "902", |_| true).unwrap().unwrap();
    assert_eq!(text(&call), ("/sys/pk/new/rrpc/request/902", r#"{"id":"5"}"#), "the call's id is its topic's");
    assert_eq!((stage.cue(due, "903", |_| true), stage.deadline()), (None, None));
    assert_eq!(stage.tally.sent, 3);
}

#[test]
fn a_message_waits_for_the_device_to_subscribe_for_ten_seconds_after_its_connect() {
    let mut stage = told().stage(Cue::Times);
    let start = now();
    stage.online(start.mono);
    let due = start.after(Duration::from_secs(1));
    assert_eq!(stage.cue(due, "1", |_| false), None);
    assert_eq!(stage.deadline(), Some(start.mono + Duration::from_secs(10)));
    let heard = stage.cue(start.after(Duration::from_secs(4)), "1", |topic| topic.ends_with("/go"));
    assert!(heard.is_some_and(|cued| cued.is_ok()));
    assert_eq!(stage.cue(start.after(Duration::from_millis(9_999)), "2", |_| false), None);
    let late = start.after(Duration::from_secs(10));
    assert_eq!(stage.cue(late, "2", |_| false), Some(Err("/pk/new/user/get".to_owned())));
    assert_eq!(stage.cue(late, "2", |_| false), Some(Err("/sys/pk/new/rrpc/request/2".to_owned())));
    assert_eq!((stage.cue(late, "2", |_| false), stage.tally.sent), (None, 1));
}

#[test]
fn on_demand_and_after_reports_one_comes_at_a_time() {
    for (cue, mut call) in [
        (Cue::OnDemand, Box::new(|stage: &mut Stage| assert!(stage.call())) as Box<dyn FnMut(&mut Stage)>),
        (Cue::Reports, Box::new(|stage: &mut Stage| drop(stage.report(now(), LIVE_POST, post("1", 5).as_bytes())))),
    ] {
        let mut stage = told().stage(cue);
        let start = now();
        stage.online(start.mono);
        assert_eq!(stage.deadline(), None, "{cue:?}");
        assert_eq!(stage.cue(start.after(Duration::from_hours(1)), "1", |_| true), None);
        for _ in 0..3 {
            call(&mut stage);
            assert!(stage.cue(start, "1", |_| true).is_some_and(|cued| cued.is_ok()), "{cue:?}");
            assert_eq!(stage.cue(start, "1", |_| true), None);
        }
        assert!(!stage.call(), "there is no more");
    }
}

#[test]
fn a_report_is_known_by_its_content_else_by_its_turn() {
    let mut stage = told().stage(Cue::Times);
    let mut report = |id: &str, value: u32| match stage.report(now(), LIVE_POST, post(id, value).as_bytes()) {
        Said::Reply(cued) => {
            let (topic, body) = text(&cued);
            assert_eq!(topic, format!("{LIVE_POST}_reply"));
            body.to_owned()
        }
        other => format!("{other:?}"),
    };
    assert_eq!(report("11", 6), r#"{"id":11,"code":6300,"data":{}}"#, "by its content, with its id as it came");
    assert_eq!(report("\"12\"", 99), r#"{"id":"12","code":200,"data":{}}"#, "the one whose turn it is");
    assert_eq!(report("\"13\"", 99), "Unknown");
    assert_eq!(report("\"14\"", 5), r#"{"id":"14","code":200,"data":{}}"#, "the same again is replied the same");
    assert_eq!(stage.report(now(), "/pk/new/user/update", b"x"), Said::Unknown);
    assert_eq!((stage.tally.known, stage.tally.unknown), (3, 2));
}

#[test]
fn a_report_without_a_reply_on_the_tape_gets_none() {
    let telling = Telling::new(Cloud::Aliyun, aliyun("old")).line(0, LineState::Online).tx(1, POST, &post("1", 5));
    assert_eq!(telling.stage(Cue::Times).report(now(), LIVE_POST, post("2", 5).as_bytes()), Said::Nothing);
}

#[test]
fn answers_are_held_against_the_recorded_ones() {
    let mut stage = told().stage(Cue::Times);
    let topic = "/sys/pk/new/thing/service/go_reply";
    assert_eq!(stage.answered(0, topic, br#"{"id":"900","data":{"x":1},"code":200}"#), Some(true));
    assert_eq!(stage.answered(0, topic, br#"{"id":"900","data":{"x":2},"code":200}"#), Some(false));
    assert_eq!(stage.answered(2, "/sys/pk/new/rrpc/response/1", b"{}"), None, "there is none");
    stage.unanswered(0);
    stage.unanswered(2);
    assert_eq!((stage.tally.same, stage.tally.other, stage.tally.silent), (1, 1, 1));
}

#[test]
fn times_in_what_is_sent_are_moved_to_now() {
    let mut stage = Telling::new(Cloud::Aliyun, aliyun("old"))
        .line(0, LineState::Online)
        .tx(1_000, "/ext/ntp/pk/old/request", r#"{"deviceSendTime":"1000"}"#)
        .rx(1_000, "/ext/ntp/pk/old/response", r#"{"deviceSendTime":"1000","serverSendTime":"1010"}"#)
        .stage(Cue::Times);
    let said = stage.report(now(), "/ext/ntp/pk/new/request", br#"{"deviceSendTime":"3600000"}"#);
    let Said::Reply(cued) = said else { panic!("a reply, not {said:?}") };
    assert_eq!(text(&cued), ("/ext/ntp/pk/new/response", r#"{"deviceSendTime":"3600000","serverSendTime":"3600010"}"#));
}
