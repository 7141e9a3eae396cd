//! Bounded history of events in memory: what happened on every session, in one stream.
//!
//! What lives here: the packed store with its budget in bytes, each session's standing, the topic tree's counts, the
//! requests that wait for an answer, and filtering. What may not: a clock, a lock, a socket, the screen. Sessions append
//! in batches under a short lock that the shell owns; the screen looks when it draws.

mod batch;
mod filter;
mod rate;
mod record;
mod requests;
mod sessions;
mod store;
mod topics;

use std::time::Duration;

pub use batch::Batch;
pub use filter::{Filter, Only, Query, Scan, is_on_branch, may_be_on_branch};
pub use requests::{Request, RequestState, Requests};
pub use sessions::{SessionId, Standing};
pub use topics::{Rate, TopicCount, Topics};

use crate::event::{Event, Kind, LineState, Message, Moment, StateChange, WallTime};
use crate::profile::Cloud;
use record::Head;
use store::{Place, Store, Stored};

/// What stands for a request's own part in the topics that are counted.
pub const FOLDED_ID: &str = "{id}";

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
    /// The time stamp of the newest event; the next is never before it.
    mono_us: u64,
    sessions: Vec<Standing>,
    store: Store,
    topics: Topics,
    requests: Requests,
    /// Scratch for a topic whose id is being folded.
    folded: String,
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
            mono_us: 0,
            sessions: Vec::new(),
            store: Store::new(budget.bytes),
            topics: Topics::new(budget.topics),
            requests: Requests::new(budget.requests),
            folded: String::new(),
        }
    }

    /// How many bytes of events it may hold.
    pub fn budget_bytes(&self) -> usize {
        self.store.budget()
    }

    /// Makes a session known under `name`, or finds the one that has this name already. There is room for 65,536; any more
    /// share the last one's place.
    pub fn register(&mut self, name: &str, cloud: Cloud) -> SessionId {
        let known = self.sessions.iter().position(|standing| standing.name == name);
        let place = known.unwrap_or(self.sessions.len());
        let id = SessionId(u16::try_from(place).unwrap_or(u16::MAX));
        if usize::from(id.0) == self.sessions.len() {
            self.sessions.push(Standing::new(name, cloud, self.start.at));
        }
        id
    }

    /// Appends what happened and answers its number. For a message, `id_span` are the bytes of its topic that are the
    /// request's own. Updates the session's standing, the topic counts and the requests.
    ///
    /// The event's `mono_us` is counted from the timeline's start and never goes back, even where `now` does.
    pub fn append(&mut self, session: SessionId, now: Moment, kind: &Kind<'_>, id_span: Option<(usize, usize)>) -> u64 {
        self.mono_us = self.mono_us_at(now);
        let head = Head { at: now.at.unix_micros(), mono_us: self.mono_us, session: session.0, ..Head::default() };
        if let Some(standing) = self.sessions.get_mut(usize::from(session.0)) {
            standing.events += 1;
        }
        if let Kind::Rx(message) | Kind::Tx(message) = kind {
            return self.append_message(session, now, head, kind, message, id_span);
        }
        if matches!(kind, Kind::State(change) if change.state == LineState::Online) {
            self.requests.connected(session);
        }
        if let Some(standing) = self.sessions.get_mut(usize::from(session.0)) {
            match kind {
                Kind::State(change) => standing.changed(now, change),
                Kind::Subscribed(answer) => standing.subscribed(answer),
                Kind::Unsubscribed { filter, .. } => standing.unsubscribed(filter),
                Kind::Rx(_) | Kind::Tx(_) | Kind::Acked(_) | Kind::Gap { .. } | Kind::Note { .. } | Kind::Error(_) => {}
            }
        }
        self.store.push(head, kind, Place::default()).0
    }

    fn append_message(
        &mut self,
        session: SessionId,
        now: Moment,
        head: Head,
        kind: &Kind<'_>,
        message: &Message<'_>,
        id_span: Option<(usize, usize)>,
    ) -> u64 {
        let incoming = matches!(kind, Kind::Rx(_));
        if let Some(standing) = self.sessions.get_mut(usize::from(session.0)) {
            let (count, rate) = if incoming {
                (&mut standing.rx, &mut standing.rx_rate)
            } else {
                (&mut standing.tx, &mut standing.tx_rate)
            };
            *count += 1;
            rate.count(self.mono_us);
        }
        let folded = id_span.and_then(|span| fold(message.topic, span, &mut self.folded)).unwrap_or(message.topic);
        let slot = self.topics.heard(session, folded, self.store.next_number(), self.mono_us);
        let (seq, place) = self.store.push(head, kind, self.topics.place(slot));
        self.topics.set_place(slot, place);
        if incoming {
            self.requests.came(session, seq, now.mono, message);
        } else {
            self.requests.went(session, seq, now.mono, message);
        }
        seq
    }

    /// Gives the next event the number `next`, if that is ahead of its own: those between never come. So a timeline can begin with any
    /// number, and a stretch that could not be read takes one event, a gap.
    pub fn jump(&mut self, next: u64) {
        self.store.jump(next);
    }

    /// The number that the next event will have.
    pub fn next_number(&self) -> u64 {
        self.store.next_number()
    }

    /// Tells what state a session's line was in since `since`, before the oldest event held: no event, no count.
    pub fn stand(&mut self, session: SessionId, since: Moment, change: &StateChange<'_>) {
        if let Some(standing) = self.sessions.get_mut(usize::from(session.0)) {
            standing.changed(since, change);
        }
    }

    /// Puts `fresh` in this one's place and answers what was here. A tree made of the old one's topics notices
    /// ([`Topics::revision`] grows).
    #[must_use]
    pub fn replace(&mut self, mut fresh: Self) -> Self {
        fresh.topics.revise(self.topics.revision() + 1);
        std::mem::replace(self, fresh)
    }

    /// Notes a PINGRESP: no event, but the session's standing shows the round trip.
    pub fn pinged(&mut self, session: SessionId, took: Duration) {
        if let Some(standing) = self.sessions.get_mut(usize::from(session.0)) {
            standing.ping = Some(took);
        }
    }

    /// The event of that number, if it is still (or already) here.
    pub fn get(&self, seq: u64) -> Option<Event<'_>> {
        self.store.get(seq).map(|stored| self.event(&stored))
    }

    /// The events from number `seq` (or the oldest held) on, oldest first.
    pub fn events_from(&self, seq: u64) -> impl Iterator<Item = Event<'_>> {
        self.store.on_from(seq).map(|stored| self.event(&stored))
    }

    /// As [`Timeline::events_from`], each with its session.
    pub fn entries_from(&self, seq: u64) -> impl Iterator<Item = (SessionId, Event<'_>)> {
        self.store.on_from(seq).map(|stored| (SessionId(stored.head.session), self.event(&stored)))
    }

    /// How many of the events held each session has, by [`SessionId`]. Looks at every event held.
    pub fn held_by_session(&self) -> Vec<u64> {
        let mut counts = vec![0; self.sessions.len()];
        for stored in self.store.on_from(0) {
            if let Some(count) = counts.get_mut(usize::from(stored.head.session)) {
                *count += 1;
            }
        }
        counts
    }

    /// Copies events from number `seq` (or the oldest held) on into `batch`, which is emptied first: at most `most` bytes by
    /// [`Batch::bytes`], and the event that goes beyond them.
    pub fn copy_from(&self, seq: u64, most: usize, batch: &mut Batch) {
        batch.clear(&self.sessions);
        for stored in self.store.on_from(seq) {
            if batch.bytes() >= most {
                return;
            }
            batch.push(&stored);
        }
    }

    /// The session of the event of that number.
    pub fn session_of(&self, seq: u64) -> Option<SessionId> {
        self.store.get(seq).map(|stored| SessionId(stored.head.session))
    }

    /// The numbers of the oldest and the newest event held.
    pub fn span(&self) -> Option<(u64, u64)> {
        self.store.span()
    }

    /// Each session's standing, by [`SessionId`].
    pub fn sessions(&self) -> &[Standing] {
        &self.sessions
    }

    /// The topic counts.
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Sets a request aside, or takes it back; `false`: it is not known, or not open.
    pub fn hold_request(&mut self, seq: u64, held: bool) -> bool {
        self.requests.hold(seq, held)
    }

    /// Leaves an open request without an answer; `false`: it is not known, or not open.
    pub fn ignore_request(&mut self, seq: u64) -> bool {
        self.requests.ignore(seq)
    }

    /// The requests.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Marks requests whose deadline has passed; answers when the next open one runs out.
    pub fn expire(&mut self, now: Moment) -> Option<std::time::Instant> {
        self.requests.expire(now.mono)
    }

    /// What the budget made the timeline let go.
    pub fn let_go(&self) -> LetGo {
        LetGo { events: self.store.let_go(), topics: self.topics.let_go() }
    }

    /// `now` as microseconds since the start, never before the newest event: what [`Rate::per_second`] wants.
    pub fn mono_us_at(&self, now: Moment) -> u64 {
        let passed = now.mono.saturating_duration_since(self.start.mono).as_micros();
        self.mono_us.max(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    fn event<'a>(&'a self, stored: &Stored<'a>) -> Event<'a> {
        Event {
            seq: stored.seq,
            at: WallTime::from_unix_micros(stored.head.at),
            mono_us: stored.head.mono_us,
            session: self.name_of(stored.head.session),
            kind: stored.kind(),
        }
    }

    /// The name of a session; empty for one that was never registered.
    fn name_of(&self, session: u16) -> &str {
        self.sessions.get(usize::from(session)).map_or("", |standing| &standing.name)
    }
}

/// `topic` with `span` replaced by [`FOLDED_ID`], put into `out`; `None` where the span is empty or no part of the topic.
fn fold<'a>(topic: &str, (start, end): (usize, usize), out: &'a mut String) -> Option<&'a str> {
    topic.get(start..end).filter(|id| !id.is_empty())?;
    out.clear();
    out.push_str(&topic[..start]);
    out.push_str(FOLDED_ID);
    out.push_str(&topic[end..]);
    Some(out)
}

#[cfg(test)]
mod tests;
