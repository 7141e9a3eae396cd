//! What one recorded device did and what was done to it, event by event.

use std::collections::VecDeque;

use bytes::Bytes;
use serde_json::Value;

use super::steps::{Body, Steps};
use super::{orders, toml};
use crate::cloud::transfer::{Fresh, NewId, Transfer, result_code};
use crate::cloud::{Answer, Asked, Direction, Platform, Property, observed};
use crate::event::{Kind, LineState, Message, What};
use crate::mqtt::Qos;
use crate::tape::Recorded;

/// Messages of the device that may still be replied to, and requests that may still be answered: beyond so many the oldest goes.
const OPEN: usize = 1_024;

/// What one device did and what was done to it.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) place: usize,
    pub(super) recorded: Recorded,
    /// Subscriptions beside the cloud's own.
    pub(super) subscribed: Vec<(String, Qos)>,
    pub(super) remarks: Vec<String>,
    platform: Box<dyn Platform>,
    /// What the session subscribes to by itself.
    own: Vec<String>,
    line: Line,
    asked: VecDeque<Request>,
    sent: VecDeque<Sent>,
    /// Numbers of captured ids; every device has a row of its own.
    names: usize,
    gaps: u64,
}

/// How the line stands in the scenario so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Not connected.
    Down,
    /// Online.
    Up,
    /// Lost: the session comes back by itself.
    Lost,
}

/// A request of the platform.
#[derive(Debug)]
struct Request {
    id: String,
    /// The variable with its id in the scenario's run.
    name: String,
    topic: String,
    payload: Bytes,
    deadline_us: u64,
    /// Whether the platform tells what comes of it.
    told: bool,
    ended: Option<Ended>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// With that code.
    Answered(Option<i64>),
    TimedOut,
}

/// A message of the device that may be replied to.
#[derive(Debug)]
struct Sent {
    topic: String,
    payload: Bytes,
    id: Option<String>,
    what: What,
    step: Option<usize>,
    name: Option<String>,
    replied: bool,
}

impl Part {
    /// The device at that place among those on the tape.
    pub(super) fn new(place: usize, recorded: Recorded) -> Self {
        let platform = observed(recorded.cloud, &recorded.identifiers);
        let own = platform.subscriptions().into_iter().map(|own| own.filter.as_str().to_owned()).collect();
        Self {
            place,
            recorded,
            subscribed: Vec::new(),
            remarks: Vec::new(),
            platform,
            own,
            line: Line::Down,
            asked: VecDeque::new(),
            sent: VecDeque::new(),
            names: 0,
            gaps: 0,
        }
    }

    /// The tape begins.
    pub(super) fn begin(&mut self, steps: &mut Steps, time_us: u64) {
        if self.recorded.state == LineState::Online {
            self.line_is(steps, LineState::Online, time_us);
        }
    }

    /// Something happened.
    pub(super) fn take(&mut self, steps: &mut Steps, kind: &Kind<'_>, time_us: u64) {
        match kind {
            Kind::State(change) => self.line_is(steps, change.state, time_us),
            Kind::Rx(message) if !message.dup => self.came(steps, message, time_us),
            Kind::Tx(message) if !message.dup => self.went(steps, message, time_us),
            Kind::Subscribed(answer) if answer.granted.is_some() => {
                let known = self.own.iter().any(|own| own == answer.filter)
                    || self.subscribed.iter().any(|(filter, _)| filter == answer.filter);
                if !known {
                    self.subscribed.push((answer.filter.to_owned(), answer.asked));
                }
            }
            Kind::Gap { count, .. } => self.gaps = self.gaps.saturating_add(*count),
            _ => {}
        }
    }

    /// The tape has ended.
    pub(super) fn end(&mut self, steps: &mut Steps, last_us: u64) {
        for request in &mut self.asked {
            if request.ended.is_none() && request.deadline_us <= last_us {
                request.ended = Some(Ended::TimedOut);
            }
        }
        self.tell_ended(steps);
        if self.gaps > 0 {
            self.remarks.push(format!("{}: {} events are missing on the tape", self.recorded.name, self.gaps));
        }
    }

