//! The older interface (V3): reports, commands and their answers, told apart by `msgType` and tied by `mid`.
//!
//! Source: the message structs of the vendor's older SDKs, on `/huawei/v1/devices/{device id}/…`. What lives here: what such a message
//! is, what it says, and what answers it. What may not: the topics of today (`topics`). The binary forms are the product's own and
//! are shown as they come.
//!
//! No document gives a deadline for these commands. They come from the same synchronous call of the application, which waits 20 s.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::bodies::code_words;
use crate::cloud::envelope::{id_text, is_text_or_number};
use crate::cloud::line::{self, Line, bounded};
use crate::cloud::{Answer, Draft, Property, Request, Summary, pretty};
use crate::event::What;
use crate::mqtt::Qos;

/// What stands before a device's id in a topic.
pub(super) const ROOT: &str = "/huawei/v1/devices/";

/// No message of this interface is longer, in bytes: it is that of reports.
const LOOKED_AT: usize = 64 << 10;

/// What every message says of itself.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, rename = "msgType")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    mid: Option<&'a RawValue>,
}

/// A message of this interface.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) what: What,
    /// The id of a command or an answer, in its JSON form.
    pub(super) mid: Option<&'a RawValue>,
}

/// What a message on `topic` is; `None` where the topic is none of this interface. A command or an answer without an id cannot be
/// tied to anything and is neither.
pub(super) fn read<'a>(topic: &str, payload: &'a [u8]) -> Option<Message<'a>> {
    let (_, path) = topic.strip_prefix(ROOT)?.split_once('/')?;
    let is_object = payload.trim_ascii_start().first() == Some(&b'{') && payload.len() <= LOOKED_AT;
    // What is no JSON object says nothing of itself.
    let envelope: Option<Envelope<'_>> = is_object.then(|| serde_json::from_slice(payload).ok()).flatten();
    let kind = envelope.as_ref().and_then(|envelope| envelope.kind.as_deref());
    let mid = envelope.as_ref().and_then(|envelope| envelope.mid).filter(|mid| is_id(mid));
    let (what, mid) = match (path, kind, mid) {
        ("data/json", Some("deviceReq"), _) => (What::PropertyReport, None),
        ("data/json", Some("deviceRsp"), Some(_)) => (What::CommandReply, mid),
        ("command/json", Some("cloudReq"), Some(_)) => (What::Command, mid),
        _ => (What::System, None),
    };
    Some(Message { what, mid })
}

/// A number or a text that is not empty.
fn is_id(mid: &RawValue) -> bool {
    is_text_or_number(mid) && id_text(mid).is_some()
}

/// Takes a command apart.
pub(super) fn request(body: &Map<String, Value>) -> Request {
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Request {
        name: text("cmd"),
        service: text("serviceId"),
        input: body.get("paras").cloned().unwrap_or_default(),
        ..Request::of(What::Command)
    }
}

/// The answer to a command on `topic`: it goes where reports go, and bears the command's own id.
pub(super) fn answer(topic: &str, payload: &[u8], answer: &Answer<'_>) -> Option<Draft> {
    let mid = read(topic, payload).filter(|message| message.what == What::Command)?.mid?;
    let (device, _) = topic.strip_prefix(ROOT)?.split_once('/')?;
    // Read a moment ago.
    let mid: Value = serde_json::from_str(mid.get()).ok()?;
    let asked: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let code = answer.code.unwrap_or(0);
    let words = answer.message.unwrap_or_else(|| code_words(code));
    let output = answer.output.cloned().unwrap_or_else(|| json!({ "result": words }));
    let body = json!({ "msgType": "deviceRsp", "mid": mid, "errcode": code, "body": output });
    let name = asked.get("cmd").and_then(Value::as_str).map_or_else(|| "command".to_owned(), bounded);
    Some(Draft {
        label: format!("reply to {name}"),
        what: What::CommandReply,
        topic: format!("{ROOT}{device}/data/json"),
        qos: Qos::AtLeastOnce,
        body: pretty(&body),
    })
}

/// The values that a report tells, service by service.
pub(super) fn reported(body: &Map<String, Value>) -> Vec<(Property, Value)> {
    let services = body.get("data").and_then(Value::as_array).into_iter().flatten();
    services
        .filter_map(|service| Some((service.get("serviceId")?.as_str()?, service.get("serviceData")?.as_object()?)))
        .flat_map(|(id, values)| values.iter().map(move |(name, value)| (Property::of(id, name), value.clone())))
        .collect()
}

/// Says what a message holds.
pub(super) fn summary(object: &Map<String, Value>) -> Option<Summary> {
    let kind = object.get("msgType")?.as_str()?;
    let mut detail = Line::default();
    let services = object.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for service in services {
        if services.len() > 1 {
            let name = service.get("serviceId").and_then(Value::as_str).unwrap_or("?");
            detail.word(&format!("{name}:"));
        }
        if let Some(values) = service.get("serviceData").and_then(Value::as_object) {
            detail.pairs(values);
        }
    }
    // As today, a missing code of an answer counts as 0.
    let code = (kind == "deviceRsp").then(|| object.get("errcode").map_or(Some(0), |code| line::code(Some(code))));
    match code {
        Some(Some(code)) => detail.word(&format!("{code} {}", code_words(code))),
        Some(None) => detail.word("unreadable errcode"),
        None => {}
    }
    for key in ["paras", "body"] {
        if let Some(values) = object.get(key).and_then(Value::as_object) {
            detail.pairs(values);
        }
    }
    let name = object.get("cmd").and_then(Value::as_str).map_or_else(String::new, bounded);
    Some(Summary { name, detail: detail.finish(), failed: code.is_some_and(|code| code != Some(0)) })
}

