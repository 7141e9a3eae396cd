//! Huawei's side of a device.
//!
//! | file | what lives there |
//! |---|---|
//! | `shadow` | what was reported and what is desired, service by service |
//! | `functions` | the answers to the platform's own functions over events |
//! | `sub_devices` | the gateway's sub-devices: added, deleted, listed, online |
//! | `upgrades` | the versions that the device has reported, and how far an upgrade has come |
//! | `orders` | what the cloud can be told to order |
//! | `legacy` | the older interface |
//!
//! What the documents leave open:
//! - A report whose body is not of their form is received and says nothing, as reports have no answer; so is one whose topic says
//!   that it is packed and which is not.
//! - An event that is no JSON is passed over, and so is a question for a shadow that is no JSON object, or is for a device that is
//!   neither this one nor one of its sub-devices.
//! - Desired values are sent as a property set where the device is there, and stay in the shadow.

mod functions;
mod legacy;
mod orders;
mod shadow;
mod sub_devices;
mod upgrades;

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
    upgrades: upgrades::Upgrades,
}

impl Service for Cloud {
    fn take(&mut self, scene: &Scene<'_>, topic: &str, payload: &[u8]) -> Vec<Push> {
        let Identity::Huawei(device) = scene.identity else { return Vec::new() };
        if let Some(body) = legacy::report(&device.device_id, topic, payload) {
            self.shadow.report(&body, &stamp(scene.at));
            return Vec::new();
        }
        let root = format!("$oc/devices/{}/sys/", device.device_id);
        let Some(path) = topic.strip_prefix(&root) else { return Vec::new() };
        let (name, query) = path.split_once('?').unwrap_or((path, ""));
        let Some(payload) = unpacked(query, payload) else { return Vec::new() };
        if let Some(id) = name.strip_prefix("shadow/get/request_id=") {
            let document = self.asked_for_the_shadow(&device.device_id, &payload).filter(|_| !id.is_empty());
            let answer = |document| Push::json(format!("{root}shadow/get/response/request_id={id}"), &document);
            return document.map(answer).into_iter().collect();
        }
        // What is no JSON object is received and says nothing.
        let Ok(body) = serde_json::from_slice::<Map<String, Value>>(&payload) else { return Vec::new() };
        match name {
            "properties/report" => self.shadow.report(&body, &stamp(scene.at)),
            "gateway/sub_devices/properties/report" => self.sub_devices.report(&body, &stamp(scene.at)),
            "events/up" => {
                let answers = self.answers(&device.device_id, scene, &body);
                return answers.into_iter().map(|body| Push::json(format!("{root}events/down"), &body)).collect();
            }
            _ => {}
        }
        Vec::new()
    }

    /// Huawei's sub-devices are spoken for on the gateway's own topics.
    fn is_of_sub_device(&self, _topic: &str) -> bool {
        false
    }

    fn offers(&self) -> Vec<Offer> {
        orders::offers(&self.upgrades)
    }

    fn order(&mut self, scene: &Scene<'_>, name: &str, input: &Value) -> Option<Request> {
        let Identity::Huawei(device) = scene.identity else { return None };
        let offer = self.offers().into_iter().find(|offer| offer.name == name)?;
        let input = if input.is_null() { offer.input } else { input.clone() };
        self.make(scene, &device.device_id, name, input)
    }

    fn hindrance(&self, name: &str) -> Option<&'static str> {
        let for_sub_device = orders::is_for_sub_device(name) && self.sub_devices.online().is_none();
        for_sub_device.then_some(
            "no sub-device is online (IOTDA.014016): the gateway adds one, and tells that it is online, by its events",
        )
    }

    /// The sub-devices are reached over this connection only.
    fn offline(&mut self) {
        self.sub_devices.offline();
    }
}

impl Cloud {
    /// The shadow that a question asks for; an empty body asks for all services of the device.
    fn asked_for_the_shadow(&self, device_id: &str, payload: &[u8]) -> Option<Value> {
        let asked: Map<String, Value> =
            if payload.is_empty() { Map::new() } else { serde_json::from_slice(payload).ok()? };
        let text = |key: &str| asked.get(key).and_then(Value::as_str);
        let whose = text("object_device_id").filter(|whose| *whose != device_id);
        let shadow = whose.map_or(Some(&self.shadow), |whose| self.sub_devices.shadow(whose))?;
        Some(shadow.document(whose.unwrap_or(device_id), text("service_id")))
    }
}

/// The body, unpacked where the topic says that it is packed; `None` where it says so and the body is not.
fn unpacked<'a>(query: &str, payload: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    if !query.split('&').any(|part| part == "encoding=gzip") {
        return Some(Cow::Borrowed(payload));
    }
    let mut body = Vec::new();
    flate2::read::GzDecoder::new(payload).take(UNPACKED).read_to_end(&mut body).is_ok().then_some(Cow::Owned(body))
}

/// A time as the platform writes it, `yyyyMMdd'T'HHmmss'Z'`.
fn stamp(at: WallTime) -> String {
    at.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests;
