//! A tape's file: reading at any place, and whether somebody writes it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::tape::TapeError;

/// A tape's file.
#[derive(Debug)]
pub(in crate::tape) struct Source {
    path: PathBuf,
    file: File,
}

impl Source {
    pub(in crate::tape) fn open(path: &Path) -> Result<Self, TapeError> {
        let file = File::open(path).map_err(|error| TapeError::io(path, error))?;
        let source = Self { path: path.to_owned(), file };
        let kind = source.file.metadata().map_err(|error| source.error(error))?.file_type();
        if !kind.is_file() {
            return Err(source.no_tape("it is no file"));
        }
        Ok(source)
    }

    pub(in crate::tape) fn path(&self) -> &Path {
        &self.path
    }

    /// How long the file is now.
    pub(in crate::tape) fn length(&self) -> Result<u64, TapeError> {
        self.file.metadata().map(|metadata| metadata.len()).map_err(|error| self.error(error))
    }

    /// Exactly `length` bytes from `offset` on. The caller has held `length` against the file's.
    pub(in crate::tape) fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// As [`Source::read`], into a buffer that is used again.
    pub(in crate::tape) fn read_into(&self, offset: u64, length: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
        bytes.resize(length, 0);
        self.file.read_exact_at(bytes, offset)
    }

    /// Whether a process is writing the tape: it holds the file's lock.
    pub(in crate::tape) fn is_being_written(&self) -> bool {
        match flock(&self.file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => {
                // Given back at once. Where that failed, a second writer of this very file would see it, and there is none.
                flock(&self.file, FlockOperation::Unlock).is_err()
            }
            Err(error) => error == rustix::io::Errno::WOULDBLOCK,
        }
    }

    pub(in crate::tape) fn error(&self, error: io::Error) -> TapeError {
        TapeError::io(&self.path, error)
    }

    pub(in crate::tape) fn no_tape(&self, reason: &str) -> TapeError {
        TapeError::NoTape { path: self.path.clone(), reason: reason.to_owned() }
    }
}
