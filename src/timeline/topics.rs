//! Counts and rates by topic, kept when events are appended, for a bounded number of topics.
//!
//! The topics stand in a hash table by (session, topic) and in a list by when they were last heard, so that the least
//! recently heard is at hand when one must go.

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

pub use super::rate::Rate;
use super::sessions::SessionId;
use super::store::Place;

/// How many bytes a topic may take on average; MQTT allows 65,535 for each.
const BYTES_A_TOPIC: usize = 256;
/// The end of the list.
const NONE: u32 = u32::MAX;

/// One topic's count.
#[derive(Clone, Debug)]
pub struct TopicCount {
    /// The session that heard or said it.
    pub session: SessionId,
    /// The topic, with a request's own part folded to `{id}`.
    pub topic: String,
    /// Messages, both ways.
    pub count: u64,
    /// Messages a second, lately.
    pub rate: Rate,
    /// The number of the last event on it.
    pub last_seq: u64,
}

/// The counts of at most so many topics, and of at most 256 bytes a topic on average; the least recently heard go first.
#[derive(Debug)]
pub struct Topics {
    limit: usize,
    hasher: DefaultHashBuilder,
    table: HashTable<u32>,
    slots: Vec<Slot>,
    /// Slots without a topic.
    free: Vec<u32>,
    /// The most recently heard, and the least.
    newest: u32,
    oldest: u32,
    /// Bytes of all topics.
    bytes: usize,
    revision: u64,
    let_go: u64,
}

#[derive(Debug)]
struct Slot {
    topic: TopicCount,
    hash: u64,
    /// The neighbours in the list: heard after this one, and before.
    newer: u32,
    older: u32,
    /// Where the store has the topic's bytes.
    place: Place,
}

impl Topics {
    /// No topics yet.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.clamp(1, NONE as usize),
            hasher: DefaultHashBuilder::default(),
            table: HashTable::new(),
            slots: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            bytes: 0,
            revision: 0,
            let_go: 0,
        }
    }

    /// Grows whenever a topic comes or goes, so that a tree made of the topics knows when it is stale.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Adds `ahead` to the revision.
    pub(super) fn revise(&mut self, ahead: u64) {
        self.revision += ahead;
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The topics, the most recently heard first.
    pub fn iter(&self) -> impl Iterator<Item = &TopicCount> {
        let first = self.slots.get(self.newest as usize);
        std::iter::successors(first, |slot| self.slots.get(slot.older as usize)).map(|slot| &slot.topic)
    }

    /// How many topics were let go.
    pub(super) fn let_go(&self) -> u64 {
        self.let_go
    }

    /// Counts a message on `topic` and answers the topic's slot, which stands until the next call.
    pub(super) fn heard(&mut self, session: SessionId, topic: &str, seq: u64, mono_us: u64) -> u32 {
        let hash = hash(&self.hasher, session, topic);
        let slots = &self.slots;
        let known = self.table.find(hash, |at| {
            let held = &slots[*at as usize].topic;
            held.session == session && held.topic == topic
        });
        let at = match known.copied() {
            Some(at) => {
                if at != self.newest {
                    self.unlink(at);
                    self.link(at);
                }
                at
            }
            None => self.insert(hash, session, topic),
        };
        let held = &mut self.slots[at as usize].topic;
        held.count += 1;
        held.last_seq = seq;
        held.rate.count(mono_us);
        at
    }

    /// Where the store last had the bytes of a message on the topic in slot `at`.
    pub(super) fn place(&self, at: u32) -> Place {
        self.slots.get(at as usize).map_or_else(Place::default, |slot| slot.place)
    }

    /// Notes where the store has them now.
    pub(super) fn set_place(&mut self, at: u32, place: Place) {
        if let Some(slot) = self.slots.get_mut(at as usize) {
            slot.place = place;
        }
    }

    fn insert(&mut self, hash: u64, session: SessionId, topic: &str) -> u32 {
        while self.oldest != NONE && (self.len() >= self.limit || self.bytes + topic.len() > self.limit * BYTES_A_TOPIC)
        {
            self.let_oldest_go();
        }
        self.bytes += topic.len();
        self.revision += 1;
        let at = if let Some(at) = self.free.pop() {
            let slot = &mut self.slots[at as usize];
            // The memory of the topic that went serves the one that comes, unless it is much too large for it.
            let mut text = std::mem::take(&mut slot.topic.topic);
            if text.capacity() > BYTES_A_TOPIC.max(2 * topic.len()) {
                text = String::new();
            }
            text.clear();
            text.push_str(topic);
            *slot = Slot::new(hash, session, text);
            at
        } else {
            self.slots.push(Slot::new(hash, session, topic.to_owned()));
            // The limit is below `NONE`.
            u32::try_from(self.slots.len() - 1).unwrap_or(NONE)
        };
        self.link(at);
        let slots = &self.slots;
        self.table.insert_unique(hash, at, |at| slots[*at as usize].hash);
        at
    }

    fn let_oldest_go(&mut self) {
        let at = self.oldest;
        self.unlink(at);
        let slot = &self.slots[at as usize];
        if let Ok(entry) = self.table.find_entry(slot.hash, |held| *held == at) {
            entry.remove();
        }
        self.bytes -= slot.topic.topic.len();
        self.free.push(at);
        self.revision += 1;
        self.let_go += 1;
    }

    /// Puts `at` at the list's newest end.
    fn link(&mut self, at: u32) {
        let before = std::mem::replace(&mut self.newest, at);
        let slot = &mut self.slots[at as usize];
        (slot.newer, slot.older) = (NONE, before);
        match self.slots.get_mut(before as usize) {
            Some(before) => before.newer = at,
            None => self.oldest = at,
        }
    }

    /// Takes `at` out of the list.
    fn unlink(&mut self, at: u32) {
        let Slot { newer, older, .. } = self.slots[at as usize];
        match self.slots.get_mut(newer as usize) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older as usize) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
    }
}

