//! A request of the platform as an order to the embedded one: in its own words, so that the platform waits for the answer, else as
//! the very message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::steps::Body;
use super::toml;
use crate::cloud::{Platform, Request};
use crate::event::{Message, What};
use crate::profile::Cloud;

/// The order that makes the embedded platform ask the same; `None` where it has no words for it.
pub(super) fn in_words(platform: &dyn Platform, topic: &str, request: &Request) -> Option<Body> {
    if request.target.is_some() {
        return None;
    }
    let service = |service: &str| {
        let named = (!service.is_empty()).then(|| ("service".to_owned(), toml::text(service)));
        named.into_iter().collect::<Vec<_>>()
    };
    let (head, rest) = match (request.what, platform.cloud()) {
        (What::Command, _) => {
            let call = topic.contains("/rrpc/request/");
            // A call on a custom topic is named by that topic.
            if request.name.is_empty() || request.name.contains('/') || !request.input.is_object() {
                return None;
            }
            let key = if call { "call" } else { "command" };
            let input = ("input".to_owned(), toml::value(&request.input)?);
            let rest: Vec<_> = service(&request.service).into_iter().chain([input]).collect();
            ((key.to_owned(), toml::text(&request.name)), rest)
        }
        (What::PropertySet, _) => {
            let (first, _) = request.writes.first()?;
            if request.writes.iter().any(|(property, _)| property.service != first.service) {
                return None;
            }
            let values: serde_json::Map<String, Value> =
                request.writes.iter().map(|(property, value)| (property.name.clone(), value.clone())).collect();
            (("property_set".to_owned(), toml::value(&Value::Object(values))?), service(&first.service))
        }
        (What::PropertyGet, Cloud::Huawei) => {
            (("property_get".to_owned(), "true".to_owned()), service(&request.service))
        }
        (What::PropertyGet, Cloud::Aliyun) if request.reads.is_empty() => {
            (("property_get".to_owned(), "true".to_owned()), Vec::new())
        }
        _ => return None,
    };
    Some(Body::Table([head].into_iter().chain(rest).collect()))
}

/// The order that makes the embedded platform send this very message.
pub(super) fn as_it_is(message: &Message<'_>) -> Body {
    let mut members = vec![("message", "true".to_owned()), ("topic", toml::text(message.topic))];
    members.push(payload(message.payload));
    members.push(("qos", message.qos.number().to_string()));
    if message.retain {
        members.push(("retain", "true".to_owned()));
    }
    Body::table(&members)
}

/// A payload, byte for byte.
pub(super) fn payload(payload: &[u8]) -> (&'static str, String) {
    match std::str::from_utf8(payload) {
        Ok(text) => ("text", toml::text(text)),
        Err(_) => ("base64", toml::text(&STANDARD.encode(payload))),
    }
}
