//! Whether what is composed may go, and if not why, in words for a person.

use std::time::Duration;

use super::misfit;
use crate::cloud::guard::Breach;
use crate::cloud::modelled::Finding;
use crate::console::action::Action;
use crate::console::keymap::{self, Context};
use crate::console::message::json::{Fault, Problem};
use crate::console::words;
use crate::event::{Irregular, LineState};
use crate::mqtt::topic::TopicError;
use crate::profile::Cloud;

/// Whether what is composed may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Ready,
    /// The topic is none that MQTT knows; no force helps.
    BadTopic(TopicError),
    /// The device's line is not up; no force helps.
    Offline {
        /// The device's name.
        device: String,
        /// The line's state.
        state: LineState,
    },
    /// The body should be JSON and is not; it goes by force.
    BadJson {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong there.
        problem: Problem,
    },
    /// The cloud would not take it; it goes by force.
    Guarded(Breach),
    /// What is typed for a field of the form is no value yet; no force helps.
    Unsettled,
    /// It does not fit the product's model: it goes when told to once more.
    Misfit {
        /// The first thing that does not fit.
        finding: Finding,
        /// How many more there are.
        more: usize,
        /// Whose code the finding names.
        cloud: Cloud,
    },
    /// It may go, but to little use: it goes when told to once more.
    Doubtful(Doubt),
}

/// Why a reply is of little use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It would be out of order.
    Irregular {
        /// In what way.
        what: Irregular,
        /// How long ago the platform stopped waiting; nothing while it waits.
        late_by: Duration,
    },
    /// Nothing is known of the request any more.
    Forgotten,
}

impl Verdict {
    /// The verdict in words, with the way out.
    pub fn words(&self) -> String {
        let force = keymap::chord_words(Context::Compose, Action::Force);
        let send = keymap::chord_words(Context::Compose, Action::Send);
        match self {
            Self::Ready => format!("{send} sends"),
            Self::BadTopic(error) => {
                let topic = keymap::chord_words(Context::Compose, Action::Topic);
                format!("Not sent: this is no topic, {error}; {topic} chooses another")
            }
            Self::Offline { device, state } => match state {
                LineState::Online => format!("Not sent: {device} takes no orders"),
                LineState::Connecting => format!("Not sent: {device} is still connecting; the text is kept"),
                LineState::Backoff => format!("Not sent: {device} waits to connect again; the text is kept"),
                LineState::Offline => format!("Not sent: {device} is offline; the text is kept"),
            },
            Self::BadJson { line, column, problem } => {
                format!("Not sent ({force} forces): line {line}, column {column}: {problem}")
            }
            Self::Guarded(breach) => format!("Not sent ({force} forces): {breach}"),
            Self::Unsettled => "Not sent: what is typed for the field is no value".to_owned(),
            Self::Misfit { finding, more, cloud } => {
                format!("{}; {send} again sends it", misfit::finding_words(finding, *more, *cloud))
            }
            Self::Doubtful(doubt) => format!("{}; {send} again sends it", doubt.words()),
        }
    }

    /// The verdict on a body that is no JSON.
    pub(super) fn bad_json(fault: Fault, text: &str) -> Self {
        let (line, column) = fault.place(text);
        Self::BadJson { line, column, problem: fault.problem }
    }
}

impl Doubt {
    /// Whether all of it was told when `told` was; how long ago that was does not count.
    pub(super) fn is_told_by(self, told: Self) -> bool {
        match (self, told) {
            (Self::Irregular { what, .. }, Self::Irregular { what: told, .. }) => what.bits() & !told.bits() == 0,
            (Self::Forgotten, Self::Forgotten) => true,
            (Self::Irregular { .. }, Self::Forgotten) | (Self::Forgotten, Self::Irregular { .. }) => false,
        }
    }

    fn words(self) -> String {
        let Self::Irregular { what, late_by } = self else {
            return "The request is older than what is remembered".to_owned();
        };
        match (what.late, what.second, what.moved) {
            (true, false, false) => format!("The platform stopped waiting {} ago", words::took(late_by)),
            (false, true, false) => "The request was answered already".to_owned(),
            (false, false, true) => "It came before the line was cut and may be forgotten".to_owned(),
            _ => {
                let parts = [(what.late, "late"), (what.second, "a second one"), (what.moved, "on a new connection")];
                let parts: Vec<&str> = parts.into_iter().filter_map(|(holds, part)| holds.then_some(part)).collect();
                format!("It would be {}", parts.join(", "))
            }
        }
    }
}
