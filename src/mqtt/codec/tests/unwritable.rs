//! What we do not write: each packet is refused, and the bytes before it stay as they were.

use super::*;
use crate::mqtt::codec::encode;
use crate::mqtt::packet::{Connack, Connect, ConnectReturn, PacketId, Suback, Subscribe, Unsubscribe, Will};
use crate::secret::Secret;

fn refused(packet: &Packet, part: &str) {
    let mut out = BytesMut::from(&[0xc0, 0][..]);
    let error = encode(packet, &mut out).expect_err(part);
    assert_eq!(error.packet, packet.name());
    assert!(error.to_string().contains(part), "{error}");
    assert_eq!(out, [0xc0, 0][..], "a refused packet left bytes behind");
}

// MQTT-4.7.3-3, MQTT-4.3.1-1, MQTT-2.3.1-5
#[test]
fn a_publish_that_breaks_the_protocol_is_not_written() {
    let good = message("t", b"");
    for (publish, part) in [
        (message("", b""), "empty"),
        (message("a/+", b""), "wildcard"),
        (message("a\0", b""), "NUL"),
        (message(&"t".repeat(65_540), b""), "65,535"),
        (Publish { dup: true, ..good.clone() }, "3.3.1-2"),
        (Publish { packet_id: Some(PacketId::FIRST), ..good.clone() }, "2.3.1-5"),
        (Publish { qos: Qos::AtLeastOnce, ..good.clone() }, "2.3.1-1"),
        (Publish { qos: Qos::ExactlyOnce, ..good }, "2.3.1-1"),
        (message("t", &vec![0; 268_435_453]), "268435455"),
    ] {
        refused(&Packet::Publish(publish), part);
    }
    assert_eq!(encoded(&Packet::Publish(message(&"t".repeat(65_535), b""))).len(), 1 + 3 + 2 + 65_535);
}

// MQTT-3.1.3-7, MQTT-3.1.2-22
#[test]
fn a_connect_that_breaks_the_protocol_is_not_written() {
    let good = Connect { client_id: "a".into(), clean_session: true, ..Connect::default() };
    let will = |topic: &str, size| Will {
        topic: topic.into(),
        payload: Bytes::from(vec![0; size]),
        qos: Qos::AtMostOnce,
        retain: false,
    };
    let long = "x".repeat(65_536);
    for (connect, part) in [
        (Connect::default(), "3.1.3-7"),
        (Connect { password: Some(Secret::new("p")), ..good.clone() }, "3.1.2-22"),
        (Connect { client_id: long.clone(), ..good.clone() }, "client identifier has 65536 bytes"),
        (Connect { client_id: "a\0".into(), ..good.clone() }, "NUL"),
        (Connect { username: Some("a\0".into()), ..good.clone() }, "NUL"),
        (Connect { username: Some(long.clone()), ..good.clone() }, "user name"),
        (Connect { username: Some("u".into()), password: Some(Secret::new(long)), ..good.clone() }, "password"),
        (Connect { will: Some(will("", 0)), ..good.clone() }, "will topic"),
        (Connect { will: Some(will("a/#", 0)), ..good.clone() }, "will topic"),
        (Connect { will: Some(will("w", 65_536)), ..good }, "will message"),
    ] {
        refused(&Packet::Connect(Box::new(connect)), part);
    }
}

// MQTT-3.8.3-3, MQTT-3.10.3-2, MQTT-4.7.1-2, MQTT-4.7.1-3
#[test]
fn requests_and_answers_that_break_the_protocol_are_not_written() {
    let packet_id = PacketId::FIRST;
    let subscribe = |filters: &[&str]| {
        let filters = filters.iter().map(|filter| ((*filter).to_owned(), Qos::AtMostOnce)).collect();
        Packet::Subscribe(Subscribe { packet_id, filters })
    };
    refused(&subscribe(&[]), "3.8.3-3");
    for filter in ["", "a+", "a/#/b", "a#", "\0"] {
        refused(&subscribe(&["a", filter]), "topic filter");
        let filters = vec!["a".to_owned(), filter.to_owned()];
        refused(&Packet::Unsubscribe(Unsubscribe { packet_id, filters }), "topic filter");
    }
    refused(&Packet::Unsubscribe(Unsubscribe { packet_id, filters: vec![] }), "3.10.3-2");
    refused(&Packet::Suback(Suback { packet_id, granted: vec![] }), "3.8.4-5");
    refused(&Packet::Connack(Connack { session_present: true, code: ConnectReturn::NotAuthorized }), "3.2.2-4");
}
