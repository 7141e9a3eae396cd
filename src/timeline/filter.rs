//! Which events a view shows, and finding the next one without holding up the sessions.

use super::Timeline;
use super::sessions::SessionId;

/// A typed filter: words that must all occur in topic, payload, kind or state (ASCII case does not count), each turned
/// round by a leading `!`; `"two words"` is one word.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Filter {
    words: Vec<(bool, Vec<u8>)>,
}

/// What a view shows.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Query {
    /// One session, or all.
    pub session: Option<SessionId>,
    /// The topic must start with this (a branch of the tree), or be it.
    pub topic: Option<String>,
    /// The typed filter.
    pub filter: Filter,
}

/// How far a bounded search came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The event of this number matches.
    Found(u64),
    /// Nothing up to here: go on from this number.
    More(u64),
    /// Nothing, and no more events that way.
    End,
}

impl Filter {
    /// Reads what was typed; every text is a filter.
    pub fn parse(typed: &str) -> Self {
        let _ = typed;
        todo!()
    }

    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

impl Timeline {
    /// The newest event at or before `seq` that `query` shows, looking at no more than `budget` events.
    pub fn find_back(&self, query: &Query, seq: u64, budget: usize) -> Scan {
        let _ = (query, seq, budget);
        todo!()
    }

    /// The oldest event at or after `seq` that `query` shows, looking at no more than `budget` events.
    pub fn find_on(&self, query: &Query, seq: u64, budget: usize) -> Scan {
        let _ = (query, seq, budget);
        todo!()
    }
}
