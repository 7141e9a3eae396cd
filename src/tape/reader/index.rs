//! What is known of a tape without reading its events: from its summary, or by walking over its records.

use std::collections::HashMap;

use super::bytes::{Bytes, RECORD_HEAD, op};
use super::chunk::MOST_EVENTS;
use super::facts::{ChannelInfo, Facts};
use super::source::Source;
use super::walk::{Step, Walk};
use super::{Chunk, ChunkInfo, Fault};
use crate::event::json::Read;
use crate::tape::TapeError;

/// The footer's record and the magic behind it.
const TAIL: usize = RECORD_HEAD + FOOTER + mcap::MAGIC.len();
const FOOTER: usize = 8 + 8 + 4;
/// Of the footer's record, what its checksum covers.
const COVERED: usize = RECORD_HEAD + 8 + 8;

/// A summary that is longer is not read at once, in bytes: the chunks are walked over instead.
const LONGEST_SUMMARY: u64 = 256 << 20;
/// A metadata record that is longer is none of ours.
const LONGEST_METADATA: u64 = 1 << 20;
/// So many faults are told one by one.
const MOST_FAULTS: usize = 1_000;
/// Each event takes so many bytes of its chunk's indexes: there are no more in a stretch that was lost.
const INDEX_ENTRY: u64 = 16;

/// What is known of a tape without reading its events.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub(super) facts: Facts,
    pub(super) chunks: Vec<ChunkInfo>,
    /// The channels that occur in each chunk, as a place in `sets`.
    pub(super) set_of: Vec<u32>,
    /// Each different set of channels once.
    pub(super) sets: Vec<Box<[u16]>>,
    known_sets: HashMap<Box<[u16]>, u32>,
    pub(super) channels: HashMap<u16, ChannelInfo>,
    pub(super) faults: Vec<Fault>,
    /// Whether the tape has its index and its end.
    pub(super) whole: bool,
    /// Up to where records were walked over.
    pub(super) walked: u64,
    /// Messages that stand outside of chunks.
    pub(super) loose: u64,
    /// Where the last thing begins of which it is not known how many events were lost with it, as a place in `faults`.
    lost: Option<usize>,
}

/// A chunk as it was come by.
struct Found {
    offset: u64,
    length: u64,
    span_ns: (u64, u64),
    count: u64,
    set: Vec<u16>,
}

impl Index {
    /// Nothing known yet, with the walk to begin at `walked`.
    pub(super) fn starting_at(walked: u64) -> Self {
        Self { walked, ..Self::default() }
    }

    /// The index at the tape's end; `None` where there is none, or its checksum does not hold.
    pub(super) fn from_summary(source: &Source, length: u64) -> Option<Self> {
        let tail_at = length.checked_sub(TAIL as u64)?;
        let tail = source.read(tail_at, TAIL).ok()?;
        let mut rest = Bytes(&tail);
        let (opcode, mut footer) = rest.record().map(|(opcode, body)| (opcode, Bytes(body)))?;
        let (start, _offsets, crc) = (footer.u64()?, footer.u64()?, footer.u32()?);
        if opcode != op::FOOTER || rest.0 != mcap::MAGIC || start == 0 {
            return None;
        }
        let records = tail_at.checked_sub(start).filter(|records| *records <= LONGEST_SUMMARY)?;
        let records = usize::try_from(records).ok()?;
        let bytes = source.read(start, records + COVERED).ok()?;
        if crc != crc32fast::hash(&bytes) {
            return None;
        }
        let mut index = Self { whole: true, walked: length, ..Self::default() };
        let mut summary = Summary { source, length, metadata: 0, messages: None };
        let mut records = Bytes(bytes.get(..records)?);
        while !records.0.is_empty() {
            let (opcode, body) = records.record()?;
            summary.take(opcode, body, &mut index)?;
        }
        let outside = summary.messages.map(|messages| messages.saturating_sub(index.events()));
        index.loose = outside.unwrap_or(0);
        Some(index)
    }

    /// Adds a chunk behind all others.
    fn add(&mut self, found: Found) -> Option<()> {
        let first = self.events() + 1;
        self.add_from(first, found)
    }

    /// Adds a chunk behind all others, the first event of which has that number; `None` where there cannot be so many events.
    fn add_from(&mut self, first: u64, found: Found) -> Option<()> {
        let Found { offset, length, span_ns: (start, end), count, mut set } = found;
        if count > MOST_EVENTS || first.checked_add(count).is_none() {
            return None;
        }
        set.sort_unstable();
        set.dedup();
        let span_us = (start.min(end) / 1_000, start.max(end) / 1_000);
        self.chunks.push(ChunkInfo { offset, length, span_us, first, count });
        let set = set.into_boxed_slice();
        let place = if let Some(place) = self.known_sets.get(&set) {
            *place
        } else {
            let place = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
            self.sets.push(set.clone());
            self.known_sets.insert(set, place);
            place
        };
        self.set_of.push(place);
        Some(())
    }

    /// The number of the last event.
    pub(super) fn events(&self) -> u64 {
        self.chunks.last().map_or(0, |last| last.first + last.count - 1)
    }

    /// Tells of a fault, unless too many were told of.
    pub(super) fn fault(&mut self, offset: u64, events: Option<u64>, reason: String) {
        match self.faults.len() {
            0..MOST_FAULTS => self.faults.push(Fault { offset, events, reason }),
            MOST_FAULTS => {
                let reason = "there is more damage from here on".to_owned();
                self.faults.push(Fault { offset, events: None, reason });
            }
            _ => {}
        }
    }

