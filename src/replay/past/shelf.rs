//! The tapes behind a timeline, and where the timeline's numbers lie on them.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::pages::{PAGE, Page, Slot};
use crate::session::recording::Place;
use crate::tape::{Ending, Sought, Tapes};

/// How many bytes of lines a page has at most, with the line that was asked for.
const PAGE_BYTES: usize = 1 << 20;

/// How many hits one search answers at most: about as many as a screen has rows.
const HITS: usize = 64;

/// How long a search that has found something goes on.
const LONG_ENOUGH: Duration = Duration::from_millis(30);

/// The tapes, in the order of their events.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    parts: Vec<Part>,
    legs: Vec<Leg>,
}

/// One tape, or several as one stream.
#[derive(Clone, Debug)]
struct Part {
    /// The file; `None` for tapes that were opened elsewhere.
    path: Option<PathBuf>,
    /// The tape; `None` where it cannot be opened.
    tapes: Option<Tapes>,
}

/// A run of numbers that lie on one tape one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leg {
    part: usize,
    /// The number on the tape of its first event.
    number: u64,
    /// The timeline's number of the same event.
    seq: u64,
}

impl Shelf {
    /// Tapes whose numbers are the timeline's own.
    pub(super) fn of_tapes(tapes: Tapes) -> Self {
        Self { parts: vec![Part { path: None, tapes: Some(tapes) }], legs: vec![Leg { part: 0, number: 1, seq: 1 }] }
    }

    /// Nothing yet.
    pub(super) fn empty() -> Self {
        Self { parts: Vec::new(), legs: Vec::new() }
    }

    /// Takes in where the events lie by now, and what was written to the tapes since.
    pub(super) fn grow(&mut self, places: &[Place]) {
        for part in &mut self.parts {
            part.refresh();
        }
        for place in places {
            let part = self.part_of(&place.path);
            let leg = Leg { part, number: place.number, seq: place.seq };
            // Places only ever come at the end.
            if self.legs.last().is_none_or(|last| last.seq < leg.seq) {
                self.legs.push(leg);
            }
        }
    }

    fn part_of(&mut self, path: &Path) -> usize {
        if let Some(part) = self.parts.iter().rposition(|part| part.path.as_deref() == Some(path)) {
            return part;
        }
        let mut part = Part { path: Some(path.to_owned()), tapes: None };
        part.refresh();
        self.parts.push(part);
        self.parts.len() - 1
    }

    /// The numbers of the oldest and the newest event.
    pub(super) fn span(&self) -> Option<(u64, u64)> {
        let first = self.legs.first()?.seq;
        let last = (0..self.legs.len()).rev().find_map(|leg| self.last_of(leg))?;
        Some((first, last))
    }

    /// The timeline's number of the last event of that leg; `None` where it has none.
    fn last_of(&self, leg: usize) -> Option<u64> {
        let this = self.legs.get(leg)?;
        let next = self.legs.get(leg + 1);
        let on_tape = match next {
            Some(next) if next.part == this.part => next.number,
            _ => self.parts[this.part].events() + 1,
        };
        let end = this.seq + on_tape.saturating_sub(this.number);
        let end = next.map_or(end, |next| end.min(next.seq));
        (end > this.seq).then(|| end - 1)
    }

    /// What is on the page of `seq`, at least `seq` itself.
    pub(super) fn page(&self, seq: u64) -> Page {
        let page = (Page::of(seq) * PAGE, Page::of(seq) * PAGE + PAGE - 1);
        let Some(at) = self.legs.partition_point(|leg| leg.seq <= seq).checked_sub(1) else {
            let end = self.legs.first().map_or(page.1, |first| page.1.min(first.seq - 1));
            return Page::missing(page.0, end);
        };
        let leg = self.legs[at];
        let last = self.last_of(at).unwrap_or(leg.seq - 1);
        if seq > last {
            // Between two legs, or beyond the end.
            let end = self.legs.get(at + 1).map_or(page.1, |next| page.1.min(next.seq - 1));
            return Page::missing(page.0.max(last + 1), end);
        }
        let (first, last) = (page.0.max(leg.seq), page.1.min(last));
        match &self.parts[leg.part].tapes {
            Some(tapes) => leg.read(tapes, seq, first, last),
            None => Page::missing(first, last),
        }
    }

