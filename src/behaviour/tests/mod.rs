//! A device's own doings under a virtual clock, per cloud, with the documents' own bodies.

mod faults;
mod hand;
mod hostile;
mod properties;
mod recorded;
mod rules;
mod told;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::rule::{Action, Condition, Delay, Faults, Glob, Holds, InputPath, Matching, Oversized, Reply, Rule};
use super::simulator::{Simulator, Wave};
use super::*;
use crate::cloud::{Asked, Direction, Platform, Property, observed};
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
                    self.goes(&topic, &payload, Some(&by));
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

    /// A person sends a message.
    fn sends(&mut self, topic: &str, payload: &[u8]) {
        self.goes(topic, payload, None);
    }

    /// A person answers a request, with the cloud's code.
    fn answers(&mut self, (_, topic, body): (Cloud, &str, &str), code: Option<i64>) {
        let draft = self.platform.reply(&Asked { topic, payload: body.as_bytes() }, code).unwrap();
        self.sends(&draft.topic, draft.body.as_bytes());
    }

    fn goes(&mut self, topic: &str, payload: &[u8], by: Option<&str>) {
        let meaning = self.platform.meaning(Direction::Up, topic, payload);
        self.behaviour.sent(self.now, (topic, payload), &meaning, by);
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
