//! The desk: carries out what the keys ask of tapes, and brings what the screen knows of them up to date.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::shelf::Reading;
use super::{Turn, Wish, ended_notice, fault_words, file_name};
use crate::console::state::{Overlay, State};
use crate::event::Moment;
use crate::session::recorder::{News, Running};
use crate::session::{Handle, Journal, Recorder};
use crate::tape::Destination;
use crate::timeline::SessionId;

/// The desk of one console.
#[derive(Debug)]
pub struct Desk {
    recorder: Recorder,
    journal: Journal,
    zone: Option<TimeZone>,
    /// The folder that is being read for the list.
    reading: Option<Reading>,
    /// A tape has begun or ended since the folder was read.
    stale: bool,
}

impl Desk {
    /// A desk over the tapes of `recorder`, which are of `journal`.
    pub fn new(recorder: Recorder, journal: Journal) -> Self {
        Self { recorder, journal, zone: None, reading: None, stale: false }
    }

    /// The tapes that are being made.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Whether a tape runs: then there is something to tell now and then.
    pub fn is_busy(&self) -> bool {
        !self.recorder.running().is_empty()
    }

    /// Carries out what a key asked for. Nothing here waits for a disk.
    pub fn carry_out(&self, wish: Wish, handles: &[Handle], now: Moment) {
        match wish {
            Wish::Start(chosen) => {
                let wanted = handles.iter().filter(|handle| chosen.is_none_or(|session| handle.id == session));
                let devices: Vec<_> = wanted.map(|handle| (handle.id, handle.profile.as_ref())).collect();
                self.recorder.start_soon(chosen.is_none(), &devices, now);
            }
            Wish::Stop(id) => self.recorder.stop_soon(id),
            Wish::Delete(path) => {
                if let Some(reading) = &self.reading {
                    reading.delete(path);
                }
            }
        }
    }

    /// Brings what the screen knows up to date, and tells what has become of tapes.
    pub fn turn(&mut self, state: &mut State, now: Moment) {
        // The zone is a file on the disk: it is read when the first time of day is shown.
        let running = self.recorder.running();
        if !running.is_empty() || !state.tapes.running().is_empty() {
            let zone = self.zone.get_or_insert_with(TimeZone::system);
            for turn in state.tapes.look(running, now.mono, zone) {
                match turn {
                    Turn::Stuck(tape) => state.refuse(&capital(&fault_words(&tape))),
                    Turn::Mended(tape) => state.tell(&mended(&tape)),
                }
            }
        }
        for news in self.recorder.news() {
            self.stale = true;
            match news {
                News::Began(tape) => {
                    let whom = whom(&tape);
                    state.tell(&format!("Recording {whom} on {}.", file_name(&tape.status.path)));
                }
                News::Failed(error) => state.refuse(&format!("No tape could be begun: {error}.")),
                News::Ended(tape, at) if tape.status.missing > 0 => state.refuse(&ended_notice(&tape, at)),
                News::Ended(tape, at) => state.tell(&ended_notice(&tape, at)),
            }
        }
        self.read(state);
    }

    /// Reads the folder while its list is open.
    fn read(&mut self, state: &mut State) {
        if !matches!(state.overlay, Some(Overlay::Tapes(_))) {
            self.reading = None;
            return;
        }
        if std::mem::take(&mut self.stale) {
            self.reading = None;
        }
        let zone = self.zone.get_or_insert_with(TimeZone::system).clone();
        let reading = self.reading.get_or_insert_with(|| {
            let journal = self.journal.clone();
            Reading::start(folder(&self.recorder), zone, move || journal.ring())
        });
        if let Some((words, done)) = reading.look(&mut state.tapes.shelf) {
            if done { state.tell(&words) } else { state.refuse(&words) }
        }
    }
}

/// Where the recorder's tapes lie.
fn folder(recorder: &Recorder) -> PathBuf {
    match recorder.destination() {
        Destination::Folder { path, .. } => path.clone(),
        Destination::File(path) => path.parent().map(PathBuf::from).unwrap_or_default(),
    }
}

/// What is on a tape, in words.
fn whom(tape: &Running) -> String {
    match tape.sessions.as_deref() {
        None => "all devices".to_owned(),
        Some([one]) => format!("device {}", number(*one)),
        Some(some) => {
            let numbers: Vec<String> = some.iter().map(|session| number(*session).to_string()).collect();
            format!("devices {}", numbers.join(", "))
        }
    }
}

fn number(session: SessionId) -> u32 {
    u32::from(session.0) + 1
}

fn mended(tape: &Running) -> String {
    let name = file_name(&tape.status.path);
    match tape.status.missing {
        0 => format!("The tape {name} is written again; nothing is missing."),
        1 => format!("The tape {name} is written again; 1 event is missing."),
        more => format!("The tape {name} is written again; {} events are missing.", crate::console::words::count(more)),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
