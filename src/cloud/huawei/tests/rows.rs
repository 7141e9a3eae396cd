//! The platform's topic list, row by row, with the documents' own bodies: what each message is, its id, and what it says.

use super::*;
use Direction::{Down, Up};

/// Direction, topic, body; kind, id; name and detail.
type Row = (Direction, &'static str, &'static str, What, Option<&'static str>, &'static str, &'static str);

fn check(rows: &[Row]) {
    let device = device(SignType::default());
    for (direction, topic, payload, what, id, name, detail) in rows.iter().copied() {
        let meaning = device.meaning(direction, topic, payload.as_bytes());
        assert_eq!((meaning.what, meaning.request_id.as_deref()), (what, id), "{topic} {payload}");
        let waits = direction == Down && what.is_request();
        assert_eq!(meaning.deadline, waits.then_some(DEADLINE), "{topic}");
        let said = device.summary(direction, topic, payload.as_bytes());
        assert_eq!((said.name.as_str(), said.detail.as_str()), (name, detail), "{topic} {payload}");
        let taken = device.request(&Asked { topic, payload: payload.as_bytes() });
        assert_eq!(taken.is_some(), what.is_request(), "{topic}");
    }
}

const MESSAGES: &[Row] = &[
    (
        Up,
        "$oc/devices/prod1_nodeA/sys/messages/up",
        r#"{"name":"n","id":"i","content":"hello"}"#,
        What::Message,
        None,
        "n",
        "hello",
    ),
    (Up, "$oc/devices/prod1_nodeA/sys/messages/up?request_id=m1", "7", What::Message, Some("m1"), "", "7"),
    (Down, "$oc/devices/prod1_nodeA/sys/messages/down", "any bytes", What::Message, None, "", "any bytes"),
    (
        Up,
        "$oc/devices/prod1_nodeA/sys/properties/report",
        r#"{"services":[{"service_id":"S","properties":{"p":1},"event_time":"20250101T000000Z"}]}"#,
        What::PropertyReport,
        None,
        "",
        "p=1",
    ),
    (
        Up,
        "$oc/devices/prod1_nodeA/sys/gateway/sub_devices/properties/report",
        r#"{"devices":[{"device_id":"sub","services":[{"service_id":"S","properties":{"p":1}}]}]}"#,
        What::PropertyReport,
        None,
        "",
        "sub S: p=1",
    ),
];

#[test]
fn messages_and_reports_have_no_id_unless_one_is_asked_for() {
    check(MESSAGES);
}

const REQUESTS: &[Row] = &[
    (
        Down,
        "$oc/devices/prod1_nodeA/sys/properties/set/request_id=r1",
        r#"{"object_device_id":"prod1_nodeA","services":[{"service_id":"S","properties":{"p":2}}]}"#,
        What::PropertySet,
        Some("r1"),
        "",
        "p=2",
    ),
    (
        Up,
        "$oc/devices/prod1_nodeA/sys/properties/set/response/request_id=r1",
        r#"{"result_code":0,"result_desc":"done"}"#,
        What::PropertySetReply,
        Some("r1"),
        "",
        "0 success done",
    ),
    (
        Down,
        "$oc/devices/prod1_nodeA/sys/properties/get/request_id=r2",
        r#"{"object_device_id":"sub1","service_id":"S"}"#,
        What::PropertyGet,
        Some("r2"),
        "",
        "for sub1: S",
    ),
    (
        Up,
        "$oc/devices/prod1_nodeA/sys/properties/get/response/request_id=r2",
        r#"{"services":[{"service_id":"S","properties":{"p":1},"event_time":"20250101T000000Z"}]}"#,
        What::PropertyGetReply,
        Some("r2"),
        "",
        "p=1",
    ),
    (
        Down,
        "$oc/devices/prod1_nodeA/sys/commands/request_id=r3",
        r#"{"object_device_id":"prod1_nodeA","service_id":"S","command_name":"C","paras":{"a":1}}"#,
        What::Command,
        Some("r3"),
        "C",
        "a=1",
    ),
    (
        Up,
        "$oc/devices/prod1_nodeA/sys/commands/response/request_id=r3",
        r#"{"result_code":2,"response_name":"R","paras":{"b":2}}"#,
        What::CommandReply,
        Some("r3"),
        "",
        "2 timeout b=2",
    ),
    (
        Up,
        "$oc/devices/prod1_nodeA/sys/shadow/get/request_id=r4",
        r#"{"object_device_id":"prod1_nodeA","service_id":"S"}"#,
        What::Shadow,
        Some("r4"),
        "",
        "object_device_id=prod1_nodeA service_id=S",
    ),
    (
        Down,
        "$oc/devices/prod1_nodeA/sys/shadow/get/response/request_id=r4",
        r#"{"object_device_id":"d","shadow":[{"service_id":"S","desired":{"properties":{"p":2},"event_time":"20250101T000000Z"},"reported":{"properties":{"p":1},"event_time":"20250101T000000Z"},"version":3}]}"#,
        What::Shadow,
        Some("r4"),
        "",
        "S desired p=2 reported p=1 v3",
    ),
];

#[test]
fn requests_and_their_answers_are_tied_by_the_topics_id() {
    check(REQUESTS);
}

const OTHERS: &[Row] = &[
    (
        Up,
        "$oc/devices/prod1_nodeA/sys/events/up",
        r#"{"services":[{"service_id":"S","event_type":"smokeAlarm","event_id":"i","paras":{"level":89.5}}]}"#,
        What::Event,
        None,
        "smokeAlarm",
        "level=89.5",
    ),
    (
        Down,
        "$oc/devices/prod1_nodeA/sys/events/down",
        r#"{"services":[{"service_id":"S","event_type":"note","paras":{}}]}"#,
        What::Event,
        None,
        "note",
        "",
    ),
    (Up, "$oc/devices/prod1_nodeA/sys/bootstrap/up", "", What::System, None, "", ""),
    (Up, "$oc/devices/prod1_nodeA/user/any", r#"{"a":1}"#, What::Custom, None, "", "a=1"),
    (Down, "$oc/devices/prod1_nodeA/user/any", r#"{"a":1}"#, What::Custom, None, "", "a=1"),
    (Up, "own/topic", r#"{"a":1}"#, What::Custom, None, "", "a=1"),
    (Down, "$oc/m2m/to/prod1_nodeA/request_id=r5", r#"{"a":1}"#, What::Message, Some("r5"), "", "a=1"),
    (
        Down,
        "$oc/bridges/b/devices/prod1_nodeA/sys/login/request_id=r6",
        r#"{"a":1}"#,
        What::System,
        Some("r6"),
        "",
        "a=1",
    ),
    (
        Up,
        "/huawei/v1/devices/prod1_nodeA/data/json",
        r#"{"msgType":"deviceReq","data":[{"serviceId":"S","serviceData":{"p":1},"eventTime":"20250101T000000Z"}]}"#,
        What::PropertyReport,
        None,
        "",
        "p=1",
    ),
    (Up, "/huawei/v1/devices/prod1_nodeA/data/binary", "text", What::System, None, "", "text"),
    (
        Down,
        "/huawei/v1/devices/prod1_nodeA/command/json",
        r#"{"msgType":"cloudReq","serviceId":"S","cmd":"SILENCE","paras":{"value":1},"mid":5}"#,
        What::Command,
        Some("5"),
        "SILENCE",
        "value=1",
    ),
    (
        Up,
        "/huawei/v1/devices/prod1_nodeA/data/json",
        r#"{"msgType":"deviceRsp","mid":5,"errcode":0,"body":{"left":3}}"#,
        What::CommandReply,
        Some("5"),
        "",
        "0 success left=3",
    ),
    (Down, "/huawei/v1/devices/prod1_nodeA/command/binary", "text", What::System, None, "", "text"),
];

#[test]
fn the_other_trees_are_known_too() {
    check(OTHERS);
}

#[test]
fn a_packed_report_is_said_like_any_other() {
    let device = device(SignType::default());
    let topic = "$oc/devices/prod1_nodeA/sys/properties/report?encoding=gzip";
    let body = br#"{"services":[{"service_id":"S","properties":{"p":1}}]}"#;
    let packed = device.packed(topic, body).unwrap();
    assert_eq!(device.meaning(Up, topic, &packed).what, What::PropertyReport);
    assert_eq!(device.summary(Up, topic, &packed).detail, "p=1");
    assert_eq!(device.unpacked(topic, &packed).as_deref(), Some(body.as_slice()));
}