    /// Walks over the records from where the last walk ended, up to `length`. Only heads are read.
    pub(super) fn walk(&mut self, source: &Source, length: u64) -> Result<(), TapeError> {
        let mut walk = Walk::new(source, self.walked, length);
        while let Some(step) = walk.next().map_err(|error| source.error(error))? {
            match step {
                Step::Chunk { offset, length, span_ns, count, set } => {
                    let found = Found { offset, length, span_ns, count: count.unwrap_or(0), set };
                    self.come_by(source, found, count.is_some());
                }
                Step::Channel(body) => self.channels.extend(ChannelInfo::read(&body)),
                Step::Metadata(body) => self.facts.take(&body),
                Step::Broken { offset, skipped } => {
                    self.lost = self.lost.or(Some(self.faults.len()));
                    self.fault(offset, None, format!("{skipped} bytes are no records of a tape"));
                }
                Step::Loose => self.loose += 1,
            }
        }
        self.walked = walk.reached();
        Ok(())
    }

    /// Adds a chunk of a walk. Where it is not sure how many events it has, or how many came before it, it is read.
    fn come_by(&mut self, source: &Source, mut found: Found, counted: bool) {
        let offset = found.offset;
        let lost = self.lost.take();
        let too_many = "the chunk's indexes have more entries than it can have events";
        if counted && lost.is_none() {
            if self.add(found).is_none() {
                self.fault(offset, None, too_many.to_owned());
            }
            return;
        }
        let read = source.record(found.offset, found.length).and_then(|record| Chunk::parse(&record, 0));
        let chunk = match read {
            Ok(chunk) if chunk.is_empty() => return self.lost = lost,
            Ok(chunk) => chunk,
            Err(reason) => {
                self.lost = lost.or(Some(self.faults.len()));
                return self.fault(offset, None, reason);
            }
        };
        found.count = chunk.len() as u64;
        if !counted {
            // Without all its indexes it is not known which channels it has.
            found.set.clear();
        }
        let next = self.events() + 1;
        let first = lost.and_then(|place| self.number_behind(place, &chunk, offset)).unwrap_or(next);
        if let Some(place) = lost
            && let Some(fault) = self.faults.get_mut(place)
            && first > next
        {
            fault.events = Some(first - next);
        }
        if self.add_from(first, found).is_none() {
            self.fault(offset, None, too_many.to_owned());
        }
    }

    /// The number of the first event of a chunk behind a fault, by the event itself: as many as it leaves out were lost. Believed
    /// only if so many can have stood there.
    fn number_behind(&self, place: usize, chunk: &Chunk, offset: u64) -> Option<u64> {
        let begin = self.faults.get(place)?.offset;
        let number = Read::line(chunk.line(0)?)?.event()?.seq;
        let lost = number.checked_sub(self.events() + 1)?;
        (lost <= offset.saturating_sub(begin) / INDEX_ENTRY).then_some(number)
    }
}

/// Taking in a summary.
struct Summary<'a> {
    source: &'a Source,
    /// Of the file, in bytes.
    length: u64,
    /// Bytes of metadata that were read.
    metadata: u64,
    /// By the statistics.
    messages: Option<u64>,
}

impl Summary<'_> {
    /// Takes in a record; `None` where it cannot be right.
    fn take(&mut self, opcode: u8, body: &[u8], index: &mut Index) -> Option<()> {
        match opcode {
            op::CHUNK_INDEX => return self.chunk(body, index),
            op::CHANNEL => index.channels.extend(ChannelInfo::read(body)),
            op::STATISTICS => self.messages = Some(Bytes(body).u64()?),
            op::METADATA_INDEX => {
                let mut body = Bytes(body);
                let (offset, length) = (body.u64()?, body.u64()?);
                let length = length.checked_sub(RECORD_HEAD as u64).filter(|length| *length <= LONGEST_METADATA)?;
                self.metadata += length;
                if self.metadata > self.length {
                    return None;
                }
                let at = offset.checked_add(RECORD_HEAD as u64)?;
                let bytes = self.source.read(at, usize::try_from(length).ok()?).ok()?;
                index.facts.take(&bytes);
            }
            _ => {}
        }
        Some(())
    }

    fn chunk(&self, body: &[u8], index: &mut Index) -> Option<()> {
        let mut body = Bytes(body);
        let span_ns = (body.u64()?, body.u64()?);
        let (offset, length) = (body.u64()?, body.u64()?);
        let map = usize::try_from(body.u32()?).ok()?;
        let mut map = Bytes(body.take(map)?);
        let mut set = Vec::with_capacity(map.0.len() / 10);
        while !map.0.is_empty() {
            set.push(map.u16()?);
            map.u64()?;
        }
        // A message index: opcode and length (9 bytes), channel (2), bytes of entries (4), 16 bytes a message.
        let indexes = body.u64()?;
        let end = offset.checked_add(length)?.checked_add(indexes)?;
        let entries = indexes.checked_sub(15 * set.len() as u64)?;
        if end > self.length || entries % INDEX_ENTRY != 0 {
            return None;
        }
        if entries > 0 {
            index.add(Found { offset, length, span_ns, count: entries / INDEX_ENTRY, set })?;
        }
        Some(())
    }
}
