//! The life of a connection: CONNECT, CONNACK, faults, DISCONNECT.

use standin::mqtt::packet::{Connect, ConnectReturn, Packet, Qos};
use standin::mqtt::{Fault, Happening, Input};
use standin::secret::Secret;

use crate::bench::{Bench, OPTIONS, connect, noted, rejected, wire};

// MQTT-3.1.0-1, MQTT-3.1.0-2: CONNECT comes first, once.
#[test]
fn connect_is_the_first_packet_and_the_only_one_before_connack() {
    let mut bench = Bench::new(OPTIONS);
    assert_eq!(
        rejected(&bench.publish(1, "t", Qos::AtMostOnce).happenings(), 1),
        "there is no connection to the platform"
    );
    let asked = connect(true, 60);
    assert_eq!(bench.open(asked.clone()).good(), (vec![Packet::Connect(Box::new(asked))], vec![]));
    rejected(&bench.publish(2, "t", Qos::AtLeastOnce).happenings(), 2);
    rejected(&bench.subscribe(3, &[("t", Qos::AtMostOnce)]).happenings(), 3);
    rejected(&bench.unsubscribe(4, &["t"]).happenings(), 4);
    let accepted = bench.receive("20020000").good();
    assert_eq!(accepted, (vec![], vec![Happening::Connected { session_present: false }]));
    assert_eq!(bench.publish(5, "t", Qos::AtMostOnce).written(), [wire("t", Qos::AtMostOnce, 0, false)]);
}

// MQTT-3.1.2-22, MQTT-3.1.3-5, MQTT-3.1.3-7: what may not be sent ends the attempt before a byte is written.
#[test]
fn a_connect_that_may_not_be_sent_is_a_fault() {
    for (asked, part) in [
        (Connect { clean_session: false, ..Connect::default() }, "3.1.3-7"),
        (Connect { password: Some(Secret::new("p")), ..connect(true, 0) }, "3.1.2-22"),
    ] {
        let mut bench = Bench::new(OPTIONS);
        let step = bench.open(asked);
        assert_eq!(step.written, []);
        assert!(step.fault().contains(part));
        assert_eq!(bench.tick().good(), (vec![], vec![]));
    }
    let digits_and_letters = Connect { client_id: "0123456789abcdefABCDEFz".to_owned(), ..connect(true, 0) };
    assert_eq!(
        Bench::new(OPTIONS).open(digits_and_letters.clone()).written(),
        [Packet::Connect(Box::new(digits_and_letters))]
    );
}

// MQTT-3.1.2-2, MQTT-3.1.3-8, MQTT-3.1.3-9, MQTT-3.1.4-5, MQTT-3.2.2-5, MQTT-3.2.2-6
#[test]
fn a_refusal_is_told_and_nothing_is_read_or_written_after_it() {
    for (number, code) in [
        (1, ConnectReturn::UnacceptableProtocolVersion),
        (2, ConnectReturn::IdentifierRejected),
        (3, ConnectReturn::ServerUnavailable),
        (4, ConnectReturn::BadUserNameOrPassword),
        (5, ConnectReturn::NotAuthorized),
    ] {
        let mut bench = Bench::new(OPTIONS);
        bench.open(connect(true, 60));
        let step = bench.receive(&format!("200200{number:02x} 30030001 74"));
        assert_eq!(step.good(), (vec![], vec![Happening::Refused(code)]));
        rejected(&bench.publish(1, "t", Qos::AtMostOnce).happenings(), 1);
        assert_eq!(bench.deadline(), None);
        assert_eq!(bench.step(Input::Disconnect).good(), (vec![], vec![]));
        assert_eq!(bench.step(Input::Closed).good(), (vec![], vec![]));
    }
}

// MQTT-3.2.0-1
#[test]
fn any_packet_before_connack_is_a_fault() {
    for (hex, name) in [
        ("30030001 74", "PUBLISH"),
        ("40020001", "PUBACK"),
        ("62020001", "PUBREL"),
        ("9003000100", "SUBACK"),
        ("b0020001", "UNSUBACK"),
        ("d000", "PINGRESP"),
    ] {
        let mut bench = Bench::new(OPTIONS);
        bench.open(connect(true, 60));
        let fault = bench.receive(hex).fault();
        assert!(fault.starts_with(name) && fault.contains("before CONNACK"), "{fault}");
    }
}

// MQTT-4.8.0-1, MQTT-4.8.0-2: after a fault nothing is read or written until the link is closed and opened anew.
#[test]
fn after_a_fault_the_connection_is_over_and_the_next_one_works() {
    let mut bench = Bench::online(OPTIONS, true);
    let step = bench.receive("32050001740007 20020000 32050001740008");
    assert_eq!(step.written, [Packet::Puback(crate::bench::id(7))]);
    assert_eq!(step.fault(), "CONNACK: it came a second time");
    assert_eq!(bench.receive("30030001 74").good(), (vec![], vec![]));
    assert_eq!(bench.deadline(), None);
    rejected(&bench.publish(1, "t", Qos::AtMostOnce).happenings(), 1);
    assert_eq!(bench.step(Input::Closed).good(), (vec![], vec![]));
    let again = bench.connect(true, 60, false).happenings();
    assert_eq!(again, [Happening::Connected { session_present: false }]);
}

