//! The shadow's document. Its version must grow with each update; −1 sets it back to 0.

use serde_json::{Map, Value, json};

/// The codes for a body that is not of the documented form, and for a version that does not grow.
const BAD_PARAMETER: i64 = 230;
const CONFLICT: i64 = 100_026;

/// No more reported values are kept.
const MOST: usize = 1_000;

/// The document.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    reported: Map<String, Value>,
    desired: Map<String, Value>,
    version: i64,
}

impl Shadow {
    /// The application wants these values.
    pub(super) fn want(&mut self, desired: &Map<String, Value>) {
        self.desired.extend(desired.clone());
        // A device may have brought it to the end.
        self.version = self.version.saturating_add(1);
    }

    /// Takes a message of the device in, and answers it.
    pub(super) fn take(&mut self, body: Option<&Map<String, Value>>, now_ms: i64) -> Value {
        let code = body.map_or(Err(BAD_PARAMETER), |body| self.change(body)).err().unwrap_or(0);
        json!({ "Method": "reply", "Payload": { "RetCode": code, "Version": self.version }, "Timestamp": now_ms })
    }

    /// The whole document.
    pub(super) fn document(&self, now_ms: i64) -> Value {
        json!({ "State": self.state(), "Version": self.version, "Timestamp": now_ms })
    }

    /// What the cloud sends when the application wants something.
    pub(super) fn control(&self, now_ms: i64) -> Value {
        let payload = json!({ "State": self.state() });
        json!({ "Method": "control", "Payload": payload, "Version": self.version, "Timestamp": now_ms })
    }

    fn state(&self) -> Value {
        json!({ "Reported": self.reported, "Desired": self.desired })
    }

    fn change(&mut self, body: &Map<String, Value>) -> Result<(), i64> {
        // The documents spell it both ways.
        let version =
            body.get("Version").or_else(|| body.get("version")).and_then(Value::as_i64).ok_or(BAD_PARAMETER)?;
        let state = body.get("State").and_then(Value::as_object).ok_or(BAD_PARAMETER)?;
        let method = body.get("Method").and_then(Value::as_str).ok_or(BAD_PARAMETER)?;
        if version != -1 && version <= self.version {
            return Err(CONFLICT);
        }
        match method {
            "update" => {
                for (name, value) in state.get("Reported").and_then(Value::as_object).into_iter().flatten() {
                    if self.reported.len() < MOST || self.reported.contains_key(name) {
                        self.reported.insert(name.clone(), value.clone());
                    }
                }
                if state.get("Desired").is_some_and(Value::is_null) {
                    self.desired.clear();
                }
            }
            "delete" => match state.get("Reported").ok_or(BAD_PARAMETER)? {
                Value::Object(names) => self.reported.retain(|name, _| !names.contains_key(name)),
                Value::Null => self.reported.clear(),
                _ => return Err(BAD_PARAMETER),
            },
            _ => return Err(BAD_PARAMETER),
        }
        self.version = version.max(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(shadow: &mut Shadow, reported: &Value, version: i64) -> Value {
        let body = json!({ "Method": "update", "State": { "Reported": reported }, "Version": version });
        shadow.take(body.as_object(), 0)["Payload"]["RetCode"].clone()
    }

    #[test]
    fn a_version_at_its_end_stays_there() {
        let mut shadow = Shadow::default();
        assert_eq!(update(&mut shadow, &json!({ "a": 1 }), i64::MAX), 0);
        shadow.want(&Map::from_iter([("b".to_owned(), json!(2))]));
        assert_eq!(shadow.document(0)["Version"], i64::MAX);
        assert_eq!(shadow.document(0)["State"]["Desired"]["b"], 2);
    }

    #[test]
    fn ever_new_names_do_not_fill_the_memory() {
        let mut shadow = Shadow::default();
        for batch in 0..3 {
            let values: Map<String, Value> =
                (0..MOST).map(|number| (format!("{batch}-{number}"), json!(number))).collect();
            assert_eq!(update(&mut shadow, &Value::Object(values), batch + 1), 0);
        }
        assert_eq!(shadow.document(0)["State"]["Reported"].as_object().map(Map::len), Some(MOST));
    }
}
