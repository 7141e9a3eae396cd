//! The device shadow's document: what its messages say, and what the platform wants changed.

use serde_json::{Map, Value};

use super::codes::code_words;
use crate::cloud::line::{self, Line};
use crate::cloud::{Property, Summary, Told};

/// A member by its name in the documents, which spell one of them in lower case too.
fn of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| object.get(&name.to_lowercase()))
}

/// The shadow's version in a message.
pub(super) fn version(object: &Map<String, Value>) -> Option<i64> {
    let within = of(object, "Payload").and_then(Value::as_object).and_then(|payload| of(payload, "Version"));
    line::code(of(object, "Version").or(within))
}

/// The states of a message: its own, or those of its payload.
fn state(object: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let within = || of(object, "Payload").and_then(Value::as_object).and_then(|payload| of(payload, "State"));
    of(object, "State").or_else(within)?.as_object()
}

/// `update reported temperature=21 v4`, `reply 100026 shadow version conflict`.
pub(super) fn summary(object: &Map<String, Value>) -> Summary {
    let name = of(object, "Method").and_then(Value::as_str).unwrap_or("document").to_owned();
    let payload = of(object, "Payload").and_then(Value::as_object);
    let code = line::code(payload.and_then(|payload| of(payload, "RetCode")).or_else(|| of(object, "RetCode")));
    let mut detail = Line::default();
    if let Some(code) = code {
        detail.result(Some(code), code_words(code), payload.and_then(|payload| of(payload, "Message")));
    }
    for (key, word) in [("Reported", "reported"), ("Desired", "desired")] {
        match state(object).and_then(|state| of(state, key)) {
            Some(Value::Object(values)) => {
                detail.word(word);
                detail.pairs(values);
            }
            Some(Value::Null) => detail.word(&format!("no {word}")),
            Some(other) => detail.pair(word, other),
            None => {}
        }
    }
    if let Some(version) = version(object) {
        detail.word(&format!("v{version}"));
    }
    Summary { name, detail: detail.finish(), failed: code.is_some_and(|code| code != 0) }
}

/// What a `control`, or the whole document, wants of the device; `None`: nothing.
pub(super) fn wanted(object: &Map<String, Value>) -> Option<Told> {
    let values = of(state(object)?, "Desired")?.as_object().filter(|values| !values.is_empty())?;
    let writes = values.iter().map(|(name, value)| (Property::of("", name), value.clone())).collect();
    Some(Told::Desired { writes, version: version(object) })
}
