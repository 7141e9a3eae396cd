//! Every row of the platform's topic list, and what is nearly one.

use super::*;
use crate::profile::{AliyunTimestamp, SecretSource, SignMethod};

const UP: Direction = Direction::Up;
const DOWN: Direction = Direction::Down;

/// The rows below `thing/`, and the names that their topics hold.
const THING: &[(&str, What, &str)] = &[
    ("event/property/post", What::PropertyReport, ""),
    ("event/property/post_reply", What::Reply, ""),
    ("event/property/history/post", What::PropertyReport, ""),
    ("event/property/history/post_reply", What::Reply, ""),
    ("event/property/pack/post", What::PropertyReport, ""),
    ("event/property/pack/post_reply", What::Reply, ""),
    ("event/property/batch/post", What::PropertyReport, ""),
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
    ("property/desired/delete", What::Shadow, ""),
    ("property/desired/delete_reply", What::Reply, ""),
    ("deviceinfo/update", What::System, ""),
    ("deviceinfo/update_reply", What::Reply, ""),
    ("deviceinfo/delete", What::System, ""),
    ("deviceinfo/delete_reply", What::Reply, ""),
    ("config/push", What::System, ""),
    ("config/push_reply", What::System, ""),
    ("config/get", What::System, ""),
    ("config/get_reply", What::Reply, ""),
    ("dsltemplate/get", What::System, ""),
    ("dsltemplate/get_reply", What::Reply, ""),
    ("dynamicTsl/get", What::System, ""),
    ("dynamicTsl/get_reply", What::Reply, ""),
    ("log/post", What::System, ""),
    ("log/post_reply", What::Reply, ""),
    ("topo/add", What::System, ""),
    ("topo/add_reply", What::Reply, ""),
    ("topo/delete", What::System, ""),
    ("topo/delete_reply", What::Reply, ""),
    ("topo/get", What::System, ""),
    ("topo/get_reply", What::Reply, ""),
    ("topo/add/notify", What::System, ""),
    ("topo/add/notify_reply", What::System, ""),
    ("topo/change", What::System, ""),
    ("topo/change_reply", What::System, ""),
    ("list/found", What::System, ""),
    ("list/found_reply", What::Reply, ""),
    ("sub/register", What::System, ""),
    ("sub/register_reply", What::Reply, ""),
    ("sub/unregister", What::System, ""),
    ("sub/unregister_reply", What::Reply, ""),
    ("proxy/provisioning/product_register", What::System, ""),
    ("proxy/provisioning/product_register_reply", What::Reply, ""),
    ("disable", What::System, ""),
    ("disable_reply", What::System, ""),
    ("enable_reply", What::System, ""),
    ("delete_reply", What::System, ""),
    ("gateway/permit", What::System, ""),
    ("gateway/permit_reply", What::System, ""),
    ("ota/firmware/get", What::Ota, ""),
    ("ota/firmware/get_reply", What::Reply, ""),
];

#[test]
fn every_thing_topic_has_its_meaning() {
    for (tail, what, name) in THING.iter().copied() {
        let topic = format!("/sys/a1AbCdEfGh1/lamp-01/thing/{tail}");
        let path = format!("thing/{tail}");
        let owner = Some(("a1AbCdEfGh1", "lamp-01"));
        let expected = Route { what, id: Id::Payload, name, tree: Tree::Sys, owner, path: &path };
        assert_eq!(route(UP, &topic), expected, "{topic}");
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
        (UP, "/sys/pk/dn/thing/model/down_raw_reply", What::Message, None, ""),
        (DOWN, "/sys/pk/dn/thing/model/up_raw_reply", What::Reply, None, ""),
        (DOWN, "/sys/pk/dn/odd", What::System, None, ""),
        (DOWN, "/sys/pk", What::System, None, ""),
        (DOWN, "/ext/ntp/pk/dn/response", What::System, None, ""),
        (DOWN, "/ext/notify", What::System, None, ""),
        (DOWN, "/ext/error/pk/dn", What::System, None, ""),
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
        ("/ota/device/inform/pk/dn", What::Ota),
        ("/ota/device/progress/pk/dn", What::Ota),
        ("/ext/session/pk/dn/combine/login", What::System),
        ("/ext/session/pk/dn/combine/login_reply", What::Reply),
        ("/ext/session/pk/dn/combine/batch_logout_reply", What::Reply),
    ] {
        let route = route(DOWN, topic);
        assert_eq!((route.what, route.id, route.owner), (what, Id::Payload, Some(("pk", "dn"))), "{topic}");
    }
}

