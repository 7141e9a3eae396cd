//! What leaves the program of tapes that it did not write, of several tapes, and of tapes that still grow.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::Value;
use standin::event::{Acked, Irregular, Kind, LineState, Message, What};
use standin::mqtt::{PacketId, Qos};
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

/// The packets of a tape as tshark sees them, a field a column; `None` on a machine without it.
fn dissected(tape: &Path, more: &[&str], fields: &[&str]) -> Option<Vec<Vec<String>>> {
    if Command::new("tshark").arg("--version").output().is_err() {
        support::skip("tshark");
        return None;
    }
    let out = tape.with_extension("pcapng");
    let exported =
        run(&["tape", "export", "--format", "pcapng", tape.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert!(exported.status.success(), "{}", said(&exported));
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&out).args(more).args(["-T", "fields", "-E", "occurrence=a"]);
    let output = tshark.args(fields.iter().flat_map(|field| ["-e", field])).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(printed.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

#[test]
fn wireshark_reads_messages_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::new();
    let device = story.device(recorded("m", Cloud::Mqtt));
    let sizes = [0, 1, 1_460, 65_535, 262_144, 700_001];
    for size in sizes {
        story.rx(device, "down", vec![b'x'; size]);
        story.tx(device, "up", vec![b'y'; size]);
    }
    let path = folder.path().join("t.mcap");
    story.record(&path, 100);
    let Some(packets) = dissected(&path, &["-Y", "mqtt.msgtype == 3"], &["mqtt.topic", "mqtt.len"]) else { return };
    let wanted: Vec<Vec<String>> = sizes
        .iter()
        .flat_map(|size| [("down", size + 2 + 4 + 2), ("up", size + 2 + 2 + 2)])
        .map(|(topic, length)| vec![topic.to_owned(), length.to_string()])
        .collect();
    assert_eq!(packets, wanted);
}

#[test]
fn wireshark_finds_no_fault_with_the_streams_and_shows_what_was_no_packet() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::of_three_clouds();
    let device = story.device(recorded("busy", Cloud::Mqtt));
    story.rx(device, "early", "before the line was told of");
    for round in 0..3_u8 {
        story.state(device, LineState::Online);
        story.rx(device, "large", vec![round; 200_000]);
        let twice = publish_of(Qos::ExactlyOnce, 9);
        story.say(device, &Kind::Tx(twice));
        let acked = Acked { packet_id: PacketId::new(9), took: Duration::from_millis(3), order: None };
        story.say(device, &Kind::Acked(acked));
        story.state(device, LineState::Backoff);
    }
    story.note(device, "the last \u{1B}[31mwords");
    let path = folder.path().join("t.mcap");
    story.record(&path, 100);
    let checked = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    let fields = [
        "tcp.analysis.flags",
        "tcp.checksum.status",
        "ip.checksum.status",
        "_ws.malformed",
        "frame.interface_name",
        "frame.interface_description",
        "tcp.stream",
        "mqtt.msgtype",
        "frame.comment",
    ];
    let Some(packets) = dissected(&path, &checked, &fields) else { return };
    // The last one only carries what is said behind the end of its stream.
    let (last, packets) = packets.split_last().unwrap();
    assert_eq!((&last[7][..], &last[8][..]), ("", "note: the last \\e[31mwords"));
    for packet in packets {
        assert_eq!(packet[..4], ["", "1", "1", ""], "{packet:?}");
    }
    let of_busy: Vec<_> = packets.iter().filter(|packet| packet[4] == "busy").collect();
    assert!(of_busy.iter().all(|packet| packet[5] == "mqtt: wss://mqtt.example:443/mqtt"));
    let types: Vec<_> = of_busy.iter().map(|packet| &packet[7][..]).filter(|kind| !kind.is_empty()).collect();
    assert_eq!(types, ["3", "3", "3", "7", "3", "3", "7", "3", "3", "7"]);
    let streams: BTreeSet<_> = of_busy.iter().map(|packet| &packet[6]).collect();
    assert_eq!(streams.len(), 4, "one before the first state, and one for each that came online");
    let comments: Vec<_> = packets.iter().map(|packet| &packet[8][..]).collect();
    for words in [
        "the line was up already",
        "online",
        "12 events are missing: the reader could not keep up",
        "subscription $oc/devices/65f0c0de_dev01/sys/commands/#: QoS 1",
        "offline: no line",
        "backoff closed: the platform closed the connection",
        "note: look\\there: \\u{202E}hidden\\e[31m",
    ] {
        assert!(comments.iter().any(|comment| comment.contains(words)), "{words}\n{comments:#?}");
    }
    let stream = of_busy.iter().find(|packet| packet[7] == "3").unwrap()[6].clone();
    let out = path.with_extension("pcapng");
    let follow = format!("follow,tcp,ascii,{stream}");
    let output = Command::new("tshark").arg("-r").arg(out).args(["-q", "-z", &follow]).output().unwrap();
    let followed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(followed.contains("before the line"), "{followed}{}", said(&output));
}

fn publish_of(qos: Qos, id: u16) -> Message<'static> {
    Message {
        topic: "twice",
        qos,
        retain: true,
        dup: false,
        packet_id: PacketId::new(id),
        payload: b"1",
        what: What::Custom,
        request_id: None,
        deadline_ms: None,
        took_ms: None,
        by: None,
        irregular: Irregular::default(),
        order: None,
    }
}
