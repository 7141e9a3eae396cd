//! What a device says of its own properties in a report.

use serde_json::Value;

use crate::cloud::Property;
use crate::profile::AliyunIdentity;

/// The values of a report on `topic` by `device` for itself; none for other messages. A back-fill tells of the past and changes
/// nothing.
pub(super) fn reported(device: &AliyunIdentity, topic: &str, payload: &[u8]) -> Vec<(Property, Value)> {
    let path = topic.strip_prefix("/sys/").and_then(|rest| rest.strip_prefix(device.product_key.as_str()));
    let path = path.and_then(|rest| rest.strip_prefix('/')?.strip_prefix(device.device_name.as_str()));
    if path != Some("/thing/event/property/post") {
        return Vec::new();
    }
    // A report that is no JSON tells nothing.
    let Ok(body) = serde_json::from_slice::<Value>(payload) else { return Vec::new() };
    let values = body.get("params").and_then(Value::as_object).into_iter().flatten();
    values.map(|(name, value)| (Property::of("", name), bare(value).clone())).collect()
}

/// A value may come with its time, as `{"value": v, "time": ms}`; a struct may have a member of that name too, but others as well.
fn bare(value: &Value) -> &Value {
    let timed = value.as_object().filter(|members| members.keys().all(|name| name == "value" || name == "time"));
    timed.and_then(|members| members.get("value")).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::profile::{AliyunTimestamp, SecretSource, SignMethod};

    #[test]
    fn a_report_tells_values_with_and_without_their_time() {
        let device = AliyunIdentity {
            ext: None,
            is_token: false,
            product_key: "pk".to_owned(),
            device_name: "dn".to_owned(),
            secret: SecretSource::Env("UNUSED".to_owned()),
            client_id: "c".to_owned(),
            sign_method: SignMethod::default(),
            timestamp: AliyunTimestamp::Now,
        };
        let body = json!({ "id": "1", "version": "1.0", "method": "thing.event.property.post", "params": {
            "level": 3, "light": { "value": true, "time": 1_510_799_670_074_i64 }, "place": { "value": 1, "unit": "m" },
        } })
        .to_string();
        let values = |topic: &str| {
            let values = reported(&device, topic, body.as_bytes());
            values.into_iter().map(|(property, value)| (property.name, value)).collect::<Vec<_>>()
        };
        let expected = [("level", json!(3)), ("light", json!(true)), ("place", json!({ "value": 1, "unit": "m" }))];
        assert_eq!(
            values("/sys/pk/dn/thing/event/property/post"),
            expected.map(|(name, value)| (name.to_owned(), value))
        );
        for other in [
            "/sys/pk/other/thing/event/property/post",
            "/sys/pk/dn/thing/event/property/history/post",
            "/sys/pk/dn/thing/event/alarm/post",
        ] {
            assert!(values(other).is_empty(), "{other}");
        }
    }
}
