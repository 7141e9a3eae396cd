//! What rules cost: requests answered through the machine alone, without a socket.
//!
//! Divide a second by the median: 50,000 requests a second in one session leave 20 µs for each, of which the machine may take a
//! part only.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a benchmark ends where it fails"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use serde_json::json;
use standin::behaviour::rule::{Action, Condition, Glob, Holds, InputPath, Matching, Reply, Rule};
use standin::behaviour::{Behaviour, Deed, Plan};
use standin::cloud::{Asked, Direction, Platform, observed};
use standin::event::{Moment, WallTime, What};
use standin::profile::Cloud;
use standin::template::JsonTemplate;

fn main() {
    divan::main();
}

/// Requests in one run.
const REQUESTS: usize = 1_000;

/// A device's cloud and its identifiers, and a command to it.
type Device = (Cloud, &'static [(&'static str, &'static str)], &'static str, &'static str);

const HUAWEI: Device = (
    Cloud::Huawei,
    &[("device_id", "d1")],
    "$oc/devices/d1/sys/commands/request_id=3a1f77c2-0b1d",
    r#"{"object_device_id":"d1","service_id":"lamp","command_name":"dim","paras":{"level":3}}"#,
);
const ALIYUN: Device = (
    Cloud::Aliyun,
    &[("product_key", "pk"), ("device_name", "dn")],
    "/sys/pk/dn/thing/service/dim",
    r#"{"id":"123","version":"1.0","params":{"level":3},"method":"thing.service.dim"}"#,
);
const UCLOUD: Device = (
    Cloud::Ucloud,
    &[("product_sn", "p"), ("device_sn", "d")],
    "/$system/p/d/tmodel/command",
    r#"{"RequestID":"77","Identifier":"dim","Input":{"level":3}}"#,
);

fn rule(name: &str, matches: Matching, holds: Holds) -> Rule {
    let then = Action::Answer(Box::new(Reply { holds, ..Reply::default() }));
    Rule { name: name.to_owned(), enabled: true, matches, chance: None, times: None, then }
}

fn dim() -> Matching {
    Matching { what: Some(What::Command), name: Some(Glob::new("dim")), ..Matching::default() }
}

/// Answers the device's command over and over by `rules`; `answers`: whether there must be one each time.
fn answer(bencher: Bencher<'_, '_>, (cloud, names, topic, body): Device, rules: Vec<Rule>, answers: bool) {
    let names: BTreeMap<String, String> =
        names.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let platform: Arc<dyn Platform> = observed(cloud, &names).into();
    let now = Moment { at: WallTime::from_unix_micros(1_700_000_000_000_000), mono: Instant::now() };
    let plan = Plan { rules, ..Plan::default() };
    let mut behaviour = Behaviour::new(&plan, Arc::clone(&platform), 7, now);
    behaviour.online(now);
    let asked = Asked { topic, payload: body.as_bytes() };
    bencher.counter(ItemsCount::new(REQUESTS)).bench_local(|| {
        for _ in 0..REQUESTS {
            let meaning = platform.meaning(Direction::Down, black_box(topic), body.as_bytes());
            behaviour.received(now, &asked, &meaning);
            let deeds = behaviour.take_deeds();
            assert_eq!(matches!(deeds.as_slice(), [Deed::Send(_)]), answers);
            black_box(deeds);
        }
    });
}

/// A rule that says no more than success.
#[divan::bench(args = [HUAWEI, ALIYUN, UCLOUD])]
fn plain(bencher: Bencher<'_, '_>, device: Device) {
    answer(bencher, device, vec![rule("dim", dim(), Holds::Usual)], true);
}

/// A rule whose reply has holes.
#[divan::bench(args = [HUAWEI, ALIYUN, UCLOUD])]
fn template(bencher: Bencher<'_, '_>, device: Device) {
    let reply = json!({ "level": "{{ request.input.level }}", "at": "{{ now.ms }}", "n": "{{ counter }}" });
    let holds = Holds::Output(JsonTemplate::of(&reply).unwrap());
    answer(bencher, device, vec![rule("dim", dim(), holds)], true);
}

/// The last of a hundred rules, the others of which look at a parameter.
#[divan::bench]
fn hundred(bencher: Bencher<'_, '_>) {
    let other = |number: u32| {
        let input = vec![(InputPath::new("level"), Condition::Is(json!(number + 1_000)))];
        rule(&number.to_string(), Matching { input, ..dim() }, Holds::Usual)
    };
    let rules = (1..100).map(other).chain([rule("dim", dim(), Holds::Usual)]).collect();
    answer(bencher, ALIYUN, rules, true);
}

/// No rule at all: what a device pays that does nothing by itself.
#[divan::bench]
fn nothing(bencher: Bencher<'_, '_>) {
    answer(bencher, ALIYUN, Vec::new(), false);
}
