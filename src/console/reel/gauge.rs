//! How much happens when on the tapes, found by a thread: an index may be long, and a tape that is still being written is read.

use std::sync::mpsc::{Receiver, TryRecvError, channel};

use crate::session::Journal;
use crate::tape::Tapes;

/// Measures for one replay.
#[derive(Debug)]
pub struct Gauge {
    tapes: Tapes,
    journal: Journal,
    /// For how many cells and events it was measured last, or is being measured.
    measured: (usize, u64),
    measuring: Option<Receiver<(Tapes, Vec<u64>)>>,
}

impl Gauge {
    /// For these tapes; the journal's bell rings when something was measured.
    pub fn new(tapes: Tapes, journal: Journal) -> Self {
        Self { tapes, journal, measured: (0, 0), measuring: None }
    }

    /// How many events fall into each of `cells` equal parts of the tapes' time, when that has been measured anew. The tapes are known
    /// to have so many `events` by now.
    pub fn look(&mut self, cells: usize, events: u64) -> Option<Vec<u64>> {
        let found = match self.measuring.as_ref().map(Receiver::try_recv) {
            Some(Err(TryRecvError::Empty)) => return None,
            Some(Ok((tapes, density))) => {
                self.tapes = tapes;
                self.measuring = None;
                Some(density)
            }
            // A thread that died in a panic has measured nothing.
            Some(Err(TryRecvError::Disconnected)) | None => {
                self.measuring = None;
                None
            }
        };
        if self.measured != (cells, events) {
            self.measured = (cells, events);
            self.measuring = self.start(cells, events);
        }
        found
    }

    fn start(&self, cells: usize, events: u64) -> Option<Receiver<(Tapes, Vec<u64>)>> {
        let (sender, receiver) = channel();
        let (mut tapes, journal) = (self.tapes.clone(), self.journal.clone());
        let work = move || {
            if tapes.events() < events {
                // Where what was written since cannot be read, what was known is measured.
                tapes.refresh().ok();
            }
            let density = tapes.density(cells);
            if sender.send((tapes, density)).is_ok() {
                journal.ring();
            }
        };
        // Without a thread the time line has no heights, and all else works.
        std::thread::Builder::new().name("density".to_owned()).spawn(work).ok().map(|_| receiver)
    }
}
