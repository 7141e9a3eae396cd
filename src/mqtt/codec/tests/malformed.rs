//! What no peer may send, as bytes: each row names the packet, and a word that its fault must hold.

use bytes::Buf;

use super::*;

/// (hex, packet, a part of the fault's words)
type Row = (&'static str, &'static str, &'static str);

/// Faults that either side can meet.
const BOTH: &[Row] = &[
    // PUBLISH
    ("3903000161", "PUBLISH", "3.3.1-2"),
    ("38030001 61", "PUBLISH", "3.3.1-2"),
    ("36050001 61 0001", "PUBLISH", "3.3.1-4"),
    ("3f050001 61 0001", "PUBLISH", "3.3.1-4"),
    ("30020000", "PUBLISH", "empty"),
    ("300300012b", "PUBLISH", "wildcard"),
    ("30050003612f23", "PUBLISH", "wildcard"),
    ("3003000100", "PUBLISH", "NUL"),
    ("3000", "PUBLISH", "ends too early"),
    ("300100", "PUBLISH", "ends too early"),
    ("3003000261", "PUBLISH", "runs over"),
    ("320500016100 00", "PUBLISH", "2.3.1-1"),
    ("34050001610000", "PUBLISH", "2.3.1-1"),
    ("32030001 61", "PUBLISH", "ends too early"),
    ("3204000161 00", "PUBLISH", "ends too early"),
    ("30040002 c328", "PUBLISH", "UTF-8"),
    ("30050003 eda080", "PUBLISH", "UTF-8"),
    ("300600 04 f4908080", "PUBLISH", "UTF-8"),
    ("30040002 c080", "PUBLISH", "UTF-8"),
    // Acknowledgements
    ("41020001", "PUBACK", "2.2.2-2"),
    ("42020001", "PUBACK", "2.2.2-2"),
    ("40020000", "PUBACK", "2.3.1-1"),
    ("4000", "PUBACK", "remaining length"),
    ("400100", "PUBACK", "remaining length"),
    ("4003000100", "PUBACK", "remaining length"),
    ("400400010000", "PUBACK", "remaining length"),
    ("52020001", "PUBREC", "2.2.2-2"),
    ("50020000", "PUBREC", "2.3.1-1"),
    ("5003000100", "PUBREC", "remaining length"),
    ("60020001", "PUBREL", "2.2.2-2"),
    ("63020001", "PUBREL", "2.2.2-2"),
    ("62020000", "PUBREL", "2.3.1-1"),
    ("6203000100", "PUBREL", "remaining length"),
    ("72020001", "PUBCOMP", "2.2.2-2"),
    ("70020000", "PUBCOMP", "2.3.1-1"),
    ("7003000100", "PUBCOMP", "remaining length"),
    // Types that MQTT 3.1.1 does not have
    ("0000", "reserved packet type 0", "no such packet"),
    ("f000", "reserved packet type 15", "no such packet"),
];

/// What a client meets.
const FROM_A_SERVER: &[Row] = &[
    ("2000", "CONNACK", "remaining length"),
    ("200100", "CONNACK", "remaining length"),
    ("2003000000", "CONNACK", "remaining length"),
    ("21020000", "CONNACK", "2.2.2-2"),
    ("20020200", "CONNACK", "reserved flags"),
    ("20028000", "CONNACK", "reserved flags"),
    ("20020105", "CONNACK", "3.2.2-4"),
    ("20020101", "CONNACK", "3.2.2-4"),
    ("20020006", "CONNACK", "reserved"),
    ("200200ff", "CONNACK", "reserved"),
    ("9003000001", "SUBACK", "2.3.1-1"),
    ("90020001", "SUBACK", "ends too early"),
    ("9000", "SUBACK", "ends too early"),
    ("9003000103", "SUBACK", "3.9.3-2"),
    ("900300017f", "SUBACK", "3.9.3-2"),
    ("9003000181", "SUBACK", "3.9.3-2"),
    ("9203000101", "SUBACK", "2.2.2-2"),
    ("b0020000", "UNSUBACK", "2.3.1-1"),
    ("b0030001 00", "UNSUBACK", "remaining length"),
    ("b000", "UNSUBACK", "remaining length"),
    ("b2020001", "UNSUBACK", "2.2.2-2"),
    ("d100", "PINGRESP", "2.2.2-2"),
    ("d00100", "PINGRESP", "remaining length"),
    ("100d 00044d515454 04 02 003c 0001 61", "CONNECT", "a server may not send"),
    ("8206000100016101", "SUBSCRIBE", "a server may not send"),
    ("a2050001000161", "UNSUBSCRIBE", "a server may not send"),
    ("c000", "PINGREQ", "a server may not send"),
    ("e000", "DISCONNECT", "a server may not send"),
];

/// What a server meets.
const FROM_A_CLIENT: &[Row] = &[
    ("8006000100016101", "SUBSCRIBE", "2.2.2-2"),
    ("8306000100016101", "SUBSCRIBE", "2.2.2-2"),
    ("8206000000016101", "SUBSCRIBE", "2.3.1-1"),
    ("82020009", "SUBSCRIBE", "3.8.3-3"),
    ("8200", "SUBSCRIBE", "ends too early"),
    ("82050001000161", "SUBSCRIBE", "ends too early"),
    ("82060001000161fd", "SUBSCRIBE", "3-8.3-4"),
    ("8206000100016104", "SUBSCRIBE", "3-8.3-4"),
    ("8206000100016103", "SUBSCRIBE", "QoS 3"),
    ("820500010000 01", "SUBSCRIBE", "empty"),
    ("820600010001 00 01", "SUBSCRIBE", "NUL"),
    ("820700010002612b01", "SUBSCRIBE", "+"),
    ("820700010002612301", "SUBSCRIBE", "#"),
    ("820800010003232f6101", "SUBSCRIBE", "#"),
    ("a0050001000161", "UNSUBSCRIBE", "2.2.2-2"),
    ("a2050000000161", "UNSUBSCRIBE", "2.3.1-1"),
    ("a2020009", "UNSUBSCRIBE", "3.10.3-2"),
    ("a2040001 0000", "UNSUBSCRIBE", "empty"),
    ("a20500010002 61", "UNSUBSCRIBE", "runs over"),
    ("a2010 0", "UNSUBSCRIBE", "ends too early"),
    ("a20600010002612b", "UNSUBSCRIBE", "+"),
    ("c100", "PINGREQ", "2.2.2-2"),
    ("c00100", "PINGREQ", "remaining length"),
    ("e100", "DISCONNECT", "2.2.2-2"),
    ("e00100", "DISCONNECT", "remaining length"),
    ("20020000", "CONNACK", "a client may not send"),
    ("9003000101", "SUBACK", "a client may not send"),
    ("b0020001", "UNSUBACK", "a client may not send"),
    ("d000", "PINGRESP", "a client may not send"),
    // CONNECT
    ("110d 00044d515454 04 02 003c 0001 61", "CONNECT", "2.2.2-2"),
    ("1000", "CONNECT", "ends too early"),
    ("100d 00044d515458 04 02 003c 0001 61", "CONNECT", "protocol name"),
    ("100f 00064d5149736470 03 02 003c 0001 61", "CONNECT", "protocol name"),
    ("100d 00044d515454 03 02 003c 0001 61", "CONNECT", "level is 3"),
    ("100d 00044d515454 05 02 003c 0001 61", "CONNECT", "level is 5"),
    ("100e 00044d515454 05 02 003c 00 0001 61", "CONNECT", "level is 5"),
    ("100d 00044d515454 04 03 003c 0001 61", "CONNECT", "3.1.2-3"),
    ("1010 00044d515454 04 42 003c 0001 61 0001 70", "CONNECT", "3.1.2-22"),
    ("1010 00044d515454 04 02 003c 0001 61 0001 70", "CONNECT", "last field: 3"),
    ("100e 00044d515454 04 02 003c 0001 61 00", "CONNECT", "last field: 1"),
    ("100d 00044d515454 04 82 003c 0001 61", "CONNECT", "ends too early"),
    ("100d 00044d515454 04 0a 003c 0001 61", "CONNECT", "without a will"),
    ("100d 00044d515454 04 22 003c 0001 61", "CONNECT", "without a will"),
    ("1012 00044d515454 04 1e 003c 0001 61 0001 77 0000", "CONNECT", "QoS 3"),
    ("1011 00044d515454 04 06 003c 0001 61 0000 0000", "CONNECT", "will topic"),
    ("1012 00044d515454 04 06 003c 0001 61 0001 2b 0000", "CONNECT", "will topic"),
    ("100d 00044d515454 04 02 003c 0001 00", "CONNECT", "client identifier holds a NUL"),
    ("1010 00044d515454 04 82 003c 0001 61 0001 00", "CONNECT", "user name holds a NUL"),
    ("100d 00044d515454 04 02 003c 0001 ff", "CONNECT", "UTF-8"),
    ("1013 00044d515454 04 c2 003c 0001 61 0001 75 0001 ff", "CONNECT", "UTF-8"),
];

/// Each row alone, and each with a good packet after it, which a lenient reader must find.
fn check(side: Side, follower: &str, rows: &[Row]) {
    for (hex, packet, part) in rows {
        let stream = [bytes_of(hex), bytes_of(follower)].concat();
        for step in [1, 2, 3, stream.len()] {
            let pieces = stream.chunks(step).map(Bytes::copy_from_slice);
            let (packets, malformed) = read_pieces(side, MAX_PACKET, pieces);
            assert_eq!(packets, [], "{hex} was taken");
            let malformed = malformed.unwrap_or_else(|| panic!("{hex} is not refused"));
            assert_eq!(malformed.packet, *packet, "{hex}: {malformed}");
            assert!(malformed.to_string().contains(part), "{hex}: {malformed}");
            assert!(malformed.framing_whole, "{hex}: {malformed}");
        }
        let mut decoder = Decoder::new(side, MAX_PACKET);
        let mut packets = Vec::new();
        let mut take = |packet| {
            packets.push(packet);
            Ok::<_, Malformed>(())
        };
        decoder.feed(Bytes::from(stream), &mut take).unwrap_err();
        decoder.feed(Bytes::new(), &mut take).unwrap();
        assert_eq!(packets.len(), 1, "{hex}: the packet after it is lost");
    }
}

// MQTT-1.5.3-1, MQTT-1.5.3-2, MQTT-2.2.2-2, MQTT-2.3.1-1, MQTT-3.3.1-2, MQTT-3.3.1-4, MQTT-3.3.2-1, MQTT-3.3.2-2,
// MQTT-3.6.1-1, MQTT-3.9.3-2, MQTT-3.2.2-4, MQTT-4.7.1-1, MQTT-4.7.3-1, MQTT-4.7.3-2, MQTT-4.8.0-1: a client refuses them.
#[test]
fn a_client_refuses_what_no_server_may_send() {
    check(Side::Client, "d000", BOTH);
    check(Side::Client, "d000", FROM_A_SERVER);
}

// MQTT-3.1.2-22, MQTT-3.8.3-3, MQTT-3.10.3-2, MQTT-4.7.1-2, MQTT-4.7.1-3: a server of ours refuses them.
#[test]
fn a_server_refuses_what_no_client_may_send() {
    check(Side::Server, "c000", BOTH);
    check(Side::Server, "c000", FROM_A_CLIENT);
}

#[test]
fn the_size_limit_counts_the_header_and_holds_before_the_packet_is_there() {
    let ten = bytes_of("3008 0001 74 6161616161");
    let take = |stream: &[u8], max| read_pieces(Side::Client, max, [Bytes::copy_from_slice(stream)]);
    assert_eq!(take(&ten, 10).0.len(), 1);
    for (stream, max) in [(&ten[..], 9), (&ten[..2], 9), (&bytes_of("30ffffff7f")[..], MAX_PACKET)] {
        let (packets, malformed) = take(stream, max);
        assert_eq!(packets, []);
        let fault = malformed.unwrap().to_string();
        assert!(fault.contains("PUBLISH") && fault.contains("max_packet"), "{fault}");
    }
}

#[test]
fn a_packet_over_the_limit_is_passed_over_without_being_kept() {
    let mut decoder = Decoder::new(Side::Client, 10);
    let mut packets = Vec::new();
    let mut take = |packet| {
        packets.push(packet);
        Ok::<_, Malformed>(())
    };
    let mut stream = Bytes::from([&bytes_of("30e807")[..], &[0x74; 1000], &bytes_of("d000d000")].concat());
    decoder.feed(stream.split_to(2), &mut take).unwrap();
    decoder.feed(stream.split_to(1), &mut take).unwrap_err();
    while stream.has_remaining() {
        decoder.feed(stream.split_to(1), &mut take).unwrap();
    }
    assert_eq!(packets, [Packet::Pingresp, Packet::Pingresp]);
}

#[test]
fn a_broken_framing_stays_broken() {
    let mut decoder = Decoder::new(Side::Client, MAX_PACKET);
    let refuse = |_| Ok::<_, Malformed>(());
    let first = decoder.feed(Bytes::from(bytes_of("d080808080")), refuse).unwrap_err();
    let second = decoder.feed(Bytes::from(bytes_of("d000")), refuse).unwrap_err();
    assert_eq!(first, second);
    assert_eq!(first.packet, "PINGRESP");
}

#[test]
fn a_stop_by_the_taker_loses_no_packet() {
    let mut decoder = Decoder::new(Side::Client, MAX_PACKET);
    let stop = || Malformed { packet: "", fault: String::new(), framing_whole: true };
    let mut seen = Vec::new();
    let stream = bytes_of("40020001 40020002 40020003 4002");
    decoder
        .feed(Bytes::from(stream), |packet| {
            seen.push(packet);
            Err(stop())
        })
        .unwrap_err();
    decoder
        .feed(Bytes::from(bytes_of("0004")), |packet| {
            seen.push(packet);
            Ok::<_, Malformed>(())
        })
        .unwrap();
    let numbers: Vec<u16> = seen.iter().map(|packet| matches!(packet, Packet::Puback(_)).into()).collect();
    assert_eq!(numbers, [1; 4]);
    assert_eq!(seen.last(), Some(&Packet::Puback(crate::mqtt::PacketId::new(4).unwrap())));
}
