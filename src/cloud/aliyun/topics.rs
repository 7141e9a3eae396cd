//! What a topic means to Aliyun IoT.
//!
//! System topics lie below `/sys/{product key}/{device name}/`; the product's own below `/{product key}/{device name}/`.
//! Request ids are in the payload, except for RRPC, whose id is a topic level.

use crate::cloud::Direction;
use crate::cloud::envelope::{Id, below_device};
use crate::event::What;
use crate::mqtt::Qos;
use crate::profile::{AliyunIdentity, Subscription};

/// What stands before the id of an RRPC, below the device's own part of the topic.
const RRPC_REQUEST: &str = "rrpc/request/";

/// A topic's meaning. `name` is the identifier of a service or event where the topic holds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub(super) what: What,
    pub(super) id: Id,
    pub(super) name: &'a str,
}

/// What `topic` means, whichever device it belongs to. The direction matters for RRPC on custom topics, whose answer goes
/// back on the topic of the request.
pub(super) fn route(direction: Direction, topic: &str) -> Route<'_> {
    let plain = |what| Route { what, id: Id::None, name: "" };
    if let Some(rest) = topic.strip_prefix("/sys/") {
        return below_device(rest).map_or(plain(What::System), |path| system(topic, path));
    }
    if let Some(rest) = topic.strip_prefix("/ext/") {
        return extension(direction, topic, rest);
    }
    if topic.starts_with("/ota/device/") {
        return Route { id: Id::Payload, ..plain(What::Ota) };
    }
    if topic.starts_with("/shadow/") {
        return plain(What::Shadow);
    }
    plain(if topic.starts_with("/broadcast/") { What::Broadcast } else { What::Custom })
}

/// What the device subscribes to at connect; only the vendor's own SDK is subscribed by the platform itself.
pub(super) fn subscriptions(device: &AliyunIdentity) -> Vec<Subscription> {
    let sys = format!("/sys/{}/{}", device.product_key, device.device_name);
    [
        format!("{sys}/thing/event/+/post_reply"),
        format!("{sys}/thing/service/property/set"),
        format!("{sys}/thing/service/property/get"),
        format!("{sys}/thing/service/+"),
        format!("{sys}/rrpc/request/+"),
        format!("/{}/{}/user/get", device.product_key, device.device_name),
    ]
    .into_iter()
    .filter_map(|filter| crate::cloud::subscription(filter, Qos::AtLeastOnce))
    .collect()
}

/// The topic of the answer to a request on `topic`, and its quality of service.
pub(super) fn answer(topic: &str) -> (String, Qos) {
    if topic.starts_with("/ext/rrpc/") {
        return (topic.to_owned(), Qos::AtMostOnce);
    }
    // Looked for in its place only: other levels may have these names too.
    let call = topic.strip_prefix("/sys/").and_then(below_device).and_then(|path| path.strip_prefix(RRPC_REQUEST));
    match call.and_then(|id| Some((topic.strip_suffix(id)?.strip_suffix(RRPC_REQUEST)?, id))) {
        Some((device, id)) => (format!("{device}rrpc/response/{id}"), Qos::AtMostOnce),
        None => (format!("{topic}_reply"), Qos::AtLeastOnce),
    }
}

fn system<'a>(topic: &'a str, path: &'a str) -> Route<'a> {
    if let Some(tail) = path.strip_prefix("thing/") {
        return thing(tail);
    }
    let (what, id) = if let Some(id) = path.strip_prefix(RRPC_REQUEST) {
        (What::Command, id)
    } else if let Some(id) = path.strip_prefix("rrpc/response/") {
        (What::CommandReply, id)
    } else {
        return Route { what: What::System, id: Id::None, name: "" };
    };
    let id = Id::ends(topic, id);
    Route { what, id, name: "" }
}

/// Below `thing/` everything but the raw ("transparent") bodies is Alink, with its id in the payload.
fn thing(path: &str) -> Route<'_> {
    if path.starts_with("model/") {
        let what = if path == "model/up_raw_reply" { What::Reply } else { What::Message };
        return Route { what, id: Id::None, name: "" };
    }
    let (what, name) = match path.strip_suffix("_reply") {
        Some(asked) => reply(asked),
        None => request(path),
    };
    Route { what, id: Id::Payload, name }
}

