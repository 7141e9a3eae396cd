//! Aliyun's bodies: what they say in one line, what answers them, and what to start composing from.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::codes::{device_code, platform_code};
use super::topics::Route;
use crate::cloud::line::{self, Body, Line, bounded};
use crate::cloud::{Direction, Draft, Summary, envelope, pretty};
use crate::event::What;
use crate::profile::AliyunIdentity;

/// An answer in Alink; the id in the very form it came in, text or number.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    code: i64,
    message: &'a str,
    data: Value,
}

/// Says what a message holds.
pub(super) fn summary(direction: Direction, route: &Route<'_>, payload: &[u8]) -> Summary {
    let body = Body::read(payload);
    let said = body.object().and_then(|object| match route.what {
        What::PropertyReport => reported(object).map(Summary::detail),
        What::PropertySet => params(object).map(plain_pairs).map(Summary::detail),
        What::PropertyGet => identifiers(object).map(Summary::detail),
        What::Command => Some(call(object, route.name)),
        What::Event => outputs(object).map(|detail| Summary { name: bounded(route.name), detail, failed: false }),
        What::Reply => Some(result(object, route.name, platform_code)),
        What::CommandReply | What::PropertySetReply | What::PropertyGetReply => {
            let words = if direction == Direction::Up { device_code } else { platform_code };
            Some(result(object, route.name, words))
        }
        _ => None,
    });
    said.unwrap_or_else(|| Summary { name: bounded(route.name), detail: body.words(), failed: false })
}

/// The body of the answer to a request. A call on a custom topic need not be Alink; without an id in it there is none in
/// the answer.
pub(super) fn answer(what: What, payload: &[u8], code: i64, message: Option<&str>, data: Option<Value>) -> String {
    let id = envelope::alink_id(payload);
    let message = message.unwrap_or_else(|| device_code(code).unwrap_or("failed"));
    let data = data.unwrap_or_else(|| match what {
        What::PropertyGet if code == 200 => asked_values(payload),
        _ => json!({}),
    });
    pretty(&Answer { id, code, message, data })
}

/// A property report with these `params`. `serial` makes the id, which Aliyun wants as decimal text below 2^32.
pub(super) fn report(device: &AliyunIdentity, serial: u64, params: &Value) -> Draft {
    let body = json!({
        "id": (serial % (1 << 32)).to_string(), "version": "1.0", "sys": { "ack": 1 },
        "params": params, "method": "thing.event.property.post"
    });
    let topic = format!("/sys/{}/{}/thing/event/property/post", device.product_key, device.device_name);
    Draft::json("property report", What::PropertyReport, topic, &body)
}

/// What the composer offers. `serial` makes the id, which Aliyun wants as decimal text below 2^32.
pub(super) fn drafts(device: &AliyunIdentity, serial: u64) -> Vec<Draft> {
    let id = (serial % (1 << 32)).to_string();
    let thing = format!("/sys/{}/{}/thing", device.product_key, device.device_name);
    let user = format!("/{}/{}/user", device.product_key, device.device_name);
    let event = json!({
        "id": id, "version": "1.0", "sys": { "ack": 1 },
        "params": { "value": { "temperature": 80.5 } },
        "method": "thing.event.alarm.post"
    });
    vec![
        report(device, serial, &json!({ "temperature": 21.4, "humidity": 40 })),
        Draft::json("custom: user/update", What::Custom, format!("{user}/update"), &json!({ "hello": 1 })),
        Draft::json("event", What::Event, format!("{thing}/event/alarm/post"), &event),
        Draft::json(
            "custom: user/update/error",
            What::Custom,
            format!("{user}/update/error"),
            &json!({ "error": "none" }),
        ),
    ]
}

fn params(object: &Map<String, Value>) -> Option<&Map<String, Value>> {
    object.get("params")?.as_object()
}

fn plain_pairs(members: &Map<String, Value>) -> String {
    let mut detail = Line::default();
    detail.pairs(members);
    detail.finish()
}

/// Properties; a value may come with its time, as `{"value": v, "time": ms}`.
fn reported(object: &Map<String, Value>) -> Option<String> {
    let mut detail = Line::default();
    detail.pairs_by(params(object)?, |value| value.get("value").unwrap_or(value));
    Some(detail.finish())
}

/// An event's outputs, which older SDKs send without `{"value": …, "time": ms}` around them.
fn outputs(object: &Map<String, Value>) -> Option<String> {
    let params = params(object)?;
    Some(plain_pairs(params.get("value").and_then(Value::as_object).unwrap_or(params)))
}

fn identifiers(object: &Map<String, Value>) -> Option<String> {
    let mut detail = Line::default();
    for identifier in object.get("params")?.as_array()? {
        detail.value(identifier);
    }
    Some(detail.finish())
}

/// A service's inputs. RRPC has the service's name only in the body's `method`, or in none at all.
fn call(object: &Map<String, Value>, name: &str) -> Summary {
    let method = object.get("method").and_then(Value::as_str).unwrap_or("");
    let method = method.strip_prefix("thing.service.").unwrap_or(method);
    let name = bounded(if name.is_empty() { method } else { name });
    Summary { name, detail: plain_pairs(params(object).unwrap_or(object)), failed: false }
}

/// `200 success`, then the message where it says more, then the data.
fn result(object: &Map<String, Value>, name: &str, words: fn(i64) -> Option<&'static str>) -> Summary {
    let code = line::code(object.get("code"));
    let mut detail = Line::default();
    let meaning = code.and_then(words);
    detail.result(code, meaning, object.get("message"));
    if code.is_some() && meaning.is_none() {
        detail.word("(see the device log in the console)");
    }
    match object.get("data") {
        Some(Value::Object(data)) => detail.pairs(data),
        Some(data @ Value::Array(_)) => detail.value(data),
        _ => {}
    }
    Summary { name: bounded(name), detail: detail.finish(), failed: code.is_some_and(|code| code != 200) }
}

/// A value to edit for each property that is asked for.
fn asked_values(payload: &[u8]) -> Value {
    let body = Body::read(payload);
    let asked = body.object().and_then(|object| object.get("params")).and_then(Value::as_array);
    let names = asked.into_iter().flatten().filter_map(Value::as_str);
    Value::Object(names.map(|name| (name.to_owned(), json!(0))).collect())
}
