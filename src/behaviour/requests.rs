//! Requests answered: by rules, by recorded answers, or by nobody.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::compact::compact;
use super::machine::Behaviour;
use super::queue::{Call, Waiting};
use super::recorded::{Given, Recorded, Unmatched};
use super::rule::{Action, Last, Made, is_success, title};
use super::{RuleStanding, Sending};
use crate::cloud::{Answer, Asked, Meaning, Property, Request, spoil};
use crate::event::{Moment, What};

/// The name that recorded answers go by among the rules.
pub const RECORDED: &str = "recorded answers";

/// Recorded answers and what they have done.
#[derive(Debug)]
pub(super) struct Recordings {
    recorded: Recorded,
    on: bool,
    hits: u64,
    last: Option<String>,
    by: Arc<str>,
}

impl Recordings {
    pub(super) fn new(recorded: Recorded) -> Self {
        Self { recorded, on: true, hits: 0, last: None, by: RECORDED.into() }
    }

    pub(super) fn switch(&mut self, on: bool) {
        self.on = on;
    }

    pub(super) fn standing(&self) -> RuleStanding {
        let unmatched = match self.recorded.unmatched {
            Unmatched::Leave => "left to the person",
            Unmatched::Fail => "failed",
            Unmatched::Drop => "not answered",
        };
        RuleStanding {
            name: RECORDED.to_owned(),
            words: format!("{} of a tape; what none is like is {unmatched}", self.recorded.len()),
            on: self.on,
            hits: self.hits,
            last: self.last.clone(),
        }
    }
}

impl Behaviour {
    /// A request came that waits for an answer.
    pub(super) fn requested(&mut self, now: Moment, asked: &Asked<'_>, meaning: &Meaning<'_>) {
        let what = meaning.what;
        // It takes the place of an earlier request with its id: an answer from now on is for this one.
        if let Some(id) = meaning.request_id.as_deref().filter(|_| !self.pending.is_empty()) {
            self.pending.forget(id);
        }
        let recordings = self.recordings.as_ref().is_some_and(|recordings| recordings.on);
        let answers = self.rules_on && (recordings || self.rules.iter().any(|rule| rule.may_take(what)));
        // Taking a request apart is for those who need it.
        if !answers && what != What::PropertySet {
            return;
        }
        let Some(mut request) = self.platform.request(asked) else { return };
        // What is written to a sub-device is that one's.
        let own = request.target.is_none();
        let writes = if own { std::mem::take(&mut request.writes) } else { Vec::new() };
        let left = if answers { self.answer(now, (asked, meaning, &request), writes) } else { Some(writes) };
        if let (Some(writes), Some(id)) = (left, &meaning.request_id) {
            self.pending.put(id, writes);
        }
    }

    /// Answers a request, if something is there to do that; else the writes come back.
    fn answer(
        &mut self,
        now: Moment,
        (asked, meaning, request): (&Asked<'_>, &Meaning<'_>, &Request),
        writes: Vec<(Property, Value)>,
    ) -> Option<Vec<(Property, Value)>> {
        let random = self.maker.random();
        let Some(place) = self.rules.iter_mut().position(|rule| rule.takes(request, random)) else {
            return self.answer_as_recorded(now, (asked, meaning, request), writes);
        };
        self.changed(now);
        let rule = self.rules.get_mut(place)?;
        let by = Arc::clone(rule.by());
        let Action::Answer(reply) = &rule.rule().then else {
            rule.did(Last::Dropped, request);
            self.note(format!("{by}: {} is not answered", title(request)));
            return None;
        };
        let world = (&*self.platform, &self.properties);
        let made = self.maker.make(world, (asked, meaning, request), (reply, rule.hits()), now.at);
        let (last, left) = match made {
            Ok(made) => match self.put(now, made, (&by, meaning, request), writes) {
                Ok(()) => (Last::Answered, None),
                Err((why, writes)) => (Last::Failed(why), Some(writes)),
            },
            Err(why) => (Last::Failed(why), Some(writes)),
        };
        if let Last::Failed(why) = &last {
            self.note(format!("{by}: {} is left to you: {why}", title(request)));
        }
        if let Some(rule) = self.rules.get_mut(place) {
            rule.did(last, request);
        }
        left
    }

