//! Our messages: QoS 0, 1 and 2, window, queue, identifiers, and what a reconnect does to them.

use bytes::Bytes;
use proptest::prelude::*;
use standin::mqtt::packet::{Packet, Qos};
use standin::mqtt::{Happening, Input, Options, Token};

use crate::bench::{Bench, OPTIONS, acked, id, noted, rejected, sent, wire};

// MQTT-4.3.1-1, MQTT-2.3.1-5, MQTT-3.3.1-2
#[test]
fn qos_0_is_sent_once_without_an_identifier_and_is_done() {
    let mut bench = Bench::online(OPTIONS, false);
    let (written, happenings) = bench.publish(1, "a/b", Qos::AtMostOnce).good();
    assert_eq!(written, [wire("a/b", Qos::AtMostOnce, 0, false)]);
    assert_eq!(happenings, [sent(1, 0, false), acked(1, 0, 0)]);
    bench.step(Input::Closed);
    assert_eq!(bench.connect(false, 60, true).written(), []);
}

// MQTT-4.3.2-1, MQTT-2.3.1-2, MQTT-2.3.1-3: unacknowledged until PUBACK; then the identifier is free.
#[test]
fn qos_1_is_done_with_puback() {
    let mut bench = Bench::online(OPTIONS, true);
    let (written, happenings) = bench.publish(1, "t", Qos::AtLeastOnce).good();
    assert_eq!(written, [wire("t", Qos::AtLeastOnce, 1, false)]);
    assert_eq!(happenings, [sent(1, 1, false)]);
    assert_eq!(bench.publish(2, "t", Qos::AtLeastOnce).written(), [wire("t", Qos::AtLeastOnce, 2, false)]);
    assert_eq!(bench.client.in_flight(), 2);
    bench.at(3.0);
    assert_eq!(bench.receive("40020001").good(), (vec![], vec![acked(1, 1, 3)]));
    assert_eq!(bench.client.in_flight(), 1);
}

// MQTT-4.3.3-1, MQTT-3.6.1-1, MQTT-2.3.1-6
#[test]
fn qos_2_goes_through_pubrec_pubrel_and_pubcomp() {
    let mut bench = Bench::online(OPTIONS, true);
    assert_eq!(bench.publish(1, "t", Qos::ExactlyOnce).written(), [wire("t", Qos::ExactlyOnce, 1, false)]);
    assert_eq!(bench.receive("50020001").good(), (vec![Packet::Pubrel(id(1))], vec![]));
    assert_eq!(bench.client.in_flight(), 1);
    bench.at(2.0);
    assert_eq!(bench.receive("70020001").good(), (vec![], vec![acked(1, 1, 2)]));
    assert_eq!(bench.client.in_flight(), 0);
}

// MQTT-4.6.0-4: PUBREL in the order of the PUBRECs.
#[test]
fn pubrels_follow_the_order_of_the_pubrecs() {
    let mut bench = Bench::online(OPTIONS, true);
    for token in 1..=3 {
        bench.publish(token, "t", Qos::ExactlyOnce);
    }
    let written = bench.receive("50020003 50020001 50020002").written();
    assert_eq!(written, [3, 1, 2].map(|number| Packet::Pubrel(id(number))));
}

#[test]
fn the_window_holds_messages_back_and_the_queue_has_an_end() {
    let mut bench = Bench::online(OPTIONS, true);
    for token in 1..=4 {
        assert_eq!(bench.publish(token, "t", Qos::AtLeastOnce).written().len(), 1);
    }
    for token in 5..=7 {
        assert_eq!(bench.publish(token, "t", Qos::AtLeastOnce).good(), (vec![], vec![]), "{token} waits");
    }
    assert!(rejected(&bench.publish(8, "t", Qos::ExactlyOnce).happenings(), 8).starts_with("7 messages"));
    assert_eq!(bench.publish(9, "t", Qos::AtMostOnce).written().len(), 1, "QoS 0 does not wait");
    assert_eq!(bench.client.in_flight(), 7);
    let (written, happenings) = bench.receive("40020002").good();
    assert_eq!(written, [wire("t", Qos::AtLeastOnce, 5, false)]);
    assert_eq!(happenings, [acked(2, 2, 0), sent(5, 5, false)]);
}

