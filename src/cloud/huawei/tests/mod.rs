//! The device as the rest of the program sees it, with the documents' own bodies.

mod functions;
mod requests;
mod rows;

use super::*;
use crate::profile::{SecretSource, SignType};

const BASE: &str = "$oc/devices/prod1_nodeA/sys/";
const SECOND: i64 = 1_000_000;

fn device(sign_type: SignType) -> Device {
    let secret = Some(SecretSource::Env("UNUSED".to_owned()));
    Device::new(&HuaweiIdentity { device_id: "prod1_nodeA".to_owned(), secret, sign_type })
}

fn topic(tail: &str) -> String {
    format!("{BASE}{tail}")
}

#[test]
fn requests_have_an_id_a_span_and_a_deadline() {
    let device = device(SignType::Sha256);
    for (direction, tail, what, id, waits) in [
        (Direction::Down, "commands/request_id=3a1f", What::Command, Some("3a1f"), true),
        (Direction::Down, "properties/set/request_id=7", What::PropertySet, Some("7"), true),
        (Direction::Down, "properties/get/request_id=7", What::PropertyGet, Some("7"), true),
        (Direction::Up, "commands/response/request_id=3a1f", What::CommandReply, Some("3a1f"), false),
        (Direction::Down, "commands/response/request_id=3a1f", What::CommandReply, Some("3a1f"), false),
        (Direction::Up, "commands/request_id=3a1f", What::Command, Some("3a1f"), false),
        (Direction::Down, "messages/down", What::Message, None, false),
    ] {
        let topic = topic(tail);
        // An id in the payload is none of Huawei's.
        let meaning = device.meaning(direction, &topic, br#"{"id":"9","RequestID":"9"}"#);
        assert_eq!(meaning.what, what, "{topic}");
        assert_eq!(meaning.request_id.as_deref(), id, "{topic}");
        assert_eq!(meaning.id_span.map(|(start, end)| &topic[start..end]), id, "{topic}");
        assert_eq!(meaning.deadline, waits.then_some(Duration::from_secs(20)), "{topic}");
    }
}

const SUMMARIES: &[(Direction, &str, &str, &str, &str, bool)] = &[
    (
        Direction::Down,
        "commands/request_id=1",
        r#"{"object_device_id":"d","service_id":"smokeDetector","command_name":"SILENCE","paras":{"value":1}}"#,
        "SILENCE",
        "for d: value=1",
        false,
    ),
    (
        Direction::Down,
        "commands/request_id=1",
        r#"{"object_device_id":"prod1_nodeA","command_name":"REBOOT"}"#,
        "REBOOT",
        "",
        false,
    ),
    (
        Direction::Down,
        "commands/request_id=1",
        r#"{"object_device_id":"sub1","command_name":"REBOOT"}"#,
        "REBOOT",
        "for sub1",
        false,
    ),
    (Direction::Down, "commands/request_id=1", r#"{"command_name":"REBOOT"}"#, "REBOOT", "", false),
    (Direction::Down, "commands/request_id=1", r#"{"paras":{"value":1}}"#, "", r#"paras={"value":1}"#, false),
    (Direction::Up, "commands/response/request_id=1", r#"{"result_code":0}"#, "", "0 success", false),
    (Direction::Up, "commands/response/request_id=1", "{}", "", "0 success", false),
    (
        Direction::Up,
        "commands/response/request_id=1",
        r#"{"result_code":1,"response_name":"R","paras":{"reason":"busy"}}"#,
        "",
        "1 failed reason=busy",
        true,
    ),
    (Direction::Up, "commands/response/request_id=1", r#"{"result_code":"2"}"#, "", "2 timeout", true),
    (Direction::Up, "commands/response/request_id=1", r#"{"result_code":[]}"#, "", "unreadable result_code", true),
    (
        Direction::Up,
        "properties/set/response/request_id=1",
        r#"{"result_code":7,"result_desc":"valve stuck"}"#,
        "",
        "7 failed valve stuck",
        true,
    ),
    (
        Direction::Up,
        "properties/report",
        r#"{"services":[{"service_id":"S","properties":{"temperature":21.4,"humidity":40}}]}"#,
        "",
        "temperature=21.4 humidity=40",
        false,
    ),
    (
        Direction::Down,
        "properties/set/request_id=1",
        r#"{"services":[{"service_id":"A","properties":{"p":1}},{"service_id":"B","properties":{"q":2}}]}"#,
        "",
        "A: p=1 B: q=2",
        false,
    ),
    (
        Direction::Up,
        "gateway/sub_devices/properties/report",
        r#"{"devices":[{"device_id":"sub","services":[{"service_id":"S","properties":{"p":1}}]}]}"#,
        "",
        "sub S: p=1",
        false,
    ),
    (Direction::Down, "properties/get/request_id=1", r#"{"service_id":"S"}"#, "", "S", false),
    (Direction::Down, "properties/get/request_id=1", "{}", "", "all services", false),
    (
        Direction::Down,
        "messages/down",
        r#"{"object_device_id":null,"name":"note","id":"i","content":"hello there"}"#,
        "note",
        "hello there",
        false,
    ),
    (Direction::Down, "messages/down", "free text", "", "free text", false),
    (
        Direction::Down,
        "events/down",
        r#"{"services":[{"service_id":"$time_sync","event_type":"time_sync_response","paras":{"device_send_time":1}}]}"#,
        "time_sync_response",
        "device_send_time=1",
        false,
    ),
    (Direction::Up, "properties/report", "not json", "", "not json", false),
];

#[test]
fn summaries_speak_in_the_clouds_words() {
    let device = device(SignType::Sha256);
    for (direction, tail, payload, name, detail, failed) in SUMMARIES.iter().copied() {
        let said = device.summary(direction, &topic(tail), payload.as_bytes());
        assert_eq!((said.name.as_str(), said.detail.as_str(), said.failed), (name, detail, failed), "{tail} {payload}");
    }
}

type Reply = (&'static str, &'static str, Option<i64>, &'static str, &'static str, What, &'static str);

const REPLIES: &[Reply] = &[
    (
        "commands/request_id=3a1f",
        r#"{"service_id":"smokeDetector","command_name":"SILENCE","paras":{"value":1}}"#,
        None,
        "commands/response/request_id=3a1f",
        "reply to SILENCE",
        What::CommandReply,
        r#"{"result_code":0,"response_name":"COMMAND_RESPONSE","paras":{"result":"success"}}"#,
    ),
    (
        "commands/request_id=3a1f",
        "garbage",
        Some(2),
        "commands/response/request_id=3a1f",
        "reply to command",
        What::CommandReply,
        r#"{"result_code":2,"response_name":"COMMAND_RESPONSE","paras":{"result":"timeout"}}"#,
    ),
    (
        "properties/set/request_id=x",
        "{}",
        Some(1),
        "properties/set/response/request_id=x",
        "reply to property set",
        What::PropertySetReply,
        r#"{"result_code":1,"result_desc":"failed"}"#,
    ),
    (
        "properties/get/request_id=x",
        r#"{"service_id":"Battery"}"#,
        None,
        "properties/get/response/request_id=x",
        "reply to property get",
        What::PropertyGetReply,
        r#"{"services":[{"service_id":"Battery","properties":{"example":0}}]}"#,
    ),
    (
        "properties/get/request_id=x",
        "{}",
        Some(1),
        "properties/get/response/request_id=x",
        "reply to property get",
        What::PropertyGetReply,
        r#"{"services":[]}"#,
    ),
];

#[test]
fn a_reply_has_the_right_topic_and_body() {
    let device = device(SignType::Sha256);
    for (tail, payload, code, answer, label, what, body) in REPLIES.iter().copied() {
        let draft = device.reply(&Asked { topic: &topic(tail), payload: payload.as_bytes() }, code).unwrap();
        assert_eq!((draft.topic.as_str(), draft.label.as_str()), (topic(answer).as_str(), label));
        assert_eq!((draft.what, draft.qos), (what, Qos::AtLeastOnce));
        let sent: serde_json::Value = serde_json::from_str(&draft.body).unwrap();
        assert_eq!(sent.to_string(), body);
        // What we answer is understood as the answer to what was asked.
        let meaning = device.meaning(Direction::Up, &draft.topic, draft.body.as_bytes());
        let asked = topic(tail);
        assert_eq!(meaning.what, what);
        assert_eq!(meaning.request_id, device.meaning(Direction::Down, &asked, payload.as_bytes()).request_id);
    }
    for tail in ["messages/down", "commands/response/request_id=1", "commands/request_id=", "events/down"] {
        assert_eq!(device.reply(&Asked { topic: &topic(tail), payload: b"{}" }, None), None, "{tail}");
    }
}

#[test]
fn drafts_begin_with_the_report_and_are_what_they_say() {
    let device = device(SignType::Sha256);
    let drafts = device.drafts(41);
    assert_eq!(drafts[0].what, What::PropertyReport);
    for name in ["alarm", "temperature", "humidity", "smokeConcentration"] {
        assert!(drafts[0].body.contains(name), "{}", drafts[0].body);
    }
    for draft in &drafts {
        assert_eq!(device.meaning(Direction::Up, &draft.topic, draft.body.as_bytes()).what, draft.what, "{draft:?}");
        assert!(serde_json::from_str::<serde_json::Value>(&draft.body).is_ok(), "{draft:?}");
    }
    assert_ne!(drafts, device.drafts(42), "ids are fresh");
}

#[test]
fn code_4_with_sign_type_1_names_the_clock() {
    let at = WallTime::parse_rfc3339("2025-04-14T01:30:00Z").unwrap();
    let scene = |clock_offset_us| Scene { clock_offset_us, keep_alive: 120, at };
    for (offset, words) in [
        (Some(3 * 3600 * SECOND), &["3 h 0 min behind", "2025041401 here, 2025041404 there", "sign_type = 0"][..]),
        (Some(-8 * 3600 * SECOND), &["8 h 0 min ahead of", "2025041317 there"]),
        (Some(0), &["check secret", "The clock agrees"]),
        (None, &["check secret", "2025041401 by this machine's clock"]),
    ] {
        let advice =
            device(SignType::Sha256Timed).explain_connack(ConnectReturn::BadUserNameOrPassword, &scene(offset));
        for word in words {
            assert!(advice.hint.contains(word), "{word}: {advice:?}");
        }
    }
    let edge = Scene { at: WallTime::parse_rfc3339("2025-04-14T01:59:30Z").unwrap(), ..scene(Some(60 * SECOND)) };
    let advice = device(SignType::Sha256Timed).explain_connack(ConnectReturn::BadUserNameOrPassword, &edge);
    assert!(advice.hint.contains("the hour has just changed"), "{advice:?}");
    let untimed = device(SignType::Sha256).explain_connack(ConnectReturn::BadUserNameOrPassword, &scene(None));
    assert!(untimed.hint.starts_with("check secret") && !untimed.hint.contains("hour"), "{untimed:?}");
}

#[test]
fn refusals_say_what_to_check() {
    let scene = |keep_alive| Scene { keep_alive, ..Scene::default() };
    for (sign_type, code, keep_alive, reason, hint) in [
        (SignType::Sha256, ConnectReturn::UnacceptableProtocolVersion, 120, "3.1.1", "host"),
        (SignType::Sha256, ConnectReturn::IdentifierRejected, 20, "keep-alive", "30 to 1200 s, not 20 s"),
        (SignType::Sha256, ConnectReturn::IdentifierRejected, 120, "client id", "device_id"),
        (SignType::Sha256, ConnectReturn::ServerUnavailable, 120, "unavailable", "later"),
        (SignType::Sm3, ConnectReturn::BadUserNameOrPassword, 120, "password", "SM3"),
        (SignType::Sha256, ConnectReturn::NotAuthorized, 120, "authorise", "frozen"),
    ] {
        let advice = device(sign_type).explain_connack(code, &scene(keep_alive));
        assert!(advice.reason.contains(reason) && advice.hint.contains(hint), "{code:?}: {advice:?}");
    }
    let certificate =
        Device::new(&HuaweiIdentity { device_id: "d".to_owned(), secret: None, sign_type: SignType::Sha256 });
    let advice = certificate.explain_connack(ConnectReturn::BadUserNameOrPassword, &scene(120));
    assert!(advice.hint.contains("cert_file"), "{advice:?}");
}

#[test]
fn subscriptions_are_explained() {
    let device = device(SignType::Sha256);
    for (filter, hint) in [
        ("$oc/devices/other/sys/commands/#", "device other"),
        ("$oc/devices/prod1_nodeA/sys/odd", "100"),
        ("$oc/devices/+/sys/commands/#", "100"),
        ("fan/#", "access policy"),
    ] {
        let advice = device.explain_refused_subscription(filter);
        assert!(advice.reason.contains(filter) && advice.hint.contains(hint), "{advice:?}");
    }
    for (filter, silent) in [
        ("$oc/devices/prod1_nodeA/sys/commands/#", false),
        ("$oc/devices/prod1_nodeA/sys/shadow/get/response/#", true),
        ("$oc/devices/prod1_nodeA/user/fan", true),
        ("fan/#", true),
    ] {
        assert_eq!(device.explain_silence(filter).is_some(), silent, "{filter}");
    }
}
