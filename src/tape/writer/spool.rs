//! Where MCAP's writer puts its bytes: memory, so that it never meets an error of the disk, which it would not survive.
//!
//! Positions are those of the file. Bytes leave for the file once they are whole: nothing before them will be changed any more.

use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memory that is kept for the next chunk; a larger message's is given back.
const KEPT: usize = 1 << 20;

/// A handle to the bytes that wait for the file; one is with MCAP's writer, one with ours.
#[derive(Clone, Debug, Default)]
pub(super) struct Spool(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    /// How many of `bytes` the file has already.
    taken: usize,
    /// The position in the file of the first of `bytes`.
    base: u64,
    /// Where the next write goes, from `base`.
    at: usize,
    /// How many of `bytes` are whole.
    whole: usize,
}

impl Spool {
    /// Writes all that is whole to `file`. After an error, what `file` took stays taken, and the next call goes on behind it.
    pub(super) fn drain(&self, file: &mut impl Write) -> io::Result<()> {
        let mut held = self.held();
        while held.taken < held.whole {
            match file.write(&held.bytes[held.taken..held.whole]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => held.taken += count.min(held.whole - held.taken),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        held.forget();
        Ok(())
    }

    /// How many bytes the file has.
    pub(super) fn taken(&self) -> u64 {
        let held = self.held();
        held.base + held.taken as u64
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Lets go of what is whole and taken.
    fn forget(&mut self) {
        self.bytes.drain(..self.whole);
        self.base += self.whole as u64;
        self.at = self.at.saturating_sub(self.whole);
        (self.taken, self.whole) = (0, 0);
        self.bytes.shrink_to(KEPT);
    }
}

impl Write for Spool {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let mut held = self.held();
        let at = held.at;
        let over = from.len().min(held.bytes.len() - at);
        held.bytes[at..at + over].copy_from_slice(&from[..over]);
        held.bytes.extend_from_slice(&from[over..]);
        held.at = at + from.len();
        Ok(from.len())
    }

    /// All that was written is whole.
    fn flush(&mut self) -> io::Result<()> {
        let mut held = self.held();
        held.whole = held.bytes.len();
        Ok(())
    }
}

impl Seek for Spool {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let mut held = self.held();
        let end = held.base + held.bytes.len() as u64;
        let to = match to {
            SeekFrom::Start(to) => Some(to),
            SeekFrom::End(by) => end.checked_add_signed(by),
            SeekFrom::Current(by) => (held.base + held.at as u64).checked_add_signed(by),
        };
        let whole = held.base + held.whole as u64;
        let to = to.filter(|to| (whole..=end).contains(to)).ok_or(io::ErrorKind::InvalidInput)?;
        held.at = usize::try_from(to - held.base).map_err(io::Error::other)?;
        Ok(to)
    }
}
