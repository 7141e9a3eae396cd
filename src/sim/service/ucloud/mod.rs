//! UCloud's side of a device.
//!
//! | file | what lives there |
//! |---|---|
//! | `reports` | the answers to property and event posts |
//! | `values` | last reported and desired properties, and the product's template |
//! | `shadow` | the shadow's document and its version |
//! | `orders` | what the cloud can be told to order |
//!
//! A firmware that a device asks for is the demo's own; nothing is downloaded.

mod orders;
mod reports;
mod shadow;
mod values;

pub(super) use values::template as product_model;

use serde_json::{Map, Value, json};

use super::{Offer, Push, Scene, Service};
use crate::profile::{Identity, UcloudIdentity};
use crate::sim::request::Request;

/// The newest firmware, which `request_firmware` is answered with.
const NEWEST: &str = "1.0.1";

/// What the cloud keeps of a device.
#[derive(Debug, Default)]
pub(super) struct Cloud {
    values: values::Values,
    shadow: shadow::Shadow,
}

impl Service for Cloud {
    fn take(&mut self, scene: &Scene<'_>, topic: &str, payload: &[u8]) -> Vec<Push> {
        let Identity::Ucloud(device) = scene.identity else { return Vec::new() };
        let Some(path) = topic.strip_prefix(&root(device)) else { return Vec::new() };
        let now_ms = scene.at.unix_micros().div_euclid(1_000);
        // What is no JSON object is told of by whoever answers.
        let body: Option<Map<String, Value>> = serde_json::from_slice(payload).ok();
        let push = |tail: &str, body: Value| vec![Push::json(format!("{}{tail}", root(device)), &body)];
        match path {
            "tmodel/property/post" | "tmodel/event/post" => {
                if let (Some(body), "tmodel/property/post") = (&body, path) {
                    self.values.reported(body, now_ms);
                }
                reports::acknowledge(device, topic, payload)
                    .map(|(topic, body)| Push::json(topic, &body))
                    .into_iter()
                    .collect()
            }
            "tmodel/template/get"
            | "tmodel/property/restore"
            | "tmodel/property/desired/get"
            | "tmodel/property/desired/delete" => {
                push(&format!("{path}_reply"), self.values.answer(path, body.as_ref()))
            }
            "shadow/upstream" => push("shadow/downstream", self.shadow.take(body.as_ref(), now_ms)),
            "shadow/get" => push("shadow/get_reply", self.shadow.document(now_ms)),
            "ota/upstream" => {
                body.and_then(|body| upgrade(&body)).map_or_else(Vec::new, |body| push("ota/downstream", body))
            }
            _ => Vec::new(),
        }
    }

    fn is_of_sub_device(&self, _topic: &str) -> bool {
        false
    }

    fn offers(&self) -> Vec<Offer> {
        orders::offers()
    }

    fn order(&mut self, scene: &Scene<'_>, name: &str, input: &Value) -> Option<Request> {
        let offer = self.offers().into_iter().find(|offer| offer.name == name)?;
        let input = if input.is_null() { offer.input } else { input.clone() };
        match (name, &input) {
            ("shadow-control", Value::Object(desired)) => self.shadow.want(desired),
            ("desired", Value::Object(desired)) => self.values.want(desired),
            _ => {}
        }
        orders::order(scene, name, input, &self.shadow)
    }

    fn offline(&mut self) {}
}

/// Everything below it is the device's.
fn root(device: &UcloudIdentity) -> String {
    format!("/$system/{}/{}/", device.product_sn, device.device_sn)
}

/// The answer to `request_firmware`; the other messages of the upgrade want none, nor does a device that has the newest.
fn upgrade(body: &Map<String, Value>) -> Option<Value> {
    if body.get("Method")?.as_str()? != "request_firmware" {
        return None;
    }
    let payload = body.get("Payload")?;
    let module = payload.get("Module").and_then(Value::as_str).unwrap_or("default");
    (payload.get("Version").and_then(Value::as_str) != Some(NEWEST)).then(|| orders::firmware(module, NEWEST))
}

/// A body's `RequestID` in the form it came in.
fn id_of(body: Option<&Map<String, Value>>) -> Value {
    body.and_then(|body| body.get("RequestID")).cloned().unwrap_or_default()
}

/// A refusal.
fn refused(body: Option<&Map<String, Value>>, code: i64, message: &str) -> Value {
    json!({ "RequestID": id_of(body), "RetCode": code, "Message": message })
}

#[cfg(test)]
mod tests;
