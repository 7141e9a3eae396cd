//! What MQTT's happenings become: events on the timeline, entries closed in the ledger, turnings of the line.

use std::sync::Arc;
use std::time::Duration;

use super::actor::Actor;
use super::clock;
use super::connection::Connection;
use super::ledger::Outgoing;
use super::line::Online;
use crate::cloud::{Asked, Direction, Platform};
use crate::event::{Acked, Failure, Irregular, Kind, LineState, Message, Moment, StateChange, Subscribed, What};
use crate::mqtt::packet::{ConnectReturn, PacketId, Publish};
use crate::mqtt::{Happening, Input, Qos, Token, TopicFilter};
use crate::profile::Subscription;
use crate::timeline::{Batch, Timeline};

/// Filters in one SUBSCRIBE: a packet stays small, and a platform that refuses one whole is narrowed down.
const FILTERS: usize = 8;

/// What the line itself must act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turning {
    /// CONNACK 0.
    Accepted,
    /// CONNACK with another code.
    Refused(ConnectReturn),
}

impl Actor {
    /// Records `happenings` under one short lock, and empties them. At most one turning can be among them: CONNACK comes
    /// once.
    pub(super) fn record(&mut self, happenings: &mut Vec<Happening>) -> Option<Turning> {
        if happenings.is_empty() {
            return None;
        }
        let now = clock::now();
        let mut turning = None;
        let (shared, platform) = (self.journal.clone(), Arc::clone(&self.platform));
        shared.with(|timeline| {
            let mut book = Book { timeline, platform: &*platform, now, owed: 0 };
            for happening in happenings.drain(..) {
                turning = self.record_one(&mut book, happening).or(turning);
            }
            shared.owe(book.owed);
        });
        self.journal.ring();
        turning
    }

    /// Puts the acknowledgements of QoS 0, which are nothing but the network's, to where they belong: behind the last byte of
    /// their message.
    pub(super) fn note_written(&mut self, connection: &mut Connection) {
        let (now, end, flushed) = (clock::now().mono, connection.end(), connection.flushed());
        let happenings = &mut connection.output.happenings;
        happenings.retain(|happening| match happening {
            Happening::Acked { token, packet_id: None, .. } => {
                self.ledger.writing(*token, end, now);
                false
            }
            _ => true,
        });
        while let Some((token, took)) = self.ledger.written(flushed, now) {
            happenings.push(Happening::Acked { token, packet_id: None, took });
        }
    }

    fn record_one(&mut self, book: &mut Book<'_>, happening: Happening) -> Option<Turning> {
        match happening {
            Happening::Message(publish) => self.came(book, &publish),
            Happening::Connected { session_present } => {
                self.came_online(book, session_present);
                return Some(Turning::Accepted);
            }
            Happening::Refused(code) => return Some(Turning::Refused(code)),
            Happening::Sent { token, packet_id, dup } => self.went(book, token, packet_id, dup),
            Happening::Acked { token, packet_id, took } => {
                let order = self.ledger.close(token);
                book.add(self, &Kind::Acked(Acked { packet_id, took, order }), None);
            }
            Happening::Subscribed { token, filters } => self.subscribed(book, token, &filters),
            Happening::Unsubscribed { token, filters } => self.unsubscribed(book, token, &filters),
            Happening::Rejected { token, reason } => {
                let order = self.ledger.close(token);
                let failure = Failure { code: "rejected", reason: &reason, hint: None, order };
                book.add(self, &Kind::Error(failure), None);
            }
            Happening::Pinged { took } => book.timeline.pinged(self.id, took),
            Happening::Noted(text) => {
                book.add(self, &Kind::Note { text: &text, order: None }, None);
            }
        }
        None
    }

    /// Said here and not after the batch: messages may lie right behind CONNACK, and come after it on the timeline.
    fn came_online(&mut self, book: &mut Book<'_>, session_present: bool) {
        let change = StateChange {
            state: LineState::Online,
            attempt: self.attempt(),
            reason: session_present.then_some("the platform kept this device's session"),
            order: self.state_order.take(),
            ..StateChange::default()
        };
        book.add(self, &Kind::State(change), None);
    }

