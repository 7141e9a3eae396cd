//! A tape in another format: one JSON object a line, a table, or packets for Wireshark. One event after the other, so that
//! memory does not depend on the tape's length.

mod csv;
mod packets;
mod pcapng;
mod tcp;

use std::io::{self, Write};

use super::line;
use super::reader::{Entry, Stream};
use crate::event::json::Read;
use packets::Packets;

/// Bytes that are written at a time.
const PAGE: usize = 64 << 10;

/// A format that a tape can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// The events as they stand, one a line.
    #[default]
    Jsonl,
    /// A table with a header (RFC 4180).
    Csv,
    /// Packets that Wireshark decodes as MQTT.
    Pcapng,
}

/// What an export came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Events that were written.
    pub events: u64,
    /// Messages of the tapes that are no events, and were left out.
    pub unread: u64,
}

/// Writes the rest of `stream` to `out`. Events of several tapes are numbered anew.
pub fn export(stream: &mut Stream, format: Format, out: &mut impl Write) -> io::Result<Exported> {
    let renumbered = stream.tapes().len() > 1;
    let mut done = Exported::default();
    let mut page = Vec::new();
    let mut writer = match format {
        Format::Jsonl => Any::Jsonl(String::new()),
        Format::Csv => {
            csv::begin(&mut page);
            Any::Csv
        }
        Format::Pcapng => {
            let sessions = stream.tapes().iter().flat_map(|tape| &tape.about().sessions);
            Any::Pcapng(Box::new(Packets::begin(&mut page, sessions)))
        }
    };
    while let Some(entry) = stream.next_entry() {
        let seq = renumbered.then_some(done.events + 1);
        if writer.put(&mut page, &entry, seq) {
            done.events += 1;
        } else {
            done.unread += 1;
        }
        if page.len() >= PAGE {
            out.write_all(&page)?;
            page.clear();
        }
    }
    if let Any::Pcapng(packets) = writer {
        packets.finish(&mut page);
    }
    out.write_all(&page)?;
    out.flush()?;
    Ok(done)
}

enum Any {
    Jsonl(String),
    Csv,
    Pcapng(Box<Packets>),
}

impl Any {
    /// Puts an event; answers whether it was one.
    fn put(&mut self, page: &mut Vec<u8>, entry: &Entry, seq: Option<u64>) -> bool {
        if let Self::Jsonl(text) = self {
            text.clear();
            let is_event = line::put(text, entry.line(), seq);
            page.extend_from_slice(text.as_bytes());
            return is_event;
        }
        let read = entry.read();
        let Some(event) = read.as_ref().and_then(Read::event) else { return false };
        match self {
            Self::Jsonl(_) => {}
            Self::Csv => csv::put(page, &event, read.as_ref().and_then(Read::size)),
            Self::Pcapng(packets) => packets.put(page, &event),
        }
        true
    }
}
