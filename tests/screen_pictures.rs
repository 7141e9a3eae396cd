//! What the screen looks like, at the sizes that people have.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod screen_support;

use insta::assert_snapshot;
use ratatui::style::Modifier;
use screen_support::Canned;
use screen_support::bench::{Bench, moment};
use standin::cloud::Direction;
use standin::console::theme::{Signs, Theme};

#[test]
fn a_morning_with_three_devices() {
    for (width, height) in [(160, 50), (140, 40), (80, 24), (40, 12)] {
        let mut bench = Bench::morning(width, height);
        assert_snapshot!(format!("morning_{width}x{height}"), bench.picture());
    }
}

#[test]
fn a_packed_report_is_shown_unpacked_under_a_title_that_says_so() {
    let mut canned = Canned::empty(moment());
    canned.online(0);
    canned.pass(1);
    let topic = "$oc/devices/smoke-01/sys/properties/report?encoding=gzip";
    let body = r#"{"services":[{"service_id":"smokeDetector","properties":{"alarm":0}}]}"#;
    let packed = canned.handles[0].platform.packed(topic, body.as_bytes()).expect("the topic says that it is packed");
    canned.message(0, Direction::Up, topic, &packed);
    let mut bench = Bench::new(canned, 140, 40);
    bench.press("G");
    let picture = bench.picture();
    assert!(picture.contains("B, unpacked 70 B") && picture.contains(r#""service_id": "smokeDetector""#), "{picture}");
}

#[test]
fn a_reply_in_the_making() {
    for (width, height) in [(140, 40), (80, 24), (40, 12)] {
        let mut bench = Bench::morning(width, height);
        bench.press("r");
        let (_, cursor) = bench.draw();
        assert!(cursor.is_some(), "the cursor of the terminal stands in the text");
        assert_snapshot!(format!("reply_{width}x{height}"), bench.picture());
    }
}

#[test]
fn topics_and_requests_lie_over_the_left_half_of_a_small_screen() {
    let mut bench = Bench::morning(80, 24);
    bench.press("o");
    assert_snapshot!("topics_80x24", bench.picture());
    bench.press("w");
    assert_snapshot!("requests_80x24", bench.picture());
    bench.resize(40, 12);
    assert_snapshot!("requests_40x12", bench.picture());
}

#[test]
fn what_lies_over_the_panes() {
    let mut bench = Bench::morning(80, 24);
    bench.press("?");
    assert_snapshot!("help_80x24", bench.picture());
    bench.press("<Esc>:re");
    assert_snapshot!("palette_80x24", bench.picture());
    bench.press("<Esc>q");
    assert_snapshot!("leave_80x24", bench.picture());
    bench.press("<Esc>/property");
    assert_snapshot!("filter_80x24", bench.picture());
    bench.press("<Enter>2s/a/+");
    assert_snapshot!("subscribe_80x24", bench.picture());
}

#[test]
fn an_empty_screen_says_what_would_fill_it() {
    for (width, height) in [(140, 40), (80, 24)] {
        let mut bench = Bench::new(Canned::empty(moment()), width, height);
        assert_snapshot!(format!("empty_{width}x{height}"), bench.picture());
    }
    let mut bench = Bench::new(Canned::with(Vec::new(), moment()), 80, 24);
    assert_snapshot!("no_device_80x24", bench.picture());
}

#[test]
fn chinese_emoji_and_hostile_text_keep_the_columns() {
    let mut bench = Bench::morning(80, 24);
    let topic = "$oc/devices/smoke-01/user/温度";
    bench.canned.down(0, topic, r#"{"温度":"二十一度","面":"🌞🌞","long":"很长很长很长很长很长很长很长很长很长"}"#);
    bench.canned.down(
        0,
        "hostile/\u{202e}gnp.exe\u{200b}",
        "\u{1b}]0;owned\u{7}\u{1b}[31m\r\nline\u{0}\u{9b}2J e\u{301}\u{301}\u{301}",
    );
    bench.canned.down(0, topic, &"深".repeat(350_000));
    bench.canned.down(0, "deep", &"[".repeat(100_000));
    bench.look();
    bench.press("k");
    assert_snapshot!("hostile_80x24", bench.picture());
    bench.press("k<Enter>");
    assert_snapshot!("hostile_message_80x24", bench.picture());
}

#[test]
fn other_character_sets_get_ascii_alone() {
    let mut bench = Bench::morning(80, 24);
    bench.signs = Signs::ASCII;
    bench.canned.down(0, "$oc/devices/smoke-01/user/温度", r#"{"温度":21}"#);
    let (mut buffer, _) = bench.draw();
    standin::console::paint::to_ascii(&mut buffer);
    let picture = screen_support::bench::picture(&buffer);
    assert!(picture.is_ascii(), "{picture}");
    assert_snapshot!("ascii_80x24", picture);
}

#[test]
fn without_colours_the_selection_and_what_is_wrong_are_still_told_apart() {
    let mut bench = Bench::morning(80, 24);
    bench.press("k");
    let (buffer, _) = bench.draw();
    let row = bench.eye.glance().cursor.unwrap();
    let y = bench.state.content(standin::console::layout::Pane::Stream).y + u16::try_from(row).unwrap();
    assert!(buffer[(30, y)].modifier.contains(Modifier::REVERSED));
    assert_eq!(buffer[(1, y)].symbol(), "▌");
    let colours = |theme| {
        bench.theme = theme;
        let (buffer, _) = bench.draw();
        buffer.content.iter().any(|cell| (cell.fg, cell.bg) != Default::default())
    };
    let mut colours = colours;
    assert!(!colours(Theme::plain()));
    assert!(colours(Theme::load("dark", None).unwrap()));
}

#[test]
fn more_devices_than_fit_show_those_that_are_down_first() {
    let mut profiles = Vec::new();
    for place in 0..256 {
        let mut profile = screen_support::profiles().remove(0);
        profile.name = format!("gateway-{place}");
        profiles.push(profile);
    }
    let mut canned = Canned::with(profiles, moment());
    for device in 0..256 {
        if device != 200 {
            canned.online(device);
        }
    }
    canned.backoff(200);
    let mut bench = Bench::new(canned, 80, 24);
    let picture = bench.picture();
    let header = picture.lines().next().unwrap();
    assert!(header.contains("201 ◌") && header.contains('+'), "{header}");
    assert!(picture.contains("255 of 256 online"), "{picture}");
    bench.press(":100<Enter>");
    let picture = bench.picture();
    let header = picture.lines().next().unwrap();
    assert!(header.contains("100 gateway-99 ●") && header.contains("201 ◌"), "{header}");
}

#[test]
fn events_that_were_let_go_stay_in_sight_on_every_width() {
    use standin::timeline::{Budget, Timeline};
    for (width, height) in [(140, 40), (80, 24), (40, 12)] {
        let mut bench = Bench::morning(width, height);
        let now = bench.canned.now;
        bench.canned.timeline = Timeline::new(Budget { bytes: 256 << 10, ..Budget::default() }, now);
        for profile in screen_support::profiles() {
            bench.canned.timeline.register(&profile.name, profile.identity.cloud());
        }
        for _ in 0..20_000 {
            bench.canned.down(1, "/a1B2c3/lamp-gw/user/get", "{}");
        }
        bench.press("k");
        let picture = bench.picture();
        let title = picture.lines().nth(1).unwrap();
        assert!(title.contains(" let go") && title.contains("held"), "{title}");
    }
}

#[test]
fn a_title_does_not_take_on_the_looks_of_its_frame() {
    for theme in [Theme::plain(), Theme::load("sixteen", None).unwrap()] {
        let mut bench = Bench::morning(140, 40);
        bench.theme = theme;
        let (buffer, _) = bench.draw();
        let (frame, title) = (&buffer[(0, 5)], &buffer[(2, 1)]);
        assert_eq!(title.symbol(), "T");
        assert_ne!(title.style(), frame.style(), "{}", bench.theme.name);
    }
}
