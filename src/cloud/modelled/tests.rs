use std::collections::BTreeMap;

use super::*;
use crate::cloud::observed;
use crate::model::edit;
use crate::model::tests::samples;
use crate::profile::Cloud;

/// A device of that cloud, and the model of the fixtures.
fn bench(cloud: Cloud) -> (Box<dyn Platform>, Model) {
    let ids = ["device_id", "product_key", "device_name", "product_sn", "device_sn"];
    let identifiers: BTreeMap<String, String> =
        ids.iter().map(|key| ((*key).to_owned(), key.split('_').next_back().unwrap().to_owned())).collect();
    let model = match cloud {
        Cloud::Huawei => samples::huawei(),
        Cloud::Aliyun => samples::aliyun(),
        Cloud::Ucloud | Cloud::Mqtt => samples::ucloud(),
    };
    (observed(cloud, &identifiers), model)
}

/// What is found in a body, one line each: `path: rule (code)`.
fn found(cloud: Cloud, topic: &str, body: &str, asked: Option<(&str, &str)>) -> Vec<String> {
    let (platform, model) = bench(cloud);
    let asked = asked.map(|(topic, payload)| Asked { topic, payload: payload.as_bytes() });
    let findings = findings(platform.as_ref(), &model, &Said { topic, body, asked });
    let code = |finding: &Finding| finding.code.map(|(code, _)| format!(" ({code})")).unwrap_or_default();
    findings.iter().map(|finding| format!("{}: {}{}", finding.path, finding.rule, code(finding))).collect()
}

const ALIYUN: &str = "/sys/key/name/thing/event";

