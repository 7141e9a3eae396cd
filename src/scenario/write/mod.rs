//! Reports of scenarios: as text for a person, as TAP 14, as JUnit's XML.
//!
//! What lives here: pure writers of what came of a run. Every text that came from a file or over the wire is made safe here.

pub mod junit;
pub mod tap;
#[cfg(test)]
mod tests;
pub mod text;

use std::time::Duration;

use super::outcome::{CaseReport, Compared, Failure, StepResult, Verdict};
use crate::text::Safe;

/// Cells of a value that stands beside another; longer ones are cut, and stand whole below.
const COLUMN: usize = 56;

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Every step did what it should.
    pub passed: usize,
    /// A step did not.
    pub failed: usize,
    /// Not run, or not to the end.
    pub not_run: usize,
}

impl Tally {
    /// Counts.
    pub fn of(reports: &[CaseReport]) -> Self {
        reports.iter().fold(Self::default(), |mut tally, report| {
            match report.verdict {
                Verdict::Passed => tally.passed += 1,
                Verdict::Failed { .. } => tally.failed += 1,
                Verdict::NotRun(_) => tally.not_run += 1,
            }
            tally
        })
    }
}

/// A failure in lines, the first of which says what happened: then expected and received side by side, the nearest candidate,
/// and the last events.
fn failure_lines(failure: &Failure) -> Vec<String> {
    let mut lines = vec![safe(&failure.message)];
    lines.extend(side_by_side(&failure.rows));
    lines.extend(failure.received.as_ref().map(|received| format!("received: {}", safe(received))));
    if !failure.events.is_empty() {
        lines.push("the last events:".to_owned());
        lines.extend(failure.events.iter().map(|event| format!("  {}", safe(event))));
    }
    lines
}

/// Places with what was expected and what was received; a `!` stands before those that differ.
fn side_by_side(rows: &[Compared]) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let cell = |text: &str| {
        let text = Safe::new(text);
        if text.width() <= COLUMN {
            return text;
        }
        let mut cut = text.cut(COLUMN - 1);
        cut.push(&Safe::new("…"));
        cut
    };
    let head = [Safe::from_static(""), Safe::from_static("expected"), Safe::from_static("received")];
    let cells = rows.iter().map(|row| [cell(&row.place), cell(&row.expected), cell(&row.received)]);
    let cells: Vec<[Safe; 3]> = std::iter::once(head).chain(cells).collect();
    let widths =
        [0, 1].map(|column: usize| cells.iter().filter_map(|row| row.get(column)).map(Safe::width).max().unwrap_or(0));
    let differs = std::iter::once(false).chain(rows.iter().map(|row| row.differs));
    cells
        .iter()
        .zip(differs)
        .map(|([place, expected, received], differs)| {
            let pad = |text: &Safe, width: usize| " ".repeat(width.saturating_sub(text.width()));
            let [first, second] = widths;
            let sign = if differs { "!" } else { " " };
            let (place_pad, expected_pad) = (pad(place, first), pad(expected, second));
            let line = format!(
                "{sign} {}{place_pad}  {}{expected_pad} | {}",
                place.as_str(),
                expected.as_str(),
                received.as_str()
            );
            line.trim_end().to_owned()
        })
        .collect()
}

/// More about a step that did not fail.
fn more(result: &StepResult) -> Option<String> {
    match result {
        StepResult::Passed(more) | StepResult::Skipped(more) if !more.is_empty() => Some(safe(more)),
        _ => None,
    }
}

/// A duration as a person reads it.
fn time(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// "1 passed", "2 passed, 1 failed", with zeros left out.
fn counted(tally: Tally) -> String {
    let words = [(tally.passed, "passed"), (tally.failed, "failed"), (tally.not_run, "not run")];
    let said: Vec<String> =
        words.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if said.is_empty() { "nothing to run".to_owned() } else { said.join(", ") }
}

fn safe(text: &str) -> String {
    Safe::new(text).as_str().to_owned()
}
