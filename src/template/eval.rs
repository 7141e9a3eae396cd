//! Filling in: from an expression and a scope to a value.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::{Number, Value, json};

use super::expression::{Clock, Expression, Filter, Path, Root, Source, Step};
use super::{LARGEST, Scope};

/// How much may still be filled in. Every value is paid for when it is made, so that no template grows in the memory before it is
/// refused.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
}

/// Why there is no value.
enum Lack {
    /// Nothing is there; `default` mends that.
    Missing(String),
    /// It cannot be made.
    Wrong(String),
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: LARGEST }
    }

    /// Takes so many bytes away.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), String> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(format!("the template fills in to more than {} MiB", LARGEST >> 20)),
        }
    }

    fn pay(&mut self, value: &Value) -> Result<(), Lack> {
        self.spend(weight(value)).map_err(Lack::Wrong)
    }
}

impl Expression {
    /// Its value; the error says in words why there is none.
    pub(super) fn value(&self, scope: &mut dyn Scope, budget: &mut Budget) -> Result<Value, String> {
        self.evaluate(scope, budget).map_err(|lack| match lack {
            Lack::Missing(what) | Lack::Wrong(what) => what,
        })
    }

    fn evaluate(&self, scope: &mut dyn Scope, budget: &mut Budget) -> Result<Value, Lack> {
        let mut value = self.source.evaluate(scope, budget);
        for filter in &self.filters {
            value = match (filter, value) {
                (Filter::Default(other), Err(Lack::Missing(_)) | Ok(Value::Null)) => other.evaluate(scope, budget),
                (_, Err(lack)) => return Err(lack),
                (filter, Ok(value)) => filter.apply(value, scope, budget),
            };
        }
        value
    }
}

impl Source {
    fn evaluate(&self, scope: &mut dyn Scope, budget: &mut Budget) -> Result<Value, Lack> {
        match self {
            Self::Literal(value) => {
                budget.pay(value)?;
                Ok(value.clone())
            }
            Self::Path(path) => path.evaluate(scope, budget),
            Self::Counter(name) => Ok(Value::from(scope.counter(name.as_deref()))),
            Self::Random(choices) => random(choices, scope, budget),
            Self::Now(clock) => Ok(now(*clock, scope.now_us())),
        }
    }
}

impl Path {
    fn evaluate(&self, scope: &dyn Scope, budget: &mut Budget) -> Result<Value, Lack> {
        let root = match &self.root {
            Root::Request(part) => scope.request(*part),
            Root::Property(name) => scope.property(name),
            Root::Variable(name) => scope.variable(name),
        };
        let missing = || Lack::Missing(format!("there is no {}", self.written));
        match root.ok_or_else(missing)? {
            Cow::Borrowed(root) => {
                let value = self.below(root).ok_or_else(missing)?;
                budget.pay(value)?;
                Ok(value.clone())
            }
            Cow::Owned(root) => {
                let value = if self.steps.is_empty() { Some(root) } else { self.below(&root).cloned() };
                let value = value.ok_or_else(missing)?;
                budget.pay(&value)?;
                Ok(value)
            }
        }
    }

    fn below<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.steps.iter().try_fold(root, |value, step| match step {
            Step::Member(name) => value.get(name.as_str()),
            Step::Item(item) => value.get(*item),
        })
    }
}

impl Filter {
    fn apply(&self, value: Value, scope: &mut dyn Scope, budget: &mut Budget) -> Result<Value, Lack> {
        match self {
            Self::Default(_) => Ok(value),
            Self::Add(other) => {
                let other = other.evaluate(scope, budget)?;
                calculate(&value, &other, ("add", i64::checked_add, |one, other| one + other))
            }
            Self::Mul(other) => {
                let other = other.evaluate(scope, budget)?;
                calculate(&value, &other, ("mul", i64::checked_mul, |one, other| one * other))
            }
            Self::Round(places) => round(&value, *places),
            Self::Number => match value {
                Value::String(text) => serde_json::from_str::<Number>(text.trim())
                    .map(Value::Number)
                    .map_err(|_| Lack::Wrong(format!("`{}` is no number", shown(&Value::String(text))))),
                Value::Number(_) => Ok(value),
                other => Err(no_number("number", &other)),
            },
            Self::Text => Ok(Value::String(match value {
                Value::String(text) => text,
                other => other.to_string(),
            })),
            Self::Json => {
                let text = Value::String(value.to_string());
                // Quotes and escapes make a text longer than it was.
                budget.pay(&text)?;
                Ok(text)
            }
        }
    }
}

