//! `standin tape` and `standin replay --json`, by the program itself and by foreign readers: tshark and Python's mcap.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use standin::profile::Cloud;
use standin::tape::repair::repair;
use standin::tape::verify::verify;
use standin::tape::{Destination, Settings, Tape};
use support::tape::{Story, recorded};
use support::{said, skip, standin};

fn run(args: &[&str]) -> Output {
    standin().args(args).stdin(Stdio::null()).output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn tape_in(folder: &Path) -> (Story, PathBuf, String) {
    let story = Story::of_three_clouds();
    let path = folder.join("t.mcap");
    story.record(&path, 8);
    let name = path.to_str().unwrap().to_owned();
    (story, path, name)
}

/// Spoils a byte in the middle of the chunk at `place`, and answers how many events it has.
fn spoil(path: &Path, place: usize) -> u64 {
    let chunk = Tape::open(path).unwrap().chunks()[place];
    let at = chunk.offset + chunk.length / 2;
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
    chunk.count
}

#[test]
fn the_events_come_back_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (story, _, tape) = tape_in(folder.path());
    let wanted: String = story.lines().iter().flat_map(|line| [line, "\n"]).collect();
    for args in [
        ["replay", "--json", &tape].as_slice(),
        &["tape", "export", &tape],
        &["replay", "--json", "--speed", "1000", &tape],
    ] {
        let output = run(args);
        assert_eq!((printed(&output), output.status.code()), (wanted.clone(), Some(0)), "{args:?}");
    }
}

#[test]
fn several_tapes_are_printed_as_one_stream_numbered_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (story, _, tape) = tape_in(folder.path());
    let other = folder.path().join("u.mcap");
    story.record(&other, 100);
    let output = run(&["replay", "--json", &tape, other.to_str().unwrap()]);
    let printed = printed(&output);
    let once = story.lines();
    assert_eq!(printed.lines().count(), 2 * once.len());
    for (line, number) in printed.lines().zip(1..) {
        let read: Value = serde_json::from_str(line).unwrap();
        assert_eq!(read["seq"], number);
        let rest = &line[line.find(',').unwrap()..];
        let of_tape = &once[(number - 1) / 2];
        assert_eq!(rest, &of_tape[of_tape.find(',').unwrap()..], "each event twice");
    }
}

#[test]
fn a_closed_pipe_is_no_error_and_what_is_no_tape_is() {
    let folder = tempfile::tempdir().unwrap();
    let (_, _, tape) = tape_in(folder.path());
    for args in [["replay", "--json", &tape], ["tape", "export", &tape]] {
        let mut child = standin().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    }
    let none = folder.path().join("none.mcap");
    let text = folder.path().join("notes.txt");
    fs::write(&text, "notes").unwrap();
    for (file, status) in [(&none, 2), (&text, 4)] {
        for args in [["tape", "info"], ["tape", "verify"], ["tape", "repair"], ["tape", "export"], ["replay", "--json"]]
        {
            let output = run(&[args[0], args[1], file.to_str().unwrap()]);
            assert_eq!(output.status.code(), Some(status), "{args:?}: {}", said(&output));
            assert!(said(&output).contains(file.file_name().unwrap().to_str().unwrap()), "{}", said(&output));
        }
    }
}

#[test]
fn a_damaged_tape_gives_what_is_there_and_then_status_4() {
    let folder = tempfile::tempdir().unwrap();
    let (story, path, tape) = tape_in(folder.path());
    let lost = spoil(&path, 3);
    for args in [["replay", "--json", &tape], ["tape", "export", &tape]] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(4), "{}", said(&output));
        assert_eq!(printed(&output).lines().count() as u64, story.lines().len() as u64 - lost);
        assert!(said(&output).contains(&format!("({lost} events are missing)")), "{}", said(&output));
    }
    let output = run(&["tape", "verify", &tape]);
    assert_eq!(output.status.code(), Some(4));
    assert!(printed(&output).contains("the chunk"), "{}", printed(&output));
}

