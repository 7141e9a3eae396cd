//! `standin tape export`: tapes in another format, to standard output or a new file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::{CliError, ExportArgs, FormatWord, Outcome, ended, note, off_thread, open, written};
use crate::tape::Stream;
use crate::tape::export::export;

/// Exports.
pub(super) async fn run(args: ExportArgs) -> Result<Outcome, CliError> {
    let ExportArgs { files, format, out, force } = args;
    if out.is_none() && format == FormatWord::Pcapng && io::stdout().is_terminal() {
        return Err(CliError::usage("a capture is nothing for a terminal").hint("--out FILE, or a pipe"));
    }
    let mut stream = open(files).await?;
    let Some(path) = out else {
        let (result, stream) = off_thread(move || {
            let result = export(&mut stream, format.into(), &mut io::stdout().lock());
            (result, stream)
        })
        .await?;
        return match result {
            Ok(done) => ended(stream.tapes(), done.unread),
            // Whoever read has gone, or the error says why nobody can.
            Err(error) => written(Err(error)).map(|()| Outcome::Done),
        };
    };
    let to = path.clone();
    let (result, stream) = off_thread(move || {
        let result = to_file(&to, force, &stream).and_then(|mut file| export(&mut stream, format.into(), &mut file));
        (result, stream)
    })
    .await?;
    let done = result.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            CliError::usage(format!("{} is there already, and was not touched", path.display()))
                .hint("another name, or --force")
        }
        io::ErrorKind::InvalidInput => CliError::usage(format!("{}: {error}", path.display())),
        _ => CliError::not_held(format!("could not write {}: {error}", path.display())),
    })?;
    note(&format!("{}: {} events", path.display(), done.events));
    ended(stream.tapes(), done.unread)
}

/// The file that takes the export: its owner's alone, and with `force` also one that is there. Never one of the tapes themselves.
fn to_file(path: &Path, force: bool, stream: &Stream) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if !force {
        return options.create_new(true).open(path);
    }
    let file = options.create(true).truncate(false).open(path)?;
    let about = file.metadata()?;
    for tape in stream.tapes() {
        let other = fs::metadata(tape.path())?;
        if (about.dev(), about.ino()) == (other.dev(), other.ino()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "that is the tape itself"));
        }
    }
    if about.is_file() {
        file.set_len(0)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}