#[test]
fn messages_that_may_not_be_sent_are_rejected_and_take_no_identifier() {
    let mut bench = Bench::online(OPTIONS, true);
    for (topic, part) in [("", "empty"), ("a/#", "wildcard"), ("a\0", "NUL")] {
        for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
            let (written, happenings) = bench.publish(1, topic, qos).good();
            assert_eq!(written, []);
            assert!(rejected(&happenings, 1).contains(part));
        }
    }
    assert_eq!(bench.client.in_flight(), 0);
    assert_eq!(bench.publish(2, "t", Qos::AtLeastOnce).written(), [wire("t", Qos::AtLeastOnce, 1, false)]);
}

// MQTT-4.4.0-1, MQTT-4.6.0-1, MQTT-3.3.1-1, MQTT-2.3.1-3, MQTT-3.1.2-4, MQTT-3.1.2-5, MQTT-4.1.0-1, MQTT-4.1.0-2
#[test]
fn after_a_reconnect_everything_unacknowledged_is_sent_again_in_order() {
    let mut bench = Bench::online(OPTIONS, false);
    for (token, qos) in [(1, Qos::ExactlyOnce), (2, Qos::AtLeastOnce), (3, Qos::ExactlyOnce), (4, Qos::AtLeastOnce)] {
        bench.publish(token, &format!("t{token}"), qos);
    }
    bench.publish(5, "t5", Qos::AtLeastOnce);
    bench.receive("50020003 40020002");
    assert_eq!(bench.step(Input::Closed).good(), (vec![], vec![]), "nothing is lost with the connection");
    bench.at(9.0);
    let (written, happenings) = bench.connect(false, 60, true).good();
    let expected = [
        wire("t1", Qos::ExactlyOnce, 1, true),
        wire("t4", Qos::AtLeastOnce, 4, true),
        Packet::Pubrel(id(3)),
        wire("t5", Qos::AtLeastOnce, 5, true),
    ];
    assert_eq!(written, expected);
    let connected = Happening::Connected { session_present: true };
    assert_eq!(happenings, [connected, sent(1, 1, true), sent(4, 4, true), sent(5, 5, true)]);
    assert_eq!(bench.receive("40020004").happenings(), [acked(4, 4, 9)]);
}

// MQTT-4.4.0-1: the statement makes no exception for session-present 0.
#[test]
fn a_platform_that_kept_no_session_gets_the_messages_again_and_the_caller_is_told() {
    let mut bench = Bench::online(OPTIONS, false);
    bench.publish(1, "t", Qos::AtLeastOnce);
    bench.step(Input::Closed);
    let (written, happenings) = bench.connect(false, 60, false).good();
    assert_eq!(written, [wire("t", Qos::AtLeastOnce, 1, true)]);
    let [_, again, Happening::Noted(note)] = &happenings[..] else { panic!("{happenings:?}") };
    assert_eq!(*again, sent(1, 1, true));
    assert!(note.contains("kept no session: 1 unacknowledged"), "{note}");
}

