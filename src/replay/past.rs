//! The past: events on tape that the timeline no longer holds, or never held, read by a thread so that the screen never waits
//! for a disk.

use crate::session::Journal;
use crate::session::recording::Place;
use crate::tape::{Entry, Sought, Tapes};
use crate::timeline::Scan;

/// What is known of an event on tape.
#[derive(Clone, Debug)]
pub enum Seen {
    /// This is it.
    Here(Entry),
    /// It is being read: the bell will ring.
    Coming,
    /// It is on no tape, or cannot be read: nothing more will come. The numbers of the first and the last event of which the same is
    /// known.
    Missing(u64, u64),
}

/// Events on tape, by the timeline's numbers. Every call answers at once; what has to be read first is read by a thread, which
/// then rings the journal's bell.
#[derive(Debug)]
pub struct Past {}

impl Past {
    /// The events of tapes whose numbers are the timeline's own (a replay).
    pub fn of_tapes(tapes: Tapes, journal: Journal) -> Self {
        drop((tapes, journal));
        Self {}
    }

    /// The events of a recording that runs; call [`Past::grow`] as it goes on.
    pub fn of_recording(places: &[Place], journal: Journal) -> Self {
        let _ = (places, journal);
        Self {}
    }

    /// Takes in what the recording wrote since.
    pub fn grow(&self, places: &[Place]) {
        let _ = places;
    }

    /// The numbers of the oldest and newest event on tape.
    pub fn span(&self) -> Option<(u64, u64)> {
        None
    }

    /// The event of that number, if it has been read; else it will be.
    pub fn get(&self, seq: u64) -> Seen {
        Seen::Missing(seq, seq)
    }

    /// The nearest event from `seq` on, or back, that is sought. [`Scan::More`] with the same number: it is being looked for, call
    /// again when the bell has rung.
    pub fn find(&self, sought: &Sought, seq: u64, back: bool) -> Scan {
        let _ = (sought, seq, back);
        Scan::End
    }
}
