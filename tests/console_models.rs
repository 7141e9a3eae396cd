//! Product models end to end: the real program in a pseudo-terminal, with a model by config and by key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::path::Path;

use standin::sim::Happening;
use support::console::Bench;

const SEND: &[u8] = b"\x13";
const FORM: &[u8] = b"\x0f";
const DOWN: &[u8] = b"\x1b[B";
const ESC: &[u8] = b"\x1b";

const TSL: &str = include_str!("fixtures/models/aliyun-full.json");

/// The usual config, with `file` holding `text` as the model of lamp-01.
fn with_model(folder: &Path, config: &str, file: &str, text: &str) -> String {
    std::fs::write(folder.join(file), text).unwrap();
    let name = "\nname = \"lamp-01\"\n";
    assert!(config.contains(name), "{config}");
    config.replace(name, &format!("{name}model = \"{file}\"\n"))
}

#[test]
fn a_model_of_the_config_makes_a_form_and_is_asked_before_sending() {
    let edit = |folder: &Path, config: String| with_model(folder, &config, "tsl.json", TSL);
    let mut bench = Bench::start_configured(80, 24, &[], edit);
    bench.terminal.press(b"2c").unwrap();
    bench.terminal.expect("Model: report of all properties").unwrap();
    bench.terminal.expect("fits the model").unwrap();
    bench.terminal.press(FORM).unwrap();
    bench.terminal.expect("int 0…100 %").unwrap();
    bench.terminal.press(DOWN).unwrap();
    bench.terminal.press(b"300\r").unwrap();
    bench.terminal.expect("must be ≤ 100 (is 300)").unwrap();
    bench.terminal.press(SEND).unwrap();
    bench.terminal.expect("^S again sends it").unwrap();
    bench.nothing_was_published();
    bench.terminal.press(SEND).unwrap();
    let sent = bench.notice("the report", |what| matches!(what, Happening::Published { .. }));
    assert!(matches!(&sent, Happening::Published { topic, .. } if topic.ends_with("/thing/event/property/post")));
    bench.terminal.press(ESC).unwrap();
    bench.terminal.expect("\"brightness\": 300").unwrap();
    bench.terminal.press(ESC).unwrap();
    bench.terminal.expect_gone("against the model").unwrap();
    bench.leave();
}

#[test]
fn a_damaged_model_is_told_with_its_place_and_another_one_is_loaded_by_key() {
    let good = tempfile::tempdir().unwrap();
    let path = good.path().join("tsl.json");
    std::fs::write(&path, TSL).unwrap();
    let edit = |folder: &Path, config: String| with_model(folder, &config, "t.json", "{\n \"properties\": [}\n}");
    let mut bench = Bench::start_configured(140, 40, &[], edit);
    bench.terminal.expect("device `lamp-01`: no product model: ").unwrap();
    bench.terminal.expect("t.json:2:17").unwrap();
    // Composing goes on without it.
    bench.terminal.press(b"2c").unwrap();
    bench.terminal.expect("valid JSON").unwrap();
    bench.terminal.press(ESC).unwrap();
    bench.terminal.expect_gone("valid JSON").unwrap();
    bench.terminal.press(b"M").unwrap();
    bench.terminal.expect("file of the product model of 2 lamp-01: ").unwrap();
    bench.terminal.press(b"/nowhere/at.all\r").unwrap();
    bench.terminal.expect("No product model: /nowhere/at.all: No such file").unwrap();
    bench.terminal.press(b"M").unwrap();
    bench.terminal.expect("file of the product model").unwrap();
    bench.terminal.press(format!("{}\r", path.display()).as_bytes()).unwrap();
    bench.terminal.expect("The model is read (properties: 11, events: 2, commands: ").unwrap();
    bench.terminal.press(b"c").unwrap();
    bench.terminal.expect("fits the model").unwrap();
    bench.terminal.expect("enum 0=read 1=film").unwrap();
    bench.terminal.press(ESC).unwrap();
    bench.terminal.expect_gone("fits the model").unwrap();
    bench.leave();
}
