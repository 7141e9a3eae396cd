//! A device's recorded part, sent again through a live session: what `standin replay --to` and the list of tapes do.
//!
//! | file | what lives there |
//! |---|---|
//! | `plan` | which recorded device is sent as which live one, and the rehearsal |
//! | `score` | the recorded part, read by a thread |
//! | `engine` | what is sent when: a machine that is handed the time |
//! | `replies`, `requests` | what the platform says, held against the recording |
//! | `report` | the summary |
//! | `task` | a run beside a console |
//!
//! What may not live here: a replay on the screen, which cannot act; every run here is an order of its own.

mod engine;
mod plan;
mod replies;
mod report;
mod requests;
mod score;
mod task;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, watch};

use crate::event::{Event, LineState};
use crate::session::{Follower, Handle, clock};
use engine::Engine;
pub(super) use plan::choose;
pub use plan::{Plan, PlanError, Rehearsed};
pub use report::{Ended, Replies, Report, Requests, Tally};
use score::Told;
pub use task::{Running, start};

/// How the tape's part is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// At which pace.
    pub pace: Pace,
    /// How long a reply is waited for, and at the end whatever is still to come.
    pub patience: Duration,
    /// The orders' numbers begin after this one.
    pub orders: u64,
}

/// At which pace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As recorded, so many times as fast; above 0.
    Recorded(f64),
    /// As soon as the platform has replied to what went before, where it did so on the tape.
    Replies,
    /// As fast as the guardrails allow.
    Full,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Progress {
    /// Messages handed to the session.
    pub sent: u64,
    /// Messages that the platform acknowledged.
    pub acked: u64,
    /// Which part of the tape is done, in percent.
    pub percent: u8,
    /// It waits for what the platform says, rather than for the tape's time.
    pub waits: bool,
}

/// A part that is being sent.
#[derive(Debug)]
pub struct Resend {
    engine: Engine,
    entries: mpsc::Receiver<Told>,
    handle: Handle,
    span_us: Option<(u64, u64)>,
    shown: Option<watch::Sender<Progress>>,
}

/// Events looked at in one go.
const BATCH: usize = 256;

impl Default for Options {
    /// As recorded, with ten seconds of patience.
    fn default() -> Self {
        Self { pace: Pace::Recorded(1.0), patience: Duration::from_secs(10), orders: 0 }
    }
}

impl Resend {
    fn new(engine: Engine, entries: mpsc::Receiver<Told>, handle: Handle, span_us: Option<(u64, u64)>) -> Self {
        Self { engine, entries, handle, span_us, shown: None }
    }

    /// Shows its progress there from now on.
    pub fn show(&mut self, shown: watch::Sender<Progress>) {
        self.shown = Some(shown);
    }

    /// Tells it the state of the line, where that was reached before `follower` began to read.
    pub fn line(&mut self, state: LineState) {
        self.engine.line(clock::now().mono, state);
    }

    /// Sends until the end, or until `each`, which is handed every event that `follower` reads, breaks it off. When this is
    /// cancelled nothing more is sent; [`Resend::stop`] then makes the report whole.
    pub async fn run(&mut self, follower: &mut Follower, mut each: impl FnMut(&Event<'_>) -> ControlFlow<()>) {
        let name = self.handle.profile.name.clone();
        while !self.engine.has_ended() {
            self.take_in();
            while let Some(order) = self.engine.step(clock::now()) {
                if !self.handle.send(order).await {
                    self.engine.stop(Ended::Offline("its session has ended".to_owned()));
                }
                self.take_in();
            }
            if self.engine.has_ended() {
                return;
            }
            let mut flow = ControlFlow::Continue(());
            self.tell();
            let Self { engine, entries, .. } = self;
            let (wants, deadline) = (engine.wants(), engine.deadline());
            tokio::select! {
                told = entries.recv(), if wants => engine.feed(told),
                () = follower.next(BATCH, |event| {
                    if event.session == name {
                        engine.hear(clock::now().mono, event);
                    }
                    if flow.is_continue() {
                        flow = each(event);
                    }
                }) => {}
                () = sleep_until(deadline) => {}
            }
            if flow.is_break() {
                return;
            }
        }
    }

    /// Ends it, if it has not ended by itself.
    pub fn stop(&mut self) {
        self.engine.stop(Ended::Stopped);
    }

    /// What came of it so far.
    pub fn report(&self) -> &Report {
        self.engine.report()
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let all = self.engine.report().total();
        let done = match (self.span_us, self.engine.position_us()) {
            (Some((first, last)), Some(at)) if last > first => {
                (at.saturating_sub(first) * 100 / (last - first)).min(100)
            }
            (_, Some(_)) => 0,
            (_, None) => {
                if self.engine.is_waiting() || self.engine.has_ended() {
                    100
                } else {
                    0
                }
            }
        };
        Progress {
            sent: all.sent,
            acked: all.acked,
            percent: u8::try_from(done).unwrap_or(100),
            waits: self.engine.is_waiting(),
        }
    }

    fn tell(&self) {
        let Some(shown) = &self.shown else { return };
        let progress = self.progress();
        shown.send_if_modified(|known| std::mem::replace(known, progress) != progress);
    }

    fn take_in(&mut self) {
        while self.engine.wants() {
            match self.entries.try_recv() {
                Ok(told) => self.engine.feed(Some(told)),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => self.engine.feed(None),
            }
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} % of the tape, {} sent, {} acknowledged", self.percent, self.sent, self.acked)?;
        if self.waits { f.write_str(", waiting for the platform") } else { Ok(()) }
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
