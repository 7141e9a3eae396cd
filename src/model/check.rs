//! A value of a body held against what the model says of it.
//!
//! What lives here: the rules of each type and the sentence for each breach. What may not: which code a cloud answers with;
//! each cloud's folder knows that.

use super::data::{Data, DateForm, Field, Range, Type, plain};
use super::json::{Node, Shape};

/// Of a wrong value so much is repeated in a sentence, in characters.
const SHOWN: usize = 40;

/// So many names are told where a value is none of them.
const NAMED: usize = 12;

/// A value that is not as the model has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The first byte in the body of what is wrong: the value, the name of a member too many, or the object that lacks one.
    pub at: usize,
    /// In which way.
    pub wrong: Wrong,
    /// The type that was wanted there.
    pub wanted: Type,
    /// The rule, in words for a person: `must be ≤ 100 (is 120)`. What it repeats of the body is untrusted text.
    pub rule: String,
}

/// In which way a value is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is of another type.
    Type,
    /// It is out of its bounds, too long or none of the choices.
    Range,
    /// It lacks a member that has to be there.
    Missing,
    /// It has a member that the model does not know.
    Unknown,
}

impl Data {
    /// Adds to `breaches` what is wrong with a value.
    pub fn check(&self, value: &Node<'_>, breaches: &mut Vec<Breach>) {
        match self {
            Self::Struct(fields) if matches!(value.shape, Shape::Object(_)) => check_fields(fields, value, breaches),
            Self::Array { longest, item } if matches!(value.shape, Shape::Array(_)) => {
                let count = value.items().len();
                if let Some(longest) = longest.filter(|longest| count > *longest) {
                    let rule = format!("must have at most {longest} items (has {count})");
                    breaches.push(self.breach(value, Wrong::Range, rule));
                }
                value.items().iter().for_each(|value| item.check(value, breaches));
            }
            Self::TextList { longest } if matches!(value.shape, Shape::Array(_)) => {
                let item = Self::Text { longest: *longest, bytes: false, choices: Vec::new() };
                value.items().iter().for_each(|value| item.check(value, breaches));
            }
            _ => {
                if let Err((wrong, rule)) = self.check_plain(value) {
                    breaches.push(self.breach(value, wrong, rule));
                }
            }
        }
    }

    fn breach(&self, value: &Node<'_>, wrong: Wrong, rule: String) -> Breach {
        Breach { at: value.start, wrong, wanted: self.kind(), rule }
    }

    /// Holds a value that has no parts, or should have some and has none, against its type.
    fn check_plain(&self, value: &Node<'_>) -> Result<(), (Wrong, String)> {
        match self {
            Self::Int { wide, range } => check_int(*wide, range, value),
            Self::Float { double, point, range } => check_float(*double, *point, range, value),
            Self::Text { longest, bytes, choices } => {
                let text = value.text().ok_or_else(|| wrong_type("a text", value))?;
                check_choice(choices, text)?;
                check_length(text, *longest, *bytes)
            }
            Self::Bool { numeric: true, .. } if matches!(value.raw, "0" | "1") => Ok(()),
            Self::Bool { numeric: true, .. } => Err(wrong_type("0 or 1", value)),
            Self::Bool { numeric: false, .. } if matches!(value.shape, Shape::Bool(_)) => Ok(()),
            Self::Bool { numeric: false, .. } => Err(wrong_type("true or false", value)),
            Self::Enum(choices) => {
                let number = whole(value).ok_or_else(|| wrong_type("a whole number", value))?;
                let known = choices.is_empty() || choices.iter().any(|(choice, _)| i128::from(*choice) == number);
                let names = || one_of(choices.iter().map(|(number, _)| number.to_string()), choices.len());
                if known { Ok(()) } else { Err((Wrong::Range, format!("must be {} (is {number})", names()))) }
            }
            Self::Date(form) => check_date(*form, value),
            Self::Struct(_) => Err(wrong_type("an object", value)),
            Self::Array { .. } => Err(wrong_type("an array", value)),
            Self::TextList { .. } => Err(wrong_type("an array of texts", value)),
            Self::Json { longest } => {
                if !matches!(value.shape, Shape::Object(_)) {
                    return Err(wrong_type("an object", value));
                }
                check_length(value.raw, *longest, false)
            }
            Self::Any => Ok(()),
        }
    }
}

/// Adds to `breaches` what is wrong with the members of an object, which are to be `fields`.
pub fn check_fields(fields: &[Field], object: &Node<'_>, breaches: &mut Vec<Breach>) {
    for member in object.members() {
        match fields.iter().find(|field| field.id == member.name) {
            Some(field) => field.data.check(&member.value, breaches),
            None => breaches.push(Breach {
                at: member.at,
                wrong: Wrong::Unknown,
                wanted: Type::Struct,
                rule: "is not in the model".to_owned(),
            }),
        }
    }
    for field in fields.iter().filter(|field| field.required && object.get(&field.id).is_none()) {
        breaches.push(Breach {
            at: object.start,
            wrong: Wrong::Missing,
            wanted: field.data.kind(),
            rule: format!("must have `{}`", field.id),
        });
    }
}