    fn line_is(&mut self, steps: &mut Steps, state: LineState, time_us: u64) {
        match (self.line, state) {
            (Line::Down, LineState::Online) => {
                steps.deed(self.place, "connect", Body::flag(), time_us);
                self.line = Line::Up;
            }
            (Line::Lost, LineState::Online) => {
                steps.expect(self.place, "expect_state", Body::Value("\"online\"".to_owned()), Some("60s"));
                self.line = Line::Up;
            }
            (Line::Up, LineState::Backoff | LineState::Connecting) => {
                steps.deed(self.place, "cut", Body::flag(), time_us);
                self.line = Line::Lost;
            }
            (Line::Up | Line::Lost, LineState::Offline) => {
                steps.deed(self.place, "disconnect", Body::flag(), time_us);
                self.line = Line::Down;
            }
            _ => {}
        }
    }

    /// A message of the platform: ordered, unless the embedded platform sends it by itself; then expected.
    fn came(&mut self, steps: &mut Steps, message: &Message<'_>, time_us: u64) {
        let meaning = self.platform.meaning(Direction::Down, message.topic, message.payload);
        let what = meaning.what;
        match meaning.request_id.as_deref() {
            Some(id) if what.is_request() => {
                let id = id.to_owned();
                let deadline = meaning.deadline.map_or(0, |deadline| deadline.as_micros());
                let deadline_us = time_us.saturating_add(u64::try_from(deadline).unwrap_or(u64::MAX));
                self.asked_for(steps, message, &id, time_us, deadline_us);
            }
            id => {
                let id = id.map(str::to_owned);
                let replied =
                    self.sent.iter().position(|sent| !sent.replied && sent.is_replied_by(message, what, id.as_deref()));
                let Some(place) = replied else {
                    steps.deed(self.place, "order", orders::as_it_is(message), time_us);
                    let body = self.expected(message, what, None);
                    return steps.expect(self.place, "expect_message", body, None);
                };
                let name = self.captured(steps, place, id.is_some());
                let body = self.expected(message, what, name.as_deref());
                let step = self.sent.get(place).and_then(|sent| sent.step);
                if let Some(step) = step {
                    steps.expect_of(step, self.place, "expect_message", body);
                }
            }
        }
    }

    /// The variable with the id of a message that was replied to.
    fn captured(&mut self, steps: &mut Steps, place: usize, has_id: bool) -> Option<String> {
        let sent = self.sent.get_mut(place)?;
        sent.replied = true;
        if !has_id || sent.id.is_none() {
            return None;
        }
        if sent.name.is_none() {
            self.names += 1;
            let name = format!("sent_{}_{}", self.place + 1, self.names);
            steps.capture(sent.step?, &name);
            sent.name = Some(name);
        }
        sent.name.clone()
    }

    /// What is expected of a message: its kind and topic, the id of what it replies to, and the cloud's code.
    fn expected(&self, message: &Message<'_>, what: What, id: Option<&str>) -> Body {
        let mut members = vec![("what", toml::text(what.word()))];
        let mut places = Vec::new();
        // A topic with an id in it is another one each time.
        let meaning = self.platform.meaning(Direction::Down, message.topic, message.payload);
        if meaning.id_span.is_none() {
            members.push(("topic", toml::text(message.topic)));
        }
        if let Some(name) = id {
            places.push(("\"$request_id\"".to_owned(), toml::exact(&format!("${{{name}|text}}"))));
        }
        if let Some(code) = result_code(self.recorded.cloud, message.payload) {
            places.push(("\"$code\"".to_owned(), code.to_string()));
        }
        if !places.is_empty() {
            members.push(("where", toml::table(&places)));
        }
        Body::table(&members)
    }

