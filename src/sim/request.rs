//! What a cloud asks of a device: topics and bodies of its requests, how long it waits, and which answer ends them.
//!
//! Pure. The deadlines are the platform's own opinion of the clouds' documents; a test holds them against `cloud`.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::cloud::{Asked, Direction, Platform};
use crate::profile::{Cloud, Identity};

/// How long Huawei's synchronous calls wait.
pub(crate) const HUAWEI_WAITS: Duration = Duration::from_secs(20);
/// How long Aliyun's callers wait at the most.
pub(crate) const ALIYUN_WAITS: Duration = Duration::from_secs(8);
/// How long UCloud waits.
const UCLOUD_WAITS: Duration = Duration::from_secs(5);

/// What the cloud's application wants, in words that all clouds share.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Run a command: a Huawei command, an Aliyun service called asynchronously, a UCloud command.
    Command {
        /// Huawei's service id; the other clouds have none.
        service: String,
        /// The command's name.
        name: String,
        /// Its parameters, an object.
        input: Value,
    },
    /// Run a command while the caller waits: Aliyun's RRPC; on the other clouds the same as `Command`.
    Call {
        /// Huawei's service id.
        service: String,
        /// The command's name.
        name: String,
        /// Its parameters, an object.
        input: Value,
    },
    /// Write properties.
    PropertySet {
        /// Huawei's service id.
        service: String,
        /// Names and values, an object.
        properties: Value,
    },
    /// Read properties (UCloud has no such request).
    PropertyGet {
        /// Huawei's service id.
        service: String,
    },
    /// One of the cloud's own offers for the device.
    Offer {
        /// Its name.
        name: String,
        /// Its parameters; `null`: the offer's own.
        input: Value,
    },
    /// A free message that wants no answer: Huawei's `messages/down`, Aliyun's `user/get` (UCloud has no such topic).
    Message {
        /// The payload.
        payload: Bytes,
    },
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The device answered within the cloud's deadline.
    Answered {
        /// The topic of the answer.
        topic: String,
        /// Its payload.
        body: Bytes,
        /// Since the request was handed to the connection.
        took: Duration,
    },
    /// The cloud's deadline passed.
    TimedOut,
    /// It was handed to the connection and wants no answer.
    Sent,
    /// It was not sent: the reason, in words for a person.
    NotSent(String),
}

/// A request ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    /// `None`: it wants no answer.
    pub(crate) expect: Option<Expect>,
}

/// Which message ends a request, and how long the cloud waits for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expect {
    pub(crate) within: Duration,
    topic: String,
    /// A key of the body with the request's id, where the cloud keeps it there; text and number are both taken.
    id: Option<(&'static str, String)>,
}

/// The request that `ask` becomes for a device, with `number` as its id; `None` where the device's cloud has no such thing.
/// Offers are their service's to build.
pub(crate) fn build(identity: &Identity, ask: &Ask, number: u64) -> Option<Request> {
    match identity {
        Identity::Huawei(device) => huawei(&device.device_id, ask, number),
        Identity::Aliyun(device) => aliyun(&device.product_key, &device.device_name, ask, number),
        Identity::Ucloud(device) => ucloud(&device.product_sn, &device.device_sn, ask, number),
        Identity::Mqtt(_) => None,
    }
}

