//! What Aliyun says to reports: properties of now and of the past, batches of a gateway, and events. Codes are those that the
//! documents give for what is wrong with a body; values are not checked against a product model, for the platform has none.

use serde_json::Value;

use super::alink::{BAD_PARAMETER, NO_SESSION, Verdict};
use super::place::Who;

/// No more properties are taken in one post (code 6106).
const PROPERTIES: usize = 200;
/// The code for more than [`PROPERTIES`].
const TOO_MANY: Verdict = Verdict::no(6106, "map size must less than 200");

/// The verdict on a report; `path` is what stands below `thing/event/`. `speaks` says whether a device may be reported for over
/// this connection: the sender itself, or a sub-device that is logged in.
pub(super) fn judge(path: &str, params: &Value, speaks: impl Fn(&Who) -> bool) -> Verdict {
    match path {
        "property/post" => properties(params),
        "property/history/post" => history(params, speaks),
        "property/pack/post" | "property/batch/post" => pack(params, speaks),
        _ if params.is_object() => Verdict::done(),
        _ => BAD_PARAMETER,
    }
}

fn properties(params: &Value) -> Verdict {
    match params.as_object() {
        Some(params) if params.len() > PROPERTIES => TOO_MANY,
        Some(_) => Verdict::done(),
        None => BAD_PARAMETER,
    }
}

/// A list of records, each with its device's identity, a list of properties and one of events.
fn history(params: &Value, speaks: impl Fn(&Who) -> bool) -> Verdict {
    let Some(records) = params.as_array().filter(|records| !records.is_empty()) else { return BAD_PARAMETER };
    for record in records {
        let is_list = |key: &str| record.get(key).is_none_or(Value::is_array);
        if !record.is_object() || !is_list("properties") || !is_list("events") {
            return BAD_PARAMETER;
        }
        // An empty identity is the sender's.
        if Who::read(record.get("identity").unwrap_or(&Value::Null)).is_some_and(|who| !speaks(&who)) {
            return NO_SESSION;
        }
        let posts = record.get("properties").and_then(Value::as_array);
        if posts.into_iter().flatten().any(|post| post.as_object().is_some_and(|post| post.len() > PROPERTIES)) {
            return TOO_MANY;
        }
    }
    Verdict::done()
}

/// The gateway's own properties and events, and those of its sub-devices.
fn pack(params: &Value, speaks: impl Fn(&Who) -> bool) -> Verdict {
    if !is_part(params) {
        return BAD_PARAMETER;
    }
    let sub_devices = match params.get("subDevices") {
        None => &[][..],
        Some(Value::Array(list)) => list.as_slice(),
        Some(_) => return BAD_PARAMETER,
    };
    for part in sub_devices {
        match part.get("identity").and_then(Who::read) {
            Some(who) if !speaks(&who) => return NO_SESSION,
            Some(_) if is_part(part) => {}
            _ => return BAD_PARAMETER,
        }
    }
    let many = |part: &Value| part.get("properties").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    let all: usize = sub_devices.iter().chain([params]).map(many).sum();
    if all > PROPERTIES { TOO_MANY } else { Verdict::done() }
}

/// An object whose properties and events, where it has them, are objects.
fn is_part(part: &Value) -> bool {
    part.is_object() && ["properties", "events"].iter().all(|key| part.get(key).is_none_or(Value::is_object))
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn code(path: &str, params: &Value) -> u32 {
        judge(path, params, |who| *who != Who::new("pk", "away")).code
    }

    fn many(count: usize) -> Value {
        Value::Object((0..count).map(|n| (format!("p{n}"), json!(n))).collect::<Map<_, _>>())
    }

    #[test]
    fn each_kind_of_report_is_judged_by_its_form() {
        let identity = |name: &str| json!({"productKey": "pk", "deviceName": name});
        let timed = json!({"Power": {"value": "on", "time": 1_524_448_722_000_u64}});
        for (path, params, expected) in [
            ("property/post", json!({"a": 1}), 200),
            ("property/post", json!({}), 200),
            ("property/post", json!([]), 460),
            ("property/post", Value::Null, 460),
            ("property/post", many(200), 200),
            ("property/post", many(201), 6106),
            ("alarm/post", json!({"value": {"temperature": 80.5}, "time": 1}), 200),
            ("alarm/post", json!("x"), 460),
            ("property/history/post", json!([{"identity": identity("gw"), "properties": [timed], "events": []}]), 200),
            (
                "property/history/post",
                json!([{"identity": {"productKey": "", "deviceName": ""}, "properties": [timed]}]),
                200,
            ),
            ("property/history/post", json!([{"identity": identity("away"), "properties": [timed]}]), 520),
            ("property/history/post", json!([{"properties": {"a": 1}}]), 460),
            ("property/history/post", json!([{"properties": [many(201)]}]), 6106),
            ("property/history/post", json!([]), 460),
            ("property/history/post", json!({"properties": [timed]}), 460),
            (
                "property/pack/post",
                json!({"properties": timed, "events": {}, "subDevices": [{"identity": identity("sub"), "properties": timed}]}),
                200,
            ),
            ("property/pack/post", json!({"subDevices": [{"identity": identity("away"), "properties": timed}]}), 520),
            ("property/pack/post", json!({"subDevices": [{"properties": timed}]}), 460),
            ("property/pack/post", json!({"subDevices": {}}), 460),
            ("property/pack/post", json!({"properties": [1]}), 460),
            (
                "property/pack/post",
                json!({"properties": many(150), "subDevices": [{"identity": identity("sub"), "properties": many(51)}]}),
                6106,
            ),
            ("property/batch/post", json!({"properties": {"Power": [{"value": "on", "time": 1}]}}), 200),
        ] {
            assert_eq!(
                code(path, &params),
                expected,
                "{path} {}",
                params.to_string().chars().take(200).collect::<String>()
            );
        }
    }
}
