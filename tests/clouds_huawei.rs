//! A Huawei device's dialogues with the embedded platform, over wss: what it asks, what comes back, and what that means.

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
use standin::mqtt::{Qos, TopicFilter};
use standin::session::{Action, Order};
use standin::sim::{Ask, Options, Outcome};

const DEVICE: &str = "smoke-01";
const ROOT: &str = "$oc/devices/65f0c0de_dev01/";

async fn signed_in() -> Bench {
    let mut bench = Bench::new(Options::default());
    let profile = bench.device("huawei");
    bench.start(profile);
    bench.ready(DEVICE).await;
    bench
}

fn send(bench: &Bench, tail: &str, payload: impl Into<Bytes>) {
    let topic = format!("{ROOT}{tail}");
    let action = Action::Publish { topic, payload: payload.into(), qos: Qos::AtLeastOnce, retain: false, force: false };
    bench.order(DEVICE, 1, action);
}

fn event(service: &str, kind: &str, paras: &Value) -> String {
    json!({ "services": [{ "service_id": service, "event_type": kind, "event_id": kind, "paras": paras }] }).to_string()
}

async fn came(bench: &mut Bench, tail: &str, kind: &str) -> Value {
    let topic = format!("{ROOT}{tail}");
    bench
        .event(kind, |event| {
            let service = &event["json"]["services"][0];
            event["kind"] == "rx"
                && event["topic"] == topic.as_str()
                && (kind.is_empty() || service["event_type"] == kind)
        })
        .await
}

#[tokio::test]
async fn a_packed_report_shows_in_the_shadow_that_is_asked_for_by_its_id() {
    let mut bench = signed_in().await;
    let tail = "sys/properties/report?encoding=gzip";
    let body = json!({ "services": [{ "service_id": "smokeDetector", "properties": { "alarm": 1 } }] }).to_string();
    let handle = bench.handles[0].clone();
    let packed = handle.platform.packed(&format!("{ROOT}{tail}"), body.as_bytes()).unwrap();
    send(&bench, tail, packed);
    send(&bench, "sys/shadow/get/request_id=s1", "{}");
    let shadow = came(&mut bench, "sys/shadow/get/response/request_id=s1", "").await;
    assert_eq!((&shadow["what"], &shadow["request_id"]), (&json!("shadow"), &json!("s1")));
    assert!(shadow["took_ms"].is_u64(), "{shadow}");
    assert_eq!(shadow["json"]["shadow"][0]["reported"]["properties"], json!({ "alarm": 1 }));
}

#[tokio::test]
async fn the_platforms_functions_answer_over_events() {
    let mut bench = signed_in().await;
    let sub = json!({ "node_id": "a", "product_id": "p" });
    for (service, kind, paras, answer) in [
        ("$time_sync", "time_sync_request", json!({ "device_send_time": 1 }), "time_sync_response"),
        ("$file_manager", "get_upload_url", json!({ "file_name": "f" }), "get_upload_url_response"),
        ("$file_manager", "get_download_url", json!({ "file_name": "f" }), "get_download_url_response"),
        ("$sub_device_manager", "add_sub_device_request", json!({ "devices": [sub] }), "add_sub_device_response"),
        (
            "$sub_device_manager",
            "sub_device_update_status",
            json!({ "device_statuses": [{ "device_id": "p_a", "status": "ONLINE" }] }),
            "sub_device_update_status_response",
        ),
        ("$sub_device_manager", "sub_device_sync_request", json!({ "version": 0 }), "add_sub_device_notify"),
        (
            "$sub_device_manager",
            "delete_sub_device_request",
            json!({ "devices": ["p_a"] }),
            "delete_sub_device_response",
        ),
    ] {
        send(&bench, "sys/events/up", event(service, kind, &paras));
        let said = came(&mut bench, "sys/events/down", answer).await;
        assert_eq!(said["what"], "event", "{said}");
        let failed = &said["json"]["services"][0]["paras"]["failed_devices"];
        assert!(failed.is_null() || failed == &json!([]), "{said}");
    }
}

#[tokio::test]
async fn the_clock_that_the_platform_tells_is_measured() {
    let mut bench = Bench::new(Options { clock_offset_us: 7_000_000, ..Options::default() });
    let profile = bench.device("huawei");
    let plan = standin::behaviour::Plan { ask_time: true, ..standin::behaviour::Plan::default() };
    bench.start_with(profile, &plan);
    bench.ready(DEVICE).await;
    came(&mut bench, "sys/events/down", "time_sync_response").await;
    bench
        .event("the remark", |event| event["kind"] == "note" && event["text"].as_str().unwrap().contains("ahead"))
        .await;
    let offset = bench.handles[0].standing().clock_offset_us.unwrap();
    assert!((6_000_000..8_000_000).contains(&offset), "{offset}");
}

#[tokio::test]
async fn every_offer_reaches_a_device_that_listens() {
    let mut bench = signed_in().await;
    let filter = TopicFilter::new(format!("{ROOT}user/#")).unwrap();
    bench.order(DEVICE, 9, Action::Subscribe { filter, qos: Qos::AtLeastOnce, force: false });
    bench.event("granted", |event| event["kind"] == "subscribed" && event["order"] == 9).await;
    for offer in bench.platform.offers(DEVICE) {
        let ask = Ask::Offer { name: offer.name.to_owned(), input: Value::Null };
        let waits = offer.name.contains("command") || offer.name.contains("property");
        if !waits {
            assert_eq!(bench.platform.request(DEVICE, &ask).await, Outcome::Sent, "{}", offer.name);
            continue;
        }
        let outcome = bench
            .ask(DEVICE, &ask, async |handle, came| {
                let request_id = came["request_id"].as_str().unwrap().to_owned();
                let action = Action::Reply { request_id, code: None, payload: None, force: false };
                handle.try_send(Order { number: None, action }).unwrap();
            })
            .await;
        assert!(matches!(outcome, Outcome::Answered { .. }), "{}: {outcome:?}", offer.name);
    }
}
