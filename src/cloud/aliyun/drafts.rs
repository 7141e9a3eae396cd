//! What the composer offers: one draft for each thing that a device can send by itself.
//!
//! What lives here: bodies to start from, with values that a person replaces. What may not: bodies that are sent as they are.

use serde_json::{Value, json};

use super::bodies::{id, report};
use super::sub_devices::session;
use super::upgrade;
use crate::cloud::{Draft, Upgrade, UpgradeStep, pretty};
use crate::event::What;
use crate::mqtt::Qos;
use crate::profile::AliyunIdentity;

/// Stands for a signature that only the sub-device's secret can make.
const UNSIGNED: &str = "HMAC of clientId…deviceName…productKey…timestamp… under the sub-device's secret";

/// All of them, the report first. `serial` makes the ids; as it is the milliseconds of the wall clock, it is also the time of
/// values that come with one.
pub(super) fn drafts(device: &AliyunIdentity, serial: u64) -> Vec<Draft> {
    let desk = Desk { device, serial };
    let mut drafts = vec![report(device, serial, &json!({ "temperature": 21.4, "humidity": 40 }))];
    drafts.extend(desk.custom_and_events());
    drafts.extend(desk.reports());
    drafts.extend(desk.questions());
    drafts.extend(desk.upgrades());
    drafts.extend(desk.shadow());
    drafts.extend(desk.gateway());
    drafts
}

struct Desk<'a> {
    device: &'a AliyunIdentity,
    serial: u64,
}

