//! Tapes played on a deck: what stands on the timeline is what stands on the tape, wherever it was sought.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::path::PathBuf;
use std::time::Duration;

use standin::event::Kind;
use standin::profile::Cloud;
use standin::replay::{Order, Pace};
use standin::tape::{Destination, Settings, Tapes, Writer};
use standin::timeline::{Budget, Only};
use support::reel::{Dice, damage, deck, deck_of, go, lines, long_story, newest, open_requests, settled, standings};
use support::tape::{Story, recorded};
use support::until;

/// A story on a tape in a folder of its own.
fn tape_of(story: &Story) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mcap");
    assert_eq!(story.record(&path, 97).fault, None);
    (folder, path)
}

#[test]
fn a_deck_opens_at_the_beginning_and_plays_the_tape_line_by_line() {
    let story = Story::of_three_clouds();
    let (_folder, path) = tape_of(&story);
    let (deck, journal, tapes) = deck(&[&path]);
    let state = deck.state();
    assert_eq!((state.playing, state.position, state.seeking, state.pace), (false, 0, false, Pace::Times(1.0)));
    assert_eq!((Some(state.span_us), state.events), (tapes.span_us(), tapes.events()));
    assert_eq!(state.time_us, state.span_us.0);
    let names = |journal: &standin::session::Journal| {
        journal.with(|timeline| timeline.sessions().iter().map(|known| known.name.clone()).collect::<Vec<_>>())
    };
    assert_eq!((names(&journal), newest(&journal)), (vec!["smoke-01".into(), "lamp-01".into(), "meter-01".into()], 0));

    deck.order(Order::Pace(Pace::Full));
    deck.order(Order::Play(true));
    until("the end", || deck.state().position == state.events);
    until("a pause", || !deck.state().playing);
    assert_eq!(lines(&journal), story.lines());
    let folded = journal.with(|timeline| timeline.topics().iter().any(|topic| topic.topic.contains("request_id={id}")));
    assert!(folded, "request ids are folded as they were live");
    let counted =
        journal.with(|timeline| (timeline.topics().len(), timeline.sessions()[0].rx, timeline.sessions()[0].tx));
    let live = (story.timeline.topics().len(), story.timeline.sessions()[0].rx, story.timeline.sessions()[0].tx);
    assert_eq!(counted, live);
}

#[test]
fn after_a_seek_all_stands_as_if_the_tape_had_been_played_until_there() {
    let story = long_story(6_000, 11);
    let (_folder, path) = tape_of(&story);
    let told = story.lines();
    let events = told.len() as u64;
    let (sought, there, _) = deck(&[&path]);
    let (played, before, _) = deck(&[&path]);
    let mut dice = Dice(5);
    let mut stops: Vec<u64> = (0..40).map(|_| 1 + dice.below(events)).chain([1, 2, events - 1, events]).collect();
    stops.sort_unstable();
    let mut open = 0;
    for number in stops {
        // One goes to and fro, the other one plays on without a seek.
        go(&sought, Order::To(dice.below(events + 1)));
        let state = go(&sought, Order::To(number));
        until("the one that plays on", || {
            go(&played, Order::To(number.min(played.state().position + 900))).position == number
        });
        assert_eq!(played.state().seeks, 0, "the timeline is the one that it began with");
        assert_eq!((state.position, newest(&there)), (number, number));
        let held = lines(&there);
        let first = usize::try_from(number).unwrap() - held.len();
        assert_eq!(held, told[first..usize::try_from(number).unwrap()]);
        assert_eq!(standings(&sought, &there), standings(&played, &before), "event {number}");
        assert_eq!(open_requests(&sought, &there), open_requests(&played, &before), "event {number}");
        assert_eq!(sought.now().at, played.now().at);
        open += open_requests(&sought, &there).len();
    }
    assert!(open > 20, "the story has open requests to compare: {open}");
    assert!(sought.state().seeks > 40);
}

#[test]
fn steps_go_both_ways_and_stop_at_the_ends() {
    let story = long_story(300, 3);
    let (_folder, path) = tape_of(&story);
    let (deck, journal, tapes) = deck(&[&path]);
    let events = tapes.events();
    for (order, position) in [
        (Order::Step(1), 1),
        (Order::Step(1), 2),
        (Order::Step(-1), 1),
        (Order::Step(-5), 0),
        (Order::Step(-1), 0),
        (Order::Step(120), 120),
        (Order::Step(i64::MAX), events),
        (Order::Step(1), events),
        (Order::Step(i64::MIN), 0),
        (Order::To(u64::MAX), events),
        (Order::To(0), 0),
    ] {
        let state = go(&deck, order);
        assert_eq!((state.position, newest(&journal), state.playing), (position, position, false), "{order:?}");
        let time = tapes.entry(position).map_or(state.span_us.0, |entry| entry.time_us);
        assert_eq!(state.time_us, time, "{order:?}");
    }
}

