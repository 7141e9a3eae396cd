//! The cloud's envelope: reading what a device asks, and the answer to it.
//!
//! What lives here: the checks that hold for every row, and the codes for them. What may not: what a row is about.

use serde_json::{Map, Value, json};

/// The body is not JSON.
pub(super) const NOT_JSON: Verdict = Verdict::no(6207, "the body is no JSON object");
/// A parameter is missing or not of the documented form.
pub(super) const BAD_PARAMETER: Verdict = Verdict::no(460, "request parameter error");
/// The sub-device is not logged in.
pub(super) const NO_SESSION: Verdict = Verdict::no(520, "device no session");
/// The platform knows no such device.
pub(super) const UNKNOWN_DEVICE: Verdict = Verdict::no(6100, "device not found");

/// What comes of a question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) code: u32,
    pub(super) message: &'static str,
    /// `null` stands for the empty object.
    pub(super) data: Value,
}

/// What a device asks, in the cloud's envelope.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    body: Map<String, Value>,
}

impl Verdict {
    /// Success, with `data` in the answer.
    pub(super) const fn yes(data: Value) -> Self {
        Self { code: 200, message: "success", data }
    }

    /// Success with nothing in the answer.
    pub(super) const fn done() -> Self {
        Self::yes(Value::Null)
    }

    /// A refusal.
    pub(super) const fn no(code: u32, message: &'static str) -> Self {
        Self { code, message, data: Value::Null }
    }
}

impl Asked {
    /// Reads a body.
    pub(super) fn read(payload: &[u8]) -> Result<Self, Verdict> {
        match serde_json::from_slice(payload) {
            Ok(Value::Object(body)) => Ok(Self { body }),
            _ => Err(NOT_JSON),
        }
    }

    /// `params`, `null` where there are none.
    pub(super) fn params(&self) -> &Value {
        self.body.get("params").unwrap_or(&Value::Null)
    }

    /// Whether the body names its method, as every row below `thing/` must.
    pub(super) fn has_method(&self) -> bool {
        self.body.get("method").is_some_and(Value::is_string)
    }

    /// Whether the device wants to hear the answer: `sys.ack` = 0 says that it does not.
    pub(super) fn wants_answer(&self) -> bool {
        self.body.get("sys").and_then(|sys| sys.get("ack")).is_none_or(|ack| *ack != 0)
    }

    /// The answer; the id goes back in the form it came in, text or number.
    pub(super) fn answer(&self, verdict: Verdict) -> Value {
        let mut reply = Map::new();
        reply.insert("code".to_owned(), json!(verdict.code));
        let data = if verdict.data.is_null() { json!({}) } else { verdict.data };
        reply.insert("data".to_owned(), data);
        for key in ["id", "method", "version"] {
            reply.extend(self.body.get(key).map(|value| (key.to_owned(), value.clone())));
        }
        reply.insert("message".to_owned(), json!(verdict.message));
        Value::Object(reply)
    }
}
