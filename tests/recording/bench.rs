//! What these tests share: an embedded platform in this process, a config with a folder for tapes, and tapes read back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use standin::config::write;
use standin::mqtt::Qos;
use standin::sim::{Options, Platform};
use standin::tape::{Ending, Tape};
use tokio::runtime::Runtime;

use crate::support::{self, standin, until};

/// A platform, and a config of its devices.
pub struct Bench {
    pub runtime: Runtime,
    pub platform: Platform,
    pub folder: tempfile::TempDir,
    pub config: PathBuf,
}

impl Bench {
    /// `top` stands before the devices, `record` names those with `record = true`.
    pub fn new(top: &str, record: &[&str]) -> Self {
        let runtime = Runtime::new().unwrap();
        let platform = {
            let _inside = runtime.enter();
            Platform::start(Options::default()).unwrap()
        };
        let folder = tempfile::tempdir().unwrap();
        let mut profiles = platform.profiles();
        for profile in &mut profiles {
            profile.record = record.contains(&profile.name.as_str());
        }
        let config = folder.path().join("config.toml");
        let tapes = if top.contains("[tapes]") { "" } else { "[tapes]\n" };
        let place = format!("folder = \"{}\"\n", folder.path().join("tapes").display());
        let text = format!("{top}{tapes}{place}\n{}", write::to_toml(&profiles));
        write::create_private(&config, &text).unwrap();
        Self { runtime, platform, folder, config }
    }

    /// The tapes in the folder, by name.
    pub fn tapes(&self) -> Vec<PathBuf> {
        tapes_in(&self.folder.path().join("tapes"))
    }

    /// Sends a message to `device` once it has subscribed, in so many copies numbered from 0.
    pub fn send(&self, device: &str, topic: &str, count: usize) {
        until("the device is online", || self.platform.is_online(device));
        for number in 0..count {
            let payload = format!("{{\"number\":{number},\"password\":\"hunter2\"}}");
            until("there is room", || {
                self.platform.publish_to(device, topic, payload.clone(), Qos::AtLeastOnce, false)
            });
        }
    }

    /// Starts the program, its standard error in a file.
    pub fn start(&self, args: &[&str]) -> Program {
        self.start_by(standin().arg("--config").arg(&self.config).args(args))
    }

    /// As [`Bench::start`], by a command of the test's own.
    pub fn start_by(&self, command: &mut Command) -> Program {
        let said = self.folder.path().join("said");
        let file = fs::File::create(&said).unwrap();
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(file).spawn().unwrap();
        Program { child, said }
    }
}

/// A running program. It does not outlive its test.
pub struct Program {
    child: Child,
    said: PathBuf,
}

impl Program {
    /// What it said on standard error so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap()
    }

    /// Waits until it has said `words`.
    pub fn says(&self, words: &str) {
        let said = || self.said().contains(words);
        let end = Instant::now() + support::PATIENCE;
        while !said() {
            assert!(Instant::now() < end, "it did not say {words:?}:\n{}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Ends its standard input.
    pub fn end_input(&mut self) {
        self.child.stdin = None;
    }

    /// Waits for its end and answers its exit status.
    pub fn exit(&mut self) -> Option<i32> {
        let mut status = None;
        until("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone, unless the test failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The tapes in a folder, by name.
pub fn tapes_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut tapes: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    tapes.sort();
    tapes
}

/// Waits until a tape that is being written has `count` messages from the platform.
pub fn received(path: &Path, count: usize) {
    let is_rx = |event: &Value| event["kind"] == "rx";
    until("the messages are on the tape", || {
        Tape::open(path).is_ok_and(|tape| events(&tape).into_iter().filter(is_rx).count() >= count)
    });
}

/// A tape that ended in order and on which nothing is missing: its events.
pub fn whole(path: &Path) -> Vec<Value> {
    let tape = Tape::open(path).unwrap();
    assert_eq!(tape.ending(), Ending::Whole, "{}", path.display());
    assert!(tape.faults().is_empty(), "{:?}", tape.faults());
    let events = events(&tape);
    for (number, event) in (1..).zip(&events) {
        assert_eq!(event["seq"], number);
    }
    events
}

/// The events of a tape.
pub fn events(tape: &Tape) -> Vec<Value> {
    let mut events = Vec::new();
    for place in 0..tape.chunks().len() {
        let chunk = tape.chunk(place).unwrap();
        events.extend((0..chunk.len()).map(|line| serde_json::from_slice::<Value>(chunk.line(line).unwrap()).unwrap()));
    }
    events
}

/// How many of `events` are of that kind, and of that session.
pub fn count(events: &[Value], kind: &str, session: &str) -> usize {
    events.iter().filter(|event| event["kind"] == kind && event["session"] == session).count()
}
