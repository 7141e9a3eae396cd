//! `standin tape scenario`: a tape becomes a scenario that runs against the embedded platform.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{CliError, Outcome, ended, note, off_thread, unreadable, write_out, written};
use crate::scenario::of_tape::{self, Written};
use crate::tape::{TapeError, Tapes};

/// The arguments of `standin tape scenario`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Tapes; several become one stream in the order of time
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where it goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Writes the scenario.
pub(super) async fn run(args: Args) -> Result<Outcome, CliError> {
    let Args { files, out } = args;
    let name = files
        .first()
        .and_then(|file| file.file_stem())
        .map_or_else(|| "tape".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let read = off_thread(move || -> Result<(Tapes, Option<Written>), TapeError> {
        let tapes = Tapes::open(&files)?;
        let scenario = of_tape::write(&tapes, &name);
        Ok((tapes, scenario))
    });
    let (tapes, scenario) = read.await?.map_err(|error| unreadable(&error))?;
    let Some(scenario) = scenario else {
        // What is damaged counts for more than that nothing is left.
        ended(tapes.tapes(), 0)?;
        return Err(CliError::not_held("nothing on the tape can become a step: no device sent or was sent anything"));
    };
    for remark in &scenario.remarks {
        note(&format!("standin: warning: {remark}"));
    }
    match out {
        None => written(write_out(scenario.text).await)?,
        Some(path) => {
            create(&path, &scenario.text)?;
            let steps = if scenario.steps == 1 { "1 step".to_owned() } else { format!("{} steps", scenario.steps) };
            note(&format!("{}: {steps}; run it: standin test {}", path.display(), path.display()));
        }
    }
    ended(tapes.tapes(), 0)
}

/// A new file that only its owner reads: a tape's payloads stand in it.
fn create(path: &Path, text: &str) -> Result<(), CliError> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            CliError::usage(format!("{} is there already, and was not touched", path.display()))
                .hint("another name: --out FILE")
        }
        _ => CliError::not_held(format!("could not write {}: {error}", path.display())),
    })
}
