//! Huawei's side of a device.

use serde_json::{Value, json};

use super::{Offer, Push, Scene, Service};
use crate::sim::request::{self, Ask, Request};

/// The service of the documents' example product.
const SMOKE: &str = "smokeDetector";

/// What the cloud keeps of a device.
#[derive(Debug, Default)]
pub(super) struct Cloud;

impl Service for Cloud {
    fn take(&mut self, _scene: &Scene<'_>, _topic: &str, _payload: &[u8]) -> Vec<Push> {
        Vec::new()
    }

    fn is_of_sub_device(&self, _topic: &str) -> bool {
        false
    }

    fn offers(&self) -> Vec<Offer> {
        vec![
            Offer::new("command", "command SILENCE", json!({ "value": 1 })),
            Offer::new("property-set", "property set", json!({ "alarm": 0 })),
            Offer::new("property-get", "property get", json!({})),
        ]
    }

    fn order(&mut self, scene: &Scene<'_>, name: &str, input: &Value) -> Option<Request> {
        let offer = self.offers().into_iter().find(|offer| offer.name == name)?;
        let input = if input.is_null() { offer.input } else { input.clone() };
        let ask = match name {
            "command" => Ask::Command { service: SMOKE.to_owned(), name: "SILENCE".to_owned(), input },
            "property-set" => Ask::PropertySet { service: SMOKE.to_owned(), properties: input },
            _ => Ask::PropertyGet { service: SMOKE.to_owned() },
        };
        request::build(scene.identity, &ask, scene.number)
    }

    fn offline(&mut self) {}
}
