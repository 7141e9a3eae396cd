//! The device shadow: what each service reported, and what is desired of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// No device has more services.
const SERVICES: usize = 500;
/// No service has more properties.
const PROPERTIES: usize = 500;

/// The shadow, by service.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    services: BTreeMap<String, Service>,
}

#[derive(Debug, Default)]
struct Service {
    reported: Part,
    desired: Part,
    version: i64,
}

#[derive(Debug, Default)]
struct Part {
    properties: Map<String, Value>,
    event_time: String,
}

impl Shadow {
    /// Takes a report in; services that do not say which they are are passed over.
    pub(super) fn report(&mut self, body: &Map<String, Value>, now: &str) {
        for service in body.get("services").and_then(Value::as_array).into_iter().flatten() {
            let id = service.get("service_id").and_then(Value::as_str);
            let properties = service.get("properties").and_then(Value::as_object);
            if let (Some(id), Some(properties)) = (id, properties)
                && let Some(known) = self.service(id)
            {
                // Absent, or not of the documented form: the platform's own time.
                let time = service.get("event_time").and_then(Value::as_str).filter(|time| is_time(time));
                known.reported.take(properties, time.unwrap_or(now));
                known.version += 1;
            }
        }
    }

    /// The application desires these values of a service.
    pub(super) fn want(&mut self, service: &str, properties: &Value, now: &str) {
        if let (Some(known), Some(properties)) = (self.service(service), properties.as_object()) {
            known.desired.take(properties, now);
            known.version += 1;
        }
    }

    /// The document, of one service or of all.
    pub(super) fn document(&self, device_id: &str, only: Option<&str>) -> Value {
        let wanted = self.services.iter().filter(|(id, _)| only.is_none_or(|only| only == id.as_str()));
        let shadow: Vec<Value> = wanted
            .map(|(id, service)| {
                json!({
                    "service_id": id, "desired": service.desired.json(), "reported": service.reported.json(),
                    "version": service.version
                })
            })
            .collect();
        json!({ "object_device_id": device_id, "shadow": shadow })
    }

    fn service(&mut self, id: &str) -> Option<&mut Service> {
        if self.services.len() >= SERVICES && !self.services.contains_key(id) {
            return None;
        }
        Some(self.services.entry(id.to_owned()).or_default())
    }
}

impl Part {
    fn take(&mut self, properties: &Map<String, Value>, time: &str) {
        for (name, value) in properties {
            if self.properties.len() < PROPERTIES || self.properties.contains_key(name) {
                self.properties.insert(name.clone(), value.clone());
            }
        }
        time.clone_into(&mut self.event_time);
    }

    fn json(&self) -> Value {
        json!({ "properties": self.properties, "event_time": self.event_time })
    }
}

/// The two forms that the documents know.
fn is_time(text: &str) -> bool {
    ["%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%S.%3fZ"].iter().any(|form| jiff::civil::DateTime::strptime(form, text).is_ok())
}
