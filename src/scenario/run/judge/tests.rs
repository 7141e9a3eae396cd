//! Messages held against what is wanted.

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::mqtt::Qos;
use crate::profile::Cloud;
use crate::scenario::value::{Form, Test, Text};

const TOPIC: &str = "$oc/devices/d/sys/commands/request_id=7";
const BODY: &str = r#"{"service_id":"smoke","command_name":"SILENCE","paras":{"value":2,"list":[1,{"a":1}]}}"#;

fn reader() -> Reader {
    let identifiers = [("device_id".to_owned(), "d".to_owned())].into();
    Reader { cloud: Cloud::Huawei, platform: crate::cloud::observed(Cloud::Huawei, &identifiers).into() }
}

fn letter(direction: Direction, topic: &str, payload: &str) -> Letter {
    let reader = reader();
    let meaning = reader.platform.meaning(direction, topic, payload.as_bytes());
    Letter {
        number: 1,
        direction,
        topic: topic.to_owned(),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
        what: meaning.what,
        request_id: meaning.request_id.map(std::borrow::Cow::into_owned),
        qos: Qos::AtLeastOnce,
        retain: false,
    }
}

fn wanted(places: &[(&str, Value)]) -> Wanted {
    let places =
        places.iter().map(|(path, value)| (Path::parse(path).unwrap(), Matcher::equals(Form::Value(value.clone()))));
    Wanted {
        direction: Direction::Down,
        topic: None,
        what: None,
        name: None,
        places: places.collect(),
        capture: Vec::new(),
    }
}

fn sought(wanted: &Wanted, request: bool) -> Sought {
    Sought::new(wanted, request, &mut Values::new(0)).unwrap()
}

#[test]
fn every_field_of_a_request_can_be_named() {
    let (reader, letter) = (reader(), letter(Direction::Down, TOPIC, BODY));
    for (path, value) in [
        ("$request_id", json!("7")),
        ("$topic", json!(TOPIC)),
        ("$what", json!("command")),
        ("$name", json!("SILENCE")),
        ("$service", json!("smoke")),
        ("$input/", json!(null)),
        ("$qos", json!(1)),
        ("$retain", json!(false)),
        ("$size", json!(BODY.len())),
        ("$text", json!(BODY)),
        ("/paras/list/1/a", json!(1)),
        ("paras.list[0]", json!(1)),
        ("", serde_json::from_str(BODY).unwrap()),
    ] {
        let Ok(parsed) = Path::parse(path) else {
            assert_eq!(path, "$input/", "fields have no places of their own");
            continue;
        };
        assert_eq!(Subject::new(&reader, &letter).find(&parsed), Some(value), "{path}");
    }
    assert_eq!(Subject::new(&reader, &letter).find(&Path::Field(Field::Input)).unwrap()["value"], 2);
    for path in ["/none", "/paras/list/9", "/paras/list/x", "$code", "$target"] {
        assert_eq!(Subject::new(&reader, &letter).find(&Path::parse(path).unwrap()), None, "{path}");
    }
}

#[test]
fn the_code_of_an_answer_is_a_field() {
    let reader = reader();
    let answer = letter(Direction::Up, "$oc/devices/d/sys/commands/response/request_id=7", r#"{"result_code":3}"#);
    assert_eq!(Subject::new(&reader, &answer).find(&Path::Field(Field::Code)), Some(json!(3)));
    assert_eq!(answer.what, What::CommandReply);
}

#[test]
fn a_message_is_taken_only_where_all_of_it_fits() {
    let (reader, command) = (reader(), letter(Direction::Down, TOPIC, BODY));
    let message = letter(Direction::Down, "$oc/devices/d/sys/messages/down", BODY);
    let fits = |wanted: &Wanted, request, letter: &Letter| sought(wanted, request).is_met_by(&reader, letter);
    let any = wanted(&[]);
    assert!(fits(&any, true, &command) && fits(&any, false, &message));
    assert!(!fits(&any, true, &message), "a message is no request");
    let named = |name: &str| Wanted { name: Some(Text::parse(name).unwrap()), ..any.clone() };
    assert!(fits(&named("SILENCE"), true, &command) && !fits(&named("SILENC"), true, &command));
    let on = |topic: &str| Wanted { topic: Some(Text::parse(topic).unwrap()), ..any.clone() };
    assert!(fits(&on("$oc/+/d/#"), false, &command) && !fits(&on("$oc/+/e/#"), false, &command));
    assert!(fits(&wanted(&[("/paras/value", json!(2.0))]), true, &command));
    assert!(!fits(&wanted(&[("/paras/value", json!(2)), ("/x", json!(1))]), true, &command));
    let absent = Matcher { tests: vec![Test::Exists(false)] };
    let without = Wanted { places: vec![(Path::parse("/x").unwrap(), absent)], ..any.clone() };
    assert!(fits(&without, true, &command));
}

#[test]
fn what_differs_is_told_leaf_by_leaf() {
    let (reader, command) = (reader(), letter(Direction::Down, TOPIC, BODY));
    let wanted = wanted(&[("/paras", json!({"value": 1, "list": [1, {"a": 1, "b": 2}], "tone": "low"}))]);
    let rows = sought(&wanted, true).compare(&reader, &command);
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.place.as_str(), row.expected.as_str(), row.received.as_str(), row.differs))
        .collect();
    let expected = [
        ("what", "a request of the platform", "command", false),
        ("/paras/value", "1", "2", true),
        ("/paras/list/1/b", "2", "not there", true),
        ("/paras/tone", "\"low\"", "not there", true),
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_nearest_is_of_the_kind_before_it_has_the_body() {
    let reader = reader();
    let wanted = Wanted { what: Some(What::Command), ..wanted(&[("/a", json!(1)), ("/b", json!(1))]) };
    let sought = sought(&wanted, true);
    let far = |topic: &str, body: &str| distance(&sought.compare(&reader, &letter(Direction::Down, topic, body)));
    let (other_body, half, other_kind) = (far(TOPIC, "{}"), far(TOPIC, r#"{"a":1}"#), far("t", r#"{"a":1,"b":1}"#));
    assert!(half < other_body && other_body < other_kind, "{half} {other_body} {other_kind}");
    assert_eq!(far(TOPIC, r#"{"a":1,"b":1}"#), 0);
}

#[test]
fn where_nothing_came_what_is_wanted_is_told() {
    let wanted = Wanted { what: Some(What::PropertySet), ..wanted(&[("/a", json!(1))]) };
    let rows = sought(&wanted, true).rows();
    let places: Vec<_> = rows.iter().map(|row| (row.place.as_str(), row.expected.as_str())).collect();
    assert_eq!(places, [("what", "property-set"), ("/a", "1")]);
    assert!(rows.iter().all(|row| row.differs && row.received == "nothing came"));
    assert_eq!(sought(&self::wanted(&[]), false).rows()[0].expected, "any message from the platform");
}