    /// Looks for what is sought from `seq` on, or back. Answers the stretch that was looked through and the hits in it, nearest first;
    /// `None` where it was stopped before it found anything.
    pub(super) fn find(
        &self,
        sought: &Sought,
        seq: u64,
        back: bool,
        stop: &AtomicBool,
    ) -> Option<((u64, u64), Vec<u64>)> {
        let (oldest, newest) = self.span()?;
        let begun = Instant::now();
        let mut hits = Vec::new();
        let mut from = seq;
        let end = loop {
            let hit = self.nearest(sought, from, back, stop);
            let stopped = stop.load(Ordering::Relaxed);
            match hit {
                Some(hit) => hits.push(hit),
                None if stopped => break hits.last().copied()?,
                None => break if back { oldest } else { newest },
            }
            let hit = hits.last().copied().unwrap_or(from);
            let is_last = if back { hit <= oldest } else { hit >= newest };
            if hits.len() >= HITS || begun.elapsed() > LONG_ENOUGH || stopped || is_last {
                break hit;
            }
            from = if back { hit - 1 } else { hit + 1 };
        };
        Some(((seq.min(end), seq.max(end)), hits))
    }

    fn nearest(&self, sought: &Sought, seq: u64, back: bool, stop: &AtomicBool) -> Option<u64> {
        let leg = self.legs.partition_point(|leg| leg.seq <= seq);
        let leg = if back { leg.checked_sub(1)? } else { leg.saturating_sub(1) };
        let here = self.legs.get(leg)?.part;
        let number = self.number_of(leg, seq, back);
        let look = |part: usize| {
            let from = match () {
                () if part == here => number,
                () if back => self.parts[part].events(),
                () => self.legs.iter().find(|leg| leg.part == part).map_or(1, |leg| leg.number),
            };
            let tapes = self.parts[part].tapes.as_ref().filter(|_| from > 0 && !stop.load(Ordering::Relaxed))?;
            self.seq_of(part, tapes.find(sought, from, back, stop)?)
        };
        if back { (0..=here).rev().find_map(look) } else { (here..self.parts.len()).find_map(look) }
    }

    /// The number on its tape of the timeline's event `seq`, which is on that leg or behind it: there it is that of the nearest event
    /// after it, or before it.
    fn number_of(&self, leg: usize, seq: u64, back: bool) -> u64 {
        let this = self.legs[leg];
        let last = self.last_of(leg).unwrap_or(this.seq.saturating_sub(1));
        let nearest = if seq <= last {
            seq
        } else if back {
            last
        } else {
            last + 1
        };
        this.number + nearest.saturating_sub(this.seq)
    }

    /// The timeline's number of the event of that number on that tape.
    fn seq_of(&self, part: usize, number: u64) -> Option<u64> {
        let leg = self.legs.iter().rev().find(|leg| leg.part == part && leg.number <= number)?;
        Some(leg.seq + (number - leg.number))
    }
}

impl Part {
    /// Opens the tape, or takes in what was written to it since.
    fn refresh(&mut self) {
        match (&mut self.tapes, &self.path) {
            (Some(tapes), _) => {
                if tapes.tapes().iter().any(|tape| tape.ending() == Ending::BeingWritten) {
                    // A tape that cannot be looked at again stands as far as it was read.
                    let _is_longer = tapes.refresh();
                }
            }
            // One that cannot be opened is tried again when the recording goes on.
            (None, Some(path)) => self.tapes = Tapes::open(std::slice::from_ref(path)).ok(),
            (None, None) => {}
        }
    }

    fn events(&self) -> u64 {
        self.tapes.as_ref().map_or(0, Tapes::events)
    }
}

impl Leg {
    /// Reads the page from `first` to `last`, which are on this leg, or as much of it around `seq` as a page may hold.
    fn read(&self, tapes: &Tapes, seq: u64, first: u64, last: u64) -> Page {
        let number_of = |seq: u64| self.number + (seq - self.seq);
        let line = tapes.entry(number_of(seq)).map_or(1, |entry| entry.line().len().max(1));
        let mut first = first.max(seq.saturating_sub((PAGE_BYTES / line) as u64));
        let mut slots = VecDeque::new();
        let (mut next, mut bytes) = (first, 0);
        for entry in tapes.entries_from(number_of(first)) {
            let at = self.seq + (entry.number - self.number);
            let missing_to = at.min(last + 1);
            slots.extend((next..missing_to).map(|_| Slot::Missing(next, missing_to - 1)));
            next = missing_to;
            if at > last || bytes > PAGE_BYTES && at > seq {
                break;
            }
            bytes += entry.line().len();
            slots.push_back(Slot::Here(entry));
            next = at + 1;
            while bytes > PAGE_BYTES && first < seq {
                if let Some(Slot::Here(gone)) = slots.pop_front() {
                    bytes -= gone.line().len();
                }
                first += 1;
            }
        }
        if bytes <= PAGE_BYTES {
            slots.extend((next..=last).map(|_| Slot::Missing(next, last)));
        }
        Page { first, slots: slots.into() }
    }
}
