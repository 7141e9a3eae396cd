//! Aliyun's dialogues, each by a real session against the embedded platform.
//!
//! | rows of the platform's topic list | test |
//! |---|---|
//! | property post, history, pack, event, desired get and delete, tags, config get, model, log, list found, firmware get | `each_question_is_answered_with_its_id` |
//! | `sys.ack`, codes 6207, 6300, 460, 6106, 6203 | `strictness_has_the_documented_codes` |
//! | property set and get, service, RRPC | `each_request_is_answered_in_time` |
//! | RRPC on custom topics | `calls_on_custom_topics_come_with_ext_only` |
//! | config push, topo notify and change, permit, disable, enable | `orders_are_acknowledged` |
//! | `user/get`, broadcast, raw down, shadow control, upgrade | `what_wants_no_answer_is_heard_and_told` |
//! | `/ext/notify` | `who_is_pushed_out_is_told_where_it_signed_in_with_flags` in `clouds` |
//! | raw up, NTP, shadow | `raw_reports_time_and_shadow` |
//! | inform, upgrade, progress, firmware get | `an_upgrade_runs_from_the_order_to_the_new_version` |
//! | topo add, get and delete, combine login and logout, requests to a sub-device | `a_gateway_speaks_for_its_sub_device` |
//! | batch login and logout, register, unregister, registration by the product's secret | `sub_devices_are_registered_and_logged_in_together` |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

#[path = "support/bench.rs"]
mod bench;

use std::sync::Arc;

use bench::{Bench, PATIENCE};
use serde_json::{Value, json};
use standin::cloud::aliyun::sub_devices::{SubDevice, sub_device_batch_login, sub_device_login, sub_device_topology};
use standin::cloud::{Asked, Draft, Told, UpgradeStep};
use standin::event::WallTime;
use standin::mqtt::{Qos, TopicFilter};
use standin::profile::{AliyunIdentity, Identity, Profile};
use standin::secret::Secret;
use standin::session::{Action, Handle, Order};
use standin::sim::{ALIYUN_PRODUCT_SECRET, ALIYUN_SUB_DEVICES, Ask, Happening, Options, Outcome};
use tokio::time::timeout;

const LAMP: &str = "lamp-01";
const PK: &str = "a1AbCdEfGh1";
const SYS: &str = "/sys/a1AbCdEfGh1/lamp-01";

/// The lamp, online.
struct Desk {
    bench: Bench,
    number: u64,
}

