//! A small broker over the codec's server side: one client, QoS 0 to 2 both ways, a session that outlives connections.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};
use standin::mqtt::codec::{Decoder, Malformed, Side, encode};
use standin::mqtt::packet::{Connack, ConnectReturn, Packet, PacketId, Publish, Qos, Suback};

pub(crate) struct Broker {
    decoder: Decoder,
    /// Whether it has a session from an earlier connection.
    session: bool,
    /// QoS 2 messages that came and are not released.
    unreleased: BTreeSet<PacketId>,
    /// What it sends and has no acknowledgement for, in order of sending.
    unacknowledged: BTreeMap<u16, Packet>,
    next: u16,
    /// The payloads that came, in order.
    pub(crate) got: Vec<Bytes>,
    /// What it has to say.
    pub(crate) out: BytesMut,
}

impl Broker {
    pub(crate) fn new() -> Self {
        Self {
            decoder: Decoder::new(Side::Server, 1 << 20),
            session: false,
            unreleased: BTreeSet::new(),
            unacknowledged: BTreeMap::new(),
            next: 0,
            got: Vec::new(),
            out: BytesMut::new(),
        }
    }

    /// The connection is gone, with whatever was on its way.
    pub(crate) fn cut(&mut self) {
        self.decoder = Decoder::new(Side::Server, 1 << 20);
        self.out.clear();
    }

    pub(crate) fn publish(&mut self, payload: Bytes, qos: Qos) {
        let packet_id = (qos != Qos::AtMostOnce).then(|| {
            self.next += 1;
            PacketId::new(self.next).unwrap()
        });
        let publish = Publish { dup: false, qos, retain: false, topic: "down".to_owned(), packet_id, payload };
        self.send(&Packet::Publish(publish.clone()));
        if let Some(id) = packet_id {
            self.unacknowledged.insert(id.number(), Packet::Publish(Publish { dup: true, ..publish }));
        }
    }

    pub(crate) fn idle(&self) -> bool {
        self.unacknowledged.is_empty() && self.unreleased.is_empty() && self.out.is_empty()
    }

    pub(crate) fn receive(&mut self, bytes: Bytes) {
        let mut packets = Vec::new();
        self.decoder
            .feed(bytes, |packet| {
                packets.push(packet);
                Ok::<_, Malformed>(())
            })
            .unwrap();
        for packet in packets {
            self.take(packet);
        }
    }

    fn send(&mut self, packet: &Packet) {
        encode(packet, &mut self.out).unwrap();
    }

    fn take(&mut self, packet: Packet) {
        match packet {
            Packet::Connect(connect) => self.connect(connect.clean_session),
            Packet::Publish(publish) => self.take_publish(publish),
            Packet::Pubrel(id) => {
                self.unreleased.remove(&id);
                self.send(&Packet::Pubcomp(id));
            }
            Packet::Puback(id) | Packet::Pubcomp(id) => {
                self.unacknowledged.remove(&id.number());
            }
            Packet::Pubrec(id) => {
                self.unacknowledged.insert(id.number(), Packet::Pubrel(id));
                self.send(&Packet::Pubrel(id));
            }
            Packet::Subscribe(subscribe) => {
                let granted = subscribe.filters.iter().map(|(_, qos)| Some(*qos)).collect();
                self.send(&Packet::Suback(Suback { packet_id: subscribe.packet_id, granted }));
            }
            Packet::Unsubscribe(unsubscribe) => self.send(&Packet::Unsuback(unsubscribe.packet_id)),
            Packet::Pingreq => self.send(&Packet::Pingresp),
            Packet::Disconnect => {}
            other => panic!("a client sent {other:?}"),
        }
    }

    fn connect(&mut self, clean_session: bool) {
        if clean_session {
            self.session = false;
            self.unreleased.clear();
            self.unacknowledged.clear();
        }
        let session_present = std::mem::replace(&mut self.session, !clean_session);
        self.send(&Packet::Connack(Connack { session_present, code: ConnectReturn::Accepted }));
        for packet in self.unacknowledged.clone().into_values() {
            self.send(&packet);
        }
    }

    fn take_publish(&mut self, publish: Publish) {
        match (publish.qos, publish.packet_id) {
            (Qos::AtLeastOnce, Some(id)) => self.send(&Packet::Puback(id)),
            (Qos::ExactlyOnce, Some(id)) => {
                self.send(&Packet::Pubrec(id));
                if !self.unreleased.insert(id) {
                    return;
                }
            }
            _ => {}
        }
        self.got.push(publish.payload);
    }
}