    /// Sends an answer, now or in time; with no room for those that wait, the writes come back.
    fn put(
        &mut self,
        now: Moment,
        made: Made,
        (by, meaning, request): (&Arc<str>, &Meaning<'_>, &Request),
        writes: Vec<(Property, Value)>,
    ) -> Result<(), (String, Vec<(Property, Value)>)> {
        let Made { topic, payload, qos, success, after, again, pad, late } = made;
        // Behind those whose time has come already.
        let at_once = after.is_zero() && self.has_turn() && self.queue.due().is_none_or(|due| due > now.mono);
        let waits = usize::from(!at_once) + usize::from(again.is_some());
        let due = now.mono + after;
        // What goes at once needs no memory of its request.
        let call = (waits > 0)
            .then(|| Arc::new(Call { id: meaning.request_id.as_deref().map(Arc::from), title: title(request) }));
        let by = Arc::clone(by);
        let first = Waiting { topic, payload, qos, by, pad, success, writes, call, on_purpose: late };
        if let Err(why) = self.queue.has_room(waits, first.bytes()) {
            return Err((why, first.writes));
        }
        let second = again.map(|again| (due + again, first.again()));
        if at_once {
            self.emit(now, first);
        } else {
            self.queue.put(due, first);
        }
        if let Some((due, second)) = second {
            self.queue.put(due, second);
        }
        Ok(())
    }

    /// Sends an answer whose time has come.
    pub(super) fn emit(&mut self, now: Moment, waiting: Waiting) {
        let Waiting { topic, payload, qos, by, pad, success, writes, .. } = waiting;
        let payload = match pad {
            Some(size) => Bytes::from(spoil::oversized(&payload, size)),
            None => payload,
        };
        if success {
            self.take_over(now, writes);
        }
        self.made(Sending { topic, payload, qos, by });
    }

    /// A person, or an order, has answered a request: what waits for its time to answer it too is called off, unless its rule makes
    /// that mistake on purpose, and what the request writes is taken over if the answer told of success.
    pub(super) fn answered_by_hand(&mut self, now: Moment, meaning: &Meaning<'_>, payload: &[u8]) {
        let Some(id) = meaning.request_id.as_deref() else { return };
        let set = meaning.what == What::PropertySetReply;
        // Its writes wait in one place or the other; an answer to something else with the same id does not end the wait.
        let left = if set { self.pending.take(id).unwrap_or_default() } else { Vec::new() };
        if left.is_empty() && self.queue.due().is_none() {
            return;
        }
        let success = set && is_success(&*self.platform, What::PropertySet, payload);
        let off = self.queue.call_off(id, success);
        if success {
            self.take_over(now, left);
            self.take_over(now, off.writes);
        }
        for Waiting { by, call, .. } in off.answers {
            let title = call.as_ref().map_or("the request", |call| call.title.as_str());
            self.note(format!("{by}: the delayed answer to {title} is called off, for it has been answered"));
        }
    }

    fn answer_as_recorded(
        &mut self,
        now: Moment,
        (asked, meaning, request): (&Asked<'_>, &Meaning<'_>, &Request),
        writes: Vec<(Property, Value)>,
    ) -> Option<Vec<(Property, Value)>> {
        let Some(recordings) = self.recordings.as_mut().filter(|recordings| recordings.on) else {
            return Some(writes);
        };
        let by = Arc::clone(&recordings.by);
        let given = recordings.recorded.answer(asked, request, now.at);
        let (made, last) = match (given, recordings.recorded.unmatched) {
            (Some(Given { topic, payload, qos, after, same }), _) => {
                let success = is_success(&*self.platform, request.what, &payload);
                let last = if same { "as recorded" } else { "as recorded for others of the name" };
                (Some(Made { topic, payload, qos, success, after, again: None, pad: None, late: false }), last)
            }
            (None, Unmatched::Leave) => return Some(writes),
            (None, Unmatched::Drop) => (None, "left without an answer: none is recorded"),
            (None, Unmatched::Fail) => {
                let code = self.platform.answer_codes(request.what).get(1).map(|(code, _)| *code);
                let draft = self.platform.answer(asked, &Answer { code, ..Answer::default() })?;
                let made = Made {
                    topic: draft.topic,
                    payload: Bytes::from(compact(draft.body)),
                    qos: draft.qos,
                    success: false,
                    after: std::time::Duration::ZERO,
                    again: None,
                    pad: None,
                    late: false,
                };
                (Some(made), "failed: none is recorded")
            }
        };
        recordings.hits += 1;
        recordings.last = Some(format!("{} {last}", title(request)));
        self.changed(now);
        let Some(made) = made else {
            self.note(format!("{by}: {} is not answered", title(request)));
            return None;
        };
        match self.put(now, made, (&by, meaning, request), writes) {
            Ok(()) => None,
            Err((why, writes)) => {
                self.note(format!("{by}: {} is left to you: {why}", title(request)));
                Some(writes)
            }
        }
    }

    /// The properties take these values.
    pub(super) fn take_over(&mut self, now: Moment, writes: Vec<(Property, Value)>) {
        for (property, value) in writes {
            self.set(now, property, value);
        }
    }

    /// A property takes a value. A value that comes beyond the most that are kept is not kept: what the platform writes is bounded.
    pub(super) fn set(&mut self, now: Moment, property: Property, value: Value) {
        if self.properties.set(property, value, now.at) {
            self.changed(now);
        }
    }
}
