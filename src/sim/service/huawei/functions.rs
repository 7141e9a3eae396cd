//! The answers to the platform's own functions over events: time, files, sub-devices; and what is kept of the others.

use serde_json::{Map, Value, json};

use super::{Cloud, stamp};
use crate::sim::service::Scene;

impl Cloud {
    /// What the platform says to an event; several services may stand in one.
    pub(super) fn answers(&mut self, device_id: &str, scene: &Scene<'_>, body: &Map<String, Value>) -> Vec<Value> {
        let services = body.get("services").and_then(Value::as_array).into_iter().flatten();
        services.filter_map(|service| self.answer(device_id, scene, service)).collect()
    }

    fn answer(&mut self, device_id: &str, scene: &Scene<'_>, service: &Value) -> Option<Value> {
        let of = |key: &str| service.get(key).and_then(Value::as_str);
        let (id, kind) = (of("service_id")?, of("event_type")?);
        let empty = Map::new();
        let paras = service.get("paras").and_then(Value::as_object).unwrap_or(&empty);
        let (kind, paras) = match (id, kind) {
            ("$time_sync", "time_sync_request") => ("time_sync_response", time(paras, scene)?),
            ("$file_manager", "get_upload_url") => ("get_upload_url_response", file(paras, device_id)?),
            ("$file_manager", "get_download_url") => ("get_download_url_response", file(paras, device_id)?),
            // One SDK leaves the $ out where it asks for the list of sub-devices.
            ("$sub_device_manager" | "sub_device_manager", kind) => self.sub_devices.answer(kind, paras, device_id)?,
            ("$ota", "version_report") | ("$sdk_info", "sdk_info_report") => {
                self.upgrades.reported(paras);
                return None;
            }
            ("$ota", "upgrade_progress_report") => {
                self.upgrades.progressed(paras);
                return None;
            }
            _ => return None,
        };
        let mut answer = json!({
            "service_id": id, "event_type": kind, "event_time": stamp(scene.at), "paras": paras
        });
        if let Some(event) = service.get("event_id") {
            answer["event_id"] = event.clone();
        }
        Some(json!({ "object_device_id": device_id, "services": [answer] }))
    }
}

fn time(paras: &Map<String, Value>, scene: &Scene<'_>) -> Option<Value> {
    let now = scene.at.unix_micros().div_euclid(1_000);
    let sent = paras.get("device_send_time").filter(|sent| sent.is_number())?;
    Some(json!({ "device_send_time": sent, "server_recv_time": now, "server_send_time": now }))
}

/// Addresses that lead nowhere: what is tried out here is the dialogue.
fn file(paras: &Map<String, Value>, device_id: &str) -> Option<Value> {
    let name = paras.get("file_name").and_then(Value::as_str).filter(|name| !name.is_empty())?;
    let object = format!("{device_id}/{name}");
    let mut answer = json!({
        "url": format!("https://127.0.0.1/{object}?signed=1"), "bucket_name": "standin", "object_name": object,
        "expire": 3600
    });
    if let Some(attributes) = paras.get("file_attributes") {
        answer["file_attributes"] = attributes.clone();
    }
    Some(answer)
}
