//! Tests of a value: equal to something, greater, less, a pattern, a type, there at all.

use std::cmp::Ordering;
use std::fmt;

use regex_lite::Regex;
use serde_json::Value;

use super::{Form, Text, Values};

/// Tests of one value, which must all hold.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) struct Matcher {
    /// In the file's order.
    pub(in crate::scenario) tests: Vec<Test>,
}

/// One test, with holes.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) enum Test {
    /// Equal; numbers by their value.
    Equals(Form),
    /// There, and not equal.
    Differs(Form),
    /// Greater, less and so on: numbers with numbers, texts with texts.
    Compares(Relation, Form),
    /// A text, or a value written as one, that the pattern fits somewhere.
    Fits(Text),
    /// There, or not there.
    Exists(bool),
    /// Of a type.
    IsA(Type),
    /// A text that holds the text, a list that holds the value, an object that holds these members.
    Contains(Form),
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Relation {
    /// Greater than.
    Greater,
    /// Greater or equal.
    AtLeast,
    /// Less than.
    Less,
    /// Less or equal.
    AtMost,
}

/// The types of JSON, and whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) enum Type {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// Any number.
    Number,
    /// A number without a fraction or exponent.
    Integer,
    /// A text.
    Text,
    /// A list.
    List,
    /// An object.
    Object,
}

/// The types by name.
pub(in crate::scenario) const TYPES: [(&str, Type); 7] = [
    ("null", Type::Null),
    ("boolean", Type::Boolean),
    ("number", Type::Number),
    ("integer", Type::Integer),
    ("string", Type::Text),
    ("array", Type::List),
    ("object", Type::Object),
];

/// A matcher whose holes are filled.
#[derive(Debug)]
pub(in crate::scenario) struct Tests(Vec<Filled>);

#[derive(Debug)]
enum Filled {
    Equals(Value),
    Differs(Value),
    Compares(Relation, Value),
    Fits(Regex),
    Exists(bool),
    IsA(Type),
    Contains(Value),
}

impl Matcher {
    /// The matcher that only `form` passes.
    pub(in crate::scenario) fn equals(form: Form) -> Self {
        Self { tests: vec![Test::Equals(form)] }
    }

    /// The tests with their holes filled; an error names a variable without a value, or says what is wrong with a pattern.
    pub(in crate::scenario) fn fill(&self, values: &mut Values) -> Result<Tests, String> {
        let filled = self.tests.iter().map(|test| {
            Ok(match test {
                Test::Equals(form) => Filled::Equals(form.fill(values)?),
                Test::Differs(form) => Filled::Differs(form.fill(values)?),
                Test::Compares(relation, form) => Filled::Compares(*relation, form.fill(values)?),
                Test::Fits(pattern) => Filled::Fits(compile(&pattern.fill(values)?)?),
                Test::Exists(wanted) => Filled::Exists(*wanted),
                Test::IsA(wanted) => Filled::IsA(*wanted),
                Test::Contains(form) => Filled::Contains(form.fill(values)?),
            })
        });
        filled.collect::<Result<_, String>>().map(Tests)
    }
}

/// The pattern as it is used; the error says what is wrong with it.
pub(in crate::scenario) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("`{pattern}` is no regular expression: {error}"))
}

impl Tests {
    /// Whether `found` passes every test.
    pub(in crate::scenario) fn pass(&self, found: Option<&Value>) -> bool {
        self.0.iter().all(|test| test.passes(found))
    }

    /// The value that alone can pass, where a test wants one that equals.
    pub(in crate::scenario) fn wanted_value(&self) -> Option<&Value> {
        self.0.iter().find_map(|test| if let Filled::Equals(value) = test { Some(value) } else { None })
    }
}

impl Filled {
    fn passes(&self, found: Option<&Value>) -> bool {
        let Some(found) = found else { return matches!(self, Self::Exists(false)) };
        match self {
            Self::Equals(wanted) => equal(wanted, found),
            Self::Differs(unwanted) => !equal(unwanted, found),
            Self::Compares(relation, bound) => order(found, bound).is_some_and(|order| relation.holds(order)),
            Self::Fits(pattern) => pattern.is_match(&super::text::as_text(found)),
            Self::Exists(wanted) => *wanted,
            Self::IsA(wanted) => wanted.is_that_of(found),
            Self::Contains(wanted) => contains(found, wanted),
        }
    }
}

/// Whether two values are the same to a person: numbers by their value, members in any order.
pub(in crate::scenario) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => order(a, b) == Some(Ordering::Equal),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// The order of two numbers or two texts; other values have none. Whole numbers are compared exactly.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => match (whole(a), whole(b)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        _ => None,
    }
}

