//! How things stand, for the screen and for whoever asks: a copy, made when something has changed.

use serde_json::Value;

use crate::cloud::{Property, UpgradeStep};

/// How a device's own doings stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// Whether rules answer at all.
    pub rules_on: bool,
    /// The rules, in the config's order; recorded answers come last.
    pub rules: Vec<RuleStanding>,
    /// The simulators, in the config's order.
    pub simulators: Vec<SimulatorStanding>,
    /// The current properties, by name.
    pub properties: Vec<(Property, Value)>,
    /// The upgrade that the platform ordered last.
    pub upgrade: Option<UpgradeStanding>,
    /// The platform's clock minus ours, in microseconds, as measured by the cloud's own question for the time.
    pub clock_offset_us: Option<i64>,
}

/// How a rule stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleStanding {
    /// Its name.
    pub name: String,
    /// What it does, in a few words: "command SILENCE: code 1, late by 25 s".
    pub words: String,
    /// Whether it answers.
    pub on: bool,
    /// How many requests it has matched.
    pub hits: u64,
    /// What it did last, or why it could not.
    pub last: Option<String>,
}

/// How a simulator stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimulatorStanding {
    /// Its name.
    pub name: String,
    /// What it does, in a few words: "temperature by sine, every 5 s".
    pub words: String,
    /// Whether it reports.
    pub on: bool,
    /// How many reports it has made.
    pub reports: u64,
}

/// How an upgrade stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpgradeStanding {
    /// What is upgraded.
    pub module: String,
    /// To which version.
    pub version: String,
    /// How far it is; `None`: it waits for a person to start it.
    pub step: Option<UpgradeStep>,
}