#[test]
fn times_and_shares_are_where_everything_before_them_has_happened() {
    let story = long_story(2_000, 7);
    let (_folder, path) = tape_of(&story);
    let (deck, journal, tapes) = deck(&[&path]);
    let (first, last) = tapes.span_us().unwrap();
    let until_then = |time: u64| tapes.entries_from(1).take_while(|entry| entry.time_us <= time).count() as u64;
    let mut dice = Dice(1);
    for _ in 0..30 {
        let time = first + dice.below(last - first);
        let state = go(&deck, Order::ToTime(time));
        assert_eq!((state.position, state.time_us, newest(&journal)), (until_then(time), time, until_then(time)));
        let by = i64::try_from(dice.below(200_000_000)).unwrap() - 100_000_000;
        let there = time.saturating_add_signed(by).clamp(first, last);
        let state = go(&deck, Order::By(by));
        let position = if time.saturating_add_signed(by) < first { 0 } else { until_then(there) };
        assert_eq!((state.position, state.time_us, newest(&journal)), (position, there, position));
    }
    for (share, time) in [(0.0, first), (1.0, last), (-3.0, first), (9.0, last), (f64::NAN, first)] {
        let state = go(&deck, Order::ToShare(share));
        assert_eq!((state.position, state.time_us), (until_then(time), time), "{share}");
    }
    assert_eq!(go(&deck, Order::ToTime(0)).position, 0);
    let middle = go(&deck, Order::ToShare(0.5));
    assert!(middle.time_us.abs_diff(first.midpoint(last)) <= 1);
}

#[test]
fn kinds_are_found_both_ways() {
    let story = long_story(3_000, 9);
    let (_folder, path) = tape_of(&story);
    let (deck, journal, _) = deck(&[&path]);
    let is = |only: Only, kind: &Kind<'_>| match only {
        Only::States => matches!(kind, Kind::State(_)),
        Only::Notes => matches!(kind, Kind::Note { .. } | Kind::Gap { .. }),
        _ => matches!(kind, Kind::Rx(message) if message.what.is_request()),
    };
    let mut misses = 0;
    for only in [Only::Requests, Only::States, Only::Notes] {
        let all: Vec<u64> = story.events().filter(|event| is(only, &event.kind)).map(|event| event.seq).collect();
        assert!(all.len() > 10);
        go(&deck, Order::To(0));
        for number in &all {
            let state = go(&deck, Order::Next(only));
            assert_eq!((state.position, newest(&journal)), (*number, *number));
        }
        misses += 1;
        let state = go(&deck, Order::Next(only));
        assert_eq!((state.position, state.misses), (all[all.len() - 1], misses), "there is no other");
        for number in all.iter().rev().skip(1).take(20) {
            assert_eq!(go(&deck, Order::Previous(only)).position, *number);
        }
        go(&deck, Order::To(all[0]));
        misses += 1;
        let state = go(&deck, Order::Previous(only));
        assert_eq!((state.position, state.misses), (all[0], misses));
    }
}

