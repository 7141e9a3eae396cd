//! What a cloud does with a device beside passing requests on: it answers reports and questions, keeps what belongs to the
//! device, and can be told to order things of it.
//!
//! One folder a cloud. Pure: the time is an argument. What may not live here: connections and subscriptions; those are the
//! hub's.

mod aliyun;
mod huawei;
mod ucloud;

pub use aliyun::{ALIYUN_PRODUCT_SECRET, ALIYUN_SUB_DEVICES};

use std::fmt::Debug;

use bytes::Bytes;
use serde_json::Value;

use super::request::Request;
use super::roster::Roster;
use crate::event::WallTime;
use crate::mqtt::Qos;
use crate::profile::{Cloud, Identity};

/// A cloud's services for one device. It lives as long as the platform: what a cloud keeps outlasts a connection.
pub(crate) trait Service: Debug + Send {
    /// The device, or a sub-device over its connection, has published a message that answers no open request.
    fn take(&mut self, scene: &Scene<'_>, topic: &str, payload: &[u8]) -> Vec<Push>;

    /// Whether `topic` belongs to a sub-device that speaks, and may be spoken to, over this device's connection.
    fn is_of_sub_device(&self, topic: &str) -> bool;

    /// What the cloud can be told to order of the device: commands and property requests first.
    fn offers(&self) -> Vec<Offer>;

    /// The message for the offer called `name`; `input` instead of its own parameters, unless `null`. `None`: there is no such
    /// offer.
    fn order(&mut self, scene: &Scene<'_>, name: &str, input: &Value) -> Option<Request>;

    /// Why the offer called `name` cannot be made now, in words for a person; `None`: nothing is in its way.
    fn hindrance(&self, name: &str) -> Option<&'static str> {
        let _ = name;
        None
    }

    /// The device has signed in with this client id.
    fn online(&mut self, client_id: &str) {
        let _ = client_id;
    }

    /// Another client has signed in as the device: what the cloud tells the one whose connection it ends; `None`: nothing.
    fn farewell(&self) -> Option<Push> {
        None
    }

    /// The device's connection has ended, and with it the sessions of its sub-devices.
    fn offline(&mut self);
}

/// The model of the product that a cloud's devices belong to here, as the cloud itself would say it; `None`: it says none.
pub fn product_model(cloud: Cloud) -> Option<Value> {
    match cloud {
        Cloud::Aliyun => Some(aliyun::product_model()),
        Cloud::Ucloud => Some(ucloud::product_model()),
        // Huawei's devices cannot ask for it, and a plain broker has none.
        Cloud::Huawei | Cloud::Mqtt => None,
    }
}

/// What a service may look at.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    /// The device.
    pub(crate) identity: &'a Identity,
    /// All devices that the platform knows: sub-devices must be among them.
    pub(crate) roster: &'a Roster,
    /// The platform's clock.
    pub(crate) at: WallTime,
    /// A number that no other request has had, for ids.
    pub(crate) number: u64,
}

/// A message of the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
}

/// Something that the platform can be told to order of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// How it is called in orders: `command`, `property-set`, `ota-upgrade`; unique for a device.
    pub name: &'static str,
    /// What it is, for a list: "command SILENCE".
    pub label: String,
    /// Its parameters unless told otherwise, as the cloud's body has them.
    pub input: Value,
}

/// The services of a device's cloud; `None` for a plain broker.
pub(crate) fn of(identity: &Identity) -> Option<Box<dyn Service>> {
    match identity {
        Identity::Huawei(_) => Some(Box::<huawei::Cloud>::default()),
        Identity::Aliyun(_) => Some(Box::<aliyun::Cloud>::default()),
        Identity::Ucloud(_) => Some(Box::<ucloud::Cloud>::default()),
        Identity::Mqtt(_) => None,
    }
}

impl Push {
    /// A JSON body, which clouds send with QoS 0 where it answers something.
    fn json(topic: String, body: &Value) -> Self {
        Self { topic, payload: Bytes::from(body.to_string()), qos: Qos::AtMostOnce }
    }
}

impl Offer {
    fn new(name: &'static str, label: impl Into<String>, input: Value) -> Self {
        Self { name, label: label.into(), input }
    }
}
