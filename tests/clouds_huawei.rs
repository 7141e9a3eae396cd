//! Huawei's dialogues, each by a real session against the embedded platform, over wss.
//!
//! | rows of the platform's topic list and of its functions | test |
//! |---|---|
//! | `properties/report` with `?encoding=gzip`, `shadow/get` and its response | `a_packed_report_shows_in_the_shadow_that_is_asked_for_by_its_id` |
//! | `messages/up` with `?request_id`, `user/`, topics outside `$oc` | `messages_go_up_and_custom_topics_come_back` |
//! | `commands`, `properties/set`, `properties/get` and their responses, `messages/down`, `events/down`, desired values, `log_config`, scans | `every_offer_reaches_a_device_that_listens` |
//! | answers from the device's properties | `sets_are_kept_and_gets_are_answered_from_them` |
//! | `$time_sync`, `$file_manager` | `the_platforms_functions_answer_over_events` |
//! | `$time_sync`, the clock's offset | `the_clock_that_the_platform_tells_is_measured` |
//! | `$ota`: version query and report, upgrade, progress, failure | `an_upgrade_runs_from_the_order_to_the_new_version`, `an_upgrade_fails_with_its_code` |
//! | `$device_config` | `a_pushed_config_is_acknowledged` |
//! | `$sub_device_manager`, `gateway/sub_devices/properties/report`, `object_device_id` | `a_gateway_speaks_for_its_sub_device` |
//! | `$oc/m2m` | `a_device_writes_to_another` |
//! | the older interface | `the_older_interface_reports_and_is_commanded` |
//! | whose topic is whose (bridges included), sizes, bodies that are not of the documented form | `what_is_not_as_documented_is_dropped_and_says_so` |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

#[path = "support/bench.rs"]
mod bench;

use std::time::Duration;

use bench::{Bench, PATIENCE};
use bytes::Bytes;
use serde_json::{Value, json};
use standin::behaviour::{Auto, Plan, PlannedUpgrade};
use standin::cloud::{Direction, Property};
use standin::mqtt::{Qos, TopicFilter};
use standin::session::{Action, Order};
use standin::sim::{Ask, Happening, Options, Outcome};
use tokio::time::timeout;

const DEVICE: &str = "smoke-01";
const ID: &str = "65f0c0de_dev01";
const ROOT: &str = "$oc/devices/65f0c0de_dev01/";
const LEGACY: &str = "/huawei/v1/devices/65f0c0de_dev01/";

async fn signed_in() -> Bench {
    with(Options::default(), &Plan::default()).await
}

async fn with(options: Options, plan: &Plan) -> Bench {
    let mut bench = Bench::new(options);
    let profile = bench.device("huawei");
    bench.start_with(profile, plan);
    bench.ready(DEVICE).await;
    bench
}

async fn subscribe(bench: &mut Bench, device: &str, filter: &str) {
    let action = Action::Subscribe { filter: TopicFilter::new(filter).unwrap(), qos: Qos::AtLeastOnce, force: false };
    bench.order(device, 9, action);
    let granted = bench
        .event(filter, |event| event["session"] == device && event["kind"] == "subscribed" && event["filter"] == filter)
        .await;
    assert_eq!(granted["refused"], Value::Null, "{granted}");
}

fn publish(bench: &Bench, topic: &str, payload: impl Into<Bytes>) {
    let (topic, payload) = (topic.to_owned(), payload.into());
    // What a cloud would not take goes to the platform all the same: it has to see to itself.
    let action = Action::Publish { topic, payload, qos: Qos::AtLeastOnce, retain: false, force: true };
    bench.order(DEVICE, 1, action);
}

fn send(bench: &Bench, tail: &str, payload: impl Into<Bytes>) {
    publish(bench, &format!("{ROOT}{tail}"), payload);
}

fn event(service: &str, kind: &str, paras: &Value) -> String {
    json!({ "services": [{ "service_id": service, "event_type": kind, "event_id": kind, "paras": paras }] }).to_string()
}

