//! The keep-alive: when to ask, and when the other side counts as gone.
//!
//! With a keep-alive of K, a PINGREQ goes out when nothing was sent for K (MQTT-3.1.2-23), and also when nothing was
//! heard for K, however much was sent. The other side is gone when 1.5 K have passed since its last byte and K/2 since
//! it was asked. A PINGREQ has an answer (MQTT-3.12.4-1): it may take K/2, and never less than the caller grants to any
//! answer. When it is missing then, the other side is gone if nothing else came either; else only PINGRESP is missing.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The timers of one network connection.
#[derive(Debug)]
pub(super) struct KeepAlive {
    /// K; zero switches everything off.
    interval: Duration,
    /// How long a PINGRESP may take.
    answer_within: Duration,
    last_sent: Instant,
    last_heard: Instant,
    /// The first PINGREQ since the last byte was heard.
    asked: Option<Instant>,
    /// The PINGREQs without an answer, oldest first.
    pings: VecDeque<Ping>,
}

#[derive(Debug)]
struct Ping {
    sent: Instant,
    /// From when on the wait for its answer counts.
    since: Instant,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// A PINGREQ is to be written.
    Ping,
    /// Nothing came for this long, although it was asked.
    Gone(Duration),
    /// The oldest PINGREQ was not answered, but other bytes came.
    Unanswered,
}

impl KeepAlive {
    pub(super) fn new(seconds: u16, answer_within: Duration, now: Instant) -> Self {
        let interval = Duration::from_secs(u64::from(seconds));
        Self {
            interval,
            answer_within: answer_within.max(interval / 2),
            last_sent: now,
            last_heard: now,
            asked: None,
            pings: VecDeque::new(),
        }
    }

    /// Bytes were written.
    pub(super) fn sent(&mut self, now: Instant) {
        self.last_sent = now;
    }

    /// Bytes came.
    pub(super) fn heard(&mut self, now: Instant) {
        self.last_heard = now;
        self.asked = None;
    }

    /// Nobody listened until `now`, so that neither silence nor a missing answer counts before.
    pub(super) fn forgive(&mut self, now: Instant) {
        self.heard(now);
        for ping in &mut self.pings {
            ping.since = now;
        }
    }

    /// A PINGREQ is written.
    pub(super) fn pinged(&mut self, now: Instant) {
        self.asked.get_or_insert(now);
        self.pings.push_back(Ping { sent: now, since: now });
    }

    /// A PINGRESP came: how long it took; `None` when there was no PINGREQ.
    pub(super) fn answered(&mut self, now: Instant) -> Option<Duration> {
        self.pings.pop_front().map(|ping| now.saturating_duration_since(ping.sent))
    }

    /// Gives up waiting for answers to the PINGREQs so far.
    pub(super) fn forget_pings(&mut self) {
        self.pings.clear();
    }

    /// When [`KeepAlive::due`] will have something to say.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.interval.is_zero() {
            return None;
        }
        [Some(self.ping_at()), self.gone_at(), self.unanswered_at()].into_iter().flatten().min()
    }

    /// What is due at `now`.
    pub(super) fn due(&self, now: Instant) -> Option<Due> {
        let reached = |at: Option<Instant>| at.is_some_and(|at| now >= at);
        if self.interval.is_zero() {
            None
        } else if reached(self.gone_at()) || (self.asked.is_some() && reached(self.unanswered_at())) {
            Some(Due::Gone(now.saturating_duration_since(self.last_heard)))
        } else if reached(self.unanswered_at()) {
            Some(Due::Unanswered)
        } else if now >= self.ping_at() {
            Some(Due::Ping)
        } else {
            None
        }
    }

    fn ping_at(&self) -> Instant {
        let quiet = self.last_sent + self.interval;
        match self.asked {
            Some(_) => quiet,
            None => quiet.min(self.last_heard + self.interval),
        }
    }

    fn gone_at(&self) -> Option<Instant> {
        self.asked.map(|asked| (self.last_heard + self.interval * 3 / 2).max(asked + self.interval / 2))
    }

    fn unanswered_at(&self) -> Option<Instant> {
        self.pings.front().map(|ping| ping.since + self.answer_within)
    }
}
