//! Properties as the cloud keeps them: those last reported, and those wanted; and the product's template.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{id_of, refused};

/// The code for a request that does not have the documented form.
const BAD_PARAMETER: i64 = 230;
/// The code for an identifier that the product does not have.
const UNKNOWN: i64 = 100_038;
/// No more properties are kept.
const MOST: usize = 1_000;

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Values {
    reported: BTreeMap<String, Value>,
    reported_ms: i64,
    /// Values and their versions.
    desired: BTreeMap<String, (Value, i64)>,
}

impl Values {
    /// Takes the properties of a report.
    pub(super) fn reported(&mut self, body: &Map<String, Value>, now_ms: i64) {
        let Some(properties) = body.get("Property").and_then(Value::as_object) else { return };
        for (name, of) in properties {
            if self.reported.len() < MOST || self.reported.contains_key(name) {
                self.reported.insert(name.clone(), of.get("Value").unwrap_or(of).clone());
                self.reported_ms = now_ms;
            }
        }
    }

    /// The application wants these values.
    pub(super) fn want(&mut self, desired: &Map<String, Value>) {
        for (name, value) in desired {
            let version = self.desired.get(name).map_or(1, |(_, version)| version + 1);
            self.desired.insert(name.clone(), (value.clone(), version));
        }
    }

    /// The answer to a question on `path`.
    pub(super) fn answer(&mut self, path: &str, body: Option<&Map<String, Value>>) -> Value {
        let Some(body) = body.filter(|body| body.contains_key("RequestID")) else {
            return refused(body, BAD_PARAMETER, "RequestID is missing");
        };
        let done = |key: &str, value: Value| json!({ "RequestID": id_of(Some(body)), "RetCode": 0, key: value });
        match path {
            "tmodel/template/get" => done("Template", template()),
            "tmodel/property/restore" => {
                let mut reply = done("Property", json!(self.reported));
                reply["LatestUpdateTime"] = json!(self.reported_ms);
                reply
            }
            "tmodel/property/desired/get" => match body.get("Require").map(Value::as_array) {
                Some(Some(names)) => done("Desired", self.wanted(names)),
                _ => refused(Some(body), BAD_PARAMETER, "Require is missing or no list"),
            },
            _ => match body.get("Delete").and_then(Value::as_object) {
                Some(names) => self.delete(body, names),
                None => refused(Some(body), BAD_PARAMETER, "Delete is missing or no object"),
            },
        }
    }

    fn wanted(&self, names: &[Value]) -> Value {
        let known = names.iter().filter_map(Value::as_str).filter_map(|name| self.desired.get_key_value(name));
        Value::Object(
            known
                .map(|(name, (value, version))| (name.clone(), json!({ "Value": value, "Version": version })))
                .collect(),
        )
    }

    /// All or none: a name that is not there, or another version than the one held, refuses the whole.
    fn delete(&mut self, body: &Map<String, Value>, names: &Map<String, Value>) -> Value {
        for (name, of) in names {
            let Some((_, held)) = self.desired.get(name) else { return refused(Some(body), UNKNOWN, name) };
            if of.get("Version").is_some_and(|version| version.as_i64() != Some(*held)) {
                return refused(Some(body), BAD_PARAMETER, &format!("{name} has version {held}"));
            }
        }
        self.desired.retain(|name, _| !names.contains_key(name));
        json!({ "RequestID": id_of(Some(body)), "RetCode": 0 })
    }
}

/// The example product's template.
pub(in crate::sim::service) fn template() -> Value {
    let number = |kind: &str, min: i64, max: i64, unit: &str| json!({ "Type": kind, "Spec": { "Min": min, "Max": max, "Step": 1, "UnitName": unit } });
    json!({
        "Property": [
            { "PropertyID": 1, "Identifier": "temperature", "Name": "temperature", "AccessMode": "r",
              "DataType": number("float32", -40, 125, "degree") },
            { "PropertyID": 2, "Identifier": "humidity", "Name": "humidity", "AccessMode": "r",
              "DataType": number("int32", 0, 100, "percent") },
            { "PropertyID": 3, "Identifier": "switch", "Name": "switch", "AccessMode": "rw",
              "DataType": { "Type": "bool", "Spec": { "0": "off", "1": "on" } } }
        ],
        "Event": [
            { "Identifier": "alarm", "Type": "warning",
              "Output": [{ "Identifier": "temperature", "DataType": number("float32", -40, 125, "degree") }] }
        ],
        "Command": [
            { "Identifier": "setReportInterval",
              "Input": [{ "Identifier": "Seconds", "DataType": number("int32", 1, 86_400, "second") }], "Output": [] }
        ]
    })
}
