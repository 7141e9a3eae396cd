//! What an entry of the tape makes go out.

use std::time::Instant;

use bytes::Bytes;

use super::{BREATH, Engine, Sent, question};
use crate::cloud::transfer::{Fresh, NewId, result_code};
use crate::cloud::{Asked, Direction};
use crate::event::{Moment, What};
use crate::mqtt::{Qos, TopicFilter};
use crate::replay::resend::Pace;
use crate::replay::resend::replies::Reply;
use crate::replay::resend::requests::{Answer, Question};
use crate::replay::resend::score::{Letter, Part, Told};
use crate::session::{Action, Order};

impl Engine {
    /// Does what an entry of the tape says; where that is too soon, the entry stays the next one.
    pub(super) fn perform(&mut self, now: Moment, told: Told) -> Option<Order> {
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
    pub(super) fn answer(&mut self, now: Moment, answer: &Answer) -> Order {
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
}

/// The kind of request that an answer answers.
fn asked_by(answer: What) -> What {
    match answer {
        What::PropertySetReply => What::PropertySet,
        What::PropertyGetReply => What::PropertyGet,
        _ => What::Command,
    }
}
