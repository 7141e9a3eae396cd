//! What the commands without a screen share: sessions whose every event is read, their tapes, and the fate of first
//! connections.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::time::Instant;

use super::console::{begin_tapes, end_tapes};
use super::plans::Plans;
use super::record::tell_missing;
use super::signals::Signals;
use super::{CliError, Global, Outcome, note, write_out, written};
use crate::event::{Event, Kind, LineState, StateChange};
use crate::profile::Profile;
use crate::session::recorder::News;
use crate::session::{self, Follower, Handle, Journal, Recorder, clock};
use crate::tape::{Settings, TapeError};
use crate::timeline::{Budget, SessionId, Timeline};

/// Events taken from the timeline at a time: enough to be quick, few enough to hold its lock shortly.
pub const BATCH: usize = 512;

/// How long tapes that nobody waits for may take to end.
const END_WITHIN: Duration = Duration::from_secs(2);

/// Sessions that run without a screen.
#[derive(Debug)]
pub struct Headless {
    /// The devices, in the order named.
    pub handles: Vec<Handle>,
    /// Their shared timeline.
    pub journal: Journal,
    /// Reads every event.
    pub follower: Follower,
    /// Makes the tapes.
    pub recorder: Recorder,
}

/// What is to be recorded.
#[derive(Clone, Debug)]
pub enum Taping {
    /// Nothing: what is done takes one message's time.
    Nothing,
    /// The devices of which the config says so, a tape each.
    AsConfigured(Settings),
    /// All devices, on one tape.
    All(Settings),
}

/// Whether the devices' first connections came about, and whether any device is left that can be online.
#[derive(Debug)]
pub struct FirstConnections {
    waiting: Vec<String>,
    made: Vec<String>,
    retry: bool,
    revivable: bool,
}

impl Headless {
    /// Starts the sessions of `profiles`, which dial at once whatever their `autoconnect` says, and before that what is to
    /// record them. An error when a tape of all cannot be begun; one that the config asks for is only told of.
    pub fn start(profiles: Vec<Profile>, plans: &Plans, taping: Taping) -> Result<Self, CliError> {
        let budget = Journal::roomy(Budget::default(), &profiles);
        let (journal, follower) = Journal::followed(Timeline::new(budget, clock::now()));
        let recorder = record(&journal, &profiles, taping)?;
        let handles = profiles
            .into_iter()
            .map(|profile| {
                let plan = plans.plan(&profile.name);
                session::start_with(Profile { autoconnect: true, ..profile }, &plan, &journal)
            })
            .collect();
        Ok(Self { handles, journal, follower, recorder })
    }

    /// Ends all sessions in order, at the same time.
    pub async fn leave(&mut self) {
        let leaving: Vec<_> = self.handles.drain(..).map(|handle| tokio::spawn(handle.leave())).collect();
        for left in leaving {
            // A session that died in a panic has left already.
            drop(left.await);
        }
    }

    /// Ends all tapes in order, and answers what became of them; waits for the disk at most `patience`.
    pub async fn end_tapes(&mut self, patience: Duration) -> Vec<News> {
        end_tapes(&self.recorder, patience).await
    }

    /// Ends all sessions in order, then the tapes that the config asked for; says what is missing on them.
    pub async fn leave_with_tapes(&mut self) {
        self.leave().await;
        tell_missing(&self.end_tapes(END_WITHIN).await);
    }
}

/// Begins the tapes before the first event.
fn record(journal: &Journal, profiles: &[Profile], taping: Taping) -> Result<Recorder, CliError> {
    match taping {
        Taping::Nothing => Ok(Recorder::new(journal.clone(), crate::config::tapes::usual("tapes".into()))),
        Taping::AsConfigured(settings) => {
            let recorder = Recorder::new(journal.clone(), settings);
            for fault in begin_tapes(journal, &recorder, profiles) {
                note(&format!("standin: warning: {fault}"));
            }
            Ok(recorder)
        }
        Taping::All(settings) => {
            let recorder = Recorder::new(journal.clone(), settings);
            let devices: Vec<(SessionId, &Profile)> = journal.with(|timeline| {
                let register = |profile: &Profile| timeline.register(&profile.name, profile.identity.cloud());
                profiles.iter().map(register).zip(profiles).collect()
            });
            recorder.start(true, &devices, clock::now()).map_err(|error| no_tape(&error))?;
            Ok(recorder)
        }
    }
}

