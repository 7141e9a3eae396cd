//! What an order does, in each state of the line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::actor::Actor;
use super::clock;
use super::ledger::Outgoing;
use super::line::{Line, Online};
use super::order::{Action, Order};
use crate::behaviour::Sending;
use crate::cloud::guard::{self, Breach};
use crate::cloud::{Asked, Direction};
use crate::event::{Failure, Kind, LineState, StateChange};
use crate::mqtt::topic::check_name;
use crate::mqtt::{Fault, Input, Qos, TopicFilter};

/// How to pass over a guardrail, for the hint of a refusal.
const FORCE: &str = "to send it all the same: --force, \"force\": true, or Ctrl-F in the composer";

/// Bytes of our messages that may be on their way. A message that would go beyond is refused, unless it is alone.
const BACKLOG: usize = 16 << 20;

/// How long a session that was told to leave waits for the acknowledgements of what it sent.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// What answers a request of the platform; the cloud's own code and body where absent.
struct Answer {
    request_id: String,
    code: Option<i64>,
    payload: Option<Bytes>,
}

impl Actor {
    /// Carries out `order` and answers the line that follows.
    pub(super) async fn obey(&mut self, line: Line, order: Order) -> Line {
        let Order { number, action } = order;
        match action {
            Action::Connect | Action::Now => self.connect_now(line, number, &action).await,
            Action::Disconnect => self.disconnect(line, number).await,
            Action::Leave => {
                // An order whose state has not come yet ends with the session's last.
                self.state_order = self.state_order.or(number);
                self.leaving = Some(clock::now().mono + LEAVE_WITHIN);
                line
            }
            Action::Own(control) => {
                self.control(number, &control);
                self.act(line)
            }
            Action::Publish { .. } | Action::Reply { .. } | Action::Subscribe { .. } | Action::Unsubscribe { .. } => {
                match line {
                    Line::Connected(mut online) if online.accepted => {
                        let fault = self.request(&mut online, number, action);
                        self.settle(online, fault)
                    }
                    line => {
                        let hint = "wait until the device is online, or connect it";
                        self.refuse(number, "offline", &format!("{} is not online", self.profile.name), Some(hint));
                        line
                    }
                }
            }
        }
    }

    async fn connect_now(&mut self, line: Line, number: Option<u64>, action: &Action) -> Line {
        match line {
            Line::Offline | Line::Waiting(_) => {
                self.asked_for_state(number);
                self.dial_anew()
            }
            Line::Connected(online) if *action == Action::Now => {
                self.asked_for_state(number);
                self.close(online).await;
                self.dial_anew()
            }
            line => {
                let accepted = matches!(&line, Line::Connected(online) if online.accepted);
                let what = if accepted { "is connected already" } else { "is connecting already" };
                let hint = accepted.then_some("\"now\" (R on the screen) reconnects");
                self.refuse(number, "connected", &format!("{} {what}", self.profile.name), hint);
                line
            }
        }
    }

    async fn disconnect(&mut self, line: Line, number: Option<u64>) -> Line {
        self.asked_for_state(number);
        self.go_offline(line).await
    }

    async fn go_offline(&mut self, line: Line) -> Line {
        if let Line::Connected(online) = line {
            self.close(online).await;
        }
        let reason = Some("as ordered");
        let attempt = self.attempt();
        self.state(&StateChange { state: LineState::Offline, attempt, reason, ..StateChange::default() });
        Line::Offline
    }

    /// Ends the session in order.
    pub(super) async fn leave(&mut self, line: Line) -> Line {
        self.go_offline(line).await;
        Line::Left
    }

    /// The line's next state ends the order `number`. An earlier order that still waits for its state will not get it.
    fn asked_for_state(&mut self, number: Option<u64>) {
        if let Some(earlier) = std::mem::replace(&mut self.state_order, number) {
            self.refuse(
                Some(earlier),
                "superseded",
                "a later order came before the line was where this one wanted it",
                None,
            );
        }
    }

    async fn close(&mut self, mut online: Box<Online>) {
        let now = clock::now();
        let fault = self.client.step(now.mono, Input::Disconnect, &mut online.connection.output).err();
        if let Some(fault) = fault {
            self.journal.append(self.id, now, &Kind::Note { text: &fault.to_string(), order: None });
        }
        online.connection.drain().await;
        self.note_written(&mut online.connection);
        self.record(&mut online.connection.output.happenings);
        online.connection.finish().await;
        self.hang_up(clock::now());
    }

    fn request(&mut self, online: &mut Online, number: Option<u64>, action: Action) -> Option<Fault> {
        match action {
            Action::Publish { topic, payload, qos, retain, force } => {
                self.publish(online, number, Outgoing { topic, payload, qos, retain }, force)
            }
            Action::Reply { request_id, code, payload, force } => {
                self.reply(online, number, &Answer { request_id, code, payload }, force)
            }
            Action::Subscribe { filter, qos, force } => self.subscribe(online, number, filter, qos, force),
            Action::Unsubscribe { filter } => {
                let token = self.ledger.open(number, None);
                self.step(online, Input::Unsubscribe { token, filters: vec![filter] })
            }
            Action::Connect | Action::Disconnect | Action::Now | Action::Leave | Action::Own(_) => None,
        }
    }

