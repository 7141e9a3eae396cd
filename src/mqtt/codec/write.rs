//! Packets to bytes. Everything is checked before the first byte is written.

use bytes::{BufMut, BytesMut};

use super::Unwritable;
use crate::mqtt::packet::{Connack, Connect, ConnectReturn, Packet, PacketId, Publish, Qos, Suback};
use crate::mqtt::topic;

/// The largest remaining length: four bytes of seven bits (section 2.2.3).
const LONGEST: usize = 268_435_455;

/// Appends `packet` to `out`; on an error `out` is as it was.
pub fn encode(packet: &Packet, out: &mut BytesMut) -> Result<(), Unwritable> {
    match packet {
        Packet::Connect(packet) => return connect(packet, out),
        Packet::Connack(packet) => return connack(*packet, out),
        Packet::Publish(packet) => return publish(packet, out),
        Packet::Puback(id) => acknowledgement(0x40, *id, out),
        Packet::Pubrec(id) => acknowledgement(0x50, *id, out),
        Packet::Pubrel(id) => acknowledgement(0x62, *id, out),
        Packet::Pubcomp(id) => acknowledgement(0x70, *id, out),
        Packet::Subscribe(packet) => {
            let filters = packet.filters.iter().map(|(filter, qos)| (filter.as_str(), Some(*qos)));
            return filtered("SUBSCRIBE", 0x82, packet.packet_id, filters, out);
        }
        Packet::Suback(packet) => return suback(packet, out),
        Packet::Unsubscribe(packet) => {
            let filters = packet.filters.iter().map(|filter| (filter.as_str(), None));
            return filtered("UNSUBSCRIBE", 0xa2, packet.packet_id, filters, out);
        }
        Packet::Unsuback(id) => acknowledgement(0xb0, *id, out),
        Packet::Pingreq => out.put_slice(&[0xc0, 0]),
        Packet::Pingresp => out.put_slice(&[0xd0, 0]),
        Packet::Disconnect => out.put_slice(&[0xe0, 0]),
    }
    Ok(())
}

fn acknowledgement(first: u8, id: PacketId, out: &mut BytesMut) {
    let [high, low] = id.number().to_be_bytes();
    out.put_slice(&[first, 2, high, low]);
}

fn connack(packet: Connack, out: &mut BytesMut) -> Result<(), Unwritable> {
    if packet.session_present && packet.code != ConnectReturn::Accepted {
        return Err(Unwritable::new("CONNACK", "a refusal may not have session-present set (MQTT-3.2.2-4)"));
    }
    out.put_slice(&[0x20, 2, u8::from(packet.session_present), packet.code.number()]);
    Ok(())
}

/// Written without a buffer of its own: it is the one packet that comes in floods.
fn publish(packet: &Publish, out: &mut BytesMut) -> Result<(), Unwritable> {
    let fault = |fault: String| Err(Unwritable::new("PUBLISH", fault));
    if let Err(error) = topic::check_name(&packet.topic) {
        return fault(format!("its topic: {error}"));
    }
    match (packet.qos, packet.packet_id) {
        (Qos::AtMostOnce, Some(_)) => return fault("QoS 0 has no packet identifier (MQTT-2.3.1-5)".to_owned()),
        (Qos::AtMostOnce, None) if packet.dup => return fault("QoS 0 has no DUP (MQTT-3.3.1-2)".to_owned()),
        (Qos::AtMostOnce, None) | (_, Some(_)) => {}
        (_, None) => return fault("QoS 1 and 2 need a packet identifier (MQTT-2.3.1-1)".to_owned()),
    }
    let topic = sized("PUBLISH", "topic", packet.topic.as_bytes())?;
    let remaining = 2 + packet.topic.len() + if packet.packet_id.is_some() { 2 } else { 0 } + packet.payload.len();
    fits("PUBLISH", remaining)?;

    out.reserve(5 + remaining);
    out.put_u8(0x30 | u8::from(packet.dup) << 3 | packet.qos.number() << 1 | u8::from(packet.retain));
    put_length(remaining, out);
    out.put_u16(topic);
    out.put_slice(packet.topic.as_bytes());
    if let Some(id) = packet.packet_id {
        out.put_u16(id.number());
    }
    out.put_slice(&packet.payload);
    Ok(())
}

