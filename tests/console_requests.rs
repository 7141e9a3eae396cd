//! Requests of all three clouds, answered, failed, delayed and ignored by keys alone: the real program in a pseudo-terminal,
//! against the embedded platform, whose word counts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use standin::sim::{Ask, Happening, Outcome};
use support::console::Bench;
use support::pty::Terminal;
use support::sequences::foreign;

/// Longer than the slowest cloud waits for an answer.
const PATIENCE: Duration = Duration::from_secs(40);
/// Each cloud's device, the least patient cloud first; and the name by which its answers have the code.
const DEVICES: [(&str, &str); 3] = [("meter-7", "RetCode"), ("lamp-01", "code"), ("smoke-01", "result_code")];

fn command(name: &str) -> Ask {
    Ask::Command {
        service: "smokeDetector".into(),
        name: name.into(),
        input: json!({"value": 1, "为何": "厨房里有烟"}),
    }
}

fn set() -> Ask {
    Ask::PropertySet { service: "smokeDetector".into(), properties: json!({"switch": 1}) }
}

/// The code that the device answered with.
fn code(outcome: &Outcome, key: &str) -> i64 {
    let Outcome::Answered { body, .. } = outcome else { panic!("{outcome:?}") };
    let body: Value = serde_json::from_slice(body).unwrap();
    body[key].as_i64().unwrap_or_else(|| panic!("no {key} in {body}"))
}

#[test]
fn one_key_answers_and_two_fail_a_request_of_each_cloud() {
    for (cols, rows) in [(140, 40), (80, 24)] {
        let mut bench = Bench::start(cols, rows);
        for (device, key) in DEVICES {
            let success = if device == "lamp-01" { 200 } else { 0 };
            for ask in [command("TURN"), set()] {
                let asked = bench.begin(device, &ask);
                bench.terminal.expect("A success").unwrap();
                bench.terminal.press(b"A").unwrap();
                assert_eq!(code(&bench.outcome(asked, PATIENCE), key), success, "{device} {ask:?}");
                bench.terminal.expect_gone("A success").unwrap();
            }
            // The cloud's first failure code, its second, and one of one's own.
            for (keys, wanted) in [(&b"F\r"[..], 0), (b"F\x1b[B\r", 1), (b"F4711\r", 2)] {
                let asked = bench.begin(device, &command("TURN"));
                bench.terminal.expect("A success").unwrap();
                bench.terminal.press(keys).unwrap();
                let codes = match device {
                    "meter-7" => [130, 140, 4711],
                    "lamp-01" => [400, 460, 4711],
                    _ => [1, 2, 4711],
                };
                assert_eq!(code(&bench.outcome(asked, PATIENCE), key), codes[wanted], "{device}");
                bench.terminal.expect_gone("A success").unwrap();
            }
        }
        bench.leave();
    }
}

#[test]
fn held_requests_are_answered_late_after_a_question_and_marked() {
    let mut bench = Bench::start(140, 40);
    let asked: Vec<_> =
        DEVICES.map(|(device, _)| (device, bench.begin(device, &command("WAIT")))).into_iter().collect();
    bench.terminal.expect("3 open").unwrap();
    for (device, _) in DEVICES {
        bench.terminal.press(b"H").unwrap();
        bench.terminal.expect(&format!("{device} is held")).unwrap();
    }
    for (device, asked) in asked {
        assert_eq!(bench.outcome(asked, PATIENCE), Outcome::TimedOut, "{device}");
    }
    bench.terminal.expect_gone(" open").unwrap();
    // All are over: the newest stands first, whichever it is.
    bench.terminal.press(b"wg").unwrap();
    let mut late = Vec::new();
    for _ in DEVICES {
        bench.terminal.press(b"A").unwrap();
        bench.terminal.expect("answer all the same? y/n").unwrap();
        bench.terminal.press(b"n").unwrap();
        bench.terminal.expect("Nothing was sent.").unwrap();
        bench.nothing_was_published();
        bench.terminal.press(b"AA").unwrap();
        let sent = bench.notice("the late answer", |what| matches!(what, Happening::Published { .. }));
        let Happening::Published { topic, .. } = sent else { panic!("{sent:?}") };
        late.push(topic);
        bench.terminal.expect_gone("answer all the same?").unwrap();
        bench.terminal.press(b"j").unwrap();
    }
    late.sort();
    assert_eq!(late.len(), 3);
    assert!(late[0].starts_with("$oc/devices/") && late[1].starts_with("/$system/") && late[2].starts_with("/sys/"));
    // The stream says that they were late; a second one is asked for, too.
    bench.terminal.expect("  late ").unwrap();
    bench.terminal.press(b"A").unwrap();
    bench.terminal.expect("answer again? y/n").unwrap();
    bench.terminal.press(b"y").unwrap();
    bench.notice("the second answer", |what| matches!(what, Happening::Published { .. }));
    bench.terminal.expect("late, second").unwrap();
    bench.leave();
}

