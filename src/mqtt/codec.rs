//! The codec: bytes to packets and back. The only file that knows mqttbytes.
//!
//! It cuts frames itself, checks what mqttbytes does not, and encodes each packet into a fresh buffer.

use bytes::{Bytes, BytesMut};

use super::packet::Packet;

/// Which side of a connection the reader is: a client refuses what only a client may send, and a server the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// We are the client: packets come from a server.
    Client,
    /// We are the server: packets come from a client.
    Server,
}

/// Why bytes are no packet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{packet}: {fault}")]
pub struct Malformed {
    /// The packet's name, as far as it can be told, such as `PUBLISH`.
    pub packet: &'static str,
    /// What is wrong with it, in words for a person.
    pub fault: String,
    /// Whether the framing after this packet is whole, so that a lenient reader may go on with the next one.
    pub framing_whole: bool,
}

/// Why a packet cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{packet}: {fault}")]
pub struct Unwritable {
    /// The packet's name.
    pub packet: &'static str,
    /// What is wrong with it, in words for a person.
    pub fault: String,
}

/// Cuts a byte stream into packets, however the bytes were split on their way.
#[derive(Debug)]
pub struct Decoder {
    side: Side,
    max_packet: usize,
    pending: BytesMut,
}

impl Decoder {
    /// A decoder for `side` that refuses packets of more than `max_packet` bytes, header included, before it buffers them.
    pub fn new(side: Side, max_packet: usize) -> Self {
        Self { side, max_packet, pending: BytesMut::new() }
    }

    /// Takes the next bytes of the stream and hands every whole packet in them to `each`, in order, until `each` or a
    /// malformed packet stops it. Payloads share the memory of `bytes` where a packet lies within it.
    pub fn feed<E: From<Malformed>>(
        &mut self,
        bytes: Bytes,
        mut each: impl FnMut(Packet) -> Result<(), E>,
    ) -> Result<(), E> {
        let _ = (self.side, self.max_packet, &mut self.pending, bytes, &mut each);
        todo!()
    }
}

/// Appends `packet` to `out`; on an error `out` is as it was.
pub fn encode(packet: &Packet, out: &mut BytesMut) -> Result<(), Unwritable> {
    let _ = (packet, out);
    todo!()
}
