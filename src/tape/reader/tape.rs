//! One tape, opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Chunk, ChunkInfo};
use crate::tape::{About, TapeError};

/// One tape, opened. Cheap to clone: all clones share the file.
#[derive(Clone, Debug)]
pub struct Tape {
    path: PathBuf,
    about: About,
    chunks: Vec<ChunkInfo>,
}

/// How a tape ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With its index, in order.
    Whole,
    /// A process is writing it now.
    BeingWritten,
    /// Without an end: cut off, or its writer was killed.
    Cut,
}

/// Something that is missing on a tape or does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where in the file, in bytes.
    pub offset: u64,
    /// How many events are missing here, where that is known.
    pub events: Option<u64>,
    /// What is wrong, in words for a person.
    pub reason: String,
}

impl Tape {
    /// Opens a tape through its index; without one its chunks are looked up one after the other. Whatever the bytes are, there
    /// is no panic: what cannot be read stands in [`Tape::faults`].
    pub fn open(path: &Path) -> Result<Self, TapeError> {
        Err(TapeError::NoTape { path: path.to_owned(), reason: String::new() })
    }

    /// Takes in what a process has written to the tape since; answers whether there was something.
    pub fn refresh(&mut self) -> Result<bool, TapeError> {
        Ok(false)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the tape says of itself.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// How it ends.
    pub fn ending(&self) -> Ending {
        Ending::Cut
    }

    /// What was found missing or damaged so far.
    pub fn faults(&self) -> Vec<Fault> {
        Vec::new()
    }

    /// How many events it has.
    pub fn events(&self) -> u64 {
        self.chunks.last().map_or(0, |last| last.first + last.count - 1)
    }

    /// Its chunks, in order.
    pub fn chunks(&self) -> &[ChunkInfo] {
        &self.chunks
    }

    /// Reads a chunk, or takes it from the few that are kept; checks its checksum.
    pub fn chunk(&self, place: usize) -> Result<Arc<Chunk>, Fault> {
        Err(Fault { offset: 0, events: None, reason: format!("there is no chunk {place}") })
    }
}
