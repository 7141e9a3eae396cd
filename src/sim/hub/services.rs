//! The clouds' services, and what they send.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::request::{Ask, Request, build};
use super::super::service::{self, Offer, Scene, Service};
use super::publish::message;
use super::{Hub, Key};
use crate::event::Moment;
use crate::mqtt::Publish;

impl Hub {
    /// What a device's cloud can be told to order of it.
    pub(crate) fn offers(&mut self, name: &str) -> Vec<Offer> {
        let device = self.roster.named(name);
        let service = device.and_then(|device| self.service_and_roster(device)).map(|(service, _)| service);
        service.map(|service| service.offers()).unwrap_or_default()
    }

    /// A device's message that answers no request goes to its cloud's services, and what these send goes back.
    pub(super) fn serve(&mut self, now: Moment, device: usize, publish: &Publish) {
        if let Some(answer) = self.bootstrap_answer(device, &publish.topic) {
            self.deliver(&Key::Device(device), answer);
            return;
        }
        let number = self.number();
        let Some((service, roster)) = self.service_and_roster(device) else { return };
        let Some(entry) = roster.get(device) else { return };
        let scene = Scene { identity: &entry.identity, roster, at: now.at, number };
        for push in service.take(&scene, &publish.topic, &publish.payload) {
            self.deliver(&Key::Device(device), message(push.topic, push.payload, push.qos));
        }
    }

    /// The request that `ask` becomes for a device; `None` where its cloud has no such thing.
    pub(super) fn request(&mut self, now: Moment, device: usize, ask: &Ask) -> Option<Request> {
        let number = self.number();
        match ask {
            Ask::Offer { name, input } => self.offered(now, device, number, name, input),
            _ => build(&self.roster.get(device)?.identity, ask, number),
        }
    }

    /// Why there is no request for `ask`, in words for a person.
    pub(super) fn why_not(&self, device: usize, ask: &Ask) -> String {
        let hindrance = match ask {
            Ask::Offer { name, .. } => self.services.get(&device).and_then(|service| service.hindrance(name)),
            _ => None,
        };
        hindrance.unwrap_or("this cloud has no such request").to_owned()
    }

    /// A device has signed in.
    pub(super) fn came_online(&mut self, device: usize, client_id: &str) {
        if let Some((service, _)) = self.service_and_roster(device) {
            service.online(client_id);
        }
    }

    /// Another client has signed in as the device: the older one is told, whether it has subscribed or not.
    pub(super) fn says_farewell(&mut self, key: &Key) {
        let Key::Device(device) = key else { return };
        if let Some(push) = self.services.get(device).and_then(|service| service.farewell()) {
            self.hand_over(key, message(push.topic, push.payload, push.qos));
        }
    }

    /// Whether a topic belongs to a sub-device that speaks over this device's connection.
    pub(super) fn is_of_sub_device(&self, device: usize, topic: &str) -> bool {
        self.services.get(&device).is_some_and(|service| service.is_of_sub_device(topic))
    }

    fn offered(&mut self, now: Moment, device: usize, number: u64, name: &str, input: &Value) -> Option<Request> {
        let (service, roster) = self.service_and_roster(device)?;
        let scene = Scene { identity: &roster.get(device)?.identity, roster, at: now.at, number };
        service.order(&scene, name, input)
    }

    fn number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    /// A device's services, made when first needed.
    fn service_and_roster(&mut self, device: usize) -> Option<(&mut dyn Service, &super::Roster)> {
        let Self { services, roster, .. } = self;
        let service = made(services, device, || service::of(&roster.get(device)?.identity))?;
        Some((service, roster))
    }
}

fn made(
    services: &mut BTreeMap<usize, Box<dyn Service>>,
    device: usize,
    make: impl FnOnce() -> Option<Box<dyn Service>>,
) -> Option<&mut dyn Service> {
    use std::collections::btree_map::Entry;
    match services.entry(device) {
        Entry::Occupied(known) => Some(known.into_mut().as_mut()),
        Entry::Vacant(place) => Some(place.insert(make()?).as_mut()),
    }
}
