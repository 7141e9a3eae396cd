//! What the message view shows.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::console::picture::{assert_clean, canvas, styled, text};
use crate::event::{Failure, LineState, Message, StateChange, WallTime, What};
use crate::mqtt::{PacketId, Qos};

const REQUEST: &str = r#"{"services":[{"service_id":"smokeDetector","properties":{"alarm":0}}]}"#;

fn message(payload: &[u8]) -> Message<'_> {
    Message {
        topic: "$oc/devices/smoke-01/sys/properties/set/request_id=3a1f",
        qos: Qos::AtLeastOnce,
        packet_id: PacketId::new(1),
        payload,
        what: What::PropertySet,
        request_id: Some("3a1f"),
        deadline_ms: Some(20_000),
        ..Message::default()
    }
}

fn event(seq: u64, kind: Kind<'_>) -> Event<'_> {
    Event { seq, at: WallTime::default(), mono_us: 0, session: "smoke-01", kind }
}

/// Lays out to the end of what was asked for, and paints.
fn paint(view: &mut MessageView, event: &Event<'_>, width: u16, height: u16, signs: &Signs) -> Buffer {
    let (mut buffer, area) = canvas(width, height);
    while view.collect(event, area.as_size(), plain) {}
    view.render(&mut buffer, area, &Theme::plain(), signs);
    buffer
}

/// No body is packed.
fn plain(_: &str, _: &[u8]) -> Option<Vec<u8>> {
    None
}

fn show(payload: &[u8], mode: Mode, width: u16, height: u16) -> String {
    let mut view = MessageView { mode, ..MessageView::default() };
    text(&paint(&mut view, &event(1, Kind::Rx(message(payload))), width, height, &Signs::UNICODE))
}

/// All rows of the body, without header.
fn body(payload: &[u8], mode: Mode, width: u16) -> Vec<String> {
    let mut view = MessageView { mode, ..MessageView::default() };
    let event = event(1, Kind::Rx(message(payload)));
    view.collect(&event, Size::new(width, 2), plain);
    let mut rows = Vec::new();
    loop {
        while view.collect(&event, Size::new(width, 2), plain) {}
        let Some(shown) = &view.shown else { return rows };
        let position = shown.position;
        let texts: Vec<String> =
            shown.rows.iter().map(|row| row.iter().map(|piece| piece.text.as_str()).collect()).collect();
        rows.extend(texts.into_iter().skip(rows.len().saturating_sub(position.top)));
        if position.top + position.visible >= position.total && position.is_total_known {
            return rows;
        }
        view.scroll(Scroll::Lines(2));
    }
}

#[test]
fn a_request_is_pretty() {
    assert_snapshot!("pretty_98", show(REQUEST.as_bytes(), Mode::Pretty, 98, 6));
    assert_snapshot!("pretty_40", show(REQUEST.as_bytes(), Mode::Pretty, 40, 14));
    assert_snapshot!("pretty_14", show(REQUEST.as_bytes(), Mode::Pretty, 14, 20));
}

#[test]
fn text_and_hex_are_one_key_away() {
    let payload = "温度 21.4 ℃\r\n\tline\u{1b}[31m two \u{202e}txt 🌞 done".as_bytes();
    assert_snapshot!("text_40", show(payload, Mode::Text, 40, 6));
    assert_snapshot!("hex_80", show(payload, Mode::Hex, 80, 6));
    assert_snapshot!("hex_40", show(payload, Mode::Hex, 40, 6));
    assert_snapshot!("hex_20", show(payload, Mode::Hex, 20, 6));
}

#[test]
fn each_kind_of_token_has_its_colour() {
    let dark = Theme::load("dark", None).unwrap();
    let payload = "{\"温度\":[21.4,true,null,\"a\u{202e}b\"]}".as_bytes();
    let (mut buffer, area) = canvas(60, 5);
    let mut view = MessageView::default();
    view.collect(&event(1, Kind::Rx(message(payload))), area.as_size(), plain);
    view.render(&mut buffer, area, &dark, &Signs::UNICODE);
    assert_snapshot!("pretty_dark", styled(&buffer));
}

#[test]
fn what_is_no_json_or_no_utf8_says_so() {
    assert_snapshot!("not_json", show(b"temperature=21.4", Mode::Pretty, 80, 3));
    assert_snapshot!("not_utf8", show(&[0x7b, 0xff, 0xfe, 0x00], Mode::Pretty, 80, 3));
    assert_snapshot!("empty", show(b"", Mode::Pretty, 80, 3));
}

#[test]
fn a_packed_body_is_shown_unpacked_and_as_hex_the_way_it_came() {
    let packed = [0x1f, 0x8b, 8, 0, 1];
    let event = event(1, Kind::Rx(message(&packed)));
    let shown = |mode: Mode, body: &[u8]| {
        let mut view = MessageView { mode, ..MessageView::default() };
        let (mut buffer, area) = canvas(80, 4);
        while view.collect(&event, area.as_size(), |_, payload| (payload == packed).then(|| body.to_vec())) {}
        view.render(&mut buffer, area, &Theme::plain(), &Signs::UNICODE);
        (text(&buffer), view.packing().map(|words| words.to_string()).unwrap_or_default())
    };
    let (pretty, words) = shown(Mode::Pretty, REQUEST.as_bytes());
    assert!(pretty.contains(r#""services": ["#), "{pretty}");
    assert_eq!(words, "gzip: 5 B, unpacked 70 B");
    let (plain_text, _) = shown(Mode::Text, b"21.4 degrees");
    assert!(plain_text.contains("21.4 degrees"), "{plain_text}");
    let (hex, words) = shown(Mode::Hex, REQUEST.as_bytes());
    assert!(hex.contains("1f 8b 08 00 01") && hex.contains("hex: packed"), "{hex}");
    assert_eq!(words, "gzip: 5 B, unpacked 70 B");
    let (_, words) = shown(Mode::Pretty, &vec![b' '; 1 << 20]);
    assert_eq!(words, "gzip: 5 B, unpacked the first 1 MiB");
}

#[test]
fn what_has_no_payload_speaks_in_words() {
    let mut view = MessageView::default();
    let change = StateChange {
        state: LineState::Backoff,
        attempt: 3,
        retry_in: Some(std::time::Duration::from_millis(4_240)),
        code: Some("closed"),
        reason: Some("The platform closed the connection."),
        hint: Some("Look whether another client has signed in as this device."),
        order: None,
    };
    let failure = Failure { code: "guard", reason: "Huawei takes no RETAIN.", hint: None, order: None };
    assert_snapshot!("state", text(&paint(&mut view, &event(1, Kind::State(change)), 60, 6, &Signs::UNICODE)));
    assert_snapshot!("error_ascii", text(&paint(&mut view, &event(2, Kind::Error(failure)), 60, 3, &Signs::ASCII)));
}

#[test]
fn numbers_and_strings_are_shown_as_they_came() {
    let payload = br#"{"a":12345678901234567890.12345678901234567890,"b":1e400,"c":-0.0,"d":"\u00e9\ud800"}"#;
    let shown = body(payload, Mode::Pretty, 200).join("");
    for part in ["12345678901234567890.12345678901234567890", "1e400", "-0.0", r#""\u00e9\ud800""#] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn the_header_keeps_to_its_row() {
    let long = "a/".repeat(60);
    let mut shown = message(b"1");
    (shown.topic, shown.retain, shown.dup) = (&long, true, true);
    let rows: Vec<String> = [90, 50, 12, 3]
        .into_iter()
        .map(|width| {
            let buffer = paint(&mut MessageView::default(), &event(1, Kind::Tx(shown)), width, 3, &Signs::UNICODE);
            text(&buffer).lines().next().unwrap_or_default().to_owned()
        })
        .collect();
    assert_snapshot!("headers", rows.join("\n"));
}

#[test]
fn scrolling_stops_at_both_ends_and_starts_anew_with_each_event() {
    let payload = (1..=100).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n");
    let mut view = MessageView { mode: Mode::Text, ..MessageView::default() };
    let first = event(1, Kind::Rx(message(payload.as_bytes())));
    let size = Size::new(40, 11);
    let top = |view: &mut MessageView, scroll| {
        view.scroll(scroll);
        while view.collect(&first, size, plain) {}
        view.position().map(|position| position.top)
    };
    assert_eq!(top(&mut view, Scroll::Lines(-3)), Some(0));
    assert_eq!(top(&mut view, Scroll::Lines(3)), Some(3));
    assert_eq!(top(&mut view, Scroll::Pages(1)), Some(12));
    assert_eq!(top(&mut view, Scroll::Bottom), Some(90));
    assert_eq!(top(&mut view, Scroll::Lines(50)), Some(90));
    assert_eq!(top(&mut view, Scroll::Pages(-100)), Some(0));
    assert_eq!(top(&mut view, Scroll::Lines(isize::MAX)), Some(90));
    view.collect(&event(2, Kind::Rx(message(payload.as_bytes()))), size, plain);
    assert_eq!(view.position().map(|position| position.top), Some(0));
}

#[test]
fn a_deep_or_large_body_is_laid_out_bit_by_bit() {
    let deep = "[".repeat(1 << 20) + &"]".repeat(1 << 20);
    let line = format!("\"{}\"", "温x".repeat(1 << 19));
    for payload in [deep, line] {
        let event = event(1, Kind::Rx(message(payload.as_bytes())));
        let mut view = MessageView::default();
        assert!(!view.collect(&event, Size::new(80, 20), plain), "the first rows are there at once");
        assert!(
            view.position()
                .is_some_and(|position| position.total < 200 && !position.is_total_known && position.visible == 19)
        );
        view.scroll(Scroll::Bottom);
        let mut turns = 1;
        while view.collect(&event, Size::new(80, 20), plain) {
            turns += 1;
        }
        assert!(turns > 2, "in steps");
        let position = view.position().unwrap();
        assert!(position.is_total_known && position.top + 19 == position.total, "{position:?}");
    }
}

/// Text that breaks screens: controls, sequences, bidi, wide, combining, joined, and what makes JSON of it.
pub(in crate::console) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\u{1b}[31m".to_owned()),
        Just("\u{1b}]52;c;AAAA\u{7}".to_owned()),
        Just("a🌞b".to_owned()),
        Just("👨\u{200d}👩\u{200d}👧".to_owned()),
        Just("e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}".to_owned()),
        Just("\u{301}".to_owned()),
        Just("\u{202e}\u{2066}\u{feff}\u{200b}\u{ad}".to_owned()),
        Just("\u{85}\u{9b}31m\u{7f}\0".to_owned()),
        Just("温度湿度".to_owned()),
        Just("🇨🇳🏽ﾞ".to_owned()),
        Just("\r\n\t\r\n\n".to_owned()),
        Just("{\"a\":[1,{}],\"b\":\"".to_owned()),
        Just("[[{}]]\"}".to_owned()),
        "\\PC{0,6}",
        "[ -~]{0,12}",
        proptest::collection::vec(any::<char>(), 0..4).prop_map(|chars| chars.into_iter().collect()),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_breaks_the_view(
        text in hostile(), quoted in any::<bool>(), mode in 0usize..3, width in 0u16..14, height in 0u16..6, down in 0isize..40,
    ) {
        let payload = if quoted { serde_json::json!({ "k": [text.clone(), { text.clone(): 1 }] }).to_string() } else { text.clone() };
        let mode = [Mode::Pretty, Mode::Text, Mode::Hex][mode];
        let mut view = MessageView { mode, ..MessageView::default() };
        let mut shown = message(payload.as_bytes());
        shown.topic = &text;
        let event = event(1, Kind::Rx(shown));
        assert_clean(&paint(&mut view, &event, width, height, &Signs::UNICODE));
        view.scroll(Scroll::Lines(down));
        assert_clean(&paint(&mut view, &event, width, height, &Signs::ASCII));
        view.scroll(Scroll::Bottom);
        let size = Size::new(width, height);
        while view.collect(&event, size, plain) {}
        let position = view.position().unwrap();
        prop_assert!(position.is_total_known && position.top + position.visible == position.total || height == 0);
    }

    #[test]
    fn bytes_of_any_kind_are_shown(payload in proptest::collection::vec(any::<u8>(), 0..64), width in 0u16..90) {
        let mut view = MessageView::default();
        assert_clean(&paint(&mut view, &event(1, Kind::Tx(message(&payload))), width, 5, &Signs::UNICODE));
    }

    /// Re-indenting neither loses nor adds anything but white space.
    #[test]
    fn pretty_says_what_the_payload_says(
        keys in proptest::collection::vec("[a-z温]{1,6}", 1..5), number in any::<f64>(), depth in 0usize..12, width in 1u16..60,
    ) {
        let mut value = serde_json::json!([number, null, "x", {}, []]);
        for level in 0..depth {
            value = serde_json::json!({ keys[level % keys.len()].clone(): value, "z": [level, true] });
        }
        let payload = value.to_string();
        let shown: String = body(payload.as_bytes(), Mode::Pretty, width).concat();
        prop_assert_eq!(shown.replace(' ', ""), payload);
    }

    /// Wrapping keeps all text, and no row is wider than the pane unless a single character is.
    #[test]
    fn text_rows_hold_all_text(text in "[a-z温🌞 ]{0,80}", width in 1u16..20) {
        let rows = body(text.as_bytes(), Mode::Text, width);
        prop_assert_eq!(rows.concat(), text);
        for row in rows {
            let cells = crate::text::width::width(&row);
            prop_assert!(cells <= usize::from(width) || width == 1, "{:?} in {}", row, width);
        }
    }
}
