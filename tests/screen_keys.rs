//! Keys in, state and orders out: what the person at the keys is promised.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod screen_support;

use screen_support::Canned;
use screen_support::bench::{Bench, moment};
use standin::console::keymap::Context;
use standin::console::layout::Pane;
use standin::console::state::Overlay;
use standin::console::update::Effect;
use standin::mqtt::Qos;
use standin::session::Action;
use standin::timeline::SessionId;

fn sent(effects: &[Effect]) -> Vec<(u16, Action)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(sending) => Some((sending.session.0, sending.order.action.clone())),
            _ => None,
        })
        .collect()
}

#[test]
fn a_request_is_answered_from_the_keyboard() {
    let mut bench = Bench::morning(140, 40);
    bench.press("r");
    assert_eq!(bench.state.context(), Context::Compose);
    let effects = bench.press("<C-s>");
    let [(0, Action::Reply { request_id, .. })] = &sent(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(request_id, "3a1f");
    assert_eq!((bench.state.focus, bench.state.composer.is_open()), (Pane::Stream, false));
    assert_eq!(bench.notice(), "smoke-01: reply is on its way.");
}

#[test]
fn a_report_is_prefilled_by_the_cloud_and_stays_open_after_it_was_sent() {
    let mut bench = Bench::morning(140, 40);
    let effects = bench.press("1c<C-s>");
    let [(0, Action::Publish { topic, payload, qos: Qos::AtLeastOnce, force: false, .. })] = &sent(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(topic, "$oc/devices/smoke-01/sys/properties/report");
    serde_json::from_slice::<serde_json::Value>(payload).unwrap();
    assert!(bench.state.composer.is_open());
}

#[test]
fn typing_is_safe() {
    let mut bench = Bench::morning(140, 40);
    bench.press("1c");
    // Letters are text, whatever they do elsewhere, and a paste never sends.
    let mut effects = bench.press("qrDT?:1/ ");
    bench.paste("\r\n{}\r\n\u{13}");
    effects.extend(bench.press("x"));
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(bench.state.context(), Context::Compose);
    // Bad JSON is kept back, with the reason in place.
    assert!(sent(&bench.press("<C-s>")).is_empty());
    let picture = bench.picture();
    assert!(picture.contains("Not sent (^F forces): line 1, column 1"), "{picture}");
    // Esc keeps the draft, and c brings it back.
    bench.press("<Esc>");
    assert_eq!(bench.notice(), "The draft is kept.");
    bench.press("1c");
    assert!(bench.picture().contains("qrDT?:1/ "));
}

#[test]
fn a_reply_that_was_begun_is_kept_with_its_request() {
    let mut bench = Bench::morning(140, 40);
    bench.press("r x<Esc>w");
    assert!(bench.picture().contains("property set draft"), "{}", bench.picture());
    bench.press("<Enter><Enter>");
    assert_eq!(bench.state.focus, Pane::Stream);
    bench.press("r");
    assert!(bench.picture().contains(" x{"), "{}", bench.picture());
}

#[test]
fn leaving_asks_once_when_something_would_be_lost() {
    let mut bench = Bench::morning(140, 40);
    assert!(bench.press("q").is_empty());
    assert!(matches!(bench.state.overlay, Some(Overlay::Leave { .. })));
    assert!(bench.picture().contains("1 request waits for its answer"));
    bench.press("<Esc>");
    assert_eq!(bench.state.overlay, None);
    assert!(matches!(bench.press("qq")[..], [Effect::Leave]));
    let mut idle = Bench::new(Canned::empty(moment()), 80, 24);
    assert!(matches!(idle.press("q")[..], [Effect::Leave]));
}

#[test]
fn ctrl_c_leaves_when_pressed_twice_and_only_then() {
    let mut bench = Bench::morning(80, 24);
    assert!(bench.press("<C-c>").is_empty());
    assert_eq!(bench.notice(), "Ctrl-C once more leaves.");
    bench.press("k");
    assert!(bench.press("<C-c>").is_empty());
    bench.canned.pass(2_500);
    assert!(bench.press("<C-c>").is_empty());
    assert!(matches!(bench.press("<C-c>")[..], [Effect::Leave]));
    let mut bench = Bench::morning(80, 24);
    bench.press("1c");
    assert!(matches!(bench.press("<C-c><C-c>")[..], [Effect::Leave]));
}

#[test]
fn a_key_that_cannot_act_says_why() {
    for (keys, words) in [
        ("9", "There is no device 9: there are 3."),
        ("n", "No filter was typed yet. / types one."),
        ("m<Enter>", "Nothing is typed: Esc goes back."),
        ("L<Enter>", "There is no tape in the folder yet. t starts one."),
        ("u", "Put the cursor on a subscription in Topics (o), then press u."),
        ("e", "e does nothing here. ? shows the keys."),
        ("<Esc>", "There is nothing to go back from. q leaves."),
        ("D", "Which device? 1 to 9 choose one, or the cursor on one of its messages does."),
        ("1C", "smoke-01 is online already."),
        ("y", "There is no message under the cursor."),
        ("/zzz<Enter>y", "There is no message under the cursor."),
        ("3C", "meter-7 waits before the next attempt. R ends the wait."),
        ("s+a<Enter>", "must fill a whole level"),
        (":nonsense<Enter>", "No command \"nonsense\"."),
        ("/silence<Enter><Esc>nn", "No further event fits \"silence\"."),
    ] {
        let mut bench = Bench::morning(160, 24);
        let effects = bench.press(keys);
        assert!(effects.is_empty(), "{keys}: {effects:?}");
        assert!(bench.notice().contains(words), "{keys}: {}", bench.notice());
        assert!(bench.picture().contains(words), "{keys}");
    }
}

#[test]
fn a_device_that_waits_is_told_to_try_now() {
    let mut bench = Bench::morning(80, 24);
    let effects = bench.press("R");
    assert_eq!(sent(&effects), [(2, Action::Now)]);
    let effects = bench.press("2D");
    assert_eq!(sent(&effects), [(1, Action::Disconnect)]);
}

#[test]
fn a_refused_order_keeps_the_text_and_says_why() {
    let mut bench = Bench::morning(140, 40);
    bench.press("r");
    // The session's queue is full.
    for _ in 0..4 {
        bench.canned.handles[0]
            .try_send(standin::session::Order { number: None, action: Action::Now })
            .expect("room for four orders");
    }
    bench.press("<C-s>");
    assert!(bench.state.composer.is_open());
    assert_eq!(bench.notice(), "smoke-01 has too many orders waiting. Try again in a moment.");
    while bench.canned.orders[0].try_recv().is_ok() {}
    assert_eq!(sent(&bench.press("<C-s>")).len(), 1);
    assert!(!bench.state.composer.is_open());
}

#[test]
fn what_becomes_of_an_order_is_told() {
    let mut bench = Bench::morning(140, 40);
    bench.press("1c<C-s>");
    let number = bench.state.orders[0].number;
    bench.canned.acked(0, 7, Some(number));
    bench.look();
    assert_eq!(bench.notice(), "smoke-01: publish done.");
    assert!(bench.state.orders.is_empty());
}

#[test]
fn an_order_to_connect_is_answered_by_how_far_it_came() {
    use standin::event::{Kind, LineState, StateChange};
    let mut bench = Bench::morning(140, 40);
    bench.press("3R");
    let order = Some(bench.state.orders[0].number);
    let change = StateChange { state: LineState::Connecting, attempt: 5, order, ..StateChange::default() };
    bench.canned.timeline.append(SessionId(2), bench.canned.now, &Kind::State(change), None);
    bench.look();
    assert_eq!(bench.notice(), "meter-7: connecting.");
}

#[test]
fn the_filter_acts_as_it_is_typed_and_esc_clears_it() {
    let mut bench = Bench::morning(140, 40);
    let all = bench.state.window.visible().count();
    bench.press("/sil");
    let some = bench.state.window.visible().count();
    assert!(some < all && some > 0, "{some} of {all}");
    assert!(bench.picture().contains("/sil"));
    bench.press("<Esc>");
    assert_eq!(bench.state.window.visible().count(), all);
    // n looks for it again, with everything around it.
    bench.press("N");
    let glance = bench.eye.glance();
    assert_eq!(glance.rows[glance.cursor.unwrap()].0.name.as_str(), "SILENCE");
}

#[test]
fn the_selection_stays_on_its_event_while_others_come() {
    let mut bench = Bench::morning(80, 24);
    for _ in 0..10 {
        bench.canned.down(1, "/a1B2c3/lamp-gw/user/get", "{}");
    }
    bench.look();
    bench.press("kkk");
    let selected = bench.state.window.selected();
    let before = bench.picture();
    for _ in 0..50 {
        bench.canned.down(1, "/a1B2c3/lamp-gw/user/get", "{}");
    }
    bench.look();
    assert_eq!(bench.state.window.selected(), selected);
    let rows = |picture: &str| picture.lines().skip(2).take(10).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&bench.picture()), rows(&before));
    bench.press("G");
    assert!(bench.state.window.follows());
}

