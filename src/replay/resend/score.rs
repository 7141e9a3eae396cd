//! The recorded part of one device, read from its tapes by a thread: what it sent, what came, what it subscribed to.

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::event::{Event, Kind, Message, WallTime};
use crate::mqtt::Qos;
use crate::tape::Tapes;

/// How many entries are read ahead. Few: each may be as large as a packet.
const AHEAD: usize = 16;

/// One entry of the recorded device's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// When, in microseconds since the Unix epoch, never going back.
    pub(super) time_us: u64,
    /// When, by the recording machine's wall clock.
    pub(super) at: WallTime,
    /// What.
    pub(super) part: Part,
}

/// What an entry tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The device sent a message.
    Sent(Letter),
    /// A message came to the device.
    Came(Letter),
    /// The platform granted the device a subscription.
    Subscribed(String, Qos),
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) qos: Qos,
    pub(super) retain: bool,
}

impl Letter {
    fn of(message: &Message<'_>) -> Self {
        Self {
            topic: message.topic.to_owned(),
            payload: Bytes::copy_from_slice(message.payload),
            qos: message.qos,
            retain: message.retain,
        }
    }
}

impl Told {
    /// What `event` tells of `session`; `None` where it is another's, a repetition, or of no concern to a platform.
    pub(super) fn of(event: &Event<'_>, time_us: u64, session: &str) -> Option<Self> {
        if event.session != session {
            return None;
        }
        let part = match &event.kind {
            Kind::Tx(message) if !message.dup => Part::Sent(Letter::of(message)),
            Kind::Rx(message) if !message.dup => Part::Came(Letter::of(message)),
            Kind::Subscribed(answer) => {
                Part::Subscribed(answer.filter.to_owned(), answer.granted.map(|_| answer.asked)?)
            }
            _ => return None,
        };
        Some(Self { time_us, at: event.at, part })
    }
}

/// Reads the part of `session` from the tapes, in order.
pub(super) fn entries(tapes: &Tapes, session: &str) -> impl Iterator<Item = Told> {
    tapes.entries_from(1).filter_map(move |entry| Told::of(&entry.read()?.event()?, entry.time_us, session))
}

/// As [`entries`], by a thread that waits for whoever takes them; it ends when nobody does any more.
pub(super) fn reader(tapes: Tapes, session: String) -> std::io::Result<mpsc::Receiver<Told>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    std::thread::Builder::new().name("tape-resend".to_owned()).spawn(move || {
        for told in entries(&tapes, &session) {
            if sender.blocking_send(told).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}
