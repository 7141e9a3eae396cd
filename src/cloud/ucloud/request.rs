//! UCloud's requests taken apart, and the bodies of answers and reports.

use serde_json::{Value, json};

use crate::cloud::{Property, Request};
use crate::event::{WallTime, What};

/// The codes that a device may answer with. The documents give no list of its own for devices: these are the ones of the
/// platform's list that a device can mean.
pub(super) const CODES: &[(i64, &str)] = &[
    (0, "success"),
    (130, "service unavailable"),
    (140, "no permission"),
    (230, "parameter wrong"),
    (100_046, "command unknown"),
    (100_049, "property is read-only"),
    (100_058, "property not defined"),
];

/// Takes a request apart.
pub(super) fn request(what: What, payload: &[u8]) -> Request {
    let mut request = Request::of(what);
    let Ok(Value::Object(body)) = serde_json::from_slice(payload) else { return request };
    match what {
        What::Command => {
            request.name = body.get("Identifier").and_then(Value::as_str).unwrap_or_default().to_owned();
            request.input = body.get("Input").cloned().unwrap_or_default();
        }
        What::PropertySet => {
            request.input = body.get("Property").cloned().unwrap_or_default();
            if let Some(properties) = body.get("Property").and_then(Value::as_object) {
                request.write_all("", properties);
            }
        }
        _ => {}
    }
    request
}

/// The `Property` of a report, all values taken at `at` where that is given.
pub(super) fn report(values: &[(Property, Value)], at: Option<WallTime>) -> Value {
    let value = |value: &Value| match at {
        Some(at) => json!({ "Value": value, "Time": at.unix_micros() / 1_000 }),
        None => json!({ "Value": value }),
    };
    Value::Object(values.iter().map(|(property, of)| (property.name.clone(), value(of))).collect())
}
