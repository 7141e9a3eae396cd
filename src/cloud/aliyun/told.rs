//! What the platform tells a device beside its requests, and what acknowledges it.
//!
//! What lives here: reading the time, upgrades, desired values, orders and secrets. What may not: what the device does about
//! them.

use serde_json::{Map, Value, json};

use super::bodies;
use super::topics::{self, Route, Tree};
use super::upgrade;
use crate::cloud::{Asked, Direction, Draft, Property, Told, line, pretty};
use crate::event::{WallTime, What};
use crate::mqtt::Qos;
use crate::profile::AliyunIdentity;

/// A notice is told up to so many characters of its title and its words.
const NOTICE: usize = 200;

/// What a message tells `device`. What a gateway hears for a sub-device is that one's: it does not change the gateway's own
/// values or version.
pub(super) fn told(device: &AliyunIdentity, topic: &str, payload: &[u8]) -> Option<Told> {
    let route = topics::route(Direction::Down, topic);
    if route.tree == Tree::Register {
        return Some(Told::Secret);
    }
    if let Some(order) = order(&route) {
        return Some(Told::Order { name: order.replace('/', " ") });
    }
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(payload) else { return None };
    if hands_out_secrets(&route) {
        return body.get("data").is_some_and(has_secret).then_some(Told::Secret);
    }
    if route.target(device).is_some() {
        return None;
    }
    match (route.tree, route.path) {
        (Tree::Ntp, "response") => time(&body),
        (Tree::Ota, "upgrade") | (Tree::Sys, "thing/ota/firmware/get_reply") => {
            upgrade::ordered(&body).map(Told::Upgrade)
        }
        (Tree::Sys, "thing/property/desired/get_reply") => desired(&body),
        (Tree::Shadow, "get") => shadow(&body),
        (Tree::Ext, "notify") => notice(&body),
        _ => None,
    }
}

/// The acknowledgement of an order; `None` for everything else.
pub(super) fn acknowledge(asked: &Asked<'_>) -> Option<Draft> {
    let route = topics::route(Direction::Down, asked.topic);
    let order = order(&route)?;
    let (topic, qos) = topics::answer(asked.topic);
    let body = bodies::answer(route.what, asked.payload, 200, None, None);
    Some(Draft { label: format!("reply to {}", order.replace('/', " ")), what: What::System, topic, qos, body })
}

/// The question for the platform's time, which is taken with QoS 0 only.
pub(super) fn ask_time(device: &AliyunIdentity, at: WallTime) -> Draft {
    let sent = at.unix_micros().div_euclid(1_000).to_string();
    Draft {
        label: "time request".to_owned(),
        what: What::System,
        topic: format!("/ext/ntp/{}/{}/request", device.product_key, device.device_name),
        qos: Qos::AtMostOnce,
        body: pretty(&json!({ "deviceSendTime": sent })),
    }
}

/// Whether a message's data may hold the secrets of sub-devices that were registered.
pub(super) fn hands_out_secrets(route: &Route<'_>) -> bool {
    matches!(route.path, "thing/sub/register_reply" | "thing/proxy/provisioning/product_register_reply")
}

/// An order's path below `thing/`.
fn order<'a>(route: &Route<'a>) -> Option<&'a str> {
    route.path.strip_prefix("thing/").filter(|path| route.tree == Tree::Sys && topics::is_order(path))
}

/// Whether a member called `deviceSecret` stands anywhere in `data`, however the platform nests it.
fn has_secret(data: &Value) -> bool {
    match data {
        Value::Object(members) => members.contains_key("deviceSecret") || members.values().any(has_secret),
        Value::Array(items) => items.iter().any(has_secret),
        _ => false,
    }
}

/// The times are decimal text; numbers are taken too.
fn time(body: &Map<String, Value>) -> Option<Told> {
    let millis = |key: &str| line::code(body.get(key));
    Some(Told::Time {
        device_sent: millis("deviceSendTime")?,
        received: millis("serverRecvTime")?,
        sent: millis("serverSendTime")?,
    })
}

/// `{"data": {"k": {"value": v, "version": n}}}`: each property has a version of its own, so that there is none for all.
fn desired(body: &Map<String, Value>) -> Option<Told> {
    let values = body.get("data")?.as_object()?;
    let writes = values.iter().filter_map(|(name, of)| Some((Property::of("", name), of.get("value")?.clone())));
    filled(writes.collect(), None)
}

/// A `control`, or the reply to a `get`, with a desired state in it. `"null"` is the word for none.
fn shadow(body: &Map<String, Value>) -> Option<Told> {
    let wanted = body.get("payload")?.get("state")?.get("desired")?.as_object()?;
    let writes = wanted.iter().map(|(name, value)| (Property::of("", name), value.clone()));
    filled(writes.collect(), line::code(body.get("version")))
}

/// `{"title": "kick", "content": "Kicked by the same device"}`, which a device whose client id has `ext` may get before its
/// connection is ended (one write-up of an SDK's traffic; the documents do not have it).
fn notice(body: &Map<String, Value>) -> Option<Told> {
    let text = |key: &str| {
        let text = body.get(key).and_then(Value::as_str).unwrap_or_default();
        text.chars().take(NOTICE).collect::<String>()
    };
    let (title, words) = (text("title"), text("content"));
    (!title.is_empty() || !words.is_empty()).then_some(Told::Notice { title, words })
}

fn filled(writes: Vec<(Property, Value)>, version: Option<i64>) -> Option<Told> {
    (!writes.is_empty()).then_some(Told::Desired { writes, version })
}

#[cfg(test)]
mod tests;
