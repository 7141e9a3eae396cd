//! The plain broker: QoS 2, retained messages, wildcards, wills and sessions.

use super::*;

fn disconnect(bench: &mut Bench, conn: ConnId) {
    assert_eq!(bench.give(conn, Packet::Disconnect), [ended(conn)]);
}

#[test]
fn messages_go_to_every_subscriber_at_the_lower_qos() {
    let mut bench = Bench::new(None);
    let (one, _) = bench.plain("one", true);
    let (two, _) = bench.plain("two", true);
    assert_eq!(bench.subscribe(one, "a/+", Qos::ExactlyOnce), Some(Qos::ExactlyOnce));
    assert_eq!(bench.subscribe(two, "#", Qos::AtMostOnce), Some(Qos::AtMostOnce));
    let deeds = bench.publish(one, "a/b", "x", Qos::AtLeastOnce);
    assert_eq!(deeds[0], Deed::Send(one, Packet::Puback(id(5))));
    let copy = |qos| ("a/b".to_owned(), "x".to_owned(), qos, false);
    assert_eq!(messages(&deeds, one), [copy(Qos::AtLeastOnce)]);
    assert_eq!(messages(&deeds, two), [copy(Qos::AtMostOnce)]);
    assert_eq!(messages(&bench.publish(one, "$SYS/x", "x", Qos::AtMostOnce), two), []);
}

#[test]
fn a_plain_clients_message_never_reaches_a_clouds_device() {
    let mut bench = Bench::new(None);
    let device = bench.sign_in(HUAWEI);
    bench.subscribe(device, "shared/topic", Qos::AtLeastOnce);
    let (plain, _) = bench.plain("one", true);
    assert_eq!(bench.publish(plain, "shared/topic", "x", Qos::AtMostOnce), []);
}

#[test]
fn mqtt_4_3_3_2_a_repeated_qos_2_publish_is_handed_on_once() {
    let mut bench = Bench::new(None);
    let (conn, _) = bench.plain("one", true);
    bench.subscribe(conn, "t", Qos::AtMostOnce);
    let received = Deed::Send(conn, Packet::Pubrec(id(5)));
    let first = bench.publish(conn, "t", "x", Qos::ExactlyOnce);
    assert_eq!((first.len(), &first[0], messages(&first, conn).len()), (2, &received, 1));
    assert_eq!(bench.publish(conn, "t", "x", Qos::ExactlyOnce), [received]);
    assert_eq!(bench.give(conn, Packet::Pubrel(id(5))), [Deed::Send(conn, Packet::Pubcomp(id(5)))]);
    assert_eq!(messages(&bench.publish(conn, "t", "x", Qos::ExactlyOnce), conn).len(), 1);
}

#[test]
fn retained_messages_come_with_a_new_subscription_until_an_empty_one_clears_them() {
    let mut bench = Bench::new(None);
    let (conn, _) = bench.plain("one", true);
    let keep = |payload: &str| Packet::Publish(Publish { retain: true, ..message("s/1", payload, Qos::AtMostOnce) });
    bench.give(conn, keep("old"));
    bench.give(conn, keep("new"));
    let subscribe = |filter: &str| {
        Packet::Subscribe(Subscribe { packet_id: id(1), filters: vec![(filter.to_owned(), Qos::AtLeastOnce)] })
    };
    let deeds = bench.give(conn, subscribe("s/#"));
    assert_eq!(messages(&deeds, conn), [("s/1".to_owned(), "new".to_owned(), Qos::AtMostOnce, true)]);
    let deeds = bench.give(conn, keep("live"));
    assert_eq!(messages(&deeds, conn), [("s/1".to_owned(), "live".to_owned(), Qos::AtMostOnce, false)]);
    bench.give(conn, keep(""));
    assert_eq!(messages(&bench.give(conn, subscribe("s/+")), conn), []);
    assert_eq!(bench.hub.retained, publish::Retained::default());
}

#[test]
fn a_will_is_sent_when_its_client_is_cut_and_not_after_disconnect() {
    for (in_order, expected) in [(true, 0), (false, 1)] {
        let mut bench = Bench::new(None);
        let (watcher, _) = bench.plain("watcher", true);
        bench.subscribe(watcher, "gone", Qos::AtMostOnce);
        let conn = bench.open(Cloud::Mqtt);
        let will =
            Will { topic: "gone".to_owned(), payload: Bytes::from_static(b"x"), qos: Qos::AtLeastOnce, retain: false };
        let connect =
            Connect { client_id: "one".to_owned(), clean_session: true, will: Some(will), ..Connect::default() };
        bench.give(conn, Packet::Connect(Box::new(connect)));
        let deeds = if in_order {
            bench.give(conn, Packet::Disconnect)
        } else {
            bench.hub.closed(bench.now, conn, "cut");
            bench.deeds()
        };
        assert_eq!(messages(&deeds, watcher).len(), expected);
    }
}

#[test]
fn a_session_outlives_its_connection_with_subscriptions_and_waiting_messages() {
    let mut bench = Bench::new(None);
    let (conn, deeds) = bench.plain("one", false);
    assert_eq!(deeds, [accepted(conn, false)]);
    bench.subscribe(conn, "t", Qos::AtLeastOnce);
    disconnect(&mut bench, conn);
    let (other, _) = bench.plain("other", true);
    bench.publish(other, "t", "while away", Qos::AtLeastOnce);
    bench.publish(other, "t", "lost", Qos::AtMostOnce);
    let (conn, deeds) = bench.plain("one", false);
    assert_eq!(deeds[0], accepted(conn, true));
    assert_eq!(messages(&deeds, conn), [("t".to_owned(), "while away".to_owned(), Qos::AtLeastOnce, false)]);
    disconnect(&mut bench, conn);
    let (conn, deeds) = bench.plain("one", true);
    assert_eq!(deeds, [accepted(conn, false)], "CleanSession 1 throws it away (MQTT-3.1.2-6)");
    disconnect(&mut bench, conn);
    assert_eq!(bench.plain("one", false).1, [accepted(bench.next - 1, false)]);
}

#[test]
fn sessions_of_clients_that_are_away_are_bounded() {
    let mut bench = Bench::new(None);
    for number in 0..SESSIONS + 10 {
        let (conn, _) = bench.plain(&format!("client-{number:05}"), false);
        disconnect(&mut bench, conn);
    }
    assert_eq!(bench.hub.clients.len(), SESSIONS);
    assert!(bench.hub.conns.is_empty());
}

#[test]
fn clients_without_a_name_do_not_take_each_other_over() {
    let mut bench = Bench::new(None);
    let (one, _) = bench.plain("", true);
    let (two, deeds) = bench.plain("", true);
    assert_eq!(deeds, [accepted(two, false)]);
    assert_eq!(bench.give(one, Packet::Pingreq), [Deed::Send(one, Packet::Pingresp)]);
}