/// A message of the platform on `topic`; of that event type, where one is given.
async fn came(bench: &mut Bench, topic: &str, kind: &str) -> Value {
    bench
        .event(&format!("{topic} {kind}"), |event| {
            let service = &event["json"]["services"][0];
            event["kind"] == "rx" && event["topic"] == topic && (kind.is_empty() || service["event_type"] == kind)
        })
        .await
}

/// An event of the platform.
async fn told(bench: &mut Bench, kind: &str) -> Value {
    came(bench, &format!("{ROOT}sys/events/down"), kind).await
}

/// An event that the device sends by itself: its parameters.
async fn sends(bench: &mut Bench, kind: &str) -> Value {
    let sent =
        bench.event(kind, |event| event["kind"] == "tx" && event["json"]["services"][0]["event_type"] == kind).await;
    assert_eq!(sent["topic"], format!("{ROOT}sys/events/up"));
    sent["json"]["services"][0]["paras"].clone()
}

async fn shadow(bench: &mut Bench, id: &str, question: &Value) -> Value {
    send(bench, &format!("sys/shadow/get/request_id={id}"), question.to_string());
    came(bench, &format!("{ROOT}sys/shadow/get/response/request_id={id}"), "").await
}

fn offer(name: &str, input: Value) -> Ask {
    Ask::Offer { name: name.to_owned(), input }
}

/// The platform orders what wants no answer.
async fn order(bench: &Bench, name: &str) {
    assert_eq!(bench.platform.request(DEVICE, &offer(name, Value::Null)).await, Outcome::Sent, "{name}");
}

/// The platform asks, and the device answers with success; the request's event and the answer.
async fn answered(bench: &mut Bench, ask: &Ask) -> (Value, String, Value) {
    let mut asked = Value::Null;
    let outcome = bench
        .ask(DEVICE, ask, async |handle, came| {
            asked = came.clone();
            let request_id = came["request_id"].as_str().unwrap().to_owned();
            let action = Action::Reply { request_id, code: None, payload: None, force: false };
            handle.try_send(Order { number: None, action }).unwrap();
        })
        .await;
    let Outcome::Answered { topic, body, .. } = outcome else { panic!("{ask:?}: {outcome:?}") };
    (asked, topic, serde_json::from_slice(&body).unwrap())
}

/// What the platform says of a message that the device sent: dropped, for which reason.
async fn dropped(bench: &Bench, topic: &str, payload: impl Into<Bytes>) -> String {
    let mut notices = bench.platform.watch();
    publish(bench, topic, payload);
    let odd = async {
        loop {
            if let Happening::Odd(why) = notices.recv().await.unwrap().what {
                return why;
            }
        }
    };
    timeout(PATIENCE, odd).await.unwrap_or_else(|_| panic!("{topic} was taken"))
}

#[tokio::test]
async fn a_packed_report_shows_in_the_shadow_that_is_asked_for_by_its_id() {
    let mut bench = signed_in().await;
    let tail = "sys/properties/report?encoding=gzip";
    let body = json!({ "services": [{ "service_id": "smokeDetector", "properties": { "alarm": 1 } }] }).to_string();
    let platform = &bench.handles[0].platform;
    let packed = platform.packed(&format!("{ROOT}{tail}"), body.as_bytes()).unwrap();
    assert_eq!(platform.summary(Direction::Up, &format!("{ROOT}{tail}"), &packed).detail, "alarm=1");
    send(&bench, tail, packed);
    let shadow = shadow(&mut bench, "s1", &json!({})).await;
    assert_eq!((&shadow["what"], &shadow["request_id"]), (&json!("shadow"), &json!("s1")));
    assert!(shadow["took_ms"].is_u64(), "{shadow}");
    assert_eq!(shadow["json"]["shadow"][0]["reported"]["properties"], json!({ "alarm": 1 }));
}

