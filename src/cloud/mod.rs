//! What each platform asks of a device: credentials, subscriptions, the meaning of topics, replies, limits, and what a
//! refusal means in words.
//!
//! One folder a cloud (`plain`, a broker without words of its own, is one file). What all share is beside them:
//!
//! | file | what lives there |
//! |---|---|
//! | `defaults`, `identifiers` | for the config: what a device is without further words, and whether its names can be |
//! | `registration`, `signing` | obtaining a device's secret; keyed hashes |
//! | `envelope`, `line` | payloads: the request's id in them, and what they say in one line |
//! | `request`, `properties`, `told` | what a device has to act on |
//! | `guard` | what a cloud would not take |
//! | `modelled` | what the product's model says of a message |
//! | `spoil` | answers with a fault on purpose |
//! | `transfer` | a recorded message made that of another device |
//! | `refusal`, `clock` | words that the clouds share |
//!
//! Nothing here does I/O or reads a clock: the time of an attempt is an argument, so that every signature is a table test.

pub mod aliyun;
pub mod clock;
pub mod defaults;
mod envelope;
pub mod guard;
pub mod huawei;
mod identifiers;
mod line;
pub mod modelled;
pub mod plain;
mod properties;
mod refusal;
pub mod registration;
mod request;
mod signing;
pub mod spoil;
#[cfg(test)]
mod tests;
mod told;
pub mod transfer;
pub mod ucloud;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::event::{WallTime, What};
use crate::model::json::Node;
use crate::model::{Model, Type, Wrong};
use crate::mqtt::packet::{ConnectReturn, Will};
use crate::mqtt::{Qos, TopicFilter};
use crate::profile::{
    AliyunIdentity, AliyunTimestamp, Cloud, HuaweiIdentity, Identity, MqttIdentity, Profile, SecretSource, SignMethod,
    SignType, SubDevice, Subscription, Transport, UcloudIdentity,
};
use crate::secret::Secret;

use modelled::{Modelled, Of, Said};

pub use properties::{Current, Properties, Property, weight, weight_of};
pub use request::{Answer, Request};
pub use told::{Told, Upgrade, UpgradeStep, clock_offset_us};

/// What [`Platform::unpacked`] answers is no longer than this, in bytes: a few bytes can unpack to gigabytes.
pub const LONGEST_UNPACKED: usize = 1 << 20;

/// A device as its cloud sees it.
pub trait Platform: Send + Sync + Debug {
    /// Which cloud it is.
    fn cloud(&self) -> Cloud;

    /// What CONNECT carries for an attempt at `at`. Never cache it: time-stamped signatures expire.
    fn credentials(&self, secret: Option<&Secret>, at: WallTime) -> Credentials;

    /// The value of the header `Authorization` of a request by HTTP with exactly `body`; `None` where the cloud takes no requests
    /// that a device signs so.
    fn http_authorization(&self, secret: &Secret, body: &[u8]) -> Option<String> {
        let _ = (secret, body);
        None
    }

    /// What the cloud wants a device to subscribe to at connect.
    fn subscriptions(&self) -> Vec<Subscription>;

    /// What a message is. Cheap: looks into the payload only where the cloud keeps the request id there.
    fn meaning<'a>(&self, direction: Direction, topic: &'a str, payload: &'a [u8]) -> Meaning<'a>;

    /// What a message says, for one row of the screen: made for visible rows only.
    fn summary(&self, direction: Direction, topic: &str, payload: &[u8]) -> Summary;

