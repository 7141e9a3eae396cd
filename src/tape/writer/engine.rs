//! Events to parts: when a chunk is written, when a part begins, what happens while the disk takes nothing.
//!
//! While the disk fails, what was encoded waits (at most a chunk and what a message has beyond it), and further events are
//! counted as missing. When it takes something again, that goes out first, then a `gap` for each session, and then the tape
//! goes on in the same file.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Status;
use super::clock::Clock;
use super::encoder::Encoder;
use super::sessions::Sessions;
use super::trouble::{self, Trouble};
use crate::event::{Event, Kind, Moment, WallTime};
use crate::tape::redact::Redact;
use crate::tape::{About, Recorded, TapeError, layout};

/// What waits in memory is written this long after it came, at the latest.
const DIRTY: Duration = Duration::from_millis(500);

/// Makes the file of a part that starts at that time.
type Make<F> = Box<dyn FnMut(WallTime) -> Result<(PathBuf, F), TapeError> + Send>;

/// When a new part begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// When a part has this many bytes.
    pub(super) bytes: Option<u64>,
    /// When a part is this old.
    pub(super) age: Option<Duration>,
}

/// Writes one recording to files of the kind `F`.
pub(super) struct Engine<F> {
    make: Make<F>,
    limits: Limits,
    redact: Redact,
    sessions: Sessions,
    clock: Clock,
    /// The part that is being written. `None` while the next one cannot be made, and after the end.
    part: Option<Part<F>>,
    trouble: Option<Trouble>,
    /// Since when something waits in memory.
    dirty: Option<Instant>,
    /// The last time that was seen.
    now: Instant,
    /// The number of the last event that was pushed, in the source's counting.
    pushed: u64,
    kept: u64,
    /// Its number on its part; `None` if it is missing.
    number: Option<u64>,
    status: Status,
    masked: Vec<u8>,
    ended: bool,
}

#[derive(Debug)]
struct Part<F> {
    encoder: Encoder,
    file: F,
    began: Instant,
    /// The index is made: the part ends when all is written.
    closed: bool,
    /// What `status` counted before this part.
    before: (u64, u64),
    /// How many of its events are in the file.
    written: u64,
}

impl<F: Write> Engine<F> {
    /// Begins at `now` with a first part. Only a file that cannot be made is an error; one that cannot be written is waited for.
    pub(super) fn start(
        make: Make<F>,
        limits: Limits,
        redact: Redact,
        sessions: Vec<Recorded>,
        now: Moment,
    ) -> Result<Self, TapeError> {
        let mut engine = Self {
            make,
            limits,
            redact,
            sessions: Sessions::new(sessions),
            clock: Clock::new(now),
            part: None,
            trouble: None,
            dirty: None,
            now: now.mono,
            pushed: 0,
            kept: 0,
            number: None,
            status: Status::default(),
            masked: Vec::new(),
            ended: false,
        };
        engine.open(now.at)?;
        engine.write_out();
        Ok(engine)
    }

    pub(super) fn push(&mut self, event: &Event<'_>, now: Instant) {
        self.now = now;
        let log_us = self.clock.time(event, now);
        if let Kind::State(change) = &event.kind {
            self.sessions.changed(event.session, change.state);
        }
        self.retry(false);
        if self.trouble.is_none() && self.is_over() {
            self.turn_over(event.at);
        }
        let log_us = log_us.max(self.clock.last());
        self.pushed = event.seq;
        if self.trouble.is_some() {
            self.miss(event, log_us);
        } else if self.encode(event, log_us) {
            self.dirty.get_or_insert(now);
            let is_full = self.part.as_ref().is_some_and(|part| part.encoder.is_full());
            if is_full || matches!(event.kind, Kind::State(_)) {
                self.flush(now);
            }
        } else {
            self.miss(event, log_us);
        }
    }

    pub(super) fn know(&mut self, session: &Recorded) {
        self.sessions.know(session);
    }

    pub(super) fn turn(&mut self, now: Instant) {
        self.now = now;
        self.retry(false);
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.flush(now);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match &self.trouble {
            _ if self.ended => None,
            Some(trouble) => Some(trouble.retry),
            None if self.sessions.has_learnt() => Some(self.now),
            None => self.dirty.map(|since| since + DIRTY),
        }
    }

    pub(super) fn flush(&mut self, now: Instant) {
        self.now = now;
        if self.trouble.is_some() || (self.dirty.is_none() && !self.sessions.has_learnt()) {
            return;
        }
        let Some(part) = &mut self.part else { return };
        let learnt = self.sessions.take_learnt();
        let closed = learnt.iter().try_for_each(|session| part.encoder.session(session));
        match closed.and_then(|()| part.encoder.close()) {
            Ok(()) => self.write_out(),
            Err(error) => self.fail(error.to_string()),
        }
    }

    pub(super) fn kept(&self) -> u64 {
        self.kept
    }

    pub(super) fn number(&self) -> Option<u64> {
        self.number
    }

    pub(super) fn status(&self) -> &Status {
        &self.status
    }

