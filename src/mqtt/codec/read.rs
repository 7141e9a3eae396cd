//! One whole frame to one packet: mqttbytes reads it, then come the checks of what mqttbytes lets pass.

use bytes::Bytes;
use mqttbytes::v4;
use mqttbytes::{Error, FixedHeader, QoS};

use super::frame::Header;
use super::{Malformed, check};
use crate::mqtt::packet::{
    Connack, Connect, ConnectReturn, Packet, PacketId, Publish, Qos, Suback, Subscribe, Unsubscribe, Will,
};
use crate::mqtt::topic;
use crate::secret::Secret;

/// A frame on its way to a packet.
struct Frame {
    header: Header,
    bytes: Bytes,
}

/// Reads the packet that `bytes` are, header included. The header has passed its checks.
pub(super) fn packet(header: Header, bytes: Bytes) -> Result<Packet, Malformed> {
    let frame = Frame { header, bytes };
    match header.first >> 4 {
        1 => frame.connect(),
        2 => frame.connack(),
        3 => frame.publish(),
        4 => frame.acknowledgement(|header, bytes| v4::PubAck::read(header, bytes).map(|ack| ack.pkid), Packet::Puback),
        5 => frame.acknowledgement(|header, bytes| v4::PubRec::read(header, bytes).map(|ack| ack.pkid), Packet::Pubrec),
        6 => frame.acknowledgement(|header, bytes| v4::PubRel::read(header, bytes).map(|ack| ack.pkid), Packet::Pubrel),
        7 => {
            frame.acknowledgement(|header, bytes| v4::PubComp::read(header, bytes).map(|ack| ack.pkid), Packet::Pubcomp)
        }
        8 => frame.subscribe(),
        9 => frame.suback(),
        10 => frame.unsubscribe(),
        11 => frame
            .acknowledgement(|header, bytes| v4::UnsubAck::read(header, bytes).map(|ack| ack.pkid), Packet::Unsuback),
        // The other three have no body, and the reserved types never pass the header's checks.
        12 => Ok(Packet::Pingreq),
        13 => Ok(Packet::Pingresp),
        14 => Ok(Packet::Disconnect),
        _ => Err(frame.fault("MQTT 3.1.1 has no such packet")),
    }
}

impl Frame {
    fn fault(&self, fault: impl Into<String>) -> Malformed {
        Malformed::within(check::name(self.header.first), fault)
    }

    /// Has mqttbytes read this frame and no other byte. Whatever it finds wrong, missing bytes too, is a malformed packet.
    fn read<T>(&self, reader: impl FnOnce(FixedHeader, Bytes) -> Result<T, Error>) -> Result<T, Malformed> {
        let header = FixedHeader::new(self.header.first, self.header.size - 1, self.header.remaining);
        reader(header, self.bytes.clone()).map_err(|error| self.fault(words(error)))
    }

    /// The byte `index` bytes behind the fixed header; 0 where there is none, which a reader has refused before.
    fn byte(&self, index: usize) -> u8 {
        self.bytes.get(self.header.size + index).copied().unwrap_or(0)
    }

    fn packet_id(&self, number: u16) -> Result<PacketId, Malformed> {
        PacketId::new(number).ok_or_else(|| self.fault("its packet identifier is 0 (MQTT-2.3.1-1)"))
    }

    /// Refuses NUL in the text that is called `what` (MQTT-1.5.3-2).
    fn text(&self, what: &str, text: &str) -> Result<(), Malformed> {
        if memchr::memchr(0, text.as_bytes()).is_some() {
            return Err(self.fault(format!("its {what} holds a NUL character (MQTT-1.5.3-2)")));
        }
        Ok(())
    }

    fn topic_name(&self, what: &str, name: &str) -> Result<(), Malformed> {
        topic::check_name(name).map_err(|error| self.fault(format!("its {what}: {error}")))
    }

    fn acknowledgement(
        &self,
        reader: impl FnOnce(FixedHeader, Bytes) -> Result<u16, Error>,
        packet: impl FnOnce(PacketId) -> Packet,
    ) -> Result<Packet, Malformed> {
        Ok(packet(self.packet_id(self.read(reader)?)?))
    }

    fn publish(&self) -> Result<Packet, Malformed> {
        let read = self.read(v4::Publish::read)?;
        self.topic_name("topic", &read.topic)?;
        let packet_id = match read.qos {
            QoS::AtMostOnce => None,
            QoS::AtLeastOnce | QoS::ExactlyOnce => Some(self.packet_id(read.pkid)?),
        };
        Ok(Packet::Publish(Publish {
            dup: read.dup,
            qos: qos(read.qos),
            retain: read.retain,
            topic: read.topic,
            packet_id,
            payload: read.payload,
        }))
    }

    fn connack(&self) -> Result<Packet, Malformed> {
        let read = self.read(v4::ConnAck::read)?;
        if self.byte(0) & 0xfe != 0 {
            return Err(self.fault(format!("its reserved flags are set: {:#04x} (section 3.2.2.1)", self.byte(0))));
        }
        let number = self.byte(1);
        let code = ConnectReturn::from_number(number)
            .ok_or_else(|| self.fault(words(Error::InvalidConnectReturnCode(number))))?;
        if read.session_present && code != ConnectReturn::Accepted {
            let fault = format!("it refuses with code {number} and has session-present set (MQTT-3.2.2-4)");
            return Err(self.fault(fault));
        }
        Ok(Packet::Connack(Connack { session_present: read.session_present, code }))
    }

