//! How a command ends: its outcome, its error, and the exit status that scripts rely on.
//!
//! What lives here: the statuses of the outer contract and the way an error is worded. What may not: printing from
//! anywhere but `main`, and any text that has not passed through [`Safe`].

use std::fmt;
use std::io::Write;

use crate::config::ConfigError;
use crate::text::Safe;

/// How a command ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was asked for is done.
    Done,
    /// It ran to its end, but what was asked for did not hold.
    NotHeld,
    /// A signal ended it, in order.
    Signal(u8),
}

/// The exit statuses of the outer contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: what was asked for did not hold.
    NotHeld,
    /// 2: wrong usage or config.
    Usage,
    /// 3: could not connect, or was refused.
    Connection,
    /// 4: a damaged tape.
    Tape,
    /// 128 + n: ended by signal n.
    Signal(u8),
}

/// Why a command did not do what it was told: what happened, to which device, and what to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliError {
    /// What happened, to which device or file.
    pub message: String,
    /// What to try, one line each.
    pub hints: Vec<String>,
    /// How the program exits.
    pub status: Exit,
}

impl CliError {
    /// An error that ends the program with `status`.
    pub fn new(status: Exit, message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new(), status }
    }

    /// Wrong usage or config: status 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// What was asked for did not hold: status 1.
    pub fn not_held(message: impl Into<String>) -> Self {
        Self::new(Exit::NotHeld, message)
    }

    /// Could not connect, or was refused: status 3.
    pub fn connection(message: impl Into<String>) -> Self {
        Self::new(Exit::Connection, message)
    }

    /// Adds something to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Writes the error for a person. Line by line through [`Safe`]: a config's text or a server's reason may hold
    /// anything.
    pub fn report(&self, out: &mut impl Write) {
        for line in self.to_string().lines() {
            if writeln!(out, "{}", Safe::new(line)).is_err() {
                // Standard error is closed or full: there is no one left to tell, and the exit status still stands.
                return;
            }
        }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "standin: {}", self.message)?;
        for hint in &self.hints {
            write!(f, "\n  try: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CliError {}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self { message: error.to_string(), hints: error.hints(), status: Exit::Usage }
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::NotHeld => Self::NotHeld,
            Outcome::Signal(number) => Self::Signal(number),
        }
    }
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => 0,
            Exit::NotHeld => 1,
            Exit::Usage => 2,
            Exit::Connection => 3,
            Exit::Tape => 4,
            Exit::Signal(number) => 128_u8.saturating_add(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_statuses_are_those_of_the_contract() {
        for (exit, number) in [
            (Exit::Done, 0),
            (Exit::NotHeld, 1),
            (Exit::Usage, 2),
            (Exit::Connection, 3),
            (Exit::Tape, 4),
            (Exit::Signal(2), 130),
            (Exit::Signal(15), 143),
        ] {
            assert_eq!(u8::from(exit), number);
        }
    }

    #[test]
    fn an_error_says_what_happened_and_what_to_try() {
        let error = CliError::usage("no such device").hint("look at the config");
        assert_eq!(error.to_string(), "standin: no such device\n  try: look at the config");
        assert_eq!(error.status, Exit::Usage);
    }
}
