//! A client's session as a server keeps it: subscriptions, messages in flight both ways, and what waits for its return.
//!
//! Pure. What may not live here: who may subscribe to what, or where a message goes.

use std::collections::{HashSet, VecDeque};

use bytes::Bytes;

use crate::mqtt::packet::Will;
use crate::mqtt::{Packet, PacketId, Publish, Qos, TopicFilter};

/// So many QoS 1 and 2 messages may be unacknowledged at once (Aliyun's figure; the others give none).
const WINDOW: usize = 50;

/// The number of a network connection; never used twice.
pub(crate) type ConnId = u64;

/// A client's session.
#[derive(Debug)]
pub(crate) struct Client {
    /// Its network connection, if it is online.
    pub(crate) conn: Option<ConnId>,
    /// CleanSession of its last CONNECT: the session ends with the connection.
    pub(crate) clean: bool,
    /// What is published when it goes without DISCONNECT.
    pub(crate) will: Option<Will>,
    subscriptions: Vec<(TopicFilter, Qos)>,
    flights: VecDeque<Flight>,
    waiting: VecDeque<Publish>,
    /// QoS 2 messages of the client that were taken and not yet released.
    taken: HashSet<PacketId>,
    next_id: PacketId,
    queue: usize,
}

/// A message on its way to the client.
#[derive(Debug)]
struct Flight {
    id: PacketId,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// PUBLISH was sent.
    Published(Publish),
    /// PUBREC came, PUBREL was sent.
    Released,
}

/// What became of a message for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// On its way, or waiting for its turn.
    Taken,
    /// Let go: the client is away without a session, or too much waits for it.
    Dropped,
}

impl Client {
    /// A fresh session in which at most `queue` messages wait.
    pub(crate) fn new(queue: usize) -> Self {
        Self {
            conn: None,
            clean: true,
            will: None,
            subscriptions: Vec::new(),
            flights: VecDeque::new(),
            waiting: VecDeque::new(),
            taken: HashSet::new(),
            next_id: PacketId::FIRST,
            queue,
        }
    }

    /// How many subscriptions it holds.
    pub(crate) fn subscriptions(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether it holds exactly this filter.
    pub(crate) fn holds(&self, filter: &TopicFilter) -> bool {
        self.subscriptions.iter().any(|(held, _)| held == filter)
    }

    /// Grants a subscription; it replaces one on the same filter (MQTT-3.8.4-3).
    pub(crate) fn subscribe(&mut self, filter: TopicFilter, granted: Qos) {
        self.unsubscribe(filter.as_str());
        self.subscriptions.push((filter, granted));
    }

    /// Ends the subscription on exactly this filter, if there is one.
    pub(crate) fn unsubscribe(&mut self, filter: &str) {
        self.subscriptions.retain(|(held, _)| held.as_str() != filter);
    }

    /// The highest QoS granted for `topic`; `None`: not subscribed. Overlapping filters earn one copy.
    pub(crate) fn granted(&self, topic: &str) -> Option<Qos> {
        self.subscriptions.iter().filter(|(filter, _)| filter.matches(topic)).map(|(_, qos)| *qos).max()
    }

    /// Hands it a message at the QoS that stands in it; packets to send go to `out`.
    pub(crate) fn deliver(&mut self, message: Publish, out: &mut Vec<Packet>) -> Delivery {
        let online = self.conn.is_some();
        if message.qos == Qos::AtMostOnce {
            if !online {
                return Delivery::Dropped;
            }
            out.push(Packet::Publish(message));
        } else if online && self.flights.len() < WINDOW && self.waiting.is_empty() {
            self.launch(message, out);
        } else if (online || !self.clean) && self.waiting.len() < self.queue {
            // A copy, for the payload may lie in a read buffer that is many times as large.
            let payload = Bytes::copy_from_slice(&message.payload);
            self.waiting.push_back(Publish { payload, ..message });
        } else {
            return Delivery::Dropped;
        }
        Delivery::Taken
    }

    /// Goes on where an earlier connection of this session ended: in the order first sent, then what waits.
    pub(crate) fn resume(&mut self, out: &mut Vec<Packet>) {
        out.extend(self.flights.iter().map(|flight| match &flight.stage {
            Stage::Published(message) => Packet::Publish(Publish { dup: true, ..message.clone() }),
            Stage::Released => Packet::Pubrel(flight.id),
        }));
        self.refill(out);
    }

    /// PUBACK: `false` where no QoS 1 message of that identifier is on its way.
    pub(crate) fn puback(&mut self, id: PacketId, out: &mut Vec<Packet>) -> bool {
        self.land(id, out, |stage| matches!(stage, Stage::Published(message) if message.qos == Qos::AtLeastOnce))
    }

    /// PUBREC is answered with PUBREL, each time: `false` where no QoS 2 message of that identifier is on its way.
    pub(crate) fn pubrec(&mut self, id: PacketId, out: &mut Vec<Packet>) -> bool {
        let known = self.flights.iter_mut().find(|flight| flight.id == id).is_some_and(|flight| match &flight.stage {
            Stage::Published(message) if message.qos == Qos::ExactlyOnce => {
                flight.stage = Stage::Released;
                true
            }
            Stage::Published(_) => false,
            Stage::Released => true,
        });
        out.push(Packet::Pubrel(id));
        known
    }

    /// PUBCOMP: `false` where no released message of that identifier is on its way.
    pub(crate) fn pubcomp(&mut self, id: PacketId, out: &mut Vec<Packet>) -> bool {
        self.land(id, out, |stage| matches!(stage, Stage::Released))
    }

    /// Whether a QoS 2 message of the client is new: it is handed on once, however often it comes before PUBREL.
    pub(crate) fn take(&mut self, id: PacketId) -> bool {
        self.taken.insert(id)
    }

    /// PUBREL: the identifier is free again.
    pub(crate) fn release(&mut self, id: PacketId) {
        self.taken.remove(&id);
    }

    /// How many QoS 2 messages of the client are taken and not released.
    pub(crate) fn unreleased(&self) -> usize {
        self.taken.len()
    }

    fn land(&mut self, id: PacketId, out: &mut Vec<Packet>, is: impl Fn(&Stage) -> bool) -> bool {
        let Some(place) = self.flights.iter().position(|flight| flight.id == id && is(&flight.stage)) else {
            return false;
        };
        self.flights.remove(place);
        self.refill(out);
        true
    }

    fn refill(&mut self, out: &mut Vec<Packet>) {
        while self.flights.len() < WINDOW
            && let Some(message) = self.waiting.pop_front()
        {
            self.launch(message, out);
        }
    }

    fn launch(&mut self, mut message: Publish, out: &mut Vec<Packet>) {
        // At most WINDOW identifiers are in use, so that a free one is near.
        while self.flights.iter().any(|flight| flight.id == self.next_id) {
            self.next_id = self.next_id.next();
        }
        let id = self.next_id;
        self.next_id = id.next();
        message.packet_id = Some(id);
        self.flights.push_back(Flight { id, stage: Stage::Published(message.clone()) });
        out.push(Packet::Publish(message));
    }
}

#[cfg(test)]
mod tests;
