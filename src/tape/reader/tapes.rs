//! Several tapes as one stream, in the order of time.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Chunk, Entry, Sought, Tape, search};
use crate::tape::{Ending, Recorded, TapeError};

/// Two places that are no further apart than this are reached event by event; others are looked up.
const NEAR: u64 = 4_096;

/// Several tapes as one stream, numbered 1, 2, 3 … over all of them in the order of `time_us`; of events of the same time the
/// earlier tape's come first. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tapes {
    tapes: Vec<Tape>,
    /// Where the last look ended: the next is probably near.
    last: Arc<Mutex<Option<Heads>>>,
}

/// A place in the stream: how many events of each tape come before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heads(Vec<u64>);

impl Heads {
    /// The number of the first event behind the place.
    fn number(&self) -> u64 {
        self.0.iter().sum::<u64>() + 1
    }
}

impl Tapes {
    /// Opens each of `paths`.
    pub fn open(paths: &[PathBuf]) -> Result<Self, TapeError> {
        Ok(Self::of(paths.iter().map(|path| Tape::open(path)).collect::<Result<_, _>>()?))
    }

    /// Tapes that are open already, as one stream.
    pub fn of(tapes: Vec<Tape>) -> Self {
        Self { tapes, last: Arc::default() }
    }

    /// What is missing on them, in words; `None`: they are whole, as far as opening them shows.
    pub fn damage(&self) -> Option<String> {
        let damaged = self.tapes.iter().find(|tape| tape.ending() == Ending::Cut || !tape.faults().is_empty())?;
        let path = damaged.path().display();
        Some(match damaged.faults().first() {
            Some(fault) => format!("{path} is damaged: {}", fault.reason),
            None => format!("{path} has no end: what came after is not on it"),
        })
    }

    /// The tapes.
    pub fn tapes(&self) -> &[Tape] {
        &self.tapes
    }

    /// Takes in what was written to the tapes since; answers whether there was something.
    pub fn refresh(&mut self) -> Result<bool, TapeError> {
        let mut more = false;
        for tape in &mut self.tapes {
            more |= tape.refresh()?;
        }
        if more {
            self.last = Arc::default();
        }
        Ok(more)
    }

    /// The sessions of all tapes, each name once: as the first tape that has it knows it.
    pub fn sessions(&self) -> Vec<Recorded> {
        let mut sessions: Vec<Recorded> = Vec::new();
        for session in self.tapes.iter().flat_map(|tape| &tape.about().sessions) {
            if sessions.iter().all(|known| known.name != session.name) {
                sessions.push(session.clone());
            }
        }
        sessions
    }

    /// How many events there are.
    pub fn events(&self) -> u64 {
        self.tapes.iter().map(Tape::events).sum()
    }

    /// When the first and the last event happened, in microseconds since the Unix epoch.
    pub fn span_us(&self) -> Option<(u64, u64)> {
        let chunks = || self.tapes.iter().flat_map(Tape::chunks);
        chunks().map(|chunk| chunk.span_us.0).min().zip(chunks().map(|chunk| chunk.span_us.1).max())
    }

    /// The event of that number. `None`: there is none, or its chunk cannot be read (see [`Tape::faults`]).
    pub fn entry(&self, number: u64) -> Option<Entry> {
        let heads = self.heads_at(number)?;
        let (tape, _) = self.next_of(&heads)?;
        self.entry_of(tape, *heads.0.get(tape)? + 1, number)
    }

    /// The number of the first event at or after `time_us`; one more than there are events if there is none.
    pub fn number_at(&self, time_us: u64) -> u64 {
        self.tapes.iter().map(|tape| tape.events_before(time_us, false)).sum::<u64>() + 1
    }

    /// The events from number `from` on. What cannot be read is passed over.
    pub fn entries_from(&self, from: u64) -> impl Iterator<Item = Entry> {
        let mut heads = self.heads_at(from);
        let mut number = from.max(1);
        std::iter::from_fn(move || {
            loop {
                let at = heads.as_mut()?;
                let (tape, _) = self.next_of(at)?;
                let head = at.0.get_mut(tape)?;
                let entry = self.entry_of(tape, *head + 1, number);
                let passed = match entry {
                    Some(_) => 1,
                    // All that cannot be read in one place happened at one time.
                    None => self.tapes.get(tape)?.behind_the_unreadable(*head + 1) - *head - 1,
                };
                *head += passed;
                number += passed;
                if entry.is_some() {
                    return entry;
                }
            }
        })
    }

    /// How many events fall into each of `buckets` equal parts of the span. The events of a chunk are taken as evenly spread.
    pub fn density(&self, buckets: usize) -> Vec<u64> {
        let mut counts = vec![0; buckets];
        let (Some((start, end)), Some(last)) = (self.span_us(), buckets.checked_sub(1)) else { return counts };
        let length = (end - start).max(1);
        let bucket = |time: u64| {
            let share = u128::from(time - start) * buckets as u128 / u128::from(length);
            usize::try_from(share).unwrap_or(last).min(last)
        };
        for chunk in self.tapes.iter().flat_map(Tape::chunks) {
            let (first, final_) = (bucket(chunk.span_us.0.min(chunk.span_us.1)), bucket(chunk.span_us.1));
            let width = (final_ - first + 1) as u64;
            for (place, count) in counts[first..=final_].iter_mut().enumerate() {
                *count += chunk.count / width + u64::from((place as u64) < chunk.count % width);
            }
        }
        counts
    }