// MQTT-4.8.0-1, MQTT-2.2.2-2, MQTT-1.5.3-1: a malformed packet is a fault that names the packet and what is wrong.
#[test]
fn a_malformed_packet_ends_the_connection() {
    for (hex, words) in [
        ("41020001", "PUBACK: its flags are 0001 and must be 0000 (MQTT-2.2.2-2)"),
        ("30040002c328", "PUBLISH: a text in it is not UTF-8 (MQTT-1.5.3-1)"),
        ("e000", "DISCONNECT: a server may not send it"),
        ("c000", "PINGREQ: a server may not send it"),
        ("30ffffff7f", "PUBLISH: it has 268435460 bytes, and max_packet is 1048576"),
        ("d080808080", "PINGRESP: its remaining length takes more than four bytes (section 2.2.3)"),
    ] {
        assert_eq!(Bench::online(OPTIONS, true).receive(hex).fault(), words);
    }
}

// MQTT-3.2.2-1, MQTT-3.2.2-2, MQTT-3.2.2-3, MQTT-3.2.2-4
#[test]
fn session_present_must_agree_with_what_was_asked() {
    let mut bench = Bench::new(OPTIONS);
    bench.open(connect(true, 60));
    assert!(bench.receive("20020100").fault().contains("3.2.2-1"));
    for (hex, session_present) in [("20020100", true), ("20020000", false)] {
        let mut bench = Bench::new(OPTIONS);
        bench.open(connect(false, 60));
        assert_eq!(bench.receive(hex).happenings(), [Happening::Connected { session_present }]);
    }
    let mut bench = Bench::new(OPTIONS);
    bench.open(connect(false, 60));
    assert!(bench.receive("20020105").fault().contains("3.2.2-4"));
}

#[test]
fn a_connack_that_does_not_come_is_a_timeout() {
    let mut bench = Bench::new(OPTIONS);
    bench.at(5.0).open(connect(true, 2));
    assert_eq!(bench.deadline(), Some(15.0));
    bench.at(14.9);
    assert_eq!(bench.receive("20").good(), (vec![], vec![]));
    assert_eq!(bench.tick().good(), (vec![], vec![]));
    assert_eq!(bench.at(15.0).tick().result, Err(Fault::Timeout("CONNACK")));
}

// MQTT-3.14.4-1, MQTT-3.14.4-2, MQTT-3.14.1-1
#[test]
fn after_disconnect_nothing_is_written() {
    let mut bench = Bench::online(OPTIONS, true);
    assert_eq!(bench.step(Input::Disconnect).written(), [Packet::Disconnect]);
    assert_eq!(bench.step(Input::Disconnect).written(), []);
    assert_eq!(bench.receive("32050001740007 34050001740008 62020008").good(), (vec![], vec![]));
    rejected(&bench.publish(1, "t", Qos::AtLeastOnce).good().1, 1);
    rejected(&bench.subscribe(2, &[("t", Qos::AtMostOnce)]).good().1, 2);
    assert_eq!(bench.at(1000.0).tick().good(), (vec![], vec![]));
    assert_eq!(bench.deadline(), None);
}

#[test]
fn opening_without_closing_ends_the_old_connection_first() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.subscribe(1, &[("t", Qos::AtMostOnce)]);
    let (written, happenings) = bench.open(connect(true, 60)).good();
    assert_eq!(written.len(), 1);
    assert!(rejected(&happenings, 1).contains("before SUBACK came"));
}

#[test]
fn half_a_packet_of_the_old_connection_is_no_part_of_the_new_one() {
    let mut bench = Bench::new(OPTIONS);
    bench.open(connect(true, 60));
    assert_eq!(bench.receive("2002").good(), (vec![], vec![]));
    bench.step(Input::Closed).good();
    assert_eq!(bench.receive("0000").good(), (vec![], vec![]));
    let happenings = bench.connect(true, 60, false).happenings();
    assert_eq!(happenings, [Happening::Connected { session_present: false }]);
}

// MQTT-3.1.2-20: a user name without a password, and with an empty one, are sent as such.
#[test]
fn every_option_of_connect_reaches_the_wire() {
    for password in [None, Some(Secret::new("")), Some(Secret::new("secret"))] {
        let asked = Connect { username: Some("user".to_owned()), password, ..connect(false, 30) };
        assert_eq!(Bench::new(OPTIONS).open(asked.clone()).written(), [Packet::Connect(Box::new(asked))]);
    }
}

#[test]
fn a_lone_pingresp_is_noted() {
    assert!(noted(&Bench::online(OPTIONS, true).receive("d000").happenings()).contains("without a PINGREQ"));
}
