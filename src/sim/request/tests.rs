//! What a cloud asks, held against `cloud`'s opinion of the same topics and bodies.

use super::*;
use crate::cloud::{self, Asked, Direction};
use crate::event::What;
use crate::profile::Transport;
use crate::sim::roster::{Device, demo};

fn asks() -> Vec<(Ask, What)> {
    let service = "smokeDetector".to_owned();
    let (name, input) = ("SILENCE".to_owned(), json!({"value": 1}));
    vec![
        (Ask::Command { service: service.clone(), name: name.clone(), input: input.clone() }, What::Command),
        (Ask::Call { service: service.clone(), name, input }, What::Command),
        (Ask::PropertySet { service: service.clone(), properties: json!({"alarm": 0}) }, What::PropertySet),
        (Ask::PropertyGet { service }, What::PropertyGet),
    ]
}

fn platform(device: &Device) -> Box<dyn cloud::Platform> {
    cloud::platform(&device.profile(Transport::Wss, 443, std::path::Path::new("ca.pem")))
}

#[test]
fn a_device_that_answers_as_its_cloud_asks_ends_each_request_in_time() {
    let mut seen = 0;
    for device in demo() {
        let platform = platform(&device);
        for (ask, what) in asks() {
            let Some(request) = build(&device.identity, &ask, 41) else { continue };
            let expect = request.expect.unwrap();
            let meaning = platform.meaning(Direction::Down, &request.topic, &request.payload);
            assert_eq!(meaning.what, what, "{}", request.topic);
            assert_eq!(meaning.deadline, Some(expect.within), "{}", request.topic);
            let asked = Asked { topic: &request.topic, payload: &request.payload };
            let reply = platform.reply(&asked, None).unwrap();
            assert!(expect.is_met_by(&reply.topic, reply.body.as_bytes()), "{}: {}", reply.topic, reply.body);
            let other = build(&device.identity, &ask, 42).unwrap();
            let other = other.expect.unwrap();
            assert!(!other.is_met_by(&reply.topic, reply.body.as_bytes()), "an answer ends its own request only");
            seen += 1;
        }
    }
    assert_eq!(seen, 4 + 4 + 3);
}

#[test]
fn huaweis_command_is_the_documents_own() {
    let request = build(&demo()[0].identity, &asks()[0].0, 0x2a).unwrap();
    let topic = "$oc/devices/65f0c0de_dev01/sys/commands/request_id=0000002a-5a4d-4000-8000-00000000002a";
    assert_eq!(request.topic, topic);
    let body: Value = serde_json::from_slice(&request.payload).unwrap();
    let expected = json!({"object_device_id": "65f0c0de_dev01", "service_id": "smokeDetector",
                          "command_name": "SILENCE", "paras": {"value": 1}});
    assert_eq!(body, expected);
}

#[test]
fn messages_want_no_answer_and_go_where_the_cloud_has_a_topic_for_them() {
    let ask = Ask::Message { payload: Bytes::from_static(b"\x00\xff") };
    for (device, topic) in [
        (0, Some("$oc/devices/65f0c0de_dev01/sys/messages/down")),
        (1, Some("/a1AbCdEfGh1/lamp-01/user/get")),
        (2, None),
        (3, None),
    ] {
        let request = build(&demo()[device].identity, &ask, 1);
        assert_eq!(request.as_ref().map(|request| request.topic.as_str()), topic);
        assert!(request.is_none_or(|request| request.expect.is_none() && request.payload[..] == *b"\x00\xff"));
    }
}

#[test]
fn the_id_in_a_body_may_be_text_or_number_but_must_be_the_requests() {
    let request = build(&demo()[1].identity, &asks()[2].0, 7).unwrap();
    let expect = request.expect.unwrap();
    let topic = "/sys/a1AbCdEfGh1/lamp-01/thing/service/property/set_reply";
    for (topic, body, expected) in [
        (topic, r#"{"id":"7","code":200}"#, true),
        (topic, r#"{"id":7,"code":200}"#, true),
        (topic, r#"{"id":"8","code":200}"#, false),
        (topic, r#"{"code":200}"#, false),
        (topic, r#"{"id":[7]}"#, false),
        (topic, "7", false),
        (topic, "{", false),
        ("/sys/a1AbCdEfGh1/lamp-01/thing/service/property/set", r#"{"id":"7"}"#, false),
    ] {
        assert_eq!(expect.is_met_by(topic, body.as_bytes()), expected, "{topic} {body}");
    }
}
