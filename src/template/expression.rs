//! Expressions, as read.

use serde_json::Value;

use super::RequestPart;

/// What stands in a hole or in brackets: a source and the filters behind it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) source: Source,
    pub(super) filters: Vec<Filter>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    Literal(Value),
    Path(Path),
    /// `None`: the template's own.
    Counter(Option<String>),
    /// At least two.
    Random(Vec<Expression>),
    Now(Clock),
}

/// A value and the way to a part of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) steps: Vec<Step>,
    /// As it was written, for the sentence when nothing is there.
    pub(super) written: String,
}

/// What a path starts from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Root {
    Request(RequestPart),
    Property(String),
    Variable(String),
}

/// One step down.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Member(String),
    Item(usize),
}

/// A form of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Rfc3339,
    Millis,
    Seconds,
    Compact,
}

/// What is made of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Default(Box<Expression>),
    Add(Box<Expression>),
    Mul(Box<Expression>),
    /// At most so many decimals, 0 to 15.
    Round(u8),
    Number,
    Text,
    Json,
}

impl From<Source> for Expression {
    fn from(source: Source) -> Self {
        Self { source, filters: Vec::new() }
    }
}
