//! What the composer offers for a Huawei device: every message that it can send by itself, the report first.
//!
//! What lives here: the list, with the documents' example values. What may not: bodies that are made from the device's own values
//! (`request`, `upgrade`).

use serde_json::{Value, json};

use super::{bodies, legacy, request, upgrade};
use crate::cloud::{Draft, Upgrade, UpgradeStep};
use crate::event::{WallTime, What};

/// SHA-256 of nothing.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The messages, with bodies to start from. `serial` makes their ids; it is the time in milliseconds, as whoever asks for drafts makes
/// it, and the times of bodies are that.
pub(super) fn drafts(device_id: &str, serial: u64) -> Vec<Draft> {
    let maker = Maker::new(device_id, serial);
    let mut drafts = maker.everyday();
    drafts.extend(maker.questions());
    drafts.extend(maker.upgrades());
    drafts.extend(maker.sub_devices());
    drafts.extend(maker.files_and_logs());
    drafts.extend(maker.other_ways());
    drafts
}

struct Maker<'a> {
    device_id: &'a str,
    serial: u64,
    at: WallTime,
    /// `serial` as an id.
    id: String,
    /// `at` as a body has it.
    time: String,
}

impl<'a> Maker<'a> {
    fn new(device_id: &'a str, serial: u64) -> Self {
        let at = WallTime::from_unix_micros(i64::try_from(serial).unwrap_or(0).saturating_mul(1_000));
        Self { device_id, serial, at, id: serial.to_string(), time: request::event_time(at) }
    }

    fn sys(&self, tail: &str) -> String {
        format!("$oc/devices/{}/sys/{tail}", self.device_id)
    }

    fn report(&self, label: &str, tail: &str, body: &Value) -> Draft {
        Draft::json(label, What::PropertyReport, self.sys(tail), body)
    }

    /// An event of one of the platform's functions.
    fn function(&self, label: &str, service: &str, kind: &str, paras: &Value) -> Draft {
        let body = json!({ "object_device_id": self.device_id, "services": [{
            "service_id": service, "event_type": kind, "event_time": self.time, "event_id": self.id, "paras": paras
        }] });
        Draft::json(label, What::Event, self.sys("events/up"), &body)
    }

    /// The sub-device of the examples, by the platform's usual naming.
    fn sub_device(&self) -> String {
        format!("{}_sub01", self.device_id)
    }

    fn everyday(&self) -> Vec<Draft> {
        let smoke = bodies::smoke_detector();
        let at = |time: String| {
            let mut service = smoke.clone();
            service["event_time"] = json!(time);
            service
        };
        let minute_ago = request::event_time(self.at.shifted_micros(-60_000_000));
        let message = json!({ "object_device_id": self.device_id, "name": "note", "id": self.id, "content": "hello" });
        let event = json!({ "services": [{
            "service_id": "smokeDetector", "event_type": "smokeAlarm", "event_id": self.id,
            "paras": { "smokeConcentration": 89.5 }
        }] });
        vec![
            self.report("property report", "properties/report", &json!({ "services": [smoke] })),
            Draft::json("message", What::Message, self.sys("messages/up"), &message),
            Draft::json("event", What::Event, self.sys("events/up"), &event),
            Draft::json(
                "shadow: ask for it",
                What::Shadow,
                self.sys(&format!("shadow/get/request_id={}", self.serial)),
                &json!({}),
            ),
            Draft::json(
                "custom topic",
                What::Custom,
                format!("$oc/devices/{}/user/example", self.device_id),
                &json!({ "hello": 1 }),
            ),
            self.report(
                "property report with history",
                "properties/report",
                &json!({ "services": [at(minute_ago), at(self.time.clone())] }),
            ),
            self.report(
                "property report, packed with gzip",
                "properties/report?encoding=gzip",
                &json!({ "services": [smoke] }),
            ),
        ]
    }

    fn questions(&self) -> Vec<Draft> {
        vec![self.function(
            "time: ask for it",
            "$time_sync",
            "time_sync_request",
            &json!({ "device_send_time": self.serial }),
        )]
    }

    fn upgrades(&self) -> Vec<Draft> {
        let firmware = Upgrade { module: "firmware".to_owned(), version: "2.0.0".to_owned(), size: None };
        let steps = [("upgrade: halfway", UpgradeStep::Installing(0)), ("upgrade: failure", UpgradeStep::Failed(10))];
        let mut drafts = vec![upgrade::version_report(self.device_id, self.at, "firmware", "1.0.0")];
        drafts.extend(steps.into_iter().filter_map(|(label, step)| {
            let draft = upgrade::progress(self.device_id, self.at, &firmware, step)?;
            Some(Draft { label: label.to_owned(), ..draft })
        }));
        drafts
    }

    fn sub_devices(&self) -> Vec<Draft> {
        const MANAGER: &str = "$sub_device_manager";
        let sub = self.sub_device();
        let mut smoke = bodies::smoke_detector();
        smoke["event_time"] = json!(self.time);
        let new = json!({
            "parent_device_id": self.device_id, "node_id": "sub01", "device_id": sub, "name": "sub01",
            "product_id": "5f0c0de0"
        });
        let found = json!({ "devices": [{ "node_id": "sub01", "product_id": "5f0c0de0", "name": "sub01" }] });
        vec![
            self.function("sub-devices: add", MANAGER, "add_sub_device_request", &json!({ "devices": [new] })),
            self.function(
                "sub-devices: they are online",
                MANAGER,
                "sub_device_update_status",
                &json!({ "device_statuses": [{ "device_id": sub, "status": "ONLINE" }] }),
            ),
            self.report(
                "sub-devices: report for them",
                "gateway/sub_devices/properties/report",
                &json!({ "devices": [{ "device_id": sub, "services": [smoke] }] }),
            ),
            self.function(
                "sub-devices: ask for the list",
                MANAGER,
                "sub_device_sync_request",
                &json!({ "version": 0 }),
            ),
            self.function(
                "sub-devices: delete",
                MANAGER,
                "delete_sub_device_request",
                &json!({ "devices": [self.sub_device()] }),
            ),
            self.function("sub-devices: found by a scan", "sub_device_discovery", "scan_result", &found),
        ]
    }

    fn files_and_logs(&self) -> Vec<Draft> {
        const FILES: &str = "$file_manager";
        let wanted = json!({ "file_name": "log.txt", "file_attributes": { "hash_code": EMPTY_SHA256, "size": 0 } });
        let done =
            json!({ "object_name": "log.txt", "result_code": 0, "status_code": 200, "status_description": "ok" });
        vec![
            self.function("file: ask where to put it", FILES, "get_upload_url", &wanted),
            self.function("file: it was put there", FILES, "upload_result_report", &done),
            self.function("file: ask where to get it", FILES, "get_download_url", &wanted),
            self.function("file: it was fetched", FILES, "download_result_report", &done),
            self.function(
                "log",
                "$log",
                "log_report",
                &json!({ "timestamp": self.id, "type": "DEVICE_MESSAGE", "content": "hello" }),
            ),
            self.function(
                "versions of SDK and programs",
                "$sdk_info",
                "sdk_info_report",
                &json!({ "device_sdk_version": "standin", "sw_version": "1.0.0", "fw_version": "1.0.0" }),
            ),
        ]
    }

    /// The last one's plain body is what a person begins with who types a topic.
    fn other_ways(&self) -> Vec<Draft> {
        vec![
            legacy::report(self.device_id, &self.time),
            Draft::json(
                "to another device",
                What::Message,
                format!("$oc/m2m/to/other/request_id={}", self.serial),
                &json!({ "hello": 1 }),
            ),
        ]
    }
}