// MQTT-3.1.2-6: nothing is carried over from or into a clean session.
#[test]
fn a_clean_session_ends_its_messages_with_the_connection() {
    let mut bench = Bench::online(OPTIONS, true);
    for token in 1..=5 {
        bench.publish(token, "t", Qos::ExactlyOnce);
    }
    bench.receive("50020001");
    let happenings = bench.step(Input::Closed).happenings();
    let tokens: Vec<_> = happenings
        .iter()
        .map(|happening| match happening {
            Happening::Rejected { token, reason } if reason.contains("had acknowledged") => token.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(tokens, [2, 3, 4, 1, 5], "in the order of sending; PUBREL counts for the first");
    assert_eq!(bench.client.in_flight(), 0);
    assert_eq!(bench.connect(true, 60, false).written(), []);

    let mut bench = Bench::online(OPTIONS, false);
    bench.publish(1, "t", Qos::AtLeastOnce);
    assert_eq!(bench.step(Input::Closed).happenings(), []);
    let (written, happenings) = bench.open(crate::bench::connect(true, 60)).good();
    assert_eq!(written.len(), 1);
    assert!(rejected(&happenings, 1).contains("clean session"));
    assert_eq!(bench.receive("20020000").written(), []);
}

// MQTT-4.6.0-1
#[test]
fn what_waited_for_the_window_goes_out_behind_what_is_sent_again() {
    let mut bench = Bench::online(Options { window: 1, ..OPTIONS }, false);
    bench.publish(1, "a", Qos::AtLeastOnce);
    bench.publish(2, "b", Qos::AtLeastOnce);
    bench.step(Input::Closed);
    assert_eq!(bench.connect(false, 60, true).written(), [wire("a", Qos::AtLeastOnce, 1, true)]);
    let (written, happenings) = bench.receive("40020001").good();
    assert_eq!(written, [wire("b", Qos::AtLeastOnce, 2, false)], "the first time without DUP");
    assert_eq!(happenings, [acked(1, 1, 0), sent(2, 2, false)]);
}

#[test]
fn an_acknowledgement_for_an_identifier_that_is_not_in_use_is_noted() {
    let mut bench = Bench::online(OPTIONS, true);
    for (hex, name) in [("40020009", "PUBACK"), ("50020009", "PUBREC"), ("70020009", "PUBCOMP")] {
        let (written, happenings) = bench.receive(hex).good();
        assert_eq!(written, []);
        let note = noted(&happenings);
        assert!(note.starts_with(name) && note.contains('9'), "{note}");
    }
}

// MQTT-2.3.1-6, MQTT-3.3.4-1
#[test]
fn the_wrong_kind_of_acknowledgement_is_a_fault() {
    for (qos, before, hex, part) in [
        (Qos::AtLeastOnce, "", "50020001", "PUBREC: for packet identifier 1, whose message has QoS 1"),
        (Qos::AtLeastOnce, "", "70020001", "PUBCOMP: for packet identifier 1, whose message has QoS 1"),
        (Qos::ExactlyOnce, "", "40020001", "PUBACK: for packet identifier 1, whose message has QoS 2"),
        (Qos::ExactlyOnce, "", "70020001", "PUBCOMP: for packet identifier 1, whose message waits for PUBREC"),
        (Qos::ExactlyOnce, "50020001", "40020001", "PUBACK: for packet identifier 1, whose message has QoS 2"),
        (Qos::AtLeastOnce, "", "9003000100", "SUBACK: for packet identifier 1, which belongs to a PUBLISH"),
        (Qos::AtLeastOnce, "", "b0020001", "UNSUBACK: for packet identifier 1, which belongs to a PUBLISH"),
    ] {
        let mut bench = Bench::online(OPTIONS, true);
        bench.publish(1, "t", qos);
        bench.receive(before).good();
        let fault = bench.receive(hex).fault();
        assert!(fault.starts_with(part), "{fault}");
    }
}

#[test]
fn a_second_pubrec_is_answered_again_and_noted() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.publish(1, "t", Qos::ExactlyOnce);
    bench.receive("50020001");
    let (written, happenings) = bench.receive("50020001").good();
    assert_eq!(written, [Packet::Pubrel(id(1))]);
    assert!(noted(&happenings).contains("PUBREL is sent again"));
}

// MQTT-2.3.1-2
#[test]
fn an_identifier_in_use_is_passed_over_when_the_numbers_come_round() {
    let mut bench = Bench::online(OPTIONS, true);
    bench.publish(0, "kept", Qos::AtLeastOnce);
    bench.subscribe(0, &[("t", Qos::AtMostOnce)]);
    for number in 3..=u16::MAX {
        let step = bench.publish(u64::from(number), "t", Qos::AtLeastOnce);
        assert_eq!(step.written(), [wire("t", Qos::AtLeastOnce, number, false)]);
        bench.receive_packet(&Packet::Puback(id(number))).good();
    }
    assert_eq!(bench.publish(1, "t", Qos::AtLeastOnce).written(), [wire("t", Qos::AtLeastOnce, 3, false)]);
}

#[test]
fn when_all_identifiers_are_in_use_messages_wait_and_requests_are_rejected() {
    let mut bench = Bench::online(Options { window: u16::MAX, ..OPTIONS }, true);
    bench.subscribe(0, &[("t", Qos::AtMostOnce)]);
    for token in 2..=u64::from(u16::MAX) {
        bench.publish(token, "t", Qos::AtLeastOnce);
    }
    assert_eq!(bench.publish(70_000, "t", Qos::AtLeastOnce).good(), (vec![], vec![]));
    assert!(rejected(&bench.subscribe(1, &[("u", Qos::AtMostOnce)]).happenings(), 1).contains("in use"));
    let happenings = bench.receive("40020100").happenings();
    assert_eq!(happenings, [acked(256, 256, 0), sent(70_000, 256, false)]);
}

#[test]
fn what_waited_for_an_identifier_goes_out_when_the_next_connection_has_one() {
    let mut bench = Bench::online(Options { window: u16::MAX, ..OPTIONS }, false);
    bench.subscribe(0, &[("t", Qos::AtMostOnce)]);
    for token in 2..=u64::from(u16::MAX) + 1 {
        bench.publish(token, "t", Qos::AtLeastOnce);
    }
    assert_eq!(bench.client.in_flight(), usize::from(u16::MAX));
    bench.step(Input::Closed);
    let happenings = bench.connect(false, 60, true).happenings();
    assert_eq!(happenings.last(), Some(&sent(65_536, 1, false)), "the identifier of the request that died");
}

// MQTT-2.3.1-3
#[test]
fn the_identifiers_of_messages_that_ended_badly_are_free() {
    let mut bench = Bench::online(Options { window: u16::MAX, ..OPTIONS }, true);
    let huge = Bytes::from(vec![0; 268_435_455]);
    let (token, topic) = (Token(0), "t".to_owned());
    let step = bench.step(Input::Publish { token, topic, payload: huge, qos: Qos::AtLeastOnce, retain: false });
    assert!(rejected(&step.happenings(), 0).contains("268435455 are the most"));
    for _ in 0..2 {
        for token in 1..=u64::from(u16::MAX) {
            assert_eq!(bench.publish(token, "t", Qos::AtLeastOnce).written().len(), 1, "no identifier for {token}");
        }
        assert_eq!(bench.step(Input::Closed).happenings().len(), usize::from(u16::MAX));
        bench.connect(true, 60, false);
    }
}

proptest! {
    /// Whatever is asked and however it is answered, each message ends exactly once, and the window holds.
    #[test]
    fn each_message_ends_once_and_the_window_holds(
        steps in proptest::collection::vec((0..5_u8, 0..3_u8, any::<prop::sample::Index>()), 1..120),
    ) {
        let mut bench = Bench::online(OPTIONS, true);
        let mut open: Vec<Packet> = Vec::new();
        let (mut asked, mut ended) = (0, Vec::new());
        for (what, qos, pick) in steps {
            let step = if what < 3 {
                asked += 1;
                bench.publish(asked, "t", Qos::from_number(qos).unwrap())
            } else if open.is_empty() {
                continue;
            } else {
                let answer = match open.remove(pick.index(open.len())) {
                    Packet::Publish(publish) if publish.qos == Qos::AtLeastOnce => Packet::Puback(publish.packet_id.unwrap()),
                    Packet::Publish(publish) => Packet::Pubrec(publish.packet_id.unwrap()),
                    Packet::Pubrel(id) => Packet::Pubcomp(id),
                    other => panic!("{other:?}"),
                };
                bench.receive_packet(&answer)
            };
            let (written, happenings) = step.good();
            open.extend(written.into_iter().filter(|packet| {
                !matches!(packet, Packet::Publish(publish) if publish.qos == Qos::AtMostOnce)
            }));
            prop_assert!(open.len() <= usize::from(OPTIONS.window));
            ended.extend(happenings.iter().filter_map(|happening| match happening {
                Happening::Acked { token, .. } | Happening::Rejected { token, .. } => Some(*token),
                _ => None,
            }));
        }
        prop_assert!(bench.client.in_flight() <= usize::from(OPTIONS.window) + OPTIONS.queue);
        ended.extend(bench.step(Input::Closed).happenings().iter().map(|happening| match happening {
            Happening::Rejected { token, .. } => *token,
            other => panic!("{other:?}"),
        }));
        ended.sort_unstable();
        prop_assert_eq!(ended, (1..=asked).map(Token).collect::<Vec<_>>());
    }
}
