//! Acknowledgements, found for the visible messages that went out: each is told at its message's row.

use std::collections::HashMap;
use std::time::Duration;

use super::glance::Right;
use crate::event::Kind;
use crate::mqtt::PacketId;
use crate::timeline::{SessionId, Timeline};

/// How many events one look takes in.
const LOOK: usize = 2_000;

/// What is known of the acknowledgements of visible messages.
#[derive(Debug, Default)]
pub(super) struct Acks {
    known: HashMap<u64, Duration>,
    awaited: Vec<Awaited>,
}

/// A message that went out and whose acknowledgement was not found yet.
#[derive(Debug)]
struct Awaited {
    seq: u64,
    session: SessionId,
    packet: PacketId,
    /// Where to look on.
    from: u64,
    /// Whether all events there are were looked at.
    is_caught_up: bool,
}

impl Acks {
    /// From now on the acknowledgement of that message is looked for.
    pub(super) fn expect(&mut self, seq: u64, session: SessionId, packet: PacketId) {
        self.awaited.push(Awaited { seq, session, packet, from: seq + 1, is_caught_up: false });
    }

    /// Looks further, for a bounded time; forgets what is no longer among the `visible` ones, which are in order.
    pub(super) fn look(&mut self, timeline: &Timeline, visible: &[u64]) {
        let is_visible = |seq: u64| visible.binary_search(&seq).is_ok();
        self.known.retain(|seq, _| is_visible(*seq));
        self.awaited.retain(|awaited| is_visible(awaited.seq));
        let Some(from) = self.awaited.iter().map(|awaited| awaited.from).min() else { return };
        let mut next = from;
        for event in timeline.events_from(from).take(LOOK) {
            next = event.seq + 1;
            let Kind::Acked(acked) = event.kind else { continue };
            let (Some(packet), Some(session)) = (acked.packet_id, timeline.session_of(event.seq)) else { continue };
            let is_its = |awaited: &mut Awaited| {
                awaited.session == session && awaited.packet == packet && awaited.seq < event.seq
            };
            // Of two messages under one id, sent before and after a reconnect, both are done.
            let done = self.awaited.extract_if(.., is_its);
            self.known.extend(done.map(|awaited| (awaited.seq, acked.took)));
        }
        let newest = timeline.span().map_or(0, |(_, newest)| newest);
        for awaited in &mut self.awaited {
            awaited.from = awaited.from.max(next);
            awaited.is_caught_up = awaited.from > newest;
        }
    }

    /// What stands at the right of that message's row.
    pub(super) fn of(&self, seq: u64) -> Right {
        match self.known.get(&seq) {
            Some(took) => Right::Acked(*took),
            None if self.awaited.iter().any(|awaited| awaited.seq == seq && awaited.is_caught_up) => Right::Unacked,
            None => Right::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::event::{Acked, Moment, WallTime};
    use crate::profile::Cloud;
    use crate::timeline::Budget;

    fn packet(number: u16) -> PacketId {
        PacketId::new(number).unwrap()
    }

    #[test]
    fn a_message_is_told_from_others_by_session_and_packet_and_only_later_events_count() {
        let now = Moment { at: WallTime::default(), mono: Instant::now() };
        let mut timeline = Timeline::new(Budget::default(), now);
        let sessions = ["one", "two"].map(|name| timeline.register(name, Cloud::Mqtt));
        let ack = |timeline: &mut Timeline, session, number, millis| {
            let took = Duration::from_millis(millis);
            let acked = Acked { packet_id: PacketId::new(number), took, order: None };
            timeline.append(session, now, &Kind::Acked(acked), None)
        };
        let note = |timeline: &mut Timeline| timeline.append(sessions[0], now, &Kind::Note { text: "sent" }, None);

        let mut acks = Acks::default();
        ack(&mut timeline, sessions[0], 7, 1);
        let seq = note(&mut timeline);
        acks.expect(seq, sessions[0], packet(7));
        assert_eq!(acks.of(seq), Right::Nothing, "nothing is known before a look");
        ack(&mut timeline, sessions[1], 7, 2);
        ack(&mut timeline, sessions[0], 8, 3);
        acks.look(&timeline, &[seq]);
        assert_eq!(acks.of(seq), Right::Unacked);
        for _ in 0..=LOOK {
            note(&mut timeline);
        }
        ack(&mut timeline, sessions[0], 7, 31);
        acks.look(&timeline, &[seq]);
        assert_eq!(acks.of(seq), Right::Nothing, "one look is bounded, and says nothing of what it has not seen");
        acks.look(&timeline, &[seq]);
        assert_eq!(acks.of(seq), Right::Acked(Duration::from_millis(31)));
        acks.look(&timeline, &[]);
        assert_eq!(acks.of(seq), Right::Nothing, "what is not visible is forgotten");
    }
}
