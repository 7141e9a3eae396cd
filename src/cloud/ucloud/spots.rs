//! What in a message is a device's or a moment's own, as UCloud's documents name it.
//!
//! Left alone: the versions of shadows and desired values, which only the platform knows.

use super::topics;
use crate::cloud::envelope::Id;
use crate::cloud::transfer::{Body, Part, Spots, levels, member, members};
use crate::event::What;

/// The places of a message, in either direction.
pub(in crate::cloud) fn spots(topic: &str, payload: &[u8]) -> Spots {
    let mut spots = Spots::default();
    let route = topics::route(topic);
    if topic.starts_with("/$system/") {
        spots.topic.extend(levels(topic, "/$system/".len(), 2).map(|range| (range, Part::Device)));
    } else if route.what == What::Broadcast {
        spots.topic.extend(levels(topic, 1, 1).map(|range| (range, Part::Product)));
    } else if topic.starts_with('/') {
        spots.topic.extend(levels(topic, 1, 2).map(|range| (range, Part::Device)));
    }
    if let Id::Topic(start, end) = route.id {
        spots.in_topic(start..end, Part::Id);
    }
    if route.id != Id::None
        && let Some(body) = Body::read(payload)
    {
        in_body(route.what, body, &mut spots);
    }
    spots
}

fn in_body(what: What, body: Body<'_>, spots: &mut Spots) {
    let root = body.root();
    // The answer to a command has its id twice, in the topic and here.
    spots.members(body, root, &["RequestID"], Part::Id);
    match what {
        What::PropertyReport => {
            for (_, property) in member(root, "Property").map_or_else(Vec::new, members) {
                spots.members(body, property, &["Time"], Part::Time);
            }
        }
        What::Event => spots.members(body, root, &["Time"], Part::Time),
        _ => {}
    }
}
