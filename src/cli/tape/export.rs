//! `standin tape export`: tapes in another format, to standard output or a new file.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::{CliError, ExportArgs, Outcome, ended, note, off_thread, open, written};
use crate::tape::export::export;

/// Exports.
pub(super) async fn run(args: ExportArgs) -> Result<Outcome, CliError> {
    let ExportArgs { files, format, out } = args;
    let mut stream = open(files).await?;
    let to = out.clone();
    let (result, stream) = off_thread(move || {
        let result = match to {
            Some(path) => new_file(&path).and_then(|mut file| export(&mut stream, format.into(), &mut file)),
            None => export(&mut stream, format.into(), &mut io::stdout().lock()),
        };
        (result, stream)
    })
    .await?;
    let done = match (result, out) {
        (Ok(done), Some(path)) => {
            note(&format!("{}: {} events", path.display(), done.events));
            done
        }
        (Ok(done), None) => done,
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
    };
    ended(stream.tapes(), done.unread)
}

fn new_file(path: &PathBuf) -> io::Result<impl Write> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
