//! Python's paho-mqtt: a client that others wrote, driven by the scripts beside the tests.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::skip;

/// Whether this machine has Python with paho-mqtt 2; where it has not, that is said.
pub fn is_there() -> bool {
    let found = Command::new("python3").args(["-c", "import paho.mqtt.client as c; c.CallbackAPIVersion"]).output();
    let is_there = found.is_ok_and(|output| output.status.success());
    if !is_there {
        skip("python3 with paho-mqtt 2 (pip install paho-mqtt)");
    }
    is_there
}

/// Runs a script of the folder `tests` on the line that `standin platform --json` printed; answers what it said.
pub fn run(script: &str, line: &str) -> String {
    let mut python = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    told
}
