//! A device's answer with one thing wrong in it, on purpose: what a platform has to be proof against.
//!
//! What lives here: the faults, each of which breaks what it says and nothing else. What may not: who wants them, and when the
//! spoilt answer goes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::transfer::{Carried, Fresh, NewId, Transfer};
use super::{Direction, envelope, observed};
use crate::profile::Cloud;

/// Where a code stands in an answer's body.
const CODES: [&str; 4] = ["result_code", "errcode", "code", "RetCode"];

/// The answer with another request id than the one it answers, wherever the cloud has it: Huawei in the topic, Aliyun in the
/// body (of an RRPC in the topic), UCloud in both. `None`: there is no id in it.
pub fn wrong_id<'a>(cloud: Cloud, topic: &'a str, payload: &'a [u8]) -> Option<Carried<'a>> {
    let meaning = observed(cloud, &BTreeMap::new()).meaning(Direction::Up, topic, payload);
    let wrong = another_id(meaning.request_id.as_deref()?);
    let fresh = Fresh { id: NewId::Other(&wrong), shift_us: 0 };
    Some(Transfer::within(cloud).carry(Direction::Up, topic, payload, &fresh))
}

/// The body with one value of another type: the code as a text; where there is none, Huawei's list of services as an object, else
/// the first member's value. `None`: it is no JSON object with anything in it.
pub fn wrong_type(payload: &[u8]) -> Option<String> {
    // What is no JSON has no types, which the caller is told.
    let mut body: Value = serde_json::from_slice(payload).ok()?;
    let members = body.as_object_mut()?;
    let code = CODES.into_iter().find(|name| members.get(*name).is_some_and(|code| !code.is_object()));
    let value = match code {
        Some(name) => members.get_mut(name),
        None => members.values_mut().next(),
    }?;
    *value = match value.take() {
        Value::Number(number) => json!(number.to_string()),
        Value::Bool(flag) => json!(flag.to_string()),
        Value::Null => json!(0),
        text @ Value::String(_) => json!({ "value": text }),
        Value::Array(items) => items.into_iter().next().unwrap_or_else(|| json!({})),
        Value::Object(members) => Value::Array(vec![Value::Object(members)]),
    };
    Some(body.to_string())
}

/// The body without the brace or bracket that closes it. `None`: it is no JSON object or list.
pub fn broken_json(payload: &[u8]) -> Option<Vec<u8>> {
    let body: &[u8] = payload.trim_ascii();
    // Whether it is whole before it is broken.
    serde_json::from_slice::<serde::de::IgnoredAny>(body).ok()?;
    body.strip_suffix(b"}").or_else(|| body.strip_suffix(b"]")).map(<[u8]>::to_vec)
}

/// The body with blanks behind it, which JSON allows, so that it has `size` bytes; as it is where it has so many already.
pub fn oversized(payload: &[u8], size: usize) -> Vec<u8> {
    let mut out = payload.to_vec();
    out.resize(size.max(payload.len()), b' ');
    out
}

/// A topic on which answers go, but not the one to this request: that of another kind of request. An Aliyun RRPC is answered as
/// if it were a property set, one on a custom topic on the custom topic itself. `None`: answers do not go to `topic`.
pub fn wrong_topic(cloud: Cloud, topic: &str, payload: &[u8]) -> Option<String> {
    match cloud {
        Cloud::Huawei => huawei(topic),
        Cloud::Aliyun => aliyun(topic),
        Cloud::Ucloud => ucloud(topic, payload),
        Cloud::Mqtt => None,
    }
}

fn huawei(topic: &str) -> Option<String> {
    const TREES: [(&str, &str); 3] = [
        ("/sys/commands/response/", "/sys/properties/set/response/"),
        ("/sys/properties/set/response/", "/sys/commands/response/"),
        ("/sys/properties/get/response/", "/sys/properties/set/response/"),
    ];
    let (tree, other) = TREES.into_iter().find(|(tree, _)| topic.contains(tree))?;
    Some(topic.replacen(tree, other, 1))
}

fn aliyun(topic: &str) -> Option<String> {
    const SET: &str = "service/property/set_reply";
    if let Some(call) = topic.strip_prefix("/ext/rrpc/") {
        let (_, custom) = call.split_once('/')?;
        return Some(format!("/{}", custom.trim_start_matches('/')));
    }
    let rest = topic.strip_prefix("/sys/")?;
    let (product, below) = rest.split_once('/')?;
    let (device, path) = below.split_once('/')?;
    let other = match path.strip_prefix("thing/") {
        Some(SET) => "service/property/get_reply",
        Some(service) if service.starts_with("service/") && service.ends_with("_reply") => SET,
        None if path.starts_with("rrpc/response/") => SET,
        _ => return None,
    };
    Some(format!("/sys/{product}/{device}/thing/{other}"))
}

