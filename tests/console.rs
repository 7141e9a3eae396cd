//! The console end to end: the real program in a pseudo-terminal, against the embedded platform in this process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use standin::mqtt::Qos;
use standin::sim::{Ask, Happening, Outcome};
use support::console::Bench;
use support::pty::Terminal;

const SEND: &[u8] = b"\x13";

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_standin"))
}

fn silence() -> Ask {
    Ask::Command { service: "smokeDetector".into(), name: "SILENCE".into(), input: json!({"value": 1}) }
}

#[test]
fn a_day_at_the_console() {
    let mut bench = Bench::start(140, 40);
    for shown in ["Stream", "Topics", "Requests", "smoke-01", "lamp-01", "meter-7"] {
        bench.terminal.expect(shown).unwrap();
    }

    // A command is answered from the keyboard.
    let outcome = bench.ask("smoke-01", &silence(), |terminal| {
        terminal.expect("SILENCE").unwrap();
        terminal.press(b"r").unwrap();
        terminal.expect("result_code").unwrap();
        terminal.press(SEND).unwrap();
        terminal.expect("command reply").unwrap();
    });
    let Outcome::Answered { body, .. } = outcome else { panic!("{outcome:?}") };
    assert!(String::from_utf8_lossy(&body).contains("\"result_code\""));

    // A report is composed and sent.
    bench.terminal.press(b"1c").unwrap();
    bench.terminal.expect("temperature").unwrap();
    bench.terminal.press(SEND).unwrap();
    let sent = bench.notice(
        "the report",
        |what| matches!(what, Happening::Published { topic, .. } if topic.ends_with("/sys/properties/report")),
    );
    assert!(matches!(sent, Happening::Published { qos: Qos::AtLeastOnce, retain: false, .. }), "{sent:?}");
    bench.terminal.expect("property report").unwrap();
    bench.terminal.press(b"\x1b").unwrap();
    bench.terminal.expect_gone("valid JSON").unwrap();
    bench.terminal.press(b"0").unwrap();
    bench.terminal.expect("all devices").unwrap();

    // The line is cut, backs off, and comes back.
    assert!(bench.platform.cut("smoke-01"));
    bench.terminal.expect("retry").unwrap();
    bench.notice("the device is back", |what| matches!(what, Happening::Online));
    bench.terminal.expect("4 of 4 online").unwrap();

    bench.leave();
}

#[test]
fn bad_json_is_kept_back_and_nothing_typed_is_lost() {
    let mut bench = Bench::start(80, 24);
    bench.terminal.press(b"1c").unwrap();
    bench.terminal.expect("services").unwrap();
    // Typed at the start: `x{…` is no JSON.
    bench.terminal.press(b"x").unwrap();
    bench.terminal.press(SEND).unwrap();
    bench.terminal.expect("Not sent").unwrap();
    bench.nothing_was_published();
    // Back and in again: the draft is there.
    bench.terminal.press(b"\x1b").unwrap();
    bench.terminal.expect_gone("services").unwrap();
    bench.terminal.press(b"c").unwrap();
    bench.terminal.expect("x{").unwrap();
    bench.terminal.press(b"\x7f").unwrap();
    bench.terminal.press(SEND).unwrap();
    bench.notice("the report", |what| matches!(what, Happening::Published { .. }));
    bench.terminal.press(b"\x1b").unwrap();
    bench.terminal.expect_gone("valid JSON").unwrap();
    bench.leave();
}

#[test]
fn hostile_text_is_shown_and_never_written_raw() {
    let mut bench = Bench::start(140, 40);
    let hostile = "\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}[2J\u{202e}evil\u{200b}\u{9b}31m\r\u{8}end";
    let topic = "$oc/devices/65f0c0de_dev01/sys/messages/down";
    for payload in [hostile.to_owned(), "x".repeat(1 << 20) + "🌞é", "[".repeat(1 << 20)] {
        assert!(bench.platform.publish_to("smoke-01", topic, payload, Qos::AtMostOnce, false));
    }
    bench.terminal.expect("[[[[").unwrap();
    bench.terminal.expect("evil").unwrap();
    // Through the messages, in every view.
    for key in [&b"k"[..], b"v", b"v", b"v", b"k", b"v", b"v", b"\r", b"\x1b", b"k", b"v"] {
        bench.terminal.press(key).unwrap();
        bench.terminal.pump(Duration::from_millis(60)).unwrap();
    }
    bench.leave();
}

#[test]
fn every_size_is_lived_through() {
    let mut bench = Bench::start(80, 24);
    for (cols, rows) in [(140, 40), (40, 12), (20, 5), (3, 2), (1, 1), (300, 100), (80, 24)] {
        bench.terminal.resize(cols, rows).unwrap();
        bench.terminal.press(b"?").unwrap();
        bench.terminal.pump(Duration::from_millis(60)).unwrap();
        bench.terminal.press(b"\x1b").unwrap();
        bench.terminal.pump(Duration::from_millis(60)).unwrap();
    }
    bench.terminal.expect("Stream").unwrap();
    bench.leave();
}

