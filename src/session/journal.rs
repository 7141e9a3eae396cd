//! The timeline that sessions share, the bell that wakes whoever looks at it, and the follower that must miss nothing.
//!
//! A screen looks when it draws and may miss what the budget let go. A follower (`--json`, a tape) reads every event;
//! when it lags, sessions stop reading from their links until it has caught up, so that TCP pushes back on the platform.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::event::{Event, Kind, Moment};
use crate::timeline::{SessionId, Timeline};

/// Bytes that a follower may lag behind before sessions stop reading. A quarter of the timeline's default budget: what
/// the sessions have in hand when it is reached still fits.
const LAG: usize = 8 << 20;

/// Bytes of events that a follower takes under one lock, with the last event beyond them: sessions wait meanwhile.
const READ: usize = 1 << 20;

/// What an event costs beside its topic and payload, in the follower's account.
const EVENT: usize = 64;

/// The shared timeline.
#[derive(Clone, Debug)]
pub struct Journal {
    timeline: Arc<Mutex<Timeline>>,
    bell: Arc<Notify>,
    lag: Option<Arc<Lag>>,
}

/// How far the follower is behind.
#[derive(Debug, Default)]
struct Lag {
    bytes: AtomicUsize,
    room: Notify,
}

/// Reads every event once, in order.
#[derive(Debug)]
pub struct Follower {
    journal: Journal,
    next: u64,
    given: u64,
}

impl Journal {
    /// Shares `timeline` with observers that may miss events.
    pub fn new(timeline: Timeline) -> Self {
        Self { timeline: Arc::new(Mutex::new(timeline)), bell: Arc::new(Notify::new()), lag: None }
    }

    /// Shares `timeline` with a follower that misses none. Sessions must be given this journal, not an older one.
    pub fn followed(timeline: Timeline) -> (Self, Follower) {
        let journal = Self { lag: Some(Arc::default()), ..Self::new(timeline) };
        (journal.clone(), Follower { journal, next: 1, given: 0 })
    }

    /// Looks at, or appends to, the timeline. Keep it short: sessions wait meanwhile.
    pub fn with<T>(&self, work: impl FnOnce(&mut Timeline) -> T) -> T {
        work(&mut self.timeline.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Appends one event and wakes the observer.
    pub fn append(&self, session: SessionId, now: Moment, kind: &Kind<'_>) {
        self.owe(weight(kind));
        self.with(|timeline| timeline.append(session, now, kind, None));
        self.ring();
    }

    /// Adds `bytes` of new events to what the follower has not read yet.
    pub(super) fn owe(&self, bytes: usize) {
        if let Some(lag) = &self.lag {
            lag.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Wakes whoever waits in [`Journal::changed`].
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until something was appended since the last call. One observer at a time.
    pub async fn changed(&self) {
        self.bell.notified().await;
    }

    /// Whether sessions may read: no follower, or one that keeps up.
    pub(super) fn has_room(&self) -> bool {
        self.lag.as_ref().is_none_or(|lag| lag.bytes.load(Ordering::Relaxed) < LAG)
    }

    /// Waits until sessions may read again.
    pub(super) async fn room(&self) {
        let Some(lag) = &self.lag else { return };
        let mut room = std::pin::pin!(lag.room.notified());
        loop {
            // Enrolled before the look, so that no call falls between the two.
            room.as_mut().enable();
            if self.has_room() {
                return;
            }
            room.as_mut().await;
            room.set(lag.room.notified());
        }
    }
}

impl Follower {
    /// Waits for events and hands up to `most` of them to `each`, numbered 1, 2, 3 … without a hole. What the budget let
    /// go unread stands as a `gap` event.
    pub async fn next(&mut self, most: usize, mut each: impl FnMut(&Event<'_>)) {
        loop {
            if self.take(most, &mut each) > 0 {
                return;
            }
            self.journal.changed().await;
        }
    }

    /// As [`Follower::next`], without waiting; answers how many there were.
    pub fn take(&mut self, most: usize, mut each: impl FnMut(&Event<'_>)) -> usize {
        let Self { journal, next, given } = self;
        let before = *given;
        let mut read = 0;
        journal.with(|timeline| {
            let Some((first, last)) = timeline.span() else { return };
            if first > *next {
                if let Some(after) = timeline.get(first) {
                    *given += 1;
                    each(&gap(&after, *given, first - *next));
                }
                *next = first;
            }
            while *next <= last && *given - before < most as u64 && read < READ {
                if let Some(event) = timeline.get(*next) {
                    read += weight(&event.kind);
                    *given += 1;
                    each(&Event { seq: *given, ..event });
                }
                *next += 1;
            }
            if *next > last {
                // Everything is read, or was let go unread: nothing is owed.
                read = usize::MAX;
            }
        });
        let taken = *given - before;
        self.pay(read);
        usize::try_from(taken).unwrap_or(usize::MAX)
    }

    fn pay(&self, bytes: usize) {
        let Some(lag) = &self.journal.lag else { return };
        let before =
            lag.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |owed| Some(owed.saturating_sub(bytes)));
        if before.is_ok_and(|owed| owed >= LAG) {
            lag.room.notify_waiters();
        }
    }
}

/// What an event costs in the follower's account, in bytes.
pub(super) fn weight(kind: &Kind<'_>) -> usize {
    EVENT
        + match kind {
            Kind::Rx(message) | Kind::Tx(message) => message.topic.len() + message.payload.len(),
            _ => 0,
        }
}

fn gap<'a>(after: &Event<'a>, seq: u64, count: u64) -> Event<'a> {
    Event { seq, kind: Kind::Gap { count, reason: "the reader could not keep up" }, ..*after }
}
