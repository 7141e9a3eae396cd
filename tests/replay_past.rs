//! The past behind a timeline: what its threads bring is what stands on the tapes, and what never comes says so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use standin::event::{Event, Kind};
use standin::replay::{Past, Seen};
use standin::session::Journal;
use standin::session::recording::Place;
use standin::tape::{Destination, Settings, Sought, Tapes, Writer};
use standin::timeline::{Budget, Filter, Only, Scan, Timeline};
use support::reel::{Dice, damage, long_story};
use support::tape::Story;
use support::until;

fn journal(story: &Story) -> Journal {
    Journal::new(Timeline::new(Budget::default(), story.start))
}

/// What is known of an event once nothing more is coming.
fn get(past: &Past, seq: u64) -> Seen {
    let mut seen = past.get(seq);
    until(&format!("event {seq}"), || {
        seen = past.get(seq);
        !matches!(seen, Seen::Coming)
    });
    seen
}

fn line(past: &Past, seq: u64) -> String {
    match get(past, seq) {
        Seen::Here(entry) => String::from_utf8(entry.line().to_vec()).unwrap(),
        seen => panic!("event {seq}: {seen:?}"),
    }
}

fn find(past: &Past, sought: &Sought, seq: u64, back: bool) -> Option<u64> {
    let mut scan = past.find(sought, seq, back);
    until(&format!("{sought:?} from {seq}"), || {
        scan = past.find(sought, seq, back);
        !matches!(scan, Scan::More(_))
    });
    match scan {
        Scan::Found(found) => Some(found),
        Scan::End => None,
        Scan::More(_) => unreachable!(),
    }
}

#[test]
fn events_and_searches_agree_with_the_tape() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mcap");
    let story = long_story(5_000, 31);
    story.record(&path, 97);
    let told = story.lines();
    let tapes = Tapes::open(std::slice::from_ref(&path)).unwrap();
    let past = Past::of_tapes(tapes.clone(), journal(&story));
    let events = told.len() as u64;
    assert_eq!(past.span(), Some((1, events)));
    let mut dice = Dice(77);
    for _ in 0..300 {
        let seq = 1 + dice.below(events);
        assert_eq!(line(&past, seq), told[usize::try_from(seq - 1).unwrap()]);
    }
    for seq in [0, events + 1, u64::MAX] {
        assert!(matches!(get(&past, seq), Seen::Missing(..)), "event {seq}");
    }
    let never = AtomicBool::new(false);
    let soughts = [
        Sought::default(),
        Sought { only: Only::States, ..Sought::default() },
        Sought { only: Only::Requests, ..Sought::default() },
        Sought { session: Some("plain-01".to_owned()), only: Only::Notes, ..Sought::default() },
        Sought { filter: Filter::parse("closed"), only: Only::States, ..Sought::default() },
        Sought { session: Some("nobody".to_owned()), ..Sought::default() },
    ];
    for round in 0..200 {
        let sought = &soughts[round % soughts.len()];
        let (seq, back) = (1 + dice.below(events), dice.below(2) == 0);
        assert_eq!(find(&past, sought, seq, back), tapes.find(sought, seq, back, &never), "{sought:?} {seq} {back}");
    }
}

#[test]
fn two_searches_that_are_asked_for_in_turns_both_come_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mcap");
    let story = long_story(3_000, 5);
    story.record(&path, 97);
    let past = Past::of_tapes(Tapes::open(std::slice::from_ref(&path)).unwrap(), journal(&story));
    let soughts = [Only::States, Only::Notes, Only::Requests].map(|only| Sought { only, ..Sought::default() });
    until("all of them", || {
        // As a screen does that draws all of its panes again whenever the bell has rung.
        let scans = soughts.each_ref().map(|sought| past.find(sought, 3_000, true));
        scans.iter().all(|scan| matches!(scan, Scan::Found(_)))
    });
}

#[test]
fn what_cannot_be_read_is_missing_for_good_and_the_rest_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mcap");
    let story = long_story(2_000, 8);
    story.record(&path, 97);
    let (first, last) = damage(&path, 700);
    let told = story.lines();
    let past = Past::of_tapes(Tapes::open(std::slice::from_ref(&path)).unwrap(), journal(&story));
    for seq in first - 5..=last + 5 {
        match get(&past, seq) {
            Seen::Here(entry) => {
                assert!(seq < first || seq > last);
                assert_eq!(entry.line(), told[usize::try_from(seq - 1).unwrap()].as_bytes());
            }
            // A stretch is told as far as it lies on one page.
            Seen::Missing(from, to) => assert!(first <= from && from <= seq && seq <= to && to <= last),
            Seen::Coming => unreachable!(),
        }
    }
}

/// Writes the events of `story` from number `from` to `to` (of the timeline) onto a tape, where those of `lost` are one gap.
fn write(story: &Story, path: &Path, from: u64, to: u64, lost: Option<(u64, u64)>) -> Writer {
    let settings = Settings::new(Destination::File(path.to_owned()));
    let mut writer = Writer::create(settings, story.sessions.clone(), story.start).unwrap();
    for event in story.timeline.events_from(from).take_while(|event| event.seq <= to) {
        let at = story.start.mono + Duration::from_micros(event.mono_us);
        match lost {
            Some((start, end)) if event.seq == start => {
                let gap = Kind::Gap { count: end - start + 1, reason: "lost" };
                writer.push(&Event { kind: gap, ..event }, at);
            }
            Some((start, end)) if (start..=end).contains(&event.seq) => {}
            _ => writer.push(&event, at),
        }
        writer.flush(at);
    }
    writer
}