#[tokio::test]
async fn messages_go_up_and_custom_topics_come_back() {
    let mut bench = signed_in().await;
    send(&bench, "sys/messages/up?request_id=m1", "any bytes");
    let sent = bench.event("the message", |event| event["kind"] == "tx").await;
    assert_eq!((&sent["what"], &sent["request_id"]), (&json!("message"), &json!("m1")));
    bench.event("its acknowledgement", |event| event["kind"] == "acked").await;
    for topic in [format!("{ROOT}user/log"), "own/topic".to_owned()] {
        subscribe(&mut bench, DEVICE, &topic).await;
        publish(&bench, &topic, "{}");
        assert_eq!(came(&mut bench, &topic, "").await["what"], "custom", "{topic}");
    }
}

#[tokio::test]
async fn the_platforms_functions_answer_over_events() {
    let mut bench = signed_in().await;
    let file = json!({ "file_name": "a.log", "file_attributes": { "hash_code": "c0", "size": 1 } });
    for (service, kind, paras, answer, words) in [
        (
            "$time_sync",
            "time_sync_request",
            json!({ "device_send_time": 1 }),
            "time_sync_response",
            "device_send_time=1 ",
        ),
        ("$file_manager", "get_upload_url", file.clone(), "get_upload_url_response", "/a.log for 3600 s"),
        ("$file_manager", "get_download_url", file, "get_download_url_response", "/a.log for 3600 s"),
    ] {
        send(&bench, "sys/events/up", event(service, kind, &paras));
        let said = told(&mut bench, answer).await;
        assert_eq!(said["what"], "event", "{said}");
        let platform = &bench.handles[0].platform;
        let summary =
            platform.summary(Direction::Down, said["topic"].as_str().unwrap(), said["json"].to_string().as_bytes());
        assert_eq!((summary.name.as_str(), summary.failed), (answer, false));
        assert!(summary.detail.contains(words), "{summary:?}");
        assert!(!summary.detail.contains("signed"), "who has the address may use it: {summary:?}");
    }
}

#[tokio::test]
async fn the_clock_that_the_platform_tells_is_measured() {
    let options = Options { clock_offset_us: 7_000_000, ..Options::default() };
    let mut bench = with(options, &Plan { ask_time: true, ..Plan::default() }).await;
    told(&mut bench, "time_sync_response").await;
    bench
        .event("the remark", |event| event["kind"] == "note" && event["text"].as_str().unwrap().contains("ahead"))
        .await;
    let offset = bench.handles[0].standing().clock_offset_us.unwrap();
    assert!((6_000_000..8_000_000).contains(&offset), "{offset}");
}

#[tokio::test]
async fn every_offer_reaches_a_device_that_listens() {
    let mut bench = signed_in().await;
    for filter in [format!("{ROOT}user/#"), format!("$oc/m2m/to/{ID}/#"), format!("{LEGACY}command/json")] {
        subscribe(&mut bench, DEVICE, &filter).await;
    }
    add_sub_device(&mut bench).await;
    let offers = bench.platform.offers(DEVICE);
    assert!(offers.len() >= 20, "{offers:?}");
    for offered in offers {
        let ask = offer(offered.name, Value::Null);
        let waits = ["command", "property", "desired"].iter().any(|kind| offered.name.contains(kind));
        if !waits {
            order(&bench, offered.name).await;
            continue;
        }
        let (asked, ..) = answered(&mut bench, &ask).await;
        assert_eq!(asked["deadline_ms"], 20_000, "{}: {asked}", offered.name);
        let seen = bench.platform.offers(DEVICE).iter().any(|known| known.name == offered.name);
        assert!(seen, "an offer stays");
    }
}