#[test]
fn without_colour_and_utf_8_the_screen_is_plain() {
    let mut bench = Bench::start_with(100, 30, &[("NO_COLOR", "1"), ("LANG", "C"), ("LC_ALL", "C")]);
    bench.terminal.pump(Duration::from_millis(200)).unwrap();
    let raw = String::from_utf8(bench.terminal.raw().to_vec()).unwrap();
    assert!(raw.is_ascii(), "only ASCII: {:?}", raw.chars().find(|char| !char.is_ascii()));
    for colour in ["\u{1b}[38;", "\u{1b}[48;", "\u{1b}[31m", "\u{1b}[32m"] {
        assert!(!raw.contains(colour), "no colour: {colour:?}");
    }
    bench.leave();
}

#[test]
fn signals_leave_the_terminal_as_it_was() {
    for (signal, status) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let mut bench = Bench::start(80, 24);
        let id = bench.terminal.id().unwrap().to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap();
        assert!(sent.success());
        assert_eq!(bench.terminal.exit().unwrap(), status, "SIG{signal}");
        assert_eq!(bench.terminal.left_changed(), Vec::<&str>::new(), "SIG{signal}");
    }
}

#[test]
fn a_lost_terminal_ends_the_program_even_where_hang_ups_are_ignored() {
    // `script` owns the terminal; killed, it takes it away as a lost SSH connection does.
    for ignore in ["", "trap '' HUP; "] {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let line = format!("echo $$ > {}; {ignore}exec {} demo", pid_file.display(), program().display());
        let script = support::command("script")
            .args(["-q", "-c", &line, "/dev/null"])
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .spawn();
        let Ok(mut script) = script else {
            support::skip("script (bsdutils)");
            return;
        };
        let mut screen = script.stdout.take().unwrap();
        let mut first = [0; 64];
        std::io::Read::read_exact(&mut screen, &mut first).expect("a first frame");
        let id: u32 = std::fs::read_to_string(&pid_file).unwrap().trim().parse().unwrap();
        script.kill().unwrap();
        script.wait().unwrap();
        let lost = Instant::now();
        support::until("the program ends", || !runs(id));
        // Two seconds are promised; a busy machine gets some more.
        assert!(lost.elapsed() < Duration::from_secs(10), "{ignore:?}: {:?}", lost.elapsed());
    }
}

/// Whether the process runs: one that nobody has waited for yet does not.
fn runs(id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{id}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z')))
}

#[test]
fn a_paste_of_a_megabyte_is_taken_and_never_sends() {
    let mut bench = Bench::start(100, 30);
    bench.terminal.press(b"1c").unwrap();
    bench.terminal.expect("services").unwrap();
    let mut paste = b"\x1b[200~".to_vec();
    paste.extend(std::iter::repeat_n(&b"pasted line \x13 \r"[..], 50_000).flatten());
    paste.extend(b"\x1b[201~");
    bench.terminal.press(&paste).unwrap();
    bench.terminal.press(b"\x1b").unwrap();
    bench.terminal.expect("Stream").unwrap();
    bench.nothing_was_published();
    bench.leave();
}

#[test]
fn without_a_terminal_the_headless_command_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for args in [&[][..], &["demo"]] {
        let output = support::standin()
            .args(args)
            .current_dir(folder.path())
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = support::said(&output);
        assert!(said.contains("standin ") && said.lines().count() <= 3, "{said}");
    }
    let dumb = Terminal::start_with(program(), &["demo"], 80, 24, &[("TERM", "dumb")]);
    assert_eq!(dumb.unwrap().exit().unwrap(), 2);
}

#[test]
fn the_shell_can_have_the_terminal_for_a_while() {
    let mut terminal = Terminal::start_with(Path::new("/bin/sh"), &["-i"], 80, 24, &[("PS1", "ready> ")]).unwrap();
    terminal.expect("ready>").unwrap();
    terminal.press(format!("{} demo --seed 1\n", program().display()).as_bytes()).unwrap();
    for round in 0..2 {
        terminal.expect("Stream").unwrap();
        terminal.press(b"\x1a").unwrap();
        terminal.expect_gone("Stream").unwrap();
        // What is typed now goes to the shell.
        terminal.press(format!("echo $(({round} + 40)) for the shell\n").as_bytes()).unwrap();
        terminal.expect(&format!("{} for the shell", round + 40)).unwrap();
        assert_eq!(terminal.left_changed(), Vec::<&str>::new());
        terminal.press(b"fg\n").unwrap();
    }
    terminal.expect("Stream").unwrap();
    terminal.press(b"q").unwrap();
    terminal.expect_gone("Stream").unwrap();
    // Typed at once, while the sessions may still be leaving: the shell gets it all the same.
    terminal.press(b"exit 7\n").unwrap();
    assert_eq!(terminal.exit().unwrap(), 7);
}
