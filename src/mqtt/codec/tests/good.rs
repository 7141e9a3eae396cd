//! Packets as the specification draws them: read into our types, and written as the same bytes.

use super::*;
use crate::mqtt::packet::{Connack, Connect, ConnectReturn, PacketId, Suback, Subscribe, Unsubscribe, Will};
use crate::secret::Secret;

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn check(side: Side, hex: &str, packet: &Packet) {
    assert_eq!(read(side, &bytes_of(hex)), (vec![packet.clone()], None), "reading {hex}");
    assert_eq!(hex::encode(encoded(packet)), hex.replace(' ', ""), "writing {packet:?}");
}

// MQTT-2.2.2-1, MQTT-3.6.1-1, MQTT-3.8.1-1, MQTT-3.10.1-1, MQTT-3.14.1-1: the flags are those of table 2.2.
#[test]
fn short_packets_are_read_and_written_as_specified() {
    for (side, hex, packet) in [
        (Side::Client, "20020000", Packet::Connack(Connack { session_present: false, code: ConnectReturn::Accepted })),
        (Side::Client, "20020100", Packet::Connack(Connack { session_present: true, code: ConnectReturn::Accepted })),
        (Side::Client, "40020001", Packet::Puback(id(1))),
        (Side::Client, "5002ffff", Packet::Pubrec(id(65_535))),
        (Side::Client, "62020102", Packet::Pubrel(id(258))),
        (Side::Client, "70020102", Packet::Pubcomp(id(258))),
        (Side::Server, "40020001", Packet::Puback(id(1))),
        (Side::Server, "62020102", Packet::Pubrel(id(258))),
        (
            Side::Client,
            "9006 0007 00010280",
            Packet::Suback(Suback {
                packet_id: id(7),
                granted: vec![Some(Qos::AtMostOnce), Some(Qos::AtLeastOnce), Some(Qos::ExactlyOnce), None],
            }),
        ),
        (Side::Client, "b0020007", Packet::Unsuback(id(7))),
        (Side::Server, "c000", Packet::Pingreq),
        (Side::Client, "d000", Packet::Pingresp),
        (Side::Server, "e000", Packet::Disconnect),
    ] {
        check(side, hex, &packet);
    }
}

// MQTT-3.1.2-1, MQTT-3.1.3-8: each code of CONNACK has its meaning.
#[test]
fn every_code_of_connack_is_understood() {
    for (number, code) in [
        (1, ConnectReturn::UnacceptableProtocolVersion),
        (2, ConnectReturn::IdentifierRejected),
        (3, ConnectReturn::ServerUnavailable),
        (4, ConnectReturn::BadUserNameOrPassword),
        (5, ConnectReturn::NotAuthorized),
    ] {
        check(Side::Client, &format!("200200{number:02x}"), &Packet::Connack(Connack { session_present: false, code }));
    }
}

// MQTT-3.3.1-1, MQTT-3.3.2-1, MQTT-2.3.1-5: topic first; an identifier with QoS 1 and 2 only.
#[test]
fn publishes_are_read_and_written_as_specified() {
    let plain = message("a/b", b"hi");
    let of_qos = |qos, number| Publish { qos, packet_id: Some(id(number)), ..plain.clone() };
    for (hex, publish) in [
        ("3007 0003612f62 6869", plain.clone()),
        ("3107 0003612f62 6869", Publish { retain: true, ..plain.clone() }),
        ("3209 0003612f62 000a 6869", of_qos(Qos::AtLeastOnce, 10)),
        ("3a09 0003612f62 000a 6869", Publish { dup: true, ..of_qos(Qos::AtLeastOnce, 10) }),
        ("3d09 0003612f62 ffff 6869", Publish { dup: true, retain: true, ..of_qos(Qos::ExactlyOnce, 65_535) }),
        ("3005 0003612f62", message("a/b", b"")),
    ] {
        check(Side::Client, hex, &Packet::Publish(publish.clone()));
        check(Side::Server, hex, &Packet::Publish(publish));
    }
}

// MQTT-1.5.3-3: EF BB BF is U+FEFF wherever it stands, and is not stripped.
#[test]
fn a_byte_order_mark_stays_in_the_topic() {
    check(Side::Client, "3006 0004efbbbf61", &Packet::Publish(message("\u{feff}a", b"")));
}

#[test]
fn control_characters_in_a_topic_are_no_fault() {
    check(Side::Client, "3007 00051b5b316d7f", &Packet::Publish(message("\u{1b}[1m\u{7f}", b"")));
}

// MQTT-3.8.3-1, MQTT-3.10.3-1, MQTT-3-8.3-4: filters in UTF-8, the upper bits of the requested QoS 0.
#[test]
fn subscriptions_are_read_and_written_as_specified() {
    let filters = vec![("a/b".to_owned(), Qos::AtLeastOnce), ("é/#".to_owned(), Qos::ExactlyOnce)];
    let subscribe = Packet::Subscribe(Subscribe { packet_id: id(10), filters });
    check(Side::Server, "820f 000a 0003612f6201 0004c3a92f2302", &subscribe);
    let filters = vec!["a/b".to_owned(), "+".to_owned()];
    check(
        Side::Server,
        "a20a 000a 0003612f62 00012b",
        &Packet::Unsubscribe(Unsubscribe { packet_id: id(10), filters }),
    );
}

