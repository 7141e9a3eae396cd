//! A replay end to end: the real program in a pseudo-terminal, on tapes that the writer itself made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use standin::event::LineState;
use standin::profile::Cloud;
use support::pty::Terminal;
use support::sequences::foreign;
use support::tape::{Story, recorded};

const COMMAND: &str = "$oc/devices/smoke-01/sys/commands/request_id=";
const REPORT: &str = "$oc/devices/smoke-01/sys/properties/report";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_standin"))
}

/// More events than a seek takes into memory: a report each 10 ms over eight minutes, a command each minute, and at the ends what
/// is searched for.
fn long_tape(folder: &Path) -> PathBuf {
    let mut story = Story::new();
    let smoke = story.device(recorded("smoke-01", Cloud::Huawei));
    story.state(smoke, LineState::Connecting);
    story.state(smoke, LineState::Online);
    for number in 0..48_000 {
        story.wait_ms(10);
        let needle = match number {
            100 => "needle-first",
            47_900 => "needle-last",
            _ => "hay",
        };
        if number % 6_000 == 3_000 {
            let minute = number / 6_000;
            let body = format!(r#"{{"command_name":"ASK-{minute}","service_id":"s","paras":{{}}}}"#);
            story.rx(smoke, &format!("{COMMAND}{minute}"), body);
        }
        if number == 24_000 {
            story.note(smoke, "半路 \u{202e}hidden");
            story.state(smoke, LineState::Offline);
        }
        story.rx(smoke, REPORT, format!(r#"{{"n":{number},"what":"{needle}"}}"#));
    }
    let path = folder.join("long.mcap");
    story.record(&path, 10_000);
    path
}

fn replay(tape: &Path, cols: u16, rows: u16) -> Terminal {
    let args = ["replay", tape.to_str().unwrap()];
    let mut terminal = Terminal::start_with(program(), &args, cols, rows, &[("TZ", "UTC")]).unwrap();
    terminal.keep_raw();
    terminal
}

fn end(mut terminal: Terminal, keys: &[u8]) {
    terminal.press(keys).unwrap();
    assert_eq!(terminal.exit().unwrap(), 0);
    assert_eq!(terminal.left_changed(), Vec::<&str>::new());
    assert_eq!(foreign(terminal.raw()), Vec::<String>::new());
}

#[test]
fn a_tape_plays_pauses_and_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("small.mcap");
    Story::of_three_clouds().record(&tape, 7);
    let mut terminal = replay(&tape, 140, 40);
    terminal.expect(" REPLAY ").unwrap();
    terminal.expect("playing · 1x").unwrap();
    terminal.expect("Space play").unwrap();
    // It plays to its end by itself.
    terminal.expect("at the end").unwrap();
    terminal.expect("back-off 4").unwrap();
    terminal.press(b" ").unwrap();
    terminal.expect("playing").unwrap();
    terminal.press(b" ").unwrap();
    terminal.expect("paused").unwrap();
    // Nothing moves while paused, once the last of the pause is painted.
    let bytes = loop {
        let bytes = terminal.bytes();
        terminal.pump(std::time::Duration::from_millis(300)).unwrap();
        if terminal.bytes() == bytes {
            break bytes;
        }
    };
    terminal.pump(std::time::Duration::from_millis(1_500)).unwrap();
    assert_eq!(terminal.bytes(), bytes, "a paused replay writes nothing");
    end(terminal, b"q");
}

#[test]
fn a_long_tape_is_gone_through_by_share_time_step_and_kind() {
    let folder = tempfile::tempdir().unwrap();
    let tape = long_tape(folder.path());
    let mut terminal = replay(&tape, 120, 40);
    terminal.expect("playing").unwrap();
    terminal.press(b" ").unwrap();
    terminal.expect("paused").unwrap();
    terminal.press(b"@50%\r").unwrap();
    terminal.expect("08:34:0").unwrap();
    terminal.press(b"@08:31:00\r").unwrap();
    terminal.expect("08:31:00.").unwrap();
    // The next command is the second one, half a minute later; then the third, and back.
    for (key, command) in [(b"]", "ASK-1"), (b"]", "ASK-2"), (b"[", "ASK-1")] {
        terminal.press(key).unwrap();
        terminal.expect(&format!("\"command_name\": \"{command}\"")).unwrap();
    }
    // One event on is a report, and back again the command.
    terminal.press(b".").unwrap();
    terminal.expect("\"n\": 9000").unwrap();
    terminal.press(b",").unwrap();
    terminal.expect("\"command_name\": \"ASK-1\"").unwrap();
    terminal.press(b")").unwrap();
    terminal.expect("半路").unwrap();
    terminal.press(b"}").unwrap();
    terminal.expect("○  offline").unwrap();
    terminal.press(b"}").unwrap();
    terminal.expect("There is no further change of a line's state that way.").unwrap();
    terminal.press(b"@100%\r").unwrap();
    terminal.expect("at the end").unwrap();
    terminal.press(b"@noon\r").unwrap();
    terminal.expect("\"noon\" is no place").unwrap();
    terminal.press(b"\x1b").unwrap();
    terminal.expect_gone("go to @").unwrap();
    // What can be sent from a live console cannot from here.
    terminal.press(b"c").unwrap();
    terminal.expect("This is a replay: nothing can be sent from here.").unwrap();
    end(terminal, b"q");
}

#[test]
fn filter_and_search_run_over_the_whole_tape() {
    let folder = tempfile::tempdir().unwrap();
    let tape = long_tape(folder.path());
    let mut terminal = replay(&tape, 120, 40);
    terminal.expect("playing").unwrap();
    terminal.press(b" @80%\r").unwrap();
    terminal.expect("08:36:2").unwrap();
    // Only one of the two needles has happened, and it is not in memory.
    terminal.press(b"/needle\r").unwrap();
    terminal.expect("\"what\": \"needle-first\"").unwrap();
    assert!(!terminal.shows("needle-last"), "{}", terminal.contents());
    // The search goes on to what has still to happen, and the tape with it.
    terminal.press(b"n").unwrap();
    terminal.expect("\"what\": \"needle-last\"").unwrap();
    terminal.expect("paused").unwrap();
    terminal.press(b"n").unwrap();
    terminal.expect("No further event fits \"needle\".").unwrap();
    terminal.press(b"\x1b\x1b").unwrap();
    terminal.expect_gone("/needle").unwrap();
    // From the newest row to the oldest event of the tape, and to what comes after it.
    terminal.press(b"g").unwrap();
    terminal.expect("08:30:00.000").unwrap();
    terminal.expect("●  online").unwrap();
    terminal.press(b"jjjjj").unwrap();
    terminal.expect("\"n\": 3").unwrap();
    end(terminal, b"q");
}

#[test]
fn a_tape_of_the_list_is_replayed_over_devices_that_go_on() {
    let data = tempfile::tempdir().unwrap();
    let tapes = data.path().join("standin/tapes");
    std::fs::create_dir_all(&tapes).unwrap();
    Story::of_three_clouds().record(&tapes.join("three.mcap"), 7);
    let env = [("XDG_DATA_HOME", data.path().to_str().unwrap()), ("TZ", "UTC")];
    let mut terminal = Terminal::start_with(program(), &["demo"], 120, 40, &env).unwrap();
    terminal.keep_raw();
    terminal.expect("3 of 3 online").unwrap();
    terminal.press(b"L").unwrap();
    terminal.expect("three.mcap").unwrap();
    terminal.expect("It ended in order.").unwrap();
    terminal.press(b"\r").unwrap();
    terminal.expect(" REPLAY ").unwrap();
    terminal.expect("meter-01").unwrap();
    terminal.press(b"@50%\r").unwrap();
    terminal.expect("08:30:0").unwrap();
    // A command of the demo comes within five seconds; it is told here, and answered there.
    terminal.expect("waits at the devices").unwrap();
    terminal.press(b"r").unwrap();
    terminal.expect("nothing can be sent from here").unwrap();
    terminal.press(b"\x1b").unwrap();
    terminal.expect("Back with the devices.").unwrap();
    terminal.expect_gone("REPLAY").unwrap();
    terminal.press(b" ").unwrap();
    terminal.expect("3 of 3 online").unwrap();
    terminal.press(b"\x03\x03").unwrap();
    assert_eq!(terminal.exit().unwrap(), 0);
    assert_eq!(foreign(terminal.raw()), Vec::<String>::new());
}

#[test]
fn without_a_terminal_or_a_tape_the_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("small.mcap");
    Story::of_three_clouds().record(&tape, 7);
    let output = Command::new(program()).arg("replay").arg(&tape).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("standin replay FILE --json"), "{told}");
    for (path, words, status) in [
        (folder.path().join("none.mcap"), "No such file", 2),
        (Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"), "is no tape", 4),
    ] {
        let args = ["replay", path.to_str().unwrap()];
        let mut terminal = Terminal::start(program(), &args, 80, 24).unwrap();
        assert_eq!(terminal.exit().unwrap(), status, "{}", terminal.contents());
        assert!(terminal.shows(words), "{}", terminal.contents());
    }
}
