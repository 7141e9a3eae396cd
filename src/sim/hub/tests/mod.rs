//! The platform without sockets, under a virtual clock: connections and rules here, the rest beside.

mod broker;
mod properties;
mod registration;
mod requests;
mod tape;

use super::*;
use crate::cloud;
use crate::mqtt::packet::{Suback, Subscribe, Unsubscribe, Will};
use crate::mqtt::{PacketId, Qos};
use crate::profile::Transport;
use crate::sim::roster::{demo, extra};

const HUAWEI: usize = 0;
const ALIYUN: usize = 1;
const UCLOUD: usize = 2;

/// A hub, its clock, and what it wants done.
struct Bench {
    hub: Hub,
    now: Moment,
    next: ConnId,
}

impl Bench {
    fn new(live: Option<u64>) -> Self {
        let at = crate::event::WallTime::parse_rfc3339("2025-04-14T01:30:00Z").unwrap();
        let mut devices = demo();
        devices.push(extra(1));
        Self { hub: Hub::new(Roster::new(devices), live), now: Moment { at, mono: Instant::now() }, next: 1 }
    }

    fn open(&mut self, cloud: Cloud) -> ConnId {
        let conn = self.next;
        self.next += 1;
        self.hub.opened(self.now.mono, conn, Door { cloud, tls: true });
        conn
    }

    /// What the hub does to `packet`, notices left out.
    fn give(&mut self, conn: ConnId, packet: Packet) -> Vec<Deed> {
        self.hub.packet(self.now, conn, packet);
        self.deeds()
    }

    fn deeds(&mut self) -> Vec<Deed> {
        self.hub.take_deeds().into_iter().filter(|deed| !matches!(deed, Deed::Tell(_))).collect()
    }

    /// A CONNECT as the device's own profile makes it.
    fn connect_of(&self, device: usize) -> Connect {
        let device = self.hub.roster().get(device).unwrap();
        let profile = device.profile(Transport::Wss, 443, std::path::Path::new("ca.pem"));
        let made = cloud::platform(&profile).credentials(device.secret(), self.now.at);
        Connect {
            client_id: made.client_id,
            username: made.username,
            password: made.password,
            will: None,
            clean_session: true,
            keep_alive: profile.keep_alive,
        }
    }

    fn sign_in(&mut self, device: usize) -> ConnId {
        let cloud = self.hub.roster().get(device).unwrap().identity.cloud();
        let (conn, connect) = (self.open(cloud), self.connect_of(device));
        assert_eq!(self.give(conn, Packet::Connect(Box::new(connect))), [accepted(conn, false)]);
        conn
    }

    fn plain(&mut self, id: &str, clean_session: bool) -> (ConnId, Vec<Deed>) {
        let conn = self.open(Cloud::Mqtt);
        let connect = Connect { client_id: id.to_owned(), clean_session, ..Connect::default() };
        let deeds = self.give(conn, Packet::Connect(Box::new(connect)));
        (conn, deeds)
    }

    /// Subscribes and answers what was granted.
    fn subscribe(&mut self, conn: ConnId, filter: &str, qos: Qos) -> Option<Qos> {
        let subscribe = Subscribe { packet_id: id(9), filters: vec![(filter.to_owned(), qos)] };
        let deeds = self.give(conn, Packet::Subscribe(subscribe));
        match &deeds[0] {
            Deed::Send(to, Packet::Suback(Suback { packet_id, granted })) => {
                assert_eq!((*to, *packet_id, granted.len()), (conn, id(9), 1));
                granted[0]
            }
            other => panic!("{other:?}"),
        }
    }

