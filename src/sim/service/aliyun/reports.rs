//! What Aliyun answers to a report. Codes are those that the documents give for what is wrong with a body; values are not
//! checked against a product model, for the platform has none.

use serde_json::{Map, Value, json};

use crate::profile::AliyunIdentity;

/// No more properties are taken in one post (code 6106).
const PROPERTIES: usize = 200;

/// The topic and the body of the answer to `payload` on `topic`, where there is one.
pub(super) fn acknowledge(device: &AliyunIdentity, topic: &str, payload: &[u8]) -> Option<(String, Value)> {
    let body = is_report(device, topic).then(|| answer(payload))??;
    Some((format!("{topic}_reply"), body))
}

/// `thing/event/{anything}/post`, properties and their history and packs included.
fn is_report(device: &AliyunIdentity, topic: &str) -> bool {
    let root = format!("/sys/{}/{}/thing/event/", device.product_key, device.device_name);
    topic.strip_prefix(&root).is_some_and(|rest| rest.ends_with("/post"))
}

/// `None` where the device asked for no answer (`sys.ack` = 0).
fn answer(payload: &[u8]) -> Option<Value> {
    let Ok(Value::Object(report)) = serde_json::from_slice(payload) else {
        return Some(json!({"code": 6207, "data": {}, "message": "the body is no JSON object"}));
    };
    if report.get("sys").and_then(|sys| sys.get("ack")).is_some_and(|ack| *ack == 0) {
        return None;
    }
    let (code, message) = match (report.get("method").and_then(Value::as_str), report.get("params")) {
        (None, _) => (6300, "method is missing"),
        (_, Some(Value::Object(params))) if params.len() > PROPERTIES => (6106, "too many properties"),
        (_, Some(Value::Object(_))) => (200, "success"),
        _ => (460, "params is missing or no object"),
    };
    let mut reply = Map::new();
    reply.insert("code".to_owned(), json!(code));
    reply.insert("data".to_owned(), json!({}));
    // The id goes back in the form it came in, text or number.
    for key in ["id", "method", "version"] {
        reply.extend(report.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    reply.insert("message".to_owned(), json!(message));
    Some(Value::Object(reply))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Identity;
    use crate::sim::roster::demo;

    const POST: &str = "/sys/a1AbCdEfGh1/lamp-01/thing/event/property/post";

    fn reply(topic: &str, body: &str) -> Option<(String, Value)> {
        let Identity::Aliyun(device) = &demo()[1].identity else { panic!("no Aliyun device") };
        acknowledge(device, topic, body.as_bytes())
    }

    #[test]
    fn each_report_is_answered_with_its_id_and_a_code() {
        let many: Map<String, Value> = (0..201).map(|n| (format!("p{n}"), json!(n))).collect();
        let many = json!({"id": "9", "method": "thing.event.property.post", "params": many}).to_string();
        for (body, id, code) in [
            (r#"{"id":"123","version":"1.0","method":"m","params":{"a":1}}"#, json!("123"), 200),
            (r#"{"id":123,"method":"m","params":{}}"#, json!(123), 200),
            (r#"{"id":"1","params":{}}"#, json!("1"), 6300),
            (r#"{"id":"1","method":"m"}"#, json!("1"), 460),
            (r#"{"id":"1","method":"m","params":[]}"#, json!("1"), 460),
            (r#"{"id":"1","sys":{"ack":1},"method":"m","params":{}}"#, json!("1"), 200),
            ("[]", Value::Null, 6207),
            ("{", Value::Null, 6207),
            (many.as_str(), json!("9"), 6106),
        ] {
            let (topic, answer) = reply(POST, body).unwrap();
            assert_eq!(topic, format!("{POST}_reply"));
            assert_eq!((&answer["code"], &answer["id"]), (&json!(code), &id), "{body}");
        }
        let silent = r#"{"id":"1","sys":{"ack":0},"method":"m","params":{}}"#;
        assert_eq!(reply(POST, silent), None);
    }

    #[test]
    fn what_is_no_report_of_this_device_earns_no_answer() {
        for topic in [
            "/sys/a1AbCdEfGh1/lamp-01/thing/service/property/set_reply",
            "/sys/a1AbCdEfGh1/lamp-02/thing/event/property/post",
            "/a1AbCdEfGh1/lamp-01/user/update",
        ] {
            assert_eq!(reply(topic, r#"{"id":"1"}"#), None, "{topic}");
        }
    }
}
