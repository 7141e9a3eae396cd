//! Tests of the codec. The bytes come from the specification, none from our own writer.

mod good;
mod malformed;
mod properties;
mod unwritable;

use bytes::{Bytes, BytesMut};

use super::{Decoder, Malformed, Side};
use crate::mqtt::packet::{Packet, Publish, Qos};

/// The default of `max_packet`.
const MAX_PACKET: usize = 8 << 20;

/// The packets in `stream`, fed as one piece, and what stopped the reading.
fn read(side: Side, stream: &[u8]) -> (Vec<Packet>, Option<Malformed>) {
    read_pieces(side, MAX_PACKET, [Bytes::copy_from_slice(stream)])
}

fn read_pieces(
    side: Side,
    max_packet: usize,
    pieces: impl IntoIterator<Item = Bytes>,
) -> (Vec<Packet>, Option<Malformed>) {
    let mut decoder = Decoder::new(side, max_packet);
    let mut packets = Vec::new();
    for piece in pieces {
        let fed = decoder.feed(piece, |packet| {
            packets.push(packet);
            Ok::<_, Malformed>(())
        });
        if let Err(malformed) = fed {
            return (packets, Some(malformed));
        }
    }
    (packets, None)
}

fn bytes_of(hex: &str) -> Vec<u8> {
    hex::decode(hex.replace(' ', "")).unwrap()
}

fn encoded(packet: &Packet) -> BytesMut {
    let mut out = BytesMut::new();
    super::encode(packet, &mut out).unwrap();
    out
}

fn message(topic: &str, payload: &[u8]) -> Publish {
    Publish {
        dup: false,
        qos: Qos::AtMostOnce,
        retain: false,
        topic: topic.to_owned(),
        packet_id: None,
        payload: Bytes::copy_from_slice(payload),
    }
}
