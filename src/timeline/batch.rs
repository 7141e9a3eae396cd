//! Events copied out of a timeline: taken under its lock, read after it.

use super::record::Head;
use super::sessions::{SessionId, Standing};
use super::store::Stored;
use crate::event::{Event, Kind, WallTime};

/// What an event counts beside its topic and payload, in bytes.
const EVENT: usize = 64;

/// Memory that an emptied batch keeps, in bytes. One that held a message of many megabytes gives it back.
const KEPT: usize = 4 << 20;

/// Events copied out of a timeline.
#[derive(Debug, Default)]
pub struct Batch {
    names: Vec<String>,
    heads: Vec<(u64, Head)>,
    memory: Vec<u8>,
    bytes: usize,
}

impl Batch {
    /// What an event counts in [`Batch::bytes`]: the bytes of a message's topic and payload, and a little for the rest.
    pub fn weight(kind: &Kind<'_>) -> usize {
        EVENT
            + match kind {
                Kind::Rx(message) | Kind::Tx(message) => message.topic.len() + message.payload.len(),
                _ => 0,
            }
    }

    /// What the events count together, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// The events, each with its session, numbered as in the timeline.
    pub fn events(&self) -> impl Iterator<Item = (SessionId, Event<'_>)> {
        self.heads.iter().map(|(seq, head)| {
            let stored = Stored { seq: *seq, head: *head, memory: &self.memory };
            let session = SessionId(head.session);
            let event = Event {
                seq: *seq,
                at: WallTime::from_unix_micros(head.at),
                mono_us: head.mono_us,
                session: self.name(session),
                kind: stored.kind(),
            };
            (session, event)
        })
    }

    /// The numbers of the events, each with its session.
    pub fn numbers(&self) -> impl Iterator<Item = (SessionId, u64)> {
        self.heads.iter().map(|(seq, head)| (SessionId(head.session), *seq))
    }

    /// The name of a session, as far as the timeline knew it when the events were copied; else empty.
    pub fn name(&self, session: SessionId) -> &str {
        self.names.get(usize::from(session.0)).map_or("", String::as_str)
    }

    /// Empties the batch for events of `sessions`, whose names never change.
    pub(super) fn clear(&mut self, sessions: &[Standing]) {
        self.heads.clear();
        self.memory.clear();
        self.memory.shrink_to(KEPT);
        self.bytes = 0;
        let known = self.names.len().min(sessions.len());
        self.names.extend(sessions[known..].iter().map(|standing| standing.name.clone()));
    }

    pub(super) fn push(&mut self, stored: &Stored<'_>) {
        let (topic, payload) = (stored.topic(), stored.payload());
        let topic_at = self.put(topic);
        let body_at = self.put(stored.extras());
        self.put(payload);
        self.heads.push((stored.seq, Head { topic_at, body_at, ..stored.head }));
        self.bytes += EVENT + if stored.head.is_message() { topic.len() + payload.len() } else { 0 };
    }

    /// Appends `bytes` and answers where they lie.
    fn put(&mut self, bytes: &[u8]) -> u32 {
        // A batch ends with the event that goes beyond its bound, and a packet of MQTT has at most 256 MiB.
        let at = u32::try_from(self.memory.len()).unwrap_or(u32::MAX);
        self.memory.extend_from_slice(bytes);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::profile::Cloud;
    use crate::timeline::{Budget, Timeline};

    #[test]
    fn a_batch_is_what_the_timeline_holds_up_to_its_bound() {
        let start = crate::timeline::tests::moment(0);
        let mut timeline = Timeline::new(Budget::default(), start);
        let sessions = ["a", "b"].map(|name| timeline.register(name, Cloud::Mqtt));
        let long = vec![b'x'; 1_000];
        let topics = ["t/1", "t/22"];
        for place in 0..20 {
            let payload = &long[..place * 40];
            let message = crate::timeline::tests::message(topics[place % 2], payload);
            timeline.append(sessions[place % 2], start, &Kind::Rx(message), None);
            timeline.append(sessions[0], start, &Kind::Note { text: "n", order: None }, None);
        }
        let mut batch = Batch::default();
        let (mut next, mut rounds) = (5, 0);
        loop {
            timeline.copy_from(next, 1_000, &mut batch);
            let expected: Vec<_> = timeline.entries_from(next).take(batch.heads.len()).collect();
            let copied: Vec<_> = batch.events().collect();
            assert_eq!(copied, expected);
            let Some((_, last)) = copied.last() else { break };
            let weights = copied.iter().map(|(_, event)| Batch::weight(&event.kind));
            assert_eq!(weights.clone().sum::<usize>(), batch.bytes());
            assert!(batch.bytes() - Batch::weight(&last.kind) < 1_000);
            (next, rounds) = (last.seq + 1, rounds + 1);
        }
        assert_eq!((next, batch.is_empty()), (41, true));
        assert!(rounds > 5);
        assert_eq!((batch.name(sessions[1]), batch.name(SessionId(7))), ("b", ""));
    }
}
