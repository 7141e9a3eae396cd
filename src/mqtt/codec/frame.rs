//! Cutting a byte stream into frames, however the bytes were split on their way.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Malformed, Side, check, read};
use crate::mqtt::packet::Packet;

/// Cuts a byte stream into packets, however the bytes were split on their way.
#[derive(Debug)]
pub struct Decoder {
    side: Side,
    max_packet: usize,
    /// The start of an admitted packet whose end has not come yet, or the start of a fixed header.
    pending: BytesMut,
    /// What was left of the bytes when a packet stopped the reading.
    rest: Bytes,
    /// How many bytes of a refused packet have still to be passed over.
    skip: usize,
    /// The fault after which nobody knows where a packet begins.
    broken: Option<Malformed>,
}

/// The fixed header of a packet (section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Packet type and flags.
    pub(super) first: u8,
    /// The header's own size in bytes: 2 to 5.
    pub(super) size: usize,
    /// The remaining length: bytes after the header.
    pub(super) remaining: usize,
}

impl Header {
    /// Reads the header at the start of `bytes`; `None` when it needs more of them. A remaining length in more bytes than
    /// needed is no fault, in more than four it is.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let Some((&first, lengths)) = bytes.split_first() else { return Ok(None) };
        let mut remaining = 0;
        for (index, &byte) in lengths.iter().take(4).enumerate() {
            remaining |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(Some(Self { first, size: index + 2, remaining }));
            }
        }
        if lengths.len() < 4 {
            return Ok(None);
        }
        Err(Malformed {
            packet: check::name(first),
            fault: "its remaining length takes more than four bytes (section 2.2.3)".to_owned(),
            framing_whole: false,
        })
    }

    /// The size of the whole packet in bytes.
    fn total(self) -> usize {
        self.size + self.remaining
    }
}

impl Decoder {
    /// A decoder for `side` that refuses packets of more than `max_packet` bytes, header included, before it buffers them.
    pub fn new(side: Side, max_packet: usize) -> Self {
        Self { side, max_packet, pending: BytesMut::new(), rest: Bytes::new(), skip: 0, broken: None }
    }

    /// Takes the next bytes of the stream and hands every whole packet in them to `each`, in order, until `each` or a
    /// malformed packet stops it. Payloads share the memory of `bytes` where a packet lies within it.
    ///
    /// After a stop the rest is kept: feeding it no bytes goes on behind the packet that stopped it, unless that one broke
    /// the framing; then every later call answers with the same fault.
    pub fn feed<E: From<Malformed>>(
        &mut self,
        bytes: Bytes,
        mut each: impl FnMut(Packet) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone().into());
        }
        let mut bytes = self.behind_the_rest(bytes);
        loop {
            let stop = match self.next(&mut bytes) {
                Ok(Some(packet)) => match each(packet) {
                    Ok(()) => continue,
                    Err(stop) => stop,
                },
                Ok(None) => return Ok(()),
                Err(malformed) if malformed.framing_whole => malformed.into(),
                Err(malformed) => {
                    self.broken = Some(malformed.clone());
                    return Err(malformed.into());
                }
            };
            self.rest = bytes;
            return Err(stop);
        }
    }

    fn behind_the_rest(&mut self, bytes: Bytes) -> Bytes {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() {
            bytes
        } else if bytes.is_empty() {
            rest
        } else {
            [rest, bytes].concat().into()
        }
    }

    /// The next packet of the stream; `None` when it has not come whole.
    fn next(&mut self, bytes: &mut Bytes) -> Result<Option<Packet>, Malformed> {
        let passed = self.skip.min(bytes.len());
        bytes.advance(passed);
        self.skip -= passed;
        if !self.pending.is_empty() {
            return self.complete(bytes);
        }
        let Some(header) = Header::read(bytes)? else { return Ok(self.keep(bytes)) };
        if let Err(malformed) = self.admit(header) {
            self.skip = header.total();
            return Err(malformed);
        }
        if bytes.len() < header.total() {
            return Ok(self.keep(bytes));
        }
        read::packet(header, bytes.split_to(header.total())).map(Some)
    }

    /// Keeps all of `bytes` until more come.
    fn keep(&mut self, bytes: &mut Bytes) -> Option<Packet> {
        self.pending.extend_from_slice(bytes);
        bytes.clear();
        None
    }

    /// The packet whose start is pending.
    fn complete(&mut self, bytes: &mut Bytes) -> Result<Option<Packet>, Malformed> {
        let header = loop {
            if let Some(header) = Header::read(&self.pending)? {
                break header;
            }
            if bytes.is_empty() {
                return Ok(None);
            }
            self.pending.put_u8(bytes.get_u8());
        };
        if let Err(malformed) = self.admit(header) {
            self.skip = header.total() - self.pending.len();
            self.pending.clear();
            return Err(malformed);
        }
        let wanted = (header.total() - self.pending.len()).min(bytes.len());
        self.pending.extend_from_slice(&bytes.split_to(wanted));
        if self.pending.len() < header.total() {
            return Ok(None);
        }
        read::packet(header, std::mem::take(&mut self.pending).freeze()).map(Some)
    }

    /// Whether a packet with this header is to be read at all.
    fn admit(&self, header: Header) -> Result<(), Malformed> {
        check::header(self.side, header)?;
        if header.total() > self.max_packet {
            let fault = format!("it has {} bytes, and max_packet is {}", header.total(), self.max_packet);
            return Err(Malformed::within(check::name(header.first), fault));
        }
        Ok(())
    }
}
