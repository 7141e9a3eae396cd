//! Messages as packets for Wireshark: pcapng (IETF draft-ietf-opsawg-pcapng) with MQTT in "exported PDUs", so that no network has to be
//! made up. One interface a session, named after it.
//!
//! What is on a tape are messages and acknowledgements: each becomes its PUBLISH, PUBACK or PUBCOMP, written anew. Notes, states and
//! gaps stand as comments of the next packet.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};

use crate::event::{Event, Kind, Message};
use crate::mqtt::codec::encode;
use crate::mqtt::{Packet, PacketId, Publish, Qos};
use crate::text::Safe;

/// `LINKTYPE_WIRESHARK_UPPER_PDU` (<https://www.tcpdump.org/linktypes.html>).
const LINK_TYPE: u16 = 252;
/// Exported PDU tags (Wireshark's `epan/exported_pdu.h`).
const DISSECTOR: u16 = 12;
const DIRECTION: u16 = 35;
/// The longest comment of a packet, in bytes.
const COMMENT: usize = 4_096;

/// A capture in the making.
pub(super) struct Pcapng {
    interfaces: HashMap<String, u32>,
    /// The quality of service of what went out under a packet id and waits for its end.
    sent: HashMap<(u32, u16), Qos>,
    comment: String,
    packet: BytesMut,
}

impl Pcapng {
    /// A capture with its section header.
    pub(super) fn begin(page: &mut Vec<u8>) -> Self {
        let mut body = Vec::new();
        body.extend_from_slice(&0x1A2B_3C4D_u32.to_le_bytes());
        body.extend_from_slice(&1_u16.to_le_bytes());
        body.extend_from_slice(&0_u16.to_le_bytes());
        body.extend_from_slice(&u64::MAX.to_le_bytes());
        option(&mut body, 4, concat!("standin ", env!("CARGO_PKG_VERSION")).as_bytes());
        end_of_options(&mut body);
        block(page, 0x0A0D_0D0A, &body);
        Self { interfaces: HashMap::new(), sent: HashMap::new(), comment: String::new(), packet: BytesMut::new() }
    }

    /// Puts what an event was on the wire.
    pub(super) fn put(&mut self, page: &mut Vec<u8>, event: &Event<'_>) {
        let interface = self.interface(page, event.session);
        let (packet, incoming) = match &event.kind {
            Kind::Rx(message) => (publish(message), true),
            Kind::Tx(message) => {
                if let Some(id) = message.packet_id {
                    self.sent.insert((interface, id.number()), message.qos);
                }
                (publish(message), false)
            }
            Kind::Acked(acked) => match acked.packet_id {
                Some(id) => (self.end_of(interface, id), true),
                None => return,
            },
            Kind::State(change) => {
                let reason = change.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                return self.remark(event, &format!("{}{reason}", change.state.word()));
            }
            Kind::Note { text } => return self.remark(event, text),
            Kind::Gap { count, reason } => return self.remark(event, &format!("{count} events are missing: {reason}")),
            Kind::Subscribed(_) | Kind::Unsubscribed { .. } | Kind::Error(_) => return,
        };
        self.packet.clear();
        match encode(&packet, &mut self.packet) {
            Ok(()) => self.write(page, event, interface, incoming),
            Err(error) => self.remark(event, &format!("a message that is no MQTT packet: {error}")),
        }
    }

    /// The packet that ends what was sent under `id`.
    fn end_of(&mut self, interface: u32, id: PacketId) -> Packet {
        match self.sent.remove(&(interface, id.number())) {
            Some(Qos::ExactlyOnce) => Packet::Pubcomp(id),
            _ => Packet::Puback(id),
        }
    }

    fn interface(&mut self, page: &mut Vec<u8>, session: &str) -> u32 {
        if let Some(number) = self.interfaces.get(session) {
            return *number;
        }
        let number = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        let mut body = Vec::new();
        body.extend_from_slice(&LINK_TYPE.to_le_bytes());
        body.extend_from_slice(&[0; 6]);
        option(&mut body, 2, Safe::new(session).as_str().as_bytes());
        // Time stamps in microseconds.
        option(&mut body, 9, &[6]);
        end_of_options(&mut body);
        block(page, 1, &body);
        self.interfaces.insert(session.to_owned(), number);
        number
    }

    /// Keeps words for the next packet.
    fn remark(&mut self, event: &Event<'_>, words: &str) {
        if self.comment.len() < COMMENT {
            if !self.comment.is_empty() {
                self.comment.push('\n');
            }
            let line = format!("{} {}: {words}", event.at, event.session);
            self.comment.push_str(Safe::new(&line).as_str());
        }
    }

    fn write(&mut self, page: &mut Vec<u8>, event: &Event<'_>, interface: u32, incoming: bool) {
        let mut pdu = Vec::with_capacity(self.packet.len() + 32);
        tag(&mut pdu, DISSECTOR, b"mqtt");
        // Sent is 0, received 1.
        tag(&mut pdu, DIRECTION, &u32::from(incoming).to_be_bytes());
        tag(&mut pdu, 0, &[]);
        pdu.extend_from_slice(&self.packet);
        let time = u64::try_from(event.at.unix_micros()).unwrap_or(0);
        let length = u32::try_from(pdu.len()).unwrap_or(u32::MAX);
        let mut body = Vec::with_capacity(pdu.len() + 64);
        for word in [interface, high(time), low(time), length, length] {
            body.extend_from_slice(&word.to_le_bytes());
        }
        padded(&mut body, &pdu);
        let direction: u32 = if incoming { 1 } else { 2 };
        option(&mut body, 2, &direction.to_le_bytes());
        if !self.comment.is_empty() {
            let mut end = self.comment.len().min(COMMENT);
            while !self.comment.is_char_boundary(end) {
                end -= 1;
            }
            option(&mut body, 1, &self.comment.as_bytes()[..end]);
            self.comment.clear();
        }
        end_of_options(&mut body);
        block(page, 6, &body);
    }
}

fn publish(message: &Message<'_>) -> Packet {
    Packet::Publish(Publish {
        dup: message.dup,
        qos: message.qos,
        retain: message.retain,
        topic: message.topic.to_owned(),
        packet_id: message.packet_id,
        payload: Bytes::copy_from_slice(message.payload),
    })
}

fn high(time: u64) -> u32 {
    u32::try_from(time >> 32).unwrap_or(u32::MAX)
}

fn low(time: u64) -> u32 {
    u32::try_from(time & u64::from(u32::MAX)).unwrap_or(0)
}

/// A tag of an exported PDU: big-endian, its value filled up to four bytes.
fn tag(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    out.extend_from_slice(&tag.to_be_bytes());
    let length = value.len().next_multiple_of(4);
    out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    padded(out, value);
}

/// An option of a block: the value filled up to four bytes, its length without that.
fn option(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
    padded(out, value);
}

fn end_of_options(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; 4]);
}

fn padded(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(value);
    out.resize(out.len() + (value.len().next_multiple_of(4) - value.len()), 0);
}

fn block(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let length = u32::try_from(body.len() + 12).unwrap_or(u32::MAX);
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(&length.to_le_bytes());
}