    fn suback(&self) -> Result<Packet, Malformed> {
        let read = self.read(v4::SubAck::read)?;
        let granted = read.return_codes.into_iter().map(|code| match code {
            v4::SubscribeReasonCode::Success(granted) => Some(qos(granted)),
            v4::SubscribeReasonCode::Failure => None,
        });
        Ok(Packet::Suback(Suback { packet_id: self.packet_id(read.pkid)?, granted: granted.collect() }))
    }

    fn subscribe(&self) -> Result<Packet, Malformed> {
        let read = self.read(v4::Subscribe::read)?;
        let packet_id = self.packet_id(read.pkid)?;
        if read.filters.is_empty() {
            return Err(self.fault("it holds no topic filter (MQTT-3.8.3-3)"));
        }
        let mut filters = Vec::with_capacity(read.filters.len());
        let mut at = 2;
        for filter in read.filters {
            at += 2 + filter.path.len();
            if self.byte(at) & 0xfc != 0 {
                return Err(self.fault("a reserved bit beside a requested QoS is set (MQTT-3-8.3-4)"));
            }
            at += 1;
            self.filter(&filter.path)?;
            filters.push((filter.path, qos(filter.qos)));
        }
        Ok(Packet::Subscribe(Subscribe { packet_id, filters }))
    }

    fn unsubscribe(&self) -> Result<Packet, Malformed> {
        let read = self.read(v4::Unsubscribe::read)?;
        let packet_id = self.packet_id(read.pkid)?;
        if read.topics.is_empty() {
            return Err(self.fault("it holds no topic filter (MQTT-3.10.3-2)"));
        }
        for filter in &read.topics {
            self.filter(filter)?;
        }
        Ok(Packet::Unsubscribe(Unsubscribe { packet_id, filters: read.topics }))
    }

    fn filter(&self, filter: &str) -> Result<(), Malformed> {
        topic::check_filter(filter).map_err(|error| self.fault(format!("a topic filter of it: {error}")))
    }

    /// mqttbytes does not tell an absent text from an empty one, so the connect flags decide what is there.
    fn connect(&self) -> Result<Packet, Malformed> {
        let read = self.read(v4::Connect::read)?;
        let (level, flags) = (self.byte(6), self.byte(7));
        if level != 4 {
            return Err(self.fault(words(Error::InvalidProtocolLevel(level))));
        }
        if flags & 0x01 != 0 {
            return Err(self.fault("the reserved connect flag is set (MQTT-3.1.2-3)"));
        }
        if flags & 0xc0 == 0x40 {
            return Err(self.fault("it has a password without a user name (MQTT-3.1.2-22)"));
        }
        let login = read.login.unwrap_or_else(|| v4::Login::new("", ""));
        let username = (flags & 0x80 != 0).then_some(login.username);
        let password = (flags & 0x40 != 0).then_some(login.password);
        let will = read.last_will;

        let two_texts = |first: usize, second: usize| first + second + 4;
        let length = 12
            + read.client_id.len()
            + will.as_ref().map_or(0, |will| two_texts(will.topic.len(), will.message.len()))
            + username.as_ref().map_or(0, |name| name.len() + 2)
            + password.as_ref().map_or(0, |word| word.len() + 2);
        if length != self.header.remaining {
            return Err(self.fault(format!("bytes left over after its last field: {}", self.header.remaining - length)));
        }
        self.text("client identifier", &read.client_id)?;
        self.text("user name", username.as_deref().unwrap_or_default())?;
        if let Some(will) = &will {
            self.topic_name("will topic", &will.topic)?;
        }
        Ok(Packet::Connect(Box::new(Connect {
            client_id: read.client_id,
            username,
            password: password.map(Secret::new),
            will: will.map(|will| Will {
                topic: will.topic,
                payload: will.message,
                qos: qos(will.qos),
                retain: will.retain,
            }),
            clean_session: read.clean_session,
            keep_alive: read.keep_alive,
        })))
    }
}

fn qos(qos: QoS) -> Qos {
    match qos {
        QoS::AtMostOnce => Qos::AtMostOnce,
        QoS::AtLeastOnce => Qos::AtLeastOnce,
        QoS::ExactlyOnce => Qos::ExactlyOnce,
    }
}

/// What mqttbytes found, in words for a person.
fn words(error: Error) -> String {
    match error {
        Error::BoundaryCrossed(length) => format!("a field of {length} bytes in it runs over its end"),
        Error::MalformedPacket | Error::PayloadRequired | Error::InsufficientBytes(_) => "it ends too early".to_owned(),
        Error::TopicNotUtf8 => "a text in it is not UTF-8 (MQTT-1.5.3-1)".to_owned(),
        Error::PacketIdZero => "its packet identifier is 0 (MQTT-2.3.1-1)".to_owned(),
        Error::InvalidConnectReturnCode(code) => format!("its return code {code} is reserved (section 3.2.2.3)"),
        Error::InvalidSubscribeReasonCode(code) => {
            format!("its return code {code:#04x} is none of 0, 1, 2 and 0x80 (MQTT-3.9.3-2)")
        }
        Error::InvalidQoS(number) => format!("it has QoS {number}, which does not exist"),
        Error::InvalidProtocol => "its protocol name is not MQTT (MQTT-3.1.2-1)".to_owned(),
        Error::InvalidProtocolLevel(level) => {
            format!("its protocol level is {level}; only 4, MQTT 3.1.1, is spoken here (MQTT-3.1.2-2)")
        }
        Error::IncorrectPacketFormat => "it has a will QoS or will retain without a will (MQTT-3.1.2-11)".to_owned(),
        // The other errors belong to framing, which is done before, and to MQTT 5.
        other => format!("it cannot be read ({other:?})"),
    }
}