    /// A request taken apart; `None` when `asked` is no request of this cloud. A body that is not of the documented form gives
    /// what can be made out of it.
    fn request(&self, asked: &Asked<'_>) -> Option<Request>;

    /// The answer to a request, with the right topic, request id and body; `None` when `asked` is no request of this cloud.
    fn answer(&self, asked: &Asked<'_>, answer: &Answer<'_>) -> Option<Draft>;

    /// The answer to a request with that code (success when absent) and the cloud's own example of a body.
    fn reply(&self, asked: &Asked<'_>, code: Option<i64>) -> Option<Draft> {
        self.answer(asked, &Answer { code, ..Answer::default() })
    }

    /// The codes that an answer to a request of kind `what` can carry, each with the cloud's words: success first.
    fn answer_codes(&self, what: What) -> &'static [(i64, &'static str)];

    /// A report of `values`; `None` where the cloud has no reports. The values are taken at `at`, where that is given.
    fn report(&self, serial: u64, values: &[(Property, Value)], at: Option<WallTime>) -> Option<Draft>;

    /// The values of its own properties that a message of the device reports as current; empty for every other message.
    fn reported(&self, topic: &str, payload: &[u8]) -> Vec<(Property, Value)> {
        let _ = (topic, payload);
        Vec::new()
    }

    /// What a message of the platform tells the device beside requests; `None`: nothing that calls for more than showing it.
    fn told(&self, topic: &str, payload: &[u8]) -> Option<Told> {
        let _ = (topic, payload);
        None
    }

    /// The acknowledgement of a [`Told::Order`], where the cloud wants one.
    fn acknowledge(&self, asked: &Asked<'_>) -> Option<Draft> {
        let _ = asked;
        None
    }

    /// The body to send instead of `payload` on a topic that says its bodies are packed; `None`: it goes as it is.
    fn packed(&self, topic: &str, payload: &[u8]) -> Option<Vec<u8>> {
        let _ = (topic, payload);
        None
    }

    /// The body of a message that is packed, for looking at, up to [`LONGEST_UNPACKED`]; `None`: it is not.
    fn unpacked(&self, topic: &str, payload: &[u8]) -> Option<Vec<u8>> {
        let _ = (topic, payload);
        None
    }

    /// The question for the platform's time, asked at `at`; `None` where the cloud has none.
    fn ask_time(&self, serial: u64, at: WallTime) -> Option<Draft> {
        let _ = (serial, at);
        None
    }

    /// What tells the platform that `module` is at `version`; `None` where the cloud has no upgrades.
    fn version_report(&self, serial: u64, at: WallTime, module: &str, version: &str) -> Option<Draft> {
        let _ = (serial, at, module, version);
        None
    }

    /// What tells the platform how far an upgrade has come; `None` where the cloud has no message for that step.
    fn upgrade_progress(&self, serial: u64, at: WallTime, upgrade: &Upgrade, step: UpgradeStep) -> Option<Draft> {
        let _ = (serial, at, upgrade, step);
        None
    }

    /// The codes with which an upgrade can fail, each with the cloud's words.
    fn upgrade_failures(&self) -> &'static [(i64, &'static str)] {
        &[]
    }

    /// What the composer offers: the cloud's report first, then its other topics, each with a body to start from.
    ///
    /// `serial` makes the bodies' ids, so that an answer finds its question: give a number that this device did not use
    /// before, such as the milliseconds of the wall clock.
    fn drafts(&self, serial: u64) -> Vec<Draft>;

    /// What the composer offers besides for the devices behind a gateway, signed with their secrets; each takes the place of the
    /// drafts of [`Platform::drafts`] for its topic. `serial` as there: it is the time that is signed.
    fn sub_device_drafts(&self, serial: u64, sub_devices: &[(SubDevice, Secret)]) -> Vec<Draft> {
        let _ = (serial, sub_devices);
        Vec::new()
    }

    /// What the composer offers for a product of that model before [`Platform::drafts`]: its reports and events, filled in with
    /// examples. `serial` as there.
    fn model_drafts(&self, model: &Model, serial: u64) -> Vec<Draft> {
        let _ = (model, serial);
        Vec::new()
    }

    /// Which parts of a message of the device, whose body is `body`, the model describes. For [`modelled::findings`] and
    /// [`modelled::form`].
    fn modelled<'m>(&self, model: &'m Model, said: &Said<'_>, body: &Node<'_>) -> Modelled<'m> {
        let _ = (model, said, body);
        Modelled::default()
    }

    /// The code that a value earns which is wrong in that way, where a value of the type `wanted` stands in the model, and the
    /// cloud's words for it; `None`: the cloud says nothing.
    fn misfit_code(&self, of: Of, wrong: Wrong, wanted: Type) -> Option<(i64, &'static str)> {
        let _ = (of, wrong, wanted);
        None
    }

    /// The cloud's limits.
    fn limits(&self) -> &'static Limits;

    /// What a refused CONNECT means here and what to check.
    fn explain_connack(&self, code: ConnectReturn, scene: &Scene) -> Advice;

    /// What a refused subscription means here and what to check.
    fn explain_refused_subscription(&self, filter: &str) -> Advice;

    /// Where a granted subscription may stay silent all the same, and why.
    fn explain_silence(&self, filter: &str) -> Option<String>;
}

/// The platform of a device.
pub fn platform(profile: &Profile) -> Box<dyn Platform> {
    match &profile.identity {
        Identity::Huawei(device) => Box::new(huawei::Device::new(device)),
        Identity::Aliyun(device) => Box::new(aliyun::Device::new(device, profile.endpoint.transport)),
        Identity::Ucloud(device) => Box::new(ucloud::Device::new(device)),
        Identity::Mqtt(device) => Box::new(plain::Device::new(device)),
    }
}

/// The platform of a device of which only the cloud and the public identifiers are known (by the config's keys, as on a tape): it
/// tells what messages mean, and cannot sign in.
pub fn observed(cloud: Cloud, identifiers: &BTreeMap<String, String>) -> Box<dyn Platform> {
    let of = |key: &str| identifiers.get(key).cloned().unwrap_or_default();
    let nothing = || SecretSource::Inline(Secret::new(String::new()));
    match cloud {
        Cloud::Huawei => Box::new(huawei::Device::new(&HuaweiIdentity {
            device_id: of("device_id"),
            secret: None,
            sign_type: SignType::default(),
        })),
        Cloud::Aliyun => {
            let device = AliyunIdentity {
                product_key: of("product_key"),
                device_name: of("device_name"),
                secret: nothing(),
                client_id: of("client_id"),
                sign_method: SignMethod::default(),
                timestamp: AliyunTimestamp::default(),
                ext: None,
                is_token: false,
            };
            Box::new(aliyun::Device::new(&device, Transport::default()))
        }
        Cloud::Ucloud => Box::new(ucloud::Device::new(&UcloudIdentity {
            product_sn: of("product_sn"),
            device_sn: of("device_sn"),
            secret: nothing(),
        })),
        Cloud::Mqtt => Box::new(plain::Device::new(&MqttIdentity {
            client_id: of("client_id"),
            username: None,
            password: None,
            will: None,
        })),
    }
}

