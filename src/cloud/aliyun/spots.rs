//! What in a message is a device's or a moment's own, as Aliyun's documents name it.
//!
//! Left alone: the sub-devices that a gateway names (their signatures would not hold), and the versions of shadows, which only
//! the platform knows.

use std::ops::Range;

use super::topics::{self, Route};
use crate::cloud::Direction;
use crate::cloud::envelope::Id;
use crate::cloud::transfer::{Body, Part, Spots, levels, member, members};
use crate::event::What;

/// What stands before product key and device name in a topic.
const ROOTS: [&str; 9] = [
    "/sys/",
    "/ext/session/",
    "/ext/ntp/",
    "/ext/error/",
    "/ota/device/inform/",
    "/ota/device/upgrade/",
    "/ota/device/progress/",
    "/shadow/update/",
    "/shadow/get/",
];

/// The times of the time service.
const CLOCK: &[&str] = &["deviceSendTime", "serverRecvTime", "serverSendTime"];

/// The places of a message.
pub(in crate::cloud) fn spots(direction: Direction, topic: &str, payload: &[u8]) -> Spots {
    let mut spots = Spots::default();
    spots.topic.extend(device(topic).map(|range| (range, Part::Device)));
    if topic.starts_with("/broadcast/") {
        spots.topic.extend(levels(topic, "/broadcast/".len(), 1).map(|range| (range, Part::Product)));
    }
    let route = topics::route(direction, topic);
    if let Id::Topic(start, end) = route.id {
        spots.in_topic(start..end, Part::Id);
    }
    if let Some(body) = Body::read(payload) {
        in_body(topic, &route, body, &mut spots);
    }
    spots
}

/// Product key and device name, with the slash between them.
fn device(topic: &str) -> Option<Range<usize>> {
    if let Some(root) = ROOTS.iter().find(|root| topic.starts_with(**root)) {
        return levels(topic, root.len(), 2);
    }
    if let Some(call) = topic.strip_prefix("/ext/rrpc/") {
        // The custom topic follows the call's id, with its own slash or without.
        let (_, custom) = call.split_once('/')?;
        let custom = custom.strip_prefix('/').unwrap_or(custom);
        return levels(topic, topic.len() - custom.len(), 2);
    }
    let own_tree = ["/ext/", "/ota/", "/shadow/", "/broadcast/"].iter().any(|tree| topic.starts_with(tree));
    if own_tree || !topic.starts_with('/') { None } else { levels(topic, 1, 2) }
}

fn in_body(topic: &str, route: &Route<'_>, body: Body<'_>, spots: &mut Spots) {
    let root = body.root();
    match route.id {
        Id::Payload => spots.members(body, root, &["id"], Part::Id),
        // A call is tied to its answer by the topic, and the body in it by an id of its own.
        Id::Topic(..) => spots.members(body, root, &["id"], Part::Inner),
        Id::None => {}
    }
    if topic.starts_with("/ext/ntp/") {
        spots.members(body, root, CLOCK, Part::Time);
    }
    let Some(params) = member(root, "params") else { return };
    match route.what {
        // A back-fill tells of the past, and stays as it is; a pack has devices of its own.
        What::PropertyReport if topic.ends_with("/event/property/post") => {
            for (_, property) in members(params) {
                if member(property, "value").is_some() {
                    spots.members(body, property, &["time"], Part::Time);
                }
            }
        }
        What::Event if member(params, "value").is_some() => spots.members(body, params, &["time"], Part::Time),
        _ => {}
    }
}
