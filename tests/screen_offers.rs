//! What the platform's application can be told to send, at the keys.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod screen_support;

use insta::assert_snapshot;
use screen_support::bench::Bench;
use standin::console::application::{Application, Offer, Outcome, Wanted};
use standin::console::keymap::Context;
use standin::console::update::Effect;
use standin::text::Safe;

/// An application that has three things for each device but the third.
#[derive(Debug)]
struct Three;

impl Application for Three {
    fn offers(&self, device: &str) -> Vec<Offer> {
        let offer = |name: &str, label: String| Offer { name: name.to_owned(), label: Safe::new(&label) };
        if device == "meter-7" {
            return Vec::new();
        }
        vec![
            offer("command", format!("command SILENCE to {device}")),
            offer("property-set", "property set 温度".to_owned()),
            offer("ota-upgrade", "upgrade the firmware".to_owned()),
        ]
    }

    fn send(&self, _wanted: &Wanted) {}

    fn news(&mut self) -> Option<Outcome> {
        None
    }
}

fn bench(width: u16, height: u16) -> Bench {
    let mut bench = Bench::morning(width, height);
    bench.canned.application = Some(Box::new(Three));
    bench
}

fn ordered(effects: &[Effect]) -> Vec<(String, String)> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Order(Wanted { device, offer }) => (device.clone(), offer.name.clone()),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn the_platform_is_told_what_to_send_to_which_device() {
    for (keys, device, name) in [
        ("1P<Enter>", "smoke-01", "command"),
        ("1Pj<Enter>", "smoke-01", "property-set"),
        ("2PG<Enter>", "lamp-gw", "ota-upgrade"),
        ("1P2jk<Space>", "lamp-gw", "command"),
        // Without a chosen device it is the first that is online.
        ("P<Enter>", "smoke-01", "command"),
        (":platform<Enter><Enter>", "smoke-01", "command"),
    ] {
        let mut bench = bench(80, 24);
        assert_eq!(ordered(&bench.press(keys)), [(device.to_owned(), name.to_owned())], "{keys}");
        assert_eq!(bench.state.context(), Context::Browse);
        assert!(bench.notice().starts_with("The platform is told to send: "), "{}", bench.notice());
    }
}

#[test]
fn the_same_again_takes_two_keys() {
    let mut bench = bench(80, 24);
    bench.press("1PG<Enter>");
    assert_eq!(ordered(&bench.press("2P<Enter>")), [("lamp-gw".to_owned(), "ota-upgrade".to_owned())]);
}

#[test]
fn where_there_is_no_such_platform_the_key_says_why() {
    let mut bench = Bench::morning(80, 24);
    assert!(bench.press("P").is_empty());
    assert!(bench.notice().starts_with("Only the platform of `standin demo` can be told"), "{}", bench.notice());
    let mut bench = self::bench(80, 24);
    assert!(bench.press("3P").is_empty());
    assert_eq!(bench.notice(), "The platform has nothing to send to meter-7.");
    assert!(bench.press("1P3<Esc>").is_empty());
    assert_eq!(bench.state.context(), Context::Browse);
}

#[test]
fn the_list_in_its_sizes() {
    for (width, height) in [(140, 40), (80, 24), (40, 12)] {
        let mut bench = bench(width, height);
        bench.press("1Pj");
        assert_snapshot!(format!("offers_{width}x{height}"), bench.picture());
    }
}
