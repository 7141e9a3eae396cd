//! The bodies of answers and of property reports.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::codes::device_code;
use crate::cloud::line::Body;
use crate::cloud::{Draft, envelope, pretty};
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

/// The id that `serial` makes: decimal text below 2^32.
pub(super) fn id(serial: u64) -> String {
    (serial % (1 << 32)).to_string()
}

/// A property report with these `params`.
pub(super) fn report(device: &AliyunIdentity, serial: u64, params: &Value) -> Draft {
    let body = json!({
        "id": id(serial), "version": "1.0", "sys": { "ack": 1 },
        "params": params, "method": "thing.event.property.post"
    });
    let topic = format!("/sys/{}/{}/thing/event/property/post", device.product_key, device.device_name);
    Draft::json("property report", What::PropertyReport, topic, &body)
}

/// A value to edit for each property that is asked for.
fn asked_values(payload: &[u8]) -> Value {
    let body = Body::read(payload);
    let asked = body.object().and_then(|object| object.get("params")).and_then(Value::as_array);
    let names = asked.into_iter().flatten().filter_map(Value::as_str);
    Value::Object(names.map(|name| (name.to_owned(), json!(0))).collect())
}