#[tokio::test]
async fn sets_are_kept_and_gets_are_answered_from_them() {
    let auto = Auto { property_set: true, property_get: true, desired: true };
    let properties = vec![(Property::of("smokeDetector", "alarm"), json!(0))];
    let mut bench = with(Options::default(), &Plan { auto, properties, ..Plan::default() }).await;
    for (name, input, expected) in
        [("property-set", json!({ "alarm": 5 }), json!(5)), ("shadow-desired", json!({ "alarm": 7 }), json!(7))]
    {
        let outcome = bench.platform.request(DEVICE, &offer(name, input)).await;
        assert!(matches!(outcome, Outcome::Answered { .. }), "{name}: {outcome:?}");
        let outcome = bench.platform.request(DEVICE, &offer("property-get", Value::Null)).await;
        let Outcome::Answered { topic, body, .. } = outcome else { panic!("{outcome:?}") };
        assert!(topic.contains("/sys/properties/get/response/request_id="), "{topic}");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["services"][0]["properties"]["alarm"], expected, "{body}");
        assert!(body["services"][0]["event_time"].as_str().is_some_and(|time| time.ends_with('Z')), "{body}");
    }
    let shadow = shadow(&mut bench, "s1", &json!({ "service_id": "smokeDetector" })).await;
    assert_eq!(shadow["json"]["shadow"][0]["desired"]["properties"], json!({ "alarm": 7 }));
}

fn upgrading(failure: Option<i64>) -> Plan {
    let upgrade = Some(PlannedUpgrade { takes: Duration::from_millis(40), failure });
    Plan { upgrade, versions: vec![("firmware".to_owned(), "1.2.3".to_owned())], ..Plan::default() }
}

fn firmware_offer(bench: &Bench) -> String {
    let offers = bench.platform.offers(DEVICE);
    offers.into_iter().find(|offer| offer.name == "ota-firmware").unwrap().label
}

#[tokio::test]
async fn an_upgrade_runs_from_the_order_to_the_new_version() {
    let mut bench = with(Options::default(), &upgrading(None)).await;
    order(&bench, "ota-version").await;
    assert_eq!(told(&mut bench, "version_query").await["what"], "ota");
    assert_eq!(sends(&mut bench, "version_report").await["fw_version"], "1.2.3");
    bench.event("its acknowledgement", |event| event["kind"] == "acked").await;
    assert_eq!(firmware_offer(&bench), "upgrade the firmware, now 1.2.3");
    order(&bench, "ota-firmware").await;
    assert_eq!(told(&mut bench, "firmware_upgrade").await["what"], "ota");
    let mut last = 0;
    loop {
        let step = sends(&mut bench, "upgrade_progress_report").await;
        assert_eq!((&step["result_code"], &step["version"]), (&json!(0), &json!("2.0.0")), "{step}");
        let percent = step["progress"].as_u64().unwrap();
        assert!(percent >= last, "{percent} after {last}");
        last = percent;
        if percent == 100 {
            break;
        }
    }
    assert_eq!(sends(&mut bench, "version_report").await["fw_version"], "2.0.0");
    // What was sent before the answer to a question has come in before it.
    shadow(&mut bench, "s1", &json!({})).await;
    assert_eq!(firmware_offer(&bench), "upgrade the firmware, now 2.0.0");
}

#[tokio::test]
async fn an_upgrade_fails_with_its_code() {
    let mut bench = with(Options::default(), &upgrading(Some(7))).await;
    order(&bench, "ota-firmware").await;
    loop {
        let step = sends(&mut bench, "upgrade_progress_report").await;
        if step["result_code"] != 0 {
            assert_eq!((&step["result_code"], &step["description"]), (&json!(7), &json!("package check failed")));
            break;
        }
    }
    shadow(&mut bench, "s1", &json!({})).await;
    assert_eq!(firmware_offer(&bench), "upgrade the firmware, the last failed with 7");
}

#[tokio::test]
async fn a_pushed_config_is_acknowledged() {
    let mut bench = signed_in().await;
    order(&bench, "config-update").await;
    told(&mut bench, "config_update").await;
    assert_eq!(sends(&mut bench, "config_update_response").await["result_code"], 0);
}

