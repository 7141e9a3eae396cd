//! The player: where a tape stands, and when its next event is due. Pure: it is handed the time.

use std::time::{Duration, Instant};

use super::deck::{Deck, Pace};

/// How far behind its own time a player may be and still make up for it. What a slow machine or a sleeping one leaves beyond
/// that is never made up: the tape goes on from there.
const DEBT: Duration = Duration::from_secs(1);

/// How often a tape that is still being written is looked at, at its end.
const LOOK: Duration = Duration::from_millis(200);

/// The longest that is waited for an event: a thousand years, which any clock can count.
const LONGEST: Duration = Duration::from_hours(1_000 * 365 * 24);

/// Where a tape stands, and how it goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Player {
    manner: Manner,
    playing: bool,
    position: u64,
    /// The tape's time at `since`, in microseconds since the Unix epoch.
    time_us: u64,
    since: Instant,
    ahead: Ahead,
}

/// How the tape is to be played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Manner {
    pub(super) pace: Pace,
    pub(super) shortened: bool,
    pub(super) looped: bool,
}

/// What comes after the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ahead {
    /// An event at that time of the tape.
    Event(u64),
    /// Nothing yet: the tape is still being written.
    Later,
    /// Nothing: the tape's end.
    End,
}

/// What is to be done next, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing, until an order comes.
    Never,
    /// The next event happens.
    Event(Instant),
    /// Whether the tape has grown is looked at.
    Look(Instant),
    /// The tape begins anew.
    Anew(Instant),
}

impl Manner {
    /// As it was, to its end.
    pub(super) const PLAIN: Self = Self { pace: Pace::Times(1.0), shortened: false, looped: false };
}

impl Player {
    /// Paused before the first event of a tape whose time begins with `time_us`.
    pub(super) fn new(time_us: u64, now: Instant) -> Self {
        Self { manner: Manner::PLAIN, playing: false, position: 0, time_us, since: now, ahead: Ahead::End }
    }

    /// The number of the last event that has happened; 0 before the first.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether it plays.
    pub(super) fn is_playing(&self) -> bool {
        self.playing
    }

    /// The tape's time at `now`. It stands still while paused and at the end, and never passes an event that has not happened.
    pub(super) fn time_us(&self, now: Instant) -> u64 {
        if !self.playing {
            return self.time_us;
        }
        let passed = now.saturating_duration_since(self.since);
        match self.ahead {
            Ahead::Event(next) => self.time_us.saturating_add(self.tape_time(passed)).min(next).max(self.time_us),
            // Beyond what is written nobody knows how fast the tape goes on: at most as fast as it is written.
            Ahead::Later => self.time_us.saturating_add(self.tape_time(passed).min(micros(passed))),
            Ahead::End => self.time_us,
        }
    }

    /// What is to be done next.
    pub(super) fn due(&self) -> Due {
        if !self.playing {
            return Due::Never;
        }
        match self.ahead {
            Ahead::Event(next) => Due::Event(self.since + self.wait(next.saturating_sub(self.time_us))),
            Ahead::Later => Due::Look(self.since + LOOK),
            Ahead::End if self.manner.looped => Due::Anew(self.since + Deck::IDLE),
            Ahead::End => Due::Never,
        }
    }

    /// Event `number`, at `time_us` of the tape, happened: at the moment when it was due, or `now` where that is too long ago.
    pub(super) fn happened(&mut self, number: u64, time_us: u64, now: Instant) {
        let due = match self.due() {
            Due::Event(due) if self.manner.pace != Pace::Full => due.min(now).max(now.checked_sub(DEBT).unwrap_or(now)),
            _ => now,
        };
        self.position = number;
        self.time_us = self.time_us.max(time_us);
        self.since = due;
    }

    /// Tells what comes after the position. At the end it pauses, unless the tape begins anew. What comes onto a tape that is
    /// followed while it is written is due at once.
    pub(super) fn see(&mut self, ahead: Ahead, now: Instant) {
        if self.ahead == Ahead::Later {
            self.rest(now);
            if let Ahead::Event(next) = ahead {
                self.time_us = self.time_us.max(next);
            }
        }
        self.ahead = ahead;
        self.stop_at_end();
    }

    /// Stands at `position`, at `time_us` of the tape.
    pub(super) fn go(&mut self, position: u64, time_us: u64, ahead: Ahead, now: Instant) {
        (self.position, self.time_us, self.since, self.ahead) = (position, time_us, now, ahead);
        self.stop_at_end();
    }

    /// Plays, or pauses.
    pub(super) fn play(&mut self, playing: bool, now: Instant) {
        self.rest(now);
        self.playing = playing;
    }

    /// Goes on in that manner.
    pub(super) fn take(&mut self, manner: Manner, now: Instant) {
        self.rest(now);
        let no_more_loop = self.manner.looped && !manner.looped;
        self.manner = manner;
        if no_more_loop {
            self.stop_at_end();
        }
    }

    /// A tape without events has nothing to begin anew.
    fn stop_at_end(&mut self) {
        if self.ahead == Ahead::End && !(self.manner.looped && self.position > 0) {
            self.playing = false;
        }
    }

    /// Counts from `now` on.
    fn rest(&mut self, now: Instant) {
        self.time_us = self.time_us(now);
        self.since = now;
    }

    /// How long so much of the tape's time takes.
    fn wait(&self, tape_us: u64) -> Duration {
        let Pace::Times(times) = self.manner.pace else { return Duration::ZERO };
        let longest = if self.manner.shortened { Deck::IDLE } else { LONGEST };
        let wait = Duration::from_micros(tape_us).as_secs_f64() / times;
        Duration::try_from_secs_f64(wait).unwrap_or(LONGEST).min(longest)
    }

    /// How much of the tape's time passes in `passed`, in microseconds.
    fn tape_time(&self, passed: Duration) -> u64 {
        match self.manner.pace {
            Pace::Times(times) => Duration::try_from_secs_f64(passed.as_secs_f64() * times).map_or(u64::MAX, micros),
            Pace::Full => 0,
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
