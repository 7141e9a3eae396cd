//! The time, upgrades, orders and desired values.

use super::*;
use crate::cloud::{Told, Upgrade, UpgradeStep};

const MODULE: &str = "default";

fn ordered(stage: &mut Stage) {
    let body = json!({ "code": "1000", "id": 1, "message": "success", "data": { "size": 93, "version": "2.0.0", "url": "https://x/y",
        "signMethod": "Md5", "sign": "0", "module": "MCU" } });
    stage.comes("/ota/device/upgrade/pk/dn", &body.to_string());
}

/// What the device says of its upgrade: topic and params.
fn said(sent: &[Sent]) -> Vec<(String, Value)> {
    sent.iter().map(|sent| (sent.topic.rsplit('/').nth(2).unwrap().to_owned(), sent.json()["params"].clone())).collect()
}

#[test]
fn an_ordered_upgrade_waits_for_the_person_and_then_runs() {
    let mut stage = Stage::new(Cloud::Aliyun, &Plan::default());
    let run = |failure| Control::Upgrade { failure };
    assert_eq!(stage.behaviour.control(stage.now, &run(None)).unwrap_err(), "the platform has ordered no upgrade");
    ordered(&mut stage);
    let (sent, notes) = stage.pass(Duration::from_mins(1));
    assert_eq!((sent.len(), notes.len()), (0, 1), "{notes:?}");
    let standing = stage.standing().upgrade.unwrap();
    assert_eq!((standing.module.as_str(), standing.version.as_str(), standing.step), ("MCU", "2.0.0", None));
    assert!(stage.behaviour.control(stage.now, &run(Some(99))).unwrap_err().contains("there are -1, -2, -3, -4"));
    stage.behaviour.control(stage.now, &run(None)).unwrap();
    assert!(stage.behaviour.control(stage.now, &run(None)).unwrap_err().contains("under way"));
    let (sent, notes) = stage.pass(Duration::from_mins(1));
    let steps: Vec<Value> = said(&sent).iter().filter_map(|(_, params)| params.get("step").cloned()).collect();
    assert_eq!(steps, ["0", "12", "25", "37", "50", "50", "75", "100", "100"]);
    assert_eq!(said(&sent).last().unwrap(), &("inform".to_owned(), json!({ "version": "2.0.0", "module": "MCU" })));
    assert!(sent.iter().all(|sent| sent.by == "upgrade"));
    let took = sent.last().unwrap().at.saturating_sub(sent[0].at);
    assert_eq!(took, Duration::from_secs(4));
    assert_eq!(notes, ["upgrade: MCU is at 2.0.0"]);
    assert_eq!(stage.standing().upgrade.unwrap().step, Some(UpgradeStep::Done));
    assert!(stage.behaviour.control(stage.now, &run(None)).unwrap_err().contains("is at 2.0.0 already"));
}

#[test]
fn a_planned_upgrade_begins_by_itself_and_fails_with_its_code() {
    for (failure, steps) in [
        (-2, json!(["0", "12", "25", "-2"])),
        (-3, json!(["0", "12", "25", "37", "50", "-3"])),
        (-4, json!(["0", "12", "25", "37", "50", "50", "75", "-4"])),
    ] {
        let planned = PlannedUpgrade { takes: Duration::from_millis(10_500), failure: Some(failure) };
        let mut stage = Stage::new(Cloud::Aliyun, &Plan { upgrade: Some(planned), ..Plan::default() });
        ordered(&mut stage);
        let (sent, notes) = stage.pass(Duration::from_mins(1));
        let went: Vec<Value> = said(&sent).iter().map(|(_, params)| params["step"].clone()).collect();
        assert_eq!(json!(went), steps);
        assert_eq!(sent.last().unwrap().at, Duration::from_millis(10_500));
        assert!(notes[1].starts_with(&format!("upgrade: failed with {failure}: ")), "{notes:?}");
        // Once more, and it succeeds.
        stage.behaviour.control(stage.now, &Control::Upgrade { failure: None }).unwrap();
        stage.pass(Duration::from_mins(1));
        assert_eq!(stage.standing().upgrade.unwrap().step, Some(UpgradeStep::Done));
    }
}

#[test]
fn an_upgrade_waits_while_the_device_is_offline() {
    let planned = PlannedUpgrade { takes: Duration::from_secs(8), failure: None };
    let mut stage = Stage::new(Cloud::Aliyun, &Plan { upgrade: Some(planned), ..Plan::default() });
    ordered(&mut stage);
    let (sent, _) = stage.pass(Duration::from_millis(1_500));
    assert_eq!(sent.len(), 2);
    stage.behaviour.offline();
    assert_eq!(stage.pass(Duration::from_mins(1)).0, Vec::new());
    stage.behaviour.online(stage.now);
    let (sent, _) = stage.pass(Duration::from_mins(1));
    assert_eq!(said(&sent)[0].1["step"], "25");
    assert_eq!(stage.standing().upgrade.unwrap().step, Some(UpgradeStep::Done));
}

