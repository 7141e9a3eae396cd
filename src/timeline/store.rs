//! Events at rest: packed records in chunks of memory that are recycled when the budget is reached.
//!
//! A chunk is one block of memory. Bytes (topics, extras, payloads) grow from its front, heads from its back, and when they would
//! meet the chunk is full. Reaching the budget, the oldest chunk gives its memory to the newest, so that the steady state
//! allocates nothing. An event too large for a common chunk gets one of its own size; the newest event is kept even where it
//! exceeds the budget alone.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use super::record::{self, HEAD_BYTES, Head};
use crate::event::Kind;

/// The size of a chunk, unless the budget is small: what is let go at a time, and how far a topic is shared.
const CHUNK_BYTES: usize = 256 << 10;

/// Where a topic was last stored, so that the next event of the same chunk can share it. Only a hint: the store compares.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// The chunk's number, from 1; 0 for none.
    chunk: u64,
    at: u32,
}

/// The packed events.
#[derive(Debug)]
pub(super) struct Store {
    budget: usize,
    chunk_bytes: usize,
    chunks: VecDeque<Chunk>,
    /// Memory of all chunks.
    held: usize,
    /// The number of the next event.
    next: u64,
    /// How many chunks were opened so far.
    opened: u64,
    let_go: u64,
    /// Scratch for the extras of the event being stored.
    extras: Vec<u8>,
}

struct Chunk {
    /// See [`Place::chunk`].
    number: u64,
    /// The number of the first event.
    first: u64,
    /// How many events.
    events: usize,
    /// How many bytes are taken at the front.
    front: usize,
    memory: Box<[u8]>,
}

/// An event in its chunk; its bytes are looked at only when asked for.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    /// The event's number.
    pub(super) seq: u64,
    /// Its numbers.
    pub(super) head: Head,
    pub(super) memory: &'a [u8],
}

impl Store {
    /// An empty store that holds at most `budget` bytes of memory, or the newest event.
    pub(super) fn new(budget: usize) -> Self {
        Self {
            budget,
            chunk_bytes: (budget / 16).clamp(1 << 10, CHUNK_BYTES),
            chunks: VecDeque::new(),
            held: 0,
            next: 1,
            opened: 0,
            let_go: 0,
            extras: Vec::new(),
        }
    }

    /// Stores an event and answers its number and where its topic lies. `head` brings the time stamps and the session;
    /// `hint` is where the same topic was stored before.
    pub(super) fn push(&mut self, mut head: Head, kind: &Kind<'_>, hint: Place) -> (u64, Place) {
        self.extras.clear();
        let (topic, payload) = record::pack(kind, &mut head, &mut self.extras);
        let body = self.extras.len() + payload.len();
        let shared = self.chunks.back().and_then(|chunk| chunk.shares(topic, hint));
        let new_bytes = if shared.is_some() { body } else { body + topic.len() };
        // Numbers that were jumped over end a chunk: within one they have no hole.
        let fits = (self.chunks.back())
            .is_some_and(|chunk| chunk.free() >= new_bytes + HEAD_BYTES && chunk.end() == self.next);
        if !fits {
            self.open(body + topic.len() + HEAD_BYTES);
        }
        let seq = self.next;
        let Some(chunk) = self.chunks.back_mut() else { return (seq, Place::default()) };
        let topic_at = match shared {
            Some(at) if fits => at,
            _ => chunk.put(topic.as_bytes()),
        };
        head.topic_at = topic_at;
        head.topic_len = short(topic.len());
        head.body_at = chunk.put(&self.extras);
        head.extras_len = short(self.extras.len());
        chunk.put(payload);
        head.payload_len = short(payload.len());
        chunk.put_head(&head);
        self.next += 1;
        (seq, Place { chunk: chunk.number, at: topic_at })
    }

    /// Opens a chunk for an event of `bytes`; makes room for it first.
    fn open(&mut self, bytes: usize) {
        let size = bytes.max(self.chunk_bytes);
        let mut memory = None;
        while self.held + Chunk::cost(size) > self.budget
            && let Some(oldest) = self.chunks.pop_front()
        {
            self.let_go += oldest.events as u64;
            self.held -= Chunk::cost(oldest.memory.len());
            memory = Some(oldest.memory).filter(|memory| memory.len() == size).or(memory);
        }
        self.held += Chunk::cost(size);
        self.opened += 1;
        let memory = memory.unwrap_or_else(|| vec![0; size].into_boxed_slice());
        self.chunks.push_back(Chunk { number: self.opened, first: self.next, events: 0, front: 0, memory });
    }

