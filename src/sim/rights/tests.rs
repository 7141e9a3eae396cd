//! Whose topic is whose.

use super::*;
use crate::sim::roster::demo;

const HUAWEI: usize = 0;
const ALIYUN: usize = 1;
const UCLOUD: usize = 2;

#[test]
fn a_device_may_subscribe_to_its_own_topics_and_to_no_other_devices() {
    for (device, filter, expected) in [
        (HUAWEI, "$oc/devices/65f0c0de_dev01/sys/commands/#", true),
        (HUAWEI, "$oc/devices/65f0c0de_dev01/sys/properties/set/#", true),
        (HUAWEI, "$oc/devices/65f0c0de_dev01/#", true),
        (HUAWEI, "$oc/devices/65f0c0de_dev01/user/+/x", true),
        (HUAWEI, "$oc/m2m/to/65f0c0de_dev01/#", true),
        (HUAWEI, "own/topic/#", true),
        (HUAWEI, "$oc/devices/65f0c0de_dev02/sys/commands/#", false),
        (HUAWEI, "$oc/devices/+/sys/commands/#", false),
        (HUAWEI, "$oc/devices/65f0c0de_dev01x/sys/commands/#", false),
        (HUAWEI, "$oc/#", false),
        (HUAWEI, "$SYS/#", false),
        (HUAWEI, "#", false),
        (HUAWEI, "+/x", false),
        (HUAWEI, "/huawei/v1/devices/65f0c0de_dev02/command/json", false),
        (ALIYUN, "/a1AbCdEfGh1/lamp-01/user/get", true),
        (ALIYUN, "/a1AbCdEfGh1/lamp-01/user/#", true),
        (ALIYUN, "/sys/a1AbCdEfGh1/lamp-01/thing/service/property/set", true),
        (ALIYUN, "/sys/a1AbCdEfGh1/lamp-01/rrpc/request/+", true),
        (ALIYUN, "/ext/rrpc/+/a1AbCdEfGh1/lamp-01/user/get", true),
        (ALIYUN, "/broadcast/a1AbCdEfGh1/all", true),
        (ALIYUN, "/ext/rrpc/#", false),
        (ALIYUN, "/a1AbCdEfGh1/lamp-02/user/get", false),
        (ALIYUN, "/a1AbCdEfGh1/+/user/get", false),
        (ALIYUN, "/sys/+/lamp-01/thing/#", false),
        (ALIYUN, "own/topic", false),
        (ALIYUN, "#", false),
        (UCLOUD, "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/#", true),
        (UCLOUD, "/ledubff3z85spjmu/h9onxtzw0aep7fsr/set", true),
        (UCLOUD, "/ledubff3z85spjmu/$broadcast/news", true),
        (UCLOUD, "/ledubff3z85spjmu/other/set", false),
        (UCLOUD, "/$system/ledubff3z85spjmu/+/tmodel/command", false),
        (UCLOUD, "/#", false),
    ] {
        assert_eq!(may_subscribe(&demo()[device].identity, filter), expected, "{device} {filter}");
    }
}

#[test]
fn a_device_may_publish_upwards_and_hears_itself_where_a_topic_has_both_rights() {
    for (device, topic, may, echo) in [
        (HUAWEI, "$oc/devices/65f0c0de_dev01/sys/properties/report", true, false),
        (HUAWEI, "$oc/devices/65f0c0de_dev01/sys/messages/up?request_id=1", true, false),
        (HUAWEI, "$oc/devices/65f0c0de_dev01/sys/commands/response/request_id=1", true, false),
        (HUAWEI, "$oc/devices/65f0c0de_dev01/sys/shadow/get/request_id=1", true, false),
        (HUAWEI, "$oc/devices/65f0c0de_dev01/user/log", true, true),
        (HUAWEI, "own/topic", true, true),
        (HUAWEI, "$oc/devices/65f0c0de_dev01/sys/messages/down", false, false),
        (HUAWEI, "$oc/devices/65f0c0de_dev01/sys/commands/request_id=1", false, false),
        (HUAWEI, "$oc/devices/65f0c0de_dev02/sys/properties/report", false, false),
        (ALIYUN, "/sys/a1AbCdEfGh1/lamp-01/thing/event/property/post", true, false),
        (ALIYUN, "/sys/a1AbCdEfGh1/lamp-01/rrpc/response/1", true, false),
        (ALIYUN, "/a1AbCdEfGh1/lamp-01/user/update", true, false),
        (ALIYUN, "/a1AbCdEfGh1/lamp-01/user/update/error", true, false),
        (ALIYUN, "/a1AbCdEfGh1/lamp-01/user/get", false, false),
        (ALIYUN, "/a1AbCdEfGh1/lamp-01/user/both", true, true),
        (ALIYUN, "/a1AbCdEfGh1/lamp-02/user/update", false, false),
        (ALIYUN, "/ext/error/a1AbCdEfGh1/lamp-01", false, false),
        (UCLOUD, "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/property/post", true, false),
        (UCLOUD, "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/command_reply/9", true, false),
        (UCLOUD, "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/command", false, false),
        (UCLOUD, "/ledubff3z85spjmu/h9onxtzw0aep7fsr/up", true, true),
        (UCLOUD, "/ledubff3z85spjmu/$broadcast/news", false, false),
    ] {
        let identity = &demo()[device].identity;
        assert_eq!((may_publish(identity, topic), echoes(identity, topic)), (may, echo), "{device} {topic}");
    }
}

#[test]
fn every_topic_that_the_clouds_own_profile_uses_is_open_to_its_device() {
    use crate::cloud::platform;
    use crate::profile::Transport;
    for device in demo() {
        let profile = device.profile(Transport::Wss, 443, std::path::Path::new("ca.pem"));
        let platform = platform(&profile);
        for subscription in platform.subscriptions() {
            let filter = subscription.filter.as_str();
            assert!(may_subscribe(&device.identity, filter), "{}: {filter}", device.name);
        }
        for draft in platform.drafts(1) {
            assert!(may_publish(&device.identity, &draft.topic), "{}: {}", device.name, draft.topic);
        }
    }
}

#[test]
fn a_message_from_device_to_device_names_whom_it_is_for() {
    for (device, topic, peer) in [
        (HUAWEI, "$oc/m2m/to/other/request_id=5", Some("other")),
        (HUAWEI, "$oc/m2m/to/65f0c0de_dev01/from/x/request_id=5", Some("65f0c0de_dev01")),
        (HUAWEI, "$oc/m2m/to/other", Some("other")),
        (HUAWEI, "$oc/m2m/to//x", None),
        (HUAWEI, "$oc/devices/other/user/x", None),
        (ALIYUN, "$oc/m2m/to/other/request_id=5", None),
    ] {
        assert_eq!(addressee(&demo()[device].identity, topic), peer, "{topic}");
    }
}

#[test]
fn a_pattern_covers_a_filter_only_if_it_matches_all_that_the_filter_does() {
    for (pattern, filter, expected) in [
        ("a/#", "a", true),
        ("a/#", "a/b/#", true),
        ("a/+", "a/+", true),
        ("a/+", "a/b", true),
        ("a/+", "a/#", false),
        ("a/+/c", "a/b/c", true),
        ("a/b", "a/+", false),
        ("a/b", "a/b/c", false),
        ("a/b/c", "a/b", false),
        ("#", "anything/at/all", true),
    ] {
        assert_eq!(covers(pattern, filter), expected, "{pattern} {filter}");
    }
}
