//! A chunk: what the index says of it, and its events once it is read.

use std::io::Read as _;
use std::ops::Range;

use super::bytes::{Bytes, ChunkHead, op};

/// No chunk is larger when decompressed: the largest packet, each byte of it escaped.
const LARGEST: u64 = 2 << 30;

/// What a tape's index says of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkInfo {
    /// Where its record starts in the file.
    pub offset: u64,
    /// The length of its record.
    pub length: u64,
    /// The `log_time` of its first and last event, in microseconds since the Unix epoch.
    pub span_us: (u64, u64),
    /// The number of its first event on this tape.
    pub first: u64,
    /// How many events it has.
    pub count: u64,
}

/// A chunk that was read: decompressed, and its checksum held.
#[derive(Debug, Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    /// Each event's time (`log_time` in microseconds) and the bytes of its JSON.
    messages: Vec<(u64, Range<u32>)>,
    first: u64,
}

impl Chunk {
    /// The number of its first event on its tape.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// How many events it has.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The event at `place` (from 0) as one line of JSON, as it was written.
    pub fn line(&self, place: usize) -> Option<&[u8]> {
        let (_, range) = self.messages.get(place)?;
        self.bytes.get(range.start as usize..range.end as usize)
    }

    /// When the event at `place` happened: microseconds since the Unix epoch, never going back on one tape.
    pub fn time_us(&self, place: usize) -> Option<u64> {
        self.messages.get(place).map(|(time, _)| *time)
    }

    /// The place of the first event at or after `time_us` (or, with `after`, after it).
    pub(super) fn place_at(&self, time_us: u64, after: bool) -> usize {
        self.messages.partition_point(|(time, _)| if after { *time <= time_us } else { *time < time_us })
    }

    /// All its lines, one after the other and with what stands between them.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The place of the event whose line holds the byte at `at`; between lines the next one's.
    pub(super) fn place_of(&self, at: usize) -> usize {
        self.messages.partition_point(|(_, range)| range.end as usize <= at)
    }

    /// Where the line of the event at `place` ends.
    pub(super) fn end_of(&self, place: usize) -> usize {
        self.messages.get(place).map_or(self.bytes.len(), |(_, range)| range.end as usize)
    }

    /// The memory that it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.bytes.capacity() + self.messages.capacity() * size_of::<(u64, Range<u32>)>()
    }

    /// Reads the chunk whose record is `record`; with `check` its checksum must hold.
    pub(super) fn parse(record: &[u8], first: u64, check: bool) -> Result<Self, String> {
        let short = || "the chunk's record is damaged".to_owned();
        let (opcode, body) = Bytes(record).record().ok_or_else(short)?;
        if opcode != op::CHUNK {
            return Err("there is no chunk where the index says".to_owned());
        }
        let mut body = Bytes(body);
        let head = ChunkHead::read(&mut body).ok_or_else(short)?;
        let compressed =
            usize::try_from(head.compressed).ok().and_then(|length| body.take(length)).ok_or_else(short)?;
        let bytes = decompress(&head, compressed)?;
        if check && head.crc != 0 && head.crc != crc32fast::hash(&bytes) {
            return Err("the chunk's checksum does not hold".to_owned());
        }
        let messages = messages(&bytes).ok_or_else(|| "the chunk holds something that is no record".to_owned())?;
        Ok(Self { bytes, messages, first })
    }
}

/// The bytes that a chunk's compressed ones stand for: no more than its head promises, and never more than a limit.
pub(in crate::tape) fn decompress(head: &ChunkHead<'_>, compressed: &[u8]) -> Result<Vec<u8>, String> {
    let limit = head.uncompressed.min(LARGEST);
    match head.compression {
        "" => Ok(compressed.to_vec()),
        "zstd" => {
            // What the head promises is taken only as far as the bytes bear it out.
            let hint =
                usize::try_from(limit).unwrap_or(usize::MAX).min(1 << 20).min(compressed.len().saturating_mul(64));
            let mut bytes = Vec::with_capacity(hint);
            let decoder = zstd::stream::read::Decoder::with_buffer(compressed).map_err(|error| error.to_string())?;
            decoder
                .take(limit + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| format!("the chunk cannot be decompressed: {error}"))?;
            if bytes.len() as u64 == head.uncompressed {
                Ok(bytes)
            } else {
                Err("the chunk's size is not what it says".to_owned())
            }
        }
        other => Err(format!("the chunk is compressed as {other:?}, and standin reads zstd")),
    }
}

/// The events of a decompressed chunk.
fn messages(bytes: &[u8]) -> Option<Vec<(u64, Range<u32>)>> {
    let mut messages = Vec::new();
    let mut rest = Bytes(bytes);
    while !rest.0.is_empty() {
        let (opcode, body) = rest.record()?;
        if opcode == op::MESSAGE {
            let mut body = Bytes(body);
            let (_channel, _sequence, log_time, _publish_time) = (body.u16()?, body.u32()?, body.u64()?, body.u64()?);
            let end = bytes.len() - rest.0.len();
            let start = u32::try_from(end - body.0.len()).ok()?;
            messages.push((log_time / 1_000, start..u32::try_from(end).ok()?));
        }
    }
    Some(messages)
}
