//! A report as JUnit's XML, as CI servers read it: a suite a file, a test case a data row.

use std::time::Duration;

use super::{Tally, failure_lines, more, safe, time};
use crate::scenario::outcome::{CaseReport, StepResult, Verdict};

/// The whole report of what took so long.
pub fn write(reports: &[CaseReport], took: Duration) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    open(&mut out, 0, "testsuites", &[("name", "standin test".to_owned())], reports, took);
    // Cases of one file lie together, in the order in which they were run.
    for suite in reports.chunk_by(|a, b| a.case.file == b.case.file && a.case.scenario == b.case.scenario) {
        let Some(first) = suite.first() else { continue };
        let took = suite.iter().map(|report| report.took).sum();
        let about = [("name", first.case.scenario.clone()), ("file", first.case.file.display().to_string())];
        open(&mut out, 1, "testsuite", &about, suite, took);
        for report in suite {
            case(&mut out, report);
        }
        line(&mut out, 1, "</testsuite>");
    }
    line(&mut out, 0, "</testsuites>");
    out
}

/// The opening tag of a suite, with its counts.
fn open(out: &mut String, depth: usize, tag: &str, about: &[(&str, String)], reports: &[CaseReport], took: Duration) {
    let tally = Tally::of(reports);
    let errors = reports.iter().filter(|report| is_error(report)).count();
    let counts = [
        ("tests", reports.len().to_string()),
        ("failures", (tally.failed - errors).to_string()),
        ("errors", errors.to_string()),
        ("skipped", tally.not_run.to_string()),
        ("time", seconds(took)),
    ];
    line(out, depth, &format!("<{tag}{}>", attributes(about.iter().chain(&counts))));
}

fn case(out: &mut String, report: &CaseReport) {
    let about = [
        ("name", report.case.title()),
        ("classname", report.case.scenario.clone()),
        ("file", report.case.file.display().to_string()),
        ("time", seconds(report.took)),
    ];
    line(out, 2, &format!("<testcase{}>", attributes(about.iter())));
    match &report.verdict {
        Verdict::Passed => {}
        Verdict::NotRun(why) => {
            line(out, 3, &format!("<skipped{}/>", attributes([("message", why.clone())].iter())));
        }
        Verdict::Failed { .. } => failure(out, report),
    }
    line(out, 3, &format!("<system-out>{}</system-out>", content(&steps(report).join("\n"))));
    line(out, 2, "</testcase>");
}

fn failure(out: &mut String, report: &CaseReport) {
    let remarks = || report.remarks.iter().map(|remark| safe(remark));
    let tape = report.tape.as_ref().map(|tape| format!("tape: {}", safe(&tape.display().to_string())));
    let seed = format!("seed: {}", report.seed);
    let (tag, message, lines) = match report.failure() {
        Some((step, failure)) => {
            let message = format!("line {}: {}: {}", step.line, step.name, failure.message);
            ("failure", message, failure_lines(failure))
        }
        None => ("error", remarks().collect::<Vec<_>>().join("; "), Vec::new()),
    };
    let lines: Vec<String> = lines.into_iter().chain(remarks()).chain(tape).chain([seed]).collect();
    let about = [("message", message), ("type", "scenario".to_owned())];
    line(out, 3, &format!("<{tag}{}>{}</{tag}>", attributes(about.iter()), content(&lines.join("\n"))));
}

/// One line a step.
fn steps(report: &CaseReport) -> Vec<String> {
    let lines = report.steps.iter().map(|step| {
        let sign = match &step.result {
            StepResult::Passed(_) => "ok",
            StepResult::Skipped(_) => "-",
            StepResult::Failed(_) => "FAIL",
        };
        let more = more(&step.result).map(|more| format!(": {more}")).unwrap_or_default();
        format!("{sign} {} ({}){more}", safe(&step.name), time(step.took))
    });
    lines.collect()
}

/// It failed before its first step.
fn is_error(report: &CaseReport) -> bool {
    matches!(report.verdict, Verdict::Failed { .. }) && report.failure().is_none() && report.steps.is_empty()
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

fn line(out: &mut String, depth: usize, text: &str) {
    for part in [&"  ".repeat(depth), text, "\n"] {
        out.push_str(part);
    }
}

fn attributes<'a>(pairs: impl Iterator<Item = &'a (&'a str, String)>) -> String {
    let mut all = String::new();
    for (name, value) in pairs {
        let value = content(&safe(value));
        for part in [" ", name, "=\"", &value, "\""] {
            all.push_str(part);
        }
    }
    all
}

/// Text between tags or quotes: what XML gives a meaning to is escaped, and what XML 1.0 (section 2.2) has no place for is left out.
fn content(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'.. => out.push(c),
            _ => {}
        }
    }
    out
}
