//! What the inbox, its lists and its questions look like, and what a thousand requests cost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod screen_support;

use std::cell::Cell;

use insta::assert_snapshot;
use screen_support::Canned;
use screen_support::bench::{Bench, moment};
use standin::console::layout::Pane;
use standin::console::theme::{Signs, Theme};
use standin::timeline::SessionId;

const COMMAND: &str = "$oc/devices/smoke-01/sys/commands/request_id=";

/// Three requests of one device: 3a1f waits since 1.1 s, then two commands.
fn three(width: u16, height: u16) -> Bench {
    let mut canned = Canned::morning(moment());
    canned.down(0, &format!("{COMMAND}c2"), r#"{"command_name":"TEST","paras":{"level":3}}"#);
    canned.pass(100);
    canned.down(0, &format!("{COMMAND}c3"), r#"{"command_name":"静音","paras":{"时长":"六十秒","原因":"厨房里有烟"}}"#);
    Bench::new(canned, width, height)
}

/// Answers that a rule gave, one of them twice, and one that went unanswered.
fn mixed(width: u16, height: u16) -> Bench {
    let mut bench = three(width, height);
    for id in ["d1", "d2", "d3"] {
        bench.canned.down(0, &format!("{COMMAND}{id}"), r#"{"command_name":"REBOOT","paras":{"when":"now"}}"#);
    }
    bench.canned.pass(700);
    let response = |id: &str| format!("$oc/devices/smoke-01/sys/commands/response/request_id={id}");
    bench.canned.own(0, &response("d1"), r#"{"result_code":1}"#, Some("rule reboot-fails"));
    bench.canned.own(0, &response("d2"), r#"{"result_code":0}"#, None);
    bench.canned.own(0, &response("d2"), r#"{"result_code":0}"#, None);
    let seq = bench.canned.timeline.requests().find(SessionId(0), "c2").unwrap().seq;
    bench.canned.timeline.hold_request(seq, true);
    let seq = bench.canned.timeline.requests().find(SessionId(0), "d3").unwrap().seq;
    bench.canned.timeline.ignore_request(seq);
    bench.canned.down(
        2,
        "/$system/zb8ri73kj8m1xhgr/meter-7/tmodel/command",
        r#"{"RequestID":"u-1","Identifier":"setReportInterval","Input":{"Seconds":60}}"#,
    );
    bench.look();
    bench
}

#[test]
fn the_inbox_in_its_sizes() {
    for (width, height) in [(140, 40), (80, 24), (40, 12)] {
        let mut bench = mixed(width, height);
        bench.press("wj");
        assert_snapshot!(format!("inbox_{width}x{height}"), bench.picture());
        bench.press("<Enter>");
        assert_snapshot!(format!("inbox_larger_{width}x{height}"), bench.picture());
    }
    let mut bench = mixed(80, 24);
    bench.signs = Signs::ASCII;
    bench.press("wj<Enter>");
    let (mut buffer, _) = bench.draw();
    standin::console::paint::to_ascii(&mut buffer);
    assert_snapshot!("inbox_ascii_80x24", screen_support::bench::picture(&buffer));
}

#[test]
fn larger_requests_show_their_message_by_enter_and_esc_goes_back() {
    let mut bench = mixed(140, 40);
    bench.press("wj<Enter>");
    assert!(bench.state.zoom && bench.state.focus == Pane::Requests);
    bench.press("<Esc>");
    assert!(!bench.state.zoom);
    bench.press("w<Enter><Enter>");
    assert_eq!((bench.state.zoom, bench.state.focus), (false, Pane::Stream));
    assert_eq!(bench.state.window.selected(), bench.state.inbox.chosen);
}

#[test]
fn codes_and_questions_in_their_sizes() {
    for (width, height) in [(140, 40), (80, 24), (40, 12)] {
        let mut bench = mixed(width, height);
        bench.press("F<Tab>");
        let (_, cursor) = bench.draw();
        assert!(cursor.is_some(), "a code can be typed");
        assert_snapshot!(format!("codes_{width}x{height}"), bench.picture());
        bench.canned.pass(30_000);
        bench.press("<Esc>wgjA");
        assert_snapshot!(format!("question_{width}x{height}"), bench.picture());
    }
}

#[test]
fn without_colours_a_question_and_a_chosen_code_are_seen() {
    let mut bench = mixed(80, 24);
    bench.theme = Theme::plain();
    bench.press("F<Tab>");
    let (buffer, _) = bench.draw();
    let picture = screen_support::bench::picture(&buffer);
    let line = picture.lines().find(|line| line.contains("no permission")).unwrap();
    assert!(line.starts_with("│▌"), "{picture}");
    assert!(picture.contains("code: 140"), "{picture}");
}

#[test]
fn answers_tell_in_the_stream_who_gave_them_and_what_is_out_of_order() {
    let mut bench = mixed(140, 40);
    let picture = bench.picture();
    assert!(picture.contains("by rule reboot-fails"), "{picture}");
    // On a narrow screen too, where the parameters are what is cut.
    for size in [(140, 40), (80, 24)] {
        let picture = mixed(size.0, size.1).picture();
        assert!(picture.lines().any(|line| line.contains("command reply") && line.contains("second")), "{picture}");
    }
    bench.press("G");
    let seq = bench.canned.own(0, "$oc/devices/smoke-01/sys/commands/response/request_id=d1", "{}", Some("rule again"));
    bench.look();
    bench.press("kj");
    assert_eq!(bench.state.window.selected(), Some(seq));
    let picture = bench.picture();
    assert!(picture.contains("2 B · second answer · by rule again"), "{picture}");
}

#[test]
fn a_thousand_open_requests_cost_a_look_no_more_than_what_is_visible() {
    let mut canned = Canned::empty(moment());
    canned.online(0);
    for number in 0..1_000 {
        canned.pass(1);
        canned.down(0, &format!("{COMMAND}n{number}"), r#"{"command_name":"ASK","paras":{"level":3}}"#);
    }
    let mut bench = Bench::new(canned, 80, 24);
    bench.press("w");
    assert_eq!(bench.eye.glance().open, 1_000);
    let parsed = |bench: &mut Bench| {
        let count = Cell::new(0);
        bench.eye.look((&bench.canned.timeline).into(), &mut bench.state, bench.canned.now, |_| None);
        bench.eye.finish(|session| {
            count.set(count.get() + 1);
            Some(bench.canned.handles[usize::from(session.0)].platform.as_ref())
        });
        count.get()
    };
    assert_eq!(parsed(&mut bench), 0, "nothing is taken apart twice");
    let height = usize::from(bench.state.content(Pane::Requests).height);
    bench.press("<PageDown>");
    bench.press("<PageDown>");
    let shown: Vec<u64> = bench.eye.glance().asks.iter().map(|ask| ask.seq).collect();
    assert_eq!(shown.len(), height);
    // The oldest one in sight is answered: the cursor stays on its line and its request.
    let (chosen, line) = (bench.state.inbox.chosen, bench.state.inbox.line);
    for number in 0..5 {
        bench.canned.up(0, &format!("$oc/devices/smoke-01/sys/commands/response/request_id=n{number}"), "{}");
    }
    // The rows that answers bring, and those that come into sight: a screen at the most, of 1,000.
    assert!(parsed(&mut bench) <= 2 * height + 20);
    assert_eq!((bench.state.inbox.chosen, bench.state.inbox.line), (chosen, line));
    assert_eq!(bench.eye.glance().asks[line].seq, chosen.unwrap());
    bench.press("G");
    assert_eq!(bench.state.inbox.line, height - 1);
    assert_eq!(bench.eye.glance().asks.len(), height);
}
