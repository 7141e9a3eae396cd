//! A device that plays a part of a tape: what it is sent when, and what its reports are replied.
//!
//! Pure: the time and what the device does go in, messages come out.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::script::{Letter, Part};
use crate::cloud::transfer::{Fresh, NewId, Transfer};
use crate::cloud::{Asked, Direction};
use crate::event::Moment;
use crate::mqtt::Qos;

/// So long after its connect a device may take to subscribe to what the tape has for it.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(10);

/// When the recorded requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Cue {
    /// As long after the device's connect as on the tape.
    #[default]
    Times,
    /// One by one, when they are called for.
    OnDemand,
    /// One after each report of the device.
    Reports,
}

/// What the platform did on this stage, held against the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Requests and other messages that went to the device.
    pub(crate) sent: u64,
    /// Requests that the device answered as on the tape, otherwise, or not at all.
    pub(crate) same: u64,
    pub(crate) other: u64,
    pub(crate) silent: u64,
    /// Reports that were on the tape, and that were not.
    pub(crate) known: u64,
    pub(crate) unknown: u64,
}

/// A device on its stage.
#[derive(Debug)]
pub(crate) struct Stage {
    part: Arc<Part>,
    transfer: Transfer,
    cue: Cue,
    /// How long it has been online before, and since when it is now.
    before: Duration,
    since: Option<Instant>,
    next: usize,
    called: usize,
    /// The next one is due, and the device has not subscribed to its topic.
    blocked: bool,
    /// Reports not yet made: by digest, and by kind in order.
    by_digest: HashMap<u64, VecDeque<usize>>,
    by_kind: HashMap<String, VecDeque<usize>>,
    made: Vec<bool>,
    pub(crate) tally: Tally,
}

/// A message for the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cued {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    /// Which step of the part it is, if it asks for an answer.
    pub(crate) asks: Option<usize>,
}

/// What the tape says to a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The platform replied this.
    Reply(Cued),
    /// The platform said nothing.
    Nothing,
    /// The tape has no such report.
    Unknown,
}

impl Stage {
    /// A stage for a device that the part is carried over to by `transfer`.
    pub(crate) fn new(part: Arc<Part>, transfer: Transfer, cue: Cue) -> Self {
        let mut by_digest: HashMap<u64, VecDeque<usize>> = HashMap::new();
        let mut by_kind: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (place, report) in part.reports.iter().enumerate() {
            by_digest.entry(report.digest).or_default().push_back(place);
            by_kind.entry(report.kind.clone()).or_default().push_back(place);
        }
        Self {
            made: vec![false; part.reports.len()],
            part,
            transfer,
            cue,
            before: Duration::ZERO,
            since: None,
            next: 0,
            called: 0,
            blocked: false,
            by_digest,
            by_kind,
            tally: Tally::default(),
        }
    }

    /// The recorded device's name.
    pub(crate) fn part_name(&self) -> &str {
        &self.part.recorded.name
    }

    /// How many messages the part has for the device.
    pub(crate) fn steps(&self) -> usize {
        self.part.steps.len()
    }

    /// The device is online.
    pub(crate) fn online(&mut self, now: Instant) {
        self.since = Some(now);
        self.blocked = false;
    }

