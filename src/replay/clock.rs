//! The tapes' time as moments, so that whatever looks at a timeline can take it for time that passes.

use std::time::{Duration, Instant};

use crate::event::{Moment, WallTime};
use crate::tape::Tapes;

/// Turns the tapes' time (microseconds since the Unix epoch, never going back) into moments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// The monotonic clock's stand for the tapes' start.
    base: Instant,
    /// When the tapes start, in microseconds since the Unix epoch.
    start_us: u64,
}

impl Clock {
    /// The clock of `tapes`: it starts when the first of them was begun, or with the first event where a tape says what cannot be.
    pub(super) fn of(tapes: &Tapes, base: Instant) -> Self {
        let first = tapes.span_us().map_or(0, |(first, _)| first);
        let begun = tapes.tapes().iter().filter_map(|tape| u64::try_from(tape.about().started.unix_micros()).ok());
        let start_us = begun.filter(|begun| (1..=first).contains(begun)).min().unwrap_or(first);
        Self { base, start_us }
    }

    /// The tapes' start.
    pub(super) fn start(&self) -> Moment {
        self.moment_of(self.start_us)
    }

    /// The moment at `time_us`.
    pub(super) fn moment_of(&self, time_us: u64) -> Moment {
        self.moment(WallTime::from_unix_micros(i64::try_from(time_us).unwrap_or(i64::MAX)), time_us)
    }

    /// The moment at `time_us`, when the wall clock said `at`.
    pub(super) fn moment(&self, at: WallTime, time_us: u64) -> Moment {
        let passed = Duration::from_micros(time_us.saturating_sub(self.start_us));
        Moment { at, mono: self.base.checked_add(passed).unwrap_or(self.base) }
    }
}
