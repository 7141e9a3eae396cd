//! The console in a real pseudo-terminal: what it does to the terminal, and how it gives it back.
//!
//! The child is this test program itself, which runs [`child`] alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]
#![cfg(target_os = "linux")]

#[path = "support/pty.rs"]
mod pty;
mod screen_support;

use std::time::{Duration, Instant};

use pty::Terminal;
use rustix::process::{Pid, Signal, kill_process};
use screen_support::Canned;
use standin::config::tapes;
use standin::console::{self, Left, Shell};
use standin::event::Moment;
use standin::session::{Journal, Recorder, clock};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// The console over a canned timeline; run in a terminal by the tests below.
#[test]
#[ignore = "the other half of the tests below"]
fn child() {
    if std::env::var_os("STANDIN_TEST_CHILD").is_none() {
        return;
    }
    let mut start = clock::now();
    if std::env::var_os("STANDIN_TEST_OLD").is_some() {
        // Every countdown has ended.
        let age = Duration::from_mins(1);
        start = Moment { at: start.at.shifted_micros(-60_000_000), mono: start.mono.checked_sub(age).unwrap() };
    }
    let canned = Canned::morning(start);
    let journal = Journal::new(canned.timeline);
    if std::env::var_os("STANDIN_TEST_PANIC").is_some() {
        let journal = journal.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            let _caught = std::panic::catch_unwind(|| panic!("a part fell over"));
            journal.ring();
        });
    }
    let recorder = Recorder::new(journal.clone(), tapes::usual(std::env::temp_dir().join("standin-no-tapes")));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let left = runtime.block_on(console::run(Shell {
        journal,
        handles: canned.handles,
        recorder,
        models: std::collections::BTreeMap::new(),
        application: None,
        theme: None,
        themes: None,
        bell: false,
        banner: None,
        notice: None,
    }));
    let status = match left {
        Ok(Left::Quit) => 40,
        Ok(Left::Signal(number)) => 128 + number,
        Ok(Left::TerminalGone) => 41,
        Err(error) => {
            eprintln!("{error}");
            42
        }
    };
    end(status)
}

#[expect(clippy::exit, reason = "the exit status is what the parent looks at")]
fn end(status: i32) -> ! {
    std::process::exit(status)
}

/// Starts [`child`] in a terminal of 80 × 24.
fn start(environment: &[(&str, &str)]) -> Terminal {
    let program = std::env::current_exe().unwrap();
    let args = ["--ignored", "--exact", "child", "--nocapture", "--test-threads=1"];
    let all: Vec<(&str, &str)> = [("STANDIN_TEST_CHILD", "1")].iter().chain(environment).copied().collect();
    let mut terminal = Terminal::start_with(&program, &args, 80, 24, &all).unwrap();
    terminal.keep_raw();
    terminal
}

/// What was written since the console took the terminal.
fn written(terminal: &Terminal) -> String {
    let all = String::from_utf8_lossy(terminal.raw()).into_owned();
    let start = all.find("\u{1b}[?1049h").expect("the alternate screen");
    all[start..].to_owned()
}

#[test]
fn leaving_gives_the_terminal_back() {
    let mut terminal = start(&[]);
    let before = terminal.local_modes_before().to_owned();
    terminal.expect("SILENCE").unwrap();
    assert_ne!(terminal.local_modes(), before, "the console reads keys one by one");
    terminal.press(b"\x03\x03").unwrap();
    assert_eq!(terminal.exit().unwrap(), 40);
    assert!(terminal.left_changed().is_empty(), "{:?}", terminal.left_changed());
    assert_eq!(terminal.local_modes(), before);
}

#[test]
fn every_signal_gives_the_terminal_back_and_is_told_by_the_exit_status() {
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::INT, 2), (Signal::QUIT, 3)] {
        let mut terminal = start(&[]);
        let before = terminal.local_modes_before().to_owned();
        terminal.expect("SILENCE").unwrap();
        let pid = Pid::from_raw(i32::try_from(terminal.id().unwrap()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        assert_eq!(terminal.exit().unwrap(), 128 + number);
        assert!(terminal.left_changed().is_empty(), "{:?}", terminal.left_changed());
        assert_eq!(terminal.local_modes(), before);
    }
}

#[test]
fn nothing_is_written_but_what_the_contract_allows() {
    let mut terminal = start(&[]);
    terminal.expect("SILENCE").unwrap();
    for (keys, seen) in [("kk", "held"), ("?", "Keys"), ("\u{1b}", "held"), (":", "retry"), ("\u{1b}", "held")] {
        terminal.press(keys.as_bytes()).unwrap();
        terminal.expect(seen).unwrap();
    }
    terminal.press(b"G").unwrap();
    terminal.expect("following").unwrap();
    terminal.press(b"\x03\x03").unwrap();
    terminal.exit().unwrap();
    let all = written(&terminal);
    for sequence in all.split('\u{1b}').skip(1) {
        let Some(body) = sequence.strip_prefix('[') else { panic!("no CSI: {sequence:?}") };
        let end = body.find(|sign: char| ('@'..='~').contains(&sign)).expect("an end");
        let (parameters, last) = (&body[..end], &body[end..=end]);
        let allowed = match last {
            "m" | "H" | "J" => parameters.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'),
            "h" | "l" => matches!(parameters, "?1049" | "?25" | "?2004" | "?2026"),
            _ => false,
        };
        assert!(allowed, "{parameters:?} {last:?}");
    }
    assert!(!all.contains('\u{7}'), "a bell");
}

#[test]
fn at_rest_not_a_byte_is_written() {
    let mut terminal = start(&[("STANDIN_TEST_OLD", "1")]);
    terminal.expect("SILENCE").unwrap();
    let end = Instant::now() + PATIENCE;
    loop {
        let before = terminal.bytes();
        terminal.pump(Duration::from_millis(1_500)).unwrap();
        if terminal.bytes() == before {
            break;
        }
        assert!(Instant::now() < end, "it never rests:\n{}", terminal.contents());
    }
    terminal.press(b"q").unwrap();
    terminal.exit().unwrap();
}

#[test]
fn a_panic_of_another_part_is_told_and_the_screen_stays() {
    let mut terminal = start(&[("STANDIN_TEST_PANIC", "1")]);
    terminal.expect("A part of standin failed").unwrap();
    terminal.press(b"k").unwrap();
    terminal.expect("held").unwrap();
    let all = String::from_utf8_lossy(terminal.raw()).into_owned();
    assert!(!all.contains("RUST_BACKTRACE"), "the panic's words tore the screen");
    terminal.press(b"\x03\x03").unwrap();
    assert_eq!(terminal.exit().unwrap(), 40);
}

#[test]
fn without_colours_only_attributes_are_written() {
    let mut terminal = start(&[("NO_COLOR", "1")]);
    terminal.expect("SILENCE").unwrap();
    terminal.press(b"k").unwrap();
    terminal.expect("held").unwrap();
    terminal.press(b"\x03\x03").unwrap();
    terminal.exit().unwrap();
    for sequence in written(&terminal).split("\u{1b}[").skip(1) {
        let Some((numbers, _)) = sequence.split_once('m') else { continue };
        if numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b';') {
            let colour = numbers.split(';').any(|number| number.len() > 1);
            assert!(!colour, "{numbers}");
        }
    }
}
