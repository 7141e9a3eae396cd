//! What came of sending a device's part again, held against the recording.

use std::fmt;

use crate::event::What;

/// So many differences are told one by one; the others are counted.
const DIFFERENCES: usize = 50;

/// What came of it. Texts that came over the wire or from a tape stand in it as they came: show them through `text::Safe` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// By kind of message, in the order of [`What::ALL`].
    tallies: [Tally; What::ALL.len()],
    /// The platform's replies to what was sent.
    pub replies: Replies,
    /// The platform's requests to the device.
    pub requests: Requests,
    /// What was not as recorded, as far as it is told one by one.
    pub differences: Vec<String>,
    /// How many more differences there are.
    pub untold: u64,
    /// How it ended; `None`: it goes on.
    pub ended: Option<Ended>,
}

/// The fate of messages of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tally {
    /// On the tape.
    pub recorded: u64,
    /// Handed to the session: a message that was lost with its line and sent again counts once.
    pub sent: u64,
    /// Acknowledged by the platform; with QoS 0, written to the network.
    pub acked: u64,
    /// Refused by a guardrail or by the session.
    pub refused: u64,
    /// Answers to requests that the platform did not make.
    pub not_asked: u64,
}

/// The platform's replies to what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Replies {
    /// As recorded, apart from ids and times.
    pub same: u64,
    /// With another code or body.
    pub other: u64,
    /// Recorded, and none came.
    pub missing: u64,
    /// Came, and none is recorded.
    pub unrecorded: u64,
}

/// The platform's requests to the device, by kind and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Requests {
    /// On the tape.
    pub recorded: u64,
    /// Came, as on the tape.
    pub came: u64,
    /// Came without being on the tape.
    pub unrecorded: u64,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With the last message of the tape.
    Whole,
    /// Stopped before the end.
    Stopped,
    /// The device went offline for good: why, in words for a person.
    Offline(String),
    /// The platform acknowledged nothing any more.
    Stalled,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            tallies: [Tally::default(); What::ALL.len()],
            replies: Replies::default(),
            requests: Requests::default(),
            differences: Vec::new(),
            untold: 0,
            ended: None,
        }
    }
}

impl Report {
    /// Whether all went and came as recorded.
    pub fn is_as_recorded(&self) -> bool {
        let all = self.total();
        self.ended == Some(Ended::Whole)
            && self.differences.is_empty()
            && all.acked == all.recorded
            && self.replies == Replies { same: self.replies.same, ..Replies::default() }
            && self.requests.came == self.requests.recorded
            && self.requests.unrecorded == 0
    }

    /// The kinds of messages that are on the tape, with what became of them.
    pub fn kinds(&self) -> impl Iterator<Item = (What, Tally)> {
        What::ALL.into_iter().zip(self.tallies).filter(|(_, tally)| *tally != Tally::default())
    }

    /// All kinds together.
    pub fn total(&self) -> Tally {
        self.tallies.iter().fold(Tally::default(), |sum, tally| Tally {
            recorded: sum.recorded + tally.recorded,
            sent: sum.sent + tally.sent,
            acked: sum.acked + tally.acked,
            refused: sum.refused + tally.refused,
            not_asked: sum.not_asked + tally.not_asked,
        })
    }

    /// The tally of one kind.
    pub(super) fn of(&mut self, what: What) -> &mut Tally {
        &mut self.tallies[what as usize % What::ALL.len()]
    }

    /// Notes something that was not as recorded.
    pub(super) fn differs(&mut self, words: impl FnOnce() -> String) {
        if self.differences.len() < DIFFERENCES {
            self.differences.push(words());
        } else {
            self.untold += 1;
        }
    }

    /// The summary, line by line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.verdict()];
        for (what, tally) in self.kinds() {
            let mut line = format!(
                "{}: {} recorded, {} sent, {} acknowledged",
                what.word(),
                tally.recorded,
                tally.sent,
                tally.acked
            );
            for (count, word) in [(tally.refused, "refused"), (tally.not_asked, "not asked for")] {
                if count > 0 {
                    line = format!("{line}, {count} {word}");
                }
            }
            lines.push(line);
        }
        if self.replies != Replies::default() {
            lines.push(self.replies.to_string());
        }
        if self.requests != Requests::default() {
            lines.push(self.requests.to_string());
        }
        lines.extend(self.differences.iter().map(|words| format!("- {words}")));
        if self.untold > 0 {
            lines.push(format!("- and {} more differences", self.untold));
        }
        lines
    }

    /// The summary in one line.
    pub fn verdict(&self) -> String {
        let all = self.total();
        let counts = format!("{} of {} messages sent, {} acknowledged", all.sent, all.recorded, all.acked);
        let words = match &self.ended {
            None => "it goes on",
            Some(Ended::Stopped) => "it was stopped",
            Some(Ended::Stalled) => "the platform acknowledged nothing any more",
            Some(Ended::Offline(why)) => return format!("{counts}; the device is offline: {why}"),
            Some(Ended::Whole) if self.is_as_recorded() => "all as recorded",
            Some(Ended::Whole) => "not all as recorded",
        };
        format!("{counts}; {words}")
    }
}

impl fmt::Display for Replies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "replies: {} as recorded", self.same)?;
        for (count, word) in
            [(self.other, "different"), (self.missing, "missing"), (self.unrecorded, "that the tape does not have")]
        {
            if count > 0 {
                write!(f, ", {count} {word}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "requests of the platform: {} of {} recorded came", self.came, self.recorded)?;
        if self.unrecorded > 0 {
            write!(f, ", and {} more that the tape does not have", self.unrecorded)?;
        }
        Ok(())
    }
}
