//! The reel: the events of tapes one after the other, with what cannot be read in its place, read a little ahead.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use super::player::Ahead;
use crate::tape::{Ending, Entry, TapeError, Tapes};

/// How many events are read ahead.
const AHEAD: usize = 512;

/// Bytes of lines read ahead, with the line beyond them.
const AHEAD_BYTES: usize = 1 << 20;

/// How much of what came before an event a timeline that ends with it gets to see: events, bytes of their lines, and
/// microseconds of the tape's time.
const BEFORE: u64 = 20_000;
const BEFORE_BYTES: usize = 4 << 20;
const BEFORE_US: u64 = 60_000_000;

/// How many events are read first on the way back; each next stretch is four times as long.
const STRIDE: u64 = 4;

/// An event of the tapes, or a stretch of them that cannot be read.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The number of the event, or of the first one missing.
    pub(super) first: u64,
    /// The same, or the number of the last one missing.
    pub(super) last: u64,
    /// When: microseconds since the Unix epoch. For what is missing: when the next event happened.
    pub(super) time_us: u64,
    /// The event.
    pub(super) entry: Option<Entry>,
}

impl Item {
    /// The bytes of its line.
    pub(super) fn bytes(&self) -> usize {
        self.entry.as_ref().map_or(0, |entry| entry.line().len())
    }
}

/// Reads tapes in order.
#[derive(Debug)]
pub(super) struct Reel {
    tapes: Tapes,
    /// How many events the tapes have.
    events: u64,
    /// What was read ahead.
    read: VecDeque<Item>,
    /// The number of the event after those.
    next: u64,
}

impl Reel {
    /// At the beginning of `tapes`.
    pub(super) fn new(tapes: Tapes) -> Self {
        let events = tapes.events();
        Self { tapes, events, read: VecDeque::new(), next: 1 }
    }

    pub(super) fn tapes(&self) -> &Tapes {
        &self.tapes
    }

    /// How many events the tapes have.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// Takes in what was written since; answers whether there are more events.
    pub(super) fn refresh(&mut self) -> Result<bool, TapeError> {
        self.tapes.refresh()?;
        let before = std::mem::replace(&mut self.events, self.tapes.events());
        Ok(self.events > before)
    }

    /// Goes to the event of that number: it comes next.
    pub(super) fn go(&mut self, number: u64) {
        while self.read.front().is_some_and(|item| item.last < number) {
            self.read.pop_front();
        }
        if self.read.front().is_none_or(|item| item.first != number) {
            self.read.clear();
            self.next = number;
        }
    }

    /// When event `number` happened; for one that cannot be read, when the next one did.
    pub(super) fn time_of(&self, number: u64) -> u64 {
        let entry = self.tapes.entry(number).or_else(|| self.tapes.entries_from(number).next());
        entry.map_or_else(|| self.end_us(), |entry| entry.time_us)
    }

    /// When the first and the last event happened.
    pub(super) fn span_us(&self) -> (u64, u64) {
        self.tapes.span_us().unwrap_or_default()
    }

    fn end_us(&self) -> u64 {
        self.span_us().1
    }

    /// Whether a tape is still being written.
    pub(super) fn is_growing(&self) -> bool {
        self.tapes.tapes().iter().any(|tape| tape.ending() == Ending::BeingWritten)
    }

    /// The next event.
    pub(super) fn next(&mut self) -> Option<Item> {
        self.fill();
        self.read.pop_front()
    }

    /// What comes next.
    pub(super) fn ahead(&mut self) -> Ahead {
        self.fill();
        match self.read.front() {
            Some(item) => Ahead::Event(item.time_us),
            None if self.is_growing() => Ahead::Later,
            None => Ahead::End,
        }
    }

    fn fill(&mut self) {
        if !self.read.is_empty() || self.next > self.events {
            return;
        }
        let mut bytes = 0;
        for entry in self.tapes.entries_from(self.next).take(AHEAD) {
            bytes += entry.line().len();
            put(&mut self.read, &mut self.next, entry);
            if bytes >= AHEAD_BYTES {
                return;
            }
        }
        if self.read.is_empty() {
            // Nothing that follows can be read.
            self.read.push_back(Item { first: self.next, last: self.events, time_us: self.end_us(), entry: None });
            self.next = self.events + 1;
        }
    }

    /// What came before event `number`, which happened at `time_us`, and that event at the end: as much as a timeline is to see. `None` when
    /// `stop` is set.
    pub(super) fn before(&self, number: u64, time_us: u64, stop: &AtomicBool) -> Option<Vec<Item>> {
        let soonest = self.tapes.number_at(time_us.saturating_sub(BEFORE_US));
        let oldest = soonest.min(number).max(number.saturating_sub(BEFORE - 1)).max(1);
        // From the newest stretch to the oldest; each in order.
        let mut stretches: Vec<VecDeque<Entry>> = Vec::new();
        let (mut from, mut stride, mut bytes, mut is_full) = (number + 1, STRIDE, 0, false);
        while from > oldest && !is_full {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let to = from;
            from = to.saturating_sub(stride).max(oldest);
            let mut stretch = VecDeque::new();
            for entry in self.tapes.entries_from(from).take_while(|entry| entry.number < to) {
                bytes += entry.line().len();
                stretch.push_back(entry);
                while bytes > BEFORE_BYTES && stretch.len() > 1 {
                    is_full = true;
                    bytes -= stretch.pop_front().map_or(0, |entry: Entry| entry.line().len());
                }
            }
            is_full |= bytes >= BEFORE_BYTES;
            stretches.push(stretch);
            let average = bytes as u64 / (number + 1 - from);
            stride = (stride * 4).min((BEFORE_BYTES.saturating_sub(bytes) as u64) / average.max(1) + STRIDE);
        }
        let mut entries = stretches.into_iter().rev().flatten().peekable();
        let mut next = entries.peek().filter(|_| is_full).map_or(from, |first| first.number);
        let mut items = VecDeque::new();
        for entry in entries {
            put(&mut items, &mut next, entry);
        }
        if next <= number {
            items.push_back(self.missing_from(next, number));
        }
        Some(items.into())
    }

    /// The stretch that cannot be read, from `first` to what follows `number`.
    fn missing_from(&self, first: u64, number: u64) -> Item {
        let after = self.tapes.entries_from(number + 1).next();
        let last = after.as_ref().map_or(self.events, |after| after.number - 1);
        Item { first, last, time_us: after.map_or_else(|| self.end_us(), |after| after.time_us), entry: None }
    }
}

/// Puts `entry` behind `items`, after which number `next` is due; what is missing goes in between.
fn put(items: &mut VecDeque<Item>, next: &mut u64, entry: Entry) {
    let (number, time_us) = (entry.number, entry.time_us);
    if number > *next {
        items.push_back(Item { first: *next, last: number - 1, time_us, entry: None });
    }
    items.push_back(Item { first: number, last: number, time_us, entry: Some(entry) });
    *next = number + 1;
}
