//! What a device does by itself: rules that answer the platform's requests, properties that requests write and read,
//! simulators that report, upgrades that run, the question for the time.
//!
//! A pure state machine beside the MQTT client's: the session hands it what came and what went, and sends what it wants sent.
//! What may not live here: a cloud's topics and bodies (those are `cloud`'s), sockets, clocks, files.

mod compact;
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

pub use machine::Behaviour;
pub use plan::{AnswersFrom, Auto, Plan, PlannedUpgrade};
pub use requests::RECORDED;
pub use standing::{RuleStanding, SimulatorStanding, Standing, UpgradeStanding};

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use crate::cloud::Property;
use crate::mqtt::Qos;

/// What a person, a scenario or an order switches.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// A rule on or off.
    Rule {
        /// Its name.
        name: String,
        /// Whether it is to answer.
        on: bool,
    },
    /// All rules and recorded answers on or off, each keeping its own switch.
    Rules {
        /// Whether they are to answer.
        on: bool,
    },
    /// A simulator on or off.
    Simulator {
        /// Its name.
        name: String,
        /// Whether it is to report.
        on: bool,
    },
    /// A property takes a value, as if the device had measured it. Nothing is sent.
    Property {
        /// Its name.
        property: Property,
        /// Its value.
        value: Value,
    },
    /// The upgrade that the platform has ordered is run: downloading, installing, then done or failed.
    Upgrade {
        /// The cloud's code to fail with; `None`: it succeeds.
        failure: Option<i64>,
    },
    /// The platform is asked for its time.
    AskTime,
}

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
