//! The deck: what a console orders of a tape that is played, and how the tape stands.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::Clock;
use super::desk::Desk;
use super::engine::Engine;
use crate::event::Moment;
use crate::session::Journal;
use crate::tape::Tapes;
use crate::timeline::{Budget, Only};

/// A thread that plays tapes onto the timeline of a journal. The timeline's event numbers are those of the stream of tapes.
///
/// After a seek the journal holds a fresh timeline that ends with the event sought. It has what came shortly before it (at most
/// 20,000 events, 4 MiB and 60 s of the tape's time), so that requests that were open then are open; each line stands as it stood
/// then; messages and topics are counted from the oldest event held on. A seek to one of the next thousand events plays them
/// onto the timeline that is there.
///
/// Events that cannot be read stand on the timeline as one gap, with the number of the first of them; the numbers of the
/// others never come. The position is never in the midst of them.
///
/// Sessions keep their [`crate::timeline::SessionId`] for as long as the deck is open.
#[derive(Debug)]
pub struct Deck {
    desk: Arc<Desk>,
    clock: Clock,
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
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and they combine freely")]
pub struct DeckState {
    /// Whether it plays.
    pub playing: bool,
    /// How fast.
    pub pace: Pace,
    /// The number of the last event that has happened; 0 before the first. The timeline holds it already.
    pub position: u64,
    /// The tape's time right now, in microseconds since the Unix epoch: that of the event at the position, or later on the way to the
    /// next one.
    pub time_us: u64,
    /// How many events the tapes have. Grows where they are still being written, while they are played at their end.
    pub events: u64,
    /// When the first and the last of them happened, in microseconds since the Unix epoch; twice 0 where there are none.
    pub span_us: (u64, u64),
    /// Whether idle stretches are shortened.
    pub shortened: bool,
    /// Whether it begins anew at the end.
    pub looped: bool,
    /// Whether a seek or a search is under way. [`Order::Play`] breaks a search off.
    pub seeking: bool,
    /// How many seeks put a fresh timeline in the place of the one before.
    pub seeks: u64,
    /// How many orders [`Order::Next`] and [`Order::Previous`] found nothing.
    pub misses: u64,
}

/// What the deck can be told. While a seek is under way, a new order takes its place; one that counts from where the tape stands
/// counts from where that seek was going.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// Play, or pause. To play at the end is to play from the beginning.
    Play(bool),
    /// Play so fast. What is beyond 0.1 and 1000 becomes the nearest of them.
    Pace(Pace),
    /// Pause, and go so many events on, or back.
    Step(i64),
    /// Go to that event: it is the last one that has happened. 0: before the first.
    To(u64),
    /// Go to that time, in microseconds since the Unix epoch: what happened until then has happened.
    ToTime(u64),
    /// Go by so much of the tape's time, on or back, in microseconds.
    By(i64),
    /// Go to that share of the tape's time, 0 to 1.
    ToShare(f64),
    /// Pause, and go to the next event of that kind.
    Next(Only),
    /// Pause, and go to the previous event of that kind.
    Previous(Only),
    /// Shorten idle stretches, or not.
    Shorten(bool),
    /// Begin anew at the end, or not.
    Loop(bool),
}

impl Deck {
    /// The longest that an idle stretch takes while idle stretches are shortened, whatever the pace; and how long the end is shown before
    /// the tape begins anew.
    pub const IDLE: Duration = Duration::from_secs(1);

    /// Opens the deck at the tapes' beginning, paused, over a journal with an empty timeline in which the tapes' sessions are
    /// registered in the order of [`Tapes::sessions`]. The error is the system's, which gives no thread.
    pub fn open(tapes: Tapes, budget: Budget) -> io::Result<(Self, Journal)> {
        let (engine, desk, journal) = Engine::new(tapes, budget, Instant::now());
        let clock = engine.clock();
        std::thread::Builder::new().name("deck".to_owned()).spawn(move || engine.run())?;
        Ok((Self { desk, clock }, journal))
    }

    /// Tells the deck something; it does it at once, on its own thread, and rings the journal's bell.
    pub fn order(&self, order: Order) {
        self.desk.order(order);
    }

    /// How it stands. Costs no more than a short lock.
    pub fn state(&self) -> DeckState {
        self.desk.state(Instant::now())
    }

    /// The tape's time right now, by both clocks: what the screen takes for now. Stands still while paused.
    pub fn now(&self) -> Moment {
        self.clock.moment_of(self.desk.state(Instant::now()).time_us)
    }
}

impl Drop for Deck {
    fn drop(&mut self) {
        self.desk.close();
    }
}
