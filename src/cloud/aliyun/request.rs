//! Aliyun's requests taken apart, what an answer to each holds, and properties as a report has them.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::bodies;
use super::topics::{Route, Tree};
use crate::cloud::{Answer, Properties, Property, Request, pretty};
use crate::event::{WallTime, What};
use crate::profile::AliyunIdentity;

/// The code of success.
const SUCCESS: i64 = 200;

/// The codes that a device may answer with, beside its own from 100000 to 110000.
pub(super) const CODES: &[(i64, &str)] = &[
    (SUCCESS, "success"),
    (400, "internal failure"),
    (460, "bad parameters"),
    (429, "too busy"),
    (100_000, "the device's own code"),
];

/// Takes a request apart that came on `device`'s connection, for itself or for a sub-device.
pub(super) fn request(device: &AliyunIdentity, route: &Route<'_>, payload: &[u8]) -> Request {
    let mut request = Request { target: route.target(device), ..Request::of(route.what) };
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

/// The body of an answer to a request on `route`. On a custom topic the output is the whole of it. What is known of the
/// device's own properties says nothing about a sub-device.
pub(super) fn answer(device: &AliyunIdentity, route: &Route<'_>, payload: &[u8], answer: &Answer<'_>) -> String {
    let code = answer.code.unwrap_or(SUCCESS);
    let data = match (route.what, answer.output, answer.properties) {
        (What::Command, Some(Value::String(text)), _) if route.tree == Tree::Rrpc => return text.clone(),
        (What::Command, Some(output), _) if route.tree == Tree::Rrpc => return pretty(output),
        (What::Command, Some(output), _) => Some(output.clone()),
        (What::PropertyGet, _, Some(properties)) if code == SUCCESS && route.target(device).is_none() => {
            Some(asked_for(payload, properties))
        }
        _ => None,
    };
    bodies::answer(route.what, payload, code, answer.message, data)
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
    // A name may be asked for a hundred thousand times: it is looked up, and copied, once.
    let mut by_name: HashMap<&str, &Value> = HashMap::new();
    for (property, current) in properties.iter() {
        by_name.entry(&property.name).or_insert(&current.value);
    }
    let mut known = Map::new();
    for name in names.iter().filter_map(Value::as_str) {
        if let Some(value) = by_name.remove(name) {
            known.insert(name.to_owned(), value.clone());
        }
    }
    Value::Object(known)
}
