//! What a device does by itself, at the keys: switches, the ordered upgrade, the platform's clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod screen_support;

use insta::assert_snapshot;
use screen_support::bench::Bench;
use serde_json::json;
use standin::behaviour::{Control, RuleStanding, SimulatorStanding, Standing, UpgradeStanding};
use standin::cloud::{Property, UpgradeStep};
use standin::console::keymap::Context;
use standin::console::update::Effect;
use standin::event::{Failure, Kind};
use standin::session::Action;
use standin::timeline::SessionId;

fn standing() -> Standing {
    let rule = |name: &str, words: &str, on, hits, last: Option<&str>| RuleStanding {
        name: name.to_owned(),
        words: words.to_owned(),
        on,
        hits,
        last: last.map(str::to_owned),
    };
    Standing {
        rules_on: true,
        rules: vec![
            rule("silence-late", "command SILENCE: code 1, late by 25 s", true, 1_204, Some("answered 3a1f with 1")),
            rule("静音规则", "命令 静音: 回复 成功", false, 0, None),
        ],
        simulators: vec![SimulatorStanding {
            name: "temperature".to_owned(),
            words: "temperature by sine, every 5 s".to_owned(),
            on: true,
            reports: 1,
        }],
        properties: vec![
            (Property::of("smokeDetector", "alarm"), json!(0)),
            (Property::of("", "温度\u{1b}[31m"), json!("二十一 \u{202e}度")),
        ],
        upgrade: Some(UpgradeStanding { module: "default".to_owned(), version: "1.1.0".to_owned(), step: None }),
        clock_offset_us: Some(-3_200_000),
    }
}

/// The three devices; the second one (Aliyun: it has upgrades and a question for the time) stands like that.
fn bench(width: u16, height: u16, standing: Standing) -> Bench {
    let mut bench = Bench::morning(width, height);
    show(&mut bench, standing);
    bench
}

fn show(bench: &mut Bench, standing: Standing) {
    bench.canned.handles[1] = bench.canned.handles[1].clone().standing_as(standing);
    bench.look();
}

