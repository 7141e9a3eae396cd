//! Tapes read from their beginning on, once: for what goes out of the program.

use std::sync::Arc;

use super::{Chunk, Ending, Entry, Tape};
use crate::tape::TapeError;

/// The events of tapes in the order of time, from the first on; of events of the same time the earlier tape's come first. A chunk
/// of each tape is held, however long they are. What cannot be read is passed over, and stands in [`Tape::faults`].
#[derive(Debug)]
pub struct Stream {
    tapes: Vec<Tape>,
    heads: Vec<Head>,
    number: u64,
}

/// A place on a tape.
#[derive(Debug)]
struct Head {
    /// The number on the tape of the next event.
    next: u64,
    chunk: Option<Arc<Chunk>>,
}

impl Stream {
    /// Before the first event of `tapes`.
    pub fn new(tapes: Vec<Tape>) -> Self {
        let heads = tapes.iter().map(|_| Head { next: 1, chunk: None }).collect();
        Self { tapes, heads, number: 0 }
    }

    /// The tapes.
    pub fn tapes(&self) -> &[Tape] {
        &self.tapes
    }

    /// Whether one of the tapes is being written.
    pub fn grows(&self) -> bool {
        self.tapes.iter().any(|tape| tape.ending() == Ending::BeingWritten)
    }

    /// Takes in what was written to the tapes since; answers whether there was something. What is new comes after all that came
    /// already, also where another tape's events lie before it in time.
    pub fn refresh(&mut self) -> Result<bool, TapeError> {
        let mut more = false;
        for tape in &mut self.tapes {
            more |= tape.refresh()?;
        }
        Ok(more)
    }

    /// The next event, with its number in this stream.
    pub fn next_entry(&mut self) -> Option<Entry> {
        let mut nearest: Option<(u64, usize)> = None;
        for (place, (tape, head)) in self.tapes.iter().zip(&mut self.heads).enumerate() {
            let Some(time) = head.time(tape) else { continue };
            if nearest.is_none_or(|(other, _)| time < other) {
                nearest = Some((time, place));
            }
        }
        let (time_us, place) = nearest?;
        let head = self.heads.get_mut(place)?;
        let chunk = Arc::clone(head.chunk.as_ref()?);
        let within = usize::try_from(head.next.checked_sub(chunk.first())?).ok()?;
        head.next += 1;
        self.number += 1;
        Some(Entry { number: self.number, time_us, chunk, place: within })
    }
}

impl Head {
    /// When the next event happened, with its chunk at hand; `None` at the tape's end.
    fn time(&mut self, tape: &Tape) -> Option<u64> {
        loop {
            if let Some(chunk) = &self.chunk
                && let Some(within) = self.next.checked_sub(chunk.first())
                && let Some(time) = usize::try_from(within).ok().and_then(|within| chunk.time_us(within))
            {
                return Some(time);
            }
            self.chunk = None;
            let place = tape.chunk_of(self.next);
            let info = tape.chunks().get(place)?;
            match tape.chunk(place) {
                Ok(chunk) => {
                    // The events before it may be lost.
                    self.next = self.next.max(info.first);
                    self.chunk = Some(chunk);
                }
                Err(_) => self.next = info.first + info.count,
            }
        }
    }
}
