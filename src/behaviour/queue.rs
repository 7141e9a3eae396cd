//! Answers that wait for their time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use serde_json::Value;

use crate::cloud::{self, Property};
use crate::mqtt::Qos;

/// No more answers wait,
const MOST: usize = 65_536;
/// nor more bytes of them.
const BYTES: usize = 64 << 20;

/// An answer and what goes with it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) qos: Qos,
    pub(super) by: Arc<str>,
    /// To how many bytes it is padded when it goes.
    pub(super) pad: Option<usize>,
    /// Whether it tells of success.
    pub(super) success: bool,
    /// What the request writes: the device's properties take it over when an answer that tells of success goes.
    pub(super) writes: Vec<(Property, Value)>,
    /// The request, for an answer that does not go at once.
    pub(super) call: Option<Arc<Call>>,
    /// Whether it is to go beside another answer: that is the fault.
    pub(super) on_purpose: bool,
}

/// What is kept of a request while its answer waits.
#[derive(Debug)]
pub(super) struct Call {
    /// The identifier that ties its answers to it, where it has one.
    pub(super) id: Option<Arc<str>>,
    /// What it is, for a sentence: "command SILENCE".
    pub(super) title: String,
}

/// What the queue did when a request was answered by someone else.
#[derive(Debug, Default)]
pub(super) struct CalledOff {
    /// The answers that will not go, the next one first.
    pub(super) answers: Vec<Waiting>,
    /// What the request writes, if the answer told of success: the device has taken it over by saying so.
    pub(super) writes: Vec<(Property, Value)>,
}

/// About the bytes that `writes` take in memory.
pub(super) fn weight(writes: &[(Property, Value)]) -> usize {
    writes.iter().map(|(property, value)| cloud::weight(property, value)).sum()
}

impl Waiting {
    /// About the bytes that it takes in memory: an answer may be short, and what its request writes or is called long.
    pub(super) fn bytes(&self) -> usize {
        let call =
            self.call.as_ref().map_or(0, |call| call.title.len() + 2 * call.id.as_ref().map_or(0, |id| id.len()));
        self.topic.len() + self.payload.len() + weight(&self.writes) + call
    }

    /// The same answer once more, which is the fault; what is written has been written by then.
    pub(super) fn again(&self) -> Self {
        Self {
            topic: self.topic.clone(),
            payload: self.payload.clone(),
            qos: self.qos,
            by: Arc::clone(&self.by),
            pad: self.pad,
            success: self.success,
            writes: Vec::new(),
            call: self.call.clone(),
            on_purpose: true,
        }
    }

    fn id(&self) -> Option<&Arc<str>> {
        self.call.as_ref()?.id.as_ref()
    }
}

/// Answers, the next one first; of those that are due together, the one that was put in first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Key, Waiting>,
    /// When those are due that answer a request with an id: by the id and their own number.
    due: BTreeMap<(Arc<str>, u64), Instant>,
    bytes: usize,
    count: u64,
}

/// When it is due, and its number.
type Key = (Instant, u64);

impl Queue {
    /// Whether `count` answers of so many bytes each can be put in; the error says why not.
    pub(super) fn has_room(&self, count: usize, bytes: usize) -> Result<(), String> {
        let all = self.bytes.saturating_add(bytes.saturating_mul(count));
        if self.waiting.len() + count <= MOST && all <= BYTES {
            return Ok(());
        }
        Err(format!("{} answers wait for their time already", self.waiting.len()))
    }

