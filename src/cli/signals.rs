//! The signals that end a command in order.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CliError;

/// Waits for SIGINT, SIGTERM and SIGHUP. Made once, before the work begins, so that none is missed. SIGHUP stays ignored
/// where the program was started to ignore it: that is what `nohup` is for.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    /// Begins to listen. Must be called within a tokio runtime.
    pub fn listen() -> Result<Self, CliError> {
        let listen =
            |kind| signal(kind).map_err(|error| CliError::not_held(format!("could not listen for signals: {error}")));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: if hangup_is_ignored() { None } else { Some(listen(SignalKind::hangup())?) },
        })
    }

    /// The number of the next signal. Cancelling it loses none.
    pub async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
            () = heard(&mut self.hangup) => 1,
        }
    }
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        // The stream of a signal never ends.
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether SIGHUP was ignored when the program started. Only the kernel knows; where it does not tell, it was not.
fn hangup_is_ignored() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignored(&status) & 1 != 0)
}

/// The mask of ignored signals in a process's status; signal 1, SIGHUP, is the lowest bit.
fn ignored(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_of_ignored_signals_is_read() {
        assert_eq!(ignored("Name:\tx\nSigBlk:\t0000000000000002\nSigIgn:\t0000000000001001\n"), 0x1001);
        assert_eq!((ignored("SigIgn:\tx"), ignored("")), (0, 0));
    }
}
