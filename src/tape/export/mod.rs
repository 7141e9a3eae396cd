//! A tape in another format: one JSON object a line, a table, or packets for Wireshark. One event after the other, so that
//! memory does not depend on the tape's length.

mod csv;
mod pcapng;

use std::io::{self, Write};

use super::reader::Entry;
use crate::event::json::Read;
use pcapng::Pcapng;

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

/// Writes `entries` to `out`; answers how many.
pub fn export(entries: impl Iterator<Item = Entry>, format: Format, out: &mut impl Write) -> io::Result<u64> {
    let mut count = 0;
    let mut page = Vec::new();
    let mut writer = match format {
        Format::Jsonl => Any::Jsonl,
        Format::Csv => {
            csv::begin(&mut page);
            Any::Csv
        }
        Format::Pcapng => Any::Pcapng(Box::new(Pcapng::begin(&mut page))),
    };
    for entry in entries {
        writer.put(&mut page, &entry);
        count += 1;
        if page.len() >= 64 << 10 {
            out.write_all(&page)?;
            page.clear();
        }
    }
    out.write_all(&page)?;
    out.flush()?;
    Ok(count)
}

enum Any {
    Jsonl,
    Csv,
    Pcapng(Box<Pcapng>),
}

impl Any {
    fn put(&mut self, page: &mut Vec<u8>, entry: &Entry) {
        let Self::Jsonl = self else {
            let read = entry.read();
            let Some(event) = read.as_ref().and_then(Read::event) else { return };
            match self {
                Self::Csv => csv::put(page, &event),
                Self::Pcapng(pcapng) => pcapng.put(page, &event),
                Self::Jsonl => {}
            }
            return;
        };
        page.extend_from_slice(entry.line());
        page.push(b'\n');
    }
}
