//! `standin test`, by the program itself: real scenario files against the embedded platform, reports in all formats, tapes of what
//! failed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use standin::tape::verify::verify;
use standin::tape::{Tape, Tapes};
use support::{PATIENCE, said, skip, standin, write_config};

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name)
}

/// A file of our own, in a folder that also takes the tapes.
fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn test(tapes: &Path, args: &[&str], files: &[&Path]) -> Output {
    let mut command = standin();
    command.arg("test").arg("--tapes").arg(tapes).args(args).args(files).stdin(Stdio::null());
    command.output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The names of the tapes in a folder.
fn tapes_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "mcap"))
        .collect();
    names.sort();
    names
}

#[test]
fn scenarios_of_all_clouds_pass_and_leave_no_tape() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["commands.toml", "line.toml", "rows.toml", "silent_device.toml", "switches.toml"] {
        let output = test(folder.path(), &[], &[&scenario(name)]);
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(0), "{text}{}", said(&output));
        assert!(!text.contains("FAIL") && !text.contains('\u{1B}'), "no colours where there is no terminal: {text}");
    }
    assert_eq!(tapes_in(folder.path()), [""; 0]);
}

#[test]
fn a_failed_step_shows_expected_and_received_and_leaves_a_tape_that_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let tapes = folder.path().join("made/for/it");
    let output = test(&tapes, &[], &[&scenario("fails.toml")]);
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{text}{}", said(&output));
    for line in [
        "no such command from the platform within 300 ms",
        "! /paras/value   1         | 2",
        "  /command_name  \"SILENCE\" | \"SILENCE\"",
        "smoke-01 < command $oc/devices/65f0c0de_dev01/sys/commands/request_id=",
        "an earlier step did not pass",
        "1 failed",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(tapes_in(&tapes), ["the-wrong-value-failed.mcap"]);
    let path = tapes.join("the-wrong-value-failed.mcap");
    assert!(verify(&path).unwrap().is_whole());
    let tape = Tapes::of(vec![Tape::open(&path).unwrap()]);
    assert_eq!(tape.sessions().iter().map(|session| session.name.clone()).collect::<Vec<_>>(), ["smoke-01"]);
    let online = tape.entries_from(1).filter(|entry| entry.line().windows(8).any(|part| part == b"\"online\"")).count();
    assert_eq!(online, 1);
    // A second run does not write over it.
    test(&tapes, &[], &[&scenario("fails.toml")]);
    assert_eq!(tapes_in(&tapes), ["the-wrong-value-failed-2.mcap", "the-wrong-value-failed.mcap"]);
}

#[test]
fn a_switch_that_is_not_there_fails_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "platform = {}\ndefault_device = \"meter-7\"\n[[step]]\nswitch = { simulator = \"weathr\", on = true }\n";
    let output = test(folder.path(), &[], &[&written(folder.path(), "s.toml", text)]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(printed(&output).contains("line 3: own: there is no simulator `weathr`"), "{}", printed(&output));
}

#[test]
fn rows_are_cases_of_their_own_and_bail_ends_with_the_first_failure() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("d.csv"), "value,good\n1,true\n2,false\n3,true\n").unwrap();
    let text = "name = \"rows\"\ndata = \"d.csv\"\nplatform = {}\ndefault_device = \"meter-7\"\n\
        [[step]]\nconnect = true\n[[step]]\nassert = { that = \"${row.good}\", equals = true }\n";
    let file = written(folder.path(), "s.toml", text);
    let output = test(folder.path(), &[], &[&file]);
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output).ends_with(&sum("2 passed, 1 failed", &output)), "{}", printed(&output));
    assert_eq!(tapes_in(folder.path()), ["rows-2-failed.mcap"]);
    let output = test(folder.path(), &["--bail"], &[&file, &scenario("commands.toml")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output).ends_with(&sum("1 passed, 1 failed, 2 not run", &output)), "{}", printed(&output));
    assert!(printed(&output).contains("rows [row 3]: not run: an earlier one failed"));
}

/// The last line, as it must be but for the time.
fn sum(counts: &str, output: &Output) -> String {
    let text = printed(output);
    let took = text.trim_end().rsplit(" in ").next().unwrap().to_owned();
    format!("{counts} in {took}\n")
}