/// A report with the documents' example values.
pub(super) fn report(device_id: &str, time: &str) -> Draft {
    let body = json!({ "msgType": "deviceReq", "data": [{
        "serviceId": "smokeDetector", "serviceData": { "alarm": 0, "temperature": 21.4 }, "eventTime": time
    }] });
    Draft::json(
        "report of the older interface (V3)",
        What::PropertyReport,
        format!("{ROOT}{device_id}/data/json"),
        &body,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWN: &str = "/huawei/v1/devices/d/command/json";
    const UP: &str = "/huawei/v1/devices/d/data/json";
    const COMMAND: &str =
        r#"{"msgType":"cloudReq","serviceId":"S","cmd":"SILENCE","paras":{"value":1},"hasMore":0,"mid":5}"#;

    fn meant(topic: &str, payload: &str) -> Option<(What, Option<String>)> {
        let message = read(topic, payload.as_bytes())?;
        Some((message.what, message.mid.and_then(id_text).map(Cow::into_owned)))
    }

    #[test]
    fn messages_are_told_apart_by_topic_and_type() {
        for (topic, payload, what, id) in [
            (DOWN, COMMAND, What::Command, Some("5")),
            (DOWN, r#"{"msgType":"cloudReq","cmd":"C","mid":"a7"}"#, What::Command, Some("a7")),
            (DOWN, r#"{"msgType":"cloudReq","cmd":"C"}"#, What::System, None),
            (DOWN, r#"{"msgType":"cloudReq","cmd":"C","mid":""}"#, What::System, None),
            (DOWN, r#"{"msgType":"cloudReq","cmd":"C","mid":{"a":1}}"#, What::System, None),
            (DOWN, r#"{"msgType":"deviceRsp","mid":5}"#, What::System, None),
            (DOWN, "nonsense", What::System, None),
            (UP, r#"{"msgType":"deviceReq","data":[],"mid":5}"#, What::PropertyReport, None),
            (UP, r#"{"msgType":"deviceRsp","mid":5,"errcode":0,"body":{}}"#, What::CommandReply, Some("5")),
            (UP, r#"["deviceReq"]"#, What::System, None),
            ("/huawei/v1/devices/d/data/binary", r#"{"msgType":"deviceReq"}"#, What::System, None),
            ("/huawei/v1/devices/d", COMMAND, What::System, None),
        ] {
            let expected = topic.matches('/').count().gt(&4).then(|| (what, id.map(str::to_owned)));
            assert_eq!(meant(topic, payload), expected, "{topic} {payload}");
        }
        assert_eq!(meant("$oc/devices/d/sys/messages/up", COMMAND), None);
    }

    #[test]
    fn a_command_is_answered_with_its_own_id_where_reports_go() {
        let output = json!({ "left": 3 });
        for (code, output, body) in [
            (None, None, r#"{"msgType":"deviceRsp","mid":5,"errcode":0,"body":{"result":"success"}}"#),
            (Some(1), None, r#"{"msgType":"deviceRsp","mid":5,"errcode":1,"body":{"result":"failed"}}"#),
            (None, Some(&output), r#"{"msgType":"deviceRsp","mid":5,"errcode":0,"body":{"left":3}}"#),
        ] {
            let draft = answer(DOWN, COMMAND.as_bytes(), &Answer { code, output, ..Answer::default() }).unwrap();
            assert_eq!((draft.topic.as_str(), draft.label.as_str()), (UP, "reply to SILENCE"));
            assert_eq!(serde_json::from_str::<Value>(&draft.body).unwrap().to_string(), body);
            assert_eq!(meant(&draft.topic, &draft.body), Some((What::CommandReply, Some("5".to_owned()))));
        }
        assert_eq!(answer(UP, br#"{"msgType":"deviceRsp","mid":5}"#, &Answer::default()), None);
        assert_eq!(answer(DOWN, br#"{"msgType":"cloudReq","cmd":"C"}"#, &Answer::default()), None);
    }

    #[test]
    fn each_says_what_it_holds() {
        for (payload, name, detail, failed) in [
            (COMMAND, "SILENCE", "value=1", false),
            (r#"{"msgType":"deviceReq","data":[{"serviceId":"S","serviceData":{"p":1}}]}"#, "", "p=1", false),
            (
                r#"{"msgType":"deviceReq","data":[{"serviceId":"S","serviceData":{"p":1}},{"serviceId":"T"}]}"#,
                "",
                "S: p=1 T:",
                false,
            ),
            (r#"{"msgType":"deviceRsp","mid":5,"errcode":1,"body":{"why":"busy"}}"#, "", "1 failed why=busy", true),
            (r#"{"msgType":"deviceRsp","mid":5}"#, "", "0 success", false),
            (r#"{"msgType":"deviceRsp","mid":5,"errcode":[]}"#, "", "unreadable errcode", true),
        ] {
            let body: Map<String, Value> = serde_json::from_str(payload).unwrap();
            let said = summary(&body).unwrap();
            assert_eq!((said.name.as_str(), said.detail.as_str(), said.failed), (name, detail, failed), "{payload}");
        }
    }

    #[test]
    fn a_report_tells_its_values() {
        let draft = report("d", "20250101T000000Z");
        let body: Map<String, Value> = serde_json::from_str(&draft.body).unwrap();
        assert_eq!(
            reported(&body),
            [
                (Property::of("smokeDetector", "alarm"), json!(0)),
                (Property::of("smokeDetector", "temperature"), json!(21.4))
            ]
        );
        assert_eq!(reported(&Map::new()), []);
    }
}
