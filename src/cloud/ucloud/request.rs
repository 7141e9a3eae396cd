//! UCloud's requests taken apart, the codes of answers, desired values, and properties as a report has them.

use serde_json::{Map, Value, json};

use crate::cloud::{Property, Request, Told};
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
            body.get("Identifier").and_then(Value::as_str).unwrap_or_default().clone_into(&mut request.name);
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

/// The values that the answer to a question for desired ones holds; each has a version of its own, so that there is none for all.
pub(super) fn desired(body: &Map<String, Value>) -> Option<Told> {
    let values = body.get("Desired")?.as_object()?;
    let writes: Vec<_> =
        values.iter().filter_map(|(name, of)| Some((Property::of("", name), of.get("Value")?.clone()))).collect();
    (!writes.is_empty()).then_some(Told::Desired { writes, version: None })
}

/// The `Property` of a report, all values taken at `at` where that is given.
pub(super) fn report(values: &[(Property, Value)], at: Option<WallTime>) -> Value {
    let value = |value: &Value| match at {
        Some(at) => json!({ "Value": value, "Time": at.unix_micros() / 1_000 }),
        None => json!({ "Value": value }),
    };
    Value::Object(values.iter().map(|(property, of)| (property.name.clone(), value(of))).collect())
}
