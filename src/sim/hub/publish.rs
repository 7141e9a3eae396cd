//! Where a published message goes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::super::client::{ConnId, Delivery};
use super::super::notice::Happening;
use super::super::request::Outcome;
use super::super::rights;
use super::{Deed, End, Hub, Key, dispatch};
use crate::cloud::Limits;
use crate::event::Moment;
use crate::mqtt::{Packet, Publish, Qos, TopicFilter};
use crate::profile::Identity;

/// The plain broker keeps no more retained messages,
const RETAINED: usize = 10_000;
/// nor more bytes of them.
const RETAINED_BYTES: usize = 16 << 20;
/// QoS 2 messages that a client may have published and not released.
const UNRELEASED: usize = 1_000;

/// The plain broker's retained messages, by topic.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Retained {
    messages: BTreeMap<String, Publish>,
    bytes: usize,
}

/// What was published within the running second of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    since: Instant,
    publishes: u32,
    bytes: u64,
}

impl Rate {
    /// Nothing yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, publishes: 0, bytes: 0 }
    }

    /// Counts one more publish; whether it is still within `limits`.
    fn count(&mut self, now: Instant, size: usize, limits: &Limits) -> bool {
        if now.saturating_duration_since(self.since) >= Duration::from_secs(1) {
            *self = Self::new(now);
        }
        self.publishes = self.publishes.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size as u64);
        limits.publishes_per_second.is_none_or(|most| self.publishes <= most)
            && limits.bytes_per_second.is_none_or(|most| self.bytes <= most)
    }
}

impl Retained {
    /// Keeps `message` for its topic, an empty one clears it (MQTT-3.3.1-10); `false`: there is no room.
    fn keep(&mut self, message: &Publish) -> bool {
        if let Some(old) = self.messages.remove(&message.topic) {
            self.bytes -= old.payload.len() + old.topic.len();
        }
        if message.payload.is_empty() {
            return true;
        }
        let bytes = self.bytes + message.payload.len() + message.topic.len();
        if self.messages.len() >= RETAINED || bytes > RETAINED_BYTES {
            return false;
        }
        self.bytes = bytes;
        // A copy, for the payload may lie in a read buffer that is many times as large.
        let payload = Bytes::copy_from_slice(&message.payload);
        let kept = Publish { dup: false, packet_id: None, payload, ..message.clone() };
        self.messages.insert(message.topic.clone(), kept);
        true
    }
}

impl Hub {
    /// PUBLISH of a client that is signed in.
    pub(super) fn published(&mut self, now: Moment, conn: ConnId, key: &Key, publish: Publish) {
        if let Some(limits) = self.limits_of(key)
            && let Some(why) = unbearable(limits, &publish)
        {
            self.drop_conn(now, conn, End::InOrder, &why);
            return;
        }
        let new = match publish.packet_id {
            None => true,
            Some(id) if publish.qos == Qos::ExactlyOnce => {
                let Some(client) = self.clients.get_mut(key) else { return };
                if client.unreleased() >= UNRELEASED {
                    self.drop_conn(now, conn, End::InOrder, "too many QoS 2 messages without PUBREL");
                    return;
                }
                let new = client.take(id);
                self.deeds.push(Deed::Send(conn, Packet::Pubrec(id)));
                new
            }
            Some(id) => {
                self.deeds.push(Deed::Send(conn, Packet::Puback(id)));
                true
            }
        };
        if !new {
            return;
        }
        let what = Happening::Published {
            topic: publish.topic.clone(),
            payload: publish.payload.clone(),
            qos: publish.qos,
            retain: publish.retain,
            dup: publish.dup,
        };
        self.tell(key, what);
        match key {
            Key::Plain(_) => {
                self.reply_of_the_tape(now, key, &publish);
                self.route(publish);
            }
            Key::Device(device) => self.take_in(now, conn, *device, publish),
        }
    }

    /// On the clouds' doors a message goes to the platform, and back to its sender where the topic has both rights.
    fn take_in(&mut self, now: Moment, conn: ConnId, device: usize, publish: Publish) {
        let key = Key::Device(device);
        let Some(limits) = self.limits_of(&key) else { return };
        let size = publish.payload.len();
        let in_time = self.conns.get_mut(&conn).is_some_and(|conn| conn.rate.count(now.mono, size, limits));
        let Some(identity) = self.device_of(&key).map(|device| device.identity.clone()) else { return };
        let foreign = self.is_of_sub_device(device, &publish.topic);
        let refused = passed_over(&identity, limits, &publish, foreign);
        if let Some(why) = refused.or_else(|| (!in_time).then_some("too fast")) {
            self.tell(&key, Happening::Odd(format!("the message on {} was dropped: {why}", publish.topic)));
            return;
        }
        let answered = self.answer(now, device, &publish);
        if !answered && !self.reply_of_the_tape(now, &key, &publish) {
            self.serve(now, device, &publish);
        }
        let message = Publish { dup: false, retain: false, packet_id: None, ..publish };
        if let Some(peer) = rights::addressee(&identity, &message.topic).map(str::to_owned) {
            self.pass_on(&key, &peer, message);
        } else if rights::echoes(&identity, &message.topic) {
            self.deliver(&key, message);
        }
    }

