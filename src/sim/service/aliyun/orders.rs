//! What Aliyun can be told to order of a device.
//!
//! What lives here: the offers, their topics and bodies. What may not: what the cloud keeps; that is `keep` and `gateway`.

use bytes::Bytes;
use serde_json::{Value, json};

use super::Cloud;
use super::place::Who;
use crate::profile::{AliyunIdentity, Identity};
use crate::sim::request::{self, ALIYUN_WAITS, Ask, Expect, Request};
use crate::sim::service::{Offer, Scene};

/// The service that is called without waiting.
const SERVICE: &str = "SetBrightness";
/// The service that is called while the application waits.
const SYNCHRONOUS: &str = "SelfTest";

/// All offers.
pub(super) fn offers() -> Vec<Offer> {
    let level = json!({ "level": 60 });
    let sub_device = || json!({ "productKey": null, "deviceName": "lamp-sub-01" });
    vec![
        Offer::new("command", format!("service {SERVICE}"), level.clone()),
        Offer::new("property-set", "property set", json!({ "LightSwitch": 1 })),
        Offer::new("property-get", "property get", json!(["LightSwitch"])),
        Offer::new("rrpc", format!("service {SYNCHRONOUS}, while the caller waits"), json!({})),
        Offer::new("rrpc-custom", "call on user/get, while the caller waits", json!({ "question": "how are you?" })),
        Offer::new("desired-set", "desired value", json!({ "LightSwitch": 1 })),
        Offer::new("message", "message on user/get", json!({ "text": "hello from the cloud" })),
        Offer::new("broadcast", "broadcast to the product", json!({ "text": "hello to all" })),
        Offer::new("ota-upgrade", "upgrade to 2.0.0", upgrade()),
        Offer::new("config-push", "config push", config()),
        Offer::new("shadow-control", "shadow: desired state", json!({ "color": "green" })),
        Offer::new("raw-down", "raw message, in hexadecimal", json!("0100000001003201")),
        Offer::new("disable", "disable the device", json!({})),
        Offer::new("enable", "enable the device", json!({})),
        Offer::new("topo-add-notify", "topology: add a sub-device", json!([sub_device()])),
        Offer::new("topo-change", "topology has changed", json!({ "status": 0, "subList": [sub_device()] })),
        Offer::new("gateway-permit", "let sub-devices join", json!({ "productKey": null, "time": 60 })),
        Offer::new("sub-device-command", format!("service {SERVICE} of a sub-device"), level),
        Offer::new("sub-device-property-set", "property set of a sub-device", json!({ "LightSwitch": 1 })),
        Offer::new("sub-device-disable", "disable a sub-device", json!({})),
        Offer::new("sub-device-enable", "enable a sub-device", json!({})),
        Offer::new("sub-device-delete", "delete a sub-device", json!({})),
    ]
}

/// The data of an upgrade's order.
fn upgrade() -> Value {
    json!({
        "size": 432_945, "version": "2.0.0", "module": "default", "url": "https://ota.example/lamp-2.0.0.bin",
        "sign": "93230c3bde425a9d7984a594ac55ea1e", "signMethod": "Md5",
    })
}

/// A remote config's data.
fn config() -> Value {
    json!({
        "configId": "config-1", "configSize": 1_024, "getType": "file", "url": "https://config.example/lamp.json",
        "sign": "65c4f1b1ad8bd5b1c9a7ad0a13f0fd5a7f2a6f1bb1a5c5d6f8e0a1b2c3d4e5f6", "signMethod": "Sha256",
    })
}

impl Cloud {
    /// The message for an offer.
    pub(super) fn make(
        &mut self,
        scene: &Scene<'_>,
        own: &AliyunIdentity,
        name: &str,
        input: Value,
    ) -> Option<Request> {
        let command = |input| Ask::Command { service: String::new(), name: SERVICE.to_owned(), input };
        let set = |properties| Ask::PropertySet { service: String::new(), properties };
        let ask = |ask: &Ask| request::build(scene.identity, ask, scene.number);
        match name {
            "command" => ask(&command(input)),
            "property-set" => ask(&set(input)),
            "property-get" => Some(order(own, scene.number, "service/property/get", &input)),
            "rrpc" => ask(&Ask::Call { service: String::new(), name: SYNCHRONOUS.to_owned(), input }),
            "rrpc-custom" => self.takes_custom_calls().then(|| custom_call(own, scene.number, &input)),
            "desired-set" => {
                self.kept(&Who::of(own)).want(input.as_object()?);
                ask(&set(input))
            }
            "message" => ask(&Ask::Message { payload: body_of(&input) }),
            "broadcast" => Some(unanswered(format!("/broadcast/{}/all", own.product_key), &input)),
            "ota-upgrade" => {
                self.kept(&Who::of(own)).offer_upgrade(&input);
                let body = json!({ "code": "1000", "data": input, "id": scene.number, "message": "success" });
                Some(unanswered(format!("/ota/device/upgrade/{}", Who::of(own)), &body))
            }
            "config-push" => {
                self.kept(&Who::of(own)).set_config(input.clone());
                Some(order(own, scene.number, "config/push", &input))
            }
            "shadow-control" => {
                let second = super::second(scene.at);
                let body = self.kept(&Who::of(own)).shadow.control(input.as_object()?, second);
                Some(unanswered(format!("/shadow/get/{}", Who::of(own)), &body))
            }
            "raw-down" => {
                let payload = raw(&input)?;
                let topic = format!("/sys/{}/thing/model/down_raw", Who::of(own));
                Some(Request { topic, payload, expect: None })
            }
            "disable" | "enable" => {
                self.kept(&Who::of(own)).disabled = name == "disable";
                Some(order(own, scene.number, name, &input))
            }
            "topo-add-notify" => Some(order(own, scene.number, "topo/add/notify", &filled(own, input))),
            "topo-change" => Some(order(own, scene.number, "topo/change", &filled(own, input))),
            "gateway-permit" => Some(order(own, scene.number, "gateway/permit", &filled(own, input))),
            _ => self.of_sub_device(scene, own, name, input),
        }
    }

