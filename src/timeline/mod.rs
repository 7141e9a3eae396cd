//! Bounded history of events in memory: what happened on every session, in one stream.
//!
//! What lives here: the packed store with its budget in bytes, each session's standing, the topic tree's counts, the
//! requests that wait for an answer, and filtering. What may not: a clock, a lock, a socket, the screen. Sessions append
//! in batches under a short lock that the shell owns; the screen looks when it draws.

pub mod filter;
pub mod requests;
pub mod sessions;
pub mod store;
pub mod topics;

use std::time::Duration;

pub use filter::{Filter, Query, Scan};
pub use requests::{Request, RequestState, Requests};
pub use sessions::{SessionId, Standing};
pub use topics::{TopicCount, Topics};

use crate::event::{Event, Kind, Moment};
use crate::profile::Cloud;
use store::Store;

/// How much memory a timeline may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// For events, in bytes (default 32 MiB).
    pub bytes: usize,
    /// For topics that are counted (default 20,000).
    pub topics: usize,
    /// For requests that are remembered (default 2,000; answered ones go first).
    pub requests: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 32 << 20, topics: 20_000, requests: 2_000 }
    }
}

/// The history of one stream.
#[derive(Debug)]
pub struct Timeline {
    start: Moment,
    sessions: Vec<Standing>,
    store: Store,
    topics: Topics,
    requests: Requests,
}

/// What the budget made the timeline let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LetGo {
    /// Events no longer in memory.
    pub events: u64,
    /// Topics no longer counted.
    pub topics: u64,
}

impl Timeline {
    /// An empty timeline that starts at `start`.
    pub fn new(budget: Budget, start: Moment) -> Self {
        Self {
            start,
            sessions: Vec::new(),
            store: Store::new(budget.bytes),
            topics: Topics::new(budget.topics),
            requests: Requests::new(budget.requests),
        }
    }

    /// Makes a session known under `name`.
    pub fn register(&mut self, name: &str, cloud: Cloud) -> SessionId {
        let _ = (name, cloud, self.start);
        todo!()
    }

    /// Appends what happened and answers its number. For a message, `id_span` are the bytes of its topic that are the
    /// request's own. Updates the session's standing, the topic counts and the requests.
    pub fn append(&mut self, session: SessionId, now: Moment, kind: &Kind<'_>, id_span: Option<(usize, usize)>) -> u64 {
        let _ = (session, now, kind, id_span);
        todo!()
    }

    /// Notes a PINGRESP: no event, but the session's standing shows the round trip.
    pub fn pinged(&mut self, session: SessionId, took: Duration) {
        let _ = (session, took);
        todo!()
    }

    /// The event of that number, if it is still (or already) here.
    pub fn get(&self, seq: u64) -> Option<Event<'_>> {
        let _ = seq;
        todo!()
    }

    /// The session of the event of that number.
    pub fn session_of(&self, seq: u64) -> Option<SessionId> {
        let _ = seq;
        todo!()
    }

    /// The numbers of the oldest and the newest event held.
    pub fn span(&self) -> Option<(u64, u64)> {
        todo!()
    }

    /// Each session's standing, by [`SessionId`].
    pub fn sessions(&self) -> &[Standing] {
        &self.sessions
    }

    /// The topic counts.
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    /// The requests.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Marks requests whose deadline has passed; answers when the next open one runs out.
    pub fn expire(&mut self, now: Moment) -> Option<std::time::Instant> {
        let _ = now;
        todo!()
    }

    /// What the budget made the timeline let go.
    pub fn let_go(&self) -> LetGo {
        todo!()
    }
}
