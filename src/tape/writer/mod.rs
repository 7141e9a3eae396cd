//! Writing a tape: events in, chunks of MCAP on the disk.
//!
//! What lives here: the bytes of a tape, when they are written, parts, and what happens while the disk takes nothing. What may
//! not: threads, clocks and where events come from.

mod channels;
mod clock;
pub(super) mod encoder;
mod engine;
mod file;
mod folder;
mod sessions;
mod spool;
mod trouble;

use std::path::PathBuf;
use std::time::Instant;

use self::engine::{Engine, Limits};
use self::file::TapeFile;
use self::folder::Folder;
use super::redact::Redact;
use super::{Recorded, Settings, TapeError};
use crate::event::{Event, Moment};

/// Writes one recording. Owned by one thread; its calls may take as long as the disk does. Dropping it ends the tape in order, as
/// [`Writer::finish`] does.
#[derive(Debug)]
pub struct Writer {
    engine: Engine<TapeFile>,
    folder: Folder,
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
    /// Events on the disk, all parts together, with the `gap` events that stand for missing ones.
    pub events: u64,
    /// Events that are missing on the tape.
    pub missing: u64,
    /// Why nothing is written right now, in words for a person.
    pub fault: Option<String>,
}

impl Writer {
    /// Begins a recording of `sessions` at `now`: makes the folder and the file (mode 0600, never one that is there already).
    /// A file that is there but cannot be written, as on a full disk, is no error: it is a fault that passes, in [`Status`].
    pub fn create(settings: Settings, sessions: Vec<Recorded>, now: Moment) -> Result<Self, TapeError> {
        let (rotate_bytes, rotate_after) = (settings.rotate_bytes, settings.rotate_after);
        let redact = Redact::new(&settings.redact);
        let folder = Folder::new(settings, &sessions);
        let is_split = folder.is_split();
        let limits = Limits { bytes: rotate_bytes.filter(|_| is_split), age: rotate_after.filter(|_| is_split) };
        let parts = folder.clone();
        let make = Box::new(move |started| parts.make(started));
        let engine = Engine::start(make, limits, redact, sessions, now)?;
        Ok(Self { engine, folder })
    }

    /// Takes `event` onto the tape, numbered and timed anew. `now` is when this is called.
    pub fn push(&mut self, event: &Event<'_>, now: Instant) {
        self.engine.push(event, now);
    }

    /// Takes note of what is known of a session by now (its clock offset), or of a new session. The next
    /// [`Writer::turn`] writes it.
    pub fn know(&mut self, session: &Recorded) {
        self.engine.know(session);
    }

    /// Does what is due: flush, begin a new part, try a disk again.
    pub fn turn(&mut self, now: Instant) {
        self.engine.turn(now);
    }

    /// When [`Writer::turn`] has something to do next.
    pub fn deadline(&self) -> Option<Instant> {
        self.engine.deadline()
    }

    /// Writes what is held, at once.
    pub fn flush(&mut self, now: Instant) {
        self.engine.flush(now);
    }

    /// The number, in the source's counting, of the last event that is on the disk or given up. While the disk takes nothing,
    /// that is the last that was pushed: nobody need wait for it.
    pub fn kept(&self) -> u64 {
        self.engine.kept()
    }

    /// The number that the event of the last [`Writer::push`] has on the part that [`Status::part`] names; `None` if it is
    /// missing there.
    pub fn number(&self) -> Option<u64> {
        self.engine.number()
    }

    /// How the recording stands.
    pub fn status(&self) -> &Status {
        self.engine.status()
    }

    /// Ends the recording in order: the index and the end are written. A disk that takes nothing is tried once more; what it
    /// does not take is missing.
    pub fn finish(mut self, now: Instant) -> Status {
        self.engine.turn(now);
        self.engine.end();
        self.engine.status().clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.engine.end();
        self.folder.sweep();
    }
}
