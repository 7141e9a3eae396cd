//! Properties: round trip, any split gives the same packets, and no bytes make the decoder panic.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::mqtt::packet::{Connack, Connect, ConnectReturn, PacketId, Suback, Subscribe, Unsubscribe, Will};
use crate::secret::Secret;

fn any_id() -> impl Strategy<Value = PacketId> {
    (1..=u16::MAX).prop_map(|number| PacketId::new(number).unwrap())
}

fn any_qos() -> impl Strategy<Value = Qos> {
    (0..3_u8).prop_map(|number| Qos::from_number(number).unwrap())
}

fn any_topic() -> impl Strategy<Value = String> {
    "[^\\x00+#]{1,40}"
}

fn any_filter() -> impl Strategy<Value = String> {
    vec(prop_oneof![Just("+".to_owned()), "[^\\x00+#/]{0,8}"], 1..5)
        .prop_flat_map(|levels| prop_oneof![Just(levels.join("/")), Just(levels.join("/") + "/#")])
        .prop_filter("a filter has a character", |filter| !filter.is_empty())
}

fn any_publish() -> impl Strategy<Value = Packet> {
    let payload = prop_oneof![vec(any::<u8>(), 0..40), vec(any::<u8>(), 100..300)];
    (any_topic(), any_qos(), any_id(), any::<bool>(), any::<bool>(), payload).prop_map(
        |(topic, qos, id, dup, retain, payload)| {
            let numbered = qos != Qos::AtMostOnce;
            Packet::Publish(Publish {
                dup: dup && numbered,
                qos,
                retain,
                topic,
                packet_id: numbered.then_some(id),
                payload: payload.into(),
            })
        },
    )
}

fn any_connect() -> impl Strategy<Value = Packet> {
    let will = (any_topic(), vec(any::<u8>(), 0..20), any_qos(), any::<bool>())
        .prop_map(|(topic, payload, qos, retain)| Will { topic, payload: payload.into(), qos, retain });
    let login = option::of(("[^\\x00]{0,20}", option::of("[^\\x00]{0,20}")));
    ("[^\\x00]{1,30}", login, option::of(will), any::<bool>(), any::<u16>()).prop_map(
        |(client_id, login, will, clean_session, keep_alive)| {
            let (username, password) = login.map_or((None, None), |(name, word)| (Some(name), word.map(Secret::new)));
            Packet::Connect(Box::new(Connect { client_id, username, password, will, clean_session, keep_alive }))
        },
    )
}

/// What either side sends.
fn from_both() -> impl Strategy<Value = Packet> {
    prop_oneof![
        4 => any_publish(),
        1 => any_id().prop_map(Packet::Puback),
        1 => any_id().prop_map(Packet::Pubrec),
        1 => any_id().prop_map(Packet::Pubrel),
        1 => any_id().prop_map(Packet::Pubcomp),
    ]
}

fn from_server() -> impl Strategy<Value = Packet> {
    let connack = (0..6_u8, any::<bool>()).prop_map(|(code, present)| {
        let code = ConnectReturn::from_number(code).unwrap();
        Packet::Connack(Connack { session_present: present && code == ConnectReturn::Accepted, code })
    });
    let suback = (any_id(), vec(option::of(any_qos()), 1..6))
        .prop_map(|(packet_id, granted)| Packet::Suback(Suback { packet_id, granted }));
    prop_oneof![4 => from_both(), 1 => connack, 1 => suback, 1 => any_id().prop_map(Packet::Unsuback), 1 => Just(Packet::Pingresp)]
}

fn from_client() -> impl Strategy<Value = Packet> {
    let subscribe = (any_id(), vec((any_filter(), any_qos()), 1..4))
        .prop_map(|(packet_id, filters)| Packet::Subscribe(Subscribe { packet_id, filters }));
    let unsubscribe = (any_id(), vec(any_filter(), 1..4))
        .prop_map(|(packet_id, filters)| Packet::Unsubscribe(Unsubscribe { packet_id, filters }));
    prop_oneof![
        4 => from_both(), 2 => any_connect(), 1 => subscribe, 1 => unsubscribe,
        1 => Just(Packet::Pingreq), 1 => Just(Packet::Disconnect),
    ]
}

fn streams() -> impl Strategy<Value = (Side, Vec<Packet>)> {
    prop_oneof![
        vec(from_server(), 0..8).prop_map(|packets| (Side::Client, packets)),
        vec(from_client(), 0..8).prop_map(|packets| (Side::Server, packets)),
    ]
}

fn written(packets: &[Packet]) -> Vec<u8> {
    packets.iter().flat_map(|packet| encoded(packet).to_vec()).collect()
}

/// `stream` cut at the places that `cuts` point to.
fn cut(stream: &[u8], cuts: &[prop::sample::Index]) -> Vec<Bytes> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    places.extend([0, stream.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| Bytes::copy_from_slice(&stream[pair[0]..pair[1]])).collect()
}

proptest! {
    // MQTT-6.0.0-2: packets lie anyhow in the frames that carry them.
    #[test]
    fn any_split_of_a_stream_gives_the_packets_that_were_written(
        (side, packets) in streams(),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let stream = written(&packets);
        let (read, malformed) = read_pieces(side, MAX_PACKET, cut(&stream, &cuts));
        prop_assert_eq!(malformed, None);
        prop_assert_eq!(read, packets);
    }

    #[test]
    fn a_damaged_stream_gives_the_same_in_any_split(
        (side, packets) in streams(),
        damages in vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
        max_packet in 2..400_usize,
    ) {
        let mut stream = written(&packets);
        for (place, byte) in damages {
            if !stream.is_empty() {
                let place = place.index(stream.len());
                stream[place] = byte;
            }
        }
        let whole = read_pieces(side, max_packet, [Bytes::copy_from_slice(&stream)]);
        let split = read_pieces(side, max_packet, cut(&stream, &cuts));
        prop_assert_eq!(&whole, &split);
        for packet in whole.0 {
            prop_assert_eq!(read(side, &encoded(&packet)), (vec![packet], None), "what is read can be written");
        }
    }

    #[test]
    fn random_bytes_give_packets_or_a_fault(stream in vec(any::<u8>(), 0..200), client in any::<bool>()) {
        let side = if client { Side::Client } else { Side::Server };
        let (packets, malformed) = read(side, &stream);
        if let Some(malformed) = malformed {
            prop_assert!(!malformed.fault.is_empty());
        }
        for packet in packets {
            prop_assert_eq!(read(side, &encoded(&packet)), (vec![packet], None));
        }
    }
}
