//! Scenarios run: real sessions, one case after the other, each step watched by a follower of the journal.
//!
//! | file | what lives there |
//! |---|---|
//! | `stage` | platform, sessions, journal and tape of a case |
//! | `case` | the steps of a case, one after the other |
//! | `deeds`, `orders`, `expect` | what a step does: to the line, through the platform, and what it waits for |
//! | `log` | what happened, and how far each expectation has looked |
//! | `judge` | a message held against what is wanted |
//! | `words` | events and steps in words |

mod case;
mod deeds;
mod expect;
mod judge;
mod log;
mod orders;
mod stage;
mod words;

use std::path::PathBuf;

use tokio::sync::{mpsc, watch};

use super::outcome::{Case, CaseReport, Progress, Verdict};
use super::plan::{Row, Scenario};
use crate::config::tapes::usual_folder;
use crate::tape::{Destination, Settings};

/// How scenarios are run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The first failed case is the last that is run.
    pub bail: bool,
    /// What is random follows from this; the scenario's own seed, else a random one, where absent.
    pub seed: Option<u64>,
    /// Where tapes of failed cases go; the config's folder for tapes, else the current one, where absent.
    pub tapes: Option<PathBuf>,
}

/// Runs every case of `scenarios`, in order, and tells `progress` what happens. Ends early, in order, once `stop` is true; cases
/// that were not run stand in the answer too.
pub async fn run(
    scenarios: &[Scenario],
    options: &Options,
    progress: &mpsc::UnboundedSender<Progress>,
    stop: &watch::Receiver<bool>,
) -> Vec<CaseReport> {
    let mut reports: Vec<CaseReport> = Vec::new();
    for scenario in scenarios {
        let seed = options.seed.or(scenario.seed).unwrap_or_else(|| fastrand::u64(..=u64::from(u32::MAX)));
        for row in &scenario.rows {
            let reason = if *stop.borrow() {
                Some("stopped by a signal")
            } else if options.bail && reports.iter().any(|report| !report.passed()) {
                Some("an earlier one failed")
            } else {
                None
            };
            let report = if let Some(reason) = reason {
                not_run(scenario, row, seed, reason)
            } else {
                tell(progress, Progress::Began(case_of(scenario, row), seed));
                case::run(scenario, row, seed, &folder(scenario, options), progress, stop).await
            };
            tell(progress, Progress::Ended(report.clone()));
            reports.push(report);
        }
    }
    reports
}

/// Where the tape of a failed case goes.
fn folder(scenario: &Scenario, options: &Options) -> PathBuf {
    let of_config = |settings: &Settings| match &settings.destination {
        Destination::Folder { path, .. } => path.clone(),
        Destination::File(path) => usual_folder(path),
    };
    options.tapes.clone().or_else(|| scenario.tapes.as_ref().map(of_config)).unwrap_or_else(|| PathBuf::from("."))
}

/// What a row's chance follows from: the scenario's seed, and the row's place, so that rows differ.
fn seed_of(row: &Row, seed: u64) -> u64 {
    let place = row.number.and_then(|number| u64::try_from(number).ok()).unwrap_or(1);
    seed.wrapping_add(place - 1)
}

fn not_run(scenario: &Scenario, row: &Row, seed: u64, reason: &str) -> CaseReport {
    CaseReport {
        case: case_of(scenario, row),
        seed,
        steps: Vec::new(),
        took: std::time::Duration::ZERO,
        verdict: Verdict::NotRun(reason.to_owned()),
        tape: None,
        remarks: Vec::new(),
    }
}

fn case_of(scenario: &Scenario, row: &Row) -> Case {
    Case { scenario: scenario.name.clone(), file: scenario.path.clone(), row: row.number }
}

/// Whoever looked on may have gone; the run goes on all the same.
fn tell(progress: &mpsc::UnboundedSender<Progress>, what: Progress) {
    drop(progress.send(what));
}
