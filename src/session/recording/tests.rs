//! What happens to a journal is on the tape, or the tape says how much is missing, and where the timeline's events lie on it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use super::*;
use crate::event::{Kind, LineState, StateChange};
use crate::profile::Cloud;
use crate::tape::{Ending, Tape};
use crate::timeline::{Budget, Timeline};

const PATIENCE: Duration = Duration::from_secs(20);

const FIRST: SessionId = SessionId(0);
const SECOND: SessionId = SessionId(1);

fn journal(budget: usize) -> Journal {
    let mut timeline = Timeline::new(Budget { bytes: budget, ..Budget::default() }, clock::now());
    for name in ["first", "second"] {
        timeline.register(name, Cloud::Mqtt);
    }
    Journal::new(timeline)
}

fn settings(folder: &Path) -> Settings {
    let path = folder.to_owned();
    Settings::new(Destination::Folder { path, pattern: Settings::PATTERN.to_owned() })
}

fn known(name: &str) -> Recorded {
    Recorded {
        name: name.to_owned(),
        cloud: Cloud::Mqtt,
        endpoint: "mqtt://localhost".to_owned(),
        identifiers: std::collections::BTreeMap::new(),
        clock_offset_us: None,
        state: LineState::Offline,
    }
}

fn say(journal: &Journal, session: SessionId, text: &str) {
    journal.append(session, clock::now(), &Kind::Note { text, order: None });
}

