//! The tapes in the folder, read by a thread, the newest first: opening many takes its time, and the screen shows those that
//! have been opened by then.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use jiff::tz::TimeZone;

use super::file_name;
use crate::console::words;
use crate::event::WallTime;
use crate::tape::{Ending, Tape, TapeError};
use crate::text::Safe;

/// More tapes than anybody looks through; of a folder with more, the oldest are counted only.
const MOST: usize = 2_000;
/// The screen is told of progress no more often than this.
const PROGRESS: Duration = Duration::from_millis(150);
/// More letters of a text from a tape than the screen shows.
const TEXT: usize = 500;
/// Sessions of one tape that are told by name.
const SESSIONS: usize = 64;

/// The tapes in the folder.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// Where they lie.
    pub folder: Safe,
    /// The newest first.
    pub tapes: Vec<Arc<Listed>>,
    /// How many of them have been opened, or could not be.
    pub opened: usize,
    /// How many older ones are not listed.
    pub older: usize,
    /// Why the folder could not be read.
    pub fault: Option<Safe>,
    /// Whether the folder's names are still being read.
    pub is_new: bool,
}

/// A tape in the folder.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The file.
    pub path: PathBuf,
    /// Its name.
    pub name: Safe,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last written, by the time of day and the day: what is shown until it is opened.
    pub written: Safe,
    /// What is on it.
    pub found: Found,
}

/// What was found on a tape.
#[derive(Clone, Debug)]
pub enum Found {
    /// It has not been opened yet.
    Unread,
    /// What is on it.
    Tape(Box<Kept>),
    /// Why it could not be opened.
    Fault(Safe),
}

/// What is on a tape.
#[derive(Clone, Debug)]
pub struct Kept {
    /// When it begins, as day and time of day.
    pub since: Safe,
    /// From its first to its last event.
    pub span: Duration,
    /// How many events it has.
    pub events: u64,
    /// The devices on it, with their clouds' names.
    pub sessions: Vec<(Safe, &'static str)>,
    /// How it ends.
    pub ending: Ending,
    /// The first thing that is missing or damaged, and how many there are.
    pub faults: Option<(Safe, usize)>,
}

impl Shelf {
    /// The place of the tape at `path`; without one that is there, the first.
    pub fn place(&self, path: Option<&Path>) -> usize {
        path.and_then(|path| self.tapes.iter().position(|tape| tape.path == path)).unwrap_or(0)
    }
}

/// A folder that is being read. The thread ends when this is dropped.
#[derive(Debug)]
pub struct Reading {
    shared: Arc<Mutex<Shared>>,
    bell: Bell,
}

#[derive(Debug, Default)]
struct Shared {
    shelf: Shelf,
    /// Whether the screen has seen it.
    changed: bool,
    /// What came of a deletion: words, and whether it is done.
    told: Option<(String, bool)>,
}

/// Wakes the screen.
#[derive(Clone)]
struct Bell(Arc<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Bell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bell")
    }
}

impl Reading {
    /// Begins to read `folder`; calls `ring` when there is something to show.
    pub fn start(folder: PathBuf, zone: TimeZone, ring: impl Fn() + Send + Sync + 'static) -> Self {
        let shelf = Shelf { folder: Safe::new(&folder.to_string_lossy()), is_new: true, ..Shelf::default() };
        let shared = Arc::new(Mutex::new(Shared { shelf, changed: true, told: None }));
        let reading = Self { shared, bell: Bell(Arc::new(ring)) };
        let (weak, bell) = (Arc::downgrade(&reading.shared), reading.bell.clone());
        reading.apart(move || read(&folder, &zone, &weak, &bell));
        reading
    }

    /// Copies what has changed to `shelf`; answers what came of a deletion.
    pub fn look(&self, seen: &mut Shelf) -> Option<(String, bool)> {
        let mut shared = lock(&self.shared);
        if std::mem::take(&mut shared.changed) {
            seen.clone_from(&shared.shelf);
        }
        shared.told.take()
    }

    /// Deletes a finished tape, on a thread of its own.
    pub fn delete(&self, path: PathBuf) {
        let (shared, bell) = (Arc::clone(&self.shared), self.bell.clone());
        self.apart(move || {
            let told = delete(&path);
            let mut shared = lock(&shared);
            if told.1 {
                shared.shelf.tapes.retain(|tape| tape.path != path);
                shared.shelf.opened = shared.shelf.opened.min(shared.shelf.tapes.len());
                shared.changed = true;
            }
            shared.told = Some(told);
            drop(shared);
            (bell.0)();
        });
    }

