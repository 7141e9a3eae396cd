//! Events to the bytes of one MCAP file, in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

use mcap::records::{MessageHeader, Metadata};
use mcap::{Compression, McapResult, WriteOptions};

use super::channels::Channels;
use super::spool::Spool;
use crate::event::json;
use crate::event::{Event, WallTime};
use crate::tape::{About, Recorded, layout};
use crate::text::json::write_number;

/// A chunk is closed when it has this many bytes before compression. A search reads whole chunks; a smaller one compresses worse.
const CHUNK: usize = 256 << 10;

/// Of zstd. Its default, 3, makes tapes 1.5 % smaller and wants larger tables; the time for an event, all in, is the same
/// (`benches/tape.rs`).
const LEVEL: u32 = 1;

/// Memory that is kept for the next line; a larger message's is given back.
const LINE: usize = 1 << 20;

/// What a message takes in a chunk beside its line: opcode, length and header.
const HEADER: usize = 9 + 22;

/// One tape in the making. Its bytes wait in memory until [`Encoder::drain`] takes them.
///
/// The index stays in memory to the end: 2.3 MB for a million events of 200 bytes on fifty channels, and as much again while it is
/// written. Parts bound it; a tape that is never split grows by that.
pub(in crate::tape) struct Encoder {
    mcap: mcap::Writer<Spool>,
    spool: Spool,
    schema: Option<u16>,
    channels: Channels,
    line: String,
    started: WallTime,
    events: u64,
    /// The time of the last event, on the tapes' time line.
    last: i64,
    /// Of the open chunk, in bytes before compression.
    open: usize,
}

impl Encoder {
    /// A tape with its header and its metadata.
    pub(in crate::tape) fn new(about: &About) -> McapResult<Self> {
        let spool = Spool::default();
        let mcap = WriteOptions::new()
            .profile(layout::PROFILE)
            .library(layout::library())
            .compression(Some(Compression::Zstd))
            .compression_threads(0)
            .compression_level(LEVEL)
            // Chunks are closed by `close`, which alone knows when their bytes may go.
            .chunk_size(None)
            .create(spool.clone())?;
        let mut encoder = Self {
            mcap,
            spool,
            schema: None,
            channels: Channels::default(),
            line: String::new(),
            started: about.started,
            events: 0,
            last: about.started.unix_micros(),
            open: 0,
        };
        let of_tape = [
            ("program", about.program.clone()),
            ("started", about.started.to_string()),
            ("part", about.part.to_string()),
        ];
        encoder.metadata(layout::TAPE, of_tape)?;
        for session in &about.sessions {
            encoder.session(session)?;
        }
        encoder.close()?;
        Ok(encoder)
    }

    /// Puts `event` into the open chunk, as the next on this tape. `log_us` is its time on the tapes' time line, in microseconds
    /// since the Unix epoch; it does not go back on the tape. `masked` stands instead of its payload.
    pub(in crate::tape) fn push(&mut self, event: &Event<'_>, log_us: i64, masked: Option<&[u8]>) -> McapResult<()> {
        let channel = self.channel(event)?;
        let seq = self.events + 1;
        let log_us = log_us.max(self.last);
        let mono_us = u64::try_from(log_us.saturating_sub(self.started.unix_micros())).unwrap_or(0);
        let numbered = Event { seq, mono_us, ..*event };
        self.line.clear();
        match masked {
            None => json::write(&mut self.line, &numbered),
            Some(payload) => json::write_masked(&mut self.line, &numbered, payload),
        }
        self.put(event, channel, seq, log_us)
    }

    fn channel(&mut self, event: &Event<'_>) -> McapResult<u16> {
        match self.channels.find(event) {
            Ok(channel) => Ok(channel),
            Err(new) => {
                let schema = self.schema()?;
                let id = self.mcap.add_channel(schema, &new.topic, layout::MESSAGE_ENCODING, &new.metadata)?;
                self.channels.add(*new, id);
                Ok(id)
            }
        }
    }

