//! Saving what is whole of a damaged tape, in a new file.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::TapeError;
use super::reader::{Ending, Fault, Tape};
use super::writer::encoder::Encoder;
use crate::event::{Event, Kind, WallTime, json};

/// What a repair came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// Events of the old tape that are on the new one.
    pub saved: u64,
    /// Events that are known to be lost.
    pub lost: u64,
    /// What was wrong.
    pub faults: Vec<Fault>,
}

/// Writes what is whole of `tape` to the new file `path` (mode 0600). Where something is missing a `gap` event stands. Of the other
/// events only `seq` changes.
pub fn repair(tape: &Tape, path: &Path) -> Result<Repaired, TapeError> {
    let failed = |error| TapeError::io(path, error);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let mut copy = Copy::begin(tape, BufWriter::new(file)).map_err(failed)?;
    let mut told = tape.faults().into_iter().peekable();
    for (place, info) in tape.chunks().iter().enumerate() {
        while let Some(fault) = told.next_if(|fault| fault.offset < info.offset) {
            copy.missing(fault);
        }
        match tape.chunk(place) {
            Ok(chunk) => (0..chunk.len()).try_for_each(|place| {
                let (line, time) = (chunk.line(place).unwrap_or_default(), chunk.time_us(place).unwrap_or(0));
                copy.line(line, time)
            }),
            Err(fault) => {
                copy.missing(fault);
                Ok(())
            }
        }
        .and_then(|()| copy.drain())
        .map_err(failed)?;
    }
    told.for_each(|fault| copy.missing(fault));
    if tape.ending() == Ending::Cut && copy.faults.is_empty() {
        let offset = tape.bytes()?;
        copy.missing(Fault { offset, events: None, reason: "the tape has no end".to_owned() });
    }
    copy.finish().map_err(failed)
}

/// A tape that is copied, event by event.
struct Copy {
    encoder: Encoder,
    file: BufWriter<File>,
    /// Whose events come where nothing else is known.
    session: String,
    at: WallTime,
    log_us: i64,
    /// What is missing before the next event.
    gap: Option<(u64, Vec<String>)>,
    saved: u64,
    lost: u64,
    faults: Vec<Fault>,
}

impl Copy {
    fn begin(tape: &Tape, file: BufWriter<File>) -> std::io::Result<Self> {
        let about = tape.about();
        let encoder = Encoder::new(about).map_err(std::io::Error::other)?;
        let session = about.sessions.first().map_or_else(String::new, |session| session.name.clone());
        let at = about.started;
        Ok(Self {
            encoder,
            file,
            session,
            at,
            log_us: at.unix_micros(),
            gap: None,
            saved: 0,
            lost: 0,
            faults: Vec::new(),
        })
    }

    fn missing(&mut self, fault: Fault) {
        let (count, reasons) = self.gap.get_or_insert_default();
        *count += fault.events.unwrap_or(0);
        reasons.push(fault.reason.clone());
        self.lost += fault.events.unwrap_or(0);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    fn line(&mut self, line: &[u8], time_us: u64) -> std::io::Result<()> {
        let log_us = i64::try_from(time_us).unwrap_or(i64::MAX);
        let read = json::Read::line(line);
        let Some(event) = read.as_ref().and_then(json::Read::event) else {
            let reason = "an event that cannot be read".to_owned();
            self.missing(Fault { offset: 0, events: Some(1), reason });
            return Ok(());
        };
        event.session.clone_into(&mut self.session);
        self.at = event.at;
        self.write_gap()?;
        self.log_us = log_us;
        self.encoder.copy(&event, log_us, line).map_err(std::io::Error::other)?;
        self.saved += 1;
        if self.encoder.is_full() { self.encoder.close().map_err(std::io::Error::other) } else { Ok(()) }
    }

    fn write_gap(&mut self) -> std::io::Result<()> {
        let Some((count, reasons)) = self.gap.take() else { return Ok(()) };
        let reason = format!("the tape was damaged here: {}", reasons.join("; "));
        let kind = Kind::Gap { count, reason: &reason };
        let event = Event { seq: 0, at: self.at, mono_us: 0, session: &self.session, kind };
        self.encoder.push(&event, self.log_us, None).map_err(std::io::Error::other)
    }

    fn drain(&mut self) -> std::io::Result<()> {
        self.encoder.drain(&mut self.file)
    }

    fn finish(mut self) -> std::io::Result<Repaired> {
        self.write_gap()?;
        self.encoder.finish().map_err(std::io::Error::other)?;
        self.drain()?;
        self.file.flush()?;
        Ok(Repaired { saved: self.saved, lost: self.lost, faults: self.faults })
    }
}