fn no_tape(error: &TapeError) -> CliError {
    match error {
        TapeError::Io { path, error } if error.kind() == ErrorKind::AlreadyExists => {
            CliError::usage(format!("there is already a file at {}; it is left as it is", path.display()))
                .hint("another place: --out FILE")
        }
        _ => CliError::not_held(format!("the tape could not be begun: {error}")).hint("another place: --out FILE"),
    }
}

/// Waits until `end`; for ever when there is none.
pub async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

impl FirstConnections {
    /// None has come about yet. With `retry`, a failure is final only when the policy gives up.
    pub fn new(profiles: &[Profile], retry: bool) -> Self {
        let waiting = profiles.iter().map(|profile| profile.name.clone()).collect();
        Self { waiting, made: Vec::new(), retry, revivable: false }
    }

    /// Somebody may order a device that is offline to connect again: that all are offline is no end.
    #[must_use]
    pub fn revivable(self) -> Self {
        Self { revivable: true, ..self }
    }

    /// Takes note of `event`; an error when it ends a first connection for good, or the last device that had one.
    pub fn watch(&mut self, event: &Event<'_>) -> Result<(), CliError> {
        let Kind::State(change) = &event.kind else { return Ok(()) };
        let first = self.waiting.iter().position(|name| name == event.session);
        match (change.state, first) {
            (LineState::Online, Some(place)) => {
                let name = self.waiting.swap_remove(place);
                self.made.push(name);
                Ok(())
            }
            (LineState::Backoff, Some(_)) if !self.retry => Err(no_connection(event.session, change)),
            (LineState::Offline, Some(_)) => Err(no_connection(event.session, change)),
            (LineState::Offline, None) if !self.revivable => {
                self.made.retain(|name| name != event.session);
                let last = self.made.is_empty() && self.waiting.is_empty();
                if last { Err(no_connection(event.session, change)) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Whether every device has been online.
    pub fn all_made(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// The devices that a command was given.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Their profiles, each once, in the order named.
    pub profiles: Vec<Profile>,
    /// What they do by themselves.
    pub plans: Plans,
    /// How tapes are kept.
    pub tapes: Settings,
}

/// The devices named.
pub fn devices(names: &[String], global: &Global) -> Result<Chosen, CliError> {
    let config = global.load()?;
    let mut profiles: Vec<Profile> = Vec::with_capacity(names.len());
    for name in names {
        let profile = config.device(name)?;
        if profiles.iter().all(|known| known.name != *name) {
            profiles.push(profile.clone());
        }
    }
    let plans = Plans::of(&config, &profiles)?;
    Ok(Chosen { profiles, plans, tapes: config.tapes })
}

/// Writes `text` to standard output. Answers how the command ends, if this ends it: by a signal, because the reader has gone,
/// or because the text could not be written.
pub async fn print(text: String, signals: &mut Signals) -> Option<Result<Outcome, CliError>> {
    if text.is_empty() {
        return None;
    }
    let result = tokio::select! {
        signal = signals.next() => return Some(Ok(Outcome::Signal(signal))),
        result = write_out(text) => result,
    };
    if matches!(&result, Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe) {
        return Some(Ok(Outcome::Done));
    }
    written(result).err().map(Err)
}

fn no_connection(device: &str, change: &StateChange<'_>) -> CliError {
    let code = change.code.map(|code| format!(" ({code})")).unwrap_or_default();
    let error = CliError::connection(format!("{device}: {}{code}", change.reason.unwrap_or("no connection")));
    match change.hint.filter(|hint| !hint.is_empty()) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
