//! SUBSCRIBE and UNSUBSCRIBE.

use standin::mqtt::packet::{Packet, Qos, Suback, Subscribe, Unsubscribe};
use standin::mqtt::{Fault, Happening, Input, Options, Token};

use crate::bench::{Bench, OPTIONS, filter, id, noted, rejected};

const ASKED: [(&str, Qos); 3] = [("a", Qos::AtMostOnce), ("b/#", Qos::AtLeastOnce), ("$c/+", Qos::ExactlyOnce)];

// MQTT-3.8.1-1, MQTT-3.8.3-1, MQTT-3-8.3-4, MQTT-2.3.1-1, MQTT-2.3.1-7, MQTT-3.8.4-1, MQTT-3.8.4-2, MQTT-3.8.4-5,
// MQTT-3.9.3-1
#[test]
fn a_suback_answers_each_filter_in_the_order_asked() {
    let mut bench = Bench::online(OPTIONS, true);
    let filters = ASKED.map(|(text, qos)| (text.to_owned(), qos)).to_vec();
    let written = bench.subscribe(1, &ASKED).written();
    assert_eq!(written, [Packet::Subscribe(Subscribe { packet_id: id(1), filters })]);
    let filters = vec![
        (filter("a"), Qos::AtMostOnce, Some(Qos::AtMostOnce)),
        (filter("b/#"), Qos::AtLeastOnce, None),
        (filter("$c/+"), Qos::ExactlyOnce, Some(Qos::AtLeastOnce)),
    ];
    let happenings = bench.receive("9005 0001 008001").happenings();
    assert_eq!(happenings, [Happening::Subscribed { token: Token(1), filters }]);
    assert!(noted(&bench.receive("9005 0001 008001").happenings()).contains("not in use"), "the request is over");
}

// MQTT-3.10.1-1, MQTT-3.10.3-1, MQTT-2.3.1-7, MQTT-3.10.4-4, MQTT-3.10.4-5
#[test]
fn an_unsuback_ends_its_request() {
    let mut bench = Bench::online(OPTIONS, true);
    let filters = vec!["a".to_owned(), "+/b".to_owned()];
    let written = bench.unsubscribe(1, &["a", "+/b"]).written();
    assert_eq!(written, [Packet::Unsubscribe(Unsubscribe { packet_id: id(1), filters })]);
    let filters = vec![filter("a"), filter("+/b")];
    let happenings = bench.receive("b0020001").happenings();
    assert_eq!(happenings, [Happening::Unsubscribed { token: Token(1), filters }]);
    assert!(noted(&bench.receive("b0020001").happenings()).contains("not in use"));
}

// MQTT-3.8.4-2, MQTT-3.10.4-2: messages may come before SUBACK, and still after UNSUBSCRIBE.
#[test]
fn messages_may_come_before_suback_and_after_unsubscribe() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.subscribe(1, &[("t", Qos::AtMostOnce)]);
    assert_eq!(bench.receive("30030001 74 9003000100").happenings().len(), 2);
    bench.unsubscribe(2, &["t"]);
    assert_eq!(bench.receive("30030001 74 b0020002 30030001 74").happenings().len(), 3);
}

// MQTT-3.8.3-3, MQTT-3.10.3-2
#[test]
fn a_request_without_filters_is_rejected() {
    let mut bench = Bench::online(OPTIONS, true);
    for step in [bench.subscribe(1, &[]), bench.unsubscribe(1, &[])] {
        let (written, happenings) = step.good();
        assert_eq!(written, []);
        assert!(rejected(&happenings, 1).contains("needs a topic filter"));
    }
}

