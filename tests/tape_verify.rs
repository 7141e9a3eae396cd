//! What `tape verify` finds on tapes whose checksums all hold and that are wrong all the same, and what `tape repair` makes of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::fs::{self, OpenOptions};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use standin::tape::verify::verify;
use standin::tape::{Destination, Settings, Writer};
use support::forge::{self, Forged, note};
use support::tape::{START, Story};
use support::{said, standin};

fn with(messages: &[Forged], change: impl FnOnce(&mut Vec<Forged>)) -> Vec<Forged> {
    let mut messages = messages.to_vec();
    change(&mut messages);
    messages
}

fn renamed(message: &mut Forged, from: &str, to: &str) {
    let line = String::from_utf8(message.line.clone()).unwrap();
    assert!(line.contains(from), "{line}");
    message.line = line.replacen(from, to, 1).into_bytes();
}

#[test]
fn an_event_is_held_against_all_that_stands_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.mcap");
    let whole: Vec<Forged> = (1..=6).map(|seq| note(seq, seq * 10, "m", "x")).collect();
    forge::tape(&path, &["m"], &whole);
    let verdict = verify(&path).unwrap();
    assert!(verdict.is_whole() && verdict.is_complete, "{verdict:?}");
    assert_eq!(verdict.events, 6);

    let start = u64::try_from(START).unwrap();
    for (found, messages) in [
        ("event 3 cannot be read", with(&whole, |all| all[2].line = b"{}".to_vec())),
        ("event 3 cannot be read", with(&whole, |all| renamed(&mut all[2], "\"seq\":3", "\"seq\": 3"))),
        ("an event is numbered 4 where 3 is due", with(&whole, |all| drop(all.remove(2)))),
        ("an event is numbered 2 where 3 is due", with(&whole, |all| all.insert(2, all[1].clone()))),
        ("event 3 stands under another number", with(&whole, |all| all[2].sequence = Some(9))),
        ("event 4 is earlier than the one before it", with(&whole, |all| all[2].log_us = Some(start + 45))),
        ("event 3 stands at another time than it says", with(&whole, |all| all[2].log_us = Some(start + 31))),
        ("event 3 stands at another wall time than it says", with(&whole, |all| all[2].publish_us = Some(start))),
        ("event 3 stands on another channel than its own", with(&whole, |all| "n/note".clone_into(&mut all[2].topic))),
        ("event 3 stands on another channel than its own", with(&whole, |all| "m/gap".clone_into(&mut all[2].topic))),
    ] {
        forge::tape(&path, &["m"], &messages);
        let verdict = verify(&path).unwrap();
        let told: Vec<&str> = verdict.faults.iter().map(|fault| &fault.reason[..]).collect();
        assert!(told.contains(&found), "{found}: {told:?}");
        assert!(!verdict.is_whole());
    }
}

#[test]
fn the_shared_channel_takes_any_event() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.mcap");
    let mut messages: Vec<Forged> = (1..=3).map(|seq| note(seq, seq, "m", "x")).collect();
    standin::tape::layout::OTHER.clone_into(&mut messages[1].topic);
    forge::tape(&path, &["m"], &messages);
    let verdict = verify(&path).unwrap();
    assert!(verdict.is_whole(), "{verdict:?}");
}

#[test]
fn faults_without_end_take_no_memory_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.mcap");
    let messages: Vec<Forged> =
        (1..=5_000).map(|_| Forged { line: b"{}".to_vec(), topic: "m/note".to_owned(), ..Forged::default() }).collect();
    forge::tape(&path, &["m"], &messages);
    let verdict = verify(&path).unwrap();
    assert_eq!(verdict.faults.len() as u64 + verdict.more, 5_000);
    assert!(verdict.faults.len() <= 1_000);
    assert_eq!(verdict.events, 0);
}

/// Each record's opcode and place, up to the footer.
fn records(bytes: &[u8]) -> Vec<(u8, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = mcap::MAGIC.len();
    while at + mcap::MAGIC.len() < bytes.len() {
        let length = u64::from_le_bytes(bytes[at + 1..at + 9].try_into().unwrap());
        let end = at + 9 + usize::try_from(length).unwrap();
        found.push((bytes[at], at..end));
        at = end;
    }
    found
}

/// Makes the checksums over the data section and over the index right again.
fn reseal(bytes: &mut [u8], data_end: usize, footer: usize) {
    let crc = crc32fast::hash(&bytes[..data_end]);
    bytes[data_end + 9..data_end + 13].copy_from_slice(&crc.to_le_bytes());
    let crc = crc32fast::hash(&bytes[data_end + 13..footer + 9 + 16]);
    bytes[footer + 25..footer + 29].copy_from_slice(&crc.to_le_bytes());
}

#[test]
fn every_bit_of_the_indexes_is_held_against_what_they_point_at() {
    const MESSAGE_INDEX: u8 = 7;
    const DATA_END: u8 = 15;
    const FOOTER: u8 = 2;
    const SCHEMA: u8 = 3;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.mcap");
    let mut messages: Vec<Forged> =
        (1..=4).map(|seq| note(seq, seq, if seq % 2 == 0 { "m" } else { "n" }, "x")).collect();
    messages[2].ends_chunk = true;
    forge::tape(&path, &["m", "n"], &messages);
    assert!(verify(&path).unwrap().is_whole());
    let whole = fs::read(&path).unwrap();
    let records = records(&whole);
    let place = |wanted: u8| records.iter().find(|(opcode, _)| *opcode == wanted).unwrap().1.start;
    let (data_end, footer) = (place(DATA_END), place(FOOTER));
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    for (opcode, place) in &records {
        // The schema's words are compared as a whole: the bits of one of its lines stand for all.
        let place = if *opcode == SCHEMA { place.start..place.start + 60 } else { place.clone() };
        if *opcode != MESSAGE_INDEX && (place.start <= data_end || place.start == footer) {
            continue;
        }
        for at in place {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                reseal(&mut bytes, data_end, footer);
                file.write_all_at(&bytes, 0).unwrap();
                assert!(
                    !verify(&path).is_ok_and(|verdict| verdict.is_whole()),
                    "record {opcode}, byte {at}, bit {bit}"
                );
            }
        }
    }
}

#[test]
fn a_tape_that_is_being_written_is_whole_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.mcap");
    let story = Story::of_three_clouds();
    let mut writer =
        Writer::create(Settings::new(Destination::File(path.clone())), story.sessions.clone(), story.start).unwrap();
    for event in story.events() {
        let now = story.start.mono + Duration::from_micros(event.mono_us);
        writer.push(&event, now);
        writer.flush(now);
    }
    let name = path.to_str().unwrap();
    let output = standin().args(["tape", "verify", name]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("whole so far") && told.contains("being written"), "{told}");
    let repaired = standin().args(["tape", "repair", name]).output().unwrap();
    assert_eq!(repaired.status.code(), Some(0));
    assert!(said(&repaired).contains("nothing is damaged"), "{}", said(&repaired));
    writer.finish(story.now.mono);
    assert!(verify(&path).unwrap().is_complete);
}
