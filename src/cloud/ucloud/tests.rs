//! The device as the rest of the program sees it, with the documents' own bodies.

use super::*;
use crate::profile::SecretSource;

const BASE: &str = "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/";

fn device() -> Device {
    Device::new(&UcloudIdentity {
        product_sn: "ledubff3z85spjmu".to_owned(),
        device_sn: "h9onxtzw0aep7fsr".to_owned(),
        secret: SecretSource::Env("UNUSED".to_owned()),
    })
}

fn topic(tail: &str) -> String {
    if tail.starts_with('/') { tail.to_owned() } else { format!("{BASE}{tail}") }
}

#[test]
fn ids_come_from_the_payload_and_a_commands_answer_has_it_in_the_topic() {
    for (direction, tail, payload, what, id, span, waits) in [
        (Direction::Down, "tmodel/command", r#"{"RequestID":"77"}"#, What::Command, Some("77"), false, true),
        (Direction::Down, "tmodel/command", r#"{"RequestID":77}"#, What::Command, Some("77"), false, true),
        (Direction::Up, "tmodel/command_reply/77", r#"{"RequestID":"1"}"#, What::CommandReply, Some("77"), true, false),
        (Direction::Down, "tmodel/property/set", r#"{"RequestID":"8"}"#, What::PropertySet, Some("8"), false, true),
        (
            Direction::Up,
            "tmodel/property/set_reply",
            r#"{"RequestID":"8"}"#,
            What::PropertySetReply,
            Some("8"),
            false,
            false,
        ),
        (Direction::Up, "tmodel/property/post", r#"{"RequestID":"9"}"#, What::PropertyReport, Some("9"), false, false),
        (Direction::Down, "tmodel/property/post_reply", r#"{"RequestID":"9"}"#, What::Reply, Some("9"), false, false),
        (Direction::Down, "tmodel/property/post_reply", r#"{"id":"9"}"#, What::Reply, None, false, false),
        (
            Direction::Down,
            "/ledubff3z85spjmu/h9onxtzw0aep7fsr/set",
            r#"{"RequestID":"9"}"#,
            What::Custom,
            None,
            false,
            false,
        ),
    ] {
        let topic = topic(tail);
        let meaning = device().meaning(direction, &topic, payload.as_bytes());
        assert_eq!(meaning.what, what, "{topic}");
        assert_eq!(meaning.request_id.as_deref(), id, "{topic}");
        assert_eq!(meaning.id_span.map(|(start, end)| &topic[start..end]), id.filter(|_| span), "{topic}");
        assert_eq!(meaning.deadline, waits.then_some(Duration::from_secs(5)), "{topic}");
    }
}

#[test]
fn summaries_speak_in_the_clouds_words() {
    for (tail, payload, name, detail, failed) in [
        (
            "tmodel/property/post",
            r#"{"RequestID":"1","Property":{"temperature":{"Value":21.4},"humidity":{"Value":40,"Time":1}}}"#,
            "",
            "temperature=21.4 humidity=40",
            false,
        ),
        ("tmodel/property/set", r#"{"RequestID":"1","Property":{"k":{"Value":1}}}"#, "", r#"k={"Value":1}"#, false),
        ("tmodel/command", r#"{"RequestID":"1","Identifier":"open","Input":{"angle":90}}"#, "open", "angle=90", false),
        ("tmodel/command", r#"{"RequestID":"1","Identifier":"open"}"#, "open", "", false),
        ("tmodel/command", r#"{"RequestID":"1"}"#, "", "RequestID=1", false),
        ("tmodel/event/post", r#"{"Identifier":"alarm","Output":{"t":80.5}}"#, "alarm", "t=80.5", false),
        ("tmodel/property/post_reply", r#"{"RequestID":"1","RetCode":0,"Message":"success"}"#, "", "0 success", false),
        ("tmodel/property/post_reply", r#"{"RetCode":"0"}"#, "", "0 success", false),
        (
            "tmodel/property/post_reply",
            r#"{"RetCode":100058,"Message":"humidity"}"#,
            "",
            "100058 property not defined humidity",
            true,
        ),
        ("tmodel/property/set_reply", r#"{"RetCode":4711}"#, "", "4711", true),
        ("tmodel/property/set_reply", "{}", "", "no code", false),
        (
            "tmodel/command_reply/1",
            r#"{"RequestID":"1","RetCode":0,"Identifier":"open","Output":{"angle":90}}"#,
            "open",
            "0 success angle=90",
            false,
        ),
        ("/ledubff3z85spjmu/h9onxtzw0aep7fsr/set", "hello", "", "hello", false),
    ] {
        let said = device().summary(Direction::Down, &topic(tail), payload.as_bytes());
        assert_eq!((said.name.as_str(), said.detail.as_str(), said.failed), (name, detail, failed), "{tail} {payload}");
    }
}

#[test]
fn a_reply_echoes_the_id_in_its_own_form() {
    for (tail, payload, code, answer, what, label, body) in [
        (
            "tmodel/command",
            r#"{"RequestID":"77","Identifier":"open","Input":{"angle":90}}"#,
            None,
            "tmodel/command_reply/77",
            What::CommandReply,
            "reply to open",
            r#"{"RequestID":"77","RetCode":0,"Identifier":"open","Output":{}}"#,
        ),
        (
            "tmodel/command",
            r#"{"RequestID":77}"#,
            Some(230),
            "tmodel/command_reply/77",
            What::CommandReply,
            "reply to command",
            r#"{"RequestID":77,"RetCode":230,"Output":{}}"#,
        ),
        (
            "tmodel/property/set",
            r#"{"RequestID":"8","Property":{"k":1}}"#,
            None,
            "tmodel/property/set_reply",
            What::PropertySetReply,
            "reply to property set",
            r#"{"RequestID":"8","RetCode":0}"#,
        ),
    ] {
        let asked = topic(tail);
        let draft = device().reply(&Asked { topic: &asked, payload: payload.as_bytes() }, code).unwrap();
        assert_eq!((draft.topic, draft.label.as_str()), (topic(answer), label));
        assert_eq!((draft.what, draft.qos), (what, Qos::AtLeastOnce));
        let sent: serde_json::Value = serde_json::from_str(&draft.body).unwrap();
        assert_eq!(sent.to_string(), body);
        let answered = topic(answer);
        let meaning = device().meaning(Direction::Up, &answered, draft.body.as_bytes());
        let request = device().meaning(Direction::Down, &asked, payload.as_bytes());
        assert_eq!((meaning.what, meaning.request_id), (what, request.request_id), "request and reply are tied");
    }
    for (tail, payload) in [
        ("tmodel/command", "{}"),
        ("tmodel/command", "garbage"),
        ("tmodel/property/post_reply", r#"{"RequestID":"8"}"#),
        ("/ledubff3z85spjmu/h9onxtzw0aep7fsr/set", r#"{"RequestID":"8"}"#),
    ] {
        let asked = Asked { topic: &topic(tail), payload: payload.as_bytes() };
        assert_eq!(device().reply(&asked, None), None, "{tail} {payload}");
    }
}

#[test]
fn drafts_begin_with_the_report_and_have_fresh_ids() {
    let drafts = device().drafts(1_700_000_000_000);
    assert_eq!(drafts[0].topic, topic("tmodel/property/post"));
    assert!(drafts[0].body.contains("\"RequestID\": \"1700000000000\""), "{}", drafts[0].body);
    for draft in &drafts {
        assert_eq!(device().meaning(Direction::Up, &draft.topic, draft.body.as_bytes()).what, draft.what, "{draft:?}");
        assert!(serde_json::from_str::<serde_json::Value>(&draft.body).is_ok(), "{draft:?}");
    }
}

#[test]
fn refusals_say_what_to_check() {
    for (code, keep_alive, reason, hint) in [
        (ConnectReturn::UnacceptableProtocolVersion, 240, "3.1.1", "host"),
        (ConnectReturn::IdentifierRejected, 0, "keep-alive", "30 to 1200 s, not 0 s"),
        (ConnectReturn::IdentifierRejected, 240, "client id", "product_sn"),
        (ConnectReturn::ServerUnavailable, 240, "unavailable", "later"),
        (ConnectReturn::BadUserNameOrPassword, 240, "password", "DeviceSecret"),
        (ConnectReturn::NotAuthorized, 240, "authorise", "device h9onxtzw0aep7fsr"),
    ] {
        let advice = device().explain_connack(code, &Scene { keep_alive, ..Scene::default() });
        assert!(advice.reason.contains(reason) && advice.hint.contains(hint), "{code:?}: {advice:?}");
    }
    for (filter, hint) in [
        ("/$system/ledubff3z85spjmu/other/tmodel/command", "only hear its own"),
        ("/ledubff3z85spjmu/h9onxtzw0aep7fsr/odd", "topic list"),
        ("/ledubff3z85spjmu/$broadcast/odd", "topic list"),
    ] {
        let advice = device().explain_refused_subscription(filter);
        assert!(advice.reason.contains(filter) && advice.hint.contains(hint), "{advice:?}");
    }
    assert!(device().explain_silence("/ledubff3z85spjmu/h9onxtzw0aep7fsr/set").is_some());
    assert_eq!(device().explain_silence("/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/command"), None);
}
