//! What a session can be told to do.

use bytes::Bytes;

use crate::behaviour::Control;
use crate::mqtt::{Qos, TopicFilter};

/// One order.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Comes back in the event that ends the order.
    pub number: Option<u64>,
    /// What to do.
    pub action: Action,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send a message.
    Publish {
        /// Topic name.
        topic: String,
        /// Payload.
        payload: Bytes,
        /// Quality of service.
        qos: Qos,
        /// RETAIN.
        retain: bool,
        /// Pass over the cloud's guardrails.
        force: bool,
    },
    /// Answer a request of the platform.
    Reply {
        /// Its id.
        request_id: String,
        /// The cloud's code; success when absent.
        code: Option<i64>,
        /// The body; the cloud's own for that code when absent.
        payload: Option<Bytes>,
        /// Pass over the cloud's guardrails.
        force: bool,
    },
    /// Subscribe.
    Subscribe {
        /// The topic filter.
        filter: TopicFilter,
        /// The QoS to ask for.
        qos: Qos,
        /// Pass over the cloud's guardrails.
        force: bool,
    },
    /// Unsubscribe.
    Unsubscribe {
        /// The topic filter.
        filter: TopicFilter,
    },
    /// Switch something of the device's own doings.
    Own(Box<Control>),
    /// Connect, from `offline`.
    Connect,
    /// Leave in order, and end the session.
    Leave,
    /// Disconnect and stay offline.
    Disconnect,
    /// End the back-off's wait; when online, reconnect.
    Now,
}
