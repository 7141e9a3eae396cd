//! The chunks, the events in them, and the message indexes behind them.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::Faults;
use super::records::{Entries, indexes_at};
use crate::event::json::Read;
use crate::event::{Event, Kind, WallTime};
use crate::tape::reader::bytes::{Bytes, ChunkHead, RECORD_HEAD, op};
use crate::tape::reader::{Chunk, ChunkInfo, Tape};
use crate::tape::{layout, line};

/// What the chunks came to, for the index at the end to be held against.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Events that can be read.
    pub(super) events: u64,
    /// Chunks that cannot.
    pub(super) unread: u64,
    /// Where the last chunk's indexes end.
    pub(super) end: u64,
    /// Of each chunk its place, and the checksum of the body that its entry in the index must have; `None` where that is not known.
    pub(super) entries: Vec<(u64, Option<u32>)>,
    /// Schemas and channels by their numbers: the checksum of their records, and of a channel its topic.
    pub(super) schemas: BTreeMap<u16, u32>,
    pub(super) channels: BTreeMap<u16, (u32, String)>,
    /// Messages of each channel.
    pub(super) counts: HashMap<u16, u64>,
    /// The first and the last `log_time`.
    pub(super) span_ns: Option<(u64, u64)>,
    started_us: Option<i64>,
    seq: u64,
    topic: String,
    folded: String,
}

/// A message's header.
struct Header {
    channel: u16,
    sequence: u32,
    log_ns: u64,
    publish_ns: u64,
}

impl Contents {
    /// Checks the chunks of `tape`.
    pub(super) fn check(tape: &Tape, file: &mut File, faults: &mut Faults) -> io::Result<Self> {
        let mut contents = Self { end: mcap::MAGIC.len() as u64, ..Self::default() };
        if tape.about().program.is_empty() {
            faults.tell_if(tape.events() == 0, 0, || "it does not say when it starts and who wrote it".to_owned());
        } else {
            contents.started_us = Some(tape.about().started.unix_micros());
        }
        for (place, info) in tape.chunks().iter().enumerate() {
            // What is lost before it is among the tape's own faults; so is what cannot be read.
            contents.seq = contents.seq.max(info.first.saturating_sub(1));
            if let Ok(chunk) = tape.chunk(place) {
                contents.chunk(&chunk, info, file, faults)?;
            } else {
                contents.seq = contents.seq.saturating_add(info.count);
                contents.unread += 1;
                contents.entries.push((info.offset, None));
                contents.end = info.offset.saturating_add(info.length);
            }
        }
        Ok(contents)
    }

    fn chunk(&mut self, chunk: &Chunk, info: &ChunkInfo, file: &mut File, faults: &mut Faults) -> io::Result<()> {
        let mut messages: BTreeMap<u16, Entries> = BTreeMap::new();
        let mut span: Option<(u64, u64)> = None;
        let mut rest = Bytes(chunk.bytes());
        loop {
            let place = chunk.bytes().len() - rest.0.len();
            let Some((opcode, body)) = rest.record() else { break };
            match opcode {
                op::SCHEMA => self.schema(body, info.offset, faults),
                op::CHANNEL => self.channel(body, info.offset, faults),
                op::MESSAGE => {
                    let Some(header) = self.message(body, info.offset, faults) else { continue };
                    messages.entry(header.channel).or_default().push((header.log_ns, place as u64));
                    span = Some(span.map_or((header.log_ns, header.log_ns), |(first, _)| (first, header.log_ns)));
                }
                _ => faults.tell(info.offset, format!("the chunk holds a record of kind {opcode:#04x}")),
            }
        }
        let (indexes, end) = indexes_at(file, info.offset.saturating_add(info.length))?;
        let told: BTreeMap<u16, &Entries> = indexes.iter().map(|(channel, (_, entries))| (*channel, entries)).collect();
        let holds = messages.iter().eq(told.iter().map(|(channel, entries)| (channel, *entries)));
        faults.tell_if(holds, info.offset, || "the message indexes behind the chunk tell of other messages".to_owned());
        let places = indexes.iter().map(|(channel, (at, _))| (*channel, *at));
        let bytes = head_of(file, info)?;
        let head = ChunkHead::read(&mut Bytes(&bytes));
        let holds = head.is_some_and(|head| head.span_ns == span.unwrap_or_default());
        faults.tell_if(holds, info.offset, || "the chunk's head has other times than its events".to_owned());
        let entry = head.map(|head| crc32fast::hash(&entry(info, &head, places, end)));
        self.entries.push((info.offset, entry));
        self.end = end;
        Ok(())
    }

    fn schema(&mut self, body: &[u8], at: u64, faults: &mut Faults) {
        let mut rest = Bytes(body);
        let read = rest.u16().zip(rest.text()).zip(rest.text());
        let Some(((id, name), encoding)) = read else { return faults.tell(at, "a schema cannot be read") };
        let is_ours = (name, encoding) == (layout::SCHEMA_NAME, layout::SCHEMA_ENCODING);
        faults.tell_if(is_ours, at, || format!("its schema is {name:?}, which standin does not write"));
        let crc = crc32fast::hash(body);
        let known = *self.schemas.entry(id).or_insert(crc);
        faults.tell_if(known == crc, at, || format!("schema {id} is here another than before"));
    }

