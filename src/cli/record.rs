//! `standin record`: a tape without a screen.

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::{Instant, MissedTickBehavior};

use super::headless::{self, BATCH, Chosen, FirstConnections, Headless, Taping};
use super::signals::Signals;
use super::{CliError, Global, Outcome, human, note};
use crate::console::tapes::{ended_words, fault_words};
use crate::event::{Event, Kind, LineState};
use crate::session::recorder::{News, Recorder, Running};
use crate::tape::{Destination, Settings};

/// The arguments of `standin record`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Devices of the config
    #[arg(required = true, value_name = "DEVICE")]
    pub devices: Vec<String>,
    /// Where the tape goes [default: the config's folder for tapes, else standin/tapes in the user's data directory]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Ends after this long online
    #[arg(long = "for", value_name = "SECONDS", value_parser = super::seconds)]
    pub period: Option<Duration>,
    /// Goes on by the back-off policy when the first connection fails
    #[arg(long)]
    pub retry: bool,
}

/// How often the tape is asked how it stands while nothing happens.
const GLANCE: Duration = Duration::from_millis(200);
/// How long sessions may take to leave, and the tape to end: together less than the two seconds that a signal leaves.
const LEAVE_WITHIN: Duration = Duration::from_millis(1_100);
const END_WITHIN: Duration = Duration::from_millis(700);
/// The same when nobody is in a hurry.
const LEAVE_CALMLY: Duration = Duration::from_secs(4);
const END_CALMLY: Duration = Duration::from_secs(10);

/// Records until the end that the arguments name.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    let Chosen { profiles, plans, tapes } = headless::devices(&args.devices, global)?;
    let mut signals = Signals::listen()?;
    let mut watch = Watch::new(&args, FirstConnections::new(&profiles, args.retry));
    let mut headless = Headless::start(profiles, &plans, Taping::All(to_file(tapes, args.out)))?;
    watch.tell(&headless.recorder);
    let mut ticks = tokio::time::interval(GLANCE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = loop {
        tokio::select! {
            signal = signals.next() => break Ok(Outcome::Signal(signal)),
            () = headless::until(watch.ends) => break Ok(Outcome::Done),
            () = headless.follower.next(BATCH, |event| watch.see(event)) => {}
            _ = ticks.tick() => {}
        }
        watch.tell(&headless.recorder);
        if let Some(error) = watch.end.take() {
            break Err(error);
        }
    };
    let hurried = matches!(end, Ok(Outcome::Signal(_)));
    let (leave, finish) = if hurried { (LEAVE_WITHIN, END_WITHIN) } else { (LEAVE_CALMLY, END_CALMLY) };
    // Whoever has not left by then is cut off with the program.
    tokio::time::timeout(leave, headless.leave()).await.ok();
    while headless.follower.take(BATCH, |event| watch.see(event)) > 0 {}
    let news = headless.end_tapes(finish).await;
    watch.tell(&headless.recorder);
    let whole = sum_up(&news, &headless.recorder.running());
    match end {
        // A tape was asked for that holds everything.
        Ok(Outcome::Done) if !whole => Ok(Outcome::NotHeld),
        end => end,
    }
}

/// The config's settings, for one file where one is named.
fn to_file(tapes: Settings, out: Option<PathBuf>) -> Settings {
    match out {
        None => tapes,
        Some(path) => {
            Settings { free_bytes: tapes.free_bytes, redact: tapes.redact, ..Settings::new(Destination::File(path)) }
        }
    }
}

/// Says what became of the tape; answers whether all is on it.
fn sum_up(news: &[News], left: &[Running]) -> bool {
    let mut whole = left.is_empty();
    for news in news {
        if let News::Ended(tape, at) = news {
            whole &= tape.status.missing == 0 && tape.status.fault.is_none();
            note(&format!("standin: recorded {}", ended_words(tape, *at)));
        }
    }
    for tape in left {
        let path = tape.status.path.display();
        note(&format!("standin: the end of the tape {path} could not be written in time; what is on it can be read"));
    }
    whole
}

/// What has been seen, and what it means for the end.
struct Watch {
    zone: TimeZone,
    first: FirstConnections,
    period: Option<Duration>,
    ends: Option<Instant>,
    end: Option<CliError>,
    /// The file that was told of.
    path: PathBuf,
    /// The fault that was told of.
    fault: Option<String>,
}

impl Watch {
    fn new(args: &Args, first: FirstConnections) -> Self {
        let zone = TimeZone::system();
        Self { zone, first, period: args.period, ends: None, end: None, path: PathBuf::new(), fault: None }
    }

    fn see(&mut self, event: &Event<'_>) {
        if self.end.is_some() {
            return;
        }
        if let Kind::State(change) = &event.kind {
            let mut line = String::new();
            human::write_line(&mut line, event, &self.zone);
            note(line.trim_end());
            if change.state == LineState::Online && self.ends.is_none() {
                self.ends = self.period.map(|period| Instant::now() + period);
            }
        }
        self.end = self.first.watch(event).err();
    }

    /// Says where the tape goes, and at once when it is not written, or is again.
    fn tell(&mut self, recorder: &Recorder) {
        for tape in recorder.running() {
            if tape.status.path != self.path {
                self.path.clone_from(&tape.status.path);
                note(&format!("standin: recording on {}", self.path.display()));
            }
            let fault = &tape.status.fault;
            match fault {
                Some(_) if self.fault.is_none() => note(&format!("standin: {}", fault_words(&tape))),
                None if self.fault.is_some() => note("standin: the tape is written again"),
                _ => {}
            }
            self.fault.clone_from(fault);
        }
    }
}

/// Says of tapes that the config asked for what has to be known: that something is missing on them.
pub(super) fn tell_missing(news: &[News]) {
    for news in news {
        if let News::Ended(tape, at) = news
            && (tape.status.missing > 0 || tape.status.fault.is_some())
        {
            note(&format!("standin: warning: recorded {}", ended_words(tape, *at)));
        }
    }
}
