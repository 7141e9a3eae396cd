//! Our messages: those in flight, those that wait for the window, and their packet identifiers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::{Fault, Happening, Output, Token};
use crate::mqtt::codec;
use crate::mqtt::packet::{Packet, PacketId, Publish, Qos};
use crate::mqtt::topic;

/// The packet identifiers of our requests and messages.
#[derive(Debug)]
pub(super) struct Ids {
    next: PacketId,
    used: BTreeSet<PacketId>,
}

impl Default for Ids {
    fn default() -> Self {
        Self { next: PacketId::FIRST, used: BTreeSet::new() }
    }
}

impl Ids {
    /// An identifier that is not in use (MQTT-2.3.1-2), in turn; `None` when all are.
    pub(super) fn take(&mut self) -> Option<PacketId> {
        if self.used.len() == usize::from(u16::MAX) {
            return None;
        }
        while !self.used.insert(self.next) {
            self.next = self.next.next();
        }
        let taken = self.next;
        self.next = taken.next();
        Some(taken)
    }

    /// The exchange that used `id` has ended (MQTT-2.3.1-3).
    pub(super) fn free(&mut self, id: PacketId) {
        self.used.remove(&id);
    }
}

/// The sending half of the session's state.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    flights: BTreeMap<PacketId, Flight>,
    waiting: VecDeque<(Token, Publish)>,
    /// Bytes in `waiting`: of topics too, for an answer's may hold a request id of 64 KiB.
    waiting_bytes: usize,
    /// Counts what was sent, to re-send in the same order (MQTT-4.6.0-1).
    clock: u64,
}

#[derive(Debug)]
struct Flight {
    token: Token,
    /// Its place in the order of sending: of the PUBLISH, and later of the PUBREL.
    order: u64,
    first_sent: Instant,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// PUBLISH is sent, and PUBACK or PUBREC is awaited.
    Published(Publish),
    /// PUBREL is sent, and PUBCOMP is awaited.
    Released,
}

fn size(publish: &Publish) -> usize {
    publish.topic.len() + publish.payload.len()
}

