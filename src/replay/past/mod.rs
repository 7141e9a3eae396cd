//! The past: events on tape that the timeline no longer holds, or never held, read by threads so that the screen never waits
//! for a disk.
//!
//! One thread reads pages of events, another one searches. What they found is kept within a few MiB.

mod hits;
mod pages;
mod shelf;
mod threads;

use std::sync::Arc;

use crate::session::Journal;
use crate::session::recording::Place;
use crate::tape::{Entry, Sought, Tapes};
use crate::timeline::Scan;
use shelf::Shelf;
use threads::Shared;

/// What is known of an event on tape.
#[derive(Clone, Debug)]
pub enum Seen {
    /// This is it.
    Here(Entry),
    /// It is being read: the bell will ring.
    Coming,
    /// It is on no tape, or cannot be read: nothing more will come, unless the recording goes on ([`Past::grow`]). With the numbers of
    /// the first and the last event around it of which the same is known.
    Missing(u64, u64),
}

/// Events on tape, by the timeline's numbers. Every call answers at once; what has to be read first is read by a thread, which
/// then rings the journal's bell.
#[derive(Debug)]
pub struct Past {
    shared: Arc<Shared>,
}

impl Past {
    /// The events of tapes whose numbers are the timeline's own (a replay).
    pub fn of_tapes(tapes: Tapes, journal: Journal) -> Self {
        Self { shared: Shared::start(Shelf::of_tapes(tapes), Vec::new(), journal) }
    }

    /// The events of a recording that runs; call [`Past::grow`] as it goes on.
    pub fn of_recording(places: &[Place], journal: Journal) -> Self {
        Self { shared: Shared::start(Shelf::empty(), places.to_vec(), journal) }
    }

    /// Takes in what was written since: for a recording with all its places by now, for tapes without any.
    pub fn grow(&self, places: &[Place]) {
        self.shared.grow(places);
    }

    /// The numbers of the oldest and newest event on tape, as far as is known.
    pub fn span(&self) -> Option<(u64, u64)> {
        self.shared.span()
    }

    /// The event of that number, if it has been read; else it will be.
    pub fn get(&self, seq: u64) -> Seen {
        self.shared.get(seq)
    }

    /// The nearest event from `seq` on, or back, that is sought. [`Scan::More`] with the same number: it is being looked for, call
    /// again when the bell has rung. A search for nothing in particular finds events that cannot be read, too.
    ///
    /// The newest search goes first; one that was not asked for again within a tenth of a second before that is broken off.
    pub fn find(&self, sought: &Sought, seq: u64, back: bool) -> Scan {
        self.shared.find(sought, seq, back)
    }

    /// Breaks off the search that is under way, if one is.
    pub fn call_off(&self) {
        self.shared.call_off();
    }
}

impl Drop for Past {
    fn drop(&mut self) {
        self.shared.close();
    }
}
