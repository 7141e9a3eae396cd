//! One event of a stream of tapes.

use std::sync::Arc;

use super::Chunk;
use crate::event::json::Read;

/// One event, in the chunk that holds it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number in the stream: 1, 2, 3 … over all tapes.
    pub number: u64,
    /// When: microseconds since the Unix epoch, never going back in the stream.
    pub time_us: u64,
    pub(super) chunk: Arc<Chunk>,
    pub(super) place: usize,
}

impl Entry {
    /// The event as one line of JSON, as it stands on its tape.
    pub fn line(&self) -> &[u8] {
        self.chunk.line(self.place).unwrap_or_default()
    }

    /// The event; `None` where the line is none.
    pub fn read(&self) -> Option<Read<'_>> {
        Read::line(self.line())
    }
}
