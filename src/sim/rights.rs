//! Which topics belong to a device: what it may publish on, what it may subscribe to, and what comes back to it.
//!
//! Tables of patterns, from the clouds' topic lists. Pure.

use std::borrow::Cow;

use crate::mqtt::Qos;
use crate::mqtt::topic::matches;
use crate::profile::Identity;

/// Which way a topic pattern is open to its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    Publish,
    Subscribe,
    /// What the device publishes there comes back to it where it has subscribed.
    Both,
}

use Right::{Both, Publish, Subscribe};

/// `{id}` is the device id. Subscriptions below the device's own root are Huawei's to grant; publishing is table by table.
const HUAWEI: &[(Right, &str)] = &[
    (Subscribe, "$oc/devices/{id}/#"),
    (Subscribe, "$oc/m2m/to/{id}/#"),
    (Subscribe, "/huawei/v1/devices/{id}/command/#"),
    (Publish, "$oc/devices/{id}/sys/messages/up"),
    (Publish, "$oc/devices/{id}/sys/properties/report"),
    (Publish, "$oc/devices/{id}/sys/gateway/sub_devices/properties/report"),
    (Publish, "$oc/devices/{id}/sys/properties/set/response/+"),
    (Publish, "$oc/devices/{id}/sys/properties/get/response/+"),
    (Publish, "$oc/devices/{id}/sys/commands/response/+"),
    (Publish, "$oc/devices/{id}/sys/shadow/get/+"),
    (Publish, "$oc/devices/{id}/sys/events/up"),
    (Publish, "$oc/devices/{id}/sys/bootstrap/up"),
    (Publish, "$oc/m2m/to/+/#"),
    (Publish, "/huawei/v1/devices/{id}/data/+"),
    (Both, "$oc/devices/{id}/user/#"),
];

/// `{pk}` is the product key, `{dn}` the device name. `user/get` and `user/update` have the rights that the platform gives
/// them with a new product; other topics of the user's own are taken to have been defined with both.
const ALIYUN: &[(Right, &str)] = &[
    (Subscribe, "/sys/{pk}/{dn}/#"),
    (Subscribe, "/ota/device/upgrade/{pk}/{dn}"),
    (Subscribe, "/ext/ntp/{pk}/{dn}/response"),
    (Subscribe, "/ext/error/{pk}/{dn}"),
    (Subscribe, "/ext/notify"),
    (Subscribe, "/ext/register"),
    (Subscribe, "/ext/session/{pk}/{dn}/#"),
    (Subscribe, "/shadow/get/{pk}/{dn}"),
    (Subscribe, "/broadcast/{pk}/#"),
    (Subscribe, "/ext/rrpc/+/{pk}/{dn}/user/#"),
    (Subscribe, "/{pk}/{dn}/user/get"),
    (Publish, "/sys/{pk}/{dn}/thing/#"),
    (Publish, "/sys/{pk}/{dn}/rrpc/response/+"),
    (Publish, "/ota/device/inform/{pk}/{dn}"),
    (Publish, "/ota/device/progress/{pk}/{dn}"),
    (Publish, "/ext/ntp/{pk}/{dn}/request"),
    (Publish, "/ext/session/{pk}/{dn}/#"),
    (Publish, "/ext/rrpc/+/{pk}/{dn}/user/#"),
    (Publish, "/shadow/update/{pk}/{dn}"),
    (Publish, "/{pk}/{dn}/user/update"),
    (Publish, "/{pk}/{dn}/user/update/error"),
    (Both, "/{pk}/{dn}/user/#"),
];

/// `{psn}` is the `ProductSN`, `{dsn}` the `DeviceSN`.
const UCLOUD: &[(Right, &str)] = &[
    (Subscribe, "/$system/{psn}/{dsn}/#"),
    (Subscribe, "/{psn}/$broadcast/#"),
    (Publish, "/$system/{psn}/{dsn}/password"),
    (Publish, "/$system/{psn}/{dsn}/tmodel/template/get"),
    (Publish, "/$system/{psn}/{dsn}/tmodel/property/post"),
    (Publish, "/$system/{psn}/{dsn}/tmodel/property/set_reply"),
    (Publish, "/$system/{psn}/{dsn}/tmodel/property/restore"),
    (Publish, "/$system/{psn}/{dsn}/tmodel/property/desired/get"),
    (Publish, "/$system/{psn}/{dsn}/tmodel/property/desired/delete"),
    (Publish, "/$system/{psn}/{dsn}/tmodel/event/post"),
    (Publish, "/$system/{psn}/{dsn}/tmodel/command_reply/+"),
    (Publish, "/$system/{psn}/{dsn}/shadow/upstream"),
    (Publish, "/$system/{psn}/{dsn}/shadow/get"),
    (Publish, "/$system/{psn}/{dsn}/ota/upstream"),
    (Both, "/{psn}/{dsn}/#"),
];

