//! The platform's requests that wait, or waited, for the device's answer.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::sessions::SessionId;
use crate::event::{Message, What};

/// How many bytes of topic, id and payload a request may take on average.
const BYTES_A_REQUEST: usize = 4 << 10;

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
    /// When the platform stops waiting: an answer at this very moment is late.
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

/// At most so many requests, and at most 4 KiB a request on average; the ones no longer open go first, then the oldest. The
/// newest stays whatever its size.
///
/// A request with the id of one that is still open takes that one's place: an answer names the id alone, so only one of them can be
/// answered. A re-delivery (DUP) of a known id is no request of its own.
#[derive(Debug)]
pub struct Requests {
    limit: usize,
    hasher: DefaultHashBuilder,
    /// By event number.
    held: BTreeMap<u64, Request>,
    /// The newest of each (session, id), by event number.
    by_id: HashTable<u64>,
    /// The open ones, by deadline and event number.
    open: BTreeSet<(Instant, u64)>,
    /// The others, by event number.
    closed: BTreeSet<u64>,
    bytes: usize,
}

impl Requests {
    /// None yet.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            hasher: DefaultHashBuilder::default(),
            held: BTreeMap::new(),
            by_id: HashTable::new(),
            open: BTreeSet::new(),
            closed: BTreeSet::new(),
            bytes: 0,
        }
    }

    /// The requests, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Request> {
        self.held.values()
    }

    /// The request of that session and id: the newest open one, else the newest.
    pub fn find(&self, session: SessionId, request_id: &str) -> Option<&Request> {
        let hash = hash(&self.hasher, session, request_id);
        // At most one is open, and it is the newest.
        let seq = self.by_id.find(hash, |seq| self.held.get(seq).is_some_and(|held| held.is(session, request_id)))?;
        self.held.get(seq)
    }

    /// How many are open, and the one with the least time left.
    pub fn most_urgent(&self) -> (usize, Option<&Request>) {
        (self.open.len(), self.open.first().and_then(|(_, seq)| self.held.get(seq)))
    }

    /// How long after its request an answer at `now` comes, in any state; used for `took_ms` before the answer is appended.
    pub fn took(&self, session: SessionId, request_id: &str, now: Instant) -> Option<Duration> {
        self.find(session, request_id).map(|request| now.saturating_duration_since(request.came))
    }

    /// Takes in a message that came: a request if it has a deadline and an id.
    pub(super) fn came(&mut self, session: SessionId, seq: u64, now: Instant, message: &Message<'_>) {
        let (Some(deadline_ms), Some(request_id)) = (message.deadline_ms, message.request_id) else { return };
        let known = self.find(session, request_id).map(|held| (held.seq, held.state));
        if let Some((seq, state)) = known {
            if message.dup {
                return;
            }
            self.forget_id(seq);
            if state == RequestState::Open {
                self.remove(seq);
            }
        }
        let request = Request {
            seq,
            session,
            what: message.what,
            request_id: request_id.to_owned(),
            topic: message.topic.to_owned(),
            payload: message.payload.to_owned(),
            came: now,
            deadline: now + Duration::from_millis(u64::from(deadline_ms)),
            state: RequestState::Open,
        };
        self.make_room(request.bytes());
        self.bytes += request.bytes();
        self.open.insert((request.deadline, seq));
        self.held.insert(seq, request);
        let (hasher, held) = (&self.hasher, &self.held);
        self.by_id.insert_unique(hash(hasher, session, request_id), seq, |seq| {
            held.get(seq).map_or(0, |held| hash(hasher, held.session, &held.request_id))
        });
    }

    /// Takes in a message that went: it closes its request if it answers one.
    pub(super) fn went(&mut self, session: SessionId, now: Instant, message: &Message<'_>) {
        let Some(request_id) = message.request_id.filter(|_| message.what.is_answer()) else { return };
        let Some(seq) = self.find(session, request_id).map(|request| request.seq) else { return };
        let Some(request) = self.held.get_mut(&seq) else { return };
        if !matches!(request.state, RequestState::Open | RequestState::Expired) {
            return;
        }
        let took = now.saturating_duration_since(request.came);
        request.state = if now < request.deadline { RequestState::Answered(took) } else { RequestState::Late(took) };
        self.open.remove(&(request.deadline, seq));
        self.closed.insert(seq);
    }

    /// Marks the open requests whose deadline has passed; answers when the next one runs out.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Instant> {
        while let Some((deadline, seq)) = self.open.first().copied() {
            if now < deadline {
                return Some(deadline);
            }
            self.open.pop_first();
            self.closed.insert(seq);
            if let Some(request) = self.held.get_mut(&seq) {
                request.state = RequestState::Expired;
            }
        }
        None
    }

    /// Lets requests go until one of `bytes` more fits.
    fn make_room(&mut self, bytes: usize) {
        while self.held.len() >= self.limit || self.bytes + bytes > self.limit * BYTES_A_REQUEST {
            let Some(seq) = self.closed.first().or_else(|| self.held.keys().next()).copied() else { return };
            self.forget_id(seq);
            self.remove(seq);
        }
    }

    fn remove(&mut self, seq: u64) {
        if let Some(request) = self.held.remove(&seq) {
            self.bytes -= request.bytes();
            self.open.remove(&(request.deadline, seq));
            self.closed.remove(&seq);
        }
    }

    /// Takes the request of that number out of the table of ids, if it is there.
    fn forget_id(&mut self, seq: u64) {
        let Some(request) = self.held.get(&seq) else { return };
        let hash = hash(&self.hasher, request.session, &request.request_id);
        if let Ok(entry) = self.by_id.find_entry(hash, |held| *held == seq) {
            entry.remove();
        }
    }
}

impl Request {
    fn is(&self, session: SessionId, request_id: &str) -> bool {
        self.session == session && self.request_id == request_id
    }

    fn bytes(&self) -> usize {
        self.request_id.len() + self.topic.len() + self.payload.len()
    }
}

fn hash(hasher: &DefaultHashBuilder, session: SessionId, request_id: &str) -> u64 {
    let mut state = hasher.build_hasher();
    session.hash(&mut state);
    state.write(request_id.as_bytes());
    state.finish()
}

#[cfg(test)]
mod tests;
