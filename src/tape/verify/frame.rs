//! The records of a tape with an end, from the first to the last, and the checksum over all of them.

use std::fs::File;
use std::io;

use super::contents::Contents;
use super::records::{Record, Records};
use super::{Faults, summary};
use crate::tape::layout;
use crate::tape::reader::bytes::{Bytes, op};

/// What the data section has beside its chunks.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// Metadata records, and the checksum over the bodies that their entries in the index must have.
    pub(super) metadata: u32,
    pub(super) metadata_index: crc32fast::Hasher,
    /// Chunks.
    pub(super) chunks: u32,
}

/// Checks all records of the file and the index at its end. Answers whether the section with the events is whole: it has its end,
/// and its checksum holds.
pub(super) fn check(file: &mut File, contents: &Contents, faults: &mut Faults) -> io::Result<bool> {
    let mut records = Records::from(file, 0, 256 << 10)?;
    let mut crc = crc32fast::Hasher::new();
    let magic = records.magic()?;
    crc.update(&magic);
    faults.tell_if(magic == mcap::MAGIC, 0, || "the first bytes are not those of an MCAP file".to_owned());
    let mut frame = Frame::default();
    let mut is_first = true;
    let mut behind_chunk = false;
    loop {
        let at = records.at();
        let Some(record) = records.next()? else {
            faults.tell(at, "there is no record, or not all of one");
            return Ok(false);
        };
        let opcode = record.opcode();
        if std::mem::take(&mut is_first) {
            header(&record, faults);
        } else if opcode == op::DATA_END {
            let told = Bytes(record.body()).u32().filter(|_| record.body().len() == 4);
            let holds = told == Some(crc.finalize());
            faults.tell_if(holds, at, || "the checksum over the whole data section does not hold".to_owned());
            summary::check(&mut records, frame, contents, faults)?;
            return Ok(holds);
        } else {
            frame.take(&record, behind_chunk, contents, faults);
        }
        behind_chunk = matches!(opcode, op::CHUNK | op::MESSAGE_INDEX);
        crc.update(&record.bytes);
    }
}

fn header(record: &Record, faults: &mut Faults) {
    let profile = Bytes(record.body()).text().filter(|_| record.opcode() == op::HEADER);
    let holds = profile == Some(layout::PROFILE);
    faults.tell_if(holds, record.at, || "it does not begin with the header of a tape of standin".to_owned());
}

impl Frame {
    fn take(&mut self, record: &Record, behind_chunk: bool, contents: &Contents, faults: &mut Faults) {
        match record.opcode() {
            op::CHUNK => {
                let told = contents.entries.get(usize::try_from(self.chunks).unwrap_or(usize::MAX));
                let holds = told.is_some_and(|(at, _)| *at == record.at);
                faults.tell_if(holds, record.at, || "the index does not tell of this chunk".to_owned());
                self.chunks = self.chunks.saturating_add(1);
            }
            op::METADATA => {
                self.metadata = self.metadata.saturating_add(1);
                let name = Bytes(record.body()).text().unwrap_or_default();
                self.metadata_index.update(&record.at.to_le_bytes());
                self.metadata_index.update(&record.length().to_le_bytes());
                self.metadata_index.update(name.as_bytes());
            }
            op::MESSAGE_INDEX if behind_chunk => {}
            other => faults.tell(record.at, format!("a record of kind {other:#04x} stands where tapes have none")),
        }
    }
}
