//! What the tests that run the program share: a folder of its own, a config, the program's process and its events.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test binary uses its own part of this")]

pub mod authority;
pub mod console;
pub mod forge;
pub mod mosquitto;
pub mod paho;
pub mod platform;
pub mod pty;
pub mod reel;
pub mod sequences;
pub mod tape;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a condition is awaited before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Says that a test passes without its work, for want of `peer`. Where `STANDIN_INTEROP` is set, as in CI, that fails it.
pub fn skip(peer: &str) {
    assert!(std::env::var_os("STANDIN_INTEROP").is_none(), "STANDIN_INTEROP is set, and this machine has no {peer}");
    eprintln!("skipped: this machine has no {peer}");
}

/// The program under test.
pub fn standin() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.env_remove("STANDIN_CONFIG").env("TZ", "UTC");
    command
}

/// Another program, in an environment like that of the program under test.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("TERM", "xterm-256color").env("TZ", "UTC");
    command
}

/// Runs the program to its end.
pub fn run(config: &Path, args: &[&str]) -> Output {
    standin().arg("--config").arg(config).args(args).stdin(Stdio::null()).output().unwrap()
}

/// Standard error as text.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Writes a config that only its owner can read.
pub fn write_config(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("config.toml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// Waits until `holds`, or fails with `what`.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A running program that prints events as JSON lines.
pub struct Running {
    child: Child,
    input: Option<ChildStdin>,
    events: Receiver<Value>,
    seen: Vec<Value>,
}

impl Running {
    /// Starts the program with `args`.
    pub fn start(config: &Path, args: &[&str]) -> Self {
        let mut child = standin()
            .arg("--config")
            .arg(config)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in output.lines() {
                let line = line.unwrap();
                let event = serde_json::from_str(&line).unwrap_or_else(|error| panic!("no JSON: {error}: {line}"));
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Self { child, input, events, seen: Vec::new() }
    }

    /// Gives an order to `drive`.
    pub fn order(&mut self, order: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{order}").unwrap();
    }

    /// Ends standard input.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// The first event that matches, among those seen and those to come; each is answered once.
    pub fn event(&mut self, what: &str, matches: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.seen.iter().position(&matches) {
            return self.seen.remove(place);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            match self.events.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(event) if matches(&event) => return event,
                Ok(event) => self.seen.push(event),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no event within {PATIENCE:?}: {what}; seen: {:#?}", self.seen)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the program ended before: {what}; seen: {:#?}", self.seen)
                }
            }
        }
    }

    /// Waits for a state of a session.
    pub fn state(&mut self, session: &str, state: &str) -> Value {
        self.event(&format!("{session} {state}"), |event| {
            event["kind"] == "state" && event["session"] == session && event["state"] == state
        })
    }

    /// Kills the program at once, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The process id, for signals.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the program's end and answers its exit status; `None`: a signal ended it raw.
    pub fn exit(&mut self) -> Option<i32> {
        self.end_input();
        let mut status = None;
        until("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }

    /// All events that were not answered yet, after the end.
    pub fn rest(&mut self) -> Vec<Value> {
        self.seen.extend(self.events.iter());
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone in most tests; a failed one must not leave it behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
