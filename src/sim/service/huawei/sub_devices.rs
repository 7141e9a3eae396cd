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
const NOT_OURS: (&str, &str) = ("IOTDA.021104", "not a sub-device of this gateway");
/// The code for a request that is not of the documented form.
const BAD_INPUT: &str = "IOTDA.000006";

/// The sub-devices of one gateway.
#[derive(Debug, Default)]
pub(super) struct SubDevices {
    known: BTreeMap<String, SubDevice>,
    /// Counts the changes of the list.
    version: i64,
}

#[derive(Debug, Default)]
struct SubDevice {
    entry: Value,
    online: bool,
    shadow: Shadow,
}

type Failure = (&'static str, &'static str);

impl SubDevices {
    /// The shadow of a sub-device.
    pub(super) fn shadow(&self, device_id: &str) -> Option<&Shadow> {
        self.known.get(device_id).map(|device| &device.shadow)
    }

    /// The first sub-device that is online, by id.
    pub(super) fn online(&self) -> Option<&str> {
        self.known.iter().find(|(_, device)| device.online).map(|(id, _)| id.as_str())
    }

    /// The gateway has gone, and with it the way to its sub-devices.
    pub(super) fn offline(&mut self) {
        for device in self.known.values_mut() {
            device.online = false;
        }
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
    pub(super) fn answer(
        &mut self,
        kind: &str,
        paras: &Map<String, Value>,
        gateway: &str,
    ) -> Option<(&'static str, Value)> {
        Some(match kind {
            "add_sub_device_request" => {
                ("add_sub_device_response", each(paras, "devices", |device| self.add(device, gateway)))
            }
            "delete_sub_device_request" => {
                ("delete_sub_device_response", each(paras, "devices", |device| self.delete(device)))
            }
            "sub_device_update_status" => {
                ("sub_device_update_status_response", each(paras, "device_statuses", |device| self.update(device)))
            }
            "sub_device_sync_request" => ("add_sub_device_notify", self.list()),
            _ => return None,
        })
    }

    /// The application adds the sub-devices of `paras`; what the gateway is told of it. Those that cannot be are left out.
    pub(super) fn added(&mut self, paras: &Value, gateway: &str) -> Value {
        let devices = paras.get("devices").and_then(Value::as_array).into_iter().flatten();
        let added: Vec<Value> = devices.filter_map(|device| self.add(device, gateway).ok()).collect();
        json!({ "devices": added, "version": self.version })
    }

    /// The application deletes the sub-devices of `paras`, all of them where it names none; what the gateway is told of it.
    pub(super) fn deleted(&mut self, paras: &Value) -> Value {
        let named = paras.get("devices").and_then(Value::as_array);
        let ids: Vec<String> = match named {
            Some(devices) => devices.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => self.known.keys().cloned().collect(),
        };
        let gone: Vec<Value> = ids.iter().filter_map(|id| self.known.remove(id)).map(|device| device.entry).collect();
        self.version += i64::from(!gone.is_empty());
        json!({ "devices": gone, "version": self.version })
    }

    fn list(&self) -> Value {
        let devices: Vec<&Value> = self.known.values().map(|device| &device.entry).collect();
        json!({ "devices": devices, "version": self.version })
    }

    /// One that is there already is told anew and keeps what is known of it.
    fn add(&mut self, device: &Value, gateway: &str) -> Result<Value, Failure> {
        let of = |key: &str| device.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(node), Some(product)) = (of("node_id"), of("product_id")) else {
            return Err((BAD_INPUT, "node_id and product_id are needed"));
        };
        let id = of("device_id").map_or_else(|| format!("{product}_{node}"), str::to_owned);
        if self.known.len() >= MOST && !self.known.contains_key(&id) {
            return Err((BAD_INPUT, "too many sub-devices"));
        }
        let mut entry = device.clone();
        entry["device_id"] = json!(id);
        if of("parent_device_id").is_none() {
            entry["parent_device_id"] = json!(gateway);
        }
        self.version += 1;
        self.known.entry(id).or_default().entry = entry.clone();
        Ok(entry)
    }

    fn delete(&mut self, device: &Value) -> Result<Value, Failure> {
        let id = device.as_str().unwrap_or_default();
        self.known.remove(id).ok_or(NOT_OURS)?;
        self.version += 1;
        Ok(device.clone())
    }

    fn update(&mut self, device: &Value) -> Result<Value, Failure> {
        let of = |key: &str| device.get(key).and_then(Value::as_str).unwrap_or_default();
        let known = self.known.get_mut(of("device_id")).ok_or(NOT_OURS)?;
        known.online = match of("status") {
            "ONLINE" => true,
            "OFFLINE" => false,
            _ => return Err((BAD_INPUT, "status is ONLINE or OFFLINE")),
        };
        Ok(json!({ "device_id": of("device_id"), "status": of("status") }))
    }
}

/// What came of each, in the platform's two lists. A list that is too long fails as a whole.
fn each(paras: &Map<String, Value>, key: &str, mut work: impl FnMut(&Value) -> Result<Value, Failure>) -> Value {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    let list = paras.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for device in list {
        let told = if list.len() > REQUEST { Err((BAD_INPUT, "more than 50 in one request")) } else { work(device) };
        match told {
            Ok(entry) => done.push(entry),
            Err(why) => failed.push(failure(device, why)),
        }
    }
    json!({ "successful_devices": done, "failed_devices": failed })
}

/// One that failed: what names it in the request, then the code and its words.
fn failure(device: &Value, (code, words): Failure) -> Value {
    let named = ["node_id", "product_id", "device_id", "status"];
    let mut told: Map<String, Value> =
        named.iter().filter_map(|key| Some(((*key).to_owned(), device.get(*key)?.clone()))).collect();
    if device.is_string() {
        told.insert("device_id".to_owned(), device.clone());
    }
    told.extend([("error_code".to_owned(), json!(code)), ("error_msg".to_owned(), json!(words))]);
    Value::Object(told)
}
