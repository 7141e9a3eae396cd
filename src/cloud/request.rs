//! A request of the platform taken apart, and what an answer to it can hold.
//!
//! What lives here: the shapes that all clouds share. What may not: a cloud's topics and bodies; each cloud's folder fills
//! these in.

use serde_json::{Map, Value};

use super::Properties;
use super::properties::Property;
use crate::event::What;

/// A request of the platform, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Command, property set or property get.
    pub what: What,
    /// The name of the command or service, as the product's model spells it; for a call on a custom topic that topic; empty for
    /// property requests.
    pub name: String,
    /// Huawei's service id where the request names one; otherwise empty.
    pub service: String,
    /// The sub-device that it is for: Huawei's `object_device_id` where that is another device's, `{productKey}/{deviceName}` on
    /// Aliyun. `None`: the device itself.
    pub target: Option<String>,
    /// The parameters: an object for commands and services (of a property set: what it writes, by name), the list of
    /// identifiers for a property get that names some, `null` where there are none. A call that is no Alink body has its
    /// payload here: JSON as it is, else a string.
    pub input: Value,
    /// A property set's properties and their new values, in the request's order.
    pub writes: Vec<(Property, Value)>,
    /// The properties that a property get asks for by name; empty: all (of `service`, where that is not empty).
    pub reads: Vec<Property>,
}

/// What an answer is to hold beyond what the request itself decides (topic, request id, name).
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'a> {
    /// The cloud's code; success when absent.
    pub code: Option<i64>,
    /// Words for the code, where the cloud's answer has a place for them; the cloud's own when absent.
    pub message: Option<&'a str>,
    /// Outputs of a command or service (Huawei `paras`, Aliyun `data`, UCloud `Output`), an object. For a call on a custom topic
    /// the whole body.
    pub output: Option<&'a Value>,
    /// What the device's properties are now, for a property get. When absent, the cloud's own example values.
    pub properties: Option<&'a Properties>,
}

impl Request {
    /// A request of kind `what` that holds nothing.
    pub fn of(what: What) -> Self {
        Self {
            what,
            name: String::new(),
            service: String::new(),
            target: None,
            input: Value::Null,
            writes: Vec::new(),
            reads: Vec::new(),
        }
    }

    /// Takes the members of `object` as what is written to `service`.
    pub fn write_all(&mut self, service: &str, object: &Map<String, Value>) {
        self.writes.extend(object.iter().map(|(name, value)| (Property::of(service, name), value.clone())));
    }
}