/// Puts a value's text behind `out`.
pub(super) fn push_text(out: &mut String, value: Value) {
    match value {
        Value::String(text) => out.push_str(&text),
        other => out.push_str(&other.to_string()),
    }
}

/// A filter's name, and what it does with whole numbers and with others.
type Calculation = (&'static str, fn(i64, i64) -> Option<i64>, fn(f64, f64) -> f64);

fn calculate(one: &Value, other: &Value, (name, whole, decimal): Calculation) -> Result<Value, Lack> {
    if let (Some(one), Some(other)) = (one.as_i64(), other.as_i64())
        && let Some(result) = whole(one, other)
    {
        return Ok(Value::from(result));
    }
    let one = one.as_f64().ok_or_else(|| no_number(name, one))?;
    let other = other.as_f64().ok_or_else(|| no_number(name, other))?;
    number(decimal(one, other))
}

fn round(value: &Value, places: u8) -> Result<Value, Lack> {
    // A whole number is round.
    if value.is_i64() || value.is_u64() {
        return Ok(value.clone());
    }
    let exact = value.as_f64().ok_or_else(|| no_number("round", value))?;
    if places == 0 {
        return whole(exact.round()).map_or_else(|| number(exact.round()), |whole| Ok(Value::from(whole)));
    }
    // The shortest number that reads so: 21.4 and not 21.400000000000002.
    let text = format!("{exact:.*}", usize::from(places));
    number(text.parse().unwrap_or(exact))
}

/// A number without decimals that a whole number of 64 bits holds exactly.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.abs() > EXACT {
        return None;
    }
    // Without an exponent and without decimals it reads as a whole number.
    format!("{number:.0}").parse().ok()
}

fn number(value: f64) -> Result<Value, Lack> {
    Number::from_f64(value).map(Value::Number).ok_or_else(|| Lack::Wrong("the result is too large a number".to_owned()))
}

fn random(choices: &[Expression], scope: &mut dyn Scope, budget: &mut Budget) -> Result<Value, Lack> {
    if let [low, high] = choices {
        let (low, high) = (low.evaluate(scope, budget)?, high.evaluate(scope, budget)?);
        return between(low, high, scope);
    }
    let choice = scope.random().usize(..choices.len().max(1));
    match choices.get(choice) {
        Some(choice) => choice.evaluate(scope, budget),
        None => Ok(Value::Null),
    }
}

/// Two numbers are a range, two other values a choice.
fn between(low: Value, high: Value, scope: &mut dyn Scope) -> Result<Value, Lack> {
    let turned = || Lack::Wrong(format!("the range from {low} to {high} ends before it starts"));
    if let (Some(low), Some(high)) = (low.as_i64(), high.as_i64()) {
        return if low > high { Err(turned()) } else { Ok(Value::from(scope.random().i64(low..=high))) };
    }
    if let (Some(from), Some(to)) = (low.as_f64(), high.as_f64()) {
        if from > to {
            return Err(turned());
        }
        let share = scope.random().f64();
        // Of two ends that are far apart, the difference may be none that a number holds.
        return number(from * (1.0 - share) + to * share);
    }
    Ok(if scope.random().bool() { high } else { low })
}

fn now(clock: Clock, micros: i64) -> Value {
    match clock {
        Clock::Millis => json!(micros.div_euclid(1_000)),
        Clock::Seconds => json!(micros.div_euclid(1_000_000)),
        Clock::Rfc3339 => Value::String(stamp(micros).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()),
        Clock::Compact => Value::String(stamp(micros).strftime("%Y%m%dT%H%M%SZ").to_string()),
    }
}

/// A time beyond jiff's range becomes the nearest end of it.
fn stamp(micros: i64) -> Timestamp {
    let end = if micros < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_microsecond(micros).unwrap_or(end)
}

/// About the bytes that a value takes as JSON, and never less than its text.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 24,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| weight(item) + 1).sum::<usize>() + 2,
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + weight(value) + 4).sum::<usize>() + 2,
    }
}

fn no_number(filter: &str, value: &Value) -> Lack {
    let words = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::String(_) => format!("the text `{}`", shown(value)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Number(number) => number.to_string(),
    };
    Lack::Wrong(format!("{filter} needs a number, not {words}"))
}

/// The beginning of a text, for a sentence.
fn shown(value: &Value) -> String {
    const SHOWN: usize = 40;
    let text = value.as_str().unwrap_or_default();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
