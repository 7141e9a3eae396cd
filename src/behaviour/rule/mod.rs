//! Rules: which requests a device answers by itself, and how; faults on purpose among that.
//!
//! | file | what lives there |
//! |---|---|
//! | `matching` | which requests a rule is for |
//! | `pattern` | regular expressions, within bounds |
//! | `words` | a rule in a few words |
//! | `scope` | where the values of its templates come from |
//! | `answer` | from a request to the answer, spoilt where that is wanted |
//! | `running` | a rule at work: its switch, what it has done |
//!
//! Pure: reading rules from the config is `config`'s, a cloud's topics and bodies are `cloud`'s.

mod answer;
mod matching;
mod pattern;
mod running;
mod scope;
mod words;

use std::time::Duration;

use serde_json::Value;

use crate::event::What;
use crate::template::{JsonTemplate, Template};

pub(super) use answer::{Made, Maker, is_success};
pub use matching::{Condition, Glob, InputPath, Matching};
pub use pattern::{Pattern, PatternFault};
pub(super) use running::{Last, Running};
pub(super) use words::{time, title};

/// The name of the rule that answers every property set with success.
pub const AUTO_SET: &str = "auto property set";

/// The name of the rule that answers every property get from the device's properties.
pub const AUTO_GET: &str = "auto property get";

/// A rule. Of several that match a request, the first answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name, unique for the device.
    pub name: String,
    /// Whether it answers from the start.
    pub enabled: bool,
    /// Which requests it is for.
    pub matches: Matching,
    /// How probably it takes a request that it is for, 0 to 1; `None`: always.
    pub chance: Option<f64>,
    /// How many requests it takes; `None`: all.
    pub times: Option<u64>,
    /// What it does.
    pub then: Action,
}

/// What a rule does with a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// It answers.
    Answer(Box<Reply>),
    /// It sees to it that there is no answer.
    Drop,
}

/// An answer, and when it goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// What it holds.
    pub holds: Holds,
    /// The cloud's code; success when absent.
    pub code: Option<i64>,
    /// Words for the code, where the cloud's answer has a place for them.
    pub message: Option<Template>,
    /// How long after the request it goes.
    pub delay: Delay,
    /// What is wrong with it.
    pub faults: Faults,
}

/// What an answer holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Holds {
    /// The cloud's example for a command, the device's current properties for a property get.
    #[default]
    Usual,
    /// These outputs of a command; for a property get an object of properties (`name` or `service/name`) and their values.
    Output(JsonTemplate),
    /// The whole payload, in place of the cloud's own form.
    Body(Template),
}

/// How long after the request: a random time between both, ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// At least so long.
    pub least: Duration,
    /// At most so long.
    pub most: Duration,
}

/// What is wrong with an answer, on purpose. Each breaks what it says and nothing else; they can be combined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own, and they combine freely")]
pub struct Faults {
    /// It goes so long after the cloud's deadline.
    pub late_by: Option<Duration>,
    /// It goes a second time, so long after the first.
    pub twice: Option<Duration>,
    /// It bears another request id.
    pub wrong_request_id: bool,
    /// A value has another type than the cloud wants.
    pub wrong_type: bool,
    /// It is larger than the cloud takes.
    pub oversized: Option<Oversized>,
    /// Its JSON is cut short.
    pub broken_json: bool,
    /// It goes to the topic of another kind of answer.
    pub wrong_topic: bool,
}

/// How large an oversized answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oversized {
    /// One byte more than the cloud takes.
    ByOne,
    /// So many bytes.
    Bytes(usize),
}

impl Rule {
    /// One of the two rules that every device has, off unless the plan switches them on.
    pub(super) fn auto(what: What, enabled: bool) -> Self {
        let name = if what == What::PropertySet { AUTO_SET } else { AUTO_GET };
        // A sub-device's properties are not the device's.
        let matches = Matching { what: Some(what), target: Some(Glob::new("")), ..Matching::default() };
        let then = Action::Answer(Box::default());
        Self { name: name.to_owned(), enabled, matches, chance: None, times: None, then }
    }
}

impl Delay {
    /// Always the same.
    pub fn fixed(time: Duration) -> Self {
        Self { least: time, most: time }
    }
}

impl Faults {
    /// The faults, by the words that the config has for them.
    pub fn words(&self) -> Vec<&'static str> {
        let all = [
            (self.late_by.is_some(), "late"),
            (self.twice.is_some(), "twice"),
            (self.wrong_request_id, "wrong_request_id"),
            (self.wrong_type, "wrong_type"),
            (self.oversized.is_some(), "oversized"),
            (self.broken_json, "broken_json"),
            (self.wrong_topic, "wrong_topic"),
        ];
        all.into_iter().filter_map(|(is, word)| is.then_some(word)).collect()
    }
}

/// Whether two values are the same; numbers are compared as numbers, `1` and `1.0` are one.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}
