//! A tape's file: reading at any place, and whether somebody writes it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::chunk::LARGEST;
use crate::tape::TapeError;

/// A tape's file.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    file: File,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, TapeError> {
        let file = File::open(path).map_err(|error| TapeError::io(path, error))?;
        let source = Self { path: path.to_owned(), file };
        let kind = source.file.metadata().map_err(|error| source.error(error))?.file_type();
        if !kind.is_file() {
            return Err(source.no_tape("it is no file"));
        }
        Ok(source)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How long the file is now.
    pub(super) fn length(&self) -> Result<u64, TapeError> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(|error| self.error(error))
    }

    /// Exactly `length` bytes from `offset` on. The caller has held `length` against the file's.
    pub(super) fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// The record of a chunk, if there can be one of that length; else why not.
    pub(super) fn record(&self, offset: u64, length: u64) -> Result<Vec<u8>, String> {
        let end = self.file.metadata().map_err(|error| error.to_string())?.len();
        if offset.checked_add(length).is_none_or(|needed| needed > end) {
            return Err("the file ends before the chunk does".to_owned());
        }
        let length = usize::try_from(length).ok().filter(|_| length <= LARGEST);
        let length = length.ok_or_else(|| "the chunk is larger than any of ours".to_owned())?;
        self.read(offset, length).map_err(|error| error.to_string())
    }

    /// As [`Source::read`], into a buffer that is used again.
    pub(super) fn read_into(&self, offset: u64, length: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
        bytes.resize(length, 0);
        self.file.read_exact_at(bytes, offset)
    }

    /// Whether a process is writing the tape: it holds the file's lock.
    pub(super) fn is_being_written(&self) -> bool {
        match flock(&self.file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => {
                // Given back at once. Where that failed, a second writer of this very file would see it, and there is none.
                flock(&self.file, FlockOperation::Unlock).is_err()
            }
            Err(error) => error == rustix::io::Errno::WOULDBLOCK,
        }
    }

    pub(super) fn error(&self, error: io::Error) -> TapeError {
        TapeError::io(&self.path, error)
    }

    pub(super) fn no_tape(&self, reason: &str) -> TapeError {
        TapeError::NoTape { path: self.path.clone(), reason: reason.to_owned() }
    }
}
