//! Values as TOML on one line, as a person would write them.

use serde_json::Value;

use crate::scenario::value::words;
use crate::text::hidden::is_hidden;

/// A text: in single quotes where that leaves it as it is, else with escapes. What would be read as a hole is kept from it.
pub(super) fn text(text: &str) -> String {
    exact(&text.replace("${", "$${"))
}

/// As [`text`], with its holes.
pub(super) fn exact(text: &str) -> String {
    let plain = !text.contains('\'') && !text.chars().any(is_hidden);
    if plain && (text.contains('"') || text.contains('\\')) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_hidden(c) => {
                out.push_str("\\U");
                let code = u32::from(c);
                out.extend((0..8).rev().filter_map(|digit| char::from_digit(code >> (4 * digit) & 0xF, 16)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key, in quotes where it needs them.
pub(super) fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if bare { name.to_owned() } else { text(name) }
}

/// A value that something has to equal: in a table of its own where a scenario would read its members as tests.
pub(super) fn wanted(value: &Value) -> Option<String> {
    let written = self::value(value)?;
    let keys = || value.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let mistaken = words::are_tests(keys()) || words::slip(keys()).is_some();
    Some(if mistaken { table(&[("equals".to_owned(), written)]) } else { written })
}

/// A value; `None` where TOML has no such value (`null`, numbers beyond 64 bits with a sign).
pub(super) fn value(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) if number.is_i64() => number.to_string(),
        Value::Number(number) if number.is_u64() => return None,
        Value::Number(number) => format!("{:?}", number.as_f64().filter(|number| number.is_finite())?),
        Value::String(string) => text(string),
        Value::Array(list) => {
            let values = list.iter().map(self::value).collect::<Option<Vec<_>>>()?;
            format!("[{}]", values.join(", "))
        }
        Value::Object(members) => {
            let members = members.iter().map(|(name, member)| Some((key(name), self::value(member)?)));
            table(&members.collect::<Option<Vec<_>>>()?)
        }
    })
}

/// Appends `key = value`, the value TOML already.
pub(super) fn line(out: &mut String, key: &str, value: &str) {
    for part in [key, " = ", value, "\n"] {
        out.push_str(part);
    }
}

/// A table of keys and values that are TOML already.
pub(super) fn table(members: &[(String, String)]) -> String {
    if members.is_empty() {
        return "{}".to_owned();
    }
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", members.join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::scenario::value::{Text, Values};

    fn read(written: &str) -> toml::Value {
        let document: toml::Table = format!("v = {written}").parse().unwrap();
        document["v"].clone()
    }

    #[test]
    fn values_are_those_that_were_written() {
        for (json, written) in [
            (json!({"a": 1, "b c": [true, "x"], "": {}}), "{ a = 1, \"b c\" = [true, \"x\"], \"\" = {} }"),
            (json!(25.0), "25.0"),
            (json!(1e300), "1e300"),
            (json!("{\"a\": \"\\n\"}"), "'{\"a\": \"\\n\"}'"),
            (json!("it's \"so\""), "\"it's \\\"so\\\"\""),
            (json!("${x}"), "\"$${x}\""),
        ] {
            assert_eq!(value(&json), Some(written.to_owned()));
            read(written);
        }
        for json in [json!(null), json!([1, null]), json!(u64::MAX)] {
            assert_eq!(value(&json), None, "{json}");
        }
    }

    #[test]
    fn a_wanted_value_is_not_taken_for_tests() {
        for (json, written) in [
            (json!({"value": 1}), "{ value = 1 }"),
            (json!({"type": "x", "v": 1}), "{ equals = { type = \"x\", v = 1 } }"),
            (json!({"equal": 1}), "{ equals = { equal = 1 } }"),
            (json!([{"ge": 1}]), "[{ ge = 1 }]"),
        ] {
            assert_eq!(wanted(&json), Some(written.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(original in "\\PC{0,20}|[\\x00-\\x7F\u{202E}\u{1F600}'\"\\\\${}]{0,20}") {
            let written = text(&original);
            let toml::Value::String(back) = read(&written) else { panic!("a text: {written}") };
            let filled = Text::parse(&back).unwrap().fill(&mut Values::new(0)).unwrap();
            prop_assert_eq!(filled, original);
        }
    }
}
