//! Requests taken apart, and answers made of the device's own values.

use serde_json::json;

use super::*;
use crate::cloud::Properties;

const LEGACY: &str = "/huawei/v1/devices/prod1_nodeA/command/json";

fn taken(tail: &str, body: &str) -> Request {
    device(SignType::default()).request(&Asked { topic: &topic(tail), payload: body.as_bytes() }).unwrap()
}

#[test]
fn a_request_says_for_whom_it_is() {
    let target = |body| taken("commands/request_id=1", body).target;
    assert_eq!(target(r#"{"object_device_id":"sub1","command_name":"C"}"#).as_deref(), Some("sub1"));
    assert_eq!(target(r#"{"object_device_id":"prod1_nodeA","command_name":"C"}"#), None);
    assert_eq!(target(r#"{"object_device_id":"","command_name":"C"}"#), None);
    assert_eq!(target(r#"{"command_name":"C"}"#), None);
    assert_eq!(taken("commands/request_id=1", "nonsense"), Request::of(What::Command));
}

#[test]
fn a_request_says_what_it_wants() {
    let command = taken("commands/request_id=1", r#"{"service_id":"S","command_name":"C","paras":{"a":1}}"#);
    assert_eq!((command.name.as_str(), command.service.as_str(), command.input), ("C", "S", json!({ "a": 1 })));
    let set = taken(
        "properties/set/request_id=1",
        r#"{"services":[{"service_id":"A","properties":{"p":1}},{"service_id":"B","properties":{"p":2,"q":3}},{"service_id":"C"}]}"#,
    );
    let writes = [("A", "p", 1), ("B", "p", 2), ("B", "q", 3)];
    assert_eq!(set.writes, writes.map(|(service, name, value)| (Property::of(service, name), json!(value))));
    let get = taken("properties/get/request_id=1", r#"{"service_id":"S"}"#);
    assert_eq!((get.service.as_str(), get.reads), ("S", vec![]));
    let body = r#"{"msgType":"cloudReq","serviceId":"S","cmd":"C","paras":{"a":1},"mid":"m7"}"#;
    let legacy = device(SignType::default()).request(&Asked { topic: LEGACY, payload: body.as_bytes() }).unwrap();
    assert_eq!((legacy.name.as_str(), legacy.service.as_str(), legacy.input), ("C", "S", json!({ "a": 1 })));
}

#[test]
fn a_property_get_is_answered_with_the_devices_values_and_their_times() {
    let second = |second: i64| WallTime::from_unix_micros(1_700_000_000_000_000 + second * SECOND);
    let mut properties = Properties::default();
    for (name, value, since) in [("A/p", json!(1), 5), ("A/q", json!("x"), 0), ("B/r", json!(2.5), 60)] {
        assert!(properties.set(Property::parse(name), value, second(since)));
    }
    let answered = |body: &str, code| {
        let answer = Answer { code, properties: Some(&properties), ..Answer::default() };
        let topic = topic("properties/get/request_id=1");
        let draft = device(SignType::default()).answer(&Asked { topic: &topic, payload: body.as_bytes() }, &answer);
        serde_json::from_str::<Value>(&draft.unwrap().body).unwrap()["services"].clone()
    };
    let a = json!({ "service_id": "A", "properties": { "p": 1, "q": "x" }, "event_time": "20231114T221325Z" });
    let b = json!({ "service_id": "B", "properties": { "r": 2.5 }, "event_time": "20231114T221420Z" });
    assert_eq!(answered("{}", None), json!([a, b]));
    assert_eq!(answered(r#"{"service_id":"B"}"#, None), json!([b]));
    assert_eq!(answered(r#"{"service_id":"C"}"#, None), json!([]));
    assert_eq!(answered("{}", Some(1)), json!([]), "who cannot read has nothing to tell");
}

#[test]
fn a_command_of_the_older_interface_keeps_its_id_when_it_is_carried_over() {
    use crate::cloud::transfer::{Fresh, NewId, Transfer, result_code};
    use crate::profile::Cloud;
    let answer = br#"{"msgType":"deviceRsp","mid":5,"errcode":1,"body":{}}"#;
    assert_eq!(result_code(Cloud::Huawei, answer), Some(1));
    let up = "/huawei/v1/devices/prod1_nodeA/data/json";
    for (mid, body) in [("77", json!(77)), (r#""a7""#, json!("a7"))] {
        let asked = format!(r#"{{"msgType":"cloudReq","cmd":"C","mid":{mid}}}"#);
        let asked = Asked { topic: LEGACY, payload: asked.as_bytes() };
        let fresh = Fresh { id: NewId::Answering(&asked, Direction::Down), shift_us: 0 };
        let carried = Transfer::within(Cloud::Huawei).carry(Direction::Up, up, answer, &fresh);
        assert_eq!(serde_json::from_slice::<Value>(&carried.payload).unwrap()["mid"], body);
    }
}

#[test]
fn an_answer_of_the_older_interface_can_be_spoilt_in_one_thing() {
    use crate::cloud::spoil;
    use crate::profile::Cloud;
    let up = "/huawei/v1/devices/prod1_nodeA/data/json";
    let answer = r#"{"msgType":"deviceRsp","mid":5,"errcode":0,"body":{}}"#;
    let spoilt = spoil::wrong_id(Cloud::Huawei, up, answer.as_bytes()).unwrap();
    let other = answer.replace("\"mid\":5", &format!("\"mid\":{}", 5_u32 ^ 0x8000_0000));
    assert_eq!((spoilt.topic.as_ref(), spoilt.payload.as_ref()), (up, other.as_bytes()));
    let spoilt: Value = serde_json::from_str(&spoil::wrong_type(answer.as_bytes()).unwrap()).unwrap();
    assert_eq!(spoilt, json!({ "msgType": "deviceRsp", "mid": 5, "errcode": "0", "body": {} }));
}

#[test]
fn a_shadow_of_ever_new_services_is_reported_in_its_time() {
    let count = 50_000;
    let writes: Vec<(Property, Value)> =
        (0..count).map(|number| (Property::of(&format!("service{number}"), "p"), json!(number))).collect();
    let start = std::time::Instant::now();
    let draft = device(SignType::default()).report(1, &writes, None).unwrap();
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "it took {:?}", start.elapsed());
    let body: Value = serde_json::from_str(&draft.body).unwrap();
    assert_eq!(body["services"].as_array().map(Vec::len), Some(count));
    assert_eq!(body["services"][count - 1], json!({ "service_id": "service49999", "properties": { "p": 49_999 } }));
}
