//! A report as text for a person: one line a step, written while it runs.

use std::time::Duration;

use super::{Tally, counted, failure_lines, more, safe, time};
use crate::scenario::outcome::{CaseReport, Progress, StepReport, StepResult, Verdict};
use crate::text::width::width;

/// Cells that a step's name has before its time.
const NAME: usize = 52;

/// Whether colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Plain text.
    Off,
    /// Green, red and dim.
    On,
}

#[derive(Clone, Copy)]
enum Tone {
    Good,
    Bad,
    Quiet,
}

/// Appends what there is to say of `progress`.
pub fn write(out: &mut String, progress: &Progress, colours: Colours) {
    match progress {
        Progress::Began(case, seed) => {
            line(
                out,
                "",
                &format!("{} ({}), seed {seed}", safe(&case.title()), safe(&case.file.display().to_string())),
            );
        }
        Progress::Step(report) => step(out, report, colours),
        Progress::Ended(report) => ended(out, report, colours),
    }
}

/// Appends the sum of it all, which took so long.
pub fn write_sum(out: &mut String, reports: &[CaseReport], took: Duration, colours: Colours) {
    let tally = Tally::of(reports);
    let tone = if tally.failed > 0 { Tone::Bad } else { Tone::Good };
    line(out, "", &format!("{} in {}", painted(&counted(tally), tone, colours), time(took)));
}

fn step(out: &mut String, report: &StepReport, colours: Colours) {
    let name = safe(&report.name);
    let pad = " ".repeat(NAME.saturating_sub(width(&name)));
    let (sign, tone) = match &report.result {
        StepResult::Passed(_) => ("ok  ", Tone::Good),
        StepResult::Skipped(_) => ("-   ", Tone::Quiet),
        StepResult::Failed(_) => ("FAIL", Tone::Bad),
    };
    let more = more(&report.result).map(|more| format!("  {}", painted(&more, Tone::Quiet, colours)));
    let took = if matches!(report.result, StepResult::Skipped(_)) { String::new() } else { time(report.took) };
    let told = format!("{} {name}{pad} {took:>8}{}", painted(sign, tone, colours), more.unwrap_or_default());
    line(out, "  ", told.trim_end());
    if let StepResult::Failed(failure) = &report.result {
        for (place, told) in failure_lines(failure).iter().enumerate() {
            let tone = if place == 0 || told.starts_with('!') { Some(Tone::Bad) } else { None };
            let told = if place == 0 { format!("line {}: {told}", report.line) } else { told.clone() };
            line(out, "       ", &tone.map_or_else(|| told.clone(), |tone| painted(&told, tone, colours)));
        }
    }
}

fn ended(out: &mut String, report: &CaseReport, colours: Colours) {
    let took = time(report.took);
    let said = match &report.verdict {
        Verdict::Passed => format!("{} after {took}", painted("passed", Tone::Good, colours)),
        Verdict::Failed { .. } => format!("{} after {took}", painted("FAILED", Tone::Bad, colours)),
        Verdict::NotRun(why) => {
            let title = safe(&report.case.title());
            let not_run = painted("not run", Tone::Quiet, colours);
            if report.steps.is_empty() { format!("{title}: {not_run}: {why}") } else { format!("{not_run}: {why}") }
        }
    };
    let indent = if report.steps.is_empty() && matches!(report.verdict, Verdict::NotRun(_)) { "" } else { "  " };
    line(out, indent, &said);
    report.remarks.iter().for_each(|remark| line(out, "  ", &painted(&safe(remark), Tone::Bad, colours)));
    if let Some(tape) = &report.tape {
        line(out, "  ", &format!("tape: {}", safe(&tape.display().to_string())));
    }
}

fn line(out: &mut String, indent: &str, text: &str) {
    for part in [indent, text, "\n"] {
        out.push_str(part);
    }
}

/// The text in its colour; it must be safe already.
fn painted(text: &str, tone: Tone, colours: Colours) -> String {
    let code = match (colours, tone) {
        (Colours::Off, _) => return text.to_owned(),
        (Colours::On, Tone::Good) => "32",
        (Colours::On, Tone::Bad) => "31",
        (Colours::On, Tone::Quiet) => "2",
    };
    format!("\u{1B}[{code}m{text}\u{1B}[0m")
}
