//! `standin platform` as a process, ended whatever happens to its test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use super::standin;

/// A running `standin platform`.
pub struct Process {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it with these arguments.
    pub fn platform(arguments: &[&str]) -> Self {
        let child =
            standin().arg("platform").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        Self::of(child)
    }

    /// One that was started with its standard output piped.
    pub fn of(mut child: Child) -> Self {
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// The next line of its standard output; empty when there is none any more.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// Sends it a signal and waits for its end.
    pub fn end_by(mut self, signal: &str) -> ExitStatus {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already, and then there is nothing to kill.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
