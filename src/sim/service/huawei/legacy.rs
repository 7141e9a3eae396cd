//! The older interface (V3): its reports, and the commands that are sent on it.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::sim::request::{Expect, Request};

/// A report on the older topic, in the form of today's; `None` where it is none.
pub(super) fn report(device_id: &str, topic: &str, payload: &[u8]) -> Option<Map<String, Value>> {
    let path = topic.strip_prefix("/huawei/v1/devices/")?.strip_prefix(device_id)?;
    // What is no JSON object is received and says nothing.
    let body: Map<String, Value> = (path == "/data/json").then(|| serde_json::from_slice(payload).ok())??;
    if body.get("msgType").and_then(Value::as_str) != Some("deviceReq") {
        return None;
    }
    let services: Vec<Value> = body
        .get("data")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|service| {
            let names = [("serviceId", "service_id"), ("serviceData", "properties"), ("eventTime", "event_time")];
            let members = names.iter().filter_map(|(old, new)| Some(((*new).to_owned(), service.get(*old)?.clone())));
            Value::Object(members.collect())
        })
        .collect();
    Some(Map::from_iter([("services".to_owned(), json!(services))]))
}

/// A command of a service, with `number` as its id.
pub(super) fn command(
    device_id: &str,
    number: u64,
    (service, name): (&str, &str),
    paras: &Value,
    within: Duration,
) -> Request {
    let root = format!("/huawei/v1/devices/{device_id}");
    let body = json!({
        "msgType": "cloudReq", "serviceId": service, "cmd": name, "paras": paras, "hasMore": 0, "mid": number
    });
    let expect = Expect::new(within, format!("{root}/data/json"), Some(("mid", number.to_string())));
    Request { topic: format!("{root}/command/json"), payload: Bytes::from(body.to_string()), expect: Some(expect) }
}
