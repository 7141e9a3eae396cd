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

/// Each row of the platform's topic list with the documents' own body: what it is, its id, and what it says.
#[test]
#[expect(clippy::too_many_lines, reason = "one entry a row of the list")]
fn every_row_of_the_topic_list_is_understood() {
    use Direction::{Down, Up};
    use What::{
        Command, CommandReply, Event, Ota, PropertyReport, PropertySet, PropertySetReply, Reply, Shadow, System,
    };
    for (direction, tail, payload, what, id, name, detail) in [
        (Up, "password", r#"{"RequestID":"100"}"#, System, Some("100"), "registration", ""),
        (
            Down,
            "password_reply",
            r#"{"RetCode":"0","RequestID":"100","Password":"hly3dk1u5y8fq0b9"}"#,
            Reply,
            Some("100"),
            "registration",
            "0 success with a secret, which is not shown",
        ),
        (Up, "tmodel/template/get", r#"{"RequestID":"1"}"#, System, Some("1"), "template", ""),
        (
            Down,
            "tmodel/template/get_reply",
            r#"{"RequestID":"1","RetCode":0,"Template":{"Property":[{}],"Event":[],"Command":[{},{}]}}"#,
            Reply,
            Some("1"),
            "template",
            "0 success 1 properties, 0 events, 2 commands",
        ),
        (
            Up,
            "tmodel/property/post",
            r#"{"RequestID":"1","Property":{"k":{"Value":5,"Time":1566557363000}}}"#,
            PropertyReport,
            Some("1"),
            "",
            "k=5",
        ),
        (
            Down,
            "tmodel/property/post_reply",
            r#"{"RequestID":"1","RetCode":0,"Message":"success"}"#,
            Reply,
            Some("1"),
            "",
            "0 success",
        ),
        (Down, "tmodel/property/set", r#"{"RequestID":"2","Property":{"k":1}}"#, PropertySet, Some("2"), "", "k=1"),
        (
            Up,
            "tmodel/property/set_reply",
            r#"{"RequestID":"2","RetCode":0}"#,
            PropertySetReply,
            Some("2"),
            "",
            "0 success",
        ),
        (Up, "tmodel/property/restore", r#"{"RequestID":"3"}"#, System, Some("3"), "last reported properties", ""),
        (
            Down,
            "tmodel/property/restore_reply",
            r#"{"RequestID":"3","RetCode":0,"LatestUpdateTime":1,"Property":{"k":{"Value":5}}}"#,
            Reply,
            Some("3"),
            "last reported properties",
            "0 success k=5",
        ),
        (
            Up,
            "tmodel/property/desired/get",
            r#"{"RequestID":"4","Require":["k","m"]}"#,
            Shadow,
            Some("4"),
            "desired",
            "k m",
        ),
        (
            Down,
            "tmodel/property/desired/get_reply",
            r#"{"RequestID":"4","RetCode":0,"Desired":{"k":{"Value":7,"Version":3}}}"#,
            Reply,
            Some("4"),
            "desired",
            "0 success k=7 v3",
        ),
        (
            Up,
            "tmodel/property/desired/delete",
            r#"{"RequestID":"5","Delete":{"k":{"Version":3}}}"#,
            Shadow,
            Some("5"),
            "delete desired",
            "k v3",
        ),
        (
            Down,
            "tmodel/property/desired/delete_reply",
            r#"{"RequestID":"5","RetCode":100038}"#,
            Reply,
            Some("5"),
            "delete desired",
            "100038 identifier unknown",
        ),
        (
            Up,
            "tmodel/event/post",
            r#"{"RequestID":"6","Identifier":"e","Output":{"t":1},"Time":1}"#,
            Event,
            Some("6"),
            "e",
            "t=1",
        ),
        (
            Down,
            "tmodel/event/post_reply",
            r#"{"RequestID":"6","RetCode":100047}"#,
            Reply,
            Some("6"),
            "",
            "100047 event unknown",
        ),
        (
            Down,
            "tmodel/command",
            r#"{"RequestID":"7","Identifier":"c","Input":{"n":1}}"#,
            Command,
            Some("7"),
            "c",
            "n=1",
        ),
        (
            Up,
            "tmodel/command_reply/7",
            r#"{"RequestID":"7","RetCode":0,"Identifier":"c","Output":{"m":2}}"#,
            CommandReply,
            Some("7"),
            "c",
            "0 success m=2",
        ),
        (
            Up,
            "shadow/upstream",
            r#"{"Method":"update","State":{"Reported":{"t":1},"Desired":null},"Version":4}"#,
            Shadow,
            None,
            "update",
            "reported t=1 no desired v4",
        ),
        (
            Up,
            "shadow/upstream",
            r#"{"Method":"delete","State":{"Reported":{"t":null}},"version":5}"#,
            Shadow,
            None,
            "delete",
            "reported t=null v5",
        ),
        (
            Down,
            "shadow/downstream",
            r#"{"Method":"reply","Payload":{"RetCode":100026,"Version":4},"Timestamp":1}"#,
            Shadow,
            None,
            "reply",
            "100026 shadow version conflict v4",
        ),
        (
            Down,
            "shadow/downstream",
            r#"{"Method":"control","Payload":{"State":{"Desired":{"t":9}}},"Version":6}"#,
            Shadow,
            None,
            "control",
            "desired t=9 v6",
        ),
        (Up, "shadow/get", r#"{"Method":"get"}"#, Shadow, None, "get", ""),
        (
            Down,
            "shadow/get_reply",
            r#"{"State":{"Reported":{"t":1},"Desired":{}},"Version":6}"#,
            Shadow,
            None,
            "document",
            "reported t=1 desired v6",
        ),
        (
            Up,
            "ota/upstream",
            r#"{"Method":"report_version","Payload":{"Module":"default","Version":"1.0.0"}}"#,
            Ota,
            None,
            "report version",
            "default 1.0.0",
        ),
        (
            Up,
            "ota/upstream",
            r#"{"Method":"report_progress","Payload":{"Module":"default","State":"burning","Percent":40}}"#,
            Ota,
            None,
            "report progress",
            "default burning 40 %",
        ),
        (
            Up,
            "ota/upstream",
            r#"{"Method":"report_fail","Payload":{"Module":"default","ErrCode":-4}}"#,
            Ota,
            None,
            "report fail",
            "default -4 MD5 does not match",
        ),
        (
            Down,
            "ota/downstream",
            r#"{"Method":"update_firmware","Payload":{"Module":"default","Version":"1.0.1","URL":"u","MD5":"m","Size":708482}}"#,
            Ota,
            None,
            "update firmware",
            "default 1.0.1 691.8 KiB",
        ),
        (
            Down,
            "ota/downstream",
            r#"{"Method":"cancel_update","Payload":{"Module":"default"}}"#,
            Ota,
            None,
            "cancel update",
            "default",
        ),
        (Down, "/ledubff3z85spjmu/$broadcast/all", r#"{"a":1}"#, What::Broadcast, None, "", "a=1"),
    ] {
        let topic = topic(tail);
        let meaning = device().meaning(direction, &topic, payload.as_bytes());
        assert_eq!((meaning.what, meaning.request_id.as_deref()), (what, id), "{topic}");
        let said = device().summary(direction, &topic, payload.as_bytes());
        assert_eq!((said.name.as_str(), said.detail.as_str()), (name, detail), "{topic} {payload}");
    }
}

#[test]
fn what_calls_for_more_than_showing_is_told() {
    let upgrade = Upgrade { module: "default".to_owned(), version: "1.0.1".to_owned(), size: Some(5) };
    let desired = |version| Told::Desired { writes: vec![(Property::of("", "k"), serde_json::json!(7))], version };
    for (tail, payload, told) in [
        ("password_reply", "{}", Some(Told::Secret)),
        (
            "ota/downstream",
            r#"{"Method":"update_firmware","Payload":{"Version":"1.0.1","Size":"5"}}"#,
            Some(Told::Upgrade(upgrade.clone())),
        ),
        ("ota/downstream", r#"{"Method":"update_firmware","Payload":{}}"#, None),
        ("ota/downstream", r#"{"Method":"cancel_update"}"#, Some(Told::UpgradeCancelled)),
        (
            "shadow/downstream",
            r#"{"Method":"control","Payload":{"State":{"Desired":{"k":7}}},"Version":3}"#,
            Some(desired(Some(3))),
        ),
        ("shadow/get_reply", r#"{"State":{"Desired":{}},"Version":3}"#, None),
        ("tmodel/property/desired/get_reply", r#"{"Desired":{"k":{"Value":7,"Version":2}}}"#, Some(desired(None))),
        ("tmodel/property/desired/get_reply", "nonsense", None),
        ("tmodel/property/post_reply", r#"{"RetCode":0}"#, None),
    ] {
        assert_eq!(device().told(&topic(tail), payload.as_bytes()), told, "{tail} {payload}");
    }
    let body = |draft: Option<Draft>| serde_json::from_str::<Value>(&draft.unwrap().body).unwrap();
    let step = |step| device().upgrade_progress(1, WallTime::default(), &upgrade, step);
    assert_eq!(body(step(UpgradeStep::Downloading(30)))["Payload"]["State"], "downloading");
    assert_eq!(body(step(UpgradeStep::Installing(200)))["Payload"]["Percent"], 100);
    assert_eq!(body(step(UpgradeStep::Done))["Method"], "report_success");
    for (code, _) in device().upgrade_failures() {
        assert_eq!(body(step(UpgradeStep::Failed(*code)))["Payload"]["ErrCode"], *code);
    }
    assert!(step(UpgradeStep::Failed(-9)).is_none());
}
