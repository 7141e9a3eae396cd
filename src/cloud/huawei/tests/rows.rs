//! The platform's topic list and its functions over events, row by row.

use super::*;

/// Direction, topic and body of a message; its kind, its id, and what it says: name and detail.
type Row = (Direction, &'static str, String, What, Option<&'static str>, &'static str, &'static str);

/// Each row of the platform's topic list and of its functions over events with the documents' own body: what it is, its id, and what
/// it says.
#[test]
#[expect(clippy::too_many_lines, reason = "one entry a row of the list")]
fn every_row_of_the_topic_list_is_understood() {
    use Direction::{Down, Up};
    use What::{
        Command, CommandReply, Custom, Event, Message, Ota, PropertyGet, PropertyReport, PropertySet, Shadow, System,
    };
    let event = |service: &str, kind: &str, paras: &str| {
        format!(
            r#"{{"services":[{{"service_id":"{service}","event_type":"{kind}","event_time":"20250101T000000Z","paras":{paras}}}]}}"#
        )
    };
    let rows: Vec<Row> = vec![
        (Up, "sys/messages/up", r#"{"name":"n","id":"i","content":"hello"}"#.into(), Message, None, "n", "hello"),
        (Down, "sys/messages/down", "any bytes".into(), Message, None, "", "any bytes"),
        (
            Up,
            "sys/properties/report",
            r#"{"services":[{"service_id":"S","properties":{"p":1},"event_time":"20250101T000000Z"}]}"#.into(),
            PropertyReport,
            None,
            "",
            "p=1",
        ),
        (
            Up,
            "sys/gateway/sub_devices/properties/report",
            r#"{"devices":[{"device_id":"sub","services":[{"service_id":"S","properties":{"p":1}}]}]}"#.into(),
            PropertyReport,
            None,
            "",
            "sub S: p=1",
        ),
        (
            Down,
            "sys/properties/set/request_id=r1",
            r#"{"object_device_id":"d","services":[{"service_id":"S","properties":{"p":2}}]}"#.into(),
            PropertySet,
            Some("r1"),
            "",
            "p=2",
        ),
        (
            Up,
            "sys/properties/set/response/request_id=r1",
            r#"{"result_code":0,"result_desc":"done"}"#.into(),
            What::PropertySetReply,
            Some("r1"),
            "",
            "0 success done",
        ),
        (Down, "sys/properties/get/request_id=r2", r#"{"service_id":"S"}"#.into(), PropertyGet, Some("r2"), "", "S"),
        (
            Up,
            "sys/properties/get/response/request_id=r2",
            r#"{"services":[{"service_id":"S","properties":{"p":1}}]}"#.into(),
            What::PropertyGetReply,
            Some("r2"),
            "",
            "p=1",
        ),
        (
            Down,
            "sys/commands/request_id=r3",
            r#"{"object_device_id":"d","service_id":"S","command_name":"C","paras":{"a":1}}"#.into(),
            Command,
            Some("r3"),
            "C",
            "a=1",
        ),
        (
            Up,
            "sys/commands/response/request_id=r3",
            r#"{"result_code":2,"response_name":"R","paras":{"b":2}}"#.into(),
            CommandReply,
            Some("r3"),
            "",
            "2 timeout b=2",
        ),
        (Up, "sys/shadow/get/request_id=r4", r#"{"service_id":"S"}"#.into(), Shadow, Some("r4"), "", "service_id=S"),
        (
            Down,
            "sys/shadow/get/response/request_id=r4",
            r#"{"object_device_id":"d","shadow":[{"service_id":"S","desired":{"properties":{"p":2}},"reported":{"properties":{"p":1}},"version":3}]}"#
                .into(),
            Shadow,
            Some("r4"),
            "",
            "S desired p=2 reported p=1 v3",
        ),
        (Up, "user/any", r#"{"a":1}"#.into(), Custom, None, "", "a=1"),
        (
            Up,
            "sys/events/up",
            event("$time_sync", "time_sync_request", r#"{"device_send_time":1}"#),
            Event,
            None,
            "time_sync_request",
            "device_send_time=1",
        ),
        (Down, "sys/events/down", event("$ota", "version_query", "{}"), Ota, None, "version_query", ""),
        (
            Up,
            "sys/events/up",
            event("$ota", "version_report", r#"{"fw_version":"1.0","sw_version":"2.0"}"#),
            Ota,
            None,
            "version_report",
            "fw_version=1.0 sw_version=2.0",
        ),
        (
            Down,
            "sys/events/down",
            event("$ota", "firmware_upgrade", r#"{"version":"2.0","url":"https://x/y","file_size":2048,"access_token":"secret","expires":3600,"sign":"s"}"#),
            Ota,
            None,
            "firmware_upgrade",
            "2.0 2.0 KiB",
        ),
        (
            Up,
            "sys/events/up",
            event("$ota", "upgrade_progress_report", r#"{"result_code":7,"progress":40,"version":"2.0"}"#),
            Ota,
            None,
            "upgrade_progress_report",
            "2.0 40 % 7 package check failed",
        ),
        (
            Up,
            "sys/events/up",
            event("$sub_device_manager", "sub_device_update_status", r#"{"device_statuses":[{"device_id":"s","status":"ONLINE"}]}"#),
            Event,
            None,
            "sub_device_update_status",
            "s ONLINE",
        ),
        (
            Down,
            "sys/events/down",
            event(
                "$sub_device_manager",
                "add_sub_device_response",
                r#"{"successful_devices":[{}],"failed_devices":[{"node_id":"n9","error_code":"IOTDA.014301","error_msg":"exists"}]}"#,
            ),
            Event,
            None,
            "add_sub_device_response",
            "1 done 1 failed: n9 IOTDA.014301 exists",
        ),
        (
            Down,
            "sys/events/down",
            event("$file_manager", "get_upload_url_response", r#"{"url":"https://signed","bucket_name":"b","object_name":"o","expire":3600}"#),
            Event,
            None,
            "get_upload_url_response",
            "b o for 3600 s",
        ),
        (
            Down,
            "sys/events/down",
            event("$log", "log_config", r#"{"switch":"on","end_time":"e"}"#),
            Event,
            None,
            "log_config",
            "switch=on end_time=e",
        ),
        (
            Down,
            "sys/events/down",
            event("$device_config", "config_update", r#"{"config_content":{"k":1}}"#),
            Event,
            None,
            "config_update",
            "k=1",
        ),
        (Up, "sys/bootstrap/up", String::new(), System, None, "", ""),
    ];
    for (direction, tail, payload, what, id, name, detail) in rows {
        let topic = format!("$oc/devices/prod1_nodeA/{tail}");
        let device = device(SignType::default());
        let meaning = device.meaning(direction, &topic, payload.as_bytes());
        assert_eq!((meaning.what, meaning.request_id.as_deref()), (what, id), "{topic} {payload}");
        let waits = direction == Down && what.is_request();
        assert_eq!(meaning.deadline, waits.then_some(DEADLINE), "{topic}");
        let said = device.summary(direction, &topic, payload.as_bytes());
        assert_eq!((said.name.as_str(), said.detail.as_str()), (name, detail), "{topic} {payload}");
    }
    let legacy = r#"{"msgType":"cloudReq","serviceId":"S","cmd":"SILENCE","paras":{"value":1},"mid":5}"#;
    let said = device(SignType::default()).summary(Down, "/huawei/v1/devices/d/command/json", legacy.as_bytes());
    assert_eq!((said.name.as_str(), said.detail.as_str()), ("SILENCE", "value=1"));
}

#[test]
fn what_calls_for_more_than_showing_is_told_and_answered() {
    use crate::cloud::Property;
    const DOWN: &str = "$oc/devices/prod1_nodeA/sys/events/down";
    let event = |service: &str, kind: &str, paras: Value| {
        serde_json::json!({ "services": [{ "service_id": service, "event_type": kind, "paras": paras }] }).to_string()
    };
    let told = |topic: &str, body: &str| device(SignType::default()).told(topic, body.as_bytes());
    let times = serde_json::json!({ "device_send_time": 1, "server_recv_time": "2", "server_send_time": 3 });
    assert_eq!(
        told(DOWN, &event("$time_sync", "time_sync_response", times)),
        Some(Told::Time { device_sent: 1, received: 2, sent: 3 })
    );
    assert_eq!(told(DOWN, &event("$ota", "version_query", serde_json::json!({}))), Some(Told::VersionWanted));
    for (kind, module) in [("firmware_upgrade", "firmware"), ("software_upgrade_v2", "software")] {
        let upgrade = Upgrade { module: module.to_owned(), version: "2.0".to_owned(), size: Some(9) };
        let body = event("$ota", kind, serde_json::json!({ "version": "2.0", "url": "u", "file_size": "9" }));
        assert_eq!(told(DOWN, &body), Some(Told::Upgrade(upgrade)));
    }
    let pushed = event("$device_config", "config_update", serde_json::json!({ "config_content": {} }));
    assert_eq!(told(DOWN, &pushed), Some(Told::Order { name: "config update".to_owned() }));
    let answer = device(SignType::default()).acknowledge(&Asked { topic: DOWN, payload: pushed.as_bytes() }).unwrap();
    assert!(answer.topic.ends_with("/events/up") && answer.body.contains("config_update_response"), "{answer:?}");
    assert_eq!(told(DOWN, &event("$log", "log_config", serde_json::json!({ "switch": "on" }))), None);
    let shadow = r#"{"shadow":[{"service_id":"S","desired":{"properties":{"p":2}},"version":3}]}"#;
    assert_eq!(
        told("$oc/devices/prod1_nodeA/sys/shadow/get/response/request_id=1", shadow),
        Some(Told::Desired { writes: vec![(Property::of("S", "p"), serde_json::json!(2))], version: Some(3) })
    );
    let upgrade = Upgrade { module: "firmware".to_owned(), version: "2.0".to_owned(), size: None };
    let paras = |step| {
        let draft = device(SignType::default()).upgrade_progress(1, WallTime::default(), &upgrade, step).unwrap();
        serde_json::from_str::<Value>(&draft.body).unwrap()["services"][0]["paras"].clone()
    };
    assert_eq!(paras(UpgradeStep::Downloading(50))["progress"], 25);
    assert_eq!(paras(UpgradeStep::Done)["progress"], 100);
    for (code, _) in device(SignType::default()).upgrade_failures() {
        assert_eq!(paras(UpgradeStep::Failed(*code))["result_code"], *code);
    }
    assert!(
        device(SignType::default())
            .upgrade_progress(1, WallTime::default(), &upgrade, UpgradeStep::Failed(77))
            .is_none()
    );
    let asked = device(SignType::default()).ask_time(5, WallTime::from_unix_micros(1_700_000_000_000_000)).unwrap();
    assert!(asked.body.contains("1700000000000") && asked.body.contains("20231114T221320Z"), "{}", asked.body);
}

#[test]
fn a_command_to_a_sub_device_says_for_whom_it_is() {
    let asked = |body: &'static str| Asked {
        topic: "$oc/devices/prod1_nodeA/sys/commands/request_id=1",
        payload: body.as_bytes(),
    };
    let request = |body| device(SignType::default()).request(&asked(body)).unwrap();
    assert_eq!(request(r#"{"object_device_id":"sub1","command_name":"C"}"#).target.as_deref(), Some("sub1"));
    assert_eq!(request(r#"{"object_device_id":"prod1_nodeA","command_name":"C"}"#).target, None);
    assert_eq!(request("nonsense").name, "");
}

#[test]
fn a_packed_report_is_said_like_any_other() {
    let topic = "$oc/devices/prod1_nodeA/sys/properties/report?encoding=gzip";
    let body = br#"{"services":[{"service_id":"S","properties":{"p":1}}]}"#;
    let packed = device(SignType::default()).packed(topic, body).unwrap();
    assert_eq!(device(SignType::default()).summary(Direction::Up, topic, &packed).detail, "p=1");
    assert_eq!(device(SignType::default()).unpacked(topic, &packed).as_deref(), Some(body.as_slice()));
}
