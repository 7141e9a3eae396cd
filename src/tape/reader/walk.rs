//! Walking over a tape that has no index: from record to record by their lengths, and past damage to the next chunk.

use std::io;

use memchr::memmem;

use super::bytes::{Bytes, ChunkHead, RECORD_HEAD, op};
use super::source::Source;

/// Bytes read at a time.
const WINDOW: usize = 64 << 10;
/// A record beside chunks that is longer is none of ours.
const LONGEST: u64 = 16 << 20;
/// The length of what the end of the data says.
const DATA_END: u64 = 4;
/// How a chunk of ours goes on behind its checksum: the name of its compression, with its length.
const MARK: &[u8] = b"\x04\0\0\0zstd";
/// From a chunk's opcode to [`MARK`].
const TO_MARK: usize = RECORD_HEAD + 8 + 8 + 8 + 4;

/// Where the first record stands.
const START: u64 = mcap::MAGIC.len() as u64;

/// A walk over the records.
pub(super) struct Walk<'a> {
    source: &'a Source,
    at: u64,
    end: u64,
    window: Vec<u8>,
    window_at: u64,
    over: bool,
    /// Whether message indexes may stand here: behind a chunk, or where an earlier walk ended.
    behind_chunk: bool,
}

/// What a walk comes by.
#[derive(Debug)]
pub(super) enum Step {
    /// A whole chunk. Without a count its message indexes are not all there.
    Chunk { offset: u64, length: u64, span_ns: (u64, u64), count: Option<u64>, set: Vec<u16> },
    /// A channel beside the chunks.
    Channel(Vec<u8>),
    /// A metadata record.
    Metadata(Vec<u8>),
    /// Bytes that are no records, or not where such records may be: something was lost here.
    Broken { offset: u64, skipped: u64 },
    /// A message outside of chunks, as other programs write them.
    Loose,
}

impl<'a> Walk<'a> {
    /// A walk from `at` to `end`.
    pub(super) fn new(source: &'a Source, at: u64, end: u64) -> Self {
        Self { source, at, end, window: Vec::new(), window_at: 0, over: false, behind_chunk: at > START }
    }

    /// Up to where whole records were found.
    pub(super) fn reached(&self) -> u64 {
        self.at
    }

    /// The next thing that counts.
    pub(super) fn next(&mut self) -> io::Result<Option<Step>> {
        while !self.over {
            let start = self.at;
            let Some((opcode, length)) = self.head(start)? else { break };
            if length > self.end - start - RECORD_HEAD as u64 {
                // The file ends in it; or its length was damaged, and more follows.
                return self.resume(start);
            }
            let after = start + RECORD_HEAD as u64 + length;
            let behind_chunk = std::mem::replace(&mut self.behind_chunk, opcode == op::CHUNK);
            match opcode {
                op::CHUNK => {
                    let Some(span_ns) = self.chunk_head(start, length)? else { return self.resume(start) };
                    self.at = after;
                    let (count, set) = self.message_indexes()?;
                    let length = RECORD_HEAD as u64 + length;
                    return Ok(Some(Step::Chunk { offset: start, length, span_ns, count, set }));
                }
                op::MESSAGE_INDEX => {
                    self.message_indexes()?;
                    if self.at == start {
                        return self.resume(start);
                    }
                    self.behind_chunk = behind_chunk;
                    if !behind_chunk {
                        // The chunk that they belong to is not to be recognised.
                        return Ok(Some(Step::Broken { offset: start, skipped: self.at - start }));
                    }
                }
                op::DATA_END if length == DATA_END => {
                    self.over = true;
                    self.at = after;
                }
                op::HEADER | op::SCHEMA | op::CHANNEL | op::METADATA if length <= LONGEST => {
                    let body = self.source.read(start + RECORD_HEAD as u64, usize::try_from(length).unwrap_or(0))?;
                    if !is_whole(opcode, Bytes(&body)) {
                        return self.resume(start);
                    }
                    self.at = after;
                    match opcode {
                        op::CHANNEL => return Ok(Some(Step::Channel(body))),
                        op::METADATA => return Ok(Some(Step::Metadata(body))),
                        _ => {}
                    }
                }
                op::MESSAGE if length <= LONGEST => {
                    self.at = after;
                    return Ok(Some(Step::Loose));
                }
                _ => return self.resume(start),
            }
        }
        Ok(None)
    }

