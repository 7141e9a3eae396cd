//! The answers that a recorded device gave, read from a tape to be given again.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::resend::{PlanError, choose};
use crate::behaviour::recorded::{Pair, Recorded};
use crate::behaviour::{AnswersFrom, Plan};
use crate::event::{Event, Kind, Message};
use crate::profile::Profile;
use crate::tape::{Recorded as Session, TapeError, Tapes};

/// No more answers are taken from a tape,
const PAIRS: usize = 100_000;
/// nor more bytes of them and of their requests.
const BYTES: usize = 64 << 20;
/// Requests whose answer may still follow; beyond so many, or so many bytes of them, the oldest stays without.
const OPEN: usize = 4_096;
const OPEN_BYTES: usize = 64 << 20;

/// Why a device has no recorded answers although its plan names some.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// The tape cannot be read.
    #[error("the recorded answers of `{device}` cannot be read: {why}")]
    Tape {
        /// The device.
        device: String,
        /// Why.
        why: TapeError,
    },
    /// Nobody's answers on it are for the device.
    #[error("the recorded answers of `{device}`, from {}: {why}", tape.display())]
    Session {
        /// The device.
        device: String,
        /// The tape.
        tape: PathBuf,
        /// Why.
        why: Box<PlanError>,
    },
}

/// A plan with its recorded answers.
#[derive(Clone, Debug)]
pub struct Filled {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Why answers may be missing: their tape is damaged, or was cut off.
    pub missing: Option<String>,
}

/// The plan with the recorded answers that it names, for the device `to`; as it is where it names none. Reads from the disk: not
/// for a thread that must not wait.
pub fn fill(plan: &Arc<Plan>, to: &Profile) -> Result<Filled, AnswersError> {
    let Some(AnswersFrom { tape, session, unmatched, paced }) = &plan.answers else {
        return Ok(Filled { plan: Arc::clone(plan), missing: None });
    };
    let device = || to.name.clone();
    let tapes = Tapes::open(std::slice::from_ref(tape)).map_err(|why| AnswersError::Tape { device: device(), why })?;
    let mut recorded = load(&tapes, session.as_deref(), to).map_err(|why| AnswersError::Session {
        device: device(),
        tape: tape.clone(),
        why: Box::new(why),
    })?;
    (recorded.unmatched, recorded.paced) = (*unmatched, *paced);
    let missing = tapes.damage().map(|why| format!("the recorded answers of `{}` may not be all: {why}", to.name));
    Ok(Filled { plan: Arc::new(Plan { recorded: Some(recorded), ..Plan::clone(plan) }), missing })
}

/// Reads the answers that `session` gave (else the device itself, by its identifiers or its name, else the only one of its
/// cloud), to be given by `to`. What cannot be read on the tapes is passed over. Reads from the disk: not for a thread that must
/// not wait.
pub fn load(tapes: &Tapes, session: Option<&str>, to: &Profile) -> Result<Recorded, PlanError> {
    let recorded = choose(&tapes.sessions(), session, to)?;
    let mut gathering = Gathering::default();
    for entry in tapes.entries_from(1) {
        if gathering.is_full() {
            break;
        }
        if let Some(read) = entry.read()
            && let Some(event) = read.event()
            && event.session == recorded.name
        {
            gathering.take(&event);
        }
    }
    let live = Session::of(to);
    let from = (recorded.cloud, &recorded.identifiers);
    Recorded::new(gathering.pairs, from, (live.cloud, &live.identifiers)).map_err(|why| PlanError::Unlike {
        recorded: recorded.name.clone(),
        device: to.name.clone(),
        why,
    })
}

/// Requests that wait for their answer, and pairs that have it.
#[derive(Debug, Default)]
struct Gathering {
    open: HashMap<String, Request>,
    order: VecDeque<String>,
    /// Bytes of those that are open.
    open_bytes: usize,
    pairs: Vec<Pair>,
    bytes: usize,
}

#[derive(Debug)]
struct Request {
    topic: String,
    payload: Bytes,
    mono_us: u64,
}

impl Request {
    fn bytes(&self, id: &str) -> usize {
        self.topic.len() + self.payload.len() + 2 * id.len()
    }
}

impl Gathering {
    fn is_full(&self) -> bool {
        self.pairs.len() >= PAIRS || self.bytes >= BYTES
    }

    fn take(&mut self, event: &Event<'_>) {
        match &event.kind {
            Kind::Rx(message) if message.what.is_request() && !message.dup => self.asked(event.mono_us, message),
            Kind::Tx(message) if message.what.is_answer() && !message.dup => self.answered(event, message),
            _ => {}
        }
    }

    fn asked(&mut self, mono_us: u64, message: &Message<'_>) {
        let Some(id) = message.request_id else { return };
        let (topic, payload) = (message.topic.to_owned(), Bytes::copy_from_slice(message.payload));
        // Asked again, it is the newest.
        self.close(id);
        let request = Request { topic, payload, mono_us };
        self.open_bytes += request.bytes(id);
        self.open.insert(id.to_owned(), request);
        self.order.push_back(id.to_owned());
        while self.order.len() > OPEN || self.open_bytes > OPEN_BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            self.forget(&oldest);
        }
    }

    fn close(&mut self, id: &str) -> Option<Request> {
        let request = self.forget(id)?;
        self.order.retain(|other| other != id);
        Some(request)
    }

    fn forget(&mut self, id: &str) -> Option<Request> {
        let request = self.open.remove(id)?;
        self.open_bytes -= request.bytes(id);
        Some(request)
    }

    /// The first answer counts: a second one was out of order.
    fn answered(&mut self, event: &Event<'_>, message: &Message<'_>) {
        let Some(request) = message.request_id.and_then(|id| self.close(id)) else { return };
        self.bytes += request.topic.len() + request.payload.len() + message.topic.len() + message.payload.len();
        self.pairs.push(Pair {
            asked_topic: request.topic,
            asked_payload: request.payload,
            topic: message.topic.to_owned(),
            payload: Bytes::copy_from_slice(message.payload),
            qos: message.qos,
            at: event.at,
            took: Duration::from_micros(event.mono_us.saturating_sub(request.mono_us)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::What;
    use crate::mqtt::Qos;

    #[test]
    fn large_requests_without_an_answer_do_not_fill_the_memory() {
        let (mut gathering, payload) = (Gathering::default(), vec![b' '; OPEN_BYTES / 4]);
        let message = |request_id| Message {
            topic: "t",
            qos: Qos::AtMostOnce,
            payload: &payload,
            what: What::Command,
            request_id: Some(request_id),
            ..Message::default()
        };
        let ids: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        for id in &ids {
            gathering.asked(0, &message(id));
            gathering.asked(1, &message(id));
            assert!(gathering.open_bytes <= OPEN_BYTES);
        }
        assert_eq!((gathering.open.len(), gathering.order.len()), (3, 3));
        assert!(gathering.close("0").is_none() && gathering.close("19").is_some_and(|request| request.mono_us == 1));
        while let Some(id) = gathering.order.front().cloned() {
            assert!(gathering.close(&id).is_some());
        }
        assert_eq!(gathering.open_bytes, 0);
    }
}