#[test]
fn a_seed_makes_chance_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let text = "platform = {}\ndefault_device = \"meter-7\"\nvars = { n = \"${random 1..1000000000}\" }\n\
        [[step]]\nassert = { that = \"${n}\", equals = 0 }\n";
    let file = written(folder.path(), "chance.toml", text);
    let number = |seed: &str| {
        let text = printed(&test(folder.path(), &["--seed", seed], &[&file]));
        text.lines().find(|line| line.contains("! value")).unwrap().to_owned()
    };
    assert_eq!(number("5"), number("5"));
    assert_ne!(number("5"), number("6"));
}

#[test]
fn reports_go_to_a_file_and_text_to_whoever_looks_on() {
    let folder = tempfile::tempdir().unwrap();
    let [tap, junit] = ["r.tap", "r.xml"].map(|name| folder.path().join(name));
    for (format, path) in [("tap", &tap), ("junit", &junit)] {
        let args = ["--format", format, "--out", path.to_str().unwrap()];
        let output = test(folder.path(), &args, &[&scenario("commands.toml"), &scenario("fails.toml")]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(printed(&output).contains("1 passed, 1 failed"));
        let piped = test(folder.path(), &["--format", format], &[&scenario("commands.toml")]);
        assert_eq!(piped.status.code(), Some(0));
        assert!(printed(&piped).starts_with(if format == "tap" { "TAP version 14\n1..1\n" } else { "<?xml" }));
    }
    let tap = fs::read_to_string(&tap).unwrap();
    assert!(tap.contains("\nok 1 - commands of three clouds\n"), "{tap}");
    assert!(tap.contains("    not ok 4 - smoke-01 wait_request command\n") && tap.contains("\nnot ok 2 - "), "{tap}");
    is_read_by_others(&junit);
}

/// Python's own reader of XML finds what is in the report.
fn is_read_by_others(path: &Path) {
    const LOOK: &str = "import sys, xml.etree.ElementTree as t\n\
        r = t.parse(sys.argv[1]).getroot()\n\
        print(r.get('tests'), r.get('failures'), len(r.findall('.//testcase')), r.find('.//failure').get('message'))";
    let Ok(output) = Command::new("python3").args(["-c", LOOK]).arg(path).output() else { return skip("python3") };
    let text = printed(&output);
    assert!(
        text.starts_with("2 1 2 line 16: smoke-01 wait_request command: no such command"),
        "{text}{}",
        said(&output)
    );
}

#[test]
fn a_faulty_file_is_told_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let faulty = written(folder.path(), "f.toml", "platform = {}\n[[step]]\nconect = true\ndevice = \"meter-7\"\n");
    let output = test(folder.path(), &[], &[&scenario("commands.toml"), &faulty, &folder.path().join("none.toml")]);
    assert_eq!((output.status.code(), printed(&output)), (Some(2), String::new()));
    let words = said(&output);
    assert!(words.contains("f.toml:3:1: step 1 has an unknown key `conect`; did you mean `connect`?"), "{words}");
    assert!(words.contains("  3 | conect = true\n    | ^^^^^^"), "{words}");
    assert!(words.contains("there is no scenario at") && words.contains("none.toml"), "{words}");
    let alone = written(folder.path(), "alone.toml", "[[step]]\ndevice = \"d\"\nconnect = true\n");
    let nothing = folder.path().join("no-config.toml");
    let words = said(&test(folder.path(), &["--config", nothing.to_str().unwrap()], &[&alone]));
    assert!(words.contains("alone.toml has no devices, and there is no config at"), "{words}");
    assert!(words.contains("[platform] for the embedded platform's"), "{words}");
    let nowhere = ["--out", "/nowhere/r.xml"];
    assert_eq!(test(folder.path(), &nowhere, &[&scenario("commands.toml")]).status.code(), Some(2));
}

#[test]
fn a_report_of_a_huawei_property_in_no_service_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let text = "platform = {}\ndefault_device = \"smoke-01\"\n[[step]]\nconnect = true\n\
        [[step]]\nreport = { properties = { alarm = 1 } }\n";
    let output = test(folder.path(), &[], &[&written(folder.path(), "r.toml", text)]);
    let words = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("`alarm` is in no service: write \"service/alarm\""), "{words}");
    assert!(!words.contains("> property-report"), "{words}");
}

