//! What the devices of a command do by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{CliError, note};
use crate::behaviour::Plan;
use crate::behaviour::rule::{Action, Faults, Matching, Reply, Rule};
use crate::behaviour::simulator::{Simulator, Wave};
use crate::cloud::{Platform, Property, platform};
use crate::config::Config;
use crate::event::What;
use crate::profile::{Cloud, Profile};
use crate::replay::answers;

/// The devices' plans, by the devices' names.
#[derive(Clone, Debug, Default)]
pub struct Plans(BTreeMap<String, Arc<Plan>>);

impl Plans {
    /// No device does anything by itself.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those of the config for `devices`, with the recorded answers that they name: these are read from their tapes now, before
    /// any device is dialled.
    pub fn of(config: &Config, devices: &[Profile]) -> Result<Self, CliError> {
        let mut plans = BTreeMap::new();
        for device in devices {
            if let Some(plan) = config.plans.get(&device.name) {
                let filled = answers::fill(plan, device).map_err(|why| CliError::usage(why.to_string()))?;
                // What is there is given all the same.
                if let Some(words) = filled.missing {
                    note(&format!("standin: warning: {words}"));
                }
                plans.insert(device.name.clone(), filled.plan);
            }
        }
        Ok(Self(plans))
    }

    /// Those of the demo's devices: rules and a simulator to be switched on by key, all of them off. What looks random in them
    /// follows from `seed`.
    pub fn demo(devices: &[Profile], seed: u64) -> Self {
        let of = |device: &Profile| {
            let plan = Plan { seed: Some(seed), ..demo(&*platform(device)) };
            (device.name.clone(), Arc::new(plan))
        };
        Self(devices.iter().map(of).collect())
    }

    /// The plan of a device.
    pub fn plan(&self, device: &str) -> Arc<Plan> {
        self.0.get(device).cloned().unwrap_or_default()
    }
}

/// What a device of the demo can be switched to do.
fn demo(platform: &dyn Platform) -> Plan {
    let rule = |name: &str, reply: Reply| Rule {
        name: name.to_owned(),
        enabled: false,
        matches: Matching::default(),
        chance: None,
        times: None,
        then: Action::Answer(Box::new(reply)),
    };
    let fault = |faults: Faults| Reply { faults, ..Reply::default() };
    let failure = platform.answer_codes(What::Command).get(1).map(|(code, _)| *code);
    let property = match platform.cloud() {
        Cloud::Huawei => "smokeDetector/temperature",
        _ => "temperature",
    };
    let sine = Wave::Sine { mean: 21.0, amplitude: 3.0, period: Duration::from_mins(1), places: 1 };
    let weather = Simulator {
        name: "weather".to_owned(),
        enabled: false,
        period: Duration::from_secs(5),
        jitter: 0.1,
        on_change: false,
        properties: vec![(Property::parse(property), sine)],
    };
    Plan {
        rules: vec![
            rule("success", Reply::default()),
            rule("failure", Reply { code: failure, ..Reply::default() }),
            rule("twice", fault(Faults { twice: Some(Duration::from_millis(50)), ..Faults::default() })),
            rule("late", fault(Faults { late_by: Some(Duration::from_secs(1)), ..Faults::default() })),
            rule("wrong id", fault(Faults { wrong_request_id: true, ..Faults::default() })),
        ],
        simulators: vec![weather],
        ..Plan::default()
    }
}
