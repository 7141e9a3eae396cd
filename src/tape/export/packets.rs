//! Messages as packets for Wireshark: each session an interface with TCP connections on which the MQTT packets go.
//!
//! What is on a tape are messages and acknowledgements: each becomes its PUBLISH, PUBACK or PUBCOMP, written anew. TCP and IP are made
//! up around them, without TLS and WebSocket. A line that goes online is a new connection. What was no packet (states, subscriptions,
//! notes, gaps, errors) stands as a comment of the session's next packet.

use bytes::{Bytes, BytesMut};
use hashbrown::HashMap;

use super::pcapng::{self, About};
use super::tcp::Connection;
use crate::event::{Event, Kind, LineState, Message, StateChange, Subscribed};
use crate::mqtt::codec::encode;
use crate::mqtt::{Packet, PacketId, Publish, Qos};
use crate::tape::Recorded;
use crate::text::Safe;

/// Sessions with an interface of their own; further ones share one.
const MOST: usize = 65_536;
const OTHERS: &str = "further sessions";
/// Comments that wait for a session's next packet, and the bytes of each, at the most.
const COMMENTS: usize = 32;
const COMMENT: usize = 2_048;
/// A name's bytes, at the most.
const NAME: usize = 512;

/// The packets of a capture in the making.
pub(super) struct Packets {
    sessions: HashMap<String, Session>,
    /// What the tapes say of their sessions: name and place of each.
    known: HashMap<String, String>,
    packet: BytesMut,
}

/// One session.
struct Session {
    interface: u32,
    connection: Connection,
    /// What waits for the next packet, and how many more there were.
    comments: Vec<String>,
    more: u64,
    /// The quality of service of what went out under a packet id and waits for its end.
    sent: HashMap<u16, Qos>,
    /// The time of the last event, in microseconds since the Unix epoch.
    time_us: u64,
}

impl Packets {
    /// Begins a capture of these sessions.
    pub(super) fn begin<'a>(page: &mut Vec<u8>, recorded: impl Iterator<Item = &'a Recorded>) -> Self {
        pcapng::section(page);
        let place =
            |session: &Recorded| (session.name.clone(), format!("{}: {}", session.cloud.word(), session.endpoint));
        Self { sessions: HashMap::new(), known: recorded.map(place).collect(), packet: BytesMut::new() }
    }

    /// Puts what an event was on the wire.
    pub(super) fn put(&mut self, page: &mut Vec<u8>, event: &Event<'_>) {
        let packet = &mut self.packet;
        let session = session(&mut self.sessions, &self.known, page, event.session);
        // What was before 1970 cannot be said.
        session.time_us = u64::try_from(event.at.unix_micros()).unwrap_or(0);
        match &event.kind {
            Kind::Rx(message) => session.publish(page, packet, message, true),
            Kind::Tx(message) => {
                if let Some(id) = message.packet_id {
                    session.sent.insert(id.number(), message.qos);
                }
                session.publish(page, packet, message, false);
            }
            Kind::Acked(acked) => {
                if let Some(id) = acked.packet_id {
                    let ending = session.ending(id);
                    session.send(page, packet, &ending, true);
                }
            }
            Kind::State(change) => session.state(page, change),
            Kind::Subscribed(answer) => session.remark(&subscribed(answer)),
            Kind::Unsubscribed { filter, .. } => session.remark(&format!("unsubscribed {filter}")),
            Kind::Note { text, .. } => session.remark(&format!("note: {text}")),
            Kind::Gap { count, reason } => session.remark(&format!("{count} events are missing: {reason}")),
            Kind::Error(failure) => session.remark(&format!("{}: {}", failure.code, failure.reason)),
        }
    }

    /// Puts what still waits for a packet.
    pub(super) fn finish(self, page: &mut Vec<u8>) {
        let mut left: Vec<Session> =
            self.sessions.into_values().filter(|session| !session.comments.is_empty()).collect();
        left.sort_by_key(|session| session.interface);
        for mut session in left {
            session.on_wire(page, |connection, put| connection.acknowledge(false, put));
        }
    }
}

