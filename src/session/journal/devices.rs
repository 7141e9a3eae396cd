//! What tapes say of the sessions of a journal, kept where a running tape hears of news.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::tape::Recorded;
use crate::timeline::SessionId;

/// What tapes say of each session.
#[derive(Debug, Default)]
pub(in crate::session) struct Devices {
    known: Mutex<BTreeMap<SessionId, Recorded>>,
    /// Grows with every piece of news.
    edition: AtomicU64,
}

impl Devices {
    /// Grows with every piece of news.
    pub(in crate::session) fn edition(&self) -> u64 {
        self.edition.load(Ordering::SeqCst)
    }

    /// What is known of each session that `covered` lets pass.
    pub(in crate::session) fn known(&self, covered: impl Fn(SessionId) -> bool) -> Vec<Recorded> {
        self.lock().iter().filter(|(id, _)| covered(**id)).map(|(_, recorded)| recorded.clone()).collect()
    }

    /// Keeps what is to be said of a session; a clock offset that it learnt before stays.
    pub(super) fn introduce(&self, session: SessionId, recorded: Recorded) {
        let mut known = self.lock();
        let offset = known.get(&session).and_then(|before| before.clock_offset_us);
        known.insert(session, Recorded { clock_offset_us: recorded.clock_offset_us.or(offset), ..recorded });
        self.edition.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn clock_offset_us(&self, session: SessionId) -> Option<i64> {
        self.lock().get(&session)?.clock_offset_us
    }

    pub(super) fn learnt_clock(&self, session: SessionId, offset_us: i64) {
        if let Some(recorded) = self.lock().get_mut(&session) {
            recorded.clock_offset_us = Some(offset_us);
            self.edition.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SessionId, Recorded>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
