//! Tapes on the screen: keys in, wishes and pictures out.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod screen_support;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use insta::assert_snapshot;
use jiff::tz::TimeZone;
use screen_support::Canned;
use screen_support::bench::{Bench, moment};
use standin::console::keymap::Context;
use standin::console::state::Overlay;
use standin::console::tapes::shelf::{Found, Kept, Listed, Shelf};
use standin::console::tapes::{List, Turn, Wish, ended_notice, ended_words, fault_words};
use standin::console::theme::Signs;
use standin::console::update::Effect;
use standin::session::recorder::{Phase, Running};
use standin::tape::{Ending, Status};
use standin::text::Safe;
use standin::timeline::SessionId;

const SIZES: [(u16, u16); 3] = [(140, 40), (80, 24), (40, 12)];

fn tape(bench: &Bench, id: u64, sessions: Option<&[u16]>) -> Running {
    let path = format!("/home/me/.local/share/standin/tapes/smoke-01-{id}.mcap").into();
    Running {
        id,
        sessions: sessions.map(|ids| ids.iter().map(|id| SessionId(*id)).collect()),
        started: bench.canned.now,
        phase: Phase::Running,
        status: Status { path, part: 1, bytes: 1_258_291, events: 1_284, ..Status::default() },
    }
}

fn failing(mut tape: Running, missing: u64) -> Running {
    tape.status.missing = missing;
    // As the tape's writer words it.
    tape.status.fault = Some(match missing {
        0 => "the disk is full: the tape waits".to_owned(),
        more => format!("the disk is full: {more} events are missing on the tape"),
    });
    tape
}

/// Shows `running` as the shell does, however short a time ago it did so last.
fn run(bench: &mut Bench, running: Vec<Running>) -> Vec<Turn> {
    bench.canned.pass(1_000);
    bench.state.tapes.look(running, bench.canned.now.mono, &TimeZone::UTC)
}

fn wishes(effects: &[Effect]) -> Vec<Wish> {
    let wish = |effect: &Effect| if let Effect::Tape(wish) = effect { Some(wish.clone()) } else { None };
    effects.iter().filter_map(wish).collect()
}

fn listed(name: &str, written: &str, bytes: u64, found: Found) -> Arc<Listed> {
    let path = PathBuf::from("/tapes").join(name);
    Arc::new(Listed { path, name: Safe::new(name), bytes, written: Safe::new(written), found })
}