    /// A message from device to device.
    fn pass_on(&mut self, from: &Key, device_id: &str, message: Publish) {
        let is_it = |identity: &Identity| matches!(identity, Identity::Huawei(device) if device.device_id == device_id);
        let peer = self.roster.find(is_it).map(|(number, _)| Key::Device(number));
        let topic = message.topic.clone();
        if !peer.is_some_and(|peer| self.deliver(&peer, message)) {
            self.tell(from, Happening::Odd(format!("the message on {topic} found no device that listens there")));
        }
    }

    /// Ends the request that a device's message answers, if it does.
    fn answer(&mut self, now: Moment, device: usize, publish: &Publish) -> bool {
        let met = self
            .pending
            .iter()
            .position(|pending| pending.device == device && pending.expect.is_met_by(&publish.topic, &publish.payload));
        met.is_some_and(|place| {
            let pending = self.pending.remove(place);
            let took = now.mono.saturating_duration_since(pending.since);
            let outcome = Outcome::Answered { topic: publish.topic.clone(), body: publish.payload.clone(), took };
            self.finish(now, pending, outcome);
            true
        })
    }

    /// A message to every plain client that has subscribed; it may be retained.
    pub(super) fn route(&mut self, publish: Publish) {
        if publish.retain && !self.retained.keep(&publish) {
            let why = format!("no room to retain the message on {}", publish.topic);
            self.tell(&Key::Plain("the broker".into()), Happening::Odd(why));
        }
        let message = Publish { dup: false, retain: false, packet_id: None, ..publish };
        let mut out = Vec::new();
        for (key, client) in &mut self.clients {
            let (Key::Plain(_), Some(granted)) = (key, client.granted(&message.topic)) else {
                continue;
            };
            let copy = Publish { qos: granted.min(message.qos), ..message.clone() };
            // A client that is away, or too far behind, goes without: the broker's queues are bounded.
            let (Delivery::Taken | Delivery::Dropped) = client.deliver(copy, &mut out);
            if let Some(conn) = client.conn {
                self.deeds.extend(out.drain(..).map(|packet| Deed::Send(conn, packet)));
            }
        }
    }

    /// Retained messages for a new subscription, marked as such (MQTT-3.3.1-8).
    pub(super) fn send_retained(&mut self, key: &Key, filter: &TopicFilter, granted: Qos) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let mut out = Vec::new();
        for message in self.retained.messages.values().filter(|message| filter.matches(&message.topic)) {
            let copy = Publish { qos: granted.min(message.qos), ..message.clone() };
            if client.deliver(copy, &mut out) == Delivery::Dropped {
                break;
            }
        }
        if let Some(conn) = client.conn {
            self.deeds.extend(out.into_iter().map(|packet| Deed::Send(conn, packet)));
        }
    }

    /// A message to one client, if it has subscribed, at the QoS it was granted at the most.
    pub(super) fn deliver(&mut self, key: &Key, message: Publish) -> bool {
        let Some(granted) = self.clients.get(key).and_then(|client| client.granted(&message.topic)) else {
            return false;
        };
        let qos = granted.min(message.qos);
        self.hand_over(key, Publish { qos, ..message })
    }

    /// A message to one client, whether it has subscribed or not.
    pub(super) fn hand_over(&mut self, key: &Key, message: Publish) -> bool {
        let Some(client) = self.clients.get_mut(key) else {
            return false;
        };
        let mut out = Vec::new();
        let delivery = client.deliver(message, &mut out);
        if let Some(conn) = client.conn {
            self.deeds.extend(out.into_iter().map(|packet| Deed::Send(conn, packet)));
        }
        delivery == Delivery::Taken
    }
}

/// A message of the platform.
pub(super) fn message(topic: String, payload: Bytes, qos: Qos) -> Publish {
    Publish { dup: false, qos, retain: false, topic, packet_id: None, payload }
}

/// What ends a connection on a cloud's door.
fn unbearable(limits: &Limits, publish: &Publish) -> Option<String> {
    if publish.qos > limits.qos {
        return Some(format!("a PUBLISH with QoS {}, which {} does not have", publish.qos.number(), limits.cloud));
    }
    let most = limits.payload.filter(|most| publish.payload.len() > *most)?;
    Some(format!("a payload of {} bytes, and {} takes {most}", publish.payload.len(), limits.cloud))
}

/// What a cloud takes off the line and drops.
fn passed_over(identity: &Identity, limits: &Limits, publish: &Publish, of_sub_device: bool) -> Option<&'static str> {
    if !of_sub_device && !rights::may_publish(identity, &publish.topic) {
        return Some("the device may not publish there");
    }
    if !dispatch::fits(limits, &publish.topic) {
        return Some("the topic is too long or too deep");
    }
    if rights::only_qos(identity, &publish.topic).is_some_and(|only| publish.qos != only) {
        return Some("the platform takes it with QoS 0 only");
    }
    let report = rights::is_report(identity, &publish.topic);
    let too_large = report && limits.report.is_some_and(|most| publish.payload.len() > most);
    too_large.then_some("the report is too large")
}
