//! `standin`: the console, with every device of the config.

use std::time::Duration;

use super::plans::Plans;
use super::{CliError, Exit, Global, Outcome, note, terminal};
use crate::console::tapes::ended_words;
use crate::console::{self, ConsoleError, Left, Shell};
use crate::profile::Profile;
use crate::session::recorder::News;
use crate::session::{self, Handle, Journal, Recorder, clock};
use crate::tape::Settings;
use crate::timeline::{Budget, SessionId, Timeline};

/// How long sessions may take to leave in order, and then tapes to end, when the person at the keys waits for it, and when
/// nobody does.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);
const END_WITHIN: Duration = Duration::from_secs(5);
const LEAVE_UNSEEN_WITHIN: Duration = Duration::from_millis(1_100);
const END_UNSEEN_WITHIN: Duration = Duration::from_millis(700);

/// Runs the console.
pub async fn run(global: &Global) -> Result<Outcome, CliError> {
    terminal::require("standin sub DEVICE")?;
    let config = global.load_quietly()?;
    let budget = Budget { bytes: config.timeline_bytes, ..Budget::default() };
    let plans = Plans::of(&config, &config.devices)?;
    let (journal, handles, recorder, faults) = start(config.devices, &plans, budget, config.tapes);
    let news: Vec<String> = faults.into_iter().chain(config.warnings).collect();
    let shell = Shell {
        journal,
        handles,
        recorder,
        models: config.models,
        application: None,
        theme: config.theme,
        themes: config.path.parent().map(|folder| folder.join("themes")),
        bell: config.bell,
        banner: None,
        notice: (!news.is_empty()).then(|| news.join(" · ")),
    };
    show(shell).await
}

/// Starts the sessions of `profiles` over one timeline, and before that the tapes that the config asks for; answers also why
/// such a tape could not be begun.
pub(super) fn start(
    profiles: Vec<Profile>,
    plans: &Plans,
    budget: Budget,
    tapes: Settings,
) -> (Journal, Vec<Handle>, Recorder, Vec<String>) {
    let journal = Journal::new(Timeline::new(Journal::roomy(budget, &profiles), clock::now()));
    let recorder = Recorder::new(journal.clone(), tapes);
    let faults = begin_tapes(&journal, &recorder, &profiles);
    let handle = |profile: Profile| {
        let plan = plans.plan(&profile.name);
        session::start_with(profile, &plan, &journal)
    };
    let handles = profiles.into_iter().map(handle).collect();
    (journal, handles, recorder, faults)
}

/// Begins the tapes of the devices of which the config says so, before anything happens to them: a tape each. Answers of which
/// device there will be none, and why.
pub(super) fn begin_tapes(journal: &Journal, recorder: &Recorder, profiles: &[Profile]) -> Vec<String> {
    // All are registered, so that each device has the number of its place in the config.
    let ids: Vec<SessionId> = journal.with(|timeline| {
        profiles.iter().map(|profile| timeline.register(&profile.name, profile.identity.cloud())).collect()
    });
    let wanted = ids.into_iter().zip(profiles).filter(|(_, profile)| profile.record);
    wanted
        .filter_map(|(id, profile)| {
            let error = recorder.start(false, &[(id, profile)], clock::now()).err()?;
            Some(format!("{}: nothing is recorded: {error}", profile.name))
        })
        .collect()
}

/// Shows the console until it is left, then lets the sessions leave and the tapes end in order.
pub(super) async fn show(shell: Shell) -> Result<Outcome, CliError> {
    let (handles, recorder) = (shell.handles.clone(), shell.recorder.clone());
    let left = console::run(shell).await;
    let quit = matches!(left, Ok(Left::Quit));
    let (leave, end) = if quit { (LEAVE_WITHIN, END_WITHIN) } else { (LEAVE_UNSEEN_WITHIN, END_UNSEEN_WITHIN) };
    let leaving = handles.into_iter().map(Handle::leave);
    // Whoever has not left by then is cut off with the program.
    tokio::time::timeout(leave, futures_util::future::join_all(leaving)).await.ok();
    tell_tapes(&end_tapes(&recorder, end).await);
    ended(left)
}

/// What it means that the console was left.
pub(super) fn ended(left: Result<Left, ConsoleError>) -> Result<Outcome, CliError> {
    match left {
        Ok(Left::Quit) => Ok(Outcome::Done),
        Ok(Left::Signal(number)) => Ok(Outcome::Signal(u8::try_from(number).unwrap_or(u8::MAX))),
        Ok(Left::TerminalGone) => Ok(Outcome::Signal(HANGUP)),
        Err(error) => Err(CliError::new(Exit::Usage, error.to_string())),
    }
}

/// Ends all tapes in order, and answers what became of them; waits for the disk at most `patience`.
pub(super) async fn end_tapes(recorder: &Recorder, patience: Duration) -> Vec<News> {
    let recorder = recorder.clone();
    tokio::task::spawn_blocking(move || {
        recorder.finish(patience);
        recorder.news()
    })
    .await
    // A thread that died in a panic has nothing to tell; the tapes end when the program does.
    .unwrap_or_default()
}

/// Says where the tapes lie that ended with the program.
fn tell_tapes(news: &[News]) {
    for news in news {
        match news {
            News::Ended(tape, at) => note(&format!("standin: recorded {}", ended_words(tape, *at))),
            News::Failed(error) => note(&format!("standin: no tape could be begun: {error}")),
            News::Began(_) => {}
        }
    }
}

/// SIGHUP, which a lost terminal means even where the signal itself did not come.
const HANGUP: u8 = 1;