#[test]
fn what_the_platform_dropped_and_what_a_rule_sent_explain_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let text = "platform = {}\n[[device]]\nname = \"d\"\ncloud = \"huawei\"\nhost = \"h.example\"\ndevice_id = \"d1\"\n\
        secret = \"12345678\"\n[[device.rule]]\nname = \"wrong\"\nfault = \"wrong_request_id\"\n\
        [[step]]\nconnect = true\n\
        [[step]]\npublish = { topic = \"$oc/devices/d2/sys/properties/report\", text = \"{}\", qos = 1, force = true }\n\
        [[step]]\norder = { offer = \"command\" }\n\
        [[step]]\nexpect_outcome = \"answered\"\nwithin = \"300ms\"\n";
    let output = test(folder.path(), &[], &[&written(folder.path(), "r.toml", text)]);
    let words = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{words}{}", said(&output));
    for line in [
        "d > command-reply (by rule wrong: wrong_request_id) $oc/devices/d1/sys/commands/response/request_id=",
        "the platform on d: the message on $oc/devices/d2/sys/properties/report was dropped: ",
    ] {
        assert!(words.contains(line), "{line}: {words}");
    }
    assert!(!words.contains("subscribed to"), "{words}");
}

#[test]
fn where_nothing_could_be_connected_the_status_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = "platform = {}\ndefault_device = \"meter-7\"\n[[step]]\nrefuse_next = { connack = 4 }\n[[step]]\nconnect = true\n";
    let refused = written(folder.path(), "refused.toml", text);
    let output = test(folder.path(), &[], &[&refused]);
    assert_eq!(output.status.code(), Some(3), "{}", printed(&output));
    assert!(said(&output).contains("no scenario could connect: no connection: connack-4"), "{}", said(&output));
    let output = test(folder.path(), &[], &[&refused, &scenario("fails.toml")]);
    assert_eq!(output.status.code(), Some(1), "another one was connected");
}

#[test]
fn a_real_devices_file_runs_against_the_embedded_platform_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[[device]]\nname = \"detector\"\ncloud = \"huawei\"\nhost = \"iot.example\"\ndevice_id = \"5f_d1\"\n\
        secret = { command = [\"false\"] }\n";
    write_config(folder.path(), config);
    let text = "name = \"real\"\nconfig = \"config.toml\"\n\
        [[step]]\nconnect = true\n\
        [[step]]\norder = { offer = \"command\" }\n\
        [[step]]\nwait_request = {}\n\
        [[step]]\nanswer = { code = 0 }\n\
        [[step]]\nexpect_outcome = { code = 0 }\n";
    let file = written(folder.path(), "real.toml", text);
    let output = test(folder.path(), &["--platform"], &[&file]);
    assert_eq!(output.status.code(), Some(0), "{}{}", printed(&output), said(&output));
    // By itself it dials the real platform, for which it would need the secret.
    let output = test(folder.path(), &[], &[&file]);
    assert_eq!(output.status.code(), Some(3), "{}{}", printed(&output), said(&output));
}

#[test]
fn a_signal_ends_a_run_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let text = "platform = {}\ndefault_device = \"meter-7\"\n[[step]]\nconnect = true\n[[step]]\npause = \"60s\"\n";
    let file = written(folder.path(), "long.toml", text);
    let report = folder.path().join("r.tap");
    let mut child = standin()
        .args(["test", "--format", "tap", "--out"])
        .arg(&report)
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let connected = lines.find(|line| line.as_ref().unwrap().contains("meter-7 connect"));
    assert!(connected.is_some());
    let began = std::time::Instant::now();
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(began.elapsed() < PATIENCE, "it does not wait for the end of the step");
    assert!(rest.iter().any(|line| line.contains("stopped by a signal")), "{rest:?}");
    let tap = fs::read_to_string(&report).unwrap();
    assert!(tap.contains("ok 1 - long # SKIP stopped by a signal"), "{tap}");
}