    /// The event of that number.
    pub(super) fn get(&self, seq: u64) -> Option<Stored<'_>> {
        self.on_from(seq).next().filter(|stored| stored.seq == seq)
    }

    /// The numbers of the oldest and the newest event.
    pub(super) fn span(&self) -> Option<(u64, u64)> {
        self.chunks.front().zip(self.chunks.back()).map(|(oldest, newest)| (oldest.first, newest.end() - 1))
    }

    /// The events from number `seq` (or the oldest) on, oldest first.
    pub(super) fn on_from(&self, seq: u64) -> impl Iterator<Item = Stored<'_>> {
        let from = self.chunks.partition_point(|chunk| chunk.end() <= seq);
        self.chunks.range(from..).flat_map(move |chunk| chunk.events(seq.max(chunk.first)..chunk.end()))
    }

    /// The events from number `seq` (or the newest) back, newest first.
    pub(super) fn back_from(&self, seq: u64) -> impl Iterator<Item = Stored<'_>> {
        let to = self.chunks.partition_point(|chunk| chunk.first <= seq);
        let after = seq.saturating_add(1);
        self.chunks.range(..to).rev().flat_map(move |chunk| chunk.events(chunk.first..after.min(chunk.end())).rev())
    }

    /// Gives the next event this number, if that is ahead of its own.
    pub(super) fn jump(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// The number that the next event will have.
    pub(super) fn next_number(&self) -> u64 {
        self.next
    }

    /// How many bytes it may hold.
    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    /// How many events were let go.
    pub(super) fn let_go(&self) -> u64 {
        self.let_go
    }

    /// The memory held, in bytes.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held
    }
}

impl Chunk {
    /// What a chunk of `size` counts against the budget.
    fn cost(size: usize) -> usize {
        size + size_of::<Self>()
    }

    /// The number of the event after the last.
    fn end(&self) -> u64 {
        self.first + self.events as u64
    }

    fn free(&self) -> usize {
        self.memory.len() - self.front - self.events * HEAD_BYTES
    }

    /// Where `topic` lies, if it is at `hint`.
    fn shares(&self, topic: &str, hint: Place) -> Option<u32> {
        let there = self.number == hint.chunk && bytes_at(&self.memory, hint.at, topic.len()) == topic.as_bytes();
        there.then_some(hint.at)
    }

    /// Appends `bytes` to the front part, which has room for them, and answers where they lie.
    fn put(&mut self, bytes: &[u8]) -> u32 {
        let at = self.front;
        self.front += bytes.len();
        self.memory[at..self.front].copy_from_slice(bytes);
        short(at)
    }

    /// Adds a head to the back part, which has room for it.
    fn put_head(&mut self, head: &Head) {
        let end = self.memory.len() - self.events * HEAD_BYTES;
        if let Some(place) = self.memory[..end].last_chunk_mut() {
            head.write(place);
        }
        self.events += 1;
    }

    /// The events of these numbers, which are in this chunk.
    fn events(&self, numbers: Range<u64>) -> impl DoubleEndedIterator<Item = Stored<'_>> {
        numbers.map(|seq| {
            let place = usize::try_from(seq - self.first).unwrap_or(usize::MAX);
            let end = self.memory.len() - place * HEAD_BYTES;
            let head = self.memory[..end].last_chunk().map_or_else(Head::default, Head::read);
            Stored { seq, head, memory: &self.memory }
        })
    }
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk").field("first", &self.first).field("events", &self.events).finish_non_exhaustive()
    }
}

impl<'a> Stored<'a> {
    /// The topic or topic filter; empty where the kind has none.
    pub(super) fn topic(&self) -> &'a [u8] {
        bytes_at(self.memory, self.head.topic_at, self.head.topic_len as usize)
    }

    /// The payload of a message.
    pub(super) fn payload(&self) -> &'a [u8] {
        bytes_at(self.memory, self.head.body_at.saturating_add(self.head.extras_len), self.head.payload_len as usize)
    }

    /// What only some events have, packed.
    pub(super) fn extras(&self) -> &'a [u8] {
        bytes_at(self.memory, self.head.body_at, self.head.extras_len as usize)
    }

    /// What happened.
    pub(super) fn kind(&self) -> Kind<'a> {
        let extras = self.extras();
        record::unpack(&self.head, record::words(self.topic()), extras, self.payload())
    }
}

/// The bytes of a run; none where it is not (a hint of another chunk's time).
fn bytes_at(memory: &[u8], at: u32, length: usize) -> &[u8] {
    memory.get(at as usize..(at as usize).saturating_add(length)).unwrap_or_default()
}

/// A position or length inside a chunk. MQTT's packets end at 256 MiB, far below what fits.
fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
