//! What each message of the platform tells, with the documents' own bodies.

use super::super::tests::identity;
use super::*;
use crate::cloud::{Upgrade, UpgradeStep};

fn told_of(topic: &str, payload: &str) -> Option<Told> {
    told(&identity(), topic, payload.as_bytes())
}

fn writes(pairs: &[(&str, Value)]) -> Vec<(Property, Value)> {
    pairs.iter().map(|(name, value)| (Property::of("", name), value.clone())).collect()
}

#[test]
fn the_time_is_told_as_text_or_number() {
    let expected =
        Some(Told::Time { device_sent: 1_571_724_098_000, received: 1_571_724_098_110, sent: 1_571_724_098_115 });
    for payload in [
        r#"{"deviceSendTime":"1571724098000","serverRecvTime":"1571724098110","serverSendTime":"1571724098115"}"#,
        r#"{"deviceSendTime":1571724098000,"serverRecvTime":1571724098110,"serverSendTime":1571724098115}"#,
    ] {
        assert_eq!(told_of("/ext/ntp/a1AbCdEfGh1/lamp-01/response", payload), expected);
    }
    assert_eq!(told_of("/ext/ntp/a1AbCdEfGh1/lamp-01/response", r#"{"deviceSendTime":"1"}"#), None);
}

#[test]
fn a_notice_is_told_in_the_platforms_words() {
    let notice = |title: &str, words: &str| Some(Told::Notice { title: title.to_owned(), words: words.to_owned() });
    let long = "x".repeat(1_000);
    for (payload, expected) in [
        (
            r#"{"title":"kick","content":"Kicked by the same device"}"#.to_owned(),
            notice("kick", "Kicked by the same device"),
        ),
        (r#"{"content":"maintenance"}"#.to_owned(), notice("", "maintenance")),
        (json!({ "title": "long", "content": long }).to_string(), notice("long", &"x".repeat(200))),
        (r#"{"title":1,"content":{}}"#.to_owned(), None),
        ("kick".to_owned(), None),
    ] {
        assert_eq!(told_of("/ext/notify", &payload), expected, "{payload}");
    }
    assert_eq!(told_of("/ext/other", r#"{"title":"kick","content":"x"}"#), None);
}

#[test]
fn an_upgrade_is_told_from_an_order_and_from_the_answer_to_a_question() {
    let order = r#"{"code":"1000","data":{"size":432945,"version":"2.0.0","url":"https://h/f","sign":"ab","signMethod":"Md5","module":"MCU"},"id":1507707025,"message":"success"}"#;
    let upgrade =
        |module: &str, size| Some(Told::Upgrade(Upgrade { module: module.into(), version: "2.0.0".into(), size }));
    assert_eq!(told_of("/ota/device/upgrade/a1AbCdEfGh1/lamp-01", order), upgrade("MCU", Some(432_945)));
    let answer = r#"{"id":"1","code":200,"data":{"version":"2.0.0"}}"#;
    assert_eq!(told_of("/sys/a1AbCdEfGh1/lamp-01/thing/ota/firmware/get_reply", answer), upgrade("default", None));
    for nothing in
        [r#"{"code":200,"data":{}}"#, r#"{"code":"1001","data":{"version":"2"}}"#, r#"{"data":{"version":"2"}}"#]
    {
        assert_eq!(told_of("/ota/device/upgrade/a1AbCdEfGh1/lamp-01", nothing), None, "{nothing}");
    }
    let of_sub_device = "/ota/device/upgrade/a1AbCdEfGh1/lamp-sub-01";
    assert_eq!(told_of(of_sub_device, order), None, "a gateway does not upgrade itself for its sub-device");
}

#[test]
fn desired_values_come_from_the_model_and_from_the_shadow() {
    let desired = |pairs: &[(&str, Value)], version| Some(Told::Desired { writes: writes(pairs), version });
    let get = "/sys/a1AbCdEfGh1/lamp-01/thing/property/desired/get_reply";
    let body = r#"{"id":"123","code":200,"data":{"power":{"value":"on","version":2},"odd":{}}}"#;
    assert_eq!(told_of(get, body), desired(&[("power", json!("on"))], None));
    assert_eq!(told_of(get, r#"{"id":"123","code":200,"data":{}}"#), None);
    let shadow = "/shadow/get/a1AbCdEfGh1/lamp-01";
    let control = r#"{"method":"control","payload":{"status":"success","state":{"reported":{"color":"red"},"desired":{"color":"green"}},"metadata":{}},"version":2,"timestamp":1469564576}"#;
    assert_eq!(told_of(shadow, control), desired(&[("color", json!("green"))], Some(2)));
    for nothing in [
        r#"{"method":"reply","payload":{"status":"success","version":1},"timestamp":1469564576}"#,
        r#"{"method":"control","payload":{"state":{"desired":"null"}},"version":3}"#,
        "{",
    ] {
        assert_eq!(told_of(shadow, nothing), None, "{nothing}");
    }
    assert_eq!(told_of("/shadow/get/a1AbCdEfGh1/lamp-sub-01", control), None);
}

#[test]
fn orders_are_acknowledged_with_the_id_as_it_came() {
    for (path, name) in [
        ("config/push", "config push"),
        ("config/log/push", "config log push"),
        ("topo/add/notify", "topo add notify"),
        ("topo/change", "topo change"),
        ("disable", "disable"),
        ("enable", "enable"),
        ("delete", "delete"),
        ("gateway/permit", "gateway permit"),
    ] {
        for (device, id) in [("lamp-01", r#""123""#), ("lamp-sub-01", "123")] {
            let topic = format!("/sys/a1AbCdEfGh1/{device}/thing/{path}");
            let payload = format!(r#"{{"id":{id},"version":"1.0","params":{{}}}}"#);
            assert_eq!(told_of(&topic, &payload), Some(Told::Order { name: name.to_owned() }));
            let draft = acknowledge(&Asked { topic: &topic, payload: payload.as_bytes() }).unwrap();
            assert_eq!(draft.topic, format!("{topic}_reply"));
            let body: Value = serde_json::from_str(&draft.body).unwrap();
            assert_eq!(
                body,
                json!({"id": serde_json::from_str::<Value>(id).unwrap(), "code": 200, "message": "success", "data": {}})
            );
        }
    }
    for other in
        ["thing/service/turnOn", "thing/disable_reply", "thing/event/property/post_reply", "thing/topo/add_reply"]
    {
        let topic = format!("/sys/a1AbCdEfGh1/lamp-01/{other}");
        assert_eq!(acknowledge(&Asked { topic: &topic, payload: b"{}" }), None, "{other}");
        assert_eq!(told_of(&topic, r#"{"id":"1"}"#), None, "{other}");
    }
}

#[test]
fn secrets_that_are_handed_out_are_told_as_such() {
    let reply = "/sys/a1AbCdEfGh1/lamp-01/thing/sub/register_reply";
    let body = r#"{"id":"1","code":200,"data":[{"productKey":"p","deviceName":"d","deviceSecret":"s"}]}"#;
    assert_eq!(told_of(reply, body), Some(Told::Secret));
    let proxied = "/sys/a1AbCdEfGh1/lamp-01/thing/proxy/provisioning/product_register_reply";
    let nested = r#"{"code":200,"data":{"failures":[],"successes":[{"deviceSecret":"s"}]}}"#;
    assert_eq!(told_of(proxied, nested), Some(Told::Secret));
    assert_eq!(told_of("/ext/register", "anything"), Some(Told::Secret));
    assert_eq!(told_of(reply, r#"{"id":"1","code":460,"data":{}}"#), None, "a refusal holds none");
}

#[test]
fn the_device_asks_for_the_time_with_qos_0() {
    let draft = ask_time(&identity(), WallTime::from_unix_micros(1_571_724_098_000_999));
    assert_eq!((draft.topic.as_str(), draft.qos), ("/ext/ntp/a1AbCdEfGh1/lamp-01/request", Qos::AtMostOnce));
    assert_eq!(serde_json::from_str::<Value>(&draft.body).unwrap(), json!({"deviceSendTime": "1571724098000"}));
}

#[test]
fn versions_and_progress_are_the_documents_own() {
    let body = |draft: &Draft| serde_json::from_str::<Value>(&draft.body).unwrap();
    for (module, params) in [
        ("default", json!({"version": "1.0.1"})),
        ("", json!({"version": "1.0.1"})),
        ("MCU", json!({"version": "1.0.1", "module": "MCU"})),
    ] {
        let draft = upgrade::version_report(&identity(), "1", module, "1.0.1");
        assert_eq!(draft.topic, "/ota/device/inform/a1AbCdEfGh1/lamp-01");
        assert_eq!(body(&draft), json!({"id": "1", "params": params}));
    }
    let order = Upgrade { module: "MCU".to_owned(), version: "2".to_owned(), size: None };
    for (step, number) in [
        (UpgradeStep::Downloading(0), "0"),
        (UpgradeStep::Downloading(100), "50"),
        (UpgradeStep::Installing(0), "50"),
        (UpgradeStep::Installing(255), "100"),
        (UpgradeStep::Done, "100"),
        (UpgradeStep::Failed(-1), "-1"),
        (UpgradeStep::Failed(-4), "-4"),
    ] {
        let draft = upgrade::progress(&identity(), "1", &order, step).unwrap();
        assert_eq!(draft.topic, "/ota/device/progress/a1AbCdEfGh1/lamp-01");
        let params = &body(&draft)["params"];
        assert_eq!((&params["step"], &params["module"]), (&json!(number), &json!("MCU")), "{step:?}");
        assert!(params["desc"].as_str().is_some_and(|words| !words.is_empty()));
    }
    assert_eq!(upgrade::progress(&identity(), "1", &order, UpgradeStep::Failed(-5)), None, "not a documented step");
    assert_eq!(upgrade::FAILURES.len(), 4);
}
