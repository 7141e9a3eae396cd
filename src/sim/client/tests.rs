//! The server's side of a session: the flows of QoS 1 and 2, queues, and what a cut does not lose.

use proptest::prelude::*;

use super::*;

fn message(qos: Qos, payload: &str) -> Publish {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    Publish { dup: false, qos, retain: false, topic: "t".to_owned(), packet_id: None, payload }
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn online(clean: bool) -> Client {
    let mut client = Client::new(10);
    client.conn = Some(1);
    client.clean = clean;
    client
}

fn filter(text: &str) -> TopicFilter {
    TopicFilter::new(text).unwrap()
}

#[test]
fn a_subscription_replaces_the_one_on_the_same_filter_and_overlaps_earn_the_highest_grant() {
    let mut client = online(true);
    client.subscribe(filter("a/#"), Qos::AtMostOnce);
    client.subscribe(filter("a/b"), Qos::ExactlyOnce);
    client.subscribe(filter("a/#"), Qos::AtLeastOnce);
    assert_eq!(client.subscriptions(), 2);
    assert_eq!(client.granted("a/b"), Some(Qos::ExactlyOnce));
    assert_eq!(client.granted("a/c"), Some(Qos::AtLeastOnce));
    assert_eq!(client.granted("b"), None);
    client.unsubscribe("a/#");
    client.unsubscribe("never/held");
    assert_eq!(client.granted("a/c"), None);
    assert!(client.holds(&filter("a/b")) && !client.holds(&filter("a/#")));
}

#[test]
fn qos_2_goes_publish_pubrec_pubrel_pubcomp_and_a_repeated_pubrec_earns_pubrel_again() {
    let mut client = online(true);
    let mut out = Vec::new();
    client.deliver(message(Qos::ExactlyOnce, "x"), &mut out);
    assert!(matches!(&out[..], [Packet::Publish(publish)] if publish.packet_id == Some(id(1))));
    out.clear();
    assert!(!client.puback(id(1), &mut out), "PUBACK ends no QoS 2 message");
    assert!(!client.pubcomp(id(1), &mut out), "PUBCOMP before PUBREL ends nothing");
    assert!(client.pubrec(id(1), &mut out));
    assert!(client.pubrec(id(1), &mut out));
    assert_eq!(out, [Packet::Pubrel(id(1)), Packet::Pubrel(id(1))]);
    out.clear();
    assert!(client.pubcomp(id(1), &mut out));
    assert!(!client.pubcomp(id(1), &mut out));
    assert!(out.is_empty());
}

#[test]
fn what_is_beyond_the_window_waits_for_its_turn_in_order() {
    let mut client = Client::new(100);
    client.conn = Some(1);
    let mut out = Vec::new();
    for number in 0..WINDOW + 3 {
        assert_eq!(client.deliver(message(Qos::AtLeastOnce, &number.to_string()), &mut out), Delivery::Taken);
    }
    assert_eq!(out.len(), WINDOW);
    out.clear();
    for number in 1..=3 {
        assert!(client.puback(id(number), &mut out));
    }
    let payloads: Vec<_> = out
        .iter()
        .map(|packet| match packet {
            Packet::Publish(publish) => String::from_utf8(publish.payload.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(payloads, ["50", "51", "52"]);
}

#[test]
fn queues_are_bounded_and_only_a_session_queues_while_its_client_is_away() {
    for (clean, qos, taken) in [(true, Qos::AtLeastOnce, 0), (false, Qos::AtLeastOnce, 10), (false, Qos::AtMostOnce, 0)]
    {
        let mut client = online(clean);
        client.conn = None;
        let mut out = Vec::new();
        let delivered = (0..20).filter(|_| client.deliver(message(qos, "x"), &mut out) == Delivery::Taken).count();
        assert_eq!((delivered, out.len()), (taken, 0), "clean {clean}");
    }
}

#[test]
fn after_a_cut_everything_unacknowledged_comes_again_in_order_with_its_identifier() {
    let mut client = online(false);
    let mut out = Vec::new();
    client.deliver(message(Qos::AtLeastOnce, "a"), &mut out);
    client.deliver(message(Qos::ExactlyOnce, "b"), &mut out);
    client.deliver(message(Qos::ExactlyOnce, "c"), &mut out);
    client.pubrec(id(2), &mut out);
    client.conn = None;
    client.deliver(message(Qos::AtLeastOnce, "d"), &mut out);
    out.clear();
    client.conn = Some(2);
    client.resume(&mut out);
    let sent = |packet_id, qos, payload, dup| {
        Packet::Publish(Publish { dup, packet_id: Some(id(packet_id)), ..message(qos, payload) })
    };
    let expected = [
        sent(1, Qos::AtLeastOnce, "a", true),
        Packet::Pubrel(id(2)),
        sent(3, Qos::ExactlyOnce, "c", true),
        sent(4, Qos::AtLeastOnce, "d", false),
    ];
    assert_eq!(out, expected);
}

#[test]
fn a_qos_2_message_of_the_client_is_new_until_it_is_released() {
    let mut client = online(true);
    assert!(client.take(id(7)));
    assert!(!client.take(id(7)));
    assert_eq!(client.unreleased(), 1);
    client.release(id(7));
    assert!(client.take(id(7)));
}

/// A careful receiver: acknowledges all it gets, and hands on each QoS 2 message once.
#[derive(Default)]
struct Receiver {
    held: HashSet<PacketId>,
    got: Vec<String>,
}

impl Receiver {
    fn answer(&mut self, packet: Packet) -> Packet {
        match packet {
            Packet::Publish(publish) => {
                let text = String::from_utf8(publish.payload.to_vec()).unwrap();
                let packet_id = publish.packet_id.unwrap();
                if publish.qos == Qos::AtLeastOnce {
                    self.got.push(text);
                    return Packet::Puback(packet_id);
                }
                if self.held.insert(packet_id) {
                    self.got.push(text);
                }
                Packet::Pubrec(packet_id)
            }
            Packet::Pubrel(packet_id) => {
                self.held.remove(&packet_id);
                Packet::Pubcomp(packet_id)
            }
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    /// Whatever the cuts, QoS 1 arrives at least once and QoS 2 exactly once.
    #[test]
    fn nothing_is_lost_and_qos_2_is_never_doubled(
        messages in prop::collection::vec(any::<bool>(), 1..120),
        cuts in prop::collection::vec(1_usize..40, 0..12),
    ) {
        let mut client = Client::new(1_000);
        (client.conn, client.clean) = (Some(1), false);
        let mut receiver = Receiver::default();
        let mut wire = Vec::new();
        for (number, twice) in messages.iter().enumerate() {
            let qos = if *twice { Qos::ExactlyOnce } else { Qos::AtLeastOnce };
            prop_assert_eq!(client.deliver(message(qos, &number.to_string()), &mut wire), Delivery::Taken);
        }
        let mut cuts = cuts.into_iter();
        let mut left = cuts.next();
        while !wire.is_empty() {
            let mut answers = Vec::new();
            for packet in std::mem::take(&mut wire) {
                answers.push(receiver.answer(packet));
            }
            for answer in answers {
                // A cut loses this acknowledgement and all that is on the wire.
                if left.as_mut().is_some_and(|left| { *left -= 1; *left == 0 }) {
                    left = cuts.next();
                    wire.clear();
                    client.resume(&mut wire);
                    break;
                }
                match answer {
                    Packet::Puback(id) => client.puback(id, &mut wire),
                    Packet::Pubrec(id) => client.pubrec(id, &mut wire),
                    Packet::Pubcomp(id) => client.pubcomp(id, &mut wire),
                    other => panic!("{other:?}"),
                };
            }
        }
        for (number, twice) in messages.iter().enumerate() {
            let count = receiver.got.iter().filter(|text| **text == number.to_string()).count();
            prop_assert!(if *twice { count == 1 } else { count >= 1 }, "message {number} came {count} times");
        }
        prop_assert!(client.flights.is_empty() && client.waiting.is_empty());
    }
}