    fn publish(&mut self, online: &mut Online, number: Option<u64>, message: Outgoing, force: bool) -> Option<Fault> {
        if let Err(error) = check_name(&message.topic) {
            self.refuse(number, "topic", &format!("no message can go to this topic: {error}"), None);
            return None;
        }
        let now = clock::now().mono;
        let size = message.payload.len();
        let checked = self.guard(now, &message);
        if !self.passes(online, number, checked, force) {
            return None;
        }
        let waiting = online.connection.unwritten().max(self.client.unacknowledged_bytes());
        if waiting > 0 && waiting.saturating_add(size) > BACKLOG {
            let reason = format!("{waiting} bytes of earlier messages are still on their way");
            self.refuse(number, "busy", &reason, Some("wait for the `acked` events of earlier messages"));
            return None;
        }
        self.meter.count(now, size);
        let Outgoing { topic, payload, qos, retain } = message.clone();
        let token = self.ledger.open(number, Some(message));
        self.step(online, Input::Publish { token, topic, payload, qos, retain })
    }

    fn reply(&mut self, online: &mut Online, number: Option<u64>, answer: &Answer, force: bool) -> Option<Fault> {
        let Answer { request_id, code, payload } = answer;
        let platform = Arc::clone(&self.platform);
        let draft = self.journal.with(|timeline| {
            let request = timeline.requests().find(self.id, request_id)?;
            platform.reply(&Asked { topic: &request.topic, payload: &request.payload }, *code)
        });
        let Some(draft) = draft else {
            let reason = format!("{} has no request {request_id} to answer", self.profile.name);
            self.refuse(number, "request-unknown", &reason, Some("request_id is that of the command as it came"));
            return None;
        };
        let payload = payload.clone().unwrap_or_else(|| Bytes::from(draft.body));
        let message = Outgoing { topic: draft.topic, payload, qos: draft.qos, retain: false };
        self.publish(online, number, message, force)
    }

    /// What the cloud's guardrails say about a message that goes at `now`.
    fn guard(&self, now: Instant, message: &Outgoing) -> Result<(), Breach> {
        let what = self.platform.meaning(Direction::Up, &message.topic, &message.payload).what;
        let (size, qos, retain) = (message.payload.len(), message.qos, message.retain);
        let outgoing = guard::Outgoing { topic: &message.topic, size, qos, retain, what };
        guard::check_publish(self.platform.limits(), &self.meter, now, &outgoing)
    }

    /// Sends a message of the device's own doings. The cloud's guardrails do not hold it back: an answer that is kept back is worse
    /// than one too many, and a fault on purpose is meant to break them.
    pub(super) fn send_own(&mut self, online: &mut Online, sending: Sending) -> Option<Fault> {
        let Sending { topic, payload, qos, by } = sending;
        if let Err(error) = check_name(&topic) {
            self.refuse(None, "topic", &format!("{by}: no message can go to this topic: {error}"), None);
            return None;
        }
        let size = payload.len();
        let waiting = online.connection.unwritten().max(self.client.unacknowledged_bytes());
        if waiting > 0 && waiting.saturating_add(size + topic.len()) > BACKLOG {
            let reason = format!("{by}: {waiting} bytes of earlier messages are still on their way");
            self.refuse(None, "busy", &reason, None);
            return None;
        }
        let now = clock::now().mono;
        let message = Outgoing { topic: topic.clone(), payload: payload.clone(), qos, retain: false };
        online.forced |= self.guard(now, &message).is_err();
        self.meter.count(now, size);
        let token = self.ledger.open_own(by, message);
        self.step(online, Input::Publish { token, topic, payload, qos, retain: false })
    }

    fn subscribe(
        &mut self,
        online: &mut Online,
        number: Option<u64>,
        filter: TopicFilter,
        qos: Qos,
        force: bool,
    ) -> Option<Fault> {
        let held = self.wanted.iter().filter(|held| held.filter != filter).count();
        let checked = guard::check_subscribe(self.platform.limits(), filter.as_str(), qos, held);
        if !self.passes(online, number, checked, force) {
            return None;
        }
        let token = self.ledger.open(number, None);
        self.step(online, Input::Subscribe { token, filters: vec![(filter, qos)] })
    }

    /// Whether a guardrail lets an order pass: it does, or the person has said that it shall.
    fn passes(&mut self, online: &mut Online, number: Option<u64>, checked: Result<(), Breach>, force: bool) -> bool {
        let Err(breach) = checked else { return true };
        if force {
            online.forced = true;
            return true;
        }
        self.refuse(number, "guard", &breach.to_string(), Some(FORCE));
        false
    }

    fn step(&mut self, online: &mut Online, input: Input) -> Option<Fault> {
        self.client.step(clock::now().mono, input, &mut online.connection.output).err()
    }

    pub(super) fn refuse(&self, order: Option<u64>, code: &str, reason: &str, hint: Option<&str>) {
        let failure = Failure { code, reason, hint, order };
        self.journal.append(self.id, clock::now(), &Kind::Error(failure));
    }
}
