//! The tapes that are being made of one journal: begun and ended without making anybody wait for a disk.
//!
//! What lives here: which tapes run, and what became of those that ended. What may not: how a tape is written (that is
//! `tape`), or who asked for it. A recorder outlives the screen: when its last clone goes, its tapes end in order.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::recording::Place;
use super::{Journal, Recording, clock};
use crate::event::Moment;
use crate::profile::Profile;
use crate::tape::{Destination, Recorded, Settings, Status, TapeError};
use crate::timeline::SessionId;

/// How long a tape that is ended while the program goes on may take over it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The tapes of one journal.
#[derive(Clone, Debug)]
pub struct Recorder {
    inner: Arc<Inner>,
}

/// A tape that is being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Which: never used again for another.
    pub id: u64,
    /// The sessions on it; `None`: all.
    pub sessions: Option<Vec<SessionId>>,
    /// When it was asked for.
    pub started: Moment,
    /// How far it is.
    pub phase: Phase,
    /// How it stands.
    pub status: Status,
}

/// How far a tape is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its file is being made.
    Starting,
    /// Events go onto it.
    Running,
    /// Its end is being written.
    Ending,
}

/// What became of a tape.
#[derive(Debug)]
pub enum News {
    /// It runs.
    Began(Running),
    /// It could not be begun.
    Failed(TapeError),
    /// It has ended, at that moment.
    Ended(Running, Moment),
}

#[derive(Debug)]
struct Inner {
    journal: Journal,
    settings: Settings,
    tapes: Mutex<Tapes>,
    /// A tape was begun or has ended.
    turned: Condvar,
}

#[derive(Debug, Default)]
struct Tapes {
    last: u64,
    slots: Vec<Slot>,
    news: Vec<News>,
}

#[derive(Debug)]
struct Slot {
    running: Running,
    recording: Option<Recording>,
}

impl Running {
    /// Whether that session is on the tape.
    pub fn covers(&self, session: SessionId) -> bool {
        self.sessions.as_ref().is_none_or(|sessions| sessions.contains(&session))
    }

    /// Whether each of the first `count` sessions is on the tape.
    pub fn covers_all(&self, count: usize) -> bool {
        (0..count).all(|place| u16::try_from(place).is_ok_and(|place| self.covers(SessionId(place))))
    }
}

impl Recorder {
    /// A recorder for `journal`; no tape runs yet.
    pub fn new(journal: Journal, settings: Settings) -> Self {
        let inner = Inner { journal, settings, tapes: Mutex::default(), turned: Condvar::new() };
        Self { inner: Arc::new(inner) }
    }

    /// Where tapes go.
    pub fn destination(&self) -> &Destination {
        &self.inner.settings.destination
    }

    /// Begins a tape of `devices`, or with `all` of every session, also those that come later. The file is there when this
    /// returns.
    pub fn start(&self, all: bool, devices: &[(SessionId, &Profile)], now: Moment) -> Result<(), TapeError> {
        let (id, wanted) = self.reserve(all, devices, now);
        match wanted.begin(&self.inner.journal) {
            Ok(recording) => {
                self.inner.began(id, recording, false);
                Ok(())
            }
            Err(error) => {
                self.inner.lock().slots.retain(|slot| slot.running.id != id);
                Err(error)
            }
        }
    }

    /// As [`Recorder::start`], on a thread of its own: what comes of it stands in [`Recorder::news`].
    pub fn start_soon(&self, all: bool, devices: &[(SessionId, &Profile)], now: Moment) {
        let (id, wanted) = self.reserve(all, devices, now);
        let inner = Arc::clone(&self.inner);
        self.inner.apart(id, move || match wanted.begin(&inner.journal) {
            Ok(recording) => inner.began(id, recording, true),
            Err(error) => inner.failed(id, error),
        });
    }

    /// Ends a tape in order, on a thread of its own: what comes of it stands in [`Recorder::news`].
    pub fn stop_soon(&self, id: u64) {
        self.inner.stop(id, PATIENCE);
    }

    /// The tapes that are being made, in the order in which they were asked for.
    pub fn running(&self) -> Vec<Running> {
        self.inner.lock().slots.iter().map(Slot::seen).collect()
    }

    /// What became of tapes since the last call.
    pub fn news(&self) -> Vec<News> {
        std::mem::take(&mut self.inner.lock().news)
    }

    /// The first tape on which every session is: its id, and where the timeline's events lie on it.
    pub fn of_all(&self) -> Option<(u64, Vec<Place>)> {
        let tapes = self.inner.lock();
        let slot = tapes.slots.iter().find(|slot| slot.running.sessions.is_none())?;
        Some((slot.running.id, slot.recording.as_ref()?.places()))
    }

