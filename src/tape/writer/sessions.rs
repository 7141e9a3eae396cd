//! The sessions of a recording, as they stand by now, and which of them the tape has yet to hear of.

use hashbrown::HashMap;

use crate::event::LineState;
use crate::tape::Recorded;

/// The sessions, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// As the current part has to say it: with the state in which the part began.
    all: Vec<Recorded>,
    /// The state of each by now.
    states: Vec<LineState>,
    places: HashMap<String, usize>,
    learnt: Vec<usize>,
}

impl Sessions {
    pub(super) fn new(all: Vec<Recorded>) -> Self {
        let mut sessions = Self::default();
        for session in all {
            sessions.know(&session);
        }
        sessions
    }

    /// Takes note of what is known of a session. The state of one that is here already is what its events say.
    pub(super) fn know(&mut self, session: &Recorded) {
        let Some(place) = self.places.get(&session.name).copied() else {
            self.places.insert(session.name.clone(), self.all.len());
            self.learnt.push(self.all.len());
            self.all.push(session.clone());
            self.states.push(session.state);
            return;
        };
        let known = &mut self.all[place];
        let session = Recorded { state: known.state, ..session.clone() };
        if *known != session {
            *known = session;
            if !self.learnt.contains(&place) {
                self.learnt.push(place);
            }
        }
    }

    /// Takes note of a state for the next part; this one has the event.
    pub(super) fn changed(&mut self, name: &str, state: LineState) {
        if let Some(place) = self.places.get(name) {
            self.states[*place] = state;
        }
    }

    /// All of them, for a part that begins now.
    pub(super) fn of_new_part(&mut self) -> Vec<Recorded> {
        self.learnt.clear();
        for (session, state) in self.all.iter_mut().zip(&self.states) {
            session.state = *state;
        }
        self.all.clone()
    }

    pub(super) fn has_learnt(&self) -> bool {
        !self.learnt.is_empty()
    }

    /// The sessions that the part has yet to hear of.
    pub(super) fn take_learnt(&mut self) -> Vec<Recorded> {
        self.learnt.drain(..).map(|place| self.all[place].clone()).collect()
    }
}
