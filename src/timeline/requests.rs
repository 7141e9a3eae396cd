//! The platform's requests that wait, or waited, for the device's answer.

use std::time::{Duration, Instant};

use super::sessions::SessionId;
use crate::event::What;

/// A request of the platform.
#[derive(Clone, Debug)]
pub struct Request {
    /// The number of the event that brought it.
    pub seq: u64,
    /// The session it came to.
    pub session: SessionId,
    /// Its kind.
    pub what: What,
    /// Its id.
    pub request_id: String,
    /// Its topic.
    pub topic: String,
    /// Its payload, so that it can be answered after its event was let go.
    pub payload: Vec<u8>,
    /// When it came.
    pub came: Instant,
    /// When the platform stops waiting.
    pub deadline: Instant,
    /// What became of it.
    pub state: RequestState,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It waits.
    Open,
    /// It was answered in time, so long after it came.
    Answered(Duration),
    /// It was answered, but after the deadline.
    Late(Duration),
    /// The deadline passed without an answer.
    Expired,
}

/// At most so many requests; the ones no longer open go first, then the oldest.
#[derive(Debug)]
pub struct Requests {
    limit: usize,
}

impl Requests {
    /// None yet.
    pub fn new(limit: usize) -> Self {
        Self { limit }
    }

    /// The requests, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Request> {
        let _ = self.limit;
        std::iter::empty()
    }

    /// The request of that session and id: the newest open one, else the newest.
    pub fn find(&self, session: SessionId, request_id: &str) -> Option<&Request> {
        let _ = (session, request_id);
        todo!()
    }

    /// How many are open, and the one with the least time left.
    pub fn most_urgent(&self) -> (usize, Option<&Request>) {
        todo!()
    }

    /// How long after its request an answer at `now` comes, in any state; used for `took_ms` before the answer is appended.
    pub fn took(&self, session: SessionId, request_id: &str, now: Instant) -> Option<Duration> {
        let _ = (session, request_id, now);
        todo!()
    }
}
