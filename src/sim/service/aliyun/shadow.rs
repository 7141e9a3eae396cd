//! The device shadow: what the device reported last, what an application wants it to be, and since when.
//!
//! What lives here: the document, its rules of versions, and its answers. What may not: topics.

use serde_json::{Map, Value, json};

/// No more reported values are kept (code 408).
const REPORTED: usize = 128;

/// The document.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    reported: Map<String, Value>,
    desired: Map<String, Value>,
    /// Since when each value is there, seconds since the Unix epoch.
    times: Times,
    version: i64,
}

#[derive(Debug, Default)]
struct Times {
    reported: Map<String, Value>,
    desired: Map<String, Value>,
}

/// Why a message of the device is refused: a code and words.
type Refusal = (u32, &'static str);

impl Shadow {
    /// The answer to a message of the device, which came at `second` (since the Unix epoch).
    pub(super) fn take(&mut self, payload: &[u8], second: i64) -> Value {
        let said = self.act(payload, second);
        let payload = match said {
            Ok(payload) => payload,
            Err((code, words)) => {
                json!({"status": "error", "content": {"errorcode": code.to_string(), "errormessage": words}})
            }
        };
        let mut reply = json!({"method": "reply", "payload": payload, "timestamp": second});
        if reply["payload"].get("state").is_some() {
            reply["version"] = json!(self.version);
        }
        reply
    }

    /// An application wants `values`: what the device is told.
    pub(super) fn control(&mut self, values: &Map<String, Value>, second: i64) -> Value {
        for (name, value) in values {
            self.desired.insert(name.clone(), value.clone());
            self.times.desired.insert(name.clone(), json!({ "timestamp": second }));
        }
        // A device may have brought it to the end.
        self.version = self.version.saturating_add(1);
        let document = self.document();
        json!({"method": "control", "payload": document, "version": self.version, "timestamp": second})
    }

    fn act(&mut self, payload: &[u8], second: i64) -> Result<Value, Refusal> {
        if payload.is_empty() {
            return Err((407, "the body is empty"));
        }
        let Ok(Value::Object(body)) = serde_json::from_slice(payload) else {
            return Err((400, "the body is no JSON object"));
        };
        match body.get("method").and_then(Value::as_str) {
            None => Err((401, "method is missing")),
            Some("get") => Ok(self.document()),
            Some("update") => self.update(&body, second).map(|()| self.success()),
            Some("delete") => self.delete(&body).map(|()| self.success()),
            Some(_) => Err((406, "method is none of update, get and delete")),
        }
    }

    fn update(&mut self, body: &Map<String, Value>, second: i64) -> Result<(), Refusal> {
        let state = state_of(body)?;
        let clears = state.get("desired").is_some_and(is_null_word);
        let reported = match state.get("reported") {
            None if clears => None,
            None => return Err((404, "reported is missing")),
            Some(Value::Object(values)) if !values.is_empty() => Some(values),
            Some(_) => return Err((405, "reported is empty")),
        };
        let new = reported.map_or(0, |values| values.keys().filter(|name| !self.reported.contains_key(*name)).count());
        if self.reported.len() + new > REPORTED {
            return Err((408, "more than 128 reported values"));
        }
        self.version = self.next_version(body)?;
        if clears {
            self.desired.clear();
            self.times.desired.clear();
        }
        for (name, value) in reported.into_iter().flatten() {
            self.reported.insert(name.clone(), value.clone());
            self.times.reported.insert(name.clone(), json!({ "timestamp": second }));
        }
        Ok(())
    }

    /// Single values, or all of them.
    fn delete(&mut self, body: &Map<String, Value>) -> Result<(), Refusal> {
        let state = state_of(body)?;
        let names: Vec<String> = match state.get("reported") {
            None => return Err((404, "reported is missing")),
            Some(all) if is_null_word(all) => self.reported.keys().cloned().collect(),
            Some(Value::Object(names)) if !names.is_empty() => {
                names.iter().filter(|(_, value)| is_null_word(value)).map(|(name, _)| name.clone()).collect()
            }
            Some(_) => return Err((405, "reported is empty")),
        };
        self.version = self.next_version(body)?;
        for name in names {
            self.reported.remove(&name);
            self.times.reported.remove(&name);
        }
        Ok(())
    }

    /// A version must be above the stored one; -1 begins again at 0.
    fn next_version(&self, body: &Map<String, Value>) -> Result<i64, Refusal> {
        match body.get("version").map(Value::as_i64) {
            Some(Some(-1)) => Ok(0),
            Some(Some(version)) if version > self.version => Ok(version),
            Some(Some(_)) => Err((409, "the version is not above the stored one")),
            // The documents give a code for a version that is no number, and none for one that is missing.
            Some(None) | None => Err((403, "version is missing or no number")),
        }
    }

    fn success(&self) -> Value {
        json!({"status": "success", "version": self.version})
    }

    fn document(&self) -> Value {
        let part = |reported: &Map<String, Value>, desired: &Map<String, Value>| {
            let mut part = Map::from_iter([("reported".to_owned(), Value::Object(reported.clone()))]);
            if !desired.is_empty() {
                part.insert("desired".to_owned(), Value::Object(desired.clone()));
            }
            part
        };
        json!({
            "status": "success",
            "state": part(&self.reported, &self.desired),
            "metadata": part(&self.times.reported, &self.times.desired),
        })
    }
}

fn state_of(body: &Map<String, Value>) -> Result<&Map<String, Value>, Refusal> {
    body.get("state").and_then(Value::as_object).ok_or((402, "state is missing"))
}

/// The documents write the text "null" where they mean none.
fn is_null_word(value: &Value) -> bool {
    value.is_null() || value == "null"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(shadow: &mut Shadow, body: &Value) -> Value {
        shadow.take(body.to_string().as_bytes(), 1_469_564_576)
    }

    /// The code of a refusal, or the version of a success.
    fn outcome(reply: &Value) -> (Option<&str>, Option<i64>) {
        let payload = &reply["payload"];
        (payload["content"]["errorcode"].as_str(), payload["version"].as_i64())
    }

    #[test]
    fn a_version_at_its_end_stays_there() {
        let mut shadow = Shadow::default();
        let update = json!({"method": "update", "state": {"reported": {"color": "red"}}, "version": i64::MAX});
        assert_eq!(outcome(&said(&mut shadow, &update)), (None, Some(i64::MAX)));
        let control = shadow.control(&Map::from_iter([("color".to_owned(), json!("green"))]), 0);
        assert_eq!(control["version"], i64::MAX);
    }

    #[test]
    fn the_documents_own_dialogue() {
        let mut shadow = Shadow::default();
        let update = json!({"method": "update", "state": {"reported": {"color": "red"}}, "version": 1});
        let expected =
            json!({"method": "reply", "payload": {"status": "success", "version": 1}, "timestamp": 1_469_564_576});
        assert_eq!(said(&mut shadow, &update), expected);
        let control = shadow.control(&Map::from_iter([("color".to_owned(), json!("green"))]), 1_469_564_577);
        assert_eq!((&control["method"], &control["version"]), (&json!("control"), &json!(2)));
        assert_eq!(control["payload"]["state"], json!({"reported": {"color": "red"}, "desired": {"color": "green"}}));
        assert_eq!(control["payload"]["metadata"]["desired"]["color"]["timestamp"], 1_469_564_577);
        let got = said(&mut shadow, &json!({"method": "get"}));
        assert_eq!((&got["payload"]["state"]["desired"]["color"], &got["version"]), (&json!("green"), &json!(2)));
        let cleared = json!({"method": "update", "state": {"desired": "null"}, "version": 3});
        assert_eq!(outcome(&said(&mut shadow, &cleared)), (None, Some(3)));
        let got = said(&mut shadow, &json!({"method": "get"}));
        assert_eq!(got["payload"]["state"], json!({"reported": {"color": "red"}}));
        let gone = json!({"method": "delete", "state": {"reported": {"color": "null"}}, "version": 4});
        assert_eq!(outcome(&said(&mut shadow, &gone)), (None, Some(4)));
        assert_eq!(said(&mut shadow, &json!({"method": "get"}))["payload"]["state"], json!({"reported": {}}));
    }

    #[test]
    fn a_version_must_exceed_the_stored_one_and_minus_one_begins_again() {
        let mut shadow = Shadow::default();
        let update = |version: Value| json!({"method": "update", "state": {"reported": {"a": 1}}, "version": version});
        for (version, expected) in [
            (json!(5), (None, Some(5))),
            (json!(5), (Some("409"), None)),
            (json!(4), (Some("409"), None)),
            (json!(6), (None, Some(6))),
            (json!("7"), (Some("403"), None)),
            (json!(-2), (Some("409"), None)),
            (json!(-1), (None, Some(0))),
            (json!(1), (None, Some(1))),
        ] {
            assert_eq!(outcome(&said(&mut shadow, &update(version.clone()))), expected, "{version}");
        }
    }

    #[test]
    fn each_fault_has_its_documented_code() {
        let many: Map<String, Value> = (0..129).map(|n| (format!("p{n}"), json!(n))).collect();
        for (body, code) in [
            ("", "407"),
            ("{", "400"),
            ("[]", "400"),
            (r#"{"state":{}}"#, "401"),
            (r#"{"method":"update","version":1}"#, "402"),
            (r#"{"method":"update","state":{"reported":{"a":1}}}"#, "403"),
            (r#"{"method":"update","state":{},"version":1}"#, "404"),
            (r#"{"method":"update","state":{"reported":{}},"version":1}"#, "405"),
            (r#"{"method":"delete","state":{"reported":[]},"version":1}"#, "405"),
            (r#"{"method":"drop"}"#, "406"),
            (&json!({"method": "update", "state": {"reported": many}, "version": 1}).to_string(), "408"),
        ] {
            let reply = Shadow::default().take(body.as_bytes(), 1);
            assert_eq!(outcome(&reply), (Some(code), None), "{body}");
            assert_eq!(reply["payload"]["status"], "error");
        }
    }

    #[test]
    fn all_that_was_reported_can_be_deleted_at_once() {
        let mut shadow = Shadow::default();
        said(&mut shadow, &json!({"method": "update", "state": {"reported": {"a": 1, "b": 2}}, "version": 1}));
        said(&mut shadow, &json!({"method": "delete", "state": {"reported": "null"}, "version": 2}));
        assert_eq!(said(&mut shadow, &json!({"method": "get"}))["payload"]["state"], json!({"reported": {}}));
    }
}
