//! `standin platform` against Eclipse Paho, with credentials that Python makes from the clouds' documents: an independent
//! client, and a second opinion on every signature. Where Python or paho-mqtt is missing it says so and passes, unless
//! `STANDIN_INTEROP` is set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::io::Write as _;
use std::process::{Command, Stdio};

use support::platform::Process;

fn has_paho() -> bool {
    let found = Command::new("python3").args(["-c", "import paho.mqtt.client as c; c.CallbackAPIVersion"]).output();
    found.is_ok_and(|output| output.status.success())
}

#[test]
fn paho_signs_in_everywhere_and_every_rule_holds() {
    if !has_paho() {
        support::skip("python3 with paho-mqtt 2 (pip install paho-mqtt)");
        return;
    }
    let mut platform = Process::platform(&["--json"]);
    let line = platform.line();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sim_paho.py");
    let mut python = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(told.matches(": good").count(), 8, "{told}");
    assert_eq!(platform.end_by("-TERM").code(), Some(143));
}
