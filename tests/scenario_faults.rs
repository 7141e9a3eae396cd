//! The scenarios with every fault on purpose, through the program and against the embedded platform.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

use std::path::Path;
use std::process::Command;

fn passes(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name);
    let tapes = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_standin"))
        .args(["test", "--tapes"])
        .arg(tapes.path())
        .arg(path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn of_huawei() {
    passes("faults_huawei.toml");
}

#[test]
fn of_aliyun() {
    passes("faults_aliyun.toml");
}

#[test]
fn of_ucloud() {
    passes("faults_ucloud.toml");
}
