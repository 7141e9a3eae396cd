//! Reading tapes: whole, cut at every byte, with every bit turned round; several as one stream; searching.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use proptest::prelude::*;
use standin::event::json;
use standin::profile::Cloud;
use standin::tape::{Ending, Sought, Tape, TapeError, Tapes};
use standin::timeline::{Filter, Only};
use support::tape::{Story, recorded};

/// The lines of a tape, in order.
fn lines(tape: &Tape) -> Vec<String> {
    let mut lines = Vec::new();
    for place in 0..tape.chunks().len() {
        let Ok(chunk) = tape.chunk(place) else { continue };
        lines.extend((0..chunk.len()).map(|place| String::from_utf8(chunk.line(place).unwrap().to_vec()).unwrap()));
    }
    lines
}

fn small() -> Story {
    let mut story = Story::new();
    let device = story.device(recorded("smoke-01", Cloud::Huawei));
    for round in 0..5 {
        story.wait_ms(10);
        story.rx(device, "$oc/devices/65f0c0de_dev01/sys/messages/down", format!("{{\"round\":{round}}}"));
    }
    story
}

fn tape_of(story: &Story, folder: &Path, name: &str, flush_each: usize) -> PathBuf {
    let path = folder.join(name);
    story.record(&path, flush_each);
    path
}

#[test]
fn a_whole_tape_opens_through_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::of_three_clouds();
    let tape = Tape::open(&tape_of(&story, folder.path(), "t.mcap", 7)).unwrap();
    assert_eq!((tape.ending(), tape.faults()), (Ending::Whole, vec![]));
    assert_eq!(lines(&tape), story.lines());
    assert_eq!(tape.events(), story.lines().len() as u64);
    assert_eq!(tape.about().sessions, story.sessions);
    assert_eq!((tape.about().started, tape.about().part), (story.start.at, 1));
    let kinds: Vec<_> = tape.channels(0).unwrap().map(|channel| channel.kind.clone()).collect();
    assert_eq!(kinds, ["state"], "a change of state is written at once, so that the first chunk has no more");
}

#[test]
fn what_is_no_tape_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "these are notes").unwrap();
    let told = Tape::open(&path).unwrap_err();
    assert!(matches!(&told, TapeError::NoTape { .. }) && told.to_string().contains("notes.txt is no tape"), "{told}");
    assert!(matches!(Tape::open(folder.path()), Err(TapeError::NoTape { .. })));
    assert!(matches!(Tape::open(&folder.path().join("none")), Err(TapeError::Io { .. })));
}

#[test]
fn a_tape_that_is_cut_anywhere_gives_what_is_whole_and_says_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let story = small();
    let bytes = fs::read(tape_of(&story, folder.path(), "whole.mcap", 2)).unwrap();
    let wanted = story.lines();
    let path = folder.path().join("cut.mcap");
    let mut before = 0;
    for end in 0..bytes.len() {
        fs::write(&path, &bytes[..end]).unwrap();
        let tape = Tape::open(&path).unwrap();
        let found = lines(&tape);
        assert_eq!(found, wanted[..found.len()], "cut at {end}");
        assert!(found.len() >= before, "cut at {end}: a longer tape has fewer events");
        assert_eq!(tape.ending(), Ending::Cut, "cut at {end}");
        before = found.len();
    }
    assert_eq!(before, wanted.len());
}

#[test]
fn a_bit_that_is_turned_round_never_makes_a_wrong_event_or_a_silent_loss() {
    let folder = tempfile::tempdir().unwrap();
    let story = small();
    let path = tape_of(&story, folder.path(), "t.mcap", 2);
    let bytes = fs::read(&path).unwrap();
    let wanted = story.lines();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            file.write_all_at(&[bytes[at] ^ (1 << bit)], at as u64).unwrap();
            match Tape::open(&path) {
                Err(TapeError::NoTape { .. }) => assert!(at < 8, "byte {at}, bit {bit}"),
                Err(error) => panic!("byte {at}, bit {bit}: {error}"),
                Ok(tape) => {
                    let found = lines(&tape);
                    assert!(found.iter().all(|line| wanted.contains(line)), "byte {at}, bit {bit}: {found:?}");
                    let told = tape.ending() != Ending::Whole || !tape.faults().is_empty();
                    assert!(found.len() == wanted.len() || told, "byte {at}, bit {bit}: lost without a word");
                }
            }
        }
        file.write_all_at(&bytes[at..=at], at as u64).unwrap();
    }
    assert_eq!(lines(&Tape::open(&path).unwrap()), wanted);
}