fn request(path: &str) -> (What, &str) {
    match path {
        "event/property/post" | "event/property/history/post" | "event/property/pack/post" => {
            return (What::PropertyReport, "");
        }
        "service/property/set" => return (What::PropertySet, ""),
        "service/property/get" => return (What::PropertyGet, ""),
        _ => {}
    }
    if let Some(service) = path.strip_prefix("service/").filter(|service| !service.contains('/')) {
        (What::Command, service)
    } else if let Some(event) = path.strip_prefix("event/").and_then(|event| event.strip_suffix("/post")) {
        (What::Event, event)
    } else if path.starts_with("property/desired/") {
        (What::Shadow, "")
    } else if path.starts_with("ota/") {
        (What::Ota, "")
    } else {
        (What::System, "")
    }
}

/// `asked` is the topic that is answered: services and some orders by the device, everything else by the platform.
fn reply(asked: &str) -> (What, &str) {
    match request(asked) {
        (What::PropertySet, _) => (What::PropertySetReply, ""),
        (What::PropertyGet, _) => (What::PropertyGetReply, ""),
        (What::Command, service) => (What::CommandReply, service),
        (What::Event, event) => (What::Reply, event),
        (What::System, _) if is_order(asked) => (What::System, ""),
        _ => (What::Reply, ""),
    }
}

/// Orders of the platform that are neither services nor properties.
fn is_order(path: &str) -> bool {
    matches!(
        path,
        "config/push" | "topo/add/notify" | "topo/change" | "disable" | "enable" | "delete" | "gateway/permit"
    )
}

