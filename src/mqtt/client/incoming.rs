//! The platform's messages: acknowledged in order of arrival, and with QoS 2 delivered once.
//!
//! An acknowledgement can be held until the caller says that it may go. Held ones go out in the order in which their messages
//! came (MQTT-4.6.0-2, MQTT-4.6.0-3), and die with the network connection: the platform sends their messages again.

use std::collections::{BTreeMap, VecDeque};

use super::machine::Core;
use super::{Fault, Happening, Output};
use crate::mqtt::packet::{Packet, PacketId, Publish, Qos};

/// How many acknowledgements may be held: as many as there are packet identifiers.
const HELD: usize = 65_535;

/// The receiving half of the session's state.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    /// QoS 2 messages that were delivered and whose PUBREL has not come.
    unreleased: BTreeMap<PacketId, Receipt>,
    /// PUBACKs and PUBRECs that wait for leave to go, in order.
    held: VecDeque<(Qos, PacketId)>,
    /// How many of them there were, ever.
    taken: u64,
}

/// Where the PUBREC of a QoS 2 message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receipt {
    /// Held.
    Held,
    /// Sent, or gone with its connection: the platform sends the message again.
    Gone,
}

impl Core {
    /// Takes a message: acknowledges it (MQTT-4.5.0-2), at once or when it may, and delivers it, unless it is a repeated QoS 2
    /// message.
    pub(super) fn message(&mut self, publish: Publish, output: &mut Output) -> Result<(), Fault> {
        match (publish.qos, publish.packet_id) {
            (Qos::AtLeastOnce, Some(id)) => self.answer(Qos::AtLeastOnce, id, output)?,
            (Qos::ExactlyOnce, Some(id)) => {
                let known = self.incoming.unreleased.get(&id).copied();
                if known != Some(Receipt::Held) {
                    let receipt = if self.options.hold { Receipt::Held } else { Receipt::Gone };
                    self.incoming.unreleased.insert(id, receipt);
                    self.answer(Qos::ExactlyOnce, id, output)?;
                }
                if known.is_some() {
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
        if self.incoming.unreleased.get(&id) == Some(&Receipt::Held) {
            return self.fault(format!("PUBREL: for packet identifier {}, before its PUBREC", id.number()), output);
        }
        output.write(&Packet::Pubcomp(id))?;
        if self.incoming.unreleased.remove(&id).is_none() {
            output.happened(Happening::Noted(format!(
                "PUBREL for packet identifier {}, which is not in use: answered with PUBCOMP",
                id.number()
            )));
        }
        Ok(())
    }

    /// Writes an acknowledgement, or holds it.
    fn answer(&mut self, qos: Qos, id: PacketId, output: &mut Output) -> Result<(), Fault> {
        if !self.options.hold {
            return output.write(&acknowledgement(qos, id));
        }
        if self.incoming.held.len() == HELD {
            let fault = "PUBLISH: more messages wait for their acknowledgement than there are packet identifiers";
            return Err(Fault::Protocol(fault.to_owned()));
        }
        self.incoming.held.push_back((qos, id));
        self.incoming.taken += 1;
        Ok(())
    }
}

impl Incoming {
    /// How many acknowledgements are held.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// How many acknowledgements there were, ever.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Lets the acknowledgements go out up to that number.
    pub(super) fn release(&mut self, up_to: u64, output: &mut Output) -> Result<(), Fault> {
        // The last `held` of all numbers are still here.
        let gone = self.taken - self.held.len() as u64;
        let due = usize::try_from(up_to.saturating_sub(gone)).unwrap_or(usize::MAX).min(self.held.len());
        for (qos, id) in self.held.drain(..due) {
            if qos == Qos::ExactlyOnce {
                self.unreleased.insert(id, Receipt::Gone);
            }
            output.write(&acknowledgement(qos, id))?;
        }
        Ok(())
    }

    /// The network connection is gone, and with it what was held.
    pub(super) fn closed(&mut self) {
        for (_, id) in self.held.drain(..) {
            if let Some(receipt) = self.unreleased.get_mut(&id) {
                *receipt = Receipt::Gone;
            }
        }
    }

    /// Forgets everything: the session is a new one.
    pub(super) fn forget(&mut self) {
        self.held.clear();
        self.unreleased.clear();
    }
}

fn acknowledgement(qos: Qos, id: PacketId) -> Packet {
    if qos == Qos::ExactlyOnce { Packet::Pubrec(id) } else { Packet::Puback(id) }
}
