//! The platform's requests to the device: those on the tape with their answers, and those that come.
//!
//! A recorded answer goes out only when the platform has asked the same, by kind and name, and the tape has come to it.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use bytes::Bytes;

use super::report::Report;
use crate::event::What;

/// Requests of the tape whose answer may still follow; answers that nobody has asked for yet; open requests. Beyond so many the
/// oldest of each goes.
const KEPT: usize = 4_096;

/// What is asked: its kind and its name, empty where the kind says it all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) what: What,
    pub(super) name: String,
}

/// A request that came and waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) question: Question,
    pub(super) request_id: String,
    pub(super) topic: String,
    pub(super) payload: Bytes,
    /// When the platform stops waiting.
    pub(super) deadline: Option<Instant>,
}

/// A recorded answer that may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The request of now.
    pub(super) to: Open,
    /// The answer as recorded.
    pub(super) body: Held,
}

/// An answer of the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) question: Question,
    pub(super) what: What,
    pub(super) topic: String,
    pub(super) payload: Bytes,
}

/// The requests of a run.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// What the tape's requests ask, by their recorded id, in order.
    recorded: VecDeque<(String, Question)>,
    /// Answers that wait for their request.
    held: VecDeque<Held>,
    /// Requests that wait for their answer.
    open: VecDeque<Open>,
    /// How often each was asked: on the tape, and now.
    counts: HashMap<Question, (u64, u64)>,
}

impl Requests {
    /// The tape has a request.
    pub(super) fn recorded(&mut self, recorded_id: String, question: Question, report: &mut Report) {
        report.requests.recorded += 1;
        let (on_tape, now) = self.count_of(&question);
        *on_tape += 1;
        if *on_tape <= *now {
            // It came before the tape was there, and was counted as one more.
            report.requests.came += 1;
            report.requests.unrecorded = report.requests.unrecorded.saturating_sub(1);
        }
        if self.recorded.len() >= KEPT {
            self.recorded.pop_front();
        }
        self.recorded.push_back((recorded_id, question));
    }

    /// The tape has an answer to the request `recorded_id`; `otherwise` is what it answers where that request is not on the tape.
    pub(super) fn answered(
        &mut self,
        recorded_id: &str,
        otherwise: Question,
        (what, topic, payload): (What, String, Bytes),
        now: Instant,
        report: &mut Report,
    ) -> Option<Answer> {
        let place = self.recorded.iter().rposition(|(id, _)| id == recorded_id);
        let question = place.and_then(|place| self.recorded.remove(place)).map_or(otherwise, |(_, question)| question);
        let body = Held { question, what, topic, payload };
        self.open.retain(|open| open.deadline.is_none_or(|deadline| now < deadline));
        if let Some(place) = self.open.iter().position(|open| open.question == body.question) {
            return self.open.remove(place).map(|to| Answer { to, body });
        }
        if self.held.len() >= KEPT
            && let Some(oldest) = self.held.pop_front()
        {
            not_asked(&oldest, report);
        }
        self.held.push_back(body);
        None
    }

    /// The platform asks.
    pub(super) fn came(&mut self, open: Open, report: &mut Report) -> Option<Answer> {
        let (on_tape, now) = self.count_of(&open.question);
        *now += 1;
        if *now <= *on_tape {
            report.requests.came += 1;
        } else {
            report.requests.unrecorded += 1;
        }
        if let Some(place) = self.held.iter().position(|held| held.question == open.question) {
            return self.held.remove(place).map(|body| Answer { to: open, body });
        }
        if self.open.len() >= KEPT {
            self.open.pop_front();
        }
        self.open.push_back(open);
        None
    }

    /// How often it was asked, on the tape and now. Of too many names the later ones are counted together.
    fn count_of(&mut self, question: &Question) -> &mut (u64, u64) {
        let is_full = self.counts.len() >= KEPT && !self.counts.contains_key(question);
        let name = if is_full { "…".to_owned() } else { question.name.clone() };
        self.counts.entry(Question { what: question.what, name }).or_default()
    }

    /// Whether the tape has requests that did not come yet.
    pub(super) fn is_waiting(&self) -> bool {
        !self.held.is_empty() || self.counts.values().any(|(on_tape, now)| now < on_tape)
    }

    /// Nothing more will come.
    pub(super) fn end(&mut self, report: &mut Report) {
        for held in self.held.drain(..) {
            not_asked(&held, report);
        }
        let mut counts: Vec<_> = self.counts.drain().filter(|(_, (on_tape, now))| on_tape != now).collect();
        counts.sort_by(|(a, _), (b, _)| (a.what as u8, &a.name).cmp(&(b.what as u8, &b.name)));
        for (question, (on_tape, now)) in counts {
            report.differs(|| {
                let Question { what, name } = question;
                let space = if name.is_empty() { "" } else { " " };
                format!("{}{space}{name}: asked {now} times, and {on_tape} times on the tape", what.word())
            });
        }
    }
}

fn not_asked(held: &Held, report: &mut Report) {
    report.of(held.what).not_asked += 1;
}