/// The session of that name; a new one gets an interface.
fn session<'a>(
    sessions: &'a mut HashMap<String, Session>,
    known: &HashMap<String, String>,
    page: &mut Vec<u8>,
    name: &str,
) -> &'a mut Session {
    let name = if sessions.len() < MOST || sessions.contains_key(name) { name } else { OTHERS };
    let interface = u32::try_from(sessions.len()).unwrap_or(u32::MAX);
    sessions.entry_ref(name).or_insert_with(|| {
        let place = known.get(name).map_or("", String::as_str);
        pcapng::interface(page, head(Safe::new(name).as_str(), NAME), head(Safe::new(place).as_str(), NAME));
        Session {
            interface,
            connection: Connection::new(interface),
            comments: Vec::new(),
            more: 0,
            sent: HashMap::new(),
            time_us: 0,
        }
    })
}

impl Session {
    fn publish(&mut self, page: &mut Vec<u8>, packet: &mut BytesMut, message: &Message<'_>, incoming: bool) {
        let publish = Publish {
            dup: message.dup,
            qos: message.qos,
            retain: message.retain,
            topic: message.topic.to_owned(),
            packet_id: message.packet_id,
            payload: Bytes::copy_from_slice(message.payload),
        };
        self.send(page, packet, &Packet::Publish(publish), incoming);
    }

    /// The packet that ends what was sent under `id`.
    fn ending(&mut self, id: PacketId) -> Packet {
        match self.sent.remove(&id.number()) {
            Some(Qos::ExactlyOnce) => Packet::Pubcomp(id),
            _ => Packet::Puback(id),
        }
    }

    fn send(&mut self, page: &mut Vec<u8>, bytes: &mut BytesMut, packet: &Packet, incoming: bool) {
        bytes.clear();
        match encode(packet, bytes) {
            Ok(()) => {
                if !self.connection.is_open() {
                    self.remark("the line was up already");
                    self.on_wire(page, Connection::open);
                }
                self.on_wire(page, |connection, put| connection.send(incoming, bytes, put));
            }
            Err(error) => self.remark(&format!("a message that is no MQTT packet: {error}")),
        }
    }

    fn state(&mut self, page: &mut Vec<u8>, change: &StateChange<'_>) {
        let mut words = change.state.word().to_owned();
        for (before, said) in [(" ", change.code), (": ", change.reason)] {
            if let Some(said) = said {
                words.extend([before, said]);
            }
        }
        self.remark(&words);
        if self.connection.is_open() {
            self.on_wire(page, Connection::close);
        }
        if change.state == LineState::Online {
            self.sent.clear();
            self.on_wire(page, Connection::open);
        }
    }

    /// Puts packets; the first has the comments that wait.
    fn on_wire(
        &mut self,
        page: &mut Vec<u8>,
        work: impl FnOnce(&mut Connection, &mut dyn FnMut(super::tcp::Packet<'_>)),
    ) {
        let mut comments = std::mem::take(&mut self.comments);
        if self.more > 0 {
            comments.push(format!("and {} more", std::mem::take(&mut self.more)));
        }
        let (interface, time_us) = (self.interface, self.time_us);
        work(&mut self.connection, &mut |packet| {
            let about = About { interface, time_us, incoming: packet.incoming, comments: &comments };
            pcapng::packet(page, &about, &packet.head, packet.data);
            comments.clear();
        });
    }

    /// Keeps words for the next packet.
    fn remark(&mut self, words: &str) {
        if self.comments.len() < COMMENTS {
            let line = Safe::new(head(words, COMMENT));
            self.comments.push(head(line.as_str(), COMMENT).to_owned());
        } else {
            self.more += 1;
        }
    }
}

fn subscribed(answer: &Subscribed<'_>) -> String {
    let granted = answer.granted.map_or_else(|| "refused".to_owned(), |qos| format!("QoS {}", qos.number()));
    format!("subscription {}: {granted}", answer.filter)
}

/// The beginning of `text`, of at most so many bytes.
fn head(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}
