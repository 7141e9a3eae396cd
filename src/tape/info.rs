//! What is on a tape: sessions, topics, counts, gaps and notes. Reads all of it, a chunk at a time.

use std::collections::BTreeMap;

use super::reader::{Ending, Fault, Tape};
use super::{About, Recorded};
use crate::event::{Event, Kind, LineState, WallTime, json};

/// Topics that are counted by name; the rest are counted together.
const TOPICS: usize = 60_000;

/// Gaps and notes that are kept with their words; the rest are counted.
const KEPT: usize = 1_000;

/// What is on a tape.
#[derive(Clone, Debug)]
pub struct Info {
    /// What the tape says of itself.
    pub about: About,
    /// How it ends.
    pub ending: Ending,
    /// The file's length, in bytes.
    pub bytes: u64,
    /// The length of its events, in bytes of JSON.
    pub json_bytes: u64,
    /// How many events there are.
    pub events: u64,
    /// When the first and the last event happened.
    pub span: Option<(WallTime, WallTime)>,
    /// Each session that has an event or is named, in the order in which they come.
    pub sessions: Vec<SessionCount>,
    /// Messages by session, direction and topic with request ids folded: the busiest first.
    pub topics: Vec<TopicCount>,
    /// Messages on topics beyond those that are counted by name.
    pub other_topics: u64,
    /// Where events are missing.
    pub gaps: Vec<Remark>,
    /// Events that are known to be missing there.
    pub missing: u64,
    /// Notes.
    pub notes: Vec<Remark>,
    /// Gaps and notes beyond those kept.
    pub more_remarks: u64,
    /// What is damaged.
    pub faults: Vec<Fault>,
}

/// A session's part.
#[derive(Clone, Debug)]
pub struct SessionCount {
    /// Its name.
    pub name: String,
    /// What the tape says of it, where it does.
    pub recorded: Option<Recorded>,
    /// Messages from the platform.
    pub rx: u64,
    /// Messages to the platform.
    pub tx: u64,
    /// The line's first state and its last.
    pub states: Option<(LineState, LineState)>,
}

/// The messages of one topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicCount {
    /// The session.
    pub session: String,
    /// Whether they came from the platform.
    pub incoming: bool,
    /// The topic, with request ids folded.
    pub topic: String,
    /// How many.
    pub count: u64,
}

/// A gap or a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// When.
    pub at: WallTime,
    /// On which session.
    pub session: String,
    /// What it says.
    pub text: String,
}

impl Info {
    /// Reads `tape` through.
    pub fn of(tape: &Tape) -> Self {
        let mut info = Self {
            about: tape.about().clone(),
            ending: tape.ending(),
            // A file that was open a moment ago and is gone has no length.
            bytes: tape.bytes().unwrap_or(0),
            json_bytes: 0,
            events: tape.events(),
            span: None,
            sessions: tape.about().sessions.iter().map(SessionCount::of).collect(),
            topics: Vec::new(),
            other_topics: 0,
            gaps: Vec::new(),
            missing: 0,
            notes: Vec::new(),
            more_remarks: 0,
            faults: Vec::new(),
        };
        let mut topics = BTreeMap::new();
        for place in 0..tape.chunks().len() {
            // What cannot be read is among the tape's faults.
            let Ok(chunk) = tape.chunk(place) else { continue };
            for line in (0..chunk.len()).filter_map(|place| chunk.line(place)) {
                info.json_bytes += line.len() as u64;
                let read = json::Read::line(line);
                if let Some(event) = read.as_ref().and_then(json::Read::event) {
                    info.take(&event, &mut topics);
                }
            }
        }
        let counted = |((session, incoming, topic), count)| TopicCount { session, incoming, topic, count };
        info.topics = topics.into_iter().map(counted).collect();
        info.topics.sort_by_key(|topic| std::cmp::Reverse(topic.count));
        info.faults = tape.faults();
        info
    }

    fn take(&mut self, event: &Event<'_>, topics: &mut BTreeMap<(String, bool, String), u64>) {
        self.span = Some((self.span.map_or(event.at, |(first, _)| first), event.at));
        let place = self.sessions.iter().position(|session| session.name == event.session).unwrap_or_else(|| {
            self.sessions.push(SessionCount::unknown(event.session));
            self.sessions.len() - 1
        });
        let session = &mut self.sessions[place];
        match &event.kind {
            Kind::Rx(message) | Kind::Tx(message) => {
                let incoming = matches!(event.kind, Kind::Rx(_));
                *(if incoming { &mut session.rx } else { &mut session.tx }) += 1;
                let mut folded = String::new();
                let topic = super::layout::fold(message.topic, message.request_id, &mut folded);
                let key = (event.session.to_owned(), incoming, topic.to_owned());
                if topics.len() < TOPICS || topics.contains_key(&key) {
                    *topics.entry(key).or_insert(0) += 1;
                } else {
                    self.other_topics += 1;
                }
            }
            Kind::State(change) => {
                session.states = Some((session.states.map_or(change.state, |(first, _)| first), change.state));
            }
            Kind::Gap { count, reason } => {
                self.missing += count;
                self.remark(event, format!("{count} events: {reason}"), true);
            }
            Kind::Note { text, .. } => self.remark(event, (*text).to_owned(), false),
            _ => {}
        }
    }

    fn remark(&mut self, event: &Event<'_>, text: String, gap: bool) {
        let list = if gap { &mut self.gaps } else { &mut self.notes };
        if list.len() < KEPT {
            list.push(Remark { at: event.at, session: event.session.to_owned(), text });
        } else {
            self.more_remarks += 1;
        }
    }
}

impl SessionCount {
    fn of(recorded: &Recorded) -> Self {
        Self { recorded: Some(recorded.clone()), ..Self::unknown(&recorded.name) }
    }

    fn unknown(name: &str) -> Self {
        Self { name: name.to_owned(), recorded: None, rx: 0, tx: 0, states: None }
    }
}