fn kept(since: &str, seconds: u64, sessions: &[(&str, &'static str)], ending: Ending, fault: Option<&str>) -> Found {
    Found::Tape(Box::new(Kept {
        since: Safe::new(since),
        span: Duration::from_secs(seconds),
        events: seconds * 7 + 1,
        sessions: sessions.iter().map(|(name, cloud)| (Safe::new(name), *cloud)).collect(),
        ending,
        faults: fault.map(|fault| (Safe::new(fault), 3)),
    }))
}

/// A folder with tapes of every kind.
fn shelf() -> Shelf {
    let three = [("smoke-01", "huawei"), ("lamp-gw", "aliyun"), ("meter-7", "ucloud")];
    let hostile = Safe::new("\u{1b}]52;c;x\u{7}\u{202e}evil.mcap");
    let tapes = vec![
        listed(
            "all-20261121-140204.mcap",
            "11-21 14:03",
            524_288,
            kept("11-21 14:02", 61, &three, Ending::BeingWritten, None),
        ),
        listed(
            "smoke-01-20261121-090000.mcap",
            "11-21 12:00",
            67_108_864,
            kept("11-21 09:00", 10_800, &three[..1], Ending::Whole, None),
        ),
        listed(
            "温度计-20261120-080000.mcap",
            "11-20 08:10",
            9_000,
            kept("11-20 08:00", 600, &[("温度计", "mqtt")], Ending::Cut, None),
        ),
        listed(
            "lamp-gw-20261119-235959.mcap",
            "11-20 00:10",
            70_000,
            kept("11-19 23:59", 640, &three[1..2], Ending::Whole, Some("the checksum of a chunk does not hold")),
        ),
        listed(hostile.as_str(), "11-18 10:00", 12, Found::Fault(Safe::new("It is no tape: it does not begin as one"))),
        listed("meter-7-20261117-101010.mcap", "11-17 10:10", 4_096, Found::Unread),
    ];
    Shelf { folder: Safe::new("/tapes"), opened: 5, tapes, ..Shelf::default() }
}

fn with_list(width: u16, height: u16) -> Bench {
    let mut bench = Bench::morning(width, height);
    bench.press("L");
    bench.state.tapes.shelf = shelf();
    bench
}

fn chosen(bench: &Bench) -> String {
    let Some(Overlay::Tapes(list)) = &bench.state.overlay else { panic!("{:?}", bench.state.overlay) };
    let place = bench.state.tapes.shelf.place(list.chosen.as_deref());
    bench.state.tapes.shelf.tapes[place].path.display().to_string()
}

#[test]
fn t_starts_a_tape_of_what_is_chosen_and_ends_the_one_that_covers_it() {
    for (tapes, keys, wanted) in [
        (&[][..], "t", Wish::Start(None)),
        (&[], "2t", Wish::Start(Some(SessionId(1)))),
        // A tape of one device does not cover all, nor another.
        (&[Some(&[0][..])], "t", Wish::Start(None)),
        (&[Some(&[0])], "2t", Wish::Start(Some(SessionId(1)))),
        (&[Some(&[0])], "1t", Wish::Stop(1)),
        (&[None], "t", Wish::Stop(1)),
        (&[None], "3t", Wish::Stop(1)),
        // Where several do, the one with the fewest others.
        (&[None, Some(&[2]), Some(&[1, 2])], "3t", Wish::Stop(2)),
        (&[None, Some(&[2])], "t", Wish::Stop(1)),
        (&[Some(&[0, 1, 2])], "t", Wish::Stop(1)),
        (&[Some(&[0, 1])], "t", Wish::Start(None)),
    ] {
        let mut bench = Bench::morning(80, 24);
        let running = (1..).zip(tapes).map(|(id, sessions)| tape(&bench, id, *sessions)).collect();
        run(&mut bench, running);
        assert_eq!(wishes(&bench.press(keys)), [wanted], "{tapes:?} {keys}");
    }
}

#[test]
fn a_tape_that_is_just_begun_or_ended_is_left_to_it() {
    for (phase, words) in [(Phase::Starting, "still being begun"), (Phase::Ending, "still being ended")] {
        let mut bench = Bench::morning(80, 24);
        let tape = Running { phase, ..tape(&bench, 1, None) };
        run(&mut bench, vec![tape]);
        assert!(bench.press("t").is_empty());
        assert!(bench.notice().contains(words), "{}", bench.notice());
    }
    let mut bench = Bench::new(Canned::with(Vec::new(), moment()), 80, 24);
    assert!(bench.press("t").is_empty());
    assert_eq!(bench.notice(), "There is no device that could be recorded.");
}

#[test]
fn a_note_is_typed_for_the_device_that_is_meant() {
    let mut bench = Bench::morning(80, 24);
    bench.press("2m");
    assert_eq!(bench.state.context(), Context::Note);
    assert_snapshot!("note_80x24", bench.picture());
    bench.press("valve 3 opened: qrt");
    bench.paste("\r\n\u{1b}[2J by hand");
    let effects = bench.press("<Enter>");
    let [Effect::Note { session: SessionId(1), text }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(text, "valve 3 opened: qrt [2J by hand");
    assert_eq!(bench.notice(), "Noted. No tape of this device runs: t starts one.");
    let tape = tape(&bench, 1, Some(&[1]));
    run(&mut bench, vec![tape]);
    assert_eq!(bench.press("mx<Enter>").len(), 1);
    assert_eq!(bench.notice(), "Noted, on the tape too.");
    assert!(bench.press("m  <Enter>").is_empty());
    assert!(bench.press("<Esc>").is_empty());
    assert_eq!(bench.state.overlay, None);
}

#[test]
fn leaving_with_a_tape_asks_once() {
    let mut bench = Bench::new(Canned::empty(moment()), 80, 24);
    let one = tape(&bench, 1, None);
    run(&mut bench, vec![one.clone()]);
    assert!(bench.press("q").is_empty());
    assert!(bench.picture().contains("1 tape runs and would be ended"), "{}", bench.picture());
    assert!(matches!(bench.press("q")[..], [Effect::Leave]));
    run(&mut bench, vec![Running { phase: Phase::Ending, ..one }]);
    bench.press("<Esc>");
    assert!(matches!(bench.press("q")[..], [Effect::Leave]));
}

#[test]
fn the_header_says_how_tapes_stand() {
    for (width, height) in SIZES {
        let mut bench = Bench::morning(width, height);
        let (one, two) = (tape(&bench, 1, None), tape(&bench, 2, Some(&[1])));
        let mut lossy = one.clone();
        lossy.status.missing = 12;
        let mut header = |tapes: Vec<Running>| {
            run(&mut bench, tapes);
            bench.picture().lines().next().unwrap().to_owned() + "\n"
        };
        let shown = [
            header(vec![one.clone()]),
            header(vec![one.clone(), two.clone()]),
            header(vec![lossy]),
            header(vec![failing(one.clone(), 1_284)]),
            header(vec![two, failing(one, 0)]),
            header(Vec::new()),
        ];
        assert_snapshot!(format!("headers_{width}"), shown.concat());
    }
}

#[test]
fn a_tape_that_is_not_written_is_seen_on_every_layout() {
    for width in (1..60).chain([80, 140]) {
        for height in (1..14).chain([24, 40]) {
            let mut bench = Bench::morning(width, height);
            let tape = tape(&bench, 1, None);
            run(&mut bench, vec![failing(tape, 7)]);
            for keys in ["", "?", "<Esc>L", "<Esc>:", "<Esc>1c"] {
                bench.press(keys);
                let picture = bench.picture();
                let first = picture.lines().next().unwrap();
                assert!(first.contains('✗'), "{width}×{height} {keys:?}\n{picture}");
                assert!(width < 30 || first.contains('7'), "{width}×{height} {keys:?}\n{picture}");
            }
        }
    }
}

#[test]
fn sizes_move_once_a_second_and_faults_at_once() {
    let mut bench = Bench::morning(80, 24);
    let first = tape(&bench, 1, None);
    let look = |bench: &mut Bench, tape: &Running, millis| {
        bench.canned.pass(millis);
        let turns = bench.state.tapes.look(vec![tape.clone()], bench.canned.now.mono, &TimeZone::UTC);
        let (bytes, missing, fault) = bench.state.tapes.sums();
        (turns, (bytes, missing, fault.map(str::to_owned)))
    };
    let grown = |bytes| Running { status: Status { bytes, ..first.status.clone() }, ..first.clone() };
    assert_eq!(look(&mut bench, &grown(1), 0).1.0, 1);
    assert_eq!(look(&mut bench, &grown(2), 900).1.0, 1);
    assert_eq!(look(&mut bench, &grown(3), 100).1.0, 3);
    let stuck = failing(grown(4), 5);
    let (turns, sums) = look(&mut bench, &stuck, 10);
    assert_eq!((turns, sums), (vec![Turn::Stuck(stuck.clone())], (4, 5, stuck.status.fault.clone())));
    assert!(look(&mut bench, &stuck, 10).0.is_empty());
    let mended = Running { status: Status { fault: None, ..stuck.status.clone() }, ..stuck };
    let (turns, sums) = look(&mut bench, &mended, 10);
    assert_eq!((turns, sums), (vec![Turn::Mended(mended)], (4, 5, None)));
}

#[test]
fn the_list_shows_what_is_in_the_folder() {
    for (width, height) in SIZES {
        let mut bench = with_list(width, height);
        bench.press("jj");
        assert_snapshot!(format!("tapes_{width}x{height}"), bench.picture());
        bench.press("G");
        assert_snapshot!(format!("tapes_last_{width}x{height}"), bench.picture());
        bench.press("gpj3");
        assert_snapshot!(format!("tapes_resend_{width}x{height}"), bench.picture());
        bench.press("njd");
        assert_snapshot!(format!("tapes_delete_{width}x{height}"), bench.picture());
    }
    let mut bench = with_list(80, 24);
    bench.signs = Signs::ASCII;
    bench.press("<Space><Space>");
    assert_snapshot!("tapes_ascii_80x24", bench.picture());
}

#[test]
fn a_list_without_tapes_says_what_would_fill_it() {
    let mut bench = Bench::morning(80, 24);
    bench.press("L");
    bench.state.tapes.shelf = Shelf { folder: Safe::new("/tapes"), ..Shelf::default() };
    assert!(bench.picture().contains("No tape yet. t starts one"), "{}", bench.picture());
    bench.state.tapes.shelf.is_new = true;
    assert!(bench.picture().contains("The folder is being read."));
    bench.state.tapes.shelf = Shelf { fault: Some(Safe::new("permission denied")), ..Shelf::default() };
    assert!(bench.picture().contains("could not be read: permission denied"));
    for keys in ["<Enter>", "p", "d", "j", "<Space>"] {
        assert!(bench.press(keys).is_empty());
        assert!(bench.notice().contains("no tape in the folder"), "{keys}");
    }
}

#[test]
fn the_list_replays_one_tape_or_those_that_are_marked() {
    let mut bench = with_list(80, 24);
    let effects = bench.press("j<Enter>");
    let [Effect::Replay(paths)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(paths, &[PathBuf::from("/tapes/smoke-01-20261121-090000.mcap")]);
    assert_eq!(bench.state.overlay, None);
    let mut bench = with_list(80, 24);
    let effects = bench.press("<Space>j<Space>k<Space><Space><Enter>");
    let [Effect::Replay(paths)] = &effects[..] else { panic!("{effects:?}") };
    let names: Vec<_> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["all-20261121-140204.mcap", "lamp-gw-20261119-235959.mcap"]);
    // What is no tape is not replayed.
    let mut bench = with_list(80, 24);
    assert!(bench.press("jjjj<Enter>").is_empty());
    assert!(bench.notice().contains("It is no tape"), "{}", bench.notice());
}

#[test]
fn sending_again_asks_first_and_names_the_device() {
    let mut bench = with_list(80, 24);
    assert!(bench.press("jp").is_empty());
    assert_eq!(bench.state.context(), Context::Question);
    assert!(bench.picture().contains("as 1 smoke-01, to its real platform?"), "{}", bench.picture());
    assert!(bench.press("29").is_empty());
    assert_eq!(bench.notice(), "There is no device 9.");
    assert!(bench.picture().contains("as 2 lamp-gw, to its real platform?"));
    let effects = bench.press("y");
    let [Effect::Resend { path, session: SessionId(1) }] = &effects[..] else { panic!("{effects:?}") };
    assert!(path.ends_with("smoke-01-20261121-090000.mcap"));
    // Without a choice, whoever is on the tape.
    let mut bench = with_list(80, 24);
    bench.press("jjjp");
    assert!(bench.picture().contains("as 2 lamp-gw, to its real platform?"));
    for (keys, words) in [("jjjjp", "Nothing on it can be read."), ("Gp", "It has not been opened yet.")] {
        let mut bench = with_list(80, 24);
        assert!(bench.press(keys).is_empty());
        assert!(bench.notice().contains(words), "{}", bench.notice());
    }
}

#[test]
fn deleting_asks_first_and_leaves_alone_what_is_being_written() {
    let mut bench = with_list(80, 24);
    assert!(bench.press("d").is_empty());
    assert!(bench.notice().contains("It is being written"), "{}", bench.notice());
    assert!(bench.press("jd<Esc>").is_empty());
    assert_eq!(bench.state.context(), Context::Tapes);
    let effects = bench.press("<Space>kdy");
    let gone = PathBuf::from("/tapes/smoke-01-20261121-090000.mcap");
    assert_eq!(wishes(&effects), [Wish::Delete(gone.clone())]);
    assert!(chosen(&bench).contains("温度计"));
    let Some(Overlay::Tapes(List { marked, .. })) = &bench.state.overlay else { panic!() };
    assert!(marked.is_empty());
    // One that this program writes is left alone before its file has been opened.
    let mut running = tape(&bench, 1, None);
    running.status.path = gone;
    run(&mut bench, vec![running]);
    bench.press("k");
    assert!(bench.press("d").is_empty());
    assert!(bench.notice().contains("It is being written"));
}

#[test]
fn the_cursor_stays_on_its_tape_while_others_are_found() {
    let mut bench = with_list(80, 24);
    bench.press("jj");
    assert!(chosen(&bench).contains("温度计"));
    bench.state.tapes.shelf.tapes.insert(0, listed("new.mcap", "11-21 14:10", 1, Found::Unread));
    assert!(chosen(&bench).contains("温度计"));
    bench.press("k");
    assert!(chosen(&bench).contains("smoke-01"));
    bench.press("G<PageUp><PageUp>j");
    assert!(chosen(&bench).contains("all-"));
}

#[test]
fn what_a_tape_came_to_is_told_in_a_line() {
    let bench = Bench::morning(80, 24);
    let mut one = tape(&bench, 1, None);
    let at = one.started.after(Duration::from_secs(192));
    let path = one.status.path.display().to_string();
    assert_eq!(ended_words(&one, at), format!("3:12, 1.2 MiB, 1 284 events: {path}"));
    one.status = Status { events: 1, missing: 1, bytes: 96, part: 3, ..one.status };
    assert_eq!(ended_words(&one, at), format!("3:12, 96 B, 1 event, 1 event missing: 3 files, the last {path}"));
    let words =
        "Tape ended: smoke-01-1.mcap, 3:12, 96 B, 1 event, 1 event missing, in /home/me/.local/share/standin/tapes";
    assert_eq!(ended_notice(&one, at), words);
    let words = fault_words(&failing(one, 12));
    assert_eq!(words, "the disk is full: 12 events are missing on the tape (smoke-01-1.mcap)");
}
