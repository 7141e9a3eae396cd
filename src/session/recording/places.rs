//! Where the timeline's events lie on tape.

use std::collections::VecDeque;
use std::path::PathBuf;

/// How many places are remembered; the oldest go first.
const MOST: usize = 10_000;

/// Where the timeline's events lie on tape: the event with `number` on the tape is the timeline's `seq`, the next one is the next,
/// up to the next place or the end of the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The number, on that tape, of an event.
    pub number: u64,
    /// The number of the same event on the timeline.
    pub seq: u64,
}

/// All of them, in order.
#[derive(Debug, Default)]
pub(super) struct Places(VecDeque<Place>);

impl Places {
    pub(super) fn add(&mut self, place: Place) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(place);
    }

    pub(super) fn all(&self) -> Vec<Place> {
        self.0.iter().cloned().collect()
    }
}
