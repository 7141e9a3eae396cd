//! What the commands that read tapes share: opening them, and the words and the status for what is wrong with them.

use std::path::PathBuf;

use super::error::Exit;
use super::{CliError, Outcome};
use crate::tape::{Ending, Tape, TapeError, Tapes};

/// Opens the tapes on a thread of its own: a disk may be slow.
pub(super) async fn open(files: Vec<PathBuf>) -> Result<Tapes, CliError> {
    apart(move || Tapes::open(&files)).await?.map_err(|error| unreadable(&error))
}

/// Does work that may take as long as the disk does on a thread of its own.
pub(super) async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CliError> {
    let working = tokio::task::spawn_blocking(work).await;
    working.map_err(|error| CliError::not_held(format!("the tape could not be read through: {error}")))
}

/// Why a tape cannot be read at all.
pub(super) fn unreadable(error: &TapeError) -> CliError {
    match error {
        TapeError::Io { .. } => CliError::usage(error.to_string()),
        TapeError::NoTape { .. } => CliError::new(Exit::Tape, error.to_string())
            .hint("`standin tape repair FILE` saves what is whole, if there is something"),
    }
}

/// What is missing on the tapes, in words.
pub(super) fn damage(tapes: &[Tape]) -> Option<String> {
    let damaged = tapes.iter().find(|tape| tape.ending() == Ending::Cut || !tape.faults().is_empty())?;
    let path = damaged.path().display();
    Some(match damaged.faults().first() {
        Some(fault) => format!("{path} is damaged: {}", fault.reason),
        None => format!("{path} has no end: what came after is not on it"),
    })
}

/// How a command ends that has put out all that could be read: damage is said last, and by the status.
pub(super) fn told(damage: Option<String>) -> Result<Outcome, CliError> {
    match damage {
        Some(words) => Err(CliError::new(Exit::Tape, words).hint("`standin tape verify FILE` tells where")),
        None => Ok(Outcome::Done),
    }
}
