//! The codec: bytes to packets and back. The only module that knows mqttbytes.
//!
//! Reading goes in three steps, so that nothing rests on mqttbytes alone: [`Decoder`] cuts the stream into frames and
//! looks at each fixed header before a byte of the packet is buffered (`frame`, `check`), mqttbytes reads one whole frame,
//! and then come our own checks of everything that mqttbytes lets pass (`read`). Writing is done here entirely (`write`):
//! mqttbytes' writers shorten long texts silently, leave half a packet behind an error and copy each topic.
//!
//! What may not live here: anything that needs to know an earlier packet. That is the machine's business.

mod check;
mod frame;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use frame::Decoder;
pub use write::encode;

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

impl Malformed {
    /// A fault within `packet`: where the next packet begins is still known.
    fn within(packet: &'static str, fault: impl Into<String>) -> Self {
        Self { packet, fault: fault.into(), framing_whole: true }
    }
}

impl Unwritable {
    fn new(packet: &'static str, fault: impl Into<String>) -> Self {
        Self { packet, fault: fault.into() }
    }
}