/// What CONNECT carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The client id.
    pub client_id: String,
    /// The user name.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// The will message (plain brokers only).
    pub will: Option<Will>,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the platform to the device.
    Down,
    /// From the device to the platform.
    Up,
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Meaning<'a> {
    /// Its kind.
    pub what: What,
    /// The identifier that ties request and reply.
    pub request_id: Option<Cow<'a, str>>,
    /// The bytes of the topic that are a request's own (its id), to be folded where topics are counted: the first, and
    /// the one after the last.
    pub id_span: Option<(usize, usize)>,
    /// How long the platform waits for an answer.
    pub deadline: Option<Duration>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Summary {
    /// What it is about: a command's name, empty where the kind says it all.
    pub name: String,
    /// The rest: parameters, properties and values, a code and its meaning.
    pub detail: String,
    /// Whether it tells of a failure (a code other than success).
    pub failed: bool,
}

/// A request of the platform, as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The topic it came on.
    pub topic: &'a str,
    /// Its payload.
    pub payload: &'a [u8],
}

/// A message to start composing from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it is, for a list: "property report".
    pub label: String,
    /// Its kind.
    pub what: What,
    /// The topic.
    pub topic: String,
    /// The quality of service.
    pub qos: Qos,
    /// The body, pretty where it is JSON.
    pub body: String,
}

/// A cloud's limits; `None`: it sets none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The cloud's name, for the reason of a refusal.
    pub cloud: &'static str,
    /// The highest quality of service.
    pub qos: Qos,
    /// Whether RETAIN is taken.
    pub retain: bool,
    /// Whether a will message is taken.
    pub will: bool,
    /// The largest payload, in bytes.
    pub payload: Option<usize>,
    /// The largest property report, in bytes.
    pub report: Option<usize>,
    /// Publishes a second on one connection.
    pub publishes_per_second: Option<u32>,
    /// Published bytes a second on one connection.
    pub bytes_per_second: Option<u64>,
    /// The longest topic, in bytes.
    pub topic_bytes: Option<usize>,
    /// Slashes in a topic.
    pub topic_slashes: Option<usize>,
    /// Subscriptions on one connection.
    pub subscriptions: Option<usize>,
    /// Keep-alive, in seconds.
    pub keep_alive: RangeInclusive<u16>,
    /// How the cloud's own topics begin. The limits on topics are meant for the product's own; the cloud's may be longer.
    pub own_topics: &'static [&'static str],
}

/// What is known about an attempt that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Scene {
    /// The platform's clock minus ours, in microseconds, from the `Date` of the upgrade's answer (whole seconds).
    pub clock_offset_us: Option<i64>,
    /// The keep-alive that CONNECT asked for.
    pub keep_alive: u16,
    /// The time that its credentials were made for, by our clock.
    pub at: WallTime,
}

/// Words for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What happened.
    pub reason: String,
    /// What to check.
    pub hint: String,
}

impl Summary {
    /// A message that has no name of its own.
    fn detail(detail: String) -> Self {
        Self { detail, ..Self::default() }
    }
}

impl Draft {
    /// A JSON body at QoS 1, which every cloud of ours takes.
    fn json(label: impl Into<String>, what: What, topic: String, body: &impl Serialize) -> Self {
        Self { label: label.into(), what, topic, qos: Qos::AtLeastOnce, body: pretty(body) }
    }
}

impl Limits {
    /// Whether `topic`, a name or a filter, is one of the cloud's own rather than the product's.
    pub fn is_own(&self, topic: &str) -> bool {
        // Huawei keeps the product's topics in its own tree, below `$oc/devices/{device id}/user/`.
        let products = topic.starts_with("$oc/devices/") && topic.contains("/user/");
        !products && self.own_topics.iter().any(|own| topic.starts_with(own))
    }
}

/// A subscription to `filter`; `None` where an identifier makes it no topic filter, which the config refuses
/// (`defaults::identifier_faults`).
fn subscription(filter: String, qos: Qos) -> Option<Subscription> {
    TopicFilter::new(filter).ok().map(|filter| Subscription { filter, qos })
}

/// JSON for a person to edit.
fn pretty(body: &impl Serialize) -> String {
    // Our own bodies have text for keys and are written to memory: there is nothing that could fail.
    serde_json::to_string_pretty(body).unwrap_or_default()
}
