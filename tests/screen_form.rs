//! What a product's model does in the composer: the form, the list of what can be composed, examples, and what is told before
//! sending.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod screen_support;

use std::sync::Arc;

use insta::assert_snapshot;
use proptest::prelude::*;
use screen_support::bench::Bench;
use serde_json::{Value, json};
use standin::console::keymap::Context;
use standin::console::update::Effect;
use standin::model::{Kind, Model};
use standin::session::Action;
use standin::timeline::SessionId;

const TSL: &[u8] = include_bytes!("fixtures/models/aliyun-full.json");
const TEMPLATE: &[u8] = include_bytes!("fixtures/models/ucloud.json");

/// The composer of the Aliyun device, whose product's model is known.
fn lamp(width: u16, height: u16) -> Bench {
    let mut bench = Bench::morning(width, height);
    know(&mut bench, 1, Kind::Aliyun, TSL);
    bench.press("2c");
    assert_eq!(bench.state.context(), Context::Compose);
    bench
}

fn know(bench: &mut Bench, session: u16, kind: Kind, bytes: &[u8]) {
    let model = Model::read("model", bytes, kind).unwrap();
    bench.state.composer.know(SessionId(session), Arc::new(model));
}

/// The lines of the form: what stands behind the cursor's column.
fn lines(bench: &mut Bench) -> Vec<String> {
    let picture = bench.picture();
    let inner = picture.lines().filter_map(|line| line.strip_prefix('│')?.strip_suffix('│'));
    inner.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Whether a line of the screen begins so.
fn shows(bench: &mut Bench, line: &str) -> bool {
    lines(bench).iter().any(|shown| shown.starts_with(line))
}

/// What goes at Ctrl-S; nothing where it is held back.
fn send(bench: &mut Bench) -> Option<(String, Value)> {
    match bench.press("<C-s>").as_slice() {
        [] => None,
        [Effect::Send(sending)] => match &sending.order.action {
            Action::Publish { topic, payload, .. } => Some((topic.clone(), serde_json::from_slice(payload).unwrap())),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// The parameters that would go.
fn params(bench: &mut Bench) -> Value {
    send(bench).expect("it goes").1["params"].clone()
}

#[test]
fn the_form_stands_beside_the_text_where_there_is_room_and_in_its_place_elsewhere() {
    let mut bench = lamp(140, 40);
    assert_snapshot!("form_beside_140", bench.picture());
    bench.press("<C-o>");
    assert_eq!(bench.state.context(), Context::Form);
    bench.press("<Down><Down>7");
    assert_snapshot!("form_typed_140", bench.picture());
    let mut bench = lamp(80, 24);
    assert!(!shows(&mut bench, "brightness"));
    bench.press("<C-o><Down>300<Enter>");
    assert_snapshot!("form_wrong_80", bench.picture());
    bench.press("<C-o>");
    assert_eq!(bench.state.context(), Context::Compose);
    assert_snapshot!("form_text_80", bench.picture());
}

#[test]
fn a_field_is_edited_in_the_same_text_and_taken_back_there() {
    let mut bench = lamp(80, 24);
    let before = params(&mut bench);
    bench.press("<C-o><Down>12<BS>5<Enter>");
    // A text is typed without quotes, whatever it holds.
    bench.press("<Down><Down><Down>a \"b\" 温<Enter>");
    let after = params(&mut bench);
    assert_eq!((&after["brightness"], &after["label"]), (&json!(15), &json!("a \"b\" 温")));
    assert_eq!((&after["scene"], &after["place"]), (&before["scene"], &before["place"]));
    bench.press("<C-u><C-u>");
    assert_eq!(params(&mut bench), before);
    // Enter begins with what is there; Esc takes it back, and goes to the text then.
    bench.press("<Enter>");
    assert!(shows(&mut bench, "▌ label text"));
    bench.press("<BS><BS>X<Enter>");
    assert_eq!(params(&mut bench)["label"], json!("teX"));
    bench.press("zzz<Esc>");
    assert_eq!((params(&mut bench)["label"].clone(), bench.state.context()), (json!("teX"), Context::Form));
    bench.press("<Esc>");
    assert_eq!(bench.state.context(), Context::Compose);
}

#[test]
fn what_is_no_value_stays_as_it_is_typed_and_out_of_the_text() {
    let mut bench = lamp(80, 24);
    let before = params(&mut bench);
    bench.press("<C-o><Down>1,2<Enter>");
    assert!(shows(&mut bench, "▌ brightness 1,2") && shows(&mut bench, "Not taken: this is no JSON value, and"));
    bench.press("<Down>");
    assert!(shows(&mut bench, "▌ brightness 1,2"), "the cursor stays with it");
    assert_eq!(send(&mut bench), None, "nothing goes while a field is in doubt");
    bench.press("<Esc>");
    assert_eq!(params(&mut bench), before);
}

#[test]
fn choices_are_gone_through_and_a_field_is_left_out_and_put_in_again() {
    let mut bench = lamp(80, 24);
    bench.press("<C-o><Down><Down>");
    assert_eq!(params(&mut bench)["power"], json!(1));
    bench.press("<Space>");
    assert_eq!(params(&mut bench)["power"], json!(0));
    bench.press("<Down><Left>");
    assert_eq!(params(&mut bench)["scene"], json!(4), "round about");
    bench.press("<Right><Right>");
    assert_eq!(params(&mut bench)["scene"], json!(1));
    bench.press("<Delete>");
    assert!(params(&mut bench).get("scene").is_none());
    assert!(shows(&mut bench, "▌ scene ·"));
    bench.press("<Delete>");
    assert!(shows(&mut bench, "It is not in the text"));
    bench.press("<Enter>");
    assert_eq!(params(&mut bench)["scene"], json!(0));
    // A field without a list of values takes what is typed.
    bench.press("<Down><Right>");
    assert!(shows(&mut bench, "Type a value"));
}

#[test]
fn what_is_written_in_the_text_shows_in_the_form_at_once() {
    let mut bench = lamp(140, 40);
    bench.press("<Down><Down><Down><Down><Down><Down><Down><End><BS>");
    assert_eq!(bench.state.context(), Context::Compose);
    assert!(bench.picture().contains("    \"temperature\": 40.0 "));
    bench.press("<BS><BS><BS>");
    let picture = bench.picture();
    assert!(picture.contains("not JSON") && picture.contains("brightness  "), "the form stays for the time being");
    bench.press("199,");
    let picture = bench.picture();
    assert!(picture.contains("valid JSON, 1 against the model"), "{picture}");
    let row = picture.lines().find(|line| line.contains("✗ temperature")).expect("a row");
    assert!(row.contains("4199  "), "{row}");
}

#[test]
fn what_does_not_fit_is_told_once_and_goes_then() {
    let mut bench = lamp(80, 24);
    bench.press("<C-o><Down>300<Enter><Down>2<Enter><C-o>");
    assert_eq!(send(&mut bench), None);
    assert_snapshot!("form_told_80", bench.picture());
    assert_eq!(params(&mut bench)["brightness"], json!(300));
    assert_eq!(params(&mut bench)["power"], json!(2), "the same text is not asked about again");
    bench.press(" ");
    assert_eq!(send(&mut bench), None, "another one is");
    bench.press("<C-f>");
    assert_eq!(params(&mut bench)["brightness"], json!(300));
}

#[test]
fn examples_fill_what_is_missing_and_then_all() {
    let mut bench = lamp(80, 24);
    bench.press("<C-o><Down>33<Enter><Down><Delete><Delete><Down><Delete><C-g>");
    assert!(shows(&mut bench, "2 fields were filled with examples"));
    let filled = params(&mut bench);
    assert_eq!((&filled["brightness"], &filled["power"], &filled["scene"]), (&json!(33), &json!(1), &json!(0)));
    bench.press("<C-u>");
    assert!(params(&mut bench).get("power").is_none(), "by one key");
    bench.press("<C-g><C-g>");
    assert!(shows(&mut bench, "All values are examples now"));
    assert_eq!(params(&mut bench)["brightness"], json!(50));
}

#[test]
fn what_can_be_composed_is_listed_and_chosen_by_a_few_letters() {
    let mut bench = lamp(80, 24);
    bench.press("<C-d>");
    assert_snapshot!("drafts_80", bench.picture());
    bench.press("Heat MODEL");
    assert_snapshot!("drafts_typed_80", bench.picture());
    bench.press("<Enter><C-o>");
    let (topic, body) = send(&mut bench).expect("it goes");
    assert_eq!(topic, "/sys/a1B2c3/lamp-gw/thing/event/overheat/post");
    assert!(body["params"]["value"].is_object(), "{body}");
    bench.press("<C-d>zzz<Enter>");
    assert!(bench.notice().contains("Nothing of that name"), "{}", bench.notice());
    bench.press("<Esc><C-d><Down><Down><Up><Enter>");
    assert_eq!(send(&mut bench).expect("it goes").0, "/sys/a1B2c3/lamp-gw/thing/event/overheat/post");
    // Reports go on topics with that word in them, too.
    bench.press("<C-d>event<Enter>");
    assert_eq!(send(&mut bench).expect("it goes").0, "/sys/a1B2c3/lamp-gw/thing/event/overheat/post");
    // The last one is a topic of one's own.
    bench.press("<C-d>type<Enter>");
    assert!(shows(&mut bench, "topic: "));
}

#[test]
fn an_answer_is_held_against_the_command_that_it_answers() {
    let mut bench = Bench::morning(80, 24);
    know(&mut bench, 1, Kind::Aliyun, TSL);
    let call = r#"{"method":"thing.service.fade","id":"77","version":"1.0","params":{"to":9}}"#;
    bench.canned.down(1, "/sys/a1B2c3/lamp-gw/thing/service/fade", call);
    bench.look();
    bench.press("wr<C-o>");
    assert_eq!(bench.state.context(), Context::Form);
    assert_snapshot!("form_answer_80", bench.picture());
}

#[test]
fn an_answer_that_does_not_fit_and_comes_late_is_asked_about_twice() {
    let mut bench = Bench::morning(80, 24);
    know(&mut bench, 1, Kind::Aliyun, TSL);
    let call = r#"{"method":"thing.service.fade","id":"77","version":"1.0","params":{"to":9}}"#;
    bench.canned.down(1, "/sys/a1B2c3/lamp-gw/thing/service/fade", call);
    bench.look();
    bench.press("wr<C-o>-1<Enter>");
    bench.canned.pass(9_000);
    assert!(bench.press("<C-s>").is_empty() && bench.picture().contains("took must be ≥ 0"), "{}", bench.picture());
    assert!(bench.press("<C-s>").is_empty() && shows(&mut bench, "The platform stopped waiting"));
    match bench.press("<C-s>").as_slice() {
        [Effect::Send(sending)] => assert!(matches!(&sending.order.action, Action::Reply { force: false, .. })),
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is pasted and pressed, nothing breaks, and what the form writes leaves JSON as JSON.
    #[test]
    fn no_keys_break_the_form(
        pasted in "[\\PC\u{202e}\n]{0,12}", keys in proptest::collection::vec(0usize..16, 0..24), wide in any::<bool>(),
    ) {
        let mut bench = if wide { lamp(140, 40) } else { lamp(80, 24) };
        bench.press("<C-o>");
        for key in keys {
            let known = [
                "<Up>", "<Down>", "<Left>", "<Right>", "<Delete>", "<Enter>", "<Esc>", "<Tab>", "<PageDown>", "<C-u>", "<C-g>", "7",
                "<Space>", "<BS>", "\"", "<C-o>",
            ];
            let in_form = bench.state.context() == Context::Form;
            // In the text these would write something that is no JSON.
            if in_form || known[key].starts_with("<C-") {
                bench.press(known[key]);
            } else {
                bench.press("<C-o>");
            }
            if bench.state.context() == Context::Form && key % 5 == 0 {
                bench.paste(&pasted);
            }
            let picture = bench.picture();
            let raw = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
            prop_assert!(!picture.contains(raw));
            if bench.state.context() == Context::Form {
                prop_assert!(!picture.contains("not JSON"), "{picture}");
            }
        }
    }
}

#[test]
fn without_a_model_it_is_said_where_to_get_one() {
    let mut bench = Bench::morning(80, 24);
    bench.press("2c<C-o>");
    assert!(shows(&mut bench, "No form: this device has no product model."));
    bench.press("<C-g>");
    assert!(shows(&mut bench, "No form: this device has no product model."));
    assert_eq!(bench.state.context(), Context::Compose);
    // A model that comes later is at work in the draft that is open.
    know(&mut bench, 1, Kind::Aliyun, TSL);
    bench.press("<C-o>");
    assert_eq!(bench.state.context(), Context::Form);
}

#[test]
fn a_model_is_loaded_by_key() {
    let mut bench = Bench::morning(80, 24);
    bench.press("3M");
    assert_eq!(bench.state.context(), Context::Load);
    bench.press("<Enter>");
    assert!(bench.notice().contains("Nothing is typed"));
    bench.press("models/温.json");
    assert_snapshot!("load_80", bench.picture().lines().rev().take(2).collect::<Vec<_>>().join("\n"));
    match bench.press("<Enter>").as_slice() {
        [Effect::LoadModel { session: SessionId(2), file }] => assert_eq!(file, "models/温.json"),
        other => panic!("{other:?}"),
    }
    know(&mut bench, 2, Kind::Ucloud, TEMPLATE);
    bench.press("c<C-o>");
    assert_eq!(bench.state.context(), Context::Form);
    assert_snapshot!("form_ucloud_80", bench.picture());
}

#[test]
fn five_hundred_fields_are_a_window_and_their_names_reach_no_terminal_raw() {
    let property = |number: usize| {
        json!({ "identifier": format!("p{number}"), "name": "\u{1b}[31m\u{202e}温",
                "dataType": { "type": "int", "specs": { "min": "0", "max": "9", "unit": "\u{7}%\u{200b}" } } })
    };
    let model = json!({ "properties": (0..500).map(property).collect::<Vec<_>>() }).to_string();
    for (width, height) in [(140, 40), (80, 24), (40, 12), (20, 8), (9, 5)] {
        let mut bench = Bench::morning(width, height);
        know(&mut bench, 1, Kind::Aliyun, model.as_bytes());
        bench.press("2c<C-o><PageDown><PageDown>");
        let picture = bench.picture();
        let bad = |letter: char| letter.is_control() && letter != '\n' || "\u{202e}\u{200b}".contains(letter);
        assert!(!picture.contains(bad), "{picture:?}");
        bench.press("5<Enter><PageDown><Up>");
        if width == 80 {
            assert_snapshot!("form_500_80", bench.picture());
        }
        // The cloud takes no more in one report.
        let values = params(&mut bench);
        assert_eq!(values.as_object().expect("an object").len(), 200);
    }
}
