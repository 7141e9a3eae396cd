//! The one currency: what happened, when, to which device session.
//!
//! A session emits events, the console shows them, a tape holds them and `--json` prints them. What lives here: the
//! event as a borrowed view, its time stamps and its JSON. What may not: how events are stored (that is `timeline`) or
//! what a topic means (that is `cloud`).

mod irregular;
pub mod json;
pub mod moment;

use std::time::Duration;

pub use irregular::Irregular;
pub use moment::{Moment, WallTime};

use crate::mqtt::{PacketId, Qos};

/// One thing that happened, as a view into whatever holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event<'a> {
    /// 1, 2, 3 … without a hole in one stream.
    pub seq: u64,
    /// When, by the wall clock.
    pub at: WallTime,
    /// Microseconds since the stream's start; never goes back.
    pub mono_us: u64,
    /// The device's name as the user calls it.
    pub session: &'a str,
    /// What happened.
    pub kind: Kind<'a>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind<'a> {
    /// The line changed its state.
    State(StateChange<'a>),
    /// A message came from the platform.
    Rx(Message<'a>),
    /// A message went to the platform.
    Tx(Message<'a>),
    /// The platform acknowledged a message of ours (PUBACK, or PUBCOMP for QoS 2; for QoS 0 the moment it was written).
    Acked(Acked),
    /// The platform answered a subscription.
    Subscribed(Subscribed<'a>),
    /// The platform confirmed that a subscription ended.
    Unsubscribed {
        /// The topic filter.
        filter: &'a str,
        /// The number of the order that asked for it.
        order: Option<u64>,
    },
    /// Events are missing here.
    Gap {
        /// How many.
        count: u64,
        /// Why.
        reason: &'a str,
    },
    /// A remark: of the person at the keys, of the session about something odd that ended nothing, or of the device's own doings
    /// about what they did or were told.
    Note {
        /// The remark.
        text: &'a str,
        /// The number of the order that was carried out by what the remark says.
        order: Option<u64>,
    },
    /// An order could not be carried out.
    Error(Failure<'a>),
}

/// The states of a device's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LineState {
    /// Dialling: name, TCP, TLS, upgrade or CONNECT.
    Connecting,
    /// CONNACK 0 has come.
    Online,
    /// Waiting before the next attempt.
    Backoff,
    /// Not connected and not about to be.
    #[default]
    Offline,
}

/// A change of the line's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StateChange<'a> {
    /// The state from now on.
    pub state: LineState,
    /// Which attempt this is, or follows: 1, 2, 3 … since the line was last stable.
    pub attempt: u32,
    /// How long until the next attempt, in [`LineState::Backoff`].
    pub retry_in: Option<Duration>,
    /// A stable word for the cause, such as `connack-4` or `tls-untrusted`.
    pub code: Option<&'a str>,
    /// The cause in words for a person.
    pub reason: Option<&'a str>,
    /// What to try.
    pub hint: Option<&'a str>,
    /// The number of the order that asked for the change.
    pub order: Option<u64>,
}

/// A PUBLISH that came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Message<'a> {
    /// The topic name, as it stands in the packet.
    pub topic: &'a str,
    /// The quality of service of this packet.
    pub qos: Qos,
    /// The RETAIN flag.
    pub retain: bool,
    /// The DUP flag: this is a re-delivery.
    pub dup: bool,
    /// The packet identifier, for QoS 1 and 2.
    pub packet_id: Option<PacketId>,
    /// The payload, byte for byte.
    pub payload: &'a [u8],
    /// What the topic means to the cloud.
    pub what: What,
    /// The identifier that ties a request to its reply.
    pub request_id: Option<&'a str>,
    /// How long the platform waits for the answer to this request.
    pub deadline_ms: Option<u32>,
    /// For a reply: how long after its request.
    pub took_ms: Option<u32>,
    /// The number of the order that sent it.
    pub order: Option<u64>,
    /// What of the device's own doings sent it ("rule NAME", "simulator NAME"); `None`: a person, or an order.
    pub by: Option<&'a str>,
    /// For a reply: what is out of order about it.
    pub irregular: Irregular,
}

/// What a message is, in the clouds' words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum What {
    /// A command or service call to the device.
    Command,
    /// The device's answer to a command.
    CommandReply,
    /// The device reports its properties.
    PropertyReport,
    /// The platform writes properties.
    PropertySet,
    /// The device's answer to a property set.
    PropertySetReply,
    /// The platform reads properties.
    PropertyGet,
    /// The device's answer to a property get.
    PropertyGetReply,
    /// A free message of the cloud's own message topics.
    Message,
    /// An event of the product's model.
    Event,
    /// The device shadow or desired values.
    Shadow,
    /// The platform's answer to something the device sent.
    Reply,
    /// A firmware upgrade's dialogue.
    Ota,
    /// A message to every device of a product.
    Broadcast,
    /// Another of the cloud's system topics.
    System,
    /// A topic of the user's own.
    #[default]
    Custom,
}

/// An acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acked {
    /// The message's packet identifier; `None` for QoS 0, which is done when written.
    pub packet_id: Option<PacketId>,
    /// How long after the message was sent.
    pub took: Duration,
    /// The number of the order that sent it.
    pub order: Option<u64>,
}

