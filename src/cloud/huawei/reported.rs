//! What a device says of its own properties in a report.

use serde_json::Value;

use super::legacy;
use crate::cloud::Property;
use crate::event::What;

/// The values of a report on `topic` by `device_id`, its body unpacked; none for other messages.
pub(super) fn reported(device_id: &str, topic: &str, payload: &[u8]) -> Vec<(Property, Value)> {
    if let Some(path) = topic.strip_prefix(legacy::ROOT).and_then(|rest| rest.strip_prefix(device_id)) {
        let is_report = path == "/data/json"
            && legacy::read(topic, payload).is_some_and(|message| message.what == What::PropertyReport);
        // That it is an object was seen when it was told to be a report.
        return if is_report {
            serde_json::from_slice(payload).map_or_else(|_| Vec::new(), |body| legacy::reported(&body))
        } else {
            Vec::new()
        };
    }
    let path = topic.strip_prefix("$oc/devices/").and_then(|rest| rest.strip_prefix(device_id));
    let path = path.map(|path| path.split_once('?').map_or(path, |(path, _)| path));
    if path != Some("/sys/properties/report") {
        return Vec::new();
    }
    // A report that is no JSON tells nothing.
    let Ok(body) = serde_json::from_slice::<Value>(payload) else { return Vec::new() };
    let services = body.get("services").and_then(Value::as_array).into_iter().flatten();
    services
        .filter_map(|service| {
            let id = service.get("service_id")?.as_str()?;
            Some((id, service.get("properties")?.as_object()?))
        })
        .flat_map(|(id, values)| values.iter().map(move |(name, value)| (Property::of(id, name), value.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_tells_the_properties_of_each_service() {
        let body = json!({ "services": [
            { "service_id": "smoke", "properties": { "alarm": 1, "level": 2.5 }, "event_time": "20250101T000000Z" },
            { "service_id": "battery", "properties": { "left": "80 %" } },
        ] })
        .to_string();
        let values = |topic: &str| {
            let values = reported("d1", topic, body.as_bytes());
            values.into_iter().map(|(property, value)| (property.to_string(), value)).collect::<Vec<_>>()
        };
        let expected = [("smoke/alarm", json!(1)), ("smoke/level", json!(2.5)), ("battery/left", json!("80 %"))];
        let expected = expected.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(values("$oc/devices/d1/sys/properties/report"), expected);
        assert_eq!(values("$oc/devices/d1/sys/properties/report?request_id=7"), expected);
        for other in
            ["$oc/devices/d2/sys/properties/report", "$oc/devices/d1/sys/gateway/sub_devices/properties/report"]
        {
            assert!(values(other).is_empty(), "{other}");
        }
        assert!(reported("d1", "$oc/devices/d1/sys/properties/report", b"\x1f\x8b").is_empty());
    }
}
