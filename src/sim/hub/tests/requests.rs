//! Requests, faults by order, and the simulated application.

use serde_json::json;

use super::*;
use crate::sim::request::Ask;

const COMMANDS: &str = "$oc/devices/65f0c0de_dev01/sys/commands/#";

fn silence() -> Ask {
    Ask::Command { service: "smokeDetector".to_owned(), name: "SILENCE".to_owned(), input: json!({"value": 1}) }
}

fn ask(bench: &mut Bench, name: &str, ask: &Ask) -> Vec<Deed> {
    bench.hub.ask(bench.now, Ticket(7), name, ask);
    bench.deeds()
}

/// The topic on which the device was asked.
fn asked_on(deeds: &[Deed], conn: ConnId) -> String {
    messages(deeds, conn).remove(0).0
}

#[test]
fn an_answer_in_time_ends_the_request_and_a_later_one_is_nobodys() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(HUAWEI);
    bench.subscribe(conn, COMMANDS, Qos::AtLeastOnce);
    let deeds = ask(&mut bench, "smoke-01", &silence());
    let answer = asked_on(&deeds, conn).replace("/commands/", "/commands/response/");
    assert_eq!(bench.hub.deadline(), Some(bench.now.mono + Duration::from_secs(20)));
    bench.pass(Duration::from_millis(420));
    let deeds = bench.publish(conn, &answer, r#"{"result_code":0}"#, Qos::AtMostOnce);
    let outcome = Outcome::Answered {
        topic: answer.clone(),
        body: Bytes::from_static(br#"{"result_code":0}"#),
        took: Duration::from_millis(420),
    };
    assert_eq!(deeds, [Deed::Finish(Ticket(7), outcome)]);
    assert_eq!(bench.hub.deadline(), None);
    assert_eq!(bench.publish(conn, &answer, "{}", Qos::AtMostOnce), []);
}

#[test]
fn without_an_answer_the_request_ends_at_the_clouds_deadline() {
    for (device, name, filter, within) in [
        (HUAWEI, "smoke-01", COMMANDS, 20),
        (ALIYUN, "lamp-01", "/sys/a1AbCdEfGh1/lamp-01/thing/service/+", 8),
        (UCLOUD, "meter-7", "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr/tmodel/command", 5),
    ] {
        let mut bench = Bench::new(None);
        let conn = bench.sign_in(device);
        assert!(bench.subscribe(conn, filter, Qos::AtLeastOnce).is_some());
        assert_eq!(messages(&ask(&mut bench, name, &silence()), conn).len(), 1, "{name}");
        bench.pass(Duration::from_millis(within * 1_000 - 1));
        bench.hub.tick(bench.now);
        assert_eq!(bench.deeds(), []);
        bench.pass(Duration::from_millis(1));
        bench.hub.tick(bench.now);
        assert_eq!(bench.deeds(), [Deed::Finish(Ticket(7), Outcome::TimedOut)], "{name}");
    }
}

#[test]
fn a_request_that_cannot_reach_its_device_says_why() {
    let mut bench = Bench::new(None);
    let why = |deeds: Vec<Deed>| match &deeds[..] {
        [Deed::Finish(Ticket(7), Outcome::NotSent(why))] => why.clone(),
        other => panic!("{other:?}"),
    };
    assert!(why(ask(&mut bench, "nobody", &silence())).contains("nobody"));
    assert!(why(ask(&mut bench, "smoke-01", &silence())).contains("not online"));
    bench.sign_in(HUAWEI);
    assert!(why(ask(&mut bench, "smoke-01", &silence())).contains("not subscribed"));
    assert!(why(ask(&mut bench, "broker-1", &silence())).contains("no such request"));
}

#[test]
fn a_message_wants_no_answer() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(ALIYUN);
    bench.subscribe(conn, "/a1AbCdEfGh1/lamp-01/user/get", Qos::AtMostOnce);
    let deeds = ask(&mut bench, "lamp-01", &Ask::Message { payload: Bytes::from_static(b"hello") });
    assert_eq!(messages(&deeds, conn).len(), 1);
    assert_eq!(deeds[1], Deed::Finish(Ticket(7), Outcome::Sent));
}

