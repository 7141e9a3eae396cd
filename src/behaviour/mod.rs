//! What a device does by itself: rules that answer the platform's requests, properties that requests write and read,
//! simulators that report, upgrades that run, the question for the time.
//!
//! A pure state machine beside the MQTT client's: the session hands it what came and what went, and sends what it wants sent.
//! What may not live here: a cloud's topics and bodies (those are `cloud`'s), sockets, clocks, files.

mod compact;
mod control;
mod machine;
mod pending;
mod plan;
mod queue;
pub mod recorded;
mod reports;
mod requests;
pub mod rule;
pub mod simulator;
mod standing;
#[cfg(test)]
mod tests;
mod told;
mod upgrade;

pub use control::Control;
pub use machine::Behaviour;
pub use plan::{AnswersFrom, Auto, Plan, PlannedUpgrade};
pub use requests::RECORDED;
pub use standing::{RuleStanding, SimulatorStanding, Standing, UpgradeStanding};

use std::sync::Arc;

use bytes::Bytes;

use crate::mqtt::Qos;

/// What the session is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Send a message.
    Send(Sending),
    /// Put a remark on the timeline.
    Note(String),
    /// The platform's clock minus ours is now known, in microseconds.
    Clock(i64),
}

/// A message that the device sends by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Sending {
    /// Topic name.
    pub topic: String,
    /// Payload.
    pub payload: Bytes,
    /// Quality of service.
    pub qos: Qos,
    /// Who sends it: "rule NAME", "simulator NAME", "upgrade". It stands on the event.
    pub by: Arc<str>,
}
