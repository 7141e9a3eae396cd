//! The device's properties: what requests write and read, what reports say.

use super::*;

#[test]
fn values_are_taken_over_when_the_device_says_success() {
    let sets = [
        (HUAWEI_SET, "smoke/level", json!(2), 1),
        (ALIYUN_SET, "level", json!(9), 400),
        (UCLOUD_SET, "level", json!(9), 130),
    ];
    for ((cloud, topic, body), name, value, failure) in sets {
        // By a rule.
        for (code, expected) in [(None, Some(value.clone())), (Some(failure), None)] {
            let mut stage = Stage::rules(cloud, vec![rule(Reply { code, ..Reply::default() })]);
            stage.asks(topic, body);
            assert_eq!(stage.value(name), expected, "{topic} {code:?}");
        }
        // By hand.
        for (code, expected) in [(None, Some(value)), (Some(failure), None)] {
            let mut stage = Stage::new(cloud, &Plan::default());
            stage.comes(topic, body);
            assert_eq!(stage.value(name), None);
            let asked = Asked { topic, payload: body.as_bytes() };
            let draft = stage.platform.reply(&asked, code).unwrap();
            stage.sends(&draft.topic, draft.body.as_bytes());
            assert_eq!(stage.value(name), expected, "{topic} {code:?}");
        }
    }
}

#[test]
fn what_is_written_to_a_sub_device_is_not_the_devices_own() {
    let body = HUAWEI_SET.2.replace(r#""object_device_id":"d1""#, r#""object_device_id":"sub""#);
    let auto = Auto { property_set: true, ..Auto::default() };
    for plan in [
        Plan { rules: vec![rule(Reply::default())], ..Plan::default() },
        Plan { auto, ..Plan::default() },
        Plan::default(),
    ] {
        let mut stage = Stage::new(HUAWEI_SET.0, &plan);
        let (sent, _) = stage.asks(HUAWEI_SET.1, &body);
        assert_eq!(sent.len(), plan.rules.len(), "the rule for the device itself leaves it");
        assert_eq!(stage.value("smoke/level"), None);
    }
}

#[test]
fn sets_and_gets_are_answered_without_a_rule_where_that_is_on() {
    let properties = ["smoke/level", "level"].map(|name| (Property::parse(name), json!(1))).to_vec();
    let auto = Auto { property_set: true, property_get: true, desired: false };
    let plan = Plan { properties, auto, ..Plan::default() };
    let mut stage = Stage::new(Cloud::Huawei, &plan);
    stage.asks(HUAWEI_SET.1, HUAWEI_SET.2);
    let (sent, _) = stage.asks(HUAWEI_GET.1, HUAWEI_GET.2);
    assert_eq!(sent[0].by, "rule auto property get");
    let services = json!([{
        "service_id": "smoke", "properties": { "alarm": 1, "level": 2 }, "event_time": "20231114T221320Z"
    }]);
    assert_eq!(sent[0].json(), json!({ "services": services }));
    let mut stage = Stage::new(Cloud::Aliyun, &plan);
    let (sent, _) = stage.asks(ALIYUN_SET.1, ALIYUN_SET.2);
    assert_eq!(sent[0].by, "rule auto property set");
    let (sent, _) = stage.asks(ALIYUN_GET.1, ALIYUN_GET.2);
    assert_eq!(sent[0].json()["data"], json!({ "level": 9 }));
    let mut stage = Stage::new(Cloud::Ucloud, &plan);
    stage.asks(UCLOUD_SET.1, UCLOUD_SET.2);
    assert_eq!(stage.value("level"), Some(json!(9)));
    assert_eq!(stage.standing().rules.len(), 1, "UCloud asks for no properties");
    assert!(Stage::new(Cloud::Mqtt, &plan).standing().rules.is_empty());
}

#[test]
fn a_rule_gives_a_property_get_its_own_values() {
    let reply = Reply { holds: output(&json!({ "level": "{{ counter | add(40) }}" })), ..Reply::default() };
    for ((cloud, topic, body), expected) in [
        (
            HUAWEI_GET,
            json!({ "services": [{
                "service_id": "smoke", "properties": { "level": 41 }, "event_time": "20231114T221320Z"
            }] }),
        ),
        (ALIYUN_GET, json!({ "id": "125", "code": 200, "message": "success", "data": { "level": 41 } })),
    ] {
        let (sent, _) = Stage::rules(cloud, vec![rule(reply.clone())]).asks(topic, body);
        assert_eq!(sent[0].json(), expected);
    }
    let list = Reply { holds: output(&json!([1])), ..Reply::default() };
    let (sent, notes) = Stage::rules(ALIYUN_GET.0, vec![rule(list)]).asks(ALIYUN_GET.1, ALIYUN_GET.2);
    assert!(sent.is_empty() && notes[0].contains("must be an object of properties"), "{notes:?}");
}

#[test]
fn what_is_reported_by_hand_and_what_simulators_report_are_the_properties() {
    let mut stage = Stage::new(Cloud::Huawei, &Plan::default());
    let body = json!({ "services": [{ "service_id": "smoke", "properties": { "alarm": 0 } }] }).to_string();
    stage.sends("$oc/devices/d1/sys/properties/report", body.as_bytes());
    assert_eq!(stage.value("smoke/alarm"), Some(json!(0)));
    let simulator = Simulator {
        name: "weather".to_owned(),
        enabled: true,
        period: Duration::from_secs(5),
        jitter: 0.0,
        on_change: false,
        properties: vec![(Property::parse("level"), Wave::Constant(json!(3)))],
    };
    for cloud in [Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud] {
        let mut stage = Stage::new(cloud, &Plan { simulators: vec![simulator.clone()], ..Plan::default() });
        let (sent, _) = stage.pass(Duration::from_secs(11));
        let times: Vec<u64> = sent.iter().map(|sent| sent.at.as_secs()).collect();
        assert_eq!(times, [0, 5, 10]);
        assert_eq!(sent[0].by, "simulator weather");
        assert_eq!(stage.value("level"), Some(json!(3)));
        stage.behaviour.offline();
        assert_eq!(stage.pass(Duration::from_secs(20)).0, Vec::new());
        stage.behaviour.online(stage.now);
        let off = Control::Simulator { name: "weather".to_owned(), on: false };
        stage.behaviour.control(stage.now, &off).unwrap();
        assert_eq!(stage.pass(Duration::from_secs(20)).0, Vec::new());
        assert_eq!((stage.standing().simulators[0].on, stage.standing().simulators[0].reports), (false, 3));
    }
    let mut stage = Stage::new(Cloud::Mqtt, &Plan { simulators: vec![simulator], ..Plan::default() });
    let (sent, notes) = stage.pass(Duration::from_secs(11));
    assert_eq!((sent.len(), notes.len()), (0, 1), "{notes:?}");
}

#[test]
fn a_property_is_set_only_under_a_name_that_the_cloud_has() {
    for (cloud, name, fits) in [
        (Cloud::Huawei, "level", false),
        (Cloud::Huawei, "smoke/level", true),
        (Cloud::Aliyun, "level", true),
        (Cloud::Ucloud, "level", true),
        (Cloud::Ucloud, "", false),
    ] {
        let mut stage = Stage::new(cloud, &Plan::default());
        let set = Control::Property { property: Property::parse(name), value: json!(1) };
        let told = stage.behaviour.control(stage.now, &set);
        assert_eq!((told.is_ok(), stage.value(name).is_some()), (fits, fits), "{cloud:?} {name}: {told:?}");
    }
}
