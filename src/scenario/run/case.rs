//! The steps of a case, one after the other, until one fails.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::judge::{Reader, Subject};
use super::log::{Letter, Log, Track};
use super::stage::Stage;
use super::{case_of, seed_of, tell, words};
use crate::scenario::file::reading::duration;
use crate::scenario::outcome::{CaseReport, Failure, Progress, StepReport, StepResult, Verdict};
use crate::scenario::plan::{Capture, Deed, Row, Scenario, Step};
use crate::scenario::value::{Text, Values};
use crate::session::Handle;
use crate::sim::Outcome;

/// Events taken from the journal at a time.
const BATCH: usize = 512;

/// A case in its run.
pub(super) struct Run<'a> {
    pub(super) stage: Stage,
    pub(super) log: Log,
    pub(super) values: Values,
    /// The request that each device waited for last.
    pub(super) asked: HashMap<usize, Letter>,
    /// How the orders of each device end, the oldest first.
    pub(super) outcomes: HashMap<usize, VecDeque<JoinHandle<Outcome>>>,
    /// The number of the last order to a session.
    number: u64,
    /// Whether a device was connected.
    connected: bool,
    stop: &'a mut watch::Receiver<bool>,
}

/// Why a step did not do what it should.
#[derive(Debug)]
pub(super) enum Halt {
    /// It failed.
    Failed(Box<Failure>),
    /// The run is to end.
    Stopped,
}

/// How a step that did not fail ended.
pub(super) enum Done {
    /// More about it, or nothing.
    Passed(String),
    /// It was passed over: the reason.
    Skipped(String),
}

/// How a wait ended without what was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// The time passed.
    Time,
    /// The run is to end.
    Stopped,
}

/// Runs a case. A tape of a failed one goes to `folder`.
pub(super) async fn run(
    scenario: &Scenario,
    row: &Row,
    seed: u64,
    folder: &Path,
    progress: &mpsc::UnboundedSender<Progress>,
    stop: &watch::Receiver<bool>,
) -> CaseReport {
    let began = Instant::now();
    let mut report = CaseReport {
        case: case_of(scenario, row),
        seed,
        steps: Vec::new(),
        took: Duration::ZERO,
        verdict: Verdict::Passed,
        tape: None,
        remarks: Vec::new(),
    };
    let own = seed_of(row, seed);
    let ready = Stage::build(scenario, own).and_then(|stage| Ok((stage, values(scenario, row, own)?)));
    let (stage, values) = match ready {
        Ok(ready) => ready,
        Err(words) => {
            report.verdict = Verdict::Failed { never_connected: false };
            report.remarks.push(words);
            return report;
        }
    };
    report.remarks.extend_from_slice(&stage.remarks);
    let mut stop = stop.clone();
    let mut run = Run {
        log: Log::new(&scenario.devices),
        stage,
        values,
        asked: HashMap::new(),
        outcomes: HashMap::new(),
        number: 0,
        connected: false,
        stop: &mut stop,
    };
    run.steps(scenario, &mut report, progress).await;
    let Run { stage, outcomes, .. } = run;
    outcomes.into_values().flatten().for_each(|outcome| outcome.abort());
    let name = file_name(&report);
    let kept = matches!(report.verdict, Verdict::Failed { .. }).then_some((folder, name.as_str()));
    let hurried = matches!(report.verdict, Verdict::NotRun(_));
    match stage.leave(kept, hurried).await {
        Some(Ok(path)) => report.tape = Some(path),
        Some(Err(words)) => report.remarks.push(words),
        None => {}
    }
    report.took = began.elapsed();
    report
}

