//! Whatever TOML a scenario's file holds: it is taken, or each fault has its place in the file.

use proptest::prelude::*;
use toml::{Table as Toml, Value};

use super::super::step::ACTIONS;
use super::*;

/// Words that the language has, and some that it has not.
const KEYS: [&str; 36] = [
    "device",
    "name",
    "within",
    "topic",
    "json",
    "text",
    "base64",
    "qos",
    "retain",
    "properties",
    "what",
    "where",
    "capture",
    "code",
    "output",
    "delay",
    "to",
    "direction",
    "for",
    "that",
    "equals",
    "gt",
    "regex",
    "exists",
    "type",
    "contains",
    "offer",
    "command",
    "input",
    "message",
    "rule",
    "rules",
    "simulator",
    "on",
    "state",
    "灯.x",
];
const TEXTS: [&str; 24] = [
    "smoke-01",
    "${v}",
    "${v|text}",
    "${",
    "$${",
    "${random 1..3}",
    "${random 3..1}",
    "${now_ms}",
    "${none}",
    "500ms",
    "1e9s",
    "a/#",
    "a/+/b",
    "/paras/value",
    "a[0].b",
    "$request_id",
    "online",
    "command",
    "timed-out",
    "(",
    "^a+$",
    "AP8=",
    "灯",
    "",
];

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(&TEXTS[..]).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(&KEYS[..]).prop_map(str::to_owned);
    prop_oneof![8 => known, 1 => prop::sample::select(&ACTIONS[..]).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => any_text().prop_map(Value::String),
        2 => any::<bool>().prop_map(Value::Boolean),
        2 => (-2_i64..1_000).prop_map(Value::Integer),
        1 => any::<i64>().prop_map(Value::Integer),
        1 => any::<f64>().prop_map(Value::Float),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            3 => any_table(inner),
        ]
    })
}

fn any_table(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((any_key(), value), 0..5).prop_map(|members| Value::Table(members.into_iter().collect()))
}

fn any_step() -> impl Strategy<Value = Value> {
    let action = prop::sample::select(&ACTIONS[..]).prop_map(str::to_owned);
    let others = prop::collection::vec((any_key(), any_value()), 0..2);
    (action, any_value(), others).prop_map(|(action, value, others)| {
        let mut step: Toml = others.into_iter().collect();
        step.insert(action, value);
        Value::Table(step)
    })
}

fn any_scenario() -> impl Strategy<Value = String> {
    let rest = prop::collection::vec(
        (
            prop::sample::select(&["name", "seed", "vars", "platform", "default_device", "device", "step", "x"][..]),
            any_value(),
        ),
        0..2,
    );
    (prop::collection::vec(any_step(), 1..4), any::<bool>(), rest).prop_map(|(steps, rows, rest)| {
        let mut top = Toml::new();
        top.insert("platform".to_owned(), Value::Table(Toml::new()));
        top.insert("default_device".to_owned(), Value::String("smoke-01".to_owned()));
        top.insert("vars".to_owned(), Value::Table(Toml::from_iter([("v".to_owned(), Value::Integer(1))])));
        if rows {
            top.insert("data".to_owned(), Value::String("rows.csv".to_owned()));
        }
        top.insert("step".to_owned(), Value::Array(steps));
        top.extend(rest.into_iter().map(|(key, value)| (key.to_owned(), value)));
        toml::to_string(&top).unwrap()
    })
}

/// Whether a fault begins with a line and a column that the text has.
fn is_within(fault: &str, text: &str) -> bool {
    let place = fault.lines().next().and_then(|line| line.split_once("s.toml:"));
    let mut numbers = place.map(|(_, place)| place.split(':').map(str::parse::<usize>)).into_iter().flatten();
    let (Some(Ok(line)), Some(Ok(column))) = (numbers.next(), numbers.next()) else { return false };
    let lines: Vec<&str> = text.split('\n').collect();
    let there = line.checked_sub(1).and_then(|line| lines.get(line));
    there.is_some_and(|line| (1..=line.chars().count() + 1).contains(&column))
}

fn try_text(text: &str) -> Result<(), TestCaseError> {
    match read_text(text) {
        Ok(scenario) => {
            let lines = text.split('\n').count();
            prop_assert!(scenario.steps.iter().all(|step| (1..=lines).contains(&step.line)));
        }
        Err(LoadError::Faulty(faults)) => {
            prop_assert!(!faults.is_empty());
            // Of very many the last line says only how many more there are.
            for (place, fault) in faults.iter().enumerate() {
                let counts = place > 0 && place + 1 == faults.len() && fault.starts_with("and ");
                prop_assert!(counts || is_within(fault, text), "{fault}\n{text}");
            }
        }
        Err(other) => prop_assert!(false, "{other}\n{text}"),
    }
    Ok(())
}

#[test]
fn places_are_told_apart() {
    for (fault, within) in [
        ("/a/s.toml:1:1: x", true),
        ("/a/s.toml:2:3: x", true),
        ("/a/s.toml:2:4: x", false),
        ("/a/s.toml:3:1: x", false),
        ("/a/s.toml: x", false),
    ] {
        assert_eq!(is_within(fault, "a = 1\n灯b"), within, "{fault}");
    }
}

proptest! {
    #[test]
    fn any_scenario_is_taken_or_told_what_is_wrong_where(text in any_scenario()) {
        try_text(&text)?;
    }

    #[test]
    fn any_text_is_too(text in any::<String>()) {
        // With devices of its own: whether somebody has a config is not what is asked here.
        try_text(&format!("platform = {{}}\n{text}"))?;
    }
}
