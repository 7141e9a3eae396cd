//! What the cloud can be told to order of a device.

use bytes::Bytes;
use serde_json::{Value, json};

use super::shadow::Shadow;
use super::{NEWEST, root};
use crate::profile::Identity;
use crate::sim::request::{Ask, Request, build};
use crate::sim::service::{Offer, Scene};

/// The offers: requests that wait for an answer first.
pub(super) fn offers() -> Vec<Offer> {
    vec![
        Offer::new("command", "command setReportInterval", json!({ "Seconds": 60 })),
        Offer::new("property-set", "property set", json!({ "switch": 1 })),
        Offer::new("ota-upgrade", "upgrade the firmware", json!({ "Module": "default", "Version": NEWEST })),
        Offer::new("ota-cancel", "take the upgrade back", json!({ "Module": "default" })),
        Offer::new("shadow-control", "shadow: values wanted", json!({ "switch": 1 })),
        Offer::new("desired", "desired values, to be asked for", json!({ "switch": 1 })),
        Offer::new("broadcast", "broadcast to the product", json!({ "text": "hello to all" })),
        Offer::new("custom", "message on a topic of the product", json!({ "text": "hello" })),
    ]
}

/// The message for an offer. Desired values are only kept: the device asks for them, and what tells it to is a message on a custom
/// topic, as applications do it.
pub(super) fn order(scene: &Scene<'_>, name: &str, input: Value, shadow: &Shadow) -> Option<Request> {
    let Identity::Ucloud(device) = scene.identity else { return None };
    let system = |tail: &str, body: &Value| plain(format!("{}{tail}", root(device)), body);
    let custom = |body: &Value| plain(format!("/{}/{}/notice", device.product_sn, device.device_sn), body);
    let build = |ask: &Ask| build(scene.identity, ask, scene.number);
    match name {
        "command" => build(&Ask::Command { service: String::new(), name: "setReportInterval".to_owned(), input }),
        "property-set" => build(&Ask::PropertySet { service: String::new(), properties: input }),
        "ota-upgrade" => {
            let text = |key: &str| input.get(key).and_then(Value::as_str);
            let order = firmware(text("Module").unwrap_or("default"), text("Version").unwrap_or(NEWEST));
            Some(system("ota/downstream", &order))
        }
        "ota-cancel" => Some(system("ota/downstream", &json!({ "Method": "cancel_update", "Payload": input }))),
        "shadow-control" => {
            let now_ms = scene.at.unix_micros().div_euclid(1_000);
            Some(system("shadow/downstream", &shadow.control(now_ms)))
        }
        "desired" => Some(custom(&json!({ "desired": input }))),
        "broadcast" => Some(plain(format!("/{}/$broadcast/all", device.product_sn), &input)),
        _ => Some(custom(&input)),
    }
}

/// An order to upgrade. The address leads nowhere: a device that is tried out here need not download.
pub(super) fn firmware(module: &str, version: &str) -> Value {
    json!({
        "Method": "update_firmware",
        "Payload": {
            "Module": module, "Version": version, "URL": "http://127.0.0.1/firmware.bin",
            "MD5": "d41d8cd98f00b204e9800998ecf8427e", "Size": 708_482
        }
    })
}

fn plain(topic: String, body: &Value) -> Request {
    Request { topic, payload: Bytes::from(body.to_string()), expect: None }
}
