//! The console's tapes in a pseudo-terminal.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use standin::tape::{Ending, Tape};

use crate::bench::{Bench, count, received, tapes_in, whole};
use crate::support::pty::Terminal;
use crate::support::sequences::foreign;
use crate::support::{self, until};

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_standin"))
}

fn console(bench: &Bench, cols: u16, rows: u16) -> Terminal {
    let args = ["--config", bench.config.to_str().unwrap()];
    Terminal::start(program(), &args, cols, rows).unwrap()
}

const DOWN: &str = "$oc/devices/65f0c0de_dev01/sys/messages/down";

#[test]
fn a_tape_of_the_demo_with_a_note_on_it() {
    let data = tempfile::tempdir().unwrap();
    let home = data.path().to_str().unwrap();
    let mut terminal = Terminal::start_with(program(), &["demo"], 140, 40, &[("XDG_DATA_HOME", home)]).unwrap();
    terminal.keep_raw();
    terminal.expect("3 of 3 online").unwrap();
    terminal.press(b"t").unwrap();
    terminal.expect("Recording all devices").unwrap();
    terminal.expect("● tape").unwrap();
    terminal.press(b"1m").unwrap();
    terminal.expect("note on 1 smoke-01:").unwrap();
    terminal.press("阀门 opened by hand\r".as_bytes()).unwrap();
    terminal.expect("Noted, on the tape too.").unwrap();
    // The platform sends a command within five seconds.
    terminal.expect("answer in").unwrap();
    // Leaving asks, for the tape's sake too.
    terminal.press(b"q").unwrap();
    terminal.expect("1 tape runs").unwrap();
    terminal.press(b"n0t").unwrap();
    terminal.expect("Tape ended:").unwrap();
    terminal.expect_gone("● tape").unwrap();
    let folder = data.path().join("standin/tapes");
    let [tape] = &tapes_in(&folder)[..] else { panic!("{:?}", tapes_in(&folder)) };
    let events = whole(tape);
    assert!(events.iter().any(|event| event["kind"] == "note" && event["text"] == "阀门 opened by hand"), "{events:?}");
    assert!(events.iter().any(|event| event["kind"] == "rx"), "{events:?}");
    // The list shows it, and deletes it after a question.
    let name = tape.file_name().unwrap().to_str().unwrap();
    terminal.press(b"L").unwrap();
    terminal.expect(name).unwrap();
    terminal.expect("It ended in order.").unwrap();
    terminal.press(b"d").unwrap();
    terminal.expect("Delete it for good?").unwrap();
    assert!(tape.exists());
    terminal.press(b"y").unwrap();
    terminal.expect("No tape yet.").unwrap();
    assert!(!tape.exists());
    terminal.press(b"\x1b").unwrap();
    terminal.expect_gone("No tape yet.").unwrap();
    terminal.press(b"\x03\x03").unwrap();
    assert_eq!(terminal.exit().unwrap(), 0);
    assert_eq!(foreign(terminal.raw()), Vec::<String>::new());
}

#[test]
fn whatever_ends_the_console_ends_its_tapes_in_order() {
    for (end, status) in [("TERM", 143), ("HUP", 129), ("INT", 130), ("keys", 0)] {
        let bench = Bench::new("", &["lamp-01"]);
        let mut terminal = console(&bench, 100, 30);
        terminal.expect("4 of 4 online").unwrap();
        terminal.expect("● tape").unwrap();
        terminal.press(b"1t").unwrap();
        terminal.expect("Recording device 1").unwrap();
        bench.send("smoke-01", DOWN, 5);
        terminal.expect("\"number\": 4").unwrap();
        if end == "keys" {
            terminal.press(b"qy").unwrap();
        } else {
            let id = terminal.id().unwrap().to_string();
            assert!(Command::new("kill").args(["-s", end, &id]).status().unwrap().success());
        }
        assert_eq!(terminal.exit().unwrap(), status, "{end}");
        assert_eq!(terminal.left_changed(), Vec::<&str>::new(), "{end}");
        // Where they lie is said once the terminal is given back.
        assert!(terminal.shows("standin: recorded"), "{end}:\n{}", terminal.contents());
        let tapes = bench.tapes();
        assert_eq!(tapes.len(), 2, "{end}: {tapes:?}");
        let (lamp, smoke) = (whole(&tapes[0]), whole(&tapes[1]));
        assert_eq!(count(&lamp, "state", "lamp-01"), 3, "{end}: connecting, online, offline");
        assert_eq!(count(&smoke, "rx", "smoke-01"), 5, "{end}");
        assert!(smoke.iter().all(|event| event["session"] == "smoke-01"), "{end}");
    }
}

