//! What a topic means to Huawei IoTDA.
//!
//! The tree is `$oc/devices/{device id}/sys/…`. The answers' topics lie below the same filters as the requests
//! (`commands/#` covers `commands/response/…`), so they are told apart first.

use std::borrow::Cow;

use serde::Deserialize;

use crate::event::What;
use crate::mqtt::Qos;
use crate::profile::Subscription;

/// What stands before a request id in a topic.
const REQUEST_ID: &str = "request_id=";

/// A topic's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) what: What,
    /// Where the request id stands in the topic: first byte, and the byte after its last.
    pub(super) id: Option<(usize, usize)>,
}

/// What `topic` means, whichever device it belongs to.
pub(super) fn route(topic: &str) -> Route {
    let Some(rest) = topic.strip_prefix("$oc/") else {
        let legacy = topic.starts_with(super::legacy::ROOT);
        return Route { what: if legacy { What::System } else { What::Custom }, id: None };
    };
    if let Some((_, level, path)) = rest.strip_prefix("devices/").and_then(two_levels) {
        return match level {
            "sys" => system(topic, path),
            "user" => Route { what: What::Custom, id: None },
            _ => Route { what: What::System, id: None },
        };
    }
    let what = if rest.starts_with("m2m/") { What::Message } else { What::System };
    Route { what, id: trailing_id(topic) }
}

/// As [`route`], with a look at the body where the topic alone does not say enough: upgrades are spoken of in events.
pub(super) fn route_of(topic: &str, payload: &[u8]) -> Route {
    let route = route(topic);
    if route.what == What::Event && is_upgrade(payload) { Route { what: What::Ota, ..route } } else { route }
}

/// The service id of upgrades.
const UPGRADE: &str = "$ota";
/// No event of the platform is longer, in bytes.
const LOOKED_AT: usize = 64 << 10;

#[derive(Deserialize)]
struct Events<'a> {
    #[serde(borrow, default)]
    services: Vec<Service<'a>>,
}

#[derive(Deserialize)]
struct Service<'a> {
    #[serde(borrow, default)]
    service_id: Cow<'a, str>,
}

/// Whether one of an event's services is that of upgrades. Only a body that has the word somewhere is read.
fn is_upgrade(payload: &[u8]) -> bool {
    if payload.len() > LOOKED_AT || memchr::memmem::find(payload, UPGRADE.as_bytes()).is_none() {
        return false;
    }
    // What is no event of the documented form speaks of nothing.
    serde_json::from_slice::<Events<'_>>(payload)
        .is_ok_and(|events| events.services.iter().any(|service| service.service_id == UPGRADE))
}

/// What the device subscribes to at connect. The platform may deliver these without being asked; its documents tell
/// directly connected devices to ask all the same.
pub(super) fn subscriptions(device_id: &str) -> Vec<Subscription> {
    ["messages/down", "commands/#", "properties/set/#", "properties/get/#", "shadow/get/response/#", "events/down"]
        .into_iter()
        .filter_map(|tail| crate::cloud::subscription(format!("$oc/devices/{device_id}/sys/{tail}"), Qos::AtLeastOnce))
        .collect()
}

/// The topic of the answer to a request on `topic`, whose id stands at `id`.
pub(super) fn answer(topic: &str, id: (usize, usize)) -> Option<String> {
    // The id may hold the words itself; the tree ends at the first of them.
    let (tree, _) = topic.split_once(REQUEST_ID)?;
    Some(format!("{tree}response/{REQUEST_ID}{}", topic.get(id.0..id.1)?))
}

/// `{first}/{second}/{rest}`.
fn two_levels(path: &str) -> Option<(&str, &str, &str)> {
    let (first, rest) = path.split_once('/')?;
    let (second, rest) = rest.split_once('/')?;
    Some((first, second, rest))
}

fn system(topic: &str, path: &str) -> Route {
    const TREES: [(&str, What, What); 4] = [
        ("commands/", What::Command, What::CommandReply),
        ("properties/set/", What::PropertySet, What::PropertySetReply),
        ("properties/get/", What::PropertyGet, What::PropertyGetReply),
        ("shadow/get/", What::Shadow, What::Shadow),
    ];
    for (tree, request, answer) in TREES {
        let Some(tail) = path.strip_prefix(tree) else { continue };
        let (what, tail) = tail.strip_prefix("response/").map_or((request, tail), |tail| (answer, tail));
        let what = if tail.starts_with(REQUEST_ID) { what } else { What::System };
        return Route { what, id: trailing_id(topic) };
    }
    // A publish may carry `?request_id=…` (its echo in the message trace) or `?encoding=gzip`.
    let (name, query) = path.split_once('?').map_or((path, None), |(name, query)| (name, Some(query)));
    let what = match name {
        "properties/report" | "gateway/sub_devices/properties/report" => What::PropertyReport,
        "messages/up" | "messages/down" => What::Message,
        "events/up" | "events/down" => What::Event,
        _ => What::System,
    };
    Route { what, id: query.and_then(|_| query_id(topic)) }
}

/// Everything after the last `request_id=`.
fn trailing_id(topic: &str) -> Option<(usize, usize)> {
    let start = topic.rfind(REQUEST_ID)? + REQUEST_ID.len();
    (start < topic.len()).then_some((start, topic.len()))
}