fn connect(packet: &Connect, out: &mut BytesMut) -> Result<(), Unwritable> {
    if packet.client_id.is_empty() && !packet.clean_session {
        return Err(Unwritable::new("CONNECT", "an empty client identifier needs CleanSession 1 (MQTT-3.1.3-7)"));
    }
    if packet.password.is_some() && packet.username.is_none() {
        return Err(Unwritable::new("CONNECT", "a password needs a user name (MQTT-3.1.2-22)"));
    }
    let mut flags = u8::from(packet.clean_session) << 1;
    if let Some(will) = &packet.will {
        flags |= 0x04 | will.qos.number() << 3 | u8::from(will.retain) << 5;
    }
    flags |= u8::from(packet.password.is_some()) << 6 | u8::from(packet.username.is_some()) << 7;

    let mut body = Body::new("CONNECT");
    body.text("protocol name", "MQTT")?;
    body.bytes.put_slice(&[4, flags]);
    body.bytes.put_u16(packet.keep_alive);
    body.text("client identifier", &packet.client_id)?;
    if let Some(will) = &packet.will {
        topic::check_name(&will.topic)
            .map_err(|error| Unwritable::new("CONNECT", format!("its will topic: {error}")))?;
        body.text("will topic", &will.topic)?;
        body.binary("will message", &will.payload)?;
    }
    if let Some(username) = &packet.username {
        body.text("user name", username)?;
    }
    if let Some(password) = &packet.password {
        body.binary("password", password.reveal().as_bytes())?;
    }
    body.finish(0x10, out)
}

fn suback(packet: &Suback, out: &mut BytesMut) -> Result<(), Unwritable> {
    if packet.granted.is_empty() {
        return Err(Unwritable::new("SUBACK", "it answers no topic filter (MQTT-3.8.4-5)"));
    }
    let mut body = Body::new("SUBACK");
    body.bytes.put_u16(packet.packet_id.number());
    for granted in &packet.granted {
        body.bytes.put_u8(granted.map_or(0x80, Qos::number));
    }
    body.finish(0x90, out)
}

/// SUBSCRIBE, with a QoS a filter, and UNSUBSCRIBE, without.
fn filtered<'a>(
    name: &'static str,
    first: u8,
    id: PacketId,
    filters: impl ExactSizeIterator<Item = (&'a str, Option<Qos>)>,
    out: &mut BytesMut,
) -> Result<(), Unwritable> {
    if filters.len() == 0 {
        return Err(Unwritable::new(name, "it needs a topic filter (MQTT-3.8.3-3, MQTT-3.10.3-2)"));
    }
    let mut body = Body::new(name);
    body.bytes.put_u16(id.number());
    for (filter, qos) in filters {
        topic::check_filter(filter).map_err(|error| Unwritable::new(name, format!("a topic filter of it: {error}")))?;
        body.text("topic filter", filter)?;
        if let Some(qos) = qos {
            body.bytes.put_u8(qos.number());
        }
    }
    body.finish(first, out)
}

/// What follows the fixed header, in a buffer of its own until it is known to be good.
struct Body {
    packet: &'static str,
    bytes: BytesMut,
}

impl Body {
    fn new(packet: &'static str) -> Self {
        Self { packet, bytes: BytesMut::new() }
    }

    /// Appends a UTF-8 field (section 1.5.3).
    fn text(&mut self, what: &str, text: &str) -> Result<(), Unwritable> {
        if text.contains('\0') {
            return Err(Unwritable::new(self.packet, format!("its {what} holds a NUL character (MQTT-1.5.3-2)")));
        }
        self.binary(what, text.as_bytes())
    }

    /// Appends a field of any bytes, its length before it.
    fn binary(&mut self, what: &str, bytes: &[u8]) -> Result<(), Unwritable> {
        self.bytes.put_u16(sized(self.packet, what, bytes)?);
        self.bytes.put_slice(bytes);
        Ok(())
    }

    /// Appends the whole packet to `out`.
    fn finish(self, first: u8, out: &mut BytesMut) -> Result<(), Unwritable> {
        fits(self.packet, self.bytes.len())?;
        out.put_u8(first);
        put_length(self.bytes.len(), out);
        out.put_slice(&self.bytes);
        Ok(())
    }
}

/// The length of a field, which has two bytes on the wire.
fn sized(packet: &'static str, what: &str, bytes: &[u8]) -> Result<u16, Unwritable> {
    u16::try_from(bytes.len())
        .map_err(|_| Unwritable::new(packet, format!("its {what} has {} bytes; 65,535 are the most", bytes.len())))
}

fn fits(packet: &'static str, remaining: usize) -> Result<(), Unwritable> {
    if remaining > LONGEST {
        return Err(Unwritable::new(
            packet,
            format!("it has {remaining} bytes after its header; {LONGEST} are the most"),
        ));
    }
    Ok(())
}

/// Appends a remaining length in as few bytes as it needs.
fn put_length(mut length: usize, out: &mut BytesMut) {
    loop {
        let [low, ..] = (length & 0x7f).to_le_bytes();
        length >>= 7;
        if length == 0 {
            out.put_u8(low);
            return;
        }
        out.put_u8(low | 0x80);
    }
}