    /// The opcode and length of the record at `at`; `None` where the file ends before that.
    fn head(&mut self, at: u64) -> io::Result<Option<(u8, u64)>> {
        let mut head = Bytes(self.bytes(at, RECORD_HEAD)?);
        Ok(head.u8().zip(head.u64()))
    }

    /// When the events of the chunk at `at` happened, if a chunk of that length is there.
    fn chunk_head(&mut self, at: u64, length: u64) -> io::Result<Option<(u64, u64)>> {
        let mut body = Bytes(self.bytes(at + RECORD_HEAD as u64, ChunkHead::LENGTH)?);
        let before = body.0.len();
        let head = ChunkHead::read(&mut body);
        let taken = (before - body.0.len()) as u64;
        let fits = |head: &ChunkHead<'_>| taken.checked_add(head.compressed) == Some(length);
        Ok(head.filter(fits).map(|head| head.span_ns))
    }

    /// Counts the messages by the index records behind a chunk; `None` where these are not all there, or none.
    fn message_indexes(&mut self) -> io::Result<(Option<u64>, Vec<u16>)> {
        let (mut count, mut set) = (0, Vec::new());
        loop {
            let Some((opcode, length)) = self.head(self.at)? else {
                // The file ends here, perhaps with indexes still missing.
                return Ok((None, set));
            };
            if opcode != op::MESSAGE_INDEX {
                // Behind an index that is damaged stands nothing that can be told.
                let goes_on = matches!(opcode, op::CHUNK | op::METADATA | op::DATA_END);
                return Ok((Some(count).filter(|count| *count > 0 && goes_on), set));
            }
            let after = self.at.saturating_add(RECORD_HEAD as u64).saturating_add(length);
            let mut body = Bytes(self.bytes(self.at + RECORD_HEAD as u64, 2 + 4)?);
            let (channel, entries) = (body.u16(), body.u32().map(u64::from));
            let entries = entries.filter(|entries| entries % 16 == 0 && entries + 6 == length && after <= self.end);
            let Some(entries) = entries else { return Ok((None, set)) };
            set.extend(channel);
            count += entries / 16;
            self.at = after;
        }
    }

    /// Goes on with the next chunk behind something that is no record.
    fn resume(&mut self, from: u64) -> io::Result<Option<Step>> {
        let mut at = from + 1;
        while at < self.end {
            let window = self.bytes(at, WINDOW)?;
            let seen = window.len();
            let Some(found) = memmem::find(window, MARK) else {
                if (seen as u64) < WINDOW as u64 {
                    break;
                }
                at += (seen - (MARK.len() - 1)) as u64;
                continue;
            };
            let mark = at + found as u64;
            let start = mark.saturating_sub(TO_MARK as u64);
            let head = if start > from { self.head(start)? } else { None };
            if let Some((op::CHUNK, length)) = head
                && self.chunk_head(start, length)?.is_some()
            {
                self.at = start;
                return Ok(Some(Step::Broken { offset: from, skipped: start - from }));
            }
            at = mark + 1;
        }
        self.over = true;
        Ok(None)
    }

    /// Up to `count` bytes at `at`; fewer at the file's end.
    fn bytes(&mut self, at: u64, count: usize) -> io::Result<&[u8]> {
        let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
        let count = count.min(left);
        let place = at.checked_sub(self.window_at).and_then(|place| usize::try_from(place).ok());
        let held = place.filter(|place| place.checked_add(count).is_some_and(|end| end <= self.window.len()));
        let place = if let Some(place) = held {
            place
        } else {
            self.window_at = at;
            self.source.read_into(at, count.max(WINDOW).min(left), &mut self.window)?;
            0
        };
        Ok(self.window.get(place..place + count).unwrap_or_default())
    }
}

/// Whether a record's body is what its opcode says, to its last byte: a length that was damaged shows here.
fn is_whole(opcode: u8, mut body: Bytes<'_>) -> bool {
    let read = match opcode {
        op::HEADER => body.text().and_then(|_| body.text()).map(drop),
        op::SCHEMA => {
            let names = body.u16().and_then(|_| body.text()).and_then(|_| body.text());
            names.and_then(|_| body.u32()).and_then(|length| body.take(usize::try_from(length).ok()?)).map(drop)
        }
        op::CHANNEL => {
            let ids = body.u16().and_then(|_| body.u16());
            ids.and_then(|_| body.text()).and_then(|_| body.text()).and_then(|_| body.texts()).map(drop)
        }
        _ => body.text().and_then(|_| body.texts()).map(drop),
    };
    read.is_some() && body.0.is_empty()
}
