//! What a tape's platform did, device by device: what it sent and when, and what it replied to which report.
//!
//! Pure: events in, a script out. What may not live here: which device plays which part.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use crate::cloud::transfer::Transfer;
use crate::cloud::{Direction, Platform, observed};
use crate::event::{Event, Kind, LineState, Message, WallTime};
use crate::mqtt::Qos;
use crate::tape::{Recorded, Tapes};

/// A script holds at most so many messages,
const MESSAGES: usize = 100_000;
/// and so many bytes of them; what is beyond is counted.
const BYTES: usize = 64 << 20;
/// Reports whose reply may still follow, and requests whose answer may, are remembered up to so many.
const OPEN: usize = 4_096;
/// A message that comes and equals one of so many that the device sent last is its echo.
const ECHOES: usize = 64;

/// What the tapes' platforms did.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Script {
    pub(crate) parts: Vec<Part>,
    /// Messages that there was no room for.
    pub(crate) left_out: u64,
}

/// What a platform did to one device.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) recorded: Recorded,
    /// What came to the device by itself, in order.
    pub(crate) steps: Vec<Step>,
    /// What the device sent, with the platform's replies, in order.
    pub(crate) reports: Vec<Reported>,
}

/// A message that came to the device by itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// How long the device had been online until then, all its connections together.
    pub(crate) at: Duration,
    pub(crate) letter: Letter,
    /// Whether it asks for an answer.
    pub(crate) asks: bool,
    /// The answer that the device gave: topic and payload.
    pub(crate) answer: Option<(String, Bytes)>,
}

/// A message of the platform.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Letter {
    /// When it came, by the recording machine's wall clock.
    pub(crate) at: WallTime,
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
}

/// A message of the device, and what the platform replied.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reported {
    /// What is left of its topic without ids and the device's own names.
    pub(crate) kind: String,
    /// The digest of what is left of it altogether.
    pub(crate) digest: u64,
    pub(crate) reply: Option<Letter>,
}

/// Reads what happened, event by event.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    parts: Vec<Reading>,
    by_name: HashMap<String, usize>,
    messages: usize,
    bytes: usize,
    left_out: u64,
}

/// A part in the making.
#[derive(Debug)]
struct Reading {
    part: Part,
    platform: Box<dyn Platform>,
    /// From the device to itself: its messages' essence.
    itself: Transfer,
    online_since: Option<u64>,
    online_us: u64,
    /// Reports by id, and by topic where they have none; requests by id.
    reports: Open,
    requests: Open,
    sent: VecDeque<(String, Bytes)>,
}

/// What may still be answered, the oldest first.
#[derive(Debug, Default)]
struct Open(VecDeque<(String, usize)>);

impl Script {
    /// Reads the tapes through. What cannot be read on them is passed over.
    pub fn load(tapes: &Tapes) -> Self {
        let mut loader = Loader::default();
        let start_us = tapes.span_us().map_or(0, |(first, _)| first);
        tapes.sessions().into_iter().for_each(|session| loader.session(session, start_us));
        for entry in tapes.entries_from(1) {
            if let Some(read) = entry.read()
                && let Some(event) = read.event()
            {
                loader.take(&event, entry.time_us);
            }
        }
        loader.finish()
    }

    /// The devices on the tapes.
    pub fn sessions(&self) -> impl Iterator<Item = &Recorded> {
        self.parts.iter().map(|part| &part.recorded)
    }

    /// What is on it, in words, one line a device.
    pub fn describe(&self) -> Vec<String> {
        let mut lines: Vec<_> = self
            .parts
            .iter()
            .map(|part| {
                let asks = part.steps.iter().filter(|step| step.asks).count();
                let (others, reports) = (part.steps.len() - asks, part.reports.len());
                let (name, cloud) = (&part.recorded.name, part.recorded.cloud.word());
                format!("{name} ({cloud}): {asks} requests, {others} other messages, {reports} reports")
            })
            .collect();
        if self.left_out > 0 {
            lines.push(format!("{} more messages are left out: the tape is too long for this", self.left_out));
        }
        lines
    }
}

impl Loader {
    /// A device is on the tape. One whose identifiers are not known cannot be played for anybody.
    pub(crate) fn session(&mut self, recorded: Recorded, start_us: u64) {
        let own = (recorded.cloud, &recorded.identifiers);
        let Ok(itself) = Transfer::new(own, own) else { return };
        let online = recorded.state == LineState::Online;
        self.by_name.insert(recorded.name.clone(), self.parts.len());
        self.parts.push(Reading {
            platform: observed(recorded.cloud, &recorded.identifiers),
            itself,
            online_since: online.then_some(start_us),
            online_us: 0,
            reports: Open::default(),
            requests: Open::default(),
            sent: VecDeque::new(),
            part: Part { recorded, steps: Vec::new(), reports: Vec::new() },
        });
    }