#[test]
fn a_report_of_aliyun_earns_the_code_of_its_mistake() {
    let topic = format!("{ALIYUN}/property/post");
    for (params, told) in [
        (r#"{"temperature": 21.5, "power": 1, "location0:room": "hall"}"#, &[][..]),
        (r#"{"temperature": {"value": 21.5, "time": 1735689600000}}"#, &[]),
        (r#"{"place": {"lat": 1.5, "floor": 2}}"#, &[]),
        (
            r#"{"temperature": 21}"#,
            &["params.temperature: needs a decimal point: 21.0, since 21 is taken for an int (6307)"],
        ),
        (r#"{"temperature": 121.0}"#, &["params.temperature: must be ≤ 120 (is 121.0) (6307)"]),
        (
            r#"{"temperature": {"value": 21, "time": 1735689600000}}"#,
            &["params.temperature.value: needs a decimal point: 21.0, since 21 is taken for an int (6307)"],
        ),
        (r#"{"brightness": "50"}"#, &[r#"params.brightness: must be a whole number (is the text "50") (6306)"#]),
        (r#"{"power": true}"#, &["params.power: must be 0 or 1 (is true) (6308)"]),
        (r#"{"scene": 2}"#, &["params.scene: must be one of 0, 1, 4 (is 2) (6309)"]),
        (r#"{"label": "12345678901234567"}"#, &["params.label: must be at most 16 bytes long (is 17) (6310)"]),
        (
            r#"{"installed": 1735689600000}"#,
            &[
                r#"params.installed: must be milliseconds since 1970 as text, such as "1735689600000" (is 1735689600000) (6311)"#,
            ],
        ),
        (r#"{"place": 1}"#, &["params.place: must be an object (is 1) (6312)"]),
        (r#"{"place": {"lon": 1.0}}"#, &["params.place.lon: is not in the model (6304)"]),
        (r#"{"energy": -1.0}"#, &["params.energy: must be ≥ 0 (is -1.0) (6322)"]),
        (r#"{"levels": [1, 2, 3, 4]}"#, &["params.levels: must have at most 3 items (has 4) (6324)"]),
        (r#"{"levels": [1.5]}"#, &["params.levels[0]: must be a whole number (is 1.5) (6306)"]),
        (r#"{"humidity": 3}"#, &["params.humidity: is not in the model (6320)"]),
        (r#"{"room": "hall"}"#, &["params.room: is not in the model (6320)"]),
        (r#"{"pin": "1234"}"#, &["params.pin: is written by the platform alone, and not reported"]),
        ("[1]", &["params: must be an object, not an array (6312)"]),
    ] {
        assert_eq!(found(Cloud::Aliyun, &topic, &format!("{{\"params\":{params}}}"), None), told, "{params}");
    }
    let many: Vec<String> = (0..201).map(|number| format!("\"p{number}\":1")).collect();
    let found = found(Cloud::Aliyun, &topic, &format!("{{\"params\":{{{}}}}}", many.join(",")), None);
    assert_eq!(found[0], "params: must have at most 200 properties (has 201) (6106)");
    assert_eq!(found.len(), MOST_FINDINGS);
}

#[test]
fn a_finding_stands_where_the_mistake_is() {
    let (platform, model) = bench(Cloud::Aliyun);
    let topic = format!("{ALIYUN}/property/post");
    let body = "{\n  \"params\": {\n    \"亮度\": 1, \"power\": 2 }\n}";
    let found = findings(platform.as_ref(), &model, &Said { topic: &topic, body, asked: None });
    assert_eq!(found.iter().map(|finding| finding.place).collect::<Vec<_>>(), [(3, 5), (3, 23)]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn other_messages_of_aliyun_are_held_against_their_part_of_the_model() {
    let fade =
        Some(("/sys/key/name/thing/service/fade", r#"{"id":"7","params":{"to":5},"method":"thing.service.fade"}"#));
    let rrpc = Some(("/sys/key/name/rrpc/request/7", r#"{"id":"7","params":{},"method":"thing.service.fade"}"#));
    let get = Some(("/sys/key/name/thing/service/property/get", r#"{"id":"7","params":["power"]}"#));
    for (topic, body, asked, told) in [
        ("event/overheat/post", r#"{"params":{"value":{"temperature":90.0,"reason":1},"time":1}}"#, None, &[][..]),
        (
            "event/overheat/post",
            r#"{"params":{"temperature":90}}"#,
            None,
            &["params.temperature: needs a decimal point: 90.0, since 90 is taken for an int (6307)"],
        ),
        (
            "event/overheat/post",
            r#"{"params":{"value":{"cause":1}}}"#,
            None,
            &["params.value.cause: is not in the model (6304)"],
        ),
        ("event/location0:moved/post", r#"{"params":{"value":{"from":"hall"}}}"#, None, &[]),
        ("event/fire/post", r#"{"params":{}}"#, None, &[": is no event of the model (5160)"]),
        (
            "event/property/history/post",
            r#"{"params":[{"identity":{"productKey":"key","deviceName":"name"},"properties":[{"power":{"value":2,"time":1}}],"events":[{"fire":{"value":{}}}]},{"identity":{"productKey":"other","deviceName":"name"},"properties":[{"x":1}]}]}"#,
            None,
            &[
                "params[0].properties[0].power.value: must be 0 or 1 (is 2) (6308)",
                "params[0].events[0].fire: is no event of the model (5160)",
            ],
        ),
        (
            "event/property/pack/post",
            r#"{"params":{"properties":{"power":3},"events":{"overheat":{"value":{"reason":7}}},"subDevices":[{"properties":{"x":1}}]}}"#,
            None,
            &[
                "params.properties.power: must be 0 or 1 (is 3) (6308)",
                "params.events.overheat.value.reason: must be one of 0, 1 (is 7) (6309)",
            ],
        ),
        (
            "service/fade_reply",
            r#"{"id":"7","code":200,"data":{"took":70000}}"#,
            fade,
            &["data.took: must be ≤ 60000 (is 70000)"],
        ),
        ("service/fade_reply", r#"{"id":"7","code":400,"data":{"took":70000}}"#, fade, &[]),
        ("../rrpc/response/7", r#"{"id":"7","code":200,"data":{"x":1}}"#, rrpc, &["data.x: is not in the model"]),
        (
            "service/property/get_reply",
            r#"{"id":"7","code":200,"data":{"power":2}}"#,
            get,
            &["data.power: must be 0 or 1 (is 2)"],
        ),
        ("deviceinfo/update", r#"{"params":[]}"#, None, &[]),
    ] {
        let topic = topic
            .strip_prefix("../")
            .map_or_else(|| format!("/sys/key/name/thing/{topic}"), |rest| format!("/sys/key/name/{rest}"));
        assert_eq!(found(Cloud::Aliyun, &topic, body, asked), told, "{topic} {body}");
    }
    let topic = "/sys/key/sub-01/thing/event/property/post";
    assert!(
        found(Cloud::Aliyun, topic, r#"{"params":{"x":1}}"#, None).is_empty(),
        "a sub-device is of another product"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_a_huawei_device_says_is_held_against_its_services() {
    let command = Some((
        "$oc/devices/id/sys/commands/request_id=7",
        r#"{"service_id":"smokeDetector","command_name":"SILENCE","paras":{"value":1}}"#,
    ));
    for (topic, body, asked, told) in [
        (
            "properties/report",
            r#"{"services":[{"service_id":"smokeDetector","properties":{"alarm":1,"smokeConcentration":3},"event_time":"20250101T000000Z"}]}"#,
            None,
            &[][..],
        ),
        (
            "properties/report?encoding=gzip",
            r#"{"services":[{"service_id":"battery","properties":{"batteryLevel":101}}]}"#,
            None,
            &["services[0].properties.batteryLevel: must be ≤ 100 (is 101)"],
        ),
        (
            "properties/report",
            r#"{"services":[{"service_id":"smoke","properties":{}}]}"#,
            None,
            &["services[0].service_id: is no service of the model"],
        ),
        ("properties/report", r#"{"services":[{"properties":{}}]}"#, None, &["services[0]: must have `service_id`"]),
        (
            "properties/report",
            r#"{"services":[{"service_id":"smokeDetector","properties":{"mode":"out"},"event_time":"now"}]}"#,
            None,
            &[
                "services[0].properties.mode: must be one of home, away (is out)",
                r#"services[0].event_time: must be a time as yyyyMMdd'T'HHmmss'Z', such as "20250101T000000Z" (is the text "now")"#,
            ],
        ),
        ("properties/report", "{}", None, &[": must have `services`"]),
        (
            "events/up",
            r#"{"services":[{"service_id":"smokeDetector","event_type":"smokeAlarm","paras":{}}]}"#,
            None,
            &["services[0].paras: must have `smokeConcentration`"],
        ),
        (
            "events/up",
            r#"{"services":[{"service_id":"smokeDetector","event_type":"fire","paras":{}}]}"#,
            None,
            &["services[0].event_type: is no event of the service smokeDetector"],
        ),
        (
            "events/up",
            r#"{"services":[{"service_id":"$time_sync","event_type":"time_sync_request","paras":{}}]}"#,
            None,
            &[],
        ),
        ("events/up", r#"{"object_device_id":"sub","services":[{"service_id":"x"}]}"#, None, &[]),
        (
            "commands/response/request_id=7",
            r#"{"result_code":0,"response_name":"DONE","paras":{"result":"maybe"}}"#,
            command,
            &[
                r#"response_name: must be COMMAND_RESPONSE (is "DONE")"#,
                "paras.result: must be one of success, failed (is maybe)",
            ],
        ),
        ("commands/response/request_id=7", r#"{"result_code":1,"paras":{}}"#, command, &[]),
        (
            "properties/get/response/request_id=7",
            r#"{"services":[{"service_id":"battery","properties":{"x":1}}]}"#,
            None,
            &["services[0].properties.x: is not in the model"],
        ),
        ("gateway/sub_devices/properties/report", r#"{"devices":[]}"#, None, &[]),
        ("messages/up", r#"{"content":1}"#, None, &[]),
    ] {
        let topic = format!("$oc/devices/id/sys/{topic}");
        assert_eq!(found(Cloud::Huawei, &topic, body, asked), told, "{topic} {body}");
    }
}

#[test]
fn what_a_ucloud_device_says_is_held_against_its_template() {
    let command =
        Some(("/$system/sn/sn/tmodel/command", r#"{"RequestID":"7","Identifier":"download_music","Input":{}}"#));
    for (topic, body, asked, told) in [
        ("tmodel/property/post", r#"{"Property":{"supply":{"Value":3,"Time":1735689600000}}}"#, None, &[][..]),
        (
            "tmodel/property/post",
            r#"{"Property":{"volume":{"Value":101}}}"#,
            None,
            &["Property.volume.Value: must be ≤ 100 (is 101) (230)"],
        ),
        (
            "tmodel/property/post",
            r#"{"Property":{"volume":50}}"#,
            None,
            &["Property.volume: must be an object with `Value` (230)"],
        ),
        (
            "tmodel/property/post",
            r#"{"Property":{"light":{"Value":1}}}"#,
            None,
            &["Property.light: is not in the model (100058)"],
        ),
        (
            "tmodel/event/post",
            r#"{"Identifier":"low_power_alert","Output":{"power":11}}"#,
            None,
            &["Output.power: must be ≤ 10 (is 11) (230)"],
        ),
        (
            "tmodel/event/post",
            r#"{"Identifier":"low_power_alert","Output":{"left":1}}"#,
            None,
            &["Output.left: is not in the model (100038)"],
        ),
        (
            "tmodel/event/post",
            r#"{"Identifier":"fire","Output":{}}"#,
            None,
            &["Identifier: is no event of the model (100047)"],
        ),
        ("tmodel/event/post", r#"{"Output":{}}"#, None, &[": must have `Identifier` (230)"]),
        (
            "tmodel/command_reply/7",
            r#"{"RetCode":0,"Output":{"result":2}}"#,
            command,
            &["Output.result: must be 0 or 1 (is 2) (100041)"],
        ),
        ("tmodel/command_reply/7", r#"{"RetCode":1,"Output":{"result":2}}"#, command, &[]),
        (
            "shadow/upstream",
            r#"{"Method":"update","State":{"Reported":{"volume":-1}}}"#,
            None,
            &["State.Reported.volume: must be ≥ 0 (is -1) (230)"],
        ),
        ("shadow/upstream", r#"{"Method":"delete","State":{"Reported":{"volume":null}}}"#, None, &[]),
        ("tmodel/property/restore", r#"{"RequestID":"1"}"#, None, &[]),
    ] {
        let topic = format!("/$system/sn/sn/{topic}");
        assert_eq!(found(Cloud::Ucloud, &topic, body, asked), told, "{topic} {body}");
    }
}

#[test]
fn what_a_model_offers_passes_its_own_check_and_has_a_form() {
    for (cloud, labels) in [
        (
            Cloud::Huawei,
            &[
                "report of all services",
                "report of smokeDetector",
                "report of battery",
                "event smokeAlarm of smokeDetector",
            ][..],
        ),
        (Cloud::Aliyun, &["report of all properties", "event overheat", "event location0:moved"]),
        (Cloud::Ucloud, &["report of all properties", "event low_power_alert"]),
        (Cloud::Mqtt, &[]),
    ] {
        let (platform, model) = bench(cloud);
        let drafts = platform.model_drafts(&model, 1_735_689_600_000);
        let offered: Vec<&str> = drafts.iter().map(|draft| draft.label.strip_prefix("model: ").unwrap()).collect();
        assert_eq!(offered, labels);
        for draft in &drafts {
            let said = Said { topic: &draft.topic, body: &draft.body, asked: None };
            assert_eq!(findings(platform.as_ref(), &model, &said), [], "{}", draft.label);
            let fields = form(platform.as_ref(), &model, &said);
            assert!(!fields.is_empty(), "{}", draft.label);
            // Each value of the form is in the body, and can be exchanged for its example.
            let mut body = draft.body.clone();
            for field in &fields {
                let tree = Tree::read(&draft.body).unwrap();
                assert!(tree.root.pointer(&field.pointer).is_some(), "{} {}", draft.label, field.pointer);
                body = edit::set(&body, &field.pointer, &field.data.example().to_string()).unwrap().text;
            }
            assert_eq!(body.parse::<serde_json::Value>().unwrap(), draft.body.parse::<serde_json::Value>().unwrap());
            assert_eq!(platform.meaning(crate::cloud::Direction::Up, &draft.topic, body.as_bytes()).what, draft.what);
        }
    }
}

#[test]
fn a_form_makes_room_for_what_is_not_written_yet() {
    let pointers = |cloud, topic: &str, body: &str, asked: Option<(&str, &str)>| {
        let (platform, model) = bench(cloud);
        let asked = asked.map(|(topic, payload)| Asked { topic, payload: payload.as_bytes() });
        let fields = form(platform.as_ref(), &model, &Said { topic, body, asked });
        fields.into_iter().map(|field| field.pointer).collect::<Vec<_>>()
    };
    let topic = format!("{ALIYUN}/property/post");
    let body = r#"{"params":{"power":{"value":1,"time":5},"scene":0}}"#;
    let found = pointers(Cloud::Aliyun, &topic, body, None);
    assert!(
        found.contains(&"/params/power/value".to_owned()) && found.contains(&"/params/scene".to_owned()),
        "{found:?}"
    );
    assert!(found.contains(&"/params/location0:room".to_owned()) && !found.contains(&"/params/pin".to_owned()));
    let event = format!("{ALIYUN}/overheat/post");
    assert_eq!(pointers(Cloud::Aliyun, &event, "{}", None), ["/params/value/temperature", "/params/value/reason"]);
    assert_eq!(pointers(Cloud::Ucloud, "/$system/sn/sn/tmodel/property/post", "{}", None)[0], "/Property/volume/Value");
    let asked =
        ("$oc/devices/id/sys/commands/request_id=7", r#"{"service_id":"smokeDetector","command_name":"SILENCE"}"#);
    assert_eq!(
        pointers(Cloud::Huawei, "$oc/devices/id/sys/commands/response/request_id=7", "{}", Some(asked)),
        ["/paras/result"]
    );
    assert!(pointers(Cloud::Aliyun, &topic, "no JSON", None).is_empty());
}