    /// Why an offer cannot be made now, for a person.
    pub(super) fn obstacle(&self, name: &str) -> Option<&'static str> {
        match name {
            "rrpc-custom" if !self.takes_custom_calls() => {
                Some("calls on custom topics come only to devices that sign in with ext=1 in the client id")
            }
            "sub-device-command" | "sub-device-property-set" | "sub-device-disable"
                if self.gateway.first_online().is_none() =>
            {
                Some("no sub-device is logged in over this connection")
            }
            "sub-device-enable" | "sub-device-delete" if self.gateway.first().is_none() => {
                Some("the gateway's topology holds no sub-device")
            }
            _ => None,
        }
    }

    /// An order for the first sub-device that can get it, over the gateway's connection.
    fn of_sub_device(&mut self, scene: &Scene<'_>, own: &AliyunIdentity, name: &str, input: Value) -> Option<Request> {
        let who = match name {
            "sub-device-enable" | "sub-device-delete" => self.gateway.first(),
            _ => self.gateway.first_online(),
        }?
        .clone();
        let device = AliyunIdentity {
            product_key: who.product_key.clone(),
            device_name: who.device_name.clone(),
            ..own.clone()
        };
        let ask = |ask: &Ask| request::build(&Identity::Aliyun(device.clone()), ask, scene.number);
        match name {
            "sub-device-command" => ask(&Ask::Command { service: String::new(), name: SERVICE.to_owned(), input }),
            "sub-device-property-set" => ask(&Ask::PropertySet { service: String::new(), properties: input }),
            "sub-device-disable" | "sub-device-enable" => {
                self.gateway.set_disabled(&who, name == "sub-device-disable");
                Some(order(&device, scene.number, name.strip_prefix("sub-device-")?, &input))
            }
            // It stays in the topology until the gateway takes it out: its answer would not be heard otherwise.
            "sub-device-delete" => {
                self.gateway.log_out(&who);
                Some(order(&device, scene.number, "delete", &input))
            }
            _ => None,
        }
    }
}

/// An order on `thing/{path}` that the device answers.
fn order(device: &AliyunIdentity, number: u64, path: &str, params: &Value) -> Request {
    let id = number.to_string();
    let body = json!({
        "method": format!("thing.{}", path.replace('/', ".")), "id": id, "params": params, "version": "1.0"
    });
    let topic = format!("/sys/{}/thing/{path}", Who::of(device));
    let expect = Expect::new(ALIYUN_WAITS, format!("{topic}_reply"), Some(("id", id)));
    Request { topic, payload: body_of(&body), expect: Some(expect) }
}

/// A call on the device's `user/get`, answered on the very topic.
fn custom_call(device: &AliyunIdentity, number: u64, input: &Value) -> Request {
    let topic = format!("/ext/rrpc/{number}/{}/user/get", Who::of(device));
    let expect = Expect::new(ALIYUN_WAITS, topic.clone(), None);
    Request { topic, payload: body_of(input), expect: Some(expect) }
}

fn unanswered(topic: String, body: &Value) -> Request {
    Request { topic, payload: body_of(body), expect: None }
}

/// A text goes as it is, everything else as JSON.
fn body_of(input: &Value) -> Bytes {
    match input {
        Value::String(text) => Bytes::from(text.clone()),
        other => Bytes::from(other.to_string()),
    }
}

/// Bytes in hexadecimal; `None` where the text is none.
fn raw(input: &Value) -> Option<Bytes> {
    // What is no hexadecimal cannot be sent, and the caller is told so.
    hex::decode(input.as_str()?).ok().map(Bytes::from)
}

/// `input` with the gateway's product wherever a product key is `null`: an offer does not know the device's.
fn filled(own: &AliyunIdentity, mut input: Value) -> Value {
    fill(&own.product_key, &mut input);
    input
}

fn fill(product_key: &str, value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members.iter_mut() {
                if key == "productKey" && value.is_null() {
                    *value = json!(product_key);
                } else {
                    fill(product_key, value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(product_key, item)),
        _ => {}
    }
}
