//! One tape, opened.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bytes::{Bytes, RECORD_HEAD, op};
use super::index::Index;
use super::source::Source;
use super::{ChannelInfo, Chunk, ChunkInfo};
use crate::tape::{About, TapeError, layout};

/// The memory that the chunks of a tape may take which were read last, in bytes. The newest is kept whatever it takes.
const KEPT: usize = 4 << 20;

/// A chunk that is larger, compressed or not, is not read in a hurry, in bytes.
const HURRY: usize = 4 << 20;

/// A header that is longer says nothing of who wrote the file, in bytes.
const LONGEST_HEADER: u64 = 64 << 10;

/// One tape, opened. Cheap to clone: all clones share the file.
#[derive(Clone, Debug)]
pub struct Tape {
    file: Arc<File>,
    index: Arc<Index>,
    ending: Ending,
}

#[derive(Debug)]
struct File {
    source: Source,
    kept: Mutex<VecDeque<(u64, Arc<Chunk>)>>,
    /// What reading found, beside what the index knew, by the place in the file.
    found: Mutex<BTreeMap<u64, Fault>>,
}

/// How a tape ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With its index, in order.
    Whole,
    /// A process is writing it now.
    BeingWritten,
    /// Without an end: cut off, or its writer was killed.
    Cut,
}

/// Something that is missing on a tape or does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the file, in bytes.
    pub offset: u64,
    /// How many events are missing here, where that is known.
    pub events: Option<u64>,
    /// What is wrong, in words for a person.
    pub reason: String,
}

impl Tape {
    /// Opens a tape through its index; without one its chunks are looked up one after the other. Whatever the bytes are, there
    /// is no panic: what cannot be read stands in [`Tape::faults`].
    pub fn open(path: &Path) -> Result<Self, TapeError> {
        let source = Source::open(path)?;
        let length = source.length()?;
        let magic = mcap::MAGIC.len().min(usize::try_from(length).unwrap_or(usize::MAX));
        let start = source.read(0, magic).map_err(|error| source.error(error))?;
        if start.is_empty() {
            // Killed before its first write: a tape without an event.
        } else if !mcap::MAGIC.starts_with(&start) {
            return Err(source.no_tape("its first bytes are not those of an MCAP file"));
        }
        let written = source.is_being_written();
        let index = if let Some(index) = Index::from_summary(&source, length) {
            index
        } else {
            let mut index = Index::starting_at(mcap::MAGIC.len() as u64);
            index.walk(&source, length)?;
            index
        };
        let ending = match (index.whole, written) {
            (true, _) => Ending::Whole,
            (false, true) => Ending::BeingWritten,
            (false, false) => Ending::Cut,
        };
        if length > 0 && !index.facts.is_ours && is_of_another(&source) {
            return Err(source.no_tape("it is an MCAP file of another program"));
        }
        let file = File { source, kept: Mutex::default(), found: Mutex::default() };
        let mut tape = Self { file: Arc::new(file), index: Arc::new(index), ending };
        tape.tell_of_the_rest(length);
        Ok(tape)
    }

    /// What lies behind the last whole record of a tape without an end.
    fn tell_of_the_rest(&mut self, length: u64) {
        let rest = length.saturating_sub(self.index.walked);
        if self.ending == Ending::Cut && rest > 0 {
            let reason = format!("the last {rest} bytes are a part of something: its end is missing");
            let index = Arc::make_mut(&mut self.index);
            index.fault(index.walked, None, reason);
        }
    }

    /// Takes in what a process has written to the tape since; answers whether there was something.
    pub fn refresh(&mut self) -> Result<bool, TapeError> {
        if self.ending != Ending::BeingWritten {
            return Ok(false);
        }
        // Asked before the length: what is written in between is found by the next call.
        let written = self.file.source.is_being_written();
        let length = self.file.source.length()?;
        let before = self.index.events();
        if !written && let Some(index) = Index::from_summary(&self.file.source, length) {
            self.index = Arc::new(index);
            self.ending = Ending::Whole;
            return Ok(true);
        }
        if length > self.index.walked {
            Arc::make_mut(&mut self.index).walk(&self.file.source, length)?;
        }
        if !written {
            self.ending = Ending::Cut;
            self.tell_of_the_rest(length);
        }
        Ok(self.index.events() > before || !written)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.source.path()
    }

    /// The file's length, in bytes.
    pub fn bytes(&self) -> Result<u64, TapeError> {
        self.file.source.length()
    }

    /// What the tape says of itself.
    pub fn about(&self) -> &About {
        &self.index.facts.about
    }