#[test]
fn a_topic_says_which_tree_and_whose_it_is() {
    let own = Some(("pk", "dn"));
    for (topic, tree, owner, path) in [
        ("/sys/pk/dn/thing/topo/add", Tree::Sys, own, "thing/topo/add"),
        ("/sys/pk", Tree::Sys, None, "pk"),
        ("/ext/session/pk/dn/combine/login", Tree::Session, own, "combine/login"),
        ("/ext/ntp/pk/dn/response", Tree::Ntp, own, "response"),
        ("/ext/error/pk/dn", Tree::Error, own, ""),
        ("/ext/rrpc/7//pk/dn/user/get", Tree::Rrpc, own, "user/get"),
        ("/ext/rrpc/7/pk/dn/user/get", Tree::Rrpc, own, "user/get"),
        ("/ext/register", Tree::Register, None, "register"),
        ("/ext/regnwl", Tree::Register, None, "regnwl"),
        ("/ext/notify", Tree::Ext, None, "notify"),
        ("/ota/device/upgrade/pk/dn", Tree::Ota, own, "upgrade"),
        ("/ota/device/upgrade/pk/dn/x", Tree::Ota, None, "upgrade"),
        ("/shadow/get/pk/dn", Tree::Shadow, own, "get"),
        ("/broadcast/pk/all", Tree::Broadcast, None, "pk/all"),
        ("/pk/dn/user/get", Tree::User, own, "user/get"),
        ("a", Tree::User, None, "a"),
    ] {
        let route = route(DOWN, topic);
        assert_eq!((route.tree, route.owner, route.path), (tree, owner, path), "{topic}");
    }
    let device = identity("dn");
    for (topic, target) in [
        ("/sys/pk/dn/thing/service/turnOn", None),
        ("/sys/pk/sub/thing/service/turnOn", Some("pk/sub")),
        ("/sys/other/dn/rrpc/request/1", Some("other/dn")),
        ("/broadcast/pk/all", None),
    ] {
        assert_eq!(route(DOWN, topic).target(&device).as_deref(), target, "{topic}");
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
        ("/sys/pk/dn/thing/service/rrpc/request/x", "/sys/pk/dn/thing/service/rrpc/request/x_reply", Qos::AtLeastOnce),
    ] {
        assert_eq!(answer(asked), (expected.to_owned(), qos));
    }
}

#[test]
fn the_own_filters_cover_each_topic_that_the_platform_sends_on_once() {
    let filters = subscriptions(&identity("dn"));
    for topic in [
        "/sys/pk/dn/thing/event/property/post_reply",
        "/sys/pk/dn/thing/event/smoke/post_reply",
        "/sys/pk/dn/thing/event/property/history/post_reply",
        "/sys/pk/dn/thing/event/property/pack/post_reply",
        "/sys/pk/dn/thing/service/property/set",
        "/sys/pk/dn/thing/service/property/get",
        "/sys/pk/dn/thing/service/turnOn",
        "/sys/pk/dn/rrpc/request/812",
        "/sys/pk/dn/thing/property/desired/get_reply",
        "/sys/pk/dn/thing/property/desired/delete_reply",
        "/sys/pk/dn/thing/deviceinfo/update_reply",
        "/sys/pk/dn/thing/deviceinfo/delete_reply",
        "/sys/pk/dn/thing/config/get_reply",
        "/sys/pk/dn/thing/config/push",
        "/sys/pk/dn/thing/log/post_reply",
        "/sys/pk/dn/thing/model/up_raw_reply",
        "/sys/pk/dn/thing/model/down_raw",
        "/sys/pk/dn/thing/topo/add_reply",
        "/sys/pk/dn/thing/topo/delete_reply",
        "/sys/pk/dn/thing/topo/get_reply",
        "/sys/pk/dn/thing/topo/change",
        "/sys/pk/dn/thing/topo/add/notify",
        "/sys/pk/dn/thing/list/found_reply",
        "/sys/pk/dn/thing/sub/register_reply",
        "/sys/pk/dn/thing/sub/unregister_reply",
        "/sys/pk/dn/thing/gateway/permit",
        "/sys/pk/dn/thing/disable",
        "/sys/pk/dn/thing/enable",
        "/sys/pk/dn/thing/delete",
        "/sys/pk/dn/thing/ota/firmware/get_reply",
        "/ota/device/upgrade/pk/dn",
        "/ext/session/pk/dn/combine/login_reply",
        "/ext/session/pk/dn/combine/logout_reply",
        "/ext/session/pk/dn/combine/batch_login_reply",
        "/ext/session/pk/dn/combine/batch_logout_reply",
        "/ext/ntp/pk/dn/response",
        "/ext/error/pk/dn",
        "/shadow/get/pk/dn",
        "/pk/dn/user/get",
    ] {
        assert_eq!(filters.iter().filter(|own| own.filter.matches(topic)).count(), 1, "{topic}");
    }
    // A device holds at most 100, and the user's own come on top.
    assert!(filters.len() < 30, "{}", filters.len());
}

fn identity(device_name: &str) -> AliyunIdentity {
    AliyunIdentity {
        product_key: "pk".to_owned(),
        device_name: device_name.to_owned(),
        secret: SecretSource::Env("UNUSED".to_owned()),
        client_id: format!("pk.{device_name}"),
        sign_method: SignMethod::default(),
        timestamp: AliyunTimestamp::Absent,
        ext: None,
        is_token: false,
    }
}