#[test]
fn a_bit_turned_round_on_a_cut_tape_costs_one_chunk_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let story = small();
    let path = tape_of(&story, folder.path(), "t.mcap", 2);
    let wanted = story.lines();
    // Cut in the middle of the last chunk but one, so that there is no index, and damage has something behind it.
    let whole = Tape::open(&path).unwrap();
    let last = whole.chunks()[whole.chunks().len() - 1];
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(usize::try_from(last.offset).unwrap());
    let there = &wanted[..usize::try_from(last.first - 1).unwrap()];
    fs::write(&path, &bytes).unwrap();
    assert_eq!(lines(&Tape::open(&path).unwrap()), there);
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    for at in 8..bytes.len() {
        for bit in 0..8 {
            file.write_all_at(&[bytes[at] ^ (1 << bit)], at as u64).unwrap();
            let tapes = Tapes::of(vec![Tape::open(&path).unwrap()]);
            let mut found = 0;
            for entry in tapes.entries_from(1) {
                let place = usize::try_from(entry.number - 1).unwrap();
                assert_eq!(entry.line(), there[place].as_bytes(), "byte {at}, bit {bit}: number {}", entry.number);
                found += 1;
            }
            let faults = tapes.tapes()[0].faults();
            assert!(found + 2 >= there.len(), "byte {at}, bit {bit}: {found} of {}, {faults:?}", there.len());
            assert!(found == there.len() || !faults.is_empty(), "byte {at}, bit {bit}: {found}");
        }
        file.write_all_at(&bytes[at..=at], at as u64).unwrap();
    }
}

