//! Reading of texts with holes, values, durations and payloads from a scenario's tables, each fault told where it stands.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use crate::config::suggest;
use crate::config::table::{At, Table, integer};
use crate::scenario::plan::{Body, Capture};
use crate::scenario::value::text::is_name;
use crate::scenario::value::{Form, Path, Text};

/// Beyond an hour somebody has mistaken the unit.
const LONGEST: Duration = Duration::from_hours(1);
/// The units of time, in milliseconds; a longer name goes before the one that it ends with.
const UNITS: [(&str, u64); 3] = [("ms", 1), ("min", 60_000), ("s", 1_000)];

/// What the reading of a scenario knows so far.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The names that a hole can have where the reading is: variables, columns, captures of earlier steps.
    known: RefCell<BTreeSet<String>>,
    /// The table of data could not be read, which was told: any name of a column may be one.
    rows_unread: Cell<bool>,
}

impl Reading {
    /// From here on a hole can have that name.
    pub(super) fn learn(&self, name: String) {
        self.known.borrow_mut().insert(name);
    }

    /// The columns are not known: no name of one is a fault of its own.
    pub(super) fn rows_are_unread(&self) {
        self.rows_unread.set(true);
    }

    /// A text with holes.
    pub(super) fn text(&self, table: &Table<'_>, key: &str) -> Option<At<Text>> {
        let source = table.text(key)?;
        Some(At { value: self.parse(table, &source.value, source.at.clone())?, at: source.at })
    }

    /// A text with holes that is not empty.
    pub(super) fn word(&self, table: &Table<'_>, key: &str) -> Option<At<Text>> {
        let text = self.text(table, key)?;
        if text.value.as_plain() == Some("") {
            table.fault_at(text.at, key, "a text that is not empty");
            return None;
        }
        Some(text)
    }

    /// A duration, such as `"500ms"`, `"5s"` or `"2min"`, or a hole for one.
    pub(super) fn span(&self, table: &Table<'_>, key: &str) -> Option<Text> {
        const WANTED: &str = "a time from \"0s\" to \"60min\", such as \"500ms\", \"5s\" or \"1.5s\"";
        let raw = table.raw(key)?;
        // A number alone has no unit.
        if !raw.get_ref().is_str() {
            table.fault_at(raw.span(), key, WANTED);
            return None;
        }
        let text = self.text(table, key)?;
        if text.value.as_plain().is_some_and(|plain| duration(plain).is_none()) {
            table.fault_at(text.at, key, WANTED);
            return None;
        }
        Some(text.value)
    }

    /// Any value.
    pub(super) fn form(&self, table: &Table<'_>, key: &str) -> Option<Form> {
        table.raw(key).and_then(|value| self.form_of(table, value))
    }

    /// The members of a table, in the file's order.
    pub(super) fn object(&self, table: &Table<'_>, key: &str) -> Option<Form> {
        let value = table.raw(key)?;
        if !value.get_ref().is_table() {
            table.wrong_type(value, key, "a table: { … }");
            return None;
        }
        self.form_of(table, value)
    }