impl Slot {
    fn new(hash: u64, session: SessionId, topic: String) -> Self {
        let topic = TopicCount { session, topic, count: 0, rate: Rate::default(), last_seq: 0 };
        Self { topic, hash, newer: NONE, older: NONE, place: Place::default() }
    }
}

fn hash(hasher: &DefaultHashBuilder, session: SessionId, topic: &str) -> u64 {
    let mut state = hasher.build_hasher();
    session.hash(&mut state);
    state.write(topic.as_bytes());
    state.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_least_recently_heard_goes_first() {
        let mut topics = Topics::new(3);
        for (seq, topic) in (1..).zip(["a", "b", "c", "a", "d"]) {
            topics.heard(SessionId(0), topic, seq, 0);
        }
        let held: Vec<_> = topics.iter().map(|t| (t.topic.as_str(), t.count, t.last_seq)).collect();
        assert_eq!(held, [("d", 1, 5), ("a", 2, 4), ("c", 1, 3)]);
        assert_eq!((topics.let_go(), topics.len(), topics.revision()), (1, 3, 5));
    }

    #[test]
    fn sessions_are_counted_apart_and_known_topics_do_not_change_the_revision() {
        let mut topics = Topics::new(10);
        topics.heard(SessionId(0), "a", 1, 0);
        topics.heard(SessionId(1), "a", 2, 0);
        let revision = topics.revision();
        topics.heard(SessionId(0), "a", 3, 0);
        let mut held: Vec<_> = topics.iter().map(|t| (t.session.0, t.count)).collect();
        held.sort_unstable();
        assert_eq!((held, topics.revision()), (vec![(0, 2), (1, 1)], revision));
    }

    #[test]
    fn long_topics_are_bounded_by_bytes_and_the_newest_stays() {
        let mut topics = Topics::new(4);
        for seq in 1..=10 {
            topics.heard(SessionId(0), &format!("{seq:0500}"), seq, 0);
        }
        assert_eq!(topics.len(), 2);
        topics.heard(SessionId(0), &"x".repeat(65_535), 11, 0);
        assert_eq!(topics.iter().map(|t| t.last_seq).collect::<Vec<_>>(), [11]);
        topics.heard(SessionId(0), "short", 12, 0);
        assert_eq!(topics.iter().map(|t| t.last_seq).collect::<Vec<_>>(), [12]);
        assert!(topics.slots.iter().all(|slot| slot.topic.topic.capacity() <= 65_535));
    }

    proptest! {
        #[test]
        fn counts_agree_with_a_plain_list(heard in prop::collection::vec((0_u16..3, 0_u8..12), 0..200), limit in 1_usize..10) {
            let mut topics = Topics::new(limit);
            let mut naive: Vec<(u16, u8)> = Vec::new();
            let mut counts: HashMap<(u16, u8), u64> = HashMap::new();
            for (seq, key) in (1..).zip(&heard) {
                topics.heard(SessionId(key.0), &key.1.to_string(), seq, 0);
                naive.retain(|held| held != key);
                naive.insert(0, *key);
                *counts.entry(*key).or_default() += 1;
                if let Some(gone) = naive.get(limit) {
                    counts.remove(gone);
                }
                naive.truncate(limit);
            }
            let held: Vec<_> = topics.iter().map(|t| ((t.session.0, t.topic.parse().unwrap()), t.count)).collect();
            let naive: Vec<_> = naive.into_iter().map(|key| (key, counts[&key])).collect();
            prop_assert_eq!(held, naive);
        }
    }
}