/// The platform's answer to one topic filter of a SUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribed<'a> {
    /// The topic filter.
    pub filter: &'a str,
    /// The quality of service asked for.
    pub asked: Qos,
    /// The quality of service granted; `None` when refused.
    pub granted: Option<Qos>,
    /// What the answer means where that is not plain: a lower grant, a refusal.
    pub reason: Option<&'a str>,
    /// The number of the order that asked for it.
    pub order: Option<u64>,
}

/// An order that could not be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// A stable word, such as `offline`, `guard`, `request-unknown`.
    pub code: &'a str,
    /// What happened, in words for a person.
    pub reason: &'a str,
    /// What to try.
    pub hint: Option<&'a str>,
    /// The number of the order.
    pub order: Option<u64>,
}

impl Event<'_> {
    /// Whether it says no more than that all goes as it should, or what stands elsewhere: a subscription that the session made
    /// by itself and that was granted as asked for, an acknowledgement, another attempt to connect (announced before, with its
    /// time).
    pub fn is_routine(&self) -> bool {
        match &self.kind {
            Kind::Acked(_) => true,
            Kind::Subscribed(answer) => answer.order.is_none() && answer.granted == Some(answer.asked),
            Kind::State(change) => change.state == LineState::Connecting && change.attempt > 1,
            _ => false,
        }
    }
}

impl Kind<'_> {
    /// The contract's word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::State(_) => "state",
            Self::Rx(_) => "rx",
            Self::Tx(_) => "tx",
            Self::Acked(_) => "acked",
            Self::Subscribed(_) => "subscribed",
            Self::Unsubscribed { .. } => "unsubscribed",
            Self::Gap { .. } => "gap",
            Self::Note { .. } => "note",
            Self::Error(_) => "error",
        }
    }
}

impl LineState {
    /// All of them, in the order of their discriminants.
    pub const ALL: [Self; 4] = [Self::Connecting, Self::Online, Self::Backoff, Self::Offline];

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// The contract's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Online => "online",
            Self::Backoff => "backoff",
            Self::Offline => "offline",
        }
    }
}

impl What {
    /// All of them, in the order of their discriminants.
    pub const ALL: [Self; 15] = [
        Self::Command,
        Self::CommandReply,
        Self::PropertyReport,
        Self::PropertySet,
        Self::PropertySetReply,
        Self::PropertyGet,
        Self::PropertyGetReply,
        Self::Message,
        Self::Event,
        Self::Shadow,
        Self::Reply,
        Self::Ota,
        Self::Broadcast,
        Self::System,
        Self::Custom,
    ];

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.word() == word)
    }

    /// The contract's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::CommandReply => "command-reply",
            Self::PropertyReport => "property-report",
            Self::PropertySet => "property-set",
            Self::PropertySetReply => "property-set-reply",
            Self::PropertyGet => "property-get",
            Self::PropertyGetReply => "property-get-reply",
            Self::Message => "message",
            Self::Event => "event",
            Self::Shadow => "shadow",
            Self::Reply => "reply",
            Self::Ota => "ota",
            Self::Broadcast => "broadcast",
            Self::System => "system",
            Self::Custom => "custom",
        }
    }

    /// Whether this asks the device for an answer, given that it came from the platform.
    pub fn is_request(self) -> bool {
        matches!(self, Self::Command | Self::PropertySet | Self::PropertyGet)
    }

    /// Whether this answers a request of the platform.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::CommandReply | Self::PropertySetReply | Self::PropertyGetReply)
    }
}
