//! A chunk: what the index says of it, and its events once it is read.

use std::io::{self, Read as _};
use std::ops::Range;

use super::bytes::{Bytes, ChunkHead, op};

/// No chunk is larger, in bytes, compressed or not: the largest packet of MQTT fits, as base64 or as text of which not too much is
/// escaped.
pub(super) const LARGEST: u64 = 512 << 20;
/// What a message takes at least: opcode, length, header.
const MESSAGE: u64 = 9 + 22;
/// No chunk has more events.
pub(super) const MOST_EVENTS: u64 = LARGEST / MESSAGE;
/// Chunks up to this size, decompressed, are given their memory at once, in bytes.
const USUAL: u64 = 4 << 20;

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
    pub(in crate::tape) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The place of the event whose line holds the byte at `at`; between lines the next one's.
    pub(super) fn place_of(&self, at: usize) -> usize {
        self.messages.partition_point(|(_, range)| range.end as usize <= at)
    }

    /// Where the line of the event at `place` stands among [`Chunk::bytes`].
    pub(super) fn range_of(&self, place: usize) -> Option<Range<usize>> {
        self.messages.get(place).map(|(_, range)| range.start as usize..range.end as usize)
    }

    /// The memory that it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        self.bytes.capacity() + self.messages.capacity() * size_of::<(u64, Range<u32>)>()
    }

    /// Decompresses the chunk whose record is `record` into `bytes`, unchecked; `None` where it is larger than `most` bytes or
    /// cannot be decompressed.
    pub(super) fn peek(
        record: &[u8],
        bytes: &mut Vec<u8>,
        most: usize,
        decompressor: &mut zstd::bulk::Decompressor<'_>,
    ) -> Option<()> {
        let (head, compressed) = opened(record)?;
        let size =
            usize::try_from(head.uncompressed).ok().filter(|size| *size <= most && head.compression == "zstd")?;
        bytes.clear();
        bytes.reserve(size);
        // Why not is told when the chunk is read in earnest.
        let written = decompressor.decompress_to_buffer(compressed, bytes).ok()?;
        (written == size).then_some(())
    }

    /// Reads the chunk whose record is `record`; its checksum must hold.
    pub(super) fn parse(record: &[u8], first: u64) -> Result<Self, String> {
        let (head, compressed) = opened(record).ok_or_else(|| "the chunk's record is damaged".to_owned())?;
        let bytes = decompress(&head, compressed)?;
        if head.crc != 0 && head.crc != crc32fast::hash(&bytes) {
            return Err("the chunk's checksum does not hold".to_owned());
        }
        let messages = messages(&bytes).ok_or_else(|| "the chunk holds something that is no record".to_owned())?;
        Ok(Self { bytes, messages, first })
    }
}

/// A chunk's head and its compressed bytes.
fn opened(record: &[u8]) -> Option<(ChunkHead<'_>, &[u8])> {
    let (opcode, body) = Bytes(record).record()?;
    let mut body = Bytes(body);
    let head = ChunkHead::read(&mut body)?;
    let compressed = body.take(usize::try_from(head.compressed).ok()?)?;
    (opcode == op::CHUNK).then_some((head, compressed))
}

fn decompress(head: &ChunkHead<'_>, compressed: &[u8]) -> Result<Vec<u8>, String> {
    let cannot = |error: io::Error| format!("the chunk cannot be decompressed: {error}");
    let bytes = match head.compression {
        _ if head.uncompressed > LARGEST => return Err("the chunk is larger than any of ours".to_owned()),
        "" => compressed.to_vec(),
        "zstd" if head.uncompressed <= USUAL => {
            let size = usize::try_from(head.uncompressed).map_err(|error| error.to_string())?;
            zstd::bulk::decompress(compressed, size).map_err(cannot)?
        }
        "zstd" => {
            // What the head promises is taken only as far as the bytes bear it out.
            let mut bytes = Vec::new();
            let decoder = zstd::stream::read::Decoder::with_buffer(compressed).map_err(cannot)?;
            decoder.take(head.uncompressed + 1).read_to_end(&mut bytes).map_err(cannot)?;
            bytes
        }
        other => return Err(format!("the chunk is compressed as {other:?}, and standin reads zstd")),
    };
    if bytes.len() as u64 == head.uncompressed {
        Ok(bytes)
    } else {
        Err("the chunk's size is not what it says".to_owned())
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