/// What an acknowledgement turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// What was awaited.
    Expected,
    /// Harmless: the identifier is not in use, or the acknowledgement came twice. The text says which.
    Odd(&'static str),
    /// Something else was awaited; the text says what.
    Wrong(&'static str),
}

impl Outgoing {
    /// Messages in flight and waiting.
    pub(super) fn len(&self) -> usize {
        self.flights.len() + self.waiting.len()
    }

    /// Bytes of topics and payloads in flight and waiting.
    pub(super) fn bytes(&self) -> usize {
        let in_flight = self.flights.values().map(|flight| match &flight.stage {
            Stage::Published(publish) => size(publish),
            Stage::Released => 0,
        });
        self.waiting_bytes + in_flight.sum::<usize>()
    }

    /// Sends a message now or, when the window is full, later.
    pub(super) fn publish(
        &mut self,
        now: Instant,
        token: Token,
        publish: Publish,
        (window, queue): (u16, usize),
        ids: &mut Ids,
        output: &mut Output,
    ) {
        if let Err(error) = topic::check_name(&publish.topic) {
            return output.reject(token, format!("PUBLISH: its topic: {error}"));
        }
        if publish.qos == Qos::AtMostOnce {
            match codec::encode(&Packet::Publish(publish), &mut output.bytes) {
                Ok(()) => {
                    output.happened(Happening::Sent { token, packet_id: None, dup: false });
                    output.happened(Happening::Acked { token, packet_id: None, took: Duration::ZERO });
                }
                Err(error) => output.reject(token, error.to_string()),
            }
            return;
        }
        self.waiting_bytes += size(&publish);
        self.waiting.push_back((token, publish));
        self.send_waiting(now, window, ids, output);
        if self.waiting.len() > queue
            && let Some((token, publish)) = self.waiting.pop_back()
        {
            self.waiting_bytes -= size(&publish);
            let count = self.len();
            output.reject(token, format!("{count} messages are without the platform's acknowledgement already"));
        }
    }

    /// Sends what waits, as far as the window and the identifiers allow.
    pub(super) fn send_waiting(&mut self, now: Instant, window: u16, ids: &mut Ids, output: &mut Output) {
        while self.flights.len() < usize::from(window.max(1))
            && let Some((token, mut publish)) = self.waiting.pop_front()
        {
            let Some(id) = ids.take() else {
                self.waiting.push_front((token, publish));
                return;
            };
            self.waiting_bytes -= size(&publish);
            publish.packet_id = Some(id);
            let packet = Packet::Publish(publish);
            if let Err(error) = codec::encode(&packet, &mut output.bytes) {
                ids.free(id);
                output.reject(token, error.to_string());
                continue;
            }
            let Packet::Publish(publish) = packet else { continue };
            let order = self.tick_clock();
            self.flights.insert(id, Flight { token, order, first_sent: now, stage: Stage::Published(publish) });
            output.happened(Happening::Sent { token, packet_id: Some(id), dup: false });
        }
    }

    fn tick_clock(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Takes a PUBACK.
    pub(super) fn puback(&mut self, now: Instant, id: PacketId, ids: &mut Ids, output: &mut Output) -> Verdict {
        match self.flights.get(&id).map(|flight| &flight.stage) {
            None => return Verdict::Odd("which is not in use"),
            Some(Stage::Published(publish)) if publish.qos == Qos::AtLeastOnce => {}
            Some(Stage::Published(_)) => return Verdict::Wrong("whose message has QoS 2 and waits for PUBREC"),
            Some(Stage::Released) => return Verdict::Wrong("whose message has QoS 2 and waits for PUBCOMP"),
        }
        self.land(now, id, ids, output);
        Verdict::Expected
    }

    /// Takes a PUBREC, and answers it with PUBREL.
    pub(super) fn pubrec(&mut self, id: PacketId, output: &mut Output) -> Result<Verdict, Fault> {
        let order = self.tick_clock();
        let verdict = match self.flights.get_mut(&id) {
            None => return Ok(Verdict::Odd("which is not in use")),
            Some(Flight { stage: Stage::Released, .. }) => Verdict::Odd("which had one before; PUBREL is sent again"),
            Some(Flight { stage: Stage::Published(publish), .. }) if publish.qos == Qos::AtLeastOnce => {
                return Ok(Verdict::Wrong("whose message has QoS 1 and waits for PUBACK"));
            }
            Some(flight) => {
                flight.stage = Stage::Released;
                flight.order = order;
                Verdict::Expected
            }
        };
        output.write(&Packet::Pubrel(id))?;
        Ok(verdict)
    }

    /// Takes a PUBCOMP.
    pub(super) fn pubcomp(&mut self, now: Instant, id: PacketId, ids: &mut Ids, output: &mut Output) -> Verdict {
        match self.flights.get(&id).map(|flight| &flight.stage) {
            None => return Verdict::Odd("which is not in use"),
            Some(Stage::Released) => {}
            Some(Stage::Published(publish)) if publish.qos == Qos::AtLeastOnce => {
                return Verdict::Wrong("whose message has QoS 1 and waits for PUBACK");
            }
            Some(Stage::Published(_)) => return Verdict::Wrong("whose message waits for PUBREC first"),
        }
        self.land(now, id, ids, output);
        Verdict::Expected
    }

    /// The message is with the platform: its identifier is free (MQTT-2.3.1-3).
    fn land(&mut self, now: Instant, id: PacketId, ids: &mut Ids, output: &mut Output) {
        if let Some(flight) = self.flights.remove(&id) {
            ids.free(id);
            let took = now.saturating_duration_since(flight.first_sent);
            output.happened(Happening::Acked { token: flight.token, packet_id: Some(id), took });
        }
    }

    /// Whether a message is in flight with `id`.
    pub(super) fn holds(&self, id: PacketId) -> bool {
        self.flights.contains_key(&id)
    }

    /// Sends every unacknowledged PUBLISH (with DUP) and PUBREL again, with its identifier, in the order of the first time
    /// (MQTT-4.4.0-1, MQTT-4.6.0-1). Answers how many.
    pub(super) fn send_again(&mut self, output: &mut Output) -> Result<usize, Fault> {
        let mut flights: Vec<_> = self.flights.iter_mut().collect();
        flights.sort_unstable_by_key(|(_, flight)| flight.order);
        let count = flights.len();
        for (&id, flight) in flights {
            match &mut flight.stage {
                Stage::Published(publish) => {
                    publish.dup = true;
                    output.write(&Packet::Publish(publish.clone()))?;
                    output.happened(Happening::Sent { token: flight.token, packet_id: Some(id), dup: true });
                }
                Stage::Released => output.write(&Packet::Pubrel(id))?,
            }
        }
        Ok(count)
    }

    /// Ends every message, in order: the session's state is discarded.
    pub(super) fn discard(&mut self, reason: &str, ids: &mut Ids, output: &mut Output) {
        let mut flights: Vec<_> = std::mem::take(&mut self.flights).into_iter().collect();
        flights.sort_unstable_by_key(|(_, flight)| flight.order);
        for (id, flight) in flights {
            ids.free(id);
            output.reject(flight.token, reason);
        }
        self.waiting_bytes = 0;
        for (token, _) in self.waiting.drain(..) {
            output.reject(token, reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn long_topics_count_among_the_bytes_that_wait() {
        let (mut outgoing, mut ids, mut output) = (Outgoing::default(), Ids::default(), Output::default());
        let topic = format!("$oc/devices/d/sys/commands/response/request_id={}", "x".repeat(60_000));
        for number in 0..3 {
            let publish = Publish {
                topic: topic.clone(),
                payload: Bytes::from_static(b"{}"),
                qos: Qos::AtLeastOnce,
                retain: false,
                dup: false,
                packet_id: None,
            };
            outgoing.publish(Instant::now(), Token(number), publish, (1, 10), &mut ids, &mut output);
        }
        assert_eq!(outgoing.bytes(), 3 * (topic.len() + 2), "one in flight, two waiting");
        outgoing.discard("the session's end", &mut ids, &mut output);
        assert_eq!(outgoing.bytes(), 0);
    }
}
