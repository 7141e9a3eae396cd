//! Huawei's requests taken apart; the bodies of answers, reports, the question for the time and the acknowledgement of a config.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::functions::Event;
use super::{bodies, legacy};
use crate::cloud::{Answer, Asked, Draft, Properties, Property, Request, Told, line, pretty};
use crate::event::{WallTime, What};

/// The codes of an answer. Everything but 0 is a failure; 1 and 2 are what the vendor's own SDK sends.
pub(super) const CODES: &[(i64, &str)] = &[(0, "success"), (1, "failed"), (2, "timeout")];

/// Takes a request apart; `device_id` is the device that it came to.
pub(super) fn request(what: What, device_id: &str, asked: &Asked<'_>) -> Request {
    let mut request = Request::of(what);
    let Ok(Value::Object(body)) = serde_json::from_slice(asked.payload) else { return request };
    if asked.topic.starts_with(legacy::ROOT) {
        return legacy::request(&body);
    }
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    request.target = bodies::target(device_id, &body).map(str::to_owned);
    request.service = text("service_id");
    match what {
        What::Command => {
            request.name = text("command_name");
            request.input = body.get("paras").cloned().unwrap_or_default();
        }
        What::PropertySet => {
            let mut input = Map::new();
            for service in body.get("services").and_then(Value::as_array).into_iter().flatten() {
                let id = service.get("service_id").and_then(Value::as_str).unwrap_or_default();
                if let Some(properties) = service.get("properties").and_then(Value::as_object) {
                    request.write_all(id, properties);
                    input.extend(properties.clone());
                }
                id.clone_into(&mut request.service);
            }
            request.input = Value::Object(input);
        }
        _ => {}
    }
    request
}

/// The body of an answer; `None` where `what` is no request.
pub(super) fn answer(what: What, payload: &[u8], answer: &Answer<'_>) -> Option<String> {
    let code = answer.code.unwrap_or(0);
    let words = answer.message.unwrap_or_else(|| bodies::code_words(code));
    let body = match (what, answer.output, answer.properties) {
        (What::Command, Some(output), _) => {
            json!({ "result_code": code, "response_name": "COMMAND_RESPONSE", "paras": output })
        }
        (What::PropertySet, ..) => json!({ "result_code": code, "result_desc": words }),
        (What::PropertyGet, _, Some(properties)) if code == 0 => {
            let asked = serde_json::from_slice::<Value>(payload).unwrap_or_default();
            let service = asked.get("service_id").and_then(Value::as_str);
            json!({ "services": services(properties, service) })
        }
        _ => return bodies::answer(what, payload, code),
    };
    Some(pretty(&body))
}

/// A report of these values, all taken at `at` where that is given.
pub(super) fn report(values: &[(Property, Value)], at: Option<WallTime>) -> Value {
    let mut services: Vec<Value> = Vec::new();
    // A shadow may name tens of thousands of services: each is found without a look at the others.
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (property, value) in values {
        let known = places.get(property.service.as_str()).and_then(|place| services.get_mut(*place));
        if let Some(service) = known {
            service["properties"][&property.name] = value.clone();
        } else {
            places.insert(&property.service, services.len());
            let mut service = json!({ "service_id": property.service, "properties": { property.name.clone(): value } });
            if let Some(at) = at {
                service["event_time"] = json!(event_time(at));
            }
            services.push(service);
        }
    }
    json!({ "services": services })
}

/// The current values, service by service; each service has the time of its latest change.
fn services(properties: &Properties, only: Option<&str>) -> Vec<Value> {
    let mut services: BTreeMap<&str, (Map<String, Value>, WallTime)> = BTreeMap::new();
    for (property, current) in
        properties.iter().filter(|(property, _)| only.is_none_or(|only| only == property.service))
    {
        let (values, since) = services.entry(&property.service).or_default();
        values.insert(property.name.clone(), current.value.clone());
        *since = current.since.max(*since);
    }
    let service = |(id, (values, since)): (&str, (Map<String, Value>, WallTime))| json!({ "service_id": id, "properties": values, "event_time": event_time(since) });
    services.into_iter().map(service).collect()
}

/// What a shadow says is desired of its services.
pub(super) fn desired(body: &Map<String, Value>) -> Option<Told> {
    let (mut writes, mut version) = (Vec::new(), None);
    for service in body.get("shadow")?.as_array()? {
        let id = service.get("service_id").and_then(Value::as_str).unwrap_or_default();
        let values = service.get("desired").and_then(|desired| desired.get("properties")).and_then(Value::as_object);
        for (name, value) in values.into_iter().flatten() {
            writes.push((Property::of(id, name), value.clone()));
            version = line::code(service.get("version")).or(version);
        }
    }
    (!writes.is_empty()).then_some(Told::Desired { writes, version })
}

/// The question for the platform's time.
pub(super) fn ask_time(device_id: &str, serial: u64, at: WallTime) -> Draft {
    let sent = at.unix_micros().div_euclid(1_000);
    let body = json!({ "object_device_id": device_id, "services": [{
        "service_id": "$time_sync", "event_type": "time_sync_request", "event_time": event_time(at),
        "event_id": serial.to_string(), "paras": { "device_send_time": sent }
    }] });
    Draft::json("time request", What::Event, events_up(device_id), &body)
}

/// The acknowledgement of a config that was pushed.
pub(super) fn acknowledge(device_id: &str, event: &Event<'_>) -> Draft {
    let mut paras = json!({ "result_code": 0, "result_desc": "success" });
    if let Some(version) = event.paras.and_then(|paras| paras.get("version")) {
        paras["version"] = version.clone();
    }
    let body = json!({ "object_device_id": device_id, "services": [{
        "service_id": "$device_config", "event_type": "config_update_response", "paras": paras
    }] });
    Draft::json("reply to config update", What::Event, events_up(device_id), &body)
}

fn events_up(device_id: &str) -> String {
    format!("$oc/devices/{device_id}/sys/events/up")
}

/// `yyyyMMdd'T'HHmmss'Z'`.
pub(super) fn event_time(at: WallTime) -> String {
    let text: String = at.to_string().chars().filter(|char| !matches!(char, '-' | ':')).collect();
    let seconds = text.split('.').next().unwrap_or_default();
    format!("{}Z", seconds.trim_end_matches('Z'))
}
