//! `standin drive`: live sessions driven by orders on standard input, events on standard output.

mod orders;

use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::headless::{self, BATCH, Chosen, FirstConnections, Headless, Taping};
use super::signals::Signals;
use super::{CliError, Global, Outcome};
use crate::event::{Event, Failure, Kind, json};
use crate::session::clock;
use orders::{Addressed, NoOrder};

/// The arguments of `standin drive`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Devices of the config
    #[arg(required = true, value_name = "DEVICE")]
    pub devices: Vec<String>,
    /// Goes on by the back-off policy when the first connection fails
    #[arg(long)]
    pub retry: bool,
    /// Sends even what the clouds' limits forbid
    #[arg(long)]
    pub force: bool,
}

/// Carries orders out until the end of input.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    let Chosen { profiles, plans, tapes } = headless::devices(&args.devices, global)?;
    let mut signals = Signals::listen()?;
    let mut first = FirstConnections::new(&profiles, args.retry).revivable();
    let mut headless = Headless::start(profiles, &plans, Taping::AsConfigured(tapes))?;
    let mut lines = BufReader::new(tokio::io::stdin()).split(b'\n');
    let mut number = 0;
    let end = loop {
        let mut page = String::new();
        let mut failed = None;
        tokio::select! {
            // First: whoever ends the program by a signal often closes its input in the same breath.
            biased;
            signal = signals.next() => break Ok(Outcome::Signal(signal)),
            // Events before orders: a flood of orders must not hide what became of them.
            () = headless.follower.next(BATCH, |event| failed = failed.take().or(see(&mut page, &mut first, event))) => {}
            // Orders wait until every device has been online once: a script need not watch for that.
            line = lines.next_segment(), if first.all_made() => match line {
                Ok(Some(line)) => {
                    number += 1;
                    give(&headless, number, &line, args.force).await;
                }
                Ok(None) => break Ok(Outcome::Done),
                Err(error) => break Err(CliError::usage(format!("could not read standard input: {error}"))),
            },
        }
        let printed = headless::print(page, &mut signals).await;
        if let Some(end) = printed.or(failed.map(Err)) {
            break end;
        }
    };
    leave(headless, &mut signals, end).await
}

/// How long the last lines may take after a signal: their reader may be at a stand.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Ends the sessions in order and prints what they still have to say.
async fn leave(
    mut headless: Headless,
    signals: &mut Signals,
    end: Result<Outcome, CliError>,
) -> Result<Outcome, CliError> {
    let signal = signal_until(headless.leave_with_tapes(), signals).await;
    let end = match (end, signal) {
        (Ok(Outcome::Done), Some(signal)) => Ok(Outcome::Signal(signal)),
        (end, _) => end,
    };
    let mut rest = String::new();
    while headless.follower.take(BATCH, |event| write_line(&mut rest, event)) > 0 {}
    let patience = if matches!(end, Ok(Outcome::Signal(_))) { LAST_LINES } else { Duration::MAX };
    match tokio::time::timeout(patience, headless::print(rest, signals)).await {
        Ok(Some(other)) if end.is_ok() => other,
        // The command's own end counts for more than that of its last lines.
        _ => end,
    }
}

/// Waits for `work` to end; answers the first signal that came meanwhile.
async fn signal_until(work: impl Future<Output = ()>, signals: &mut Signals) -> Option<u8> {
    let mut work = std::pin::pin!(work);
    let mut caught = None;
    loop {
        tokio::select! {
            biased;
            signal = signals.next(), if caught.is_none() => caught = Some(signal),
            () = &mut work => return caught,
        }
    }
}

fn see(page: &mut String, first: &mut FirstConnections, event: &Event<'_>) -> Option<CliError> {
    write_line(page, event);
    first.watch(event).err()
}

fn write_line(page: &mut String, event: &Event<'_>) {
    json::write(page, event);
    page.push('\n');
}

/// Hands the order of one line to its device; a line that is none becomes an `error` event.
async fn give(headless: &Headless, number: u64, line: &[u8], force: bool) {
    if line.trim_ascii().is_empty() {
        return;
    }
    let (session, order, fault) = match orders::read(line, force) {
        Ok(Addressed { session, order }) => (session, Ok(order), None),
        Err(NoOrder { session, number, fault }) => (session, Err(number), Some(fault)),
    };
    let only = (headless.handles.len() == 1).then(|| headless.handles.first()).flatten();
    let named =
        session.as_deref().map_or(only, |name| headless.handles.iter().find(|handle| handle.profile.name == name));
    let fault = match (named, &order, fault) {
        (Some(handle), Ok(order), None) => {
            handle.send(order.clone()).await;
            return;
        }
        (None, _, None) => match &session {
            Some(name) => format!("no session is called \"{name}\""),
            None => "\"session\" is missing".to_owned(),
        },
        (_, _, Some(fault)) => fault,
        (Some(_), Err(_), None) => return,
    };
    // An order for nobody is still answered, under the first device's name: there is always one.
    let Some(told) = named.or(headless.handles.first()) else { return };
    let reason = format!("line {number}: {fault}");
    let order = order.map_or_else(|number| number, |order| order.number);
    let failure = Failure { code: "order", reason: &reason, hint: None, order };
    headless.journal.append(told.id, clock::now(), &Kind::Error(failure));
}