    fn publish(&mut self, conn: ConnId, topic: &str, payload: &str, qos: Qos) -> Vec<Deed> {
        self.give(conn, Packet::Publish(message(topic, payload, qos)))
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn message(topic: &str, payload: &str, qos: Qos) -> Publish {
    Publish {
        dup: false,
        qos,
        retain: false,
        topic: topic.to_owned(),
        packet_id: (qos != Qos::AtMostOnce).then(|| id(5)),
        payload: Bytes::copy_from_slice(payload.as_bytes()),
    }
}

fn accepted(conn: ConnId, session_present: bool) -> Deed {
    Deed::Send(conn, Packet::Connack(Connack { session_present, code: ConnectReturn::Accepted }))
}

fn ended(conn: ConnId) -> Deed {
    Deed::End(conn, End::InOrder)
}

/// The messages for a connection: topic, payload, QoS, RETAIN.
fn messages(deeds: &[Deed], to: ConnId) -> Vec<(String, String, Qos, bool)> {
    let one = |deed: &Deed| match deed {
        Deed::Send(conn, Packet::Publish(publish)) if *conn == to => {
            let payload = String::from_utf8(publish.payload.to_vec()).unwrap();
            Some((publish.topic.clone(), payload, publish.qos, publish.retain))
        }
        _ => None,
    };
    deeds.iter().filter_map(one).collect()
}

#[test]
fn mqtt_3_1_0_1_a_packet_before_connect_ends_the_connection() {
    for packet in [Packet::Pingreq, Packet::Disconnect, Packet::Publish(message("t", "x", Qos::AtMostOnce))] {
        let mut bench = Bench::new(None);
        let conn = bench.open(Cloud::Mqtt);
        assert_eq!(bench.give(conn, packet), [ended(conn)]);
    }
}

#[test]
fn mqtt_3_1_0_2_a_second_connect_ends_the_connection() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(HUAWEI);
    let again = Packet::Connect(Box::new(bench.connect_of(HUAWEI)));
    assert_eq!(bench.give(conn, again), [ended(conn)]);
    assert!(!bench.hub.is_online("smoke-01"));
}

#[test]
fn what_only_a_server_may_send_ends_the_connection() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(HUAWEI);
    assert_eq!(bench.give(conn, Packet::Pingresp), [ended(conn)]);
}

#[test]
fn a_refused_connect_is_told_its_code_and_what_follows_is_not_processed() {
    let mut bench = Bench::new(None);
    let conn = bench.open(Cloud::Huawei);
    let wrong = Connect { password: Some(crate::secret::Secret::new("no")), ..bench.connect_of(HUAWEI) };
    let refusal = Connack { session_present: false, code: ConnectReturn::BadUserNameOrPassword };
    let expected = [Deed::Send(conn, Packet::Connack(refusal)), ended(conn)];
    assert_eq!(bench.give(conn, Packet::Connect(Box::new(wrong))), expected);
    assert_eq!(bench.publish(conn, "$oc/devices/65f0c0de_dev01/sys/messages/up", "x", Qos::AtLeastOnce), []);
}

#[test]
fn mqtt_3_1_2_2_another_version_is_told_code_1() {
    let mut bench = Bench::new(None);
    let conn = bench.open(Cloud::Ucloud);
    bench.hub.other_version(bench.now, conn, 5);
    let refusal = Connack { session_present: false, code: ConnectReturn::UnacceptableProtocolVersion };
    assert_eq!(bench.deeds(), [Deed::Send(conn, Packet::Connack(refusal)), ended(conn)]);
}

#[test]
fn a_connection_without_connect_ends_after_10_s() {
    let mut bench = Bench::new(None);
    let conn = bench.open(Cloud::Huawei);
    bench.pass(Duration::from_millis(9_999));
    bench.hub.impatient(bench.now, conn);
    assert_eq!(bench.deeds(), []);
    bench.pass(Duration::from_millis(1));
    bench.hub.impatient(bench.now, conn);
    assert_eq!(bench.deeds(), [ended(conn)]);
}

#[test]
fn mqtt_3_1_2_24_a_client_that_is_silent_for_one_and_a_half_keep_alives_is_dropped() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(HUAWEI);
    bench.pass(Duration::from_secs(179));
    assert_eq!(bench.give(conn, Packet::Pingreq), [Deed::Send(conn, Packet::Pingresp)]);
    bench.pass(Duration::from_secs(179));
    bench.hub.impatient(bench.now, conn);
    assert_eq!(bench.deeds(), [], "the ping counts");
    bench.pass(Duration::from_secs(1));
    bench.hub.impatient(bench.now, conn);
    assert_eq!(bench.deeds(), [ended(conn)]);
    assert!(!bench.hub.is_online("smoke-01"));
}