    /// The value that stands in the file.
    pub(super) fn form_of(&self, table: &Table<'_>, value: &Spanned<DeValue<'_>>) -> Option<Form> {
        Some(match value.get_ref() {
            DeValue::String(text) => {
                let text = self.parse(table, text, value.span())?;
                match text.as_plain() {
                    Some(plain) => Form::Value(Value::String(plain.to_owned())),
                    None => Form::Text(text),
                }
            }
            DeValue::Boolean(flag) => Form::Value(Value::Bool(*flag)),
            DeValue::Datetime(date) => Form::Value(Value::String(date.to_string())),
            DeValue::Integer(_) => match integer(value.get_ref()) {
                Some(number) => Form::Value(Value::from(number)),
                None => return fault(table, value.span(), "is too large a number"),
            },
            DeValue::Float(number) => {
                let number = number.as_str().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
                match number {
                    Some(number) => Form::Value(Value::Number(number)),
                    None => return fault(table, value.span(), "is no number that JSON has"),
                }
            }
            DeValue::Array(list) => {
                // Each tells its own fault, so all are read before any is missed.
                let forms: Vec<_> = list.iter().map(|value| self.form_of(table, value)).collect();
                Form::List(forms.into_iter().collect::<Option<_>>()?)
            }
            DeValue::Table(entries) => {
                let member = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                    let name: &std::borrow::Cow<'_, str> = name.get_ref();
                    Some((self.parse(table, name, value.span())?, self.form_of(table, value)?))
                };
                let members: Vec<_> = entries.iter().map(member).collect();
                Form::Object(members.into_iter().collect::<Option<_>>()?)
            }
        })
    }

    /// The payload of a table, if it has one: one of `json`, `text` and `base64`.
    pub(super) fn body(&self, table: &Table<'_>) -> Option<Body> {
        const KINDS: [&str; 3] = ["json", "text", "base64"];
        let given: Vec<&str> = KINDS.into_iter().filter(|key| table.raw(key).is_some()).collect();
        match given.as_slice() {
            [] => None,
            ["json"] => self.form(table, "json").map(Body::Json),
            ["text"] => self.text(table, "text").map(|text| Body::Text(text.value)),
            [_] => {
                let text = table.text("base64")?;
                match STANDARD.decode(&text.value) {
                    Ok(bytes) => Some(Body::Bytes(bytes.into())),
                    Err(error) => fault(table, text.at, &format!("is no base64: {error}")),
                }
            }
            [_, second, ..] => {
                let at = table.key_place(second);
                fault(table, at, "cannot stand here: a payload is one of `json`, `text` and `base64`")
            }
        }
    }

    /// What to keep: `capture = { name = path }`. The names are known from the next step on.
    pub(super) fn capture(&self, table: &Table<'_>) -> Vec<Capture> {
        let what = format!("`capture` of {}", table.what);
        let Some(inner) = table.table("capture", &what) else { return Vec::new() };
        let mut captures = Vec::new();
        for key in inner.keys() {
            if !is_name(key.value) {
                inner.report.fault(key.at, format!("`{}` is no name: letters, digits, `_` and `-`", key.value));
                continue;
            }
            // Known even where its path is faulty: one slip, one fault.
            self.learn(key.value.to_owned());
            let Some(source) = inner.text(key.value) else { continue };
            match Path::parse(&source.value) {
                Ok(path) => captures.push(Capture { name: key.value.to_owned(), path }),
                Err(words) => inner.report.fault(source.at, words),
            }
        }
        captures
    }

    /// Reads a text's holes; each must be one that can be filled.
    pub(super) fn parse(&self, table: &Table<'_>, source: &str, at: Range<usize>) -> Option<Text> {
        let text = match Text::parse(source) {
            Ok(text) => text,
            Err(words) => {
                table.report.fault(at, format!("{}: {words}", table.what));
                return None;
            }
        };
        let known = self.known.borrow();
        let is_known = |name: &str| known.contains(name) || (self.rows_unread.get() && name.starts_with("row."));
        let Some(name) = text.names().find(|name| !is_known(name)) else { return Some(text) };
        let guess = suggest::nearest(name, known.iter().map(String::as_str));
        let guess = guess.map_or_else(String::new, |near| format!("; did you mean `${{{near}}}`?"));
        table.report.fault(at, format!("{}: nothing is called `{name}` here{guess}", table.what));
        None
    }
}

/// A duration as people write it: a number with `ms`, `s` or `min`.
pub(in crate::scenario) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, factor) = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    // Not every number of a double is a duration; what is none is told of by the caller.
    let seconds = number.trim().parse::<f64>().ok()? * f64::from(u32::try_from(factor).ok()?) / 1_000.0;
    Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= LONGEST)
}

fn fault<T>(table: &Table<'_>, at: Range<usize>, words: &str) -> Option<T> {
    table.report.fault(at, format!("a value of {} {words}", table.what));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, millis) in [
            ("500ms", Some(500)),
            ("5s", Some(5_000)),
            ("1.5 s", Some(1_500)),
            ("2min", Some(120_000)),
            ("0s", Some(0)),
            ("60min", Some(3_600_000)),
            ("61min", None),
            ("5", None),
            ("5h", None),
            ("-1s", None),
            ("NaNs", None),
            ("infs", None),
            ("s", None),
        ] {
            assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
        }
    }
}
