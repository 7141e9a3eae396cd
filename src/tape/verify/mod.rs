//! Whether a tape is whole: every checksum, the index against what it points at, and each event against its number, its times and
//! its channel.
//!
//! First come the chunks with what stands behind them (`contents`), which a tape without an end has too; then the records from the
//! first to the last, with the checksum over all of them, and the index at the end (`frame`, `summary`).

mod contents;
mod frame;
mod records;
mod summary;

use std::fs::File;
use std::path::Path;

use self::contents::Contents;
use super::TapeError;
use super::reader::{Ending, Fault, Tape};

/// Faults that are kept with their words; the rest are counted.
const KEPT: usize = 1_000;

/// What checking a tape came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many events can be read.
    pub events: u64,
    /// How many chunks there are.
    pub chunks: usize,
    /// How the tape ends.
    pub ending: Ending,
    /// Whether all that was recorded is there: whatever does not hold, it is not an event, and none came after.
    pub is_complete: bool,
    /// What does not hold, in the order of the file.
    pub faults: Vec<Fault>,
    /// Faults beyond those.
    pub more: u64,
}

impl Verdict {
    /// Whether nothing is wrong. A tape that is being written has no end yet, and is whole as far as it goes.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.ending != Ending::Cut
    }

    /// How many events are known to be missing.
    pub fn missing(&self) -> u64 {
        self.faults.iter().filter_map(|fault| fault.events).fold(0, u64::saturating_add)
    }
}

/// Checks the tape at `path`. Reads all of it, a chunk at a time.
pub fn verify(path: &Path) -> Result<Verdict, TapeError> {
    let tape = Tape::open(path)?;
    let mut file = File::open(path).map_err(|error| TapeError::io(path, error))?;
    let mut faults = Faults::default();
    let contents = Contents::check(&tape, &mut file, &mut faults).map_err(|error| TapeError::io(path, error))?;
    let framed = match tape.ending() {
        Ending::BeingWritten => Ok(false),
        Ending::Whole => frame::check(&mut file, &contents, &mut faults),
        // Where it breaks off is told already. Whether that is behind the last event is not.
        Ending::Cut => frame::check(&mut file, &contents, &mut Faults::default()),
    };
    let framed = framed.map_err(|error| TapeError::io(path, error))?;
    if framed && tape.ending() == Ending::Cut {
        faults.tell(contents.end, "the index behind the last event is damaged");
    }
    let read = contents.unread == 0;
    let mut all = tape.faults();
    all.append(&mut faults.list);
    all.sort_by_key(|fault| fault.offset);
    let more = faults.more + all.len().saturating_sub(KEPT) as u64;
    all.truncate(KEPT);
    let chunks = tape.chunks().len();
    let ending = tape.ending();
    Ok(Verdict { events: contents.events, chunks, ending, is_complete: framed && read, faults: all, more })
}

/// What does not hold.
#[derive(Debug, Default)]
struct Faults {
    list: Vec<Fault>,
    more: u64,
}

impl Faults {
    fn tell(&mut self, offset: u64, reason: impl Into<String>) {
        if self.list.len() < KEPT {
            self.list.push(Fault { offset, events: None, reason: reason.into() });
        } else {
            self.more += 1;
        }
    }

    fn tell_if(&mut self, holds: bool, offset: u64, reason: impl FnOnce() -> String) {
        if !holds {
            self.tell(offset, reason());
        }
    }
}
