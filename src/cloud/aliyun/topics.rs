//! What a topic means to Aliyun IoT.
//!
//! System topics lie below `/sys/{product key}/{device name}/`; the product's own below `/{product key}/{device name}/`.
//! Request ids are in the payload, except for RRPC, whose id is a topic level. A gateway speaks for its sub-devices on their
//! topics, so that a topic also says whose message it is.

use crate::cloud::Direction;
use crate::cloud::envelope::Id;
use crate::event::What;
use crate::mqtt::Qos;
use crate::profile::{AliyunIdentity, Subscription};

/// What stands before the id of an RRPC, below the device's own part of the topic.
const RRPC_REQUEST: &str = "rrpc/request/";

/// Which of the cloud's trees a topic stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    /// `/sys/{pk}/{dn}/…`.
    Sys,
    /// `/ext/session/{pk}/{dn}/…`: a gateway's sub-devices come and go.
    Session,
    /// `/ext/ntp/{pk}/{dn}/…`.
    Ntp,
    /// `/ext/error/{pk}/{dn}`.
    Error,
    /// `/ext/rrpc/{id}/…`.
    Rrpc,
    /// `/ext/register` and `/ext/regnwl`, which hand out secrets.
    Register,
    /// Whatever else begins with `/ext/`: `/ext/notify`.
    Ext,
    /// `/ota/device/{verb}/{pk}/{dn}`.
    Ota,
    /// `/shadow/{verb}/{pk}/{dn}`.
    Shadow,
    /// `/broadcast/{pk}/…`.
    Broadcast,
    /// A topic of the product's own.
    User,
}

/// A topic's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub(super) what: What,
    pub(super) id: Id,
    /// The identifier of a service or event where the topic holds one; of a call on a custom topic that topic.
    pub(super) name: &'a str,
    pub(super) tree: Tree,
    /// Product key and device name, where the topic has both.
    pub(super) owner: Option<(&'a str, &'a str)>,
    /// What is left of the topic when the tree and the owner are taken away: `thing/topo/add_reply`, `combine/login`,
    /// `response`, `upgrade`.
    pub(super) path: &'a str,
}

impl Route<'_> {
    /// The sub-device that a message on `device`'s connection belongs to, as `{product key}/{device name}`; `None`: the
    /// device itself, or nobody in particular.
    pub(super) fn target(&self, device: &AliyunIdentity) -> Option<String> {
        let (product_key, device_name) = self.owner?;
        let own = product_key == device.product_key && device_name == device.device_name;
        (!own).then(|| format!("{product_key}/{device_name}"))
    }
}

/// What `topic` means, whichever device it belongs to. The direction matters for RRPC on custom topics, whose answer goes
/// back on the topic of the request.
pub(super) fn route(direction: Direction, topic: &str) -> Route<'_> {
    if let Some(rest) = topic.strip_prefix("/sys/") {
        return system(topic, rest);
    }
    if let Some(rest) = topic.strip_prefix("/ext/") {
        return extension(direction, topic, rest);
    }
    if let Some(rest) = topic.strip_prefix("/ota/device/") {
        let (path, owner) = verb_first(rest);
        return Route { id: Id::Payload, ..plain(What::Ota, Tree::Ota, owner, path) };
    }
    if let Some(rest) = topic.strip_prefix("/shadow/") {
        let (path, owner) = verb_first(rest);
        return plain(What::Shadow, Tree::Shadow, owner, path);
    }
    if let Some(rest) = topic.strip_prefix("/broadcast/") {
        return plain(What::Broadcast, Tree::Broadcast, None, rest);
    }
    let (owner, path) = topic.strip_prefix('/').map_or((None, topic), device_first);
    plain(What::Custom, Tree::User, owner, path)
}

fn plain<'a>(what: What, tree: Tree, owner: Option<(&'a str, &'a str)>, path: &'a str) -> Route<'a> {
    Route { what, id: Id::None, name: "", tree, owner, path }
}

/// `{pk}/{dn}/{path}`; without all three it has no owner.
fn device_first(rest: &str) -> (Option<(&str, &str)>, &str) {
    let mut levels = rest.splitn(3, '/');
    match (levels.next(), levels.next(), levels.next()) {
        (Some(product_key), Some(device_name), Some(path)) => (Some((product_key, device_name)), path),
        _ => (None, rest),
    }
}

/// `{verb}/{pk}/{dn}`.
fn verb_first(rest: &str) -> (&str, Option<(&str, &str)>) {
    let (verb, owner) = rest.split_once('/').unwrap_or((rest, ""));
    (verb, owner.split_once('/').filter(|(_, device_name)| !device_name.contains('/')))
}

