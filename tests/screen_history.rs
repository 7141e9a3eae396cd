//! The rows of the stream over the border between memory and tape: the same as if all were in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use standin::console::history::{History, Seen};
use standin::console::window::{Progress, Window};
use standin::event::LineState;
use standin::profile::Cloud;
use standin::replay::Past;
use standin::session::Journal;
use standin::tape::Tapes;
use standin::timeline::{Budget, Filter, Query, Timeline};
use support::tape::{Story, recorded};
use support::until;

const TOPIC: &str = "$oc/devices/smoke-01/user/a";

/// Three thousand events, of which the timeline has those from `first` to `last` and the tape all.
struct Bench {
    story: Story,
    timeline: Timeline,
    past: Past,
    window: Window,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new(first: u64, last: u64) -> Self {
        let mut story = Story::new();
        let smoke = story.device(recorded("smoke-01", Cloud::Huawei));
        story.state(smoke, LineState::Online);
        while story.timeline.next_number() <= 3_000 {
            let number = story.timeline.next_number();
            match number % 50 {
                7 => drop(story.note(smoke, "yes")),
                // With its acknowledgement, which is routine.
                9 => drop(story.tx(smoke, TOPIC, format!("went {number}"))),
                _ => drop(story.rx(smoke, TOPIC, format!("came {number}"))),
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mcap");
        story.record(&path, 97);
        let mut timeline = Timeline::new(Budget::default(), story.start);
        let smoke = timeline.register("smoke-01", Cloud::Huawei);
        timeline.jump(first);
        for event in story.events().filter(|event| (first..=last).contains(&event.seq)) {
            timeline.append(smoke, story.now, &event.kind, None);
        }
        let past =
            Past::of_tapes(Tapes::open(&[path]).unwrap(), Journal::new(Timeline::new(Budget::default(), story.now)));
        let mut window = Window::default();
        window.resize(10);
        let mut bench = Self { story, timeline, past, window, _folder: folder };
        bench.settle();
        bench
    }

    fn settle(&mut self) {
        let (window, history) = (&mut self.window, History::new(&self.timeline, Some(&self.past)));
        until("the rows are found", || window.advance(history, 500, true) == Progress::Done);
    }

    fn rows(&mut self) -> Vec<u64> {
        self.settle();
        self.window.visible().collect()
    }

    /// The numbers of all events up to `last` that `shows` takes.
    fn all(&self, last: u64, shows: impl Fn(&str) -> bool) -> Vec<u64> {
        let lines = self.story.lines();
        (1..=last).filter(|seq| shows(&lines[usize::try_from(seq - 1).unwrap()])).collect()
    }

    fn filter(&mut self, typed: &str) {
        self.window.show(Query { filter: Filter::parse(typed), ..Query::default() });
    }
}

fn telling(line: &str) -> bool {
    !line.contains(r#""kind":"acked""#)
}

#[test]
fn scrolling_goes_over_the_border_and_to_the_tape_s_beginning() {
    let mut bench = Bench::new(2_001, 3_000);
    let all = bench.all(3_000, telling);
    assert_eq!(bench.rows(), all[all.len() - 10..]);
    // Up over the border, a page at a time; then back down.
    for pages in 1..=120 {
        bench.window.step(-9);
        let rows = bench.rows();
        let cursor = all.len() - 1 - 9 * pages;
        assert_eq!(bench.window.selected(), Some(all[cursor]));
        assert_eq!(rows, all[cursor..cursor + 10]);
    }
    bench.window.step(1_080);
    assert_eq!(bench.rows(), all[all.len() - 10..]);
    bench.window.to_first();
    assert_eq!(bench.rows(), all[..10]);
    assert_eq!(bench.window.selected(), Some(1));
    bench.window.go(1_000);
    assert!(bench.rows().contains(&1_000));
    bench.window.show_routine(true);
    let rows = bench.rows();
    assert_eq!(rows.windows(2).filter(|pair| pair[1] != pair[0] + 1).count(), 0, "all events: {rows:?}");
}

#[test]
fn a_filter_finds_what_is_on_tape_alone() {
    let mut bench = Bench::new(2_990, 3_000);
    let all = bench.all(3_000, |line| line.contains("yes"));
    bench.filter("yes");
    assert_eq!(bench.rows(), all[all.len() - 10..]);
    bench.window.to_first();
    assert_eq!(bench.rows(), all[..10]);
    bench.filter("\"came 12\" !120");
    bench.window.to_first();
    let all = bench.all(3_000, |line| line.contains("came 12") && !line.contains("120"));
    assert_eq!(bench.rows(), all[..10]);
    bench.filter("nowhere");
    assert_eq!(bench.rows(), Vec::<u64>::new());
}

#[test]
fn a_hunt_goes_back_onto_the_tape_and_ahead_of_what_has_happened() {
    let mut bench = Bench::new(2_001, 2_500);
    bench.window.hunt(Filter::parse("\"came 16\" !160"), true);
    bench.settle();
    let older = *bench.all(2_500, |line| line.contains("came 16") && !line.contains("160")).last().unwrap();
    assert_eq!(bench.window.selected(), Some(older));
    // Nothing that has still to happen is a row.
    bench.window.to_last();
    assert_eq!(*bench.rows().last().unwrap(), 2_500);
    bench.window.hunt(Filter::parse("\"came 2999\""), false);
    bench.settle();
    assert_eq!(bench.window.ahead(), Some(2_999));
    assert!(bench.rows().iter().all(|seq| *seq <= 2_500));
    // The tape has gone there.
    let smoke = bench.timeline.register("smoke-01", Cloud::Huawei);
    for event in bench.story.events().filter(|event| (2_501..=2_999).contains(&event.seq)) {
        bench.timeline.append(smoke, bench.story.now, &event.kind, None);
    }
    bench.settle();
    assert_eq!((bench.window.ahead(), bench.window.selected()), (None, Some(2_999)));
    bench.window.hunt(Filter::parse("nowhere"), false);
    bench.settle();
    assert!(bench.window.take_in_vain() && !bench.window.take_in_vain());
}

#[test]
fn before_anything_has_happened_the_tape_can_be_hunted_through() {
    let mut bench = Bench::new(1, 0);
    assert_eq!(bench.rows(), Vec::<u64>::new());
    bench.window.hunt(Filter::parse("yes"), false);
    bench.settle();
    assert_eq!(bench.window.ahead(), Some(7));
    assert!(bench.window.break_off() && !bench.window.break_off());
}

#[test]
fn an_event_is_looked_at_wherever_it_is() {
    let bench = Bench::new(2_001, 3_000);
    let history = History::new(&bench.timeline, Some(&bench.past));
    assert_eq!(history.span(), Some((1, 3_000)));
    let lines = bench.story.lines();
    for seq in [1, 7, 1_999, 2_000, 2_001, 3_000] {
        let mut seen = Seen::Coming;
        until("it is read", || {
            seen = history.look(seq, |event, session| (event.seq, event.kind.word(), session.0));
            seen != Seen::Coming
        });
        let word = ["rx", "tx", "state", "note", "acked"]
            .into_iter()
            .find(|word| lines[usize::try_from(seq - 1).unwrap()].contains(&format!(r#""kind":"{word}""#)));
        assert_eq!(seen, Seen::Here((seq, word.unwrap(), 0)));
    }
    assert_eq!(history.look(3_001, |_, _| ()), Seen::Missing);
    assert_eq!(history.look(0, |_, _| ()), Seen::Missing);
}
