//! The cloud's side, topic by topic, with the documents' own bodies.

use std::io::Write;

use serde_json::json;

use super::*;
use crate::sim::roster::{Roster, demo};

const ID: &str = "65f0c0de_dev01";

struct Bench {
    cloud: Cloud,
    roster: Roster,
    identity: Identity,
}

impl Bench {
    fn new() -> Self {
        Self { cloud: Cloud::default(), roster: Roster::new(demo()), identity: demo().remove(0).identity }
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut Cloud, &Scene<'_>) -> T) -> T {
        let Self { cloud, roster, identity } = self;
        work(cloud, &Scene { identity, roster, at: WallTime::from_unix_micros(1_700_000_000_000_000), number: 7 })
    }

    fn say(&mut self, tail: &str, body: &[u8]) -> Option<(String, Value)> {
        let topic = format!("$oc/devices/{ID}/sys/{tail}");
        let push = self.with(|cloud, scene| cloud.take(scene, &topic, body)).into_iter().next()?;
        let tail = push.topic.strip_prefix(&format!("$oc/devices/{ID}/sys/")).unwrap().to_owned();
        Some((tail, serde_json::from_slice(&push.payload).unwrap()))
    }

    fn report(&mut self, tail: &str, body: &Value) {
        assert_eq!(self.say(tail, body.to_string().as_bytes()), None, "reports have no answer");
    }

    fn shadow(&mut self, body: &Value) -> Value {
        let (tail, document) = self.say("shadow/get/request_id=9", body.to_string().as_bytes()).unwrap();
        assert_eq!(tail, "shadow/get/response/request_id=9");
        document["shadow"].clone()
    }

    /// What the platform says to an event: its type and its parameters.
    fn event(&mut self, service: &str, kind: &str, paras: &Value) -> Option<(String, Value)> {
        let body =
            json!({ "services": [{ "service_id": service, "event_type": kind, "event_id": "e", "paras": paras }] });
        let (tail, answer) = self.say("events/up", body.to_string().as_bytes())?;
        assert_eq!(tail, "events/down");
        let answer = &answer["services"][0];
        assert_eq!((&answer["service_id"], &answer["event_id"]), (&json!(service), &json!("e")));
        Some((answer["event_type"].as_str().unwrap().to_owned(), answer["paras"].clone()))
    }
}

#[test]
fn the_shadow_holds_what_was_reported_packed_or_not_and_what_is_desired() {
    let mut bench = Bench::new();
    let report =
        |value: u8| json!({ "services": [{ "service_id": "smokeDetector", "properties": { "alarm": value } }] });
    bench.report("properties/report?request_id=1", &report(1));
    bench.report("properties/report", &json!({ "services": [{ "properties": { "lost": 1 } }, 5] }));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(report(3).to_string().as_bytes()).unwrap();
    assert_eq!(bench.say("properties/report?encoding=gzip", &packed.finish().unwrap()), None);
    assert!(bench.with(|cloud, scene| cloud.order(scene, "shadow-desired", &json!({ "alarm": 0 }))).is_some());
    let shadow = bench.shadow(&json!({}));
    assert_eq!(shadow.as_array().unwrap().len(), 1, "a service without an id is passed over");
    assert_eq!(shadow[0]["reported"]["properties"], json!({ "alarm": 3 }));
    assert_eq!(shadow[0]["reported"]["event_time"], "20231114T221320Z");
    assert_eq!(shadow[0]["desired"]["properties"], json!({ "alarm": 0 }));
    assert_eq!(shadow[0]["version"], 3);
    assert_eq!(bench.shadow(&json!({ "service_id": "other" })), json!([]));
    let timed = json!({ "services": [{ "service_id": "t", "properties": {}, "event_time": "20250101T000000Z" }] });
    bench.report("properties/report", &timed);
    assert_eq!(bench.shadow(&json!({ "service_id": "t" }))[0]["reported"]["event_time"], "20250101T000000Z");
}

