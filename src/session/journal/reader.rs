//! A follower as sessions see it: how far it is, and since when somebody waits for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::{PATIENCE, Shared, Want};
use crate::timeline::SessionId;

/// A follower's account.
#[derive(Debug)]
pub(super) struct Reader {
    /// How many of the bytes that were appended, ever, it has read.
    read: AtomicU64,
    /// Since when somebody waits for a sign of life, in microseconds since the journal's epoch; 0: nobody does.
    awaited: AtomicU64,
    /// Wakes the follower.
    pub(super) call: Notify,
    vouching: Option<Vouching>,
}

/// What a follower vouches for.
#[derive(Debug)]
pub(super) struct Vouching {
    /// `None`: all.
    sessions: Option<Vec<SessionId>>,
    /// The number of the last event that it has kept.
    kept: AtomicU64,
}

impl Vouching {
    /// It vouches for the events of those sessions (`None`: all) behind the one with the number `kept`.
    pub(super) fn new(sessions: Option<Vec<SessionId>>, kept: u64) -> Self {
        Self { sessions, kept: AtomicU64::new(kept) }
    }
}

impl Reader {
    /// A reader that has read `read` bytes.
    pub(super) fn new(read: u64, vouching: Option<Vouching>) -> Self {
        Self { read: AtomicU64::new(read), awaited: AtomicU64::new(0), call: Notify::new(), vouching }
    }

    /// It has read so much of the bytes that were appended; answers whether sessions have room again.
    pub(super) fn has_read(&self, read: u64, shared: &Shared) -> bool {
        let before = self.read.swap(read, Ordering::SeqCst);
        self.lives();
        let appended = shared.appended.load(Ordering::SeqCst);
        appended.saturating_sub(before) >= shared.lag && appended.saturating_sub(read) < shared.lag
    }

    /// It has kept every event up to that number; answers whether it had not before.
    pub(super) fn has_kept(&self, seq: u64) -> bool {
        let Some(vouching) = &self.vouching else { return false };
        let before = vouching.kept.fetch_max(seq, Ordering::SeqCst);
        self.lives();
        before < seq
    }

    fn lives(&self) {
        self.awaited.store(0, Ordering::SeqCst);
    }

    /// Up to which number it has kept the events of `session`, if it vouches for it.
    pub(super) fn vouched(&self, session: SessionId) -> Option<u64> {
        let vouching = self.vouching.as_ref()?;
        let covers = vouching.sessions.as_ref().is_none_or(|sessions| sessions.contains(&session));
        covers.then(|| vouching.kept.load(Ordering::SeqCst))
    }

    fn lacks(&self, want: Want, shared: &Shared) -> bool {
        match want {
            Want::Room => {
                let appended = shared.appended.load(Ordering::SeqCst);
                appended.saturating_sub(self.read.load(Ordering::SeqCst)) >= shared.lag
            }
            Want::Kept(session, wanted) => self.vouched(session).is_some_and(|kept| kept < wanted),
        }
    }

    /// When to look again after somebody who wants something of it; `None`: it has done it, or is given up, which one that
    /// vouches is after [`PATIENCE`] without a sign of life.
    pub(super) fn awaited(&self, want: Want, shared: &Shared, now: Instant) -> Option<Instant> {
        if !self.lacks(want, shared) {
            return None;
        }
        if self.vouching.is_none() {
            return Some(now + PATIENCE);
        }
        let now_us = micros(now.saturating_duration_since(shared.epoch)).max(1);
        let marked = self.awaited.compare_exchange(0, now_us, Ordering::SeqCst, Ordering::SeqCst);
        if marked.is_ok() && !self.lacks(want, shared) {
            // Done between the look and the mark: left standing, the mark would give up on the next wait at once. Where
            // somebody has put another in its place, that one stands.
            self.awaited.compare_exchange(now_us, 0, Ordering::SeqCst, Ordering::SeqCst).ok();
            return None;
        }
        let since_us = marked.err().unwrap_or(now_us);
        let until = shared.epoch + Duration::from_micros(since_us) + PATIENCE;
        (now < until).then_some(until)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