#[test]
fn info_tells_sessions_topics_gaps_and_notes() {
    let folder = tempfile::tempdir().unwrap();
    let (story, _, tape) = tape_in(folder.path());
    let words = printed(&run(&["tape", "info", &tape]));
    for part in [
        &format!("{} events", story.lines().len()),
        "ended in order",
        "smoke-01 (huawei, wss://huawei.example:443/mqtt; device_id 65f0c0de_dev01): 6 in, 6 out",
        "$oc/devices/65f0c0de_dev01/sys/commands/request_id={id}",
        "gaps: 12 events are missing",
        "the reader could not keep up",
        "look\\there: \\u{202E}hidden\\e[31m",
    ] {
        assert!(words.contains(part), "{part}\n{words}");
    }
    assert!(!words.contains('\u{1B}') && !words.contains('\u{202E}'), "{words}");
    let line = printed(&run(&["tape", "info", "--json", "--topics", &tape]));
    assert!(!line.contains('\u{202E}'));
    let read: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((read["events"].as_u64(), read["missing"].as_u64()), (Some(story.lines().len() as u64), Some(12)));
    assert_eq!((read["ending"].as_str(), read["sessions"].as_array().unwrap().len()), (Some("whole"), 3));
    assert_eq!(read["topics"].as_array().unwrap().len() as u64, read["topics_in_all"].as_u64().unwrap());
}

#[test]
fn every_bit_of_a_whole_tape_is_under_a_check() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::new();
    let device = story.device(recorded("m", Cloud::Mqtt));
    story.rx(device, "a/b", "{\"on\":1}");
    story.rx(device, "a/b", "{\"on\":2}");
    let path = folder.path().join("t.mcap");
    story.record(&path, 1);
    assert!(verify(&path).unwrap().is_whole());
    let bytes = fs::read(&path).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            file.write_all_at(&[bytes[at] ^ (1 << bit)], at as u64).unwrap();
            let found = verify(&path).is_ok_and(|verdict| verdict.is_whole());
            assert!(!found, "byte {at}, bit {bit} is under no check");
        }
        file.write_all_at(&bytes[at..=at], at as u64).unwrap();
    }
    assert!(verify(&path).unwrap().is_whole());
}

#[test]
fn a_repaired_tape_is_whole_and_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let (story, path, tape) = tape_in(folder.path());
    let untouched = run(&["tape", "repair", &tape]);
    assert!(untouched.status.success() && said(&untouched).contains("nothing is damaged"), "{}", said(&untouched));
    assert!(!folder.path().join("t-repaired.mcap").exists());

    let before: u64 = Tape::open(&path).unwrap().chunks()[..3].iter().map(|chunk| chunk.count).sum();
    let lost = spoil(&path, 3);
    let output = run(&["tape", "repair", &tape]);
    assert!(output.status.success(), "{}", said(&output));
    let mended = folder.path().join("t-repaired.mcap");
    assert_eq!(fs::metadata(&mended).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(verify(&mended).unwrap().is_whole());
    let lines = printed(&run(&["tape", "export", mended.to_str().unwrap()]));
    let lines: Vec<&str> = lines.lines().collect();
    let wanted = story.lines();
    let (gap, kept) = (usize::try_from(before).unwrap(), usize::try_from(before + lost).unwrap());
    assert_eq!(lines[..gap], wanted[..gap]);
    let told: Value = serde_json::from_str(lines[gap]).unwrap();
    assert_eq!((told["kind"].as_str(), told["count"].as_u64()), (Some("gap"), Some(lost)));
    let rest = |line: &str| line[line.find(',').unwrap()..].to_owned();
    assert_eq!(lines.len() - gap - 1, wanted.len() - kept);
    for (line, wanted) in lines[gap + 1..].iter().zip(&wanted[kept..]) {
        assert_eq!(rest(line), rest(wanted));
    }
    // Never over something that is there.
    let output = run(&["tape", "repair", &tape]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("is there already, and was not touched"), "{}", said(&output));
}