    /// Puts an answer in, for which there is room.
    pub(super) fn put(&mut self, due: Instant, waiting: Waiting) {
        self.bytes += waiting.bytes();
        self.count += 1;
        if let Some(id) = waiting.id() {
            self.due.insert((Arc::clone(id), self.count), due);
        }
        self.waiting.insert((due, self.count), waiting);
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// The next one that is due at `now`.
    pub(super) fn take(&mut self, now: Instant) -> Option<Waiting> {
        let (key, _) = self.waiting.first_key_value().filter(|((due, _), _)| *due <= now)?;
        self.remove(*key)
    }

    /// The request `id` was answered by someone else, with success or without. Its answers do not go any more, but for those that
    /// are to go beside another.
    pub(super) fn call_off(&mut self, id: &str, success: bool) -> CalledOff {
        let mut off = CalledOff::default();
        if self.due.is_empty() {
            return off;
        }
        let id: Arc<str> = id.into();
        let of_it = (Arc::clone(&id), 0)..=(id, u64::MAX);
        let mut keys: Vec<Key> = self.due.range(of_it).map(|((_, number), due)| (*due, *number)).collect();
        keys.sort_unstable();
        for key in keys {
            if let Some(waiting) = self.waiting.get_mut(&key).filter(|_| success) {
                self.bytes = self.bytes.saturating_sub(weight(&waiting.writes));
                off.writes.append(&mut waiting.writes);
            }
            if self.waiting.get(&key).is_some_and(|waiting| !waiting.on_purpose) {
                off.answers.extend(self.remove(key));
            }
        }
        off
    }

    fn remove(&mut self, key: Key) -> Option<Waiting> {
        let waiting = self.waiting.remove(&key)?;
        if let Some(id) = waiting.id() {
            self.due.remove(&(Arc::clone(id), key.1));
        }
        self.bytes = self.bytes.saturating_sub(waiting.bytes());
        Some(waiting)
    }

    /// Lets all go, and tells how many there were.
    pub(super) fn clear(&mut self) -> usize {
        self.bytes = 0;
        self.due.clear();
        std::mem::take(&mut self.waiting).len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn waiting(topic: &str, bytes: usize) -> Waiting {
        Waiting {
            topic: topic.to_owned(),
            payload: Bytes::from(vec![0; bytes]),
            qos: Qos::AtMostOnce,
            by: "rule r".into(),
            pad: None,
            success: true,
            writes: Vec::new(),
            call: None,
            on_purpose: false,
        }
    }

    /// An answer to the request `id`, which writes `level`.
    fn to(id: &str, level: u8) -> Waiting {
        let call = Arc::new(Call { id: Some(id.into()), title: format!("command {id}") });
        Waiting { call: Some(call), writes: vec![(Property::of("", "level"), json!(level))], ..waiting(id, 10) }
    }

    #[test]
    fn the_answers_to_a_request_are_called_off_and_what_it_writes_is_handed_over() {
        let (mut queue, start) = (Queue::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let (twice, late) = (to("7", 1), Waiting { on_purpose: true, ..to("7", 2) });
        queue.put(at(3), twice.again());
        queue.put(at(2), twice);
        queue.put(at(4), late);
        for (due, id) in [(1, "77"), (1, "6"), (5, "")] {
            queue.put(at(due), to(id, 9));
        }
        queue.put(at(5), waiting("no request", 10));
        let off = queue.call_off("7", false);
        assert_eq!((off.answers.len(), off.writes.len()), (1, 0), "the second one and the late one are meant");
        assert_eq!((off.answers[0].writes.len(), off.answers[0].topic.as_str()), (1, "7"));
        assert_eq!(queue.bytes, queue.waiting.values().map(Waiting::bytes).sum::<usize>());
        let off = queue.call_off("7", true);
        assert_eq!((off.answers.len(), off.writes), (0, vec![(Property::of("", "level"), json!(2))]));
        assert!(queue.call_off("none", true).answers.is_empty());
        let left: Vec<_> = std::iter::from_fn(|| queue.take(at(9))).map(|one| (one.topic, one.writes.len())).collect();
        let wanted = [("77", 1), ("6", 1), ("7", 0), ("7", 0), ("", 1), ("no request", 0)];
        assert_eq!(left, wanted.map(|(topic, writes)| (topic.to_owned(), writes)));
        assert!(queue.due.is_empty() && queue.bytes == 0);
        queue.put(start, to("8", 1));
        assert_eq!((queue.clear(), queue.call_off("8", true).answers.len(), queue.due.len()), (1, 0, 0));
    }

    #[test]
    fn answers_come_at_their_time_and_in_their_order() {
        let (mut queue, start) = (Queue::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for (due, topic) in [(5, "b"), (1, "a"), (5, "c")] {
            queue.put(at(due), waiting(topic, 1));
        }
        assert_eq!(queue.due(), Some(at(1)));
        assert!(queue.take(start).is_none());
        let mut topics = Vec::new();
        while let Some(waiting) = queue.take(at(5)) {
            topics.push(waiting.topic);
        }
        assert_eq!(topics, ["a", "b", "c"]);
        assert_eq!(queue.due(), None);
    }

    #[test]
    fn no_more_wait_than_memory_is_for() {
        let (mut queue, start) = (Queue::default(), Instant::now());
        queue.put(start, waiting("", BYTES));
        assert_eq!(queue.has_room(1, 1).unwrap_err(), "1 answers wait for their time already");
        assert!(queue.take(start).is_some());
        let writes = vec![(Property::of("", "level"), Value::from("x".repeat(BYTES)))];
        queue.put(start, Waiting { writes, ..waiting("", 0) });
        assert!(queue.has_room(1, 1).is_err(), "what is written with it counts");
        assert!(queue.take(start).is_some());
        for _ in 0..MOST - 1 {
            queue.put(start, waiting("small", 1));
        }
        assert_eq!((queue.has_room(1, 1), queue.has_room(2, 1).is_err()), (Ok(()), true));
        assert_eq!(queue.clear(), MOST - 1);
        assert_eq!((queue.has_room(2, BYTES / 2), queue.has_room(2, BYTES).is_err()), (Ok(()), true));
    }
}
