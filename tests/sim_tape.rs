//! `standin platform --tape`: the embedded platform answers devices as a tape's platform did, our own session and a foreign
//! client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use standin::event::LineState;
use standin::profile::Cloud;
use standin::tape::Recorded;
use support::paho;
use support::platform::Process;
use support::tape::{Story, recorded};
use support::{Running, standin};

/// A device of `cloud` that the embedded platform does not know.
fn stranger(name: &str, cloud: Cloud) -> Recorded {
    let mut device = recorded(name, cloud);
    for value in device.identifiers.values_mut() {
        *value = format!("other{}", cloud.word());
    }
    device
}

const HUAWEI: &str = "$oc/devices/otherhuawei/sys";
const ALIYUN: &str = "/sys/otheraliyun/otheraliyun/thing";

/// A Huawei device that was given a command half a second after its connect, and an Aliyun device whose platform took its
/// report ill and then set a property.
fn tape(folder: &Path) -> PathBuf {
    let mut story = Story::new();
    let huawei = story.device(stranger("old-smoke", Cloud::Huawei));
    let aliyun = story.device(stranger("old-lamp", Cloud::Aliyun));
    for device in [huawei, aliyun] {
        story.state(device, LineState::Connecting);
        story.state(device, LineState::Online);
    }
    story.tx(aliyun, &format!("{ALIYUN}/event/property/post"), r#"{"id":"1","method":"m","params":{"v":1}}"#);
    story.rx(aliyun, &format!("{ALIYUN}/event/property/post_reply"), r#"{"id":"1","code":6309,"data":{}}"#);
    story.wait_ms(500);
    story.rx(huawei, &format!("{HUAWEI}/commands/request_id=r1"), r#"{"command_name":"OPEN","paras":{"v": 1.50}}"#);
    story.tx(huawei, &format!("{HUAWEI}/commands/response/request_id=r1"), r#"{"result_code":3}"#);
    story.rx(
        aliyun,
        &format!("{ALIYUN}/service/property/set"),
        r#"{"id":"77","params":{"v":2},"method":"thing.service.property.set"}"#,
    );
    story.tx(aliyun, &format!("{ALIYUN}/service/property/set_reply"), r#"{"id":"77","code":200,"data":{}}"#);
    let path = folder.join("tape.mcap");
    story.record(&path, 5);
    path
}

/// The lines that the platform prints until one holds `words`, which it answers too.
fn lines_until(platform: &mut Process, words: &str) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let line = platform.line();
        assert!(!line.is_empty(), "the platform ended before it said {words:?}: {lines:#?}");
        let last = line.contains(words);
        lines.push(line);
        if last {
            return lines;
        }
    }
}

/// The config that the platform made, from its first lines.
fn config(lines: &[String]) -> PathBuf {
    let line = lines.iter().find(|line| line.contains("ready config")).unwrap();
    PathBuf::from(line.split_whitespace().last().unwrap())
}

#[test]
fn our_own_session_gets_what_the_tapes_device_got() {
    let folder = tempfile::tempdir().unwrap();
    let mut platform = Process::platform(&["--tape", tape(folder.path()).to_str().unwrap()]);
    let first = lines_until(&mut platform, "Ctrl-C");
    assert!(first.iter().any(|line| line.contains("old-smoke (huawei): 1 requests")), "{first:#?}");
    let mut device = Running::start(&config(&first), &["drive", "old-smoke", "lamp-01"]);
    let command = device.event("the command", |event| event["kind"] == "rx" && event["what"] == "command");
    assert_eq!(
        (&command["session"], &command["json"]),
        (&json!("old-smoke"), &json!({"command_name": "OPEN", "paras": {"v": 1.5}}))
    );
    let id = command["request_id"].as_str().unwrap();
    assert_ne!(id, "r1", "a fresh id");
    device.order(&json!({"do": "reply", "session": "old-smoke", "request_id": id, "json": {"result_code": 3}}));
    let told = lines_until(&mut platform, "the answer is");
    assert!(told.last().unwrap().contains("as on it"), "{told:#?}");
    assert!(
        told.iter().any(|line| line.contains("old-smoke: tape: plays the part of old-smoke: by its identifiers")),
        "{told:#?}"
    );

    // A device of the roster plays the other part, for it is of the same cloud.
    let set = device.event("the property set", |event| event["kind"] == "rx" && event["what"] == "property-set");
    assert_eq!(
        (&set["session"], &set["topic"]),
        (&json!("lamp-01"), &json!("/sys/a1AbCdEfGh1/lamp-01/thing/service/property/set"))
    );
    let post = "/sys/a1AbCdEfGh1/lamp-01/thing/event/property/post";
    for (value, code) in [(1, 6309), (5, 200)] {
        let body = json!({"id": value.to_string(), "method": "m", "params": {"v": value}});
        device.order(&json!({"do": "publish", "session": "lamp-01", "topic": post, "json": body}));
        let reply = device.event("the reply", |event| event["what"] == "reply");
        assert_eq!((&reply["json"]["code"], &reply["json"]["id"]), (&json!(code), &json!(value.to_string())));
    }
    assert_eq!(device.exit(), Some(0));
    assert_eq!(platform.end_by("-TERM").code(), Some(143));
}

#[test]
fn on_demand_a_line_calls_for_the_next_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = tape(folder.path());
    let mut platform = standin()
        .args(["platform", "--tape", path.to_str().unwrap(), "--tape-requests", "on-demand"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = platform.stdin.take().unwrap();
    let mut process = Process::of(platform);
    let first = lines_until(&mut process, "Ctrl-C");
    let mut device = Running::start(&config(&first), &["drive", "old-smoke"]);
    device.event("a subscription", |event| {
        event["kind"] == "subscribed" && event["filter"] == format!("{HUAWEI}/commands/#")
    });
    writeln!(input, "old-smoke").unwrap();
    device.event("the command", |event| event["kind"] == "rx" && event["what"] == "command");
    assert_eq!(device.exit(), Some(0));
    assert_eq!(process.end_by("-TERM").code(), Some(143));
}

#[test]
fn a_foreign_client_gets_the_recorded_commands_and_replies() {
    if !paho::is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut platform = Process::platform(&["--json", "--tape", tape(folder.path()).to_str().unwrap()]);
    let line = platform.line();
    let devices = serde_json::from_str::<Value>(&line).unwrap()["devices"].clone();
    assert!(devices.as_array().unwrap().iter().any(|device| device["name"] == "old-smoke"), "{devices}");
    let told = paho::run("sim_tape.py", &line);
    assert_eq!(told.matches(": good").count(), 2, "{told}");
    assert_eq!(platform.end_by("-TERM").code(), Some(143));
}
