//! The platform's messages.

use standin::mqtt::Input;
use standin::mqtt::packet::{Packet, Publish, Qos};
use standin::mqtt::{Happening, PacketId};

use crate::bench::{Bench, OPTIONS, id, noted};

fn message(topic: &str, qos: Qos, number: u16, dup: bool) -> Happening {
    let payload = bytes::Bytes::new();
    let packet_id = PacketId::new(number);
    Happening::Message(Publish { dup, qos, retain: false, topic: topic.to_owned(), packet_id, payload })
}

// MQTT-3.3.4-1, MQTT-4.3.2-2, MQTT-4.5.0-2: after PUBACK the same identifier is a new message.
#[test]
fn qos_0_and_1_are_delivered_and_1_is_acknowledged_each_time() {
    let mut bench = Bench::online(OPTIONS, true);
    assert_eq!(bench.receive("30030001 74").good(), (vec![], vec![message("t", Qos::AtMostOnce, 0, false)]));
    let once = (vec![Packet::Puback(id(7))], vec![message("t", Qos::AtLeastOnce, 7, false)]);
    assert_eq!(bench.receive("320500017400 07").good(), once);
    assert_eq!(bench.receive("320500017400 07").good(), once);
    let again = (vec![Packet::Puback(id(7))], vec![message("t", Qos::AtLeastOnce, 7, true)]);
    assert_eq!(bench.receive("3a0500017400 07").good(), again);
}

// MQTT-4.3.3-2, MQTT-2.3.1-6, MQTT-2.3.1-4: each repeat gets PUBREC and no second delivery; PUBREL gets PUBCOMP and ends it.
#[test]
fn qos_2_is_delivered_once() {
    let mut bench = Bench::online(OPTIONS, true);
    let first = (vec![Packet::Pubrec(id(7))], vec![message("t", Qos::ExactlyOnce, 7, false)]);
    assert_eq!(bench.receive("34050001740007").good(), first);
    assert_eq!(bench.receive("3c050001740007").good(), (vec![Packet::Pubrec(id(7))], vec![]));
    let (written, happenings) = bench.receive("34050001740007").good();
    assert_eq!(written, [Packet::Pubrec(id(7))]);
    assert!(noted(&happenings).contains("without DUP"));
    assert_eq!(bench.receive("62020007").good(), (vec![Packet::Pubcomp(id(7))], vec![]));
    assert_eq!(bench.receive("34050001740007").good(), first, "after PUBREL the identifier is a new message");
}

// MQTT-4.3.3-2: also across connections, as long as the session lives.
#[test]
fn a_qos_2_message_is_remembered_as_long_as_the_session() {
    for (clean, session_present, delivered) in [(false, true, 0), (false, false, 1), (true, false, 1)] {
        let mut bench = Bench::online(OPTIONS, clean);
        bench.receive("34050001740007").good();
        bench.step(Input::Closed);
        bench.connect(clean, 60, session_present).good();
        let (written, happenings) = bench.receive("3c050001740007").good();
        assert_eq!(written, [Packet::Pubrec(id(7))]);
        assert_eq!(happenings.len(), delivered, "clean {clean}, session present {session_present}");
    }
}

#[test]
fn a_pubrel_for_an_identifier_that_is_not_in_use_is_answered_and_noted() {
    let mut bench = Bench::online(OPTIONS, true);
    let (written, happenings) = bench.receive("62020007").good();
    assert_eq!(written, [Packet::Pubcomp(id(7))]);
    assert!(noted(&happenings).starts_with("PUBREL for packet identifier 7"));
}

// MQTT-4.6.0-2, MQTT-4.6.0-3: acknowledgements in the order of arrival.
#[test]
fn acknowledgements_follow_the_order_of_arrival() {
    let mut bench = Bench::online(OPTIONS, true);
    let written = bench.receive("32050001740009 34050001740003 32050001740005 34050001740001 62020003").written();
    let expected = [
        Packet::Puback(id(9)),
        Packet::Pubrec(id(3)),
        Packet::Puback(id(5)),
        Packet::Pubrec(id(1)),
        Packet::Pubcomp(id(3)),
    ];
    assert_eq!(written, expected);
}

// MQTT-3.3.1-3: DUP of what came says nothing of what we send.
#[test]
fn dup_of_a_received_message_does_not_reach_an_answer_of_ours() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.receive("3a050001740007").good();
    let written = bench.publish(1, "t", Qos::AtLeastOnce).written();
    assert_eq!(written, [crate::bench::wire("t", Qos::AtLeastOnce, 1, false)]);
}

// MQTT-3.3.1-8, MQTT-3.3.1-9, MQTT-3.3.5-1: RETAIN is handed on as it came, and copies by overlapping filters are messages.
#[test]
fn retain_and_copies_are_handed_on_as_they_came() {
    let mut bench = Bench::online(OPTIONS, true);
    let happenings = bench.receive("31030001 74 30030001 74 30030001 74").happenings();
    let retained: Vec<_> =
        happenings.iter().map(|happening| matches!(happening, Happening::Message(publish) if publish.retain)).collect();
    assert_eq!(retained, [true, false, false]);
}

// MQTT-1.5.3-3, MQTT-4.7.3-1
#[test]
fn odd_but_legal_topics_are_delivered() {
    let mut bench = Bench::online(OPTIONS, true);
    for (hex, topic) in [
        ("3003 0001 2f", "/"),
        ("3006 0004 efbbbf61", "\u{feff}a"),
        ("3004 0002 1b5b", "\u{1b}["),
        ("3003 0001 20", " "),
        ("3009 0007 246f632f612f62", "$oc/a/b"),
    ] {
        assert_eq!(bench.receive(hex).happenings(), [message(topic, Qos::AtMostOnce, 0, false)]);
    }
}

#[test]
fn identifiers_of_both_sides_are_apart() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.publish(1, "t", Qos::ExactlyOnce);
    bench.receive("34050001740001").good();
    assert_eq!(bench.receive("62020001").written(), [Packet::Pubcomp(id(1))]);
    assert_eq!(bench.receive("50020001").written(), [Packet::Pubrel(id(1))]);
}