#[test]
fn ignored_requests_go_unanswered_with_a_note() {
    let mut bench = Bench::start(140, 40);
    let mut asked = Vec::new();
    for (device, _) in &DEVICES[..2] {
        asked.push((*device, bench.begin(device, &command("IGNORED"))));
        bench.terminal.expect("1 open").unwrap();
        bench.terminal.press(b"I").unwrap();
        bench.terminal.expect(&format!("{device} is left without an answer")).unwrap();
        bench.terminal.expect_gone("1 open").unwrap();
    }
    // The third one's cloud waits longest; an answer takes the decision back.
    let last = bench.begin("smoke-01", &command("IGNORED"));
    bench.terminal.expect("1 open").unwrap();
    bench.terminal.press(b"wI").unwrap();
    bench.terminal.expect("smoke-01 is left without an answer").unwrap();
    for (device, asked) in asked {
        assert_eq!(bench.outcome(asked, PATIENCE), Outcome::TimedOut, "{device}");
    }
    let contents = bench.terminal.contents();
    assert_eq!(
        contents.matches("note               left without an answer: command IGNORED (").count(),
        3,
        "{contents}"
    );
    bench.nothing_was_published();
    bench.terminal.press(b"A").unwrap();
    assert_eq!(code(&bench.outcome(last, PATIENCE), "result_code"), 0);
    bench.leave();
}

#[test]
fn a_request_is_edited_first_and_its_answer_goes_with_the_edit() {
    let mut bench = Bench::start(80, 24);
    let asked = bench.begin("smoke-01", &command("EDIT"));
    bench.terminal.expect("r reply").unwrap();
    bench.terminal.press(b"r").unwrap();
    bench.terminal.expect("\"result_code\": 0").unwrap();
    // To the digit behind the key, which stands on the second line.
    bench.terminal.press(b"\x1b[B\x1b[F\x1b[D\x7f9\x13").unwrap();
    assert_eq!(code(&bench.outcome(asked, PATIENCE), "result_code"), 9);
    bench.leave();
}

#[test]
fn the_demo_sends_what_the_keys_order_and_says_what_came_of_it() {
    let data = tempfile::tempdir().unwrap();
    let env = [("XDG_DATA_HOME", data.path().to_str().unwrap())];
    let program = Path::new(env!("CARGO_BIN_EXE_standin"));
    let mut terminal = Terminal::start_with(program, &["demo", "--seed", "3"], 140, 40, &env).unwrap();
    terminal.keep_raw();
    terminal.expect("3 of 3 online").unwrap();
    terminal.press(b"3P").unwrap();
    terminal.expect("The platform sends to 3 meter-7").unwrap();
    terminal.press(b"\r").unwrap();
    terminal.expect("A success").unwrap();
    // Others may be on their way from the application itself: the one under the cursor is answered.
    terminal.press(b"A").unwrap();
    terminal.expect("(command setReportInterval)").unwrap();
    terminal.press(b"B").unwrap();
    terminal.expect("3 meter-7 by itself").unwrap();
    terminal.press(b"\x1b").unwrap();
    terminal.expect_gone("by itself").unwrap();
    terminal.press(b"\x03\x03").unwrap();
    assert_eq!(terminal.exit().unwrap(), 0);
    assert_eq!(terminal.left_changed(), Vec::<&str>::new());
    assert_eq!(foreign(terminal.raw()), Vec::<String>::new());
}
