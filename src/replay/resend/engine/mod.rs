//! What is sent when: a machine that is handed the tape's entries (`tape`), the session's events (`live`) and the time, and answers
//! with orders.

mod live;
mod tape;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cloud::guard::{self, Meter};
use crate::cloud::transfer::Transfer;
use crate::cloud::{Direction, Platform};
use crate::event::{LineState, Moment, What};
use crate::mqtt::Qos;
use crate::replay::resend::replies::Replies;
use crate::replay::resend::report::{Ended, Report};
use crate::replay::resend::requests::{Answer, Question, Requests};
use crate::replay::resend::score::Told;
use crate::replay::resend::{Options, Pace};
use crate::session::{Action, Order};

/// So many messages may be on their way at once.
const WINDOW: usize = 32;

/// How long to wait before a message is tried again that came too soon after others.
const BREATH: Duration = Duration::from_millis(20);

/// So long the platform may take to answer the session's own subscriptions before the first message goes without them: a reply to
/// it would not come.
const SUBSCRIBED_WITHIN: Duration = Duration::from_secs(5);

/// So long without an acknowledgement, with messages on their way, and it is given up.
const STALLED: Duration = Duration::from_mins(1);

/// Sends the recorded part of one device through the session of another.
#[derive(Debug)]
pub(in crate::replay::resend) struct Engine {
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
    /// Subscriptions that this connection has asked for and that are not answered, and until when they are waited for.
    unanswered: Vec<String>,
    answer_by: Option<Instant>,
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
    pub(in crate::replay::resend) fn new(
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
            unanswered: Vec::new(),
            answer_by: None,
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
    pub(in crate::replay::resend) fn wants(&self) -> bool {
        self.next.is_none() && !self.tape_ended
    }

    /// Hands it the tape's next entry; `None`: there is none any more.
    pub(in crate::replay::resend) fn feed(&mut self, told: Option<Told>) {
        self.tape_ended |= told.is_none();
        self.next = told;
    }

    /// Whether all is done.
    pub(in crate::replay::resend) fn has_ended(&self) -> bool {
        self.report.ended.is_some()
    }

    /// The state of the line at the start.
    pub(in crate::replay::resend) fn line(&mut self, now: Instant, state: LineState) {
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
    pub(in crate::replay::resend) fn deadline(&self) -> Option<Instant> {
        self.wake
    }

    /// How it stands.
    pub(in crate::replay::resend) fn report(&self) -> &Report {
        &self.report
    }

    /// The tape's time that it has come to, in microseconds since the Unix epoch.
    pub(in crate::replay::resend) fn position_us(&self) -> Option<u64> {
        self.next.as_ref().map(|told| told.time_us)
    }

    /// Whether it waits for the platform rather than for the tape's time.
    pub(in crate::replay::resend) fn is_waiting(&self) -> bool {
        self.waiting.is_some() || self.finish_by.is_some()
    }

    /// The next order; `None`: nothing to do until the deadline, the next entry or the next event.
    pub(in crate::replay::resend) fn step(&mut self, now: Moment) -> Option<Order> {
        self.wake = None;
        if self.has_ended() || !self.online || self.subscribes(now.mono) || self.breathes(now.mono) {
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
    pub(in crate::replay::resend) fn stop(&mut self, ended: Ended) {
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

    fn subscribes(&mut self, now: Instant) -> bool {
        self.wake = self.answer_by.filter(|until| *until > now && !self.unanswered.is_empty());
        self.wake.is_some()
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
