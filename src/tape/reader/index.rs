//! What is known of a tape without reading its events: from its summary, or by walking over its records.

use std::collections::HashMap;

use mcap::records::Record;

use super::bytes::{Bytes, RECORD_HEAD, op};
use super::source::Source;
use super::walk::{Step, Walk};
use super::{Chunk, ChunkInfo, Fault};
use crate::event::LineState;
use crate::profile::Cloud;
use crate::tape::{About, Recorded, TapeError, layout};

/// The footer's record and the magic behind it.
const TAIL: usize = RECORD_HEAD + FOOTER + mcap::MAGIC.len();
const FOOTER: usize = 8 + 8 + 4;

/// A metadata record that is longer is none of ours.
const LONGEST_METADATA: u64 = 1 << 20;

/// A channel, by the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelInfo {
    /// Its session; `None` on the channel that takes the rest.
    pub session: Option<String>,
    /// The kind of its events: `rx`, `tx`, `state`, …; empty on the channel that takes the rest.
    pub kind: String,
    /// Its topic, with request ids folded.
    pub topic: Option<String>,
    /// What its messages are.
    pub what: Option<String>,
}

/// What is known of a tape without reading its events.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub(super) about: About,
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
        let (start, offsets, crc) = (footer.u64()?, footer.u64()?, footer.u32()?);
        if opcode != op::FOOTER || rest.0 != mcap::MAGIC || start == 0 || start > tail_at || offsets > tail_at {
            return None;
        }
        // The checksum covers the footer up to itself.
        let covered = usize::try_from(tail_at - start).ok()? + RECORD_HEAD + 16;
        let bytes = source.read(start, covered).ok()?;
        if crc != crc32fast::hash(&bytes) {
            return None;
        }
        let mut index = Self { whole: true, walked: length, ..Self::default() };
        let mut records = Bytes(bytes.get(..covered - RECORD_HEAD - 16)?);
        while !records.0.is_empty() {
            let (opcode, body) = records.record()?;
            index.take_summary(source, opcode, body)?;
        }
        Some(index)
    }

    fn take_summary(&mut self, source: &Source, opcode: u8, body: &[u8]) -> Option<()> {
        match opcode {
            op::CHUNK_INDEX => self.take_chunk_index(body),
            op::CHANNEL => {
                self.take_channel(body);
                Some(())
            }
            op::METADATA_INDEX => {
                let mut body = Bytes(body);
                let (offset, length) = (body.u64()?, body.u64()?);
                let length = length.checked_sub(RECORD_HEAD as u64).filter(|length| *length <= LONGEST_METADATA)?;
                let bytes = source.read(offset + RECORD_HEAD as u64, usize::try_from(length).ok()?).ok()?;
                self.take_metadata(&bytes);
                Some(())
            }
            _ => Some(()),
        }
    }

    fn take_chunk_index(&mut self, body: &[u8]) -> Option<()> {
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
        let entries = body.u64()?.checked_sub(15 * set.len() as u64)?;
        if entries % 16 != 0 {
            return None;
        }
        if entries > 0 {
            self.add(offset, length, span_ns, entries / 16, set);
        }
        Some(())
    }

    /// Adds a chunk with these channels.
    fn add(&mut self, offset: u64, length: u64, span_ns: (u64, u64), count: u64, mut set: Vec<u16>) {
        set.sort_unstable();
        let first = self.events() + 1;
        self.chunks.push(ChunkInfo { offset, length, span_us: (span_ns.0 / 1_000, span_ns.1 / 1_000), first, count });
        let set = set.into_boxed_slice();
        let place = match self.known_sets.get(&set) {
            Some(place) => *place,
            None => {
                let place = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
                self.sets.push(set.clone());
                self.known_sets.insert(set, place);
                place
            }
        };
        self.set_of.push(place);
    }

    pub(super) fn events(&self) -> u64 {
        self.chunks.last().map_or(0, |last| last.first + last.count - 1)
    }

    fn take_channel(&mut self, body: &[u8]) {
        if let Ok(Record::Channel(channel)) = mcap::read::parse_record(op::CHANNEL, body) {
            let of = |key: &str| channel.metadata.get(key).cloned();
            let info = ChannelInfo {
                session: of("session"),
                // The channel that takes the rest says nothing.
                kind: of("kind").unwrap_or_default(),
                topic: of("topic"),
                what: of("what"),
            };
            self.channels.insert(channel.id, info);
        }
    }

    pub(super) fn take_metadata(&mut self, body: &[u8]) {
        let Ok(Record::Metadata(record)) = mcap::read::parse_record(op::METADATA, body) else { return };
        let of = |key: &str| record.metadata.get(key);
        match record.name.as_str() {
            layout::TAPE => {
                self.about.program = of("program").cloned().unwrap_or_else(|| "another program".to_owned());
                if let Some(started) = of("started").and_then(|at| crate::event::WallTime::parse_rfc3339(at)) {
                    self.about.started = started;
                }
                self.about.part = of("part").and_then(|part| part.parse().ok()).unwrap_or(1);
            }
            layout::SESSION => {
                let (Some(name), Some(cloud)) = (of("name"), of("cloud").and_then(|word| cloud_of(word))) else {
                    return;
                };
                let identifiers = record.metadata.iter().filter_map(|(key, value)| {
                    key.strip_prefix(layout::IDENTIFIER).map(|key| (key.to_owned(), value.clone()))
                });
                let session = Recorded {
                    name: name.clone(),
                    cloud,
                    endpoint: of("endpoint").cloned().unwrap_or_else(String::new),
                    identifiers: identifiers.collect(),
                    clock_offset_us: of("clock_offset_us").and_then(|offset| offset.parse().ok()),
                    state: of("state").and_then(|word| LineState::from_word(word)).unwrap_or_default(),
                };
                match self.about.sessions.iter_mut().find(|known| known.name == session.name) {
                    Some(known) => *known = session,
                    None => self.about.sessions.push(session),
                }
            }
            _ => {}
        }
    }

    /// Walks over the records from where the last walk ended, up to `length`. Only heads are read.
    pub(super) fn walk(&mut self, source: &Source, length: u64) -> Result<(), TapeError> {
        let mut walk = Walk::new(source, self.walked, length);
        while let Some(step) = walk.next().map_err(|error| source.error(error))? {
            match step {
                Step::Chunk { offset, length, span_ns, count: Some(count), set } => {
                    self.add(offset, length, span_ns, count, set);
                }
                Step::Chunk { offset, length, span_ns, count: None, .. } => {
                    self.count_and_add(source, offset, length, span_ns);
                }
                Step::Channel(body) => self.take_channel(&body),
                Step::Metadata(body) => self.take_metadata(&body),
                Step::Broken { offset, skipped } => self.faults.push(Fault {
                    offset,
                    events: None,
                    reason: format!("{skipped} bytes are no records of a tape"),
                }),
            }
        }
        self.walked = walk.reached();
        Ok(())
    }
}

impl Index {
    /// Adds a chunk whose message indexes are not all there: its events are counted by reading it.
    fn count_and_add(&mut self, source: &Source, offset: u64, length: u64, span_ns: (u64, u64)) {
        let read = usize::try_from(length).map_err(|error| error.to_string());
        let record = read.and_then(|length| source.read(offset, length).map_err(|error| error.to_string()));
        match record.and_then(|record| Chunk::parse(&record, 0)) {
            Ok(chunk) if chunk.is_empty() => {}
            // Without its indexes it is not known which channels it has.
            Ok(chunk) => self.add(offset, length, span_ns, chunk.len() as u64, Vec::new()),
            Err(reason) => self.faults.push(Fault { offset, events: None, reason }),
        }
    }
}

fn cloud_of(word: &str) -> Option<Cloud> {
    [Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt].into_iter().find(|cloud| cloud.word() == word)
}