/// The line of an event as a tape numbers it; only what it says is compared.
fn said(line: &str) -> &str {
    line.split_once(r#""session":"#).unwrap().1
}

#[test]
fn a_recordings_places_say_where_the_timelines_events_are() {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (1..=3).map(|part| folder.path().join(format!("part-{part}.mcap"))).collect();
    let story = long_story(2_000, 13);
    let told = story.lines();
    // The recording began with event 101; 150 to 169 were lost; part 2 began with 700, and is still being written at 1200.
    let first = write(&story, &paths[0], 101, 699, Some((150, 169)));
    first.finish(story.now.mono);
    let mut second = write(&story, &paths[1], 700, 1_200, None);
    let mut places: Vec<Place> = [(0_usize, 1, 101), (0, 51, 170), (1, 1, 700)]
        .map(|(part, number, seq)| Place { path: paths[part].clone(), number, seq })
        .into();
    let past = Past::of_recording(&places, journal(&story));
    until("the span", || past.span() == Some((101, 1_200)));
    let compare = |numbers: &[u64]| {
        for seq in numbers {
            assert_eq!(said(&line(&past, *seq)), said(&told[usize::try_from(seq - 1).unwrap()]), "event {seq}");
        }
    };
    compare(&[101, 149, 170, 171, 699, 700, 701, 1_200, 512, 900]);
    assert!(line(&past, 150).contains(r#""kind":"gap","count":20"#));
    for (seq, stretch) in [(151, (151, 169)), (169, (151, 169))] {
        let Seen::Missing(from, to) = get(&past, seq) else { panic!("event {seq} was lost") };
        assert_eq!((from, to), stretch);
    }
    for seq in [1, 100, 1_201] {
        assert!(matches!(get(&past, seq), Seen::Missing(..)), "event {seq} is on no tape");
    }

    let notes = Sought { only: Only::Notes, ..Sought::default() };
    let is_note = |event: &Event<'_>| matches!(event.kind, Kind::Note { .. } | Kind::Gap { .. });
    let mut all: Vec<u64> = story.events().filter(is_note).map(|event| event.seq).collect();
    all.retain(|seq| *seq > 100 && !(150..170).contains(seq));
    all.push(150);
    all.sort_unstable();
    let mut dice = Dice(3);
    let check = |dice: &mut Dice, last: u64| {
        for _ in 0..60 {
            let (seq, back) = (101 + dice.below(last - 100), dice.below(2) == 0);
            let mut held = all.iter().copied().filter(|hit| *hit <= last);
            let naive = if back { held.rfind(|hit| *hit <= seq) } else { held.find(|hit| *hit >= seq) };
            assert_eq!(find(&past, &notes, seq, back), naive, "from {seq}, back {back}");
        }
    };
    check(&mut dice, 1_200);

    // It goes on: more on part 2, and a third one.
    for event in story.timeline.events_from(1_201).take_while(|event| event.seq <= 1_500) {
        second.push(&event, story.start.mono + Duration::from_micros(event.mono_us));
    }
    second.finish(story.now.mono);
    past.grow(&places);
    until("what was written since", || past.span() == Some((101, 1_500)));
    compare(&[1_201, 1_500, 1_200, 101]);
    let third = write(&story, &paths[2], 1_501, 1_800, None);
    places.push(Place { path: paths[2].clone(), number: 1, seq: 1_501 });
    past.grow(&places);
    until("the third part", || past.span() == Some((101, 1_800)));
    compare(&[1_500, 1_501, 1_800]);
    check(&mut dice, 1_800);
    third.finish(story.now.mono);
}

#[test]
fn a_tape_that_is_gone_is_missing_and_nothing_waits_for_it() {
    let story = long_story(50, 1);
    let folder = tempfile::tempdir().unwrap();
    let place = Place { path: folder.path().join("gone.mcap"), number: 1, seq: 1 };
    let past = Past::of_recording(&[place], journal(&story));
    assert!(matches!(get(&past, 5), Seen::Missing(..)));
    let sought = Sought { only: Only::States, ..Sought::default() };
    assert_eq!((past.span(), find(&past, &sought, 5, true), find(&past, &sought, 5, false)), (None, None, None));
}

#[test]
fn events_larger_than_a_page_may_be_come_one_by_one() {
    let mut story = Story::new();
    let device = story.device(support::tape::recorded("plain-01", standin::profile::Cloud::Mqtt));
    for number in 0..40_u8 {
        let size = if number % 3 == 0 { 700_000 } else { 20 };
        story.rx(device, "large", vec![b'a' + number % 26; size]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mcap");
    story.record(&path, 5);
    let told = story.lines();
    let past = Past::of_tapes(Tapes::open(std::slice::from_ref(&path)).unwrap(), journal(&story));
    for seq in (1..=40).chain((1..=40).rev()) {
        assert_eq!(line(&past, seq), told[usize::try_from(seq - 1).unwrap()]);
    }
}
