//! `standin tape scenario`: what is on a tape becomes a scenario that passes against the embedded platform.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use standin::event::LineState;
use standin::profile::Cloud;
use support::tape::{Story, recorded};
use support::{said, standin};

fn run(args: &[&str]) -> Output {
    standin().args(args).stdin(Stdio::null()).output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The scenario of a tape, as a file beside it.
fn scenario_of(tape: &Path) -> PathBuf {
    let out = tape.with_extension("toml");
    let output = run(&["tape", "scenario", tape.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("run it: standin test"), "{}", said(&output));
    out
}

fn passes(scenario: &Path) -> String {
    let tapes = scenario.parent().unwrap();
    let output = run(&["test", "--tapes", tapes.to_str().unwrap(), scenario.to_str().unwrap()]);
    let text = printed(&output);
    let written = fs::read_to_string(scenario).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}{}\n{written}", said(&output));
    text
}

/// What a person might do in the demo; the last step fails, so that the tape is kept.
const DEMO: &str = r#"
name = "demo"
platform = {}

[[step]]
device = "smoke-01"
connect = true
[[step]]
device = "lamp-01"
connect = true
[[step]]
device = "meter-7"
connect = true

[[step]]
device = "smoke-01"
report = { properties = { "smokeDetector/alarm" = 1, "smokeDetector/level" = 1.5 } }
[[step]]
device = "lamp-01"
report = { properties = { LightSwitch = 1 } }
[[step]]
device = "lamp-01"
expect_message = { what = "reply" }

[[step]]
device = "smoke-01"
order = { offer = "command", input = { value = 3 } }
[[step]]
device = "lamp-01"
order = { call = "SelfTest", input = { depth = "$${deep}" } }
[[step]]
device = "meter-7"
order = { offer = "property-set", input = { switch = 0 } }

[[step]]
device = "meter-7"
wait_request = {}
[[step]]
device = "meter-7"
answer = { code = 0 }
[[step]]
device = "lamp-01"
wait_request = {}
[[step]]
device = "lamp-01"
answer = { code = 200, output = { said = "it's \"$${done}\"" } }
[[step]]
device = "smoke-01"
wait_request = { capture = { first = "$request_id" } }
[[step]]
device = "smoke-01"
order = { property_get = true, service = "smokeDetector" }
[[step]]
device = "smoke-01"
wait_request = { what = "property-get" }
[[step]]
device = "smoke-01"
answer = {}
[[step]]
device = "smoke-01"
answer = { code = 1, to = "${first}", delay = "400ms" }

[[step]]
device = "meter-7"
cut = true
[[step]]
device = "meter-7"
expect_state = "online"
[[step]]
device = "meter-7"
publish = { topic = "/ledubff3z85spjmu/h9onxtzw0aep7fsr/upload", base64 = "AP8B", qos = 1 }
[[step]]
device = "lamp-01"
order = { message = true, text = "hello ${row}" }
[[step]]
device = "lamp-01"
expect_message = {}
[[step]]
device = "smoke-01"
disconnect = true
[[step]]
assert = { that = 1, equals = 2 }
"#;

#[test]
fn a_tape_of_the_embedded_platform_passes_against_it_as_a_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo.toml");
    fs::write(&demo, DEMO.replace("${row}", "world")).unwrap();
    let output = run(&["test", "--tapes", folder.path().to_str().unwrap(), demo.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}{}", printed(&output), said(&output));
    assert!(printed(&output).contains("FAIL assert"), "all but the last step pass: {}", printed(&output));

    let scenario = scenario_of(&folder.path().join("demo-failed.mcap"));
    let text = passes(&scenario);
    for step in [
        "smoke-01 report",
        "smoke-01 order command SILENCE",
        "lamp-01 order call SelfTest",
        "lamp-01 expect_message reply",
        "meter-7 expect_outcome answered",
        "smoke-01 order property-get",
        "meter-7 cut",
        "meter-7 expect_state online",
        "meter-7 publish /ledubff3z85spjmu/h9onxtzw0aep7fsr/upload",
        "lamp-01 order message",
        "smoke-01 disconnect",
        "code 1",
    ] {
        assert!(text.contains(step), "{step}: {text}");
    }
    assert!(!text.contains("assert"), "what is no event is not on the tape");
    let written = fs::read_to_string(&scenario).unwrap();
    assert!(!written.contains("[[device]]"), "these devices are the embedded platform's own: {written}");
    assert!(written.contains("pause = \"0.4s\"") || written.contains("pause = \"0.5s\""), "{written}");
}

#[test]
fn devices_that_the_platform_does_not_know_get_tables_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("three.mcap");
    Story::of_three_clouds().record(&tape, 16);
    let scenario = scenario_of(&tape);
    let written = fs::read_to_string(&scenario).unwrap();
    insta::assert_snapshot!(written);
    passes(&scenario);
}

#[test]
fn an_unanswered_request_is_one_that_times_out() {
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("silent.mcap");
    let mut story = Story::new();
    let device = story.device(recorded("meter", Cloud::Ucloud));
    story.state(device, LineState::Connecting);
    story.state(device, LineState::Online);
    let names = story.sessions[0].identifiers.clone();
    let topic = format!("/$system/{}/{}/tmodel/command", names["product_sn"], names["device_sn"]);
    story.rx(device, &topic, r#"{"RequestID":"9","Identifier":"open","Input":{"a":null}}"#);
    story.wait_ms(5_500);
    story.rx(device, &topic, r#"{"RequestID":"10","Identifier":"close","Input":{}}"#);
    story.record(&tape, 16);
    let scenario = scenario_of(&tape);
    let written = fs::read_to_string(&scenario).unwrap();
    // TOML has no null: the request goes as it is, and nobody is told of its end. The second one's time is not over on the tape.
    assert!(written.contains(r#"text = '{"RequestID":"9","Identifier":"open","Input":{"a":null}}'"#), "{written}");
    assert!(written.contains("command = \"close\"") && !written.contains("expect_outcome"), "{written}");
    story.wait_ms(6_000);
    story.state(device, LineState::Offline);
    story.record(&folder.path().join("longer.mcap"), 16);
    let written = fs::read_to_string(scenario_of(&folder.path().join("longer.mcap"))).unwrap();
    assert_eq!(written.matches("expect_outcome = \"timed-out\"").count(), 1, "{written}");
}

#[test]
fn what_cannot_become_a_scenario_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.mcap");
    let mut story = Story::new();
    let device = story.device(recorded("meter", Cloud::Ucloud));
    story.note(device, "nothing happens");
    story.record(&empty, 16);
    let output = run(&["tape", "scenario", empty.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("nothing on the tape can become a step"), "{}", said(&output));
    let none = folder.path().join("none.mcap");
    assert_eq!(run(&["tape", "scenario", none.to_str().unwrap()]).status.code(), Some(2));
    let text = folder.path().join("text.mcap");
    fs::write(&text, "no tape").unwrap();
    assert_eq!(run(&["tape", "scenario", text.to_str().unwrap()]).status.code(), Some(4));
    let output = run(&["tape", "scenario", empty.to_str().unwrap(), "--out", text.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let three = folder.path().join("three.mcap");
    Story::of_three_clouds().record(&three, 16);
    let output = run(&["tape", "scenario", three.to_str().unwrap(), "--out", text.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(fs::read_to_string(&text).unwrap(), "no tape", "it was not touched");
    assert!(printed(&run(&["tape", "scenario", three.to_str().unwrap()])).starts_with("name = \"three\"\n"));
}
