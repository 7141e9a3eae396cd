//! `standin tape export`: tapes in another format, to standard output or a new file.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::{CliError, ExportArgs, Outcome, damaged, note, off_thread, unreadable, written};
use crate::tape::Tapes;
use crate::tape::export::export;

/// Exports.
pub(super) async fn run(args: ExportArgs) -> Result<Outcome, CliError> {
    let ExportArgs { files, format, out } = args;
    let tapes = off_thread(move || Tapes::open(&files)).await?.map_err(|error| unreadable(&error))?;
    let (source, to) = (tapes.clone(), out.clone());
    let result = off_thread(move || {
        let entries = source.entries_from(1);
        match to {
            Some(path) => export(entries, format.into(), &mut new_file(&path)?),
            None => export(entries, format.into(), &mut io::stdout().lock()),
        }
    })
    .await?;
    match (result, out) {
        (Ok(count), Some(path)) => note(&format!("{}: {count} events", path.display())),
        (Ok(_), None) => {}
        (Err(error), Some(path)) if error.kind() == io::ErrorKind::AlreadyExists => {
            let words = format!("{} is there already, and was not touched", path.display());
            return Err(CliError::usage(words).hint("another name: --out FILE"));
        }
        (Err(error), Some(path)) => {
            return Err(CliError::not_held(format!("could not write {}: {error}", path.display())));
        }
        (Err(error), None) => {
            written(Err(error))?;
            return Ok(Outcome::Done);
        }
    }
    damaged(tapes.tapes()).map_or(Ok(Outcome::Done), Err)
}

fn new_file(path: &PathBuf) -> io::Result<impl Write> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
