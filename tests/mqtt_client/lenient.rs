//! With `strict` off: a fault that leaves the framing whole is noted, and the connection goes on.

use standin::mqtt::packet::{Packet, Qos};
use standin::mqtt::{Happening, Input, Options};

use crate::bench::{Bench, OPTIONS, acked, connect, id, noted, rejected};

const LENIENT: Options = Options { strict: false, ..OPTIONS };

/// Faults, and a part of the note on each.
const FAULTS: [(&str, &str); 12] = [
    ("41020001", "PUBACK: its flags"),
    ("3903000161", "PUBLISH: it has DUP set with QoS 0"),
    ("300300012b", "PUBLISH: its topic"),
    ("20020000", "CONNACK: it came a second time"),
    ("20020105", "CONNACK: it refuses"),
    ("e000", "DISCONNECT: a server"),
    ("f000", "reserved packet type 15"),
    ("0003616161", "reserved packet type 0"),
    ("9003000103", "SUBACK: its return code"),
    ("b0020002", "UNSUBACK: for packet identifier 2, which belongs to a PUBLISH"),
    ("50020002", "PUBREC: for packet identifier 2, whose message has QoS 1"),
    ("40020001", "PUBACK: for packet identifier 1, which waits for SUBACK"),
];

fn busy() -> Bench {
    let mut bench = Bench::online(LENIENT, true);
    bench.subscribe(1, &[("a", Qos::AtMostOnce)]);
    bench.publish(2, "t", Qos::AtLeastOnce);
    bench
}

#[test]
fn each_fault_is_noted_and_what_follows_is_taken() {
    for (hex, part) in FAULTS {
        let mut bench = busy();
        let happenings = bench.receive(&format!("{hex} 40020002")).happenings();
        assert!(noted(&happenings[..1]).starts_with(part), "{happenings:?}");
        assert_eq!(happenings[1..], [acked(2, 2, 0)], "{hex}");
    }
    let mut bench = busy();
    let all: String = FAULTS.map(|(hex, _)| hex).concat();
    assert_eq!(bench.receive(&(all + "40020002")).happenings().len(), FAULTS.len() + 1, "all of them in one piece");
}

#[test]
fn a_packet_over_the_limit_is_passed_over() {
    let mut bench = busy();
    bench.client = standin::mqtt::Client::new(Options { max_packet: 20, ..LENIENT });
    bench.connect(true, 60, false);
    let hex = format!("301e 001c {} 32050001740007", "61".repeat(28));
    let (written, happenings) = bench.receive(&hex).good();
    assert_eq!(written, [Packet::Puback(id(7))]);
    assert!(noted(&happenings[..1]).contains("32 bytes, and max_packet is 20"), "{happenings:?}");
}

#[test]
fn a_broken_framing_ends_the_connection_all_the_same() {
    assert!(busy().receive("30ffffffff").fault().contains("more than four bytes"));
}

#[test]
fn packets_before_connack_are_noted_and_dropped() {
    let mut bench = Bench::new(LENIENT);
    bench.open(connect(true, 60));
    let (written, happenings) = bench.receive("32050001740007 20020100").good();
    assert_eq!(written, []);
    assert!(noted(&happenings[..1]).contains("before CONNACK"));
    assert!(noted(&happenings[1..2]).contains("MQTT-3.2.2-1"));
    assert_eq!(happenings[2..], [Happening::Connected { session_present: true }]);
}

#[test]
fn a_suback_of_the_wrong_length_ends_its_request_only() {
    let mut bench = busy();
    let happenings = bench.receive("900400010000").happenings();
    assert!(rejected(&happenings[..1], 1).contains("2 return codes for 1"));
    assert!(noted(&happenings[1..]).contains("2 return codes for 1"));
    assert_eq!(bench.step(Input::Closed).happenings().len(), 1, "only the message is left");
}

#[test]
fn an_answer_that_does_not_come_ends_its_request_only() {
    let mut bench = busy();
    bench.at(5.0).unsubscribe(3, &["a"]);
    let happenings = bench.at(10.0).tick().happenings();
    assert!(rejected(&happenings, 1).contains("SUBACK did not come within 10 s"));
    assert!(rejected(&bench.at(15.0).tick().happenings(), 3).contains("UNSUBACK did not come"));
    assert!(noted(&bench.receive("9003000100").happenings()).contains("not in use"));
}
