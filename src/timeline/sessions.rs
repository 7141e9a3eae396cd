//! Each session's standing: what the header and the status line say of it.

use std::time::{Duration, Instant};

use crate::event::{LineState, WallTime};
use crate::mqtt::Qos;
use crate::profile::Cloud;

/// A session's place in the timeline: 0, 1, 2 … in the order of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u16);

/// A session as it stands.
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
    /// The last ping's round trip.
    pub ping: Option<Duration>,
    /// Messages in, since the start.
    pub rx: u64,
    /// Messages out, since the start.
    pub tx: u64,
    /// Messages in a second, lately.
    pub rx_rate: super::topics::Rate,
    /// Messages out a second, lately.
    pub tx_rate: super::topics::Rate,
    /// Filters with the QoS granted, or `None` where refused; in the order asked.
    pub subscriptions: Vec<(String, Option<Qos>)>,
}