/// An MCAP file of two messages as another program writes it.
fn foreign(path: &Path, options: mcap::WriteOptions) {
    let mut writer = options.create(fs::File::create(path).unwrap()).unwrap();
    let channel = writer.add_channel(0, "a", "json", &std::collections::BTreeMap::new()).unwrap();
    for sequence in 1..=2 {
        let header =
            mcap::records::MessageHeader { channel_id: channel, sequence, log_time: 5_000, publish_time: 5_000 };
        writer.write_to_known_channel(&header, small().lines()[0].as_bytes()).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn files_of_other_programs_are_refused_or_read_as_far_as_they_are_tapes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.mcap");
    foreign(&path, mcap::WriteOptions::new().profile("ros2").compression(None));
    let told = Tape::open(&path).unwrap_err().to_string();
    assert!(told.contains("t.mcap is no tape: it is an MCAP file of another program"), "{told}");

    foreign(&path, mcap::WriteOptions::new().profile("standin").compression(None));
    let tape = Tape::open(&path).unwrap();
    assert_eq!((tape.events(), tape.faults(), tape.ending()), (2, vec![], Ending::Whole));
    assert_eq!(lines(&tape), [small().lines()[0].clone(), small().lines()[0].clone()]);
    assert_eq!(tape.chunks()[0].span_us, (5, 5));
    let sought = Sought { filter: Filter::parse("round"), ..Sought::default() };
    let tapes = Tapes::of(vec![tape]);
    assert_eq!(tapes.find(&sought, 1, false, &AtomicBool::new(false)), Some(1));

    foreign(&path, mcap::WriteOptions::new().profile("standin").use_chunks(false));
    let bytes = fs::read(&path).unwrap();
    for ending in [Ending::Whole, Ending::Cut] {
        let tape = Tape::open(&path).unwrap();
        let faults = tape.faults();
        assert_eq!((tape.events(), tape.ending()), (0, ending));
        let told = faults.iter().find(|fault| fault.reason.contains("outside of chunks"));
        assert_eq!(told.unwrap().events, Some(2));
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    }
}

/// Puts `value` where the index of the tape's only chunk has its number `field` of eight bytes (behind two times, offset and length
/// come the length of the channel map and the map), and makes the summary's checksum hold again.
fn claim(path: &Path, place: usize, value: u64) {
    let mut bytes = fs::read(path).unwrap();
    let footer = bytes.len() - 8 - 20;
    let start = usize::try_from(u64::from_le_bytes(bytes[footer..footer + 8].try_into().unwrap())).unwrap();
    let mut record = start;
    while bytes[record] != 0x08 {
        record += 9 + usize::try_from(u64::from_le_bytes(bytes[record + 1..record + 9].try_into().unwrap())).unwrap();
    }
    let at = record + 9 + place;
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    let crc = crc32fast::hash(&bytes[start..footer + 16]);
    bytes[footer + 16..footer + 20].copy_from_slice(&crc.to_le_bytes());
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_index_that_claims_what_cannot_be_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let story = told("device-0", &[1; 4]);
    let wanted = story.lines();
    let path = tape_of(&story, folder.path(), "t.mcap", 100);
    let bytes = fs::read(&path).unwrap();
    let channels = Tape::open(&path).unwrap().channels(0).unwrap().count();
    let indexes = 8 * 4 + 4 + channels * 10;
    for (place, values, readable) in [
        // First and last time, where the chunk begins, how long it is, how long its message indexes are.
        (0, [0, 1, u64::MAX], true),
        (8, [0, 1, u64::MAX], true),
        (16, [0, bytes.len() as u64, u64::MAX], false),
        (24, [0, 1 << 40, u64::MAX], false),
        (indexes, [0, 1 << 60, u64::MAX - 15 * channels as u64], false),
    ] {
        for value in values {
            fs::write(&path, &bytes).unwrap();
            claim(&path, place, value);
            let tape = Tape::open(&path).unwrap();
            let found = lines(&tape);
            let told = tape.ending() != Ending::Whole || !tape.faults().is_empty();
            assert!(found == wanted || (found.is_empty() && told && !readable), "{place} {value}: {found:?}");
            let tapes = Tapes::of(vec![tape.clone(), tape]);
            assert_eq!(tapes.density(3).iter().sum::<u64>(), tapes.events());
            assert!(tapes.entries_from(1).count() <= 2 * wanted.len());
            tapes.number_at(value);
            tapes.entry(value);
            tapes.find(&Sought::default(), 3, true, &AtomicBool::new(false));
        }
    }
}

#[test]
fn a_damaged_chunk_costs_its_own_events_only() {
    let folder = tempfile::tempdir().unwrap();
    let story = told("device-0", &[1; 30]);
    let path = tape_of(&story, folder.path(), "t.mcap", 10);
    let tape = Tape::open(&path).unwrap();
    let hurt = tape.chunks()[1];
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"xxxx", hurt.offset + hurt.length - 8).unwrap();
    let tape = Tape::open(&path).unwrap();
    let wanted = story.lines();
    let rest: Vec<_> = wanted[..10].iter().chain(&wanted[20..]).cloned().collect();
    assert_eq!(lines(&tape), rest);
    let faults = tape.faults();
    assert_eq!((faults.len(), faults[0].offset, faults[0].events), (1, hurt.offset, Some(10)));
    // The numbers behind the damage stay what they are.
    let tapes = Tapes::of(vec![tape]);
    assert!(tapes.entry(11).is_none() && tapes.entry(20).is_none());
    assert_eq!(tapes.entry(21).unwrap().line(), wanted[20].as_bytes());
    let numbers: Vec<u64> = tapes.entries_from(9).map(|entry| entry.number).take(3).collect();
    assert_eq!(numbers, [9, 10, 21]);
}

#[test]
fn a_tape_that_is_being_written_is_followed() {
    use standin::tape::{Destination, Settings, Writer};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.mcap");
    let story = Story::of_three_clouds();
    let settings = Settings::new(Destination::File(path.clone()));
    let mut writer = Writer::create(settings, story.sessions.clone(), story.start).unwrap();
    let mut tape = None;
    let wanted = story.lines();
    for (place, event) in story.events().enumerate() {
        let now = story.start.mono + Duration::from_micros(event.mono_us);
        writer.push(&event, now);
        writer.flush(now);
        let tape = tape.get_or_insert_with(|| Tape::open(&path).unwrap());
        tape.refresh().unwrap();
        assert_eq!((tape.events(), tape.ending()), (place as u64 + 1, Ending::BeingWritten));
    }
    writer.finish(story.now.mono);
    let mut tape = tape.unwrap();
    assert!(tape.refresh().unwrap());
    assert_eq!((tape.ending(), lines(&tape)), (Ending::Whole, wanted));
    assert!(!tape.refresh().unwrap());
}

