//! Guardrails: what a cloud would not take is refused before it is sent, with the reason. The person decides: every check
//! here can be passed over by force.

use std::time::Instant;

use super::Limits;
use crate::event::What;
use crate::mqtt::Qos;

/// What is about to be published.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Topic name.
    pub topic: &'a str,
    /// Payload size in bytes.
    pub size: usize,
    /// Quality of service.
    pub qos: Qos,
    /// RETAIN.
    pub retain: bool,
    /// What it is.
    pub what: What,
}

/// A limit that would be broken, in words for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Breach(pub String);

/// What was sent lately on one connection, for the limits per second.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    recent: std::collections::VecDeque<(Instant, usize)>,
}

/// Checks a publish against `limits`, the meter included; it does not count it.
pub fn check_publish(limits: &Limits, meter: &Meter, now: Instant, message: &Outgoing<'_>) -> Result<(), Breach> {
    let _ = (limits, &meter.recent, now, message);
    todo!()
}

/// Checks a subscription; `held` is how many the connection has already.
pub fn check_subscribe(limits: &Limits, filter: &str, qos: Qos, held: usize) -> Result<(), Breach> {
    let _ = (limits, filter, qos, held);
    todo!()
}

impl Meter {
    /// Counts a publish of `size` bytes.
    pub fn count(&mut self, now: Instant, size: usize) {
        self.recent.push_back((now, size));
    }
}
