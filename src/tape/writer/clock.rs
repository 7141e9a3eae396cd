//! The tapes' time line: microseconds since the Unix epoch that never go back, whatever the wall clock does.

use std::time::Instant;

use crate::event::{Event, Moment, WallTime};

/// Maps events to the time line. The first event's place is told by the wall clock, as the source's start is not known here;
/// from then on the source's `mono_us` counts.
#[derive(Debug)]
pub(super) struct Clock {
    started: Moment,
    /// What makes a time of the source's `mono_us`; `None` before the first event.
    offset: Option<i64>,
    last: i64,
}

impl Clock {
    /// The time line starts at `started`.
    pub(super) fn new(started: Moment) -> Self {
        Self { started, offset: None, last: started.at.unix_micros() }
    }

    /// The time of `event`, which was seen at `now`.
    pub(super) fn time(&mut self, event: &Event<'_>, now: Instant) -> i64 {
        let mono_us = i64::try_from(event.mono_us).unwrap_or(i64::MAX);
        let offset = *self.offset.get_or_insert_with(|| {
            let passed = now.saturating_duration_since(self.started.mono).as_micros();
            let start = self.started.at.unix_micros();
            let latest = start.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX));
            event.at.unix_micros().clamp(start, latest).saturating_sub(mono_us)
        });
        self.last = self.last.max(mono_us.saturating_add(offset));
        self.last
    }

    /// The time of the last event.
    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// The same as a point in time.
    pub(super) fn now(&self) -> WallTime {
        WallTime::from_unix_micros(self.last)
    }

    /// Goes on from `at`, where the wall clock went ahead of the time line; answers the time from which it does.
    pub(super) fn catch_up(&mut self, at: WallTime) -> WallTime {
        let ahead = at.unix_micros().saturating_sub(self.last).max(0);
        self.last = self.last.saturating_add(ahead);
        self.offset = self.offset.map(|offset| offset.saturating_add(ahead));
        self.now()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::Kind;

    fn event(at: i64, mono_us: u64) -> Event<'static> {
        Event {
            seq: 1,
            at: WallTime::from_unix_micros(at),
            mono_us,
            session: "s",
            kind: Kind::Note { text: "", order: None },
        }
    }

    #[test]
    fn the_first_event_stands_where_the_wall_clock_says_and_the_rest_follow_the_monotonic_one() {
        let mono = Instant::now();
        let start = Moment { at: WallTime::from_unix_micros(1000), mono };
        for (at, passed, first) in [
            (1000, 0, 1000),
            (1005, 9, 1005),
            // The wall clock was set back, or ahead, between the start and the event.
            (7, 9, 1000),
            (5_000_000, 9, 1009),
            (i64::MIN, 9, 1000),
            (i64::MAX, 9, 1009),
        ] {
            let mut clock = Clock::new(start);
            let now = mono + Duration::from_micros(passed);
            assert_eq!(clock.time(&event(at, 70), now), first, "{at}");
            assert_eq!(clock.time(&event(i64::MIN, 75), now), first + 5, "{at}");
            assert_eq!(clock.time(&event(0, 60), now), first + 5, "never back");
            assert_eq!(clock.time(&event(0, u64::MAX), now), clock.last());
        }
    }

    #[test]
    fn a_new_part_follows_a_clock_that_went_ahead_and_never_one_that_went_back() {
        let start = Moment { at: WallTime::from_unix_micros(1000), mono: Instant::now() };
        let mut clock = Clock::new(start);
        assert_eq!(clock.time(&event(1000, 0), start.mono), 1000);
        assert_eq!(clock.catch_up(WallTime::from_unix_micros(5)).unix_micros(), 1000);
        assert_eq!(clock.catch_up(WallTime::from_unix_micros(8000)).unix_micros(), 8000);
        assert_eq!(clock.time(&event(0, 3), start.mono), 8003);
    }
}