#[test]
fn a_tape_that_grows_byte_by_byte_is_followed_without_a_false_alarm() {
    use rustix::fs::{FlockOperation, flock};
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let story = small();
    let bytes = fs::read(tape_of(&story, folder.path(), "whole.mcap", 2)).unwrap();
    let wanted = story.lines();
    let path = folder.path().join("grows.mcap");
    let mut file = fs::File::create(&path).unwrap();
    flock(&file, FlockOperation::LockExclusive).unwrap();
    let mut tape = Tape::open(&path).unwrap();
    let mut before = 0;
    for byte in &bytes[..bytes.len() - 1] {
        file.write_all(&[*byte]).unwrap();
        let more = tape.refresh().unwrap();
        assert_eq!((tape.ending(), tape.faults()), (Ending::BeingWritten, vec![]));
        assert_eq!(more, tape.events() > before);
        if more {
            before = tape.events();
            assert_eq!(lines(&tape), wanted[..usize::try_from(before).unwrap()]);
        }
    }
    assert_eq!(before, wanted.len() as u64);
    assert_eq!(tape.about().sessions, story.sessions);
    drop(file);
    assert!(tape.refresh().unwrap());
    assert_eq!((tape.ending(), tape.events(), tape.faults().len()), (Ending::Cut, before, 1));
}

/// A story of one device in which so many milliseconds pass before each message.
fn told(name: &str, waits: &[u64]) -> Story {
    let mut story = Story::new();
    let device = story.device(recorded(name, Cloud::Mqtt));
    for (number, wait) in waits.iter().enumerate() {
        story.wait_ms(*wait);
        let payload = match number % 5 {
            0 => format!("{{\"number\":{number}}}").into_bytes(),
            1 => format!("say \"{number}\"\n").into_bytes(),
            2 => vec![0xFF, b'N', b'o', b'4', 0xFE],
            3 => "\u{202E}温度".as_bytes().to_vec(),
            _ => Vec::new(),
        };
        if number % 4 == 3 {
            story.tx(device, &format!("up/{}", number % 3), payload);
        } else {
            story.rx(device, &format!("down/{}", number % 3), payload);
        }
    }
    story
}