/// What the device subscribes to at connect; only the vendor's own SDK is subscribed by the platform itself. No two filters
/// match the same topic, for a broker may then deliver twice.
pub(super) fn subscriptions(device: &AliyunIdentity) -> Vec<Subscription> {
    let own = format!("{}/{}", device.product_key, device.device_name);
    let thing = format!("/sys/{own}/thing");
    let below_thing = [
        "event/+/post_reply",
        "service/property/set",
        "service/property/get",
        "service/+",
        "event/property/+/post_reply",
        "property/desired/+",
        "deviceinfo/+",
        "config/+",
        "log/+",
        "model/+",
        "ota/firmware/get_reply",
        "topo/+",
        "topo/add/notify",
        "list/found_reply",
        "sub/+",
        "gateway/permit",
        "+",
    ];
    let others = [
        format!("/sys/{own}/rrpc/request/+"),
        format!("/ext/session/{own}/combine/+"),
        format!("/ext/ntp/{own}/response"),
        format!("/ext/error/{own}"),
        format!("/ota/device/upgrade/{own}"),
        format!("/shadow/get/{own}"),
        format!("/{own}/user/get"),
    ];
    below_thing
        .into_iter()
        .map(|tail| format!("{thing}/{tail}"))
        .chain(others)
        .filter_map(|filter| crate::cloud::subscription(filter, Qos::AtLeastOnce))
        .collect()
}

/// The topic of the answer to a request on `topic`, and its quality of service.
pub(super) fn answer(topic: &str) -> (String, Qos) {
    if topic.starts_with("/ext/rrpc/") {
        return (topic.to_owned(), Qos::AtMostOnce);
    }
    // Looked for in its place only: other levels may have these names too.
    let below = topic.strip_prefix("/sys/").map(device_first);
    let call = below.and_then(|(owner, path)| owner.and(path.strip_prefix(RRPC_REQUEST)));
    match call.and_then(|id| Some((topic.strip_suffix(id)?.strip_suffix(RRPC_REQUEST)?, id))) {
        Some((device, id)) => (format!("{device}rrpc/response/{id}"), Qos::AtMostOnce),
        None => (format!("{topic}_reply"), Qos::AtLeastOnce),
    }
}

fn system<'a>(topic: &'a str, rest: &'a str) -> Route<'a> {
    let (owner, path) = device_first(rest);
    let route = plain(What::System, Tree::Sys, owner, path);
    if owner.is_none() {
        return route;
    }
    if let Some(tail) = path.strip_prefix("thing/") {
        let (what, id, name) = thing(tail);
        return Route { what, id, name, ..route };
    }
    let (what, id) = if let Some(id) = path.strip_prefix(RRPC_REQUEST) {
        (What::Command, id)
    } else if let Some(id) = path.strip_prefix("rrpc/response/") {
        (What::CommandReply, id)
    } else {
        return route;
    };
    Route { what, id: Id::ends(topic, id), ..route }
}

/// Below `thing/` everything but the raw ("transparent") bodies is Alink, with its id in the payload.
fn thing(path: &str) -> (What, Id, &str) {
    if path.starts_with("model/") {
        let what = if path == "model/up_raw_reply" { What::Reply } else { What::Message };
        return (what, Id::None, "");
    }
    let (what, name) = match path.strip_suffix("_reply") {
        Some(asked) => reply(asked),
        None => request(path),
    };
    (what, Id::Payload, name)
}

fn request(path: &str) -> (What, &str) {
    match path {
        "event/property/post"
        | "event/property/history/post"
        | "event/property/pack/post"
        | "event/property/batch/post" => return (What::PropertyReport, ""),
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

/// Orders of the platform, by their path below `thing/`, that are neither services nor properties. The device acknowledges
/// them.
pub(super) fn is_order(path: &str) -> bool {
    matches!(
        path,
        "config/push"
            | "config/log/push"
            | "topo/add/notify"
            | "topo/change"
            | "disable"
            | "enable"
            | "delete"
            | "gateway/permit"
    )
}

fn extension<'a>(direction: Direction, topic: &'a str, rest: &'a str) -> Route<'a> {
    if let Some(tail) = rest.strip_prefix("rrpc/") {
        let (id, name) = tail.split_once('/').unwrap_or((tail, ""));
        let start = topic.len() - tail.len();
        let place = if id.is_empty() { Id::None } else { Id::Topic(start, start + id.len()) };
        let what = if direction == Direction::Down { What::Command } else { What::CommandReply };
        // The custom topic follows the call's id, with its own slash or without.
        let (owner, path) = device_first(name.strip_prefix('/').unwrap_or(name));
        return Route { id: place, name, ..plain(what, Tree::Rrpc, owner, path) };
    }
    if let Some(rest) = rest.strip_prefix("session/") {
        let what = if rest.ends_with("_reply") { What::Reply } else { What::System };
        let (owner, path) = device_first(rest);
        return Route { id: Id::Payload, ..plain(what, Tree::Session, owner, path) };
    }
    if let Some(rest) = rest.strip_prefix("ntp/") {
        let (owner, path) = device_first(rest);
        return plain(What::System, Tree::Ntp, owner, path);
    }
    if let Some(rest) = rest.strip_prefix("error/") {
        return plain(What::System, Tree::Error, rest.split_once('/'), "");
    }
    let tree = if matches!(rest, "register" | "regnwl") { Tree::Register } else { Tree::Ext };
    plain(What::System, tree, None, rest)
}

#[cfg(test)]
mod tests;
