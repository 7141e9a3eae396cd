//! Aliyun's side of a device.

mod reports;

use serde_json::{Value, json};

use super::{Offer, Push, Scene, Service};
use crate::profile::Identity;
use crate::sim::request::{self, Ask, Request};

/// What the cloud keeps of a device.
#[derive(Debug, Default)]
pub(super) struct Cloud;

impl Service for Cloud {
    fn take(&mut self, scene: &Scene<'_>, topic: &str, payload: &[u8]) -> Vec<Push> {
        let Identity::Aliyun(device) = scene.identity else { return Vec::new() };
        reports::acknowledge(device, topic, payload).map(|(topic, body)| Push::json(topic, &body)).into_iter().collect()
    }

    fn is_of_sub_device(&self, _topic: &str) -> bool {
        false
    }

    fn offers(&self) -> Vec<Offer> {
        vec![
            Offer::new("command", "service SetBrightness", json!({ "level": 60 })),
            Offer::new("property-set", "property set", json!({ "LightSwitch": 1 })),
        ]
    }

    fn order(&mut self, scene: &Scene<'_>, name: &str, input: &Value) -> Option<Request> {
        let offer = self.offers().into_iter().find(|offer| offer.name == name)?;
        let input = if input.is_null() { offer.input } else { input.clone() };
        let ask = match name {
            "command" => Ask::Command { service: String::new(), name: "SetBrightness".to_owned(), input },
            _ => Ask::PropertySet { service: String::new(), properties: input },
        };
        request::build(scene.identity, &ask, scene.number)
    }

    fn offline(&mut self) {}
}