#[test]
fn answers_find_their_request_in_any_order() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.subscribe(1, &[("a", Qos::AtMostOnce)]);
    bench.unsubscribe(2, &["b"]);
    bench.subscribe(3, &[("c", Qos::AtMostOnce)]);
    let tokens: Vec<u64> = bench
        .receive("9003000300 b0020002 9003000100")
        .happenings()
        .into_iter()
        .map(|happening| match happening {
            Happening::Subscribed { token, .. } | Happening::Unsubscribed { token, .. } => token.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(tokens, [3, 2, 1]);
}

// MQTT-3.8.4-5, MQTT-3.9.3-1, MQTT-3.9.3-2, MQTT-2.3.1-7
#[test]
fn an_answer_that_does_not_fit_is_a_fault() {
    for (hex, part) in [
        ("90040001 0000", "SUBACK: it has 2 return codes for 3 topic filters"),
        ("90060001 00000000", "SUBACK: it has 4 return codes for 3 topic filters"),
        ("90050001 000300", "SUBACK: its return code 0x03"),
        ("b0020001", "UNSUBACK: for packet identifier 1, which waits for SUBACK"),
        ("40020001", "PUBACK: for packet identifier 1, which waits for SUBACK"),
        ("50020001", "PUBREC: for packet identifier 1, which waits for SUBACK"),
        ("70020001", "PUBCOMP: for packet identifier 1, which waits for SUBACK"),
        ("90030002 00", "SUBACK: for packet identifier 2, which waits for UNSUBACK"),
    ] {
        let mut bench = Bench::online(OPTIONS, true);
        bench.subscribe(1, &ASKED);
        bench.unsubscribe(2, &["a"]);
        let fault = bench.receive(hex).fault();
        assert!(fault.starts_with(part), "{fault}");
    }
}

#[test]
fn a_grant_above_what_was_asked_is_noted() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.subscribe(1, &[("a", Qos::AtMostOnce)]);
    let happenings = bench.receive("9003000102").happenings();
    assert!(noted(&happenings[..1]).contains("grants QoS 2 for a, more than the QoS 0"));
    assert!(matches!(happenings[1], Happening::Subscribed { .. }));
}

#[test]
fn requests_die_with_the_connection_and_are_not_sent_again() {
    let mut bench = Bench::online(OPTIONS, false);
    bench.subscribe(1, &[("a", Qos::AtMostOnce)]);
    bench.unsubscribe(2, &["a"]);
    let happenings = bench.step(Input::Closed).happenings();
    assert!(rejected(&happenings[..1], 1).contains("before SUBACK came"));
    assert!(rejected(&happenings[1..], 2).contains("before UNSUBACK came"));
    assert_eq!(bench.connect(false, 60, true).written(), []);
    assert!(noted(&bench.receive("9003000100").happenings()).contains("not in use"));
}

#[test]
fn an_answer_that_does_not_come_in_time_ends_the_connection() {
    for (unsubscribe, answer) in [(false, "SUBACK"), (true, "UNSUBACK")] {
        let mut bench = Bench::online(OPTIONS, true);
        bench.at(3.0);
        if unsubscribe {
            bench.unsubscribe(1, &["a"]);
        } else {
            bench.subscribe(1, &[("a", Qos::AtMostOnce)]);
        }
        bench.at(5.0).subscribe(2, &[("b", Qos::AtMostOnce)]);
        assert_eq!(bench.deadline(), Some(13.0));
        assert_eq!(bench.at(12.9).tick().good(), (vec![], vec![]));
        let step = bench.at(13.0).tick();
        assert!(rejected(&step.happenings, 1).contains(answer));
        assert_eq!(step.result, Err(Fault::Timeout(answer)));
        assert!(rejected(&bench.step(Input::Closed).happenings(), 2).contains("SUBACK"));
    }
}

// MQTT-2.3.1-3: however a request ends, its identifier can be used again.
#[test]
fn the_identifiers_of_ended_requests_are_free() {
    let mut bench = Bench::online(Options { strict: false, ..OPTIONS }, false);
    let all = |bench: &mut Bench| {
        for number in 1..=u64::from(u16::MAX) {
            let step = match number % 2 {
                0 => bench.subscribe(number, &[("a", Qos::AtMostOnce)]),
                _ => bench.unsubscribe(number, &["a"]),
            };
            assert_eq!(step.written().len(), 1, "no identifier for request {number}");
        }
        assert!(rejected(&bench.subscribe(0, &[("a", Qos::AtMostOnce)]).happenings(), 0).contains("in use"));
    };
    all(&mut bench);
    for number in 1..=u16::MAX {
        let granted = vec![Some(Qos::AtMostOnce)];
        let packet_id = id(number);
        bench.receive_packet(&match number % 2 {
            0 => Packet::Suback(Suback { packet_id, granted }),
            _ => Packet::Unsuback(packet_id),
        });
    }
    all(&mut bench);
    assert_eq!(bench.at(10.0).tick().happenings().len(), usize::from(u16::MAX), "none was answered in time");
    all(&mut bench);
    assert_eq!(bench.step(Input::Closed).happenings().len(), usize::from(u16::MAX));
    bench.connect(false, 60, true);
    all(&mut bench);
}