    fn channel(&mut self, body: &[u8], at: u64, faults: &mut Faults) {
        let mut rest = Bytes(body);
        let read = rest.u16().zip(rest.u16()).zip(rest.text());
        let Some(((id, schema), topic)) = read else { return faults.tell(at, "a channel cannot be read") };
        faults.tell_if(self.schemas.contains_key(&schema), at, || format!("channel {id} has no schema"));
        let crc = crc32fast::hash(body);
        let (known, _) = self.channels.entry(id).or_insert_with(|| (crc, topic.to_owned()));
        faults.tell_if(*known == crc, at, || format!("channel {id} is here another than before"));
    }

    fn message(&mut self, body: &[u8], at: u64, faults: &mut Faults) -> Option<Header> {
        let mut rest = Bytes(body);
        let header =
            Header { channel: rest.u16()?, sequence: rest.u32()?, log_ns: rest.u64()?, publish_ns: rest.u64()? };
        let due = self.seq.saturating_add(1);
        self.seq = due;
        *self.counts.entry(header.channel).or_insert(0) += 1;
        let earlier = self.span_ns.is_some_and(|(_, last)| header.log_ns < last);
        faults.tell_if(!earlier, at, || format!("event {due} is earlier than the one before it"));
        let (first, last) = self.span_ns.unwrap_or((header.log_ns, header.log_ns));
        self.span_ns = Some((first.min(header.log_ns), last.max(header.log_ns)));
        let read = Read::line(rest.0)
            .filter(|_| std::str::from_utf8(rest.0).is_ok_and(|line| line::Start::of(line).is_some()));
        let Some(event) = read.as_ref().and_then(Read::event) else {
            faults.tell(at, format!("event {due} cannot be read"));
            return Some(header);
        };
        self.events += 1;
        if event.seq != due {
            faults.tell(at, format!("an event is numbered {} where {due} is due", event.seq));
            self.seq = event.seq;
        }
        self.fits(&event, &header, at, faults);
        Some(header)
    }

    /// Whether an event is what stands around it.
    fn fits(&mut self, event: &Event<'_>, header: &Header, at: u64, faults: &mut Faults) {
        let seq = event.seq;
        let sequence = u32::try_from(seq & u64::from(u32::MAX)).unwrap_or(0);
        faults.tell_if(header.sequence == sequence, at, || format!("event {seq} stands under another number"));
        let after = i64::try_from(event.mono_us).unwrap_or(i64::MAX);
        let told = self.started_us.map(|started| WallTime::from_unix_micros(started.saturating_add(after)));
        let holds = told.is_none_or(|told| layout::nanos(told) == header.log_ns);
        faults.tell_if(holds, at, || format!("event {seq} stands at another time than it says"));
        let holds = layout::nanos(event.at) == header.publish_ns;
        faults.tell_if(holds, at, || format!("event {seq} stands at another wall time than it says"));
        self.topic.clear();
        for part in [event.session, "/", event.kind.word()] {
            self.topic.push_str(part);
        }
        if let Kind::Rx(message) | Kind::Tx(message) = &event.kind {
            self.topic.push('/');
            self.topic.push_str(layout::fold(message.topic, message.request_id, &mut self.folded));
        }
        let channel = self.channels.get(&header.channel).map(|(_, topic)| topic.as_str());
        let holds = channel.is_some_and(|topic| topic == self.topic || topic == layout::OTHER);
        faults.tell_if(holds, at, || format!("event {seq} stands on another channel than its own"));
    }
}

/// The head of a chunk, which was read as a whole before; nothing where somebody shortens the file meanwhile.
fn head_of(file: &File, info: &ChunkInfo) -> io::Result<Vec<u8>> {
    let length = u64::min(ChunkHead::LENGTH as u64, info.length.saturating_sub(RECORD_HEAD as u64));
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    match file.read_exact_at(&mut bytes, info.offset.saturating_add(RECORD_HEAD as u64)) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Vec::new()),
        read => read.map(|()| bytes),
    }
}

/// The body of the index's entry for a chunk, as MCAP has it, with its message indexes in the order of their channels.
fn entry(info: &ChunkInfo, head: &ChunkHead<'_>, places: impl Iterator<Item = (u16, u64)>, end: u64) -> Vec<u8> {
    let mut map = Vec::new();
    for (channel, at) in places {
        map.extend_from_slice(&channel.to_le_bytes());
        map.extend_from_slice(&at.to_le_bytes());
    }
    let word = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let mut body = Vec::with_capacity(map.len() + 96);
    for number in [head.span_ns.0, head.span_ns.1, info.offset, info.length] {
        body.extend_from_slice(&number.to_le_bytes());
    }
    body.extend_from_slice(&word(map.len()));
    body.extend_from_slice(&map);
    let indexes = end.saturating_sub(info.offset.saturating_add(info.length));
    body.extend_from_slice(&indexes.to_le_bytes());
    body.extend_from_slice(&word(head.compression.len()));
    body.extend_from_slice(head.compression.as_bytes());
    for number in [head.compressed, head.uncompressed] {
        body.extend_from_slice(&number.to_le_bytes());
    }
    body
}