#[test]
fn the_next_connects_are_refused_by_order_and_then_no_more() {
    for how in [Refusal::Connack(ConnectReturn::ServerUnavailable), Refusal::Close, Refusal::Silence] {
        let mut bench = Bench::new(None);
        bench.hub.refuse_next(2, how);
        for _ in 0..2 {
            let conn = bench.open(Cloud::Huawei);
            let connect = Packet::Connect(Box::new(bench.connect_of(HUAWEI)));
            let deeds = bench.give(conn, connect);
            let refusal = Connack { session_present: false, code: ConnectReturn::ServerUnavailable };
            match how {
                Refusal::Silence => assert_eq!((deeds, bench.hub.is_silent(conn)), (vec![], true)),
                Refusal::Close => assert_eq!(deeds, [ended(conn)]),
                _ => assert_eq!(deeds, [Deed::Send(conn, Packet::Connack(refusal)), ended(conn)]),
            }
            assert_eq!(bench.hub.refused_upgrade(), None);
        }
        bench.sign_in(HUAWEI);
    }
    let mut bench = Bench::new(None);
    bench.hub.refuse_next(1, Refusal::Upgrade(503));
    assert_eq!((bench.hub.refused_upgrade(), bench.hub.refused_upgrade()), (Some(503), None));
    bench.sign_in(HUAWEI);
}

#[test]
fn a_platform_that_plays_dead_hears_nothing_and_drops_nobody() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(HUAWEI);
    assert!(bench.hub.silence("smoke-01") && bench.hub.is_silent(conn));
    assert_eq!(bench.give(conn, Packet::Pingreq), []);
    assert_eq!(bench.hub.patience(conn), None);
    bench.hub.closed(bench.now, conn, "gave up");
    let again = bench.sign_in(HUAWEI);
    assert!(!bench.hub.is_silent(again), "the next connection is heard");
}

#[test]
fn orders_reach_devices_by_name_and_plain_clients_by_id() {
    let mut bench = Bench::new(None);
    let device = bench.sign_in(HUAWEI);
    let (plain, _) = bench.plain("own-client", true);
    let (listed, _) = bench.plain("broker-1", true);
    for (name, conn) in [("smoke-01", device), ("own-client", plain), ("broker-1", listed)] {
        assert!(bench.hub.publish_to(name, "any/topic".to_owned(), Bytes::new(), Qos::AtMostOnce, true));
        let unasked = ("any/topic".to_owned(), String::new(), Qos::AtMostOnce, true);
        assert_eq!(messages(&bench.deeds(), conn), [unasked]);
        assert!(bench.hub.send_raw(name, Bytes::from_static(b"\xff")));
        assert_eq!(bench.deeds(), [Deed::Raw(conn, Bytes::from_static(b"\xff"))]);
        assert!(bench.hub.cut(bench.now, name, End::Abrupt));
        assert_eq!(bench.deeds(), [Deed::End(conn, End::Abrupt)]);
        assert!(!bench.hub.cut(bench.now, name, End::Abrupt) && !bench.hub.silence(name));
    }
}

#[test]
fn the_application_asks_huawei_first_and_waits_for_the_end() {
    let mut bench = Bench::new(Some(1));
    let (huawei, aliyun) = (bench.sign_in(HUAWEI), bench.sign_in(ALIYUN));
    bench.subscribe(huawei, COMMANDS, Qos::AtLeastOnce);
    bench.subscribe(aliyun, "/sys/a1AbCdEfGh1/lamp-01/thing/service/property/set", Qos::AtLeastOnce);
    let started = bench.now.mono;
    let run_to = |bench: &mut Bench| {
        bench.now = bench.now.after(bench.hub.deadline().unwrap() - bench.now.mono);
        bench.hub.tick(bench.now);
        bench.deeds()
    };
    let deeds = run_to(&mut bench);
    assert!(bench.now.mono - started < Duration::from_secs(5));
    assert!(asked_on(&deeds, huawei).contains("/commands/request_id="));
    let asked_at = bench.now.mono;
    assert_eq!(run_to(&mut bench), [], "the application keeps what came of it to itself");
    assert_eq!(bench.now.mono - asked_at, Duration::from_secs(20));
    let deeds = run_to(&mut bench);
    assert!(asked_on(&deeds, aliyun).ends_with("/thing/service/property/set"));
}