#[test]
fn a_keep_alive_of_0_on_the_plain_broker_waits_for_ever() {
    let mut bench = Bench::new(None);
    let (conn, _) = bench.plain("x", true);
    assert_eq!(bench.hub.patience(conn), None);
}

#[test]
fn mqtt_3_1_4_2_a_second_login_ends_the_older_connection_without_notice() {
    let mut bench = Bench::new(None);
    let older = bench.sign_in(ALIYUN);
    let newer = bench.open(Cloud::Aliyun);
    let connect = Packet::Connect(Box::new(bench.connect_of(ALIYUN)));
    assert_eq!(bench.give(newer, connect), [ended(older), accepted(newer, false)]);
    bench.hub.closed(bench.now, older, "late news");
    assert!(bench.hub.is_online("lamp-01"), "the end of the older one does not touch the newer");
    assert_eq!(bench.give(older, Packet::Pingreq), []);
    assert_eq!(bench.give(newer, Packet::Pingreq), [Deed::Send(newer, Packet::Pingresp)]);
}

#[test]
fn subscriptions_are_granted_at_qos_1_at_the_most_and_only_to_the_device_whose_topic_it_is() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(HUAWEI);
    let own = "$oc/devices/65f0c0de_dev01/sys/commands/#";
    assert_eq!(bench.subscribe(conn, own, Qos::ExactlyOnce), Some(Qos::AtLeastOnce));
    assert_eq!(bench.subscribe(conn, own, Qos::AtMostOnce), Some(Qos::AtMostOnce));
    let other = "$oc/devices/65f0c0de_extra-001/sys/commands/#";
    assert_eq!(bench.subscribe(conn, other, Qos::AtMostOnce), None);
}

#[test]
fn the_hundred_and_first_subscription_is_refused_but_not_a_repeated_one() {
    for (device, root) in [
        (HUAWEI, "$oc/devices/65f0c0de_dev01/user"),
        (ALIYUN, "/a1AbCdEfGh1/lamp-01/user"),
        (UCLOUD, "/ledubff3z85spjmu/h9onxtzw0aep7fsr"),
    ] {
        let mut bench = Bench::new(None);
        let conn = bench.sign_in(device);
        for number in 0..100 {
            assert!(bench.subscribe(conn, &format!("{root}/{number}"), Qos::AtMostOnce).is_some(), "{number}");
        }
        assert_eq!(bench.subscribe(conn, &format!("{root}/100"), Qos::AtMostOnce), None);
        assert_eq!(bench.subscribe(conn, &format!("{root}/7"), Qos::AtLeastOnce), Some(Qos::AtLeastOnce));
        let unsubscribe = Unsubscribe { packet_id: id(3), filters: vec![format!("{root}/7")] };
        let deeds = bench.give(conn, Packet::Unsubscribe(unsubscribe));
        assert_eq!(deeds, [Deed::Send(conn, Packet::Unsuback(id(3)))]);
        assert!(bench.subscribe(conn, &format!("{root}/100"), Qos::AtMostOnce).is_some());
    }
}

#[test]
fn a_topic_of_ones_own_that_is_too_long_or_too_deep_is_refused() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(ALIYUN);
    let root = "/a1AbCdEfGh1/lamp-01/user/";
    let fill = |length: usize| format!("{root}{}", "x".repeat(length - root.len()));
    for (topic, granted) in [
        (fill(128), true),
        (fill(129), false),
        (format!("{root}5/6/7"), true),
        (format!("{root}5/6/7/8"), true),
        (format!("{root}5/6/7/8/9"), false),
    ] {
        let slashes = topic.matches('/').count();
        assert_eq!(bench.subscribe(conn, &topic, Qos::AtMostOnce).is_some(), granted, "{topic} {slashes}");
    }
}

