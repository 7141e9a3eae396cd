//! What is sent when: a machine that is handed the tape's entries, the session's events and the time, and answers with orders.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::replies::{Replies, Reply};
use super::report::{Ended, Report};
use super::requests::{Answer, Open, Question, Requests};
use super::score::{Letter, Part, Told};
use super::{Options, Pace};
use crate::cloud::guard::{self, Meter};
use crate::cloud::transfer::{Fresh, NewId, Transfer, result_code};
use crate::cloud::{Asked, Direction, Platform};
use crate::event::{Event, Failure, Kind, LineState, Message, Moment, What};
use crate::mqtt::{Qos, TopicFilter};
use crate::session::{Action, Order};

/// So many messages may be on their way at once.
const WINDOW: usize = 32;

/// How long to wait before a message is tried again that came too soon after others.
const BREATH: Duration = Duration::from_millis(20);

/// So long without an acknowledgement, with messages on their way, and it is given up.
const STALLED: Duration = Duration::from_mins(1);

/// Sends the recorded part of one device through the session of another.
#[derive(Debug)]
pub(super) struct Engine {
    transfer: Transfer,
    /// What the recorded device's messages mean, and the live one's.
    recorded: Arc<dyn Platform>,
    live: Arc<dyn Platform>,
    options: Options,
    /// Filters that the session holds by itself.
    held: Vec<String>,
    next: Option<Told>,
    tape_ended: bool,
    /// The tape's time of the first entry, and when it was due.
    base: Option<(u64, Instant)>,
    online: bool,
    down_since: Option<Instant>,
    last_order: u64,
    serial: u64,
    way: BTreeMap<u64, Sent>,
    again: BTreeMap<u64, Sent>,
    answers: VecDeque<Answer>,
    meter: Meter,
    not_before: Option<Instant>,
    /// The reply that is waited for, until when at the most.
    waiting: Option<(String, Instant)>,
    /// When something was last acknowledged or sent.
    stirred: Option<Instant>,
    finish_by: Option<Instant>,
    wake: Option<Instant>,
    replies: Replies,
    requests: Requests,
    report: Report,
}

/// Something that was handed to the session.
#[derive(Clone, Debug)]
struct Sent {
    what: What,
    /// The id that ties its reply to it.
    id: Option<String>,
    action: Action,
    /// For the guardrails: an answer's topic is not in its order.
    topic: String,
}

impl Engine {
    /// An engine whose orders have numbers above `options.orders`, and whose ids come after `serial`.
    pub(super) fn new(
        transfer: Transfer,
        recorded: Arc<dyn Platform>,
        live: Arc<dyn Platform>,
        held: Vec<String>,
        options: Options,
        serial: u64,
    ) -> Self {
        Self {
            transfer,
            recorded,
            live,
            last_order: options.orders,
            options,
            held,
            next: None,
            tape_ended: false,
            base: None,
            online: false,
            down_since: None,
            serial,
            way: BTreeMap::new(),
            again: BTreeMap::new(),
            answers: VecDeque::new(),
            meter: Meter::default(),
            not_before: None,
            waiting: None,
            stirred: None,
            finish_by: None,
            wake: None,
            replies: Replies::default(),
            requests: Requests::default(),
            report: Report::default(),
        }
    }

    /// Whether it wants the tape's next entry.
    pub(super) fn wants(&self) -> bool {
        self.next.is_none() && !self.tape_ended
    }

    /// Hands it the tape's next entry; `None`: there is none any more.
    pub(super) fn feed(&mut self, told: Option<Told>) {
        self.tape_ended |= told.is_none();
        self.next = told;
    }

    /// Whether all is done.
    pub(super) fn has_ended(&self) -> bool {
        self.report.ended.is_some()
    }

    /// The state of the line at the start.
    pub(super) fn line(&mut self, now: Instant, state: LineState) {
        let online = state == LineState::Online;
        match (online, self.down_since.take()) {
            // The recorded distances hold after the outage as well.
            (true, Some(since)) => {
                if let Some((_, at)) = &mut self.base {
                    *at += now.saturating_duration_since(since);
                }
                self.stirred = Some(now);
            }
            (false, since) => self.down_since = since.or(Some(now)),
            (true, None) => {}
        }
        self.online = online;
    }

