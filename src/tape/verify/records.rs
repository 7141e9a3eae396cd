//! Records of a file, one after the other.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};

use crate::tape::reader::bytes::{Bytes, RECORD_HEAD, op};

/// A record that is longer is none of ours, in bytes: a chunk of the largest message there is.
const LONGEST: u64 = 2 << 30;
/// So is a message index: one for each smallest message of that chunk.
const LONGEST_INDEX: u64 = 1 << 30;

/// The messages of a channel in a chunk: `log_time` and place of each.
pub(in crate::tape) type Entries = Vec<(u64, u64)>;

/// Reads records from a place on.
pub(super) struct Records<'a> {
    input: BufReader<&'a File>,
    at: u64,
}

/// A record as it stands.
pub(super) struct Record {
    /// Where it begins.
    pub(super) at: u64,
    /// With its opcode and length.
    pub(super) bytes: Vec<u8>,
}

impl<'a> Records<'a> {
    /// From `at` on, with so many bytes read ahead.
    pub(super) fn from(file: &'a mut File, at: u64, ahead: usize) -> io::Result<Self> {
        file.seek(SeekFrom::Start(at))?;
        Ok(Self { input: BufReader::with_capacity(ahead, file), at })
    }

    /// The magic that a file begins with, or as much as is there.
    pub(super) fn magic(&mut self) -> io::Result<Vec<u8>> {
        let magic = self.rest(mcap::MAGIC.len() as u64)?;
        self.at += magic.len() as u64;
        Ok(magic)
    }

    /// The next record; `None` where there is none, or not all of it.
    pub(super) fn next(&mut self) -> io::Result<Option<Record>> {
        let mut bytes = Vec::new();
        self.input.by_ref().take(RECORD_HEAD as u64).read_to_end(&mut bytes)?;
        let mut head = Bytes(&bytes);
        let Some((_, length)) = head.u8().zip(head.u64()).filter(|(_, length)| *length <= LONGEST) else {
            return Ok(None);
        };
        // The memory grows with what is there, whatever the length says.
        self.input.by_ref().take(length).read_to_end(&mut bytes)?;
        let whole = RECORD_HEAD as u64 + length;
        if bytes.len() as u64 != whole {
            return Ok(None);
        }
        let at = self.at;
        self.at += whole;
        Ok(Some(Record { at, bytes }))
    }

    /// Where the next record begins.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// All that is left, up to `most` bytes.
    pub(super) fn rest(&mut self, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.input.by_ref().take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Record {
    pub(super) fn opcode(&self) -> u8 {
        self.bytes[0]
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[RECORD_HEAD..]
    }

    pub(super) fn length(&self) -> u64 {
        self.bytes.len() as u64
    }
}

/// Each channel's message index behind a chunk: where it stands, and its entries.
pub(in crate::tape) type Indexes = BTreeMap<u16, (u64, Entries)>;

/// The message indexes that stand at `at`, behind a chunk: where each begins, and what it says; and where they end.
pub(in crate::tape) fn indexes_at(file: &mut File, at: u64) -> io::Result<(Indexes, u64)> {
    let mut records = Records::from(file, at, 4 << 10)?;
    let mut indexes = BTreeMap::new();
    loop {
        let end = records.at();
        let Some(record) = records.next()? else { return Ok((indexes, end)) };
        if record.opcode() != op::MESSAGE_INDEX || record.length() > LONGEST_INDEX {
            return Ok((indexes, end));
        }
        let Some((channel, entries)) = entries(record.body()) else { return Ok((indexes, end)) };
        if indexes.insert(channel, (record.at, entries)).is_some() {
            // Two for one channel: the second is none of ours.
            return Ok((indexes, end));
        }
    }
}

fn entries(body: &[u8]) -> Option<(u16, Entries)> {
    let mut body = Bytes(body);
    let channel = body.u16()?;
    let length = usize::try_from(body.u32()?).ok()?;
    let mut list = Bytes(body.take(length)?);
    let mut entries = Vec::with_capacity(length / 16);
    while !list.0.is_empty() {
        entries.push((list.u64()?, list.u64()?));
    }
    body.0.is_empty().then_some((channel, entries))
}
