//! The timeline that sessions share, the bell that wakes whoever looks at it, and the followers that must miss nothing.
//!
//! A screen looks when it draws and may miss what the budget let go. A follower (`--json`, a tape) reads every event; when
//! one lags, sessions stop reading from their links until it has caught up, so that TCP pushes back on the platform. A tape's
//! follower also vouches: it says up to which event it has kept what it read, and sessions acknowledge no message before.
//! A follower that gives no sign of life for [`PATIENCE`] is waited for no more, until it gives one.

mod devices;
mod follower;
mod reader;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

pub(super) use follower::Caller;
pub use follower::Follower;

use self::devices::Devices;
use self::reader::{Reader, Vouching};
use super::clock;
use crate::event::{Kind, Moment};
use crate::profile::Profile;
use crate::tape::Recorded;
use crate::timeline::{Batch, Budget, SessionId, Timeline};

/// Bytes that a follower may lag behind before sessions stop reading, and never more than a quarter of the timeline's budget:
/// what the sessions have in hand when it is reached still fits.
const LAG: usize = 8 << 20;

/// How long sessions wait for a follower that gives no sign of life: a hung disk must not take the line down.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The shared timeline.
#[derive(Clone, Debug)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    timeline: Mutex<Timeline>,
    /// Bytes that a follower may lag behind before sessions stop reading.
    lag: u64,
    bell: Notify,
    /// Bytes of events appended, ever. Grows under the timeline's lock.
    appended: AtomicU64,
    readers: Mutex<Vec<Arc<Reader>>>,
    /// How many readers there are, so that a session without any pays no more than a look.
    following: AtomicUsize,
    /// A reader gave a sign of life that somebody waits for, or has gone.
    turned: Notify,
    /// What readers' times count from.
    epoch: Instant,
    devices: Devices,
}

/// What sessions want of a reader before they go on.
#[derive(Clone, Copy)]
enum Want {
    /// That it has read so much.
    Room,
    /// That it has kept that session's event of that number.
    Kept(SessionId, u64),
}

impl Journal {
    /// `budget`, made large enough for the largest message of a device besides what a follower may lag behind: else it could
    /// push out what is not read yet.
    pub fn roomy(budget: Budget, profiles: &[Profile]) -> Budget {
        let largest = profiles.iter().map(|profile| profile.max_packet).max().unwrap_or(0);
        Budget { bytes: budget.bytes.max(largest.saturating_add(2 * LAG)), ..budget }
    }