    /// Puts the line of an event into the open chunk.
    fn put(&mut self, event: &Event<'_>, channel: u16, seq: u64, log_us: i64) -> McapResult<()> {
        let header = MessageHeader {
            channel_id: channel,
            sequence: low(seq),
            log_time: layout::nanos(WallTime::from_unix_micros(log_us)),
            publish_time: layout::nanos(event.at),
        };
        self.mcap.write_to_known_channel(&header, self.line.as_bytes())?;
        (self.events, self.last) = (seq, log_us);
        self.open += HEADER + self.line.len();
        self.line.shrink_to(LINE);
        Ok(())
    }

    /// Puts an event of another tape into the open chunk, with its line as it stands but for its number.
    pub(in crate::tape) fn copy(&mut self, event: &Event<'_>, log_us: i64, line: &[u8]) -> McapResult<()> {
        let channel = self.channel(event)?;
        let seq = self.events + 1;
        self.line.clear();
        self.line.push_str("{\"seq\":");
        write_number(&mut self.line, seq);
        let rest = std::str::from_utf8(line).ok().and_then(|line| line.find(',').map(|comma| &line[comma..]));
        // The line was read as an event, whose first key is its number: there is a rest.
        self.line.push_str(rest.unwrap_or_default());
        self.put(event, channel, seq, log_us.max(self.last))
    }

    /// Whether the open chunk is large enough.
    pub(in crate::tape) fn is_full(&self) -> bool {
        self.open >= CHUNK
    }

    /// Closes the open chunk, if there is one: all is whole, and may go.
    pub(in crate::tape) fn close(&mut self) -> McapResult<()> {
        self.open = 0;
        self.mcap.flush()
    }

    /// Writes what is known of a session, which ends the open chunk.
    pub(super) fn session(&mut self, session: &Recorded) -> McapResult<()> {
        let mut values = BTreeMap::from([
            ("name".to_owned(), session.name.clone()),
            ("cloud".to_owned(), session.cloud.word().to_owned()),
            ("endpoint".to_owned(), session.endpoint.clone()),
            ("state".to_owned(), session.state.word().to_owned()),
        ]);
        if let Some(offset) = session.clock_offset_us {
            values.insert("clock_offset_us".to_owned(), offset.to_string());
        }
        let of_device = session.identifiers.iter();
        values.extend(of_device.map(|(key, value)| (format!("{}{key}", layout::IDENTIFIER), value.clone())));
        self.metadata(layout::SESSION, values)
    }

    /// Writes the index and the end. Nothing may be pushed after that.
    pub(in crate::tape) fn finish(&mut self) -> McapResult<()> {
        self.mcap.finish()?;
        Ok(())
    }

    /// Hands what is whole to `file`. After an error, the next call goes on where `file` stands.
    pub(in crate::tape) fn drain(&self, file: &mut impl Write) -> io::Result<()> {
        self.spool.drain(file)
    }

    /// How many bytes were handed on.
    pub(super) fn drained(&self) -> u64 {
        self.spool.taken()
    }

    /// How many events were pushed.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// The schema's number. It stands in the first chunk: a tape without an event has none.
    fn schema(&mut self) -> McapResult<u16> {
        if let Some(id) = self.schema {
            return Ok(id);
        }
        let id = self.mcap.add_schema(layout::SCHEMA_NAME, layout::SCHEMA_ENCODING, layout::SCHEMA.as_bytes())?;
        self.schema = Some(id);
        Ok(id)
    }

    fn metadata<K: Into<String>>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = (K, String)>,
    ) -> McapResult<()> {
        let metadata = values.into_iter().map(|(key, value)| (key.into(), value)).collect();
        self.open = 0;
        self.mcap.write_metadata(&Metadata { name: name.to_owned(), metadata })
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("events", &self.events).field("open", &self.open).finish_non_exhaustive()
    }
}

/// The low 32 bits: MCAP's `sequence` has no more.
fn low(seq: u64) -> u32 {
    u32::try_from(seq & u64::from(u32::MAX)).unwrap_or(0)
}