fn ucloud(topic: &str, payload: &[u8]) -> Option<String> {
    let model = topic.find("/tmodel/").and_then(|at| topic.get(..at + "/tmodel/".len()))?;
    let path = topic.strip_prefix(model)?;
    if path.starts_with("command_reply/") {
        return Some(format!("{model}property/set_reply"));
    }
    let id = envelope::uiot_id(payload).and_then(envelope::id_text).filter(|_| path == "property/set_reply")?;
    Some(format!("{model}command_reply/{id}"))
}

/// An id of the same form that is not `id`. Numbers stay below 2^32, as Aliyun wants them.
fn another_id(id: &str) -> String {
    if let Some(number) = id.parse::<u32>().ok().filter(|number| number.to_string() == id) {
        // Far from the ids that the platform counts up.
        return (number ^ 0x8000_0000).to_string();
    }
    let turned: String = id
        .chars()
        .map(|char| match char {
            '0'..='9' => char::from(b'9' - (u8::try_from(char).unwrap_or(b'0') - b'0')),
            'a'..='f' => char::from(b'f' - (u8::try_from(char).unwrap_or(b'a') - b'a')),
            'A'..='F' => char::from(b'F' - (u8::try_from(char).unwrap_or(b'A') - b'A')),
            other => other,
        })
        .collect();
    if turned == id { format!("{id}0") } else { turned }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers as the documents have them: cloud, topic, body.
    const ANSWERS: [(Cloud, &str, &str); 9] = [
        (
            Cloud::Huawei,
            "$oc/devices/d1/sys/commands/response/request_id=3a1f-77",
            r#"{"result_code":0,"response_name":"COMMAND_RESPONSE","paras":{"result":"success"}}"#,
        ),
        (
            Cloud::Huawei,
            "$oc/devices/d1/sys/properties/set/response/request_id=3a1f-77",
            r#"{"result_code":0,"result_desc":"success"}"#,
        ),
        (
            Cloud::Huawei,
            "$oc/devices/d1/sys/properties/get/response/request_id=3a1f-77",
            r#"{"services":[{"service_id":"smoke","properties":{"alarm":1}}]}"#,
        ),
        (Cloud::Aliyun, "/sys/pk/dn/thing/service/dim_reply", r#"{"id":"123","code":200,"data":{}}"#),
        (Cloud::Aliyun, "/sys/pk/dn/thing/service/property/set_reply", r#"{"id":123,"code":200,"data":{}}"#),
        (Cloud::Aliyun, "/sys/pk/dn/rrpc/response/812", r#"{"id":"123","code":200,"data":{}}"#),
        (Cloud::Aliyun, "/ext/rrpc/812/pk/dn/user/get", r#"{"free":"form"}"#),
        (
            Cloud::Ucloud,
            "/$system/p/d/tmodel/command_reply/77",
            r#"{"RequestID":"77","RetCode":0,"Identifier":"dim","Output":{}}"#,
        ),
        (Cloud::Ucloud, "/$system/p/d/tmodel/property/set_reply", r#"{"RequestID":"77","RetCode":0}"#),
    ];

    fn id_of(cloud: Cloud, topic: &str, payload: &[u8]) -> Option<String> {
        let platform = observed(cloud, &BTreeMap::new());
        platform.meaning(Direction::Up, topic, payload).request_id.map(std::borrow::Cow::into_owned)
    }

    #[test]
    fn a_wrong_id_changes_the_id_alone() {
        let changed = |(cloud, topic, payload): (Cloud, &str, &str)| {
            let spoilt = wrong_id(cloud, topic, payload.as_bytes()).unwrap();
            let (old, new) = (id_of(cloud, topic, payload.as_bytes()), id_of(cloud, &spoilt.topic, &spoilt.payload));
            assert!(new.is_some() && old != new, "{topic}");
            (spoilt.topic.into_owned(), String::from_utf8(spoilt.payload.into_owned()).unwrap())
        };
        // f and a change places: 3a1f becomes 6f8a.
        for (place, topic, body) in [
            (0, "$oc/devices/d1/sys/commands/response/request_id=6f8a-22", ANSWERS[0].2),
            (1, "$oc/devices/d1/sys/properties/set/response/request_id=6f8a-22", ANSWERS[1].2),
            (3, ANSWERS[3].1, r#"{"id":"2147483771","code":200,"data":{}}"#),
            (4, ANSWERS[4].1, r#"{"id":2147483771,"code":200,"data":{}}"#),
            (5, "/sys/pk/dn/rrpc/response/2147484460", ANSWERS[5].2),
            (6, "/ext/rrpc/2147484460/pk/dn/user/get", ANSWERS[6].2),
            (
                7,
                "/$system/p/d/tmodel/command_reply/2147483725",
                r#"{"RequestID":"2147483725","RetCode":0,"Identifier":"dim","Output":{}}"#,
            ),
            (8, ANSWERS[8].1, r#"{"RequestID":"2147483725","RetCode":0}"#),
        ] {
            assert_eq!(changed(ANSWERS[place]), (topic.to_owned(), body.to_owned()));
        }
        assert!(wrong_id(Cloud::Aliyun, ANSWERS[3].1, b"{}").is_none());
    }

    #[test]
    fn a_wrong_type_changes_one_value() {
        for ((_, topic, payload), (member, value)) in ANSWERS.into_iter().zip([
            ("result_code", json!("0")),
            ("result_code", json!("0")),
            ("services", json!({ "service_id": "smoke", "properties": { "alarm": 1 } })),
            ("code", json!("200")),
            ("code", json!("200")),
            ("code", json!("200")),
            ("free", json!({ "value": "form" })),
            ("RetCode", json!("0")),
            ("RetCode", json!("0")),
        ]) {
            let mut expected: Value = serde_json::from_str(payload).unwrap();
            expected[member] = value;
            let spoilt: Value = serde_json::from_str(&wrong_type(payload.as_bytes()).unwrap()).unwrap();
            assert_eq!(spoilt, expected, "{topic}");
        }
        for payload in ["", "[]", "{}", "1", "nonsense"] {
            assert_eq!(wrong_type(payload.as_bytes()), None, "{payload}");
        }
    }

    #[test]
    fn broken_json_is_broken_at_its_end() {
        for (_, topic, payload) in ANSWERS {
            let spoilt = broken_json(payload.as_bytes()).unwrap();
            assert!(serde_json::from_slice::<Value>(&spoilt).is_err(), "{topic}");
            assert_eq!([&spoilt[..], b"}"].concat(), payload.as_bytes());
        }
        for payload in ["", "12", "\"a\"", "{", "{\"a\":1"] {
            assert_eq!(broken_json(payload.as_bytes()), None, "{payload}");
        }
    }

    #[test]
    fn an_oversized_body_says_the_same() {
        for (cloud, topic, payload) in ANSWERS {
            let limit = observed(cloud, &BTreeMap::new()).limits().payload.unwrap();
            let spoilt = oversized(payload.as_bytes(), limit + 1);
            assert_eq!(spoilt.len(), limit + 1);
            let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
            assert_eq!(read(&spoilt), read(payload.as_bytes()), "{topic}");
        }
        assert_eq!(oversized(b"abc", 2), b"abc");
    }

    #[test]
    fn a_wrong_topic_is_another_of_the_devices() {
        for ((cloud, topic, payload), wrong) in ANSWERS.into_iter().zip([
            "$oc/devices/d1/sys/properties/set/response/request_id=3a1f-77",
            "$oc/devices/d1/sys/commands/response/request_id=3a1f-77",
            "$oc/devices/d1/sys/properties/set/response/request_id=3a1f-77",
            "/sys/pk/dn/thing/service/property/set_reply",
            "/sys/pk/dn/thing/service/property/get_reply",
            "/sys/pk/dn/thing/service/property/set_reply",
            "/pk/dn/user/get",
            "/$system/p/d/tmodel/property/set_reply",
            "/$system/p/d/tmodel/command_reply/77",
        ]) {
            assert_eq!(wrong_topic(cloud, topic, payload.as_bytes()).as_deref(), Some(wrong), "{topic}");
        }
        for (cloud, topic) in [(Cloud::Mqtt, "a/b"), (Cloud::Huawei, "$oc/devices/d/user/x"), (Cloud::Aliyun, "/sys/a")]
        {
            assert_eq!(wrong_topic(cloud, topic, b"{}"), None, "{topic}");
        }
    }

    #[test]
    fn another_id_is_another_one_of_the_same_form() {
        for (id, other) in [
            ("0", "2147483648"),
            ("4294967295", "2147483647"),
            ("4294967296", "5705032703"),
            ("007", "992"),
            ("3a1f", "6f8a"),
            ("XYZ", "XYZ0"),
            ("", "0"),
        ] {
            assert_eq!(another_id(id), other, "{id}");
        }
    }
}
