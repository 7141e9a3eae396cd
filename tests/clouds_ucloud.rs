//! A UCloud device's dialogues with the embedded platform, over wss: what it asks, what comes back, and what that means.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

#[path = "support/bench.rs"]
mod bench;

use bench::Bench;
use bytes::Bytes;
use serde_json::{Value, json};
use standin::mqtt::Qos;
use standin::session::Action;
use standin::sim::{Ask, Options, Outcome};

const DEVICE: &str = "meter-7";
const ROOT: &str = "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/";

async fn signed_in() -> Bench {
    let mut bench = Bench::new(Options::default());
    let profile = bench.device("ucloud");
    assert_eq!(profile.name, DEVICE);
    bench.start(profile);
    bench.ready(DEVICE).await;
    bench
}

fn send(bench: &Bench, tail: &str, body: &Value) {
    let action = Action::Publish {
        topic: format!("{ROOT}{tail}"),
        payload: Bytes::from(body.to_string()),
        qos: Qos::AtLeastOnce,
        retain: false,
        force: false,
    };
    bench.order(DEVICE, 1, action);
}

async fn came(bench: &mut Bench, tail: &str) -> Value {
    let topic = format!("{ROOT}{tail}");
    bench.event(tail, |event| event["kind"] == "rx" && event["topic"] == topic.as_str()).await
}

#[tokio::test]
async fn what_the_device_asks_is_answered_by_its_id_with_the_time_it_took() {
    let mut bench = signed_in().await;
    send(&bench, "tmodel/property/post", &json!({ "RequestID": "1", "Property": { "t": { "Value": 21.5 } } }));
    came(&mut bench, "tmodel/property/post_reply").await;
    for (tail, body, key) in [
        ("tmodel/template/get", json!({ "RequestID": "2" }), "Template"),
        ("tmodel/property/restore", json!({ "RequestID": "3" }), "Property"),
        ("tmodel/property/desired/get", json!({ "RequestID": "4", "Require": ["t"] }), "Desired"),
        ("tmodel/event/post", json!({ "RequestID": "5", "Identifier": "alarm", "Output": {} }), "Message"),
    ] {
        send(&bench, tail, &body);
        let reply = came(&mut bench, &format!("{tail}_reply")).await;
        assert_eq!((&reply["what"], &reply["request_id"]), (&json!("reply"), &body["RequestID"]), "{reply}");
        assert!(reply["took_ms"].is_u64() && reply["json"].get(key).is_some(), "{reply}");
        assert_eq!(reply["json"]["RetCode"], 0, "{reply}");
    }
}

#[tokio::test]
async fn the_shadow_and_upgrades_are_spoken_of_on_their_own_topics() {
    let mut bench = signed_in().await;
    send(&bench, "shadow/upstream", &json!({ "Method": "update", "State": { "Reported": { "t": 1 } }, "Version": 1 }));
    let reply = came(&mut bench, "shadow/downstream").await;
    assert_eq!(reply["json"]["Payload"], json!({ "RetCode": 0, "Version": 1 }));
    send(&bench, "shadow/get", &json!({ "Method": "get" }));
    let document = came(&mut bench, "shadow/get_reply").await;
    assert_eq!(document["json"]["State"]["Reported"], json!({ "t": 1 }));
    send(
        &bench,
        "ota/upstream",
        &json!({ "Method": "request_firmware", "Payload": { "Module": "default", "Version": "0.9" } }),
    );
    let order = came(&mut bench, "ota/downstream").await;
    assert_eq!((&order["what"], &order["json"]["Method"]), (&json!("ota"), &json!("update_firmware")));
}

#[tokio::test]
async fn every_offer_reaches_a_device_that_listens() {
    let mut bench = signed_in().await;
    for filter in ["/ledubff3z85spjmu/$broadcast/#", "/ledubff3z85spjmu/h9onxtzw0aep7fsr/#"] {
        let filter = standin::mqtt::TopicFilter::new(filter).unwrap();
        bench.order(DEVICE, 9, Action::Subscribe { filter, qos: Qos::AtLeastOnce, force: false });
        bench.event("granted", |event| event["kind"] == "subscribed" && event["order"] == 9).await;
    }
    for offer in bench.platform.offers(DEVICE) {
        let ask = Ask::Offer { name: offer.name.to_owned(), input: Value::Null };
        if matches!(offer.name, "command" | "property-set") {
            let outcome = bench
                .ask(DEVICE, &ask, async |handle, came| {
                    let request_id = came["request_id"].as_str().unwrap().to_owned();
                    let action = Action::Reply { request_id, code: None, payload: None, force: false };
                    handle.try_send(standin::session::Order { number: None, action }).unwrap();
                })
                .await;
            assert!(matches!(outcome, Outcome::Answered { .. }), "{}: {outcome:?}", offer.name);
        } else {
            assert_eq!(bench.platform.request(DEVICE, &ask).await, Outcome::Sent, "{}", offer.name);
        }
    }
}
