//! What the composer offers for a Huawei device: every message that it can send by itself, the report first.

use serde_json::{Value, json};

use super::{bodies, request, upgrade};
use crate::cloud::{Draft, Upgrade, UpgradeStep};
use crate::event::{WallTime, What};

/// The messages, with bodies to start from. `serial` makes their ids; it is the time in milliseconds, as whoever asks for drafts makes
/// it, and the times of bodies are that.
pub(super) fn drafts(device_id: &str, serial: u64) -> Vec<Draft> {
    let maker = Maker::new(device_id, serial);
    let mut drafts = maker.own();
    drafts.extend(maker.upgrades());
    drafts.extend(maker.sub_devices());
    drafts.extend(maker.functions());
    drafts
}

/// Makes the messages of one device at one moment.
struct Maker<'a> {
    device_id: &'a str,
    serial: u64,
    id: String,
    at: WallTime,
    time: String,
}

impl<'a> Maker<'a> {
    fn new(device_id: &'a str, serial: u64) -> Self {
        let at = WallTime::from_unix_micros(i64::try_from(serial).unwrap_or(0).saturating_mul(1_000));
        Self { device_id, serial, id: serial.to_string(), at, time: request::event_time(at) }
    }

    fn sys(&self, tail: &str) -> String {
        format!("$oc/devices/{}/sys/{tail}", self.device_id)
    }

    fn report(&self, label: &str, tail: &str, body: &Value) -> Draft {
        Draft::json(label, What::PropertyReport, self.sys(tail), body)
    }

    /// The example service with the time at which its values were taken.
    fn timed(&self) -> Value {
        let mut service = bodies::smoke_detector();
        service["event_time"] = json!(self.time);
        service
    }

    /// One of the platform's own functions.
    #[expect(clippy::needless_pass_by_value, reason = "parameters are written where they are handed over")]
    fn function(&self, label: &str, service: &str, kind: &str, paras: Value) -> Draft {
        let body = json!({ "object_device_id": self.device_id, "services": [{
            "service_id": service, "event_type": kind, "event_time": self.time, "event_id": self.id, "paras": paras
        }] });
        Draft::json(label, What::Event, self.sys("events/up"), &body)
    }

    /// What a device says of itself.
    fn own(&self) -> Vec<Draft> {
        let smoke = json!({ "services": [bodies::smoke_detector()] });
        let message = json!({ "object_device_id": self.device_id, "name": "note", "id": self.id, "content": "hello" });
        let event = json!({ "services": [{
            "service_id": "smokeDetector", "event_type": "smokeAlarm", "event_id": self.id,
            "paras": { "smokeConcentration": 89.5 }
        }] });
        let custom = format!("$oc/devices/{}/user/example", self.device_id);
        let shadow = self.sys(&format!("shadow/get/request_id={}", self.serial));
        vec![
            self.report("property report", "properties/report", &smoke),
            Draft::json("message", What::Message, self.sys("messages/up"), &message),
            Draft::json("event", What::Event, self.sys("events/up"), &event),
            Draft::json("shadow: ask for it", What::Shadow, shadow, &json!({})),
            Draft::json("custom topic", What::Custom, custom, &json!({ "hello": 1 })),
            self.report("property report with its time", "properties/report", &json!({ "services": [self.timed()] })),
            self.report("property report, packed with gzip", "properties/report?encoding=gzip", &smoke),
            Draft::json(
                "to another device",
                What::Message,
                format!("$oc/m2m/to/other/request_id={}", self.serial),
                &json!({ "hello": 1 }),
            ),
        ]
    }

    fn upgrades(&self) -> Vec<Draft> {
        let firmware = Upgrade { module: "firmware".to_owned(), version: "2.0.0".to_owned(), size: None };
        let steps = [("upgrade: halfway", UpgradeStep::Installing(0)), ("upgrade: failure", UpgradeStep::Failed(10))];
        let mut drafts = vec![upgrade::version_report(self.device_id, self.at, "firmware", "1.0.0")];
        drafts.extend(steps.into_iter().filter_map(|(label, step)| {
            Some(Draft { label: label.to_owned(), ..upgrade::progress(self.device_id, self.at, &firmware, step)? })
        }));
        drafts
    }

    fn sub_devices(&self) -> Vec<Draft> {
        let manager = "$sub_device_manager";
        let sub = format!("{}_sub01", self.device_id);
        let batch = json!({ "devices": [{ "device_id": sub, "services": [self.timed()] }] });
        let added = json!({ "devices": [{ "parent_device_id": self.device_id, "node_id": "sub01", "device_id": sub,
            "name": "sub01", "product_id": "5f0c0de0" }] });
        let online = json!({ "device_statuses": [{ "device_id": sub, "status": "ONLINE" }] });
        vec![
            self.report("sub-devices: report for them", "gateway/sub_devices/properties/report", &batch),
            self.function("sub-devices: they are online", manager, "sub_device_update_status", online),
            self.function("sub-devices: add", manager, "add_sub_device_request", added),
            self.function("sub-devices: delete", manager, "delete_sub_device_request", json!({ "devices": [sub] })),
            self.function("sub-devices: ask for the list", manager, "sub_device_sync_request", json!({ "version": 0 })),
        ]
    }

    /// Time, files, logs and versions.
    fn functions(&self) -> Vec<Draft> {
        let files = "$file_manager";
        let file = json!({ "file_name": "log.txt", "file_attributes": { "hash_code": EMPTY_SHA256, "size": 0 } });
        let put = json!({ "object_name": "log.txt", "result_code": 0, "status_code": 200, "status_description": "ok" });
        let log = json!({ "timestamp": self.id, "type": "DEVICE_MESSAGE", "content": "hello" });
        let versions = json!({ "device_sdk_version": "standin", "sw_version": "1.0.0", "fw_version": "1.0.0" });
        let sent = json!({ "device_send_time": self.serial });
        vec![
            self.function("time: ask for it", "$time_sync", "time_sync_request", sent),
            self.function("file: ask where to put it", files, "get_upload_url", file.clone()),
            self.function("file: it was put there", files, "upload_result_report", put),
            self.function("file: ask where to get it", files, "get_download_url", file),
            self.function("log", "$log", "log_report", log),
            self.function("versions of SDK and programs", "$sdk_info", "sdk_info_report", versions),
        ]
    }
}

/// SHA-256 of nothing.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
