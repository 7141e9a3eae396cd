//! What the devices of a command do by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::CliError;
use crate::behaviour::Plan;
use crate::config::Config;
use crate::profile::Profile;
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
                let plan = answers::fill(plan, device).map_err(|why| CliError::usage(why.to_string()))?;
                plans.insert(device.name.clone(), plan);
            }
        }
        Ok(Self(plans))
    }

    /// The plan of a device.
    pub fn plan(&self, device: &str) -> Arc<Plan> {
        self.0.get(device).cloned().unwrap_or_default()
    }
}
