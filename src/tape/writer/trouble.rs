//! Why a tape is not being written, in words, and what is missing on it meanwhile.

use std::io;
use std::time::{Duration, Instant};

use hashbrown::HashMap;

use crate::event::{Event, Kind, WallTime};
use crate::text::json::write_number;

/// How long until a disk that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A disk that takes nothing.
#[derive(Debug)]
pub(super) struct Trouble {
    /// In words for a person.
    pub(super) cause: String,
    /// When the disk is tried again.
    pub(super) retry: Instant,
    count: u64,
    sessions: HashMap<String, Missing>,
}

/// What is missing of one session.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    /// How many events.
    pub(super) count: u64,
    /// When the first of them happened, by the wall clock and on the tapes' time line.
    pub(super) at: WallTime,
    pub(super) log_us: i64,
}

impl Trouble {
    /// The disk failed at `now`.
    pub(super) fn new(cause: String, now: Instant) -> Self {
        Self { cause, retry: now + RETRY, count: 0, sessions: HashMap::new() }
    }

    /// It failed again.
    pub(super) fn again(&mut self, cause: String, now: Instant) {
        self.cause = cause;
        self.retry = now + RETRY;
    }

    /// Counts an event that will not be on the tape; answers how many that makes (a gap stands for as many as it says).
    pub(super) fn miss(&mut self, event: &Event<'_>, log_us: i64) -> u64 {
        let count = match event.kind {
            Kind::Gap { count, .. } => count.max(1),
            _ => 1,
        };
        self.keep(event.session, Missing { count, at: event.at, log_us });
        count
    }

    /// Adds what is missing of a session.
    pub(super) fn keep(&mut self, session: &str, more: Missing) {
        self.count = self.count.saturating_add(more.count);
        if let Some(missing) = self.sessions.get_mut(session) {
            missing.count = missing.count.saturating_add(more.count);
        } else {
            self.sessions.insert(session.to_owned(), more);
        }
    }

    /// When the first missing event happened.
    pub(super) fn since(&self) -> Option<WallTime> {
        self.sessions.values().min_by_key(|missing| missing.log_us).map(|missing| missing.at)
    }

    /// What is missing, by session, in the order of time.
    pub(super) fn gaps(&self) -> Vec<(&str, Missing)> {
        let mut gaps: Vec<_> =
            self.sessions.iter().map(|(session, missing)| (session.as_str(), missing.clone())).collect();
        gaps.sort_by(|one, other| (one.1.log_us, one.0).cmp(&(other.1.log_us, other.0)));
        gaps
    }

    /// Puts it into words for a person.
    pub(super) fn tell(&self, out: &mut String) {
        out.clear();
        out.push_str(&self.cause);
        match self.count {
            0 => out.push_str(": the tape waits"),
            1 => out.push_str(": 1 event is missing on the tape"),
            count => {
                // Called for each event that is missing: no allocation.
                out.push_str(": ");
                write_number(out, count);
                out.push_str(" events are missing on the tape");
            }
        }
    }
}

/// What an error of the disk is, in words for a person.
pub(super) fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        io::ErrorKind::FileTooLarge => "the tape's file may not grow any more".to_owned(),
        _ => format!("the disk cannot be written ({error})"),
    }
}
