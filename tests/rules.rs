//! What a config tells devices to do by themselves, done by real sessions against the embedded platform.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

#[path = "support/bench.rs"]
mod bench;

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use bench::Bench;
use serde_json::{Value, json};
use standin::behaviour::{Control, Plan};
use standin::config;
use standin::session::{Action, Handle, Order};
use standin::sim::{Ask, Options, Outcome};

const CLOUDS: [&str; 3] = ["huawei", "aliyun", "ucloud"];

/// The plan that a config with these lines below the device has.
fn plan(lines: &str) -> Arc<Plan> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let device = "[[device]]\nname = \"d\"\ncloud = \"huawei\"\nhost = \"localhost\"\ndevice_id = \"x_y\"\nsecret = { env = \"X\" }\n";
    std::fs::write(&path, format!("{device}{lines}")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    config::load(Some(&path)).unwrap_or_else(|error| panic!("{error}")).plans["d"].clone()
}

/// The device of `cloud`, online, doing what `lines` say; and its name.
async fn started(cloud: &str, lines: &str) -> (Bench, String) {
    let mut bench = Bench::new(Options::default());
    let profile = bench.device(cloud);
    let name = profile.name.clone();
    bench.start_with(profile, &plan(lines));
    bench.ready(&name).await;
    (bench, name)
}

fn command(level: u8) -> Ask {
    Ask::Command { service: "smokeDetector".into(), name: "SILENCE".into(), input: json!({ "level": level }) }
}