#[test]
fn topics_filter_the_stream_and_subscribe() {
    let mut bench = Bench::morning(140, 40);
    bench.press("o");
    assert_eq!(bench.state.focus, Pane::Topics);
    bench.press("jj<Enter>");
    assert_eq!(bench.state.focus, Pane::Stream);
    assert_eq!(bench.state.device(), Some(SessionId(0)));
    assert!(bench.state.window.query().topic.as_deref().is_some_and(|topic| topic.contains("/sys/commands")));
    bench.press("<Esc>");
    assert_eq!(bench.state.window.query().topic, None);
    let effects = bench.press("2suser/+/news<C-q><Enter>");
    let [(1, Action::Subscribe { filter, qos: Qos::ExactlyOnce, force: false })] = &sent(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(filter.as_str(), "user/+/news");
    assert_eq!(bench.state.overlay, None);
}

#[test]
fn the_palette_runs_a_command_by_name_and_a_device_by_number() {
    let mut bench = Bench::morning(140, 40);
    bench.press(":2<Enter>");
    assert_eq!(bench.state.device(), Some(SessionId(1)));
    bench.press(":all<Enter>");
    assert_eq!(bench.state.device(), None);
    bench.press(":help<Enter>");
    assert!(matches!(bench.state.overlay, Some(Overlay::Help { .. })));
}

#[test]
fn copying_takes_the_payload_byte_for_byte_and_refuses_what_no_terminal_takes() {
    let mut bench = Bench::morning(80, 24);
    let payload = "温度\u{1b}[31m\u{0}";
    bench.canned.down(1, "/a1B2c3/lamp-gw/user/get", payload);
    bench.look();
    let [Effect::Copy(bytes)] = &bench.press("y")[..] else { panic!("no copy") };
    assert_eq!(bytes, payload.as_bytes());
    let [Effect::Copy(bytes)] = &bench.press("Y")[..] else { panic!("no copy") };
    assert_eq!(bytes, b"/a1B2c3/lamp-gw/user/get");
    bench.canned.down(1, "/a1B2c3/lamp-gw/user/get", &"x".repeat(80_000));
    bench.look();
    assert!(bench.press("y").is_empty());
    assert!(bench.notice().starts_with("The payload has 78 KiB; terminals take 72 KiB"), "{}", bench.notice());
}

#[test]
fn esc_typed_together_with_a_letter_is_esc_and_the_letter() {
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    let mut bench = Bench::morning(80, 24);
    bench.press("?");
    let world = bench.canned.world();
    let event = KeyEvent::new(KeyCode::Char(':'), KeyModifiers::ALT);
    standin::console::update::key(&mut bench.state, event, &world);
    assert!(matches!(bench.state.overlay, Some(Overlay::Palette { .. })));
}

#[test]
fn force_is_offered_exactly_where_it_would_help() {
    let mut bench = Bench::morning(80, 24);
    let footer = |bench: &mut Bench| bench.picture().lines().last().unwrap().to_owned();
    bench.press("1c");
    assert!(!footer(&mut bench).contains("force"), "good JSON needs none");
    bench.press("x");
    assert!(footer(&mut bench).contains("^F force"), "{}", footer(&mut bench));
    let effects = bench.press("<C-s>");
    assert!(sent(&effects).is_empty());
    bench.press("<C-f>");
    assert!(!footer(&mut bench).contains("^F force"), "{}", footer(&mut bench));
    assert!(bench.picture().contains("^S sends it unchecked"));
    let effects = bench.press("<C-s>");
    assert!(matches!(sent(&effects)[..], [(0, Action::Publish { force: true, .. })]), "{effects:?}");
}

#[test]
fn an_acknowledgement_is_told_at_its_message_and_has_no_row_of_its_own() {
    let mut bench = Bench::morning(80, 24);
    bench.canned.up(0, "$oc/devices/smoke-01/sys/properties/report", r#"{"services":[]}"#);
    let row =
        |bench: &mut Bench| bench.picture().lines().rfind(|line| line.contains("property report")).unwrap().to_owned();
    assert!(row(&mut bench).contains("◌ │"), "{}", row(&mut bench));
    bench.canned.acked(0, 7, None);
    assert!(row(&mut bench).contains("✓ 31 ms"), "{}", row(&mut bench));
    assert!(!bench.picture().contains("acked"));
    bench.press("a");
    assert!(bench.picture().contains("acked"), "{}", bench.picture());
    bench.press("a");
    assert!(!bench.picture().contains("acked"));
}
