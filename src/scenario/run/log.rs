//! What happened to each device of a run, in four lanes: states of the line, requests of the platform, other messages that came,
//! messages that went.
//!
//! Each lane of each device has a cursor. An expectation looks from its lane's cursor on, so that what came early still counts,
//! and moves the cursor behind what it took, so that one event satisfies one step.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use crate::cloud::Direction;
use crate::event::{Event, Kind, LineState, Message, What};
use crate::mqtt::Qos;

/// The last lines of the story, for whoever looks into a failure.
const LINES: usize = 12;
/// Messages of a lane that no step has looked at: beyond so many, or so many bytes of them, the oldest go.
const MESSAGES: usize = 65_536;
const BYTES: usize = 32 << 20;

/// What happened to the devices of a run.
#[derive(Debug, Default)]
pub(super) struct Log {
    devices: Vec<Track>,
    lines: VecDeque<String>,
}

/// What happened to one device.
#[derive(Debug, Default)]
pub(super) struct Track {
    name: String,
    /// Changes of the line's state, behind the one that the cursor stands on.
    states: VecDeque<Change>,
    /// The state that the cursor stands on.
    standing: Change,
    /// The platform's requests come when it likes: they do not push other messages past the cursor, nor these them.
    requests: Lane,
    came: Lane,
    went: Lane,
    /// How many messages there were.
    letters: u64,
    /// How numbered orders ended.
    ended: BTreeMap<u64, Result<(), String>>,
    /// Messages that numbered orders sent.
    sent: BTreeMap<u64, Letter>,
    /// The platform's answers to subscriptions since it was last dialled: filter, and whether it was granted.
    subscribed: Vec<(String, bool)>,
}

/// A change of the line's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) state: LineState,
    pub(super) code: Option<String>,
    pub(super) reason: Option<String>,
}

/// Messages of one direction.
#[derive(Debug, Default)]
struct Lane {
    /// From the cursor on.
    held: VecDeque<Letter>,
    bytes: usize,
    /// How many went before anybody looked at them.
    lost: u64,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::scenario) struct Letter {
    /// Its number among the device's messages.
    pub(in crate::scenario) number: u64,
    /// From the platform or to it.
    pub(in crate::scenario) direction: Direction,
    /// Topic name.
    pub(in crate::scenario) topic: String,
    /// Payload.
    pub(in crate::scenario) payload: Bytes,
    /// Its kind.
    pub(in crate::scenario) what: What,
    /// The id that ties request and reply.
    pub(in crate::scenario) request_id: Option<String>,
    /// Quality of service.
    pub(in crate::scenario) qos: Qos,
    /// RETAIN.
    pub(in crate::scenario) retain: bool,
}

impl Log {
    /// The devices, by name; their places are those of the steps.
    pub(super) fn new(names: &[String]) -> Self {
        let track = |name: &String| Track { name: name.clone(), ..Track::default() };
        Self { devices: names.iter().map(track).collect(), lines: VecDeque::new() }
    }

    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event<'_>) {
        // An Aliyun device alone asks for two dozen subscriptions, which would push all else out.
        if !event.is_routine() {
            if self.lines.len() == LINES {
                self.lines.pop_front();
            }
            self.lines.push_back(super::words::line(event));
        }
        if let Some(track) = self.devices.iter_mut().find(|track| track.name == event.session) {
            track.take(&event.kind);
        }
    }

    /// What happened to the device at that place.
    pub(super) fn device(&mut self, place: usize) -> Option<&mut Track> {
        self.devices.get_mut(place)
    }

    /// The last events, in words.
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

impl Track {
    fn take(&mut self, kind: &Kind<'_>) {
        match kind {
            Kind::State(change) => {
                if change.state == LineState::Connecting {
                    self.subscribed.clear();
                }
                let owned = |text: Option<&str>| text.map(str::to_owned);
                self.states.push_back(Change {
                    state: change.state,
                    code: owned(change.code),
                    reason: owned(change.reason),
                });
                self.end(change.order.filter(|_| change.state != LineState::Connecting), Ok(()));
            }
            Kind::Rx(message) => {
                let letter = self.letter(Direction::Down, message);
                if letter.is_request() { self.requests.push(letter) } else { self.came.push(letter) }
            }
            Kind::Tx(message) if !message.dup => {
                let letter = self.letter(Direction::Up, message);
                if let Some(order) = message.order {
                    self.sent.insert(order, letter.clone());
                }
                self.went.push(letter);
            }
            Kind::Acked(acked) => self.end(acked.order, Ok(())),
            Kind::Subscribed(answer) => {
                self.subscribed.push((answer.filter.to_owned(), answer.granted.is_some()));
                self.end(answer.order, Ok(()));
            }
            Kind::Error(failure) => {
                let hint = failure.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                self.end(failure.order, Err(format!("{}: {}{hint}", failure.code, failure.reason)));
            }
            Kind::Note { order, .. } => self.end(*order, Ok(())),
            Kind::Tx(_) | Kind::Unsubscribed { .. } | Kind::Gap { .. } => {}
        }
    }

