//! What leaves the program of tapes that it did not write, of several tapes, and of tapes that still grow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::Value;
use standin::profile::Cloud;
use standin::tape::{Destination, Settings, Writer};
use support::forge::{self, Forged, note};
use support::tape::{Story, recorded};
use support::{PATIENCE, said, standin};

fn run(args: &[&str]) -> Output {
    standin().args(args).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn lines_of_another_hand_reach_no_terminal_raw_and_what_is_no_event_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.mcap");
    let mut spread = note(2, 2, "m", "x\u{202E}y\u{9B}31m");
    let text = String::from_utf8(spread.line).unwrap().replace(",\"kind\"", ",\r\n\t\"kind\"");
    spread.line = text.into_bytes();
    let raw = |line: &[u8]| Forged { line: line.to_vec(), topic: "m/note".to_owned(), ..Forged::default() };
    let messages =
        [note(1, 1, "m", "one"), spread, raw(b"\x1B[2Jno event"), raw(b"\xFF\xFE"), raw(b"{}"), note(6, 6, "m", "two")];
    forge::tape(&path, &["m"], &messages);
    let tape = path.to_str().unwrap();
    for args in [["replay", "--json", tape].as_slice(), &["tape", "export", tape]] {
        let output = run(args);
        let printed = String::from_utf8(output.stdout.clone()).unwrap();
        let hidden = |c: char| c != '\n' && standin::text::hidden::is_hidden(c);
        assert!(!printed.contains(hidden), "{printed:?}");
        let events: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let texts: Vec<_> = events.iter().map(|event| event["text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["one", "x\u{202E}y\u{9B}31m", "two"], "{args:?}");
        assert_eq!(output.status.code(), Some(4));
        assert!(said(&output).contains("3 messages are no events"), "{}", said(&output));
    }
    for format in ["csv", "pcapng"] {
        let output = run(&["tape", "export", "--format", format, tape]);
        assert_eq!(output.status.code(), Some(4), "{format}");
        assert!(said(&output).contains("3 messages are no events"), "{}", said(&output));
    }
}

#[test]
fn several_tapes_are_exported_as_one_stream_numbered_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("a.mcap"), folder.path().join("b.mcap"));
    forge::tape(&one, &["a"], &[note(1, 5, "a", "5"), note(2, 7, "a", "7"), note(3, 9, "a", "9")]);
    forge::tape(&other, &["b"], &[note(1, 4, "b", "4"), note(2, 7, "b", "7")]);
    let (one, other) = (one.to_str().unwrap(), other.to_str().unwrap());
    for args in [["tape", "export", one, other], ["replay", "--json", one, other]] {
        let output = run(&args);
        let printed = String::from_utf8(output.stdout).unwrap();
        let events: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told: Vec<_> =
            events.iter().map(|event| (event["seq"].as_u64().unwrap(), event["session"].as_str().unwrap())).collect();
        assert_eq!(told, [(1, "b"), (2, "a"), (3, "a"), (4, "b"), (5, "a")], "{args:?}");
    }
}

#[test]
fn tapes_that_grow_are_followed_and_each_event_is_printed_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::new();
    let device = story.device(recorded("m", Cloud::Mqtt));
    for round in 0..6 {
        story.wait_ms(10);
        story.note(device, &round.to_string());
    }
    let events: Vec<_> = story.events().collect();
    let paths = ["a", "b"].map(|name| folder.path().join(format!("{name}.mcap")));
    let mut writers = paths.clone().map(|path| {
        let settings = Settings::new(Destination::File(path));
        Writer::create(settings, story.sessions.clone(), story.start).unwrap()
    });
    let mut child = standin()
        .args(["replay", "--json", "--follow"])
        .args(&paths)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, printed) = channel();
    std::thread::spawn(move || {
        for line in output.lines() {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let told = (event["seq"].as_u64().unwrap(), event["text"].as_str().unwrap().to_owned());
            if sender.send(told).is_err() {
                return;
            }
        }
    });
    // The second tape's events happened before those of the first, which are out already.
    for (place, (writer, event)) in [(0, 3), (0, 5), (1, 1), (1, 2), (0, 5), (1, 4)].into_iter().enumerate() {
        let at = story.start.mono + Duration::from_micros(events[event].mono_us);
        writers[writer].push(&events[event], at);
        writers[writer].flush(at);
        let wanted = (place as u64 + 1, event.to_string());
        assert_eq!(printed.recv_timeout(PATIENCE), Ok(wanted));
    }
    for writer in writers {
        writer.finish(story.now.mono);
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(printed.recv().is_err(), "nothing more");
}