/// As [`trailing_id`], but another parameter of the query may follow.
fn query_id(topic: &str) -> Option<(usize, usize)> {
    let (start, end) = trailing_id(topic)?;
    let id = topic.get(start..end)?;
    let length = id.find(['&', '?']).unwrap_or(id.len());
    (length > 0).then_some((start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_a_device_meets_has_its_meaning() {
        for (tail, what, id) in [
            ("messages/up", What::Message, None),
            ("messages/up?request_id=7", What::Message, Some("7")),
            ("messages/down", What::Message, None),
            ("properties/report", What::PropertyReport, None),
            ("properties/report?encoding=gzip", What::PropertyReport, None),
            ("properties/report?request_id=a1&encoding=gzip", What::PropertyReport, Some("a1")),
            ("properties/report?request_id=&encoding=gzip", What::PropertyReport, None),
            ("gateway/sub_devices/properties/report", What::PropertyReport, None),
            ("properties/set/request_id=3a1f", What::PropertySet, Some("3a1f")),
            ("properties/set/response/request_id=3a1f", What::PropertySetReply, Some("3a1f")),
            ("properties/get/request_id=3a1f", What::PropertyGet, Some("3a1f")),
            ("properties/get/response/request_id=3a1f", What::PropertyGetReply, Some("3a1f")),
            ("commands/request_id=3a1f", What::Command, Some("3a1f")),
            ("commands/request_id=a=b", What::Command, Some("a=b")),
            ("commands/request_id=x/request_id=y", What::Command, Some("y")),
            ("commands/request_id=", What::Command, None),
            ("commands/response/request_id=3a1f", What::CommandReply, Some("3a1f")),
            ("commands/strange", What::System, None),
            ("commands/response/strange", What::System, None),
            ("shadow/get/request_id=9", What::Shadow, Some("9")),
            ("shadow/get/response/request_id=9", What::Shadow, Some("9")),
            ("events/up", What::Event, None),
            ("events/down", What::Event, None),
            ("bootstrap/down", What::System, None),
            ("", What::System, None),
        ] {
            let topic = format!("$oc/devices/prod1_nodeA/sys/{tail}");
            let route = route(&topic);
            assert_eq!(route.what, what, "{topic}");
            assert_eq!(route.id.map(|(start, end)| &topic[start..end]), id, "{topic}");
        }
    }

    #[test]
    fn an_event_of_the_upgrade_service_is_an_upgrade_and_one_that_names_it_is_not() {
        for (payload, what) in [
            (r#"{"services":[{"service_id":"$ota","event_type":"version_query"}]}"#, What::Ota),
            (r#"{"services":[{"service_id":"$log"},{"service_id":"$ota"}]}"#, What::Ota),
            (r#"{"services":[{"service_id":"note","paras":{"about":"$ota"}}]}"#, What::Event),
            (r#"{"services":[{"service_id":5,"paras":"$ota"}]}"#, What::Event),
            (r#"{"services":[{"event_type":"$ota"}]}"#, What::Event),
            ("$ota", What::Event),
            ("", What::Event),
        ] {
            assert_eq!(route_of("$oc/devices/d/sys/events/down", payload.as_bytes()).what, what, "{payload}");
        }
        let large = format!(r#"{{"services":[{{"service_id":"$ota","paras":"{}"}}]}}"#, "x".repeat(LOOKED_AT));
        assert_eq!(route_of("$oc/devices/d/sys/events/up", large.as_bytes()).what, What::Event);
        let upgrade = br#"{"services":[{"service_id":"$ota"}]}"#;
        assert_eq!(route_of("$oc/devices/d/sys/messages/up", upgrade).what, What::Message);
    }

    #[test]
    fn other_trees_have_theirs() {
        for (topic, what, id) in [
            ("$oc/devices/d/user/sys/commands/request_id=1", What::Custom, None),
            ("$oc/devices/d/user/fan", What::Custom, None),
            ("$oc/devices/d/odd/fan", What::System, None),
            ("$oc/devices/d", What::System, None),
            ("$oc/m2m/to/d/from/e/request_id=5", What::Message, Some("5")),
            ("$oc/bridges/b/devices/d/sys/login/request_id=5", What::System, Some("5")),
            ("/huawei/v1/devices/d/command/json", What::System, None),
            ("fan/speed", What::Custom, None),
            ("", What::Custom, None),
        ] {
            let route = route(topic);
            assert_eq!(route.what, what, "{topic}");
            assert_eq!(route.id.map(|(start, end)| &topic[start..end]), id, "{topic}");
        }
    }

    #[test]
    fn answers_go_below_response() {
        for (asked, expected) in [
            ("$oc/devices/d/sys/commands/request_id=1", "$oc/devices/d/sys/commands/response/request_id=1"),
            ("$oc/devices/d/sys/properties/set/request_id=a", "$oc/devices/d/sys/properties/set/response/request_id=a"),
        ] {
            assert_eq!(answer(asked, route(asked).id.unwrap()).as_deref(), Some(expected));
        }
    }

    #[test]
    fn the_own_filters_cover_every_request() {
        let filters = subscriptions("prod1_nodeA");
        assert_eq!(filters.len(), 6);
        assert!(filters.iter().all(|subscription| subscription.qos == Qos::AtLeastOnce));
        for tail in [
            "messages/down",
            "commands/request_id=1",
            "properties/set/request_id=1",
            "properties/get/request_id=1",
            "shadow/get/response/request_id=1",
            "events/down",
        ] {
            let topic = format!("$oc/devices/prod1_nodeA/sys/{tail}");
            assert_eq!(filters.iter().filter(|own| own.filter.matches(&topic)).count(), 1, "{topic}");
        }
    }
}
