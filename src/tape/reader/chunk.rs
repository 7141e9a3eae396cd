//! A chunk: what the index says of it, and its events once it is read.

use std::ops::Range;

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
    pub(super) bytes: Vec<u8>,
    /// Each event's time (`log_time` in microseconds) and the bytes of its JSON.
    pub(super) messages: Vec<(u64, Range<u32>)>,
    pub(super) first: u64,
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
}
