//! What UCloud answers to a report. Values are not checked against a product model, for the platform has none.

use serde_json::{Value, json};

use crate::profile::UcloudIdentity;

/// The code for a request that does not have the documented form.
const BAD_PARAMETER: u32 = 230;

/// The topic and the body of the answer to `payload` on `topic`, where there is one.
pub(super) fn acknowledge(device: &UcloudIdentity, topic: &str, payload: &[u8]) -> Option<(String, Value)> {
    is_report(device, topic).then(|| (format!("{topic}_reply"), answer(topic, payload)))
}

fn is_report(device: &UcloudIdentity, topic: &str) -> bool {
    let root = format!("/$system/{}/{}/tmodel/", device.product_sn, device.device_sn);
    matches!(topic.strip_prefix(&root), Some("property/post" | "event/post"))
}

fn answer(topic: &str, payload: &[u8]) -> Value {
    let Ok(Value::Object(report)) = serde_json::from_slice(payload) else {
        return json!({"RetCode": BAD_PARAMETER, "Message": "the body is no JSON object"});
    };
    let content = if topic.ends_with("event/post") { "Output" } else { "Property" };
    let (code, message) = match (report.get("RequestID"), report.get(content)) {
        (None, _) => (BAD_PARAMETER, "RequestID is missing".to_owned()),
        (_, Some(Value::Object(_))) => (0, "success".to_owned()),
        _ => (BAD_PARAMETER, format!("{content} is missing or no object")),
    };
    let id = report.get("RequestID").cloned().unwrap_or(Value::Null);
    json!({"RequestID": id, "RetCode": code, "Message": message})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Identity;
    use crate::sim::roster::demo;

    const POST: &str = "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/property/post";

    fn reply(topic: &str, body: &str) -> Option<(String, Value)> {
        let Identity::Ucloud(device) = &demo()[2].identity else { panic!("no UCloud device") };
        acknowledge(device, topic, body.as_bytes())
    }

    #[test]
    fn each_report_is_answered_with_its_request_id_and_a_code() {
        for (body, id, code) in [
            (r#"{"RequestID":"7","Property":{"v":{"Value":1}}}"#, json!("7"), 0),
            (r#"{"RequestID":7,"Property":{}}"#, json!(7), 0),
            (r#"{"Property":{}}"#, Value::Null, 230),
            (r#"{"RequestID":"7"}"#, json!("7"), 230),
            ("nonsense", Value::Null, 230),
        ] {
            let (topic, answer) = reply(POST, body).unwrap();
            assert_eq!(topic, format!("{POST}_reply"));
            assert_eq!((&answer["RetCode"], &answer["RequestID"]), (&json!(code), &id), "{body}");
        }
    }

    #[test]
    fn what_is_no_report_of_this_device_earns_no_answer() {
        let topic = "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/property/set_reply";
        assert_eq!(reply(topic, r#"{"RequestID":"1"}"#), None);
    }
}
