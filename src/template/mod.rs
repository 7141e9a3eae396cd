//! Templates: text and JSON with holes that are filled in when an answer is made.
//!
//! What lives here: the language, its faults with their places, and filling in. What may not: where the values come from;
//! whoever fills in hands them over as a [`Scope`].
//!
//! A hole is `{{ expression }}`; all around it stays as it is. A text in JSON that is one hole and nothing else becomes the
//! hole's value with its type (`"{{ request.input.level }}"` becomes `3`); any other text stays text.
//!
//! | expression | is |
//! |---|---|
//! | `request.input`, `request.input.level`, `request.input.list[0]`, `request.input["odd name"]` | the request's parameters, or a part of them |
//! | `request.id`, `request.name`, `request.service`, `request.target`, `request.topic` | the request id; the command's name; Huawei's service; the sub-device, if it is for one; the topic |
//! | `property.level`, `property["service/name"]` | the current value of a property, or a part of it (`property.place.lat`) |
//! | `counter`, `counter("name")` | how many answers this template, or all templates of the device that name it, have made; counts from 1 |
//! | `random(1, 10)`, `random(0.5, 2.5)` | a random number of the range: whole (both ends included), or with decimals |
//! | `random("on", "off")`, `random(1, 5, 10)` | one of these |
//! | `now`, `now.ms`, `now.s`, `now.compact` | the time as RFC 3339; in milliseconds or seconds since 1970; as `yyyyMMdd'T'HHmmss'Z'` (UTC) |
//! | `vars.name` | a value that was set beside the template |
//! | `"text"`, `1`, `-2.5`, `true`, `false`, `null` | itself; a text may hold `\"`, `\\`, `\n`, `\t`, `\r` and `\u0041` |
//!
//! | filter | makes of the value before it |
//! |---|---|
//! | `default(x)` | `x` where there is no value, or `null` |
//! | `add(n)`, `mul(n)` | the sum, the product; whole numbers stay whole |
//! | `round(n)` | a number with at most `n` decimals; without `n` a whole one |
//! | `number` | the number that a text holds |
//! | `text` | its text: a text as it is, anything else as JSON |
//! | `json` | its JSON as text: for a hole within a body that is written as text |
//!
//! Filters follow each other: `{{ request.input.level | default(0) | add(1) }}`. Whatever stands in brackets may be an
//! expression again. Two braces that are to stay are written `{{ "{{" }}`. What is missing and has no default is an error,
//! and nothing is sent.
//!
//! No template is deeper than 16 brackets, longer than 64 KiB or fills in to more than 1 MiB.

mod eval;
mod expression;
mod json;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use fastrand::Rng;
use serde_json::Value;

use eval::{Budget, push_text};
use expression::Expression;
pub use json::{JsonFault, JsonTemplate};

/// No template is longer, in bytes.
pub const LONGEST: usize = 64 << 10;

/// Nothing fills in to more, in bytes of JSON or text.
pub const LARGEST: usize = 1 << 20;

/// A text with holes.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

/// A stretch of a template.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Hole(Expression),
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes from the template's start; at a border of characters.
    pub at: usize,
    /// What is wrong, in words for a person.
    pub what: String,
}

/// A part of the request that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPart {
    /// Its parameters.
    Input,
    /// The id that ties request and answer.
    Id,
    /// The name of the command or service.
    Name,
    /// Huawei's service id.
    Service,
    /// The sub-device that it is for.
    Target,
    /// The topic that it came on.
    Topic,
}

/// Where a template's values come from.
pub trait Scope {
    /// A part of the request that is answered; `None`: there is no request, or it has no such part.
    fn request(&self, part: RequestPart) -> Option<Cow<'_, Value>>;

    /// The current value of the property called `name` or `service/name`.
    fn property(&self, name: &str) -> Option<Cow<'_, Value>>;

    /// The value that was set under `name`.
    fn variable(&self, name: &str) -> Option<Cow<'_, Value>>;

    /// The counter called `name`, or the template's own. It goes one up with each answer, not with each call: all holes of one
    /// answer see one number.
    fn counter(&mut self, name: Option<&str>) -> u64;

    /// What random values follow from.
    fn random(&mut self) -> &mut Rng;

    /// The time, in microseconds since 1970-01-01T00:00:00Z.
    fn now_us(&self) -> i64;
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        parser::template(text).map(|parts| Self { parts })
    }

    /// Whether it has no holes.
    pub fn is_plain(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Text(_)))
    }

    /// The text with every hole filled in. The error says in words why that cannot be.
    pub fn render(&self, scope: &mut dyn Scope) -> Result<String, String> {
        self.text_within(scope, &mut Budget::new())
    }

    /// As [`Template::render`]; a template that is one hole and nothing else becomes its value, with its type.
    fn value_within(&self, scope: &mut dyn Scope, budget: &mut Budget) -> Result<Value, String> {
        if let [Part::Hole(hole)] = self.parts.as_slice() {
            return hole.value(scope, budget);
        }
        self.text_within(scope, budget).map(Value::String)
    }

    fn text_within(&self, scope: &mut dyn Scope, budget: &mut Budget) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    budget.spend(text.len())?;
                    out.push_str(text);
                }
                // The value has been paid for; as text it is no longer.
                Part::Hole(hole) => push_text(&mut out, hole.value(scope, budget)?),
            }
        }
        Ok(out)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.what, self.at)
    }
}

impl std::error::Error for Fault {}
