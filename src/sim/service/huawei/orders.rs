//! What the cloud can be told to order of a device.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::upgrades::Upgrades;
use super::{Cloud, legacy, stamp};
use crate::sim::request::{Ask, HUAWEI_WAITS, Request, build};
use crate::sim::service::{Offer, Scene};

/// The service of the documents' example product.
const SMOKE: &str = "smokeDetector";
/// The application's call waits as long, whichever interface the device has.
const WAITS: Duration = HUAWEI_WAITS;

/// Whether an offer is for one of the gateway's sub-devices, which must be online.
pub(super) fn is_for_sub_device(name: &str) -> bool {
    matches!(name, "sub-device-command" | "sub-device-property-set" | "sub-device-property-get")
}

/// The offers: requests that wait for an answer first.
pub(super) fn offers(upgrades: &Upgrades) -> Vec<Offer> {
    let mut offers = vec![
        Offer::new("command", "command SILENCE", json!({ "value": 1 })),
        Offer::new("property-set", "property set", json!({ "alarm": 0 })),
        Offer::new("property-get", "property get", json!({})),
        Offer::new("sub-device-command", "command to a sub-device", json!({ "value": 1 })),
        Offer::new("sub-device-property-set", "property set of a sub-device", json!({ "alarm": 0 })),
        Offer::new("sub-device-property-get", "property get of a sub-device", json!({})),
        Offer::new("shadow-desired", "desired values, kept in the shadow and set", json!({ "alarm": 1 })),
        Offer::new("legacy-command", "command on the older interface (V3)", json!({ "value": 1 })),
        Offer::new("message", "message", json!({ "name": "notice", "id": "1", "content": "hello" })),
        Offer::new("user-topic", "message on a custom topic", json!({ "hello": 1 })),
        Offer::new("m2m", "message as from another device", json!({ "hello": 1 })),
        Offer::new("event", "event of the product's own", json!({ "note": "hello" })),
    ];
    offers.extend(of_functions(upgrades));
    offers
}

/// The offers that are one of the platform's functions.
fn of_functions(upgrades: &Upgrades) -> Vec<Offer> {
    let firmware = json!({
        "version": "2.0.0", "url": "https://127.0.0.1/firmware.bin", "file_size": 81_362_928, "access_token": "token",
        "expires": 86_400, "sign": "0ed2b3a0c0de"
    });
    let software = json!({
        "version": "2.1.0", "url": "https://127.0.0.1/software.bin?signed=1", "file_size": 1_024_000, "expires": 86_400,
        "task_id": "upgrade-1", "task_ext_info": {}, "sub_device_count": 0
    });
    let log = json!({ "switch": "on", "end_time": "20300101T000000Z" });
    let added = json!({ "devices": [{ "node_id": "sub02", "name": "sub02", "product_id": "5f0c0de0" }] });
    vec![
        Offer::new("ota-version", "ask for the versions", json!({})),
        Offer::new("ota-firmware", format!("upgrade the firmware{}", upgrades.firmware()), firmware),
        Offer::new("ota-software", format!("upgrade the software{}", upgrades.software()), software),
        Offer::new("log-config", "switch the device's log on", log),
        Offer::new("config-update", "push a config", json!({ "config_content": { "interval": 60 } })),
        Offer::new("sub-device-added", "add a sub-device, and tell the gateway", added),
        Offer::new("sub-device-deleted", "delete the sub-devices, and tell the gateway", json!({})),
        Offer::new("sub-device-scan", "let the gateway look for sub-devices", json!({ "protocol": "zigbee" })),
    ]
}

impl Cloud {
    /// The message for the offer called `name`; what it changes at the platform is changed.
    pub(super) fn make(&mut self, scene: &Scene<'_>, device_id: &str, name: &str, input: Value) -> Option<Request> {
        let ask = |ask: &Ask| build(scene.identity, ask, scene.number);
        let sys = |tail: &str| format!("$oc/devices/{device_id}/sys/{tail}");
        let event = |service: &str, kind: &str, paras: &Value| {
            let body = json!({ "object_device_id": device_id, "services": [{
                "service_id": service, "event_type": kind, "event_time": stamp(scene.at), "paras": paras
            }] });
            Some(plain(sys("events/down"), &body))
        };
        if is_for_sub_device(name) {
            let request = ask(&asked(name.strip_prefix("sub-device-")?, input)?)?;
            return for_sub_device(request, self.sub_devices.online()?);
        }
        match name {
            "command" | "property-set" | "property-get" => ask(&asked(name, input)?),
            "shadow-desired" => {
                self.shadow.want(SMOKE, &input, &stamp(scene.at));
                ask(&asked("property-set", input)?)
            }
            "legacy-command" => Some(legacy::command(device_id, scene.number, (SMOKE, "SILENCE"), &input, WAITS)),
            "message" => Some(plain(sys("messages/down"), &input)),
            "user-topic" => Some(plain(format!("$oc/devices/{device_id}/user/notice"), &input)),
            "m2m" => Some(plain(format!("$oc/m2m/to/{device_id}/request_id={}", scene.number), &input)),
            "event" => event(SMOKE, "notice", &input),
            "ota-version" => event("$ota", "version_query", &input),
            "ota-firmware" => event("$ota", "firmware_upgrade", &input),
            "ota-software" => event("$ota", "software_upgrade_v2", &input),
            "log-config" => event("$log", "log_config", &input),
            "config-update" => event("$device_config", "config_update", &input),
            "sub-device-added" => {
                event("$sub_device_manager", "add_sub_device_notify", &self.sub_devices.added(&input, device_id))
            }
            "sub-device-deleted" => {
                event("$sub_device_manager", "delete_sub_device_notify", &self.sub_devices.deleted(&input))
            }
            "sub-device-scan" => event("sub_device_discovery", "start_scan", &input),
            _ => None,
        }
    }
}

/// A request that waits for its answer.
fn asked(name: &str, input: Value) -> Option<Ask> {
    let service = SMOKE.to_owned();
    Some(match name {
        "command" => Ask::Command { service, name: "SILENCE".to_owned(), input },
        "property-set" => Ask::PropertySet { service, properties: input },
        "property-get" => Ask::PropertyGet { service },
        _ => return None,
    })
}

/// The same request, for a sub-device.
fn for_sub_device(request: Request, sub_device: &str) -> Option<Request> {
    // Our own body: it is an object.
    let mut body: Value = serde_json::from_slice(&request.payload).ok()?;
    body["object_device_id"] = json!(sub_device);
    Some(Request { payload: Bytes::from(body.to_string()), ..request })
}

fn plain(topic: String, body: &Value) -> Request {
    Request { topic, payload: Bytes::from(body.to_string()), expect: None }
}
