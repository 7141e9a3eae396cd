//! What each packet of the platform does to a connection that is up.

use std::time::Instant;

use super::machine::{Core, Phase};
use super::outgoing::Verdict;
use super::{Fault, Happening, Output};
use crate::mqtt::packet::{Packet, PacketId};

impl Core {
    /// Takes a packet after CONNACK.
    pub(super) fn packet_online(&mut self, now: Instant, packet: Packet, output: &mut Output) -> Result<(), Fault> {
        let name = packet.name();
        match packet {
            Packet::Publish(publish) => self.message(publish, output),
            Packet::Puback(id) => {
                let verdict = self.outgoing.puback(now, id, &mut self.ids, output);
                self.acknowledged(now, (name, id), verdict, output)
            }
            Packet::Pubrec(id) => {
                let verdict = self.outgoing.pubrec(id, output)?;
                self.acknowledged(now, (name, id), verdict, output)
            }
            Packet::Pubcomp(id) => {
                let verdict = self.outgoing.pubcomp(now, id, &mut self.ids, output);
                self.acknowledged(now, (name, id), verdict, output)
            }
            Packet::Pubrel(id) => self.pubrel(id, output),
            Packet::Suback(suback) => {
                if self.answers(name, suback.packet_id, output)?
                    && let Err(fault) = self.requests.suback(suback, &mut self.ids, output)
                {
                    return self.fault(fault, output);
                }
                Ok(())
            }
            Packet::Unsuback(id) => {
                if self.answers(name, id, output)? {
                    self.requests.unsuback(id, &mut self.ids, output);
                }
                Ok(())
            }
            Packet::Pingresp => {
                if let Phase::Online(keep_alive) = &mut self.phase {
                    output.happened(match keep_alive.answered(now) {
                        Some(took) => Happening::Pinged { took },
                        None => Happening::Noted("PINGRESP without a PINGREQ".to_owned()),
                    });
                }
                Ok(())
            }
            Packet::Connack(_) => self.fault("CONNACK: it came a second time".to_owned(), output),
            Packet::Connect(_)
            | Packet::Subscribe(_)
            | Packet::Unsubscribe(_)
            | Packet::Pingreq
            | Packet::Disconnect => self.fault(format!("{name}: a server may not send it"), output),
        }
    }

    /// Goes on after an acknowledgement of one of our messages, or says what is wrong with it.
    fn acknowledged(
        &mut self,
        now: Instant,
        (name, id): (&str, PacketId),
        verdict: Verdict,
        output: &mut Output,
    ) -> Result<(), Fault> {
        let number = id.number();
        match verdict {
            Verdict::Expected => self.outgoing.send_waiting(now, self.options.window, &mut self.ids, output),
            Verdict::Wrong(why) => return self.fault(format!("{name}: for packet identifier {number}, {why}"), output),
            Verdict::Odd(why) => match self.requests.awaited(id) {
                Some(awaited) => {
                    return self
                        .fault(format!("{name}: for packet identifier {number}, which waits for {awaited}"), output);
                }
                None => output.happened(Happening::Noted(format!("{name} for packet identifier {number}, {why}"))),
            },
        }
        Ok(())
    }

    /// Whether the packet `name` is the answer that the request with `id` waits for.
    fn answers(&self, name: &str, id: PacketId, output: &mut Output) -> Result<bool, Fault> {
        let number = id.number();
        match self.requests.awaited(id) {
            Some(awaited) if awaited == name => return Ok(true),
            Some(awaited) => {
                self.fault(format!("{name}: for packet identifier {number}, which waits for {awaited}"), output)?;
            }
            None if self.outgoing.holds(id) => {
                self.fault(format!("{name}: for packet identifier {number}, which belongs to a PUBLISH"), output)?;
            }
            None => {
                output
                    .happened(Happening::Noted(format!("{name} for packet identifier {number}, which is not in use")));
            }
        }
        Ok(false)
    }
}
