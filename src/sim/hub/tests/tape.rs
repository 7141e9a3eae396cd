//! A tape's platform, played on the hub.

use super::*;
use crate::event::{Event, Kind, LineState, Message, WallTime, What};
use crate::sim::tape::{Cue, Loader, Script};
use crate::tape::Recorded;

const ROOT: &str = "$oc/devices/65f0c0de_dev01/sys";

fn recorded(name: &str, cloud: Cloud, identifiers: &[(&str, &str)]) -> Recorded {
    let identifiers = identifiers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let (endpoint, state) = (String::new(), LineState::Online);
    Recorded { name: name.to_owned(), cloud, endpoint, identifiers, clock_offset_us: None, state }
}

/// A command 1 s after the connect, with its answer; a report that Aliyun's platform took ill.
fn script(huawei: &str) -> Script {
    let mut loader = Loader::default();
    loader.session(recorded("on-tape", Cloud::Huawei, &[("device_id", huawei)]), 0);
    loader.session(recorded("lamp", Cloud::Aliyun, &[("product_key", "pk"), ("device_name", "dn")]), 0);
    loader.session(recorded("plain", Cloud::Mqtt, &[("client_id", "c")]), 0);
    let mut say = |session: &str, millis: u64, up: bool, topic: &str, payload: &str| {
        let message = Message {
            topic,
            qos: Qos::AtLeastOnce,
            payload: payload.as_bytes(),
            what: What::Custom,
            ..Message::default()
        };
        let kind = if up { Kind::Tx(message) } else { Kind::Rx(message) };
        let at = WallTime::default();
        loader.take(&Event { seq: 1, at, mono_us: 0, session, kind }, millis * 1_000);
    };
    let root = format!("$oc/devices/{huawei}/sys");
    say("on-tape", 1_000, false, &format!("{root}/commands/request_id=r"), r#"{"command_name":"OPEN"}"#);
    say("on-tape", 1_100, true, &format!("{root}/commands/response/request_id=r"), r#"{"result_code":0}"#);
    let post = "/sys/pk/dn/thing/event/property/post";
    say("lamp", 500, true, post, r#"{"id":"1","method":"m","params":{"a":1}}"#);
    say("lamp", 510, false, &format!("{post}_reply"), r#"{"id":"1","code":6300,"data":{}}"#);
    say("plain", 700, false, "a/b", "come");
    loader.finish()
}

fn bench(huawei: &str, cue: Cue) -> Bench {
    let mut bench = Bench::new(None);
    bench.hub.set_stage(script(huawei), cue);
    bench
}

/// Signs in, with the notices left for whoever looks.
fn sign_in(bench: &mut Bench, device: usize) {
    let cloud = bench.hub.roster().get(device).unwrap().identity.cloud();
    let (conn, connect) = (bench.open(cloud), bench.connect_of(device));
    bench.hub.packet(bench.now, conn, Packet::Connect(Box::new(connect)));
}

/// What the tape had to say since the last look.
fn tape_words(bench: &mut Bench) -> Vec<String> {
    let told = bench.hub.take_deeds().into_iter().filter_map(|deed| match deed {
        Deed::Tell(Notice { what: Happening::Tape(words), .. }) => Some(words),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_device_is_given_its_own_part_else_one_of_its_cloud() {
    for (on_tape, why) in [("65f0c0de_dev01", "by its identifiers"), ("another", "the only one of its cloud")] {
        let mut bench = bench(on_tape, Cue::Times);
        sign_in(&mut bench, HUAWEI);
        let words = tape_words(&mut bench);
        assert!(words[0].contains("on-tape") && words[0].contains(why), "{words:?}");
    }
    let mut bench = bench("65f0c0de_dev01", Cue::Times);
    sign_in(&mut bench, UCLOUD);
    assert!(tape_words(&mut bench)[0].contains("no part"));
}

#[test]
fn a_recorded_request_comes_at_its_time_and_its_answer_is_held_against_the_tape() {
    for (answer, words) in [(r#"{"result_code": 0}"#, "as on it"), (r#"{"result_code":1}"#, "another one")] {
        let mut bench = bench("another", Cue::Times);
        let conn = bench.sign_in(HUAWEI);
        bench.subscribe(conn, &format!("{ROOT}/commands/#"), Qos::AtLeastOnce);
        assert_eq!(bench.hub.deadline(), Some(bench.now.mono + Duration::from_secs(1)));
        bench.pass(Duration::from_secs(1));
        bench.hub.tick(bench.now);
        let deeds = bench.deeds();
        let sent = messages(&deeds, conn);
        assert_eq!(sent[0].1, r#"{"command_name":"OPEN"}"#);
        let (tree, id) = sent[0].0.split_once("request_id=").unwrap();
        assert_eq!((tree, id == "r"), (format!("{ROOT}/commands/").as_str(), false), "a fresh id");
        bench.hub.take_deeds();
        let reply = format!("{ROOT}/commands/response/request_id={id}");
        bench.hub.packet(bench.now, conn, Packet::Publish(message(&reply, answer, Qos::AtMostOnce)));
        let told = tape_words(&mut bench);
        assert!(told.iter().any(|told| told.contains(words)), "{told:?}");
        let report = bench.hub.tape_report();
        assert!(report[0].contains("1 of 1 messages sent"), "{report:?}");
    }
}

#[test]
fn a_request_that_nobody_answers_is_missing_after_the_clouds_deadline() {
    let mut bench = bench("another", Cue::OnDemand);
    let conn = bench.sign_in(HUAWEI);
    bench.subscribe(conn, &format!("{ROOT}/commands/#"), Qos::AtLeastOnce);
    assert_eq!((bench.hub.call_next(bench.now, Some("nobody")), bench.hub.call_next(bench.now, None)), (0, 1));
    assert_eq!(messages(&bench.deeds(), conn).len(), 1);
    bench.pass(Duration::from_secs(20));
    bench.hub.tick(bench.now);
    assert!(bench.hub.tape_report()[0].contains("1 missing"));
    assert_eq!(bench.hub.call_next(bench.now, Some("smoke-01")), 0, "there is no more");
}

#[test]
fn a_known_report_is_replied_as_on_the_tape_and_others_by_the_rules() {
    let mut bench = bench("another", Cue::Times);
    let conn = bench.sign_in(ALIYUN);
    let post = "/sys/a1AbCdEfGh1/lamp-01/thing/event/property/post";
    bench.subscribe(conn, &format!("{post}_reply"), Qos::AtLeastOnce);
    for (id, code) in [("5", "6300"), ("6", "200")] {
        let body = format!(r#"{{"id":"{id}","method":"m","params":{{"a":{id}}}}}"#);
        let deeds = bench.publish(conn, post, &body, Qos::AtMostOnce);
        let replies = messages(&deeds, conn);
        assert_eq!(replies.len(), 1, "{replies:?}");
        assert!(replies[0].1.contains(&format!("\"id\":\"{id}\"")) && replies[0].1.contains(code), "{replies:?}");
    }
}

#[test]
fn a_client_of_the_plain_broker_plays_too() {
    let mut bench = bench("another", Cue::Times);
    let (conn, _) = bench.plain("somebody", true);
    bench.subscribe(conn, "a/#", Qos::AtLeastOnce);
    bench.pass(Duration::from_millis(700));
    bench.hub.tick(bench.now);
    assert_eq!(messages(&bench.deeds(), conn)[0].0, "a/b");
}

#[test]
fn a_device_of_the_tape_signs_in_with_any_password() {
    let mut roster = Roster::new(demo());
    let known = roster.iter().count();
    roster.add_of_tape(&recorded("smoke-01", Cloud::Huawei, &[("device_id", "65f0c0de_dev01")]));
    assert_eq!(roster.iter().count(), known, "it is known already");
    roster.add_of_tape(&recorded("smoke-01", Cloud::Huawei, &[("device_id", "other_dev")]));
    assert!(roster.named("smoke-01-on-tape").is_some());
    let mut hub = Hub::new(roster, None);
    let now = Moment { at: WallTime::parse_rfc3339("2025-04-14T01:30:00Z").unwrap(), mono: Instant::now() };
    hub.opened(now.mono, 1, Door { cloud: Cloud::Huawei, tls: true });
    let connect = Connect {
        client_id: "other_dev_0_1_2025041401".to_owned(),
        username: Some("other_dev".to_owned()),
        password: Some(crate::secret::Secret::new("whatever its secret makes")),
        keep_alive: 120,
        clean_session: true,
        ..Connect::default()
    };
    hub.packet(now, 1, Packet::Connect(Box::new(connect)));
    assert!(hub.take_deeds().contains(&accepted(1, false)));
}
