//! What is expected of messages: kinds, topics, and tests of what stands in them.

use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::reading::Reading;
use crate::cloud::Direction;
use crate::config::table::Table;
use crate::event::What;
use crate::mqtt::TopicFilter;
use crate::scenario::plan::{Ending, Wanted};
use crate::scenario::value::matcher::{Relation, TYPES, compile};
use crate::scenario::value::{Form, Matcher, Path, Test, words};

const DIRECTIONS: [(&str, Direction); 2] = [("rx", Direction::Down), ("tx", Direction::Up)];

const OUTCOMES: [(&str, bool); 2] = [("answered", true), ("timed-out", false)];

impl Reading {
    /// `wait_request = { what, name, topic, where, capture }`.
    pub(super) fn request(&self, table: &Table<'_>) -> Wanted {
        table.refuse_unknown(&["what", "name", "topic", "where", "capture"]);
        let wanted = self.wanted(table, Direction::Down);
        if let Some(what) = wanted.what.filter(|what| !what.is_request()) {
            let at = table.key_place("what");
            let words = "must be one of \"command\", \"property-set\", \"property-get\"";
            table.report.fault(at, format!("`what` of {} {words}, not \"{}\"", table.what, what.word()));
        }
        wanted
    }

    /// `expect_message = { direction, what, topic, where, capture }`.
    pub(super) fn message(&self, table: &Table<'_>, also: &[&str]) -> Wanted {
        let known: Vec<&str> = ["direction", "what", "name", "topic", "where", "capture"]
            .into_iter()
            .chain(also.iter().copied())
            .collect();
        table.refuse_unknown(&known);
        let direction = table.choice("direction", &DIRECTIONS).map_or(Direction::Down, |way| way.value);
        self.wanted(table, direction)
    }

