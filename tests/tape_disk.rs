//! Recording onto a real disk that is too small: a tmpfs of two megabytes, in a mount namespace of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use standin::event::{Event, Kind, Moment, WallTime};
use standin::tape::{Destination, Settings, Writer};
use support::tape::{START, recorded};

/// Where the inner tests find their disk.
const DISK: &str = "STANDIN_TEST_DISK";

/// Runs a test of this file with a disk of two megabytes.
fn on_a_small_disk(test: &str) {
    let place = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=2m standin "$0" || exit 77; exec "$@""#;
    let run = support::command("unshare")
        .args(["-rm", "sh", "-c", script])
        .arg(place.path())
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(DISK, place.path())
        .output();
    let Ok(run) = run else { return support::skip("unshare") };
    let said = [run.stdout, run.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    // 77 is ours; unshare itself ends with 1 where namespaces are forbidden.
    if run.status.code() == Some(77) || said.contains("unshare:") {
        return support::skip(&format!("right to mount a disk of its own ({})", said.trim()));
    }
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_disk_that_fills_up_keeps_the_recording_and_the_tape_goes_on_when_there_is_room() {
    on_a_small_disk("full_and_free_again");
}

#[test]
fn the_floor_of_free_space_is_as_a_full_disk() {
    on_a_small_disk("down_to_the_floor");
}

#[test]
fn a_read_only_disk_takes_no_tape_and_the_error_says_so() {
    on_a_small_disk("read_only");
}

struct Recorder {
    disk: PathBuf,
    writer: Writer,
    start: Moment,
    now: Moment,
    pushed: u64,
    random: u64,
}

impl Recorder {
    fn new(free_bytes: u64) -> Self {
        let disk = PathBuf::from(std::env::var_os(DISK).unwrap());
        let start = Moment { at: WallTime::from_unix_micros(START), mono: Instant::now() };
        let settings = Settings { free_bytes, ..Settings::new(Destination::File(disk.join("one.mcap"))) };
        let sessions = vec![recorded("one", standin::profile::Cloud::Mqtt)];
        let writer = Writer::create(settings, sessions, start).unwrap();
        Self { disk, writer, start, now: start, pushed: 0, random: 1 }
    }

    /// Twenty kilobytes that do not compress well, a tenth of a second later.
    fn push(&mut self) {
        let next = |random: &mut u64| {
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'#' + u8::try_from((*random >> 40) % 56).unwrap())
        };
        let text: String = (0..20_000).map(|_| next(&mut self.random)).collect();
        self.now = self.now.after(Duration::from_millis(100));
        self.pushed += 1;
        let mono_us = u64::try_from(self.now.mono.duration_since(self.start.mono).as_micros()).unwrap();
        let kind = Kind::Note { text: &text, order: None };
        self.writer.push(&Event { seq: self.pushed, at: self.now.at, mono_us, session: "one", kind }, self.now.mono);
        self.writer.turn(self.now.mono);
    }

    fn push_until(&mut self, holds: impl Fn(&Recorder) -> bool) {
        for _ in 0..2000 {
            self.push();
            if holds(self) {
                return;
            }
        }
        panic!("never: {:?}", self.writer.status());
    }

    fn fault(&self) -> Option<&str> {
        self.writer.status().fault.as_deref()
    }

    /// Ends the recording and holds the tape against what was pushed and missed.
    fn check(self) {
        let path = self.disk.join("one.mcap");
        let status = self.writer.finish(self.now.mono);
        assert_eq!(status.fault, None);
        let bytes = fs::read(path).unwrap();
        assert!(mcap::Summary::read(&bytes).unwrap().is_some());
        let line = |message: mcap::Message<'_>| serde_json::from_slice::<Value>(&message.data).unwrap();
        let lines: Vec<_> = mcap::MessageStream::new(&bytes).unwrap().map(|message| line(message.unwrap())).collect();
        let gaps: Vec<_> = lines.iter().filter(|line| line["kind"] == "gap").collect();
        let missing: u64 = gaps.iter().map(|gap| gap["count"].as_u64().unwrap()).sum();
        assert!(missing > 0);
        assert_eq!(missing, status.missing);
        assert_eq!((lines.len() - gaps.len()) as u64 + missing, self.pushed);
        assert!((1..).zip(&lines).all(|(number, line): (u64, _)| line["seq"] == number));
    }
}

fn fill(path: &Path) {
    // As much as there is: the last write is cut short or refused.
    let error = fs::write(path, vec![0; 4 << 20]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
#[ignore = "runs inside a namespace of its own"]
fn full_and_free_again() {
    let mut recorder = Recorder::new(0);
    let ballast = recorder.disk.join("ballast");
    fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    for _ in 0..2 {
        recorder.push_until(|recorder| recorder.fault().is_some());
        assert!(recorder.fault().unwrap().starts_with("the disk is full"), "{:?}", recorder.fault());
        let missing = recorder.writer.status().missing;
        recorder.push();
        recorder.push();
        assert_eq!(recorder.writer.status().missing, missing + 2);
        assert_eq!(recorder.writer.kept(), recorder.pushed);
        fs::remove_file(&ballast).unwrap();
        recorder.push_until(|recorder| recorder.fault().is_none());
        recorder.push();
        fill(&ballast);
    }
    recorder.push_until(|recorder| recorder.fault().is_some());
    recorder.push();
    fs::remove_file(&ballast).unwrap();
    recorder.check();
}

#[test]
#[ignore = "runs inside a namespace of its own"]
fn down_to_the_floor() {
    // More than a twentieth of the disk: that is the floor.
    let mut recorder = Recorder::new(1 << 30);
    let ballast = recorder.disk.join("ballast");
    fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    recorder.push_until(|recorder| recorder.fault().is_some());
    assert!(recorder.fault().unwrap().starts_with("the disk is full"), "{:?}", recorder.fault());
    let used =
        fs::metadata(&ballast).unwrap().blocks() + fs::metadata(recorder.disk.join("one.mcap")).unwrap().blocks();
    let free = (2 << 20) - used * 512;
    assert!(free >= (2 << 20) / 20, "{free}");
    recorder.push();
    fs::remove_file(&ballast).unwrap();
    recorder.push_until(|recorder| recorder.fault().is_none());
    recorder.check();
}

#[test]
#[ignore = "runs inside a namespace of its own"]
fn read_only() {
    let disk = PathBuf::from(std::env::var_os(DISK).unwrap());
    let remount = |how: &str| support::command("mount").args(["-o", how]).arg(&disk).status().unwrap().success();
    assert!(remount("remount,ro"));
    let start = Moment { at: WallTime::from_unix_micros(START), mono: Instant::now() };
    let settings = Settings::new(Destination::File(disk.join("two.mcap")));
    let error = Writer::create(settings.clone(), Vec::new(), start).unwrap_err().to_string();
    assert!(error.contains("two.mcap") && error.contains("Read-only"), "{error}");
    assert!(remount("remount,rw"));
    Writer::create(settings, Vec::new(), start).unwrap();
}