impl Expect {
    /// An answer on `topic`, and, where `id` names a key of the body, with that id there.
    pub(crate) fn new(within: Duration, topic: String, id: Option<(&'static str, String)>) -> Self {
        Self { within, topic, id }
    }

    /// Whether a message of the device is the answer.
    pub(crate) fn is_met_by(&self, topic: &str, payload: &[u8]) -> bool {
        if self.topic != topic {
            return false;
        }
        let Some((key, id)) = &self.id else {
            return true;
        };
        let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(payload) else {
            return false;
        };
        match body.get(*key) {
            Some(Value::String(text)) => text == id,
            Some(Value::Number(number)) => number.to_string() == *id,
            _ => false,
        }
    }
}

/// The id of a cloud's request.
pub(crate) fn id_of(cloud: Cloud, number: u64) -> String {
    if cloud == Cloud::Huawei { huawei_id(number) } else { number.to_string() }
}

/// What a request of a tape, on `topic`, waits for; `None` where it wants no answer.
pub(crate) fn expected(platform: &dyn Platform, topic: &str, payload: &[u8]) -> Option<Expect> {
    let meaning = platform.meaning(Direction::Down, topic, payload);
    let answer = platform.reply(&Asked { topic, payload }, None)?;
    // Where the answer's topic holds the id, that alone tells it.
    let key = match topic {
        _ if topic.starts_with("/$system/") => "RequestID",
        _ if topic.starts_with("/huawei/v1/") => "mid",
        _ => "id",
    };
    let in_topic = platform.meaning(Direction::Up, &answer.topic, answer.body.as_bytes()).id_span.is_some();
    let id = meaning.request_id.filter(|_| !in_topic).map(|id| (key, id.into_owned()));
    Some(Expect { within: meaning.deadline?, topic: answer.topic, id })
}

fn huawei(device_id: &str, ask: &Ask, number: u64) -> Option<Request> {
    let root = format!("$oc/devices/{device_id}/sys");
    let id = huawei_id(number);
    let (branch, body) = match ask {
        Ask::Command { service, name, input } | Ask::Call { service, name, input } => {
            let body = json!({
                "object_device_id": device_id, "service_id": service, "command_name": name, "paras": input,
            });
            ("commands", body)
        }
        Ask::PropertySet { service, properties } => {
            let services = json!([{"service_id": service, "properties": properties}]);
            ("properties/set", json!({"object_device_id": device_id, "services": services}))
        }
        Ask::PropertyGet { service } => {
            ("properties/get", json!({"object_device_id": device_id, "service_id": service}))
        }
        Ask::Message { payload } => {
            return Some(Request { topic: format!("{root}/messages/down"), payload: payload.clone(), expect: None });
        }
        Ask::Offer { .. } => return None,
    };
    Some(Request {
        topic: format!("{root}/{branch}/request_id={id}"),
        payload: bytes_of(&body),
        expect: Some(Expect {
            within: HUAWEI_WAITS,
            topic: format!("{root}/{branch}/response/request_id={id}"),
            id: None,
        }),
    })
}

/// The cloud's own ids are UUIDs; this one tells its number to whoever reads along.
fn huawei_id(number: u64) -> String {
    format!("{number:08x}-5a4d-4000-8000-{number:012x}")
}

fn aliyun(product_key: &str, device_name: &str, ask: &Ask, number: u64) -> Option<Request> {
    let root = format!("/sys/{product_key}/{device_name}");
    let envelope = |method: String, params: &Value| {
        bytes_of(&json!({"method": method, "id": number.to_string(), "params": params, "version": "1.0.0"}))
    };
    let (service, params) = match ask {
        Ask::Call { name, input, .. } => {
            return Some(Request {
                topic: format!("{root}/rrpc/request/{number}"),
                payload: envelope(format!("thing.service.{name}"), input),
                expect: Some(Expect {
                    within: ALIYUN_WAITS,
                    topic: format!("{root}/rrpc/response/{number}"),
                    id: None,
                }),
            });
        }
        Ask::Message { payload } => {
            let topic = format!("/{product_key}/{device_name}/user/get");
            return Some(Request { topic, payload: payload.clone(), expect: None });
        }
        Ask::Offer { .. } => return None,
        Ask::Command { name, input, .. } => (name.clone(), input.clone()),
        Ask::PropertySet { properties, .. } => ("property/set".to_owned(), properties.clone()),
        Ask::PropertyGet { .. } => ("property/get".to_owned(), json!([])),
    };
    let topic = format!("{root}/thing/service/{service}");
    Some(Request {
        payload: envelope(format!("thing.service.{}", service.replace('/', ".")), &params),
        expect: Some(Expect {
            within: ALIYUN_WAITS,
            topic: format!("{topic}_reply"),
            id: Some(("id", number.to_string())),
        }),
        topic,
    })
}

fn ucloud(product_sn: &str, device_sn: &str, ask: &Ask, number: u64) -> Option<Request> {
    let root = format!("/$system/{product_sn}/{device_sn}/tmodel");
    let id = number.to_string();
    let mut body = Map::from_iter([("RequestID".to_owned(), json!(id))]);
    let (topic, answer, in_body) = match ask {
        Ask::Command { name, input, .. } | Ask::Call { name, input, .. } => {
            body.extend([("Identifier".to_owned(), json!(name)), ("Input".to_owned(), input.clone())]);
            (format!("{root}/command"), format!("{root}/command_reply/{id}"), None)
        }
        Ask::PropertySet { properties, .. } => {
            body.insert("Property".to_owned(), properties.clone());
            (format!("{root}/property/set"), format!("{root}/property/set_reply"), Some(("RequestID", id)))
        }
        Ask::PropertyGet { .. } | Ask::Message { .. } | Ask::Offer { .. } => return None,
    };
    let expect = Some(Expect { within: UCLOUD_WAITS, topic: answer, id: in_body });
    Some(Request { topic, payload: bytes_of(&Value::Object(body)), expect })
}

fn bytes_of(body: &Value) -> Bytes {
    Bytes::from(body.to_string())
}

#[cfg(test)]
mod tests;
