//! The answers to the platform's own functions over events: time, files, sub-devices.

use serde_json::{Map, Value, json};

use super::stamp;
use super::sub_devices::SubDevices;
use crate::sim::service::Scene;

/// What the platform says to an event; several services may stand in one.
pub(super) fn answers(
    sub_devices: &mut SubDevices,
    device_id: &str,
    scene: &Scene<'_>,
    body: &Map<String, Value>,
) -> Vec<Value> {
    let services = body.get("services").and_then(Value::as_array).into_iter().flatten();
    services
        .filter_map(|service| {
            let of = |key: &str| service.get(key).and_then(Value::as_str);
            let (id, kind) = (of("service_id")?, of("event_type")?);
            let empty = Map::new();
            let paras = service.get("paras").and_then(Value::as_object).unwrap_or(&empty);
            // One SDK leaves the $ out where it asks for the list of sub-devices.
            let (kind, paras) = match id.strip_prefix('$').unwrap_or(id) {
                "time_sync" => time(kind, paras, scene)?,
                "file_manager" => file(kind, paras, device_id)?,
                "sub_device_manager" => sub_devices.answer(kind, paras)?,
                _ => return None,
            };
            let mut answer = json!({
                "service_id": id, "event_type": kind, "event_time": stamp(scene.at), "paras": paras
            });
            if let Some(event) = service.get("event_id") {
                answer["event_id"] = event.clone();
            }
            Some(json!({ "object_device_id": device_id, "services": [answer] }))
        })
        .collect()
}

fn time(kind: &str, paras: &Map<String, Value>, scene: &Scene<'_>) -> Option<(&'static str, Value)> {
    let now = scene.at.unix_micros().div_euclid(1_000);
    let sent = paras.get("device_send_time")?;
    (kind == "time_sync_request").then(|| {
        let times = json!({ "device_send_time": sent, "server_recv_time": now, "server_send_time": now });
        ("time_sync_response", times)
    })
}

/// Addresses that lead nowhere: what is tried out here is the dialogue.
fn file(kind: &str, paras: &Map<String, Value>, device_id: &str) -> Option<(&'static str, Value)> {
    let kind = match kind {
        "get_upload_url" => "get_upload_url_response",
        "get_download_url" => "get_download_url_response",
        _ => return None,
    };
    let name = paras.get("file_name").and_then(Value::as_str)?;
    let object = format!("{device_id}/{name}");
    let mut answer = json!({
        "url": format!("https://127.0.0.1/{object}?signed=1"), "bucket_name": "standin", "object_name": object,
        "expire": 3600
    });
    if let Some(attributes) = paras.get("file_attributes") {
        answer["file_attributes"] = attributes.clone();
    }
    Some((kind, answer))
}