/// The gateway adds a sub-device, and tells that it is online.
async fn add_sub_device(bench: &mut Bench) {
    let manager = "$sub_device_manager";
    let devices = json!({ "devices": [{ "node_id": "a", "product_id": "p", "parent_device_id": ID }] });
    send(bench, "sys/events/up", event(manager, "add_sub_device_request", &devices));
    let said = told(bench, "add_sub_device_response").await;
    assert_eq!(said["json"]["services"][0]["paras"]["successful_devices"][0]["device_id"], "p_a");
    let online = json!({ "device_statuses": [{ "device_id": "p_a", "status": "ONLINE" }] });
    send(bench, "sys/events/up", event(manager, "sub_device_update_status", &online));
    let said = told(bench, "sub_device_update_status_response").await;
    assert_eq!(said["json"]["services"][0]["paras"]["failed_devices"], json!([]), "{said}");
}

#[tokio::test]
async fn a_gateway_speaks_for_its_sub_device() {
    let mut bench = signed_in().await;
    let outcome = bench.platform.request(DEVICE, &offer("sub-device-command", Value::Null)).await;
    assert!(matches!(&outcome, Outcome::NotSent(why) if why.contains("IOTDA.014016")), "{outcome:?}");
    add_sub_device(&mut bench).await;
    let (asked, topic, body) = answered(&mut bench, &offer("sub-device-command", Value::Null)).await;
    assert_eq!(asked["json"]["object_device_id"], "p_a");
    assert_eq!((topic.starts_with(&format!("{ROOT}sys/commands/response/")), &body["result_code"]), (true, &json!(0)));
    let platform = &bench.handles[0].platform;
    let body = asked["json"].to_string();
    let said = platform.summary(Direction::Down, asked["topic"].as_str().unwrap(), body.as_bytes());
    assert_eq!((said.name.as_str(), said.detail.as_str()), ("SILENCE", "for p_a: value=1"));
    let report =
        json!({ "devices": [{ "device_id": "p_a", "services": [{ "service_id": "s", "properties": { "v": 1 } }] }] });
    send(&bench, "sys/gateway/sub_devices/properties/report", report.to_string());
    let said = shadow(&mut bench, "s1", &json!({ "object_device_id": "p_a" })).await;
    assert_eq!(said["json"]["object_device_id"], "p_a");
    assert_eq!(said["json"]["shadow"][0]["reported"]["properties"], json!({ "v": 1 }));
    // As one SDK writes it.
    send(&bench, "sys/events/up", event("sub_device_manager", "sub_device_sync_request", &json!({ "version": 0 })));
    let said = told(&mut bench, "add_sub_device_notify").await;
    assert_eq!(said["json"]["services"][0]["paras"]["devices"][0]["device_id"], "p_a");
    order(&bench, "sub-device-added").await;
    told(&mut bench, "add_sub_device_notify").await;
    let gone = json!({ "devices": ["p_a", "stranger"] });
    send(&bench, "sys/events/up", event("$sub_device_manager", "delete_sub_device_request", &gone));
    let said = told(&mut bench, "delete_sub_device_response").await;
    let paras = &said["json"]["services"][0]["paras"];
    assert_eq!(paras["successful_devices"], json!(["p_a"]));
    assert_eq!(paras["failed_devices"][0]["error_code"], "IOTDA.021104");
}

