//! What is heard of the session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::{BREATH, Engine, SUBSCRIBED_WITHIN, question};
use crate::cloud::Direction;
use crate::cloud::transfer::result_code;
use crate::event::{Event, Failure, Kind, LineState, Message};
use crate::replay::resend::replies::Reply;
use crate::replay::resend::report::Ended;
use crate::replay::resend::requests::Open;

impl Engine {
    /// Takes note of what happened on the session.
    pub(in crate::replay::resend) fn hear(&mut self, now: Instant, event: &Event<'_>) {
        match &event.kind {
            Kind::State(change) => {
                self.line(now, change.state);
                if change.state == LineState::Online {
                    self.unanswered.clone_from(&self.held);
                    self.answer_by = Some(now + SUBSCRIBED_WITHIN);
                }
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
                self.unanswered.retain(|filter| filter != answer.filter);
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
}