    fn end(&mut self, order: Option<u64>, how: Result<(), String>) {
        if let Some(order) = order {
            self.ended.entry(order).or_insert(how);
        }
    }

    /// The state that the cursor stands on.
    pub(super) fn standing(&self) -> &Change {
        &self.standing
    }

    /// Moves the cursor to the next state for which `is` holds, and answers that state.
    pub(super) fn next_state(&mut self, is: impl Fn(&Change) -> bool) -> Option<Change> {
        let place = self.states.iter().position(is)?;
        self.standing = self.states.drain(..=place).next_back()?;
        Some(self.standing.clone())
    }

    /// The state that the cursor stands on, and those behind it.
    pub(super) fn states_from_cursor(&self) -> Vec<Change> {
        std::iter::once(&self.standing).chain(&self.states).cloned().collect()
    }

    /// Moves the cursor to the newest state.
    pub(super) fn catch_up(&mut self) {
        if let Some(last) = self.states.drain(..).next_back() {
            self.standing = last;
        }
    }

    /// Takes the next message of that direction for which `is` holds; the cursor of its lane stands behind it.
    pub(super) fn next_letter(&mut self, direction: Direction, mut is: impl FnMut(&Letter) -> bool) -> Option<Letter> {
        let next = |lane: &Lane, is: &mut dyn FnMut(&Letter) -> bool| {
            lane.held.iter().enumerate().find(|(_, letter)| is(letter)).map(|(place, letter)| (letter.number, place))
        };
        let Self { requests, came, went, .. } = self;
        let lanes = match direction {
            Direction::Down => vec![requests, came],
            Direction::Up => vec![went],
        };
        let found =
            lanes.into_iter().filter_map(|lane| next(lane, &mut is).map(|(number, place)| (number, place, lane)));
        let (_, place, lane) = found.min_by_key(|(number, ..)| *number)?;
        lane.take(place)
    }

    /// The messages of that direction from the cursors on, and how many went unseen.
    pub(super) fn letters(&self, direction: Direction) -> (impl Iterator<Item = &Letter>, u64) {
        let lanes = match direction {
            Direction::Down => vec![&self.requests, &self.came],
            Direction::Up => vec![&self.went],
        };
        let lost = lanes.iter().map(|lane| lane.lost).sum();
        (lanes.into_iter().flat_map(|lane| &lane.held), lost)
    }

    fn letter(&mut self, direction: Direction, message: &Message<'_>) -> Letter {
        self.letters += 1;
        Letter {
            number: self.letters,
            direction,
            topic: message.topic.to_owned(),
            payload: Bytes::copy_from_slice(message.payload),
            what: message.what,
            request_id: message.request_id.map(str::to_owned),
            qos: message.qos,
            retain: message.retain,
        }
    }

    /// How the order of that number ended, once it has.
    pub(super) fn ended(&mut self, order: u64) -> Option<Result<(), String>> {
        self.ended.remove(&order)
    }

    /// The message that the order of that number sent.
    pub(super) fn sent(&mut self, order: u64) -> Option<Letter> {
        self.sent.remove(&order)
    }

    /// The platform's answers to subscriptions since it was last dialled: filter, and whether it was granted.
    pub(super) fn subscribed(&self) -> &[(String, bool)] {
        &self.subscribed
    }
}

impl Lane {
    /// The message at that place; those before it go.
    fn take(&mut self, place: usize) -> Option<Letter> {
        let taken = self.held.drain(..=place).next_back();
        self.bytes = self.held.iter().map(Letter::bytes).sum();
        taken
    }

    fn push(&mut self, letter: Letter) {
        self.bytes += letter.bytes();
        self.held.push_back(letter);
        while self.held.len() > MESSAGES || (self.bytes > BYTES && self.held.len() > 1) {
            if let Some(gone) = self.held.pop_front() {
                self.bytes -= gone.bytes();
                self.lost += 1;
            }
        }
    }
}

impl Letter {
    /// Whether the platform asks for something by it.
    pub(in crate::scenario) fn is_request(&self) -> bool {
        self.direction == Direction::Down && self.what.is_request() && self.request_id.is_some()
    }

    fn bytes(&self) -> usize {
        self.topic.len() + self.payload.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Acked, Failure, StateChange, Subscribed, WallTime};

    fn log() -> Log {
        Log::new(&["a".to_owned(), "b".to_owned()])
    }

    fn say(log: &mut Log, session: &str, kind: Kind<'_>) {
        log.take(&Event { seq: 1, at: WallTime::default(), mono_us: 0, session, kind });
    }

    fn message<'a>(topic: &'a str, payload: &'a [u8], order: Option<u64>) -> Message<'a> {
        Message {
            topic,
            qos: Qos::AtMostOnce,
            payload,
            what: What::Custom,
            irregular: crate::event::Irregular::default(),
            order,
            ..Message::default()
        }
    }

