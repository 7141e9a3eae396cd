//! What a device is told to do by itself, as checked values.

use std::time::Duration;

use serde_json::Value;

use super::recorded::Recorded;
use super::simulator::Simulator;
use crate::cloud::Property;

/// What a device is to do by itself. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The properties' values at the start.
    pub properties: Vec<(Property, Value)>,
    /// What reports by itself.
    pub simulators: Vec<Simulator>,
    /// Answers of a tape, for requests that no rule matches.
    pub recorded: Option<Recorded>,
    /// How an ordered upgrade runs; `None`: a person starts it.
    pub upgrade: Option<PlannedUpgrade>,
    /// Ask for the platform's time at each connect.
    pub ask_time: bool,
    /// What looks random follows from it; `None`: the session draws one.
    pub seed: Option<u64>,
}

/// How an ordered upgrade runs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedUpgrade {
    /// How long downloading and installing take together.
    pub takes: Duration,
    /// The cloud's code to fail with; `None`: it succeeds.
    pub failure: Option<i64>,
}
