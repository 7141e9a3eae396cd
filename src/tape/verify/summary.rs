//! The index at a tape's end, against what it tells of. Its own checksum held when the tape was opened.

use std::collections::{BTreeSet, HashMap};
use std::io;

use super::Faults;
use super::contents::Contents;
use super::frame::Frame;
use super::records::{Record, Records};
use crate::tape::reader::bytes::{Bytes, RECORD_HEAD, op};

/// Runs of records of one kind that are kept: there are seven kinds.
const MOST_GROUPS: usize = 64;

/// What has come of the index so far.
struct Summary<'a> {
    contents: &'a Contents,
    frame: Frame,
    schemas: BTreeSet<u16>,
    channels: BTreeSet<u16>,
    chunks: usize,
    metadata_index: crc32fast::Hasher,
    statistics: u32,
    /// Each run of records of one kind: kind, start and length.
    groups: Vec<(u8, u64, u64)>,
    told_groups: Vec<(u8, u64, u64)>,
}

/// Checks the index, which begins at the next of `records`, up to the file's last byte.
pub(super) fn check(
    records: &mut Records<'_>,
    frame: Frame,
    contents: &Contents,
    faults: &mut Faults,
) -> io::Result<()> {
    let start = records.at();
    let mut summary = Summary {
        contents,
        frame,
        schemas: BTreeSet::new(),
        channels: BTreeSet::new(),
        chunks: 0,
        metadata_index: crc32fast::Hasher::new(),
        statistics: 0,
        groups: Vec::new(),
        told_groups: Vec::new(),
    };
    let mut offsets = None;
    loop {
        let at = records.at();
        let Some(record) = records.next()? else {
            faults.tell(at, "the index has no end");
            return Ok(());
        };
        if record.opcode() == op::FOOTER {
            Summary::footer(&record, start, offsets.unwrap_or(at), faults);
            break;
        }
        if record.opcode() == op::SUMMARY_OFFSET {
            offsets.get_or_insert(at);
        }
        summary.take(&record, faults);
    }
    summary.done(start, faults);
    let at = records.at();
    let behind = records.rest(mcap::MAGIC.len() as u64 + 1)?;
    faults.tell_if(behind == mcap::MAGIC, at, || "the last bytes are not those of an MCAP file".to_owned());
    Ok(())
}

