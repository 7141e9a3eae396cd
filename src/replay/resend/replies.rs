//! The platform's replies to what the device sends: those on the tape and those that come, tied by the message that they answer.

use std::collections::{HashMap, VecDeque};

use super::report::Report;
use crate::cloud::transfer::Essence;

/// Messages whose reply is awaited or could still come. Beyond so many the oldest is settled as it stands.
const KEPT: usize = 4_096;

/// A reply, as far as it is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) code: Option<i64>,
    pub(super) essence: Essence,
    /// In one line, for a person.
    pub(super) words: String,
}

/// The replies of a run.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// By the id that the message was sent with.
    by_id: HashMap<String, Pair>,
    /// The ids in the order sent.
    order: VecDeque<String>,
    /// The newest id that each recorded one was sent with.
    new_ids: HashMap<String, String>,
}

#[derive(Debug, Default)]
struct Pair {
    recorded_id: String,
    topic: String,
    recorded: Option<Reply>,
    live: Option<Reply>,
}

impl Replies {
    /// A message goes out: `recorded_id` became `id`.
    pub(super) fn sent(&mut self, recorded_id: &str, id: &str, topic: &str, report: &mut Report) {
        if self.order.len() >= KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.settle(&oldest, report);
        }
        self.order.push_back(id.to_owned());
        self.new_ids.insert(recorded_id.to_owned(), id.to_owned());
        let pair = Pair { recorded_id: recorded_id.to_owned(), topic: topic.to_owned(), ..Pair::default() };
        self.by_id.insert(id.to_owned(), pair);
    }

    /// The message with this id did not go after all: nothing is awaited for it.
    pub(super) fn withdraw(&mut self, id: &str) {
        if let Some(pair) = self.by_id.remove(id) {
            self.order.retain(|known| known != id);
            self.new_ids.remove(&pair.recorded_id);
        }
    }

    /// Whether a recorded reply to `recorded_id` answers something that was sent.
    pub(super) fn answers_recorded(&self, recorded_id: &str) -> bool {
        self.new_ids.contains_key(recorded_id)
    }

    /// The tape has a reply to `recorded_id`. Answers the id whose reply is still to come, if it is.
    pub(super) fn recorded(&mut self, recorded_id: &str, reply: Reply, report: &mut Report) -> Option<String> {
        let id = self.new_ids.get(recorded_id)?.clone();
        let pair = self.by_id.get_mut(&id)?;
        if pair.recorded.is_some() {
            return None;
        }
        pair.recorded = Some(reply);
        if pair.live.is_none() {
            return Some(id);
        }
        self.settle(&id, report);
        None
    }

    /// A reply came. Answers whether it belongs to something that was sent.
    pub(super) fn came(&mut self, id: &str, reply: impl FnOnce() -> Reply, report: &mut Report) -> bool {
        let Some(pair) = self.by_id.get_mut(id) else { return false };
        if pair.live.is_none() {
            pair.live = Some(reply());
            if pair.recorded.is_some() {
                self.settle(id, report);
            }
        }
        true
    }

    /// Whether the reply to `id` is still to come.
    pub(super) fn waits_for(&self, id: &str) -> bool {
        self.by_id.get(id).is_some_and(|pair| pair.live.is_none())
    }

    /// Whether a recorded reply is still to come.
    pub(super) fn is_waiting(&self) -> bool {
        self.by_id.values().any(|pair| pair.recorded.is_some() && pair.live.is_none())
    }

    /// Nothing more will come.
    pub(super) fn end(&mut self, report: &mut Report) {
        for id in std::mem::take(&mut self.order) {
            self.settle(&id, report);
        }
    }

    /// Counts a pair as it stands, and forgets it.
    fn settle(&mut self, id: &str, report: &mut Report) {
        let Some(pair) = self.by_id.remove(id) else { return };
        self.order.retain(|known| known != id);
        if self.new_ids.get(&pair.recorded_id).is_some_and(|newest| newest == id) {
            self.new_ids.remove(&pair.recorded_id);
        }
        let topic = &pair.topic;
        match (pair.recorded, pair.live) {
            (Some(recorded), Some(live)) if (recorded.code, &recorded.essence) == (live.code, &live.essence) => {
                report.replies.same += 1;
            }
            (Some(recorded), Some(live)) => {
                report.replies.other += 1;
                report.differs(|| format!("{topic}: the reply was {}, and came as {}", recorded.words, live.words));
            }
            (Some(recorded), None) => {
                report.replies.missing += 1;
                report.differs(|| format!("{topic}: no reply came; it was {}", recorded.words));
            }
            (None, Some(live)) => {
                report.replies.unrecorded += 1;
                report.differs(|| format!("{topic}: a reply came that the tape does not have: {}", live.words));
            }
            (None, None) => {}
        }
    }
}
