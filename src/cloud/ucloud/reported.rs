//! What a device says of its own properties in a report.

use serde_json::Value;

use crate::cloud::Property;
use crate::profile::UcloudIdentity;

/// The values of a report on `topic` by `device`; none for other messages.
pub(super) fn reported(device: &UcloudIdentity, topic: &str, payload: &[u8]) -> Vec<(Property, Value)> {
    let path = topic.strip_prefix("/$system/").and_then(|rest| rest.strip_prefix(device.product_sn.as_str()));
    let path = path.and_then(|rest| rest.strip_prefix('/')?.strip_prefix(device.device_sn.as_str()));
    if path != Some("/tmodel/property/post") {
        return Vec::new();
    }
    // A report that is no JSON tells nothing.
    let Ok(body) = serde_json::from_slice::<Value>(payload) else { return Vec::new() };
    let values = body.get("Property").and_then(Value::as_object).into_iter().flatten();
    values.map(|(name, value)| (Property::of("", name), value.get("Value").unwrap_or(value).clone())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::profile::SecretSource;

    #[test]
    fn a_report_tells_values_with_and_without_their_time() {
        let device = UcloudIdentity {
            product_sn: "p".to_owned(),
            device_sn: "d".to_owned(),
            secret: SecretSource::Env("UNUSED".to_owned()),
        };
        let body = json!({ "RequestID": "1", "Property": {
            "temperature": { "Value": 21.4, "Time": 1_510_799_670_074_i64 }, "humidity": { "Value": 40 } } })
        .to_string();
        let values = |topic: &str| {
            let values = reported(&device, topic, body.as_bytes());
            values.into_iter().map(|(property, value)| (property.name, value)).collect::<Vec<_>>()
        };
        let expected = [("temperature", json!(21.4)), ("humidity", json!(40))];
        assert_eq!(values("/$system/p/d/tmodel/property/post"), expected.map(|(name, value)| (name.to_owned(), value)));
        assert!(values("/$system/p/d/tmodel/event/post").is_empty());
        assert!(values("/$system/p/other/tmodel/property/post").is_empty());
    }
}