impl Summary<'_> {
    fn take(&mut self, record: &Record, faults: &mut Faults) {
        let (at, body) = (record.at, record.body());
        if record.opcode() != op::SUMMARY_OFFSET {
            let same = self.groups.last_mut().filter(|(opcode, ..)| *opcode == record.opcode());
            if let Some((_, _, length)) = same {
                *length += record.length();
            } else if self.groups.len() < MOST_GROUPS {
                self.groups.push((record.opcode(), at, record.length()));
            }
        }
        let holds = match record.opcode() {
            op::SCHEMA => self.repeated(body, true),
            op::CHANNEL => self.repeated(body, false),
            op::STATISTICS => {
                self.statistics += 1;
                return self.count(body, at, faults);
            }
            op::CHUNK_INDEX => {
                let due = self.contents.entries.get(self.chunks).copied();
                self.chunks += 1;
                // One that cannot be read is told of already.
                due.is_some_and(|(_, crc)| crc.is_none_or(|crc| crc == crc32fast::hash(body)))
            }
            op::METADATA_INDEX => self.metadata(body).is_some(),
            op::SUMMARY_OFFSET => self.offset(body).is_some(),
            _ => false,
        };
        faults.tell_if(holds, at, || "an entry of the index is not as what it tells of".to_owned());
    }

    /// Whether a schema or a channel is what it was among the events.
    fn repeated(&mut self, body: &[u8], is_schema: bool) -> bool {
        let Some(id) = Bytes(body).u16() else { return false };
        let seen = if is_schema { &mut self.schemas } else { &mut self.channels };
        let known = if is_schema {
            self.contents.schemas.get(&id).copied()
        } else {
            self.contents.channels.get(&id).map(|(crc, _)| *crc)
        };
        // What stood in a chunk that cannot be read is not known.
        seen.insert(id) && known.map_or(self.contents.unread > 0, |known| known == crc32fast::hash(body))
    }

    fn metadata(&mut self, body: &[u8]) -> Option<()> {
        let mut body = Bytes(body);
        let (at, length, name) = (body.u64()?, body.u64()?, body.text()?);
        self.metadata_index.update(&at.to_le_bytes());
        self.metadata_index.update(&length.to_le_bytes());
        self.metadata_index.update(name.as_bytes());
        body.0.is_empty().then_some(())
    }

    fn offset(&mut self, body: &[u8]) -> Option<()> {
        let mut body = Bytes(body);
        let group = (body.u8()?, body.u64()?, body.u64()?);
        (self.told_groups.len() < MOST_GROUPS).then(|| self.told_groups.push(group))
    }

    fn count(&self, body: &[u8], at: u64, faults: &mut Faults) {
        let told = statistics(body);
        let known = |counts: &HashMap<u16, u64>| {
            let nonzero = |counts: &HashMap<u16, u64>| counts.iter().filter(|(_, count)| **count > 0).count();
            nonzero(counts) == nonzero(&self.contents.counts)
                && self.contents.counts.iter().all(|(id, count)| counts.get(id) == Some(count))
        };
        let contents = self.contents;
        let holds = told.is_some_and(|told| {
            (told.attachments, told.metadata, told.chunks) == (0, self.frame.metadata, self.frame.chunks)
                && (contents.unread > 0
                    || (known(&told.counts)
                        && told.messages == contents.counts.values().sum::<u64>()
                        && usize::from(told.schemas) == contents.schemas.len()
                        && told.channels as usize == contents.channels.len()
                        && told.span_ns == contents.span_ns.unwrap_or_default()))
        });
        faults.tell_if(holds, at, || "the statistics count other than what is there".to_owned());
    }

    fn footer(record: &Record, start: u64, offsets: u64, faults: &mut Faults) {
        let mut body = Bytes(record.body());
        let told = body.u64().zip(body.u64());
        let holds = told == Some((start, offsets)) && record.length() == RECORD_HEAD as u64 + 20;
        faults.tell_if(holds, record.at, || "the footer does not point at the index".to_owned());
    }

    /// Whether all that has to be told of is.
    fn done(self, start: u64, faults: &mut Faults) {
        let contents = self.contents;
        let holds = self.statistics == 1
            && self.chunks == contents.entries.len()
            && self.metadata_index.finalize() == self.frame.metadata_index.finalize()
            && contents.schemas.keys().all(|id| self.schemas.contains(id))
            && contents.channels.keys().all(|id| self.channels.contains(id));
        faults.tell_if(holds, start, || "the index does not tell of all that is there, or of more".to_owned());
        faults.tell_if(self.groups == self.told_groups, start, || "the index's own index points elsewhere".to_owned());
    }
}

/// What the statistics say.
struct Statistics {
    messages: u64,
    schemas: u16,
    channels: u32,
    attachments: u32,
    metadata: u32,
    chunks: u32,
    span_ns: (u64, u64),
    counts: HashMap<u16, u64>,
}

fn statistics(body: &[u8]) -> Option<Statistics> {
    let mut body = Bytes(body);
    let (messages, schemas, channels) = (body.u64()?, body.u16()?, body.u32()?);
    let (attachments, metadata, chunks) = (body.u32()?, body.u32()?, body.u32()?);
    let span_ns = (body.u64()?, body.u64()?);
    let length = usize::try_from(body.u32()?).ok()?;
    let mut list = Bytes(body.take(length)?);
    let mut counts = HashMap::new();
    while !list.0.is_empty() {
        counts.insert(list.u16()?, list.u64()?);
    }
    let told = Statistics { messages, schemas, channels, attachments, metadata, chunks, span_ns, counts };
    body.0.is_empty().then_some(told)
}
