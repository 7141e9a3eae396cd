//! The platform's functions over events, with the documents' own parameters: what they say, what they tell the device, and what the
//! device says about them.

use serde_json::json;

use super::*;
use Direction::{Down, Up};

const EVENTS_UP: &str = "$oc/devices/prod1_nodeA/sys/events/up";
const EVENTS_DOWN: &str = "$oc/devices/prod1_nodeA/sys/events/down";

/// Direction, service, type, parameters; what it says behind its type, and whether that is a failure.
type Row = (Direction, &'static str, &'static str, &'static str, &'static str, bool);

fn event(service: &str, kind: &str, paras: &str) -> String {
    format!(
        r#"{{"services":[{{"service_id":"{service}","event_type":"{kind}","event_time":"20250101T000000Z","paras":{paras}}}]}}"#
    )
}

fn check(what: What, rows: &[Row]) {
    let device = device(SignType::default());
    for (direction, service, kind, paras, detail, failed) in rows.iter().copied() {
        let topic = if direction == Up { EVENTS_UP } else { EVENTS_DOWN };
        let body = event(service, kind, paras);
        let meaning = device.meaning(direction, topic, body.as_bytes());
        assert_eq!((meaning.what, meaning.request_id, meaning.deadline), (what, None, None), "{body}");
        let said = device.summary(direction, topic, body.as_bytes());
        assert_eq!((said.name.as_str(), said.detail.as_str(), said.failed), (kind, detail, failed), "{body}");
    }
}

