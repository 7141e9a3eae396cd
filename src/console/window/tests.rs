use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::event::{Kind, Moment, WallTime};
use crate::profile::Cloud;
use crate::timeline::{Budget, Timeline};

fn moment() -> Moment {
    Moment { at: WallTime::from_unix_micros(0), mono: Instant::now() }
}

fn timeline(bytes: usize) -> Timeline {
    let mut timeline = Timeline::new(Budget { bytes, ..Budget::default() }, moment());
    timeline.register("smoke-01", Cloud::Huawei);
    timeline
}

fn note(timeline: &mut Timeline, text: &str) -> u64 {
    timeline.append(crate::timeline::SessionId(0), moment(), &Kind::Note { text, order: None }, None)
}

fn only(word: &str) -> Query {
    Query { filter: Filter::parse(word), ..Query::default() }
}

/// Searches to the end, in steps of `budget`.
fn settle(window: &mut Window, timeline: &Timeline, budget: usize) {
    for _ in 0..100_000 {
        if window.advance(timeline.into(), budget, true) == Progress::Done {
            return;
        }
    }
    panic!("the search has no end");
}

#[derive(Clone, Debug)]
enum Act {
    Come(Vec<bool>),
    Step(i64),
    First,
    Last,
    Follow,
    Hold,
    Show(usize),
    Go(u64),
    Hunt(bool),
    Resize(usize),
}

const FILTERS: [&str; 4] = ["", "yes", "zz", "never"];

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => prop::collection::vec(any::<bool>(), 1..30).prop_map(Act::Come),
        4 => (-12_i64..12).prop_map(Act::Step),
        1 => Just(Act::First),
        1 => Just(Act::Last),
        1 => Just(Act::Follow),
        1 => Just(Act::Hold),
        2 => (0..FILTERS.len()).prop_map(Act::Show),
        1 => (1_u64..60).prop_map(Act::Go),
        1 => any::<bool>().prop_map(Act::Hunt),
        1 => (0_usize..12).prop_map(Act::Resize),
    ]
}

/// What the window must show, found by looking at everything.
struct Model {
    all: Vec<bool>,
    filter: usize,
    cursor: Option<u64>,
}

