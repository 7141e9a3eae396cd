//! `sub`, `pub` and `drive` against brokers that stall, vanish, refuse and come back: what a script can rely on.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod peer;
#[path = "../support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;

use peer::{CONNACK, config, listen, publish};
use support::{Running, said, standin, until};

/// Sends the signal `name` to a process.
fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap().success());
}

/// A program that does not outlive its test.
struct Bounded(Child);

impl Drop for Bounded {
    fn drop(&mut self) {
        // Already gone, unless the test failed.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts the program with a standard input that stays open and a standard output that is read only when the test does.
fn start(config: &Path, args: &[&str]) -> Bounded {
    let mut command = standin();
    command.arg("--config").arg(config).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
    Bounded(command.spawn().unwrap())
}

/// Waits for a child's end and answers its exit status.
fn exit(child: &mut Bounded) -> Option<i32> {
    let mut status = None;
    until("the program ends", || {
        status = child.0.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap().code()
}

/// Runs the program to its end, which must come in time. What it prints must fit a pipe.
fn run(config: &Path, args: &[&str]) -> Output {
    let mut command = standin();
    command.arg("--config").arg(config).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Bounded(command.spawn().unwrap());
    exit(&mut child);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    child.0.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
    child.0.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
    Output { status: child.0.wait().unwrap(), stdout, stderr }
}

/// The value behind `VmHWM`: the most memory that a process has had, in KiB.
fn peak_memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_signal_ends_a_command_whose_output_nobody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let flood = listen(move |peer, _| {
        peer.accept(CONNACK);
        let many = publish("a/b", &[b'x'; 1000]).repeat(64);
        while peer.send(&many) {
            counter.fetch_add(64, Ordering::Relaxed);
        }
    });
    let config = config(folder.path(), flood, "");
    for args in [&["sub", "d", "--json"][..], &["sub", "d", "--for", "1"], &["drive", "d"]] {
        let started = sent.load(Ordering::Relaxed);
        let mut child = start(&config, args);
        // More than a pipe holds, so that the program is at a stand.
        until("the flood is under way", || sent.load(Ordering::Relaxed) > started + 1000);
        let expected = if args.contains(&"--for") {
            0
        } else {
            signal("TERM", child.0.id());
            143
        };
        assert_eq!(exit(&mut child), Some(expected), "{args:?}");
    }
}

#[test]
fn sub_ends_with_3_when_no_device_will_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let port = listen(|peer, number| {
        peer.accept(if number == 1 { CONNACK } else { b"\x20\x02\x00\x05" });
    });
    let output = run(&config(folder.path(), port, ""), &["sub", "d", "--json"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(said(&output).contains("d: ") && said(&output).contains("connack-5"), "{}", said(&output));
}

#[test]
fn pub_sends_once_what_a_kept_session_sends_again() {
    let folder = tempfile::tempdir().unwrap();
    for more in [&[][..], &["--retry"]] {
        let came = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&came);
        let port = listen(move |peer, number| {
            if number == 1 {
                peer.accept(CONNACK);
                book.lock().unwrap().extend(peer.packet());
            } else {
                peer.accept(b"\x20\x02\x01\x00");
                let served = peer.serve();
                book.lock().unwrap().extend(served);
            }
        });
        let config = config(folder.path(), port, "clean_session = false\n");
        let output = run(&config, &[&["pub", "d", "t", "hello", "--qos", "1"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let first: Vec<u8> = came.lock().unwrap().iter().map(|(first, _)| *first).collect();
        assert_eq!(first, [0x32, 0x3a, 0xe0], "PUBLISH, the same with DUP, DISCONNECT");
    }
}

#[test]
fn pub_waits_until_a_slow_line_has_taken_the_whole_message() {
    const SIZE: usize = 12 << 20;
    let folder = tempfile::tempdir().unwrap();
    let came = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&came);
    let port = listen(move |peer, _| {
        peer.accept(CONNACK);
        loop {
            // About 4 MB a second: longer than any goodbye may take.
            std::thread::sleep(std::time::Duration::from_millis(15));
            let count = peer.read(64 << 10);
            if count == 0 {
                return;
            }
            counter.fetch_add(count, Ordering::Relaxed);
        }
    });
    let body = folder.path().join("body");
    std::fs::write(&body, vec![b'x'; SIZE]).unwrap();
    let config = config(folder.path(), port, "");
    let output = run(&config, &["pub", "d", "t", "--file", body.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    until("all of it has come", || came.load(Ordering::Relaxed) > SIZE);
}

#[test]
fn pub_says_that_a_message_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let port = listen(|peer, _| {
        peer.accept(CONNACK);
        peer.read(1000);
    });
    let body = folder.path().join("body");
    std::fs::write(&body, vec![b'x'; 12 << 20]).unwrap();
    let config = config(folder.path(), port, "");
    let output = run(&config, &["pub", "d", "t", "--file", body.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(said(&output).contains("d: "), "{}", said(&output));
}

#[test]
fn a_platform_that_takes_nothing_costs_bounded_memory_and_says_so() {
    for qos in [0, 1] {
        let folder = tempfile::tempdir().unwrap();
        let port = listen(move |peer, _| {
            peer.accept(CONNACK);
            // QoS 0: nothing is read. QoS 1: all is read and nothing acknowledged.
            let end = std::time::Instant::now() + support::PATIENCE;
            while qos == 0 && std::time::Instant::now() < end {
                std::thread::park_timeout(support::PATIENCE);
            }
            while qos == 1 && peer.read(1 << 20) > 0 {}
        });
        let mut drive = Running::start(&config(folder.path(), port, ""), &["drive", "d"]);
        drive.state("d", "online");
        let text = "y".repeat(256 << 10);
        for order in 1..=400 {
            drive.order(&json!({"do": "publish", "order": order, "topic": "t", "qos": qos, "text": text}));
        }
        let refused =
            drive.event("the last order is refused", |event| event["kind"] == "error" && event["order"] == 400);
        assert_eq!(refused["code"], "busy", "{refused}");
        let peak = peak_memory(drive.id());
        assert!(peak < 96 << 10, "QoS {qos}: {peak} KiB");
        signal("TERM", drive.id());
        assert_eq!(drive.exit(), Some(143));
    }
}

#[test]
fn drive_answers_a_line_that_is_no_text_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let port = listen(|peer, _| {
        peer.accept(CONNACK);
        peer.serve();
    });
    let mut child = start(&config(folder.path(), port, ""), &["drive", "d"]);
    let mut input = child.0.stdin.take().unwrap();
    input.write_all(b"{\"do\":\"publish\",\"order\":1,\"topic\":\"a\"}\n\xff\xfe\r\n{\"do\":\"publish\",\"order\":2,\"topic\":\"b\"}").unwrap();
    drop(input);
    assert_eq!(exit(&mut child), Some(0));
    let mut output = String::new();
    child.0.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    let events: Vec<serde_json::Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for order in [1, 2] {
        assert!(events.iter().any(|event| event["kind"] == "acked" && event["order"] == order), "{events:#?}");
    }
    let error = events.iter().find(|event| event["kind"] == "error").unwrap();
    assert!(error["reason"].as_str().unwrap().contains("line 2"), "{error}");
}

#[test]
fn the_end_of_input_waits_for_the_answer_to_a_subscription() {
    let folder = tempfile::tempdir().unwrap();
    let port = listen(|peer, _| {
        peer.accept(CONNACK);
        while let Some((first, body)) = peer.packet() {
            // Later than the end of input, and well within the two seconds.
            std::thread::sleep(std::time::Duration::from_millis(300));
            peer.answer(first, &body);
            if first == 0xe0 {
                return;
            }
        }
    });
    let mut drive = Running::start(&config(folder.path(), port, ""), &["drive", "d"]);
    drive.order(&json!({"do": "subscribe", "order": 1, "filter": "a/#"}));
    drive.end_input();
    let answer = drive.event("the answer", |event| event["order"] == 1);
    assert_eq!(answer["kind"], "subscribed", "{answer}");
    assert_eq!(drive.exit(), Some(0));
}

#[test]
fn every_order_about_the_line_gets_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let port = listen(|peer, number| {
        if number == 2 {
            // Silent, so that the next order comes while this attempt is on.
            peer.packet();
            peer.packet();
            return;
        }
        peer.accept(CONNACK);
        peer.serve();
    });
    let mut drive = Running::start(&config(folder.path(), port, ""), &["drive", "d"]);
    drive.state("d", "online");
    drive.order(&json!({"do": "now", "order": 1}));
    drive.state("d", "connecting");
    drive.order(&json!({"do": "disconnect", "order": 2}));
    let answer = drive.event("the first order's answer", |event| event["order"] == 1);
    assert_eq!((&answer["kind"], &answer["code"]), (&json!("error"), &json!("superseded")), "{answer}");
    let answer = drive.event("the second order's answer", |event| event["order"] == 2);
    assert_eq!(answer["state"], "offline", "{answer}");
    assert_eq!(drive.exit(), Some(0));
}

#[test]
fn a_message_behind_connack_comes_after_online() {
    let folder = tempfile::tempdir().unwrap();
    let port = listen(|peer, _| {
        peer.accept(&[CONNACK, &publish("kept", b"1")].concat());
        peer.serve();
    });
    let output = run(&config(folder.path(), port, ""), &["sub", "d", "--json", "--count", "1"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let place = |word: &str| text.find(word).unwrap_or_else(|| panic!("no {word}: {text}"));
    assert!(place("\"online\"") < place("\"kept\""), "{text}");
}

#[test]
fn a_message_as_large_as_max_packet_allows_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let port = listen(|peer, _| {
        // One stream of bytes, so that the next message is there before the first one is printed.
        peer.accept(&[CONNACK, &publish("large", &vec![b'x'; 40 << 20]), &publish("next", b"")].concat());
        peer.serve();
    });
    let config = config(folder.path(), port, "max_packet = \"64MiB\"\n");
    let mut sub = Running::start(&config, &["sub", "d", "--json", "--count", "2"]);
    let large = sub.event("the large message", |event| event["kind"] == "rx" || event["kind"] == "gap");
    assert_eq!((&large["topic"], &large["size"]), (&json!("large"), &json!(40 << 20)), "{}", large["kind"]);
    assert_eq!(sub.exit(), Some(0));
}

#[test]
fn nohup_keeps_a_command_alive() {
    let folder = tempfile::tempdir().unwrap();
    let port = listen(|peer, _| {
        peer.accept(CONNACK);
        peer.serve();
    });
    let config = config(folder.path(), port, "");
    let mut command = support::command("nohup");
    command.arg(env!("CARGO_BIN_EXE_standin")).arg("--config").arg(&config).args(["sub", "d", "--json"]);
    let mut child = Bounded(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
    let mut online = std::io::BufReader::new(child.0.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"online\"") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut online, &mut line).unwrap() > 0, "it ended");
    }
    signal("HUP", child.0.id());
    signal("TERM", child.0.id());
    assert_eq!(exit(&mut child), Some(143), "and not 129");
}