fn body(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Answered { body, .. } => serde_json::from_slice(body).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// What the device sent by `by`.
async fn sent(bench: &mut Bench, by: &str) -> Value {
    bench.event(by, |event| event["kind"] == "tx" && event["by"] == by).await
}

#[tokio::test]
async fn a_rule_answers_every_cloud_and_says_so_on_the_event() {
    let rule = r#"
[[device.rule]]
name = "silence"
on = "command"
named = "SIL*"
where = { level = { ge = 3 } }
reply = { was = "{{ request.input.level }}", n = "{{ counter }}" }
"#;
    for cloud in CLOUDS {
        let (mut bench, name) = started(cloud, rule).await;
        for count in 1..=2 {
            let outcome = bench.platform.request(&name, &command(7)).await;
            let answer = body(&outcome);
            let output = ["paras", "data", "Output"].into_iter().find_map(|key| answer.get(key)).unwrap();
            assert_eq!(output, &json!({ "was": 7, "n": count }), "{cloud}");
            sent(&mut bench, "rule silence").await;
        }
        let standing = bench.handles[0].standing();
        assert_eq!(standing.rules[0].name, "silence");
        assert!(standing.rules[0].hits >= 1, "{standing:?}");
    }
}

#[tokio::test]
async fn faults_reach_the_platform_and_are_marked() {
    let rules = r#"
[[device.rule]]
name = "twice"
where = { level = 1 }
fault = { twice = "20ms" }
[[device.rule]]
name = "late"
where = { level = 2 }
fault = { late_by = "100ms" }
[[device.rule]]
name = "id"
where = { level = 3 }
fault = "wrong_request_id"
[[device.rule]]
name = "dropped"
where = { level = 4 }
drop = true
[[device.rule]]
name = "broken"
where = { level = 5 }
fault = "broken_json"
[[device.rule]]
name = "type"
where = { level = 6 }
fault = "wrong_type"
"#;
    // UCloud waits the shortest.
    let (mut bench, name) = started("ucloud", rules).await;
    let asks: Vec<Ask> = (1..=6).map(command).collect();
    let platform = &bench.platform;
    let outcomes = futures_util::future::join_all(asks.iter().map(|ask| platform.request(&name, ask))).await;
    assert_eq!(body(&outcomes[0])["RetCode"], 0);
    assert_eq!(outcomes[1], Outcome::TimedOut);
    assert_eq!(outcomes[2], Outcome::TimedOut);
    assert_eq!(outcomes[3], Outcome::TimedOut);
    assert!(!matches!(&outcomes[4], Outcome::Answered { body, .. } if serde_json::from_slice::<Value>(body).is_ok()));
    assert_eq!(body(&outcomes[5])["RetCode"], "0");
    assert_eq!(sent(&mut bench, "rule twice: twice").await["irregular"], Value::Null);
    assert_eq!(sent(&mut bench, "rule twice: twice").await["irregular"], json!(["second"]));
    assert_eq!(sent(&mut bench, "rule late: late").await["irregular"], json!(["late"]));
    bench.event("the drop", |event| event["text"] == "rule dropped: command SILENCE is not answered").await;
}

#[tokio::test]
async fn an_oversized_answer_is_sent_although_the_platform_does_not_take_it() {
    let rule = "[[device.rule]]\nname = \"large\"\nfault = \"oversized\"";
    let (mut bench, name) = started("aliyun", rule).await;
    // What the platform makes of it is its own affair: it may take it, be silent, or hang up.
    drop(bench.platform.request(&name, &command(1)).await);
    let event = sent(&mut bench, "rule large: oversized").await;
    assert_eq!(event["size"], 256 * 1024 + 1);
}

#[tokio::test]
async fn properties_are_written_and_read_without_a_person() {
    let lines = r#"
[device.auto]
property_set = true
property_get = true
[device.properties]
"smokeDetector/alarm" = 0
"#;
    for cloud in ["huawei", "aliyun"] {
        let (bench, name) = started(cloud, lines).await;
        let service = "smokeDetector".to_owned();
        let set = Ask::PropertySet { service: service.clone(), properties: json!({ "level": 5 }) };
        body(&bench.platform.request(&name, &set).await);
        let outcome = bench.platform.request(&name, &Ask::PropertyGet { service }).await;
        let answer = body(&outcome);
        let level =
            if cloud == "huawei" { &answer["services"][0]["properties"]["level"] } else { &answer["data"]["level"] };
        assert_eq!(level, 5, "{answer}");
    }
}

#[tokio::test]
async fn switches_work_while_the_session_runs() {
    let rules = "[[device.rule]]\nname = \"off\"\nenabled = false\ncode = 1";
    let (mut bench, name) = started("huawei", rules).await;
    let control = |name: &str| Action::Own(Box::new(Control::Rule { name: name.to_owned(), on: true }));
    bench.order(&name, 7, control("off"));
    let done = bench.event("that it is on", |event| event["text"] == "rule off is on").await;
    assert_eq!((&done["kind"], &done["order"]), (&json!("note"), &json!(7)));
    bench.order(&name, 8, control("of"));
    let refused = bench.event("that there is none", |event| event["order"] == 8).await;
    assert_eq!((&refused["kind"], &refused["reason"]), (&json!("error"), &json!("there is no rule `of`")));
    let outcome = bench.platform.request(&name, &command(1)).await;
    assert_eq!(body(&outcome)["result_code"], 1);
}

#[tokio::test]
async fn an_answer_by_hand_calls_the_rules_delayed_one_off() {
    let rule = "[[device.rule]]\nname = \"slow\"\ncode = 1\ndelay = \"1h\"";
    for cloud in CLOUDS {
        let (mut bench, name) = started(cloud, rule).await;
        let answer = async |handle: &mut Handle, request: &Value| {
            let request_id = request["request_id"].as_str().unwrap().to_owned();
            let action = Action::Reply { request_id, code: None, payload: None, force: false };
            handle.try_send(Order { number: None, action }).unwrap();
        };
        let answer = body(&bench.ask(&name, &command(1), answer).await);
        let code = ["result_code", "code", "RetCode"].into_iter().find_map(|key| answer.get(key)).unwrap();
        assert_ne!(code, 1, "{cloud}: the person's, not the rule's");
        let words = "rule slow: the delayed answer to command SILENCE is called off, for it has been answered";
        bench.event("that the rule's is called off", |event| event["text"] == words).await;
    }
}

#[tokio::test]
async fn an_ordered_upgrade_runs_to_its_end() {
    let lines = "[device.upgrade]\ntakes = \"200ms\"\nversion = \"1.0.0\"\nreport = true";
    for (cloud, offer, module) in [
        ("huawei", "ota-firmware", "firmware"),
        ("aliyun", "ota-upgrade", "default"),
        ("ucloud", "ota-upgrade", "default"),
    ] {
        let (mut bench, name) = started(cloud, lines).await;
        sent(&mut bench, "upgrade").await;
        let order = Ask::Offer { name: offer.into(), input: Value::Null };
        assert_eq!(bench.platform.request(&name, &order).await, Outcome::Sent);
        let words = format!("upgrade: {module} is at ");
        let ended = |event: &Value| event["text"].as_str().is_some_and(|text| text.starts_with(&words));
        bench.event("the end", ended).await;
        let standing = bench.handles[0].standing();
        assert_eq!(standing.upgrade.as_ref().unwrap().module, module, "{cloud}");
    }
}

#[tokio::test]
async fn a_huawei_device_takes_orders_and_tells_its_versions() {
    let (mut bench, name) = started("huawei", "[device.upgrade]\nversion = \"1.2.3\"").await;
    let order = |name: &str| Ask::Offer { name: name.into(), input: Value::Null };
    bench.platform.request(&name, &order("ota-version")).await;
    let report = sent(&mut bench, "upgrade").await;
    assert_eq!(report["json"]["services"][0]["paras"], json!({ "fw_version": "1.2.3" }));
}

#[test]
fn what_the_guide_shows_can_be_written_so() {
    let guide = include_str!("../docs/command-testing.md");
    let blocks: Vec<&str> = guide
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| block.starts_with("[device") || block.starts_with("[[device"))
        .collect();
    assert!(blocks.len() >= 2, "the guide's examples are found");
    for block in blocks {
        let plan = plan(block);
        assert!(!plan.rules.is_empty() || !plan.simulators.is_empty() || plan.upgrade.is_some(), "{block}");
    }
}

#[tokio::test]
async fn the_platforms_time_is_asked_for_at_connect() {
    let (mut bench, _) = started("aliyun", "[device.auto]\ntime = true").await;
    bench
        .event("the clock", |event| event["text"].as_str().is_some_and(|text| text.starts_with("the platform's clock")))
        .await;
    sent(&mut bench, "time").await;
    let offset = bench.handles[0].standing().clock_offset_us.unwrap();
    assert!(Duration::from_micros(offset.unsigned_abs()) < Duration::from_secs(5), "one machine, one clock: {offset}");
}

#[tokio::test]
async fn simulators_report_and_the_platform_takes_it() {
    let lines = r#"
[[device.simulator]]
name = "weather"
period = "20ms"
properties = { "smokeDetector/temperature" = { wave = "ramp", from = 1, to = 100, step = 1 } }
"#;
    for cloud in CLOUDS {
        let (mut bench, _) = started(cloud, lines).await;
        for _ in 0..3 {
            sent(&mut bench, "simulator weather").await;
        }
        let standing = bench.handles[0].standing();
        assert!(standing.simulators[0].reports > 0 && !standing.properties.is_empty(), "{cloud} {standing:?}");
    }
}