#[test]
fn time_and_files_are_answered() {
    let mut bench = Bench::new();
    let (kind, paras) = bench.event("$time_sync", "time_sync_request", &json!({ "device_send_time": 5 })).unwrap();
    let now = 1_700_000_000_000_i64;
    let times = json!({ "device_send_time": 5, "server_recv_time": now, "server_send_time": now });
    assert_eq!((kind.as_str(), paras), ("time_sync_response", times));
    let wanted = json!({ "file_name": "a.log", "file_attributes": { "hash_code": "c0", "size": 1 } });
    for (ask, answer) in
        [("get_upload_url", "get_upload_url_response"), ("get_download_url", "get_download_url_response")]
    {
        let (kind, paras) = bench.event("$file_manager", ask, &wanted).unwrap();
        assert_eq!((kind.as_str(), &paras["object_name"]), (answer, &json!(format!("{ID}/a.log"))));
        assert_eq!(paras["file_attributes"]["size"], 1);
    }
    for (service, kind) in
        [("$file_manager", "upload_result_report"), ("$ota", "version_report"), ("$log", "log_report")]
    {
        assert_eq!(bench.event(service, kind, &json!({})), None, "{kind} wants no answer");
    }
    assert_eq!(bench.say("events/up", b"nonsense"), None);
}

#[test]
fn sub_devices_are_added_reported_for_listed_and_deleted() {
    let mut bench = Bench::new();
    let manager = "$sub_device_manager";
    let new = |node: &str| json!({ "node_id": node, "product_id": "p", "parent_device_id": ID });
    let (_, paras) = bench.event(manager, "add_sub_device_request", &json!({ "devices": [new("a"), {}] })).unwrap();
    assert_eq!(paras["successful_devices"][0]["device_id"], "p_a");
    assert_eq!(paras["failed_devices"][0]["error_code"], "IOTDA.000006");
    let many: Vec<Value> = (0..51).map(|node| new(&node.to_string())).collect();
    let (_, paras) = bench.event(manager, "add_sub_device_request", &json!({ "devices": many })).unwrap();
    assert_eq!(paras["failed_devices"].as_array().unwrap().len(), 51);
    let online = json!({ "device_statuses": [
        { "device_id": "p_a", "status": "ONLINE" }, { "device_id": "x", "status": "ONLINE" }, { "device_id": "p_a", "status": "UP" }
    ] });
    let (_, paras) = bench.event(manager, "sub_device_update_status", &online).unwrap();
    assert_eq!(paras["successful_devices"].as_array().unwrap().len(), 1);
    assert_eq!(paras["failed_devices"][0]["error_code"], "IOTDA.021104");
    bench.report(
        "gateway/sub_devices/properties/report",
        &json!({ "devices": [{ "device_id": "p_a", "services": [{ "service_id": "s", "properties": { "v": 1 } }] },
            { "device_id": "x", "services": [] }] }),
    );
    assert_eq!(bench.shadow(&json!({ "object_device_id": "p_a" }))[0]["reported"]["properties"], json!({ "v": 1 }));
    // As one SDK writes it.
    let (kind, paras) = bench.event("sub_device_manager", "sub_device_sync_request", &json!({ "version": 0 })).unwrap();
    assert_eq!((kind.as_str(), &paras["devices"][0]["node_id"]), ("add_sub_device_notify", &json!("a")));
    let (_, paras) = bench.event(manager, "delete_sub_device_request", &json!({ "devices": ["p_a", "x"] })).unwrap();
    assert_eq!(
        (&paras["successful_devices"], &paras["failed_devices"][0]["device_id"]),
        (&json!(["p_a"]), &json!("x"))
    );
}

#[test]
fn every_offer_is_ordered_and_requests_wait_for_their_answer() {
    let mut bench = Bench::new();
    for offer in bench.cloud.offers() {
        let request = bench.with(|cloud, scene| cloud.order(scene, offer.name, &Value::Null));
        let request = request.unwrap_or_else(|| panic!("{}", offer.name));
        let waits = matches!(
            offer.name,
            "command" | "property-set" | "property-get" | "sub-device-command" | "sub-device-property-set"
        );
        assert_eq!(request.expect.is_some(), waits, "{}", offer.name);
    }
    let sub = bench.with(|cloud, scene| cloud.order(scene, "sub-device-command", &json!({ "value": 9 }))).unwrap();
    let body: Value = serde_json::from_slice(&sub.payload).unwrap();
    assert_eq!((&body["object_device_id"], &body["paras"]), (&json!(format!("{ID}_sub01")), &json!({ "value": 9 })));
    assert!(bench.with(|cloud, scene| cloud.order(scene, "none", &Value::Null)).is_none());
}
