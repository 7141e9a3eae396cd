//! What the composer offers for a Huawei device: every message that it can send by itself, the report first.

use serde_json::{Value, json};

use super::{bodies, request, upgrade};
use crate::cloud::{Draft, Upgrade, UpgradeStep};
use crate::event::{WallTime, What};

/// The messages, with bodies to start from. `serial` makes their ids; it is the time in milliseconds, as whoever asks for drafts makes
/// it, and the times of bodies are that.
pub(super) fn drafts(device_id: &str, serial: u64) -> Vec<Draft> {
    let at = WallTime::from_unix_micros(i64::try_from(serial).unwrap_or(0).saturating_mul(1_000));
    let (id, time) = (serial.to_string(), request::event_time(at));
    let sys = |tail: &str| format!("$oc/devices/{device_id}/sys/{tail}");
    let smoke = bodies::smoke_detector();
    let with_time = |mut service: Value| {
        service["event_time"] = json!(time);
        service
    };
    let function = |label: &str, service: &str, kind: &str, paras: Value| {
        let body = json!({ "object_device_id": device_id, "services": [{
            "service_id": service, "event_type": kind, "event_time": time, "event_id": id, "paras": paras
        }] });
        Draft::json(label, What::Event, sys("events/up"), &body)
    };
    let sub_devices = "$sub_device_manager";
    let sub = format!("{device_id}_sub01");
    let mut drafts = vec![
        Draft::json("property report", What::PropertyReport, sys("properties/report"), &json!({ "services": [smoke] })),
        Draft::json(
            "message",
            What::Message,
            sys("messages/up"),
            &json!({ "object_device_id": device_id, "name": "note", "id": id, "content": "hello" }),
        ),
        Draft::json(
            "event",
            What::Event,
            sys("events/up"),
            &json!({ "services": [{
                "service_id": "smokeDetector", "event_type": "smokeAlarm", "event_id": id,
                "paras": { "smokeConcentration": 89.5 }
            }] }),
        ),
        Draft::json("shadow: ask for it", What::Shadow, sys(&format!("shadow/get/request_id={serial}")), &json!({})),
        Draft::json(
            "custom topic",
            What::Custom,
            format!("$oc/devices/{device_id}/user/example"),
            &json!({ "hello": 1 }),
        ),
        Draft::json(
            "property report with its time",
            What::PropertyReport,
            sys("properties/report"),
            &json!({ "services": [with_time(smoke.clone())] }),
        ),
        Draft::json(
            "property report, packed with gzip",
            What::PropertyReport,
            sys("properties/report?encoding=gzip"),
            &json!({ "services": [smoke] }),
        ),
        function("time: ask for it", "$time_sync", "time_sync_request", json!({ "device_send_time": serial })),
        upgrade::version_report(device_id, at, "firmware", "1.0.0"),
    ];
    let firmware = Upgrade { module: "firmware".to_owned(), version: "2.0.0".to_owned(), size: None };
    let steps = [("upgrade: halfway", UpgradeStep::Installing(0)), ("upgrade: failure", UpgradeStep::Failed(10))];
    drafts.extend(steps.into_iter().filter_map(|(label, step)| {
        Some(Draft { label: label.to_owned(), ..upgrade::progress(device_id, at, &firmware, step)? })
    }));
    drafts.extend([
        Draft::json(
            "sub-devices: report for them",
            What::PropertyReport,
            sys("gateway/sub_devices/properties/report"),
            &json!({ "devices": [{ "device_id": sub, "services": [with_time(smoke)] }] }),
        ),
        function(
            "sub-devices: they are online",
            sub_devices,
            "sub_device_update_status",
            json!({ "device_statuses": [{ "device_id": sub, "status": "ONLINE" }] }),
        ),
        function(
            "sub-devices: add",
            sub_devices,
            "add_sub_device_request",
            json!({ "devices": [{ "parent_device_id": device_id, "node_id": "sub01", "device_id": sub,
                "name": "sub01", "product_id": "5f0c0de0" }] }),
        ),
        function("sub-devices: delete", sub_devices, "delete_sub_device_request", json!({ "devices": [sub] })),
        function("sub-devices: ask for the list", sub_devices, "sub_device_sync_request", json!({ "version": 0 })),
        function(
            "file: ask where to put it",
            "$file_manager",
            "get_upload_url",
            json!({ "file_name": "log.txt", "file_attributes": { "hash_code": EMPTY_SHA256, "size": 0 } }),
        ),
        function(
            "file: it was put there",
            "$file_manager",
            "upload_result_report",
            json!({ "object_name": "log.txt", "result_code": 0, "status_code": 200, "status_description": "ok" }),
        ),
        function(
            "file: ask where to get it",
            "$file_manager",
            "get_download_url",
            json!({ "file_name": "log.txt", "file_attributes": { "hash_code": EMPTY_SHA256, "size": 0 } }),
        ),
        function("log", "$log", "log_report", json!({ "timestamp": id, "type": "DEVICE_MESSAGE", "content": "hello" })),
        function(
            "versions of SDK and programs",
            "$sdk_info",
            "sdk_info_report",
            json!({ "device_sdk_version": "standin", "sw_version": "1.0.0", "fw_version": "1.0.0" }),
        ),
        Draft::json(
            "to another device",
            What::Message,
            format!("$oc/m2m/to/other/request_id={serial}"),
            &json!({ "hello": 1 }),
        ),
    ]);
    drafts
}

/// SHA-256 of nothing.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