#[test]
fn what_cannot_be_read_is_one_gap_and_the_numbers_after_it_are_right() {
    let story = long_story(1_000, 21);
    let (_folder, path) = tape_of(&story);
    let (first, last) = damage(&path, 500);
    let told = story.lines();
    let (deck, journal, _) = deck(&[&path]);
    assert!(first > 1 && last < told.len() as u64 && last - first > 50);

    deck.order(Order::Pace(Pace::Full));
    deck.order(Order::Play(true));
    until("the end", || deck.state().position == told.len() as u64);
    let whole = |journal: &standin::session::Journal| {
        journal.with(|timeline| {
            let gap = timeline.get(first).unwrap();
            let Kind::Gap { count, .. } = gap.kind else { panic!("{gap:?}") };
            assert_eq!((count, timeline.get(first + 1), timeline.get(last)), (last - first + 1, None, None));
            assert!(timeline.get(first - 1).is_some() && timeline.get(last + 1).is_some());
        });
        for line in lines(journal).iter().filter(|line| !line.contains(r#""kind":"gap""#)) {
            assert!(told.contains(line), "{line}");
        }
    };
    whole(&journal);

    go(&deck, Order::To(last + 3));
    whole(&journal);
    for (order, position, held) in [
        (Order::To(first - 1), first - 1, first - 1),
        (Order::Step(1), last, first),
        (Order::Step(1), last + 1, last + 1),
        (Order::Step(-1), last, first),
        (Order::Step(-1), first - 1, first - 1),
        (Order::To(0), 0, 0),
        (Order::To(first + 10), last, first),
        (Order::To(last + 1), last + 1, last + 1),
    ] {
        let state = go(&deck, order);
        assert_eq!((state.position, newest(&journal)), (position, held), "{order:?}");
    }
}

#[test]
fn a_tape_whose_end_cannot_be_read_is_played_to_its_end() {
    let story = long_story(400, 2);
    let (_folder, path) = tape_of(&story);
    let events = story.lines().len() as u64;
    let (first, last) = damage(&path, events);
    assert_eq!(last, events);
    let (deck, journal, tapes) = deck(&[&path]);
    assert_eq!(tapes.events(), events);
    deck.order(Order::Pace(Pace::Full));
    deck.order(Order::Play(true));
    until("the end", || deck.state().position == events && !deck.state().playing);
    assert_eq!(newest(&journal), first);
    assert_eq!((go(&deck, Order::To(events)).position, newest(&journal)), (events, first));
    assert_eq!(go(&deck, Order::Step(-1)).position, first - 1);
}

#[test]
fn several_tapes_are_one_stream() {
    let folder = tempfile::tempdir().unwrap();
    let stories = [long_story(700, 1), long_story(900, 2)];
    let paths: Vec<PathBuf> = (0..2).map(|n| folder.path().join(format!("{n}.mcap"))).collect();
    for (story, path) in stories.iter().zip(&paths) {
        story.record(path, 50);
    }
    let (deck, journal, tapes) = deck(&[&paths[0], &paths[1]]);
    assert_eq!(tapes.events(), stories.iter().map(|story| story.lines().len() as u64).sum::<u64>());
    let mut dice = Dice(8);
    for _ in 0..20 {
        let number = 1 + dice.below(tapes.events());
        go(&deck, Order::To(number));
        let entry = tapes.entry(number).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(entry.line()).unwrap();
        let held: serde_json::Value = serde_json::from_str(lines(&journal).last().unwrap()).unwrap();
        for key in ["at", "session", "kind", "topic", "json", "text", "state"] {
            assert_eq!(held[key], expected[key], "event {number}");
        }
        assert_eq!(held["seq"], number);
        assert_eq!(deck.state().time_us, entry.time_us);
    }
}

#[test]
fn a_budget_that_does_not_hold_the_tape_is_kept_at_full_pace() {
    let story = long_story(5_000, 4);
    let (_folder, path) = tape_of(&story);
    let budget = Budget { bytes: 100_000, ..Budget::default() };
    let (deck, journal, tapes) = deck_of(&[&path], budget);
    deck.order(Order::Pace(Pace::Full));
    deck.order(Order::Play(true));
    until("the end", || deck.state().position == tapes.events());
    let (oldest, newest) = journal.with(|timeline| timeline.span()).unwrap();
    assert_eq!((newest, journal.with(|timeline| timeline.let_go().events)), (tapes.events(), oldest - 1));
    assert!(oldest > 1_000);
}

#[test]
fn to_play_at_the_end_is_to_play_from_the_beginning_and_a_loop_does_so_by_itself() {
    let mut story = Story::new();
    let device = story.device(recorded("plain-01", Cloud::Mqtt));
    for _ in 0..50 {
        story.note(device, "again");
    }
    let (_folder, path) = tape_of(&story);
    let (deck, journal, _) = deck(&[&path]);
    go(&deck, Order::To(50));
    deck.order(Order::Play(true));
    until("the end once more", || deck.state().seeks == 1 && deck.state().position == 50 && !deck.state().playing);
    assert_eq!(lines(&journal), story.lines());
    deck.order(Order::Loop(true));
    deck.order(Order::Play(true));
    until("the third round", || deck.state().seeks == 4);
    assert!(deck.state().playing && deck.state().looped);
    deck.order(Order::Loop(false));
    until("the end", || !deck.state().playing);
}

#[test]
fn a_tape_is_followed_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.mcap");
    let story = long_story(300, 6);
    let settings = Settings::new(Destination::File(path.clone()));
    let mut writer = Writer::create(settings, story.sessions.clone(), story.start).unwrap();
    let events: Vec<_> = story.events().collect();
    let at = |mono_us: u64| story.start.mono + Duration::from_micros(mono_us);
    for event in &events[..100] {
        writer.push(event, at(event.mono_us));
    }
    writer.flush(at(events[99].mono_us));
    let (deck, journal, _) = deck(&[&path]);
    deck.order(Order::Pace(Pace::Full));
    deck.order(Order::Play(true));
    until("all that is written", || deck.state().position == 100);
    assert!(deck.state().playing, "it waits for more");
    for event in &events[100..] {
        writer.push(event, at(event.mono_us));
    }
    let end = at(events[events.len() - 1].mono_us);
    writer.flush(end);
    until("what came", || deck.state().position == events.len() as u64);
    assert_eq!((deck.state().events, newest(&journal)), (events.len() as u64, events.len() as u64));
    assert!(deck.state().playing);
    writer.finish(end);
    until("the end", || !deck.state().playing);
    assert_eq!(lines(&journal), story.lines());
}

