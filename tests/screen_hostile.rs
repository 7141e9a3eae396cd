//! Whatever comes over the wire, at whatever size of the screen: nothing panics, and no cell gets a character that must not
//! reach a terminal.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod screen_support;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use screen_support::Canned;
use screen_support::bench::{Bench, moment};
use standin::cloud::Direction;
use standin::console::layout::Pane;
use standin::event::{Failure, Kind, LineState, StateChange, Subscribed};
use standin::mqtt::Qos;
use standin::timeline::SessionId;

/// Texts that have broken screens, here or elsewhere.
const NASTY: [&str; 16] = [
    "",
    "a🌞b",
    "\u{301}leading mark",
    "\u{1b}[31mred\u{1b}]52;c;eA==\u{7}",
    "\u{9b}2J\u{85}\u{7f}",
    "\r\n\t\u{b}\u{c}",
    "\u{202e}gnp\u{202d}\u{2066}\u{2069}\u{feff}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "👩\u{200d}🔧🇩🇪🇩❤\u{fe0f}1\u{fe0f}\u{20e3}",
    "ｶﾞ한글ក្ន‌្ន",
    "温度计温度计温度计温度计",
    "{\"a\":{\"b\":[1,2,{\"c\":\"\\u001b\"}]}}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "\u{e0041}\u{ad}\u{115f}\u{2028}\u{2029}",
    "%s%n{}{:?}",
    "very long very long very long very long very long very long very long very long very long",
];

fn is_clean(buffer: &Buffer) -> Result<(), String> {
    for cell in &buffer.content {
        let symbol = cell.symbol();
        if symbol.chars().any(standin::text::hidden::is_hidden) || symbol.len() > 64 {
            return Err(format!("{symbol:?}"));
        }
    }
    Ok(())
}

/// A timeline in which everything that comes from outside is `text`.
fn hostile(text: &str, other: &str) -> Canned {
    let mut profiles = screen_support::profiles();
    text.clone_into(&mut profiles[1].name);
    let mut canned = Canned::with(profiles, moment());
    canned.online(0);
    for device in 0..3 {
        let topic = format!("{text}/{other}");
        canned.message(device, Direction::Down, &topic, other.as_bytes());
        canned.message(device, Direction::Up, text, format!("{{\"{other}\": \"{text}\"}}").as_bytes());
        canned.message(device, Direction::Down, other, b"\xff\xfe\x00");
        let now = canned.now;
        let change = StateChange {
            state: LineState::Backoff,
            attempt: 2,
            retry_in: Some(std::time::Duration::from_secs(3)),
            code: Some(text),
            reason: Some(other),
            hint: Some(text),
            order: None,
        };
        let failure = Failure { code: other, reason: text, hint: Some(other), order: None };
        let subscribed =
            Subscribed { filter: text, asked: Qos::AtLeastOnce, granted: None, reason: Some(other), order: None };
        for kind in [
            Kind::State(change),
            Kind::Error(failure),
            Kind::Subscribed(subscribed),
            Kind::Note { text, order: None },
            Kind::Gap { count: 3, reason: other },
        ] {
            canned.timeline.append(SessionId(device), now, &kind, None);
        }
    }
    let command = "$oc/devices/smoke-01/sys/commands/request_id=";
    let body = format!("{{\"command_name\":\"{}\",\"paras\":{{\"{other}\":1}}}}", text.replace(['"', '\\'], ""));
    canned.down(0, &format!("{command}{other}"), &body);
    canned
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(&NASTY[..]).prop_map(str::to_owned),
        any::<String>(),
        prop::collection::vec(prop::sample::select(&NASTY[..]), 0..4).prop_map(|parts| parts.concat()),
    ]
}

const KEYS: [&str; 14] = ["", "k", "k<Enter>", "kv", "kvv", "o", "ojl", "w", "r", "1c", "?", ":", "s", "q"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn no_view_breaks_at_any_size(text in text(), other in text()) {
        let mut bench = Bench::new(hostile(&text, &other), 80, 24);
        for keys in KEYS {
            bench.resize(80, 24);
            bench.press("<Esc><Esc><Esc><Esc>");
            bench.press(keys);
            if keys == "1c" {
                bench.paste(&text);
            }
            if matches!(keys, ":" | "s") {
                bench.paste(&other);
            }
            for width in 0..14 {
                for height in 0..6 {
                    bench.state.size = (width, height);
                    let (buffer, _) = bench.draw();
                    prop_assert_eq!(is_clean(&buffer), Ok(()), "{} at {}×{}", keys, width, height);
                }
            }
            for (width, height) in [(40, 12), (80, 24), (120, 18), (140, 40)] {
                bench.state.size = (width, height);
                let (buffer, cursor) = bench.draw();
                prop_assert_eq!(is_clean(&buffer), Ok(()), "{} at {}×{}", keys, width, height);
                prop_assert!(cursor.is_none_or(|(x, y)| x < width && y < height), "cursor {:?}", cursor);
            }
        }
    }

    /// Whatever keys are pressed in whatever order, the screen can be drawn and the focus is on a pane that is there.
    #[test]
    fn no_sequence_of_keys_breaks_the_screen(
            keys in prop::collection::vec(
                prop_oneof![
                    3 => prop::char::range('!', '~').prop_filter("not a name", |key| *key != '<').prop_map(String::from),
                    3 => prop::sample::select(&["<Esc>", "<Enter>", "<Tab>", "<S-Tab>", "<C-s>", "<C-t>", "<C-f>", "<Space>",
                                                "<PageUp>", "<PageDown>", "<BS>", "<C-l>", "<C-x>", "温"][..])
                        .prop_map(str::to_owned),
                ], 0..40),
            width in 1_u16..160, height in 1_u16..50) {
        let mut bench = Bench::morning(width, height);
        for key in &keys {
            bench.press(key);
            for orders in &mut bench.canned.orders {
                while orders.try_recv().is_ok() {}
            }
        }
        let (buffer, _) = bench.draw();
        prop_assert_eq!(is_clean(&buffer), Ok(()));
        let layout = bench.state.layout();
        prop_assert!(layout.pane(bench.state.focus).is_some() || layout.status.is_none() || height < 2);
        prop_assert!(bench.state.focus != Pane::Composer || bench.state.composer.is_open());
    }
}