const TIME_LOGS_CONFIGS: &[Row] = &[
    (Up, "$time_sync", "time_sync_request", r#"{"device_send_time":1}"#, "device_send_time=1", false),
    (
        Down,
        "$time_sync",
        "time_sync_response",
        r#"{"device_send_time":1,"server_recv_time":2,"server_send_time":3}"#,
        "device_send_time=1 server_recv_time=2 server_send_time=3",
        false,
    ),
    (
        Up,
        "$sdk_info",
        "sdk_info_report",
        r#"{"device_sdk_version":"C_v1","sw_version":"1","fw_version":"2"}"#,
        "device_sdk_version=C_v1 sw_version=1 fw_version=2",
        false,
    ),
    (Up, "$log", "log_report", r#"{"timestamp":"1","type":"T","content":"c"}"#, "timestamp=1 type=T content=c", false),
    (Down, "$log", "log_config", r#"{"switch":"on","end_time":"e"}"#, "switch=on end_time=e", false),
    (Down, "$device_config", "config_update", r#"{"config_content":{"k":1}}"#, "k=1", false),
    (Up, "$device_config", "config_update_response", r#"{"result_code":0}"#, "0 success", false),
    (
        Up,
        "$device_config",
        "config_update_response",
        r#"{"result_code":1,"result_desc":"no such key"}"#,
        "1 failed no such key",
        true,
    ),
    (Down, "$device_rule", "device_rule_config_response", r#"{"rulesInfos":[]}"#, "rulesInfos=[]", false),
    (
        Down,
        "$tunnel_manager",
        "tunnel_notify",
        r#"{"tunnel_uri":"u","tunnel_access_token":"hunter2","tunnel_id":"i"}"#,
        "tunnel_uri=u tunnel_id=i",
        false,
    ),
    (Down, "sub_device_discovery", "start_scan", r#"{"protocol":"p"}"#, "protocol=p", false),
    (Up, "sub_device_discovery", "scan_result", r#"{"devices":[]}"#, "devices=[]", false),
];

#[test]
fn time_logs_configs_and_tunnels() {
    check(What::Event, TIME_LOGS_CONFIGS);
}

#[test]
fn files() {
    check(
        What::Event,
        &[
            (Up, "$file_manager", "get_upload_url", r#"{"file_name":"a.log"}"#, "file_name=a.log", false),
            (
                Down,
                "$file_manager",
                "get_upload_url_response",
                r#"{"url":"https://signed","bucket_name":"b","object_name":"o","expire":3600}"#,
                "b o for 3600 s",
                false,
            ),
            (
                Up,
                "$file_manager",
                "upload_result_report",
                r#"{"object_name":"o","result_code":0,"status_code":200,"status_description":"ok"}"#,
                "o 0 success HTTP 200 ok",
                false,
            ),
            (Up, "$file_manager", "get_download_url", r#"{"file_name":"a.log"}"#, "file_name=a.log", false),
            (
                Down,
                "$file_manager",
                "get_download_url_response",
                r#"{"url":"https://signed","object_name":"o","expire":60}"#,
                "o for 60 s",
                false,
            ),
            (
                Up,
                "$file_manager",
                "download_result_report",
                r#"{"object_name":"o","result_code":1,"status_code":403}"#,
                "o 1 failed HTTP 403",
                true,
            ),
        ],
    );
}

const SUB_DEVICES: &[Row] = &[
    (
        Up,
        "$sub_device_manager",
        "sub_device_update_status",
        r#"{"device_statuses":[{"device_id":"s","status":"ONLINE"},{"device_id":"t","status":"OFFLINE"}]}"#,
        "s ONLINE t OFFLINE",
        false,
    ),
    (
        Down,
        "$sub_device_manager",
        "sub_device_update_status_response",
        r#"{"successful_devices":[{"device_id":"s","status":"ONLINE"}],"failed_devices":[{"device_id":"t","error_code":"IOTDA.021104"}]}"#,
        "1 done 1 failed: t IOTDA.021104 not a sub-device of this gateway",
        true,
    ),
    (
        Up,
        "$sub_device_manager",
        "add_sub_device_request",
        r#"{"devices":[{"parent_device_id":"g","node_id":"n1","name":"n"}]}"#,
        "n1",
        false,
    ),
    (
        Down,
        "$sub_device_manager",
        "add_sub_device_response",
        r#"{"successful_devices":[{}],"failed_devices":[{"node_id":"n9","product_id":"p","error_code":"X.1","error_msg":"exists"}]}"#,
        "1 done 1 failed: n9 X.1 exists",
        true,
    ),
    (Up, "$sub_device_manager", "delete_sub_device_request", r#"{"devices":["s","t"]}"#, "s t", false),
    (
        Down,
        "$sub_device_manager",
        "delete_sub_device_response",
        r#"{"successful_devices":["s"],"failed_devices":[]}"#,
        "1 done",
        false,
    ),
    (Up, "sub_device_manager", "sub_device_sync_request", r#"{"version":0}"#, "v0", false),
    (
        Down,
        "$sub_device_manager",
        "add_sub_device_notify",
        r#"{"devices":[{"device_id":"s"}],"version":2}"#,
        "s v2",
        false,
    ),
    (
        Down,
        "$sub_device_manager",
        "delete_sub_device_notify",
        r#"{"devices":[{"device_id":"s"}],"version":3}"#,
        "s v3",
        false,
    ),
];

#[test]
fn sub_devices() {
    check(What::Event, SUB_DEVICES);
}

#[test]
fn upgrades() {
    check(
        What::Ota,
        &[
            (Down, "$ota", "version_query", "{}", "", false),
            (
                Up,
                "$ota",
                "version_report",
                r#"{"fw_version":"1.0","sw_version":"2.0"}"#,
                "fw_version=1.0 sw_version=2.0",
                false,
            ),
            (
                Down,
                "$ota",
                "firmware_upgrade",
                r#"{"version":"2.0","url":"https://x/y","file_size":2048,"access_token":"secret","expires":3600,"sign":"s"}"#,
                "2.0 2.0 KiB",
                false,
            ),
            (
                Down,
                "$ota",
                "software_upgrade_v2",
                r#"{"version":"2.1","url":"https://signed","task_id":"t1","task_ext_info":{},"expires":3600}"#,
                "2.1 t1",
                false,
            ),
            (
                Up,
                "$ota",
                "upgrade_progress_report",
                r#"{"result_code":0,"progress":40,"version":"1.0"}"#,
                "1.0 40 %",
                false,
            ),
        ],
    );
    let device = device(SignType::default());
    let said = device.upgrade_failures().iter().map(|(code, words)| {
        let paras = format!(r#"{{"result_code":{code},"progress":40,"version":"2.0","description":"why"}}"#);
        let body = event("$ota", "upgrade_progress_report", &paras);
        let said = device.summary(Up, EVENTS_UP, body.as_bytes());
        assert_eq!((said.detail, said.failed), (format!("2.0 40 % {code} {words} why"), true));
        *code
    });
    assert_eq!(said.collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
}

#[test]
fn several_services_of_one_event_are_all_said_and_heard() {
    let device = device(SignType::default());
    let body = json!({ "services": [
        { "service_id": "$log", "event_type": "log_config", "paras": { "switch": "on" } },
        { "service_id": "$ota", "event_type": "version_query", "paras": {} },
        { "service_id": "$sub_device_manager", "event_type": "delete_sub_device_response",
          "paras": { "failed_devices": [{ "device_id": "t", "error_code": "IOTDA.021104", "error_msg": "no" }] } },
        { "service_id": "untyped" }
    ] })
    .to_string();
    let said = device.summary(Down, EVENTS_DOWN, body.as_bytes());
    assert_eq!(said.name, "log_config");
    assert_eq!(said.detail, "switch=on version_query: delete_sub_device_response: 1 failed: t IOTDA.021104 no");
    assert!(said.failed);
    assert_eq!(device.meaning(Down, EVENTS_DOWN, body.as_bytes()).what, What::Ota);
    assert_eq!(device.told(EVENTS_DOWN, body.as_bytes()), Some(Told::VersionWanted));
}

#[test]
fn what_calls_for_more_than_showing_is_told() {
    let device = device(SignType::default());
    let told = |service: &str, kind: &str, paras: Value| {
        device.told(EVENTS_DOWN, event(service, kind, &paras.to_string()).as_bytes())
    };
    let upgrade = |module: &str, size| {
        Some(Told::Upgrade(Upgrade { module: module.to_owned(), version: "2.0".to_owned(), size }))
    };
    for (service, kind, paras, expected) in [
        (
            "$time_sync",
            "time_sync_response",
            json!({ "device_send_time": 1, "server_recv_time": "2", "server_send_time": 3 }),
            Some(Told::Time { device_sent: 1, received: 2, sent: 3 }),
        ),
        ("$time_sync", "time_sync_response", json!({ "device_send_time": 1 }), None),
        (
            "time_sync",
            "time_sync_response",
            json!({ "device_send_time": 1, "server_recv_time": 2, "server_send_time": 3 }),
            None,
        ),
        ("$ota", "version_query", json!({}), Some(Told::VersionWanted)),
        ("$ota", "firmware_upgrade", json!({ "version": "2.0", "file_size": 9 }), upgrade("firmware", Some(9))),
        ("$ota", "firmware_upgrade_v2", json!({ "version": "2.0", "task_id": "t" }), upgrade("firmware", None)),
        ("$ota", "software_upgrade", json!({ "version": "2.0", "file_size": "9" }), upgrade("software", Some(9))),
        ("$ota", "software_upgrade_v2", json!({ "version": "2.0", "file_size": -1 }), upgrade("software", None)),
        ("$ota", "firmware_upgrade", json!({ "url": "u" }), None),
        ("$ota", "strange", json!({ "version": "2.0" }), None),
        (
            "$device_config",
            "config_update",
            json!({ "config_content": {} }),
            Some(Told::Order { name: "config update".to_owned() }),
        ),
        // It wants no acknowledgement: there is nothing to be done but showing it.
        ("$log", "log_config", json!({ "switch": "on" }), None),
    ] {
        assert_eq!(told(service, kind, paras.clone()), expected, "{service} {kind} {paras}");
    }
    assert_eq!(device.told(EVENTS_DOWN, b"nonsense"), None);
    let body = |whose| {
        format!(r#"{{"object_device_id":"{whose}","services":[{{"service_id":"$ota","event_type":"version_query"}}]}}"#)
    };
    assert_eq!(device.told(EVENTS_DOWN, body("sub1").as_bytes()), None, "what is for a sub-device is not for this one");
    assert_eq!(device.told(EVENTS_DOWN, body("prod1_nodeA").as_bytes()), Some(Told::VersionWanted));
}

#[test]
fn what_is_desired_in_the_shadow_is_told() {
    let device = device(SignType::default());
    let topic = "$oc/devices/prod1_nodeA/sys/shadow/get/response/request_id=1";
    let shadow = r#"{"object_device_id":"prod1_nodeA","shadow":[{"service_id":"S","desired":{"properties":{"p":2}},"reported":{"properties":{"p":1}},"version":3}]}"#;
    assert_eq!(
        device.told(topic, shadow.as_bytes()),
        Some(Told::Desired { writes: vec![(Property::of("S", "p"), json!(2))], version: Some(3) })
    );
    for nothing in [
        r#"{"shadow":[{"service_id":"S","desired":{"properties":{}},"version":3}]}"#,
        r#"{"shadow":[]}"#,
        r#"{"shadow":5}"#,
        // That of a sub-device is not this device's to take over.
        r#"{"object_device_id":"sub1","shadow":[{"service_id":"S","desired":{"properties":{"p":2}},"version":3}]}"#,
    ] {
        assert_eq!(device.told(topic, nothing.as_bytes()), None, "{nothing}");
    }
}

#[test]
fn a_pushed_config_is_acknowledged() {
    let device = device(SignType::default());
    let acknowledged = |topic: &str, body: &str| device.acknowledge(&Asked { topic, payload: body.as_bytes() });
    let pushed = event("$device_config", "config_update", r#"{"version":"7","config_content":{}}"#);
    let answer = acknowledged(EVENTS_DOWN, &pushed).unwrap();
    assert_eq!((answer.topic.as_str(), answer.what), (EVENTS_UP, What::Event));
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        body["services"][0],
        json!({
            "service_id": "$device_config", "event_type": "config_update_response",
            "paras": { "result_code": 0, "result_desc": "success", "version": "7" }
        })
    );
    assert_eq!(device.summary(Up, EVENTS_UP, answer.body.as_bytes()).detail, "0 success");
    assert_eq!(acknowledged(EVENTS_DOWN, &event("$log", "log_config", "{}")), None);
    assert_eq!(acknowledged("$oc/devices/prod1_nodeA/sys/messages/down", &pushed), None, "a message is no event");
}

#[test]
fn the_device_says_its_versions_its_progress_and_its_time() {
    let device = device(SignType::default());
    let at = WallTime::from_unix_micros(1_700_000_000_000_000);
    let paras = |draft: Draft| {
        assert_eq!(draft.topic, EVENTS_UP);
        assert_eq!(device.meaning(Up, &draft.topic, draft.body.as_bytes()).what, draft.what);
        let body: Value = serde_json::from_str(&draft.body).unwrap();
        assert_eq!(body["services"][0]["event_time"], "20231114T221320Z");
        body["services"][0]["paras"].clone()
    };
    let upgrade = Upgrade { module: "firmware".to_owned(), version: "2.0".to_owned(), size: None };
    let step = |step| device.upgrade_progress(1, at, &upgrade, step).map(paras);
    for (told, expected) in [
        (UpgradeStep::Downloading(50), json!({ "result_code": 0, "progress": 25, "version": "2.0" })),
        (UpgradeStep::Installing(50), json!({ "result_code": 0, "progress": 75, "version": "2.0" })),
        (UpgradeStep::Installing(100), json!({ "result_code": 0, "progress": 99, "version": "2.0" })),
        (UpgradeStep::Done, json!({ "result_code": 0, "progress": 100, "version": "2.0" })),
    ] {
        assert_eq!(step(told), Some(expected), "{told:?}");
    }
    for (code, words) in device.upgrade_failures() {
        let told = step(UpgradeStep::Failed(*code)).unwrap();
        assert_eq!((&told["result_code"], &told["description"]), (&json!(code), &json!(words)));
    }
    assert_eq!(step(UpgradeStep::Failed(77)), None, "the documents have no such code");
    let version = |module: &str| paras(device.version_report(1, at, module, "1.0").unwrap());
    assert_eq!(
        (version("firmware"), version("software")),
        (json!({ "fw_version": "1.0" }), json!({ "sw_version": "1.0" }))
    );
    assert_eq!(paras(device.ask_time(5, at).unwrap()), json!({ "device_send_time": 1_700_000_000_000_i64 }));
}