    /// The device is gone: its time stands still.
    pub(crate) fn offline(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.before += now.saturating_duration_since(since);
        }
    }

    /// The next message is called for; `false`: there is none any more.
    pub(crate) fn call(&mut self) -> bool {
        let more = self.next + self.called < self.part.steps.len();
        self.called += usize::from(more);
        more
    }

    /// When the next message is due, or is given up; `None`: not by itself.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let due = self.due()?;
        if self.blocked { self.since.map(|since| since + SUBSCRIBE_WITHIN) } else { Some(due) }
    }

    /// When the next message is due; one that is called for was so since the device came.
    fn due(&self) -> Option<Instant> {
        let since = self.since?;
        let step = self.part.steps.get(self.next)?;
        match self.cue {
            Cue::Times => Some(since + step.at.saturating_sub(self.before)),
            Cue::OnDemand | Cue::Reports => (self.called > 0).then_some(since),
        }
    }

    /// The next message that is due and whose topic the device `hears`; `Err`: it was given up, for the device does not
    /// listen there. `id` becomes that of a request.
    pub(crate) fn cue(
        &mut self,
        now: Moment,
        id: &str,
        hears: impl FnOnce(&str) -> bool,
    ) -> Option<Result<Cued, String>> {
        self.due().filter(|due| *due <= now.mono)?;
        let part = Arc::clone(&self.part);
        let place = self.next;
        let step = part.steps.get(place)?;
        let id = if step.asks { NewId::Other(id) } else { NewId::Same };
        let cued = self.carried(now, &step.letter, id);
        if !hears(&cued.topic) {
            if self.since.is_some_and(|since| now.mono < since + SUBSCRIBE_WITHIN) {
                self.blocked = true;
                return None;
            }
            self.advance();
            return Some(Err(cued.topic));
        }
        self.advance();
        self.tally.sent += 1;
        Some(Ok(Cued { asks: step.asks.then_some(place), ..cued }))
    }

    fn advance(&mut self) {
        self.next += 1;
        self.called = self.called.saturating_sub(1);
        self.blocked = false;
    }

    /// What the tape says to what the device sent.
    pub(crate) fn report(&mut self, now: Moment, topic: &str, payload: &[u8]) -> Said {
        let essence = self.transfer.essence_live(Direction::Up, topic, payload);
        let made = &self.made;
        let same = self.by_digest.get_mut(&essence.digest()).and_then(|places| {
            // The last of the same is said again and again.
            while places.len() > 1 && places.front().is_some_and(|place| made.get(*place) == Some(&true)) {
                places.pop_front();
            }
            places.front().copied()
        });
        let next = || {
            let places = self.by_kind.get_mut(&essence.topic)?;
            while places.front().is_some_and(|place| made.get(*place) == Some(&true)) {
                places.pop_front();
            }
            places.front().copied()
        };
        let Some(place) = same.or_else(next) else {
            self.tally.unknown += 1;
            return Said::Unknown;
        };
        if let Some(made) = self.made.get_mut(place) {
            *made = true;
        }
        self.tally.known += 1;
        if self.cue == Cue::Reports {
            self.call();
        }
        let part = Arc::clone(&self.part);
        let Some(letter) = part.reports.get(place).and_then(|report| report.reply.as_ref()) else {
            return Said::Nothing;
        };
        let asked = Asked { topic, payload };
        Said::Reply(self.carried(now, letter, NewId::Answering(&asked, Direction::Up)))
    }

    /// The device answered step `place`. Whether it did so as on the tape; `None`: there is no answer on it.
    pub(crate) fn answered(&mut self, place: usize, topic: &str, payload: &[u8]) -> Option<bool> {
        let (recorded_topic, recorded) = self.part.steps.get(place)?.answer.as_ref()?;
        let recorded = self.transfer.essence_recorded(Direction::Up, recorded_topic, recorded);
        let same = recorded == self.transfer.essence_live(Direction::Up, topic, payload);
        if same {
            self.tally.same += 1;
        } else {
            self.tally.other += 1;
        }
        Some(same)
    }

    /// The device did not answer step `place` in time.
    pub(crate) fn unanswered(&mut self, place: usize) {
        let recorded = self.part.steps.get(place).is_some_and(|step| step.answer.is_some());
        self.tally.silent += u64::from(recorded);
    }

    fn carried(&self, now: Moment, letter: &Letter, id: NewId<'_>) -> Cued {
        let shift_us = now.at.unix_micros().saturating_sub(letter.at.unix_micros());
        let fresh = Fresh { id, shift_us };
        let carried = self.transfer.carry(Direction::Down, &letter.topic, &letter.payload, &fresh);
        Cued {
            topic: carried.topic.into_owned(),
            payload: Bytes::from(carried.payload.into_owned()),
            qos: letter.qos,
            retain: letter.retain,
            asks: None,
        }
    }
}