#[test]
fn a_qos_2_publish_or_too_large_a_payload_ends_a_clouds_connection() {
    for (device, topic, most) in [
        (HUAWEI, "$oc/devices/65f0c0de_dev01/sys/messages/up", 1 << 20),
        (ALIYUN, "/a1AbCdEfGh1/lamp-01/user/update", 256 << 10),
        (UCLOUD, "/ledubff3z85spjmu/h9onxtzw0aep7fsr/up", 256 << 10),
    ] {
        let mut bench = Bench::new(None);
        let conn = bench.sign_in(device);
        assert_eq!(bench.publish(conn, topic, &"x".repeat(most), Qos::AtMostOnce), []);
        assert_eq!(bench.publish(conn, topic, &"x".repeat(most + 1), Qos::AtMostOnce), [ended(conn)]);
        let conn = bench.sign_in(device);
        assert_eq!(bench.publish(conn, topic, "x", Qos::ExactlyOnce), [ended(conn)]);
    }
}

#[test]
fn reports_are_acknowledged_where_the_device_has_subscribed_and_retain_and_will_are_passed_over() {
    let mut bench = Bench::new(None);
    let conn = bench.open(Cloud::Aliyun);
    let will = Will {
        topic: "/a1AbCdEfGh1/lamp-01/user/both".to_owned(),
        payload: Bytes::from_static(b"gone"),
        qos: Qos::AtMostOnce,
        retain: true,
    };
    let connect = Connect { will: Some(will), ..bench.connect_of(ALIYUN) };
    assert_eq!(bench.give(conn, Packet::Connect(Box::new(connect))), [accepted(conn, false)]);
    let post = "/sys/a1AbCdEfGh1/lamp-01/thing/event/property/post";
    let body = r#"{"id":"1","version":"1.0","params":{},"method":"thing.event.property.post"}"#;
    let acknowledged = Deed::Send(conn, Packet::Puback(id(5)));
    assert_eq!(bench.publish(conn, post, body, Qos::AtLeastOnce), [acknowledged]);
    bench.subscribe(conn, &format!("{post}_reply"), Qos::AtLeastOnce);
    let deeds = bench.publish(conn, post, body, Qos::AtLeastOnce);
    let (topic, reply, qos, retain) = messages(&deeds, conn).remove(0);
    assert_eq!((topic, qos, retain), (format!("{post}_reply"), Qos::AtMostOnce, false));
    assert!(reply.contains(r#""code":200"#), "{reply}");

    let both = "/a1AbCdEfGh1/lamp-01/user/both";
    bench.subscribe(conn, both, Qos::AtLeastOnce);
    let retained = Publish { retain: true, ..message(both, "echo", Qos::AtMostOnce) };
    let deeds = bench.give(conn, Packet::Publish(retained));
    assert_eq!(messages(&deeds, conn), [(both.to_owned(), "echo".to_owned(), Qos::AtMostOnce, false)]);
    bench.hub.closed(bench.now, conn, "cut");
    let again = bench.sign_in(ALIYUN);
    assert_eq!(bench.subscribe(again, both, Qos::AtLeastOnce), Some(Qos::AtLeastOnce));
    assert_eq!(bench.deeds(), [], "nothing was retained, and no will was sent");
}

#[test]
fn what_is_not_the_devices_to_publish_is_acknowledged_and_dropped() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(ALIYUN);
    bench.subscribe(conn, "/a1AbCdEfGh1/lamp-01/user/get", Qos::AtLeastOnce);
    let deeds = bench.publish(conn, "/a1AbCdEfGh1/lamp-01/user/get", "x", Qos::AtLeastOnce);
    assert_eq!(deeds, [Deed::Send(conn, Packet::Puback(id(5)))]);
}

#[test]
fn beyond_the_clouds_rate_messages_are_dropped_until_the_next_second() {
    let mut bench = Bench::new(None);
    let conn = bench.sign_in(UCLOUD);
    let both = "/ledubff3z85spjmu/h9onxtzw0aep7fsr/both";
    bench.subscribe(conn, both, Qos::AtMostOnce);
    let echoes =
        |bench: &mut Bench| (0..40).filter(|_| !bench.publish(conn, both, "x", Qos::AtMostOnce).is_empty()).count();
    assert_eq!(echoes(&mut bench), 30);
    bench.pass(Duration::from_secs(1));
    assert_eq!(echoes(&mut bench), 30);
}