/// The events of a tape that has its end, in short: a note's text, a state's reason or name, or the session and count of a gap.
fn read(path: &Path) -> Vec<String> {
    let tape = Tape::open(path).unwrap();
    assert_eq!(tape.ending(), Ending::Whole);
    let mut read = Vec::new();
    for place in 0..tape.chunks().len() {
        let chunk = tape.chunk(place).unwrap();
        for line in (0..chunk.len()).map(|line| chunk.line(line).unwrap()) {
            let event: serde_json::Value = serde_json::from_slice(line).unwrap();
            read.push(match event["kind"].as_str().unwrap() {
                "gap" => format!("{} -{}", event["session"].as_str().unwrap(), event["count"]),
                "note" => event["text"].as_str().unwrap().to_owned(),
                _ => event["reason"].as_str().or(event["state"].as_str()).unwrap().to_owned(),
            });
        }
    }
    read
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_tape_of_some_holds_their_events_from_its_start_to_its_stop() {
    let (folder, journal) = (tempfile::tempdir().unwrap(), journal(1 << 20));
    say(&journal, FIRST, "before");
    let now = clock::now();
    let tape =
        Recording::start(&journal, Some(vec![FIRST]), vec![known("first")], settings(folder.path()), now).unwrap();
    assert!(tape.covers(FIRST) && !tape.covers(SECOND) && tape.started() == now);
    assert_eq!(tape.sessions(), Some(&[FIRST][..]));
    for text in ["a", "b", "c"] {
        say(&journal, FIRST, text);
        say(&journal, SECOND, "of another");
    }
    assert!(tape.places().is_empty());
    let status = tape.stop(PATIENCE);
    say(&journal, FIRST, "after");
    assert_eq!((status.events, status.missing, &status.fault), (3, 0, &None));
    assert_eq!(read(&status.path), ["a", "b", "c"]);
    assert!(journal.has_room(clock::now().mono));
}

#[test]
fn a_state_is_on_the_disk_at_once_and_the_rest_within_half_a_second() {
    let (folder, journal) = (tempfile::tempdir().unwrap(), journal(1 << 20));
    let tape = Recording::start(&journal, None, Vec::new(), settings(folder.path()), clock::now()).unwrap();
    let online = StateChange { state: LineState::Online, ..StateChange::default() };
    journal.append(FIRST, clock::now(), &Kind::State(online));
    until("the state is there", || tape.status().events == 1);
    say(&journal, SECOND, "remark");
    until("the remark is there", || tape.status().events == 2);
    let status = tape.stop(PATIENCE);
    assert_eq!(read(&status.path), ["online", "remark"]);
}

#[test]
fn what_the_budget_let_go_unread_is_a_gap_that_counts_right() {
    let (folder, journal) = (tempfile::tempdir().unwrap(), journal(64 << 10));
    let sessions = Some(vec![FIRST]);
    let path = folder.path();
    let all = Recording::start(&journal, None, Vec::new(), settings(path), clock::now()).unwrap();
    let one = Recording::start(&journal, sessions, vec![known("first")], settings(path), clock::now()).unwrap();
    // Nobody can read meanwhile.
    let (first, next) = journal.with(|timeline| {
        let text = "x".repeat(200);
        for number in 0..3_000 {
            let session = if number % 3 == 0 { FIRST } else { SECOND };
            timeline.append(session, clock::now(), &Kind::Note { text: &text, order: None }, None);
        }
        (timeline.span().unwrap().0, timeline.next_number())
    });
    journal.ring();
    let places = || all.places();
    until("it has read on", || !places().is_empty());
    let places = places();
    let (all, one) = (all.stop(PATIENCE), one.stop(PATIENCE));
    let lost = first - 1;
    let lost_of_first = (1..first).filter(|seq| (seq - 1) % 3 == 0).count() as u64;
    assert!(lost > 1_000);
    let read_all = read(&all.path);
    assert_eq!(read_all[..2], [format!("first -{lost_of_first}"), format!("second -{}", lost - lost_of_first)]);
    assert_eq!((read_all.len() as u64, all.missing), (next - first + 2, lost));
    let read_one = read(&one.path);
    assert_eq!(read_one[0], format!("first -{lost_of_first}"));
    assert_eq!((read_one.len() as u64 - 1 + lost_of_first, one.missing), (1_000, lost_of_first));
    assert_eq!(places, [Place { path: all.path, number: 3, seq: first }]);
}

#[test]
fn places_say_where_each_event_of_the_timeline_lies() {
    let (folder, journal) = (tempfile::tempdir().unwrap(), journal(1 << 20));
    say(&journal, FIRST, "before");
    let settings = Settings { rotate_bytes: Some(3_000), ..settings(folder.path()) };
    let tape = Recording::start(&journal, None, Vec::new(), settings, clock::now()).unwrap();
    for number in 2..=40 {
        // Written at once, so that there are parts.
        let reason = format!("{number} {:0200}", fastrand::u64(..));
        let change = StateChange { reason: Some(&reason), ..StateChange::default() };
        journal.append(SessionId(number % 2), clock::now(), &Kind::State(change));
        until("it is written", || tape.status().events == u64::from(number - 1));
    }
    let places = tape.places();
    let status = tape.stop(PATIENCE);
    assert!(status.part > 3, "{status:?}");
    assert_eq!(places.len(), usize::try_from(status.part).unwrap());
    let mut seqs = Vec::new();
    for place in &places {
        let events = read(&place.path);
        for (number, text) in (1..).zip(events) {
            assert!(number >= place.number);
            let seq = place.seq + (number - place.number);
            assert!(text.starts_with(&format!("{seq} ")), "{place:?}: {text}");
            seqs.push(seq);
        }
    }
    assert!(seqs.into_iter().eq(2..=40));
}

#[test]
fn what_a_session_learns_of_the_platforms_clock_is_on_the_tape() {
    let (folder, journal) = (tempfile::tempdir().unwrap(), journal(1 << 20));
    journal.introduce(FIRST, known("first"));
    journal.learnt_clock(FIRST, 5);
    journal.introduce(SECOND, known("second"));
    let of_first = Some(vec![FIRST]);
    let path = folder.path();
    let all = Recording::start(&journal, None, vec![known("first")], settings(path), clock::now()).unwrap();
    let one = Recording::start(&journal, of_first, vec![known("first")], settings(path), clock::now()).unwrap();
    journal.learnt_clock(SECOND, -7);
    say(&journal, SECOND, "a");
    let paths = [all.stop(PATIENCE).path, one.stop(PATIENCE).path];
    let offsets = paths.map(|path| {
        let about = Tape::open(&path).unwrap().about().clone();
        about.sessions.into_iter().map(|session| (session.name, session.clock_offset_us)).collect::<Vec<_>>()
    });
    let first = ("first".to_owned(), Some(5));
    assert_eq!(offsets, [vec![first.clone(), ("second".to_owned(), Some(-7))], vec![first]]);
}

#[test]
fn a_panic_ends_the_tape_in_order() {
    let (folder, journal) = (tempfile::tempdir().unwrap(), journal(1 << 20));
    let mut path = std::path::PathBuf::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let tape = Recording::start(&journal, None, Vec::new(), settings(folder.path()), clock::now()).unwrap();
        path = tape.status().path;
        say(&journal, FIRST, "last words");
        panic!("as it must");
    }));
    assert!(panicked.is_err());
    assert_eq!(read(&path), ["last words"]);
}

#[test]
fn a_tape_that_cannot_be_begun_holds_nobody_up() {
    let (folder, journal) = (tempfile::tempdir().unwrap(), journal(1 << 20));
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = Recording::start(&journal, None, Vec::new(), settings(&file.join("tapes")), clock::now());
    assert!(matches!(refused, Err(TapeError::Io { .. })));
    say(&journal, FIRST, "a");
    assert_eq!(journal.kept(FIRST, 1, clock::now().mono), 1);
}
