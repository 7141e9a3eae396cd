//! What the screen knows of the tape that is replayed: where it stands, how it goes, and where on it something happens.
//!
//! What lives here: this knowledge, the steps of the pace, and what a typed place on the tape means. What may not: playing (that
//! is `replay`), painting (that is `panes::reel`) or what a key does (that is `update::replay`).

mod gauge;
mod place;

use std::time::Duration;

use jiff::tz::TimeZone;

pub use gauge::Gauge;

use super::row::clock;
use crate::event::WallTime;
use crate::replay::{DeckState, Order, Pace};
use crate::tape::Tapes;
use crate::text::Safe;

/// The paces that the keys choose among, before the fullest.
const PACES: [f64; 13] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];

/// What the screen knows of the tape that is replayed.
#[derive(Clone, Debug)]
pub struct Reel {
    /// The tape's name, or how many there are.
    pub name: Safe,
    /// How the deck stands.
    pub deck: DeckState,
    /// How many events fall into each cell of the time line.
    pub density: Vec<u64>,
    /// The zone of the times of day.
    pub zone: TimeZone,
    /// What was looked for last, in words: `command`.
    pub wanted: &'static str,
}

impl Reel {
    /// What `tapes` say of themselves before anything is played.
    pub fn new(tapes: &Tapes, deck: DeckState, zone: TimeZone) -> Self {
        let name = match tapes.tapes() {
            [one] => super::tapes::file_name(one.path()),
            more => format!("{} tapes", more.len()),
        };
        Self { name: Safe::new(&name), deck, density: Vec::new(), zone, wanted: "" }
    }

    /// How much of the tape's time has passed, and how much there is.
    pub fn passed(&self) -> (Duration, Duration) {
        let (start, end) = self.deck.span_us;
        let since = |time: u64| Duration::from_micros(time.saturating_sub(start));
        (since(self.deck.time_us.min(end)), since(end))
    }

    /// The cell of `cells` in which the tape's time is now.
    pub fn cell(&self, cells: usize) -> usize {
        let (passed, whole) = self.passed();
        if whole.is_zero() || cells == 0 {
            return 0;
        }
        let place = passed.as_micros() * cells as u128 / whole.as_micros();
        usize::try_from(place).unwrap_or(usize::MAX).min(cells - 1)
    }

    /// The share of the tape's time that has passed, in whole hundredths.
    pub fn percent(&self) -> u128 {
        let (passed, whole) = self.passed();
        if whole.is_zero() {
            // A tape of one moment is over with its last event.
            return if self.deck.events > 0 && self.deck.position == self.deck.events { 100 } else { 0 };
        }
        passed.as_micros() * 100 / whole.as_micros()
    }

    /// The time of day at the place where the tape stands, to the millisecond.
    pub fn clock(&self) -> Safe {
        clock(WallTime::from_unix_micros(i64::try_from(self.deck.time_us).unwrap_or(i64::MAX)), &self.zone)
    }

    /// What to tell the deck to go where `typed` says; words where that is no place on the tape.
    pub fn place(&self, typed: &str) -> Result<Order, String> {
        place::parse(typed, self)
    }
}

/// The next pace that is faster, or slower.
pub fn next_pace(pace: Pace, faster: bool) -> Pace {
    let Pace::Times(times) = pace else {
        return if faster { Pace::Full } else { Pace::Times(1000.0) };
    };
    if faster {
        PACES.into_iter().find(|known| *known > times * 1.001).map_or(Pace::Full, Pace::Times)
    } else {
        Pace::Times(PACES.into_iter().rev().find(|known| *known < times * 0.999).unwrap_or(0.1))
    }
}

/// A pace in words: `1x`, `0.1x`, `full`.
pub fn pace_words(pace: Pace) -> String {
    match pace {
        Pace::Times(times) => format!("{times}x"),
        Pace::Full => "full speed".to_owned(),
    }
}

#[cfg(test)]
mod tests;
