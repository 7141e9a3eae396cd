//! Reading every event of a journal once, in order.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Wake, Waker};
use std::thread::Thread;
use std::time::Instant;

use super::Journal;
use super::reader::Reader;
use crate::event::{Event, Kind};
use crate::timeline::{Batch, SessionId, Timeline};

/// Bytes of events that a follower takes under one lock, with the last event beyond them: sessions wait meanwhile.
const READ: usize = 1 << 20;

/// Reads every event once, in order. Dropping it frees sessions from waiting for it.
#[derive(Debug)]
pub struct Follower {
    journal: Journal,
    reader: Arc<Reader>,
    /// The number of the next event to read.
    next: u64,
    /// How many events it has given away.
    given: u64,
    /// How many of the bytes that were appended, ever, it has read.
    read: u64,
    /// How many events of each session it has seen or missed, by [`SessionId`].
    seen: Vec<u64>,
}

impl Follower {
    pub(super) fn new(journal: Journal, reader: Arc<Reader>, timeline: &Timeline) -> Self {
        let read = journal.shared.appended.load(Ordering::SeqCst);
        let seen = timeline.sessions().iter().map(|standing| standing.events).collect();
        Self { journal, reader, next: timeline.next_number(), given: 0, read, seen }
    }

    /// Waits for events and hands up to `most` of them to `each`, numbered 1, 2, 3 … without a hole. What the budget let
    /// go unread stands as a `gap` event for each session.
    pub async fn next(&mut self, most: usize, mut each: impl FnMut(&Event<'_>)) {
        loop {
            if self.take(most, &mut each) > 0 {
                return;
            }
            self.reader.call.notified().await;
        }
    }

    /// As [`Follower::next`], without waiting; answers how many there were.
    pub fn take(&mut self, most: usize, mut each: impl FnMut(&Event<'_>)) -> usize {
        let journal = self.journal.clone();
        let before = self.given;
        journal.with(|timeline| {
            for (session, count) in self.missed(timeline) {
                self.given += 1;
                gap(timeline, session, self.next, count, |event| each(&Event { seq: self.given, ..*event }));
            }
            let mut bytes = 0;
            for (session, event) in timeline.entries_from(self.next) {
                if self.given - before >= most as u64 || bytes >= READ {
                    break;
                }
                bytes += Batch::weight(&event.kind);
                self.given += 1;
                self.saw(session, event.seq);
                each(&Event { seq: self.given, ..event });
            }
            self.count(timeline, bytes);
        });
        let taken = self.given - before;
        if taken > 0 {
            self.pay();
        }
        usize::try_from(taken).unwrap_or(usize::MAX)
    }

    /// Copies events into `batch`, which is emptied first, about a MiB of them, numbered as in the timeline; answers of which
    /// sessions the budget let how many go unread before them.
    pub fn copy(&mut self, batch: &mut Batch) -> Vec<(SessionId, u64)> {
        let journal = self.journal.clone();
        let missed = journal.with(|timeline| {
            let missed = self.missed(timeline);
            timeline.copy_from(self.next, READ, batch);
            for (session, seq) in batch.numbers() {
                self.saw(session, seq);
            }
            self.count(timeline, batch.bytes());
            missed
        });
        if !batch.is_empty() || !missed.is_empty() {
            self.pay();
        }
        missed
    }

    /// The number of the next event to read: all before it are read.
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Says that every event up to that number is kept, or will never be: its messages may be acknowledged.
    pub fn keep(&self, seq: u64) {
        if self.reader.has_kept(seq) {
            self.journal.shared.turned.notify_waiters();
        }
    }

    /// Makes the thread wait until something was appended since the last call, or until then.
    pub fn wait(&self, until: Option<Instant>) {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut called = pin!(self.reader.call.notified());
        while called.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            let Some(until) = until else {
                std::thread::park();
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::park_timeout(left);
        }
    }

    /// Who can wake the follower.
    pub fn caller(&self) -> Caller {
        Caller(Arc::clone(&self.reader))
    }

    /// Of which sessions the budget let how many events go unread; reading goes on behind them.
    fn missed(&mut self, timeline: &Timeline) -> Vec<(SessionId, u64)> {
        let Some((first, _)) = timeline.span().filter(|(first, _)| *first > self.next) else { return Vec::new() };
        self.next = first;
        let held = timeline.held_by_session();
        let count = timeline.sessions().len();
        self.seen.resize(count.max(self.seen.len()), 0);
        let sessions = timeline.sessions().iter().zip(held).zip(&mut self.seen).zip(0..);
        let missed = sessions.filter_map(|(((standing, held), seen), place)| {
            let lost = standing.events.saturating_sub(held + *seen);
            *seen += lost;
            (lost > 0).then_some((SessionId(place), lost))
        });
        missed.collect()
    }

    #[cfg(test)]
    pub(super) fn has_read_all(&self, appended: u64) -> bool {
        self.read == appended
    }

    /// Takes note of an event that was read.
    fn saw(&mut self, session: SessionId, seq: u64) {
        let place = usize::from(session.0);
        if self.seen.len() <= place {
            self.seen.resize(place + 1, 0);
        }
        self.seen[place] += 1;
        self.next = seq + 1;
    }

    /// Takes note of the bytes that were read.
    fn count(&mut self, timeline: &Timeline, bytes: usize) {
        let appended = self.journal.shared.appended.load(Ordering::SeqCst);
        // With everything read nothing is owed, whatever was let go unread.
        let all = self.next >= timeline.next_number();
        self.read = if all { appended } else { self.read + bytes as u64 };
    }

    fn pay(&self) {
        if self.reader.has_read(self.read, &self.journal.shared) {
            self.journal.shared.turned.notify_waiters();
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.journal.strike(&self.reader);
    }
}

/// Wakes a follower.
#[derive(Clone, Debug)]
pub struct Caller(Arc<Reader>);

impl Caller {
    /// Ends the follower's wait.
    pub fn call(&self) {
        self.0.call.notify_one();
    }
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The event that stands for `count` events of `session` that were let go before the event `after`.
fn gap(timeline: &Timeline, session: SessionId, after: u64, count: u64, each: impl FnOnce(&Event<'_>)) {
    let standing = timeline.sessions().get(usize::from(session.0));
    if let (Some(after), Some(standing)) = (timeline.get(after), standing) {
        let kind = Kind::Gap { count, reason: "the reader could not keep up" };
        each(&Event { session: &standing.name, kind, ..after });
    }
}
