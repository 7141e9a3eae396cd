//! Huawei's side of a device.
//!
//! | file | what lives there |
//! |---|---|
//! | `shadow` | what was reported and what is desired, service by service |
//! | `functions` | the answers to the platform's own functions over events |
//! | `sub_devices` | the gateway's sub-devices: added, deleted, listed |
//! | `orders` | what the cloud can be told to order |
//!
//! What the documents leave open: a report whose body is not of their form is received and says nothing, as reports have no answer;
//! an event that is no JSON is passed over.

mod functions;
mod orders;
mod shadow;
mod sub_devices;

use std::borrow::Cow;
use std::io::Read;

use serde_json::{Map, Value};

use super::{Offer, Push, Scene, Service};
use crate::event::WallTime;
use crate::profile::Identity;
use crate::sim::request::Request;

/// A packed body is unpacked up to so many bytes: no report is larger.
const UNPACKED: u64 = 1 << 20;

/// What the cloud keeps of a device.
#[derive(Debug, Default)]
pub(super) struct Cloud {
    shadow: shadow::Shadow,
    sub_devices: sub_devices::SubDevices,
}

impl Service for Cloud {
    fn take(&mut self, scene: &Scene<'_>, topic: &str, payload: &[u8]) -> Vec<Push> {
        let Identity::Huawei(device) = scene.identity else { return Vec::new() };
        let root = format!("$oc/devices/{}/sys/", device.device_id);
        let Some(path) = topic.strip_prefix(&root) else { return Vec::new() };
        let (name, query) = path.split_once('?').unwrap_or((path, ""));
        let payload = unpacked(query, payload);
        // What is no JSON object is received and says nothing.
        let body: Map<String, Value> = serde_json::from_slice(&payload).unwrap_or_default();
        match name {
            "properties/report" => self.shadow.report(&body, &stamp(scene.at)),
            "gateway/sub_devices/properties/report" => self.sub_devices.report(&body, &stamp(scene.at)),
            "events/up" => {
                let answers = functions::answers(&mut self.sub_devices, &device.device_id, scene, &body);
                return answers.into_iter().map(|body| Push::json(format!("{root}events/down"), &body)).collect();
            }
            _ => {
                if let Some(id) = name.strip_prefix("shadow/get/request_id=") {
                    let asked = body.get("object_device_id").and_then(Value::as_str).unwrap_or(&device.device_id);
                    let service = body.get("service_id").and_then(Value::as_str);
                    let shadow = self.sub_devices.shadow(asked).unwrap_or(&self.shadow);
                    let document = shadow.document(asked, service);
                    return vec![Push::json(format!("{root}shadow/get/response/request_id={id}"), &document)];
                }
            }
        }
        Vec::new()
    }

    /// Huawei's sub-devices are spoken for on the gateway's own topics.
    fn is_of_sub_device(&self, _topic: &str) -> bool {
        false
    }

    fn offers(&self) -> Vec<Offer> {
        orders::offers()
    }

    fn order(&mut self, scene: &Scene<'_>, name: &str, input: &Value) -> Option<Request> {
        let Identity::Huawei(device) = scene.identity else { return None };
        let offer = self.offers().into_iter().find(|offer| offer.name == name)?;
        let input = if input.is_null() { offer.input } else { input.clone() };
        if name == "shadow-desired" {
            self.shadow.want(orders::SMOKE, &input, &stamp(scene.at));
        }
        orders::order(scene, &device.device_id, name, input)
    }

    fn offline(&mut self) {}
}

/// The body, unpacked where the topic says that it is packed and it is.
fn unpacked<'a>(query: &str, payload: &'a [u8]) -> Cow<'a, [u8]> {
    if !query.split('&').any(|part| part == "encoding=gzip") {
        return Cow::Borrowed(payload);
    }
    let mut body = Vec::new();
    match flate2::read::GzDecoder::new(payload).take(UNPACKED).read_to_end(&mut body) {
        Ok(_) => Cow::Owned(body),
        // Not packed after all: it is taken as it stands, and is no JSON.
        Err(_) => Cow::Borrowed(payload),
    }
}

/// A time as the platform writes it, `yyyyMMdd'T'HHmmss'Z'`.
fn stamp(at: WallTime) -> String {
    at.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests;
