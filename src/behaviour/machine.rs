//! The machine: what came and what went in, what is to be sent out.

use std::sync::Arc;
use std::time::Instant;

use super::{Control, Deed, Plan, Standing};
use crate::cloud::{Asked, Meaning, Platform, Properties};
use crate::event::{Moment, What};

/// A device's own doings.
#[derive(Debug)]
pub struct Behaviour {
    platform: Arc<dyn Platform>,
    properties: Properties,
    deeds: Vec<Deed>,
    /// Whether [`Behaviour::standing`] would say something new.
    changed: bool,
}

impl Behaviour {
    /// What the device of `platform` does by `plan` from `now` on. All that looks random follows from `seed`, unless the plan has
    /// one of its own.
    pub fn new(plan: &Plan, platform: Arc<dyn Platform>, seed: u64, now: Moment) -> Self {
        let _seed = plan.seed.unwrap_or(seed);
        let mut properties = Properties::default();
        for (property, value) in &plan.properties {
            properties.set(property.clone(), value.clone(), now.at);
        }
        Self { platform, properties, deeds: Vec::new(), changed: true }
    }

    /// CONNACK 0 has come.
    pub fn online(&mut self, now: Moment) {
        let _ = now;
    }

    /// The connection has ended. What was still to be sent waits for nobody.
    pub fn offline(&mut self) {}

    /// A message of the platform came.
    pub fn received(&mut self, now: Moment, asked: &Asked<'_>, meaning: &Meaning<'_>) {
        if !meaning.what.is_request() || meaning.deadline.is_none() {
            return;
        }
        let Some(request) = self.platform.request(asked) else { return };
        for (property, value) in request.writes {
            self.changed |= self.properties.set(property, value, now.at);
        }
    }

    /// A message of the device went, whoever sent it.
    pub fn sent(&mut self, now: Moment, topic: &str, payload: &[u8], what: What) {
        let _ = (now, topic, payload, what);
    }

    /// Carries a control out; the error says why it cannot be, in words for a person.
    pub fn control(&mut self, now: Moment, control: &Control) -> Result<(), String> {
        let _ = (now, control);
        Err("this device does nothing by itself".to_owned())
    }

    /// The deadline has come.
    pub fn tick(&mut self, now: Moment) {
        let _ = now;
    }

    /// When [`Behaviour::tick`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        None
    }

    /// What is to be done, in order.
    pub fn take_deeds(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }

    /// The current properties.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// How things stand, if that has changed since the last call.
    pub fn news(&mut self) -> Option<Standing> {
        std::mem::take(&mut self.changed).then(|| Standing {
            rules_on: true,
            properties: self
                .properties
                .iter()
                .map(|(property, current)| (property.clone(), current.value.clone()))
                .collect(),
            ..Standing::default()
        })
    }
}