    /// Shares `timeline` with observers that may miss events.
    pub fn new(timeline: Timeline) -> Self {
        let shared = Shared {
            lag: LAG.min(timeline.budget_bytes() / 4) as u64,
            timeline: Mutex::new(timeline),
            bell: Notify::new(),
            appended: AtomicU64::new(0),
            readers: Mutex::default(),
            following: AtomicUsize::new(0),
            turned: Notify::new(),
            epoch: clock::now().mono,
            devices: Devices::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Shares `timeline` with a follower that misses none.
    pub fn followed(timeline: Timeline) -> (Self, Follower) {
        let journal = Self::new(timeline);
        let follower = journal.follow();
        (journal, follower)
    }

    /// A follower that reads every event from the next one on.
    pub fn follow(&self) -> Follower {
        self.enrol(|_| None, |_| ()).0
    }

    /// As [`Journal::follow`], one that vouches for `sessions` (`None`: all, also those that come later): they acknowledge a
    /// message after [`Follower::keep`] has named its event. `look` sees the timeline as it is before the first event read.
    pub fn vouch<T>(&self, sessions: Option<Vec<SessionId>>, look: impl FnOnce(&Timeline) -> T) -> (Follower, T) {
        self.enrol(|kept| Some(Vouching::new(sessions, kept)), look)
    }

    /// Takes a follower in, which vouches as `vouching` says when it is told the number of the last event.
    fn enrol<T>(
        &self,
        vouching: impl FnOnce(u64) -> Option<Vouching>,
        look: impl FnOnce(&Timeline) -> T,
    ) -> (Follower, T) {
        self.with(|timeline| {
            let read = self.shared.appended.load(Ordering::SeqCst);
            let vouching = vouching(timeline.next_number() - 1);
            let reader = Arc::new(Reader::new(read, vouching));
            let mut readers = self.readers();
            readers.push(Arc::clone(&reader));
            self.shared.following.store(readers.len(), Ordering::SeqCst);
            (Follower::new(self.clone(), reader, timeline), look(timeline))
        })
    }

    /// A follower has gone: nobody waits for it any more.
    fn strike(&self, gone: &Arc<Reader>) {
        let mut readers = self.readers();
        readers.retain(|reader| !Arc::ptr_eq(reader, gone));
        self.shared.following.store(readers.len(), Ordering::SeqCst);
        drop(readers);
        self.shared.turned.notify_waiters();
    }

    fn readers(&self) -> MutexGuard<'_, Vec<Arc<Reader>>> {
        self.shared.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at, or appends to, the timeline. Keep it short: sessions wait meanwhile.
    pub fn with<T>(&self, work: impl FnOnce(&mut Timeline) -> T) -> T {
        work(&mut self.shared.timeline.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Appends one event and wakes who waits for it.
    pub fn append(&self, session: SessionId, now: Moment, kind: &Kind<'_>) {
        self.with(|timeline| {
            timeline.append(session, now, kind, None);
            self.owe(Batch::weight(kind));
        });
        self.ring();
    }

    /// Adds `bytes` of new events to what followers have not read yet; to be called while the timeline is held.
    pub(super) fn owe(&self, bytes: usize) {
        self.shared.appended.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    /// Wakes whoever waits in [`Journal::changed`], and every follower.
    pub fn ring(&self) {
        self.shared.bell.notify_one();
        self.call_followers();
    }

    fn call_followers(&self) {
        if self.shared.following.load(Ordering::SeqCst) > 0 {
            self.readers().iter().for_each(|reader| reader.call.notify_one());
        }
    }

    /// Waits until something was appended since the last call. One observer at a time.
    pub async fn changed(&self) {
        self.shared.bell.notified().await;
    }

    /// Whether sessions may read: every follower keeps up, or is given up.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        self.awaited(Want::Room, now).is_none()
    }

    /// Waits until sessions may read again.
    pub(super) async fn room(&self) {
        self.satisfied(Want::Room).await;
    }

    /// Up to which of its events, by number, `session` may acknowledge messages, where it wants to up to number `wanted`.
    pub(super) fn kept(&self, session: SessionId, wanted: u64, now: Instant) -> u64 {
        if self.shared.following.load(Ordering::SeqCst) == 0 {
            return wanted;
        }
        let want = Want::Kept(session, wanted);
        let readers = self.readers();
        let late = readers.iter().filter(|reader| reader.awaited(want, &self.shared, now).is_some());
        late.filter_map(|reader| reader.vouched(session)).min().unwrap_or(wanted)
    }

    /// Waits until `session` may acknowledge the message whose event has the number `wanted`.
    pub(super) async fn until_kept(&self, session: SessionId, wanted: u64) {
        self.satisfied(Want::Kept(session, wanted)).await;
    }

    /// Until when a reader that lacks what is wanted is waited for; `None`: nothing needs to be waited for.
    fn awaited(&self, want: Want, now: Instant) -> Option<Instant> {
        if self.shared.following.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let readers = self.readers();
        readers.iter().filter_map(|reader| reader.awaited(want, &self.shared, now)).max()
    }

    async fn satisfied(&self, want: Want) {
        let mut turned = std::pin::pin!(self.shared.turned.notified());
        loop {
            // Enrolled before the look, so that no call falls between the two.
            turned.as_mut().enable();
            let Some(until) = self.awaited(want, clock::now().mono) else { return };
            tokio::select! {
                () = turned.as_mut() => turned.set(self.shared.turned.notified()),
                () = tokio::time::sleep_until(until.into()) => {}
            }
        }
    }

    /// Makes known what a tape says of a session, or says it anew.
    pub(super) fn introduce(&self, session: SessionId, recorded: Recorded) {
        self.shared.devices.introduce(session, recorded);
        self.call_followers();
    }

    /// Makes known how far the platform's clock is ahead of ours, in microseconds, as a session has learnt it.
    pub(super) fn learnt_clock(&self, session: SessionId, offset_us: i64) {
        self.shared.devices.learnt_clock(session, offset_us);
        self.call_followers();
    }

    /// How far the platform's clock is ahead of ours, in microseconds, as far as a session has learnt it: from the `Date` of the
    /// upgrade's answer, to about a second, or from the cloud's answer to the question for the time.
    pub fn clock_offset_us(&self, session: SessionId) -> Option<i64> {
        self.shared.devices.clock_offset_us(session)
    }

    /// What tapes say of the sessions that were started.
    pub(super) fn devices(&self) -> &Devices {
        &self.shared.devices
    }
}

#[cfg(test)]
mod tests;
