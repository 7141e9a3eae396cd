//! `standin replay FILE --to DEVICE`: a device's recorded part, sent again through a live session.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::sync::mpsc;

use super::error::Exit;
use super::headless::{self, Chosen, FirstConnections, Headless, Taping};
use super::plans::Plans;
use super::signals::Signals;
use super::{CliError, Global, Outcome, human, note};
use crate::event::{Event, Kind, json};
use crate::profile::Profile;
use crate::replay::resend::{Ended, Options, Pace, Plan, PlanError, Rehearsed, Report};
use crate::session::clock;
use crate::tape::{TapeError, Tapes};
use crate::text::Safe;
use crate::text::json::write_string;

/// What belongs to `--to`.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
pub struct Args {
    /// Sends the device's part again, as this device of the config
    #[arg(long, value_name = "DEVICE")]
    pub to: Option<String>,
    /// Sends the part of this recorded device [default: DEVICE's own, else the only one of its cloud]
    #[arg(long, value_name = "NAME", requires = "to")]
    pub session: Option<String>,
    /// When the next message goes [default: recorded]
    #[arg(long, value_enum, requires = "to")]
    pub pace: Option<PaceWord>,
    /// Prints what would be sent, and connects to nothing
    #[arg(long, requires = "to")]
    pub dry_run: bool,
    /// How long a reply of the platform is waited for [default: 10]
    #[arg(long = "wait", value_name = "SECONDS", value_parser = super::seconds, requires = "to")]
    pub patience: Option<Duration>,
    /// Goes on by the back-off policy when the first connection fails
    #[arg(long, requires = "to")]
    pub retry: bool,
}

/// When the next message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub enum PaceWord {
    /// As long after the one before as on the tape; --speed divides that
    #[default]
    Recorded,
    /// As soon as the platform has replied, where it did so on the tape
    Replies,
    /// As fast as the cloud's limits allow
    Full,
}

/// Lines that wait for standard error; beyond so many they are let go.
const LINES: usize = 64;

/// Sends, or says what would be sent.
pub async fn run(
    files: Vec<PathBuf>,
    args: Args,
    speed: Option<f64>,
    as_json: bool,
    global: &Global,
) -> Result<Outcome, CliError> {
    let options = options(&args, speed)?;
    let device = args.to.clone().unwrap_or_default();
    let Chosen { mut profiles, tapes: settings, .. } = headless::devices(std::slice::from_ref(&device), global)?;
    let Some(profile) = profiles.pop() else {
        return Err(CliError::usage(format!("there is no device `{device}`")));
    };
    let tapes = open(files).await?;
    let damage = tapes.damage();
    let plan = Plan::new(tapes, args.session.as_deref(), &profile).map_err(|error| {
        let said = CliError::usage(error.to_string());
        match error {
            PlanError::NotThere { .. } | PlanError::Several { .. } => {
                said.hint("--session NAME says whose messages are sent")
            }
            PlanError::Nobody | PlanError::Unlike { .. } => said,
        }
    })?;
    let mut signals = Signals::listen()?;
    let outcome = if args.dry_run {
        rehearse(&plan, as_json, &mut signals).await
    } else {
        let from = &plan.recorded().name;
        note(&format!("standin: sending what `{from}` sent, as `{device}`"));
        let report = send(plan, profile, settings, options, args.retry, &mut signals).await?;
        tell(report, as_json, &mut signals).await
    }?;
    // Sent or shown is what could be read; what is missing on the tape is said last, and by the status.
    match (damage, outcome) {
        (Some(words), Outcome::Done | Outcome::NotHeld) => {
            Err(CliError::new(Exit::Tape, words).hint("standin tape verify FILE tells where"))
        }
        (_, outcome) => Ok(outcome),
    }
}

fn options(args: &Args, speed: Option<f64>) -> Result<Options, CliError> {
    let pace = match (args.pace.unwrap_or_default(), speed) {
        (PaceWord::Recorded, speed) => Pace::Recorded(speed.unwrap_or(1.0)),
        (_, Some(_)) => return Err(CliError::usage("--speed goes with --pace recorded only")),
        (PaceWord::Replies, None) => Pace::Replies,
        (PaceWord::Full, None) => Pace::Full,
    };
    let usual = Options::default();
    Ok(Options { pace, patience: args.patience.unwrap_or(usual.patience), ..usual })
}

/// Opens the tapes on a thread of its own: a disk may be slow.
pub(super) async fn open(files: Vec<PathBuf>) -> Result<Tapes, CliError> {
    let opening = tokio::task::spawn_blocking(move || Tapes::open(&files)).await;
    let opened = opening.map_err(|error| CliError::not_held(format!("the tape could not be opened: {error}")))?;
    opened.map_err(|error| match &error {
        TapeError::Io { .. } => CliError::usage(error.to_string()),
        TapeError::NoTape { .. } => CliError::new(Exit::Tape, error.to_string()),
    })
}

async fn rehearse(plan: &Plan, as_json: bool, signals: &mut Signals) -> Result<Outcome, CliError> {
    let (sender, mut pages) = mpsc::channel::<String>(4);
    let plan = plan.clone();
    // Reading is the disk's business, writing the reader's: neither holds up the signals.
    let reading = tokio::task::spawn_blocking(move || {
        let mut page = String::new();
        for message in plan.rehearse(clock::now()) {
            rehearsed(&mut page, &message, as_json);
            if page.len() >= PAGE && sender.blocking_send(std::mem::take(&mut page)).is_err() {
                return;
            }
        }
        // Nobody reads any more: there is nobody to tell.
        sender.blocking_send(page).ok();
    });
    while let Some(page) = pages.recv().await {
        if let Some(end) = headless::print(page, signals).await {
            return end;
        }
    }
    reading.await.map_err(|error| CliError::not_held(format!("the tape could not be read through: {error}")))?;
    Ok(Outcome::Done)
}

