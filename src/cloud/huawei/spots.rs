//! What in a message is a device's or a moment's own, as Huawei's documents name it.
//!
//! The request ids of messages from device to device (`$oc/m2m/…`) are left alone: no document says which of the two makes
//! them. So are the ids of sub-devices in a gateway's reports, which belong to that gateway.

use serde_json::value::RawValue;

use super::{legacy, topics};
use crate::cloud::transfer::{Body, Part, Spots, items_of, levels, member};
use crate::event::What;

/// What stands before a device's id in a topic.
const ROOTS: [&str; 2] = ["$oc/devices/", legacy::ROOT];

/// The times of Huawei's own functions over events.
const FUNCTION_TIMES: &[&str] = &["device_send_time", "server_recv_time", "server_send_time"];

/// The places of a message, in either direction.
pub(in crate::cloud) fn spots(topic: &str, payload: &[u8]) -> Spots {
    let mut spots = Spots::default();
    if let Some(root) = ROOTS.iter().find(|root| topic.starts_with(**root)) {
        spots.topic.extend(levels(topic, root.len(), 1).map(|range| (range, Part::Device)));
    }
    bridge(topic, &mut spots);
    let route = topics::route(topic);
    if let Some((start, end)) = route.id.filter(|_| topic.starts_with("$oc/devices/")) {
        spots.in_topic(start..end, Part::Id);
    }
    if route.what != What::Custom
        && let Some(body) = Body::read(payload)
    {
        if legacy::read(topic, payload).is_some_and(|message| message.mid.is_some()) {
            spots.members(body, body.root(), &["mid"], Part::Id);
        }
        in_body(body, &mut spots);
    }
    spots
}

/// `$oc/bridges/{bridge}/devices/{id}/sys/…`
fn bridge(topic: &str, spots: &mut Spots) {
    let Some(rest) = topic.strip_prefix("$oc/bridges/") else { return };
    let below = rest.split_once('/').and_then(|(_, below)| below.strip_prefix("devices/"));
    if let Some(below) = below {
        spots.topic.extend(levels(topic, topic.len() - below.len(), 1).map(|range| (range, Part::Device)));
    }
}

fn in_body(body: Body<'_>, spots: &mut Spots) {
    let root = body.root();
    spots.members(body, root, &["object_device_id"], Part::Device);
    services(body, root, spots);
    for device in items_of(root, "devices") {
        services(body, device, spots);
    }
    for service in items_of(root, "shadow") {
        for part in ["desired", "reported"].iter().filter_map(|name| member(service, name)) {
            spots.members(body, part, &["event_time"], Part::Time);
        }
    }
    // The older form of a report.
    for service in items_of(root, "data") {
        spots.members(body, service, &["eventTime"], Part::Time);
    }
}

fn services(body: Body<'_>, holder: &RawValue, spots: &mut Spots) {
    for service in items_of(holder, "services") {
        spots.members(body, service, &["event_time"], Part::Time);
        let (Some(name), Some(paras)) = (member(service, "service_id"), member(service, "paras")) else { continue };
        match name.get().trim_matches('"') {
            "$time_sync" => spots.members(body, paras, FUNCTION_TIMES, Part::Time),
            "$log" => spots.members(body, paras, &["timestamp"], Part::Time),
            "$sub_device_manager" | "sub_device_manager" => {
                for device in items_of(paras, "devices") {
                    spots.members(body, device, &["parent_device_id"], Part::Device);
                }
            }
            _ => {}
        }
    }
}
