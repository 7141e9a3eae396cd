//! Which requests a rule is for.

use std::cmp::Ordering;
use std::fmt;

use serde_json::Value;

use super::{Pattern, same};
use crate::cloud::Request;
use crate::event::What;

/// What a request must be like. What is absent does not count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// Command, property set or property get.
    pub what: Option<What>,
    /// The name of the command or service.
    pub name: Option<Glob>,
    /// Huawei's service id.
    pub service: Option<Glob>,
    /// The sub-device that it is for; the empty pattern: the device itself.
    pub target: Option<Glob>,
    /// What its parameters must be like; all of it.
    pub input: Vec<(InputPath, Condition)>,
}

/// A pattern: `*` stands for any characters, `?` for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    pattern: String,
    plain: bool,
}

/// The way to a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputPath {
    written: String,
    steps: Vec<String>,
}

/// What a parameter must be like.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The same; numbers are compared as numbers.
    Is(Value),
    /// There, and something else; or not there.
    IsNot(Value),
    /// Greater: a number than a number, a text than a text.
    Greater(Value),
    /// Greater, or the same.
    AtLeast(Value),
    /// Less.
    Less(Value),
    /// Less, or the same.
    AtMost(Value),
    /// A text like the pattern.
    Like(Glob),
    /// A text, or a value written as one, that the regular expression fits somewhere.
    Fits(Pattern),
    /// There, or not there.
    Exists(bool),
}

impl Matching {
    /// Whether `request` is like that.
    pub fn fits(&self, request: &Request) -> bool {
        let like = |glob: &Option<Glob>, text: &str| glob.as_ref().is_none_or(|glob| glob.fits(text));
        self.what.is_none_or(|what| what == request.what)
            && like(&self.name, &request.name)
            && like(&self.service, &request.service)
            && like(&self.target, request.target.as_deref().unwrap_or_default())
            && self.input.iter().all(|(path, condition)| condition.fits(path.find(&request.input)))
    }
}

impl Glob {
    /// Any text is a pattern.
    pub fn new(pattern: &str) -> Self {
        Self { plain: !pattern.contains(['*', '?']), pattern: pattern.to_owned() }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Whether `text` is like the pattern.
    pub fn fits(&self, text: &str) -> bool {
        if self.plain { self.pattern == text } else { fits(&self.pattern, text) }
    }
}

/// Goes back to the last `*` alone, so that no pattern costs more than both lengths multiplied.
fn fits(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut star: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let here = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                // It takes nothing at first.
                text = here.clone();
                star = Some((pattern.clone(), here));
            }
            (Some('?'), Some(_)) => {}
            (Some(one), Some(other)) if one == other => {}
            (None | Some(_), _) => {
                // The star takes one character more.
                let Some((behind, from)) = &mut star else { return false };
                if from.next().is_none() {
                    return false;
                }
                (pattern, text) = (behind.clone(), from.clone());
            }
        }
    }
}

impl InputPath {
    /// Reads `level`, `place.lat`, `list[0].x`, or a JSON pointer such as `/odd.name/0` where names hold dots or brackets.
    pub fn new(written: &str) -> Self {
        let steps = match written.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect(),
            None => written
                .split(['.', '['])
                .map(|step| step.strip_suffix(']').unwrap_or(step).to_owned())
                .filter(|step| !step.is_empty())
                .collect(),
        };
        Self { written: written.to_owned(), steps }
    }

    /// What stands there.
    pub fn find<'v>(&self, input: &'v Value) -> Option<&'v Value> {
        self.steps.iter().try_fold(input, |value, step| match value {
            Value::Object(members) => members.get(step),
            // A step that is no number leads nowhere in a list.
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }
}

impl fmt::Display for InputPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Condition {
    /// Whether `value` is like that; `None`: there is none.
    pub fn fits(&self, value: Option<&Value>) -> bool {
        let compares =
            |bound: &Value, fits: fn(Ordering) -> bool| value.and_then(|value| compare(value, bound)).is_some_and(fits);
        match self {
            Self::Is(wanted) => value.is_some_and(|value| same(value, wanted)),
            Self::IsNot(other) => value.is_none_or(|value| !same(value, other)),
            Self::Greater(bound) => compares(bound, Ordering::is_gt),
            Self::AtLeast(bound) => compares(bound, Ordering::is_ge),
            Self::Less(bound) => compares(bound, Ordering::is_lt),
            Self::AtMost(bound) => compares(bound, Ordering::is_le),
            Self::Like(glob) => value.and_then(Value::as_str).is_some_and(|text| glob.fits(text)),
            Self::Fits(pattern) => value.is_some_and(|value| pattern.fits(value)),
            Self::Exists(there) => value.is_some() == *there,
        }
    }
}

