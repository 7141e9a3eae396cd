//! What the devices of a command do by themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::behaviour::Plan;
use crate::config::Config;

/// The devices' plans, by the devices' names.
#[derive(Clone, Debug, Default)]
pub struct Plans(BTreeMap<String, Arc<Plan>>);

impl Plans {
    /// No device does anything by itself.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those of the config.
    pub fn of(config: &Config) -> Self {
        Self(config.plans.clone())
    }

    /// The plan of a device.
    pub fn plan(&self, device: &str) -> Arc<Plan> {
        self.0.get(device).cloned().unwrap_or_default()
    }
}
