//! The folder of the tapes: their names, and how much of the disk they may have.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{FlockOperation, OFlags};

use super::file::TapeFile;
use crate::event::WallTime;
use crate::tape::{Destination, Recorded, Settings, TapeError, layout};

/// The longest name, in bytes, without its ending and without the number that tells it from another.
const LONGEST: usize = 200;
/// How many names are tried.
const TRIES: u32 = 10_000;
/// The first bytes of a tape: MCAP's magic, and a header whose profile is ours.
const HEAD: usize = 8 + 9 + 4 + layout::PROFILE.len();

/// Where tapes are made.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    destination: Destination,
    /// What stands for `{session}`.
    session: String,
    budget: Option<u64>,
    free: u64,
}

/// A finished tape of the folder.
#[derive(Debug)]
struct Finished {
    path: PathBuf,
    modified: SystemTime,
    bytes: u64,
    /// Holds the lock, so that it stays finished.
    _file: File,
}

impl Folder {
    /// The folder of a recording of `sessions`.
    pub(super) fn new(settings: Settings, sessions: &[Recorded]) -> Self {
        let session = match sessions {
            [one] => one.name.clone(),
            _ => "all".to_owned(),
        };
        let (budget, free) = (settings.budget_bytes, settings.free_bytes);
        Self { destination: settings.destination, session, budget, free }
    }

    /// Whether a recording may have several parts.
    pub(super) fn is_split(&self) -> bool {
        matches!(self.destination, Destination::Folder { .. })
    }

    /// Makes the file of a tape that starts at `started`, once there is room for it in the budget.
    pub(super) fn make(&self, started: WallTime) -> Result<(PathBuf, TapeFile), TapeError> {
        let (folder, stem) = match &self.destination {
            Destination::File(path) => {
                let file = TapeFile::create(path, self.free).map_err(|error| TapeError::io(path, error))?;
                return Ok((path.clone(), file));
            }
            Destination::Folder { path, pattern } => (path, stem(pattern, &self.session, started)),
        };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| TapeError::io(folder, error))?;
        self.sweep();
        for number in 1..=TRIES {
            let path = folder.join(file_name(&stem, number));
            match TapeFile::create(&path, self.free) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < TRIES => {}
                made => return made.map(|file| (path.clone(), file)).map_err(|error| TapeError::io(&path, error)),
            }
        }
        Err(TapeError::io(folder, io::ErrorKind::AlreadyExists.into()))
    }

    /// Removes the oldest finished tapes until all of them are within the budget. The newest stays, whatever its size. What
    /// cannot be looked at or removed stays too: the floor of free space holds all the same.
    pub(super) fn sweep(&self) {
        let (Some(budget), Destination::Folder { path, .. }) = (self.budget, &self.destination) else { return };
        let Ok(entries) = fs::read_dir(path) else { return };
        let mut tapes: Vec<_> = entries.flatten().filter_map(|entry| Finished::at(entry.path())).collect();
        tapes.sort_by(|one, other| (one.modified, &one.path).cmp(&(other.modified, &other.path)));
        let mut total: u64 = tapes.iter().map(|tape| tape.bytes).sum();
        tapes.pop();
        for tape in tapes {
            if total <= budget {
                break;
            }
            if fs::remove_file(&tape.path).is_ok() {
                total -= tape.bytes;
            }
        }
    }
}

impl Finished {
    /// The tape at `path`. `None`: it is none by name, kind or head, it is being written, or it cannot be read.
    fn at(path: PathBuf) -> Option<Self> {
        if path.extension()? != layout::ENDING {
            return None;
        }
        // A symlink is not followed, and a pipe is not waited for.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        let mut file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(&path).ok()?;
        let about = file.metadata().ok().filter(fs::Metadata::is_file)?;
        let mut head = [0; HEAD];
        file.read_exact(&mut head).ok()?;
        let is_tape = head.starts_with(mcap::MAGIC) && head[8] == 1 && head.ends_with(layout::PROFILE.as_bytes());
        let is_finished = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        let modified = about.modified().ok()?;
        (is_tape && is_finished).then_some(Self { path, modified, bytes: about.len(), _file: file })
    }
}

/// The name of the `number`th tape that would be called `stem`.
fn file_name(stem: &str, number: u32) -> String {
    match number {
        1 => format!("{stem}.{}", layout::ENDING),
        _ => format!("{stem}-{number}.{}", layout::ENDING),
    }
}

/// The name that `pattern` makes, without its ending. `{date}` is `2026-11-21` and `{time}` is `083000Z`, both UTC, so that names
/// sort by time and no hour occurs twice.
fn stem(pattern: &str, session: &str, started: WallTime) -> String {
    let pattern = Path::new(pattern);
    let has_ending = pattern.extension().is_some_and(|ending| ending == layout::ENDING);
    let pattern = if has_ending { pattern.with_extension("") } else { pattern.to_owned() };
    let stamp = started.timestamp();
    let filled = pattern
        .to_string_lossy()
        .replace("{date}", &stamp.strftime("%Y-%m-%d").to_string())
        .replace("{time}", &stamp.strftime("%H%M%SZ").to_string())
        // Last: a session may be called {date}.
        .replace("{session}", session);
    safe(&filled)
}

/// `name` as the name of a file everywhere: letters and digits of any script, `-`, `_`, `.` and blanks stay.
fn safe(name: &str) -> String {
    let keep = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let mut out: String = name.chars().map(|c| if keep(c) { c } else { '_' }).collect();
    if out.len() > LONGEST {
        let mut end = LONGEST;
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
    }
    match out.chars().next() {
        // A hidden file, or one that programs take for an option.
        Some('.' | '-' | ' ') => out.replace_range(..1, "_"),
        None => out.push_str("tape"),
        Some(_) => {}
    }
    out
}

#[cfg(test)]
mod tests;
