//! Whose topic it is, and what stands in it.

use std::fmt;

use serde_json::{Value, json};

use crate::profile::AliyunIdentity;

/// A device's name in the cloud.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Who {
    pub(super) product_key: String,
    pub(super) device_name: String,
}

/// Which of the cloud's trees a topic is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    /// `/sys/{pk}/{dn}/thing/…`.
    Thing,
    /// `/ext/session/{pk}/{dn}/combine/…`.
    Session,
    /// `/ext/ntp/{pk}/{dn}/request`.
    Clock,
    /// `/ota/device/{inform, progress}/{pk}/{dn}`.
    Upgrade,
    /// `/shadow/update/{pk}/{dn}`.
    Shadow,
}

/// A topic taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) tree: Tree,
    pub(super) who: Who,
    /// What is left of the topic.
    pub(super) path: &'a str,
}

impl Who {
    /// The device of an identity.
    pub(super) fn of(device: &AliyunIdentity) -> Self {
        Self::new(&device.product_key, &device.device_name)
    }

    /// The device of that key and name.
    pub(super) fn new(product_key: &str, device_name: &str) -> Self {
        Self { product_key: product_key.to_owned(), device_name: device_name.to_owned() }
    }

    /// Reads `{"productKey", "deviceName"}`; `None` where one of them is missing or empty.
    pub(super) fn read(entry: &Value) -> Option<Self> {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        Some(Self::new(text("productKey")?, text("deviceName")?))
    }

    /// `{"productKey", "deviceName"}`.
    pub(super) fn entry(&self) -> Value {
        json!({ "productKey": self.product_key, "deviceName": self.device_name })
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.product_key, self.device_name)
    }
}

impl<'a> Place<'a> {
    /// Takes a topic apart that a device publishes on; `None` where the cloud's services have nothing to do with it.
    pub(super) fn of(topic: &'a str) -> Option<Self> {
        for (head, tree, wanted) in [
            ("/sys/", Tree::Thing, "thing/"),
            ("/ext/session/", Tree::Session, "combine/"),
            ("/ext/ntp/", Tree::Clock, ""),
        ] {
            if let Some(rest) = topic.strip_prefix(head) {
                let (product_key, rest) = rest.split_once('/')?;
                let (device_name, path) = rest.split_once('/')?;
                let path = path.strip_prefix(wanted)?;
                return Some(Self { tree, who: Who::new(product_key, device_name), path });
            }
        }
        for (head, tree) in [("/ota/device/", Tree::Upgrade), ("/shadow/", Tree::Shadow)] {
            if let Some(rest) = topic.strip_prefix(head) {
                let (path, rest) = rest.split_once('/')?;
                let (product_key, device_name) = rest.split_once('/')?;
                return Some(Self { tree, who: Who::new(product_key, device_name), path });
            }
        }
        None
    }
}

/// Whose topic or topic filter it is, whichever tree it is in; a filter that leaves the device open is nobody's.
pub(super) fn owner(topic: &str) -> Option<Who> {
    let of_service = Place::of(topic).map(|place| place.who);
    let by_name = || {
        let rest = topic.strip_prefix("/sys/").or_else(|| topic.strip_prefix('/'))?;
        let (product_key, rest) = rest.split_once('/')?;
        let (device_name, _) = rest.split_once('/')?;
        Some(Who::new(product_key, device_name))
    };
    of_service.or_else(by_name).filter(|who| {
        [&who.product_key, &who.device_name].iter().all(|level| !level.is_empty() && !level.contains(['+', '#', '/']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_taken_apart() {
        for (topic, expected) in [
            ("/sys/pk/dn/thing/topo/add", Some((Tree::Thing, "topo/add"))),
            ("/sys/pk/dn/rrpc/response/1", None),
            ("/ext/session/pk/dn/combine/login", Some((Tree::Session, "login"))),
            ("/ext/ntp/pk/dn/request", Some((Tree::Clock, "request"))),
            ("/ota/device/inform/pk/dn", Some((Tree::Upgrade, "inform"))),
            ("/shadow/update/pk/dn", Some((Tree::Shadow, "update"))),
            ("/pk/dn/user/update", None),
            ("/sys/pk", None),
            ("", None),
        ] {
            let place = Place::of(topic);
            assert_eq!(place.as_ref().map(|place| (place.tree, place.path)), expected, "{topic}");
            assert!(place.is_none_or(|place| place.who == Who::new("pk", "dn")), "{topic}");
        }
    }

    #[test]
    fn filters_have_an_owner_when_they_name_it() {
        let own = Some(Who::new("pk", "dn"));
        for (topic, expected) in [
            ("/sys/pk/dn/thing/#", own.clone()),
            ("/sys/pk/dn/rrpc/request/+", own.clone()),
            ("/pk/dn/user/get", own.clone()),
            ("/shadow/get/pk/dn", own.clone()),
            ("/ota/device/upgrade/pk/dn", own),
            ("/sys/pk/+/thing/#", None),
            ("/sys/pk", None),
            ("/sys/pk/#", None),
            ("own", None),
        ] {
            assert_eq!(owner(topic), expected, "{topic}");
        }
    }
}