    /// Takes in what happened at `time_us`, in microseconds since the Unix epoch.
    pub(crate) fn take(&mut self, event: &Event<'_>, time_us: u64) {
        let Some(reading) = self.by_name.get(event.session).and_then(|place| self.parts.get_mut(*place)) else {
            return;
        };
        let (message, direction) = match &event.kind {
            Kind::State(change) => return reading.line(change.state, time_us),
            Kind::Rx(message) if !message.dup => (message, Direction::Down),
            Kind::Tx(message) if !message.dup => (message, Direction::Up),
            _ => return,
        };
        let bytes = message.topic.len() + message.payload.len();
        if self.messages >= MESSAGES || self.bytes + bytes > BYTES {
            self.left_out += 1;
            return;
        }
        self.messages += 1;
        self.bytes += bytes;
        match direction {
            Direction::Up => reading.sent(message),
            Direction::Down => reading.came(message, event.at, time_us),
        }
    }

    /// The script.
    pub(crate) fn finish(self) -> Script {
        Script { parts: self.parts.into_iter().map(|reading| reading.part).collect(), left_out: self.left_out }
    }
}

impl Reading {
    fn line(&mut self, state: LineState, time_us: u64) {
        let online = state == LineState::Online;
        if let Some(since) = self.online_since.take() {
            self.online_us += time_us.saturating_sub(since);
        }
        self.online_since = online.then_some(time_us);
    }

    fn sent(&mut self, message: &Message<'_>) {
        let (topic, payload) = (message.topic, Bytes::copy_from_slice(message.payload));
        let meaning = self.platform.meaning(Direction::Up, topic, message.payload);
        let id = meaning.request_id.as_deref();
        if meaning.what.is_answer() {
            let step = id.and_then(|id| self.requests.close(id)).and_then(|place| self.part.steps.get_mut(place));
            if let Some(step) = step {
                step.answer = Some((topic.to_owned(), payload));
            }
            return;
        }
        let essence = self.itself.essence_recorded(Direction::Up, topic, message.payload);
        let place = self.part.reports.len();
        self.reports.open(id.unwrap_or(topic), place);
        self.part.reports.push(Reported { digest: essence.digest(), kind: essence.topic, reply: None });
        if self.sent.len() == ECHOES {
            self.sent.pop_front();
        }
        self.sent.push_back((topic.to_owned(), payload));
    }

    fn came(&mut self, message: &Message<'_>, at: WallTime, time_us: u64) {
        let letter = Letter {
            at,
            topic: message.topic.to_owned(),
            payload: Bytes::copy_from_slice(message.payload),
            qos: message.qos,
            retain: message.retain,
        };
        if let Some(place) =
            self.sent.iter().position(|(topic, payload)| *topic == letter.topic && *payload == letter.payload)
        {
            // Its own message, which comes back from this platform too.
            self.sent.remove(place);
            return;
        }
        let meaning = self.platform.meaning(Direction::Down, message.topic, message.payload);
        let asks = meaning.what.is_request() && meaning.request_id.is_some();
        let id = meaning.request_id.as_deref();
        let reported = match id {
            Some(id) if !asks => self.reports.close(id),
            Some(_) => None,
            None => asked_on(message.topic).and_then(|topic| self.reports.close(&topic)),
        };
        if let Some(reported) = reported.and_then(|place| self.part.reports.get_mut(place)) {
            reported.reply = Some(letter);
            return;
        }
        let now_online = self.online_since.map_or(0, |since| time_us.saturating_sub(since));
        let at = Duration::from_micros(self.online_us.saturating_add(now_online));
        if let Some(id) = id.filter(|_| asks) {
            self.requests.open(id, self.part.steps.len());
        }
        self.part.steps.push(Step { at, letter, asks, answer: None });
    }
}

impl Open {
    fn open(&mut self, id: &str, place: usize) {
        if self.0.len() == OPEN {
            self.0.pop_front();
        }
        self.0.push_back((id.to_owned(), place));
    }

    /// The oldest of that id.
    fn close(&mut self, id: &str) -> Option<usize> {
        let place = self.0.iter().position(|(open, _)| open == id)?;
        self.0.remove(place).map(|(_, place)| place)
    }
}

/// The topic of a question whose reply, on `topic`, has no id to tell it by.
fn asked_on(topic: &str) -> Option<String> {
    if let Some(asked) = topic.strip_suffix("_reply") {
        return Some(asked.to_owned());
    }
    let clock = topic.strip_prefix("/ext/ntp/").and_then(|rest| rest.strip_suffix("/response"));
    clock.map(|device| format!("/ext/ntp/{device}/request"))
}
