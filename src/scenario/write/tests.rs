//! The reports of one run, in all formats, with texts in it that nobody should print raw.

use std::path::PathBuf;
use std::time::Duration;

use super::text::Colours;
use super::*;
use crate::scenario::outcome::{Case, Progress, StepReport};

fn step(name: &str, line: usize, millis: u64, result: StepResult) -> StepReport {
    StepReport { name: name.to_owned(), line, took: Duration::from_millis(millis), result }
}

fn case(row: Option<usize>, steps: Vec<StepReport>, millis: u64, verdict: Verdict) -> CaseReport {
    let case = Case { scenario: "a & b #1".to_owned(), file: PathBuf::from("t/a.toml"), row };
    let took = Duration::from_millis(millis);
    CaseReport { case, seed: 7, steps, took, verdict, tape: None, remarks: Vec::new() }
}

fn compared(place: &str, expected: &str, received: &str) -> Compared {
    let owned = str::to_owned;
    Compared {
        place: owned(place),
        expected: owned(expected),
        received: owned(received),
        differs: expected != received,
    }
}

fn reports() -> Vec<CaseReport> {
    let failure = Failure {
        message: "no such command within 5.0 s".to_owned(),
        rows: vec![
            compared("what", "command", "command"),
            compared("/paras/value", "1", "\"温度\u{1B}[31m\""),
            compared("/note", "\"<&>\"", &"x".repeat(80)),
        ],
        received: Some("command t {\"a\":\"\u{0}\u{FFFE}]]>\"}".to_owned()),
        events: vec!["0.004 d online".to_owned()],
    };
    let steps = vec![
        step("d connect", 3, 12, StepResult::Passed("refused a".to_owned())),
        step("d wait_request", 6, 5_000, StepResult::Failed(Box::new(failure))),
        step("d answer", 9, 0, StepResult::Skipped("an earlier step did not pass".to_owned())),
    ];
    let mut failed = case(Some(1), steps, 5_012, Verdict::Failed { never_connected: false });
    failed.tape = Some(PathBuf::from("a-1-failed.mcap"));
    let mut broken = case(Some(2), Vec::new(), 1, Verdict::Failed { never_connected: false });
    broken.remarks.push("the embedded platform could not start: no port".to_owned());
    let passed = case(None, vec![step("d connect", 3, 12, StepResult::Passed(String::new()))], 12, Verdict::Passed);
    let not_run = case(None, Vec::new(), 0, Verdict::NotRun("an earlier one failed".to_owned()));
    vec![failed, broken, passed, not_run]
}

fn as_text(colours: Colours) -> String {
    let mut out = String::new();
    for report in reports() {
        if !matches!(report.verdict, Verdict::NotRun(_)) {
            text::write(&mut out, &Progress::Began(report.case.clone(), report.seed), colours);
        }
        report.steps.iter().for_each(|step| text::write(&mut out, &Progress::Step(step.clone()), colours));
        text::write(&mut out, &Progress::Ended(report), colours);
    }
    text::write_sum(&mut out, &reports(), Duration::from_millis(5_025), colours);
    out
}

#[test]
fn text_for_a_person() {
    insta::assert_snapshot!(as_text(Colours::Off));
}

#[test]
fn colours_change_nothing_but_colours() {
    let mut plain = as_text(Colours::On);
    for code in ["\u{1B}[32m", "\u{1B}[31m", "\u{1B}[2m", "\u{1B}[0m"] {
        assert!(plain.contains(code), "{code:?} is used");
        plain = plain.replace(code, "");
    }
    assert_eq!(plain, as_text(Colours::Off));
}

#[test]
fn tap_version_14() {
    insta::assert_snapshot!(tap::write(&reports()));
}

#[test]
fn junit_xml() {
    insta::assert_snapshot!(junit::write(&reports(), Duration::from_millis(5_025)));
}

#[test]
fn nothing_reaches_a_report_raw() {
    let all = [as_text(Colours::Off), tap::write(&reports()), junit::write(&reports(), Duration::ZERO)];
    for report in all {
        assert!(report.chars().all(|c| c == '\n' || !c.is_control()), "{report}");
        assert!(!report.contains('\u{FFFE}'), "XML has no place for it");
    }
}