impl Desk<'_> {
    /// An Alink body on `thing/{path}`, whose method is the path.
    fn alink(&self, label: &str, what: What, path: &str, params: &Value) -> Draft {
        let body = json!({
            "id": id(self.serial), "version": "1.0", "sys": { "ack": 1 },
            "params": params, "method": format!("thing.{}", path.replace('/', "."))
        });
        Draft::json(label, what, self.topic("/sys", &format!("/thing/{path}")), &body)
    }

    /// `{head}/{pk}/{dn}{tail}`.
    fn topic(&self, head: &str, tail: &str) -> String {
        format!("{head}/{}/{}{tail}", self.device.product_key, self.device.device_name)
    }

    /// A sub-device to be renamed: one of the gateway's own product.
    fn sub_device(&self) -> Value {
        json!({ "productKey": self.device.product_key, "deviceName": "sub-01" })
    }

    /// What a sub-device is signed in with, but for the signature.
    fn unsigned(&self, method_key: &str) -> Value {
        let mut entry = self.sub_device();
        let client_id = format!("{}&sub-01", self.device.product_key);
        if let Some(members) = entry.as_object_mut() {
            members.extend([
                ("clientId".to_owned(), json!(client_id)),
                ("timestamp".to_owned(), json!(self.serial.to_string())),
                (method_key.to_owned(), json!(self.device.sign_method.word())),
                ("sign".to_owned(), json!(UNSIGNED)),
            ]);
        }
        entry
    }

    fn custom_and_events(&self) -> [Draft; 3] {
        let user = |tail| self.topic("", tail);
        [
            Draft::json("custom: user/update", What::Custom, user("/user/update"), &json!({ "hello": 1 })),
            self.alink("event", What::Event, "event/alarm/post", &json!({ "value": { "temperature": 80.5 } })),
            Draft::json(
                "custom: user/update/error",
                What::Custom,
                user("/user/update/error"),
                &json!({ "error": "none" }),
            ),
        ]
    }

    fn reports(&self) -> [Draft; 4] {
        let at = |value: Value| json!({ "value": value, "time": self.serial });
        let timed = json!({ "temperature": at(json!(21.4)), "humidity": at(json!(40)) });
        let own = json!({ "productKey": self.device.product_key, "deviceName": self.device.device_name });
        let alarm = json!({ "alarm": { "value": { "temperature": 80.5 }, "time": self.serial } });
        let history = json!([{ "identity": own, "properties": [timed], "events": [alarm] }]);
        let pack = json!({
            "properties": timed, "events": alarm,
            "subDevices": [{ "identity": self.sub_device(), "properties": timed, "events": {} }]
        });
        let raw = "bytes as the product's parsing script reads them".to_owned();
        [
            Draft { label: "property report with time".to_owned(), ..report(self.device, self.serial, &timed) },
            self.alink("property history", What::PropertyReport, "event/property/history/post", &history),
            self.alink("gateway batch", What::PropertyReport, "event/property/pack/post", &pack),
            Draft {
                label: "raw report".to_owned(),
                what: What::Message,
                topic: self.topic("/sys", "/thing/model/up_raw"),
                qos: Qos::AtLeastOnce,
                body: raw,
            },
        ]
    }

    fn questions(&self) -> [Draft; 9] {
        let tag = json!([{ "attrKey": "room", "attrValue": "kitchen" }]);
        let entry = json!([{
            "utcTime": "2026-01-31T12:00:00.000+0000", "logLevel": "INFO", "module": "app", "code": "0",
            "traceContext": id(self.serial), "logContent": "started"
        }]);
        let nodes = json!({ "nodes": ["type", "identifier"], "addDefault": false });
        let ask = json!({ "configScope": "product", "getType": "file" });
        [
            self.alink("desired values: get", What::Shadow, "property/desired/get", &json!(["temperature"])),
            self.alink(
                "desired values: delete",
                What::Shadow,
                "property/desired/delete",
                &json!({ "temperature": {} }),
            ),
            self.alink("tags: update", What::System, "deviceinfo/update", &tag),
            self.alink("tags: delete", What::System, "deviceinfo/delete", &json!([{ "attrKey": "room" }])),
            self.alink("config: get", What::System, "config/get", &ask),
            self.alink("log", What::System, "log/post", &entry),
            self.alink("model: get", What::System, "dsltemplate/get", &json!({})),
            self.alink("model: get identifiers", What::System, "dynamicTsl/get", &nodes),
            Draft {
                label: "time request".to_owned(),
                what: What::System,
                topic: self.topic("/ext/ntp", "/request"),
                qos: Qos::AtMostOnce,
                body: pretty(&json!({ "deviceSendTime": self.serial.to_string() })),
            },
        ]
    }

    fn upgrades(&self) -> Vec<Draft> {
        let id = id(self.serial);
        let upgrade = Upgrade { module: "default".to_owned(), version: "1.0.1".to_owned(), size: None };
        let label = |label: &str, draft: Draft| Draft { label: label.to_owned(), ..draft };
        let progress =
            |words: &str, step| upgrade::progress(self.device, &id, &upgrade, step).map(|draft| label(words, draft));
        [
            Some(label("upgrade: version", upgrade::version_report(self.device, &id, "default", "1.0.0"))),
            progress("upgrade: progress", UpgradeStep::Downloading(100)),
            progress("upgrade: failure", UpgradeStep::Failed(-2)),
            Some(self.alink("upgrade: ask for one", What::Ota, "ota/firmware/get", &json!({ "module": "default" }))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn shadow(&self) -> [Draft; 4] {
        let draft = |label: &str, body: Value| {
            Draft::json(format!("shadow: {label}"), What::Shadow, self.topic("/shadow/update", ""), &body)
        };
        let reported = json!({ "temperature": 21.4 });
        let gone = json!({ "temperature": "null" });
        [
            draft("update", json!({ "method": "update", "state": { "reported": reported }, "version": 1 })),
            draft("get", json!({ "method": "get" })),
            draft("delete", json!({ "method": "delete", "state": { "reported": gone }, "version": 2 })),
            draft("clear desired", json!({ "method": "update", "state": { "desired": "null" }, "version": 3 })),
        ]
    }

    fn gateway(&self) -> [Draft; 10] {
        let system = |label: &str, path: &str, params: &Value| self.alink(label, What::System, path, params);
        let one = json!([self.sub_device()]);
        let of =
            |verb: &str, params: Value| session(verb, self.device, &json!({ "id": id(self.serial), "params": params }));
        let login = || {
            let mut entry = self.unsigned("signMethod");
            if let Some(members) = entry.as_object_mut() {
                members.insert("cleanSession".to_owned(), json!("true"));
            }
            entry
        };
        [
            system("topology: add", "topo/add", &json!([self.unsigned("signmethod")])),
            system("topology: delete", "topo/delete", &one),
            system("topology: get", "topo/get", &json!({})),
            system("sub-devices found", "list/found", &one),
            system("sub-device: register", "sub/register", &one),
            system("sub-device: unregister", "sub/unregister", &one),
            of("login", login()),
            of("logout", self.sub_device()),
            of("batch_login", json!({ "deviceList": [login()] })),
            of("batch_logout", json!([self.sub_device()])),
        ]
    }
}
