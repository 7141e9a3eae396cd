//! A plain MQTT broker: no words of its own, nothing made, nothing refused.
//!
//! What lives here: the identity as it stands in the config, and what the codes of MQTT itself mean. What may not: a
//! cloud's rules.

use serde_json::Value;

use super::line::Body;
use super::refusal::{self, with_clock};
use super::{
    Advice, Answer, Asked, Credentials, Direction, Draft, Limits, Meaning, Platform, Property, Request, Scene, Summary,
};
use crate::event::{WallTime, What};
use crate::mqtt::Qos;
use crate::mqtt::packet::ConnectReturn;
use crate::profile::{Cloud, MqttIdentity, Subscription};
use crate::secret::Secret;

/// The name in sentences.
const BROKER: &str = "the broker";

/// What MQTT itself allows.
pub static LIMITS: Limits = Limits {
    cloud: BROKER,
    qos: Qos::ExactlyOnce,
    retain: true,
    will: true,
    payload: None,
    report: None,
    publishes_per_second: None,
    bytes_per_second: None,
    topic_bytes: None,
    topic_slashes: None,
    subscriptions: None,
    keep_alive: 0..=u16::MAX,
    own_topics: &[],
};

/// A client.
#[derive(Clone, Debug)]
pub struct Device {
    identity: MqttIdentity,
}

impl Device {
    /// A client of a plain broker.
    pub fn new(identity: &MqttIdentity) -> Self {
        Self { identity: identity.clone() }
    }
}

impl Platform for Device {
    fn cloud(&self) -> Cloud {
        Cloud::Mqtt
    }

    fn credentials(&self, secret: Option<&Secret>, _at: WallTime) -> Credentials {
        Credentials {
            client_id: self.identity.client_id.clone(),
            username: self.identity.username.clone(),
            password: secret.cloned(),
            will: self.identity.will.clone(),
        }
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        Vec::new()
    }

    fn meaning<'a>(&self, _direction: Direction, _topic: &'a str, _payload: &'a [u8]) -> Meaning<'a> {
        Meaning::default()
    }

    fn summary(&self, _direction: Direction, _topic: &str, payload: &[u8]) -> Summary {
        Summary::detail(Body::read(payload).words())
    }

    fn request(&self, _asked: &Asked<'_>) -> Option<Request> {
        None
    }

    fn answer(&self, _asked: &Asked<'_>, _answer: &Answer<'_>) -> Option<Draft> {
        None
    }

    fn answer_codes(&self, _what: What) -> &'static [(i64, &'static str)] {
        &[]
    }

    fn report(&self, _serial: u64, _values: &[(Property, Value)], _at: Option<WallTime>) -> Option<Draft> {
        None
    }

    fn drafts(&self, _serial: u64) -> Vec<Draft> {
        vec![Draft {
            label: "message".to_owned(),
            what: What::Custom,
            topic: "standin/hello".to_owned(),
            qos: Qos::AtMostOnce,
            body: super::pretty(&serde_json::json!({ "hello": 1 })),
        }]
    }

    fn limits(&self) -> &'static Limits {
        &LIMITS
    }

    fn explain_connack(&self, code: ConnectReturn, scene: &Scene) -> Advice {
        let (reason, hint) = match code {
            ConnectReturn::Accepted => return refusal::accepted(),
            ConnectReturn::UnacceptableProtocolVersion => return refusal::version(BROKER),
            ConnectReturn::ServerUnavailable => return refusal::unavailable(BROKER),
            ConnectReturn::IdentifierRejected => (
                "the broker refuses the client id",
                "check client_id: brokers may limit it to 23 letters and digits, and an empty one needs \
                 clean_session = true",
            ),
            ConnectReturn::BadUserNameOrPassword => {
                ("the broker refuses the user name or password", "check username and password")
            }
            ConnectReturn::NotAuthorized => (
                "the broker does not authorise this client",
                "check username, password and the broker's access rules for this client id",
            ),
        };
        Advice { reason: reason.to_owned(), hint: with_clock(hint.to_owned(), scene) }
    }

    fn explain_refused_subscription(&self, filter: &str) -> Advice {
        Advice {
            reason: format!("the broker refuses the subscription to {filter}"),
            hint: "check the broker's access rules for this user and topic filter".to_owned(),
        }
    }

    fn explain_silence(&self, filter: &str) -> Option<String> {
        filter
            .starts_with(['+', '#'])
            .then(|| "a filter that begins with a wildcard does not cover topics that begin with $".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::mqtt::packet::Will;

    fn device() -> Device {
        Device::new(&MqttIdentity {
            client_id: "meter | 7".to_owned(),
            username: Some("user".to_owned()),
            password: None,
            will: Some(Will { topic: "gone".to_owned(), payload: Bytes::new(), qos: Qos::ExactlyOnce, retain: true }),
        })
    }

    #[test]
    fn credentials_go_as_they_stand() {
        let connect = device().credentials(Some(&Secret::new("pass")), WallTime::default());
        assert_eq!(connect.client_id, "meter | 7");
        assert_eq!(connect.username.as_deref(), Some("user"));
        assert_eq!(connect.password.as_ref().map(Secret::reveal), Some("pass"));
        assert!(connect.will.is_some_and(|will| will.retain && will.topic == "gone"));
    }

    #[test]
    fn every_topic_is_the_users_own() {
        let meaning = device().meaning(Direction::Down, "$oc/devices/d/sys/commands/request_id=1", b"{\"id\":1}");
        assert_eq!(meaning, Meaning::default());
        assert_eq!(meaning.what, What::Custom);
        let asked = Asked { topic: "/sys/pk/dn/thing/service/x", payload: b"{}" };
        assert_eq!(device().reply(&asked, None), None);
        assert_eq!(device().summary(Direction::Up, "t", br#"{"a":1}"#).detail, "a=1");
    }

    #[test]
    fn refusals_have_words() {
        for (code, reason, hint) in [
            (ConnectReturn::UnacceptableProtocolVersion, "3.1.1", "host"),
            (ConnectReturn::IdentifierRejected, "client id", "client_id"),
            (ConnectReturn::ServerUnavailable, "unavailable", "later"),
            (ConnectReturn::BadUserNameOrPassword, "password", "username"),
            (ConnectReturn::NotAuthorized, "authorise", "rules"),
        ] {
            let advice = device().explain_connack(code, &Scene::default());
            assert!(advice.reason.contains(reason) && advice.hint.contains(hint), "{advice:?}");
        }
        assert!(device().explain_refused_subscription("a/#").reason.contains("a/#"));
        assert!(device().explain_silence("#").is_some() && device().explain_silence("a/#").is_none());
    }
}