    fn came(&mut self, book: &mut Book<'_>, publish: &Publish) {
        let meaning = book.platform.meaning(Direction::Down, &publish.topic, &publish.payload);
        let took = match (meaning.what, &meaning.request_id) {
            (What::Reply | What::Shadow, Some(id)) => self.ledger.answered(id, book.now.mono),
            _ => None,
        };
        let message = Message {
            topic: &publish.topic,
            qos: publish.qos,
            retain: publish.retain,
            dup: publish.dup,
            packet_id: publish.packet_id,
            payload: &publish.payload,
            what: meaning.what,
            request_id: meaning.request_id.as_deref(),
            deadline_ms: meaning.deadline.map(millis),
            took_ms: took.map(millis),
            by: None,
            irregular: Irregular::default(),
            order: None,
        };
        // The platform delivers again what it did not see acknowledged: that is no second request.
        let again = publish.dup
            && meaning.request_id.as_deref().is_some_and(|id| book.timeline.requests().find(self.id, id).is_some());
        let seq = book.add(self, &Kind::Rx(message), meaning.id_span);
        self.evidence.came(seq);
        if !again {
            let asked = Asked { topic: &publish.topic, payload: &publish.payload };
            self.own.received(book.now, &asked, &meaning);
        }
    }

    fn went(&mut self, book: &mut Book<'_>, token: Token, packet_id: Option<PacketId>, dup: bool) {
        let Some(entry) = self.ledger.get(token).cloned() else { return };
        let Some(Outgoing { topic, payload, qos, retain }) = entry.message else { return };
        let meaning = book.platform.meaning(Direction::Up, &topic, &payload);
        let id = meaning.request_id.as_deref();
        let answered = id.filter(|_| meaning.what.is_answer());
        let took = answered.and_then(|id| book.timeline.requests().took(self.id, id, book.now.mono));
        // What MQTT delivers again is the same answer, not a second one.
        let irregular = answered
            .filter(|_| !dup)
            .map_or(Irregular::default(), |id| book.timeline.requests().irregular(self.id, id, book.now.mono));
        let message = Message {
            topic: &topic,
            qos,
            retain,
            dup,
            packet_id,
            payload: &payload,
            what: meaning.what,
            request_id: id,
            deadline_ms: None,
            took_ms: took.map(millis),
            by: entry.by.as_deref(),
            irregular,
            order: entry.order,
        };
        book.add(self, &Kind::Tx(message), meaning.id_span);
        if !dup {
            self.own.sent(book.now, (&topic, &payload), &meaning, entry.by.as_deref());
        }
        if let Some(id) = id.filter(|_| !meaning.what.is_answer() && !dup) {
            self.ledger.reported(id, book.now.mono);
        }
    }

    fn subscribed(&mut self, book: &mut Book<'_>, token: Token, filters: &[(TopicFilter, Qos, Option<Qos>)]) {
        let order = self.ledger.close(token);
        for (filter, asked, granted) in filters {
            let name = filter.as_str();
            let reason = match granted {
                None => {
                    let advice = self.platform.explain_refused_subscription(name);
                    Some(format!("{}: {}", advice.reason, advice.hint))
                }
                Some(granted) if granted < asked => {
                    Some(format!("QoS {} granted instead of {}", granted.number(), asked.number()))
                }
                Some(_) => self.platform.explain_silence(name),
            };
            let answer =
                Subscribed { filter: name, asked: *asked, granted: *granted, reason: reason.as_deref(), order };
            book.add(self, &Kind::Subscribed(answer), None);
            if granted.is_some() {
                self.wanted.retain(|held| held.filter != *filter);
                self.wanted.push(Subscription { filter: filter.clone(), qos: *asked });
            }
        }
    }

    fn unsubscribed(&mut self, book: &mut Book<'_>, token: Token, filters: &[TopicFilter]) {
        let order = self.ledger.close(token);
        for filter in filters {
            self.wanted.retain(|held| held.filter != *filter);
            book.add(self, &Kind::Unsubscribed { filter: filter.as_str(), order }, None);
        }
    }

    /// Asks for the cloud's own subscriptions, the config's, and those granted since.
    pub(super) fn subscribe_to_wanted(&mut self, online: &mut Online, now: Moment) {
        for some in self.wanted.clone().chunks(FILTERS) {
            let filters = some.iter().map(|wanted| (wanted.filter.clone(), wanted.qos)).collect();
            let token = self.ledger.open(None, None);
            let input = Input::Subscribe { token, filters };
            if let Err(fault) = self.client.step(now.mono, input, &mut online.connection.output) {
                // A request of ours finds no fault with the platform; if it ever does, it is said, and the next byte or
                // timer ends the connection.
                self.journal.append(self.id, now, &Kind::Note { text: &fault.to_string(), order: None });
            }
        }
    }
}

/// The timeline while a batch is written to it.
struct Book<'a> {
    timeline: &'a mut Timeline,
    platform: &'a dyn Platform,
    now: Moment,
    owed: usize,
}

impl Book<'_> {
    /// Appends an event and answers its number.
    fn add(&mut self, actor: &Actor, kind: &Kind<'_>, id_span: Option<(usize, usize)>) -> u64 {
        self.owed += Batch::weight(kind);
        self.timeline.append(actor.id, self.now, kind, id_span)
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
