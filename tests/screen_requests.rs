//! The inbox at the keys: what is answered, failed, held and ignored, and what is asked before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod screen_support;

use ratatui::crossterm::event::{KeyCode, KeyEvent};
use screen_support::Canned;
use screen_support::bench::{Bench, moment};
use standin::console::keymap::Context;
use standin::console::update::{self, Effect};
use standin::event::Kind;
use standin::session::Action;
use standin::timeline::{RequestState, SessionId};

const SET: &str = "$oc/devices/smoke-01/sys/properties/set/request_id=";
const COMMAND: &str = "$oc/devices/smoke-01/sys/commands/request_id=";

/// The replies among `effects`: session, request id, code.
fn replies(effects: &[Effect]) -> Vec<(u16, String, Option<i64>)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(sending) => match &sending.order.action {
                Action::Reply { request_id, code, payload: None, force: false } => {
                    Some((sending.session.0, request_id.clone(), *code))
                }
                other => panic!("{other:?}"),
            },
            _ => None,
        })
        .collect()
}

fn reply(session: u16, request_id: &str, code: Option<i64>) -> Vec<(u16, String, Option<i64>)> {
    vec![(session, request_id.to_owned(), code)]
}

/// The session answers, as it would by that order.
fn answered(bench: &mut Bench, request_id: &str) {
    bench.canned.up(0, &format!("$oc/devices/smoke-01/sys/properties/set/response/request_id={request_id}"), "{}");
    bench.look();
}

