//! A device's own doings under a virtual clock, per cloud, with the documents' own bodies.

mod faults;
mod told;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use super::rule::{Action, Condition, Delay, Faults, Glob, Holds, InputPath, Matching, Oversized, Reply, Rule};
use super::simulator::{Simulator, Wave};
use super::*;
use crate::cloud::{Asked, Direction, Platform, observed};
use crate::event::{Moment, WallTime, What};
use crate::profile::Cloud;
use crate::template::{JsonTemplate, Template};

/// A device and a clock.
struct Stage {
    behaviour: Behaviour,
    platform: Arc<dyn Platform>,
    now: Moment,
}

/// A message that the device sent.
#[derive(Clone, Debug, PartialEq)]
struct Sent {
    topic: String,
    payload: Vec<u8>,
    by: String,
    /// Since the stage's start.
    at: Duration,
}

const START: i64 = 1_700_000_000_000_000;

fn device(cloud: Cloud) -> Arc<dyn Platform> {
    let names: &[(&str, &str)] = match cloud {
        Cloud::Huawei => &[("device_id", "d1")],
        Cloud::Aliyun => &[("product_key", "pk"), ("device_name", "dn")],
        Cloud::Ucloud => &[("product_sn", "p"), ("device_sn", "d")],
        Cloud::Mqtt => &[("client_id", "c")],
    };
    let names = names.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    observed(cloud, &names.collect::<BTreeMap<_, _>>()).into()
}

impl Stage {
    fn new(cloud: Cloud, plan: &Plan) -> Self {
        let now = Moment { at: WallTime::from_unix_micros(START), mono: Instant::now() };
        let platform = device(cloud);
        let mut behaviour = Behaviour::new(plan, Arc::clone(&platform), 7, now);
        behaviour.online(now);
        Self { behaviour, platform, now }
    }

    fn rules(cloud: Cloud, rules: Vec<Rule>) -> Self {
        Self::new(cloud, &Plan { rules, ..Plan::default() })
    }

    /// A message of the platform comes.
    fn comes(&mut self, topic: &str, body: &str) {
        let asked = Asked { topic, payload: body.as_bytes() };
        let meaning = self.platform.meaning(Direction::Down, topic, body.as_bytes());
        self.behaviour.received(self.now, &asked, &meaning);
    }

    /// What went and what was said until now. What went is told to the device, as the session does.
    fn did(&mut self) -> (Vec<Sent>, Vec<String>) {
        let (mut sent, mut notes) = (Vec::new(), Vec::new());
        let start = WallTime::from_unix_micros(START);
        for deed in self.behaviour.take_deeds() {
            match deed {
                Deed::Send(Sending { topic, payload, by, .. }) => {
                    self.sends(&topic, &payload);
                    let at = u64::try_from(self.now.at.unix_micros() - start.unix_micros()).unwrap();
                    let at = Duration::from_micros(at);
                    sent.push(Sent { topic, payload: payload.to_vec(), by: by.to_string(), at });
                }
                Deed::Note(note) => notes.push(note),
                Deed::Clock(offset) => notes.push(format!("clock {offset}")),
            }
        }
        (sent, notes)
    }

    /// A message of the device goes.
    fn sends(&mut self, topic: &str, payload: &[u8]) {
        let what = self.platform.meaning(Direction::Up, topic, payload).what;
        self.behaviour.sent(self.now, topic, payload, what);
    }

    /// Time passes, deadline by deadline; what went and what was said.
    fn pass(&mut self, time: Duration) -> (Vec<Sent>, Vec<String>) {
        let (mut sent, mut notes) = self.did();
        let end = self.now.after(time);
        while let Some(due) = self.behaviour.deadline().filter(|due| *due <= end.mono) {
            self.now = self.now.after(due.saturating_duration_since(self.now.mono));
            self.behaviour.tick(self.now);
            let (more, words) = self.did();
            sent.extend(more);
            notes.extend(words);
        }
        self.now = end;
        (sent, notes)
    }

    /// The answers to a request, and what was said, within a minute.
    fn asks(&mut self, topic: &str, body: &str) -> (Vec<Sent>, Vec<String>) {
        self.comes(topic, body);
        self.pass(Duration::from_mins(1))
    }

