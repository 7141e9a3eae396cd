//! The channels of one tape: session + direction + topic with request ids folded, found without an allocation.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::event::{Event, Kind, Message};
use crate::tape::layout;

/// From this many channels on, one shared channel takes every new topic. MCAP numbers channels with 16 bits.
const MOST: usize = 60_000;

/// So do topics from this many bytes on: each stands in memory about three times until the tape's end.
const MOST_BYTES: usize = 8 << 20;

/// The channels of one tape.
#[derive(Debug, Default)]
pub(super) struct Channels {
    hasher: DefaultHashBuilder,
    table: HashTable<Channel>,
    bytes: usize,
    other: Option<u16>,
    folded: String,
}

#[derive(Debug)]
struct Channel {
    id: u16,
    word: &'static str,
    session: String,
    /// Folded; empty where the event is no message.
    topic: String,
}

/// A channel that the tape does not have yet.
pub(super) struct New {
    pub(super) topic: String,
    pub(super) metadata: BTreeMap<String, String>,
    known: Option<(u64, Channel)>,
}

impl Channels {
    /// The channel of `event`, or what it takes to make one.
    pub(super) fn find(&mut self, event: &Event<'_>) -> Result<u16, Box<New>> {
        let (word, message) = match &event.kind {
            Kind::Rx(message) | Kind::Tx(message) => (event.kind.word(), Some(message)),
            kind => (kind.word(), None),
        };
        let topic = message.map_or("", |message| layout::fold(message.topic, message.request_id, &mut self.folded));
        let hash = hash(&self.hasher, word, event.session, topic);
        let known = self
            .table
            .find(hash, |channel| channel.topic == topic && channel.session == event.session && channel.word == word);
        if let Some(channel) = known {
            return Ok(channel.id);
        }
        if self.table.len() < MOST && self.bytes < MOST_BYTES {
            return Err(Box::new(New::of(word, event.session, topic, message, hash)));
        }
        let shared = || Box::new(New { topic: layout::OTHER.to_owned(), metadata: BTreeMap::new(), known: None });
        self.other.ok_or_else(shared)
    }

    /// Takes note of the number that `new` was given.
    pub(super) fn add(&mut self, new: New, id: u16) {
        let Some((hash, channel)) = new.known else {
            self.other = Some(id);
            return;
        };
        self.bytes += channel.topic.len() + channel.session.len();
        let hasher = &self.hasher;
        let again = |channel: &Channel| self::hash(hasher, channel.word, &channel.session, &channel.topic);
        self.table.insert_unique(hash, Channel { id, ..channel }, again);
    }
}

impl New {
    fn of(word: &'static str, session: &str, topic: &str, message: Option<&Message<'_>>, hash: u64) -> Self {
        let mut name = format!("{session}/{word}");
        let mut metadata = BTreeMap::from([("session", session), ("kind", word)]);
        if let Some(message) = message {
            name.push('/');
            name.push_str(topic);
            metadata.extend([("topic", topic), ("what", message.what.word())]);
        }
        let channel = Channel { id: 0, word, session: session.to_owned(), topic: topic.to_owned() };
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Self { topic: name, metadata: metadata.into_iter().map(owned).collect(), known: Some((hash, channel)) }
    }
}

fn hash(hasher: &DefaultHashBuilder, word: &str, session: &str, topic: &str) -> u64 {
    // Two words of one length share a hash, and are told apart when they are compared.
    hasher.hash_one((word.len(), session, topic))
}