/// Several tapes, and their lines in the order of time.
fn several(folder: &Path, all: &[Vec<u64>], flush_each: usize) -> (Tapes, Vec<(u64, Vec<u8>)>) {
    let mut paths = Vec::new();
    let mut wanted = Vec::new();
    for (place, waits) in all.iter().enumerate() {
        let story = told(&format!("device-{place}"), waits);
        paths.push(tape_of(&story, folder, &format!("{place}.mcap"), flush_each));
        let start = u64::try_from(story.start.at.unix_micros()).unwrap();
        let timed = story.lines().into_iter().zip(story.events());
        wanted.extend(timed.map(|(line, event)| (start + event.mono_us, line.into_bytes())));
    }
    wanted.sort_by_key(|(time, _)| *time);
    (Tapes::open(&paths).unwrap(), wanted)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_tape_hurt_in_many_places_gives_whole_events_under_their_own_numbers(
        hurt in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        moved in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>())),
        end: prop::sample::Index, is_cut: bool,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let story = told("device-0", &[3; 24]);
        let path = tape_of(&story, folder.path(), "t.mcap", 3);
        let wanted = story.lines();
        let mut bytes = fs::read(&path).unwrap();
        for (place, byte) in &hurt {
            let place = 8 + place.index(bytes.len() - 8);
            bytes[place] = *byte;
        }
        if let Some((from, to, length)) = &moved {
            // A stretch that stands twice, or was written over another.
            let (from, to) = (from.index(bytes.len()), 8 + to.index(bytes.len() - 8));
            let length = length.index(bytes.len() - from.max(to));
            bytes.copy_within(from..from + length, to);
        }
        if is_cut {
            bytes.truncate(8 + end.index(bytes.len() - 8));
        }
        fs::write(&path, &bytes).unwrap();
        let Ok(tape) = Tape::open(&path) else { return Ok(()) };
        let tapes = Tapes::of(vec![tape]);
        let found: Vec<_> = tapes.entries_from(1).map(|entry| (entry.number, String::from_utf8(entry.line().to_vec()).unwrap())).collect();
        prop_assert!(found.iter().all(|(_, line)| wanted.contains(line)));
        prop_assert!(found.is_sorted_by(|one, other| one.0 < other.0));
        for (number, line) in &found {
            let entry = tapes.entry(*number).unwrap();
            prop_assert_eq!(entry.line(), line.as_bytes());
        }
        let tape = &tapes.tapes()[0];
        let told = tape.ending() != Ending::Whole || !tape.faults().is_empty();
        prop_assert!(found.len() == wanted.len() || told);
        let twice = Tapes::of(vec![tape.clone(), tape.clone()]);
        prop_assert_eq!(twice.entries_from(1).count(), 2 * found.len());
        prop_assert_eq!(twice.density(5).iter().sum::<u64>(), 2 * tape.chunks().iter().map(|chunk| chunk.count).sum::<u64>());
        let sought = Sought::default();
        let stop = AtomicBool::new(false);
        prop_assert_eq!(tapes.find(&sought, 1, false, &stop), found.first().map(|first| first.0));
        prop_assert_eq!(tapes.find(&sought, tapes.events(), true, &stop), found.last().map(|last| last.0));
    }

    #[test]
    fn several_tapes_are_one_stream_in_the_order_of_time(
        all in prop::collection::vec(prop::collection::vec(0_u64..20, 0..25), 1..4), flush_each in 1_usize..7, seed: u64,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (tapes, wanted) = several(folder.path(), &all, flush_each);
        prop_assert_eq!(tapes.events(), wanted.len() as u64);
        let found: Vec<_> = tapes.entries_from(1).map(|entry| (entry.time_us, entry.line().to_vec())).collect();
        prop_assert_eq!(&found, &wanted);
        // By number, in any order, with nothing remembered and with something.
        for turn in 0..wanted.len() as u64 {
            let number = (seed.wrapping_add(turn.wrapping_mul(7_919)) % wanted.len() as u64) + 1;
            let place = usize::try_from(number - 1).unwrap();
            for tapes in [&tapes, &Tapes::of(tapes.tapes().to_vec())] {
                let entry = tapes.entry(number).unwrap();
                prop_assert_eq!((entry.number, entry.line()), (number, &wanted[place].1[..]));
            }
            let time = wanted[place].0;
            let first = wanted.partition_point(|(other, _)| *other < time) as u64 + 1;
            prop_assert_eq!(tapes.number_at(time), first);
        }
        prop_assert!(tapes.entry(0).is_none() || tapes.events() > 0);
        prop_assert!(tapes.entry(wanted.len() as u64 + 1).is_none());
        prop_assert_eq!(tapes.density(7).iter().sum::<u64>(), wanted.len() as u64);
    }

    #[test]
    fn a_search_finds_what_looking_at_every_event_finds(
        all in prop::collection::vec(prop::collection::vec(0_u64..20, 0..25), 1..3), flush_each in 1_usize..7,
        typed in prop_oneof![
            Just(""), Just("number"), Just("NO4"), Just("say \"1"), Just("\"say \"\"1"), Just("温度"), Just("\u{202e}"), Just("down !2"),
            Just("up/0"), Just("tx"), Just("acked"), Just("device-1"), Just("qos"), Just("\\u202e"), Just("custom 1"),
        ],
        topic in prop_oneof![Just(None), Just(Some("down")), Just(Some("up/1"))],
        only in prop_oneof![Just(Only::All), Just(Only::Telling), Just(Only::States), Just(Only::Requests), Just(Only::Notes)],
        session in prop_oneof![Just(None), Just(Some("device-0")), Just(Some("nobody"))],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (tapes, wanted) = several(folder.path(), &all, flush_each);
        let sought = Sought {
            session: session.map(str::to_owned), topic: topic.map(str::to_owned), filter: Filter::parse(typed), only,
        };
        let fits: Vec<u64> = wanted.iter().zip(1..).filter(|((_, line), _)| sought.fits(line)).map(|(_, number)| number).collect();
        let stop = AtomicBool::new(false);
        for from in 1..=wanted.len() as u64 {
            let on = fits.iter().copied().find(|number| *number >= from);
            let back = fits.iter().copied().rev().find(|number| *number <= from);
            prop_assert_eq!(tapes.find(&sought, from, false, &stop), on, "on from {}", from);
            prop_assert_eq!(tapes.find(&sought, from, true, &stop), back, "back from {}", from);
        }
    }
}

#[test]
fn a_line_is_read_as_it_was_written() {
    let story = Story::of_three_clouds();
    for line in story.lines() {
        let read = json::Read::line(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
        let mut again = String::new();
        json::write(&mut again, &read.event().unwrap());
        assert_eq!(again, line);
    }
}
