//! Upgrades over the air: what an order says, and what the device says of its versions and its progress.
//!
//! Source: the `$ota` service of the device-side API. An order of the first kind wants the download with a bearer token, one of the
//! second has an address that is signed already.

use serde_json::{Map, Value, json};

use super::request::event_time;
use crate::cloud::line::{self, Line};
use crate::cloud::{Draft, Upgrade, UpgradeStep};
use crate::event::{WallTime, What};

/// How an upgrade can fail.
pub(super) const FAILURES: &[(i64, &str)] = &[
    (1, "device busy"),
    (2, "poor signal"),
    (3, "already the latest version"),
    (4, "low power"),
    (5, "no space left"),
    (6, "download timed out"),
    (7, "package check failed"),
    (8, "package type not supported"),
    (9, "low memory"),
    (10, "installation failed"),
    (255, "internal failure"),
];

/// What an order says; `None` where the event orders nothing.
pub(super) fn ordered(kind: &str, paras: &Map<String, Value>) -> Option<Upgrade> {
    let module = match kind {
        "firmware_upgrade" | "firmware_upgrade_v2" => "firmware",
        "software_upgrade" | "software_upgrade_v2" => "software",
        _ => return None,
    };
    let size = line::code(paras.get("file_size")).and_then(|size| u64::try_from(size).ok());
    Some(Upgrade { module: module.to_owned(), version: paras.get("version")?.as_str()?.to_owned(), size })
}

/// An order in words. The token and the signed address are not said.
pub(super) fn order_words(paras: &Map<String, Value>, detail: &mut Line) {
    for key in ["version", "task_id"] {
        detail.word(paras.get(key).and_then(Value::as_str).unwrap_or(""));
    }
    if let Some(size) = line::code(paras.get("file_size")).and_then(|size| u64::try_from(size).ok()) {
        detail.word(&line::size(size));
    }
}

/// A step in words; whether it is a failure.
pub(super) fn progress_words(paras: &Map<String, Value>, detail: &mut Line) -> bool {
    let code = line::code(paras.get("result_code")).unwrap_or(0);
    detail.word(paras.get("version").and_then(Value::as_str).unwrap_or(""));
    if let Some(percent) = line::code(paras.get("progress")) {
        detail.word(&format!("{percent} %"));
    }
    if code != 0 {
        detail.word(&code.to_string());
        detail.word(words(code).unwrap_or(""));
    }
    detail.word(paras.get("description").and_then(Value::as_str).unwrap_or(""));
    code != 0
}

fn words(code: i64) -> Option<&'static str> {
    FAILURES.iter().find(|(known, _)| *known == code).map(|(_, words)| *words)
}

/// The report of versions. The documents' event names both; what is not asked for is left out.
pub(super) fn version_report(device_id: &str, at: WallTime, module: &str, version: &str) -> Draft {
    let key = if module == "software" { "sw_version" } else { "fw_version" };
    event(device_id, "version report", at, "version_report", &json!({ key: version }))
}

/// The report of a step; `None` for a failure that the documents do not list. The platform has one percentage: downloading is its
/// first half, installing its second.
pub(super) fn progress(device_id: &str, at: WallTime, upgrade: &Upgrade, step: UpgradeStep) -> Option<Draft> {
    let (code, percent) = match step {
        UpgradeStep::Downloading(percent) => (0, percent.min(100) / 2),
        UpgradeStep::Installing(percent) => (0, 50 + percent.min(99) / 2),
        UpgradeStep::Done => (0, 100),
        UpgradeStep::Failed(code) => (code, 0),
    };
    let mut paras = json!({ "result_code": code, "progress": percent, "version": upgrade.version });
    if code != 0 {
        paras["description"] = json!(words(code)?);
    }
    Some(event(device_id, "upgrade progress", at, "upgrade_progress_report", &paras))
}

fn event(device_id: &str, label: &str, at: WallTime, kind: &str, paras: &Value) -> Draft {
    let body = json!({ "object_device_id": device_id, "services": [{
        "service_id": "$ota", "event_type": kind, "event_time": event_time(at), "paras": paras
    }] });
    Draft::json(label, What::Ota, format!("$oc/devices/{device_id}/sys/events/up"), &body)
}