#[test]
fn of_many_orders_the_last_one_holds() {
    let story = long_story(4_000, 12);
    let (_folder, path) = tape_of(&story);
    let (deck, journal, tapes) = deck(&[&path]);
    let mut dice = Dice(2);
    for _ in 0..30 {
        for _ in 0..dice.below(8) {
            deck.order(
                [Order::To(dice.below(4_000)), Order::ToShare(0.7), Order::Next(Only::States)]
                    [usize::try_from(dice.below(3)).unwrap()],
            );
        }
        let number = 1 + dice.below(tapes.events() - 100);
        deck.order(Order::To(number));
        deck.order(Order::Step(1));
        deck.order(Order::Step(2));
        deck.order(Order::Pace(Pace::Times(1_000_000.0)));
        settled(&deck, "the last order");
        assert_eq!((deck.state().position, newest(&journal)), (number + 3, number + 3));
    }
    assert_eq!(deck.state().pace, Pace::Times(1_000.0), "the fastest pace there is");
}

#[test]
fn sessions_keep_their_place_and_ones_that_the_tape_does_not_speak_of_get_one() {
    let mut story = Story::new();
    let known = story.device(recorded("known", Cloud::Huawei));
    let unknown: Vec<_> = (0..30).map(|n| story.device(recorded(&format!("unknown-{n}"), Cloud::Mqtt))).collect();
    for device in unknown.iter().chain([&known]).cycle().take(400) {
        story.note(*device, "who");
    }
    story.sessions.truncate(1);
    let (_folder, path) = tape_of(&story);
    let (deck, journal, tapes) = deck(&[&path]);
    assert_eq!(tapes.sessions().len(), 1);
    let names =
        || journal.with(|timeline| timeline.sessions().iter().map(|known| known.name.clone()).collect::<Vec<_>>());
    go(&deck, Order::To(400));
    let all = names();
    assert_eq!((all.len(), &all[0]), (31, &"known".to_owned()));
    for number in [3, 77, 0, 250] {
        go(&deck, Order::To(number));
        assert_eq!(names(), all);
    }
    let line = lines(&journal).pop().unwrap();
    assert_eq!(line, story.lines()[249]);
}

#[test]
fn a_tape_without_events_can_be_ordered_about() {
    let mut story = Story::new();
    story.device(recorded("quiet", Cloud::Mqtt));
    let (_folder, path) = tape_of(&story);
    assert_eq!(Tapes::open(std::slice::from_ref(&path)).unwrap().events(), 0);
    let (deck, journal, _) = deck(&[&path]);
    for order in
        [Order::Loop(true), Order::Play(true), Order::To(9), Order::ToShare(0.5), Order::By(-1), Order::Step(1)]
    {
        let state = go(&deck, order);
        assert_eq!((state.position, newest(&journal)), (0, 0), "{order:?}");
    }
    until("a pause", || !deck.state().playing);
}

#[tokio::test]
async fn a_tape_plays_at_its_pace_and_at_rest_nothing_rings() {
    let story = Story::of_three_clouds();
    let (_folder, path) = tape_of(&story);
    let (deck, journal, tapes) = deck(&[&path]);
    deck.order(Order::Pace(Pace::Times(1_000.0)));
    deck.order(Order::Shorten(true));
    deck.order(Order::Play(true));
    // Each look is after the bell: it rings when something happens, and once more at the end.
    let play = async {
        while deck.state().playing || deck.state().position < tapes.events() {
            journal.changed().await;
        }
    };
    tokio::time::timeout(support::PATIENCE, play).await.expect("the bell rings until the end");
    assert_eq!(lines(&journal), story.lines());
    assert_eq!(deck.now().at.unix_micros(), i64::try_from(deck.state().span_us.1).unwrap());
    go(&deck, Order::To(10));
    // What rang until now may still be heard once.
    let _heard = tokio::time::timeout(Duration::from_millis(50), journal.changed()).await;
    let rung = tokio::time::timeout(Duration::from_millis(300), journal.changed()).await;
    assert!(rung.is_err(), "nothing happens, and the bell rang");
}
