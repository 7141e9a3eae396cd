//! What the cloud can be told to order of a device.

use bytes::Bytes;
use serde_json::{Value, json};

use super::stamp;
use crate::sim::request::{Ask, Request, build};
use crate::sim::service::{Offer, Scene};

/// The service of the documents' example product.
pub(super) const SMOKE: &str = "smokeDetector";

/// The offers: requests that wait for an answer first.
pub(super) fn offers() -> Vec<Offer> {
    let firmware = json!({
        "version": "2.0.0", "url": "https://127.0.0.1/firmware.bin", "file_size": 81_362_928, "access_token": "token",
        "expires": 86_400, "sign": "0ed2b3a0c0de"
    });
    let software = json!({
        "version": "2.1.0", "url": "https://127.0.0.1/software.bin?signed=1", "file_size": 1_024_000, "expires": 86_400,
        "task_id": "upgrade-1", "task_ext_info": {}, "sub_device_count": 0
    });
    vec![
        Offer::new("command", "command SILENCE", json!({ "value": 1 })),
        Offer::new("property-set", "property set", json!({ "alarm": 0 })),
        Offer::new("property-get", "property get", json!({})),
        Offer::new("sub-device-command", "command to a sub-device", json!({ "value": 1 })),
        Offer::new("sub-device-property-set", "property set of a sub-device", json!({ "alarm": 0 })),
        Offer::new("message", "message", json!({ "name": "notice", "id": "1", "content": "hello" })),
        Offer::new("user-topic", "message on a custom topic", json!({ "hello": 1 })),
        Offer::new("shadow-desired", "desired values, seen in the shadow", json!({ "alarm": 1 })),
        Offer::new("ota-version", "ask for the versions", json!({})),
        Offer::new("ota-firmware", "upgrade the firmware", firmware),
        Offer::new("ota-software", "upgrade the software", software),
        Offer::new(
            "log-config",
            "switch the device's log on",
            json!({ "switch": "on", "end_time": "20300101T000000Z" }),
        ),
        Offer::new("config-update", "push a config", json!({ "config_content": { "interval": 60 } })),
        Offer::new(
            "sub-device-added",
            "tell of a new sub-device",
            json!({ "devices": [{
            "parent_device_id": "", "node_id": "sub01", "device_id": "sub01", "name": "sub01", "product_id": "p"
        }], "version": 1 }),
        ),
        Offer::new("event", "event of the product's own", json!({ "note": "hello" })),
    ]
}

/// The message for an offer.
pub(super) fn order(scene: &Scene<'_>, device_id: &str, name: &str, input: Value) -> Option<Request> {
    let ask = |ask: &Ask| build(scene.identity, ask, scene.number);
    let event = |service: &str, kind: &str| {
        let body = json!({ "object_device_id": device_id, "services": [{
            "service_id": service, "event_type": kind, "event_time": stamp(scene.at), "paras": input
        }] });
        Some(plain(format!("$oc/devices/{device_id}/sys/events/down"), &body))
    };
    match name {
        "command" => ask(&Ask::Command { service: SMOKE.to_owned(), name: "SILENCE".to_owned(), input }),
        "property-set" => ask(&Ask::PropertySet { service: SMOKE.to_owned(), properties: input }),
        "property-get" => ask(&Ask::PropertyGet { service: SMOKE.to_owned() }),
        "sub-device-command" => {
            let ask = Ask::Command { service: SMOKE.to_owned(), name: "SILENCE".to_owned(), input };
            for_sub_device(build(scene.identity, &ask, scene.number)?, device_id)
        }
        "sub-device-property-set" => {
            let ask = Ask::PropertySet { service: SMOKE.to_owned(), properties: input };
            for_sub_device(build(scene.identity, &ask, scene.number)?, device_id)
        }
        "message" => Some(plain(format!("$oc/devices/{device_id}/sys/messages/down"), &input)),
        "user-topic" => Some(plain(format!("$oc/devices/{device_id}/user/notice"), &input)),
        // Desired values are not sent: the device sees them in its shadow. That they are there is told by a message.
        "shadow-desired" => {
            let body = json!({ "name": "shadow", "id": scene.number.to_string(), "content": { "desired": input } });
            Some(plain(format!("$oc/devices/{device_id}/sys/messages/down"), &body))
        }
        "ota-version" => event("$ota", "version_query"),
        "ota-firmware" => event("$ota", "firmware_upgrade"),
        "ota-software" => event("$ota", "software_upgrade_v2"),
        "log-config" => event("$log", "log_config"),
        "config-update" => event("$device_config", "config_update"),
        "sub-device-added" => event("$sub_device_manager", "add_sub_device_notify"),
        _ => event(SMOKE, "notice"),
    }
}

/// The same request, for the gateway's first sub-device by the platform's usual naming.
fn for_sub_device(request: Request, device_id: &str) -> Option<Request> {
    let mut body: Value = serde_json::from_slice(&request.payload).ok()?;
    body["object_device_id"] = json!(format!("{device_id}_sub01"));
    Some(Request { payload: Bytes::from(body.to_string()), ..request })
}

fn plain(topic: String, body: &Value) -> Request {
    Request { topic, payload: Bytes::from(body.to_string()), expect: None }
}
