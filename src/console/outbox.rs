//! The tape that is being sent again: begun from the list of tapes after a question, told of in the first line, stopped by a key.

use std::path::PathBuf;

use super::stage::Stage;
use super::state::State;
use super::words;
use crate::replay::resend::{self, Options, Progress, Running};
use crate::text::Safe;
use crate::timeline::SessionId;

/// Orders of a run have numbers above this, those of the keys below: they are never taken for each other.
const ORDERS: u64 = 1 << 40;

/// At most one tape is sent at a time.
#[derive(Debug, Default)]
pub struct Outbox {
    running: Option<Running>,
    shown: Option<Progress>,
    /// How many runs there were: the orders of each have numbers of their own.
    runs: u64,
}

impl Outbox {
    /// Begins to send the tape at `path` through the session `session` of the devices' stage.
    pub fn send(&mut self, devices: &mut Stage, path: PathBuf, session: SessionId) {
        let Some(handle) = devices.handles.iter().find(|handle| handle.id == session).cloned() else { return };
        if let Some(running) = &self.running {
            let words = format!("{} is still sending a tape. X stops it.", running.device());
            devices.state.refuse(words::clip(&words, 200));
            return;
        }
        self.runs += 1;
        // A run has fewer messages than that: a tape of them would fill any disk.
        let options = Options { orders: ORDERS * self.runs, ..Options::default() };
        self.running = Some(resend::start(path, handle, devices.journal.clone(), options));
        self.shown = None;
        self.look(&mut devices.state);
    }

    /// Stops what is being sent.
    pub fn stop(&self) {
        if let Some(running) = &self.running {
            running.stop();
        }
    }

    /// Brings what the screen knows of it up to date, and tells what it came to.
    pub fn look(&mut self, state: &mut State) {
        let Some(running) = &self.running else { return };
        let Some(end) = running.take_end() else {
            let progress = running.progress();
            if self.shown != Some(progress) {
                self.shown = Some(progress);
                let waits = if progress.waits { ", waiting" } else { "" };
                state.sending = Some(Safe::new(&format!("sending {} %{waits} (X stops)", progress.percent)));
            }
            return;
        };
        let device = running.device();
        match end {
            Ok(report) if report.is_as_recorded() => state.tell(&format!("{device}: {}.", report.verdict())),
            Ok(report) => {
                let words = format!("{device}: {}. The notes on the stream say more.", report.verdict());
                state.refuse(words::clip(&words, 1000));
            }
            Err(why) => state.refuse(words::clip(&format!("{device}: nothing was sent: {why}"), 1000)),
        }
        (self.running, self.shown, state.sending) = (None, None, None);
    }
}
