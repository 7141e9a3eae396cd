//! The cast: the sessions of tapes, each with its place on the timeline, and events put there.

use std::collections::{BTreeMap, HashMap};

use super::clock::Clock;
use super::reel::Item;
use crate::event::{Event, Kind, LineState, StateChange};
use crate::profile::Cloud;
use crate::tape::{Entry, Recorded, layout};
use crate::timeline::{SessionId, Timeline};

/// How many sessions there may be. A hostile tape names another one with each event: those beyond share the last one's place.
const SESSIONS: usize = 4_096;

/// Why events are missing, in words for a person.
const DAMAGED: &str = "the tape is damaged here";

/// The sessions of tapes. Each keeps its place whatever timeline it stands on.
#[derive(Debug)]
pub(super) struct Cast {
    clock: Clock,
    recorded: Vec<Recorded>,
    places: HashMap<String, SessionId>,
    /// The session of the last event that was put on a timeline: what is missing after it is told there.
    last: SessionId,
}

impl Cast {
    /// These sessions, in this order.
    pub(super) fn new(clock: Clock, recorded: Vec<Recorded>) -> Self {
        let mut cast = Self { clock, recorded: Vec::new(), places: HashMap::new(), last: SessionId(0) };
        cast.meet(recorded);
        cast
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    /// The sessions, by their place.
    pub(super) fn sessions(&self) -> &[Recorded] {
        &self.recorded
    }

    /// Takes in sessions that were not known.
    pub(super) fn meet(&mut self, recorded: Vec<Recorded>) {
        for session in recorded {
            if !self.places.contains_key(&session.name) && self.recorded.len() < SESSIONS {
                self.add(session);
            }
        }
    }

    fn add(&mut self, session: Recorded) -> SessionId {
        // The limit fits.
        let place = SessionId(u16::try_from(self.recorded.len()).unwrap_or(u16::MAX));
        self.places.insert(session.name.clone(), place);
        self.recorded.push(session);
        place
    }

    /// The place of a session, if it has one.
    pub(super) fn find(&self, name: &str) -> Option<SessionId> {
        self.places.get(name).copied()
    }

    /// The place of a session; one that the tape does not speak of gets the next.
    fn place_of(&mut self, name: &str) -> SessionId {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        if self.recorded.len() >= SESSIONS {
            return SessionId(u16::try_from(SESSIONS - 1).unwrap_or(u16::MAX));
        }
        self.add(Recorded {
            name: name.to_owned(),
            cloud: Cloud::Mqtt,
            endpoint: String::new(),
            identifiers: BTreeMap::new(),
            clock_offset_us: None,
            state: LineState::Offline,
        })
    }

    /// Makes all sessions known to `timeline`. Those that are new to it stand as their tape says they stood when it began.
    pub(super) fn enter(&self, timeline: &mut Timeline) {
        for session in self.recorded.iter().skip(timeline.sessions().len()) {
            let id = timeline.register(&session.name, session.cloud);
            let began = StateChange { state: session.state, ..StateChange::default() };
            timeline.stand(id, self.clock.start(), &began);
        }
    }

    /// Puts `items` on a timeline, to which `with` gives the way. Lines are read before that, so that it is held for a short time only.
    pub(super) fn append(&mut self, items: &[Item], with: impl FnOnce(&mut dyn FnMut(&mut Timeline))) {
        let reads: Vec<_> = items.iter().map(|item| item.entry.as_ref().and_then(Entry::read)).collect();
        let events: Vec<Option<(SessionId, Event<'_>)>> = reads
            .iter()
            .map(|read| {
                let event = read.as_ref()?.event()?;
                Some((self.place_of(event.session), event))
            })
            .collect();
        with(&mut |timeline| {
            self.enter(timeline);
            for (item, event) in items.iter().zip(&events) {
                timeline.jump(item.first);
                if let Some((session, event)) = event {
                    let now = self.clock.moment(event.at, item.time_us);
                    timeline.append(*session, now, &event.kind, id_span(&event.kind));
                    self.last = *session;
                } else {
                    let gap = Kind::Gap { count: item.last - item.first + 1, reason: DAMAGED };
                    timeline.append(self.last, self.clock.moment_of(item.time_us), &gap, None);
                    timeline.jump(item.last + 1);
                }
            }
        });
    }
}

/// The bytes of a message's topic that are the request's own.
fn id_span(kind: &Kind<'_>) -> Option<(usize, usize)> {
    match kind {
        Kind::Rx(message) | Kind::Tx(message) => layout::id_span(message.topic, message.request_id?),
        _ => None,
    }
}
