//! What a topic means to UCloud UIoT.
//!
//! System topics lie below `/$system/{product}/{device}/`, the product's own below `/{product}/{device}/`. Request ids are
//! in the payload (`RequestID`); the answer to a command repeats it in the topic.

use crate::cloud::envelope::{Id, below_device};
use crate::event::What;
use crate::mqtt::Qos;
use crate::profile::{Subscription, UcloudIdentity};

/// A topic's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub(super) what: What,
    pub(super) id: Id,
    /// A system topic's part below the device; empty for others.
    pub(super) path: &'a str,
}

/// What `topic` means, whichever device it belongs to.
pub(super) fn route(topic: &str) -> Route<'_> {
    if let Some(rest) = topic.strip_prefix("/$system/") {
        return match below_device(rest) {
            Some(path) => system(topic, path),
            None => Route { what: What::System, id: Id::None, path: "" },
        };
    }
    let below_product = topic.strip_prefix('/').and_then(|rest| rest.split_once('/'));
    let broadcast = below_product.is_some_and(|(_, rest)| rest.starts_with("$broadcast/"));
    Route { what: if broadcast { What::Broadcast } else { What::Custom }, id: Id::None, path: "" }
}

/// What a device hears, below its own part of the system topics. What it may hear of `password_reply` is asked for where it
/// registers.
const SUBSCRIPTIONS: [&str; 11] = [
    "tmodel/property/post_reply",
    "tmodel/property/set",
    "tmodel/event/post_reply",
    "tmodel/command",
    "tmodel/property/restore_reply",
    "tmodel/property/desired/get_reply",
    "tmodel/property/desired/delete_reply",
    "tmodel/template/get_reply",
    "shadow/downstream",
    "shadow/get_reply",
    "ota/downstream",
];

/// What the device subscribes to at connect.
pub(super) fn subscriptions(device: &UcloudIdentity) -> Vec<Subscription> {
    SUBSCRIPTIONS
        .iter()
        .map(|tail| format!("/$system/{}/{}/{tail}", device.product_sn, device.device_sn))
        .filter_map(|filter| crate::cloud::subscription(filter, Qos::AtLeastOnce))
        .collect()
}

/// The topic of the answer to a request of kind `what`. A command without an id cannot be answered: the id is a level of
/// the answer's topic.
pub(super) fn answer(what: What, topic: &str, id: Option<&str>) -> Option<String> {
    match what {
        What::Command => Some(format!("{topic}_reply/{}", id?)),
        What::PropertySet => Some(format!("{topic}_reply")),
        _ => None,
    }
}

fn system<'a>(topic: &'a str, path: &'a str) -> Route<'a> {
    if let Some(id) = path.strip_prefix("tmodel/command_reply/") {
        let id = Id::ends(topic, id);
        return Route { what: What::CommandReply, id, path };
    }
    let (what, id) = match path {
        "tmodel/property/post" => (What::PropertyReport, Id::Payload),
        "tmodel/property/set" => (What::PropertySet, Id::Payload),
        "tmodel/property/set_reply" => (What::PropertySetReply, Id::Payload),
        "tmodel/event/post" => (What::Event, Id::Payload),
        "tmodel/command" => (What::Command, Id::Payload),
        _ if path.starts_with("shadow/") => (What::Shadow, Id::None),
        _ if path.starts_with("ota/") => (What::Ota, Id::None),
        _ if path.ends_with("_reply") => (What::Reply, Id::Payload),
        _ if path.starts_with("tmodel/property/desired/") => (What::Shadow, Id::Payload),
        _ => (What::System, Id::Payload),
    };
    Route { what, id, path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::SecretSource;

    #[test]
    fn every_topic_a_device_meets_has_its_meaning() {
        for (tail, what, id) in [
            ("password", What::System, Id::Payload),
            ("password_reply", What::Reply, Id::Payload),
            ("tmodel/template/get", What::System, Id::Payload),
            ("tmodel/template/get_reply", What::Reply, Id::Payload),
            ("tmodel/property/post", What::PropertyReport, Id::Payload),
            ("tmodel/property/post_reply", What::Reply, Id::Payload),
            ("tmodel/property/set", What::PropertySet, Id::Payload),
            ("tmodel/property/set_reply", What::PropertySetReply, Id::Payload),
            ("tmodel/property/restore", What::System, Id::Payload),
            ("tmodel/property/restore_reply", What::Reply, Id::Payload),
            ("tmodel/property/desired/get", What::Shadow, Id::Payload),
            ("tmodel/property/desired/get_reply", What::Reply, Id::Payload),
            ("tmodel/event/post", What::Event, Id::Payload),
            ("tmodel/event/post_reply", What::Reply, Id::Payload),
            ("tmodel/command", What::Command, Id::Payload),
            ("tmodel/command_reply/", What::CommandReply, Id::None),
            ("shadow/upstream", What::Shadow, Id::None),
            ("shadow/downstream", What::Shadow, Id::None),
            ("shadow/get_reply", What::Shadow, Id::None),
            ("ota/upstream", What::Ota, Id::None),
            ("ota/downstream", What::Ota, Id::None),
        ] {
            let topic = format!("/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/{tail}");
            assert_eq!(route(&topic), Route { what, id, path: tail }, "{topic}");
        }
        for (topic, what) in [
            ("/ledubff3z85spjmu/h9onxtzw0aep7fsr/upload", What::Custom),
            ("/ledubff3z85spjmu/$broadcast/all", What::Broadcast),
            ("/$system/p", What::System),
            ("$system/p/d/tmodel/command", What::Custom),
            ("", What::Custom),
        ] {
            assert_eq!(route(topic), Route { what, id: Id::None, path: "" }, "{topic}");
        }
    }

    #[test]
    fn the_answer_to_a_command_holds_its_id() {
        let topic = "/$system/p/d/tmodel/command_reply/77";
        let Route { what, id: Id::Topic(start, end), .. } = route(topic) else { panic!("no id in the topic") };
        assert_eq!((what, &topic[start..end]), (What::CommandReply, "77"));
        let asked = "/$system/p/d/tmodel/command";
        assert_eq!(answer(What::Command, asked, Some("77")).as_deref(), Some(topic));
        assert_eq!(answer(What::Command, asked, None), None);
        assert_eq!(
            answer(What::PropertySet, "/$system/p/d/tmodel/property/set", None).as_deref(),
            Some("/$system/p/d/tmodel/property/set_reply")
        );
        assert_eq!(answer(What::PropertyReport, "/$system/p/d/tmodel/property/post", Some("1")), None);
    }

    #[test]
    fn the_own_filters_cover_every_request() {
        let filters = subscriptions(&UcloudIdentity {
            product_sn: "p".to_owned(),
            device_sn: "d".to_owned(),
            secret: SecretSource::Env("UNUSED".to_owned()),
        });
        for tail in SUBSCRIPTIONS {
            let topic = format!("/$system/p/d/{tail}");
            assert_eq!(filters.iter().filter(|own| own.filter.matches(&topic)).count(), 1, "{topic}");
        }
        assert_eq!(filters.len(), SUBSCRIPTIONS.len());
    }
}
