//! Acknowledgements that wait for leave to go.

use bytes::Bytes;
use proptest::prelude::*;
use standin::mqtt::packet::{Packet, PacketId, Publish, Qos};
use standin::mqtt::{Happening, Input, Options};

use crate::bench::{Bench, OPTIONS, Step, id, noted};

const HELD: Options = Options { hold: true, ..OPTIONS };

fn message(qos: Qos, number: u16, dup: bool) -> Packet {
    let packet_id = PacketId::new(number);
    Packet::Publish(Publish { dup, qos, retain: false, topic: "t".to_owned(), packet_id, payload: Bytes::new() })
}

impl Bench {
    fn acknowledge(&mut self, up_to: u64) -> Step {
        self.step(Input::Acknowledge { up_to })
    }

    /// Has a message come, and answers whether it was delivered. Nothing may be written.
    #[track_caller]
    fn comes(&mut self, qos: Qos, number: u16, dup: bool) -> bool {
        let (written, happenings) = self.receive_packet(&message(qos, number, dup)).good();
        assert_eq!(written, []);
        matches!(happenings[..], [Happening::Message(_)])
    }
}

// MQTT-4.6.0-2, MQTT-4.6.0-3: in the order of arrival, however they are let go.
#[test]
fn what_is_held_goes_in_the_order_of_arrival_and_once() {
    let mut bench = Bench::online(HELD, true);
    for (qos, number) in [
        (Qos::AtLeastOnce, 9),
        (Qos::ExactlyOnce, 3),
        (Qos::AtMostOnce, 0),
        (Qos::AtLeastOnce, 5),
        (Qos::ExactlyOnce, 1),
        (Qos::AtLeastOnce, 2),
    ] {
        assert!(bench.comes(qos, number, false));
    }
    assert_eq!((bench.client.taken(), bench.client.held()), (5, 5));
    for (up_to, written) in [
        (0, vec![]),
        (2, vec![Packet::Puback(id(9)), Packet::Pubrec(id(3))]),
        (2, vec![]),
        (1, vec![]),
        (4, vec![Packet::Puback(id(5)), Packet::Pubrec(id(1))]),
        (u64::MAX, vec![Packet::Puback(id(2))]),
        (u64::MAX, vec![]),
    ] {
        assert_eq!(bench.acknowledge(up_to).good(), (written, vec![]), "up to {up_to}");
    }
    assert_eq!((bench.client.taken(), bench.client.held()), (5, 0));
    assert!(bench.comes(Qos::AtLeastOnce, 9, false));
    assert_eq!(bench.client.taken(), 6);
    assert_eq!(bench.acknowledge(6).written(), [Packet::Puback(id(9))]);
}

// MQTT-4.3.3-2: a repeat is neither delivered again nor answered twice while its PUBREC is held.
#[test]
fn a_repeated_qos_2_message_is_answered_by_the_pubrec_that_is_held() {
    let mut bench = Bench::online(HELD, true);
    assert!(bench.comes(Qos::ExactlyOnce, 7, false));
    assert!(!bench.comes(Qos::ExactlyOnce, 7, true));
    let (written, happenings) = bench.receive_packet(&message(Qos::ExactlyOnce, 7, false)).good();
    assert!(written.is_empty() && noted(&happenings).contains("without DUP"));
    assert_eq!(bench.acknowledge(u64::MAX).written(), [Packet::Pubrec(id(7))]);
    // Sent, but perhaps lost: the repeat gets another one, which is held again.
    assert!(!bench.comes(Qos::ExactlyOnce, 7, true));
    assert_eq!(bench.acknowledge(u64::MAX).written(), [Packet::Pubrec(id(7))]);
    assert_eq!(bench.receive("62020007").written(), [Packet::Pubcomp(id(7))], "PUBCOMP waits for nothing");
    assert!(bench.comes(Qos::ExactlyOnce, 7, false), "a new message");
}

// MQTT-2.3.1-6: each PUBACK repeats the identifier of its message, also where one comes twice.
#[test]
fn a_repeated_qos_1_message_is_delivered_and_answered_again() {
    let mut bench = Bench::online(HELD, true);
    assert!(bench.comes(Qos::AtLeastOnce, 7, false));
    assert!(bench.comes(Qos::AtLeastOnce, 7, true));
    assert_eq!(bench.acknowledge(1).written(), [Packet::Puback(id(7))]);
    assert_eq!(bench.acknowledge(2).written(), [Packet::Puback(id(7))]);
}

#[test]
fn a_pubrel_that_comes_before_its_pubrec_is_a_fault() {
    for strict in [true, false] {
        let mut bench = Bench::online(Options { strict, ..HELD }, true);
        bench.comes(Qos::ExactlyOnce, 7, false);
        let step = bench.receive("62020007");
        if strict {
            assert!(step.fault().starts_with("PUBREL: for packet identifier 7"));
            continue;
        }
        let (written, happenings) = step.good();
        assert!(written.is_empty() && noted(&happenings).starts_with("PUBREL: for packet identifier 7"));
        assert_eq!(bench.acknowledge(1).written(), [Packet::Pubrec(id(7))]);
        assert_eq!(bench.receive("62020007").written(), [Packet::Pubcomp(id(7))]);
    }
}

