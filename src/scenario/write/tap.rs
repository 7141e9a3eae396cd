//! A report as TAP 14 (<https://testanything.org/tap-version-14-specification.html>): a test point a case, its steps as a subtest.

use super::{failure_lines, more, safe};
use crate::scenario::outcome::{CaseReport, StepReport, StepResult, Verdict};
use crate::text::json::write_string;

/// The whole report.
pub fn write(reports: &[CaseReport]) -> String {
    let mut out = String::from("TAP version 14\n");
    line(&mut out, "", &format!("1..{}", reports.len()));
    for (report, number) in reports.iter().zip(1..) {
        case(&mut out, report, number);
    }
    out
}

fn case(out: &mut String, report: &CaseReport, number: usize) {
    let title = description(&report.case.title());
    if !report.steps.is_empty() {
        line(out, "", &format!("# Subtest: {title}"));
        for (step, number) in report.steps.iter().zip(1..) {
            self::step(out, step, number);
        }
        line(out, "    ", &format!("1..{}", report.steps.len()));
    }
    match &report.verdict {
        Verdict::Passed => line(out, "", &format!("ok {number} - {title}")),
        Verdict::NotRun(why) => line(out, "", &format!("ok {number} - {title} # SKIP {}", description(why))),
        Verdict::Failed { .. } => {
            line(out, "", &format!("not ok {number} - {title}"));
            line(out, "  ", "---");
            entry(out, "  ", "file", &report.case.file.display().to_string());
            line(out, "  ", &format!("seed: {}", report.seed));
            if let Some((step, failure)) = report.failure() {
                entry(out, "  ", "step", &step.name);
                entry(out, "  ", "message", &failure.message);
            }
            for remark in &report.remarks {
                entry(out, "  ", "remark", remark);
            }
            if let Some(tape) = &report.tape {
                entry(out, "  ", "tape", &tape.display().to_string());
            }
            line(out, "  ", "...");
        }
    }
}

fn step(out: &mut String, step: &StepReport, number: usize) {
    const INDENT: &str = "    ";
    let name = description(&step.name);
    match &step.result {
        StepResult::Passed(_) => line(out, INDENT, &format!("ok {number} - {name}")),
        StepResult::Skipped(_) => {
            let why = more(&step.result).map(|why| format!(" {}", description(&why))).unwrap_or_default();
            line(out, INDENT, &format!("ok {number} - {name} # SKIP{why}"));
        }
        StepResult::Failed(failure) => {
            line(out, INDENT, &format!("not ok {number} - {name}"));
            line(out, INDENT, "  ---");
            entry(out, "      ", "message", &failure.message);
            line(out, "      ", &format!("line: {}", step.line));
            // The number says how far the lines are indented: the first one begins with blanks of its own.
            line(out, "      ", "details: |2");
            for told in failure_lines(failure).iter().skip(1) {
                line(out, "        ", told);
            }
            line(out, INDENT, "  ...");
        }
    }
}

/// One line of a YAML block: a JSON string is one of YAML.
fn entry(out: &mut String, indent: &str, key: &str, value: &str) {
    let mut text = String::new();
    write_string(&mut text, &safe(value));
    line(out, indent, &format!("{key}: {text}"));
}

fn line(out: &mut String, indent: &str, text: &str) {
    for part in [indent, text, "\n"] {
        out.push_str(part);
    }
}

/// A description: `#` would begin a directive.
fn description(text: &str) -> String {
    safe(text).replace('\\', "\\\\").replace('#', "\\#")
}
