//! Upgrades over the air: what an order says, and what the device says of its version and its progress.
//!
//! What lives here: bodies of `/ota/device/…` and of the answer to `thing/ota/firmware/get`. What may not: when they are sent.

use serde_json::{Map, Value, json};

use crate::cloud::{Draft, Upgrade, UpgradeStep, line};
use crate::event::What;
use crate::profile::AliyunIdentity;

/// How an upgrade can fail: the steps below zero.
pub(super) const FAILURES: &[(i64, &str)] =
    &[(-1, "upgrade failed"), (-2, "download failed"), (-3, "verification failed"), (-4, "flashing failed")];

/// The module of an order or a report that names none.
const DEFAULT_MODULE: &str = "default";

/// What an order, or the answer to a question for one, says; `None` where it orders nothing.
pub(super) fn ordered(body: &Map<String, Value>) -> Option<Upgrade> {
    // "1000" in an order, 200 in the answer to `thing.ota.firmware.get`.
    if !matches!(line::code(body.get("code")), Some(1000 | 200)) {
        return None;
    }
    let data = body.get("data")?;
    let text = |key: &str| data.get(key).and_then(Value::as_str);
    Some(Upgrade {
        module: text("module").filter(|module| !module.is_empty()).unwrap_or(DEFAULT_MODULE).to_owned(),
        version: text("version")?.to_owned(),
        size: data.get("size").and_then(Value::as_u64),
    })
}

/// The words for a step of the progress, which is a percentage or, below zero, a failure.
pub(super) fn step_words(step: i64) -> Option<&'static str> {
    FAILURES.iter().find(|(code, _)| *code == step).map(|(_, words)| *words)
}

/// The report of a version. A module called `default`, or by no name, is left out, as the documents have it.
pub(super) fn version_report(device: &AliyunIdentity, id: &str, module: &str, version: &str) -> Draft {
    let mut params = Map::from_iter([("version".to_owned(), json!(version))]);
    add_module(&mut params, module);
    let topic = format!("/ota/device/inform/{}/{}", device.product_key, device.device_name);
    Draft::json("version report", What::Ota, topic, &json!({ "id": id, "params": params }))
}

/// The report of a step; `None` for a failure that the documents do not list. The cloud has one percentage for the whole
/// upgrade: downloading is its first half, installing its second.
pub(super) fn progress(device: &AliyunIdentity, id: &str, upgrade: &Upgrade, step: UpgradeStep) -> Option<Draft> {
    let (number, words) = match step {
        UpgradeStep::Downloading(percent) => (i64::from(percent.min(100)) / 2, "downloading"),
        UpgradeStep::Installing(percent) => (50 + i64::from(percent.min(100)) / 2, "installing"),
        UpgradeStep::Done => (100, "done"),
        UpgradeStep::Failed(code) => (code, step_words(code)?),
    };
    let mut params =
        Map::from_iter([("step".to_owned(), json!(number.to_string())), ("desc".to_owned(), json!(words))]);
    add_module(&mut params, &upgrade.module);
    let topic = format!("/ota/device/progress/{}/{}", device.product_key, device.device_name);
    Some(Draft::json("upgrade progress", What::Ota, topic, &json!({ "id": id, "params": params })))
}

fn add_module(params: &mut Map<String, Value>, module: &str) {
    if !module.is_empty() && module != DEFAULT_MODULE {
        params.insert("module".to_owned(), json!(module));
    }
}
