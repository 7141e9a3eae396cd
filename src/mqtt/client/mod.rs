//! The client's machine: what to send, what has happened, and when to look again.
//!
//! The contract, in numbers:
//! 1. `step` is handed the time and one input; it appends bytes to send to `output.bytes` and what happened to
//!    `output.happenings`. The caller drains both before the next step.
//! 2. `deadline` is when `step` wants an [`Input::Tick`], whatever else comes before.
//! 3. A fault ends the network connection: after `Err`, the caller closes the link and gives [`Input::Closed`].
//! 4. The session's state (in-flight messages, packet identifiers) outlives network connections when CleanSession is 0.
//!
//! What lives here: the types that go in and come out. `machine` knows the phases of a connection, `packets` hands each packet to
//! its part: `outgoing` (our messages), `incoming` (theirs), `requests` (subscriptions), `keepalive` (timers).
//! What may not: sockets, clocks, what a cloud means by a topic, when to connect again.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::codec;
use super::packet::{Connect, ConnectReturn, Packet, PacketId, Publish, Qos};
use super::topic::TopicFilter;

mod incoming;
mod keepalive;
mod machine;
mod outgoing;
mod packets;
mod requests;

pub use machine::Client;

/// What a caller ties its requests to: it comes back in the happening that ends the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

/// What does not change from one network connection to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The largest packet taken, header included, in bytes.
    pub max_packet: usize,
    /// How many QoS 1 and 2 messages may be unacknowledged at once; more wait their turn.
    pub window: u16,
    /// How many messages may wait for the window before [`Happening::Rejected`].
    pub queue: usize,
    /// Whether a fault that leaves the framing whole ends the connection (true) or is noted (false).
    pub strict: bool,
    /// How long CONNACK, SUBACK and UNSUBACK may take.
    pub answer_within: Duration,
    /// Whether the acknowledgements of the server's messages wait for [`Input::Acknowledge`] (true) or go out at once (false).
    pub hold: bool,
}

/// What the machine is handed.
#[derive(Debug)]
pub enum Input {
    /// The link is up: begin with this CONNECT.
    Opened(Box<Connect>),
    /// Bytes came, split anyhow.
    Received(Bytes),
    /// The link is down.
    Closed,
    /// Send a message.
    Publish {
        /// Comes back in [`Happening::Acked`].
        token: Token,
        /// Topic name.
        topic: String,
        /// Payload.
        payload: Bytes,
        /// Quality of service.
        qos: Qos,
        /// RETAIN.
        retain: bool,
    },
    /// Ask for subscriptions, in one SUBSCRIBE.
    Subscribe {
        /// Comes back in [`Happening::Subscribed`].
        token: Token,
        /// At least one.
        filters: Vec<(TopicFilter, Qos)>,
    },
    /// End subscriptions, in one UNSUBSCRIBE.
    Unsubscribe {
        /// Comes back in [`Happening::Unsubscribed`].
        token: Token,
        /// At least one.
        filters: Vec<TopicFilter>,
    },
    /// Let the acknowledgements go out up to that number ([`Client::taken`]). Those that died with an earlier connection
    /// are not sent on this one: the server sends the messages again.
    Acknowledge {
        /// The number of the last.
        up_to: u64,
    },
    /// Leave in order: DISCONNECT is written; the caller flushes and closes the link.
    Disconnect,
    /// Time has passed.
    Tick,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// CONNACK 0.
    Connected {
        /// The server resumed an earlier session.
        session_present: bool,
    },
    /// CONNACK with another code. The caller closes the link.
    Refused(ConnectReturn),
    /// A message came. Its acknowledgement is already in the output, or held where [`Options::hold`] says so.
    Message(Publish),
    /// A message of ours is in the output (again, if `dup`); it has its packet identifier now.
    Sent {
        /// The token of the publish.
        token: Token,
        /// Its packet identifier, for QoS 1 and 2.
        packet_id: Option<PacketId>,
        /// A re-delivery after a reconnect.
        dup: bool,
    },
    /// A message of ours is with the server: PUBACK, PUBCOMP, or for QoS 0 written.
    Acked {
        /// The token of the publish.
        token: Token,
        /// Its packet identifier, for QoS 1 and 2.
        packet_id: Option<PacketId>,
        /// Since it was first sent.
        took: Duration,
    },
    /// SUBACK.
    Subscribed {
        /// The token of the request.
        token: Token,
        /// Each filter with the QoS asked for and the one granted, or `None` where refused.
        filters: Vec<(TopicFilter, Qos, Option<Qos>)>,
    },
    /// UNSUBACK.
    Unsubscribed {
        /// The token of the request.
        token: Token,
        /// The filters.
        filters: Vec<TopicFilter>,
    },
    /// A request was not taken, died with the connection, or (where `strict` is off) got no answer that can be used.
    Rejected {
        /// The token of the request.
        token: Token,
        /// Why, in words for a person.
        reason: String,
    },
    /// PINGRESP.
    Pinged {
        /// The round trip.
        took: Duration,
    },
    /// Something odd that ends nothing, in words for a person.
    Noted(String),
}

/// What ends a network connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The server sent what it may not send, or a CONNECT was handed in that may not be sent: names the packet and the fault.
    #[error("{0}")]
    Protocol(String),
    /// Nothing came from the server for this long, although it was asked.
    #[error("nothing came from the platform for {} s", .0.as_secs())]
    KeepAlive(Duration),
    /// An answer did not come in time: names the packet waited for. CONNACK, and where `strict` is on SUBACK, UNSUBACK and
    /// PINGRESP.
    #[error("{0} did not come in time")]
    Timeout(&'static str),
}

/// Where a step puts its results.
#[derive(Debug, Default)]
pub struct Output {
    /// Bytes to send, whole packets.
    pub bytes: BytesMut,
    /// What has happened, in order.
    pub happenings: Vec<Happening>,
}

impl Output {
    /// Appends a packet. One that cannot be written is a fault; of ours only a CONNECT can be.
    fn write(&mut self, packet: &Packet) -> Result<(), Fault> {
        codec::encode(packet, &mut self.bytes).map_err(|error| Fault::Protocol(error.to_string()))
    }

    fn happened(&mut self, happening: Happening) {
        self.happenings.push(happening);
    }

    fn reject(&mut self, token: Token, reason: impl Into<String>) {
        self.happened(Happening::Rejected { token, reason: reason.into() });
    }
}
