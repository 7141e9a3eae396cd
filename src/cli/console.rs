//! `standin`: the console, with every device of the config.

use std::time::Duration;

use super::{CliError, Exit, Global, Outcome, terminal};
use crate::console::{self, Left, Shell};
use crate::profile::Profile;
use crate::session::{self, Handle, Journal, clock};
use crate::timeline::{Budget, Timeline};

/// How long sessions may take to leave in order when the person at the keys waits for it, and when nobody does.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);
const LEAVE_UNSEEN_WITHIN: Duration = Duration::from_millis(1_500);

/// Runs the console.
pub async fn run(global: &Global) -> Result<Outcome, CliError> {
    terminal::require("standin sub DEVICE")?;
    let config = global.load_quietly()?;
    let budget = Budget { bytes: config.timeline_bytes, ..Budget::default() };
    let (journal, handles) = start(config.devices, budget);
    let shell = Shell {
        journal,
        handles,
        theme: config.theme,
        themes: config.path.parent().map(|folder| folder.join("themes")),
        bell: config.bell,
        banner: None,
        notice: (!config.warnings.is_empty()).then(|| config.warnings.join(" · ")),
    };
    show(shell).await
}

/// Starts the sessions of `profiles` over one timeline.
pub(super) fn start(profiles: Vec<Profile>, budget: Budget) -> (Journal, Vec<Handle>) {
    let journal = Journal::new(Timeline::new(budget, clock::now()));
    let handles = profiles.into_iter().map(|profile| session::start(profile, &journal)).collect();
    (journal, handles)
}

/// Shows the console until it is left, then lets the sessions leave in order.
pub(super) async fn show(shell: Shell) -> Result<Outcome, CliError> {
    let handles = shell.handles.clone();
    let left = console::run(shell).await;
    let patience = if matches!(left, Ok(Left::Quit)) { LEAVE_WITHIN } else { LEAVE_UNSEEN_WITHIN };
    let leaving = handles.into_iter().map(Handle::leave);
    // Whoever has not left by then is cut off with the program.
    tokio::time::timeout(patience, futures_util::future::join_all(leaving)).await.ok();
    match left {
        Ok(Left::Quit) => Ok(Outcome::Done),
        Ok(Left::Signal(number)) => Ok(Outcome::Signal(u8::try_from(number).unwrap_or(u8::MAX))),
        Ok(Left::TerminalGone) => Ok(Outcome::Signal(HANGUP)),
        Err(error) => Err(CliError::new(Exit::Usage, error.to_string())),
    }
}

/// SIGHUP, which a lost terminal means even where the signal itself did not come.
const HANGUP: u8 = 1;