/// Whether the device may subscribe to `filter`: all that the filter can match must be its own.
pub(crate) fn may_subscribe(identity: &Identity, filter: &str) -> bool {
    match identity {
        // Topics outside `$oc` belong to no device: an access policy opens them, and none is set against it here.
        Identity::Huawei(_) if outside_oc(filter) => true,
        _ => rules(identity).any(|(right, pattern)| right != Publish && covers(&pattern, filter)),
    }
}

/// Whether the device may publish on `topic`.
pub(crate) fn may_publish(identity: &Identity, topic: &str) -> bool {
    let topic = without_query(identity, topic);
    match identity {
        Identity::Huawei(_) if outside_oc(topic) => true,
        _ => right_to(identity, topic).is_some_and(|right| right != Subscribe),
    }
}

/// The device that a message on `topic` is for, where it goes from device to device (Huawei's `$oc/m2m/to/{device id}/…`).
pub(crate) fn addressee<'a>(identity: &Identity, topic: &'a str) -> Option<&'a str> {
    let Identity::Huawei(_) = identity else { return None };
    topic.strip_prefix("$oc/m2m/to/")?.split('/').next().filter(|id| !id.is_empty())
}

/// Whether what the device publishes on `topic` comes back to it where it has subscribed.
pub(crate) fn echoes(identity: &Identity, topic: &str) -> bool {
    match identity {
        Identity::Mqtt(_) => false,
        Identity::Huawei(_) if outside_oc(topic) => true,
        _ => right_to(identity, topic) == Some(Both),
    }
}

/// The one QoS with which the platform takes a message on `topic`, where it takes no other.
pub(crate) fn only_qos(identity: &Identity, topic: &str) -> Option<Qos> {
    // Aliyun's page on its time service.
    let asks_for_time = matches!(identity, Identity::Aliyun(_)) && topic.starts_with("/ext/ntp/");
    asks_for_time.then_some(Qos::AtMostOnce)
}

/// Whether `topic` is the device's property report, for which the clouds set a limit of its own.
pub(crate) fn is_report(identity: &Identity, topic: &str) -> bool {
    let suffix = match identity {
        Identity::Huawei(_) => "/properties/report",
        Identity::Aliyun(_) => "/thing/event/property/post",
        Identity::Ucloud(_) => "/tmodel/property/post",
        Identity::Mqtt(_) => return false,
    };
    without_query(identity, topic).ends_with(suffix)
}

/// What the device may do with one topic. A pattern without wildcards decides alone, so that a table may take a topic out of
/// a wider one; otherwise the first that allows more than subscribing.
fn right_to(identity: &Identity, topic: &str) -> Option<Right> {
    let rank = |right: Right, pattern: &str| (pattern.contains(['+', '#']), right == Subscribe);
    rules(identity)
        .filter(|(_, pattern)| matches(pattern, topic))
        .min_by_key(|(right, pattern)| rank(*right, pattern))
        .map(|(right, _)| right)
}

/// Huawei takes `?request_id=…` and the like after the name of a topic.
fn without_query<'a>(identity: &Identity, topic: &'a str) -> &'a str {
    match identity {
        Identity::Huawei(_) => topic.split_once('?').map_or(topic, |(name, _)| name),
        _ => topic,
    }
}

fn outside_oc(topic: &str) -> bool {
    !topic.starts_with('$') && !topic.starts_with("/huawei/") && !topic.starts_with(['+', '#'])
}

fn rules(identity: &Identity) -> impl Iterator<Item = (Right, Cow<'_, str>)> {
    let table = match identity {
        Identity::Huawei(_) => HUAWEI,
        Identity::Aliyun(_) => ALIYUN,
        Identity::Ucloud(_) => UCLOUD,
        Identity::Mqtt(_) => &[(Both, "#")],
    };
    table.iter().map(move |(right, pattern)| (*right, filled(identity, pattern)))
}

fn filled<'a>(identity: &Identity, pattern: &'a str) -> Cow<'a, str> {
    match identity {
        Identity::Huawei(device) => pattern.replace("{id}", &device.device_id).into(),
        Identity::Aliyun(device) => {
            pattern.replace("{pk}", &device.product_key).replace("{dn}", &device.device_name).into()
        }
        Identity::Ucloud(device) => {
            pattern.replace("{psn}", &device.product_sn).replace("{dsn}", &device.device_sn).into()
        }
        Identity::Mqtt(_) => pattern.into(),
    }
}

/// Whether every topic that `filter` matches is matched by `pattern`.
fn covers(pattern: &str, filter: &str) -> bool {
    let mut asked = filter.split('/');
    for own in pattern.split('/') {
        if own == "#" {
            return true;
        }
        match asked.next() {
            Some(level) if level == own || (own == "+" && level != "#") => {}
            _ => return false,
        }
    }
    asked.next().is_none()
}

#[cfg(test)]
mod tests;
