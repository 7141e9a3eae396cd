//! Registering a device that has no secret yet, or does not know its platform's address.
//!
//! What lives here: what the three clouds' registrations by MQTT have in common, and what they come to. What may not: a cloud's
//! own texts (they are in its folder's `registration`), and doing it (that is `session::registration`). A registration
//! never becomes an event: its messages hold the device's secret.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{Advice, Credentials, aliyun, huawei, line, ucloud};
use crate::event::WallTime;
use crate::mqtt::packet::ConnectReturn;
use crate::profile::{AliyunMethod, Identity, Profile, Registration, Subscription};
use crate::secret::Secret;

/// A registration by MQTT: what goes out, and how the answer is read.
#[derive(Debug)]
pub struct Exchange {
    /// What CONNECT carries.
    pub credentials: Credentials,
    /// What has to be asked once CONNECT is accepted; `None`: the platform speaks by itself.
    pub question: Option<Question>,
    cloud: Desk,
}

/// What a device asks of the platform's registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where the answer comes.
    pub answer: Subscription,
    /// Where the question goes, with QoS 0.
    pub topic: String,
    /// The question; it holds no secret.
    pub body: String,
}

/// What a registration gave.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Obtained {
    /// The device's own secret.
    pub secret: Option<Secret>,
    /// Aliyun's token, for a device that the platform made.
    pub token: Option<Token>,
    /// Huawei: where the platform listens, `host:port`.
    pub address: Option<String>,
    /// Huawei: what the product has for its devices to begin with, as JSON; it may hold anything.
    pub init_config: Option<Secret>,
}

/// What an Aliyun device signs in with that the platform made when it registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The part of the client id before the bar.
    pub client_id: String,
    /// The password.
    pub device_token: Secret,
}

/// The platform's application says no, or nothing that can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// Its code, where it gave one.
    pub code: Option<i64>,
    /// Its own words, or ours; never a part of an answer that could hold a secret.
    pub message: String,
}

/// Whose answer it is, and for whom.
#[derive(Debug)]
enum Desk {
    Huawei { answers: String },
    Aliyun { product_key: String, device_name: String },
    Ucloud { answers: String },
}

/// The registration by MQTT of `profile`, at `at`. `material` is what it registers with: the group's, the product's or, for a
/// Huawei device that has one, its own secret; `None`: a client certificate. `random` is Aliyun's nonce. `None` where the
/// device has nothing to register with, or `method` goes another way.
pub fn exchange(
    profile: &Profile,
    method: AliyunMethod,
    material: Option<&Secret>,
    at: WallTime,
    random: &str,
) -> Option<Exchange> {
    match (&profile.identity, profile.registration.as_ref()?) {
        (Identity::Huawei(device), Registration::Huawei(bootstrap)) => Some(Exchange {
            credentials: huawei::registration::credentials(device, bootstrap, material, at),
            question: huawei::registration::question(&device.device_id, bootstrap),
            cloud: Desk::Huawei { answers: huawei::registration::answers(&device.device_id) },
        }),
        (Identity::Aliyun(device), Registration::Aliyun(registration)) => Some(Exchange {
            credentials: aliyun::registration::credentials(device, registration, method, material?, random)?,
            question: None,
            cloud: Desk::Aliyun { product_key: device.product_key.clone(), device_name: device.device_name.clone() },
        }),
        (Identity::Ucloud(device), Registration::Ucloud(_)) => Some(Exchange {
            credentials: ucloud::registration::credentials(device, material?),
            question: ucloud::registration::question(device),
            cloud: Desk::Ucloud { answers: ucloud::registration::answers(device) },
        }),
        _ => None,
    }
}

impl Exchange {
    /// What a message of the platform is for the registration; `None`: something else, which is passed over.
    pub fn read(&self, topic: &str, payload: &[u8]) -> Option<Result<Obtained, Declined>> {
        match &self.cloud {
            Desk::Huawei { answers } => (topic == answers).then(|| huawei::registration::read(payload)),
            Desk::Aliyun { product_key, device_name } => {
                let pushed = aliyun::registration::PUSHES.contains(&topic);
                pushed.then(|| aliyun::registration::read_push(payload, product_key, device_name))
            }
            Desk::Ucloud { answers } => (topic == answers).then(|| ucloud::registration::read(payload)),
        }
    }

    /// What a refused CONNECT means here and what to check.
    pub fn explain_connack(&self, code: ConnectReturn) -> Advice {
        match &self.cloud {
            Desk::Huawei { .. } => huawei::registration::connack(code),
            Desk::Aliyun { .. } => aliyun::registration::connack(code),
            Desk::Ucloud { .. } => ucloud::registration::connack(code),
        }
    }
}

impl Declined {
    /// An answer that is not of the documented form; `what` says in which way.
    pub(super) fn unreadable(what: &str) -> Self {
        Self { code: None, message: format!("the platform's answer cannot be read: {what}") }
    }

    /// A code with the platform's own words, cut to one line.
    pub(super) fn told(code: i64, message: Option<&Value>) -> Self {
        let message = message.and_then(Value::as_str).filter(|words| !words.is_empty());
        Self { code: Some(code), message: line::bounded(message.unwrap_or("it says no more")) }
    }
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "the platform declined with code {code}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Declined {}

impl Token {
    /// The token as a text that [`Token::parse`] reads: JSON, in which the documents' names stand.
    pub fn to_json(&self) -> Secret {
        let mut object = Map::new();
        object.insert("clientId".to_owned(), self.client_id.clone().into());
        object.insert("deviceToken".to_owned(), self.device_token.reveal().into());
        let text = Zeroizing::new(Value::Object(object).to_string());
        Secret::new(text.as_str())
    }

    /// Reads a token back; other members may stand beside the two. `None` when it has not that form, or when its client id would
    /// break out of CONNECT's.
    pub fn parse(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        Self::of(value.as_object()?)
    }

    /// The token that an answer holds.
    pub(super) fn of(object: &Map<String, Value>) -> Option<Self> {
        let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let client_id = text("clientId").filter(|id| !id.contains(['|', ',', '\0']))?;
        Some(Self { client_id: client_id.to_owned(), device_token: Secret::new(text("deviceToken")?) })
    }
}

/// The object that an answer is.
pub(super) fn object(payload: &[u8]) -> Result<Map<String, Value>, Declined> {
    match serde_json::from_slice(payload) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Declined::unreadable("it is JSON, but no object")),
        // The parser's own words could quote the answer.
        Err(_) => Err(Declined::unreadable("it is no JSON")),
    }
}

/// A secret of an answer.
pub(super) fn secret(object: &Map<String, Value>, key: &str) -> Option<Secret> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Secret::new)
}
