//! MCAP's records, byte by byte: little-endian numbers, texts with a length of 32 bits. Nothing is believed: what does not fit is
//! `None`.

use std::collections::BTreeMap;

/// The opcodes that a reader of tapes needs (<https://mcap.dev/spec#records>).
pub(in crate::tape) mod op {
    pub(in crate::tape) const HEADER: u8 = 0x01;
    pub(in crate::tape) const FOOTER: u8 = 0x02;
    pub(in crate::tape) const SCHEMA: u8 = 0x03;
    pub(in crate::tape) const CHANNEL: u8 = 0x04;
    pub(in crate::tape) const MESSAGE: u8 = 0x05;
    pub(in crate::tape) const CHUNK: u8 = 0x06;
    pub(in crate::tape) const MESSAGE_INDEX: u8 = 0x07;
    pub(in crate::tape) const CHUNK_INDEX: u8 = 0x08;
    pub(in crate::tape) const STATISTICS: u8 = 0x0B;
    pub(in crate::tape) const METADATA: u8 = 0x0C;
    pub(in crate::tape) const METADATA_INDEX: u8 = 0x0D;
    pub(in crate::tape) const SUMMARY_OFFSET: u8 = 0x0E;
    pub(in crate::tape) const DATA_END: u8 = 0x0F;
}

/// The bytes of an opcode and a record's length.
pub(in crate::tape) const RECORD_HEAD: usize = 9;

/// Reads from the front.
#[derive(Clone, Copy, Debug)]
pub(in crate::tape) struct Bytes<'a>(pub(in crate::tape) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(in crate::tape) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(in crate::tape) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(in crate::tape) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(in crate::tape) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(in crate::tape) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(in crate::tape) fn text(&mut self) -> Option<&'a str> {
        let length = self.u32()?;
        std::str::from_utf8(self.take(usize::try_from(length).ok()?)?).ok()
    }

    /// Texts by their keys; a later one of the same key counts.
    pub(in crate::tape) fn texts(&mut self) -> Option<BTreeMap<&'a str, &'a str>> {
        let length = self.u32()?;
        let mut rest = Bytes(self.take(usize::try_from(length).ok()?)?);
        let mut texts = BTreeMap::new();
        while !rest.0.is_empty() {
            texts.insert(rest.text()?, rest.text()?);
        }
        Some(texts)
    }

    /// The next record: its opcode and body.
    pub(in crate::tape) fn record(&mut self) -> Option<(u8, &'a [u8])> {
        let opcode = self.u8()?;
        let length = self.u64()?;
        Some((opcode, self.take(usize::try_from(length).ok()?)?))
    }
}

/// What stands before a chunk's compressed bytes.
#[derive(Clone, Copy, Debug)]
pub(in crate::tape) struct ChunkHead<'a> {
    pub(in crate::tape) span_ns: (u64, u64),
    pub(in crate::tape) uncompressed: u64,
    pub(in crate::tape) crc: u32,
    pub(in crate::tape) compression: &'a str,
    pub(in crate::tape) compressed: u64,
}

impl<'a> ChunkHead<'a> {
    /// The longest head that a tape of ours has: with `zstd` as the name of its compression.
    pub(in crate::tape) const LENGTH: usize = 8 + 8 + 8 + 4 + 4 + 4 + 8;

    pub(in crate::tape) fn read(body: &mut Bytes<'a>) -> Option<Self> {
        Some(Self {
            span_ns: (body.u64()?, body.u64()?),
            uncompressed: body.u64()?,
            crc: body.u32()?,
            compression: body.text()?,
            compressed: body.u64()?,
        })
    }
}
