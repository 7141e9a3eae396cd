//! What the commands without a screen share: sessions whose every event is read, and the fate of first connections.

use super::signals::Signals;
use super::{CliError, Global, Outcome, write_out, written};
use crate::event::{Event, Kind, LineState, StateChange};
use crate::profile::Profile;
use crate::session::{self, Follower, Handle, Journal, clock};
use crate::timeline::{Budget, Timeline};

/// Events taken from the timeline at a time: enough to be quick, few enough to hold its lock shortly.
pub const BATCH: usize = 512;

/// Sessions that run without a screen.
#[derive(Debug)]
pub struct Headless {
    /// The devices, in the order named.
    pub handles: Vec<Handle>,
    /// Their shared timeline.
    pub journal: Journal,
    /// Reads every event.
    pub follower: Follower,
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
    /// Starts the sessions of `profiles`, which dial at once whatever their `autoconnect` says.
    pub fn start(profiles: Vec<Profile>) -> Self {
        let (journal, follower) = Journal::followed(Timeline::new(budget(&profiles), clock::now()));
        let handles = profiles
            .into_iter()
            .map(|profile| session::start(Profile { autoconnect: true, ..profile }, &journal))
            .collect();
        Self { handles, journal, follower }
    }

    /// Ends all sessions in order, at the same time.
    pub async fn leave(&mut self) {
        let leaving: Vec<_> = self.handles.drain(..).map(|handle| tokio::spawn(handle.leave())).collect();
        for left in leaving {
            // A session that died in a panic has left already.
            drop(left.await);
        }
    }
}

/// Room for the largest message that may come besides what a reader may lag behind. Memory is taken only when such a message
/// does come.
fn budget(profiles: &[Profile]) -> Budget {
    let usual = Budget::default();
    let largest = profiles.iter().map(|profile| profile.max_packet).max().unwrap_or(0);
    Budget { bytes: usual.bytes.saturating_add(largest), ..usual }
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

/// The profiles of the devices named, each once.
pub fn devices(names: &[String], global: &Global) -> Result<Vec<Profile>, CliError> {
    let config = global.load()?;
    let mut profiles: Vec<Profile> = Vec::with_capacity(names.len());
    for name in names {
        let profile = config.device(name)?;
        if profiles.iter().all(|known| known.name != *name) {
            profiles.push(profile.clone());
        }
    }
    Ok(profiles)
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