fn extension<'a>(direction: Direction, topic: &'a str, rest: &'a str) -> Route<'a> {
    if let Some(tail) = rest.strip_prefix("rrpc/") {
        let (id, name) = tail.split_once('/').unwrap_or((tail, ""));
        let start = topic.len() - tail.len();
        let place = if id.is_empty() { Id::None } else { Id::Topic(start, start + id.len()) };
        let what = if direction == Direction::Down { What::Command } else { What::CommandReply };
        return Route { what, id: place, name };
    }
    if rest.starts_with("session/") {
        let what = if rest.ends_with("_reply") { What::Reply } else { What::System };
        return Route { what, id: Id::Payload, name: "" };
    }
    Route { what: What::System, id: Id::None, name: "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{AliyunTimestamp, SecretSource, SignMethod};

    const UP: Direction = Direction::Up;
    const DOWN: Direction = Direction::Down;

    #[test]
    fn every_thing_topic_has_its_meaning() {
        for (tail, what, name) in [
            ("event/property/post", What::PropertyReport, ""),
            ("event/property/post_reply", What::Reply, ""),
            ("event/property/history/post", What::PropertyReport, ""),
            ("event/property/pack/post", What::PropertyReport, ""),
            ("event/property/pack/post_reply", What::Reply, ""),
            ("event/smoke/post", What::Event, "smoke"),
            ("event/module:smoke/post", What::Event, "module:smoke"),
            ("event/smoke/post_reply", What::Reply, "smoke"),
            ("service/property/set", What::PropertySet, ""),
            ("service/property/set_reply", What::PropertySetReply, ""),
            ("service/property/get", What::PropertyGet, ""),
            ("service/property/get_reply", What::PropertyGetReply, ""),
            ("service/turnOn", What::Command, "turnOn"),
            ("service/turnOn_reply", What::CommandReply, "turnOn"),
            ("property/desired/get", What::Shadow, ""),
            ("property/desired/get_reply", What::Reply, ""),
            ("deviceinfo/update", What::System, ""),
            ("deviceinfo/update_reply", What::Reply, ""),
            ("config/push", What::System, ""),
            ("config/push_reply", What::System, ""),
            ("config/get_reply", What::Reply, ""),
            ("topo/add_reply", What::Reply, ""),
            ("topo/add/notify_reply", What::System, ""),
            ("ota/firmware/get", What::Ota, ""),
        ] {
            let topic = format!("/sys/a1AbCdEfGh1/lamp-01/thing/{tail}");
            assert_eq!(route(UP, &topic), Route { what, id: Id::Payload, name }, "{topic}");
        }
    }

    #[test]
    fn other_topics_have_theirs() {
        for (direction, topic, what, id, name) in [
            (DOWN, "/sys/pk/dn/rrpc/request/812", What::Command, Some("812"), ""),
            (UP, "/sys/pk/dn/rrpc/response/812", What::CommandReply, Some("812"), ""),
            (DOWN, "/sys/pk/dn/rrpc/request/", What::Command, None, ""),
            (DOWN, "/ext/rrpc/812//pk/dn/user/get", What::Command, Some("812"), "/pk/dn/user/get"),
            (UP, "/ext/rrpc/812/pk/dn/user/get", What::CommandReply, Some("812"), "pk/dn/user/get"),
            (DOWN, "/ext/rrpc/", What::Command, None, ""),
            (UP, "/sys/pk/dn/thing/model/up_raw", What::Message, None, ""),
            (DOWN, "/sys/pk/dn/thing/model/down_raw", What::Message, None, ""),
            (DOWN, "/sys/pk/dn/thing/model/up_raw_reply", What::Reply, None, ""),
            (DOWN, "/sys/pk/dn/odd", What::System, None, ""),
            (DOWN, "/sys/pk", What::System, None, ""),
            (DOWN, "/ext/ntp/pk/dn/response", What::System, None, ""),
            (DOWN, "/shadow/get/pk/dn", What::Shadow, None, ""),
            (DOWN, "/broadcast/pk/all", What::Broadcast, None, ""),
            (DOWN, "/pk/dn/user/get", What::Custom, None, ""),
            (UP, "/pk/dn/user/update/error", What::Custom, None, ""),
            (UP, "a", What::Custom, None, ""),
        ] {
            let route = route(direction, topic);
            assert_eq!((route.what, route.name), (what, name), "{topic}");
            let found = match route.id {
                Id::Topic(start, end) => Some(&topic[start..end]),
                Id::None => None,
                Id::Payload => panic!("{topic}: no id in the payload"),
            };
            assert_eq!(found, id, "{topic}");
        }
        for (topic, what) in [
            ("/ota/device/upgrade/pk/dn", What::Ota),
            ("/ext/session/pk/dn/combine/login", What::System),
            ("/ext/session/pk/dn/combine/login_reply", What::Reply),
        ] {
            assert_eq!(route(DOWN, topic), Route { what, id: Id::Payload, name: "" }, "{topic}");
        }
    }

    #[test]
    fn answers_go_where_the_platform_waits() {
        for (asked, expected, qos) in [
            ("/sys/pk/dn/thing/service/property/set", "/sys/pk/dn/thing/service/property/set_reply", Qos::AtLeastOnce),
            ("/sys/pk/dn/thing/service/turnOn", "/sys/pk/dn/thing/service/turnOn_reply", Qos::AtLeastOnce),
            ("/sys/pk/dn/rrpc/request/812", "/sys/pk/dn/rrpc/response/812", Qos::AtMostOnce),
            ("/ext/rrpc/812//pk/dn/user/get", "/ext/rrpc/812//pk/dn/user/get", Qos::AtMostOnce),
            ("/sys/rrpc/request/rrpc/request/1", "/sys/rrpc/request/rrpc/response/1", Qos::AtMostOnce),
            (
                "/sys/pk/dn/thing/service/rrpc/request/x",
                "/sys/pk/dn/thing/service/rrpc/request/x_reply",
                Qos::AtLeastOnce,
            ),
        ] {
            assert_eq!(answer(asked), (expected.to_owned(), qos));
        }
    }

    #[test]
    fn the_own_filters_cover_every_request() {
        let filters = subscriptions(&AliyunIdentity {
            product_key: "pk".to_owned(),
            device_name: "dn".to_owned(),
            secret: SecretSource::Env("UNUSED".to_owned()),
            client_id: "pk.dn".to_owned(),
            sign_method: SignMethod::default(),
            timestamp: AliyunTimestamp::Absent,
        });
        assert_eq!(filters.len(), 6);
        for topic in [
            "/sys/pk/dn/thing/event/property/post_reply",
            "/sys/pk/dn/thing/event/smoke/post_reply",
            "/sys/pk/dn/thing/service/property/set",
            "/sys/pk/dn/thing/service/property/get",
            "/sys/pk/dn/thing/service/turnOn",
            "/sys/pk/dn/rrpc/request/812",
            "/pk/dn/user/get",
        ] {
            assert_eq!(filters.iter().filter(|own| own.filter.matches(topic)).count(), 1, "{topic}");
        }
    }
}