    /// Writes the index and the end; a disk that failed is tried once more. Nothing happens the second time.
    pub(super) fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.retry(true);
        if self.trouble.is_none() {
            self.flush(self.now);
        }
        if self.trouble.is_none() {
            self.close();
        }
        if let Some(part) = self.part.take() {
            let lost = part.encoder.events() - part.written;
            self.status.missing = self.status.missing.saturating_add(lost);
        }
    }

    /// Puts an event into the open chunk.
    fn encode(&mut self, event: &Event<'_>, log_us: i64) -> bool {
        let Some(part) = &mut self.part else { return false };
        let masked = match &event.kind {
            Kind::Rx(message) | Kind::Tx(message) => {
                self.redact.mask_on(message.topic, message.payload, &mut self.masked)
            }
            _ => false,
        };
        match part.encoder.push(event, log_us, masked.then_some(&self.masked)) {
            Ok(()) => {
                self.number = Some(part.encoder.events());
                true
            }
            Err(error) => {
                self.fail(error.to_string());
                false
            }
        }
    }

    fn miss(&mut self, event: &Event<'_>, log_us: i64) {
        self.number = None;
        self.kept = self.pushed;
        if let Some(trouble) = &mut self.trouble {
            let count = trouble.miss(event, log_us);
            self.status.missing = self.status.missing.saturating_add(count);
            trouble.tell(self.status.fault.get_or_insert_default());
        }
    }

    fn is_over(&self) -> bool {
        let Some(part) = &self.part else { return true };
        let age = self.now.saturating_duration_since(part.began);
        part.written > 0
            && (self.limits.bytes.is_some_and(|most| part.encoder.drained() >= most)
                || self.limits.age.is_some_and(|most| age >= most))
    }

    /// Ends the part and begins the next one with an event of that time.
    fn turn_over(&mut self, at: WallTime) {
        self.flush(self.now);
        if self.trouble.is_none() && self.close() {
            self.part = None;
            self.open_next(at);
        }
    }

    /// Makes the part's index and writes it; answers whether all is written.
    fn close(&mut self) -> bool {
        let Some(part) = &mut self.part else { return true };
        part.closed = true;
        match part.encoder.finish() {
            Ok(()) => self.write_out(),
            Err(error) => self.fail(error.to_string()),
        }
        self.trouble.is_none()
    }

    fn open_next(&mut self, at: WallTime) {
        let started = self.clock.catch_up(at);
        match self.open(started) {
            Ok(()) => self.write_out(),
            Err(TapeError::Io { error, .. }) => self.fail(trouble::words(&error)),
            Err(error) => self.fail(error.to_string()),
        }
    }

    /// Makes the next part's file.
    fn open(&mut self, started: WallTime) -> Result<(), TapeError> {
        let (path, file) = (self.make)(started)?;
        let part = self.status.part + 1;
        let sessions = self.sessions.of_new_part();
        let about = About { program: layout::program(), started, part, sessions };
        let encoder = Encoder::new(&about).map_err(|error| TapeError::io(&path, std::io::Error::other(error)))?;
        (self.status.part, self.status.path) = (part, path);
        let before = (self.status.bytes, self.status.events);
        self.part = Some(Part { encoder, file, began: self.now, closed: false, before, written: 0 });
        Ok(())
    }

    /// Writes what is whole.
    fn write_out(&mut self) {
        let Some(part) = &mut self.part else { return };
        let wrote = part.encoder.drain(&mut part.file);
        self.status.bytes = part.before.0 + part.encoder.drained();
        match wrote {
            Ok(()) => {
                part.written = part.encoder.events();
                self.status.events = part.before.1 + part.written;
                self.kept = self.pushed;
                self.dirty = None;
            }
            Err(error) => self.fail(trouble::words(&error)),
        }
    }

    /// Takes note that the disk takes nothing: what is missing from now on is counted, and nobody waits for it.
    fn fail(&mut self, cause: String) {
        match &mut self.trouble {
            Some(trouble) => trouble.again(cause, self.now),
            None => self.trouble = Some(Trouble::new(cause, self.now)),
        }
        if let Some(trouble) = &self.trouble {
            trouble.tell(self.status.fault.get_or_insert_default());
        }
        self.kept = self.pushed;
    }

    /// Tries a disk that failed again, if it is time, or `at_once`.
    fn retry(&mut self, at_once: bool) {
        let Some(mut trouble) = self.trouble.take_if(|trouble| at_once || trouble.retry <= self.now) else { return };
        self.write_out();
        if self.trouble.is_none() && self.part.as_ref().is_none_or(|part| part.closed) {
            self.part = None;
            // At the end a part is made only for what would else be missing without a word.
            if let Some(at) = trouble.since().or_else(|| (!self.ended).then(|| self.clock.now())) {
                self.open_next(at);
            }
        }
        if let Some(failed) = self.trouble.take() {
            trouble.again(failed.cause, self.now);
            trouble.tell(self.status.fault.get_or_insert_default());
            self.trouble = Some(trouble);
            return;
        }
        self.status.fault = None;
        self.note_gaps(&trouble);
    }

    /// Puts what is missing onto the tape, and writes it at once: only then is it sure that there is room.
    fn note_gaps(&mut self, trouble: &Trouble) {
        for (session, missing) in trouble.gaps() {
            let kind = Kind::Gap { count: missing.count, reason: &trouble.cause };
            let event = Event { seq: self.pushed, at: missing.at, mono_us: 0, session, kind };
            if self.encode(&event, missing.log_us) {
                self.dirty.get_or_insert(self.now);
            } else if let Some(trouble) = &mut self.trouble {
                trouble.keep(session, missing);
            }
        }
        self.number = None;
        self.flush(self.now);
    }
}

impl<F> fmt::Debug for Engine<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("status", &self.status).field("trouble", &self.trouble).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
