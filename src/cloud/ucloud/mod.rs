//! UCloud UIoT-Core.
//!
//! What lives here: its limits and the device as the rest of the program sees it. What may not: another cloud's rules.
//!
//! | file | what lives there |
//! |---|---|
//! | `credentials`, `registration`, `http` | CONNECT; a secret from the product's; what signs a request by HTTP |
//! | `topics` | what a topic means |
//! | `summaries`, `codes` | what messages say in one line, and what the codes in them mean |
//! | `request`, `bodies` | requests taken apart; the bodies of answers and reports |
//! | `reported` | what a device says of its own properties |
//! | `shadow`, `upgrade` | the device shadow; upgrades |
//! | `drafts`, `modelled` | what the composer offers, and where the product's template stands in it |
//! | `spots` | what is a device's or a moment's own |
//! | `advice` | what a refusal or a silence means and what to check |

mod advice;
mod bodies;
mod codes;
mod credentials;
mod drafts;
mod http;
mod modelled;
pub mod registration;
mod reported;
mod request;
mod shadow;
mod spots;
mod summaries;
mod topics;
mod upgrade;

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::{Map, Value};

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
use crate::profile::{Cloud, Subscription, UcloudIdentity};
use crate::secret::Secret;

pub(super) use spots::spots;

pub use credentials::{AuthMode, Login, parse_username};

/// How long the platform waits for the answer to a command or a property set.
const DEADLINE: Duration = Duration::from_secs(5);

/// UCloud's limits. The 256 KB are the packet's; the few bytes of its header are not counted here.
pub static LIMITS: Limits = Limits {
    cloud: "UCloud UIoT",
    qos: Qos::AtLeastOnce,
    retain: false,
    will: false,
    payload: Some(256 * 1024),
    report: None,
    publishes_per_second: Some(30),
    bytes_per_second: Some(1024 * 1024),
    topic_bytes: Some(128),
    topic_slashes: Some(7),
    subscriptions: Some(100),
    keep_alive: 30..=1200,
    own_topics: &["/$system/"],
};

/// A device.
#[derive(Clone, Debug)]
pub struct Device {
    identity: UcloudIdentity,
}

impl Device {
    /// A device of this cloud.
    pub fn new(identity: &UcloudIdentity) -> Self {
        Self { identity: identity.clone() }
    }
}

impl Platform for Device {
    fn cloud(&self) -> Cloud {
        Cloud::Ucloud
    }

    fn credentials(&self, secret: Option<&Secret>, _at: WallTime) -> Credentials {
        credentials::credentials(&self.identity, secret)
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        topics::subscriptions(&self.identity)
    }

    fn meaning<'a>(&self, direction: Direction, topic: &'a str, payload: &'a [u8]) -> Meaning<'a> {
        let route = topics::route(topic);
        let (request_id, id_span) = route.id.read(topic, payload, envelope::uiot_id);
        let waits = direction == Direction::Down && route.what.is_request();
        Meaning { what: route.what, request_id, id_span, deadline: waits.then_some(DEADLINE) }
    }

    fn summary(&self, _direction: Direction, topic: &str, payload: &[u8]) -> Summary {
        summaries::summary(&topics::route(topic), payload)
    }

    fn request(&self, asked: &Asked<'_>) -> Option<Request> {
        let what = Some(topics::route(asked.topic).what).filter(|what| what.is_request())?;
        Some(request::request(what, asked.payload))
    }

    fn answer_codes(&self, _what: What) -> &'static [(i64, &'static str)] {
        request::CODES
    }

    fn report(&self, serial: u64, values: &[(Property, Value)], at: Option<WallTime>) -> Option<Draft> {
        Some(bodies::report(&self.identity, serial, &request::report(values, at)))
    }

    fn answer(&self, asked: &Asked<'_>, answer: &Answer<'_>) -> Option<Draft> {
        let what = topics::route(asked.topic).what;
        let id = envelope::uiot_id(asked.payload).and_then(envelope::id_text);
        let topic = topics::answer(what, asked.topic, id.as_deref())?;
        let (reply, subject) = if what == What::Command {
            let name = request::request(what, asked.payload).name;
            (What::CommandReply, if name.is_empty() { "command".to_owned() } else { name })
        } else {
            (What::PropertySetReply, "property set".to_owned())
        };
        let body = bodies::answer(what, asked.payload, answer.code.unwrap_or(0), answer.output);
        Some(Draft { label: format!("reply to {subject}"), what: reply, topic, qos: Qos::AtLeastOnce, body })
    }

    fn http_authorization(&self, secret: &Secret, body: &[u8]) -> Option<String> {
        Some(http::authorization(secret, body))
    }

    fn reported(&self, topic: &str, payload: &[u8]) -> Vec<(Property, Value)> {
        reported::reported(&self.identity, topic, payload)
    }

    fn drafts(&self, serial: u64) -> Vec<Draft> {
        drafts::drafts(&self.identity, serial)
    }

    fn told(&self, topic: &str, payload: &[u8]) -> Option<Told> {
        let route = topics::route(topic);
        if route.path == "password_reply" {
            return Some(Told::Secret);
        }
        let wanted = match route.path {
            "ota/downstream" => upgrade::told,
            "shadow/downstream" | "shadow/get_reply" => shadow::wanted,
            "tmodel/property/desired/get_reply" => request::desired,
            _ => return None,
        };
        // What is no JSON object tells nothing.
        let body: Map<String, Value> = serde_json::from_slice(payload).ok()?;
        wanted(&body)
    }

    fn version_report(&self, _serial: u64, _at: WallTime, module: &str, version: &str) -> Option<Draft> {
        Some(upgrade::version_report(&self.identity, module, version))
    }

    fn upgrade_progress(&self, _serial: u64, _at: WallTime, upgrade: &Upgrade, step: UpgradeStep) -> Option<Draft> {
        upgrade::progress(&self.identity, upgrade, step)
    }

    fn upgrade_failures(&self) -> &'static [(i64, &'static str)] {
        upgrade::FAILURES
    }

    fn model_drafts(&self, model: &Model, serial: u64) -> Vec<Draft> {
        modelled::drafts(&self.identity, model, serial)
    }

    fn modelled<'m>(&self, model: &'m Model, said: &Said<'_>, body: &Node<'_>) -> Modelled<'m> {
        modelled::modelled(model, said, body)
    }

    fn misfit_code(&self, of: Of, wrong: Wrong, _wanted: Type) -> Option<(i64, &'static str)> {
        modelled::misfit_code(of, wrong)
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