/// Three requests of one device: 3a1f waits since 1.1 s, then two commands.
fn three(width: u16, height: u16) -> Bench {
    let mut canned = Canned::morning(moment());
    canned.down(0, &format!("{COMMAND}c2"), r#"{"command_name":"TEST","paras":{"level":3}}"#);
    canned.pass(100);
    canned.down(0, &format!("{COMMAND}c3"), r#"{"command_name":"静音","paras":{"时长":"六十秒","原因":"厨房里有烟"}}"#);
    Bench::new(canned, width, height)
}

#[test]
fn one_key_answers_the_most_urgent_request_from_any_pane() {
    for keys in ["A", "<Tab>A", "oA", "wA"] {
        let mut bench = Bench::morning(140, 40);
        assert_eq!(replies(&bench.press(keys)), reply(0, "3a1f", None), "{keys}");
        assert_eq!(bench.notice(), "smoke-01: reply is on its way.");
        assert_eq!(bench.state.context(), Context::Browse);
    }
}

#[test]
fn the_request_under_the_cursor_goes_before_the_most_urgent_one() {
    let mut bench = three(140, 40);
    assert_eq!(replies(&bench.press("wjA")), reply(0, "c2", None));
    // In the stream it is the message under the cursor.
    let mut bench = three(140, 40);
    assert_eq!(replies(&bench.press("kA")), reply(0, "c2", None));
    // A message that is no request leaves it at the most urgent one.
    let mut bench = three(140, 40);
    assert_eq!(replies(&bench.press("gA")), reply(0, "3a1f", None));
}

#[test]
fn a_stream_of_one_device_keeps_the_keys_to_that_device() {
    let busy = || {
        let mut canned = Canned::morning(moment());
        canned.down(
            1,
            "/sys/a1B2c3/lamp-gw/thing/service/Blink",
            r#"{"method":"thing.service.Blink","id":"9","params":{}}"#,
        );
        Bench::new(canned, 80, 24)
    };
    // The lamp has less time left, and is the one that is meant while all devices are shown.
    assert_eq!(replies(&busy().press("A")), reply(1, "9", None));
    let mut bench = busy();
    bench.press("1");
    assert!(bench.picture().contains("◌ 19 s 1 property set, 8 s 2 Blink │"), "{}", bench.picture());
    assert_eq!(replies(&bench.press("A")), reply(0, "3a1f", None));
    // The device is chosen before a frame shows its request.
    let mut bench = busy();
    for key in ["1", "r"] {
        update::key(
            &mut bench.state,
            KeyEvent::from(KeyCode::Char(key.chars().next().unwrap())),
            &bench.canned.world(),
        );
    }
    assert!(bench.picture().contains("Reply to property set · 1 smoke-01"), "{}", bench.picture());
    // A device without a request says so; the inbox has those of all devices.
    for key in ["A", "F", "r", "H", "I"] {
        let mut bench = busy();
        bench.press("3");
        let picture = bench.picture();
        assert!(picture.contains("◌ 8 s 2 Blink +1 │") && !picture.contains("A success"), "{picture}");
        assert!(bench.press(key).is_empty());
        assert_eq!(bench.notice(), "No request of 3 meter-7 is open. 0 takes all devices.", "{key}");
        assert_eq!(replies(&bench.press("wA")), reply(1, "9", None));
    }
    // What a key meant last is not meant on another device's stream.
    let mut bench = busy();
    bench.press("2H");
    assert_eq!(bench.notice(), "Blink of 2 lamp-gw is held, and waits in the inbox (w).");
    bench.press("3A");
    assert_eq!(bench.notice(), "No request of 3 meter-7 is open. 0 takes all devices.");
    assert_eq!(replies(&bench.press("1A")), reply(0, "3a1f", None));
}

#[test]
fn the_most_urgent_request_is_told_where_the_pane_does_not_show_it_or_means_another() {
    let mut canned = Canned::morning(moment());
    for number in 0..30 {
        canned.down(0, &format!("{COMMAND}n{number}"), r#"{"command_name":"TEST"}"#);
    }
    let told = "◌ 19 s 1 property set";
    let mut bench = Bench::new(canned, 140, 40);
    assert!(!bench.picture().contains(told), "{}", bench.picture());
    bench.press("wG");
    assert!(bench.picture().contains(&format!("{told} +30 │")), "{}", bench.picture());
    bench.press("g");
    assert!(!bench.picture().contains(told), "{}", bench.picture());
    // The lamp's is the pane's first, the keys are for the detector's.
    bench.canned.down(
        1,
        "/sys/a1B2c3/lamp-gw/thing/service/Blink",
        r#"{"method":"thing.service.Blink","id":"9","params":{}}"#,
    );
    bench.look();
    bench.press("w1");
    assert!(bench.picture().contains(&format!("{told}, 8 s 2 Blink +30 │")), "{}", bench.picture());
}

#[test]
fn the_footer_does_not_offer_to_hold_what_is_over() {
    // An answered request is not to be held.
    let mut bench = Bench::morning(80, 24);
    bench.press("w");
    assert!(bench.picture().contains("A success  F fail  r reply  H hold  ? help"), "{}", bench.picture());
    answered(&mut bench, "3a1f");
    bench.press("g");
    assert!(bench.picture().contains("A success  F fail  r reply  Enter open  ? help"), "{}", bench.picture());
}

#[test]
fn the_inbox_does_not_open_on_what_was_answered_elsewhere() {
    // By the composer, which opened from the stream.
    let mut bench = three(140, 40);
    bench.press("r<C-s>");
    answered(&mut bench, "3a1f");
    assert_eq!(bench.state.inbox.chosen, None);
    assert_eq!(replies(&bench.press("wA")), reply(0, "c2", None));
    // By a key in the stream, while the inbox's cursor stood on it.
    let mut bench = three(140, 40);
    bench.press("wjkwA");
    answered(&mut bench, "3a1f");
    assert_eq!(replies(&bench.press("wA")), reply(0, "c2", None));
    // From the inbox through the composer the cursor goes on to the next.
    let mut bench = three(140, 40);
    bench.press("wjr<C-s>");
    bench.canned.up(0, "$oc/devices/smoke-01/sys/commands/response/request_id=c2", "{}");
    bench.look();
    assert_eq!(replies(&bench.press("A")), reply(0, "c3", None));
}

#[test]
fn an_answer_is_for_the_request_that_was_seen_whatever_becomes_of_its_row() {
    // Between the frame and the key the most urgent one runs out: the key still means it, and asks.
    let mut bench = three(140, 40);
    bench.canned.pass(18_000);
    bench.look();
    assert_eq!(
        bench.state.inbox.urgent,
        Some(bench.canned.timeline.requests().find(SessionId(0), "3a1f").unwrap().seq)
    );
    bench.canned.pass(1_050);
    bench.canned.timeline.expire(bench.canned.now);
    assert!(replies(&bench.press("A")).is_empty());
    assert_eq!(bench.state.context(), Context::Again);
    assert!(bench.picture().contains("property set of 1 smoke-01 ran out "), "{}", bench.picture());
    assert_eq!(replies(&bench.press("y")), reply(0, "3a1f", None));
    // While a code is chosen, a more urgent request comes, and the chosen one moves down.
    let mut bench = three(140, 40);
    bench.press("wjF");
    bench.canned.down(
        1,
        "/sys/a1B2c3/lamp-gw/rrpc/request/77",
        r#"{"method":"thing.service.X","id":"77","params":{}}"#,
    );
    bench.look();
    assert_eq!(bench.eye.glance().urgent.as_ref().unwrap().session, SessionId(1));
    assert_eq!(replies(&bench.press("<Enter>")), reply(0, "c2", Some(1)));
}

#[test]
fn a_failure_code_is_chosen_or_typed() {
    for (keys, code) in
        [("F<Enter>", 1), ("F<Tab><Enter>", 2), ("F<Tab><S-Tab><Enter>", 1), ("F77<Enter>", 77), ("F-5<Enter>", -5)]
    {
        let mut bench = Bench::morning(80, 24);
        assert_eq!(replies(&bench.press(keys)), reply(0, "3a1f", Some(code)), "{keys}");
    }
    // A pasted code takes the chosen one's place too.
    let mut bench = Bench::morning(80, 24);
    bench.press("F");
    bench.paste("12");
    assert_eq!(replies(&bench.press("<Enter>")), reply(0, "3a1f", Some(12)));
    let mut bench = Bench::morning(80, 24);
    assert!(bench.press("Fx<Enter>").is_empty());
    assert_eq!(bench.notice(), "Only a whole number; arrows choose.");
    bench.press("<Esc>");
    assert_eq!(bench.state.context(), Context::Browse);
}

#[test]
fn a_late_a_second_and_a_moved_answer_ask_first() {
    // Late.
    let mut bench = Bench::morning(140, 40);
    bench.canned.pass(25_000);
    bench.press("wk");
    assert!(replies(&bench.press("A")).is_empty());
    assert_eq!(bench.state.context(), Context::Again);
    assert!(bench.press("n").is_empty());
    assert_eq!(bench.notice(), "Nothing was sent.");
    // The same key once more is a yes; another action's key is not.
    assert_eq!(replies(&bench.press("AA")), reply(0, "3a1f", None));
    // A second one.
    let mut bench = Bench::morning(140, 40);
    bench.press("wkA");
    answered(&mut bench, "3a1f");
    bench.canned.pass(3_000);
    assert!(replies(&bench.press("wwA")).is_empty());
    let picture = bench.picture();
    assert!(picture.contains("property set of 1 smoke-01 was answered 3.0 s ago: answer again? y/n"), "{picture}");
    assert_eq!(replies(&bench.press("<Enter>")), reply(0, "3a1f", None));
    // Over another connection.
    let mut bench = Bench::morning(140, 40);
    bench.canned.backoff(0);
    bench.look();
    assert!(bench.press("A").is_empty());
    assert_eq!(bench.notice(), "smoke-01 is not online: no answer can go.");
    bench.canned.online(0);
    bench.look();
    assert!(bench.press("A").is_empty());
    assert!(bench.picture().contains("came over an earlier connection: answer all the same? y/n"));
    assert_eq!(replies(&bench.press("y")), reply(0, "3a1f", None));
}

#[test]
fn what_was_not_told_is_asked_for_its_own_sake() {
    let mut bench = Bench::morning(140, 40);
    bench.canned.backoff(0);
    bench.canned.online(0);
    bench.look();
    bench.press("A");
    bench.canned.pass(25_000);
    assert!(bench.press("y").is_empty(), "by now it is late too");
    assert!(bench.picture().contains("ran out"), "{}", bench.picture());
    assert_eq!(replies(&bench.press("y")), reply(0, "3a1f", None));
}

#[test]
fn two_quick_presses_answer_once() {
    let mut bench = Bench::morning(140, 40);
    assert_eq!(replies(&bench.press("A")).len(), 1);
    // The session has taken the order, and has not sent it yet.
    assert!(replies(&bench.press("A")).is_empty());
    assert!(bench.picture().contains("is being answered: answer again? y/n"), "{}", bench.picture());
}

#[test]
fn the_cursor_goes_from_what_is_answered_to_the_next_that_waits() {
    let mut bench = three(140, 40);
    let mut sent = Vec::new();
    bench.press("wk");
    for _ in 0..3 {
        sent.extend(replies(&bench.press("A")));
    }
    assert_eq!(sent, [reply(0, "3a1f", None), reply(0, "c2", None), reply(0, "c3", None)].concat());
}

#[test]
fn a_held_request_is_not_the_next_and_comes_back() {
    let mut bench = three(140, 40);
    bench.press("H");
    assert_eq!(bench.notice(), "property set of 1 smoke-01 is held, and waits in the inbox (w).");
    assert!(bench.picture().contains("held"), "{}", bench.picture());
    assert_eq!(replies(&bench.press("A")), reply(0, "c2", None));
    let mut bench = three(140, 40);
    bench.press("HwkH");
    assert_eq!(bench.notice(), "property set of 1 smoke-01 is no longer held.");
    assert_eq!(replies(&bench.press("A")), reply(0, "3a1f", None));
}

#[test]
fn where_nothing_waits_a_key_means_the_request_that_it_meant_last() {
    let mut bench = Bench::morning(140, 40);
    bench.press("H");
    bench.canned.pass(25_000);
    bench.look();
    assert_eq!(bench.eye.glance().open, 0);
    bench.press("A");
    assert!(bench.picture().contains("property set of 1 smoke-01 ran out 6"), "{}", bench.picture());
    assert_eq!(replies(&bench.press("A")), reply(0, "3a1f", None));
    // One that waits goes before it.
    bench.canned.down(0, &format!("{COMMAND}c9"), r#"{"command_name":"TEST","paras":{}}"#);
    bench.look();
    assert_eq!(replies(&bench.press("A")), reply(0, "c9", None));
}

#[test]
fn an_ignored_request_is_noted_and_an_answer_takes_that_back() {
    let mut bench = Bench::morning(140, 40);
    let id = "0123456789abcdef";
    let seq = bench.canned.down(0, &format!("{SET}{id}"), r#"{"services":[]}"#);
    bench.look();
    let effects = bench.press("wjI");
    assert!(matches!(&effects[..], [Effect::Ignore { bound, .. }] if bound.seq == seq), "{effects:?}");
    let request = |bench: &Bench| bench.canned.timeline.requests().get(seq).unwrap().state;
    assert_eq!(request(&bench), RequestState::Ignored);
    let (_, newest) = bench.canned.timeline.span().unwrap();
    let Kind::Note { text, .. } = bench.canned.timeline.get(newest).unwrap().kind else { panic!("no note") };
    assert_eq!(text, "left without an answer: property set (01234567…)");
    assert!(bench.picture().contains("ignored"));
    // It stands first among those that are over.
    let effects = bench.press("jA");
    assert_eq!(replies(&effects), reply(0, id, None), "{}", bench.notice());
    answered(&mut bench, id);
    assert!(matches!(request(&bench), RequestState::Answered(_)));
    bench.press("I");
    assert!(bench.notice().ends_with("does not wait any more: there is nothing to ignore."), "{}", bench.notice());
}

#[test]
fn a_key_without_a_request_says_so() {
    for keys in ["A", "F", "H", "I", "r"] {
        let mut bench = Bench::new(Canned::empty(moment()), 80, 24);
        assert!(bench.press(keys).is_empty());
        assert!(bench.notice().starts_with("No request is open"), "{}", bench.notice());
    }
}

#[test]
fn an_id_that_comes_again_is_not_answered_in_the_wrong_place() {
    let mut bench = Bench::morning(140, 40);
    bench.press("wkA");
    answered(&mut bench, "3a1f");
    bench.press("ww");
    let chosen = bench.state.inbox.chosen;
    bench.canned.down(0, &format!("{SET}3a1f"), r#"{"services":[]}"#);
    bench.look();
    assert_eq!(bench.state.inbox.chosen, chosen);
    assert!(bench.press("A").is_empty());
    assert!(bench.notice().starts_with("A newer request has the id of property set"), "{}", bench.notice());
}