impl Model {
    fn matches(&self, filter: usize) -> Vec<u64> {
        let fits = |yes: bool| match FILTERS[filter] {
            "yes" => yes,
            "zz" => !yes,
            "never" => false,
            _ => true,
        };
        (1..).zip(&self.all).filter(|(_, yes)| fits(**yes)).map(|(seq, _)| seq).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_window_shows_what_a_look_at_everything_shows(acts in prop::collection::vec(act(), 1..30), budget in 1_usize..40) {
        let mut timeline = timeline(1 << 20);
        let mut window = Window::default();
        window.resize(6);
        let mut model = Model { all: Vec::new(), filter: 0, cursor: None };
        for act in acts {
            let before = window.selected();
            let chosen = window.is_chosen();
            let shown = model.matches(model.filter);
            let mut expected = None;
            match &act {
                Act::Come(notes) => {
                    for yes in notes {
                        note(&mut timeline, if *yes { "yes" } else { "zz" });
                        model.all.push(*yes);
                    }
                    expected = (chosen && before.is_some_and(|seq| shown.contains(&seq))).then_some(before);
                }
                Act::Step(steps) => {
                    window.step(*steps);
                    if let Some(place) = before.and_then(|seq| shown.iter().position(|known| *known == seq)) {
                        let goal = (i64::try_from(place).unwrap() + steps).clamp(0, i64::try_from(shown.len()).unwrap() - 1);
                        expected = Some(shown.get(usize::try_from(goal).unwrap()).copied());
                    }
                }
                Act::First => {
                    window.to_first();
                    expected = Some(shown.first().copied());
                }
                Act::Last => {
                    window.to_last();
                    expected = Some(shown.last().copied());
                }
                Act::Follow => window.follow(),
                Act::Hold => {
                    window.hold();
                    expected = before.filter(|seq| shown.contains(seq)).map(Some);
                }
                Act::Show(filter) => {
                    window.show(only(FILTERS[*filter]));
                    window.settle();
                    model.filter = *filter;
                    let held = !window.follows();
                    if held && model.matches(*filter).contains(&before.unwrap_or(0)) {
                        expected = Some(before);
                    }
                }
                Act::Go(seq) => {
                    window.go(*seq);
                    let at_or_before = shown.iter().rev().find(|known| *known <= seq).or_else(|| shown.first());
                    expected = Some(at_or_before.copied());
                }
                Act::Hunt(back) => {
                    window.hunt(Filter::parse("yes"), *back);
                    if let Some(from) = before.filter(|seq| shown.contains(seq)) {
                        let fits = |seq: &&u64| model.all[usize::try_from(**seq).unwrap() - 1];
                        let found = if *back {
                            shown.iter().rev().filter(fits).find(|seq| **seq < from)
                        } else {
                            shown.iter().filter(fits).find(|seq| **seq > from)
                        };
                        // `hunt` takes the place of the typed filter, so only without one is the model this simple.
                        if model.filter == 0 {
                            expected = Some(Some(found.copied().unwrap_or(from)));
                        }
                    }
                }
                Act::Resize(height) => window.resize(*height),
            }
            settle(&mut window, &timeline, budget);
            let hunted_beyond = matches!(act, Act::Hunt(_)) && model.filter != 0;
            if hunted_beyond {
                // The cursor may now stand on an event that the filter hides: bring model and window together again.
                window.show(Query::default());
                window.settle();
                model.filter = 0;
                settle(&mut window, &timeline, budget);
            }
            if let Some(expected) = expected {
                prop_assert_eq!(window.selected(), expected, "after {:?}", act);
            }
            model.cursor = window.selected();
            let matches = model.matches(model.filter);
            let visible: Vec<u64> = window.visible().collect();
            if window.follows() {
                let last = &matches[matches.len().saturating_sub(window.height)..];
                prop_assert_eq!(&visible[..], last, "following, after {:?}", act);
            } else {
                prop_assert!(visible.len() <= window.height);
                if let Some(first) = visible.first() {
                    let start = matches.iter().position(|seq| seq == first);
                    prop_assert!(start.is_some(), "{first} is no match, after {act:?}");
                    let start = start.unwrap();
                    prop_assert_eq!(&visible[..], &matches[start..start + visible.len()], "held, after {:?}", act);
                }
                if window.height > 0 && !matches.is_empty() {
                    let cursor = window.selected();
                    prop_assert!(cursor.is_some_and(|seq| visible.contains(&seq)), "cursor {cursor:?} of {visible:?} after {act:?}");
                }
            }
        }
    }
}

#[test]
fn nothing_moves_under_a_held_cursor_when_events_come() {
    let mut timeline = timeline(1 << 20);
    for _ in 0..40 {
        note(&mut timeline, "yes");
    }
    let mut window = Window::default();
    window.resize(10);
    settle(&mut window, &timeline, 1000);
    window.step(-3);
    settle(&mut window, &timeline, 1000);
    let before: Vec<u64> = window.visible().collect();
    assert_eq!(before, (31..=40).collect::<Vec<u64>>());
    for _ in 0..100 {
        note(&mut timeline, "yes");
    }
    settle(&mut window, &timeline, 1000);
    assert_eq!(window.visible().collect::<Vec<u64>>(), before);
    assert_eq!(window.selected(), Some(37));
    assert_eq!(window.shown_to(), 41);
}

#[test]
fn without_fresh_events_an_echo_shows_the_rows_that_stood() {
    let mut timeline = timeline(1 << 20);
    note(&mut timeline, "yes");
    let mut window = Window::default();
    window.resize(3);
    settle(&mut window, &timeline, 1000);
    note(&mut timeline, "yes");
    window.advance((&timeline).into(), 1000, false);
    assert_eq!(window.visible().collect::<Vec<u64>>(), [1]);
    window.advance((&timeline).into(), 1000, true);
    assert_eq!(window.visible().collect::<Vec<u64>>(), [1, 2]);
}

#[test]
fn erasing_a_filter_comes_back_to_where_the_cursor_was() {
    let mut timeline = timeline(1 << 20);
    for place in 0..50 {
        note(&mut timeline, if place == 10 { "yes" } else { "zz" });
    }
    let mut window = Window::default();
    window.resize(5);
    settle(&mut window, &timeline, 1000);
    window.step(-9);
    settle(&mut window, &timeline, 1000);
    assert_eq!(window.selected(), Some(41));
    window.show(only("yes"));
    settle(&mut window, &timeline, 7);
    assert_eq!(window.selected(), Some(11));
    window.show(only("yesx"));
    settle(&mut window, &timeline, 7);
    assert_eq!(window.selected(), None);
    window.show(Query::default());
    settle(&mut window, &timeline, 7);
    assert_eq!(window.selected(), Some(41));
}

#[test]
fn a_chosen_event_that_is_let_go_is_told_and_the_oldest_takes_its_place() {
    let mut timeline = timeline(1 << 20);
    let long = "x".repeat(10_000);
    for _ in 0..20 {
        note(&mut timeline, &long);
    }
    let mut window = Window::default();
    window.resize(5);
    settle(&mut window, &timeline, 1000);
    window.step(-5);
    settle(&mut window, &timeline, 1000);
    assert_eq!(window.selected(), Some(15));
    for _ in 0..400 {
        note(&mut timeline, &long);
    }
    assert!(!window.take_lost());
    settle(&mut window, &timeline, 1000);
    assert!(window.take_lost() && !window.take_lost());
    let oldest = timeline.span().unwrap().0;
    assert!(oldest > 15);
    assert_eq!(window.selected(), Some(oldest));
    assert_eq!(window.visible().collect::<Vec<u64>>(), (oldest..oldest + 5).collect::<Vec<u64>>());
}

#[test]
fn a_filter_that_matches_nothing_costs_no_more_than_its_budget_a_turn() {
    let mut timeline = timeline(8 << 20);
    for _ in 0..10_000 {
        note(&mut timeline, "no");
    }
    let mut window = Window::default();
    window.resize(20);
    window.show(only("yes"));
    let mut turns = 0;
    while window.advance((&timeline).into(), 500, true) == Progress::More {
        turns += 1;
    }
    assert!((18..=22).contains(&turns), "{turns} turns");
    assert_eq!(window.visible().count(), 0);
    note(&mut timeline, "yes");
    assert_eq!(window.advance((&timeline).into(), 500, true), Progress::Done);
    assert_eq!(window.visible().collect::<Vec<u64>>(), [10_001]);
}

#[test]
fn routine_is_left_out_unless_it_is_asked_for_or_filtered_for() {
    use crate::event::{Acked, LineState, StateChange, Subscribed};
    use crate::mqtt::Qos;

    let mut timeline = timeline(1 << 20);
    let asked = Qos::AtLeastOnce;
    let subscribed = |granted, order| Subscribed { filter: "a/b", asked, granted, reason: None, order };
    let kinds = [
        Kind::Note { text: "one", order: None },
        Kind::Subscribed(subscribed(Some(asked), None)),
        Kind::Acked(Acked { packet_id: None, took: std::time::Duration::ZERO, order: None }),
        Kind::Subscribed(subscribed(Some(Qos::AtMostOnce), None)),
        Kind::Subscribed(subscribed(None, None)),
        Kind::Subscribed(subscribed(Some(asked), Some(7))),
        Kind::Acked(Acked { packet_id: None, took: std::time::Duration::ZERO, order: Some(8) }),
        Kind::Note { text: "two", order: None },
        Kind::Subscribed(subscribed(Some(asked), None)),
        Kind::State(StateChange { state: LineState::Connecting, attempt: 2, ..StateChange::default() }),
    ];
    for kind in &kinds {
        timeline.append(crate::timeline::SessionId(0), moment(), kind, None);
    }
    for budget in [1, 2, 1000] {
        let mut window = Window::default();
        window.resize(5);
        let shown = |window: &mut Window| {
            settle(window, &timeline, budget);
            window.visible().collect::<Vec<u64>>()
        };
        assert_eq!(shown(&mut window), [1, 4, 5, 6, 8], "in steps of {budget}");
        window.step(-1);
        assert_eq!(shown(&mut window), [1, 4, 5, 6, 8]);
        assert_eq!(window.selected(), Some(6));
        assert_eq!(window.shown_to(), 11, "what is left out is no news");
        window.show_routine(true);
        assert_eq!(shown(&mut window).len(), 5);
        window.step(1);
        assert_eq!((shown(&mut window).len(), window.selected()), (5, Some(7)));
        window.show_routine(false);
        assert_eq!(shown(&mut window), [1, 4, 5, 6, 8]);
        assert_eq!(window.selected(), Some(6), "the cursor goes to the nearest event that is shown");
        window.show(only("subscribed"));
        window.to_last();
        assert_eq!(shown(&mut window), [2, 4, 5, 6, 9], "a filter finds all");
    }
}

#[test]
fn what_has_not_happened_any_more_is_no_row() {
    let mut whole = timeline(1 << 20);
    let mut half = timeline(1 << 20);
    for number in 1..=100 {
        note(&mut whole, "yes");
        if number <= 50 {
            note(&mut half, "yes");
        }
    }
    for held in [false, true] {
        let mut window = Window::default();
        window.resize(5);
        settle(&mut window, &whole, 1000);
        if held {
            window.go(80);
            settle(&mut window, &whole, 1000);
            assert_eq!(window.selected(), Some(80));
        }
        // The replay goes back: also an echo of a key shows no event that has not happened.
        for fresh in [false, true] {
            assert_eq!(window.advance((&half).into(), 1000, fresh), Progress::Done);
            assert_eq!(window.visible().collect::<Vec<_>>(), [46, 47, 48, 49, 50]);
            assert_eq!((window.selected(), window.follows()), (Some(50), true));
        }
        settle(&mut window, &timeline(1 << 20), 1000);
        assert_eq!((window.visible().count(), window.selected()), (0, None));
        settle(&mut window, &whole, 1000);
        assert_eq!(window.visible().collect::<Vec<_>>(), [96, 97, 98, 99, 100]);
    }
}

#[test]
fn many_steps_among_few_matches_come_to_an_end() {
    let mut timeline = timeline(8 << 20);
    for number in 0..20_000 {
        note(&mut timeline, if number % 100 == 0 { "yes" } else { "zz" });
    }
    let mut window = Window::default();
    window.resize(5);
    window.show(only("yes"));
    settle(&mut window, &timeline, 500);
    for (steps, selected) in [(-150, 4_901), (120, 16_901), (-1_000, 1), (1_000, 19_901)] {
        window.step(steps);
        for turn in 0.. {
            assert!(turn < 1_000, "{steps} steps have no end");
            if window.advance((&timeline).into(), 500, true) == Progress::Done {
                break;
            }
        }
        assert_eq!(window.selected(), Some(selected), "{steps}");
    }
}
