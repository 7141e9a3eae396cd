//! What a step waits for: states and messages, that none comes, and values that pass tests.

use std::time::Duration;

use tokio::time::Instant;

use super::case::{Done, Halt, Missed, Run, failed};
use super::deeds::shown;
use super::judge::{Reader, Sought, distance};
use super::log::{Change, Letter};
use super::words;
use crate::event::LineState;
use crate::scenario::outcome::{Compared, Failure};
use crate::scenario::plan::Wanted;
use crate::scenario::value::{Form, Matcher, Text};

impl Run<'_> {
    /// The line is in a state, or comes to be.
    pub(super) async fn expect_state(
        &mut self,
        device: usize,
        state: LineState,
        code: Option<&Text>,
        within: Duration,
    ) -> Result<Done, Halt> {
        let code = code.map(|code| code.fill(&mut self.values)).transpose().map_err(failed)?;
        let is = |change: &Change| change.state == state && (code.is_none() || change.code == code);
        let mut seen: Vec<Change> = Vec::new();
        let came = self.until(Instant::now() + within, |log| {
            let track = log.device(device)?;
            seen = track.states_from_cursor();
            if is(track.standing()) { Some(()) } else { track.next_state(is).map(|_| ()) }
        });
        let missed = match came.await {
            Ok(()) => return Ok(Done::Passed(String::new())),
            Err(Missed::Stopped) => return Err(Halt::Stopped),
            Err(Missed::Time) => seen,
        };
        let nearest = missed.iter().rev().find(|change| change.state == state).or(missed.last());
        let found = nearest.map_or("nothing", |change| change.state.word()).to_owned();
        let row = |place: &str, expected: &str, received: String| Compared {
            differs: expected != received,
            place: place.to_owned(),
            expected: expected.to_owned(),
            received,
        };
        let mut rows = vec![row("state", state.word(), found)];
        if let Some(code) = &code {
            let found = nearest.and_then(|change| change.code.clone()).unwrap_or_else(|| "no code".to_owned());
            rows.push(row("code", code, found));
        }
        let message = format!("the line is not {} within {}", state.word(), shown(within));
        Err(self.fail(Failure { message, rows, ..Failure::default() }))
    }

    /// A message, or a request of the platform, comes or has come.
    pub(super) async fn expect_message(
        &mut self,
        device: usize,
        wanted: &Wanted,
        request: bool,
        within: Duration,
    ) -> Result<Done, Halt> {
        let sought = Sought::new(wanted, request, &mut self.values).map_err(failed)?;
        let reader = self.reader(device)?;
        let came = self.until(Instant::now() + within, |log| {
            log.device(device)?.next_letter(sought.direction, |letter| sought.is_met_by(&reader, letter))
        });
        match came.await {
            Ok(letter) => {
                self.capture(&wanted.capture, &reader, &letter)?;
                let more = letter.request_id.clone().unwrap_or_default();
                if request {
                    self.asked.insert(device, letter);
                }
                Ok(Done::Passed(more))
            }
            Err(Missed::Stopped) => Err(Halt::Stopped),
            Err(Missed::Time) => Err(self.not_come(device, &reader, &sought, within)),
        }
    }

    /// The nearest of what came beside what was wanted.
    fn not_come(&mut self, device: usize, reader: &Reader, sought: &Sought, within: Duration) -> Halt {
        let track = match self.track(device) {
            Ok(track) => track,
            Err(halt) => return halt,
        };
        let (letters, lost) = track.letters(sought.direction);
        let judged = letters.map(|letter| (sought.compare(reader, letter), letter));
        let nearest: Option<(Vec<Compared>, &Letter)> = judged.min_by_key(|(rows, _)| distance(rows));
        let (rows, received) = match nearest {
            Some((rows, letter)) => (rows, Some(words::letter(letter))),
            None => (sought.rows(), None),
        };
        let gone = if lost > 0 { format!("; {lost} messages went unseen, they were too many") } else { String::new() };
        let message = format!("no such {} within {}{gone}", sought.words(), shown(within));
        self.fail(Failure { message, rows, received, events: Vec::new() })
    }

    /// No such message comes, or has come and was not looked at yet.
    pub(super) async fn expect_no_message(
        &mut self,
        device: usize,
        wanted: &Wanted,
        during: Duration,
    ) -> Result<Done, Halt> {
        let sought = Sought::new(wanted, false, &mut self.values).map_err(failed)?;
        let reader = self.reader(device)?;
        let came = self.until(Instant::now() + during, |log| {
            let (mut letters, _) = log.device(device)?.letters(sought.direction);
            letters.find(|letter| sought.is_met_by(&reader, letter)).cloned()
        });
        match came.await {
            Err(Missed::Stopped) => Err(Halt::Stopped),
            Err(Missed::Time) => Ok(Done::Passed(String::new())),
            Ok(letter) => {
                let message = format!("a {} came that must not", sought.words());
                let received = Some(words::letter(&letter));
                Err(self.fail(Failure { message, received, ..Failure::default() }))
            }
        }
    }

    /// A value passes tests.
    pub(super) fn assert(&mut self, that: &Form, matcher: &Matcher) -> Result<Done, Halt> {
        let value = that.fill(&mut self.values).map_err(failed)?;
        let tests = matcher.fill(&mut self.values).map_err(failed)?;
        if tests.pass(Some(&value)) {
            return Ok(Done::Passed(format!("{value} is {tests}")));
        }
        let row = Compared {
            place: "value".to_owned(),
            expected: tests.to_string(),
            received: value.to_string(),
            differs: true,
        };
        let message = "the value is not as it should be".to_owned();
        Err(self.fail(Failure { message, rows: vec![row], ..Failure::default() }))
    }
}
