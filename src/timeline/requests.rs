//! The platform's requests that wait, or waited, for the device's answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::sessions::SessionId;
use crate::event::{Irregular, Message, What};

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
    /// Which connection of its session brought it: 1, 2, 3 … since the timeline began; 0 before the first.
    pub connection: u32,
    /// How many answers have gone.
    pub answers: u32,
    /// The number of the event that was its first answer.
    pub answer: Option<u64>,
    /// What of the device's own doings answered it first ("rule NAME"); `None`: a person, an order, or nobody yet.
    pub by: Option<Box<str>>,
    /// The person has set it aside: it is not offered as the next one to answer.
    pub held: bool,
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
    /// The person decided to leave it without an answer.
    Ignored,
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
    known: BTreeMap<u64, Request>,
    /// The newest of each (session, id), by event number.
    by_id: HashTable<u64>,
    /// The open ones, by deadline and event number.
    open: BTreeSet<(Instant, u64)>,
    /// The others, by event number.
    closed: BTreeSet<u64>,
    bytes: usize,
    /// How often each session has come online.
    connections: HashMap<SessionId, u32>,
}

impl Requests {
    /// None yet.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            hasher: DefaultHashBuilder::default(),
            known: BTreeMap::new(),
            by_id: HashTable::new(),
            open: BTreeSet::new(),
            closed: BTreeSet::new(),
            bytes: 0,
            connections: HashMap::new(),
        }
    }

    /// The requests, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Request> {
        self.known.values()
    }

    /// The request of that session and id: the newest open one, else the newest.
    pub fn find(&self, session: SessionId, request_id: &str) -> Option<&Request> {
        let hash = hash(&self.hasher, session, request_id);
        // At most one is open, and it is the newest.
        let seq =
            self.by_id.find(hash, |seq| self.known.get(seq).is_some_and(|known| known.is(session, request_id)))?;
        self.known.get(seq)
    }

    /// The requests that the events from number `first` to `last` brought, oldest first.
    pub fn between(&self, first: u64, last: u64) -> impl Iterator<Item = &Request> {
        // A range whose end is before its start has no meaning to the map.
        self.known.range(first.min(last)..=last).filter(move |_| first <= last).map(|(_, request)| request)
    }

    /// All of them by urgency: the open ones by the time they have left, then the others, the newest first. Nothing is sorted
    /// for it: both orders are kept.
    pub fn by_urgency(&self) -> impl Iterator<Item = &Request> {
        let open = self.open.iter().map(|(_, seq)| seq);
        open.chain(self.closed.iter().rev()).filter_map(|seq| self.known.get(seq))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many are open, and of those that nobody holds the one with the least time left.
    pub fn most_urgent(&self) -> (usize, Option<&Request>) {
        let mut open = self.open.iter().filter_map(|(_, seq)| self.known.get(seq));
        (self.open.len(), open.find(|request| !request.held))
    }

    /// The request that the event of that number brought.
    pub fn get(&self, seq: u64) -> Option<&Request> {
        self.known.get(&seq)
    }

    /// What would be out of order about an answer that goes at `now`.
    pub fn irregular(&self, session: SessionId, request_id: &str, now: Instant) -> Irregular {
        self.find(session, request_id).map_or(Irregular::default(), |request| Irregular {
            late: now >= request.deadline,
            second: request.answers > 0,
            moved: request.connection != self.connection(session),
        })
    }

    fn connection(&self, session: SessionId) -> u32 {
        self.connections.get(&session).copied().unwrap_or(0)
    }

    /// A session is online, over a new connection.
    pub(super) fn connected(&mut self, session: SessionId) {
        *self.connections.entry(session).or_default() += 1;
    }

    /// Sets a request aside, or takes it back; `false`: it is not known, or not open.
    pub(super) fn hold(&mut self, seq: u64, held: bool) -> bool {
        let open = self.known.get_mut(&seq).filter(|request| request.state == RequestState::Open);
        open.is_some_and(|request| {
            request.held = held;
            true
        })
    }

    /// Leaves an open request without an answer; `false`: it is not known, or not open.
    pub(super) fn ignore(&mut self, seq: u64) -> bool {
        let open = self.known.get_mut(&seq).filter(|request| request.state == RequestState::Open);
        open.is_some_and(|request| {
            request.state = RequestState::Ignored;
            self.open.remove(&(request.deadline, seq));
            self.closed.insert(seq);
            true
        })
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
            connection: self.connection(session),
            answers: 0,
            answer: None,
            by: None,
            held: false,
        };
        self.make_room(request.bytes());
        self.bytes += request.bytes();
        self.open.insert((request.deadline, seq));
        self.known.insert(seq, request);
        let (hasher, known) = (&self.hasher, &self.known);
        self.by_id.insert_unique(hash(hasher, session, request_id), seq, |seq| {
            known.get(seq).map_or(0, |held| hash(hasher, held.session, &held.request_id))
        });
    }

    /// Takes in a message that went as the event of number `answer`: it closes its request if it answers one. A re-delivery (DUP) is no answer of its own.
    pub(super) fn went(&mut self, session: SessionId, answer: u64, now: Instant, message: &Message<'_>) {
        let Some(request_id) = message.request_id.filter(|_| message.what.is_answer() && !message.dup) else {
            return;
        };
        let Some(seq) = self.find(session, request_id).map(|request| request.seq) else { return };
        let Some(request) = self.known.get_mut(&seq) else { return };
        request.answers = request.answers.saturating_add(1);
        if matches!(request.state, RequestState::Answered(_) | RequestState::Late(_)) {
            return;
        }
        request.answer = Some(answer);
        request.by = message.by.map(Into::into);
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
            if let Some(request) = self.known.get_mut(&seq) {
                request.state = RequestState::Expired;
            }
        }
        None
    }

    /// Lets requests go until one of `bytes` more fits.
    fn make_room(&mut self, bytes: usize) {
        while self.known.len() >= self.limit || self.bytes + bytes > self.limit * BYTES_A_REQUEST {
            let Some(seq) = self.closed.first().or_else(|| self.known.keys().next()).copied() else { return };
            self.forget_id(seq);
            self.remove(seq);
        }
    }

    fn remove(&mut self, seq: u64) {
        if let Some(request) = self.known.remove(&seq) {
            self.bytes -= request.bytes();
            self.open.remove(&(request.deadline, seq));
            self.closed.remove(&seq);
        }
    }

    /// Takes the request of that number out of the table of ids, if it is there.
    fn forget_id(&mut self, seq: u64) {
        let Some(request) = self.known.get(&seq) else { return };
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
