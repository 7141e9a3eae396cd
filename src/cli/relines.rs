//! `standin replay FILE… --json`: the events of tapes as they stand there, one a line; of several tapes as one stream, numbered anew.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;

use super::signals::Signals;
use super::tape::{damaged, off_thread, unreadable};
use super::{CliError, Outcome, headless};
use crate::tape::Tapes;
use crate::tape::reader::{Ending, Entry};

/// Bytes that are handed over for printing at a time.
const PAGE: usize = 64 << 10;
/// Pages that may wait for whoever reads standard output.
const PAGES: usize = 4;
/// How often a tape that is being written is looked at for more.
const LOOK: Duration = Duration::from_millis(200);

/// Prints the tapes: as fast as they are read, or `speed` times as fast as it was. With `follow`, tapes that are being written are
/// printed on as they grow.
pub(super) async fn run(files: Vec<PathBuf>, speed: Option<f64>, follow: bool) -> Result<Outcome, CliError> {
    let mut signals = Signals::listen()?;
    let tapes = off_thread(move || Tapes::open(&files)).await?.map_err(|error| unreadable(&error))?;
    let (sender, mut pages) = mpsc::channel(PAGES);
    let reader = tapes.clone();
    let reading = tokio::task::spawn_blocking(move || Reader { tapes: reader, speed, follow, sender }.run());
    loop {
        let page = tokio::select! {
            signal = signals.next() => return Ok(Outcome::Signal(signal)),
            page = pages.recv() => page,
        };
        let Some(page) = page else { break };
        if let Some(end) = headless::print(page, &mut signals).await {
            return end;
        }
    }
    let tapes = reading.await.map_err(|error| CliError::not_held(format!("a part of standin failed: {error}")))?;
    let tapes = tapes.map_err(|error| unreadable(&error))?;
    damaged(tapes.tapes()).map_or(Ok(Outcome::Done), Err)
}

/// Reads on a thread of its own: a disk may take its time.
struct Reader {
    tapes: Tapes,
    speed: Option<f64>,
    follow: bool,
    sender: mpsc::Sender<String>,
}

impl Reader {
    /// Reads to the end, and gives the tapes back with what was found missing.
    fn run(mut self) -> Result<Tapes, crate::tape::TapeError> {
        let mut next = 1;
        let mut paced = None;
        loop {
            if !self.read_from(&mut next, &mut paced) {
                return Ok(self.tapes);
            }
            let grows = |tape: &crate::tape::Tape| tape.ending() == Ending::BeingWritten;
            if !self.follow || !self.tapes.tapes().iter().any(grows) {
                return Ok(self.tapes);
            }
            if !self.tapes.refresh()? {
                std::thread::sleep(LOOK);
            }
        }
    }

    /// Hands over everything from number `next` on; `false`: nobody wants it any more.
    fn read_from(&self, next: &mut u64, paced: &mut Option<(std::time::Instant, u64)>) -> bool {
        let several = self.tapes.tapes().len() > 1;
        let mut page = String::new();
        for entry in self.tapes.entries_from(*next) {
            if let Some(wait) = self.due(&entry, paced) {
                if !self.hand_over(&mut page) {
                    return false;
                }
                if !self.wait(wait) {
                    return false;
                }
            }
            *next = entry.number + 1;
            put(&mut page, &entry, several);
            if page.len() >= PAGE && !self.hand_over(&mut page) {
                return false;
            }
        }
        self.hand_over(&mut page)
    }

    /// How long until an event is due, at the pace asked for.
    fn due(&self, entry: &Entry, paced: &mut Option<(std::time::Instant, u64)>) -> Option<Duration> {
        let speed = self.speed?;
        let (start, first) = *paced.get_or_insert((std::time::Instant::now(), entry.time_us));
        let passed = Duration::from_micros(entry.time_us.saturating_sub(first));
        let due = Duration::try_from_secs_f64(passed.as_secs_f64() / speed).unwrap_or(Duration::MAX);
        due.checked_sub(start.elapsed()).filter(|wait| !wait.is_zero())
    }

    /// Waits, as long as somebody still wants to read.
    fn wait(&self, wait: Duration) -> bool {
        let until = std::time::Instant::now().checked_add(wait);
        while !self.sender.is_closed() {
            let now = std::time::Instant::now();
            let left = until.map_or(LOOK, |until| until.saturating_duration_since(now));
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(LOOK));
        }
        false
    }

    fn hand_over(&self, page: &mut String) -> bool {
        page.is_empty() || self.sender.blocking_send(std::mem::take(page)).is_ok()
    }
}

/// Appends an event's line; with `anew` numbered as the stream counts it.
fn put(page: &mut String, entry: &Entry, anew: bool) {
    // A line that is no UTF-8 was never an event; it counts as damage when the tape is verified.
    let Ok(line) = std::str::from_utf8(entry.line()) else { return };
    let rest = line.strip_prefix("{\"seq\":").and_then(|rest| rest.find(',').map(|comma| &rest[comma..]));
    match rest.filter(|_| anew) {
        Some(rest) => {
            page.push_str("{\"seq\":");
            crate::text::json::write_number(page, entry.number);
            page.push_str(rest);
        }
        None => page.push_str(line),
    }
    page.push('\n');
}
