//! Whether a tape is whole: every checksum, the index against what it points at, and the sequence of the events.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::TapeError;
use super::reader::bytes::{Bytes, ChunkHead, RECORD_HEAD, op};
use super::reader::{Chunk, Ending, Fault, Tape};
use crate::event::json;

/// A record that is longer is no record of ours, in bytes; it is not taken into memory.
const LONGEST: u64 = 1 << 30;

/// What checking a tape came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many events are there.
    pub events: u64,
    /// How many chunks they lie in.
    pub chunks: usize,
    /// How the tape ends.
    pub ending: Ending,
    /// What does not hold, in the order of the file.
    pub faults: Vec<Fault>,
}

impl Verdict {
    /// Whether nothing is wrong. A tape that is being written has no end yet, and is whole as far as it goes.
    pub fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.ending != Ending::Cut
    }
}

/// Checks the tape at `path`. Reads all of it, a chunk at a time.
pub fn verify(path: &Path) -> Result<Verdict, TapeError> {
    let tape = Tape::open(path)?;
    let mut check = Check { tape: &tape, faults: Vec::new(), seq: 0, log_us: 0 };
    check.events();
    if tape.ending() == Ending::Whole {
        check.frame(path)?;
    }
    let mut faults = tape.faults();
    faults.extend(check.faults);
    faults.sort_by_key(|fault| fault.offset);
    faults.dedup();
    Ok(Verdict { events: tape.events(), chunks: tape.chunks().len(), ending: tape.ending(), faults })
}

struct Check<'a> {
    tape: &'a Tape,
    faults: Vec<Fault>,
    seq: u64,
    log_us: u64,
}

impl Check<'_> {
    fn fault(&mut self, offset: u64, reason: impl Into<String>) {
        self.faults.push(Fault { offset, events: None, reason: reason.into() });
    }

    /// Every chunk's checksum, and the events in it.
    fn events(&mut self) {
        for (place, info) in self.tape.chunks().iter().enumerate() {
            // What cannot be read is among the tape's own faults.
            let Ok(chunk) = self.tape.chunk(place) else {
                self.seq += info.count;
                continue;
            };
            let first = chunk.time_us(0);
            let last = chunk.len().checked_sub(1).and_then(|last| chunk.time_us(last));
            if first.zip(last) != Some(info.span_us) {
                self.fault(info.offset, "the index says other times than the chunk's events");
            }
            self.lines(&chunk, info.offset);
        }
    }

    fn lines(&mut self, chunk: &Chunk, offset: u64) {
        for place in 0..chunk.len() {
            self.seq += 1;
            let time = chunk.time_us(place).unwrap_or(0);
            if time < self.log_us {
                self.fault(offset, format!("event {} is earlier than the one before it", self.seq));
            }
            self.log_us = self.log_us.max(time);
            let line = chunk.line(place).unwrap_or_default();
            let read = json::Read::line(line);
            match read.as_ref().and_then(json::Read::event) {
                None => self.fault(offset, format!("event {} cannot be read", self.seq)),
                Some(event) if event.seq != self.seq => {
                    let told = event.seq;
                    self.fault(offset, format!("an event is numbered {told} where {} is due", self.seq));
                    self.seq = told;
                }
                Some(_) => {}
            }
        }
    }

    /// The records of a tape with an end, one after the other, and the checksum over all of them.
    fn frame(&mut self, path: &Path) -> Result<(), TapeError> {
        let failed = |error| TapeError::io(path, error);
        let mut file = File::open(path).map_err(failed)?;
        let mut crc = crc32fast::Hasher::new();
        let mut magic = [0; 8];
        file.read_exact(&mut magic).map_err(failed)?;
        crc.update(&magic);
        if magic != mcap::MAGIC {
            self.fault(0, "the first bytes are not those of an MCAP file");
        }
        let mut at = magic.len() as u64;
        let mut chunks = 0;
        loop {
            let Some((opcode, record)) = self.record(&mut file, at).map_err(failed)? else { return Ok(()) };
            if opcode == op::DATA_END {
                self.data_end(&record, crc.finalize(), at);
                break;
            }
            crc.update(&record);
            if opcode == op::CHUNK {
                self.chunk(&record, at, chunks);
                chunks += 1;
            }
            at += record.len() as u64;
        }
        if chunks != self.tape.chunks().len() {
            let (there, told) = (chunks, self.tape.chunks().len());
            self.fault(at, format!("there are {there} chunks with events, and the index tells of {told}"));
        }
        self.end(&mut file, at).map_err(failed)
    }

    /// The record at `at`, whole; `None` where there is none, which is told.
    fn record(&mut self, file: &mut File, at: u64) -> io::Result<Option<(u8, Vec<u8>)>> {
        file.seek(SeekFrom::Start(at))?;
        let mut record = Vec::new();
        file.take(RECORD_HEAD as u64).read_to_end(&mut record)?;
        let mut head = Bytes(&record);
        let told = head.u8().zip(head.u64()).filter(|(_, length)| *length <= LONGEST);
        let Some((opcode, length)) = told else {
            self.fault(at, "there is no record");
            return Ok(None);
        };
        file.take(length).read_to_end(&mut record)?;
        if record.len() as u64 != RECORD_HEAD as u64 + length {
            self.fault(at, "the record goes beyond the file's end");
            return Ok(None);
        }
        Ok(Some((opcode, record)))
    }

    /// Whether the index points at this chunk.
    fn chunk(&mut self, record: &[u8], at: u64, place: usize) {
        let head = Bytes(record).record().and_then(|(_, body)| ChunkHead::read(&mut Bytes(body)));
        let times = head.map(|head| (head.span_ns.0 / 1_000, head.span_ns.1 / 1_000));
        let info = self.tape.chunks().get(place);
        let fits =
            info.is_some_and(|info| (info.offset, info.length, Some(info.span_us)) == (at, record.len() as u64, times));
        if !fits {
            self.fault(at, "the index does not tell of this chunk as it is");
        }
    }

    fn data_end(&mut self, record: &[u8], crc: u32, at: u64) {
        let told = Bytes(record).record().map(|(_, body)| Bytes(body)).and_then(|mut body| body.u32());
        if record.len() != RECORD_HEAD + 4 || told != Some(crc) {
            self.fault(at, "the checksum over the whole data section does not hold");
        }
    }

    /// The summary's records up to the footer, and the magic behind it. Its checksum held when the tape was opened.
    fn end(&mut self, file: &mut File, data_end: u64) -> io::Result<()> {
        let mut at = data_end + RECORD_HEAD as u64 + 4;
        let mut counted = None;
        loop {
            let Some((opcode, record)) = self.record(file, at)? else { return Ok(()) };
            match opcode {
                op::STATISTICS => {
                    counted = Bytes(&record).record().map(|(_, body)| Bytes(body)).and_then(|mut body| body.u64());
                }
                op::FOOTER => {
                    let start = Bytes(&record).record().map(|(_, body)| Bytes(body)).and_then(|mut body| body.u64());
                    if start != Some(data_end + RECORD_HEAD as u64 + 4) {
                        self.fault(at, "the footer does not point at the summary");
                    }
                    break;
                }
                _ => {}
            }
            at += record.len() as u64;
        }
        if counted != Some(self.tape.events()) {
            self.fault(at, "the statistics count other events than there are");
        }
        Ok(())
    }
}