impl Run<'_> {
    async fn steps(
        &mut self,
        scenario: &Scenario,
        report: &mut CaseReport,
        progress: &mpsc::UnboundedSender<Progress>,
    ) {
        for step in &scenario.steps {
            self.values.begin();
            let name = self.title(scenario, step);
            let began = Instant::now();
            let result = if report.passed() {
                match self.step(step).await {
                    Ok(Done::Passed(more)) => StepResult::Passed(more),
                    Ok(Done::Skipped(why)) => StepResult::Skipped(why),
                    Err(Halt::Failed(mut failure)) => {
                        failure.events.extend(self.stage.oddities());
                        let never_connected = matches!(step.deed, Deed::Connect { .. }) && !self.connected;
                        report.verdict = Verdict::Failed { never_connected };
                        StepResult::Failed(failure)
                    }
                    Err(Halt::Stopped) => {
                        report.verdict = Verdict::NotRun("stopped by a signal".to_owned());
                        StepResult::Skipped("stopped by a signal".to_owned())
                    }
                }
            } else {
                StepResult::Skipped("an earlier step did not pass".to_owned())
            };
            self.connected |= matches!((&step.deed, &result), (Deed::Connect { .. }, StepResult::Passed(_)));
            let told = StepReport { name, line: step.line, took: began.elapsed(), result };
            tell(progress, Progress::Step(told.clone()));
            report.steps.push(told);
        }
    }

    /// What a step is called: by its file, else by what it does.
    fn title(&mut self, scenario: &Scenario, step: &Step) -> String {
        // A name whose holes cannot be filled yet is no reason to fail.
        let own = step.name.as_ref().and_then(|name| name.fill(&mut self.values).ok());
        own.unwrap_or_else(|| words::step(step, scenario.devices.get(step.device).map_or("", String::as_str)))
    }

    async fn step(&mut self, step: &Step) -> Result<Done, Halt> {
        // What came since the last step is known before this one looks.
        self.catch_up();
        let device = step.device;
        let within = self.span(step.within.as_ref(), usual_time(&step.deed))?;
        match &step.deed {
            Deed::Connect { wait, retry } => self.connect(device, *wait, *retry, within).await,
            Deed::Disconnect => self.disconnect(device, within).await,
            Deed::ExpectState { state, code } => self.expect_state(device, *state, code.as_ref(), within).await,
            Deed::Publish(sending) => self.publish(device, sending, within).await,
            Deed::Report { properties, capture } => self.report(device, properties, capture, within).await,
            Deed::WaitRequest(wanted) => self.expect_message(device, wanted, true, within).await,
            Deed::Answer(reply) => self.answer(device, reply, within).await,
            Deed::ExpectMessage(wanted) => self.expect_message(device, wanted, false, within).await,
            Deed::ExpectNoMessage { wanted, during } => {
                let during = self.span(Some(during), Duration::ZERO)?;
                self.expect_no_message(device, wanted, during).await
            }
            Deed::Cut => self.cut(device, within).await,
            Deed::Pause(time) => {
                let time = self.span(Some(time), Duration::ZERO)?;
                self.pause(time).await
            }
            Deed::Assert { that, matcher } => self.assert(that, matcher),
            Deed::Order(order) => self.order(device, order),
            Deed::ExpectOutcome(ending) => self.expect_outcome(device, ending, within).await,
            Deed::Note(text) => self.note(device, text),
            Deed::Switch { what, on } => self.switch(device, what, *on, within).await,
            Deed::SetProperties(properties) => self.set_properties(device, properties, within).await,
            Deed::GoSilent => self.go_silent(device),
            Deed::RefuseNext { count, how } => Ok(self.refuse_next(*count, *how)),
        }
    }

    /// Waits until `look` finds something in the log, or `deadline` has passed. What came meanwhile is in the log.
    pub(super) async fn until<T>(
        &mut self,
        deadline: Instant,
        mut look: impl FnMut(&mut Log) -> Option<T>,
    ) -> Result<T, Missed> {
        loop {
            if let Some(found) = look(&mut self.log) {
                return Ok(found);
            }
            let Self { stage, log, stop, .. } = self;
            tokio::select! {
                biased;
                Ok(_) = stop.wait_for(|stop| *stop) => return Err(Missed::Stopped),
                () = tokio::time::sleep_until(deadline) => {
                    while stage.follower.take(BATCH, |event| log.take(event)) > 0 {}
                    return look(log).ok_or(Missed::Time);
                }
                () = stage.follower.next(BATCH, |event| log.take(event)) => {}
            }
        }
    }

    /// Waits for `work`, at most until `deadline`. What comes meanwhile goes into the log.
    pub(super) async fn during<T>(&mut self, deadline: Instant, work: impl Future<Output = T>) -> Result<T, Missed> {
        let mut work = std::pin::pin!(work);
        loop {
            let Self { stage, log, stop, .. } = self;
            tokio::select! {
                biased;
                Ok(_) = stop.wait_for(|stop| *stop) => return Err(Missed::Stopped),
                done = &mut work => return Ok(done),
                () = tokio::time::sleep_until(deadline) => return Err(Missed::Time),
                () = stage.follower.next(BATCH, |event| log.take(event)) => {}
            }
        }
    }

    fn catch_up(&mut self) {
        let Self { stage, log, .. } = self;
        while stage.follower.take(BATCH, |event| log.take(event)) > 0 {}
    }

    /// A number that no order had before.
    pub(super) fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// The session of the device at that place.
    pub(super) fn handle(&self, device: usize) -> Result<Handle, Halt> {
        self.stage.handles.get(device).cloned().ok_or_else(|| failed("the scenario has no such device"))
    }

    /// What happened to the device at that place.
    pub(super) fn track(&mut self, device: usize) -> Result<&mut Track, Halt> {
        self.log.device(device).ok_or_else(|| failed("the scenario has no such device"))
    }

    /// The device as which messages are read.
    pub(super) fn reader(&self, device: usize) -> Result<Reader, Halt> {
        let handle = self.handle(device)?;
        Ok(Reader { cloud: handle.profile.identity.cloud(), platform: handle.platform })
    }

    /// A duration with its holes filled; `usual` where there is none.
    pub(super) fn span(&mut self, text: Option<&Text>, usual: Duration) -> Result<Duration, Halt> {
        let Some(text) = text else { return Ok(usual) };
        let filled = text.fill(&mut self.values).map_err(failed)?;
        duration(&filled).ok_or_else(|| failed(format!("`{filled}` is no time such as \"500ms\" or \"5s\"")))
    }

    /// Keeps what is to be kept of a message.
    pub(super) fn capture(&mut self, captures: &[Capture], reader: &Reader, letter: &Letter) -> Result<(), Halt> {
        let subject = Subject::new(reader, letter);
        for capture in captures {
            let value: Option<Value> = subject.find(&capture.path);
            let Some(value) = value else {
                let message = format!("there is nothing at {} to be kept as `{}`", capture.path, capture.name);
                let failure = Failure { message, received: Some(words::letter(letter)), ..Failure::default() };
                return Err(Halt::Failed(Box::new(failure)));
            };
            self.values.set(&capture.name, value);
        }
        Ok(())
    }

    /// A failure with the last events.
    pub(super) fn fail(&self, failure: Failure) -> Halt {
        Halt::Failed(Box::new(Failure { events: self.log.lines(), ..failure }))
    }

    /// As [`Run::fail`], where a sentence says it all; the run's end is no failure.
    pub(super) fn missed(&self, missed: Missed, message: impl Into<String>) -> Halt {
        match missed {
            Missed::Stopped => Halt::Stopped,
            Missed::Time => self.fail(Failure { message: message.into(), ..Failure::default() }),
        }
    }
}