    #[test]
    fn one_message_satisfies_one_step_and_lanes_do_not_disturb_each_other() {
        let mut log = log();
        for (session, topic) in [("a", "1"), ("b", "x"), ("a", "2"), ("a", "1")] {
            say(&mut log, session, Kind::Rx(message(topic, b"", None)));
        }
        say(&mut log, "a", Kind::Tx(message("1", b"", None)));
        let mut next = |place: usize, way, topic: &str| {
            log.device(place).unwrap().next_letter(way, |letter| letter.topic == topic).is_some()
        };
        assert!(next(0, Direction::Down, "1"));
        assert!(next(0, Direction::Down, "1"), "the second of them");
        assert!(!next(0, Direction::Down, "2"), "it lies before the cursor");
        assert!(next(0, Direction::Up, "1") && next(1, Direction::Down, "x") && !next(1, Direction::Down, "x"));
    }

    #[test]
    fn requests_and_other_messages_may_come_in_any_order() {
        let mut log = log();
        let request = Message { what: What::Command, request_id: Some("7"), ..message("c", b"", None) };
        for sent in [message("r", b"", None), request, message("s", b"", None), request] {
            say(&mut log, "a", Kind::Rx(sent));
        }
        let track = log.device(0).unwrap();
        assert!(track.next_letter(Direction::Down, Letter::is_request).is_some());
        assert_eq!(track.letters(Direction::Down).0.count(), 3, "what came before the request is still there");
        let first = track.next_letter(Direction::Down, |_| true).unwrap();
        assert_eq!((first.topic.as_str(), first.number), ("r", 1), "of all lanes the earliest");
        assert!(track.next_letter(Direction::Down, |letter| letter.topic == "s").is_some());
        assert!(track.next_letter(Direction::Down, Letter::is_request).is_some());
    }

    #[test]
    fn states_are_gone_through_in_order() {
        let mut log = log();
        for state in [LineState::Connecting, LineState::Online, LineState::Backoff] {
            say(&mut log, "a", Kind::State(StateChange { state, ..StateChange::default() }));
        }
        let track = log.device(0).unwrap();
        assert_eq!(track.standing().state, LineState::Offline);
        assert!(track.next_state(|change| change.state == LineState::Online).is_some());
        assert!(track.next_state(|change| change.state == LineState::Connecting).is_none(), "that was before");
        assert_eq!(track.standing().state, LineState::Online);
        track.catch_up();
        assert_eq!(track.standing().state, LineState::Backoff);
    }

    #[test]
    fn an_order_ends_once_by_its_number() {
        let mut log = log();
        let took = std::time::Duration::ZERO;
        say(&mut log, "a", Kind::Tx(message("t", b"x", Some(3))));
        say(&mut log, "a", Kind::Acked(Acked { packet_id: None, took, order: Some(3) }));
        let failure = Failure { code: "guard", reason: "too large", hint: Some("less"), order: Some(4) };
        say(&mut log, "a", Kind::Error(failure));
        let track = log.device(0).unwrap();
        assert_eq!(track.sent(3).map(|letter| letter.payload), Some(Bytes::from_static(b"x")));
        assert_eq!(track.ended(3), Some(Ok(())));
        assert_eq!(track.ended(4), Some(Err("guard: too large (less)".to_owned())));
        assert_eq!(track.ended(4), None);
    }

    #[test]
    fn the_story_is_told_without_routine_and_says_who_sent_what() {
        let mut log = log();
        say(&mut log, "a", Kind::State(StateChange { state: LineState::Online, ..StateChange::default() }));
        for filter in ["f/1", "f/2"] {
            let granted = (filter == "f/1").then_some(Qos::AtLeastOnce);
            let answer = Subscribed { filter, asked: Qos::AtLeastOnce, granted, reason: None, order: None };
            (0..LINES).for_each(|_| say(&mut log, "b", Kind::Subscribed(answer)));
            if granted.is_some() {
                say(&mut log, "a", Kind::Tx(Message { by: Some("rule r"), ..message("t", b"{}", None) }));
                let story = ["0.000 a online", "0.000 a > custom (by rule r) t {}"];
                assert_eq!(log.lines(), story);
            }
        }
        assert_eq!(log.lines(), vec!["0.000 b refused a subscription to f/2"; LINES]);
    }

    #[test]
    fn a_flood_takes_a_bounded_place() {
        let mut log = log();
        let payload = vec![b'x'; 1 << 20];
        for _ in 0..40 {
            say(&mut log, "a", Kind::Rx(message("t", &payload, None)));
        }
        let (held, lost) = log.device(0).unwrap().letters(Direction::Down);
        assert_eq!((held.count(), lost), (31, 9), "31 MiB and their topics are below 32 MiB");
    }
}