#[tokio::test]
async fn a_device_writes_to_another() {
    let mut bench = with(Options { extra: 1, ..Options::default() }, &Plan::default()).await;
    let peer = bench.platform.profiles().into_iter().find(|profile| profile.name == "extra-001").unwrap();
    bench.start(peer);
    bench.ready("extra-001").await;
    let topic = "$oc/m2m/to/65f0c0de_extra-001/request_id=q1";
    let why = dropped(&bench, topic, "{}").await;
    assert!(why.contains("no device that listens"), "{why}");
    subscribe(&mut bench, "extra-001", "$oc/m2m/to/65f0c0de_extra-001/#").await;
    publish(&bench, topic, r#"{"hello":1}"#);
    let said = came(&mut bench, topic, "").await;
    assert_eq!(
        (&said["session"], &said["what"], &said["request_id"]),
        (&json!("extra-001"), &json!("message"), &json!("q1"))
    );
    let action = Action::Subscribe {
        filter: TopicFilter::new("$oc/m2m/to/65f0c0de_extra-001/#").unwrap(),
        qos: Qos::AtLeastOnce,
        force: false,
    };
    bench.order(DEVICE, 5, action);
    let refused = bench.event("the refusal", |event| event["kind"] == "subscribed" && event["order"] == 5).await;
    assert_eq!(refused["refused"], true, "what is for another device is not this one's to hear");
}

#[tokio::test]
async fn the_older_interface_reports_and_is_commanded() {
    let mut bench = signed_in().await;
    subscribe(&mut bench, DEVICE, &format!("{LEGACY}command/json")).await;
    let report = json!({ "msgType": "deviceReq", "data": [
        { "serviceId": "S", "serviceData": { "p": 1 }, "eventTime": "20250101T000000Z" }
    ] });
    publish(&bench, &format!("{LEGACY}data/json"), report.to_string());
    let sent = bench.event("the report", |event| event["kind"] == "tx").await;
    assert_eq!(sent["what"], "property-report");
    let said = shadow(&mut bench, "s1", &json!({})).await;
    assert_eq!(
        said["json"]["shadow"][0]["reported"],
        json!({ "properties": { "p": 1 }, "event_time": "20250101T000000Z" })
    );
    let (asked, topic, body) = answered(&mut bench, &offer("legacy-command", json!({ "value": 2 }))).await;
    assert_eq!((&asked["what"], &asked["json"]["msgType"]), (&json!("command"), &json!("cloudReq")));
    assert_eq!(topic, format!("{LEGACY}data/json"));
    let expected = json!({
        "msgType": "deviceRsp", "mid": asked["json"]["mid"], "errcode": 0, "body": { "result": "success" }
    });
    assert_eq!(body, expected);
    let reply = bench.event("the reply", |event| event["kind"] == "tx" && event["what"] == "command-reply").await;
    assert_eq!(reply["request_id"], asked["request_id"]);
    assert!(reply["took_ms"].is_u64(), "{reply}");
}

#[tokio::test]
async fn what_is_not_as_documented_is_dropped_and_says_so() {
    let mut bench = signed_in().await;
    for topic in [
        "$oc/devices/65f0c0de_dev02/sys/properties/report",
        "$oc/bridges/b/devices/65f0c0de_dev01/sys/login/request_id=1",
        "$oc/devices/65f0c0de_dev01/sys/messages/down",
        "/huawei/v1/devices/65f0c0de_dev02/data/json",
    ] {
        let why = dropped(&bench, topic, "{}").await;
        assert!(why.contains("may not publish there"), "{topic}: {why}");
    }
    let large = json!({ "services": [{ "service_id": "S", "properties": { "p": "x".repeat(64 << 10) } }] });
    let why = dropped(&bench, &format!("{ROOT}sys/properties/report"), large.to_string()).await;
    assert!(why.contains("the report is too large"), "{why}");
    let report = json!({ "services": [{ "service_id": "S", "properties": { "p": 1 } }] }).to_string();
    for (tail, body) in [
        ("sys/properties/report", "nonsense".to_owned()),
        ("sys/properties/report", json!({ "services": [{ "properties": { "p": 1 } }] }).to_string()),
        ("sys/properties/report?encoding=gzip", report),
        ("sys/events/up", "nonsense".to_owned()),
        ("sys/events/up", event("$time_sync", "time_sync_request", &json!({}))),
        ("sys/shadow/get/request_id=bad", "nonsense".to_owned()),
        ("sys/shadow/get/request_id=stranger", json!({ "object_device_id": "65f0c0de_dev02" }).to_string()),
    ] {
        send(&bench, tail, body);
    }
    // Whatever the platform said to those would have come before this.
    let said = shadow(&mut bench, "s1", &json!({})).await;
    assert_eq!(said["json"]["shadow"], json!([]));
    let more: Vec<&Value> = bench.seen.iter().filter(|event| event["kind"] == "rx").collect();
    assert!(more.is_empty(), "{more:?}");
}
