//! What each packet of a client does.

use super::super::client::{Client, ConnId};
use super::super::notice::{Happening, Notice};
use super::super::rights;
use super::{Deed, End, Hub, Key};
use crate::event::Moment;
use crate::mqtt::packet::{Suback, Subscribe, Unsubscribe};
use crate::mqtt::{Packet, PacketId, Qos, TopicFilter};

impl Hub {
    /// A packet came on a connection.
    pub(crate) fn packet(&mut self, now: Moment, conn: ConnId, packet: Packet) {
        let Some(entry) = self.conns.get_mut(&conn) else {
            // The connection has ended on this side, and what was still on its way counts for nothing.
            return;
        };
        entry.heard = now.mono;
        if entry.silent {
            return;
        }
        if entry.registering.is_some() {
            self.registrant_packet(now, conn, packet);
            return;
        }
        match (entry.key.clone(), packet) {
            (None, Packet::Connect(connect)) => self.sign_in(now, conn, *connect),
            (None, other) => {
                let why = format!("{} came before CONNECT", other.name());
                let what = Happening::Odd(why.clone());
                self.deeds.push(Deed::Tell(Notice { device: None, what }));
                self.drop_conn(now, conn, End::InOrder, &why);
            }
            (Some(_), Packet::Connect(_)) => self.drop_conn(now, conn, End::InOrder, "a second CONNECT came"),
            (Some(key), packet) => self.signed_in(now, conn, &key, packet),
        }
    }

    fn signed_in(&mut self, now: Moment, conn: ConnId, key: &Key, packet: Packet) {
        match packet {
            Packet::Publish(publish) => self.published(now, conn, key, publish),
            Packet::Puback(id) => self.acknowledged(conn, key, "PUBACK", id, Client::puback),
            Packet::Pubrec(id) => self.acknowledged(conn, key, "PUBREC", id, Client::pubrec),
            Packet::Pubcomp(id) => self.acknowledged(conn, key, "PUBCOMP", id, Client::pubcomp),
            Packet::Pubrel(id) => {
                if let Some(client) = self.clients.get_mut(key) {
                    client.release(id);
                }
                self.deeds.push(Deed::Send(conn, Packet::Pubcomp(id)));
            }
            Packet::Subscribe(subscribe) => {
                self.subscribe(conn, key, subscribe);
                self.play(now);
            }
            Packet::Unsubscribe(unsubscribe) => self.unsubscribe(conn, key, unsubscribe),
            Packet::Pingreq => self.deeds.push(Deed::Send(conn, Packet::Pingresp)),
            Packet::Disconnect => {
                self.deeds.push(Deed::End(conn, End::InOrder));
                self.gone(now, conn, "by DISCONNECT", true);
            }
            Packet::Connect(_) | Packet::Connack(_) | Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp => {
                let why = format!("a client may not send {}", packet.name());
                self.drop_conn(now, conn, End::InOrder, &why);
            }
        }
    }

    /// An acknowledgement for nothing is noted and passed over, as brokers do.
    fn acknowledged(
        &mut self,
        conn: ConnId,
        key: &Key,
        name: &str,
        id: PacketId,
        land: fn(&mut Client, PacketId, &mut Vec<Packet>) -> bool,
    ) {
        let mut out = Vec::new();
        let known = self.clients.get_mut(key).is_some_and(|client| land(client, id, &mut out));
        if !known {
            let id = id.number();
            self.tell(key, Happening::Odd(format!("{name} for packet {id}, which does not wait for one")));
        }
        self.deeds.extend(out.into_iter().map(|packet| Deed::Send(conn, packet)));
    }

    fn subscribe(&mut self, conn: ConnId, key: &Key, subscribe: Subscribe) {
        let mut granted = Vec::with_capacity(subscribe.filters.len());
        let mut fresh = Vec::new();
        for (text, asked) in subscribe.filters {
            let grant = TopicFilter::new(text.as_str()).ok().and_then(|filter| {
                let qos = self.grant(key, &filter, asked)?;
                fresh.push((filter.clone(), qos));
                self.clients.get_mut(key)?.subscribe(filter, qos);
                Some(qos)
            });
            granted.push(grant);
            self.tell(key, Happening::Subscribed { filter: text, granted: grant });
        }
        self.deeds.push(Deed::Send(conn, Packet::Suback(Suback { packet_id: subscribe.packet_id, granted })));
        if matches!(key, Key::Plain(_)) {
            for (filter, qos) in fresh {
                self.send_retained(key, &filter, qos);
            }
        }
    }

    /// The QoS granted; `None`: not this client's topic, too long, too deep, or one too many.
    fn grant(&self, key: &Key, filter: &TopicFilter, asked: Qos) -> Option<Qos> {
        let (Some(device), Some(limits)) = (self.device_of(key), self.limits_of(key)) else {
            return Some(asked);
        };
        let client = self.clients.get(key)?;
        let text = filter.as_str();
        let room = client.holds(filter) || limits.subscriptions.is_none_or(|most| client.subscriptions() < most);
        let of_sub_device = matches!(key, Key::Device(number) if self.is_of_sub_device(*number, text));
        let may = of_sub_device || rights::may_subscribe(&device.identity, text);
        (room && fits(limits, text) && may).then(|| asked.min(limits.qos))
    }

    fn unsubscribe(&mut self, conn: ConnId, key: &Key, unsubscribe: Unsubscribe) {
        for filter in unsubscribe.filters {
            if let Some(client) = self.clients.get_mut(key) {
                client.unsubscribe(&filter);
            }
            self.tell(key, Happening::Unsubscribed { filter });
        }
        self.deeds.push(Deed::Send(conn, Packet::Unsuback(unsubscribe.packet_id)));
    }
}

/// Whether a topic keeps the cloud's limits of length and depth; the cloud's own topics are as long as they are.
pub(super) fn fits(limits: &crate::cloud::Limits, topic: &str) -> bool {
    if limits.own_topics.iter().any(|own| topic.starts_with(own)) {
        return true;
    }
    let slashes = topic.bytes().filter(|byte| *byte == b'/').count();
    limits.topic_bytes.is_none_or(|most| topic.len() <= most) && limits.topic_slashes.is_none_or(|most| slashes <= most)
}