#[test]
fn a_cut_tape_is_repaired_up_to_its_last_whole_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let (story, path, _) = tape_in(folder.path());
    let bytes = fs::read(&path).unwrap();
    let wanted = story.lines();
    for share in 1..8 {
        let cut = folder.path().join(format!("cut-{share}.mcap"));
        fs::write(&cut, &bytes[..bytes.len() * share / 8]).unwrap();
        let verdict = verify(&cut).unwrap();
        assert!(!verdict.is_whole());
        let mended = folder.path().join(format!("mended-{share}.mcap"));
        let repaired = repair(&Tape::open(&cut).unwrap(), &mended).unwrap();
        assert_eq!(repaired.saved, verdict.events);
        assert!(verify(&mended).unwrap().is_whole());
        let lines = printed(&run(&["tape", "export", mended.to_str().unwrap()]));
        let lines: Vec<&str> = lines.lines().collect();
        let saved = usize::try_from(repaired.saved).unwrap();
        assert_eq!(lines[..saved], wanted[..saved]);
        assert!(lines[saved].contains("\"kind\":\"gap\""), "{}", lines[saved]);
    }
}

/// A table's rows, as RFC 4180 has it.
fn rows(table: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = table.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            other => field.push(other),
        }
    }
    assert!(row.is_empty() && field.is_empty(), "the last line has an end");
    rows
}

#[test]
fn a_table_has_a_row_for_each_event_and_a_field_for_each_column() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::of_three_clouds();
    let device = story.device(recorded("plain", Cloud::Mqtt));
    story.rx(device, "a,b/\"c\"", "=1+1\n\"two\"");
    let path = folder.path().join("t.mcap");
    story.record(&path, 9);
    let table = printed(&run(&["tape", "export", "--format", "csv", path.to_str().unwrap()]));
    let rows = rows(&table);
    assert_eq!(rows.len(), story.lines().len() + 1);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    let column = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    let last = rows.last().unwrap();
    assert_eq!((&last[column("topic")][..], &last[column("form")][..]), ("a,b/\"c\"", "base64"));
    assert_eq!(last[column("payload")], "PTErMQoidHdvIg==");
    assert!(!table.contains('\u{202E}') && !table.contains('\u{1B}'));
    let command = rows.iter().find(|row| row[column("what")] == "command").unwrap();
    assert!(command[column("payload")].starts_with("{\"command_name\":\"SILENCE\""), "{command:?}");
}

#[test]
fn an_export_to_a_file_is_private_and_never_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let (_, _, tape) = tape_in(folder.path());
    let out = folder.path().join("t.jsonl");
    let name = out.to_str().unwrap();
    assert!(run(&["tape", "export", &tape, "--out", name]).status.success());
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    let output = run(&["tape", "export", &tape, "--out", name]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("was not touched"), "{}", said(&output));

    fs::set_permissions(&out, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&out, vec![b'x'; 1 << 20]).unwrap();
    assert!(run(&["tape", "export", &tape, "--out", name, "--force"]).status.success());
    assert_eq!(fs::read_to_string(&out).unwrap(), printed(&run(&["tape", "export", &tape])));
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    // Not even then over the tape itself, by whatever name.
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&tape, &link).unwrap();
    let before = fs::read(&tape).unwrap();
    let output = run(&["tape", "export", &tape, "--out", link.to_str().unwrap(), "--force"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(fs::read(&tape).unwrap(), before);
}

#[test]
fn a_table_is_exact_and_no_spreadsheet_runs_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::new();
    let device = story.device(recorded("=plain", Cloud::Mqtt));
    for payload in ["-5.25", "=SUM(A1)", "+1+1", "@x", "plain", "two\nlines", ""] {
        story.rx(device, "-topic", payload);
    }
    let secret = r#"{"password":"long long secret"}"#;
    story.rx(device, "t", secret);
    let path = folder.path().join("t.mcap");
    let mut settings = Settings::new(Destination::File(path.clone()));
    settings.redact = vec!["password".to_owned()];
    story.record_with(settings, 100);
    let table = printed(&run(&["tape", "export", "--format", "csv", path.to_str().unwrap()]));
    let rows = rows(&table);
    let column = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    let told: Vec<_> = rows[1..].iter().map(|row| (&row[column("form")][..], &row[column("payload")][..])).collect();
    let wanted = [
        ("text", "-5.25"),
        ("base64", "PVNVTShBMSk="),
        ("base64", "KzErMQ=="),
        ("base64", "QHg="),
        ("text", "plain"),
        ("base64", "dHdvCmxpbmVz"),
        ("text", ""),
    ];
    assert_eq!(told[..7], wanted);
    assert!(rows[1..].iter().all(|row| row[column("session")] == "'=plain"));
    assert_eq!(rows[1][column("topic")], "'-topic");
    let masked = rows.last().unwrap();
    assert_eq!(masked[column("size")], secret.len().to_string());
    assert!(!masked[column("payload")].contains("secret"));
}

