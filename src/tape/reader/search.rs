//! Looking for an event on a tape, on all cores.
//!
//! Almost all of a tape is passed over without being parsed: a chunk whose channels cannot hold the event is not even read, and
//! of the others only those lines are parsed in which the filter's longest word stands in one of the forms that it can take.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use memchr::memmem;

use super::{ChannelInfo, Chunk, Sought, Tape};
use crate::event::json::Read;
use crate::text::json::write_string;
use crate::timeline::{Filter, Only};

/// The key of a payload that is no text: whether a word stands in it shows only when it is decoded.
const BASE64: &[u8] = b"\"base64\":";

/// The nearest event of `tape` from number `from` on, or back, that is sought, and its time.
pub(super) fn find(tape: &Tape, sought: &Sought, from: u64, back: bool, stop: &AtomicBool) -> Option<(u64, u64)> {
    if from == 0 || from > tape.events() {
        return None;
    }
    let hunt = Hunt { tape, sought, needles: Needles::of(&sought.filter), from, back, start: tape.chunk_of(from) };
    let ahead = if back { hunt.start + 1 } else { tape.chunks().len() - hunt.start };
    let found = AtomicU64::new(u64::MAX);
    let nearest = Mutex::new(None);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut scratch = Scratch::default();
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            // A chunk that is further away than one with a hit need not be looked at.
            if turn >= ahead || turn as u64 > found.load(Ordering::Relaxed) || stop.load(Ordering::Relaxed) {
                return;
            }
            let Some(hit) = hunt.look(turn, &mut scratch) else { continue };
            let mut nearest = nearest.lock().unwrap_or_else(PoisonError::into_inner);
            if nearest.is_none_or(|(other, _)| turn < other) {
                *nearest = Some((turn, hit));
                found.fetch_min(turn as u64, Ordering::Relaxed);
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(ahead);
    std::thread::scope(|scope| {
        for _ in 1..cores {
            scope.spawn(work);
        }
        work();
    });
    if stop.load(Ordering::Relaxed) {
        return None;
    }
    let (_, hit) = nearest.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    Some(hit)
}

/// What is looked for, from where and which way.
struct Hunt<'a> {
    tape: &'a Tape,
    sought: &'a Sought,
    needles: Needles,
    from: u64,
    back: bool,
    start: usize,
}

impl Hunt<'_> {
    /// Looks through the chunk that is `turn` chunks away.
    fn look(&self, turn: usize, scratch: &mut Scratch) -> Option<(u64, u64)> {
        let place = if self.back { self.start.checked_sub(turn)? } else { self.start + turn };
        if self.tape.channels(place).is_some_and(|mut channels| !channels.any(|channel| may_hold(channel, self.sought)))
        {
            return None;
        }
        if !self.needles.may_be_in(self.tape, place, scratch) {
            return None;
        }
        let chunk = self.tape.chunk(place).ok()?;
        let within = self.first_hit(&chunk)?;
        Some((chunk.first() + within as u64, chunk.time_us(within)?))
    }

    /// The place of the nearest event of a chunk that is sought.
    fn first_hit(&self, chunk: &Chunk) -> Option<usize> {
        let number = |place: usize| chunk.first() + place as u64;
        let is_ahead = |place: usize| if self.back { number(place) <= self.from } else { number(place) >= self.from };
        let fits = |place: &usize| is_ahead(*place) && chunk.line(*place).is_some_and(|line| self.sought.fits(line));
        match self.needles.places(chunk) {
            None if self.back => (0..chunk.len()).rev().find(fits),
            None => (0..chunk.len()).find(fits),
            Some(places) if self.back => places.into_iter().rev().find(fits),
            Some(places) => places.into_iter().find(fits),
        }
    }
}

/// What one core needs to look at chunk after chunk.
#[derive(Default)]
struct Scratch {
    record: Vec<u8>,
    bytes: Vec<u8>,
    decompressor: Option<zstd::bulk::Decompressor<'static>>,
}

/// Whether a chunk with this channel may hold what is sought.
fn may_hold(channel: &ChannelInfo, sought: &Sought) -> bool {
    let Some(session) = &channel.session else { return true };
    if sought.session.as_ref().is_some_and(|wanted| wanted != session) {
        return false;
    }
    let is_message = matches!(channel.kind.as_str(), "rx" | "tx");
    if sought.topic.is_some() && !is_message {
        return false;
    }
    match sought.only {
        Only::All | Only::Telling => true,
        // What a topic means can differ from message to message: the direction alone is sure.
        Only::Requests => channel.kind == "rx",
        Only::States => channel.kind == "state",
        Only::Notes => matches!(channel.kind.as_str(), "note" | "gap"),
    }
}

/// The forms in which the filter's longest word may stand in a line, in lower case.
struct Needles(Vec<memmem::Finder<'static>>);

impl Needles {
    fn of(filter: &Filter) -> Self {
        let Some(word) = filter.longest_word() else { return Self(Vec::new()) };
        let mut escaped = String::new();
        write_string(&mut escaped, word);
        let escaped = escaped.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_ascii_lowercase();
        let mut forms = vec![word.as_bytes().to_vec(), BASE64.to_vec()];
        if escaped.as_bytes() != word.as_bytes() && !escaped.is_empty() {
            forms.push(escaped.into_bytes());
        }
        Self(forms.iter().map(|form| memmem::Finder::new(form).into_owned()).collect())
    }

    /// Whether one of the forms stands anywhere in a chunk. Its checksum is not asked: that is done when it is looked at closely. A
    /// chunk that cannot be looked at in a hurry may hold anything.
    fn may_be_in(&self, tape: &Tape, place: usize, scratch: &mut Scratch) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let Some(bytes) = tape.peek(place, &mut scratch.record, &mut scratch.bytes, &mut scratch.decompressor) else {
            return true;
        };
        bytes.make_ascii_lowercase();
        self.0.iter().any(|finder| finder.find(bytes).is_some())
    }

    /// The places of the chunk's events in whose lines one of the forms stands, in order; `None`: in any.
    fn places(&self, chunk: &Chunk) -> Option<Vec<usize>> {
        if self.0.is_empty() {
            return None;
        }
        let mut lower = chunk.bytes().to_vec();
        lower.make_ascii_lowercase();
        let mut places = Vec::new();
        for finder in &self.0 {
            let mut at = 0;
            while let Some(found) = lower.get(at..).and_then(|rest| finder.find(rest)) {
                let place = chunk.place_of(at + found);
                if place >= chunk.len() {
                    break;
                }
                places.push(place);
                at = chunk.end_of(place).max(at + found + 1);
            }
        }
        places.sort_unstable();
        places.dedup();
        Some(places)
    }
}

impl Sought {
    /// Whether the event of that line is sought.
    pub fn fits(&self, line: &[u8]) -> bool {
        let Some(read) = Read::line(line) else { return false };
        let Some(event) = read.event() else { return false };
        self.session.as_ref().is_none_or(|wanted| wanted == event.session)
            && self.only.takes(&event)
            && self.topic.as_ref().is_none_or(|branch| crate::timeline::is_on_branch(branch, &event))
            && self.filter.passes_event(&event)
    }
}
