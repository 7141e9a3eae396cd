//! Each session's standing: what the header and the status line say of it.

use std::time::{Duration, Instant};

use super::topics::Rate;
use crate::event::{LineState, Moment, StateChange, Subscribed, WallTime};
use crate::mqtt::Qos;
use crate::profile::Cloud;

/// How many bytes of a text from outside a standing keeps.
const TEXT_BYTES: usize = 1 << 10;
/// How many subscriptions a standing keeps; the one asked for first goes first.
const SUBSCRIPTIONS: usize = 4_096;

/// A session's place in the timeline: 0, 1, 2 … in the order of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u16);

/// A session as it stands. Texts from outside are kept to their first KiB.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The device's name.
    pub name: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// The line's state.
    pub state: LineState,
    /// The attempt that the line is at, or waits for.
    pub attempt: u32,
    /// When the next attempt comes, in back-off, and how long the whole wait is.
    pub retry: Option<(Instant, Duration)>,
    /// Since when the state holds.
    pub since: WallTime,
    /// The last state change's code, reason and hint.
    pub code: Option<String>,
    /// See `code`.
    pub reason: Option<String>,
    /// See `code`.
    pub hint: Option<String>,
    /// The last ping's round trip on this connection.
    pub ping: Option<Duration>,
    /// Events of every kind, since the start.
    pub events: u64,
    /// Messages in, since the start.
    pub rx: u64,
    /// Messages out, since the start.
    pub tx: u64,
    /// Messages in a second, lately.
    pub rx_rate: Rate,
    /// Messages out a second, lately.
    pub tx_rate: Rate,
    /// Filters with the QoS granted, or `None` where refused; in the order asked, at most 4,096.
    pub subscriptions: Vec<(String, Option<Qos>)>,
    /// Those of the filters that got a lower QoS than was asked for, with the QoS asked for.
    pub lowered: Vec<(String, Qos)>,
}

impl Standing {
    /// A session that has not done anything yet.
    pub(super) fn new(name: &str, cloud: Cloud, since: WallTime) -> Self {
        Self {
            name: name.to_owned(),
            cloud,
            state: LineState::Offline,
            attempt: 0,
            retry: None,
            since,
            code: None,
            reason: None,
            hint: None,
            ping: None,
            events: 0,
            rx: 0,
            tx: 0,
            rx_rate: Rate::default(),
            tx_rate: Rate::default(),
            subscriptions: Vec::new(),
            lowered: Vec::new(),
        }
    }

    pub(super) fn changed(&mut self, now: Moment, change: &StateChange<'_>) {
        if change.state != self.state {
            self.since = now.at;
            // A round trip tells of one connection only.
            self.ping = None;
        }
        self.state = change.state;
        self.attempt = change.attempt;
        // A wait beyond what the clock can tell has no end that could be shown.
        self.retry = change.retry_in.and_then(|wait| Some((now.mono.checked_add(wait)?, wait)));
        let keep = |text: Option<&str>| text.map(|text| clip(text).to_owned());
        self.code = keep(change.code);
        self.reason = keep(change.reason);
        self.hint = keep(change.hint);
    }

    pub(super) fn subscribed(&mut self, answer: &Subscribed<'_>) {
        let filter = clip(answer.filter);
        self.lowered.retain(|(known, _)| known != filter);
        if answer.granted.is_some_and(|granted| granted < answer.asked) {
            self.lowered.push((filter.to_owned(), answer.asked));
        }
        if let Some(known) = self.subscriptions.iter_mut().find(|(known, _)| known == filter) {
            known.1 = answer.granted;
            return;
        }
        if self.subscriptions.len() >= SUBSCRIPTIONS {
            let (gone, _) = self.subscriptions.remove(0);
            self.lowered.retain(|(known, _)| *known != gone);
        }
        self.subscriptions.push((filter.to_owned(), answer.granted));
    }

    pub(super) fn unsubscribed(&mut self, filter: &str) {
        let filter = clip(filter);
        self.subscriptions.retain(|(known, _)| known != filter);
        self.lowered.retain(|(known, _)| known != filter);
    }
}

/// The beginning of `text` that a standing keeps.
fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES)]
}
