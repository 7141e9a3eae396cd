//! A gateway's sub-devices: added, deleted and listed by events, reported for in batches.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::shadow::Shadow;

/// Sub-devices in one request to add or delete.
const REQUEST: usize = 50;
/// Sub-devices in one report.
const REPORT: usize = 100;
/// No gateway has more here.
const MOST: usize = 1_000;

/// The code for a sub-device that is not this gateway's.
const NOT_OURS: &str = "IOTDA.021104";
/// The code for a request that is not of the documented form.
const BAD_INPUT: &str = "IOTDA.000006";

/// The sub-devices of one gateway.
#[derive(Debug, Default)]
pub(super) struct SubDevices {
    known: BTreeMap<String, SubDevice>,
    version: i64,
}

#[derive(Debug, Default)]
struct SubDevice {
    entry: Value,
    online: bool,
    shadow: Shadow,
}

impl SubDevices {
    /// The shadow of a sub-device.
    pub(super) fn shadow(&self, device_id: &str) -> Option<&Shadow> {
        self.known.get(device_id).map(|device| &device.shadow)
    }

    /// Takes a batch report in; sub-devices that are not this gateway's are passed over, and so is all of a batch that is too large.
    pub(super) fn report(&mut self, body: &Map<String, Value>, now: &str) {
        let devices = body.get("devices").and_then(Value::as_array).filter(|devices| devices.len() <= REPORT);
        for device in devices.into_iter().flatten() {
            let id = device.get("device_id").and_then(Value::as_str).unwrap_or_default();
            if let (Some(known), Some(body)) = (self.known.get_mut(id), device.as_object()) {
                known.shadow.report(body, now);
            }
        }
    }

    /// The answer to one of the gateway's events; `None`: it wants none.
    pub(super) fn answer(&mut self, kind: &str, paras: &Map<String, Value>) -> Option<(&'static str, Value)> {
        Some(match kind {
            "add_sub_device_request" => ("add_sub_device_response", self.add(paras)),
            "delete_sub_device_request" => ("delete_sub_device_response", self.delete(paras)),
            "sub_device_update_status" => ("sub_device_update_status_response", self.update(paras)),
            "sub_device_sync_request" => {
                let devices: Vec<&Value> = self.known.values().map(|device| &device.entry).collect();
                ("add_sub_device_notify", json!({ "devices": devices, "version": self.version }))
            }
            _ => return None,
        })
    }

    fn add(&mut self, paras: &Map<String, Value>) -> Value {
        each(paras, "devices", |device| {
            let of = |key: &str| device.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
            let (Some(node), Some(product)) = (of("node_id"), of("product_id")) else {
                return Err((BAD_INPUT, "node_id and product_id are needed"));
            };
            if self.known.len() >= MOST {
                return Err((BAD_INPUT, "too many sub-devices"));
            }
            let id = of("device_id").map_or_else(|| format!("{product}_{node}"), str::to_owned);
            let mut entry = device.clone();
            entry["device_id"] = json!(id);
            self.version += 1;
            self.known.insert(id, SubDevice { entry: entry.clone(), ..SubDevice::default() });
            Ok(entry)
        })
    }

    fn delete(&mut self, paras: &Map<String, Value>) -> Value {
        each(paras, "devices", |device| {
            let id = device.as_str().unwrap_or_default();
            self.known.remove(id).ok_or((NOT_OURS, "not a sub-device of this gateway"))?;
            self.version += 1;
            Ok(device.clone())
        })
    }

    fn update(&mut self, paras: &Map<String, Value>) -> Value {
        each(paras, "device_statuses", |device| {
            let of = |key: &str| device.get(key).and_then(Value::as_str).unwrap_or_default();
            let known = self.known.get_mut(of("device_id")).ok_or((NOT_OURS, "not a sub-device of this gateway"))?;
            known.online = match of("status") {
                "ONLINE" => true,
                "OFFLINE" => false,
                _ => return Err((BAD_INPUT, "status is ONLINE or OFFLINE")),
            };
            Ok(json!({ "device_id": of("device_id"), "status": of("status") }))
        })
    }
}

/// What came of each, in the platform's two lists. A list that is too long, or none, fails as a whole.
fn each(
    paras: &Map<String, Value>,
    key: &str,
    mut work: impl FnMut(&Value) -> Result<Value, (&'static str, &'static str)>,
) -> Value {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    let list = paras.get(key).and_then(Value::as_array);
    for device in list.into_iter().flatten() {
        let told = if list.is_some_and(|list| list.len() > REQUEST) {
            Err((BAD_INPUT, "more than 50 in one request"))
        } else {
            work(device)
        };
        match told {
            Ok(entry) => done.push(entry),
            Err((code, words)) => {
                let of = |key: &str| device.get(key).cloned();
                failed.push(json!({
                    "node_id": of("node_id"), "product_id": of("product_id"),
                    "device_id": of("device_id").or_else(|| device.as_str().map(Value::from)),
                    "error_code": code, "error_msg": words
                }));
            }
        }
    }
    json!({ "successful_devices": done, "failed_devices": failed })
}
