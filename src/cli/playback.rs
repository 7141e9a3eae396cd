//! `standin replay FILE…` with a screen: the tapes in the console.

use std::path::PathBuf;

use super::{CliError, Outcome, console, tapes, terminal};
use crate::console::{self as screen, Replay};
use crate::replay::Pace;
use crate::tape::{Ending, Fault, Tapes};

/// Plays `files` in the console as one stream, `speed` times as fast as it was.
pub(super) async fn run(files: Vec<PathBuf>, speed: f64) -> Result<Outcome, CliError> {
    terminal::require("standin replay FILE --json")?;
    let tapes = tapes::open(files).await?;
    let notice = missing(&tapes);
    let replay = Replay { tapes, pace: Pace::Times(speed.clamp(0.1, 1000.0)), theme: None, themes: None, notice };
    console::ended(screen::replay(replay).await)
}

/// What the tapes lack, in words.
fn missing(tapes: &Tapes) -> Option<String> {
    let of = |tape: &crate::tape::Tape| {
        let name = crate::console::tapes::file_name(tape.path());
        let faults = tape.faults();
        match (tape.ending(), faults.as_slice()) {
            (Ending::BeingWritten, _) => Some(format!("{name} is still being written")),
            (_, [Fault { reason, .. }, rest @ ..]) if rest.is_empty() => Some(format!("{name}: {reason}")),
            (_, [Fault { reason, .. }, rest @ ..]) => Some(format!("{name}: {reason}, and {} more faults", rest.len())),
            (Ending::Cut, []) => Some(format!("{name} has no end: it was cut off, or its writer was killed")),
            (Ending::Whole, []) => None,
        }
    };
    let words: Vec<String> = tapes.tapes().iter().filter_map(of).collect();
    (!words.is_empty()).then(|| words.join(" · "))
}
