//! UCloud's bodies: answers to requests, and reports.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::cloud::line::Body;
use crate::cloud::{Draft, envelope, pretty};
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
