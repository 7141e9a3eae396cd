//! Answers that wait for their time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
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
    /// What the device's properties take over when it goes.
    pub(super) writes: Vec<(Property, Value)>,
}

/// About the bytes that `writes` take in memory.
pub(super) fn weight(writes: &[(Property, Value)]) -> usize {
    writes.iter().map(|(property, value)| cloud::weight(property, value)).sum()
}

impl Waiting {
    /// About the bytes that it takes in memory: an answer may be short, and what its request writes long.
    pub(super) fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len() + weight(&self.writes)
    }

    /// The same answer once more; what is written has been written by then.
    pub(super) fn again(&self) -> Self {
        Self {
            topic: self.topic.clone(),
            payload: self.payload.clone(),
            qos: self.qos,
            by: Arc::clone(&self.by),
            pad: self.pad,
            writes: Vec::new(),
        }
    }
}

/// Answers, the next one first; of those that are due together, the one that was put in first.
#[derive(Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    bytes: usize,
    count: u64,
}

#[derive(Debug)]
struct Entry {
    due: Instant,
    number: u64,
    waiting: Waiting,
}

impl Queue {
    /// Whether `count` answers of so many bytes each can be put in; the error says why not.
    pub(super) fn has_room(&self, count: usize, bytes: usize) -> Result<(), String> {
        let all = self.bytes.saturating_add(bytes.saturating_mul(count));
        if self.heap.len() + count <= MOST && all <= BYTES {
            return Ok(());
        }
        Err(format!("{} answers wait for their time already", self.heap.len()))
    }

    /// Puts an answer in, for which there is room.
    pub(super) fn put(&mut self, due: Instant, waiting: Waiting) {
        self.bytes += waiting.bytes();
        self.count += 1;
        self.heap.push(Reverse(Entry { due, number: self.count, waiting }));
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(entry)| entry.due)
    }

    /// The next one that is due at `now`.
    pub(super) fn take(&mut self, now: Instant) -> Option<Waiting> {
        self.due().filter(|due| *due <= now)?;
        let Reverse(entry) = self.heap.pop()?;
        self.bytes = self.bytes.saturating_sub(entry.waiting.bytes());
        Some(entry.waiting)
    }

    /// Lets all go, and tells how many there were.
    pub(super) fn clear(&mut self) -> usize {
        self.bytes = 0;
        let count = self.heap.len();
        self.heap = BinaryHeap::new();
        count
    }
}

impl Entry {
    fn key(&self) -> (Instant, u64) {
        (self.due, self.number)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn waiting(topic: &str, bytes: usize) -> Waiting {
        Waiting {
            topic: topic.to_owned(),
            payload: Bytes::from(vec![0; bytes]),
            qos: Qos::AtMostOnce,
            by: "rule r".into(),
            pad: None,
            writes: Vec::new(),
        }
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