/// Bytes printed at a time.
const PAGE: usize = 64 << 10;

/// One message that would be sent: a line for a person, or an object.
fn rehearsed(page: &mut String, message: &Rehearsed, as_json: bool) {
    let Rehearsed { after, what, topic, payload, qos, retain, only_if_asked, breach } = message;
    if as_json {
        page.push_str("{\"after_ms\":");
        page.push_str(&after.as_millis().to_string());
        page.push_str(",\"topic\":");
        write_string(page, topic);
        let flags = serde_json::json!({ "qos": qos.number(), "retain": retain, "only_if_asked": only_if_asked, "what": what.word() });
        page.push(',');
        page.push_str(flags.to_string().trim_start_matches('{').trim_end_matches('}'));
        if let Some(breach) = breach {
            page.push_str(",\"refused\":");
            write_string(page, breach);
        }
        json::write_payload(page, payload);
        page.push_str("}\n");
        return;
    }
    let seconds = after.as_secs_f64();
    let level = if qos.number() > 0 { format!(" q{}", qos.number()) } else { String::new() };
    let mut line = format!("+{seconds:.3} s > {} {topic}{level}", what.word());
    for (set, words) in [(*retain, " retained"), (*only_if_asked, " (only if asked)")] {
        line.push_str(if set { words } else { "" });
    }
    if let Some(breach) = breach {
        line = format!("{line} (would be refused: {breach})");
    }
    for part in [Safe::new(&line).as_str(), " ", Safe::from_bytes(payload).as_str(), "\n"] {
        page.push_str(part);
    }
}

async fn send(
    plan: Plan,
    profile: Profile,
    settings: crate::tape::Settings,
    options: Options,
    retry: bool,
    signals: &mut Signals,
) -> Result<(Report, Option<u8>), CliError> {
    let profiles = vec![profile];
    let mut first = FirstConnections::new(&profiles, retry);
    let mut headless = Headless::start(profiles, &Plans::none(), Taping::AsConfigured(settings))?;
    let Some(handle) = headless.handles.first().cloned() else {
        return Err(CliError::not_held("the device's session could not be started"));
    };
    let mut resend = plan
        .begin(&handle, options, clock::now())
        .map_err(|error| CliError::not_held(format!("the tape could not be read: {error}")))?;
    // The session ends when its last handle goes.
    drop(handle);
    let told = teller();
    let zone = TimeZone::system();
    let mut failed = None;
    let each = |event: &Event<'_>| {
        if matches!(event.kind, Kind::State(_) | Kind::Error(_) | Kind::Gap { .. } | Kind::Note { .. }) {
            let mut line = String::new();
            human::write_line(&mut line, event, &zone);
            // Standard error is at a stand: the line is let go rather than the session held up.
            told.try_send(line).ok();
        }
        match first.watch(event) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let signal = tokio::select! {
        signal = signals.next() => Some(signal),
        () = resend.run(&mut headless.follower, each) => None,
    };
    resend.stop();
    let report = resend.report().clone();
    drop(resend);
    headless.leave_with_tapes().await;
    match failed {
        // Once something was sent, the report tells that as well.
        Some(error) if report.total().sent == 0 => Err(error),
        _ => Ok((report, signal)),
    }
}

/// Says lines on standard error, on a task of its own.
fn teller() -> mpsc::Sender<String> {
    let (sender, mut lines) = mpsc::channel::<String>(LINES);
    tokio::task::spawn_blocking(move || {
        while let Some(line) = lines.blocking_recv() {
            note(line.trim_end());
        }
    });
    sender
}

async fn tell(
    (report, signal): (Report, Option<u8>),
    as_json: bool,
    signals: &mut Signals,
) -> Result<Outcome, CliError> {
    let mut text = String::new();
    if as_json {
        text.push_str(&object(&report));
        text.push('\n');
    } else {
        for line in report.lines() {
            text.push_str(Safe::new(&line).as_str());
            text.push('\n');
        }
    }
    if let Some(end) = headless::print(text, signals).await {
        return end;
    }
    match (signal, &report.ended) {
        (Some(signal), _) => Ok(Outcome::Signal(signal)),
        (None, Some(Ended::Offline(why))) => Err(CliError::connection(format!("the device went offline: {why}"))),
        (None, _) if report.is_as_recorded() => Ok(Outcome::Done),
        (None, _) => Ok(Outcome::NotHeld),
    }
}

/// The report as one line of JSON.
fn object(report: &Report) -> String {
    let kinds: serde_json::Map<String, Value> = report
        .kinds()
        .map(|(what, tally)| {
            let counts = serde_json::json!({
                "recorded": tally.recorded, "sent": tally.sent, "acked": tally.acked,
                "refused": tally.refused, "not_asked": tally.not_asked,
            });
            (what.word().to_owned(), counts)
        })
        .collect();
    let (replies, requests) = (report.replies, report.requests);
    let counts = serde_json::json!({
        "as_recorded": report.is_as_recorded(),
        "messages": kinds,
        "replies": {
            "same": replies.same, "other": replies.other, "missing": replies.missing, "unrecorded": replies.unrecorded,
        },
        "requests": { "recorded": requests.recorded, "came": requests.came, "unrecorded": requests.unrecorded },
        "untold": report.untold,
    });
    let mut line = counts.to_string();
    line.pop();
    line.push_str(",\"verdict\":");
    write_string(&mut line, &report.verdict());
    line.push_str(",\"differences\":[");
    for (place, words) in report.differences.iter().enumerate() {
        line.push_str(if place > 0 { "," } else { "" });
        write_string(&mut line, words);
    }
    line.push_str("]}");
    line
}
