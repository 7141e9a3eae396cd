//! The console while a tape is replayed: what the screen says of it, and what its keys ask for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod screen_support;

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use ratatui::style::Modifier;
use screen_support::bench::Bench;
use standin::console::reel::Reel;
use standin::console::state::Overlay;
use standin::console::theme::Signs;
use standin::console::update::Effect;
use standin::replay::{DeckState, Order, Pace};
use standin::text::Safe;
use standin::timeline::Only;

/// The canned morning as if it came from a tape of five minutes that stands at its third.
fn bench(width: u16, height: u16) -> Bench {
    let mut bench = Bench::morning(width, height);
    bench.canned.handles.clear();
    let now = u64::try_from(bench.canned.now.at.unix_micros()).unwrap();
    let deck = DeckState {
        playing: false,
        pace: Pace::Times(1.0),
        position: 25,
        time_us: now,
        events: 1_234,
        span_us: (now - 100_000_000, now + 200_000_000),
        shortened: false,
        looped: false,
        seeking: false,
        seeks: 0,
        misses: 0,
    };
    let density = (0..60).map(|cell| [0, 1, 3, 9, 40, 9, 2, 0, 0, 700][cell % 10]).collect();
    let name = Safe::new("smoke-01-20261121-140012.mcap");
    bench.state.reel = Some(Reel { name, deck, density, zone: TimeZone::UTC, wanted: "" });
    bench.look();
    bench
}

fn deck(bench: &mut Bench, change: impl FnOnce(&mut DeckState)) {
    change(&mut bench.state.reel.as_mut().unwrap().deck);
}

/// What the keys tell the deck.
fn orders(bench: &mut Bench, keys: &str) -> Vec<Order> {
    let told = |effect| match effect {
        Effect::Deck(order) => order,
        other => panic!("{keys}: {other:?}"),
    };
    bench.press(keys).into_iter().map(told).collect()
}

#[test]
fn a_replay_at_every_size() {
    for (width, height) in [(140, 40), (80, 24), (40, 12)] {
        let mut bench = bench(width, height);
        assert_snapshot!(format!("replay_{width}x{height}"), bench.picture());
    }
}

#[test]
fn the_banner_and_the_place_on_the_tape_are_on_the_smallest_screens_too() {
    for (width, height) in [(40, 12), (30, 8), (20, 5), (12, 3), (9, 2), (8, 1), (3, 1)] {
        let mut bench = bench(width, height);
        let picture = bench.picture();
        let shown: String = "REPLAY".chars().take(usize::from(width)).collect();
        assert!(picture.lines().next().unwrap().contains(&shown), "{width}x{height}:\n{picture}");
        if height >= 5 {
            assert!(picture.contains("14:02"), "{width}x{height}:\n{picture}");
        }
    }
    for (width, height) in (1..30).flat_map(|width| (1..12).map(move |height| (width, height))) {
        for overlay in ["", "?", ":", "@"] {
            let mut bench = bench(width, height);
            bench.press(overlay);
            let first = bench.picture().lines().next().unwrap_or_default().to_owned();
            let shown: String = "REPLAY".chars().take(usize::from(width)).collect();
            assert!(first.trim_start().starts_with(&shown) || height == 1, "{width}x{height} {overlay}: {first:?}");
        }
    }
}

#[test]
fn without_colour_the_banner_stands_out_and_the_place_is_a_sign() {
    let mut bench = bench(80, 24);
    let (buffer, _) = bench.draw();
    assert!(buffer[(1, 0)].modifier.contains(Modifier::REVERSED), "the banner is reversed");
    let line: String = (0..80).map(|x| buffer[(x, 20)].symbol().to_owned()).collect();
    assert_eq!(line.matches('┃').count(), 1, "{line}");
    bench.signs = Signs::ASCII;
    let (buffer, _) = bench.draw();
    let line: String = (0..80).map(|x| buffer[(x, 20)].symbol().to_owned()).collect();
    assert!(line.is_ascii() && line.matches('|').count() == 1, "{line}");
}

#[test]
fn the_deck_s_keys_tell_it_what_they_say() {
    let mut bench = bench(80, 24);
    assert_eq!(orders(&mut bench, " "), [Order::Play(true)]);
    assert_eq!(orders(&mut bench, "  "), [Order::Play(false), Order::Play(true)], "a key counts from the one before");
    assert_eq!(orders(&mut bench, ".,"), [Order::Step(1), Order::Step(-1)]);
    for (keys, only) in [("][", Only::Requests), ("}{", Only::States), (")(", Only::Notes)] {
        assert_eq!(orders(&mut bench, keys), [Order::Next(only), Order::Previous(only)], "{keys}");
    }
    assert_eq!(orders(&mut bench, ">f"), [Order::By(10_000_000), Order::By(60_000_000)]);
    assert_eq!(orders(&mut bench, "<lt>b"), [Order::By(-10_000_000), Order::By(-60_000_000)]);
    let times = |times| Order::Pace(Pace::Times(times));
    assert_eq!(orders(&mut bench, "+++-="), [times(2.0), times(5.0), times(10.0), times(5.0), times(1.0)]);
    assert_eq!(orders(&mut bench, "iie"), [Order::Shorten(true), Order::Shorten(false), Order::Loop(true)]);
    assert_eq!(orders(&mut bench, "@50%<Enter>"), [Order::ToShare(0.5)]);
    assert_eq!(orders(&mut bench, "@+30<Enter>"), [Order::By(30_000_000)]);
    assert_eq!(orders(&mut bench, ":next-command<Enter>"), [Order::Next(Only::Requests)]);
}