    /// The nearest event from number `from` on (or back) that is sought, on all cores. Ends early with `None` when `stop` is set.
    pub fn find(&self, sought: &Sought, from: u64, back: bool, stop: &AtomicBool) -> Option<u64> {
        // Back from an event means up to and with it.
        let heads = self.heads_at(if back { from.saturating_add(1) } else { from })?;
        let mut best: Option<(u64, usize, u64)> = None;
        for (place, (tape, head)) in self.tapes.iter().zip(&heads.0).enumerate() {
            let from = if back { *head } else { *head + 1 };
            let Some((number, time)) = search::find(tape, sought, from, back, best.map(|best| best.0), stop) else {
                continue;
            };
            let key = (time, place, number);
            let nearer = best.is_none_or(|best| if back { key > best } else { key < best });
            if nearer {
                best = Some(key);
            }
        }
        best.map(|(time, place, number)| self.number_of(place, number, time))
    }

    /// The number in the stream of a tape's event.
    fn number_of(&self, place: usize, number: u64, time_us: u64) -> u64 {
        let others = self.tapes.iter().enumerate().filter(|(other, _)| *other != place);
        number + others.map(|(other, tape)| tape.events_before(time_us, other < place)).sum::<u64>()
    }

    fn entry_of(&self, tape: usize, on_tape: u64, number: u64) -> Option<Entry> {
        let (chunk, place) = located(self.tapes.get(tape)?, on_tape)?;
        let time_us = chunk.time_us(place)?;
        Some(Entry { number, time_us, chunk, place })
    }

    /// The place before the event of that number; the end's for one beyond it.
    fn heads_at(&self, number: u64) -> Option<Heads> {
        let number = number.clamp(1, self.events() + 1);
        if let [_] = self.tapes.as_slice() {
            return Some(Heads(vec![number - 1]));
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let near = last.take().filter(|heads| heads.number().abs_diff(number) <= NEAR);
        let mut heads = match near {
            Some(heads) => heads,
            None => self.look_up(number),
        };
        while heads.number() < number {
            let (tape, _) = self.next_of(&heads)?;
            *heads.0.get_mut(tape)? += 1;
        }
        while heads.number() > number {
            let tape = self.previous_of(&heads)?;
            *heads.0.get_mut(tape)? -= 1;
        }
        *last = Some(heads.clone());
        Some(heads)
    }

    /// A place near the event of that number: at the beginning of a chunk.
    fn look_up(&self, number: u64) -> Heads {
        let mut best = Heads(vec![0; self.tapes.len()]);
        for (place, tape) in self.tapes.iter().enumerate() {
            // The last chunk of this tape that begins at or before the number sought.
            let chunks = tape.chunks();
            let heads = |chunk: &super::ChunkInfo| self.heads_before(place, chunk.first, chunk.span_us.0);
            let after = chunks.partition_point(|chunk| heads(chunk).number() <= number);
            if let Some(chunk) = after.checked_sub(1).and_then(|last| chunks.get(last)) {
                let heads = heads(chunk);
                if heads.number() > best.number() {
                    best = heads;
                }
            }
        }
        best
    }

    /// The place before a tape's event of that number and time.
    fn heads_before(&self, place: usize, number: u64, time_us: u64) -> Heads {
        let before = |(other, tape): (usize, &Tape)| {
            if other == place { number - 1 } else { tape.events_before(time_us, other < place) }
        };
        Heads(self.tapes.iter().enumerate().map(before).collect())
    }

    /// The tape of which the next event is, and its time.
    fn next_of(&self, heads: &Heads) -> Option<(usize, u64)> {
        if let [tape] = self.tapes.as_slice() {
            return heads.0.first().filter(|head| **head < tape.events()).map(|_| (0, 0));
        }
        let next = |(place, (tape, head)): (usize, (&Tape, &u64))| Some((tape.time_of(head + 1)?, place));
        let nearest = self.tapes.iter().zip(&heads.0).enumerate().filter_map(next).min()?;
        Some((nearest.1, nearest.0))
    }

    /// The tape of which the event before is.
    fn previous_of(&self, heads: &Heads) -> Option<usize> {
        let previous = |(place, (tape, head)): (usize, (&Tape, &u64))| {
            let number = head.checked_sub(1)? + 1;
            Some((tape.time_of(number)?, place))
        };
        self.tapes.iter().zip(&heads.0).enumerate().filter_map(previous).max().map(|(_, place)| place)
    }
}

/// The chunk of the event of that number on a tape, and its place in it.
fn located(tape: &Tape, number: u64) -> Option<(Arc<Chunk>, usize)> {
    let place = tape.chunk_of(number);
    let info = tape.chunks().get(place)?;
    let within = usize::try_from(number.checked_sub(info.first)?).ok()?;
    // A chunk that cannot be read is among the tape's faults.
    Some((tape.chunk(place).ok()?, within))
}
