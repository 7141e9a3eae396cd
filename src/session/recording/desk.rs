//! What a recording's thread and the others tell each other.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::places::{Place, Places};
use crate::session::journal::PATIENCE;
use crate::tape::Status;

/// What a recording's thread and the others tell each other.
#[derive(Debug)]
pub(super) struct Desk {
    shown: Mutex<Shown>,
    /// The thread has ended.
    left: Condvar,
}

#[derive(Debug)]
struct Shown {
    status: Status,
    places: Places,
    /// The number of the last event that goes on the tape, once somebody has ended it.
    last: Option<u64>,
    /// Since when the thread is at work; `None` while it waits.
    busy: Option<Instant>,
    /// How the thread has left.
    left: Option<Left>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    InOrder,
    InPanic,
}

impl Desk {
    /// The thread begins at `now`.
    pub(super) fn new(status: Status, now: Instant) -> Self {
        let shown = Shown { status, places: Places::default(), last: None, busy: Some(now), left: None };
        Self { shown: Mutex::new(shown), left: Condvar::new() }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the recording stands at `now`.
    pub(super) fn status(&self, now: Instant) -> Status {
        self.shown().status(now)
    }

    /// Where the timeline's events lie.
    pub(super) fn places(&self) -> Vec<Place> {
        self.shown().places.all()
    }

    /// The tape ends behind the event of that number, unless it ends already.
    pub(super) fn close(&self, last: u64) {
        self.shown().last.get_or_insert(last);
    }

    /// Behind which event the tape ends, if it does.
    pub(super) fn closes_at(&self) -> Option<u64> {
        self.shown().last
    }

    /// Waits at most `patience` for the thread's end, and answers how the tape ended.
    pub(super) fn ended(&self, patience: Duration) -> Status {
        let waited = self.left.wait_timeout_while(self.shown(), patience, |shown| shown.left.is_none());
        let (shown, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let mut status = shown.status.clone();
        if shown.left != Some(Left::InOrder) {
            let why = if shown.left.is_none() { "the disk does not answer" } else { "the tape's thread failed" };
            status.fault = Some(format!("{why}: the tape has no end"));
        }
        status
    }

    /// The thread is at work since `now`; a new start of every round.
    pub(super) fn works(&self, now: Instant) {
        self.shown().busy = Some(now);
    }

    /// The thread shows what it has come to, and waits.
    pub(super) fn rests(&self) {
        self.shown().busy = None;
    }

    /// Shows how the tape stands; `missed` events are missing that never came to it.
    pub(super) fn show(&self, status: &Status, missed: u64) {
        let shown = &mut *self.shown();
        let missing = status.missing.saturating_add(missed);
        if shown.status.missing != missing || (Status { missing, ..shown.status.clone() }) != *status {
            shown.status.clone_from(status);
            shown.status.missing = missing;
        }
    }

    /// From here on the timeline's events lie there.
    pub(super) fn found(&self, place: Place) {
        self.shown().places.add(place);
    }

    /// The thread leaves.
    pub(super) fn leave(&self, in_order: bool) {
        self.shown().left = Some(if in_order { Left::InOrder } else { Left::InPanic });
        self.left.notify_all();
    }
}

impl Shown {
    fn status(&self, now: Instant) -> Status {
        let mut status = self.status.clone();
        let hangs = self.busy.is_some_and(|since| now.saturating_duration_since(since) >= PATIENCE);
        if self.left == Some(Left::InPanic) {
            status.fault = Some("the tape's thread failed: nothing is recorded any more".to_owned());
        } else if hangs && self.left.is_none() && status.fault.is_none() {
            status.fault = Some("the disk does not answer".to_owned());
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_hangs_is_a_fault_after_five_seconds_and_until_it_answers() {
        let start = Instant::now();
        let desk = Desk::new(Status::default(), start);
        let hangs = |after: Duration| desk.status(start + after).fault.is_some();
        assert!(!hangs(PATIENCE * 999 / 1000));
        assert!(hangs(PATIENCE) && hangs(PATIENCE * 2));
        desk.works(start + PATIENCE * 2);
        assert!(!hangs(PATIENCE * 2));
        desk.rests();
        assert!(!hangs(PATIENCE * 9), "nothing to do is no silence");
        // What the writer says of itself comes first.
        desk.works(start);
        desk.show(&Status { fault: Some("full".to_owned()), missing: 2, ..Status::default() }, 3);
        let status = desk.status(start + PATIENCE);
        assert_eq!((status.fault.as_deref(), status.missing), (Some("full"), 5));
    }

    #[test]
    fn a_thread_that_does_not_end_in_time_or_in_order_is_told() {
        let desk = Desk::new(Status::default(), Instant::now());
        desk.close(7);
        desk.close(9);
        assert_eq!(desk.closes_at(), Some(7), "the first has said so");
        let fault = |desk: &Desk| desk.ended(Duration::from_millis(1)).fault;
        assert!(fault(&desk).unwrap().contains("does not answer"));
        desk.leave(false);
        assert!(fault(&desk).unwrap().contains("failed"));
        desk.leave(true);
        assert_eq!(fault(&desk), None);
    }
}
