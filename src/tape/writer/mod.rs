//! Writing a tape: events in, chunks of MCAP on the disk.

use std::path::PathBuf;
use std::time::Instant;

use super::{Recorded, Settings, TapeError};
use crate::event::{Event, Moment};

/// Writes one recording. Owned by one thread; its calls may take as long as the disk does.
#[derive(Debug)]
pub struct Writer {
    status: Status,
}

/// How a recording stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The file that is being written.
    pub path: PathBuf,
    /// Which part of the recording it is: 1, 2, 3 …
    pub part: u32,
    /// Bytes on the disk, all parts together.
    pub bytes: u64,
    /// Events written, all parts together.
    pub events: u64,
    /// Events that are missing on the tape.
    pub missing: u64,
    /// Why nothing is written right now, in words for a person.
    pub fault: Option<String>,
}

impl Writer {
    /// Begins a recording of `sessions` at `now`: makes the folder and the file (mode 0600, never one that is there already).
    pub fn create(settings: Settings, sessions: Vec<Recorded>, now: Moment) -> Result<Self, TapeError> {
        drop((settings, sessions, now));
        Ok(Self { status: Status::default() })
    }

    /// Takes `event` onto the tape, numbered and timed anew. `now` is when this is called.
    pub fn push(&mut self, event: &Event<'_>, now: Instant) {
        drop((event, now));
    }

    /// Takes note of what is known of a session by now (its clock offset).
    pub fn know(&mut self, session: &Recorded) {
        drop(session.clone());
    }

    /// Does what is due: flush, begin a new part, try a disk again.
    pub fn turn(&mut self, now: Instant) {
        drop(now);
    }

    /// When [`Writer::turn`] has something to do next.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Writes what is held, at once.
    pub fn flush(&mut self, now: Instant) {
        drop(now);
    }

    /// The number, in the source's counting, of the last event that is on the disk or counted as missing.
    pub fn kept(&self) -> u64 {
        0
    }

    /// How the recording stands.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Ends the recording in order: the index and the end are written.
    pub fn finish(self, now: Instant) -> Status {
        drop(now);
        self.status
    }
}