    /// A request: ordered, waited for, and answered where the device did so.
    fn asked_for(&mut self, steps: &mut Steps, message: &Message<'_>, id: &str, time_us: u64, deadline_us: u64) {
        let asked = Asked { topic: message.topic, payload: message.payload };
        let request = self.platform.request(&asked);
        let in_words = request.as_ref().and_then(|request| orders::in_words(&*self.platform, message.topic, request));
        let told = in_words.is_some();
        steps.deed(self.place, "order", in_words.unwrap_or_else(|| orders::as_it_is(message)), time_us);
        self.names += 1;
        let name = format!("request_{}_{}", self.place + 1, self.names);
        let mut members = vec![("what", toml::text(message.what.word()))];
        if let Some(request) = &request {
            if !request.name.is_empty() {
                members.push(("name", toml::text(&request.name)));
            }
            let input = Some(&request.input).filter(|input| !input.is_null()).and_then(toml::wanted);
            members.extend(input.map(|input| ("where", format!("{{ \"$input\" = {input} }}"))));
        }
        members.push(("capture", format!("{{ {name} = \"$request_id\" }}")));
        steps.expect(self.place, "wait_request", Body::table(&members), None);
        if self.asked.len() == OPEN {
            self.asked.pop_front();
        }
        let (topic, payload) = (message.topic.to_owned(), Bytes::copy_from_slice(message.payload));
        self.asked.push_back(Request { id: id.to_owned(), name, topic, payload, deadline_us, told, ended: None });
    }

    /// A message of the device: an answer, a report, or as it is.
    fn went(&mut self, steps: &mut Steps, message: &Message<'_>, time_us: u64) {
        let meaning = self.platform.meaning(Direction::Up, message.topic, message.payload);
        let id = meaning.request_id.as_deref().map(str::to_owned);
        let what = meaning.what;
        let answered = id.as_deref().filter(|_| what.is_answer());
        if let Some(place) = answered.and_then(|id| self.asked.iter().rposition(|asked| asked.id == id)) {
            self.answered(steps, place, message, time_us);
            return;
        }
        let (action, body) = if let Some(properties) = self.report(message) {
            ("report", Body::table(&[("properties", properties)]))
        } else {
            let mut members = vec![("topic", toml::text(message.topic)), orders::payload(message.payload)];
            members.push(("qos", message.qos.number().to_string()));
            if message.retain {
                members.push(("retain", "true".to_owned()));
            }
            ("publish", Body::table(&members))
        };
        let step = steps.deed(self.place, action, body, time_us);
        if self.sent.len() == OPEN {
            self.sent.pop_front();
        }
        let (topic, payload) = (message.topic.to_owned(), Bytes::copy_from_slice(message.payload));
        self.sent.push_back(Sent { topic, payload, id, what, step, name: None, replied: false });
    }

    /// The properties of a report, where the cloud's own message says all that is in it.
    fn report(&self, message: &Message<'_>) -> Option<String> {
        let values = self.platform.reported(message.topic, message.payload);
        if values.is_empty() {
            return None;
        }
        let draft = self.platform.report(1, &values, None)?;
        let within = Transfer::within(self.recorded.cloud);
        let same = within.essence_live(Direction::Up, message.topic, message.payload)
            == within.essence_live(Direction::Up, &draft.topic, draft.body.as_bytes());
        let named = values.iter().map(|(property, value)| {
            let path = property.to_string();
            (Property::parse(&path) == *property).then(|| Some((toml::key(&path), toml::value(value)?)))?
        });
        let members = named.collect::<Option<Vec<_>>>()?;
        (same && draft.qos == message.qos && !message.retain).then(|| toml::table(&members))
    }