fn whole(number: &serde_json::Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

fn contains(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => found.contains(wanted.as_str()),
        (Value::Array(found), wanted) => found.iter().any(|one| equal(one, wanted)),
        (Value::Object(found), Value::Object(wanted)) => wanted.iter().all(|(name, wanted)| {
            found.get(name).is_some_and(|found| {
                equal(found, wanted) || (found.is_object() && wanted.is_object() && contains(found, wanted))
            })
        }),
        _ => false,
    }
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Greater => order == Ordering::Greater,
            Self::AtLeast => order != Ordering::Less,
            Self::Less => order == Ordering::Less,
            Self::AtMost => order != Ordering::Greater,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Greater => "greater than",
            Self::AtLeast => "at least",
            Self::Less => "less than",
            Self::AtMost => "at most",
        }
    }
}

impl Type {
    fn is_that_of(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Text => value.is_string(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

impl fmt::Display for Tests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, test) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            match test {
                Filled::Equals(value) => write!(f, "{value}")?,
                Filled::Differs(value) => write!(f, "not {value}")?,
                Filled::Compares(relation, bound) => write!(f, "{} {bound}", relation.words())?,
                Filled::Fits(pattern) => write!(f, "that fits /{pattern}/")?,
                Filled::Exists(true) => f.write_str("there")?,
                Filled::Exists(false) => f.write_str("not there")?,
                Filled::IsA(wanted) => {
                    let name = TYPES.iter().find(|(_, known)| known == wanted).map_or("", |(name, _)| *name);
                    write!(f, "of type {name}")?;
                }
                Filled::Contains(value) => write!(f, "with {value} in it")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(test: Test, found: impl Into<Option<Value>>) -> bool {
        let matcher = Matcher { tests: vec![test] };
        matcher.fill(&mut Values::new(0)).unwrap().pass(found.into().as_ref())
    }

    fn form(value: Value) -> Form {
        Form::Value(value)
    }

    #[test]
    fn values_are_equal_by_what_they_say() {
        for (a, b, same) in [
            (json!(1), json!(1.0), true),
            (json!(1), json!("1"), false),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992_i64), false),
            (json!(u64::MAX), json!(u64::MAX), true),
            (json!({"a": 1, "b": [1.0]}), json!({"b": [1], "a": 1}), true),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), false),
            (json!([1, 2]), json!([2, 1]), false),
            (json!(null), json!(false), false),
        ] {
            assert_eq!(equal(&a, &b), same, "{a} {b}");
            assert_eq!(passes(Test::Equals(form(a.clone())), Some(b.clone())), same, "{a} {b}");
            assert_eq!(passes(Test::Differs(form(a.clone())), Some(b.clone())), !same, "{a} {b}");
        }
    }

    #[test]
    fn comparisons_hold_between_like_values_only() {
        for (relation, bound, found, holds) in [
            (Relation::Greater, json!(1), json!(1), false),
            (Relation::Greater, json!(1), json!(1.5), true),
            (Relation::AtLeast, json!(1), json!(1), true),
            (Relation::Less, json!("b"), json!("a"), true),
            (Relation::AtMost, json!(1), json!(2), false),
            (Relation::Greater, json!(1), json!("2"), false),
            (Relation::Less, json!(1), json!(null), false),
        ] {
            assert_eq!(
                passes(Test::Compares(relation, form(bound.clone())), Some(found.clone())),
                holds,
                "{bound} {found}"
            );
        }
    }

    #[test]
    fn patterns_types_and_contents() {
        let fits = |pattern: &str, found| passes(Test::Fits(Text::plain(pattern)), Some(found));
        assert!(fits("^a+$", json!("aaa")) && !fits("^a+$", json!("aab")) && fits("^6.$", json!(60)));
        for (kind, found, is) in [
            (Type::Integer, json!(1), true),
            (Type::Integer, json!(1.0), false),
            (Type::Number, json!(1.0), true),
            (Type::Text, json!(""), true),
            (Type::Null, json!(null), true),
            (Type::List, json!({}), false),
        ] {
            assert_eq!(passes(Test::IsA(kind), Some(found.clone())), is, "{kind:?} {found}");
        }
        for (found, wanted, holds) in [
            (json!("success"), json!("cc"), true),
            (json!([1, {"a": 1}]), json!({"a": 1.0}), true),
            (json!({"a": {"b": 1, "c": 2}, "d": 3}), json!({"a": {"c": 2}}), true),
            (json!({"a": 1}), json!({"a": 2}), false),
            (json!(12), json!(1), false),
        ] {
            assert_eq!(passes(Test::Contains(form(wanted.clone())), Some(found.clone())), holds, "{found} {wanted}");
        }
    }

    #[test]
    fn what_is_not_there_passes_only_where_that_is_wanted() {
        assert!(passes(Test::Exists(false), None) && !passes(Test::Exists(false), Some(json!(null))));
        assert!(!passes(Test::Exists(true), None) && passes(Test::Exists(true), Some(json!(null))));
        assert!(!passes(Test::Differs(form(json!(1))), None) && !passes(Test::IsA(Type::Null), None));
    }

    #[test]
    fn a_pattern_that_is_none_is_told() {
        let matcher = Matcher { tests: vec![Test::Fits(Text::plain("("))] };
        assert!(matcher.fill(&mut Values::new(0)).unwrap_err().contains("no regular expression"));
    }
}
