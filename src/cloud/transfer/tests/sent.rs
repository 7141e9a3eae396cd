//! Row by row, what a device of each cloud sends.

use super::*;

/// Below `$oc/devices/{id}/sys/`: topic, body, and what the body becomes.
const REPORT: &str = r#"{"services":[{"service_id":"S","properties":{"p": 1.50},"event_time":"20250101T000000Z"}]}"#;
const REPORTED: &str = r#"{"services":[{"service_id":"S","properties":{"p": 1.50},"event_time":"20250101T010000Z"}]}"#;
const HUAWEI_SYS: &[(&str, &str, &str)] = &[
    (
        "messages/up",
        r#"{"object_device_id":"p_old","content":"p_old"}"#,
        r#"{"object_device_id":"p_new-1","content":"p_old"}"#,
    ),
    ("messages/up", r#"{"object_device_id":"sub-1","id":"9"}"#, r#"{"object_device_id":"sub-1","id":"9"}"#),
    ("messages/up", "\0no text", "\0no text"),
    ("properties/report", REPORT, REPORTED),
    (
        "gateway/sub_devices/properties/report",
        r#"{"devices":[{"device_id":"sub","services":[{"event_time":"2025-01-01T00:00:00.500Z"}]}]}"#,
        r#"{"devices":[{"device_id":"sub","services":[{"event_time":"2025-01-01T01:00:00.500Z"}]}]}"#,
    ),
    ("properties/get/response/request_id=5", REPORT, REPORTED),
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

#[test]
fn all_that_a_huawei_device_sends() {
    const OLD: &str = "$oc/devices/p_old/sys";
    const NEW: &str = "$oc/devices/p_new-1/sys";
    let rows = HUAWEI_SYS
        .iter()
        .map(|(tail, body, new)| (format!("{OLD}/{tail}"), body, format!("{NEW}/{tail}").replace("=5", "=77"), new));
    for (topic, body, new, new_body) in rows {
        check(Cloud::Huawei, Direction::Up, &LATER, &[[&topic, body, &new, new_body]]);
    }
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

const POST: &str = r#"{"id":"9","params":{"a":{"value":1,"time":1700000000000},"b":{"time":5},"time":3},"method":"m"}"#;
const POSTED: &str =
    r#"{"id":"77","params":{"a":{"value":1,"time":1700003600000},"b":{"time":5},"time":3},"method":"m"}"#;
/// Topic, body, and what they become.
const ALIYUN: &[[&str; 4]] = &[
    ["/sys/pk/dn/thing/event/property/post", POST, "/sys/kp/lamp-2/thing/event/property/post", POSTED],
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
    ["/sys/pk/dn/thing/model/up_raw", "\u{1}{\"id\":1}", "/sys/kp/lamp-2/thing/model/up_raw", "\u{1}{\"id\":1}"],
    [
        "/sys/pk/dn/thing/topo/add",
        r#"{"id":"9","params":[{"deviceName":"dn","productKey":"pk","sign":"x"}]}"#,
        "/sys/kp/lamp-2/thing/topo/add",
        r#"{"id":"77","params":[{"deviceName":"dn","productKey":"pk","sign":"x"}]}"#,
    ],
    ["/ota/device/inform/pk/dn", r#"{"id":1,"params":{}}"#, "/ota/device/inform/kp/lamp-2", r#"{"id":77,"params":{}}"#],
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
];

#[test]
fn all_that_an_aliyun_device_sends() {
    check(Cloud::Aliyun, Direction::Up, &LATER, ALIYUN);
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
