//! What the platform tells whoever watches it: a person at `standin platform`, or a test.

use std::fmt;

use bytes::Bytes;

use super::request::Outcome;
use crate::mqtt::Qos;

/// One thing that happened at the platform. Texts that came over the wire stand in it as they came: show them through
/// `text::Safe` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The device's name, a plain client's id, or the client id that was sent, where one is known.
    pub device: Option<String>,
    /// What happened.
    pub what: Happening,
}

/// What happened at the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It signed in.
    Online,
    /// It was registered: it has a secret or a token from now on.
    Registered,
    /// Its CONNECT was refused with this return code.
    Refused {
        /// CONNACK's return code.
        code: u8,
        /// Why, in words for a person.
        why: String,
    },
    /// Its connection ended.
    Offline {
        /// Why, in words for a person.
        why: String,
    },
    /// It published.
    Published {
        /// Topic name.
        topic: String,
        /// Payload.
        payload: Bytes,
        /// Quality of service.
        qos: Qos,
        /// RETAIN.
        retain: bool,
        /// DUP.
        dup: bool,
    },
    /// It asked for a subscription.
    Subscribed {
        /// The topic filter.
        filter: String,
        /// The QoS granted; `None`: refused.
        granted: Option<Qos>,
    },
    /// It ended a subscription.
    Unsubscribed {
        /// The topic filter.
        filter: String,
    },
    /// The platform asked it for something.
    Asked {
        /// The request's topic.
        topic: String,
    },
    /// The platform's request ended.
    Ended {
        /// The request's topic.
        topic: String,
        /// How.
        outcome: Outcome,
    },
    /// What a tape has to do with it, in words for a person.
    Tape(String),
    /// Something that the platform let pass or dropped, in words for a person.
    Odd(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.device.as_deref().unwrap_or("somebody"), self.what)
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Online => f.write_str("online"),
            Self::Registered => f.write_str("registered"),
            Self::Refused { code, why } => write!(f, "CONNECT refused ({code}): {why}"),
            Self::Offline { why } => write!(f, "offline: {why}"),
            Self::Published { topic, payload, qos, .. } => {
                write!(f, "published {} bytes on {topic}, QoS {}", payload.len(), qos.number())
            }
            Self::Subscribed { filter, granted: Some(qos) } => {
                write!(f, "subscribed to {filter}, QoS {}", qos.number())
            }
            Self::Subscribed { filter, granted: None } => write!(f, "subscription to {filter} refused"),
            Self::Unsubscribed { filter } => write!(f, "unsubscribed from {filter}"),
            Self::Asked { topic } => write!(f, "was asked on {topic}"),
            Self::Ended { topic, outcome } => match outcome {
                Outcome::Answered { took, .. } => write!(f, "answered {topic} after {} ms", took.as_millis()),
                Outcome::TimedOut => write!(f, "did not answer {topic} in time"),
                Outcome::Sent => write!(f, "was sent {topic}"),
                Outcome::NotSent(why) => write!(f, "was not sent {topic}: {why}"),
            },
            Self::Tape(what) => write!(f, "tape: {what}"),
            Self::Odd(what) => f.write_str(what),
        }
    }
}
