//! Huawei Cloud IoTDA.
//!
//! What lives here: its limits and the device as the rest of the program sees it. What may not: another cloud's rules.
//!
//! | file | what lives there |
//! |---|---|
//! | `credentials`, `registration` | CONNECT; the platform's address and a secret from the provisioning service |
//! | `topics` | what a topic means |
//! | `bodies`, `codes` | what messages say in one line, and what the codes in them mean |
//! | `request` | requests taken apart, their answers, reports |
//! | `reported` | what a device says of its own properties |
//! | `functions`, `upgrade` | the platform's own functions over events, upgrades among them |
//! | `drafts`, `modelled` | what the composer offers, and where the product's model stands in it |
//! | `spots` | what is a device's or a moment's own |
//! | `legacy` | the older interface |
//! | `gzip` | bodies that are packed |
//! | `advice` | what a refusal means and what to check |

mod advice;
mod bodies;
mod codes;
mod credentials;
mod drafts;
mod functions;
mod gzip;
mod legacy;
mod modelled;
pub mod registration;
mod reported;
mod request;
mod spots;
mod topics;
mod upgrade;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::envelope::id_text;
use super::modelled::{Modelled, Said};
use super::{
    Advice, Answer, Asked, Credentials, Direction, Draft, Limits, Meaning, Platform, Property, Request, Scene, Summary,
    Told, Upgrade, UpgradeStep,
};
use crate::event::{WallTime, What};
use crate::model::Model;
use crate::model::json::Node;
use crate::mqtt::Qos;
use crate::mqtt::packet::ConnectReturn;
use crate::profile::{Cloud, HuaweiIdentity, Subscription};
use crate::secret::Secret;

pub(super) use spots::spots;

/// The id of a command of the older interface, in its JSON form; `None` for every other message.
pub(super) fn legacy_id<'a>(topic: &str, payload: &'a [u8]) -> Option<&'a RawValue> {
    legacy::read(topic, payload)?.mid
}

pub use credentials::{Login, parse_client_id};

/// How long the platform holds a command, set or get open for the device; a later answer is dropped.
const DEADLINE: Duration = Duration::from_secs(20);

/// Huawei's limits. 100 subscriptions is the figure of the Chinese site; the international one says 50.
pub static LIMITS: Limits = Limits {
    cloud: "Huawei IoTDA",
    qos: Qos::AtLeastOnce,
    retain: false,
    will: false,
    payload: Some(1024 * 1024),
    report: Some(64 * 1024),
    publishes_per_second: Some(50),
    bytes_per_second: Some(1024 * 1024),
    topic_bytes: Some(128),
    topic_slashes: None,
    subscriptions: Some(100),
    keep_alive: 30..=1200,
    own_topics: &["$oc/"],
};

/// A device.
#[derive(Clone, Debug)]
pub struct Device {
    identity: HuaweiIdentity,
}

impl Device {
    /// A device of this cloud.
    pub fn new(identity: &HuaweiIdentity) -> Self {
        Self { identity: identity.clone() }
    }
}

impl Platform for Device {
    fn cloud(&self) -> Cloud {
        Cloud::Huawei
    }

    fn credentials(&self, secret: Option<&Secret>, at: WallTime) -> Credentials {
        credentials::credentials(&self.identity, secret, at)
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        topics::subscriptions(&self.identity.device_id)
    }

    fn meaning<'a>(&self, direction: Direction, topic: &'a str, payload: &'a [u8]) -> Meaning<'a> {
        let waits = |what: What| (direction == Direction::Down && what.is_request()).then_some(DEADLINE);
        if let Some(message) = legacy::read(topic, payload) {
            let request_id = message.mid.and_then(id_text);
            return Meaning { what: message.what, request_id, id_span: None, deadline: waits(message.what) };
        }
        let route = topics::route_of(topic, payload);
        Meaning {
            what: route.what,
            request_id: route.id.and_then(|(start, end)| topic.get(start..end)).map(Cow::Borrowed),
            id_span: route.id,
            deadline: waits(route.what),
        }
    }

    fn summary(&self, _direction: Direction, topic: &str, payload: &[u8]) -> Summary {
        let unpacked = gzip::unpacked(topic, payload);
        let payload = unpacked.as_deref().unwrap_or(payload);
        if topic.starts_with(legacy::ROOT) {
            return bodies::legacy(payload);
        }
        bodies::summary(&self.identity.device_id, topics::route_of(topic, payload).what, payload)
    }