    fn wanted(&self, table: &Table<'_>, direction: Direction) -> Wanted {
        let topic = self.word(table, "topic").and_then(|topic| {
            let fault = topic.value.as_plain().and_then(|plain| TopicFilter::new(plain).err());
            if let Some(fault) = fault {
                table.report.fault(topic.at, format!("`topic` of {} is no topic filter: {fault}", table.what));
                return None;
            }
            Some(topic.value)
        });
        let kinds: Vec<(&'static str, What)> = What::ALL.iter().map(|what| (what.word(), *what)).collect();
        Wanted {
            direction,
            topic,
            what: table.choice("what", &kinds).map(|what| what.value),
            name: self.text(table, "name").map(|name| name.value),
            places: self.places(table),
            capture: self.capture(table),
        }
    }

    /// `where = { path = value or matcher }`.
    fn places(&self, table: &Table<'_>) -> Vec<(Path, Matcher)> {
        let what = format!("`where` of {}", table.what);
        let Some(inner) = table.table("where", &what) else { return Vec::new() };
        let mut places = Vec::new();
        for key in inner.keys() {
            let path = Path::parse(key.value).map_err(|words| inner.report.fault(key.at.clone(), words));
            let matcher = inner.raw(key.value).and_then(|value| self.matcher_of(&inner, key.value, value));
            if let (Ok(path), Some(matcher)) = (path, matcher) {
                places.push((path, matcher));
            }
        }
        places
    }

    /// A matcher, or the value that is to be equal.
    fn matcher_of(&self, table: &Table<'_>, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Matcher> {
        if let Some(entries) = value.get_ref().as_table() {
            let keys = || entries.keys().map(|key| key.get_ref().as_ref());
            if words::are_tests(keys()) {
                let what = format!("`{key}` of {}", table.what);
                let inner = table.table(key, &what)?;
                inner.refuse_unknown(&words::TESTS);
                return self.matcher(&inner);
            }
            if let (Some(meant), Some(only)) = (words::slip(keys()), entries.keys().next()) {
                let (slip, what) = (only.get_ref(), table.what);
                let told = format!(
                    "`{slip}` of `{key}` of {what} is no test; did you mean `{meant}`? A value that is a table stands in {{ equals = … }}"
                );
                table.report.fault(only.span(), told);
                return None;
            }
        }
        self.form_of(table, value).map(Matcher::equals)
    }

    /// The tests that a table has among its keys; `None` where it has none, or faulty ones.
    pub(super) fn matcher(&self, table: &Table<'_>) -> Option<Matcher> {
        let given: Vec<&str> = words::TESTS.into_iter().filter(|key| table.raw(key).is_some()).collect();
        let tests: Vec<_> = given.iter().map(|key| self.test(table, key)).collect();
        let tests: Vec<Test> = tests.into_iter().collect::<Option<_>>()?;
        (!tests.is_empty()).then_some(Matcher { tests })
    }

    fn test(&self, table: &Table<'_>, key: &str) -> Option<Test> {
        Some(match key {
            "equals" | "eq" => Test::Equals(self.form(table, key)?),
            "ne" => Test::Differs(self.form(table, key)?),
            "gt" => Test::Compares(Relation::Greater, self.bound(table, key)?),
            "ge" => Test::Compares(Relation::AtLeast, self.bound(table, key)?),
            "lt" => Test::Compares(Relation::Less, self.bound(table, key)?),
            "le" => Test::Compares(Relation::AtMost, self.bound(table, key)?),
            "exists" => Test::Exists(table.boolean(key)?.value),
            "type" => Test::IsA(table.choice(key, &TYPES)?.value),
            "contains" => Test::Contains(self.form(table, key)?),
            _ => {
                let pattern = self.text(table, key)?;
                if let Some(words) = pattern.value.as_plain().and_then(|plain| compile(plain).err()) {
                    table.report.fault(pattern.at, format!("{}: {words}", table.what));
                    return None;
                }
                Test::Fits(pattern.value)
            }
        })
    }

    /// A number, a text, or a hole for one: what can be greater or less.
    fn bound(&self, table: &Table<'_>, key: &str) -> Option<Form> {
        let form = self.form(table, key)?;
        if matches!(&form, Form::Text(_) | Form::Value(Value::Number(_) | Value::String(_))) {
            return Some(form);
        }
        table.fault_at(table.key_place(key), key, "a number or a text");
        None
    }

    /// `expect_outcome = "answered"`, or a table that also says what is in the answer.
    pub(super) fn ending(&self, step: &Table<'_>, key: &str) -> Option<Ending> {
        let none = |answered| Ending { answered, code: None, places: Vec::new(), capture: Vec::new() };
        if step.raw(key).is_some_and(|value| value.get_ref().is_str()) {
            return step.choice(key, &OUTCOMES).map(|outcome| none(outcome.value));
        }
        let what = format!("`{key}` of {}", step.what);
        let table = step.table(key, &what)?;
        table.refuse_unknown(&["outcome", "code", "where", "capture"]);
        let answered = match table.raw("outcome") {
            None => true,
            Some(_) => table.choice("outcome", &OUTCOMES)?.value,
        };
        let ending = Ending {
            code: self.number(&table, "code"),
            places: self.places(&table),
            capture: self.capture(&table),
            ..none(answered)
        };
        for key in ["code", "where", "capture"].into_iter().filter(|key| !answered && table.raw(key).is_some()) {
            let words = format!("`{key}` of {what} has no use where nobody answered");
            table.report.fault(table.key_place(key), words);
        }
        Some(ending)
    }

    /// A whole number, or a hole for one.
    pub(super) fn number(&self, table: &Table<'_>, key: &str) -> Option<Form> {
        let form = self.form(table, key)?;
        match &form {
            Form::Text(_) => Some(form),
            Form::Value(value) if value.is_i64() => Some(form),
            _ => {
                table.fault_at(table.key_place(key), key, "a whole number");
                None
            }
        }
    }
}
