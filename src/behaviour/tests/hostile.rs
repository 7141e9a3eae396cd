//! A platform that means harm: floods, sizes and moments that no cloud has.

use super::*;

const MIB: usize = 1 << 20;

/// Bytes of the messages that the device has made and the session has not taken.
fn made(behaviour: &mut Behaviour) -> (usize, usize) {
    let sizes: Vec<usize> = behaviour
        .take_deeds()
        .iter()
        .filter_map(|deed| match deed {
            Deed::Send(sending) => Some(sending.payload.len()),
            _ => None,
        })
        .collect();
    (sizes.len(), sizes.iter().sum())
}

#[test]
fn a_turn_full_of_requests_makes_no_gigabytes_of_answers() {
    let oversized = Faults { oversized: Some(Oversized::Bytes(4 * MIB)), ..Faults::default() };
    for delay in [Duration::ZERO, Duration::from_secs(1)] {
        let reply = Reply { faults: oversized.clone(), delay: Delay::fixed(delay), ..Reply::default() };
        let mut stage = Stage::rules(SILENCE.0, vec![rule(reply)]);
        for _ in 0..20 {
            stage.comes(SILENCE.1, SILENCE.2);
        }
        stage.now = stage.now.after(delay);
        let mut answers = 0;
        loop {
            let (count, bytes) = made(&mut stage.behaviour);
            assert!(bytes <= 20 * MIB, "{bytes} bytes at once");
            answers += count;
            match stage.behaviour.deadline() {
                Some(due) if due <= stage.now.mono => stage.behaviour.tick(stage.now),
                _ => break,
            }
        }
        assert_eq!(answers, 20, "each goes in its turn");
    }
}

#[test]
fn what_one_connection_did_not_take_does_not_go_over_the_next() {
    let mut stage = Stage::rules(SILENCE.0, vec![rule(Reply::default())]);
    stage.comes(SILENCE.1, SILENCE.2);
    // The session sees the end of the connection before it has taken the answer.
    stage.behaviour.offline();
    stage.behaviour.online(stage.now);
    let (sent, notes) = stage.pass(Duration::from_mins(1));
    assert_eq!(sent, []);
    assert_eq!(notes, ["1 message of its own went no more: the connection ended"]);
}

#[test]
fn delayed_answers_to_large_property_sets_are_bounded_and_the_others_are_left_to_the_person() {
    let reply = Reply { delay: Delay::fixed(Duration::from_secs(10)), ..Reply::default() };
    let mut stage = Stage::rules(ALIYUN_SET.0, vec![rule(reply)]);
    let body = json!({ "id": "1", "params": { "level": "x".repeat(4 * MIB) }, "method": "thing.service.property.set" });
    let body = body.to_string();
    for _ in 0..20 {
        stage.comes(ALIYUN_SET.1, &body);
    }
    let (sent, notes) = stage.pass(Duration::from_mins(1));
    assert!((10..=16).contains(&sent.len()), "{} answers waited with what they write", sent.len());
    assert_eq!(sent.len() + notes.len(), 20);
    assert!(notes.iter().all(|note| note.contains("is left to you")), "{notes:?}");
}

#[test]
fn upgrades_of_ever_new_modules_leave_no_versions_without_end() {
    let planned = PlannedUpgrade { takes: Duration::ZERO, failure: None };
    let mut stage = Stage::new(Cloud::Aliyun, &Plan { upgrade: Some(planned), ..Plan::default() });
    let order = |module: &str| json!({ "code": "1000", "data": { "version": "2", "module": module } }).to_string();
    for number in 0..500 {
        stage.comes("/ota/device/upgrade/pk/dn", &order(&format!("module{number}")));
        let (sent, _) = stage.pass(Duration::from_secs(1));
        assert_eq!(sent.len(), 10, "each one runs");
    }
    stage.behaviour.report_versions(stage.now);
    let (sent, _) = stage.did();
    assert!(sent.len() <= 100, "{} versions are told", sent.len());
    assert_eq!(sent.last().map(|sent| sent.json()["params"]["module"].clone()), Some(json!("module499")));
    stage.comes("/ota/device/upgrade/pk/dn", &order(&"x".repeat(MIB)));
    let (sent, notes) = stage.did();
    assert_eq!(sent, []);
    assert!(notes.len() == 1 && notes[0].len() < 1_000, "a name of a megabyte is passed over in few words");
}

#[test]
fn a_get_that_asks_for_one_large_value_over_and_over_copies_it_once() {
    let auto = Auto { property_get: true, ..Auto::default() };
    let properties = vec![(Property::of("", "level"), json!("x".repeat(MIB)))];
    let mut stage = Stage::new(Cloud::Aliyun, &Plan { properties, auto, ..Plan::default() });
    let body = json!({ "id": "1", "params": vec!["level"; 100_000], "method": "thing.service.property.get" });
    let start = Instant::now();
    stage.comes(ALIYUN_GET.1, &body.to_string());
    assert!(start.elapsed() < Duration::from_secs(5), "it took {:?}", start.elapsed());
    let (sent, _) = stage.did();
    assert_eq!(sent[0].json()["data"]["level"].as_str().map(str::len), Some(MIB));
}

#[test]
fn an_id_that_comes_again_does_not_write_what_its_first_request_wrote() {
    let set = |id: &str, level: u8| json!({ "id": id, "params": { "level": level } }).to_string();
    let success = br#"{"id":"5","code":200,"data":{}}"#;
    let of_sub_device = "/sys/pk/sub/thing/service/property/set";
    // The first set waits for a person; the next request with its id is a sub-device's, and is answered.
    let mut stage = Stage::new(Cloud::Aliyun, &Plan::default());
    stage.comes(ALIYUN_SET.1, &set("5", 9));
    stage.comes(of_sub_device, &set("5", 3));
    stage.sends(&format!("{of_sub_device}_reply"), success);
    assert_eq!(stage.value("level"), None);
    // And here a rule answers the next one.
    let mut stage = Stage::rules(Cloud::Aliyun, vec![Rule { enabled: false, ..rule(Reply::default()) }]);
    stage.comes(ALIYUN_SET.1, &set("5", 9));
    stage.behaviour.control(stage.now, &Control::Rule { name: "r".to_owned(), on: true }).unwrap();
    stage.comes(ALIYUN_SET.1, &set("5", 3));
    assert_eq!(stage.did().0.len(), 1);
    assert_eq!(stage.value("level"), Some(json!(3)));
}

#[test]
fn versions_that_are_asked_for_a_thousand_times_in_a_turn_are_told_once() {
    let versions = (0..50).map(|number| (format!("module{number}"), "1".to_owned())).collect();
    let mut stage = Stage::new(Cloud::Huawei, &Plan { versions, ..Plan::default() });
    let query =
        json!({ "services": [{ "service_id": "$ota", "event_type": "version_query", "paras": {} }] }).to_string();
    for _ in 0..2 {
        for _ in 0..1_000 {
            stage.comes("$oc/devices/d1/sys/events/down", &query);
        }
        assert_eq!(stage.did().0.len(), 50, "once a turn");
    }
}
