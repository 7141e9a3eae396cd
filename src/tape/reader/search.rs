//! Looking for an event on a tape, on all cores.
//!
//! Almost all of a tape is passed over without being parsed: a chunk whose channels cannot hold the event is not even read, and
//! of the others only those lines are parsed in which each of the filter's words stands in one of the forms that it can take.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use memchr::memmem;

use super::{ChannelInfo, Chunk, Sought, Tape};
use crate::event::json::Read;
use crate::text::json::write_string;
use crate::timeline::{Filter, Only, is_on_branch, may_be_on_branch};

/// The key of a payload that is no text: whether a word stands in it shows only when it is decoded.
const BASE64: &[u8] = b"\"base64\":";

/// So much is put into lower case and searched at a time, in bytes: what the nearest cache of a core holds.
const PIECE: usize = 16 << 10;

/// The nearest event of `tape` from number `from` on, or back, that is sought, and its time. What happened only after `until`
/// (back: before it) is not looked at.
pub(super) fn find(
    tape: &Tape,
    sought: &Sought,
    from: u64,
    back: bool,
    until: Option<u64>,
    stop: &AtomicBool,
) -> Option<(u64, u64)> {
    if from == 0 || from > tape.events() {
        return None;
    }
    let hunt = Hunt { tape, sought, needles: Needles::of(&sought.filter), from, back, start: tape.chunk_of(from) };
    let chunks = tape.chunks();
    let ahead = if back {
        let end = until.map_or(0, |until| chunks.partition_point(|chunk| chunk.span_us.1 < until));
        (hunt.start + 1).saturating_sub(end)
    } else {
        let end = until.map_or(chunks.len(), |until| chunks.partition_point(|chunk| chunk.span_us.0 <= until));
        end.saturating_sub(hunt.start)
    };
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
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(ahead.max(1));
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
    missing: Vec<usize>,
}

/// Whether a chunk with this channel may hold what is sought.
fn may_hold(channel: &ChannelInfo, sought: &Sought) -> bool {
    let Some(session) = &channel.session else { return true };
    if sought.session.as_ref().is_some_and(|wanted| wanted != session) {
        return false;
    }
    let is_message = matches!(channel.kind.as_str(), "rx" | "tx");
    if let Some(branch) = &sought.topic
        && !(is_message && channel.topic.as_ref().is_none_or(|topic| may_be_on_branch(branch, topic)))
    {
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

/// What must stand in a line for the filter to let its event pass, in lower case.
struct Needles {
    /// Each word that must occur, the longest first, in the forms in which it can stand in a line.
    words: Vec<Vec<memmem::Finder<'static>>>,
    /// The key of a payload in which any word may stand.
    base64: memmem::Finder<'static>,
    /// The length of the longest form, in bytes.
    longest: usize,
    /// Whether the words have letters, so that the lines must be put into lower case.
    letters: bool,
}

impl Needles {
    fn of(filter: &Filter) -> Self {
        let wanted = filter.wanted();
        let forms: Vec<_> = wanted.iter().map(|word| forms_of(word)).collect();
        let finders = |forms: &Vec<Vec<u8>>| forms.iter().map(|form| memmem::Finder::new(form).into_owned()).collect();
        Self {
            // The key of the payload and the digits of an escape are written in lower case.
            letters: wanted.iter().any(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic())),
            longest: forms.iter().flatten().map(Vec::len).max().unwrap_or(0).max(BASE64.len()),
            words: forms.iter().map(finders).collect(),
            base64: memmem::Finder::new(BASE64),
        }
    }

    /// Whether an event that is sought may be in a chunk. Its checksum is not asked: that is done when it is looked at closely. A
    /// chunk that cannot be looked at in a hurry may hold anything.
    fn may_be_in(&self, tape: &Tape, place: usize, scratch: &mut Scratch) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let bytes = tape.peek(place, &mut scratch.record, &mut scratch.bytes, &mut scratch.decompressor);
        bytes.is_none_or(|bytes| self.stand_in(bytes, &mut scratch.missing))
    }

    /// Whether all words stand in `bytes`, which are put into lower case: piece by piece, each searched while it is near. `missing`
    /// is used again.
    fn stand_in(&self, bytes: &mut [u8], missing: &mut Vec<usize>) -> bool {
        missing.clear();
        missing.extend(0..self.words.len());
        let mut start = 0;
        while start < bytes.len() && !missing.is_empty() {
            let end = (start + PIECE).min(bytes.len());
            if self.letters {
                bytes[start..end].make_ascii_lowercase();
            }
            // A form may begin in the piece before.
            let piece = &bytes[start.saturating_sub(self.longest)..end];
            if self.base64.find(piece).is_some() {
                return true;
            }
            missing.retain(|word| self.words.get(*word).is_some_and(|forms| !is_any_in(forms, piece)));
            start = end;
        }
        missing.is_empty()
    }

    /// The places of the chunk's events in whose lines all words stand, in order; `None`: there are no words.
    fn places(&self, chunk: &Chunk) -> Option<Vec<usize>> {
        let (rarest, others) = self.words.split_first()?;
        let mut lower = chunk.bytes().to_vec();
        lower.make_ascii_lowercase();
        let mut places = Vec::new();
        for finder in rarest.iter().chain([&self.base64]) {
            let mut at = 0;
            while let Some(found) = lower.get(at..).and_then(|rest| finder.find(rest)) {
                let place = chunk.place_of(at + found);
                let Some(line) = chunk.range_of(place) else { break };
                let text = lower.get(line.clone()).unwrap_or_default();
                if others.iter().all(|forms| is_any_in(forms, text)) || self.base64.find(text).is_some() {
                    places.push(place);
                }
                at = line.end.max(at + found + 1);
            }
        }
        places.sort_unstable();
        places.dedup();
        Some(places)
    }
}

