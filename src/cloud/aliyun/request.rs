//! Aliyun's requests taken apart, and the bodies of answers and reports.

use serde_json::{Map, Value, json};

use super::bodies;
use super::topics::Route;
use crate::cloud::{Answer, Properties, Property, Request};
use crate::event::{WallTime, What};

/// The codes that a device may answer with, beside its own from 100000 to 110000.
pub(super) const CODES: &[(i64, &str)] = &[
    (200, "success"),
    (400, "internal failure"),
    (460, "bad parameters"),
    (429, "too busy"),
    (100_000, "the device's own code"),
];

/// Takes a request apart.
pub(super) fn request(route: &Route<'_>, payload: &[u8]) -> Request {
    let mut request = Request::of(route.what);
    route.name.clone_into(&mut request.name);
    let body = match serde_json::from_slice(payload) {
        Ok(Value::Object(body)) => body,
        Ok(other) => return Request { input: other, ..request },
        Err(_) => return Request { input: json!(String::from_utf8_lossy(payload)), ..request },
    };
    if let Some(name) =
        body.get("method").and_then(Value::as_str).and_then(|method| method.strip_prefix("thing.service."))
        && request.name.is_empty()
        && route.what == What::Command
    {
        name.clone_into(&mut request.name);
    }
    let params = body.get("params").cloned();
    match (route.what, &params) {
        (What::PropertySet, Some(Value::Object(properties))) => request.write_all("", properties),
        (What::PropertyGet, Some(Value::Array(names))) => {
            request.reads = names.iter().filter_map(Value::as_str).map(|name| Property::of("", name)).collect();
        }
        _ => {}
    }
    request.input =
        params.unwrap_or_else(|| if body.contains_key("method") { Value::Null } else { Value::Object(body) });
    request
}

/// The body of an answer.
pub(super) fn answer(what: What, payload: &[u8], answer: &Answer<'_>) -> String {
    let data = match (what, answer.output, answer.properties) {
        (What::Command, Some(output), _) => Some(output.clone()),
        (What::PropertyGet, _, Some(properties)) => Some(asked_for(payload, properties)),
        _ => None,
    };
    bodies::answer(what, payload, answer.code.unwrap_or(200), answer.message, data)
}

/// The `params` of a report, all values taken at `at` where that is given.
pub(super) fn report(values: &[(Property, Value)], at: Option<WallTime>) -> Value {
    let value = |value: &Value| match at {
        Some(at) => json!({ "value": value, "time": at.unix_micros() / 1_000 }),
        None => value.clone(),
    };
    Value::Object(values.iter().map(|(property, of)| (property.name.clone(), value(of))).collect())
}

fn asked_for(payload: &[u8], properties: &Properties) -> Value {
    let body: Value = serde_json::from_slice(payload).unwrap_or_default();
    let all = || properties.iter().map(|(property, current)| (property.name.clone(), current.value.clone()));
    let names = body.get("params").and_then(Value::as_array).filter(|names| !names.is_empty());
    let Some(names) = names else { return Value::Object(all().collect()) };
    let known = names
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|name| properties.find("", name).map(|(_, current)| (name.to_owned(), current.value.clone())));
    Value::Object(known.collect::<Map<_, _>>())
}
