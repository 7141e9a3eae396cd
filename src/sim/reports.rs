//! What a platform answers to a device's report: Aliyun and UCloud acknowledge each, Huawei none.
//!
//! Pure. Codes are those that the clouds' documents give for what is wrong with a body; values are not checked against a
//! product model, for the platform has none.

use serde_json::{Map, Value, json};

use crate::profile::{AliyunIdentity, Identity, UcloudIdentity};

/// Aliyun takes no more properties in one post (code 6106).
const ALIYUN_PROPERTIES: usize = 200;

/// UCloud's code for a request that does not have the documented form.
const UCLOUD_BAD_PARAMETER: u32 = 230;

/// The topic and the body of the acknowledgement for `payload` on `topic`, where the cloud sends one.
pub(crate) fn acknowledge(identity: &Identity, topic: &str, payload: &[u8]) -> Option<(String, String)> {
    let body = match identity {
        Identity::Aliyun(device) => is_aliyun_report(device, topic).then(|| aliyun(payload))?,
        Identity::Ucloud(device) => is_ucloud_report(device, topic).then(|| ucloud(topic, payload)),
        Identity::Huawei(_) | Identity::Mqtt(_) => None,
    }?;
    Some((format!("{topic}_reply"), body.to_string()))
}

/// `thing/event/{anything}/post`, properties and their history and packs included.
fn is_aliyun_report(device: &AliyunIdentity, topic: &str) -> bool {
    let root = format!("/sys/{}/{}/thing/event/", device.product_key, device.device_name);
    topic.strip_prefix(&root).is_some_and(|rest| rest.ends_with("/post"))
}

fn is_ucloud_report(device: &UcloudIdentity, topic: &str) -> bool {
    let root = format!("/$system/{}/{}/tmodel/", device.product_sn, device.device_sn);
    matches!(topic.strip_prefix(&root), Some("property/post" | "event/post"))
}

/// `None` where the device asked for no answer (`sys.ack` = 0).
fn aliyun(payload: &[u8]) -> Option<Value> {
    let Ok(Value::Object(report)) = serde_json::from_slice(payload) else {
        return Some(json!({"code": 6207, "data": {}, "message": "the body is no JSON object"}));
    };
    if report.get("sys").and_then(|sys| sys.get("ack")).is_some_and(|ack| *ack == 0) {
        return None;
    }
    let (code, message) = match (report.get("method").and_then(Value::as_str), report.get("params")) {
        (None, _) => (6300, "method is missing"),
        (_, Some(Value::Object(params))) if params.len() > ALIYUN_PROPERTIES => (6106, "too many properties"),
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

fn ucloud(topic: &str, payload: &[u8]) -> Value {
    let Ok(Value::Object(report)) = serde_json::from_slice(payload) else {
        return json!({"RetCode": UCLOUD_BAD_PARAMETER, "Message": "the body is no JSON object"});
    };
    let content = if topic.ends_with("event/post") { "Output" } else { "Property" };
    let (code, message) = match (report.get("RequestID"), report.get(content)) {
        (None, _) => (UCLOUD_BAD_PARAMETER, "RequestID is missing".to_owned()),
        (_, Some(Value::Object(_))) => (0, "success".to_owned()),
        _ => (UCLOUD_BAD_PARAMETER, format!("{content} is missing or no object")),
    };
    let id = report.get("RequestID").cloned().unwrap_or(Value::Null);
    json!({"RequestID": id, "RetCode": code, "Message": message})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::roster::demo;

    const POST: &str = "/sys/a1AbCdEfGh1/lamp-01/thing/event/property/post";
    const UPOST: &str = "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/property/post";

    fn reply(device: usize, topic: &str, body: &str) -> Option<(String, Value)> {
        let (topic, body) = acknowledge(&demo()[device].identity, topic, body.as_bytes())?;
        Some((topic, serde_json::from_str(&body).unwrap()))
    }

    #[test]
    fn aliyun_answers_each_report_with_its_id_and_a_code() {
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
            let (topic, answer) = reply(1, POST, body).unwrap();
            assert_eq!(topic, format!("{POST}_reply"));
            assert_eq!((&answer["code"], &answer["id"]), (&json!(code), &id), "{body}");
        }
        let silent = r#"{"id":"1","sys":{"ack":0},"method":"m","params":{}}"#;
        assert_eq!(reply(1, POST, silent), None);
    }

    #[test]
    fn ucloud_answers_each_report_with_its_request_id_and_a_code() {
        for (body, id, code) in [
            (r#"{"RequestID":"7","Property":{"v":{"Value":1}}}"#, json!("7"), 0),
            (r#"{"RequestID":7,"Property":{}}"#, json!(7), 0),
            (r#"{"Property":{}}"#, Value::Null, 230),
            (r#"{"RequestID":"7"}"#, json!("7"), 230),
            ("nonsense", Value::Null, 230),
        ] {
            let (topic, answer) = reply(2, UPOST, body).unwrap();
            assert_eq!(topic, format!("{UPOST}_reply"));
            assert_eq!((&answer["RetCode"], &answer["RequestID"]), (&json!(code), &id), "{body}");
        }
    }

    #[test]
    fn what_is_no_report_of_this_device_earns_no_answer() {
        for (device, topic) in [
            (0, "$oc/devices/65f0c0de_dev01/sys/properties/report"),
            (1, "/sys/a1AbCdEfGh1/lamp-01/thing/service/property/set_reply"),
            (1, "/sys/a1AbCdEfGh1/lamp-02/thing/event/property/post"),
            (1, "/a1AbCdEfGh1/lamp-01/user/update"),
            (2, "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/property/set_reply"),
            (3, POST),
        ] {
            assert_eq!(reply(device, topic, r#"{"id":"1","RequestID":"1"}"#), None, "{topic}");
        }
    }
}
