//! Counts and rates by topic, kept when events are appended, for a bounded number of topics.

use std::time::Instant;

use super::sessions::SessionId;

/// How many a second, lately: counted over whole seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    // The helper that fills this in keeps it `Copy` and small.
}

impl Rate {
    /// Counts one at `now` (given as microseconds since the stream's start).
    pub fn count(&mut self, mono_us: u64) {
        let _ = mono_us;
        todo!()
    }

    /// How many a second over the last whole seconds before `mono_us`.
    pub fn per_second(&self, mono_us: u64) -> f64 {
        let _ = mono_us;
        todo!()
    }
}

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

/// The counts of at most so many topics; the least recently heard go first.
#[derive(Debug)]
pub struct Topics {
    limit: usize,
}

impl Topics {
    /// No topics yet.
    pub fn new(limit: usize) -> Self {
        Self { limit }
    }

    /// Grows whenever a topic comes or goes, so that a tree made of the topics knows when it is stale.
    pub fn revision(&self) -> u64 {
        let _ = (self.limit, None::<Instant>);
        todo!()
    }

    /// The topics, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &TopicCount> {
        std::iter::empty()
    }
}
