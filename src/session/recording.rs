//! A recording: one thread that follows the journal and writes what it reads onto a tape.
//!
//! What lives here: what others see of a recording, its beginning and its end. What the thread does is in `scribe`. What may
//! not: how a tape is written (that is `tape`).

mod desk;
mod places;
mod scribe;

use std::sync::Arc;
use std::time::Duration;

pub use places::Place;

use self::desk::Desk;
use self::scribe::Scribe;
use super::journal::Caller;
use super::{Journal, clock};
use crate::event::Moment;
use crate::tape::{Destination, Recorded, Settings, Status, TapeError, Writer};
use crate::timeline::{SessionId, Standing};

/// How long a recording that is dropped, as in a panic, waits for the disk.
const LAST_WORDS: Duration = Duration::from_millis(1_500);

/// A recording that runs. Dropping it ends the tape in order.
#[derive(Debug)]
pub struct Recording {
    journal: Journal,
    sessions: Option<Vec<SessionId>>,
    started: Moment,
    desk: Arc<Desk>,
    caller: Caller,
}

impl Recording {
    /// Begins a tape of `sessions` (`None`: all, also those that come later) with the next event of `journal`. What `recorded`
    /// says of them is made whole by what the journal knows: the line's states, the platform's clock.
    pub fn start(
        journal: &Journal,
        sessions: Option<Vec<SessionId>>,
        recorded: Vec<Recorded>,
        settings: Settings,
        now: Moment,
    ) -> Result<Self, TapeError> {
        let edition = journal.devices().edition();
        let (follower, states) = journal.vouch(sessions.clone(), |timeline| {
            let of = |standing: &Standing| (standing.name.clone(), standing.state);
            timeline.sessions().iter().map(of).collect::<Vec<_>>()
        });
        let covers = |session| sessions.as_ref().is_none_or(|sessions| sessions.contains(&session));
        let mut recorded = completed(recorded, journal.devices().known(covers));
        for recorded in &mut recorded {
            if let Some((_, state)) = states.iter().find(|(name, _)| *name == recorded.name) {
                recorded.state = *state;
            }
        }
        let (Destination::Folder { path, .. } | Destination::File(path)) = settings.destination.clone();
        let writer = Writer::create(settings, recorded, now)?;
        let caller = follower.caller();
        let desk = Arc::new(Desk::new(writer.status().clone(), now.mono));
        let scribe = Scribe::new(journal.clone(), follower, writer, sessions.clone(), Arc::clone(&desk), edition);
        let spawned = std::thread::Builder::new().name("tape".to_owned()).spawn(move || scribe.run());
        spawned.map_err(|error| TapeError::io(&path, error))?;
        Ok(Self { journal: journal.clone(), sessions, started: now, desk, caller })
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

    /// How it stands. A disk that hangs is a fault after five seconds.
    pub fn status(&self) -> Status {
        self.desk.status(clock::now().mono)
    }

    /// The files that it wrote so far, and for each the number of the timeline's event that its first event is: an event of a
    /// part is the timeline's of that number plus its own number less 1, up to the part's (or the next entry's) end. A new entry
    /// for the same file stands wherever that counting changes (a gap). Only of a recording of all sessions: else there are
    /// none, as events of other sessions lie between.
    pub fn places(&self) -> Vec<Place> {
        self.desk.places()
    }

    /// Ends the tape in order: all that happened until now goes onto it. Waits for the disk at most `patience`, and answers how
    /// the tape ended; one that could not be ended in time has a fault.
    pub fn stop(self, patience: Duration) -> Status {
        self.end(patience)
    }

    fn end(&self, patience: Duration) -> Status {
        let last = self.journal.with(|timeline| timeline.next_number() - 1);
        self.desk.close(last);
        self.caller.call();
        self.desk.ended(patience)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.desk.closes_at().is_none() {
            self.end(LAST_WORDS);
        }
    }
}

/// What the caller says of the sessions, and what the journal knows of them since.
fn completed(mut recorded: Vec<Recorded>, known: Vec<Recorded>) -> Vec<Recorded> {
    for known in known {
        match recorded.iter_mut().find(|recorded| recorded.name == known.name) {
            Some(recorded) => *recorded = known,
            None => recorded.push(known),
        }
    }
    recorded
}

#[cfg(test)]
mod tests;