/// The forms in which a word can stand in a line: as it is, and as JSON writes it.
fn forms_of(word: &str) -> Vec<Vec<u8>> {
    let mut escaped = String::new();
    write_string(&mut escaped, word);
    let escaped = escaped.strip_prefix('"').and_then(|escaped| escaped.strip_suffix('"')).unwrap_or(word);
    let mut forms = vec![word.as_bytes().to_vec()];
    if escaped != word {
        forms.push(escaped.to_ascii_lowercase().into_bytes());
    }
    forms
}

fn is_any_in(forms: &[memmem::Finder<'static>], text: &[u8]) -> bool {
    forms.iter().any(|form| form.find(text).is_some())
}

impl Sought {
    /// Whether the event of that line is sought.
    pub fn fits(&self, line: &[u8]) -> bool {
        let Some(read) = Read::line(line) else { return false };
        let Some(event) = read.event() else { return false };
        self.session.as_ref().is_none_or(|wanted| wanted == event.session)
            && self.only.takes(&event)
            && self.topic.as_ref().is_none_or(|branch| is_on_branch(branch, &event))
            && self.filter.passes_event(&event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_seen_wherever_the_pieces_are_cut() {
        for (typed, written) in
            [("NeedLe", "nEEdlE"), ("温度", "温度"), ("a\"b", "A\\\"B"), ("x\u{1B}y", "X\\u001bY"), ("y x", "x y")]
        {
            let needles = Needles::of(&Filter::parse(typed));
            for place in (0..2 * PIECE + 40).filter(|place| place % PIECE < 40 || place % PIECE > PIECE - 40) {
                let mut bytes = vec![b'.'; 2 * PIECE + 80];
                assert!(!needles.stand_in(&mut bytes, &mut Vec::new()));
                bytes[place..place + written.len()].copy_from_slice(written.as_bytes());
                assert!(needles.stand_in(&mut bytes, &mut Vec::new()), "{typed:?} at {place}");
            }
        }
    }
}
