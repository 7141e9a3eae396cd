//! Alibaba Cloud ("Aliyun") IoT Platform.
//!
//! What lives here: its limits and the device as the rest of the program sees it. What may not: another cloud's rules.
//!
//! | file | what lives there |
//! |---|---|
//! | `credentials`, `registration` | CONNECT; a secret or a token from the product's secret |
//! | `topics` | what a topic means |
//! | `summaries`, `codes` | what messages say in one line, and what the codes in them mean |
//! | `request`, `bodies` | requests taken apart; the bodies of answers and reports |
//! | `reported` | what a device says of its own properties |
//! | `told`, `upgrade` | what the platform tells beside requests, upgrades among it |
//! | `sub_devices` | what a gateway signs for the devices behind it |
//! | `drafts`, `modelled` | what the composer offers, and where the product's TSL stands in it |
//! | `spots` | what is a device's or a moment's own |
//! | `advice` | what a refusal or a silence means and what to check |

mod advice;
mod bodies;
mod codes;
mod credentials;
mod drafts;
mod modelled;
pub mod registration;
mod reported;
mod request;
mod spots;
pub mod sub_devices;
mod summaries;
#[cfg(test)]
mod tests;
mod told;
mod topics;
mod upgrade;

use std::time::Duration;

use serde_json::Value;

use super::modelled::{Modelled, Of, Said};
use super::{
    Advice, Answer, Asked, Credentials, Direction, Draft, Limits, Meaning, Platform, Property, Request, Scene, Summary,
    Told, Upgrade, UpgradeStep, envelope,
};
use crate::event::{WallTime, What};
use crate::model::json::Node;
use crate::model::{Model, Type, Wrong};
use crate::mqtt::Qos;
use crate::mqtt::packet::ConnectReturn;
use crate::profile::{self, AliyunIdentity, Cloud, Subscription, Transport};
use crate::secret::Secret;

pub(super) use spots::spots;

pub use credentials::{Login, parse_client_id};

/// The longest that a caller can wait for a synchronous service or an RRPC.
const DEADLINE: Duration = Duration::from_secs(8);

/// Aliyun's limits; those on topics are from older pages.
pub static LIMITS: Limits = Limits {
    cloud: "Aliyun IoT",
    qos: Qos::AtLeastOnce,
    retain: false,
    will: false,
    payload: Some(256 * 1024),
    report: None,
    publishes_per_second: None,
    bytes_per_second: None,
    topic_bytes: Some(128),
    topic_slashes: Some(7),
    subscriptions: Some(100),
    keep_alive: 30..=1200,
    own_topics: &["/sys/", "/ext/", "/ota/", "/shadow/", "/broadcast/"],
};

/// A device.
#[derive(Clone, Debug)]
pub struct Device {
    identity: AliyunIdentity,
    transport: Transport,
}

impl Device {
    /// A device of this cloud; the transport decides the `securemode`.
    pub fn new(identity: &AliyunIdentity, transport: Transport) -> Self {
        Self { identity: identity.clone(), transport }
    }
}

impl Platform for Device {
    fn cloud(&self) -> Cloud {
        Cloud::Aliyun
    }

    fn credentials(&self, secret: Option<&Secret>, at: WallTime) -> Credentials {
        credentials::credentials(&self.identity, self.transport, secret, at)
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        topics::subscriptions(&self.identity)
    }

    fn meaning<'a>(&self, direction: Direction, topic: &'a str, payload: &'a [u8]) -> Meaning<'a> {
        let route = topics::route(direction, topic);
        let (request_id, id_span) = route.id.read(topic, payload, envelope::alink_id);
        let waits = direction == Direction::Down && route.what.is_request();
        Meaning { what: route.what, request_id, id_span, deadline: waits.then_some(DEADLINE) }
    }

    fn summary(&self, direction: Direction, topic: &str, payload: &[u8]) -> Summary {
        summaries::summary(direction, &topics::route(direction, topic), payload)
    }

