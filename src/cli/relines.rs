//! `standin replay FILE… --json`: the events of tapes as they stand there, one a line; of several tapes as one stream, numbered anew.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::signals::Signals;
use super::tape::{ended, off_thread, open, unreadable};
use super::{CliError, Outcome, headless};
use crate::tape::{Stream, TapeError, line};

/// Bytes printed at a time.
const PAGE: usize = 64 << 10;
/// Pages that are read ahead.
const AHEAD: usize = 4;
/// At a given pace, events that are no further apart go out together.
const STEP: Duration = Duration::from_millis(5);
/// How often a tape that is being written is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Prints the events of `files` as one stream: as fast as it goes, or `speed` times as fast as it was. With `follow` it goes on as
/// long as one of the tapes is being written.
pub(super) async fn run(files: Vec<PathBuf>, speed: Option<f64>, follow: bool) -> Result<Outcome, CliError> {
    let mut signals = Signals::listen()?;
    let stream = open(files).await?;
    let (sender, mut pages) = mpsc::channel::<Page>(AHEAD);
    let mut reading = std::pin::pin!(off_thread(move || Reading::new(stream, speed, sender).read(follow)));
    let start = Instant::now();
    let mut read = None;
    loop {
        let page = tokio::select! {
            signal = signals.next() => return Ok(Outcome::Signal(signal)),
            page = pages.recv() => page,
            result = &mut reading, if read.is_none() => {
                read = Some(result);
                continue;
            }
        };
        let Some(page) = page else { break };
        if let Some(due) = page.due {
            tokio::select! {
                signal = signals.next() => return Ok(Outcome::Signal(signal)),
                () = tokio::time::sleep_until(start + due) => {}
            }
        }
        if let Some(end) = headless::print(page.text, &mut signals).await {
            return end;
        }
    }
    let read = match read {
        Some(read) => read,
        None => reading.await,
    };
    let (stream, unread) = read?.map_err(|error| unreadable(&error))?;
    ended(stream.tapes(), unread)
}

/// Lines that go out together.
#[derive(Debug, Default)]
struct Page {
    text: String,
    /// When, since the start; `None`: at once.
    due: Option<Duration>,
}

/// Reads tapes into pages.
struct Reading {
    stream: Stream,
    /// Several tapes are one stream with numbers of its own.
    renumbered: bool,
    speed: Option<f64>,
    /// The time of the first event, in microseconds.
    first: Option<u64>,
    page: Page,
    pages: mpsc::Sender<Page>,
    /// Lines that are no events.
    unread: u64,
}

impl Reading {
    fn new(stream: Stream, speed: Option<f64>, pages: mpsc::Sender<Page>) -> Self {
        let renumbered = stream.tapes().len() > 1;
        Self { stream, renumbered, speed, first: None, page: Page::default(), pages, unread: 0 }
    }

    /// Reads to the end, or until nobody takes the pages. Gives the tapes back, which know by then what is wrong with them, and how
    /// many of their messages are no events.
    fn read(mut self, follow: bool) -> Result<(Stream, u64), TapeError> {
        loop {
            while let Some(entry) = self.stream.next_entry() {
                let due = self.due(entry.time_us);
                let is_later = self.page.due.zip(due).is_some_and(|(page, due)| due > page + STEP);
                if (is_later || self.page.text.len() >= PAGE) && !self.send() {
                    return Ok((self.stream, self.unread));
                }
                // A page goes out when the first of its lines is due.
                self.page.due = self.page.due.or(due);
                let seq = self.renumbered.then_some(entry.number - self.unread);
                if !line::put(&mut self.page.text, entry.line(), seq) {
                    self.unread += 1;
                }
            }
            let goes_on = self.send() && follow && self.stream.grows();
            if !goes_on {
                return Ok((self.stream, self.unread));
            }
            while !self.stream.refresh()? {
                if self.pages.is_closed() {
                    return Ok((self.stream, self.unread));
                }
                std::thread::sleep(LOOK);
            }
        }
    }

    fn due(&mut self, time_us: u64) -> Option<Duration> {
        let first = *self.first.get_or_insert(time_us);
        let passed = Duration::from_micros(time_us.saturating_sub(first));
        // A pace at which it would take for ever is as good as the longest wait there is.
        self.speed.map(|speed| Duration::try_from_secs_f64(passed.as_secs_f64() / speed).unwrap_or(FOREVER))
    }

    /// Hands the page on; answers whether somebody takes it.
    fn send(&mut self) -> bool {
        let page = std::mem::take(&mut self.page);
        page.text.is_empty() || self.pages.blocking_send(page).is_ok()
    }
}

/// Thirty years: as far ahead as tokio's timers go.
const FOREVER: Duration = Duration::from_hours(30 * 365 * 24);
