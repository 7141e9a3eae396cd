//! What to do after a connection was lost or refused: wait, try at once, or stop for good. Pure: time and chance are
//! arguments.

use std::time::{Duration, Instant};

use super::backoff;
use crate::profile::{Backoff, OnTakeover};

/// Online for this long, the line counts as stable: attempts count from one again, a take-over is forgotten.
const STABLE: Duration = Duration::from_mins(1);

/// The platform closing an accepted connection sooner than this, without a fault of ours, may be a take-over.
const TAKEOVER_WITHIN: Duration = Duration::from_secs(30);

/// How many such closes in a row say that another client holds the identity.
const TAKEOVER_CLOSES: u32 = 3;

/// How a connection, or an attempt at one, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The attempt failed in a way that may pass: name, TCP, TLS, CONNACK 3, …
    Failed,
    /// The platform refused and would refuse again: CONNACK 1, 2, 4 or 5.
    Refused {
        /// A refusal of a signature whose hour may have been the wrong one: how long until our clock's hour changes,
        /// zero when it has changed since the signature was made.
        hour_changes_in: Option<Duration>,
    },
    /// The platform closed an accepted connection, and nothing we know of explains it.
    ClosedByPlatform,
    /// The accepted connection was lost otherwise: reset, silent, a protocol fault.
    Lost,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another attempt after this wait.
    Wait {
        /// How long.
        wait: Duration,
        /// Another client may hold this identity.
        taken_over: bool,
    },
    /// None; the line stays down until it is told to connect.
    Stop {
        /// Another client may hold this identity.
        taken_over: bool,
    },
}

/// What a line remembers from one attempt to the next.
#[derive(Clone, Debug)]
pub(super) struct Recovery {
    backoff: Backoff,
    on_takeover: OnTakeover,
    failures: u32,
    quick_closes: u32,
    taken_over: bool,
    online_since: Option<Instant>,
    hour_retried: bool,
}

impl Recovery {
    /// A line that has not tried yet.
    pub(super) fn new(backoff: Backoff, on_takeover: OnTakeover) -> Self {
        Self {
            backoff,
            on_takeover,
            failures: 0,
            quick_closes: 0,
            taken_over: false,
            online_since: None,
            hour_retried: false,
        }
    }

    /// The number of the attempt that is on, or comes next: 1, 2, 3 … since the line was last stable.
    pub(super) fn attempt(&self) -> u32 {
        self.failures.saturating_add(1)
    }

    /// The platform accepted the connection.
    pub(super) fn online(&mut self, now: Instant) {
        self.online_since = Some(now);
        self.hour_retried = false;
    }

    /// When the line will count as stable, if it is online and has something to forget.
    pub(super) fn stable_at(&self) -> Option<Instant> {
        let remembers = self.failures > 0 || self.quick_closes > 0 || self.taken_over;
        self.online_since.filter(|_| remembers).map(|since| since + STABLE)
    }

    /// Forgets earlier failures if the line has been online for long enough.
    pub(super) fn settle(&mut self, now: Instant) {
        if self.online_since.is_some_and(|since| now >= since + STABLE) {
            self.failures = 0;
            self.quick_closes = 0;
            self.taken_over = false;
        }
    }

    /// The person asked for a connection: everything counts anew.
    pub(super) fn start_over(&mut self) {
        *self = Self::new(self.backoff, self.on_takeover);
    }

    /// Decides what follows `ending`. `unit` is uniform in `0.0..1.0`.
    pub(super) fn ended(&mut self, now: Instant, ending: Ending, unit: f64) -> Next {
        self.settle(now);
        let online_since = self.online_since.take();
        self.count_quick_close(now, ending, online_since);
        if let Ending::Refused { hour_changes_in } = ending {
            return self.refused(hour_changes_in);
        }
        let taken_over = self.taken_over;
        let wait = if taken_over {
            backoff::longest(&self.backoff).filter(|_| self.on_takeover == OnTakeover::Slow)
        } else {
            backoff::wait(&self.backoff, self.failures, unit)
        };
        self.failures = self.failures.saturating_add(1);
        match wait {
            Some(wait) => Next::Wait { wait, taken_over },
            None => Next::Stop { taken_over },
        }
    }

    fn count_quick_close(&mut self, now: Instant, ending: Ending, online_since: Option<Instant>) {
        let quick = online_since.is_some_and(|since| now.saturating_duration_since(since) < TAKEOVER_WITHIN);
        match ending {
            Ending::ClosedByPlatform if quick => self.quick_closes += 1,
            // An attempt that never got as far says nothing about who holds the identity.
            Ending::Failed => {}
            _ => self.quick_closes = 0,
        }
        self.taken_over |= self.quick_closes >= TAKEOVER_CLOSES;
    }

