//! The device as the rest of the program sees it, with the documents' own bodies.

use super::*;
use crate::profile::{AliyunTimestamp, SecretSource, SignMethod};

const BASE: &str = "/sys/a1AbCdEfGh1/lamp-01/";

pub(super) fn identity() -> AliyunIdentity {
    AliyunIdentity {
        product_key: "a1AbCdEfGh1".to_owned(),
        device_name: "lamp-01".to_owned(),
        secret: SecretSource::Env("UNUSED".to_owned()),
        client_id: "a1AbCdEfGh1.lamp-01".to_owned(),
        sign_method: SignMethod::HmacSha256,
        timestamp: AliyunTimestamp::Absent,
        ext: None,
        is_token: false,
    }
}

fn device() -> Device {
    Device::new(&identity(), Transport::Wss)
}

fn topic(tail: &str) -> String {
    if tail.starts_with('/') { tail.to_owned() } else { format!("{BASE}{tail}") }
}

#[test]
fn ids_come_from_the_payload_and_those_of_rrpc_from_the_topic() {
    for (direction, tail, payload, what, id, span, waits) in [
        (Direction::Down, "thing/service/property/set", r#"{"id":"123"}"#, What::PropertySet, Some("123"), false, true),
        (Direction::Down, "thing/service/turnOn", r#"{"id":123}"#, What::Command, Some("123"), false, true),
        (Direction::Down, "thing/service/turnOn", "garbage", What::Command, None, false, true),
        (Direction::Down, "thing/service/rrpc/request/1", r#"{"id":"123"}"#, What::System, Some("123"), false, false),
        (Direction::Up, "thing/service/turnOn_reply", r#"{"id":"123"}"#, What::CommandReply, Some("123"), false, false),
        (Direction::Up, "thing/event/property/post", r#"{"id":"5"}"#, What::PropertyReport, Some("5"), false, false),
        (Direction::Down, "thing/event/property/post_reply", r#"{"id":"5"}"#, What::Reply, Some("5"), false, false),
        (Direction::Down, "rrpc/request/812", r#"{"id":"1"}"#, What::Command, Some("812"), true, true),
        (Direction::Up, "rrpc/response/812", r#"{"id":"1"}"#, What::CommandReply, Some("812"), true, false),
        (Direction::Down, "/ext/rrpc/812//pk/dn/user/get", "hi", What::Command, Some("812"), true, true),
        (Direction::Up, "/ext/rrpc/812//pk/dn/user/get", "hi", What::CommandReply, Some("812"), true, false),
        (Direction::Down, "/a1AbCdEfGh1/lamp-01/user/get", r#"{"id":"1"}"#, What::Custom, None, false, false),
    ] {
        let topic = topic(tail);
        let meaning = device().meaning(direction, &topic, payload.as_bytes());
        assert_eq!(meaning.what, what, "{topic}");
        assert_eq!(meaning.request_id.as_deref(), id, "{topic}");
        assert_eq!(meaning.id_span.map(|(start, end)| &topic[start..end]), id.filter(|_| span), "{topic}");
        assert_eq!(meaning.deadline, waits.then_some(Duration::from_secs(8)), "{topic}");
    }
}

const SUMMARIES: &[(Direction, &str, &str, &str, &str, bool)] = &[
    (
        Direction::Up,
        "thing/event/property/post",
        r#"{"id":"1","params":{"temperature":21.4,"humidity":{"value":40,"time":1524448722000}},"method":"m"}"#,
        "",
        "temperature=21.4 humidity=40",
        false,
    ),
    (
        Direction::Down,
        "thing/service/property/set",
        r#"{"id":"1","params":{"pos":{"value":1,"x":2}}}"#,
        "",
        r#"pos={"value":1,"x":2}"#,
        false,
    ),
    (Direction::Down, "thing/service/property/get", r#"{"id":"1","params":["a","b"]}"#, "", "a b", false),
    (
        Direction::Down,
        "thing/service/turnOn",
        r#"{"id":"1","method":"thing.service.turnOn","params":{"level":3}}"#,
        "turnOn",
        "level=3",
        false,
    ),
    (
        Direction::Down,
        "rrpc/request/812",
        r#"{"id":"1","method":"thing.service.turnOn","params":{"level":3}}"#,
        "turnOn",
        "level=3",
        false,
    ),
    (Direction::Down, "rrpc/request/812", "ping", "", "ping", false),
    (Direction::Down, "/ext/rrpc/812/pk/dn/user/get", r#"{"a":1}"#, "pk/dn/user/get", "a=1", false),
    (
        Direction::Up,
        "thing/event/alarm/post",
        r#"{"params":{"value":{"temperature":80.5},"time":1}}"#,
        "alarm",
        "temperature=80.5",
        false,
    ),
    (Direction::Up, "thing/event/alarm/post", r#"{"params":{"temperature":80.5}}"#, "alarm", "temperature=80.5", false),
    (
        Direction::Down,
        "thing/event/property/post_reply",
        r#"{"id":"1","code":200,"data":{},"message":"success"}"#,
        "",
        "200 success",
        false,
    ),
    (
        Direction::Down,
        "thing/event/property/post_reply",
        r#"{"id":"1","code":6320,"data":{},"message":"tsl parse error"}"#,
        "",
        "6320 property not in the model tsl parse error",
        true,
    ),
    (
        Direction::Down,
        "thing/event/alarm/post_reply",
        r#"{"code":"99999"}"#,
        "alarm",
        "99999 (see the device log in the console)",
        true,
    ),
    (Direction::Down, "thing/event/property/post_reply", r#"{"id":"1"}"#, "", "no code", false),
    (
        Direction::Up,
        "thing/service/turnOn_reply",
        r#"{"id":"1","code":460,"data":{"why":"range"}}"#,
        "turnOn",
        "460 bad parameters why=range",
        true,
    ),
    (Direction::Up, "thing/service/property/set_reply", r#"{"code":100001}"#, "", "100001 the device's own code", true),
    (Direction::Down, "/a1AbCdEfGh1/lamp-01/user/get", r#"{"hello":"world"}"#, "", "hello=world", false),
    (Direction::Up, "thing/model/up_raw", "\u{1}", "", "1 B 01", false),
];

#[test]
fn summaries_speak_in_the_clouds_words() {
    for (direction, tail, payload, name, detail, failed) in SUMMARIES.iter().copied() {
        let said = device().summary(direction, &topic(tail), payload.as_bytes());
        assert_eq!((said.name.as_str(), said.detail.as_str(), said.failed), (name, detail, failed), "{tail} {payload}");
    }
}

type Reply = (&'static str, &'static str, Option<i64>, &'static str, Qos, What, &'static str, &'static str);

const REPLIES: &[Reply] = &[
    (
        "thing/service/property/set",
        r#"{"id":"123","params":{"a":1}}"#,
        None,
        "thing/service/property/set_reply",
        Qos::AtLeastOnce,
        What::PropertySetReply,
        "reply to property set",
        r#"{"id":"123","code":200,"message":"success","data":{}}"#,
    ),
    (
        "thing/service/property/set",
        r#"{"id":123}"#,
        Some(460),
        "thing/service/property/set_reply",
        Qos::AtLeastOnce,
        What::PropertySetReply,
        "reply to property set",
        r#"{"id":123,"code":460,"message":"bad parameters","data":{}}"#,
    ),
    (
        "thing/service/property/get",
        r#"{"id":"1","params":["a","b"]}"#,
        None,
        "thing/service/property/get_reply",
        Qos::AtLeastOnce,
        What::PropertyGetReply,
        "reply to property get",
        r#"{"id":"1","code":200,"message":"success","data":{"a":0,"b":0}}"#,
    ),
    (
        "thing/service/turnOn",
        r#"{"id":"1","params":{}}"#,
        Some(100_000),
        "thing/service/turnOn_reply",
        Qos::AtLeastOnce,
        What::CommandReply,
        "reply to turnOn",
        r#"{"id":"1","code":100000,"message":"the device's own code","data":{}}"#,
    ),
    (
        "rrpc/request/812",
        r#"{"id":"1","method":"thing.service.turnOn"}"#,
        None,
        "rrpc/response/812",
        Qos::AtMostOnce,
        What::CommandReply,
        "reply to turnOn",
        r#"{"id":"1","code":200,"message":"success","data":{}}"#,
    ),
    (
        "/ext/rrpc/812//a1AbCdEfGh1/lamp-01/user/get",
        "ping",
        None,
        "/ext/rrpc/812//a1AbCdEfGh1/lamp-01/user/get",
        Qos::AtMostOnce,
        What::CommandReply,
        "reply to /a1AbCdEfGh1/lamp-01/user/get",
        r#"{"code":200,"message":"success","data":{}}"#,
    ),
];

#[test]
fn a_reply_echoes_the_id_in_its_own_form() {
    for (tail, payload, code, answer, qos, what, label, body) in REPLIES.iter().copied() {
        let asked = topic(tail);
        let draft = device().reply(&Asked { topic: &asked, payload: payload.as_bytes() }, code).unwrap();
        assert_eq!((draft.topic, draft.label.as_str()), (topic(answer), label));
        assert_eq!((draft.what, draft.qos), (what, qos));
        let sent: serde_json::Value = serde_json::from_str(&draft.body).unwrap();
        assert_eq!(sent.to_string(), body);
        let answered = topic(answer);
        let meaning = device().meaning(Direction::Up, &answered, draft.body.as_bytes());
        assert_eq!(meaning.what, what);
        let request = device().meaning(Direction::Down, &asked, payload.as_bytes());
        assert_eq!(meaning.request_id, request.request_id, "request and reply are tied");
    }
    // A number that no f64 holds comes back digit by digit.
    let asked = topic("thing/service/turnOn");
    let payload = br#"{"id":123456789012345678901234567890}"#;
    let draft = device().reply(&Asked { topic: &asked, payload }, None).unwrap();
    assert!(draft.body.contains("\"id\": 123456789012345678901234567890,"), "{}", draft.body);
    for tail in ["thing/event/property/post_reply", "/a1AbCdEfGh1/lamp-01/user/get", "thing/service/turnOn_reply"] {
        assert_eq!(device().reply(&Asked { topic: &topic(tail), payload: b"{}" }, None), None, "{tail}");
    }
}

#[test]
fn a_request_for_a_sub_device_names_it_and_is_answered_on_its_topic() {
    let payload = br#"{"id":"7","version":"1.0","params":{"level":60},"method":"thing.service.SetBrightness"}"#;
    for (topic, target, answer) in [
        ("/sys/a1AbCdEfGh1/lamp-01/thing/service/SetBrightness", None, "/thing/service/SetBrightness_reply"),
        (
            "/sys/a1AbCdEfGh1/lamp-sub-01/thing/service/SetBrightness",
            Some("a1AbCdEfGh1/lamp-sub-01"),
            "/sys/a1AbCdEfGh1/lamp-sub-01/thing/service/SetBrightness_reply",
        ),
        (
            "/sys/a1AbCdEfGh1/lamp-sub-01/rrpc/request/812",
            Some("a1AbCdEfGh1/lamp-sub-01"),
            "/sys/a1AbCdEfGh1/lamp-sub-01/rrpc/response/812",
        ),
    ] {
        let asked = Asked { topic, payload };
        let request = device().request(&asked).unwrap();
        assert_eq!((request.name.as_str(), request.target.as_deref()), ("SetBrightness", target));
        assert_eq!(request.input, serde_json::json!({"level": 60}));
        let draft = device().reply(&asked, None).unwrap();
        assert!(draft.topic.ends_with(answer), "{}", draft.topic);
    }
    let get = Asked {
        topic: "/sys/a1AbCdEfGh1/lamp-sub-01/thing/service/property/get",
        payload: br#"{"id":"1","params":["a"]}"#,
    };
    let mut properties = crate::cloud::Properties::default();
    properties.set(Property::of("", "a"), serde_json::json!(5), WallTime::default());
    let answer = Answer { properties: Some(&properties), ..Answer::default() };
    let body = device().answer(&get, &answer).unwrap().body;
    assert!(body.contains("\"a\": 0"), "the gateway's own value is not the sub-device's: {body}");
    let own = Asked { topic: "/sys/a1AbCdEfGh1/lamp-01/thing/service/property/get", ..get };
    assert!(device().answer(&own, &answer).unwrap().body.contains("\"a\": 5"));
    let failed = device().answer(&own, &Answer { code: Some(400), ..answer }).unwrap().body;
    assert!(!failed.contains('5'), "a failure holds no values: {failed}");
}

#[test]
fn a_call_on_a_custom_topic_is_answered_with_any_body() {
    let asked = Asked { topic: "/ext/rrpc/812//a1AbCdEfGh1/lamp-01/user/get", payload: b"ping" };
    let request = device().request(&asked).unwrap();
    assert_eq!((request.what, request.name.as_str()), (What::Command, "/a1AbCdEfGh1/lamp-01/user/get"));
    assert_eq!((request.input, request.target), (serde_json::json!("ping"), None));
    for (output, body) in [
        (serde_json::json!("pong"), "pong"),
        (serde_json::json!({"a": 1}), "{\n  \"a\": 1\n}"),
        (serde_json::json!(3), "3"),
    ] {
        let draft = device().answer(&asked, &Answer { output: Some(&output), ..Answer::default() }).unwrap();
        assert_eq!((draft.topic.as_str(), draft.body.as_str(), draft.qos), (asked.topic, body, Qos::AtMostOnce));
    }
    // On the system's topic it stays Alink.
    let system = topic("rrpc/request/812");
    let asked = Asked { topic: &system, payload: br#"{"id":"1","method":"thing.service.turnOn","params":{}}"# };
    let output = serde_json::json!({"state": 1});
    let draft = device().answer(&asked, &Answer { output: Some(&output), ..Answer::default() }).unwrap();
    let body: serde_json::Value = serde_json::from_str(&draft.body).unwrap();
    assert_eq!(body, serde_json::json!({"id": "1", "code": 200, "message": "success", "data": {"state": 1}}));
}

#[test]
fn the_composer_offers_every_upward_row_of_the_topic_list() {
    let drafts = device().drafts(1_700_000_000_000);
    for path in [
        "thing/event/property/post",
        "thing/event/alarm/post",
        "thing/event/property/history/post",
        "thing/event/property/pack/post",
        "thing/property/desired/get",
        "thing/property/desired/delete",
        "thing/deviceinfo/update",
        "thing/deviceinfo/delete",
        "thing/config/get",
        "thing/dsltemplate/get",
        "thing/dynamicTsl/get",
        "thing/log/post",
        "thing/model/up_raw",
        "thing/topo/add",
        "thing/topo/delete",
        "thing/topo/get",
        "thing/list/found",
        "thing/sub/register",
        "thing/sub/unregister",
        "thing/ota/firmware/get",
        "/ota/device/inform/a1AbCdEfGh1/lamp-01",
        "/ota/device/progress/a1AbCdEfGh1/lamp-01",
        "/ext/session/a1AbCdEfGh1/lamp-01/combine/login",
        "/ext/session/a1AbCdEfGh1/lamp-01/combine/logout",
        "/ext/session/a1AbCdEfGh1/lamp-01/combine/batch_login",
        "/ext/session/a1AbCdEfGh1/lamp-01/combine/batch_logout",
        "/ext/ntp/a1AbCdEfGh1/lamp-01/request",
        "/shadow/update/a1AbCdEfGh1/lamp-01",
        "/a1AbCdEfGh1/lamp-01/user/update",
        "/a1AbCdEfGh1/lamp-01/user/update/error",
    ] {
        let topic = topic(path);
        let draft = drafts.iter().find(|draft| draft.topic == topic).unwrap_or_else(|| panic!("{path}"));
        if let Some(method) = path.strip_prefix("thing/").filter(|_| draft.what != What::Message) {
            let body: serde_json::Value = serde_json::from_str(&draft.body).unwrap();
            assert_eq!(body["method"], format!("thing.{}", method.replace('/', ".")));
            assert!(body["id"].as_str().is_some_and(|id| id.parse::<u32>().is_ok()), "{body}");
        }
        let said = device().summary(Direction::Up, &draft.topic, draft.body.as_bytes());
        assert!(!said.name.is_empty() || !said.detail.is_empty(), "{path}");
    }
    let mut labels: Vec<_> = drafts.iter().map(|draft| draft.label.as_str()).collect();
    labels.sort_unstable();
    let all = labels.len();
    labels.dedup();
    assert_eq!(labels.len(), all, "each label names one draft");
}

#[test]
fn drafts_begin_with_the_report_and_have_fresh_ids() {
    let drafts = device().drafts(u64::from(u32::MAX) + 8);
    assert_eq!(drafts[0].topic, topic("thing/event/property/post"));
    assert_eq!(drafts[1].topic, "/a1AbCdEfGh1/lamp-01/user/update");
    for draft in &drafts {
        assert_eq!(device().meaning(Direction::Up, &draft.topic, draft.body.as_bytes()).what, draft.what, "{draft:?}");
        let json = serde_json::from_str::<serde_json::Value>(&draft.body);
        assert_eq!(json.is_ok(), draft.what != What::Message, "{draft:?}");
    }
    assert!(drafts[0].body.contains("\"id\": \"7\""), "below 2^32: {}", drafts[0].body);
    assert_ne!(drafts[0].body, device().drafts(9)[0].body);
}

#[test]
fn refusals_say_what_to_check() {
    let scene = |keep_alive, offset| Scene { keep_alive, clock_offset_us: offset, at: WallTime::default() };
    for (code, keep_alive, offset, reason, hint) in [
        (ConnectReturn::UnacceptableProtocolVersion, 300, None, "3.1.1", "host"),
        (ConnectReturn::IdentifierRejected, 300, None, "client id", "64 characters"),
        (ConnectReturn::NotAuthorized, 20, None, "keep-alive", "30 to 1200 s, not 20 s"),
        (ConnectReturn::ServerUnavailable, 300, None, "unavailable", "later"),
        (ConnectReturn::BadUserNameOrPassword, 300, None, "signature", "hmacsha256 and securemode=2 for wss"),
        (ConnectReturn::NotAuthorized, 300, None, "authorise", "device lamp-01 of product a1AbCdEfGh1"),
        (ConnectReturn::NotAuthorized, 300, Some(-3_600_000_000), "authorise", "1 h 0 min ahead of"),
    ] {
        let advice = device().explain_connack(code, &scene(keep_alive, offset));
        assert!(advice.reason.contains(reason) && advice.hint.contains(hint), "{code:?}: {advice:?}");
    }
}

#[test]
fn subscriptions_are_explained() {
    for (filter, hint) in [
        ("/sys/a1AbCdEfGh1/other/thing/service/+", "only hear its own"),
        ("/sys/a1AbCdEfGh1/lamp-012/thing/service/+", "only hear its own"),
        ("/a1AbCdEfGh1/lamp-01/user/odd", "topic list"),
        ("/shadow/get/a1AbCdEfGh1/lamp-01", "topic list"),
    ] {
        let advice = device().explain_refused_subscription(filter);
        assert!(advice.reason.contains(filter) && advice.hint.contains(hint), "{advice:?}");
    }
    for (filter, words) in [
        ("/a1AbCdEfGh1/lamp-01/user/get", Some("only by a rule")),
        ("/sys/a1AbCdEfGh1/lamp-01/thing/event/+/post_reply", Some("ack")),
        ("/ext/rrpc/+/a1AbCdEfGh1/lamp-01/user/get", Some("ext=1")),
        ("/sys/a1AbCdEfGh1/lamp-01/thing/service/+", None),
    ] {
        let said = device().explain_silence(filter);
        assert_eq!(said.is_some(), words.is_some(), "{filter}");
        assert!(said.unwrap_or_default().contains(words.unwrap_or_default()), "{filter}");
    }
}
