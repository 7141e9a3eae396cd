//! The platform's own functions, which speak in events: time, upgrades, sub-devices, files, logs, configs.
//!
//! Source: the device-side API of IoTDA, "events". What lives here: what such an event says, and what it tells a device. What may
//! not: making them (`drafts`, `upgrade`).

use serde_json::{Map, Value};

use super::upgrade;
use crate::cloud::Told;
use crate::cloud::line::{self, Line};

/// One service's part of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event<'a> {
    /// The service, without the `$` that marks the platform's own: some SDKs leave it out.
    pub(super) service: &'a str,
    pub(super) kind: &'a str,
    pub(super) paras: Option<&'a Map<String, Value>>,
}

/// The first service's part; the documents' examples have one.
pub(super) fn first(body: &Map<String, Value>) -> Option<Event<'_>> {
    let first = body.get("services")?.as_array()?.first()?;
    let service = first.get("service_id").and_then(Value::as_str).unwrap_or_default();
    Some(Event {
        service: service.strip_prefix('$').unwrap_or(service),
        kind: first.get("event_type").and_then(Value::as_str)?,
        paras: first.get("paras").and_then(Value::as_object),
    })
}

/// What an event says behind its name, and whether that is a failure.
pub(super) fn detail(event: &Event<'_>) -> (String, bool) {
    let mut detail = Line::default();
    let Some(paras) = event.paras else { return (String::new(), false) };
    let mut failed = false;
    match (event.service, event.kind) {
        ("ota", "upgrade_progress_report") => failed = upgrade::progress_words(paras, &mut detail),
        ("ota", kind) if kind.contains("upgrade") => upgrade::order_words(paras, &mut detail),
        ("sub_device_manager", _) => failed = sub_devices(paras, &mut detail),
        ("file_manager", kind) if kind.ends_with("_response") => file(paras, &mut detail),
        ("device_config", "config_update") => match paras.get("config_content") {
            Some(Value::Object(content)) => detail.pairs(content),
            Some(content) => detail.value(content),
            None => {}
        },
        _ => detail.pairs(paras),
    }
    (detail.finish(), failed)
}

/// The devices of a request or an answer: `2 added`, `1 failed: node-9 IOTDA.014301 …`.
fn sub_devices(paras: &Map<String, Value>, detail: &mut Line) -> bool {
    let list = |key: &str| paras.get(key).and_then(Value::as_array);
    let name = |device: &Value| -> String {
        let of = |key: &str| device.get(key).and_then(Value::as_str);
        device.as_str().or_else(|| of("device_id")).or_else(|| of("node_id")).unwrap_or("?").to_owned()
    };
    for device in list("device_statuses").into_iter().flatten() {
        detail.word(&name(device));
        detail.word(device.get("status").and_then(Value::as_str).unwrap_or("?"));
    }
    for device in list("devices").into_iter().flatten() {
        detail.word(&name(device));
    }
    if let Some(done) = list("successful_devices") {
        detail.word(&format!("{} done", done.len()));
    }
    let failures = list("failed_devices").map(Vec::as_slice).unwrap_or_default();
    if !failures.is_empty() {
        detail.word(&format!("{} failed:", failures.len()));
    }
    for device in failures {
        detail.word(&name(device));
        for key in ["error_code", "error_msg"] {
            detail.word(device.get(key).and_then(Value::as_str).unwrap_or(""));
        }
    }
    if let Some(version) = line::code(paras.get("version")) {
        detail.word(&format!("v{version}"));
    }
    !failures.is_empty()
}

/// Where a file goes or comes from. The address is signed: whoever has it may use it, so that only its name is said.
fn file(paras: &Map<String, Value>, detail: &mut Line) {
    for key in ["bucket_name", "object_name"] {
        detail.word(paras.get(key).and_then(Value::as_str).unwrap_or(""));
    }
    if let Some(seconds) = line::code(paras.get("expire")) {
        detail.word(&format!("for {seconds} s"));
    }
}

/// What an event of the platform tells the device.
pub(super) fn told(body: &Map<String, Value>) -> Option<Told> {
    let event = first(body)?;
    let of = |key: &str| event.paras.and_then(|paras| paras.get(key));
    match (event.service, event.kind) {
        ("time_sync", "time_sync_response") => Some(Told::Time {
            device_sent: line::code(of("device_send_time"))?,
            received: line::code(of("server_recv_time"))?,
            sent: line::code(of("server_send_time"))?,
        }),
        ("ota", "version_query") => Some(Told::VersionWanted),
        ("ota", kind) => upgrade::ordered(kind, event.paras?).map(Told::Upgrade),
        ("device_config", "config_update") => Some(Told::Order { name: "config update".to_owned() }),
        _ => None,
    }
}
