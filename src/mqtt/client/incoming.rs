//! The platform's messages: acknowledged in order of arrival, and with QoS 2 delivered once.

use std::collections::BTreeSet;

use super::{Fault, Happening, Output};
use crate::mqtt::packet::{Packet, PacketId, Publish, Qos};

/// The receiving half of the session's state.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// QoS 2 messages that were delivered and whose PUBREL has not come.
    unreleased: BTreeSet<PacketId>,
}

impl Incoming {
    /// Takes a message: acknowledges it (MQTT-4.5.0-2) and delivers it, unless it is a repeated QoS 2 message.
    pub(super) fn publish(&mut self, publish: Publish, output: &mut Output) -> Result<(), Fault> {
        match (publish.qos, publish.packet_id) {
            (Qos::AtLeastOnce, Some(id)) => output.write(&Packet::Puback(id))?,
            (Qos::ExactlyOnce, Some(id)) => {
                output.write(&Packet::Pubrec(id))?;
                if !self.unreleased.insert(id) {
                    if !publish.dup {
                        let number = id.number();
                        output.happened(Happening::Noted(format!(
                            "PUBLISH with packet identifier {number} came again without DUP before its PUBREL: not delivered"
                        )));
                    }
                    return Ok(());
                }
            }
            // QoS 0; the codec takes no other PUBLISH without an identifier.
            _ => {}
        }
        output.happened(Happening::Message(publish));
        Ok(())
    }

    /// Takes a PUBREL and answers it, known or not: the platform repeats it when our PUBCOMP was lost.
    pub(super) fn pubrel(&mut self, id: PacketId, output: &mut Output) -> Result<(), Fault> {
        output.write(&Packet::Pubcomp(id))?;
        if !self.unreleased.remove(&id) {
            output.happened(Happening::Noted(format!(
                "PUBREL for packet identifier {}, which is not in use: answered with PUBCOMP",
                id.number()
            )));
        }
        Ok(())
    }

    /// Forgets everything: the session is a new one.
    pub(super) fn forget(&mut self) {
        self.unreleased.clear();
    }
}
