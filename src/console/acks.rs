//! Acknowledgements, found for the visible messages that went out: each is told at its message's row.

use std::collections::HashMap;
use std::time::Duration;

use super::glance::Right;
use super::history::{History, Seen};
use crate::event::{Acked, Event, Kind};
use crate::mqtt::PacketId;
use crate::timeline::SessionId;

/// How many events one look takes in.
const LOOK: usize = 2_000;

/// On tape an acknowledgement is looked for among so many events behind its message, and no further.
const FAR: u64 = 10_000;

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
    pub(super) fn look(&mut self, history: History<'_>, visible: &[u64]) {
        let is_visible = |seq: u64| visible.binary_search(&seq).is_ok();
        self.known.retain(|seq, _| is_visible(*seq));
        self.awaited.retain(|awaited| is_visible(awaited.seq));
        let Some(from) = self.awaited.iter().map(|awaited| awaited.from).min() else { return };
        let (held, newest) = history.timeline.span().unwrap_or((1, 0));
        let next =
            if from < held { self.look_on_tape(history, from, held) } else { self.look_in_memory(history, from) };
        for awaited in &mut self.awaited {
            awaited.from = awaited.from.max(next);
            awaited.is_caught_up = awaited.from > newest;
        }
        self.awaited.retain(|awaited| awaited.from >= held || awaited.from - awaited.seq <= FAR);
    }

    /// Answers where to look on.
    fn look_in_memory(&mut self, history: History<'_>, from: u64) -> u64 {
        let mut next = from;
        for event in history.timeline.events_from(from).take(LOOK) {
            next = event.seq + 1;
            let session = || history.timeline.session_of(event.seq);
            if let (Kind::Acked(acked), Some(session)) = (event.kind, session()) {
                self.found(event.seq, session, acked);
            }
        }
        next
    }

    fn look_on_tape(&mut self, history: History<'_>, from: u64, end: u64) -> u64 {
        let most = from.saturating_add(LOOK as u64).min(end);
        for seq in from..most {
            let acked = |event: &Event<'_>, session| match event.kind {
                Kind::Acked(acked) => Some((session, acked)),
                _ => None,
            };
            match history.look(seq, acked) {
                Seen::Here(Some((session, acked))) => self.found(seq, session, acked),
                Seen::Here(None) | Seen::Missing => {}
                Seen::Coming => return seq,
            }
        }
        most
    }

    fn found(&mut self, seq: u64, session: SessionId, acked: Acked) {
        let Some(packet) = acked.packet_id else { return };
        let is_its =
            |awaited: &mut Awaited| awaited.session == session && awaited.packet == packet && awaited.seq < seq;
        // Of two messages under one id, sent before and after a reconnect, both are done.
        let done = self.awaited.extract_if(.., is_its);
        self.known.extend(done.map(|awaited| (awaited.seq, acked.took)));
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
    use crate::event::{Moment, WallTime};
    use crate::profile::Cloud;
    use crate::timeline::{Budget, Timeline};

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
        let note = |timeline: &mut Timeline| {
            timeline.append(sessions[0], now, &Kind::Note { text: "sent", order: None }, None)
        };

        let mut acks = Acks::default();
        ack(&mut timeline, sessions[0], 7, 1);
        let seq = note(&mut timeline);
        acks.expect(seq, sessions[0], packet(7));
        assert_eq!(acks.of(seq), Right::Nothing, "nothing is known before a look");
        ack(&mut timeline, sessions[1], 7, 2);
        ack(&mut timeline, sessions[0], 8, 3);
        acks.look((&timeline).into(), &[seq]);
        assert_eq!(acks.of(seq), Right::Unacked);
        for _ in 0..=LOOK {
            note(&mut timeline);
        }
        ack(&mut timeline, sessions[0], 7, 31);
        acks.look((&timeline).into(), &[seq]);
        assert_eq!(acks.of(seq), Right::Nothing, "one look is bounded, and says nothing of what it has not seen");
        acks.look((&timeline).into(), &[seq]);
        assert_eq!(acks.of(seq), Right::Acked(Duration::from_millis(31)));
        acks.look((&timeline).into(), &[]);
        assert_eq!(acks.of(seq), Right::Nothing, "what is not visible is forgotten");
    }
}