// MQTT-4.4.0-1: what was not acknowledged the server sends again; an old acknowledgement must not answer for a new message.
#[test]
fn what_is_held_dies_with_its_connection() {
    for (clean, session_present) in [(true, false), (false, false), (false, true)] {
        let mut bench = Bench::online(HELD, clean);
        bench.comes(Qos::AtLeastOnce, 5, false);
        bench.comes(Qos::ExactlyOnce, 7, false);
        bench.step(Input::Closed).good();
        assert_eq!((bench.client.taken(), bench.client.held()), (2, 0));
        assert_eq!(bench.acknowledge(2).good(), (vec![], vec![]), "no connection");
        bench.connect(clean, 60, session_present).good();
        assert_eq!(bench.acknowledge(2).good(), (vec![], vec![]), "those are gone");
        assert!(bench.comes(Qos::AtLeastOnce, 5, session_present));
        let again = bench.comes(Qos::ExactlyOnce, 7, session_present);
        assert_eq!(again, !session_present, "delivered once in a session");
        assert_eq!(bench.acknowledge(2).written(), []);
        assert_eq!(bench.acknowledge(4).written(), [Packet::Puback(id(5)), Packet::Pubrec(id(7))]);
        assert_eq!(bench.receive("62020007").written(), [Packet::Pubcomp(id(7))]);
    }
}

// MQTT-3.14.4-2: after DISCONNECT nothing is written.
#[test]
fn after_disconnect_nothing_that_is_held_goes_out() {
    let mut bench = Bench::online(HELD, true);
    bench.comes(Qos::AtLeastOnce, 5, false);
    assert_eq!(bench.step(Input::Disconnect).written(), [Packet::Disconnect]);
    assert_eq!(bench.acknowledge(1).written(), []);
}

// MQTT-3.1.2-23: the keep-alive counts what is written, not what is held.
#[test]
fn what_is_held_keeps_no_line_alive() {
    let mut bench = Bench::online(HELD, true);
    bench.at(40.0).comes(Qos::AtLeastOnce, 5, false);
    assert_eq!(bench.deadline(), Some(60.0));
    assert_eq!(bench.at(60.0).tick().written(), [Packet::Pingreq]);
    bench.receive("d000").good();
    assert_eq!(bench.at(90.0).acknowledge(1).written(), [Packet::Puback(id(5))]);
    assert_eq!(bench.deadline(), Some(120.0), "from the last byte heard");
}

#[test]
fn no_more_is_held_than_there_are_packet_identifiers() {
    for strict in [true, false] {
        let mut bench = Bench::online(Options { strict, ..HELD }, true);
        for number in 1..=u16::MAX {
            bench.comes(Qos::AtLeastOnce, number, false);
        }
        assert_eq!(bench.client.held(), 65_535);
        let more = bench.receive_packet(&message(Qos::AtLeastOnce, 1, false));
        assert!(more.fault().contains("more messages wait"));
    }
}

/// What a platform may do to a session.
#[derive(Clone, Debug)]
enum Turn {
    Message { qos: u8, number: u16, dup: bool },
    Pubrel { number: u16 },
    Cut { session_present: bool },
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        6 => (0..3_u8, 1..6_u16, any::<bool>()).prop_map(|(qos, number, dup)| Turn::Message { qos, number, dup }),
        3 => (1..6_u16).prop_map(|number| Turn::Pubrel { number }),
        1 => any::<bool>().prop_map(|session_present| Turn::Cut { session_present }),
    ];
    prop::collection::vec(turn, 1..80)
}

fn take(bench: &mut Bench, turn: &Turn, clean: bool) -> Step {
    match *turn {
        Turn::Message { qos, number, dup } => {
            let qos = Qos::from_number(qos).unwrap();
            bench.receive_packet(&message(
                qos,
                if qos == Qos::AtMostOnce { 0 } else { number },
                dup && qos > Qos::AtMostOnce,
            ))
        }
        Turn::Pubrel { number } => bench.receive_packet(&Packet::Pubrel(id(number))),
        Turn::Cut { session_present } => {
            bench.step(Input::Closed).good();
            bench.connect(clean, 60, session_present && !clean)
        }
    }
}

proptest! {
    #[test]
    fn let_go_at_once_it_is_as_if_nothing_was_held(turns in turns(), clean in any::<bool>()) {
        let (mut held, mut plain) = (Bench::online(HELD, clean), Bench::online(OPTIONS, clean));
        for turn in turns {
            let mut step = take(&mut held, &turn, clean);
            let taken = held.client.taken();
            step.written.extend(held.acknowledge(taken).written());
            prop_assert_eq!(step, take(&mut plain, &turn, clean), "{:?}", turn);
        }
    }

    #[test]
    fn let_go_at_any_time_no_acknowledgement_is_lost_doubled_or_out_of_order(
        turns in prop::collection::vec((0..3_u8, prop::option::of(0..8_u64)), 1..100),
    ) {
        let mut bench = Bench::online(Options { strict: false, ..HELD }, true);
        let (mut due, mut written, mut released) = (Vec::new(), Vec::new(), 0);
        for (number, (qos, release)) in turns.into_iter().enumerate() {
            let (qos, id) = (Qos::from_number(qos).unwrap(), id(u16::try_from(number + 1).unwrap()));
            match qos {
                Qos::AtMostOnce => {}
                Qos::AtLeastOnce => due.push(Packet::Puback(id)),
                Qos::ExactlyOnce => due.push(Packet::Pubrec(id)),
            }
            bench.comes(qos, if qos == Qos::AtMostOnce { 0 } else { id.number() }, false);
            prop_assert_eq!(bench.client.taken(), due.len() as u64);
            if let Some(ahead) = release {
                released = (released + ahead).min(bench.client.taken());
                written.extend(bench.acknowledge(released).written());
                prop_assert_eq!(&written[..], &due[..usize::try_from(released).unwrap()]);
            }
        }
        written.extend(bench.acknowledge(u64::MAX).written());
        prop_assert_eq!(written, due);
    }
}
