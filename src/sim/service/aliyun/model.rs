//! The model (TSL) of the product that the embedded platform's devices belong to: what its offers call and write.

use serde_json::{Map, Value, json};

use super::alink::{BAD_PARAMETER, Verdict};

/// The whole model, as `thing.dsltemplate.get` answers.
pub(in crate::sim::service) fn whole() -> Value {
    let number = |kind: &str, min: &str, max: &str, unit: &str| json!({"type": kind, "specs": {"min": min, "max": max, "step": "1", "unit": unit}});
    let level = json!({"identifier": "level", "name": "level", "dataType": number("int", "0", "100", "%")});
    let post = json!({"identifier": "post", "name": "post", "type": "info", "required": true,
                      "method": "thing.event.property.post", "outputData": []});
    json!({
        "schema": "https://iotx-tsl.oss-ap-southeast-1.aliyuncs.com/schema.json",
        "profile": {"version": "1.0"},
        "properties": [
            {"identifier": "LightSwitch", "name": "switch", "accessMode": "rw", "required": true,
             "dataType": {"type": "bool", "specs": {"0": "off", "1": "on"}}},
            {"identifier": "temperature", "name": "temperature", "accessMode": "r", "required": false,
             "dataType": number("float", "-40", "85", "°C")},
            {"identifier": "humidity", "name": "humidity", "accessMode": "r", "required": false,
             "dataType": number("int", "0", "100", "%")},
        ],
        "events": [
            post,
            {"identifier": "alarm", "name": "alarm", "type": "alert", "required": false,
             "method": "thing.event.alarm.post",
             "outputData": [{"identifier": "temperature", "name": "temperature",
                             "dataType": number("float", "-40", "85", "°C")}]},
        ],
        "services": [
            {"identifier": "SetBrightness", "name": "brightness", "callType": "async", "required": false,
             "method": "thing.service.SetBrightness", "inputData": [level], "outputData": []},
            {"identifier": "SelfTest", "name": "self test", "callType": "sync", "required": false,
             "method": "thing.service.SelfTest", "inputData": [], "outputData": []},
        ],
    })
}

/// The named members of each property, event and service, as `thing.dynamicTsl.get` answers.
pub(super) fn nodes(params: &Value) -> Verdict {
    let wanted: Option<Vec<&str>> =
        params.get("nodes").and_then(Value::as_array).and_then(|nodes| nodes.iter().map(Value::as_str).collect());
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return BAD_PARAMETER };
    let whole = whole();
    let picked = ["properties", "events", "services"].into_iter().map(|part| {
        let items = whole.get(part).and_then(Value::as_array).into_iter().flatten();
        (part.to_owned(), Value::Array(items.map(|item| pick(item, &wanted)).collect()))
    });
    Verdict::yes(Value::Object(picked.collect()))
}

/// A property's `type` stands in its data type.
fn pick(item: &Value, wanted: &[&str]) -> Value {
    let member = |name: &&str| {
        let value = item.get(*name).or_else(|| item.get("dataType")?.get(*name))?;
        Some(((*name).to_owned(), value.clone()))
    };
    Value::Object(wanted.iter().filter_map(member).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nodes_that_are_asked_for_are_picked() {
        let got = nodes(&json!({"nodes": ["type", "identifier"], "addDefault": false}));
        assert_eq!(got.data["properties"][0], json!({"type": "bool", "identifier": "LightSwitch"}));
        assert_eq!(got.data["services"][0], json!({"identifier": "SetBrightness"}));
        for wrong in [json!({}), json!({"nodes": []}), json!({"nodes": [1]}), Value::Null] {
            assert_eq!(nodes(&wrong), BAD_PARAMETER);
        }
    }
}