#[test]
fn what_is_no_place_stays_in_the_prompt_and_says_why() {
    let mut bench = bench(80, 24);
    assert_eq!(bench.press("@noon<Enter>").len(), 0);
    assert!(bench.notice().contains("\"noon\" is no place: 14:02:11, +30"), "{}", bench.notice());
    assert!(matches!(&bench.state.overlay, Some(Overlay::Seek { line }) if line.text() == "noon"));
    assert_snapshot!("replay_seek_80x24", bench.picture());
    bench.press("<Esc>");
    assert!(bench.state.overlay.is_none());
}

#[test]
fn nothing_can_be_sent_from_a_replay() {
    for key in ["c", "r", "s", "u", "R", "D", "C", ":connect<Enter>"] {
        let mut bench = bench(80, 24);
        assert!(bench.press(key).is_empty(), "{key}");
        assert_eq!(bench.notice(), "This is a replay: nothing can be sent from here. q leaves it.", "{key}");
        assert!(bench.state.overlay.is_none() && !bench.state.composer.is_open(), "{key}");
    }
    for key in ["t", "m", "L"] {
        let mut bench = bench(80, 24);
        assert!(bench.press(key).is_empty(), "{key}");
        assert!(bench.notice().starts_with("This is a replay: tapes and notes belong to"), "{key}: {}", bench.notice());
    }
}

#[test]
fn going_back_gives_up_one_thing_at_a_time_and_the_replay_last() {
    let mut bench = bench(80, 24);
    bench.press("/alarm<Enter>k<Enter>");
    for _ in 0..3 {
        assert!(bench.press("<Esc>").is_empty());
    }
    assert!(matches!(bench.press("<Esc>")[..], [Effect::EndReplay]));
    assert!(matches!(bench.press("q")[..], [Effect::EndReplay]));
    assert!(bench.press("<C-c>").is_empty());
    assert!(matches!(bench.press("<C-c>")[..], [Effect::Leave]), "Ctrl-C twice leaves the program");
}

#[test]
fn at_the_ends_of_the_tape_a_step_says_so() {
    let mut bench = bench(80, 24);
    deck(&mut bench, |deck| deck.position = deck.events);
    assert!(bench.press(".").is_empty());
    assert_eq!(bench.notice(), "That was the last event. Space plays the tape again.");
    deck(&mut bench, |deck| deck.position = 0);
    assert!(bench.press(",").is_empty());
    assert_eq!(bench.notice(), "Nothing has happened yet on this tape.");
}

#[test]
fn moving_the_tape_takes_the_cursor_along() {
    let mut bench = bench(80, 24);
    bench.press("kk");
    assert!(!bench.state.window.follows());
    bench.press("]");
    assert!(bench.state.window.follows());
}

#[test]
fn how_the_tape_goes_stands_below_the_panes() {
    let mut bench = bench(100, 24);
    let line = |bench: &mut Bench| bench.picture().lines().nth(21).unwrap().trim().to_owned();
    let shown = "Ⅱ paused · 1x · 14:02:14.400 · 1:40 of 5:00 · event 25 of 1 234 · smoke-01-20261121-140012.mcap";
    assert_eq!(line(&mut bench).replace(['\u{202f}', '\u{a0}'], " "), shown);
    deck(&mut bench, |deck| {
        deck.playing = true;
        deck.pace = Pace::Full;
        deck.shortened = true;
        deck.looped = true;
    });
    let shown = line(&mut bench);
    assert!(shown.starts_with("▸ playing · full speed"), "{shown}");
    assert!(shown.contains("idle shortened · loop"), "{shown}");
    deck(&mut bench, |deck| deck.seeking = true);
    assert!(line(&mut bench).contains("seeking"));
}

#[test]
fn hostile_names_of_tapes_are_shown_safely() {
    let mut bench = bench(140, 24);
    bench.state.reel.as_mut().unwrap().name = Safe::new("温度\u{202e}gnp\u{1b}[2J.mcap");
    let picture = bench.picture();
    assert!(picture.contains("温度") && !picture.contains('\u{202e}') && !picture.contains('\u{1b}'), "{picture}");
}
