//! Why a tape could not be written or read.

use std::io;
use std::path::{Path, PathBuf};

/// Why a tape could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// The file or its folder.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The file is no tape at all.
    #[error("{} is no tape: {reason}", path.display())]
    NoTape {
        /// The file.
        path: PathBuf,
        /// What speaks against it.
        reason: String,
    },
}

impl TapeError {
    /// What the system said about `path`.
    pub fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}
