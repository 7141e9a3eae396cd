//! What a device is told to do by itself, as checked values.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::recorded::{Recorded, Unmatched};
use super::rule::Rule;
use super::simulator::Simulator;
use crate::cloud::Property;

/// What a device is to do by itself. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The properties' values at the start.
    pub properties: Vec<(Property, Value)>,
    /// What answers requests; of several that match, the first.
    pub rules: Vec<Rule>,
    /// What templates know as `vars.NAME`.
    pub variables: Vec<(String, Value)>,
    /// What goes without a rule.
    pub auto: Auto,
    /// What reports by itself.
    pub simulators: Vec<Simulator>,
    /// Where recorded answers are to be read from. Whoever starts the device reads them and sets [`Plan::recorded`]
    /// (`replay::answers`).
    pub answers: Option<AnswersFrom>,
    /// Answers of a tape, for requests that no rule matches.
    pub recorded: Option<Recorded>,
    /// How an ordered upgrade runs; `None`: a person starts it.
    pub upgrade: Option<PlannedUpgrade>,
    /// The versions of the device's modules; those that are not here are at 1.0.0.
    pub versions: Vec<(String, String)>,
    /// Tell the platform the versions at each connect.
    pub report_versions: bool,
    /// Ask for the platform's time at each connect.
    pub ask_time: bool,
    /// What looks random follows from it; `None`: the session draws one.
    pub seed: Option<u64>,
}

/// What a device does by itself without a rule of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auto {
    /// Answer property sets with success.
    pub property_set: bool,
    /// Answer property gets from the current properties.
    pub property_get: bool,
    /// Take over desired values, and report them.
    pub desired: bool,
}

/// Where a device's recorded answers are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswersFrom {
    /// The tape.
    pub tape: PathBuf,
    /// Whose answers; `None`: the device's own, else those of the only device of its cloud.
    pub session: Option<String>,
    /// What becomes of a request that no recorded one is like.
    pub unmatched: Unmatched,
    /// Whether an answer takes as long as it took.
    pub paced: bool,
}

/// How an ordered upgrade runs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedUpgrade {
    /// How long downloading and installing take together.
    pub takes: Duration,
    /// The cloud's code to fail with; `None`: it succeeds.
    pub failure: Option<i64>,
}
