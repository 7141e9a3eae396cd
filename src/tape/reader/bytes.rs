//! MCAP's records, byte by byte: little-endian numbers, texts with a length of 32 bits. Nothing is believed: what does not fit is
//! `None`.

use std::collections::BTreeMap;

/// The opcodes that a reader of tapes needs (<https://mcap.dev/spec#records>).
pub(super) mod op {
    pub(in crate::tape::reader) const HEADER: u8 = 0x01;
    pub(in crate::tape::reader) const FOOTER: u8 = 0x02;
    pub(in crate::tape::reader) const SCHEMA: u8 = 0x03;
    pub(in crate::tape::reader) const CHANNEL: u8 = 0x04;
    pub(in crate::tape::reader) const MESSAGE: u8 = 0x05;
    pub(in crate::tape::reader) const CHUNK: u8 = 0x06;
    pub(in crate::tape::reader) const MESSAGE_INDEX: u8 = 0x07;
    pub(in crate::tape::reader) const CHUNK_INDEX: u8 = 0x08;
    pub(in crate::tape::reader) const ATTACHMENT: u8 = 0x09;
    pub(in crate::tape::reader) const STATISTICS: u8 = 0x0B;
    pub(in crate::tape::reader) const METADATA: u8 = 0x0C;
    pub(in crate::tape::reader) const METADATA_INDEX: u8 = 0x0D;
    pub(in crate::tape::reader) const DATA_END: u8 = 0x0F;
}

/// The bytes of an opcode and a record's length.
pub(super) const RECORD_HEAD: usize = 9;

/// Reads from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.u32()?;
        std::str::from_utf8(self.take(usize::try_from(length).ok()?)?).ok()
    }

    /// Texts by their keys; a later one of the same key counts.
    pub(super) fn texts(&mut self) -> Option<BTreeMap<&'a str, &'a str>> {
        let length = self.u32()?;
        let mut rest = Bytes(self.take(usize::try_from(length).ok()?)?);
        let mut texts = BTreeMap::new();
        while !rest.0.is_empty() {
            texts.insert(rest.text()?, rest.text()?);
        }
        Some(texts)
    }

    /// The next record: its opcode and body.
    pub(super) fn record(&mut self) -> Option<(u8, &'a [u8])> {
        let opcode = self.u8()?;
        let length = self.u64()?;
        Some((opcode, self.take(usize::try_from(length).ok()?)?))
    }
}

/// What stands before a chunk's compressed bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkHead<'a> {
    pub(super) span_ns: (u64, u64),
    pub(super) uncompressed: u64,
    pub(super) crc: u32,
    pub(super) compression: &'a str,
    pub(super) compressed: u64,
}

impl<'a> ChunkHead<'a> {
    /// The longest head that a tape of ours has: with `zstd` as the name of its compression.
    pub(super) const LENGTH: usize = 8 + 8 + 8 + 4 + 4 + 4 + 8;

    pub(super) fn read(body: &mut Bytes<'a>) -> Option<Self> {
        Some(Self {
            span_ns: (body.u64()?, body.u64()?),
            uncompressed: body.u64()?,
            crc: body.u32()?,
            compression: body.text()?,
            compressed: body.u64()?,
        })
    }
}