    fn answered(&mut self, steps: &mut Steps, place: usize, message: &Message<'_>, time_us: u64) {
        let Some(request) = self.asked.get_mut(place) else { return };
        let code = result_code(self.recorded.cloud, message.payload);
        let to = ("to", toml::exact(&format!("${{{}|text}}", request.name)));
        let asked = Asked { topic: &request.topic, payload: &request.payload };
        let usual = self.platform.answer(&asked, &Answer { code, ..Answer::default() });
        let within = Transfer::within(self.recorded.cloud);
        let essence = |topic: &str, body: &[u8]| within.essence_live(Direction::Up, topic, body);
        let is_usual = usual.is_some_and(|usual| {
            essence(&usual.topic, usual.body.as_bytes()) == essence(message.topic, message.payload)
        });
        let body = match code {
            Some(code) if is_usual => ("code", code.to_string()),
            _ => refreshed(&within, message, &request.name),
        };
        if request.ended.is_none() {
            let in_time = time_us < request.deadline_us;
            request.ended = Some(if in_time { Ended::Answered(code) } else { Ended::TimedOut });
        }
        steps.deed(self.place, "answer", Body::table(&[to, body]), time_us);
        self.tell_ended(steps);
    }

    /// The platform tells what came of its requests in the order in which it made them.
    fn tell_ended(&mut self, steps: &mut Steps) {
        for request in &mut self.asked {
            if !request.told {
                continue;
            }
            let Some(ended) = request.ended else { return };
            request.told = false;
            let (body, within) = match ended {
                Ended::Answered(Some(code)) => (Body::table(&[("code", code.to_string())]), None),
                Ended::Answered(None) => (Body::Value("\"answered\"".to_owned()), None),
                Ended::TimedOut => (Body::Value("\"timed-out\"".to_owned()), Some("25s")),
            };
            steps.expect(self.place, "expect_outcome", body, within);
        }
    }
}

/// The body of an answer, with the id of the request that it will answer instead of the recorded one.
fn refreshed(within: &Transfer, message: &Message<'_>, name: &str) -> (&'static str, String) {
    let Ok(text) = std::str::from_utf8(message.payload) else { return orders::payload(message.payload) };
    let escaped = text.replace("${", "$${");
    let id = format!("${{{name}|text}}");
    let fresh = Fresh { id: NewId::Other(&id), shift_us: 0 };
    let carried = within.carry(Direction::Up, message.topic, escaped.as_bytes(), &fresh);
    // Bytes of a text with others of a text in it.
    let carried = String::from_utf8_lossy(&carried.payload).into_owned();
    ("text", toml::exact(&carried))
}

impl Sent {
    /// Whether the platform's message is what it says to this one, which the embedded platform says by itself too.
    fn is_replied_by(&self, message: &Message<'_>, what: What, id: Option<&str>) -> bool {
        // Its own message, which comes back where the device has subscribed to it.
        if self.topic == message.topic && self.payload == message.payload {
            return true;
        }
        match (id, &self.id) {
            (Some(id), Some(own)) => id == own,
            (Some(_), None) => false,
            (None, _) => {
                is_topic_of_reply(&self.topic, message.topic)
                    || (what == What::Shadow && self.what == What::Shadow)
                    || (what == What::Event && self.what == What::Event && is_event_response(message.payload))
            }
        }
    }
}

/// Whether `topic` is where the reply to a message on `asked` comes, where no id ties them.
fn is_topic_of_reply(asked: &str, topic: &str) -> bool {
    topic.strip_suffix("_reply").is_some_and(|of| of == asked)
        || (topic.starts_with("/ext/") && topic.strip_suffix("/response") == asked.strip_suffix("/request"))
}

/// Whether a message of Huawei's `events/down` answers one of `events/up`.
fn is_event_response(payload: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(payload) else { return false };
    let services = body.get("services").and_then(Value::as_array);
    let mut kinds = services.into_iter().flatten().filter_map(|service| service.get("event_type")?.as_str());
    kinds.any(|kind| kind.ends_with("response"))
}
