//! What the composer offers for a UCloud device: every message that it can send by itself, the report first.

use serde_json::{Value, json};

use super::{bodies, upgrade};
use crate::cloud::{Draft, Upgrade, UpgradeStep};
use crate::event::What;
use crate::profile::UcloudIdentity;

/// The messages, with bodies to start from. `serial` makes the `RequestID`s.
pub(super) fn drafts(device: &UcloudIdentity, serial: u64) -> Vec<Draft> {
    let id = serial.to_string();
    let system = |tail: &str| format!("/$system/{}/{}/{tail}", device.product_sn, device.device_sn);
    let draft = |label: &str, what, tail: &str, body: Value| Draft::json(label, what, system(tail), &body);
    let custom = format!("/{}/{}/upload", device.product_sn, device.device_sn);
    let firmware = Upgrade { module: String::new(), version: "1.0.1".to_owned(), size: None };
    let progress = |step| upgrade::progress(device, &firmware, step);
    let mut drafts = vec![
        bodies::report(device, serial, &json!({ "temperature": { "Value": 21.4 }, "humidity": { "Value": 40 } })),
        draft(
            "event",
            What::Event,
            "tmodel/event/post",
            json!({ "RequestID": id, "Identifier": "alarm", "Output": { "temperature": 80.5 } }),
        ),
        // The serial is the time in milliseconds, as whoever asks for drafts makes it.
        Draft {
            label: "property report with its time".to_owned(),
            ..bodies::report(device, serial, &json!({ "temperature": { "Value": 21.4, "Time": serial } }))
        },
        Draft::json("custom topic", What::Custom, custom, &json!({ "hello": 1 })),
        draft("last reported properties", What::System, "tmodel/property/restore", json!({ "RequestID": id })),
        draft(
            "desired: ask for it",
            What::Shadow,
            "tmodel/property/desired/get",
            json!({ "RequestID": id, "Require": ["temperature"] }),
        ),
        draft(
            "desired: delete",
            What::Shadow,
            "tmodel/property/desired/delete",
            json!({ "RequestID": id, "Delete": { "temperature": { "Version": 1 } } }),
        ),
        draft(
            "shadow: report",
            What::Shadow,
            "shadow/upstream",
            json!({ "Method": "update", "State": { "Reported": { "temperature": 21.4 } }, "Version": 1 }),
        ),
        draft("shadow: ask for it", What::Shadow, "shadow/get", json!({ "Method": "get" })),
        draft(
            "shadow: delete a value",
            What::Shadow,
            "shadow/upstream",
            json!({ "Method": "delete", "State": { "Reported": { "temperature": null } }, "Version": 2 }),
        ),
        draft("template: ask for it", What::System, "tmodel/template/get", json!({ "RequestID": id })),
        upgrade::version_report(device, "", "1.0.0"),
        upgrade::request(device, "1.0.0"),
    ];
    let steps = [
        ("upgrade: downloading", UpgradeStep::Downloading(50)),
        ("upgrade: installing", UpgradeStep::Installing(50)),
        ("upgrade: success", UpgradeStep::Done),
        ("upgrade: failure", UpgradeStep::Failed(-1)),
    ];
    drafts.extend(
        steps.into_iter().filter_map(|(label, step)| Some(Draft { label: label.to_owned(), ..progress(step)? })),
    );
    drafts
}