    /// Ends all tapes in order, at the same time; waits for the disk at most `patience`. What became of them stands in
    /// [`Recorder::news`]; one that is still in [`Recorder::running`] afterwards has no end.
    pub fn finish(&self, patience: Duration) {
        let end = Instant::now() + patience;
        let mut tapes = self.inner.lock();
        loop {
            let ready: Vec<u64> =
                tapes.slots.iter().filter(|slot| slot.recording.is_some()).map(|slot| slot.running.id).collect();
            drop(tapes);
            let left = end.saturating_duration_since(Instant::now());
            for id in ready {
                self.inner.stop(id, left);
            }
            tapes = self.inner.lock();
            if tapes.slots.is_empty() || left.is_zero() {
                return;
            }
            // One that began while the lock was free has told of it already, and is ended in the next turn.
            if tapes.slots.iter().all(|slot| slot.recording.is_none()) {
                let waited = self.inner.turned.wait_timeout(tapes, left);
                tapes = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// Takes a place for a tape, so that nobody asks for it twice.
    fn reserve(&self, all: bool, devices: &[(SessionId, &Profile)], now: Moment) -> (u64, Wanted) {
        let ids: Vec<SessionId> = devices.iter().map(|(id, _)| *id).collect();
        let mut settings = self.inner.settings.clone();
        for path in devices.iter().flat_map(|(_, profile)| &profile.redact) {
            if !settings.redact.contains(path) {
                settings.redact.push(path.clone());
            }
        }
        let recorded = self.inner.journal.with(|timeline| {
            let state = |id: &SessionId| timeline.sessions().get(usize::from(id.0)).map(|standing| standing.state);
            let of = |(id, profile): &(SessionId, &Profile)| {
                let known = Recorded::of(profile);
                Recorded { state: state(id).unwrap_or(known.state), ..known }
            };
            devices.iter().map(of).collect()
        });
        let sessions = (!all).then_some(ids);
        let mut tapes = self.inner.lock();
        tapes.last += 1;
        let id = tapes.last;
        let status = Status::default();
        let running = Running { id, sessions: sessions.clone(), started: now, phase: Phase::Starting, status };
        tapes.slots.push(Slot { running, recording: None });
        (id, Wanted { sessions, recorded, settings, now })
    }
}

/// A tape that is to be begun.
struct Wanted {
    sessions: Option<Vec<SessionId>>,
    recorded: Vec<Recorded>,
    settings: Settings,
    now: Moment,
}

impl Wanted {
    fn begin(self, journal: &Journal) -> Result<Recording, TapeError> {
        Recording::start(journal, self.sessions, self.recorded, self.settings, self.now)
    }
}

impl Slot {
    fn seen(&self) -> Running {
        let status = self.recording.as_ref().map_or_else(|| self.running.status.clone(), Recording::status);
        Running { status, ..self.running.clone() }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Tapes> {
        self.tapes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A tape runs; whether that is news was known when it was asked for.
    fn began(&self, id: u64, recording: Recording, is_news: bool) {
        let mut tapes = self.lock();
        let Tapes { slots, news, .. } = &mut *tapes;
        if let Some(slot) = slots.iter_mut().find(|slot| slot.running.id == id) {
            slot.running.phase = Phase::Running;
            slot.recording = Some(recording);
            if is_news {
                news.push(News::Began(slot.seen()));
            }
        }
        drop(tapes);
        self.tell();
    }

    fn failed(&self, id: u64, error: TapeError) {
        let mut tapes = self.lock();
        tapes.slots.retain(|slot| slot.running.id != id);
        tapes.news.push(News::Failed(error));
        drop(tapes);
        self.tell();
    }

    fn stop(self: &Arc<Self>, id: u64, patience: Duration) {
        let mut tapes = self.lock();
        let Some(slot) = tapes.slots.iter_mut().find(|slot| slot.running.id == id) else { return };
        let Some(recording) = slot.recording.take() else { return };
        slot.running.phase = Phase::Ending;
        slot.running.status = recording.status();
        drop(tapes);
        let inner = Arc::clone(self);
        self.apart(id, move || {
            let status = recording.stop(patience);
            let now = clock::now();
            let mut tapes = inner.lock();
            if let Some(place) = tapes.slots.iter().position(|slot| slot.running.id == id) {
                let ended = Running { status, ..tapes.slots.remove(place).running };
                tapes.news.push(News::Ended(ended, now));
            }
            drop(tapes);
            inner.tell();
        });
    }

    /// Does what may wait for a disk on a thread of its own.
    fn apart(&self, id: u64, work: impl FnOnce() + Send + 'static) {
        let spawned = std::thread::Builder::new().name(format!("tape {id}")).spawn(work);
        if let Err(error) = spawned {
            // What the thread was to hold is dropped by now, which ends a tape that ran.
            let path = match &self.settings.destination {
                Destination::Folder { path, .. } | Destination::File(path) => path,
            };
            self.failed(id, TapeError::io(path, error));
        }
    }

    fn tell(&self) {
        self.turned.notify_all();
        self.journal.ring();
    }
}

#[cfg(test)]
mod tests;
