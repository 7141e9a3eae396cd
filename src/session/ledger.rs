//! What a session has asked for and waits to hear about: orders by token, reports by the cloud's id.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::mqtt::{Qos, Token};

/// Reports whose answer by the platform may still come. Beyond so many, the oldest answer goes without its time.
const REPORTS: usize = 256;

/// The books of a session.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    last: u64,
    open: HashMap<Token, Entry>,
    reports: VecDeque<(String, Instant)>,
    /// Messages with QoS 0 that the network has not taken yet, in order.
    unwritten: VecDeque<Unwritten>,
}

#[derive(Debug)]
struct Unwritten {
    token: Token,
    /// How many bytes the network will have taken when this message is among them.
    end: u64,
    since: Instant,
}

/// Something asked for.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The order's number, as the user gave it.
    pub(super) order: Option<u64>,
    /// The message, for a publish.
    pub(super) message: Option<Outgoing>,
    /// What of the device's own doings sent it.
    pub(super) by: Option<Arc<str>>,
}

/// A message on its way.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) qos: Qos,
    pub(super) retain: bool,
}

impl Ledger {
    /// Opens an entry.
    pub(super) fn open(&mut self, order: Option<u64>, message: Option<Outgoing>) -> Token {
        self.enter(Entry { order, message, by: None })
    }

    /// Opens an entry for a message that `by`, of the device's own doings, sends.
    pub(super) fn open_own(&mut self, by: Arc<str>, message: Outgoing) -> Token {
        self.enter(Entry { order: None, message: Some(message), by: Some(by) })
    }

    fn enter(&mut self, entry: Entry) -> Token {
        self.last += 1;
        let token = Token(self.last);
        self.open.insert(token, entry);
        token
    }

    /// The entry of `token`, if it is still open.
    pub(super) fn get(&self, token: Token) -> Option<&Entry> {
        self.open.get(&token)
    }

    /// Closes an entry and answers its order's number.
    pub(super) fn close(&mut self, token: Token) -> Option<u64> {
        self.open.remove(&token).and_then(|entry| entry.order)
    }

    /// A message with QoS 0 is on its way to the network, and is gone when that has taken `end` bytes.
    pub(super) fn writing(&mut self, token: Token, end: u64, now: Instant) {
        self.unwritten.push_back(Unwritten { token, end, since: now });
    }

    /// How many bytes the network must take for the next message to be gone.
    pub(super) fn next_written(&self) -> Option<u64> {
        self.unwritten.front().map(|message| message.end)
    }

    /// The next message that is gone when the network has taken `flushed` bytes, and how long that took.
    pub(super) fn written(&mut self, flushed: u64, now: Instant) -> Option<(Token, Duration)> {
        let gone = self.unwritten.pop_front_if(|message| message.end <= flushed)?;
        Some((gone.token, now.saturating_duration_since(gone.since)))
    }

    /// The messages that never went, since the connection has ended.
    pub(super) fn never_written(&mut self) -> impl Iterator<Item = Token> {
        self.unwritten.drain(..).map(|message| message.token)
    }

    /// A report with this id went out.
    pub(super) fn reported(&mut self, id: &str, now: Instant) {
        if self.reports.len() == REPORTS {
            self.reports.pop_front();
        }
        self.reports.push_back((id.to_owned(), now));
    }

    /// The platform answered the report with this id: how long after it went out.
    pub(super) fn answered(&mut self, id: &str, now: Instant) -> Option<Duration> {
        let place = self.reports.iter().rposition(|(reported, _)| reported == id)?;
        self.reports.remove(place).map(|(_, sent)| now.saturating_duration_since(sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_closed_once_and_gives_its_order_back() {
        let mut ledger = Ledger::default();
        let first = ledger.open(Some(7), None);
        let second = ledger.open(None, None);
        assert_ne!(first, second);
        assert_eq!(ledger.close(first), Some(7));
        assert!(ledger.get(first).is_none() && ledger.get(second).is_some());
        assert_eq!(ledger.close(first), None);
    }

    #[test]
    fn a_message_is_written_when_the_network_has_taken_its_last_byte() {
        let (mut ledger, start) = (Ledger::default(), Instant::now());
        for (token, end) in [(1, 10), (2, 10), (3, 11)] {
            ledger.writing(Token(token), end, start);
        }
        let later = start + Duration::from_millis(5);
        assert_eq!((ledger.next_written(), ledger.written(9, later)), (Some(10), None));
        let gone: Vec<_> = std::iter::from_fn(|| ledger.written(10, later)).collect();
        assert_eq!(gone, [Token(1), Token(2)].map(|token| (token, Duration::from_millis(5))));
        assert_eq!(ledger.never_written().collect::<Vec<_>>(), [Token(3)]);
        assert_eq!(ledger.next_written(), None);
    }

    #[test]
    fn a_report_is_answered_once_and_the_oldest_are_forgotten() {
        let (mut ledger, start) = (Ledger::default(), Instant::now());
        for number in 0..=REPORTS {
            ledger.reported(&number.to_string(), start);
        }
        let later = start + Duration::from_millis(43);
        assert_eq!(ledger.answered("0", later), None, "forgotten");
        assert_eq!(ledger.answered("256", later), Some(Duration::from_millis(43)));
        assert_eq!(ledger.answered("256", later), None, "once");
    }
}