fn connect(client_id: &str) -> Connect {
    Connect { client_id: client_id.to_owned(), clean_session: true, keep_alive: 60, ..Connect::default() }
}

// MQTT-3.1.2-2, MQTT-3.1.2-3, MQTT-3.1.2-9, MQTT-3.1.2-11, MQTT-3.1.2-13, MQTT-3.1.2-14, MQTT-3.1.2-15,
// MQTT-3.1.2-18, MQTT-3.1.2-19, MQTT-3.1.2-20, MQTT-3.1.2-21, MQTT-3.1.3-1, MQTT-3.1.3-2, MQTT-3.1.3-3,
// MQTT-3.1.3-4, MQTT-3.1.3-10, MQTT-3.1.3-11: name, level, flags, and the fields that the flags announce, in their order.
#[test]
fn every_form_of_connect_is_read_and_written_as_specified() {
    let will = Will { topic: "w".into(), payload: Bytes::from_static(&[0, 255]), qos: Qos::ExactlyOnce, retain: true };
    for (hex, connect) in [
        ("100d 00044d515454 04 02 003c 0001 61", connect("a")),
        ("100d 00044d515454 04 00 0000 0001 61", Connect { clean_session: false, keep_alive: 0, ..connect("a") }),
        ("100c 00044d515454 04 02 003c 0000", connect("")),
        ("1010 00044d515454 04 82 003c 0001 61 0001 75", Connect { username: Some("u".into()), ..connect("a") }),
        (
            "1014 00044d515454 04 c2 003c 0001 61 0002 c3a9 0001 70",
            Connect { username: Some("é".into()), password: Some(Secret::new("p")), ..connect("a") },
        ),
        (
            "1014 00044d515454 04 36 003c 0001 61 0001 77 0002 00ff",
            Connect { will: Some(will.clone()), ..connect("a") },
        ),
        (
            "101a 00044d515454 04 f6 003c 0001 61 0001 77 0002 00ff 0001 75 0001 70",
            Connect { will: Some(will), username: Some("u".into()), password: Some(Secret::new("p")), ..connect("a") },
        ),
    ] {
        check(Side::Server, hex, &Packet::Connect(Box::new(connect)));
    }
}

#[test]
fn an_empty_password_and_an_empty_user_name_are_not_absent_ones() {
    let empty = || Some(Secret::new(""));
    for (hex, username, password) in [
        ("1012 00044d515454 04 c2 003c 0001 61 0001 75 0000", "u", empty()),
        ("1011 00044d515454 04 c2 003c 0001 61 0000 0000", "", empty()),
        ("100f 00044d515454 04 82 003c 0001 61 0000", "", None),
    ] {
        let connect = Connect { username: Some(username.into()), password, ..connect("a") };
        check(Side::Server, hex, &Packet::Connect(Box::new(connect)));
    }
}

#[test]
fn a_remaining_length_may_take_more_bytes_than_it_needs_but_not_more_than_four() {
    for hex in ["d000", "d08000", "d0808000", "d080808000"] {
        assert_eq!(read(Side::Client, &bytes_of(hex)), (vec![Packet::Pingresp], None), "{hex}");
    }
    for hex in ["d080808080", "d08080808000", "30ffffffff7f"] {
        let (packets, malformed) = read(Side::Client, &bytes_of(hex));
        assert_eq!(packets, []);
        assert!(!malformed.unwrap().framing_whole, "{hex}");
    }
}

#[test]
fn remaining_lengths_change_their_size_where_the_specification_says() {
    for (remaining, header) in [
        (127, "307f"),
        (128, "308001"),
        (16_383, "30ff7f"),
        (16_384, "30808001"),
        (2_097_151, "30ffff7f"),
        (2_097_152, "3080808001"),
    ] {
        let packet = Packet::Publish(message("t", &vec![b'x'; remaining - 3]));
        let written = encoded(&packet);
        assert_eq!(hex::encode(&written[..header.len() / 2]), header);
        assert_eq!(read(Side::Client, &written), (vec![packet], None));
    }
}

#[test]
fn a_payload_shares_the_memory_of_the_bytes_it_came_in() {
    let chunk = Bytes::from(bytes_of("3007 0003612f62 6869 3007 0003612f62 6a6b"));
    let (packets, _) = read_pieces(Side::Client, MAX_PACKET, [chunk.clone()]);
    for (packet, at) in packets.iter().zip([7, 16]) {
        let Packet::Publish(publish) = packet else { panic!("{packet:?}") };
        assert_eq!(publish.payload.as_ptr(), chunk[at..].as_ptr());
    }
    assert_eq!(packets.len(), 2);
}