    fn request(&self, asked: &Asked<'_>) -> Option<Request> {
        let route = topics::route(Direction::Down, asked.topic);
        route.what.is_request().then(|| request::request(&self.identity, &route, asked.payload))
    }

    fn answer_codes(&self, _what: What) -> &'static [(i64, &'static str)] {
        request::CODES
    }

    fn report(&self, serial: u64, values: &[(Property, Value)], at: Option<WallTime>) -> Option<Draft> {
        Some(bodies::report(&self.identity, serial, &request::report(values, at)))
    }

    fn answer(&self, asked: &Asked<'_>, answer: &Answer<'_>) -> Option<Draft> {
        let route = topics::route(Direction::Down, asked.topic);
        let (what, subject) = match route.what {
            What::Command => {
                let name = summaries::summary(Direction::Down, &route, asked.payload).name;
                (What::CommandReply, if name.is_empty() { "call".to_owned() } else { name })
            }
            What::PropertySet => (What::PropertySetReply, "property set".to_owned()),
            What::PropertyGet => (What::PropertyGetReply, "property get".to_owned()),
            _ => return None,
        };
        let (topic, qos) = topics::answer(asked.topic);
        let body = request::answer(&self.identity, &route, asked.payload, answer);
        Some(Draft { label: format!("reply to {subject}"), what, topic, qos, body })
    }

    fn reported(&self, topic: &str, payload: &[u8]) -> Vec<(Property, Value)> {
        reported::reported(&self.identity, topic, payload)
    }

    fn drafts(&self, serial: u64) -> Vec<Draft> {
        drafts::drafts(&self.identity, serial)
    }

    fn told(&self, topic: &str, payload: &[u8]) -> Option<Told> {
        told::told(&self.identity, topic, payload)
    }

    fn acknowledge(&self, asked: &Asked<'_>) -> Option<Draft> {
        told::acknowledge(asked)
    }

    fn ask_time(&self, _serial: u64, at: WallTime) -> Option<Draft> {
        Some(told::ask_time(&self.identity, at))
    }

    fn version_report(&self, serial: u64, _at: WallTime, module: &str, version: &str) -> Option<Draft> {
        Some(upgrade::version_report(&self.identity, &bodies::id(serial), module, version))
    }

    fn upgrade_progress(&self, serial: u64, _at: WallTime, upgrade: &Upgrade, step: UpgradeStep) -> Option<Draft> {
        upgrade::progress(&self.identity, &bodies::id(serial), upgrade, step)
    }

    fn upgrade_failures(&self) -> &'static [(i64, &'static str)] {
        upgrade::FAILURES
    }

    fn sub_device_drafts(&self, serial: u64, sub_devices: &[(profile::SubDevice, Secret)]) -> Vec<Draft> {
        sub_devices::drafts(&self.identity, serial, sub_devices)
    }

    fn model_drafts(&self, model: &Model, serial: u64) -> Vec<Draft> {
        modelled::drafts(&self.identity, model, serial)
    }

    fn modelled<'m>(&self, model: &'m Model, said: &Said<'_>, body: &Node<'_>) -> Modelled<'m> {
        modelled::modelled(&self.identity, model, said, body)
    }

    fn misfit_code(&self, of: Of, wrong: Wrong, wanted: Type) -> Option<(i64, &'static str)> {
        modelled::misfit_code(of, wrong, wanted)
    }

    fn limits(&self) -> &'static Limits {
        &LIMITS
    }

    fn explain_connack(&self, code: ConnectReturn, scene: &Scene) -> Advice {
        advice::connack(&self.identity, self.transport, code, scene)
    }

    fn explain_refused_subscription(&self, filter: &str) -> Advice {
        advice::subscription(&self.identity, filter)
    }

    fn explain_silence(&self, filter: &str) -> Option<String> {
        advice::silence(filter)
    }
}
