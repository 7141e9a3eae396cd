//! The cloud's side of a device in dialogues, with the documents' own bodies.

use super::*;
use crate::cloud::aliyun::sub_devices::{
    BATCH, SubDevice, sub_device_batch_login, sub_device_login, sub_device_topology,
};
use crate::cloud::{self, Direction, Draft, Platform as _};
use crate::secret::Secret;
use crate::sim::roster::{Roster, demo};

const PK: &str = "a1AbCdEfGh1";
const SUB: &str = "lamp-sub-01";

/// The cloud of the documents' device.
struct Desk {
    cloud: Cloud,
    roster: Roster,
    own: Identity,
    number: u64,
}

impl Desk {
    fn new() -> Self {
        let own = demo().remove(1).identity;
        Self { cloud: Cloud::default(), roster: Roster::new(demo()), own, number: 40 }
    }

    fn own(&self) -> AliyunIdentity {
        let Identity::Aliyun(own) = &self.own else { panic!("no Aliyun device") };
        own.clone()
    }

    fn scene<T>(&mut self, act: impl FnOnce(&mut Cloud, &Scene<'_>) -> T) -> T {
        self.number += 1;
        let at = WallTime::from_unix_micros(1_571_724_098_110_000);
        let scene = Scene { identity: &self.own, roster: &self.roster, at, number: self.number };
        act(&mut self.cloud, &scene)
    }

    /// What the cloud sends when the device publishes.
    fn take(&mut self, topic: &str, payload: &str) -> Option<Push> {
        let mut pushes = self.scene(|cloud, scene| cloud.take(scene, topic, payload.as_bytes()));
        assert!(pushes.len() <= 1);
        pushes.pop()
    }

    /// The body of the answer to an Alink question on `thing/{path}` of the device called `name`.
    fn ask_as(&mut self, name: &str, path: &str, params: &Value) -> Value {
        let topic = format!("/sys/{PK}/{name}/thing/{path}");
        let body = json!({"id": "7", "version": "1.0", "method": "m", "params": params});
        let push = self.take(&topic, &body.to_string()).unwrap_or_else(|| panic!("no answer on {topic}"));
        assert_eq!(push.topic, format!("{topic}_reply"));
        let body: Value = serde_json::from_slice(&push.payload).unwrap();
        assert_eq!(body["id"], "7");
        body
    }

    fn ask(&mut self, path: &str, params: &Value) -> Value {
        self.ask_as("lamp-01", path, params)
    }

    /// The code of the answer to a draft.
    fn send(&mut self, draft: &Draft) -> Value {
        let push = self.take(&draft.topic, &draft.body).unwrap_or_else(|| panic!("no answer to {}", draft.label));
        serde_json::from_slice(&push.payload).unwrap()
    }

    fn order(&mut self, name: &str, input: &Value) -> Option<Request> {
        self.scene(|cloud, scene| cloud.order(scene, name, input))
    }

    /// A sub-device in the topology.
    fn with_sub_device(&mut self) -> (SubDevice, Secret) {
        let pair = sub_device();
        let added = sub_device_topology(&self.own(), 1, WallTime::default(), std::slice::from_ref(&pair));
        assert_eq!(self.send(&added)["code"], 200);
        pair
    }

    /// A sub-device that is logged in.
    fn with_session(&mut self) {
        let (device, secret) = self.with_sub_device();
        let login = sub_device_login(&self.own(), 1, WallTime::default(), &device, &secret);
        assert_eq!(self.send(&login)["code"], 200);
    }
}

fn sub_device() -> (SubDevice, Secret) {
    let (name, secret) = ALIYUN_SUB_DEVICES[0];
    assert_eq!(name, SUB);
    (SubDevice::new(PK, name), Secret::new(secret))
}

#[test]
fn the_envelope_is_checked_and_the_id_goes_back_as_it_came() {
    let topic = format!("/sys/{PK}/lamp-01/thing/event/property/post");
    for (body, id, code) in [
        (r#"{"id":"123","version":"1.0","method":"m","params":{"a":1}}"#, json!("123"), 200),
        (r#"{"id":123,"method":"m","params":{}}"#, json!(123), 200),
        (r#"{"id":"1","params":{}}"#, json!("1"), 6300),
        (r#"{"id":"1","method":"m"}"#, json!("1"), 460),
        (r#"{"id":"1","sys":{"ack":1},"method":"m","params":{}}"#, json!("1"), 200),
        ("[]", Value::Null, 6207),
        ("{", Value::Null, 6207),
    ] {
        let push = Desk::new().take(&topic, body).unwrap();
        assert_eq!((push.topic, push.qos), (format!("{topic}_reply"), Qos::AtMostOnce));
        let answer: Value = serde_json::from_slice(&push.payload).unwrap();
        assert_eq!((&answer["code"], &answer["id"]), (&json!(code), &id), "{body}");
        assert!(answer["data"].is_object());
    }
    let silent = r#"{"id":"1","sys":{"ack":0},"method":"m","params":{}}"#;
    assert_eq!(Desk::new().take(&topic, silent), None);
}

#[test]
fn what_is_no_question_of_this_device_earns_no_answer() {
    for topic in [
        "/sys/a1AbCdEfGh1/lamp-01/thing/service/property/set_reply",
        "/sys/a1AbCdEfGh1/lamp-02/thing/event/property/post",
        "/a1AbCdEfGh1/lamp-01/user/update",
        "/ota/device/inform/a1AbCdEfGh1/lamp-01",
        "/ext/session/a1AbCdEfGh1/lamp-01/combine/odd",
        "/shadow/get/a1AbCdEfGh1/lamp-01",
    ] {
        assert_eq!(Desk::new().take(topic, r#"{"id":"1","method":"m","params":{"version":"1"}}"#), None, "{topic}");
    }
    assert_eq!(Desk::new().ask("odd/topic", &json!({}))["code"], 6203);
}

#[test]
fn the_time_is_told_and_nonsense_is_not_answered() {
    let topic = "/ext/ntp/a1AbCdEfGh1/lamp-01/request";
    let push = Desk::new().take(topic, r#"{"deviceSendTime":"1571724098000"}"#).unwrap();
    assert_eq!((push.topic.as_str(), push.qos), ("/ext/ntp/a1AbCdEfGh1/lamp-01/response", Qos::AtMostOnce));
    let body: Value = serde_json::from_slice(&push.payload).unwrap();
    let now = "1571724098110";
    assert_eq!(body, json!({"deviceSendTime": "1571724098000", "serverRecvTime": now, "serverSendTime": now}));
    for nonsense in ["", "{}", r#"{"deviceSendTime":null}"#, "[1]"] {
        assert_eq!(Desk::new().take(topic, nonsense), None, "{nonsense}");
    }
}

#[test]
fn raw_reports_are_answered_as_the_sample_script_does() {
    let mut desk = Desk::new();
    let topic = format!("/sys/{PK}/lamp-01/thing/model/up_raw");
    let push = desk.take(&topic, "\u{0}\u{0}\u{22}\u{33}\u{44}rest").unwrap();
    assert_eq!((push.topic, &push.payload[..]), (format!("{topic}_reply"), &[2, 0, 0x22, 0x33, 0x44, 200][..]));
    for other in ["", "\u{0}\u{1}", "\u{1}12345"] {
        assert_eq!(desk.take(&topic, other), None);
    }
}

#[test]
fn a_sub_device_comes_into_the_topology_with_its_own_signature() {
    let mut desk = Desk::new();
    let (device, secret) = sub_device();
    let entry = |device: &SubDevice, secret: &Secret| {
        let own = Desk::new().own();
        let draft = sub_device_topology(&own, 1, WallTime::default(), &[(device.clone(), secret.clone())]);
        serde_json::from_str::<Value>(&draft.body).unwrap()["params"].clone()
    };
    let wrong = Secret::new("wrong");
    for (params, code) in [
        (entry(&device, &wrong), 401),
        (entry(&SubDevice::new(PK, "nobody"), &secret), 6100),
        (entry(&SubDevice::new(PK, "lamp-01"), &secret), 6402),
        (json!([device.product_key]), 460),
        (json!([{"productKey": PK, "deviceName": SUB}]), 460),
        (json!([]), 460),
        (json!({}), 460),
        (entry(&device, &secret), 200),
        (entry(&device, &secret), 200),
    ] {
        assert_eq!(desk.ask("topo/add", &params)["code"], code, "{params}");
    }
    let one = json!([{"productKey": PK, "deviceName": SUB}]);
    assert_eq!(desk.ask("topo/get", &json!({}))["data"], one);
    assert_eq!(desk.ask("topo/delete", &json!([{"productKey": PK, "deviceName": "nobody"}]))["code"], 6100);
    assert_eq!(desk.ask("topo/delete", &json!({}))["code"], 460);
    assert_eq!(desk.ask("topo/delete", &one)["code"], 200);
    assert_eq!(desk.ask("topo/get", &json!({}))["data"], json!([]));
}

#[test]
fn a_sub_device_logs_in_and_out_with_the_documented_codes() {
    let mut desk = Desk::new();
    let own = desk.own();
    let (device, secret) = sub_device();
    let login = |secret: &Secret| sub_device_login(&own, 1, WallTime::default(), &device, secret);
    assert_eq!(desk.send(&login(&secret))["code"], 6401, "not in the topology");
    desk.with_sub_device();
    assert_eq!(desk.send(&login(&Secret::new("wrong")))["code"], 6287);
    let unknown = sub_device_login(&own, 1, WallTime::default(), &SubDevice::new(PK, "nobody"), &secret);
    assert_eq!(desk.send(&unknown)["code"], 6100);
    let post = json!({"a": 1});
    assert_eq!(desk.ask_as(SUB, "event/property/post", &post)["code"], 520, "not logged in");
    let answer = desk.send(&login(&secret));
    assert_eq!((&answer["code"], &answer["data"]), (&json!(200), &json!({"productKey": PK, "deviceName": SUB})));
    assert_eq!(desk.ask_as(SUB, "event/property/post", &post)["code"], 200);
    let pack = json!({"subDevices": [{"identity": {"productKey": PK, "deviceName": SUB}, "properties": post}]});
    assert_eq!(desk.ask("event/property/pack/post", &pack)["code"], 200);
    let leave = |params: Value| Draft {
        label: "logout".to_owned(),
        what: crate::event::What::System,
        topic: format!("/ext/session/{PK}/lamp-01/combine/logout"),
        qos: Qos::AtMostOnce,
        body: json!({"id": 123, "params": params}).to_string(),
    };
    let entry = json!({"productKey": PK, "deviceName": SUB});
    let answer = desk.send(&leave(entry.clone()));
    assert_eq!((&answer["code"], &answer["id"], &answer["data"]), (&json!(200), &json!(123), &entry));
    assert_eq!(desk.send(&leave(entry))["code"], 520);
    assert_eq!(desk.send(&leave(json!([])))["code"], 460);
    assert_eq!(desk.ask("event/property/pack/post", &pack)["code"], 520);
    assert_eq!(desk.send(&Draft { body: "{".to_owned(), ..login(&secret) })["code"], 460);
}

#[test]
fn a_batch_logs_in_all_or_none_and_the_end_of_the_line_logs_out() {
    let mut desk = Desk::new();
    let own = desk.own();
    let pairs: Vec<_> = ALIYUN_SUB_DEVICES.map(|(name, secret)| (SubDevice::new(PK, name), Secret::new(secret))).into();
    assert_eq!(desk.send(&sub_device_topology(&own, 1, WallTime::default(), &pairs))["code"], 200);
    let batch = |pairs: &[(SubDevice, Secret)]| sub_device_batch_login(&own, 1, WallTime::default(), pairs);
    let mut spoiled = pairs.clone();
    spoiled[1].1 = Secret::new("wrong");
    assert_eq!(desk.send(&batch(&spoiled))["code"], 6287);
    assert!(!desk.cloud.gateway.is_online(&Who::new(PK, SUB)), "none, where one is wrong");
    assert_eq!(desk.send(&batch(&vec![pairs[0].clone(); BATCH + 1]))["code"], 460);
    assert_eq!(desk.send(&batch(&[]))["code"], 460);
    let answer = desk.send(&batch(&pairs));
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(2));
    let out = Draft { topic: format!("/ext/session/{PK}/lamp-01/combine/batch_logout"), ..batch(&[]) };
    let listed = json!({"id": 1, "params": answer["data"]}).to_string();
    assert_eq!(desk.send(&Draft { body: listed.clone(), ..out.clone() })["code"], 200);
    assert_eq!(desk.send(&Draft { body: listed, ..out })["code"], 520);
    assert_eq!(desk.send(&batch(&pairs))["code"], 200);
    desk.cloud.offline();
    assert_eq!(desk.ask_as(SUB, "event/alarm/post", &json!({}))["code"], 520);
    assert!(desk.cloud.is_of_sub_device(&format!("/sys/{PK}/{SUB}/thing/#")), "the topology stays");
    assert!(!desk.cloud.is_of_sub_device(&format!("/sys/{PK}/+/thing/#")));
}

#[test]
fn sub_devices_are_found_registered_and_forgotten() {
    let mut desk = Desk::new();
    let new = |name: &str| json!([{"productKey": PK, "deviceName": name}]);
    for (path, params, code) in [
        ("list/found", new("sub-0001"), 200),
        ("list/found", json!([{"productKey": "other", "deviceName": "sub-0001"}]), 6250),
        ("list/found", new("no"), 6280),
        ("list/found", new("with space"), 6280),
        ("list/found", json!({}), 460),
        ("sub/register", json!([{"productKey": PK}]), 460),
        ("sub/register", json!(vec![new("sub-0001")[0].clone(); 31]), 460),
        ("sub/unregister", new("sub-0001"), 6100),
    ] {
        assert_eq!(desk.ask(path, &params)["code"], code, "{path} {params}");
    }
    let registered = desk.ask("sub/register", &new("sub-0001"));
    let secret = Secret::new(registered["data"][0]["deviceSecret"].as_str().unwrap());
    assert_eq!(secret.reveal().len(), 32);
    assert_eq!(desk.ask("sub/register", &new("sub-0001"))["data"], registered["data"], "it keeps its secret");
    let known = desk.ask("sub/register", &new(SUB));
    assert_eq!(known["data"][0]["deviceSecret"], ALIYUN_SUB_DEVICES[0].1);
    let device = SubDevice::new(PK, "sub-0001");
    let add = sub_device_topology(&desk.own(), 1, WallTime::default(), &[(device, secret)]);
    assert_eq!(desk.send(&add)["code"], 200);
    assert_eq!(desk.ask("sub/unregister", &new("sub-0001"))["code"], 200);
    assert_eq!(desk.ask("topo/get", &json!({}))["data"], json!([]));
    assert_eq!(desk.send(&add)["code"], 6100);
}

#[test]
fn sub_devices_are_registered_by_the_products_secret_each_by_itself() {
    let mut desk = Desk::new();
    // The vector of the dynamic registration for this very product and device.
    let right = json!({
        "productKey": PK, "deviceName": "lamp-01", "random": "8Ygb7ULYh53B6OA", "signMethod": "hmacsha256",
        "sign": "82145e0526532e17c414c2ae850b2a2ce9f67230ac1497e7c144f1d0a3e00eb0",
    });
    let mut wrong = right.clone();
    wrong["deviceName"] = json!("lamp-99");
    let path = "proxy/provisioning/product_register";
    let answer = desk.ask(path, &json!({ "proxieds": [right, wrong] }));
    assert_eq!(answer["code"], 200);
    let data = &answer["data"];
    assert_eq!(data["successes"][0]["deviceSecret"], "e5f6a7b8c9d0e1f2a3b4c5d6e7f80912");
    let failure = json!({"productKey": PK, "deviceName": "lamp-99", "code": 6287, "message": "invalid sign"});
    assert_eq!(data["failures"], json!([failure]));
    for nonsense in [json!({}), json!({"proxieds": []}), json!({"proxieds": [{}]}), json!([right])] {
        assert_eq!(desk.ask(path, &nonsense)["code"], 460, "{nonsense}");
    }
}

#[test]
fn every_offer_is_what_the_device_takes_it_for() {
    let mut desk = Desk::new();
    desk.cloud.online("c|securemode=2,signmethod=hmacsha256,ext=1|");
    desk.with_session();
    let platform = cloud::aliyun::Device::new(&desk.own(), crate::profile::Transport::Wss);
    let names: Vec<_> = desk.cloud.offers().iter().map(|offer| offer.name).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    for name in names {
        // Those that need a sub-device come last, and disabling it logs it out.
        if name == "sub-device-enable" {
            assert_eq!(
                desk.cloud.hindrance("sub-device-command"),
                Some("no sub-device is logged in over this connection")
            );
        }
        let request = desk.order(name, &Value::Null).unwrap_or_else(|| panic!("{name}"));
        let (topic, payload) = (request.topic.as_str(), &request.payload[..]);
        let asked = cloud::Asked { topic, payload };
        let meaning = platform.meaning(Direction::Down, topic, payload);
        let answer = platform.reply(&asked, None).or_else(|| platform.acknowledge(&asked));
        assert_eq!(answer.is_some(), request.expect.is_some(), "{name}: who waits is answered");
        if let (Some(answer), Some(expect)) = (answer, request.expect) {
            assert!(expect.is_met_by(&answer.topic, answer.body.as_bytes()), "{name}: {answer:?}");
            assert!(meaning.deadline.is_none_or(|within| within == expect.within), "{name}");
        }
        let told = platform.told(topic, payload);
        let is_told =
            matches!(name, "ota-upgrade" | "shadow-control") || (meaning.deadline.is_none() && name.contains("able"));
        assert!(told.is_some() || !is_told, "{name} is told");
    }
    assert_eq!(desk.order("nonsense", &Value::Null), None);
}

#[test]
fn offers_take_other_input_and_say_what_is_in_their_way() {
    let mut desk = Desk::new();
    for (name, hindered) in [
        ("rrpc-custom", true),
        ("sub-device-command", true),
        ("sub-device-property-set", true),
        ("sub-device-disable", true),
        ("sub-device-enable", true),
        ("sub-device-delete", true),
        ("command", false),
    ] {
        assert_eq!(desk.cloud.hindrance(name).is_some(), hindered, "{name}");
        assert_eq!(desk.order(name, &Value::Null).is_none(), hindered, "{name}");
    }
    assert_eq!(desk.order("raw-down", &json!("no hex")), None);
    assert_eq!(desk.order("raw-down", &json!("00ff")).unwrap().payload[..], [0, 255]);
    assert_eq!(desk.order("message", &json!("plain words")).unwrap().payload[..], *b"plain words");
    let permit = desk.order("gateway-permit", &Value::Null).unwrap();
    let body: Value = serde_json::from_slice(&permit.payload).unwrap();
    assert_eq!((&body["params"]["productKey"], &body["method"]), (&json!(PK), &json!("thing.gateway.permit")));
    desk.cloud.online("c|securemode=2,ext=2|");
    assert!(desk.cloud.hindrance("rrpc-custom").is_some(), "another flag is not this one");
    desk.cloud.online("c|securemode=2,ext=3|");
    let call = desk.order("rrpc-custom", &json!("ping")).unwrap();
    assert_eq!(call.topic, format!("/ext/rrpc/{}/{PK}/lamp-01/user/get", desk.number));
    assert_eq!(call.payload[..], *b"ping");
}

#[test]
fn what_is_ordered_is_there_when_the_device_asks() {
    let mut desk = Desk::new();
    desk.order("desired-set", &json!({"LightSwitch": 1})).unwrap();
    let got = desk.ask("property/desired/get", &json!(["LightSwitch"]));
    assert_eq!(got["data"], json!({"LightSwitch": {"value": 1, "version": 1}}));
    let config = json!({"configScope": "product", "getType": "file"});
    assert_eq!(desk.ask("config/get", &config)["code"], 6710);
    desk.order("config-push", &Value::Null).unwrap();
    assert_eq!(desk.ask("config/get", &config)["data"]["getType"], "file");
    desk.order("ota-upgrade", &Value::Null).unwrap();
    assert_eq!(desk.ask("ota/firmware/get", &json!({"module": "default"}))["data"]["version"], "2.0.0");
    let inform = json!({"id": "1", "params": {"version": "2.0.0"}}).to_string();
    assert_eq!(desk.take(&format!("/ota/device/inform/{PK}/lamp-01"), &inform), None);
    assert_eq!(desk.ask("ota/firmware/get", &json!({}))["data"], json!({}));
    desk.order("shadow-control", &json!({"color": "green"})).unwrap();
    let push = desk.take(&format!("/shadow/update/{PK}/lamp-01"), r#"{"method":"get"}"#).unwrap();
    assert_eq!(push.topic, format!("/shadow/get/{PK}/lamp-01"));
    let body: Value = serde_json::from_slice(&push.payload).unwrap();
    assert_eq!(body["payload"]["state"]["desired"]["color"], "green");
}

#[test]
fn a_disabled_device_is_answered_with_that_until_it_is_enabled() {
    let mut desk = Desk::new();
    desk.order("disable", &Value::Null).unwrap();
    assert_eq!(desk.ask("event/property/post", &json!({}))["code"], 6204);
    assert_eq!(desk.ask("property/desired/get", &json!([]))["code"], 6204);
    desk.order("enable", &Value::Null).unwrap();
    assert_eq!(desk.ask("event/property/post", &json!({}))["code"], 200);
    desk.with_session();
    desk.order("sub-device-disable", &Value::Null).unwrap();
    assert_eq!(desk.ask_as(SUB, "event/property/post", &json!({}))["code"], 6204);
    let (device, secret) = sub_device();
    let login = sub_device_login(&desk.own(), 1, WallTime::default(), &device, &secret);
    assert_eq!(desk.send(&login)["code"], 522);
    desk.order("sub-device-enable", &Value::Null).unwrap();
    assert_eq!(desk.send(&login)["code"], 200);
    desk.order("sub-device-delete", &Value::Null).unwrap();
    assert_eq!(desk.ask_as(SUB, "event/property/post", &json!({}))["code"], 520);
}