impl Desk {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut AliyunIdentity)) -> Self {
        let mut bench = Bench::new(Options::default());
        let mut profile = bench.device("aliyun");
        let Identity::Aliyun(identity) = &mut profile.identity else { unreachable!() };
        change(identity);
        bench.start(profile);
        bench.ready(LAMP).await;
        Self { bench, number: 0 }
    }

    fn handle(&self) -> &Handle {
        &self.bench.handles[0]
    }

    fn identity(&self) -> AliyunIdentity {
        let Profile { identity: Identity::Aliyun(identity), .. } = &*self.handle().profile else { unreachable!() };
        identity.clone()
    }

    async fn subscribe(&mut self, filter: &str) {
        self.number += 1;
        let number = self.number;
        let filter = TopicFilter::new(filter).unwrap();
        self.bench.order(LAMP, number, Action::Subscribe { filter, qos: Qos::AtLeastOnce, force: false });
        let granted =
            self.bench.event("the grant", |event| event["kind"] == "subscribed" && event["order"] == number).await;
        assert!(granted["qos"].is_u64(), "{granted}");
    }

    fn publish(&mut self, topic: &str, body: impl Into<Vec<u8>>, qos: Qos) {
        self.number += 1;
        let payload = body.into().into();
        let action = Action::Publish { topic: topic.to_owned(), payload, qos, retain: false, force: false };
        self.bench.order(LAMP, self.number, action);
    }

    fn send(&mut self, draft: &Draft) {
        self.publish(&draft.topic, draft.body.as_bytes(), draft.qos);
    }

    /// The next message on `topic`.
    async fn heard(&mut self, topic: &str) -> Value {
        self.bench.event(topic, |event| event["kind"] == "rx" && event["topic"] == topic).await
    }

    /// The body of the answer to a body on `topic`.
    async fn answer(&mut self, topic: &str, body: impl Into<Vec<u8>>) -> Value {
        self.publish(topic, body, Qos::AtLeastOnce);
        self.heard(&format!("{topic}_reply")).await["json"].clone()
    }

    /// The body of the answer to a draft.
    async fn answered(&mut self, draft: &Draft) -> Value {
        self.send(draft);
        self.heard(&format!("{}_reply", draft.topic)).await["json"].clone()
    }

    /// A question on `thing/{path}` of the device called `name`, with an id of its own: the answer is a reply to it.
    async fn ask_as(&mut self, name: &str, path: &str, params: &Value) -> Value {
        let topic = format!("/sys/{PK}/{name}/thing/{path}");
        let id = (1_000 + self.number).to_string();
        let method = format!("thing.{}", path.replace('/', "."));
        let body = json!({"id": id, "version": "1.0", "sys": {"ack": 1}, "params": params, "method": method});
        self.publish(&topic, body.to_string(), Qos::AtLeastOnce);
        let event = self.heard(&format!("{topic}_reply")).await;
        assert_eq!((&event["what"], &event["request_id"]), (&json!("reply"), &json!(id)), "{event}");
        assert!(event["took_ms"].is_u64(), "tied to the question: {event}");
        assert_eq!(event["json"]["id"], id);
        event["json"].clone()
    }

    async fn ask(&mut self, path: &str, params: &Value) -> Value {
        self.ask_as(LAMP, path, params).await
    }

    /// The platform sends what wants no answer.
    async fn order(&mut self, name: &str) {
        let outcome = self.bench.platform.request(LAMP, &offer(name, Value::Null)).await;
        assert_eq!(outcome, Outcome::Sent, "{name}");
    }

    /// The platform orders something on `topic`, and the device acknowledges it.
    async fn acknowledged(&mut self, name: &str, topic: &str) -> Value {
        let Bench { platform, follower, seen, handles, .. } = &mut self.bench;
        let ask = offer(name, Value::Null);
        let request = platform.request(LAMP, &ask);
        let dialogue = async {
            loop {
                let is_it = |event: &Value| event["kind"] == "rx" && event["topic"] == topic;
                if let Some(place) = seen.iter().position(is_it) {
                    let body = seen.remove(place)["json"].clone();
                    let text = body.to_string();
                    let asked = Asked { topic, payload: text.as_bytes() };
                    let told = handles[0].platform.told(topic, asked.payload);
                    assert!(matches!(told, Some(Told::Order { .. })), "{name}: {told:?}");
                    let draft = handles[0].platform.acknowledge(&asked).unwrap();
                    let Draft { topic, body: payload, qos, .. } = draft;
                    let action = Action::Publish { topic, payload: payload.into(), qos, retain: false, force: false };
                    handles[0].try_send(Order { number: None, action }).unwrap();
                    return body;
                }
                follower.next(64, |event| seen.push(bench::as_json(event))).await;
            }
        };
        let (outcome, body) = timeout(PATIENCE, async { tokio::join!(request, dialogue) }).await.expect("an outcome");
        let Outcome::Answered { body: answer, .. } = outcome else { panic!("{name}: {outcome:?}") };
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((&answer["id"], &answer["code"]), (&body["id"], &json!(200)), "{name}");
        body
    }

    /// The platform asks, and a person answers with the cloud's own body for success.
    async fn replied(&mut self, ask: &Ask) -> (Value, Value) {
        let mut asked = Value::Null;
        let outcome = self
            .bench
            .ask(LAMP, ask, async |handle, came| {
                came.clone_into(&mut asked);
                let request_id = came["request_id"].as_str().unwrap().to_owned();
                let action = Action::Reply { request_id, code: None, payload: None, force: false };
                handle.try_send(Order { number: None, action }).unwrap();
            })
            .await;
        let Outcome::Answered { body, .. } = outcome else { panic!("{ask:?}: {outcome:?}") };
        assert_eq!(asked["deadline_ms"], 8_000, "{asked}");
        (asked, serde_json::from_slice(&body).unwrap())
    }

    /// A sub-device in the topology and logged in, with its topics subscribed.
    async fn with_sub_device(&mut self) -> (SubDevice, Secret) {
        let (name, secret) = ALIYUN_SUB_DEVICES[0];
        let pair = (SubDevice::new(PK, name), Secret::new(secret));
        let add = sub_device_topology(&self.identity(), 1, WallTime::default(), std::slice::from_ref(&pair));
        assert_eq!(self.answered(&add).await["code"], 200);
        let login = sub_device_login(&self.identity(), 2, WallTime::default(), &pair.0, &pair.1);
        assert_eq!(self.answered(&login).await["code"], 200);
        self.subscribe(&format!("/sys/{PK}/{name}/thing/#")).await;
        pair
    }
}

