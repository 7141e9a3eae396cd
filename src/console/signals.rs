//! The signals that the console answers.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// Leave; its number.
    Leave(i32),
    /// The terminal has another size.
    Resized,
    /// The program goes on after it was stopped: the terminal may have been used meanwhile.
    Continued,
}

/// The signals, listened to from the moment this is made.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    quit: Signal,
    resized: Signal,
    continued: Signal,
}

/// SIGCONT, which tokio has no name for.
const CONTINUE: i32 = rustix::process::Signal::CONT.as_raw();

impl Signals {
    /// Starts to listen. Must be called in a tokio runtime.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            resized: signal(SignalKind::window_change())?,
            continued: signal(SignalKind::from_raw(CONTINUE))?,
        })
    }

    /// The next signal. Nothing is lost when the waiting is given up.
    pub async fn next(&mut self) -> Came {
        let number = |kind: SignalKind| Came::Leave(kind.as_raw_value());
        tokio::select! {
            _ = self.terminate.recv() => number(SignalKind::terminate()),
            _ = self.hang_up.recv() => number(SignalKind::hangup()),
            _ = self.interrupt.recv() => number(SignalKind::interrupt()),
            _ = self.quit.recv() => number(SignalKind::quit()),
            _ = self.resized.recv() => Came::Resized,
            _ = self.continued.recv() => Came::Continued,
        }
    }
}
