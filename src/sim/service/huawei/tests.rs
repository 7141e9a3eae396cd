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

    fn order(&mut self, name: &str, input: &Value) -> Option<Request> {
        self.with(|cloud, scene| cloud.order(scene, name, input))
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

fn report_of(value: u8) -> Value {
    json!({ "services": [{ "service_id": "smokeDetector", "properties": { "alarm": value } }] })
}

fn packed(body: &Value) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(body.to_string().as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn the_shadow_holds_what_was_reported_packed_or_not_and_what_is_desired() {
    let mut bench = Bench::new();
    bench.report("properties/report?request_id=1", &report_of(1));
    bench.report("properties/report", &json!({ "services": [{ "properties": { "lost": 1 } }, 5] }));
    assert_eq!(bench.say("properties/report?encoding=gzip", &packed(&report_of(3))), None);
    let order = bench.order("shadow-desired", &json!({ "alarm": 0 })).unwrap();
    assert!(order.topic.contains("/sys/properties/set/request_id=") && order.expect.is_some(), "{order:?}");
    let shadow = bench.shadow(&json!({}));
    assert_eq!(shadow.as_array().unwrap().len(), 1, "a service without an id is passed over");
    assert_eq!(shadow[0]["reported"]["properties"], json!({ "alarm": 3 }));
    assert_eq!(shadow[0]["reported"]["event_time"], "20231114T221320Z");
    assert_eq!(shadow[0]["desired"]["properties"], json!({ "alarm": 0 }));
    assert_eq!(shadow[0]["version"], 3);
    assert_eq!(bench.shadow(&json!({ "service_id": "other" })), json!([]));
}

#[test]
fn a_reports_own_time_is_kept_where_it_has_the_documented_form() {
    let mut bench = Bench::new();
    for (time, kept) in [
        (json!("20250101T000000Z"), "20250101T000000Z"),
        (json!("2025-01-01T00:00:00.123Z"), "2025-01-01T00:00:00.123Z"),
        (json!("2025-01-01"), "20231114T221320Z"),
        (json!(1_700_000_000), "20231114T221320Z"),
    ] {
        bench.report(
            "properties/report",
            &json!({ "services": [{ "service_id": "t", "properties": {}, "event_time": time }] }),
        );
        assert_eq!(bench.shadow(&json!({ "service_id": "t" }))[0]["reported"]["event_time"], kept);
    }
}

#[test]
fn what_is_not_of_the_documented_form_is_received_and_says_nothing() {
    let mut bench = Bench::new();
    let body = report_of(1).to_string();
    let cut = packed(&report_of(1));
    let cut = &cut[..cut.len() / 2];
    for (tail, body) in [
        ("properties/report", "nonsense".as_bytes()),
        ("properties/report", b"[]"),
        ("properties/report", br#"{"services":{}}"#),
        // The topic says that it is packed, and it is not.
        ("properties/report?encoding=gzip", body.as_bytes()),
        ("properties/report?encoding=gzip", cut),
        ("messages/up", body.as_bytes()),
        ("events/up", b"nonsense"),
        ("shadow/get/request_id=9", b"nonsense"),
        ("shadow/get/request_id=", b"{}"),
    ] {
        assert_eq!(bench.say(tail, body), None, "{tail}");
    }
    assert_eq!(bench.shadow(&json!({})), json!([]));
    let (_, document) = bench.say("shadow/get/request_id=9", b"").unwrap();
    assert_eq!(document["shadow"], json!([]), "an empty question asks for all");
    let stranger = json!({ "object_device_id": "65f0c0de_dev02" }).to_string();
    assert_eq!(bench.say("shadow/get/request_id=9", stranger.as_bytes()), None, "the shadow of a stranger");
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
    for (service, kind, paras) in [
        ("$file_manager", "upload_result_report", json!({})),
        ("$file_manager", "get_upload_url", json!({})),
        ("$ota", "version_report", json!({})),
        ("$log", "log_report", json!({})),
        ("$time_sync", "time_sync_request", json!({})),
        ("$time_sync", "time_sync_request", json!({ "device_send_time": "now" })),
        // The platform's own services begin with $.
        ("time_sync", "time_sync_request", json!({ "device_send_time": 5 })),
    ] {
        assert_eq!(bench.event(service, kind, &paras), None, "{service} {kind} {paras}");
    }
}

#[test]
fn what_the_device_tells_of_its_versions_stands_in_the_offers() {
    let mut bench = Bench::new();
    let label = |bench: &Bench, name: &str| {
        bench.cloud.offers().into_iter().find(|offer| offer.name == name).map(|offer| offer.label).unwrap()
    };
    assert_eq!(label(&bench, "ota-firmware"), "upgrade the firmware");
    for (service, kind, paras, firmware, software) in [
        ("$ota", "version_report", json!({ "fw_version": "1.0" }), ", now 1.0", ""),
        ("$sdk_info", "sdk_info_report", json!({ "sw_version": "3.1" }), ", now 1.0", ", now 3.1"),
        (
            "$ota",
            "upgrade_progress_report",
            json!({ "result_code": 0, "progress": 40, "version": "1.0" }),
            ", now 1.0, the last at 40 %",
            ", now 3.1, the last at 40 %",
        ),
        (
            "$ota",
            "upgrade_progress_report",
            json!({ "result_code": 7, "progress": 40 }),
            ", now 1.0, the last failed with 7",
            ", now 3.1, the last failed with 7",
        ),
        ("$ota", "version_report", json!({ "fw_version": "2.0" }), ", now 2.0", ", now 3.1"),
    ] {
        assert_eq!(bench.event(service, kind, &paras), None);
        assert_eq!(label(&bench, "ota-firmware"), format!("upgrade the firmware{firmware}"), "{kind} {paras}");
        assert_eq!(label(&bench, "ota-software"), format!("upgrade the software{software}"), "{kind} {paras}");
    }
}

#[test]
fn the_older_interface_reports_to_the_same_shadow() {
    let mut bench = Bench::new();
    let topic = format!("/huawei/v1/devices/{ID}/data/json");
    let mut say = |body: Value| {
        let pushes = bench.with(|cloud, scene| cloud.take(scene, &topic, body.to_string().as_bytes()));
        assert_eq!(pushes, []);
    };
    say(json!({ "msgType": "deviceReq", "data": [
        { "serviceId": "S", "serviceData": { "p": 1 }, "eventTime": "20250101T000000Z" }, { "serviceData": { "q": 2 } }
    ] }));
    say(json!({ "msgType": "deviceRsp", "mid": 1, "errcode": 0, "data": [{ "serviceId": "T", "serviceData": {} }] }));
    say(json!({ "data": [{ "serviceId": "U", "serviceData": {} }] }));
    let reported = json!({ "properties": { "p": 1 }, "event_time": "20250101T000000Z" });
    let shadow = bench.shadow(&json!({}));
    assert_eq!((shadow.as_array().unwrap().len(), &shadow[0]["reported"]), (1, &reported));
    let command = bench.order("legacy-command", &json!({ "value": 9 })).unwrap();
    let body: Value = serde_json::from_slice(&command.payload).unwrap();
    assert_eq!(
        (&body["msgType"], &body["cmd"], &body["paras"]["value"]),
        (&json!("cloudReq"), &json!("SILENCE"), &json!(9))
    );
    let expect = command.expect.unwrap();
    for (answer, met) in [
        (json!({ "msgType": "deviceRsp", "mid": body["mid"], "errcode": 0 }), true),
        (json!({ "msgType": "deviceRsp", "mid": 8, "errcode": 0 }), false),
        (json!({ "msgType": "deviceReq", "data": [] }), false),
    ] {
        assert_eq!(expect.is_met_by(&topic, answer.to_string().as_bytes()), met, "{answer}");
    }
}

mod sub_devices {
    use super::*;

    const MANAGER: &str = "$sub_device_manager";

    fn new(node: &str) -> Value {
        json!({ "node_id": node, "product_id": "p", "parent_device_id": ID })
    }

    fn add(bench: &mut Bench, devices: &Value) -> Value {
        let (kind, paras) = bench.event(MANAGER, "add_sub_device_request", &json!({ "devices": devices })).unwrap();
        assert_eq!(kind, "add_sub_device_response");
        paras
    }

    fn status(bench: &mut Bench, devices: &Value) -> Value {
        let paras = json!({ "device_statuses": devices });
        let (kind, paras) = bench.event(MANAGER, "sub_device_update_status", &paras).unwrap();
        assert_eq!(kind, "sub_device_update_status_response");
        paras
    }

    #[test]
    fn they_are_added_reported_for_listed_and_deleted() {
        let mut bench = Bench::new();
        let paras = add(&mut bench, &json!([new("a"), {}]));
        assert_eq!(paras["successful_devices"][0]["device_id"], "p_a");
        assert_eq!(paras["failed_devices"][0]["error_code"], "IOTDA.000006");
        bench.report(
            "gateway/sub_devices/properties/report",
            &json!({ "devices": [{ "device_id": "p_a", "services": [{ "service_id": "s", "properties": { "v": 1 } }] },
                { "device_id": "x", "services": [] }] }),
        );
        let reported = |bench: &mut Bench| {
            bench.shadow(&json!({ "object_device_id": "p_a" }))[0]["reported"]["properties"].clone()
        };
        assert_eq!(reported(&mut bench), json!({ "v": 1 }));
        add(&mut bench, &json!([new("a")]));
        assert_eq!(reported(&mut bench), json!({ "v": 1 }), "one that is there already keeps its shadow");
        // As one SDK writes it.
        let (kind, paras) =
            bench.event("sub_device_manager", "sub_device_sync_request", &json!({ "version": 0 })).unwrap();
        assert_eq!((kind.as_str(), &paras["devices"][0]["node_id"]), ("add_sub_device_notify", &json!("a")));
        assert_eq!(paras["version"], 2);
        let (_, paras) =
            bench.event(MANAGER, "delete_sub_device_request", &json!({ "devices": ["p_a", "x"] })).unwrap();
        assert_eq!(paras["successful_devices"], json!(["p_a"]));
        let failed = json!([{
            "device_id": "x", "error_code": "IOTDA.021104", "error_msg": "not a sub-device of this gateway"
        }]);
        assert_eq!(paras["failed_devices"], failed);
    }

    #[test]
    fn requests_and_reports_that_are_too_large_are_not_taken() {
        let mut bench = Bench::new();
        let list = |count: u32| -> Vec<Value> { (0..count).map(|node| new(&node.to_string())).collect() };
        let paras = add(&mut bench, &json!(list(51)));
        assert_eq!(paras["failed_devices"].as_array().unwrap().len(), 51);
        let paras = add(&mut bench, &json!(list(50)));
        assert_eq!(paras["successful_devices"].as_array().unwrap().len(), 50);
        let services = json!([{ "service_id": "s", "properties": { "v": 1 } }]);
        for (count, kept) in [(101, 0), (100, 1)] {
            let device = json!({ "device_id": "p_0", "services": services });
            bench.report("gateway/sub_devices/properties/report", &json!({ "devices": vec![device; count] }));
            assert_eq!(bench.shadow(&json!({ "object_device_id": "p_0" })).as_array().unwrap().len(), kept, "{count}");
        }
    }

    #[test]
    fn what_is_for_them_goes_to_one_that_is_online() {
        const ORDERS: [&str; 3] = ["sub-device-command", "sub-device-property-set", "sub-device-property-get"];
        let mut bench = Bench::new();
        let target = |bench: &mut Bench, name: &str| {
            let request = bench.order(name, &Value::Null)?;
            let body: Value = serde_json::from_slice(&request.payload).unwrap();
            assert!(request.expect.is_some());
            Some(body["object_device_id"].clone())
        };
        add(&mut bench, &json!([new("a"), new("b")]));
        for name in ORDERS {
            assert_eq!(target(&mut bench, name), None, "none is online");
            assert!(bench.cloud.hindrance(name).is_some_and(|why| why.contains("IOTDA.014016")));
        }
        assert_eq!(bench.cloud.hindrance("command"), None);
        let told = status(
            &mut bench,
            &json!([{ "device_id": "p_b", "status": "ONLINE" }, { "device_id": "x", "status": "ONLINE" },
                { "device_id": "p_a", "status": "UP" }]),
        );
        assert_eq!(told["successful_devices"], json!([{ "device_id": "p_b", "status": "ONLINE" }]));
        let codes: Vec<&Value> =
            told["failed_devices"].as_array().unwrap().iter().map(|failed| &failed["error_code"]).collect();
        assert_eq!(codes, ["IOTDA.021104", "IOTDA.000006"]);
        for name in ORDERS {
            assert_eq!((target(&mut bench, name), bench.cloud.hindrance(name)), (Some(json!("p_b")), None));
        }
        bench.cloud.offline();
        assert_eq!(target(&mut bench, ORDERS[0]), None, "the gateway took them along");
    }

    #[test]
    fn those_that_the_application_adds_and_deletes_are_told() {
        let mut bench = Bench::new();
        let told = |bench: &mut Bench, name: &str, input: &Value| {
            let body: Value = serde_json::from_slice(&bench.order(name, input).unwrap().payload).unwrap();
            let event = &body["services"][0];
            (event["event_type"].as_str().unwrap().to_owned(), event["paras"].clone())
        };
        let (kind, paras) = told(&mut bench, "sub-device-added", &Value::Null);
        assert_eq!(kind, "add_sub_device_notify");
        assert_eq!((&paras["devices"][0]["parent_device_id"], &paras["version"]), (&json!(ID), &json!(1)));
        let id = paras["devices"][0]["device_id"].clone();
        let online = status(&mut bench, &json!([{ "device_id": id, "status": "ONLINE" }]));
        assert_eq!(online["failed_devices"], json!([]), "what was told is there");
        let (kind, paras) = told(&mut bench, "sub-device-deleted", &Value::Null);
        assert_eq!((kind.as_str(), &paras["devices"][0]["device_id"]), ("delete_sub_device_notify", &id));
        let (_, paras) = told(&mut bench, "sub-device-deleted", &json!({ "devices": [id] }));
        assert_eq!((&paras["devices"], &paras["version"]), (&json!([]), &json!(2)));
    }
}

#[test]
fn every_offer_is_ordered_and_requests_wait_for_their_answer() {
    let mut bench = Bench::new();
    let sub = json!({ "devices": [{ "node_id": "a", "product_id": "p" }] });
    bench.event("$sub_device_manager", "add_sub_device_request", &sub);
    let online = json!({ "device_statuses": [{ "device_id": "p_a", "status": "ONLINE" }] });
    bench.event("$sub_device_manager", "sub_device_update_status", &online);
    let offers = bench.cloud.offers();
    let names: std::collections::BTreeSet<&str> = offers.iter().map(|offer| offer.name).collect();
    assert_eq!(names.len(), offers.len(), "names are unique");
    let waiting: Vec<&str> = offers
        .iter()
        .filter(|offer| {
            let request = bench.order(offer.name, &Value::Null).unwrap_or_else(|| panic!("{}", offer.name));
            request.expect.is_some()
        })
        .map(|offer| offer.name)
        .collect();
    let requests = [
        "command",
        "property-set",
        "property-get",
        "sub-device-command",
        "sub-device-property-set",
        "sub-device-property-get",
        "shadow-desired",
        "legacy-command",
    ];
    assert_eq!(waiting, requests);
    assert_eq!(offers.iter().map(|offer| offer.name).take(requests.len()).collect::<Vec<_>>(), requests);
    assert!(bench.order("none", &Value::Null).is_none());
}
