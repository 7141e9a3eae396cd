//! One tape's file: made new, its owner's alone, locked while it is written, and never the one that fills the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, fstatvfs};

/// The floor is at most this part of the file system's size.
const FLOOR_PART: u64 = 20;

/// A file that takes nothing while less than the floor is free.
#[derive(Debug)]
pub(super) struct TapeFile {
    file: File,
    /// Bytes of the file system that stay free.
    free: u64,
}

impl TapeFile {
    /// Makes the file, mode 0600. One that is there already is an error, a dangling symlink too.
    pub(super) fn create(path: &Path, free: u64) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        // Not every file system has locks. Without one a reader takes the tape for cut while it grows: better than no tape.
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).ok();
        Ok(Self { file, free })
    }

    /// Whether `more` bytes leave the floor free. A file system that does not tell has no floor.
    fn has_room(&self, more: usize) -> bool {
        let Ok(stat) = fstatvfs(&self.file) else { return true };
        let floor = self.free.min(stat.f_blocks.saturating_mul(stat.f_frsize) / FLOOR_PART);
        floor == 0 || stat.f_bavail.saturating_mul(stat.f_frsize) >= floor.saturating_add(more as u64)
    }
}

impl Write for TapeFile {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        if !self.has_room(from.len()) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write(from)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
