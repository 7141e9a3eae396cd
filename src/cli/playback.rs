//! `standin replay FILE…` with a screen: the tapes in the console.

use std::path::PathBuf;

use super::{CliError, Exit, Global, Outcome, console, terminal};
use crate::console::{self as screen, Replay};
use crate::replay::Pace;
use crate::tape::{Ending, Fault, TapeError, Tapes};

/// Plays `files` in the console as one stream, `speed` times as fast as it was.
pub(super) async fn run(files: Vec<PathBuf>, speed: f64, global: &Global) -> Result<Outcome, CliError> {
    terminal::require("standin replay FILE --json")?;
    // The config is for the theme alone: without one, or with a wrong one, a tape is shown as well.
    let config = global.load_quietly().ok();
    let themes = config.as_ref().and_then(|config| config.path.parent()).map(|folder| folder.join("themes"));
    let theme = config.and_then(|config| config.theme);
    let opening = tokio::task::spawn_blocking(move || Tapes::open(&files)).await;
    let tapes = opening.map_err(|error| CliError::not_held(format!("the tapes could not be opened: {error}")))?;
    let tapes = tapes.map_err(|error| unreadable(&error))?;
    let notice = missing(&tapes);
    let replay = Replay { tapes, pace: Pace::Times(speed.clamp(0.1, 1000.0)), theme, themes, notice };
    console::ended(screen::replay(replay).await)
}

/// Why nothing can be replayed.
fn unreadable(error: &TapeError) -> CliError {
    match error {
        TapeError::Io { .. } => CliError::usage(error.to_string()),
        TapeError::NoTape { .. } => {
            CliError::new(Exit::Tape, error.to_string()).hint("`standin tape repair FILE` saves what is whole")
        }
    }
}

/// What the tapes lack, in words.
fn missing(tapes: &Tapes) -> Option<String> {
    let of = |tape: &crate::tape::Tape| {
        let name = crate::console::tapes::file_name(tape.path());
        let faults = tape.faults();
        match (tape.ending(), faults.as_slice()) {
            (Ending::BeingWritten, _) => Some(format!("{name} is still being written")),
            (_, [Fault { reason, .. }]) => Some(format!("{name}: {reason}")),
            (_, [Fault { reason, .. }, rest @ ..]) => Some(format!("{name}: {reason}, and {} more faults", rest.len())),
            (Ending::Cut, []) => Some(format!("{name} has no end: it was cut off, or its writer was killed")),
            (Ending::Whole, []) => None,
        }
    };
    let words: Vec<String> = tapes.tapes().iter().filter_map(of).collect();
    (!words.is_empty()).then(|| words.join(" · "))
}