    /// How it ends.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// What was found missing or damaged so far.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = self.index.faults.clone();
        if self.index.loose > 0 {
            let reason = "events stand outside of chunks, as other programs write them: they are not read".to_owned();
            faults.push(Fault { offset: 0, events: Some(self.index.loose), reason });
        }
        faults.extend(locked(&self.file.found).values().cloned());
        faults
    }

    /// How many events it has.
    pub fn events(&self) -> u64 {
        self.index.events()
    }

    /// Its chunks, in order.
    pub fn chunks(&self) -> &[ChunkInfo] {
        &self.index.chunks
    }

    /// The channels of which a chunk has events, where the tape's index knows them all.
    pub fn channels(&self, place: usize) -> Option<impl Iterator<Item = &ChannelInfo>> {
        let set = self.index.sets.get(usize::try_from(*self.index.set_of.get(place)?).ok()?)?;
        let known = !set.is_empty() && set.iter().all(|id| self.index.channels.contains_key(id));
        known.then(|| set.iter().filter_map(|id| self.index.channels.get(id)))
    }

    /// Reads a chunk, or takes it from the few that are kept; checks its checksum.
    pub fn chunk(&self, place: usize) -> Result<Arc<Chunk>, Fault> {
        let missing = || Fault { offset: 0, events: None, reason: format!("there is no chunk {place}") };
        let info = self.index.chunks.get(place).ok_or_else(missing)?;
        if let Some(chunk) = self.kept(info.offset) {
            return Ok(chunk);
        }
        if let Some(fault) = locked(&self.file.found).get(&info.offset) {
            return Err(fault.clone());
        }
        let chunk = self.read(info).inspect_err(|fault| {
            locked(&self.file.found).insert(info.offset, fault.clone());
        })?;
        let chunk = Arc::new(chunk);
        let mut kept = locked(&self.file.kept);
        kept.push_back((info.offset, Arc::clone(&chunk)));
        while kept.len() > 1 && kept.iter().map(|(_, chunk)| chunk.weight()).sum::<usize>() > KEPT {
            kept.pop_front();
        }
        Ok(chunk)
    }

    /// A chunk that is kept, which becomes the newest.
    fn kept(&self, offset: u64) -> Option<Arc<Chunk>> {
        let mut kept = locked(&self.file.kept);
        let place = kept.iter().rposition(|(other, _)| *other == offset)?;
        if place + 1 < kept.len() {
            let chunk = kept.remove(place)?;
            kept.push_back(chunk);
        }
        kept.back().map(|(_, chunk)| Arc::clone(chunk))
    }

    fn read(&self, info: &ChunkInfo) -> Result<Chunk, Fault> {
        let fault = |reason: String| Fault { offset: info.offset, events: Some(info.count), reason };
        let record = self.file.source.record(info.offset, info.length).map_err(fault)?;
        let chunk = Chunk::parse(&record, info.first).map_err(fault)?;
        if chunk.len() as u64 == info.count {
            return Ok(chunk);
        }
        Err(fault(format!("the chunk has {} events, and its index {}", chunk.len(), info.count)))
    }

    /// A chunk's decompressed bytes, unchecked, in `bytes`; `None` where that takes more than a moment or fails.
    pub(super) fn peek<'a>(
        &self,
        place: usize,
        record: &mut Vec<u8>,
        bytes: &'a mut Vec<u8>,
        decompressor: &mut Option<zstd::bulk::Decompressor<'static>>,
    ) -> Option<&'a mut [u8]> {
        let info = self.index.chunks.get(place)?;
        let length = usize::try_from(info.length).ok().filter(|length| *length <= HURRY)?;
        // Whatever is wrong with the chunk is found, and told, when it is read in earnest.
        self.file.source.read_into(info.offset, length, record).ok()?;
        let decompressor = match decompressor {
            Some(decompressor) => decompressor,
            None => decompressor.insert(zstd::bulk::Decompressor::new().ok()?),
        };
        Chunk::peek(record, bytes, HURRY, decompressor)?;
        Some(bytes)
    }

    /// The place of the chunk that holds the event of that number on this tape.
    pub(super) fn chunk_of(&self, number: u64) -> usize {
        self.index.chunks.partition_point(|chunk| chunk.first + chunk.count <= number)
    }

    /// When the event of that number happened; `None` beyond the last. Events that cannot be read happened when their chunk began,
    /// those that are lost when the last before them did.
    pub(super) fn time_of(&self, number: u64) -> Option<u64> {
        let place = self.chunk_of(number);
        let info = self.index.chunks.get(place)?;
        let Some(within) = number.checked_sub(info.first) else {
            let before = place.checked_sub(1).and_then(|before| self.index.chunks.get(before));
            return Some(before.map_or(0, |before| before.span_us.1));
        };
        if within == 0 {
            return Some(info.span_us.0);
        }
        let within = usize::try_from(within).ok()?;
        // A chunk that cannot be read is among the faults.
        let time = self.chunk(place).ok().and_then(|chunk| chunk.time_us(within));
        Some(time.unwrap_or(info.span_us.0))
    }

    /// The next number from `number` on that can be read, or one more than there are events.
    pub(super) fn behind_the_unreadable(&self, number: u64) -> u64 {
        let info = self.index.chunks.get(self.chunk_of(number));
        info.map_or(self.events() + 1, |info| if number < info.first { info.first } else { info.first + info.count })
    }

    /// How many events come before `time_us` (with `after`: not after it).
    pub(super) fn events_before(&self, time_us: u64, after: bool) -> u64 {
        let ends_before =
            |chunk: &ChunkInfo| if after { chunk.span_us.1 <= time_us } else { chunk.span_us.1 < time_us };
        let place = self.index.chunks.partition_point(ends_before);
        let Some(info) = self.index.chunks.get(place) else { return self.events() };
        let starts_before = if after { info.span_us.0 <= time_us } else { info.span_us.0 < time_us };
        let within = if starts_before {
            self.chunk(place).map_or(info.count, |chunk| chunk.place_at(time_us, after) as u64)
        } else {
            0
        };
        info.first - 1 + within
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the file's header can be read and says that it is not ours.
fn is_of_another(source: &Source) -> bool {
    // What cannot be read may be ours, and damaged.
    let read = || {
        let at = mcap::MAGIC.len() as u64;
        let head = source.read(at, RECORD_HEAD).ok()?;
        let (opcode, mut length) = head.split_first().map(|(opcode, length)| (*opcode, Bytes(length)))?;
        let length = length.u64().filter(|length| opcode == op::HEADER && *length <= LONGEST_HEADER)?;
        let body = source.read(at + RECORD_HEAD as u64, usize::try_from(length).ok()?).ok()?;
        let mut body = Bytes(&body);
        let (profile, _library) = (body.text()?, body.text()?);
        Some(profile != layout::PROFILE)
    };
    read().unwrap_or(false)
}