/// Numbers with numbers, texts with texts; anything else has no order.
fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    if let (Some(one), Some(other)) = (one.as_i64(), other.as_i64()) {
        return Some(one.cmp(&other));
    }
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_fit_what_they_say() {
        for (pattern, text, is) in [
            ("SILENCE", "SILENCE", true),
            ("SILENCE", "silence", false),
            ("*", "", true),
            ("S*E", "SILENCE", true),
            ("S*E", "SE", true),
            ("S*X", "SILENCE", false),
            ("?灯", "开灯", true),
            ("?", "", false),
            ("a*b*c", "a-b-b-c", true),
            ("*ab", "aab", true),
            ("", "", true),
            ("", "x", false),
            ("a*", "b", false),
        ] {
            assert_eq!(Glob::new(pattern).fits(text), is, "{pattern} {text}");
        }
        let slow = Glob::new(&"*a".repeat(200));
        assert!(!slow.fits(&format!("{}b", "a".repeat(5_000))), "costs no more than both lengths multiplied");
    }

    #[test]
    fn conditions_hold_for_what_they_say() {
        let input = json!({ "value": 1, "name": "灯", "list": [{ "x": 2.5 }], "odd.name": true, "none": null });
        let fits = |path: &str, condition: &Condition| condition.fits(InputPath::new(path).find(&input));
        for (path, condition, is) in [
            ("value", Condition::Is(json!(1.0)), true),
            ("value", Condition::Is(json!("1")), false),
            ("", Condition::Exists(true), true),
            ("value", Condition::IsNot(json!(2)), true),
            ("gone", Condition::IsNot(json!(2)), true),
            ("gone", Condition::Is(json!(null)), false),
            ("none", Condition::Is(json!(null)), true),
            ("list[0].x", Condition::Greater(json!(2)), true),
            ("list[0].x", Condition::AtLeast(json!(2.5)), true),
            ("list[0].x", Condition::Less(json!(2.5)), false),
            ("list.0.x", Condition::AtMost(json!(2.5)), true),
            ("list[7].x", Condition::Exists(false), true),
            ("/odd.name", Condition::Is(json!(true)), true),
            ("/list/0/x", Condition::Exists(true), true),
            ("name", Condition::Like(Glob::new("?")), true),
            ("value", Condition::Like(Glob::new("*")), false),
            ("name", Condition::Fits(Pattern::new("^.$").unwrap()), true),
            ("value", Condition::Fits(Pattern::new("^[12]$").unwrap()), true),
            ("gone", Condition::Fits(Pattern::new("").unwrap()), false),
            ("name", Condition::Greater(json!(1)), false),
            ("name", Condition::Greater(json!("a")), true),
            ("list", Condition::Is(json!([{ "x": 2.5 }])), true),
        ] {
            assert_eq!(fits(path, &condition), is, "{path} {condition:?}");
        }
    }

    #[test]
    fn a_request_must_fit_in_everything_that_is_said() {
        let request = Request {
            name: "SILENCE".to_owned(),
            service: "smoke".to_owned(),
            input: json!({ "value": 1 }),
            ..Request::of(What::Command)
        };
        let all = Matching {
            what: Some(What::Command),
            name: Some(Glob::new("SIL*")),
            service: Some(Glob::new("smoke")),
            target: Some(Glob::new("")),
            input: vec![(InputPath::new("value"), Condition::Is(json!(1)))],
        };
        assert!(all.fits(&request));
        assert!(Matching::default().fits(&request));
        for other in [
            Matching { what: Some(What::PropertySet), ..all.clone() },
            Matching { name: Some(Glob::new("OTHER")), ..all.clone() },
            Matching { service: Some(Glob::new("")), ..all.clone() },
            Matching { target: Some(Glob::new("?*")), ..all.clone() },
            Matching { input: vec![(InputPath::new("value"), Condition::Is(json!(2)))], ..all.clone() },
        ] {
            assert!(!other.fits(&request), "{other:?}");
        }
    }

    /// By trying every length for every star.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some(('*', behind)), _) => (0..=text.len()).any(|length| naive(behind, &text[length..])),
            (Some((one, behind)), Some((other, rest))) => (*one == '?' || one == other) && naive(behind, rest),
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn patterns_fit_as_by_trying_everything(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Glob::new(&pattern).fits(&text), naive(&chars(&pattern), &chars(&text)));
        }
    }
}