    fn apart(&self, work: impl FnOnce() + Send + 'static) {
        let spawned = std::thread::Builder::new().name("tapes".to_owned()).spawn(work);
        if let Err(error) = spawned {
            let mut shared = lock(&self.shared);
            shared.shelf.is_new = false;
            shared.shelf.fault = Some(Safe::new(&error.to_string()));
            shared.changed = true;
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads the folder's names, then opens one tape after the other, for as long as somebody wants to know.
fn read(folder: &Path, zone: &TimeZone, shared: &Weak<Mutex<Shared>>, bell: &Bell) {
    let found = names(folder, zone);
    let Some(strong) = shared.upgrade() else { return };
    let mut tapes = lock(&strong);
    tapes.shelf.is_new = false;
    match found {
        Ok((listed, older)) => {
            tapes.shelf.tapes = listed;
            tapes.shelf.older = older;
        }
        Err(error) => tapes.shelf.fault = Some(Safe::new(&error.to_string())),
    }
    tapes.changed = true;
    let paths: Vec<PathBuf> = tapes.shelf.tapes.iter().map(|tape| tape.path.clone()).collect();
    drop(tapes);
    drop(strong);
    (bell.0)();
    let mut rung = Instant::now();
    let last = paths.len();
    for (place, path) in paths.into_iter().enumerate() {
        let found = open(&path, zone);
        let Some(strong) = shared.upgrade() else { return };
        let mut tapes = lock(&strong);
        tapes.shelf.opened += 1;
        // One that was deleted meanwhile is not there any more.
        if let Some(slot) = tapes.shelf.tapes.iter_mut().find(|tape| tape.path == path) {
            *slot = Arc::new(Listed { found, ..Listed::clone(slot) });
        }
        tapes.changed = true;
        drop(tapes);
        if place + 1 == last || rung.elapsed() >= PROGRESS {
            rung = Instant::now();
            (bell.0)();
        }
    }
}

/// The tapes by name and how many older ones there are. A folder that is not there yet has none.
fn names(folder: &Path, zone: &TimeZone) -> std::io::Result<(Vec<Arc<Listed>>, usize)> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Err(error) => return Err(error),
    };
    let mut found: Vec<(SystemTime, PathBuf, u64)> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "mcap"))
        .filter_map(|path| {
            let metadata = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
            // A file system that keeps no times puts its tapes last.
            Some((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), path, metadata.len()))
        })
        .collect();
    found.sort_by(|left, right| right.0.cmp(&left.0).then_with(|| right.1.cmp(&left.1)));
    let older = found.len().saturating_sub(MOST);
    let listed = found
        .into_iter()
        .take(MOST)
        .map(|(written, path, bytes)| {
            let name = Safe::new(words::clip(&file_name(&path), TEXT));
            Arc::new(Listed { name, bytes, written: day_and_time(wall(written), zone), path, found: Found::Unread })
        })
        .collect();
    Ok((listed, older))
}

fn open(path: &Path, zone: &TimeZone) -> Found {
    let tape = match Tape::open(path) {
        Ok(tape) => tape,
        // Which file it is stands beside it.
        Err(TapeError::NoTape { reason, .. }) => {
            return Found::Fault(Safe::new(words::clip(&format!("It is no tape: {reason}"), TEXT)));
        }
        Err(TapeError::Io { error, .. }) => return Found::Fault(Safe::new(&error.to_string())),
    };
    let about = tape.about();
    let first = tape.chunks().first().map_or(0, |chunk| chunk.span_us.0);
    let last = tape.chunks().last().map_or(0, |chunk| chunk.span_us.1);
    let sessions = about.sessions.iter().take(SESSIONS);
    let faults = tape.faults();
    Found::Tape(Box::new(Kept {
        since: day_and_time(about.started, zone),
        span: Duration::from_micros(last.saturating_sub(first)),
        events: tape.events(),
        sessions: sessions.map(|known| (Safe::new(words::clip(&known.name, TEXT)), known.cloud.word())).collect(),
        ending: tape.ending(),
        faults: faults.first().map(|first| (Safe::new(words::clip(&first.reason, TEXT)), faults.len())),
    }))
}

/// Deletes a tape that nobody writes; answers what to say, and whether it is gone.
fn delete(path: &Path) -> (String, bool) {
    let name = file_name(path);
    if Tape::open(path).is_ok_and(|tape| tape.ending() == Ending::BeingWritten) {
        return (format!("{name} is being written: it stays."), false);
    }
    match std::fs::remove_file(path) {
        Ok(()) => (format!("{name} is deleted."), true),
        Err(error) => (format!("{name} could not be deleted: {error}."), false),
    }
}

fn wall(time: SystemTime) -> WallTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    WallTime::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The day and the time of day: `11-21 14:02`.
fn day_and_time(at: WallTime, zone: &TimeZone) -> Safe {
    Safe::new(&at.timestamp().to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn wait(reading: &Reading, shelf: &mut Shelf, rings: &std::sync::mpsc::Receiver<()>, opened: usize) {
        while shelf.is_new || shelf.opened < opened {
            rings.recv_timeout(Duration::from_secs(20)).unwrap();
            reading.look(shelf);
        }
    }

    #[test]
    fn what_is_no_tape_is_told_as_such_and_other_files_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.mcap", "b.txt", "\u{1b}[2J.mcap"] {
            std::fs::write(folder.path().join(name), "no tape").unwrap();
        }
        std::fs::create_dir(folder.path().join("c.mcap")).unwrap();
        let (ring, rings) = channel();
        let reading = Reading::start(folder.path().to_owned(), TimeZone::UTC, move || ring.send(()).unwrap());
        let mut shelf = Shelf { is_new: true, ..Shelf::default() };
        wait(&reading, &mut shelf, &rings, 2);
        assert_eq!(shelf.tapes.len(), 2);
        assert!(shelf.tapes.iter().all(|tape| matches!(tape.found, Found::Fault(_))));
        assert!(shelf.tapes.iter().any(|tape| tape.name.as_str() == "\\e[2J.mcap"));
        // It goes when it is told to, and a second time it cannot.
        for done in [true, false] {
            reading.delete(folder.path().join("a.mcap"));
            let told = loop {
                rings.recv_timeout(Duration::from_secs(20)).unwrap();
                if let Some(told) = reading.look(&mut shelf) {
                    break told;
                }
            };
            assert_eq!(told.1, done, "{}", told.0);
        }
        assert_eq!(shelf.tapes.len(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_tape_and_one_that_cannot_be_read_says_so() {
        let folder = tempfile::tempdir().unwrap();
        assert!(names(&folder.path().join("absent"), &TimeZone::UTC).unwrap().0.is_empty());
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(names(&file, &TimeZone::UTC).is_err());
    }
}