#[test]
fn what_is_taken_back_does_not_go_on() {
    let planned = PlannedUpgrade { takes: Duration::from_secs(8), failure: None };
    let mut stage = Stage::new(Cloud::Aliyun, &Plan { upgrade: Some(planned), ..Plan::default() });
    ordered(&mut stage);
    stage.pass(Duration::from_secs(1));
    let asked = Asked { topic: "", payload: b"" };
    stage.behaviour.was_told(stage.now, &asked, Told::UpgradeCancelled);
    let (sent, notes) = stage.pass(Duration::from_mins(1));
    assert_eq!((sent, notes), (Vec::new(), vec!["the platform takes the upgrade to MCU 2.0.0 back".to_owned()]));
    assert_eq!(stage.standing().upgrade, None);
}

#[test]
fn versions_are_told_at_connect_and_when_asked_for() {
    let versions = vec![(MODULE.to_owned(), "1.2.3".to_owned()), ("MCU".to_owned(), "7".to_owned())];
    let mut stage = Stage::new(Cloud::Aliyun, &Plan { versions, report_versions: true, ..Plan::default() });
    let (sent, _) = stage.did();
    let params: Vec<Value> = said(&sent).into_iter().map(|(_, params)| params).collect();
    assert_eq!(params, [json!({ "version": "1.2.3" }), json!({ "version": "7", "module": "MCU" })]);
    let upgrade = Upgrade { module: "MCU".to_owned(), version: "8".to_owned(), size: None };
    let asked = Asked { topic: "", payload: b"" };
    stage.behaviour.was_told(stage.now, &asked, Told::Upgrade(upgrade));
    stage.behaviour.control(stage.now, &Control::Upgrade { failure: None }).unwrap();
    stage.pass(Duration::from_mins(1));
    stage.behaviour.was_told(stage.now, &asked, Told::VersionWanted);
    let (sent, _) = stage.did();
    assert_eq!(said(&sent)[1].1, json!({ "version": "8", "module": "MCU" }));
    let mut stage = Stage::new(Cloud::Aliyun, &Plan::default());
    stage.behaviour.was_told(stage.now, &asked, Told::VersionWanted);
    assert_eq!(said(&stage.did().0)[0].1, json!({ "version": "1.0.0" }));
}

#[test]
fn the_time_is_asked_for_and_the_difference_told() {
    let mut stage = Stage::new(Cloud::Aliyun, &Plan { ask_time: true, ..Plan::default() });
    let (sent, _) = stage.did();
    assert_eq!((sent[0].topic.as_str(), sent[0].by.as_str()), ("/ext/ntp/pk/dn/request", "time"));
    let sent_at = sent[0].json()["deviceSendTime"].as_str().unwrap().parse::<i64>().unwrap();
    stage.pass(Duration::from_millis(200));
    let body = json!({ "deviceSendTime": sent_at.to_string(), "serverRecvTime": (sent_at + 3_300).to_string(),
        "serverSendTime": (sent_at + 3_300).to_string() });
    stage.comes("/ext/ntp/pk/dn/response", &body.to_string());
    let (_, notes) = stage.did();
    assert_eq!(notes, ["clock 3200000", "the platform's clock is 3.2 s ahead"]);
    assert_eq!(stage.standing().clock_offset_us, Some(3_200_000));
    stage.behaviour.control(stage.now, &Control::AskTime).unwrap();
    assert_eq!(stage.did().0.len(), 1);
    let mut plain = Stage::new(Cloud::Mqtt, &Plan::default());
    let refused = plain.behaviour.control(plain.now, &Control::AskTime).unwrap_err();
    assert_eq!(refused, "the broker has no question for its time");
}

#[test]
fn orders_are_acknowledged_and_desired_values_taken_over_where_that_is_on() {
    let mut stage = Stage::new(Cloud::Aliyun, &Plan::default());
    let push = json!({ "id": "9", "version": "1.0", "params": {}, "method": "thing.config.push" }).to_string();
    let (sent, _) = stage.asks("/sys/pk/dn/thing/config/push", &push);
    assert_eq!(
        (sent[0].topic.as_str(), sent[0].by.as_str()),
        ("/sys/pk/dn/thing/config/push_reply", "acknowledgement")
    );
    assert_eq!(sent[0].json()["id"], "9");
    let asked = Asked { topic: "", payload: b"" };
    for (desired, expected) in [(false, None), (true, Some(json!(21)))] {
        let auto = Auto { desired, ..Auto::default() };
        let mut stage = Stage::new(Cloud::Aliyun, &Plan { auto, ..Plan::default() });
        let told = Told::Desired { writes: vec![(Property::of("", "level"), json!(21))], version: Some(3) };
        stage.behaviour.was_told(stage.now, &asked, told);
        let (sent, _) = stage.did();
        assert_eq!(stage.value("level"), expected);
        assert_eq!(sent.len(), usize::from(desired));
        assert!(sent.iter().all(|sent| sent.by == "desired values" && sent.json()["params"]["level"] == 21));
    }
}