#[test]
fn wireshark_decodes_the_packets_as_mqtt() {
    if Command::new("tshark").arg("--version").output().is_err() {
        return skip("tshark");
    }
    let folder = tempfile::tempdir().unwrap();
    let (story, _, tape) = tape_in(folder.path());
    let out = folder.path().join("t.pcapng");
    assert!(run(&["tape", "export", "--format", "pcapng", &tape, "--out", out.to_str().unwrap()]).status.success());
    let fields = [
        "frame.time_epoch",
        "frame.interface_name",
        "mqtt.msgtype",
        "mqtt.qos",
        "mqtt.msgid",
        "mqtt.topic",
        "mqtt.msg",
    ];
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&out).args(["-Y", "mqtt", "-T", "fields"]).args(fields.iter().flat_map(|field| ["-e", field]));
    let output = tshark.stderr(Stdio::null()).output().unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    let mut packets = found.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    for line in story.lines() {
        let event: Value = serde_json::from_str(&line).unwrap();
        let kind = event["kind"].as_str().unwrap();
        if !["rx", "tx", "acked"].contains(&kind) {
            continue;
        }
        let packet = packets.next().unwrap();
        assert_eq!(packet[1], event["session"], "{line}");
        let at: jiff::Timestamp = event["at"].as_str().unwrap().parse().unwrap();
        let (seconds, micros) = (at.as_microsecond() / 1_000_000, at.as_microsecond() % 1_000_000);
        assert_eq!(packet[0], format!("{seconds}.{micros:06}000"));
        assert_eq!(packet[2], if kind == "acked" { "4" } else { "3" }, "{line}");
        assert_eq!(packet[4], "7");
        if kind != "acked" {
            assert_eq!((packet[3], packet[5]), ("1", event["topic"].as_str().unwrap()));
        }
        if let Some(json) = event.get("json") {
            let hex = packet[6];
            let bytes: Vec<u8> = if hex.starts_with('{') { hex.into() } else { decode_hex(hex) };
            let payload: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(&payload, json);
        }
    }
    assert_eq!(packets.next(), None);
}

fn decode_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|char| char.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

#[test]
fn pythons_mcap_reads_the_tape_as_it_is_exported() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tape_mcap.py");
    let known = Command::new("python3").args(["-c", "import mcap.reader, zstandard"]).output();
    if !known.is_ok_and(|output| output.status.success()) {
        return skip("Python package mcap with zstandard");
    }
    let folder = tempfile::tempdir().unwrap();
    let (story, path, _) = tape_in(folder.path());
    let mut tapes = vec![path];
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions");
    tapes.extend(
        fs::read_dir(samples)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "mcap")),
    );
    assert!(tapes.len() > 5, "the samples are there");
    for tape in &tapes {
        let output = Command::new("python3").arg(&script).arg(tape).output().unwrap();
        assert!(output.status.success(), "{}: {}", tape.display(), said(&output));
        assert_eq!(printed(&output), printed(&run(&["tape", "export", tape.to_str().unwrap()])), "{}", tape.display());
    }
    assert_eq!(story.lines().len() as u64, Tape::open(&tapes[0]).unwrap().events());
}

#[test]
fn the_samples_are_whole_and_hold_what_they_are_named_for() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions");
    for (name, holds) in [
        ("huawei", "\"what\":\"command-reply\""),
        ("aliyun", "\"what\":\"command-reply\""),
        ("ucloud", "\"what\":\"command-reply\""),
        ("cut-lines", "\"state\":\"backoff\""),
        ("hostile", "\\u001b]52;c;"),
    ] {
        let path = samples.join(format!("{name}.mcap"));
        assert!(verify(&path).unwrap().is_whole(), "{name}");
        let lines = printed(&run(&["tape", "export", path.to_str().unwrap()]));
        assert!(lines.contains(holds), "{name}");
        assert!(!lines.contains('\u{1B}'), "{name}");
    }
}
