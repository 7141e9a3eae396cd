//! The platform's own functions, which speak in events: time, upgrades, sub-devices, files, logs, configs.
//!
//! Source: the device-side API of IoTDA, "events". What lives here: what such an event says, and what it tells a device. What may
//! not: making them (`drafts`, `upgrade`).

use serde_json::{Map, Value};

use super::bodies::code_words;
use super::{codes, upgrade};
use crate::cloud::line::{self, Line, bounded};
use crate::cloud::{Summary, Told};

/// One service's part of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event<'a> {
    /// The service. The platform's own begin with `$`, but one SDK leaves that out for sub-devices: it is put back here.
    pub(super) service: &'a str,
    pub(super) kind: &'a str,
    pub(super) paras: Option<&'a Map<String, Value>>,
}

/// The parts of an event, service by service; those without a type are none.
pub(super) fn parts(body: &Map<String, Value>) -> impl Iterator<Item = Event<'_>> {
    let services = body.get("services").and_then(Value::as_array).into_iter().flatten();
    services.filter_map(|part| {
        let service = part.get("service_id").and_then(Value::as_str).unwrap_or_default();
        Some(Event {
            service: if service == "sub_device_manager" { "$sub_device_manager" } else { service },
            kind: part.get("event_type").and_then(Value::as_str)?,
            paras: part.get("paras").and_then(Value::as_object),
        })
    })
}

/// Says what an event holds: the first part gives the name, each further one is named in the line.
pub(super) fn summary(body: &Map<String, Value>) -> Option<Summary> {
    let mut parts = parts(body);
    let first = parts.next()?;
    let mut line = Line::default();
    let mut failed = detail(&first, &mut line);
    for part in parts {
        line.word(&format!("{}:", part.kind));
        failed |= detail(&part, &mut line);
    }
    Some(Summary { name: bounded(first.kind), detail: line.finish(), failed })
}

/// What a part says behind its name; whether that is a failure.
fn detail(event: &Event<'_>, line: &mut Line) -> bool {
    let Some(paras) = event.paras else { return false };
    match (event.service, event.kind) {
        ("$ota", "upgrade_progress_report") => return upgrade::progress_words(paras, line),
        ("$ota", kind) if kind.contains("upgrade") => upgrade::order_words(paras, line),
        ("$sub_device_manager", _) => return sub_devices(paras, line),
        ("$file_manager", kind) if kind.ends_with("_response") => file(paras, line),
        ("$file_manager", kind) if kind.ends_with("_result_report") => return file_result(paras, line),
        ("$device_config", "config_update") => match paras.get("config_content") {
            Some(Value::Object(content)) => line.pairs(content),
            Some(content) => line.value(content),
            None => {}
        },
        ("$device_config", "config_update_response") => return result(paras, line),
        _ => line.pairs_of(paras.iter().filter(|(name, _)| !is_token(name))),
    }
    false
}

/// Whoever has a token (of a tunnel, of a download) may use it: it is not said.
fn is_token(name: &str) -> bool {
    name.ends_with("token")
}

/// `result_code` in words, then what the device adds; a missing code counts as 0.
fn result(paras: &Map<String, Value>, line: &mut Line) -> bool {
    let code = paras.get("result_code").map_or(Some(0), |code| line::code(Some(code)));
    match code {
        Some(code) => line.word(&format!("{code} {}", code_words(code))),
        None => line.word("unreadable result_code"),
    }
    let description = paras.get("result_desc").and_then(Value::as_str).unwrap_or_default();
    if code.map(code_words) != Some(description) {
        line.word(description);
    }
    code != Some(0)
}

/// What became of a file: its name, the device's code, the answer of the store.
fn file_result(paras: &Map<String, Value>, line: &mut Line) -> bool {
    line.word(paras.get("object_name").and_then(Value::as_str).unwrap_or(""));
    let failed = result(paras, line);
    if let Some(status) = line::code(paras.get("status_code")) {
        line.word(&format!("HTTP {status}"));
    }
    line.word(paras.get("status_description").and_then(Value::as_str).unwrap_or(""));
    failed
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
        let of = |key: &str| device.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let code = of("error_code").unwrap_or_default();
        detail.word(code);
        detail.word(of("error_msg").or_else(|| codes::words(code)).unwrap_or(""));
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

/// What an event of the platform tells the device: the first part that tells something.
pub(super) fn told(body: &Map<String, Value>) -> Option<Told> {
    parts(body).find_map(|event| told_by(&event))
}

fn told_by(event: &Event<'_>) -> Option<Told> {
    let of = |key: &str| event.paras.and_then(|paras| paras.get(key));
    match (event.service, event.kind) {
        ("$time_sync", "time_sync_response") => Some(Told::Time {
            device_sent: line::code(of("device_send_time"))?,
            received: line::code(of("server_recv_time"))?,
            sent: line::code(of("server_send_time"))?,
        }),
        ("$ota", "version_query") => Some(Told::VersionWanted),
        ("$ota", kind) => upgrade::ordered(kind, event.paras?).map(Told::Upgrade),
        ("$device_config", "config_update") => Some(Told::Order { name: "config update".to_owned() }),
        _ => None,
    }
}

/// The config that is pushed in an event, which wants an acknowledgement.
pub(super) fn config_update(body: &Map<String, Value>) -> Option<Event<'_>> {
    parts(body).find(|event| (event.service, event.kind) == ("$device_config", "config_update"))
}