    fn value(&self, name: &str) -> Option<Value> {
        self.behaviour.properties().get(&Property::parse(name)).map(|current| current.value.clone())
    }

    fn standing(&mut self) -> Standing {
        self.behaviour.control(self.now, &Control::Rules { on: true }).unwrap();
        self.behaviour.news().unwrap()
    }
}

impl Sent {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).unwrap()
    }
}

/// A rule for everything that answers so.
fn rule(reply: Reply) -> Rule {
    Rule {
        name: "r".to_owned(),
        enabled: true,
        matches: Matching::default(),
        chance: None,
        times: None,
        then: Action::Answer(Box::new(reply)),
    }
}

fn output(value: &Value) -> Holds {
    Holds::Output(JsonTemplate::of(value).unwrap())
}

/// Requests as the documents have them: cloud, topic, body.
const SILENCE: (Cloud, &str, &str) = (
    Cloud::Huawei,
    "$oc/devices/d1/sys/commands/request_id=3a1f-77",
    r#"{"object_device_id":"d1","service_id":"smoke","command_name":"SILENCE","paras":{"value":1,"level":4.5}}"#,
);
const HUAWEI_SET: (Cloud, &str, &str) = (
    Cloud::Huawei,
    "$oc/devices/d1/sys/properties/set/request_id=3a1f-78",
    r#"{"object_device_id":"d1","services":[{"service_id":"smoke","properties":{"alarm":1,"level":2}}]}"#,
);
const HUAWEI_GET: (Cloud, &str, &str) =
    (Cloud::Huawei, "$oc/devices/d1/sys/properties/get/request_id=3a1f-79", r#"{"service_id":"smoke"}"#);
const DIM: (Cloud, &str, &str) = (
    Cloud::Aliyun,
    "/sys/pk/dn/thing/service/dim",
    r#"{"id":"123","version":"1.0","params":{"level":3},"method":"thing.service.dim"}"#,
);
const ALIYUN_SET: (Cloud, &str, &str) = (
    Cloud::Aliyun,
    "/sys/pk/dn/thing/service/property/set",
    r#"{"id":"124","version":"1.0","params":{"level":9},"method":"thing.service.property.set"}"#,
);
const ALIYUN_GET: (Cloud, &str, &str) = (
    Cloud::Aliyun,
    "/sys/pk/dn/thing/service/property/get",
    r#"{"id":"125","version":"1.0","params":["level"],"method":"thing.service.property.get"}"#,
);
const RRPC: (Cloud, &str, &str) = (
    Cloud::Aliyun,
    "/sys/pk/dn/rrpc/request/812",
    r#"{"id":"126","version":"1.0","params":{"level":3},"method":"thing.service.dim"}"#,
);
const UCLOUD: (Cloud, &str, &str) =
    (Cloud::Ucloud, "/$system/p/d/tmodel/command", r#"{"RequestID":"77","Identifier":"dim","Input":{"level":3}}"#);
const UCLOUD_SET: (Cloud, &str, &str) =
    (Cloud::Ucloud, "/$system/p/d/tmodel/property/set", r#"{"RequestID":"78","Property":{"level":9}}"#);

const ALL: [(Cloud, &str, &str); 9] =
    [SILENCE, HUAWEI_SET, HUAWEI_GET, DIM, ALIYUN_SET, ALIYUN_GET, RRPC, UCLOUD, UCLOUD_SET];

#[test]
fn a_device_without_a_plan_does_nothing() {
    for (cloud, topic, body) in ALL {
        let mut stage = Stage::new(cloud, &Plan::default());
        assert_eq!(stage.asks(topic, body), (Vec::new(), Vec::new()), "{topic}");
        assert_eq!(stage.behaviour.deadline(), None);
    }
}

#[test]
fn a_rule_answers_in_each_clouds_own_form() {
    for ((cloud, topic, body), reply_topic, reply) in [
        (
            SILENCE,
            "$oc/devices/d1/sys/commands/response/request_id=3a1f-77",
            json!({ "result_code": 1, "response_name": "COMMAND_RESPONSE", "paras": { "level": 4.5, "n": 1 } }),
        ),
        (
            DIM,
            "/sys/pk/dn/thing/service/dim_reply",
            json!({ "id": "123", "code": 1, "message": "no 灯", "data": { "level": 3, "n": 1 } }),
        ),
        (
            UCLOUD,
            "/$system/p/d/tmodel/command_reply/77",
            json!({ "RequestID": "77", "RetCode": 1, "Identifier": "dim", "Output": { "level": 3, "n": 1 } }),
        ),
    ] {
        let reply_of = Reply {
            holds: output(&json!({ "level": "{{ request.input.level }}", "n": "{{ counter }}" })),
            code: Some(1),
            message: Some(Template::parse("no {{ \"灯\" }}").unwrap()),
            ..Reply::default()
        };
        let mut stage = Stage::rules(cloud, vec![rule(reply_of)]);
        let (sent, notes) = stage.asks(topic, body);
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(sent.len(), 1, "{topic}");
        assert_eq!((sent[0].topic.as_str(), sent[0].by.as_str()), (reply_topic, "rule r"));
        assert_eq!(sent[0].json(), reply);
        assert_eq!(sent[0].at, Duration::ZERO);
    }
}

#[test]
fn a_body_of_its_own_goes_as_it_is_written() {
    let text = r#"{"id": {{ request.id | json }}, "now": {{ now.ms }}, "x": "{{ property.level | default("-") }}"}"#;
    let reply = Reply { holds: Holds::Body(Template::parse(text).unwrap()), ..Reply::default() };
    let mut stage = Stage::rules(DIM.0, vec![rule(reply)]);
    let (sent, _) = stage.asks(DIM.1, DIM.2);
    assert_eq!(String::from_utf8_lossy(&sent[0].payload), r#"{"id": "123", "now": 1700000000000, "x": "-"}"#);
    assert_eq!(sent[0].topic, "/sys/pk/dn/thing/service/dim_reply");
}

#[test]
fn the_first_rule_that_matches_answers() {
    let coded = |name: &str, code: i64, matches: Matching| Rule {
        name: name.to_owned(),
        matches,
        ..rule(Reply { code: Some(code), ..Reply::default() })
    };
    let where_level = |condition| Matching {
        what: Some(What::Command),
        name: Some(Glob::new("d*")),
        input: vec![(InputPath::new("level"), condition)],
        ..Matching::default()
    };
    let rules = vec![
        Rule { enabled: false, ..coded("off", 100, Matching::default()) },
        coded("high", 460, where_level(Condition::Greater(json!(5)))),
        Rule { times: Some(1), ..coded("once", 429, where_level(Condition::Exists(true))) },
        coded("rest", 400, Matching::default()),
    ];
    let mut stage = Stage::rules(DIM.0, rules);
    let mut code = |level: u8| {
        let body = json!({ "id": "1", "params": { "level": level }, "method": "thing.service.dim" }).to_string();
        let (sent, _) = stage.asks(DIM.1, &body);
        (sent[0].json()["code"].as_i64().unwrap(), sent[0].by.clone())
    };
    assert_eq!(code(9), (460, "rule high".to_owned()));
    assert_eq!(code(3), (429, "rule once".to_owned()));
    assert_eq!(code(3), (400, "rule rest".to_owned()));
    let switch = Control::Rule { name: "off".to_owned(), on: true };
    stage.behaviour.control(stage.now, &switch).unwrap();
    assert_eq!(stage.asks(DIM.1, DIM.2).0[0].by, "rule off");
    stage.behaviour.control(stage.now, &Control::Rules { on: false }).unwrap();
    assert_eq!(stage.asks(DIM.1, DIM.2), (Vec::new(), Vec::new()));
    let standing = stage.standing();
    let hits: Vec<u64> = standing.rules.iter().map(|rule| rule.hits).collect();
    assert_eq!(hits, [1, 1, 1, 1, 0, 0], "and those that every device has");
    assert_eq!(standing.rules[1].last.as_deref(), Some("answered dim"));
    let unknown = Control::Rule { name: "gone".to_owned(), on: true };
    assert_eq!(stage.behaviour.control(stage.now, &unknown).unwrap_err(), "there is no rule `gone`");
}

#[test]
fn chance_takes_its_share_and_follows_from_the_seed() {
    let shares = |seed: u64| {
        let rules = vec![Rule { chance: Some(0.25), ..rule(Reply::default()) }];
        let plan = Plan { rules, seed: Some(seed), ..Plan::default() };
        let mut stage = Stage::new(DIM.0, &plan);
        (0..400).map(|_| stage.asks(DIM.1, DIM.2).0.len()).collect::<Vec<_>>()
    };
    let taken: usize = shares(1).iter().sum();
    assert!((60..140).contains(&taken), "{taken} of 400");
    assert_eq!(shares(1), shares(1));
    assert_ne!(shares(1), shares(2));
}

#[test]
fn a_delay_is_kept_and_ends_with_the_connection() {
    let delay = Delay { least: Duration::from_millis(100), most: Duration::from_secs(2) };
    let reply = Reply { delay, ..Reply::default() };
    let mut stage = Stage::rules(DIM.0, vec![rule(reply)]);
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..50 {
        let start = stage.now;
        stage.comes(DIM.1, DIM.2);
        let (sent, _) = stage.pass(Duration::from_secs(3));
        let began = Duration::from_micros(u64::try_from(start.at.unix_micros() - START).unwrap());
        times.push(sent[0].at - began);
    }
    assert!(times.iter().all(|time| (delay.least..=delay.most).contains(time)), "{times:?}");
    assert!(times.iter().max() > times.iter().min());
    stage.comes(DIM.1, DIM.2);
    stage.behaviour.offline();
    stage.behaviour.online(stage.now);
    let (sent, notes) = stage.pass(Duration::from_secs(3));
    assert_eq!(sent, Vec::new());
    assert_eq!(notes, ["1 delayed answer was not sent: the connection ended"]);
}

#[test]
fn dropping_says_so() {
    let drop = Rule { then: Action::Drop, ..rule(Reply::default()) };
    let mut stage = Stage::rules(SILENCE.0, vec![drop]);
    let (sent, notes) = stage.asks(SILENCE.1, SILENCE.2);
    assert_eq!((sent, notes), (Vec::new(), vec!["rule r: command SILENCE is not answered".to_owned()]));
    let last = stage.standing().rules[0].last.clone();
    assert_eq!(last.as_deref(), Some("left SILENCE without an answer"));
}

#[test]
fn a_rule_that_cannot_fill_in_leaves_the_request_to_the_person() {
    let reply = Reply { holds: output(&json!({ "x": "{{ property.gone }}" })), ..Reply::default() };
    let mut stage = Stage::rules(SILENCE.0, vec![rule(reply)]);
    let (sent, notes) = stage.asks(SILENCE.1, SILENCE.2);
    assert_eq!(sent, Vec::new());
    assert_eq!(notes, ["rule r: command SILENCE is left to you: there is no property.gone"]);
    assert_eq!(stage.standing().rules[0].last.as_deref(), Some("could not answer SILENCE: there is no property.gone"));
}

#[test]
fn values_are_taken_over_when_the_device_says_success() {
    let sets = [
        (HUAWEI_SET, "smoke/level", json!(2), 1),
        (ALIYUN_SET, "level", json!(9), 400),
        (UCLOUD_SET, "level", json!(9), 130),
    ];
    for ((cloud, topic, body), name, value, failure) in sets {
        // By a rule.
        for (code, expected) in [(None, Some(value.clone())), (Some(failure), None)] {
            let mut stage = Stage::rules(cloud, vec![rule(Reply { code, ..Reply::default() })]);
            stage.asks(topic, body);
            assert_eq!(stage.value(name), expected, "{topic} {code:?}");
        }
        // By hand.
        for (code, expected) in [(None, Some(value)), (Some(failure), None)] {
            let mut stage = Stage::new(cloud, &Plan::default());
            stage.comes(topic, body);
            assert_eq!(stage.value(name), None);
            let asked = Asked { topic, payload: body.as_bytes() };
            let draft = stage.platform.reply(&asked, code).unwrap();
            stage.sends(&draft.topic, draft.body.as_bytes());
            assert_eq!(stage.value(name), expected, "{topic} {code:?}");
        }
    }
}

#[test]
fn what_is_written_to_a_sub_device_is_not_the_devices_own() {
    let body = HUAWEI_SET.2.replace(r#""object_device_id":"d1""#, r#""object_device_id":"sub""#);
    let auto = Auto { property_set: true, ..Auto::default() };
    for plan in [
        Plan { rules: vec![rule(Reply::default())], ..Plan::default() },
        Plan { auto, ..Plan::default() },
        Plan::default(),
    ] {
        let mut stage = Stage::new(HUAWEI_SET.0, &plan);
        let (sent, _) = stage.asks(HUAWEI_SET.1, &body);
        assert_eq!(sent.len(), plan.rules.len(), "the rule for the device itself leaves it");
        assert_eq!(stage.value("smoke/level"), None);
    }
}

#[test]
fn sets_and_gets_are_answered_without_a_rule_where_that_is_on() {
    let properties = ["smoke/level", "level"].map(|name| (Property::parse(name), json!(1))).to_vec();
    let auto = Auto { property_set: true, property_get: true, desired: false };
    let plan = Plan { properties, auto, ..Plan::default() };
    let mut stage = Stage::new(Cloud::Huawei, &plan);
    stage.asks(HUAWEI_SET.1, HUAWEI_SET.2);
    let (sent, _) = stage.asks(HUAWEI_GET.1, HUAWEI_GET.2);
    assert_eq!(sent[0].by, "rule auto property get");
    let services = json!([{ "service_id": "smoke", "properties": { "alarm": 1, "level": 2 } }]);
    assert_eq!(sent[0].json(), json!({ "services": services }));
    let mut stage = Stage::new(Cloud::Aliyun, &plan);
    let (sent, _) = stage.asks(ALIYUN_SET.1, ALIYUN_SET.2);
    assert_eq!(sent[0].by, "rule auto property set");
    let (sent, _) = stage.asks(ALIYUN_GET.1, ALIYUN_GET.2);
    assert_eq!(sent[0].json()["data"], json!({ "level": 9 }));
    let mut stage = Stage::new(Cloud::Ucloud, &plan);
    stage.asks(UCLOUD_SET.1, UCLOUD_SET.2);
    assert_eq!(stage.value("level"), Some(json!(9)));
    assert_eq!(stage.standing().rules.len(), 1, "UCloud asks for no properties");
    assert!(Stage::new(Cloud::Mqtt, &plan).standing().rules.is_empty());
}

#[test]
fn a_rule_gives_a_property_get_its_own_values() {
    let reply = Reply { holds: output(&json!({ "level": "{{ counter | add(40) }}" })), ..Reply::default() };
    for ((cloud, topic, body), expected) in [
        (HUAWEI_GET, json!({ "services": [{ "service_id": "smoke", "properties": { "level": 41 } }] })),
        (ALIYUN_GET, json!({ "id": "125", "code": 200, "message": "success", "data": { "level": 41 } })),
    ] {
        let (sent, _) = Stage::rules(cloud, vec![rule(reply.clone())]).asks(topic, body);
        assert_eq!(sent[0].json(), expected);
    }
    let list = Reply { holds: output(&json!([1])), ..Reply::default() };
    let (sent, notes) = Stage::rules(ALIYUN_GET.0, vec![rule(list)]).asks(ALIYUN_GET.1, ALIYUN_GET.2);
    assert!(sent.is_empty() && notes[0].contains("must be an object of properties"), "{notes:?}");
}

#[test]
fn counters_are_a_rules_own_or_shared() {
    let text = |own: &str| json!({ "own": "{{ counter }}", "all": "{{ counter(\"all\") }} {{ counter(\"all\") }}", "of": own });
    let named = |name: &str, glob: &str| Rule {
        name: name.to_owned(),
        matches: Matching { name: Some(Glob::new(glob)), ..Matching::default() },
        ..rule(Reply { holds: output(&text(name)), ..Reply::default() })
    };
    let mut stage = Stage::rules(Cloud::Aliyun, vec![named("a", "dim"), named("b", "*")]);
    let mut data = |service: &str| {
        let topic = format!("/sys/pk/dn/thing/service/{service}");
        let body = json!({ "id": "1", "params": {}, "method": format!("thing.service.{service}") }).to_string();
        stage.asks(&topic, &body).0[0].json()["data"].clone()
    };
    assert_eq!(data("dim"), json!({ "own": 1, "all": "1 1", "of": "a" }));
    assert_eq!(data("dim"), json!({ "own": 2, "all": "2 2", "of": "a" }));
    assert_eq!(data("blink"), json!({ "own": 1, "all": "3 3", "of": "b" }));
}

#[test]
fn what_is_reported_by_hand_and_what_simulators_report_are_the_properties() {
    let mut stage = Stage::new(Cloud::Huawei, &Plan::default());
    let body = json!({ "services": [{ "service_id": "smoke", "properties": { "alarm": 0 } }] }).to_string();
    stage.sends("$oc/devices/d1/sys/properties/report", body.as_bytes());
    assert_eq!(stage.value("smoke/alarm"), Some(json!(0)));
    let simulator = Simulator {
        name: "weather".to_owned(),
        enabled: true,
        period: Duration::from_secs(5),
        jitter: 0.0,
        on_change: false,
        properties: vec![(Property::parse("level"), Wave::Constant(json!(3)))],
    };
    for cloud in [Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud] {
        let mut stage = Stage::new(cloud, &Plan { simulators: vec![simulator.clone()], ..Plan::default() });
        let (sent, _) = stage.pass(Duration::from_secs(11));
        let times: Vec<u64> = sent.iter().map(|sent| sent.at.as_secs()).collect();
        assert_eq!(times, [0, 5, 10]);
        assert_eq!(sent[0].by, "simulator weather");
        assert_eq!(stage.value("level"), Some(json!(3)));
        stage.behaviour.offline();
        assert_eq!(stage.pass(Duration::from_secs(20)).0, Vec::new());
        stage.behaviour.online(stage.now);
        let off = Control::Simulator { name: "weather".to_owned(), on: false };
        stage.behaviour.control(stage.now, &off).unwrap();
        assert_eq!(stage.pass(Duration::from_secs(20)).0, Vec::new());
        assert_eq!((stage.standing().simulators[0].on, stage.standing().simulators[0].reports), (false, 3));
    }
    let mut stage = Stage::new(Cloud::Mqtt, &Plan { simulators: vec![simulator], ..Plan::default() });
    let (sent, notes) = stage.pass(Duration::from_secs(11));
    assert_eq!((sent.len(), notes.len()), (0, 1), "{notes:?}");
}

#[test]
fn news_come_at_once_and_then_seldom() {
    let mut stage = Stage::rules(DIM.0, vec![rule(Reply::default())]);
    assert!(stage.behaviour.news().is_some(), "the first picture");
    stage.comes(DIM.1, DIM.2);
    assert_eq!(stage.behaviour.news().unwrap().rules[0].hits, 1);
    stage.comes(DIM.1, DIM.2);
    assert_eq!(stage.behaviour.news(), None);
    let due = stage.behaviour.deadline().unwrap();
    assert_eq!(due - stage.now.mono, Duration::from_millis(50));
    stage.pass(Duration::from_millis(50));
    assert_eq!(stage.behaviour.news().unwrap().rules[0].hits, 2, "nothing stays untold");
    assert_eq!(stage.behaviour.deadline(), None);
}

#[test]
fn nonsense_of_the_platform_is_left_alone() {
    for (cloud, topic, body) in ALL {
        let mut stage = Stage::rules(cloud, vec![rule(Reply::default())]);
        for body in ["", "[]", "null", "{", "\u{0}", &body[..body.len() / 2], &"[".repeat(10_000)] {
            let (sent, _) = stage.asks(topic, body);
            assert!(sent.len() <= 1, "{topic} {body}");
        }
    }
}