/// A failure of the scenario itself, which no event explains.
pub(super) fn failed(message: impl Into<String>) -> Halt {
    Halt::Failed(Box::new(Failure { message: message.into(), ..Failure::default() }))
}

/// How long a step may take unless it says otherwise.
fn usual_time(deed: &Deed) -> Duration {
    match deed {
        Deed::Connect { .. } => Duration::from_secs(15),
        // Huawei waits 20 s for an answer, and no cloud longer.
        Deed::ExpectOutcome(_) => Duration::from_secs(25),
        _ => Duration::from_secs(5),
    }
}

/// The values that holes are filled with at the beginning.
fn values(scenario: &Scenario, row: &Row, seed: u64) -> Result<Values, String> {
    let mut values = Values::new(seed);
    for (column, value) in &row.columns {
        values.set(&format!("row.{column}"), value.clone());
    }
    for (name, form) in &scenario.vars {
        values.begin();
        let value = form.fill(&mut values).map_err(|words| format!("variable `{name}`: {words}"))?;
        values.set(name, value);
    }
    Ok(values)
}

/// The name of a failed case's tape, without its ending.
fn file_name(report: &CaseReport) -> String {
    const LONGEST: usize = 100;
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = report.case.scenario.chars().take(LONGEST).map(plain).collect();
    let name = name.trim_start_matches('.');
    let row = report.case.row.map(|row| format!("-{row}")).unwrap_or_default();
    format!("{}{row}-failed", if name.is_empty() { "scenario" } else { name })
}
