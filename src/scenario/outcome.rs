//! What came of scenarios: cases, steps, and what a failed step expected and received.
//!
//! Texts stand here as they came over the wire: whoever shows them makes them safe.

use std::path::PathBuf;
use std::time::Duration;

/// A scenario with one of its data rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The scenario's name.
    pub scenario: String,
    /// Its file.
    pub file: PathBuf,
    /// The row's number, from 1; `None`: the scenario has no data.
    pub row: Option<usize>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReport {
    /// The case.
    pub case: Case,
    /// The scenario's seed: given again, it all happens again.
    pub seed: u64,
    /// Its steps, in order.
    pub steps: Vec<StepReport>,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub verdict: Verdict,
    /// Its tape, where it failed and one could be kept.
    pub tape: Option<PathBuf>,
    /// What went wrong beside the steps: a tape that could not be kept.
    pub remarks: Vec<String>,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every step did what it should.
    Passed,
    /// A step did not.
    Failed {
        /// That step was a connect, and nothing had been connected before.
        never_connected: bool,
    },
    /// It was not run: the reason.
    NotRun(String),
}

/// What came of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    /// What it does, in words.
    pub name: String,
    /// Its line in the file.
    pub line: usize,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub result: StepResult,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepResult {
    /// It did what it should; more about it, or nothing.
    Passed(String),
    /// It was passed over: the reason.
    Skipped(String),
    /// It did not.
    Failed(Box<Failure>),
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Failure {
    /// What happened, in one sentence.
    pub message: String,
    /// What was expected beside what the nearest candidate has.
    pub rows: Vec<Compared>,
    /// The nearest candidate itself: its kind, topic and payload.
    pub received: Option<String>,
    /// The last events.
    pub events: Vec<String>,
}

/// One place of an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Which: `topic`, or a path into the body.
    pub place: String,
    /// What was expected there.
    pub expected: String,
    /// What was there.
    pub received: String,
    /// Whether that is not what was expected.
    pub differs: bool,
}

/// What happens while scenarios run, for whoever looks on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A case begins, with its seed.
    Began(Case, u64),
    /// A step has ended.
    Step(StepReport),
    /// A case has ended.
    Ended(CaseReport),
}

impl Case {
    /// What it is called in reports: the scenario's name, and the row's number.
    pub fn title(&self) -> String {
        self.row.map_or_else(|| self.scenario.clone(), |row| format!("{} [row {row}]", self.scenario))
    }
}

impl CaseReport {
    /// Whether every step did what it should.
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }

    /// Why its step failed, with that step.
    pub fn failure(&self) -> Option<(&StepReport, &Failure)> {
        self.steps.iter().find_map(|step| match &step.result {
            StepResult::Failed(failure) => Some((step, &**failure)),
            _ => None,
        })
    }
}
