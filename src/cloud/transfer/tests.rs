use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

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

#[test]
fn all_that_a_huawei_device_sends() {
    const OLD: &str = "$oc/devices/p_old/sys";
    const NEW: &str = "$oc/devices/p_new-1/sys";
    let report = r#"{"services":[{"service_id":"S","properties":{"p": 1.50},"event_time":"20250101T000000Z"}]}"#;
    let reported = r#"{"services":[{"service_id":"S","properties":{"p": 1.50},"event_time":"20250101T010000Z"}]}"#;
    let rows = [
        (
            "messages/up",
            r#"{"object_device_id":"p_old","content":"p_old"}"#,
            r#"{"object_device_id":"p_new-1","content":"p_old"}"#,
        ),
        ("messages/up", r#"{"object_device_id":"sub-1","id":"9"}"#, r#"{"object_device_id":"sub-1","id":"9"}"#),
        ("messages/up", "\0no text", "\0no text"),
        ("properties/report", report, reported),
        (
            "gateway/sub_devices/properties/report",
            r#"{"devices":[{"device_id":"sub","services":[{"event_time":"2025-01-01T00:00:00.500Z"}]}]}"#,
            r#"{"devices":[{"device_id":"sub","services":[{"event_time":"2025-01-01T01:00:00.500Z"}]}]}"#,
        ),
        ("properties/get/response/request_id=5", report, reported),
        (
            "events/up",
            r#"{"services":[{"service_id":"$time_sync","event_type":"time_sync_request","paras":{"device_send_time":1700000000000}}]}"#,
            r#"{"services":[{"service_id":"$time_sync","event_type":"time_sync_request","paras":{"device_send_time":1700003600000}}]}"#,
        ),
        (
            "events/up",
            r#"{"services":[{"service_id":"$log","paras":{"timestamp":"1700000000000","content":"1"}}]}"#,
            r#"{"services":[{"service_id":"$log","paras":{"timestamp":"1700003600000","content":"1"}}]}"#,
        ),
        (
            "events/up",
            r#"{"services":[{"service_id":"$sub_device_manager","paras":{"devices":[{"parent_device_id":"p_old","node_id":"p_old"}]}}]}"#,
            r#"{"services":[{"service_id":"$sub_device_manager","paras":{"devices":[{"parent_device_id":"p_new-1","node_id":"p_old"}]}}]}"#,
        ),
        (
            "events/up",
            r#"{"services":[{"service_id":"own","paras":{"timestamp":1}}]}"#,
            r#"{"services":[{"service_id":"own","paras":{"timestamp":1}}]}"#,
        ),
        ("bootstrap/up", "", ""),
    ];
    let rows = rows
        .map(|(tail, body, new)| (format!("{OLD}/{tail}"), body, format!("{NEW}/{tail}").replace("=5", "=77"), new));
    let rows: Vec<_> =
        rows.iter().map(|(topic, body, new, new_body)| [topic.as_str(), *body, new.as_str(), *new_body]).collect();
    check(Cloud::Huawei, Direction::Up, &LATER, &rows);
    check(
        Cloud::Huawei,
        Direction::Up,
        &LATER,
        &[
            [&format!("{OLD}/messages/up?request_id=3"), "x", &format!("{NEW}/messages/up?request_id=77"), "x"],
            [
                &format!("{OLD}/properties/report?request_id=3&encoding=gzip"),
                "x",
                &format!("{NEW}/properties/report?request_id=77&encoding=gzip"),
                "x",
            ],
            [&format!("{OLD}/shadow/get/request_id=3"), "{}", &format!("{NEW}/shadow/get/request_id=77"), "{}"],
            [
                "$oc/devices/p_old/user/x",
                r#"{"object_device_id":"p_old"}"#,
                "$oc/devices/p_new-1/user/x",
                r#"{"object_device_id":"p_old"}"#,
            ],
            ["$oc/devices/p_other/sys/messages/up", "x", "$oc/devices/p_other/sys/messages/up", "x"],
            ["$oc/m2m/to/p_old/from/request_id=3", "x", "$oc/m2m/to/p_old/from/request_id=3", "x"],
            [
                "$oc/bridges/b/devices/p_old/sys/login/request_id=3",
                "{}",
                "$oc/bridges/b/devices/p_new-1/sys/login/request_id=3",
                "{}",
            ],
            [
                "/huawei/v1/devices/p_old/data/json",
                r#"{"msgType":"deviceReq","data":[{"serviceId":"S","eventTime":"20250101T000000Z"}]}"#,
                "/huawei/v1/devices/p_new-1/data/json",
                r#"{"msgType":"deviceReq","data":[{"serviceId":"S","eventTime":"20250101T010000Z"}]}"#,
            ],
            ["own/p_old", "p_old", "own/p_old", "p_old"],
        ],
    );
}

#[test]
fn all_that_an_aliyun_device_sends() {
    let post = r#"{"id":"9","params":{"a":{"value":1,"time":1700000000000},"b":{"time":5},"time":3},"method":"m"}"#;
    let posted = r#"{"id":"77","params":{"a":{"value":1,"time":1700003600000},"b":{"time":5},"time":3},"method":"m"}"#;
    check(
        Cloud::Aliyun,
        Direction::Up,
        &LATER,
        &[
            ["/sys/pk/dn/thing/event/property/post", post, "/sys/kp/lamp-2/thing/event/property/post", posted],
            [
                "/sys/pk/dn/thing/event/property/post",
                r#"{"id": 9 }"#,
                "/sys/kp/lamp-2/thing/event/property/post",
                r#"{"id": 77 }"#,
            ],
            [
                "/sys/pk/dn/thing/event/property/history/post",
                r#"{"id":"9","params":[{"properties":[{"a":{"value":1,"time":1}}]}]}"#,
                "/sys/kp/lamp-2/thing/event/property/history/post",
                r#"{"id":"77","params":[{"properties":[{"a":{"value":1,"time":1}}]}]}"#,
            ],
            [
                "/sys/pk/dn/thing/event/smoke/post",
                r#"{"id":"9","params":{"value":{"v":1},"time":1700000000000}}"#,
                "/sys/kp/lamp-2/thing/event/smoke/post",
                r#"{"id":"77","params":{"value":{"v":1},"time":1700003600000}}"#,
            ],
            [
                "/sys/pk/dn/thing/event/smoke/post",
                r#"{"id":"9","params":{"time":1700000000000}}"#,
                "/sys/kp/lamp-2/thing/event/smoke/post",
                r#"{"id":"77","params":{"time":1700000000000}}"#,
            ],
            [
                "/sys/pk/dn/thing/property/desired/get",
                r#"{"id":"9"}"#,
                "/sys/kp/lamp-2/thing/property/desired/get",
                r#"{"id":"77"}"#,
            ],
            [
                "/sys/pk/dn/thing/model/up_raw",
                "\u{1}{\"id\":1}",
                "/sys/kp/lamp-2/thing/model/up_raw",
                "\u{1}{\"id\":1}",
            ],
            [
                "/sys/pk/dn/thing/topo/add",
                r#"{"id":"9","params":[{"deviceName":"dn","productKey":"pk","sign":"x"}]}"#,
                "/sys/kp/lamp-2/thing/topo/add",
                r#"{"id":"77","params":[{"deviceName":"dn","productKey":"pk","sign":"x"}]}"#,
            ],
            [
                "/ota/device/inform/pk/dn",
                r#"{"id":1,"params":{}}"#,
                "/ota/device/inform/kp/lamp-2",
                r#"{"id":77,"params":{}}"#,
            ],
            ["/ota/device/progress/pk/dn", r#"{"id":"1"}"#, "/ota/device/progress/kp/lamp-2", r#"{"id":"77"}"#],
            [
                "/ext/ntp/pk/dn/request",
                r#"{"deviceSendTime":"1700000000000"}"#,
                "/ext/ntp/kp/lamp-2/request",
                r#"{"deviceSendTime":"1700003600000"}"#,
            ],
            [
                "/ext/session/pk/dn/combine/login",
                r#"{"id":"1","params":{"timestamp":"1"}}"#,
                "/ext/session/kp/lamp-2/combine/login",
                r#"{"id":"77","params":{"timestamp":"1"}}"#,
            ],
            [
                "/shadow/update/pk/dn",
                r#"{"method":"update","version":3}"#,
                "/shadow/update/kp/lamp-2",
                r#"{"method":"update","version":3}"#,
            ],
            ["/pk/dn/user/update", r#"{"id":"1"}"#, "/kp/lamp-2/user/update", r#"{"id":"1"}"#],
            ["/pk/dn2/user/update", "x", "/pk/dn2/user/update", "x"],
            [
                "/sys/pk/sub/thing/event/property/post",
                r#"{"id":"1"}"#,
                "/sys/pk/sub/thing/event/property/post",
                r#"{"id":"77"}"#,
            ],
            ["elsewhere/pk/dn", "x", "elsewhere/pk/dn", "x"],
        ],
    );
}

#[test]
fn all_that_a_ucloud_device_sends() {
    let root = |tail: &str| (format!("/$system/psn/dsn/{tail}"), format!("/$system/psn2/aa:bb/{tail}"));
    for (tail, body, new) in [
        ("password", r#"{"RequestID":"100"}"#, r#"{"RequestID":"77"}"#),
        ("tmodel/template/get", r#"{"RequestID":1}"#, r#"{"RequestID":77}"#),
        (
            "tmodel/property/post",
            r#"{"RequestID":"1","Property":{"k":{"Value":1,"Time":1700000000000},"Time":{"Value":2}}}"#,
            r#"{"RequestID":"77","Property":{"k":{"Value":1,"Time":1700003600000},"Time":{"Value":2}}}"#,
        ),
        ("tmodel/property/restore", r#"{"RequestID":"1"}"#, r#"{"RequestID":"77"}"#),
        (
            "tmodel/property/desired/delete",
            r#"{"RequestID":"1","Delete":{"k":{"Version":2}}}"#,
            r#"{"RequestID":"77","Delete":{"k":{"Version":2}}}"#,
        ),
        (
            "tmodel/event/post",
            r#"{"RequestID":"1","Identifier":"e","Output":{"Time":4},"Time":1700000000000}"#,
            r#"{"RequestID":"77","Identifier":"e","Output":{"Time":4},"Time":1700003600000}"#,
        ),
        ("shadow/upstream", r#"{"Method":"update","Version":2}"#, r#"{"Method":"update","Version":2}"#),
        ("ota/upstream", r#"{"Method":"report_version"}"#, r#"{"Method":"report_version"}"#),
    ] {
        let (topic, new_topic) = root(tail);
        check(Cloud::Ucloud, Direction::Up, &LATER, &[[&topic, body, &new_topic, new]]);
    }
    check(
        Cloud::Ucloud,
        Direction::Up,
        &LATER,
        &[
            ["/psn/dsn/upload", r#"{"RequestID":"1"}"#, "/psn2/aa:bb/upload", r#"{"RequestID":"1"}"#],
            ["/psn/other/upload", "x", "/psn/other/upload", "x"],
        ],
    );
}

#[test]
fn a_plain_brokers_messages_stay_as_they_are() {
    let row =
        ["a/device/42", r#"{"id":"1","time":1700000000000}"#, "a/device/42", r#"{"id":"1","time":1700000000000}"#];
    check(Cloud::Mqtt, Direction::Up, &LATER, &[row]);
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

fn cloud() -> impl Strategy<Value = Cloud> {
    prop::sample::select(vec![Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt])
}

fn topic() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "$oc/devices/p_old/sys/properties/report?request_id=ID",
        "$oc/devices/p_old/sys/commands/response/request_id=ID",
        "$oc/devices/p_old/sys/events/up",
        "/sys/pk/dn/thing/event/property/post",
        "/sys/pk/dn/thing/event/e/post",
        "/sys/pk/dn/rrpc/response/ID",
        "/ext/rrpc/ID//pk/dn/user/get",
        "/ext/ntp/pk/dn/request",
        "/$system/psn/dsn/tmodel/property/post",
        "/$system/psn/dsn/tmodel/command_reply/ID",
        "/psn/dsn/x",
    ]);
    prop_oneof![
        4 => (known, "[a-z0-9]{1,4}").prop_map(|(topic, id)| topic.replace("ID", &id)),
        1 => "[/$a-z中=?]{0,40}",
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let json = (0_u32..20, 1_600_000_000_000_u64..1_800_000_000_000, "[\\PC]{0,6}", any::<bool>()).prop_map(
        |(id, time, text, number)| {
            let id = if number { id.to_string() } else { format!("\"{id}\"") };
            let text = Value::from(text);
            format!(
                r#"{{"id":{id}, "RequestID" : {id},"object_device_id":"p_old","params":{{"a":{{"value":{text},"time":{time}}},"value":1,"time":"{time}"}},
                "Property":{{"k":{{"Value":{text},"Time":{time}}}}},"Time":{time},"services":[{{"event_time":"20250101T000000Z","x":{text}}}]}}"#
            )
            .into_bytes()
        },
    );
    prop_oneof![3 => json, 1 => prop::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #[test]
    fn to_the_same_device_with_the_same_ids_nothing_changes(
        cloud in cloud(), topic in topic(), body in body(), up in any::<bool>()
    ) {
        let direction = if up { Direction::Up } else { Direction::Down };
        let (device, _) = devices(cloud);
        let same = Transfer::new((cloud, &device), (cloud, &device)).unwrap();
        let kept = same.carry(direction, &topic, &body, &Fresh::default());
        prop_assert_eq!((&*kept.topic, &*kept.payload), (topic.as_str(), body.as_slice()));
        let id = observed(cloud, &device).meaning(direction, &topic, &body).request_id.map(|id| id.into_owned());
        if let Some(id) = id {
            let fresh = Fresh { id: NewId::Other(&id), shift_us: 0 };
            let kept = same.carry(direction, &topic, &body, &fresh);
            prop_assert_eq!(&*kept.topic, topic.as_str());
            // Two ids that differ in one answer, in its topic and in its body, become one.
            if !topic.contains("command_reply") {
                prop_assert_eq!(&*kept.payload, body.as_slice());
            }
        }
    }

    #[test]
    fn there_and_back_is_where_it_was(cloud in cloud(), topic in topic(), body in body(), hours in -200_i64..200) {
        let (from, to) = devices(cloud);
        let there = Transfer::new((cloud, &from), (cloud, &to)).unwrap();
        let back = Transfer::new((cloud, &to), (cloud, &from)).unwrap();
        let shift_us = hours * 3_600_000_000;
        let carried = there.carry(Direction::Up, &topic, &body, &Fresh { id: NewId::Same, shift_us });
        let fresh = Fresh { id: NewId::Same, shift_us: -shift_us };
        let returned = back.carry(Direction::Up, &carried.topic, &carried.payload, &fresh);
        prop_assert_eq!((&*returned.topic, &*returned.payload), (topic.as_str(), body.as_slice()));
    }

    #[test]
    fn a_carried_message_means_the_same(
        cloud in cloud(), topic in topic(), body in body(), id in 0_u32..100_000, hours in 0_i64..20_000
    ) {
        let transfer = transfer(cloud);
        let id = id.to_string();
        let fresh = Fresh { id: NewId::Other(&id), shift_us: hours * 3_600_000_000 };
        let carried = transfer.carry(Direction::Up, &topic, &body, &fresh);
        let (from, to) = devices(cloud);
        let (old, new) = (observed(cloud, &from), observed(cloud, &to));
        let before = old.meaning(Direction::Up, &topic, &body);
        let after = new.meaning(Direction::Up, &carried.topic, &carried.payload);
        prop_assert_eq!(before.what, after.what);
        if !topic.starts_with("$oc/") || topic.starts_with("$oc/devices/") {
            prop_assert_eq!(before.request_id.map(|_| id), after.request_id.map(|id| id.into_owned()));
        }
        let recorded = transfer.essence_recorded(Direction::Up, &topic, &body);
        prop_assert_eq!(recorded, transfer.essence_live(Direction::Up, &carried.topic, &carried.payload));
    }
}