fn offer(name: &str, input: Value) -> Ask {
    Ask::Offer { name: name.to_owned(), input }
}

#[tokio::test]
async fn each_question_is_answered_with_its_id() {
    let mut desk = Desk::new().await;
    desk.subscribe(&format!("{SYS}/thing/dsltemplate/get_reply")).await;
    desk.subscribe(&format!("{SYS}/thing/dynamicTsl/get_reply")).await;
    let timed = json!({"Power": {"value": "on", "time": 1_524_448_722_000_u64}, "WF": {"value": 23.6, "time": 1_524_448_722_000_u64}});
    let own = json!({"productKey": PK, "deviceName": LAMP});
    for (path, params, data) in [
        ("event/property/post", timed.clone(), json!({})),
        ("event/alarm/post", json!({"value": {"temperature": 80.5}, "time": 1_524_448_722_000_u64}), json!({})),
        ("event/property/history/post", json!([{"identity": own, "properties": [timed], "events": []}]), json!({})),
        ("event/property/pack/post", json!({"properties": timed, "events": {}, "subDevices": []}), json!({})),
        ("property/desired/get", json!(["power"]), json!({})),
        ("property/desired/delete", json!({"power": {"version": 1}}), json!({})),
        ("deviceinfo/update", json!([{"attrKey": "Temperature", "attrValue": "36.8"}]), json!({})),
        ("deviceinfo/delete", json!([{"attrKey": "Temperature"}]), json!({})),
        ("list/found", json!([{"productKey": PK, "deviceName": "deviceName1234"}]), json!({})),
        ("ota/firmware/get", json!({"module": "MCU"}), json!({})),
        ("topo/get", json!({}), json!([])),
    ] {
        let answer = desk.ask(path, &params).await;
        assert_eq!((&answer["code"], &answer["data"]), (&json!(200), &data), "{path}");
    }
    let line = json!({"utcTime": "2020-03-06T15:08:43.123+0800", "logLevel": "DEBUG", "module": "ALK-LK",
                      "code": "0", "traceContext": "123456", "logContent": "some message"});
    assert_eq!(desk.ask("log/post", &json!([line])).await["code"], 200);
    let nodes = json!({"nodes": ["type", "identifier"], "addDefault": false});
    assert_eq!(desk.ask("dynamicTsl/get", &nodes).await["data"]["services"][0], json!({"identifier": "SetBrightness"}));
    assert_eq!(desk.ask("dsltemplate/get", &json!({})).await["data"]["services"][1]["callType"], "sync");
    let config = json!({"configScope": "product", "getType": "file"});
    assert_eq!(desk.ask("config/get", &config).await["code"], 6710, "none is set yet");
}

