//! Upgrades over the air: what an order says, and what the device says of its version and its progress.
//!
//! Source: the documents' OTA pages. They give the codes of a failure as numbers alone; the words are those of the vendor's C SDK.

use serde_json::{Map, Value, json};

use crate::cloud::line::{self, Line};
use crate::cloud::{Draft, Summary, Told, Upgrade, UpgradeStep};
use crate::event::What;
use crate::profile::UcloudIdentity;

/// How an upgrade can fail.
pub(super) const FAILURES: &[(i64, &str)] = &[
    (-1, "download timed out"),
    (-2, "no such file"),
    (-3, "download not allowed"),
    (-4, "MD5 does not match"),
    (-5, "installation failed"),
];

/// The module that the documents' examples upgrade.
const DEFAULT_MODULE: &str = "default";

/// What a message orders; `None`: nothing.
pub(super) fn told(object: &Map<String, Value>) -> Option<Told> {
    match object.get("Method")?.as_str()? {
        "update_firmware" => {
            let payload = object.get("Payload")?;
            let text = |key: &str| payload.get(key).and_then(Value::as_str);
            Some(Told::Upgrade(Upgrade {
                module: text("Module").filter(|module| !module.is_empty()).unwrap_or(DEFAULT_MODULE).to_owned(),
                version: text("Version")?.to_owned(),
                size: payload.get("Size").and_then(|size| line::code(Some(size))).and_then(|size| size.try_into().ok()),
            }))
        }
        "cancel_update" => Some(Told::UpgradeCancelled),
        _ => None,
    }
}

/// What a message of either direction says.
pub(super) fn summary(object: &Map<String, Value>) -> Option<Summary> {
    let method = object.get("Method")?.as_str()?;
    let payload = object.get("Payload");
    let of = |key: &str| payload.and_then(|payload| payload.get(key));
    let mut detail = Line::default();
    for key in ["Module", "Version", "State"] {
        if let Some(text) = of(key).and_then(Value::as_str) {
            detail.word(text);
        }
    }
    if let Some(percent) = line::code(of("Percent")) {
        detail.word(&format!("{percent} %"));
    }
    if let Some(size) = line::code(of("Size")).and_then(|size| u64::try_from(size).ok()) {
        detail.word(&line::size(size));
    }
    let failure = line::code(of("ErrCode"));
    if let Some(code) = failure {
        detail.word(&code.to_string());
        detail.word(words(code).unwrap_or(""));
    }
    Some(Summary { name: method.replace('_', " "), detail: detail.finish(), failed: method == "report_fail" })
}

/// The words for a failure.
fn words(code: i64) -> Option<&'static str> {
    FAILURES.iter().find(|(known, _)| *known == code).map(|(_, words)| *words)
}

/// The report of a version.
pub(super) fn version_report(device: &UcloudIdentity, module: &str, version: &str) -> Draft {
    let body = json!({ "Method": "report_version", "Payload": { "Module": named(module), "Version": version } });
    upstream(device, "version report", &body)
}

/// The report of a step; `None` for a failure that the documents do not list.
pub(super) fn progress(device: &UcloudIdentity, upgrade: &Upgrade, step: UpgradeStep) -> Option<Draft> {
    let module = named(&upgrade.module);
    let running = |state: &str, percent: u8| {
        let payload = json!({ "Module": module, "State": state, "Percent": percent.min(100) });
        json!({ "Method": "report_progress", "Payload": payload })
    };
    let body = match step {
        UpgradeStep::Downloading(percent) => running("downloading", percent),
        UpgradeStep::Installing(percent) => running("burning", percent),
        UpgradeStep::Done => {
            json!({ "Method": "report_success", "Payload": { "Module": module, "Version": upgrade.version } })
        }
        UpgradeStep::Failed(code) => {
            words(code)?;
            json!({ "Method": "report_fail", "Payload": { "Module": module, "ErrCode": code } })
        }
    };
    Some(upstream(device, "upgrade progress", &body))
}

/// The question whether there is an upgrade.
pub(super) fn request(device: &UcloudIdentity, version: &str) -> Draft {
    let payload = json!({ "Module": DEFAULT_MODULE, "Version": version });
    upstream(device, "ask for an upgrade", &json!({ "Method": "request_firmware", "Payload": payload }))
}

fn named(module: &str) -> &str {
    if module.is_empty() { DEFAULT_MODULE } else { module }
}

fn upstream(device: &UcloudIdentity, label: &str, body: &Value) -> Draft {
    let topic = format!("/$system/{}/{}/ota/upstream", device.product_sn, device.device_sn);
    Draft::json(label, What::Ota, topic, body)
}
