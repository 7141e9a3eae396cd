//! `standin record`, and what `record = true` does in the commands without a screen.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use standin::tape::{Ending, Tape};

use crate::bench::{Bench, count, events, received, whole};
use crate::support::{self, said, until};

const DOWN: &str = "$oc/devices/65f0c0de_dev01/sys/messages/down";

#[test]
fn all_that_happens_to_several_devices_is_on_one_tape() {
    let bench = Bench::new("redact = [\"password\"]\n", &[]);
    let out = bench.folder.path().join("out.mcap");
    let mut program = bench.start(&["record", "smoke-01", "lamp-01", "--out", out.to_str().unwrap()]);
    bench.send("smoke-01", DOWN, 300);
    bench.send("lamp-01", "/a1AbCdEfGh1/lamp-01/user/get", 20);
    received(&out, 320);
    program.signal("TERM");
    assert_eq!(program.exit(), Some(143), "{}", program.said());
    let events = whole(&out);
    assert_eq!((count(&events, "rx", "smoke-01"), count(&events, "rx", "lamp-01")), (300, 20));
    let numbers: Vec<_> =
        events.iter().filter(|event| event["topic"] == DOWN).map(|event| &event["json"]["number"]).collect();
    assert!((0..300).eq(numbers.iter().map(|number| number.as_i64().unwrap())));
    assert!(events.iter().all(|event| event["json"]["password"] != "hunter2"));
    assert!(!std::fs::read(&out).unwrap().windows(7).any(|bytes| bytes == b"hunter2"));
    // The very first and the last: nothing is cut off at either end.
    assert_eq!((&events[0]["kind"], &events[0]["state"]), (&"state".into(), &"connecting".into()));
    for session in ["smoke-01", "lamp-01"] {
        let last = events.iter().rfind(|event| event["session"] == session).unwrap();
        assert_eq!(last["state"], "offline", "{session}");
    }
    let said = program.said();
    for words in [
        format!("recording on {}", out.display()),
        format!("{} events: ", events.len()),
        "smoke-01 o online".to_owned(),
    ] {
        assert!(said.contains(&words), "{words:?}\n{said}");
    }
    assert!(!said.contains("missing"), "{said}");
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn it_ends_after_the_time_asked_for() {
    let bench = Bench::new("", &[]);
    let begun = Instant::now();
    let mut program = bench.start(&["record", "meter-7", "--for", "0.5"]);
    assert_eq!(program.exit(), Some(0), "{}", program.said());
    assert!(begun.elapsed() >= Duration::from_millis(500));
    let [tape] = &bench.tapes()[..] else { panic!("{:?}", bench.tapes()) };
    assert!(tape.file_name().unwrap().to_str().unwrap().starts_with("meter-7-"), "{tape:?}");
    assert_eq!(count(&whole(tape), "state", "meter-7"), 3, "connecting, online, offline");
    assert!(program.said().contains(&tape.display().to_string()), "{}", program.said());
}

#[test]
fn signals_end_the_tape_in_order() {
    for (name, status) in [("INT", 130), ("HUP", 129), ("TERM", 143)] {
        let bench = Bench::new("", &[]);
        let mut program = bench.start(&["record", "smoke-01"]);
        bench.send("smoke-01", DOWN, 3);
        until("the tape is there", || !bench.tapes().is_empty());
        received(&bench.tapes()[0], 3);
        let sent = Instant::now();
        program.signal(name);
        assert_eq!(program.exit(), Some(status), "{}", program.said());
        // Two seconds are promised; a busy machine gets some more.
        assert!(sent.elapsed() < Duration::from_secs(10));
        whole(&bench.tapes()[0]);
    }
}

#[test]
fn an_existing_file_is_left_as_it_is() {
    let bench = Bench::new("", &[]);
    let out = bench.folder.path().join("there.mcap");
    std::fs::write(&out, "precious").unwrap();
    let output = support::run(&bench.config, &["record", "smoke-01", "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("there is already a file at"), "{}", said(&output));
    assert_eq!(std::fs::read(&out).unwrap(), b"precious");
    // Neither is a link followed, wherever it leads.
    let link = bench.folder.path().join("link.mcap");
    std::os::unix::fs::symlink(bench.folder.path().join("target"), &link).unwrap();
    let output = support::run(&bench.config, &["record", "smoke-01", "--out", link.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!bench.folder.path().join("target").exists());
    let absent = bench.folder.path().join("absent/t.mcap");
    let output = support::run(&bench.config, &["record", "smoke-01", "--out", absent.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("the tape could not be begun"), "{}", said(&output));
    assert!(bench.tapes().is_empty() && !bench.platform.is_online("smoke-01"));
}

#[test]
fn a_first_connection_that_fails_is_on_the_tape_and_ends_with_3() {
    let bench = Bench::new("", &[]);
    bench.runtime.block_on(bench.platform.stop_listening());
    let mut program = bench.start(&["record", "smoke-01"]);
    assert_eq!(program.exit(), Some(3), "{}", program.said());
    let events = whole(&bench.tapes()[0]);
    assert!(events.iter().any(|event| event["state"] == "backoff" && event["code"] == "refused"), "{events:?}");
    // With --retry it waits for the platform.
    let mut program = bench.start(&["record", "smoke-01", "--retry", "--for", "0.1"]);
    program.says("backoff");
    let inside = bench.runtime.enter();
    bench.platform.listen_again().unwrap();
    drop(inside);
    assert_eq!(program.exit(), Some(0), "{}", program.said());
}

#[test]
fn a_disk_that_takes_nothing_more_is_told_at_once_and_ends_with_1() {
    let bench = Bench::new("", &[]);
    let out = bench.folder.path().join("full.mcap");
    // A limit on the file's size stands for the disk; the signal that comes with it is left out, as on a full disk.
    let mut shell = support::command("sh");
    let line = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    shell.args(["-c", line, env!("CARGO_BIN_EXE_standin"), "--config"]).arg(&bench.config);
    shell.args(["record", "smoke-01", "--for", "4", "--out"]).arg(&out);
    let mut program = bench.start_by(&mut shell);
    let noise = || format!("{{\"noise\":\"{}\"}}", (0..2_000).map(|_| fastrand::alphanumeric()).collect::<String>());
    until("the device is online", || bench.platform.is_online("smoke-01"));
    for _ in 0..60 {
        bench.platform.publish_to("smoke-01", DOWN, noise(), standin::mqtt::Qos::AtLeastOnce, false);
    }
    program.says("may not grow any more");
    assert_eq!(program.exit(), Some(1), "{}", program.said());
    assert!(program.said().contains("missing"), "{}", program.said());
    let tape = Tape::open(&out).unwrap();
    assert_ne!(tape.ending(), Ending::BeingWritten);
    assert!(!events(&tape).is_empty(), "what was written before can be read");
}

#[test]
fn a_device_that_records_does_so_in_sub_and_drive_and_not_in_pub() {
    let bench = Bench::new("", &["smoke-01", "meter-7"]);
    let mut program = bench.start(&["sub", "smoke-01", "meter-7", "lamp-01", "--for", "0.3"]);
    assert_eq!(program.exit(), Some(0), "{}", program.said());
    assert_eq!(program.said(), "", "all is well: nothing is said");
    let tapes = bench.tapes();
    assert_eq!(tapes.len(), 2, "{tapes:?}");
    for (tape, session) in tapes.iter().zip(["meter-7", "smoke-01"]) {
        let events = whole(tape);
        assert!(tape.file_name().unwrap().to_str().unwrap().starts_with(session), "{tape:?}");
        assert!(events.iter().all(|event| event["session"] == session));
        assert_eq!(count(&events, "state", session), 3, "connecting, online, offline");
        std::fs::remove_file(tape).unwrap();
    }
    let mut program = bench.start(&["drive", "smoke-01"]);
    program.end_input();
    assert_eq!(program.exit(), Some(0), "{}", program.said());
    whole(&bench.tapes()[0]);
    std::fs::remove_file(&bench.tapes()[0]).unwrap();
    let mut program = bench.start(&["pub", "smoke-01", "$oc/devices/65f0c0de_dev01/sys/messages/up", "x"]);
    assert_eq!(program.exit(), Some(0), "{}", program.said());
    assert!(bench.tapes().is_empty());
}

#[test]
fn a_tape_that_cannot_be_begun_keeps_no_command_from_its_work() {
    let bench = Bench::new("", &["smoke-01"]);
    std::fs::write(bench.folder.path().join("tapes"), "in the way").unwrap();
    let mut program = bench.start(&["sub", "smoke-01", "--for", "0.1"]);
    assert_eq!(program.exit(), Some(0), "{}", program.said());
    assert!(program.said().contains("smoke-01: nothing is recorded: "), "{}", program.said());
}

/// A line without its number and its distance from the stream's start, which are each stream's own.
fn at_heart(line: &str) -> String {
    let (_, rest) = line.split_once(",\"at\":").unwrap();
    let (at, rest) = rest.split_once(",\"mono_us\":").unwrap();
    let (_, rest) = rest.split_once(',').unwrap();
    format!("{at},{rest}")
}

#[test]
fn what_is_replayed_is_what_was_printed_while_it_happened_byte_for_byte() {
    let bench = Bench::new("", &["smoke-01"]);
    let out = bench.folder.path().join("printed");
    let mut command = support::standin();
    command.arg("--config").arg(&bench.config).args(["sub", "smoke-01", "--json", "--count", "6"]);
    let mut child = command.stdout(std::fs::File::create(&out).unwrap()).spawn().unwrap();
    until("it is online", || bench.platform.is_online("smoke-01"));
    let payloads: [&[u8]; 6] = [
        b"{\"a\": 1.0, \"a\":2}",
        b"",
        b"two\r\nlines \x1b[31m",
        b"\xff\x00\xfe",
        "\u{202e}温度\u{200b}".as_bytes(),
        b"null",
    ];
    for payload in payloads {
        assert!(bench.platform.publish_to("smoke-01", DOWN, payload.to_vec(), standin::mqtt::Qos::AtLeastOnce, true));
    }
    assert!(child.wait().unwrap().success());
    let printed = std::fs::read_to_string(&out).unwrap();
    let tape = bench.tapes().remove(0);
    let replay = support::run(&bench.config, &["replay", "--json", tape.to_str().unwrap()]);
    let replayed = String::from_utf8(replay.stdout).unwrap();
    let replayed: Vec<String> = replayed.lines().map(at_heart).collect();
    let printed: Vec<String> = printed.lines().map(at_heart).collect();
    // What came after the sixth message is on the tape alone.
    assert!(replayed.len() >= printed.len());
    assert_eq!(replayed[..printed.len()], printed);
}
