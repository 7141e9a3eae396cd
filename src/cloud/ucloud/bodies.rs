//! UCloud's bodies: what they say in one line, what answers them, and what to start composing from.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::codes::code_words;
use crate::cloud::line::{self, Body, Line, bounded};
use crate::cloud::{Draft, Summary, envelope, pretty};
use crate::event::What;
use crate::profile::UcloudIdentity;

/// An answer; the id in the very form it came in, text or number.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    #[serde(rename = "RequestID", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a RawValue>,
    ret_code: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    identifier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
}

/// Says what a message holds.
pub(super) fn summary(what: What, payload: &[u8]) -> Summary {
    let body = Body::read(payload);
    let said = body.object().and_then(|object| match what {
        What::PropertyReport => members(object, "Property").map(reported).map(Summary::detail),
        What::PropertySet => members(object, "Property").map(plain_pairs).map(Summary::detail),
        What::Command => named(object, "Input"),
        What::Event => named(object, "Output"),
        What::Reply | What::CommandReply | What::PropertySetReply => Some(result(object)),
        _ => None,
    });
    said.unwrap_or_else(|| Summary::detail(body.words()))
}

/// The body of the answer to a request of kind `what`.
pub(super) fn answer(what: What, payload: &[u8], code: i64, output: Option<&Value>) -> String {
    let asked = Body::read(payload);
    let identifier = asked.object().and_then(|object| object.get("Identifier")).and_then(Value::as_str);
    let command = what == What::Command;
    pretty(&Answer {
        request_id: envelope::uiot_id(payload),
        ret_code: code,
        identifier: identifier.filter(|_| command),
        output: command.then(|| output.cloned().unwrap_or_else(|| json!({}))),
    })
}

/// A property report. `serial` makes the `RequestID`.
pub(super) fn report(device: &UcloudIdentity, serial: u64, properties: &Value) -> Draft {
    let topic = format!("/$system/{}/{}/tmodel/property/post", device.product_sn, device.device_sn);
    let body = json!({ "RequestID": serial.to_string(), "Property": properties });
    Draft::json("property report", What::PropertyReport, topic, &body)
}

/// What the composer offers. `serial` makes the `RequestID`.
pub(super) fn drafts(device: &UcloudIdentity, serial: u64) -> Vec<Draft> {
    let id = serial.to_string();
    let model = format!("/$system/{}/{}/tmodel", device.product_sn, device.device_sn);
    let event = json!({ "RequestID": id, "Identifier": "alarm", "Output": { "temperature": 80.5 } });
    let custom = format!("/{}/{}/upload", device.product_sn, device.device_sn);
    vec![
        report(device, serial, &json!({ "temperature": { "Value": 21.4 }, "humidity": { "Value": 40 } })),
        Draft::json("event", What::Event, format!("{model}/event/post"), &event),
        Draft::json("custom topic", What::Custom, custom, &json!({ "hello": 1 })),
    ]
}

fn members<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    object.get(name)?.as_object()
}

/// Properties; a report has each in an object, perhaps with its time.
fn reported(properties: &Map<String, Value>) -> String {
    let mut detail = Line::default();
    detail.pairs_by(properties, |value| value.get("Value").unwrap_or(value));
    detail.finish()
}

fn plain_pairs(object: &Map<String, Value>) -> String {
    let mut detail = Line::default();
    detail.pairs(object);
    detail.finish()
}

/// A command or an event: its identifier and its parameters.
fn named(object: &Map<String, Value>, parameters: &str) -> Option<Summary> {
    let name = object.get("Identifier")?.as_str()?;
    let detail = members(object, parameters).map(plain_pairs);
    // Without parameters the name says it all.
    Some(Summary { name: bounded(name), detail: detail.unwrap_or_default(), failed: false })
}

/// `0 success`, then the message where it says more, then what a command gave back.
fn result(object: &Map<String, Value>) -> Summary {
    let code = line::code(object.get("RetCode"));
    let meaning = code.and_then(code_words);
    let mut detail = Line::default();
    detail.result(code, meaning, object.get("Message"));
    if let Some(output) = members(object, "Output") {
        detail.pairs(output);
    }
    let name = object.get("Identifier").and_then(Value::as_str).map(bounded);
    Summary {
        // Only the answer to a command names what it answers.
        name: name.unwrap_or_default(),
        detail: detail.finish(),
        failed: code.is_some_and(|code| code != 0),
    }
}