#[tokio::test]
async fn strictness_has_the_documented_codes() {
    let mut desk = Desk::new().await;
    let post = format!("{SYS}/thing/event/property/post");
    let many: serde_json::Map<String, Value> = (0..201).map(|n| (format!("p{n}"), json!(n))).collect();
    let many = json!({"id": "1", "method": "m", "params": many}).to_string();
    for (body, code) in [
        ("not json", 6207),
        (r#"{"id":"1","params":{}}"#, 6300),
        (r#"{"id":"1","method":"m","params":[]}"#, 460),
        (many.as_str(), 6106),
        (r#"{"id":7,"method":"m","params":{"a":1}}"#, 200),
    ] {
        assert_eq!(desk.answer(&post, body).await["code"], code, "{}", &body[..body.len().min(80)]);
    }
    let odd = format!("{SYS}/thing/config/odd");
    assert_eq!(desk.answer(&odd, r#"{"id":"1","method":"m","params":{}}"#).await["code"], 6203);
    // One that wants no answer: the next answer is that of the next report.
    desk.publish(&post, r#"{"id":"20","sys":{"ack":0},"method":"m","params":{}}"#, Qos::AtLeastOnce);
    assert_eq!(desk.answer(&post, r#"{"id":"21","method":"m","params":{}}"#).await["id"], "21");
    // The time is asked for with QoS 0 only.
    let mut notices = desk.bench.platform.watch();
    let ask = desk.handle().platform.ask_time(1, WallTime::default()).unwrap();
    desk.send(&Draft { qos: Qos::AtLeastOnce, ..ask });
    let dropped = async {
        loop {
            if let Happening::Odd(why) = notices.recv().await.unwrap().what {
                return why;
            }
        }
    };
    let why = timeout(PATIENCE, dropped).await.unwrap();
    assert!(why.contains("/ext/ntp/") && why.contains("QoS 0 only"), "{why}");
}

#[tokio::test]
async fn each_request_is_answered_in_time() {
    let mut desk = Desk::new().await;
    for (name, topic, data) in [
        ("command", "thing/service/SetBrightness", json!({})),
        ("property-set", "thing/service/property/set", json!({})),
        ("property-get", "thing/service/property/get", json!({"LightSwitch": 0})),
        ("desired-set", "thing/service/property/set", json!({})),
    ] {
        let (asked, answer) = desk.replied(&offer(name, Value::Null)).await;
        assert_eq!(asked["topic"], format!("{SYS}/{topic}"));
        assert_eq!(
            answer,
            json!({"id": asked["json"]["id"], "code": 200, "message": "success", "data": data}),
            "{name}"
        );
    }
    let (asked, answer) = desk.replied(&offer("rrpc", Value::Null)).await;
    let topic = asked["topic"].as_str().unwrap();
    assert_eq!(topic, format!("{SYS}/rrpc/request/{}", asked["request_id"].as_str().unwrap()));
    assert_eq!((&asked["json"]["method"], &answer["code"]), (&json!("thing.service.SelfTest"), &json!(200)));
    // The desired value is kept for the device, with its version.
    let desired = desk.ask("property/desired/get", &json!(["LightSwitch"])).await;
    assert_eq!(desired["data"], json!({"LightSwitch": {"value": 1, "version": 1}}));
}

#[tokio::test]
async fn calls_on_custom_topics_come_with_ext_only() {
    let plain = Desk::new().await;
    let outcome = plain.bench.platform.request(LAMP, &offer("rrpc-custom", Value::Null)).await;
    let Outcome::NotSent(why) = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("ext=1"), "{why}");
    let mut desk = Desk::with(|identity| identity.ext = Some(1)).await;
    desk.subscribe(&format!("/ext/rrpc/+/{PK}/{LAMP}/user/get")).await;
    let mut asked = Value::Null;
    let outcome = desk
        .bench
        .ask(LAMP, &offer("rrpc-custom", json!("ping")), async |handle, came| {
            came.clone_into(&mut asked);
            let request_id = came["request_id"].as_str().unwrap().to_owned();
            let payload = Some("pong".into());
            let action = Action::Reply { request_id, code: None, payload, force: false };
            handle.try_send(Order { number: None, action }).unwrap();
        })
        .await;
    let Outcome::Answered { topic, body, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((asked["text"].as_str(), &body[..]), (Some("ping"), &b"pong"[..]));
    assert_eq!(asked["topic"], topic.as_str(), "the answer goes back on the very topic");
}

#[tokio::test]
async fn orders_are_acknowledged() {
    let mut desk = Desk::new().await;
    for (name, path) in [
        ("config-push", "config/push"),
        ("topo-add-notify", "topo/add/notify"),
        ("topo-change", "topo/change"),
        ("gateway-permit", "gateway/permit"),
        ("disable", "disable"),
    ] {
        let body = desk.acknowledged(name, &format!("{SYS}/thing/{path}")).await;
        assert_eq!(body["method"], format!("thing.{}", path.replace('/', ".")));
    }
    assert_eq!(desk.ask("event/property/post", &json!({})).await["code"], 6204, "it is disabled now");
    desk.acknowledged("enable", &format!("{SYS}/thing/enable")).await;
    assert_eq!(desk.ask("event/property/post", &json!({})).await["code"], 200);
    let config = desk.ask("config/get", &json!({"configScope": "product", "getType": "file"})).await;
    assert_eq!((&config["code"], &config["data"]["configId"]), (&json!(200), &json!("config-1")), "what was pushed");
}

#[tokio::test]
async fn what_wants_no_answer_is_heard_and_told() {
    let mut desk = Desk::new().await;
    desk.subscribe(&format!("/broadcast/{PK}/#")).await;
    for (name, topic, what, told) in [
        ("message", format!("/{PK}/{LAMP}/user/get"), "custom", None),
        ("broadcast", format!("/broadcast/{PK}/all"), "broadcast", None),
        ("raw-down", format!("{SYS}/thing/model/down_raw"), "message", None),
        ("shadow-control", format!("/shadow/get/{PK}/{LAMP}"), "shadow", Some("Desired")),
        ("ota-upgrade", format!("/ota/device/upgrade/{PK}/{LAMP}"), "ota", Some("Upgrade")),
    ] {
        desk.order(name).await;
        let event = desk.heard(&topic).await;
        assert_eq!((&event["what"], &event["deadline_ms"]), (&json!(what), &Value::Null), "{name}");
        let platform = Arc::clone(&desk.handle().platform);
        let said = platform.told(&topic, event["json"].to_string().as_bytes()).map(|told| format!("{told:?}"));
        assert_eq!(said.as_ref().map(|said| said.starts_with(told.unwrap_or("?"))), told.map(|_| true), "{said:?}");
    }
}

#[tokio::test]
async fn raw_reports_time_and_shadow() {
    let mut desk = Desk::new().await;
    let raw = format!("{SYS}/thing/model/up_raw");
    desk.publish(&raw, [0, 0, 0, 0, 1, 0xff], Qos::AtLeastOnce);
    let reply = desk.heard(&format!("{raw}_reply")).await;
    assert_eq!((&reply["what"], &reply["base64"]), (&json!("reply"), &json!("AgAAAAHI")), "command 2, id 1, code 200");
    let sent = WallTime::from_unix_micros(1_571_724_098_000_000);
    let ask = desk.handle().platform.ask_time(1, sent).unwrap();
    desk.send(&ask);
    let topic = format!("/ext/ntp/{PK}/{LAMP}/response");
    let event = desk.heard(&topic).await;
    assert_eq!(event["qos"], 0);
    let Some(Told::Time { device_sent, received, sent }) =
        desk.handle().platform.told(&topic, event["json"].to_string().as_bytes())
    else {
        panic!("{event}")
    };
    assert_eq!(device_sent, 1_571_724_098_000);
    assert!(received > 1_700_000_000_000 && sent >= received);
    let update = format!("/shadow/update/{PK}/{LAMP}");
    for (body, status, code) in [
        (json!({"method": "update", "state": {"reported": {"color": "red"}}, "version": 1}), "success", Value::Null),
        (json!({"method": "update", "state": {"reported": {"color": "red"}}, "version": 1}), "error", json!("409")),
        (json!({"method": "delete", "state": {"reported": {"color": "null"}}, "version": 2}), "success", Value::Null),
        (json!({"method": "update", "state": {"reported": {"color": "red"}}, "version": -1}), "success", Value::Null),
        (json!({"method": "get"}), "success", Value::Null),
        (json!({"state": {}}), "error", json!("401")),
    ] {
        desk.publish(&update, body.to_string(), Qos::AtLeastOnce);
        let reply = desk.heard(&format!("/shadow/get/{PK}/{LAMP}")).await["json"].clone();
        assert_eq!((&reply["payload"]["status"], &reply["method"]), (&json!(status), &json!("reply")), "{body}");
        assert_eq!(reply["payload"]["content"]["errorcode"], code, "{body}");
    }
}

#[tokio::test]
async fn an_upgrade_runs_from_the_order_to_the_new_version() {
    let mut desk = Desk::new().await;
    let platform = Arc::clone(&desk.handle().platform);
    let at = WallTime::default();
    desk.send(&platform.version_report(1, at, "default", "1.0.0").unwrap());
    desk.order("ota-upgrade").await;
    let topic = format!("/ota/device/upgrade/{PK}/{LAMP}");
    let event = desk.heard(&topic).await;
    let Some(Told::Upgrade(upgrade)) = platform.told(&topic, event["json"].to_string().as_bytes()) else {
        panic!("{event}")
    };
    assert_eq!((upgrade.version.as_str(), upgrade.size), ("2.0.0", Some(432_945)));
    let ask = json!({"module": "default"});
    assert_eq!(desk.ask("ota/firmware/get", &ask).await["data"]["version"], "2.0.0");
    for step in [UpgradeStep::Downloading(40), UpgradeStep::Installing(80), UpgradeStep::Done] {
        desk.send(&platform.upgrade_progress(2, at, &upgrade, step).unwrap());
    }
    assert_eq!(
        desk.ask("ota/firmware/get", &ask).await["data"]["version"],
        "2.0.0",
        "not until it reports the version"
    );
    desk.send(&platform.version_report(3, at, "default", "2.0.0").unwrap());
    assert_eq!(desk.ask("ota/firmware/get", &ask).await["data"], json!({}));
    // Each documented failure ends an upgrade.
    for (code, _) in platform.upgrade_failures() {
        desk.order("ota-upgrade").await;
        assert_eq!(desk.ask("ota/firmware/get", &ask).await["data"]["version"], "2.0.0");
        desk.send(&platform.upgrade_progress(4, at, &upgrade, UpgradeStep::Failed(*code)).unwrap());
        assert_eq!(desk.ask("ota/firmware/get", &ask).await["data"], json!({}), "{code}");
    }
}

#[tokio::test]
async fn a_gateway_speaks_for_its_sub_device() {
    let mut desk = Desk::new().await;
    let (name, secret) = ALIYUN_SUB_DEVICES[0];
    let device = SubDevice::new(PK, name);
    let login = sub_device_login(&desk.identity(), 1, WallTime::default(), &device, &Secret::new(secret));
    assert_eq!(desk.answered(&login).await["code"], 6401, "not in the topology");
    let itself = SubDevice::new(PK, LAMP);
    let add = sub_device_topology(&desk.identity(), 1, WallTime::default(), &[(itself, Secret::new(secret))]);
    assert_eq!(desk.answered(&add).await["code"], 6402);
    desk.with_sub_device().await;
    assert_eq!(desk.ask("topo/get", &json!({})).await["data"], json!([{"productKey": PK, "deviceName": name}]));
    assert_eq!(desk.ask_as(name, "event/property/post", &json!({"LightSwitch": 1})).await["code"], 200);
    for (order, path) in
        [("sub-device-command", "service/SetBrightness"), ("sub-device-property-set", "service/property/set")]
    {
        let (asked, answer) = desk.replied(&offer(order, Value::Null)).await;
        assert_eq!((&asked["topic"], &answer["code"]), (&json!(format!("/sys/{PK}/{name}/thing/{path}")), &json!(200)));
        let topic = asked["topic"].as_str().unwrap();
        let payload = asked["json"].to_string();
        let request = desk.handle().platform.request(&Asked { topic, payload: payload.as_bytes() }).unwrap();
        assert_eq!(request.target, Some(format!("{PK}/{name}")));
    }
    let sub = format!("/sys/{PK}/{name}/thing");
    desk.acknowledged("sub-device-disable", &format!("{sub}/disable")).await;
    assert_eq!(desk.answered(&login).await["code"], 522);
    desk.acknowledged("sub-device-enable", &format!("{sub}/enable")).await;
    assert_eq!(desk.answered(&login).await["code"], 200);
    let logout = Draft { topic: login.topic.replace("login", "logout"), ..login };
    assert_eq!(desk.answered(&logout).await["code"], 200);
    assert_eq!(desk.answered(&logout).await["code"], 520);
    assert_eq!(desk.ask_as(name, "event/property/post", &json!({})).await["code"], 520);
    desk.acknowledged("sub-device-delete", &format!("{sub}/delete")).await;
    let gone = json!([{"productKey": PK, "deviceName": name}]);
    assert_eq!(desk.ask("topo/delete", &gone).await["code"], 200);
    assert_eq!(desk.ask("topo/get", &json!({})).await["data"], json!([]));
}

#[tokio::test]
async fn sub_devices_are_registered_and_logged_in_together() {
    let mut desk = Desk::new().await;
    let registered = desk.ask("sub/register", &json!([{"productKey": PK, "deviceName": "deviceName1234"}])).await;
    let secret = registered["data"][0]["deviceSecret"].as_str().unwrap();
    let pairs = [
        (SubDevice::new(PK, "deviceName1234"), Secret::new(secret)),
        (SubDevice::new(PK, ALIYUN_SUB_DEVICES[1].0), Secret::new(ALIYUN_SUB_DEVICES[1].1)),
    ];
    let own = desk.identity();
    let add = sub_device_topology(&own, 1, WallTime::default(), &pairs);
    assert_eq!(desk.answered(&add).await["code"], 200);
    let login = sub_device_batch_login(&own, 2, WallTime::default(), &pairs);
    let answer = desk.answered(&login).await;
    assert_eq!((&answer["code"], answer["data"].as_array().map(Vec::len)), (&json!(200), Some(2)));
    let body = json!({"id": 123, "params": answer["data"]}).to_string();
    let logout = Draft { topic: login.topic.replace("batch_login", "batch_logout"), body, ..login };
    assert_eq!(desk.answered(&logout).await["id"], 123, "the id as it came");
    assert_eq!(desk.answered(&logout).await["code"], 520);
    let one = json!([{"productKey": PK, "deviceName": "deviceName1234"}]);
    assert_eq!(desk.ask("sub/unregister", &one).await["code"], 200);
    assert_eq!(desk.answered(&add).await["code"], 6100);
    let path = "proxy/provisioning/product_register";
    desk.subscribe(&format!("{SYS}/thing/{path}_reply")).await;
    assert_eq!(ALIYUN_PRODUCT_SECRET, "ProdSecret0001", "the secret of the vector");
    let entry = json!({"productKey": PK, "deviceName": LAMP, "random": "8Ygb7ULYh53B6OA", "signMethod": "hmacmd5",
                       "sign": "9cdaa6d8a5d356bc3bf9c6a344bc8c49"});
    let answer = desk.ask(path, &json!({"proxieds": [entry]})).await;
    assert_eq!(answer["data"]["successes"][0]["deviceName"], LAMP);
}