#[test]
fn a_lost_terminal_ends_tapes_in_order() {
    // `script` owns the terminal; killed, it takes it away as a lost SSH connection does.
    let bench = Bench::new("", &["smoke-01"]);
    let line = format!("exec {} --config {}", program().display(), bench.config.display());
    let script = support::command("script")
        .args(["-q", "-c", &line, "/dev/null"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let Ok(mut script) = script else {
        support::skip("script (bsdutils)");
        return;
    };
    bench.send("smoke-01", DOWN, 4);
    received(&bench.tapes()[0], 4);
    script.kill().unwrap();
    script.wait().unwrap();
    let ended = || Tape::open(&bench.tapes()[0]).is_ok_and(|tape| tape.ending() == Ending::Whole);
    until("the tape has ended", ended);
    assert_eq!(count(&whole(&bench.tapes()[0]), "rx", "smoke-01"), 4);
}

#[test]
fn a_tape_that_is_not_written_is_a_banner_until_it_is_again() {
    let bench = Bench::new("", &[]);
    let line = "trap '' XFSZ; ulimit -S -f 16; exec \"$0\" \"$@\"";
    let args = ["-c", line, program().to_str().unwrap(), "--config", bench.config.to_str().unwrap()];
    let mut terminal = Terminal::start(Path::new("/bin/sh"), &args, 80, 24).unwrap();
    terminal.expect("4 of 4 online").unwrap();
    terminal.press(b"t").unwrap();
    terminal.expect("● tape").unwrap();
    let noise = || (0..2_000).map(|_| fastrand::alphanumeric()).collect::<String>();
    let send = |count: usize| {
        for _ in 0..count {
            let sent = bench.platform.publish_to("smoke-01", DOWN, noise(), standin::mqtt::Qos::AtMostOnce, false);
            assert!(sent, "there is room for a few");
        }
    };
    send(60);
    // At once, also while nothing is missing yet: what is in memory may still find its way.
    terminal.expect("✗").unwrap();
    terminal.expect("may not grow any more").unwrap();
    send(20);
    terminal.expect("✗ not on tape:").unwrap();
    for (cols, rows) in [(40, 12), (140, 40), (20, 2)] {
        terminal.resize(cols, rows).unwrap();
        terminal.expect("✗").unwrap();
    }
    // The session stays up.
    assert!(bench.platform.is_online("smoke-01"));
    terminal.resize(80, 24).unwrap();
    terminal.expect("✗ not on tape:").unwrap();
    // There is room again: what is missing stays known, on the screen and on the tape.
    let id = i32::try_from(terminal.id().unwrap()).ok().and_then(Pid::from_raw);
    prlimit(id, Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
    terminal.expect("is written again").unwrap();
    terminal.expect_gone("✗").unwrap();
    terminal.expect("missing").unwrap();
    terminal.press(b"t").unwrap();
    terminal.expect("Tape ended:").unwrap();
    let events = whole(&bench.tapes()[0]);
    let missing: u64 =
        events.iter().filter(|event| event["kind"] == "gap").map(|gap| gap["count"].as_u64().unwrap()).sum();
    let received = u64::try_from(count(&events, "rx", "smoke-01")).unwrap();
    assert!(missing > 0 && received > 0);
    // Nothing else happened meanwhile: what is not there is missing.
    assert_eq!(missing + received, 80, "{events:?}");
}

#[test]
fn at_rest_a_running_tape_writes_nothing_to_the_terminal() {
    let bench = Bench::new("", &["smoke-01"]);
    let mut terminal = console(&bench, 100, 30);
    terminal.expect("● tape").unwrap();
    terminal.expect("4 of 4 online").unwrap();
    // Rates and sizes come to rest some seconds after the last message.
    let mut before = terminal.bytes();
    until("the screen is at rest", || {
        terminal.pump(Duration::from_secs(2)).unwrap();
        std::mem::replace(&mut before, terminal.bytes()) == terminal.bytes()
    });
}

#[test]
fn scrolling_back_beyond_the_memory_reads_from_the_tape_while_it_runs() {
    let bench = Bench::new("timeline = \"1MiB\"\n", &[]);
    let mut terminal = console(&bench, 120, 30);
    terminal.expect("4 of 4 online").unwrap();
    terminal.press(b"t").unwrap();
    terminal.expect("Recording all devices").unwrap();
    let pad = "x".repeat(20_000);
    for number in 0..1_500 {
        let payload = format!("{{\"n\":{number},\"pad\":\"{pad}\"}}");
        let send =
            || bench.platform.publish_to("smoke-01", DOWN, payload.clone(), standin::mqtt::Qos::AtLeastOnce, false);
        support::until("there is room", send);
    }
    terminal.expect("n=1499").unwrap();
    // The first messages are no longer in memory. They are found, shown, and lead on to the newer ones.
    terminal.press(b"/:7,").unwrap();
    terminal.expect("n=7 pad=").unwrap();
    terminal.expect("\"n\": 7,").unwrap();
    terminal.press(b"\r\x1b").unwrap();
    terminal.expect("n=1499").unwrap();
    // What was before the tape is gone.
    terminal.press(b"g").unwrap();
    terminal.expect("n=0 pad=").unwrap();
    terminal.press(b"t").unwrap();
    terminal.expect("Tape ended:").unwrap();
    // The end of the tape takes nothing away, until something is in neither.
    terminal.press(b"j").unwrap();
    terminal.expect_gone("Tape ended:").unwrap();
    assert!(terminal.shows("n=0 pad="), "{}", terminal.contents());
    for number in 0..1_500 {
        let payload = format!("{{\"m\":{number},\"pad\":\"{pad}\"}}");
        let send =
            || bench.platform.publish_to("smoke-01", DOWN, payload.clone(), standin::mqtt::Qos::AtLeastOnce, false);
        support::until("there is room", send);
    }
    terminal.press(b"g").unwrap();
    terminal.expect_gone("n=0 pad=").unwrap();
    terminal.press(b"\x03\x03").unwrap();
    assert_eq!(terminal.exit().unwrap(), 0);
}
