//! Huawei's bodies: what they say in one line, and what answers them.

use serde_json::{Map, Value, json};

use super::{functions, legacy as older};
use crate::cloud::line::{self, Body, Line, bounded};
use crate::cloud::{Summary, pretty};
use crate::event::What;

/// Says what a message holds; `own` is the device whose topic it came or went on.
pub(super) fn summary(own: &str, what: What, payload: &[u8]) -> Summary {
    let body = Body::read(payload);
    let said = body.object().and_then(|object| match what {
        What::Command => command(object),
        What::CommandReply | What::PropertySetReply => Some(result(object)),
        What::PropertyReport | What::PropertySet | What::PropertyGetReply => services(object).map(Summary::detail),
        What::PropertyGet => Some(asked_service(object)),
        What::Event | What::Ota => functions::summary(object),
        What::Shadow => shadow(object).map(Summary::detail),
        What::Message => message(object),
        _ => None,
    });
    let said = said.unwrap_or_else(|| Summary::detail(body.words()));
    match body.object().filter(|_| what.is_request()).and_then(|object| target(own, object)) {
        Some(target) if said.detail.is_empty() => Summary { detail: bounded(&format!("for {target}")), ..said },
        Some(target) => Summary { detail: bounded(&format!("for {target}: {}", said.detail)), ..said },
        None => said,
    }
}

/// Says what a message of the older interface holds.
pub(super) fn legacy(payload: &[u8]) -> Summary {
    let body = Body::read(payload);
    body.object().and_then(older::summary).unwrap_or_else(|| Summary::detail(body.words()))
}

/// The sub-device that a body names, where that is not the device `own` itself.
pub(super) fn target<'a>(own: &str, body: &'a Map<String, Value>) -> Option<&'a str> {
    let target = body.get("object_device_id").and_then(Value::as_str);
    target.filter(|target| !target.is_empty() && *target != own)
}

/// What a command is called; `command` where it does not say.
pub(super) fn command_name(payload: &[u8]) -> String {
    let body = Body::read(payload);
    let name = body.object().and_then(command).map(|said| said.name).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| "command".to_owned())
}

/// The meaning of a `result_code`; 0 is success, anything else failure. 1 and 2 are Huawei's own SDK's.
pub(super) fn code_words(code: i64) -> &'static str {
    match code {
        0 => "success",
        2 => "timeout",
        _ => "failed",
    }
}

/// The body of the answer to a request of kind `what`; `None` where it is no request.
pub(super) fn answer(what: What, payload: &[u8], code: i64) -> Option<String> {
    let words = code_words(code);
    let body = match what {
        What::Command => {
            json!({ "result_code": code, "response_name": "COMMAND_RESPONSE", "paras": { "result": words } })
        }
        What::PropertySet => json!({ "result_code": code, "result_desc": words }),
        // This answer has no place for a code: a device that cannot read its properties has none to tell.
        What::PropertyGet if code != 0 => json!({ "services": [] }),
        What::PropertyGet => property_values(payload),
        _ => return None,
    };
    Some(pretty(&body))
}

/// The smoke detector of Huawei's own examples.
pub(super) fn smoke_detector() -> Value {
    json!({
        "service_id": "smokeDetector",
        "properties": { "alarm": 0, "temperature": 21.4, "humidity": 40, "smokeConcentration": 12.5 }
    })
}

fn property_values(payload: &[u8]) -> Value {
    let asked = Body::read(payload);
    let service = match asked.object().and_then(|object| object.get("service_id")).and_then(Value::as_str) {
        None | Some("smokeDetector") => smoke_detector(),
        Some(other) => json!({ "service_id": other, "properties": { "example": 0 } }),
    };
    json!({ "services": [service] })
}

fn command(object: &Map<String, Value>) -> Option<Summary> {
    let name = object.get("command_name").and_then(Value::as_str)?;
    let mut detail = Line::default();
    if let Some(paras) = object.get("paras").and_then(Value::as_object) {
        detail.pairs(paras);
    }
    Some(Summary { name: bounded(name), detail: detail.finish(), failed: false })
}

/// `0 success`, then what the device adds. A missing code counts as 0.
fn result(object: &Map<String, Value>) -> Summary {
    let code = object.get("result_code").map_or(Some(0), |code| line::code(Some(code)));
    let mut detail = Line::default();
    match code {
        Some(code) => detail.word(&format!("{code} {}", code_words(code))),
        None => detail.word("unreadable result_code"),
    }
    if let Some(description) = object.get("result_desc").and_then(Value::as_str)
        && description != code.map_or("", code_words)
    {
        detail.word(description);
    }
    if let Some(paras) = object.get("paras").and_then(Value::as_object) {
        detail.pairs(paras);
    }
    Summary { name: String::new(), detail: detail.finish(), failed: code != Some(0) }
}

/// The properties of each service; a service is named where there are several.
fn services(object: &Map<String, Value>) -> Option<String> {
    let mut detail = Line::default();
    if let Some(devices) = object.get("devices").and_then(Value::as_array) {
        for device in devices {
            detail.word(device.get("device_id").and_then(Value::as_str).unwrap_or("?"));
            properties(&mut detail, device.get("services")?.as_array()?, true);
        }
    } else {
        let services = object.get("services")?.as_array()?;
        properties(&mut detail, services, services.len() > 1);
    }
    Some(detail.finish())
}

fn properties(detail: &mut Line, services: &[Value], named: bool) {
    for service in services {
        if named {
            let name = service.get("service_id").and_then(Value::as_str).unwrap_or("?");
            detail.word(&format!("{name}:"));
        }
        if let Some(properties) = service.get("properties").and_then(Value::as_object) {
            detail.pairs(properties);
        }
    }
}

fn asked_service(object: &Map<String, Value>) -> Summary {
    Summary::detail(object.get("service_id").and_then(Value::as_str).map_or("all services".to_owned(), bounded))
}

/// The shadow of each service: desired, reported and version.
fn shadow(object: &Map<String, Value>) -> Option<String> {
    let mut detail = Line::default();
    for service in object.get("shadow")?.as_array()? {
        detail.word(service.get("service_id").and_then(Value::as_str).unwrap_or("?"));
        for part in ["desired", "reported"] {
            let values = service.get(part).and_then(|part| part.get("properties")).and_then(Value::as_object);
            if let Some(values) = values.filter(|values| !values.is_empty()) {
                detail.word(part);
                detail.pairs(values);
            }
        }
        if let Some(version) = line::code(service.get("version")) {
            detail.word(&format!("v{version}"));
        }
    }
    Some(detail.finish())
}

/// A message in Huawei's own envelope; any other bytes are a message too.
fn message(object: &Map<String, Value>) -> Option<Summary> {
    let content = object.get("content")?;
    let mut detail = Line::default();
    match content {
        Value::String(text) => detail.word(text),
        Value::Object(members) => detail.pairs(members),
        other => detail.value(other),
    }
    let name = object.get("name").and_then(Value::as_str).unwrap_or("");
    Some(Summary { name: bounded(name), detail: detail.finish(), failed: false })
}
