//! MQTT 3.1.1 control packets in our own types, so that the codec behind them can be exchanged.

use std::num::NonZeroU16;

use bytes::Bytes;

use crate::secret::Secret;

/// A quality of service level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Qos {
    /// QoS 0.
    #[default]
    AtMostOnce,
    /// QoS 1.
    AtLeastOnce,
    /// QoS 2.
    ExactlyOnce,
}

/// A packet identifier: 1 to 65,535 (MQTT-2.3.1-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId(NonZeroU16);

/// Any control packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A client asks for a connection.
    Connect(Box<Connect>),
    /// The server answers CONNECT.
    Connack(Connack),
    /// An application message.
    Publish(Publish),
    /// Acknowledges a QoS 1 PUBLISH.
    Puback(PacketId),
    /// First answer to a QoS 2 PUBLISH.
    Pubrec(PacketId),
    /// Answer to PUBREC.
    Pubrel(PacketId),
    /// Ends a QoS 2 exchange.
    Pubcomp(PacketId),
    /// Asks for subscriptions.
    Subscribe(Subscribe),
    /// Answers SUBSCRIBE: one code a filter, in the order asked.
    Suback(Suback),
    /// Ends subscriptions.
    Unsubscribe(Unsubscribe),
    /// Answers UNSUBSCRIBE.
    Unsuback(PacketId),
    /// Keep-alive.
    Pingreq,
    /// Answers PINGREQ.
    Pingresp,
    /// The client leaves in order.
    Disconnect,
}

/// CONNECT (level 4).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Connect {
    /// The client identifier, sent exactly as it stands.
    pub client_id: String,
    /// The user name.
    pub username: Option<String>,
    /// The password; needs a user name (MQTT-3.1.2-22).
    pub password: Option<Secret>,
    /// The will message.
    pub will: Option<Will>,
    /// CleanSession.
    pub clean_session: bool,
    /// Keep-alive in seconds; 0 switches it off.
    pub keep_alive: u16,
}

/// The will message of a CONNECT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    /// The will topic.
    pub topic: String,
    /// The will message.
    pub payload: Bytes,
    /// Its quality of service.
    pub qos: Qos,
    /// Whether it is retained.
    pub retain: bool,
}

/// CONNACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connack {
    /// Whether the server holds state of an earlier session.
    pub session_present: bool,
    /// The return code.
    pub code: ConnectReturn,
}

/// The return codes of CONNACK (section 3.2.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectReturn {
    /// 0: accepted.
    Accepted,
    /// 1: the server does not take this protocol level.
    UnacceptableProtocolVersion,
    /// 2: the client identifier is not allowed.
    IdentifierRejected,
    /// 3: the MQTT service is unavailable.
    ServerUnavailable,
    /// 4: user name or password are malformed.
    BadUserNameOrPassword,
    /// 5: not authorised.
    NotAuthorized,
}

/// PUBLISH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// This is a re-delivery.
    pub dup: bool,
    /// The quality of service.
    pub qos: Qos,
    /// RETAIN.
    pub retain: bool,
    /// The topic name.
    pub topic: String,
    /// The packet identifier, for QoS 1 and 2 only.
    pub packet_id: Option<PacketId>,
    /// The payload.
    pub payload: Bytes,
}

/// SUBSCRIBE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// Ties the answer to this packet.
    pub packet_id: PacketId,
    /// At least one topic filter with the QoS asked for.
    pub filters: Vec<(String, Qos)>,
}

/// SUBACK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suback {
    /// The identifier of the SUBSCRIBE.
    pub packet_id: PacketId,
    /// One answer a filter: the QoS granted, or `None` for 0x80.
    pub granted: Vec<Option<Qos>>,
}

/// UNSUBSCRIBE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Ties the answer to this packet.
    pub packet_id: PacketId,
    /// At least one topic filter.
    pub filters: Vec<String>,
}

impl Qos {
    /// The level that `number` names.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::AtMostOnce, Self::AtLeastOnce, Self::ExactlyOnce].get(usize::from(number)).copied()
    }

    /// 0, 1 or 2.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl PacketId {
    /// The lowest identifier.
    pub const FIRST: Self = Self(NonZeroU16::MIN);

    /// `number` as an identifier; `None` for 0.
    pub fn new(number: u16) -> Option<Self> {
        NonZeroU16::new(number).map(Self)
    }

    /// 1 to 65,535.
    pub fn number(self) -> u16 {
        self.0.get()
    }

    /// The identifier after this one; 1 follows 65,535.
    #[must_use]
    pub fn next(self) -> Self {
        self.0.checked_add(1).map_or(Self::FIRST, Self)
    }
}

impl ConnectReturn {
    /// The code that `number` names; `None` for the reserved ones, 6 and above.
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Accepted,
            1 => Self::UnacceptableProtocolVersion,
            2 => Self::IdentifierRejected,
            3 => Self::ServerUnavailable,
            4 => Self::BadUserNameOrPassword,
            5 => Self::NotAuthorized,
            _ => return None,
        })
    }

    /// 0 to 5.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl Packet {
    /// The specification's name of the packet.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "CONNECT",
            Self::Connack(_) => "CONNACK",
            Self::Publish(_) => "PUBLISH",
            Self::Puback(_) => "PUBACK",
            Self::Pubrec(_) => "PUBREC",
            Self::Pubrel(_) => "PUBREL",
            Self::Pubcomp(_) => "PUBCOMP",
            Self::Subscribe(_) => "SUBSCRIBE",
            Self::Suback(_) => "SUBACK",
            Self::Unsubscribe(_) => "UNSUBSCRIBE",
            Self::Unsuback(_) => "UNSUBACK",
            Self::Pingreq => "PINGREQ",
            Self::Pingresp => "PINGRESP",
            Self::Disconnect => "DISCONNECT",
        }
    }
}