    fn request(&self, asked: &Asked<'_>) -> Option<Request> {
        let what = self.meaning(Direction::Down, asked.topic, asked.payload).what;
        what.is_request().then(|| request::request(what, &self.identity.device_id, asked))
    }

    fn answer_codes(&self, _what: What) -> &'static [(i64, &'static str)] {
        request::CODES
    }

    fn report(&self, _serial: u64, values: &[(Property, Value)], at: Option<WallTime>) -> Option<Draft> {
        let topic = format!("$oc/devices/{}/sys/properties/report", self.identity.device_id);
        Some(Draft::json("property report", What::PropertyReport, topic, &request::report(values, at)))
    }

    fn answer(&self, asked: &Asked<'_>, answer: &Answer<'_>) -> Option<Draft> {
        if asked.topic.starts_with(legacy::ROOT) {
            return legacy::answer(asked.topic, asked.payload, answer);
        }
        let route = topics::route(asked.topic);
        let topic = topics::answer(asked.topic, route.id?)?;
        let (what, subject) = match route.what {
            What::Command => (What::CommandReply, bodies::command_name(asked.payload)),
            What::PropertySet => (What::PropertySetReply, "property set".to_owned()),
            What::PropertyGet => (What::PropertyGetReply, "property get".to_owned()),
            _ => return None,
        };
        let body = request::answer(route.what, asked.payload, answer)?;
        Some(Draft { label: format!("reply to {subject}"), what, topic, qos: Qos::AtLeastOnce, body })
    }

    fn reported(&self, topic: &str, payload: &[u8]) -> Vec<(Property, Value)> {
        let unpacked = gzip::unpacked(topic, payload);
        reported::reported(&self.identity.device_id, topic, unpacked.as_deref().unwrap_or(payload))
    }

    fn drafts(&self, serial: u64) -> Vec<Draft> {
        drafts::drafts(&self.identity.device_id, serial)
    }

    fn told(&self, topic: &str, payload: &[u8]) -> Option<Told> {
        let what = topics::route(topic).what;
        let told: fn(&Map<String, Value>) -> Option<Told> = match what {
            What::Event => functions::told,
            What::Shadow => request::desired,
            _ => return None,
        };
        // What is no JSON object tells nothing.
        let body: Map<String, Value> = serde_json::from_slice(payload).ok()?;
        // What is for a sub-device is not for this one to do.
        if bodies::target(&self.identity.device_id, &body).is_some() { None } else { told(&body) }
    }

    fn acknowledge(&self, asked: &Asked<'_>) -> Option<Draft> {
        let body: Map<String, Value> = serde_json::from_slice(asked.payload).ok()?;
        let event = (topics::route(asked.topic).what == What::Event).then(|| functions::config_update(&body))??;
        Some(request::acknowledge(&self.identity.device_id, &event))
    }

    fn ask_time(&self, serial: u64, at: WallTime) -> Option<Draft> {
        Some(request::ask_time(&self.identity.device_id, serial, at))
    }

    fn version_report(&self, _serial: u64, at: WallTime, module: &str, version: &str) -> Option<Draft> {
        Some(upgrade::version_report(&self.identity.device_id, at, module, version))
    }

    fn upgrade_progress(&self, _serial: u64, at: WallTime, upgrade: &Upgrade, step: UpgradeStep) -> Option<Draft> {
        upgrade::progress(&self.identity.device_id, at, upgrade, step)
    }

    fn upgrade_failures(&self) -> &'static [(i64, &'static str)] {
        upgrade::FAILURES
    }

    fn packed(&self, topic: &str, payload: &[u8]) -> Option<Vec<u8>> {
        gzip::packed(topic, payload)
    }

    fn unpacked(&self, topic: &str, payload: &[u8]) -> Option<Vec<u8>> {
        gzip::unpacked(topic, payload)
    }

    fn model_drafts(&self, model: &Model, serial: u64) -> Vec<Draft> {
        modelled::drafts(&self.identity.device_id, model, serial)
    }

    fn modelled<'m>(&self, model: &'m Model, said: &Said<'_>, body: &Node<'_>) -> Modelled<'m> {
        modelled::modelled(&self.identity.device_id, model, said, body)
    }

    fn limits(&self) -> &'static Limits {
        &LIMITS
    }

    fn explain_connack(&self, code: ConnectReturn, scene: &Scene) -> Advice {
        advice::connack(&self.identity, code, scene)
    }

    fn explain_refused_subscription(&self, filter: &str) -> Advice {
        advice::subscription(&self.identity, filter)
    }

    fn explain_silence(&self, filter: &str) -> Option<String> {
        advice::silence(filter)
    }
}