    /// When [`Engine::step`] has something to do, if nothing is heard until then.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.wake
    }

    /// How it stands.
    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    /// The tape's time that it has come to, in microseconds since the Unix epoch.
    pub(super) fn position_us(&self) -> Option<u64> {
        self.next.as_ref().map(|told| told.time_us)
    }

    /// Whether it waits for the platform rather than for the tape's time.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some() || self.finish_by.is_some()
    }

    /// The next order; `None`: nothing to do until the deadline, the next entry or the next event.
    pub(super) fn step(&mut self, now: Moment) -> Option<Order> {
        self.wake = None;
        if self.has_ended() || !self.online || self.breathes(now.mono) {
            return None;
        }
        if let Some((number, sent)) = self.again.pop_first() {
            return Some(self.hand_over(now.mono, number, sent));
        }
        loop {
            if self.way.len() >= WINDOW {
                return self.watch_for_a_stall(now.mono);
            }
            if let Some(answer) = self.answers.pop_front() {
                return Some(self.answer(now, &answer));
            }
            if self.waits_for_a_reply(now.mono) {
                return None;
            }
            let Some(told) = self.next.take() else {
                return if self.tape_ended { self.finish(now.mono) } else { None };
            };
            let due = self.due(now.mono, told.time_us);
            if due > now.mono {
                self.next = Some(told);
                self.wake = Some(due);
                return None;
            }
            if let Some(order) = self.perform(now, told) {
                return Some(order);
            }
            if self.breathes(now.mono) {
                return None;
            }
        }
    }

    /// Ends it before its time.
    pub(super) fn stop(&mut self, ended: Ended) {
        if self.has_ended() {
            return;
        }
        for sent in std::mem::take(&mut self.again).into_values().chain(std::mem::take(&mut self.way).into_values()) {
            if let Some(id) = &sent.id {
                self.replies.withdraw(id);
            }
        }
        self.replies.end(&mut self.report);
        self.requests.end(&mut self.report);
        self.report.ended = Some(ended);
    }

    /// Takes note of what happened on the session.
    pub(super) fn hear(&mut self, now: Instant, event: &Event<'_>) {
        match &event.kind {
            Kind::State(change) => {
                self.line(now, change.state);
                if change.state == LineState::Offline && !self.has_ended() {
                    let why = change.reason.unwrap_or("no reason is known").to_owned();
                    self.stop(Ended::Offline(why));
                }
            }
            Kind::Acked(acked) => {
                if let Some(sent) = acked.order.and_then(|order| self.way.remove(&order)) {
                    self.report.of(sent.what).acked += 1;
                    self.stirred = Some(now);
                }
            }
            Kind::Subscribed(answer) => {
                let ours = answer.order.and_then(|order| self.way.remove(&order)).is_some();
                if ours && answer.granted.is_none() {
                    self.report.differs(|| format!("the subscription to {} was refused", answer.filter));
                }
            }
            Kind::Error(failure) => self.failed(now, failure),
            Kind::Rx(message) => self.came(now, message),
            _ => {}
        }
    }

    fn failed(&mut self, now: Instant, failure: &Failure<'_>) {
        let Some((number, sent)) = failure.order.and_then(|order| self.way.remove_entry(&order)) else { return };
        // What was lost with its line goes again, and what came too soon after others.
        let soon = failure.code == "busy" || failure.code == "guard" && self.check(now, &sent, true).is_ok();
        if soon || matches!(failure.code, "rejected" | "offline") {
            self.not_before = soon.then_some(now + BREATH);
            self.again.insert(number, sent);
            return;
        }
        if let Some(id) = &sent.id {
            self.replies.withdraw(id);
        }
        self.report.of(sent.what).refused += 1;
        self.report.differs(|| format!("{}: not sent: {}", sent.topic, failure.reason));
    }

    fn came(&mut self, now: Instant, message: &Message<'_>) {
        let Some(id) = message.request_id else { return };
        let (live, transfer) = (Arc::clone(&self.live), self.transfer.clone());
        let reply = || Reply {
            code: result_code(transfer.cloud(), message.payload),
            essence: transfer.essence_live(Direction::Down, message.topic, message.payload),
            words: live.summary(Direction::Down, message.topic, message.payload).detail,
        };
        if self.replies.came(id, reply, &mut self.report) || !message.what.is_request() || message.dup {
            return;
        }
        let open = Open {
            question: question(&*self.live, message.what, message.topic, message.payload),
            request_id: id.to_owned(),
            topic: message.topic.to_owned(),
            payload: Bytes::copy_from_slice(message.payload),
            deadline: message.deadline_ms.map(|within| now + Duration::from_millis(within.into())),
        };
        self.answers.extend(self.requests.came(open, &mut self.report));
    }

    /// Does what an entry of the tape says; where that is too soon, the entry stays the next one.
    fn perform(&mut self, now: Moment, told: Told) -> Option<Order> {
        match &told.part {
            Part::Sent(letter) => {
                let meaning = self.recorded.meaning(Direction::Up, &letter.topic, &letter.payload);
                let (what, id) = (meaning.what, meaning.request_id.map(std::borrow::Cow::into_owned));
                match id {
                    Some(id) if what.is_answer() => {
                        self.recorded_answer(now.mono, what, &id, letter);
                        None
                    }
                    id => self.send(now, what, id.as_deref(), told),
                }
            }
            Part::Came(letter) => {
                self.recorded_came(now.mono, letter);
                None
            }
            Part::Subscribed(filter, qos) => self.subscribe(now.mono, filter, *qos),
        }
    }

    fn send(&mut self, now: Moment, what: What, recorded_id: Option<&str>, told: Told) -> Option<Order> {
        let Part::Sent(letter) = &told.part else { return None };
        let serial = (self.serial % (1 << 32)).to_string();
        let id = recorded_id.map_or(NewId::Same, |_| NewId::Other(&serial));
        let shift_us = now.at.unix_micros().saturating_sub(told.at.unix_micros());
        let carried = self.transfer.carry(Direction::Up, &letter.topic, &letter.payload, &Fresh { id, shift_us });
        let topic = carried.topic.into_owned();
        let payload = Bytes::from(carried.payload.into_owned());
        let id = recorded_id.and(self.live.meaning(Direction::Up, &topic, &payload).request_id).map(String::from);
        let (qos, retain) = (letter.qos, letter.retain);
        let action = Action::Publish { topic: topic.clone(), payload, qos, retain, force: false };
        let sent = Sent { what, id, action, topic };
        if self.check(now.mono, &sent, true).is_ok() && self.check(now.mono, &sent, false).is_err() {
            // Within the cloud's limits but for its rate: a moment later it may go.
            self.not_before = Some(now.mono + BREATH);
            self.next = Some(told);
            return None;
        }
        self.serial += 1;
        self.report.of(what).recorded += 1;
        if let (Some(recorded_id), Some(id)) = (recorded_id, &sent.id) {
            self.replies.sent(recorded_id, id, &sent.topic, &mut self.report);
        }
        Some(self.give(now.mono, sent))
    }

    fn recorded_answer(&mut self, now: Instant, what: What, id: &str, letter: &Letter) {
        self.report.of(what).recorded += 1;
        let name = self.recorded.summary(Direction::Up, &letter.topic, &letter.payload).name;
        let otherwise = Question { what: asked_by(what), name };
        let body = (what, letter.topic.clone(), letter.payload.clone());
        self.answers.extend(self.requests.answered(id, otherwise, body, now, &mut self.report));
    }

    fn recorded_came(&mut self, now: Instant, letter: &Letter) {
        let (topic, payload) = (&letter.topic, &letter.payload);
        let meaning = self.recorded.meaning(Direction::Down, topic, payload);
        let Some(id) = meaning.request_id else { return };
        if self.replies.answers_recorded(&id) {
            let reply = Reply {
                code: result_code(self.transfer.cloud(), payload),
                essence: self.transfer.essence_recorded(Direction::Down, topic, payload),
                words: self.recorded.summary(Direction::Down, topic, payload).detail,
            };
            let awaited = self.replies.recorded(&id, reply, &mut self.report);
            if self.options.pace == Pace::Replies {
                self.waiting = awaited.map(|id| (id, now + self.options.patience));
            }
        } else if meaning.what.is_request() {
            let question = question(&*self.recorded, meaning.what, topic, payload);
            self.requests.recorded(id.into_owned(), question, &mut self.report);
        }
    }

    fn subscribe(&mut self, now: Instant, filter: &str, qos: Qos) -> Option<Order> {
        let carried = self.transfer.carry(Direction::Down, filter, b"", &Fresh::default()).topic.into_owned();
        let filter =
            TopicFilter::new(carried).ok().filter(|filter| !self.held.iter().any(|own| own == filter.as_str()))?;
        let topic = filter.as_str().to_owned();
        self.held.push(topic.clone());
        let action = Action::Subscribe { filter, qos, force: false };
        Some(self.give(now, Sent { what: What::System, id: None, action, topic }))
    }

    /// Answers a request of now as the tape's was answered.
    fn answer(&mut self, now: Moment, answer: &Answer) -> Order {
        let Answer { to, body } = answer;
        let asked = Asked { topic: &to.topic, payload: &to.payload };
        let fresh = Fresh { id: NewId::Answering(&asked, Direction::Down), shift_us: 0 };
        let carried = self.transfer.carry(Direction::Up, &body.topic, &body.payload, &fresh);
        let payload = Bytes::from(carried.payload.into_owned());
        let action =
            Action::Reply { request_id: to.request_id.clone(), code: None, payload: Some(payload), force: false };
        let topic = carried.topic.into_owned();
        self.give(now.mono, Sent { what: body.what, id: None, action, topic })
    }

    fn give(&mut self, now: Instant, sent: Sent) -> Order {
        self.last_order += 1;
        if !matches!(sent.action, Action::Subscribe { .. }) {
            self.report.of(sent.what).sent += 1;
        }
        self.hand_over(now, self.last_order, sent)
    }

    fn hand_over(&mut self, now: Instant, number: u64, sent: Sent) -> Order {
        if let Action::Publish { payload, .. } | Action::Reply { payload: Some(payload), .. } = &sent.action {
            self.meter.count(now, payload.len());
        }
        self.stirred = Some(now);
        let order = Order { number: Some(number), action: sent.action.clone() };
        self.way.insert(number, sent);
        order
    }

    /// Asks the guardrails; `alone`: as if nothing else had been sent lately.
    fn check(&self, now: Instant, sent: &Sent, alone: bool) -> Result<(), guard::Breach> {
        let (payload, qos, retain) = match &sent.action {
            Action::Publish { payload, qos, retain, .. } => (payload, *qos, *retain),
            Action::Reply { payload: Some(payload), .. } => (payload, Qos::AtMostOnce, false),
            _ => return Ok(()),
        };
        let nothing = Meter::default();
        let meter = if alone { &nothing } else { &self.meter };
        let message = guard::Outgoing { topic: &sent.topic, size: payload.len(), qos, retain, what: sent.what };
        guard::check_publish(self.live.limits(), meter, now, &message)
    }

    fn due(&mut self, now: Instant, time_us: u64) -> Instant {
        let Pace::Recorded(factor) = self.options.pace else { return now };
        let (first_us, at) = *self.base.get_or_insert((time_us, now));
        let passed = Duration::from_micros(time_us.saturating_sub(first_us)).as_secs_f64() / factor;
        // A pace so slow that no clock reaches it is one day, again and again.
        let wait = Duration::try_from_secs_f64(passed).unwrap_or(Duration::MAX);
        at.checked_add(wait).unwrap_or(now + Duration::from_hours(24))
    }

    fn breathes(&mut self, now: Instant) -> bool {
        self.not_before = self.not_before.filter(|until| *until > now);
        self.wake = self.not_before;
        self.not_before.is_some()
    }

    fn waits_for_a_reply(&mut self, now: Instant) -> bool {
        let replies = &self.replies;
        self.waiting = self.waiting.take().filter(|(id, until)| *until > now && replies.waits_for(id));
        self.wake = self.waiting.as_ref().map(|(_, until)| *until);
        self.waiting.is_some()
    }

    fn watch_for_a_stall(&mut self, now: Instant) -> Option<Order> {
        let until = self.stirred.map_or(now, |stirred| stirred + STALLED);
        if until <= now {
            self.stop(Ended::Stalled);
        } else {
            self.wake = Some(until);
        }
        None
    }

    /// The tape is through: what is on its way may still arrive.
    fn finish(&mut self, now: Instant) -> Option<Order> {
        if !self.way.is_empty() {
            return self.watch_for_a_stall(now);
        }
        let until = *self.finish_by.get_or_insert(now + self.options.patience);
        if until <= now || !(self.replies.is_waiting() || self.requests.is_waiting()) {
            self.stop(Ended::Whole);
        } else {
            self.wake = Some(until);
        }
        None
    }
}

/// What a request of the platform asks.
fn question(platform: &dyn Platform, what: What, topic: &str, payload: &[u8]) -> Question {
    Question { what, name: platform.summary(Direction::Down, topic, payload).name }
}

/// The kind of request that an answer answers.
fn asked_by(answer: What) -> What {
    match answer {
        What::PropertySetReply => What::PropertySet,
        What::PropertyGetReply => What::PropertyGet,
        _ => What::Command,
    }
}
