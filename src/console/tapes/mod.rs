//! What the screen knows of tapes: those that are being made, and those in the folder.
//!
//! What lives here: the words for them, reading the folder, and carrying out what the keys ask of them, all without the
//! screen's waiting for a disk. What may not: painting (that is `panes::tapes`) or what a key does (that is `update::tapes`).

mod desk;
pub mod shelf;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

pub use desk::Desk;
use shelf::Shelf;

use super::words;
use crate::event::{Moment, WallTime};
use crate::session::recorder::{Phase, Running};
use crate::text::Safe;
use crate::timeline::SessionId;

/// Sizes and counts on the screen are no older than this while events come.
const GLANCE: Duration = Duration::from_secs(1);

/// What the screen knows of tapes.
#[derive(Debug, Default)]
pub struct Tapes {
    /// Those that are being made, each with the time of day at which it began.
    running: Vec<(Running, Safe)>,
    /// When they were last looked at.
    looked: Option<Instant>,
    /// Those in the folder, while their list is open.
    pub shelf: Shelf,
}

/// What a tape's key asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A tape of one device, or of all.
    Start(Option<SessionId>),
    /// The end of the tape of that id.
    Stop(u64),
    /// That a finished tape goes.
    Delete(PathBuf),
}

/// The list of tapes, as the keys left it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// The tape under the cursor; `None`: the first.
    pub chosen: Option<PathBuf>,
    /// Those that shall be replayed together.
    pub marked: Vec<PathBuf>,
    /// A question that waits for its answer.
    pub asked: Option<Asked>,
}

/// A question about a tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Whether it shall go.
    Delete(PathBuf),
    /// Whether what a device sent shall be sent again, by that session.
    Resend(PathBuf, SessionId),
}

/// That a tape is no longer written, or is again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is not written.
    Stuck(Running),
    /// It is written again.
    Mended(Running),
}

impl Tapes {
    /// Those that are being made, each with the time of day at which it began.
    pub fn running(&self) -> &[(Running, Safe)] {
        &self.running
    }

    /// Takes in how the tapes stand. Sizes and counts move once a second; whatever else changes shows at once.
    pub fn look(&mut self, running: Vec<Running>, now: Instant, zone: &TimeZone) -> Vec<Turn> {
        let is_due = self.looked.is_none_or(|at| now.saturating_duration_since(at) >= GLANCE);
        let turns = self.turns(&running);
        if !is_due && turns.is_empty() && self.is_the_same(&running) {
            return turns;
        }
        self.looked = Some(now);
        let since = |tape: &Running| time_of_day(tape.started.at, zone);
        self.running =
            running.into_iter().map(|tape| (since(&tape), tape)).map(|(since, tape)| (tape, since)).collect();
        turns
    }

    /// Which tapes have begun or ceased to fail.
    fn turns(&self, running: &[Running]) -> Vec<Turn> {
        let failed = |id| self.running.iter().any(|(tape, _)| tape.id == id && tape.status.fault.is_some());
        running
            .iter()
            .filter_map(|tape| match (failed(tape.id), tape.status.fault.is_some()) {
                (false, true) => Some(Turn::Stuck(tape.clone())),
                (true, false) => Some(Turn::Mended(tape.clone())),
                _ => None,
            })
            .collect()
    }

    fn is_the_same(&self, running: &[Running]) -> bool {
        let same = |(known, _): &(Running, Safe), tape: &Running| known.id == tape.id && known.phase == tape.phase;
        self.running.len() == running.len() && self.running.iter().zip(running).all(|(known, tape)| same(known, tape))
    }

    /// The tape that covers what is chosen, of `count` sessions, with the fewest others on it.
    pub fn covering(&self, chosen: Option<SessionId>, count: usize) -> Option<&Running> {
        let covers = |tape: &Running| match chosen {
            Some(session) => tape.covers(session),
            None => tape.covers_all(count),
        };
        let on = |tape: &Running| tape.sessions.as_ref().map_or(usize::MAX, Vec::len);
        self.running.iter().map(|(tape, _)| tape).filter(|tape| covers(tape)).min_by_key(|tape| on(tape))
    }

    /// How many tapes would end with the program.
    pub fn open(&self) -> usize {
        self.running.iter().filter(|(tape, _)| tape.phase != Phase::Ending).count()
    }

    /// How many bytes are on the disk, how many events are missing, and why nothing is written, over all that run.
    pub fn sums(&self) -> (u64, u64, Option<&str>) {
        let status = || self.running.iter().map(|(tape, _)| &tape.status);
        let sum = |of: fn(&crate::tape::Status) -> u64| status().map(of).fold(0, u64::saturating_add);
        let fault = status().find_map(|status| status.fault.as_deref());
        (sum(|status| status.bytes), sum(|status| status.missing), fault)
    }
}

/// What a tape came to that has ended, its whole path last: for a line that may be long.
pub fn ended_words(tape: &Running, at: Moment) -> String {
    let parts = if tape.status.part > 1 { format!("{} files, the last ", tape.status.part) } else { String::new() };
    format!("{}: {parts}{}", sums_words(tape, at), tape.status.path.display())
}

/// What a tape came to that has ended, its name first: for a line that is cut where the screen ends.
pub fn ended_notice(tape: &Running, at: Moment) -> String {
    let path = &tape.status.path;
    let folder = path.parent().unwrap_or(path);
    format!("Tape ended: {}, {}, in {}", file_name(path), sums_words(tape, at), folder.display())
}

/// How long, how large, how many events, and how many are missing.
fn sums_words(tape: &Running, at: Moment) -> String {
    let status = &tape.status;
    let events = |count: u64| if count == 1 { "1 event".to_owned() } else { format!("{} events", words::count(count)) };
    let missing = if status.missing > 0 { format!(", {} missing", events(status.missing)) } else { String::new() };
    let length = at.mono.saturating_duration_since(tape.started.mono);
    format!("{}, {}, {}{missing}", words::took(length), size(status.bytes), events(status.events))
}

/// Why a tape is not written, what is missing on it, and which it is.
pub fn fault_words(tape: &Running) -> String {
    let reason = tape.status.fault.as_deref().unwrap_or("nothing is written");
    format!("{reason} ({})", file_name(&tape.status.path))
}

/// A file's name alone.
pub fn file_name(path: &std::path::Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// A size on the disk.
pub fn size(bytes: u64) -> String {
    words::bytes(usize::try_from(bytes).unwrap_or(usize::MAX))
}

fn time_of_day(at: WallTime, zone: &TimeZone) -> Safe {
    Safe::new(&at.timestamp().to_zoned(zone.clone()).strftime("%H:%M").to_string())
}