    fn refused(&mut self, hour_changes_in: Option<Duration>) -> Next {
        self.failures = self.failures.saturating_add(1);
        match hour_changes_in {
            Some(wait) if !self.hour_retried && wait <= self.backoff.max => {
                self.hour_retried = true;
                Next::Wait { wait, taken_over: false }
            }
            _ => Next::Stop { taken_over: false },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::BackoffPolicy;

    const MAX: Duration = Duration::from_secs(30);

    fn line(on_takeover: OnTakeover) -> Recovery {
        let second = Duration::from_secs(1);
        Recovery::new(Backoff { policy: BackoffPolicy::Huawei, min: second, default: second, max: MAX }, on_takeover)
    }

    /// Accepted, then closed by the platform `after` that.
    fn closed(line: &mut Recovery, now: &mut Instant, after: u64) -> Next {
        line.online(*now);
        *now += Duration::from_secs(after);
        line.ended(*now, Ending::ClosedByPlatform, 0.0)
    }

    fn wait_of(next: Next) -> Duration {
        match next {
            Next::Wait { wait, .. } => wait,
            Next::Stop { .. } => panic!("stopped"),
        }
    }

    #[test]
    fn waits_grow_and_a_stable_line_starts_over() {
        let (mut line, mut now) = (line(OnTakeover::Slow), Instant::now());
        let waits: Vec<_> = (0..4).map(|_| wait_of(line.ended(now, Ending::Failed, 0.0)).as_millis()).collect();
        assert_eq!(waits, [1_800, 2_600, 4_200, 7_400]);
        assert_eq!(line.attempt(), 5);

        line.online(now);
        now += Duration::from_millis(59_999);
        line.settle(now);
        assert_eq!(line.attempt(), 5, "not yet stable");
        now += Duration::from_millis(1);
        assert_eq!(line.stable_at(), Some(now));
        line.settle(now);
        assert_eq!((line.attempt(), line.stable_at()), (1, None));
        assert_eq!(wait_of(line.ended(now, Ending::Lost, 0.0)).as_millis(), 1_800);
    }

    #[test]
    fn three_quick_closes_running_are_a_take_over_until_a_stable_minute() {
        let (mut line, mut now) = (line(OnTakeover::Slow), Instant::now());
        for _ in 0..2 {
            assert!(matches!(closed(&mut line, &mut now, 29), Next::Wait { taken_over: false, .. }));
        }
        assert_eq!(closed(&mut line, &mut now, 29), Next::Wait { wait: MAX, taken_over: true });
        assert_eq!(closed(&mut line, &mut now, 45), Next::Wait { wait: MAX, taken_over: true }, "not yet forgotten");
        assert!(matches!(closed(&mut line, &mut now, 60), Next::Wait { taken_over: false, .. }));
        assert_eq!(line.attempt(), 2);
    }

    #[test]
    fn slow_closes_and_other_losses_break_the_run() {
        let (mut line, mut now) = (line(OnTakeover::Slow), Instant::now());
        closed(&mut line, &mut now, 1);
        closed(&mut line, &mut now, 1);
        closed(&mut line, &mut now, 31);
        assert!(matches!(closed(&mut line, &mut now, 1), Next::Wait { taken_over: false, .. }));
        closed(&mut line, &mut now, 1);
        line.online(now);
        line.ended(now, Ending::Lost, 0.0);
        assert!(matches!(closed(&mut line, &mut now, 1), Next::Wait { taken_over: false, .. }));
    }

    #[test]
    fn failed_attempts_between_two_closes_do_not_hide_a_take_over() {
        let (mut line, mut now) = (line(OnTakeover::Stop), Instant::now());
        closed(&mut line, &mut now, 1);
        line.ended(now, Ending::Failed, 0.0);
        closed(&mut line, &mut now, 1);
        assert_eq!(closed(&mut line, &mut now, 1), Next::Stop { taken_over: true });
    }

    #[test]
    fn a_refusal_is_final_but_for_one_try_in_a_new_hour() {
        let (mut line, now) = (line(OnTakeover::Slow), Instant::now());
        let soon = Ending::Refused { hour_changes_in: Some(Duration::from_secs(3)) };
        assert_eq!(line.ended(now, Ending::Refused { hour_changes_in: None }, 0.0), Next::Stop { taken_over: false });
        assert_eq!(line.ended(now, soon, 0.0), Next::Wait { wait: Duration::from_secs(3), taken_over: false });
        assert_eq!(line.ended(now, soon, 0.0), Next::Stop { taken_over: false }, "once only");
        line.online(now);
        assert!(matches!(line.ended(now, soon, 0.0), Next::Wait { .. }), "a new chance after it was accepted");
        let far = Ending::Refused { hour_changes_in: Some(MAX * 2) };
        line.online(now);
        assert_eq!(line.ended(now, far, 0.0), Next::Stop { taken_over: false }, "too far to wait for");
    }
}
