//! What the panes look at: the timeline, and behind it the events that a tape still holds.
//!
//! What lives here: the border between memory and tape, so that nobody else has to know of it. What may not: reading a file,
//! or waiting for one: what has to be read first is [`Seen::Coming`] or [`Find::Waiting`], and the journal's bell rings when
//! it is there.

use crate::event::Event;
use crate::event::json::Read;
use crate::replay::{self, Past};
use crate::tape::Sought;
use crate::timeline::{Only, Query, Scan, SessionId, Timeline};

/// A timeline and what is behind it.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// What is in memory.
    pub timeline: &'a Timeline,
    /// The same events, and older ones, on tape.
    past: Option<&'a Past>,
}

/// A look at one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen<T> {
    /// What came of the look.
    Here(T),
    /// It is being read from the tape.
    Coming,
    /// It is neither in memory nor can it be read from a tape.
    Missing,
}

/// What a bounded search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// In memory, where each event that was looked at cost a little time.
    InMemory(Scan),
    /// On a tape, where a thread looked.
    OnTape(Scan),
    /// A thread is looking on a tape: call again when the journal's bell has rung.
    Waiting,
}

/// Which way a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To older events.
    Back,
    /// To newer ones, all before the event of that number.
    On {
        /// The end.
        end: u64,
    },
}

impl<T> Seen<T> {
    /// What came of the look, if the event is here.
    pub fn here(self) -> Option<T> {
        match self {
            Self::Here(value) => Some(value),
            Self::Coming | Self::Missing => None,
        }
    }
}

impl<'a> History<'a> {
    /// A timeline, and the tapes behind it where there are some.
    pub fn new(timeline: &'a Timeline, past: Option<&'a Past>) -> Self {
        Self { timeline, past }
    }

    /// The numbers of the oldest event there is and of the newest that has happened.
    pub fn span(&self) -> Option<(u64, u64)> {
        let (oldest, newest) = self.timeline.span()?;
        let first = self.past.and_then(Past::span).map_or(oldest, |(first, _)| first.min(oldest));
        Some((first, newest))
    }

    /// Looks at the event of that number.
    pub fn look<T>(&self, seq: u64, look: impl FnOnce(&Event<'_>, SessionId) -> T) -> Seen<T> {
        if let (Some(event), Some(session)) = (self.timeline.get(seq), self.timeline.session_of(seq)) {
            return Seen::Here(look(&event, session));
        }
        let Some(past) =
            self.past.filter(|past| past.span().is_some_and(|(first, last)| (first..=last).contains(&seq)))
        else {
            return Seen::Missing;
        };
        let entry = match past.get(seq) {
            replay::Seen::Here(entry) => entry,
            replay::Seen::Coming => return Seen::Coming,
            replay::Seen::Missing(..) => return Seen::Missing,
        };
        let read = entry.read();
        let event = read.as_ref().and_then(Read::event);
        match event.and_then(|event| Some((Event { seq, ..event }, self.session_named(event.session)?))) {
            Some((event, session)) => Seen::Here(look(&event, session)),
            None => Seen::Missing,
        }
    }

    /// The session of the event of that number, if the event is here.
    pub fn session_of(&self, seq: u64) -> Option<SessionId> {
        self.timeline.session_of(seq).or_else(|| self.look(seq, |_, session| session).here())
    }

    /// The nearest event from `seq` on that way that `query` shows. In memory no more than `budget` events are looked at, and
    /// what is more than `only` asks for is left to the caller to pass over.
    pub fn find(&self, query: &Query, only: Only, seq: u64, way: Way, budget: usize) -> Find {
        match way {
            Way::Back => self.find_back(query, only, seq, budget),
            Way::On { end } => self.find_on(query, only, seq, end, budget),
        }
    }

    fn find_back(&self, query: &Query, only: Only, seq: u64, budget: usize) -> Find {
        let oldest = self.timeline.span().map_or(u64::MAX, |(oldest, _)| oldest);
        let older = self.before(oldest);
        if seq >= oldest {
            let scan = self.timeline.find_back(query, seq, budget);
            if scan != Scan::End || older.is_none() {
                return Find::InMemory(scan);
            }
        }
        match older {
            Some(past) => self.on_tape(past, query, only, seq.min(oldest - 1), true),
            None => Find::InMemory(Scan::End),
        }
    }

    fn find_on(&self, query: &Query, only: Only, seq: u64, end: u64, budget: usize) -> Find {
        let (oldest, newest) = self.timeline.span().unwrap_or((1, 0));
        let mut at = seq;
        if let Some(past) = self.before(oldest).filter(|_| at < oldest) {
            match self.on_tape(past, query, only, at, false) {
                // From there on the timeline has them all, also those that no tape has yet.
                Find::OnTape(Scan::Found(found)) if found >= oldest => at = oldest,
                Find::OnTape(Scan::End) => at = oldest,
                found => return found,
            }
        }
        if at <= newest {
            let scan = self.timeline.find_on(query, at, budget);
            if scan != Scan::End || end <= newest + 1 {
                return Find::InMemory(scan);
            }
            at = newest + 1;
        }
        match self.past.filter(|past| at < end && past.span().is_some_and(|(_, last)| last >= at)) {
            Some(past) => self.on_tape(past, query, only, at, false),
            None => Find::InMemory(Scan::End),
        }
    }

    /// The tape, if it has events before that one.
    fn before(&self, oldest: u64) -> Option<&'a Past> {
        self.past.filter(|past| past.span().is_some_and(|(first, _)| first < oldest))
    }

    fn on_tape(&self, past: &Past, query: &Query, only: Only, seq: u64, back: bool) -> Find {
        let name =
            |session: SessionId| self.timeline.sessions().get(usize::from(session.0)).map(|known| known.name.clone());
        let sought = Sought {
            session: query.session.and_then(name),
            topic: query.topic.clone(),
            filter: query.filter.clone(),
            only,
        };
        match past.find(&sought, seq, back) {
            Scan::More(_) => Find::Waiting,
            scan => Find::OnTape(scan),
        }
    }

    fn session_named(&self, name: &str) -> Option<SessionId> {
        let place = self.timeline.sessions().iter().position(|standing| standing.name == name)?;
        u16::try_from(place).ok().map(SessionId)
    }
}

impl<'a> From<&'a Timeline> for History<'a> {
    fn from(timeline: &'a Timeline) -> Self {
        Self::new(timeline, None)
    }
}
