use std::collections::BTreeMap;

use super::*;

mod properties;
mod sent;

type Named = BTreeMap<String, String>;

fn named(pairs: &[(&str, &str)]) -> Named {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Two devices of each cloud.
fn devices(cloud: Cloud) -> (Named, Named) {
    match cloud {
        Cloud::Huawei => (named(&[("device_id", "p_old")]), named(&[("device_id", "p_new-1")])),
        Cloud::Aliyun => (
            named(&[("product_key", "pk"), ("device_name", "dn"), ("client_id", "x")]),
            named(&[("product_key", "kp"), ("device_name", "lamp-2"), ("client_id", "y")]),
        ),
        Cloud::Ucloud => (
            named(&[("product_sn", "psn"), ("device_sn", "dsn")]),
            named(&[("product_sn", "psn2"), ("device_sn", "aa:bb")]),
        ),
        Cloud::Mqtt => (named(&[("client_id", "a")]), named(&[("client_id", "b")])),
    }
}

fn transfer(cloud: Cloud) -> Transfer {
    let (from, to) = devices(cloud);
    Transfer::new((cloud, &from), (cloud, &to)).unwrap()
}

/// One hour later, with 77 as the new id.
const LATER: Fresh<'static> = Fresh { id: NewId::Other("77"), shift_us: 3_600_000_000 };

/// Holds each row of (topic, body, new topic, new body) against [`Transfer::carry`].
fn check(cloud: Cloud, direction: Direction, fresh: &Fresh<'_>, rows: &[[&str; 4]]) {
    let transfer = transfer(cloud);
    for [topic, body, new_topic, new_body] in rows {
        let carried = transfer.carry(direction, topic, body.as_bytes(), fresh);
        assert_eq!(carried.topic, *new_topic, "{topic}");
        assert_eq!(std::str::from_utf8(&carried.payload).unwrap(), *new_body, "{topic}");
    }
}

/// What is asked anew, the answer as recorded, and what it becomes.
#[test]
fn an_answer_takes_the_id_of_what_is_asked_now_in_its_own_form() {
    for (cloud, asked, topic, body, new_topic, new_body) in [
        (
            Cloud::Huawei,
            ("$oc/devices/p_new-1/sys/commands/request_id=live", "{}"),
            "$oc/devices/p_old/sys/commands/response/request_id=old",
            r#"{"result_code":1}"#,
            "$oc/devices/p_new-1/sys/commands/response/request_id=live",
            r#"{"result_code":1}"#,
        ),
        (
            Cloud::Aliyun,
            ("/sys/kp/lamp-2/thing/service/go", r#"{"id":5}"#),
            "/sys/pk/dn/thing/service/go_reply",
            r#"{"id":"3","code":200}"#,
            "/sys/kp/lamp-2/thing/service/go_reply",
            r#"{"id":5,"code":200}"#,
        ),
        (
            Cloud::Aliyun,
            ("/sys/kp/lamp-2/rrpc/request/812", r#"{"id":"5"}"#),
            "/sys/pk/dn/rrpc/response/7",
            r#"{"id":3,"code":200}"#,
            "/sys/kp/lamp-2/rrpc/response/812",
            r#"{"id":"5","code":200}"#,
        ),
        (
            Cloud::Aliyun,
            ("/ext/rrpc/812//kp/lamp-2/user/get", "no JSON"),
            "/ext/rrpc/7//pk/dn/user/get",
            "neither",
            "/ext/rrpc/812//kp/lamp-2/user/get",
            "neither",
        ),
        (
            Cloud::Ucloud,
            ("/$system/psn2/aa:bb/tmodel/command", r#"{"RequestID":"live"}"#),
            "/$system/psn/dsn/tmodel/command_reply/9",
            r#"{"RequestID":9,"RetCode":0}"#,
            "/$system/psn2/aa:bb/tmodel/command_reply/live",
            r#"{"RequestID":"live","RetCode":0}"#,
        ),
    ] {
        let asked = Asked { topic: asked.0, payload: asked.1.as_bytes() };
        let fresh = Fresh { id: NewId::Answering(&asked, Direction::Down), shift_us: 0 };
        check(cloud, Direction::Up, &fresh, &[[topic, body, new_topic, new_body]]);
    }
}

#[test]
fn what_a_platform_sends_goes_to_the_new_device() {
    check(
        Cloud::Huawei,
        Direction::Down,
        &LATER,
        &[[
            "$oc/devices/p_old/sys/commands/request_id=1",
            r#"{"object_device_id":"p_old","command_name":"C"}"#,
            "$oc/devices/p_new-1/sys/commands/request_id=77",
            r#"{"object_device_id":"p_new-1","command_name":"C"}"#,
        ]],
    );
    check(
        Cloud::Aliyun,
        Direction::Down,
        &LATER,
        &[
            ["/sys/pk/dn/thing/service/go", r#"{"id":"1"}"#, "/sys/kp/lamp-2/thing/service/go", r#"{"id":"77"}"#],
            ["/sys/pk/dn/rrpc/request/1", r#"{"id":"1"}"#, "/sys/kp/lamp-2/rrpc/request/77", r#"{"id":"1"}"#],
            ["/ext/rrpc/1//pk/dn/user/get", "x", "/ext/rrpc/77//kp/lamp-2/user/get", "x"],
            ["/broadcast/pk/all", "x", "/broadcast/kp/all", "x"],
        ],
    );
    check(
        Cloud::Ucloud,
        Direction::Down,
        &LATER,
        &[
            [
                "/$system/psn/dsn/tmodel/command",
                r#"{"RequestID":"1"}"#,
                "/$system/psn2/aa:bb/tmodel/command",
                r#"{"RequestID":"77"}"#,
            ],
            ["/psn/$broadcast/all", "x", "/psn2/$broadcast/all", "x"],
        ],
    );
}

#[test]
fn ids_that_are_no_number_become_text() {
    let transfer = transfer(Cloud::Aliyun);
    for (body, id, expected) in [
        (r#"{"id":9}"#, "x1", r#"{"id":"x1"}"#),
        (r#"{"id":9}"#, "007", r#"{"id":"007"}"#),
        (r#"{"id":9}"#, "0", r#"{"id":0}"#),
        (r#"{"id":"9"}"#, "a\"b", r#"{"id":"a\"b"}"#),
        (r#"{"id":"\u0039"}"#, "9", r#"{"id":"\u0039"}"#),
    ] {
        let fresh = Fresh { id: NewId::Other(id), shift_us: 0 };
        let carried = transfer.carry(Direction::Up, "/sys/pk/dn/thing/service/x", body.as_bytes(), &fresh);
        assert_eq!(std::str::from_utf8(&carried.payload).unwrap(), expected);
    }
}

#[test]
fn devices_of_two_clouds_and_devices_without_a_name_are_refused() {
    let (huawei, _) = devices(Cloud::Huawei);
    let (aliyun, _) = devices(Cloud::Aliyun);
    let words = |result: Result<Transfer, Untransferable>| result.unwrap_err().to_string();
    let other = words(Transfer::new((Cloud::Huawei, &huawei), (Cloud::Aliyun, &aliyun)));
    assert!(other.contains("huawei") && other.contains("aliyun"), "{other}");
    let nameless = words(Transfer::new((Cloud::Huawei, &Named::new()), (Cloud::Huawei, &huawei)));
    assert!(nameless.contains("recorded device") && nameless.contains("device_id"), "{nameless}");
}

#[test]
fn two_messages_are_the_same_but_for_ids_times_and_names() {
    let aliyun = transfer(Cloud::Aliyun);
    let recorded = aliyun.essence_recorded(
        Direction::Down,
        "/sys/pk/dn/thing/event/property/post_reply",
        br#"{"id":"1","code":200,"data":{}}"#,
    );
    for (body, same) in [
        (r#"{"id":"88","code":200,"data":{}}"#, true),
        (r#"{ "data" : {}, "code":200,"id":88}"#, true),
        (r#"{"id":"88","code":6300,"data":{}}"#, false),
        ("{", false),
    ] {
        let live =
            aliyun.essence_live(Direction::Down, "/sys/kp/lamp-2/thing/event/property/post_reply", body.as_bytes());
        assert_eq!(live == recorded, same, "{body}");
        assert_eq!(live.digest() == recorded.digest(), same, "{body}");
    }
    let elsewhere = aliyun.essence_live(
        Direction::Down,
        "/sys/pk/dn/thing/event/property/post_reply",
        br#"{"id":"1","code":200,"data":{}}"#,
    );
    assert_ne!(elsewhere, recorded, "the old device's topic is another one's");
}

#[test]
fn codes_are_read_as_number_and_as_text() {
    for (cloud, body, code) in [
        (Cloud::Huawei, r#"{"result_code":1}"#, Some(1)),
        (Cloud::Huawei, r#"{"services":[]}"#, None),
        (Cloud::Aliyun, r#"{"code":"200"}"#, Some(200)),
        (Cloud::Ucloud, r#"{"RetCode":0}"#, Some(0)),
        (Cloud::Mqtt, r#"{"code":0}"#, None),
        (Cloud::Aliyun, "nonsense", None),
    ] {
        assert_eq!(result_code(cloud, body.as_bytes()), code, "{body}");
    }
}
