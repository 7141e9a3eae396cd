//! What the commands without a screen share: sessions whose every event is read, and the fate of first connections.

use std::io::Write as _;

use super::{CliError, Global, written};
use crate::config::Config;
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

/// Whether the devices' first connections came about.
#[derive(Debug)]
pub struct FirstConnections {
    waiting: Vec<String>,
    retry: bool,
}

impl Headless {
    /// Starts the sessions of `profiles`, which dial at once whatever their `autoconnect` says.
    pub fn start(profiles: Vec<Profile>) -> Self {
        let (journal, follower) = Journal::followed(Timeline::new(Budget::default(), clock::now()));
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

impl FirstConnections {
    /// None has come about yet. With `retry`, a failure is final only when the policy gives up.
    pub fn new(profiles: &[Profile], retry: bool) -> Self {
        Self { waiting: profiles.iter().map(|profile| profile.name.clone()).collect(), retry }
    }

    /// Takes note of `event`; an error when it ends a first connection for good.
    pub fn watch(&mut self, event: &Event<'_>) -> Result<(), CliError> {
        let Kind::State(change) = &event.kind else { return Ok(()) };
        let Some(place) = self.waiting.iter().position(|name| name == event.session) else { return Ok(()) };
        match change.state {
            LineState::Online => {
                self.waiting.swap_remove(place);
                Ok(())
            }
            LineState::Backoff if !self.retry => Err(no_connection(event.session, change)),
            LineState::Offline => Err(no_connection(event.session, change)),
            LineState::Backoff | LineState::Connecting => Ok(()),
        }
    }

    /// Whether every device has been online.
    pub fn all_made(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// The profiles of the devices named, each once.
pub fn devices(names: &[String], global: &Global) -> Result<(Config, Vec<Profile>), CliError> {
    let config = global.load()?;
    let mut profiles: Vec<Profile> = Vec::with_capacity(names.len());
    for name in names {
        let profile = config.device(name)?;
        if profiles.iter().all(|known| known.name != *name) {
            profiles.push(profile.clone());
        }
    }
    Ok((config, profiles))
}

/// Writes `text` to standard output; `false`: its reader has gone.
pub fn print(text: &str) -> Result<bool, CliError> {
    let mut out = std::io::stdout().lock();
    let result = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    let gone = matches!(&result, Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe);
    written(result)?;
    Ok(!gone)
}

fn no_connection(device: &str, change: &StateChange<'_>) -> CliError {
    let code = change.code.map(|code| format!(" ({code})")).unwrap_or_default();
    let error = CliError::connection(format!("{device}: {}{code}", change.reason.unwrap_or("no connection")));
    match change.hint.filter(|hint| !hint.is_empty()) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