fn controls(effects: &[Effect]) -> Vec<(u16, Control)> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Send(sending) => match &sending.order.action {
                Action::Own(control) => (sending.session.0, (**control).clone()),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn each_line_is_switched_by_its_name() {
    let rule = |name: &str, on| Control::Rule { name: name.to_owned(), on };
    for (keys, control) in [
        ("2B<Enter>", rule("silence-late", false)),
        ("2Bj<Space>", rule("静音规则", true)),
        ("2Bjj<Space>", Control::Simulator { name: "temperature".to_owned(), on: false }),
        ("2Bjjj<Enter>", Control::Upgrade { failure: None }),
        ("2Bf<Enter>", Control::Upgrade { failure: Some(-1) }),
        ("2Bf<Tab><Enter>", Control::Upgrade { failure: Some(-2) }),
        ("2Bf-77<Enter>", Control::Upgrade { failure: Some(-77) }),
        ("2Bjjjj<Enter>", Control::AskTime),
        ("2Bt", Control::AskTime),
        ("2Ba", Control::Rules { on: false }),
        ("B2<Enter>", rule("silence-late", false)),
    ] {
        let mut bench = bench(80, 24, standing());
        assert_eq!(controls(&bench.press(keys)), [(1, control)], "{keys}");
        assert_eq!(bench.state.context(), Context::Doings, "{keys}");
    }
}

#[test]
fn a_property_is_set_by_hand_whether_it_has_a_value_or_not() {
    let alarm = || Property::of("smokeDetector", "alarm");
    let set = |property: Property, value| Control::Property { property, value };
    for (keys, control) in [
        ("2BGk<Enter><BS>1<Enter>", set(alarm(), json!(1))),
        ("2BGk<Enter><C-u>{\"a\":[1, null]}<Enter>", set(alarm(), json!({"a": [1, null]}))),
        ("2Bslevel=21.4<Enter>", set(Property::of("", "level"), json!(21.4))),
        ("2Bs smokeDetector/mode = \"a = b\"<Enter>", set(Property::of("smokeDetector", "mode"), json!("a = b"))),
    ] {
        let mut bench = bench(80, 24, standing());
        let (before, after) = keys.split_at(keys.len() - "<Enter>".len());
        assert!(bench.press(before).is_empty(), "{keys}");
        assert_eq!(bench.state.context(), Context::Value, "{keys}");
        assert_eq!(controls(&bench.press(after)), [(1, control)], "{keys}");
        assert_eq!(bench.state.context(), Context::Doings, "{keys}");
    }
    let mut bench = bench(80, 24, standing());
    assert!(bench.press("2BGk<Enter>5<Esc>").is_empty());
    assert_eq!(bench.state.context(), Context::Doings);
    bench.press("<Enter>");
    assert_snapshot!("value_80x24", bench.picture());
    let long =
        Standing { properties: vec![(Property::of("", "long"), json!("x".repeat(3_000)))], ..Standing::default() };
    show(&mut bench, long);
    assert_eq!(controls(&bench.press("<Esc>G<Enter>7<Enter>")), [(1, set(Property::of("", "long"), json!(7)))]);
}

#[test]
fn a_switch_means_what_was_under_the_cursor_whatever_came_in_above_it() {
    let mut bench = bench(80, 24, standing());
    bench.press("2Bjj");
    let mut more = standing();
    more.rules.push(RuleStanding { name: "recorded".to_owned(), ..RuleStanding::default() });
    show(&mut bench, more);
    let simulator = Control::Simulator { name: "temperature".to_owned(), on: false };
    assert_eq!(controls(&bench.press("<Enter>")), [(1, simulator)]);
    // What is on is switched off, as it stands now and not as it was drawn.
    let mut off = standing();
    off.simulators[0].on = false;
    show(&mut bench, off);
    let simulator = Control::Simulator { name: "temperature".to_owned(), on: true };
    assert_eq!(controls(&bench.press("<Enter>")), [(1, simulator)]);
}

#[test]
fn what_cannot_be_switched_says_why() {
    let none = Standing::default();
    for (keys, standing, words) in [
        ("2BG<Enter><C-u>x<Enter>", standing(), "The value is no JSON; a text stands in \"…\"."),
        ("2Bs21<Enter>", standing(), "Type a property, = and its value."),
        ("2Bs = 21<Enter>", standing(), "Type a property before the =."),
        ("2Bslevel = hot<Enter>", standing(), "The value is no JSON; a text stands in \"…\"."),
        ("2Ba", none.clone(), "This device has no rule."),
        ("2Bf", none.clone(), "The platform has ordered no upgrade."),
        ("3Bt", none.clone(), "This cloud has no question for its time."),
        ("2B9", none.clone(), "There is no device 9."),
        ("2Bx", none.clone(), "x does nothing here. Esc goes back."),
        // The help is not open to every list, and is not promised there.
        ("2B?", none, "? does nothing here. Esc goes back."),
    ] {
        let mut bench = bench(80, 24, standing);
        let effects = bench.press(keys);
        assert!(effects.is_empty(), "{keys}: {effects:?}");
        assert!(bench.notice().contains(words), "{keys}: {}", bench.notice());
    }
    let mut bench = bench(80, 24, standing());
    bench.canned.backoff(1);
    bench.look();
    assert!(bench.press("2Bt").is_empty());
    assert_eq!(bench.notice(), "lamp-gw is not online: nothing can be sent.");
    assert!(bench.press("jjj<Enter>").is_empty());
    assert_eq!(bench.notice(), "lamp-gw is not online: nothing can be sent.");
}

#[test]
fn a_switch_that_the_session_refuses_is_told() {
    let mut bench = bench(140, 40, standing());
    bench.press("2B<Enter>");
    let order = Some(bench.state.orders[0].number);
    let failure = Failure { code: "own", reason: "there is no rule of that name", hint: None, order };
    bench.canned.timeline.append(SessionId(1), bench.canned.now, &Kind::Error(failure), None);
    bench.look();
    assert_eq!(bench.notice(), "lamp-gw: could not switch that: there is no rule of that name");
    // The note of one that was carried out ends the wait; what is told at the foot stays.
    bench.press("<Enter>");
    let order = Some(bench.state.orders[0].number);
    let done = Kind::Note { text: "rule silence is on", order };
    bench.canned.timeline.append(SessionId(1), bench.canned.now, &done, None);
    let told = bench.notice();
    bench.look();
    assert_eq!((bench.state.orders.len(), bench.notice()), (0, told));
}

#[test]
fn the_list_in_its_sizes() {
    for (width, height) in [(140, 40), (80, 24), (40, 12)] {
        let mut bench = bench(width, height, standing());
        bench.press("2Bj");
        assert_snapshot!(format!("doings_{width}x{height}"), bench.picture());
    }
    let mut bench = bench(80, 24, Standing { rules_on: true, ..Standing::default() });
    bench.press("2B");
    assert_snapshot!("doings_empty_80x24", bench.picture());
    let upgrade = UpgradeStanding {
        module: "default".to_owned(),
        version: "1.1.0".to_owned(),
        step: Some(UpgradeStep::Downloading(40)),
    };
    show(&mut bench, Standing { rules_on: false, upgrade: Some(upgrade), ..standing() });
    assert_snapshot!("doings_all_off_80x24", bench.picture());
}

#[test]
fn a_clock_that_is_off_stands_where_the_ping_does() {
    let status_of = |offset, dated| {
        let mut bench = bench(80, 24, Standing { clock_offset_us: offset, ..Standing::default() });
        bench.dated_us = dated;
        bench.press("2");
        bench.picture().lines().nth(22).unwrap().to_owned()
    };
    let status = |offset| status_of(offset, None);
    assert!(status(None).contains("ping 23 ms"), "{}", status(None));
    // The date of the connection has whole seconds, and counts only until the cloud was asked.
    assert!(status_of(None, Some(1_900_000)).contains("ping 23 ms"));
    assert!(status_of(None, Some(-61_000_000)).contains("clock -61 s"));
    assert!(status_of(Some(3_000), Some(-61_000_000)).contains("ping 23 ms"));
    assert!(status(Some(900_000)).contains("ping 23 ms"));
    assert!(status(Some(-3_200_000)).contains("clock -3.2 s"), "{}", status(Some(-3_200_000)));
    assert!(status(Some(64_000_000)).contains("clock +64 s"));
    assert!(!status(Some(64_000_000)).contains("ping"));
}