fn check_int(wide: bool, range: &Range<i64>, value: &Node<'_>) -> Result<(), (Wrong, String)> {
    let number = whole(value).ok_or_else(|| wrong_type("a whole number", value))?;
    let (least, most, bits) = if wide { (i64::MIN, i64::MAX, 64) } else { (i32::MIN.into(), i32::MAX.into(), 32) };
    if number < least.into() || number > most.into() {
        return Err((Wrong::Range, format!("must fit into {bits} bits (is {})", shown(value.raw))));
    }
    if let Some(min) = range.min.filter(|min| number < i128::from(*min)) {
        return Err((Wrong::Range, format!("must be ≥ {min} (is {number})")));
    }
    if let Some(max) = range.max.filter(|max| number > i128::from(*max)) {
        return Err((Wrong::Range, format!("must be ≤ {max} (is {number})")));
    }
    Ok(())
}

fn check_float(double: bool, point: bool, range: &Range<f64>, value: &Node<'_>) -> Result<(), (Wrong, String)> {
    if !matches!(value.shape, Shape::Number) {
        return Err(wrong_type("a number", value));
    }
    if point && !value.raw.contains(['.', 'e', 'E']) {
        let raw = shown(value.raw);
        return Err((Wrong::Type, format!("needs a decimal point: {raw}.0, since {raw} is taken for an int")));
    }
    // What JSON writes as a number is one, if perhaps an infinite one.
    let number: f64 = value.raw.parse().map_err(|_| wrong_type("a number", value))?;
    let most = if double { f64::MAX } else { f32::MAX.into() };
    if number.abs() > most {
        let precision = if double { "double" } else { "single" };
        return Err((Wrong::Range, format!("must fit into {precision} precision (is {})", shown(value.raw))));
    }
    if let Some(min) = range.min.filter(|min| number < *min) {
        return Err((Wrong::Range, format!("must be ≥ {} (is {})", plain(min), shown(value.raw))));
    }
    if let Some(max) = range.max.filter(|max| number > *max) {
        return Err((Wrong::Range, format!("must be ≤ {} (is {})", plain(max), shown(value.raw))));
    }
    Ok(())
}

fn check_choice(choices: &[String], text: &str) -> Result<(), (Wrong, String)> {
    if choices.is_empty() || choices.iter().any(|choice| choice == text) {
        return Ok(());
    }
    let names = one_of(choices.iter().map(|choice| shown(choice)), choices.len());
    Err((Wrong::Range, format!("must be {names} (is {})", shown(text))))
}

fn check_length(text: &str, longest: Option<usize>, bytes: bool) -> Result<(), (Wrong, String)> {
    let Some(longest) = longest else { return Ok(()) };
    let (length, unit) = if bytes { (text.len(), "bytes") } else { (text.chars().count(), "characters") };
    if length <= longest {
        return Ok(());
    }
    Err((Wrong::Range, format!("must be at most {longest} {unit} long (is {length})")))
}

fn check_date(form: DateForm, value: &Node<'_>) -> Result<(), (Wrong, String)> {
    let (good, wanted) = match form {
        DateForm::TextMs => {
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            (value.text().is_some_and(digits), "milliseconds since 1970 as text, such as \"1735689600000\"")
        }
        DateForm::NumberMs => {
            (whole(value).is_some_and(|ms| ms >= 0), "milliseconds since 1970 as a number, such as 1735689600000")
        }
        DateForm::Compact => {
            (value.text().is_some_and(is_compact), "a time as yyyyMMdd'T'HHmmss'Z', such as \"20250101T000000Z\"")
        }
    };
    if good { Ok(()) } else { Err(wrong_type(wanted, value)) }
}

/// Whether a text is a time in Huawei's form.
fn is_compact(text: &str) -> bool {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<u32>().ok() // digits only
    };
    let within = |from: usize, least: u32, most: u32| {
        number(from, from + 2).is_some_and(|number| (least..=most).contains(&number))
    };
    bytes.len() == 16
        && bytes.get(8) == Some(&b'T')
        && bytes.get(15) == Some(&b'Z')
        && number(0, 4).is_some()
        && within(4, 1, 12)
        && within(6, 1, 31)
        && within(9, 0, 23)
        && within(11, 0, 59)
        && within(13, 0, 60)
}

/// The whole number that a value is; none where it has a point or an exponent. One that no 128 bits hold is as far off as
/// can be said.
fn whole(value: &Node<'_>) -> Option<i128> {
    if !matches!(value.shape, Shape::Number) || value.raw.contains(['.', 'e', 'E']) {
        return None;
    }
    let extreme = if value.raw.starts_with('-') { i128::MIN } else { i128::MAX };
    Some(value.raw.parse().unwrap_or(extreme))
}

fn wrong_type(wanted: &str, value: &Node<'_>) -> (Wrong, String) {
    let is = match value.shape {
        Shape::Object(_) | Shape::Array(_) => value.kind().to_owned(),
        Shape::Text(_) => format!("the text {}", shown(value.raw)),
        Shape::Number | Shape::Bool(_) | Shape::Null => shown(value.raw),
    };
    (Wrong::Type, format!("must be {wanted} (is {is})"))
}

fn one_of(names: impl Iterator<Item = String>, count: usize) -> String {
    let names: Vec<String> = names.take(NAMED).collect();
    let names = names.join(", ");
    match count {
        0..=1 => names,
        2..=NAMED => format!("one of {names}"),
        _ => format!("one of {names} and {} more", count - NAMED),
    }
}

/// The beginning of a value.
fn shown(raw: &str) -> String {
    match raw.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", raw.get(..end).unwrap_or_default()),
        None => raw.to_owned(),
    }
}

#[cfg(test)]
mod tests;
