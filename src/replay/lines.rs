//! How each session's line stood at a place of the tapes: its last changes of state before that.
//!
//! To look for a change that lies far back, or is none, costs a pass over the tapes' index. So what was found is kept: between two
//! changes of a line the answer is the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use super::cast::Cast;
use crate::event::{Kind, LineState};
use crate::tape::{Entry, Sought, Tapes};
use crate::timeline::{Only, SessionId, Timeline};

/// How many changes of any line are looked at before each line is looked for alone.
const TOGETHER: usize = 24;

/// How many changes to the same state are looked through for the one that began it.
const SAME: usize = 8;

/// How many changes are kept for a session; then it is looked for anew.
const KEPT: usize = 4_096;

/// What is known of the lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// For each session: before any event up to the second number, and after the first, its last change is the first; 0: none.
    known: HashMap<SessionId, BTreeMap<u64, u64>>,
}

impl Lines {
    /// Forgets what is known: the tapes' numbers may be others now.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// Tells `timeline` how each line stood before event `before`; `false` where it was stopped.
    pub(super) fn recall(
        &mut self,
        timeline: &mut Timeline,
        tapes: &Tapes,
        cast: &Cast,
        before: u64,
        stop: &AtomicBool,
    ) -> bool {
        self.look_together(tapes, cast, before, stop);
        for (place, session) in (0..).zip(cast.sessions()) {
            let id = SessionId(place);
            let Some(changes) = self.changes(tapes, &session.name, id, before, stop) else { return false };
            for change in changes.iter().rev() {
                let Some(read) = change.read() else { continue };
                let Some(event) = read.event() else { continue };
                if let Kind::State(now) = event.kind {
                    timeline.stand(id, cast.clock().moment(event.at, change.time_us), &now);
                }
            }
        }
        true
    }

    /// The last changes of a line before event `before`, the newest first: back to the one that began the state. `None` where it was
    /// stopped.
    fn changes(
        &mut self,
        tapes: &Tapes,
        name: &str,
        id: SessionId,
        before: u64,
        stop: &AtomicBool,
    ) -> Option<Vec<Entry>> {
        let (mut changes, mut state, mut before) = (Vec::new(), None, before);
        while changes.len() < SAME {
            before = self.last(tapes, name, id, before, stop)?;
            let Some(entry) = (before > 0).then(|| tapes.entry(before)).flatten() else { break };
            let now = change(&entry).map(|(_, now)| now);
            changes.push(entry);
            if state.is_some() && now != state {
                break;
            }
            state = now;
        }
        Some(changes)
    }

    /// The number of a line's last change before event `before`, 0 where there is none; `None` where it was stopped.
    fn last(&mut self, tapes: &Tapes, name: &str, id: SessionId, before: u64, stop: &AtomicBool) -> Option<u64> {
        if let Some(known) = self.known(id, before) {
            return Some(known);
        }
        let sought = Sought { session: Some(name.to_owned()), only: Only::States, ..Sought::default() };
        let found = nearest(tapes, &sought, before, stop)?;
        self.learn(id, found, before);
        Some(found)
    }

    /// Looks for the changes of all lines at once, as long as that is quick: lines that change together are found together.
    fn look_together(&mut self, tapes: &Tapes, cast: &Cast, before: u64, stop: &AtomicBool) {
        let ids = (0..).zip(cast.sessions()).map(|(place, _)| SessionId(place));
        let mut unknown: Vec<SessionId> = ids.filter(|id| self.known(*id, before).is_none()).collect();
        let sought = Sought { only: Only::States, ..Sought::default() };
        let mut at = before;
        for _ in 0..TOGETHER {
            if unknown.len() < 2 {
                return;
            }
            let Some(found) = nearest(tapes, &sought, at, stop) else { return };
            if found == 0 {
                for id in unknown {
                    self.learn(id, 0, before);
                }
                return;
            }
            let whose = tapes.entry(found).as_ref().and_then(|entry| cast.find(&change(entry)?.0));
            if let Some(place) = unknown.iter().position(|id| Some(*id) == whose) {
                self.learn(unknown.swap_remove(place), found, before);
            }
            at = found;
        }
    }

    fn known(&self, id: SessionId, before: u64) -> Option<u64> {
        let (last, upto) = self.known.get(&id)?.range(..before).next_back()?;
        (before <= *upto).then_some(*last)
    }

    /// Takes in that the line's last change before event `before` is `last`.
    fn learn(&mut self, id: SessionId, last: u64, before: u64) {
        let known = self.known.entry(id).or_default();
        if known.len() >= KEPT {
            known.clear();
        }
        let upto = known.entry(last).or_default();
        *upto = before.max(*upto);
    }
}

/// The number of the nearest event before `before` that is sought, 0 where there is none; `None` where it was stopped.
fn nearest(tapes: &Tapes, sought: &Sought, before: u64, stop: &AtomicBool) -> Option<u64> {
    if before <= 1 {
        return Some(0);
    }
    let found = tapes.find(sought, before - 1, true, stop);
    (!stop.load(Ordering::Relaxed)).then(|| found.unwrap_or(0))
}

/// Whose line changed in `entry`, and to which state.
fn change(entry: &Entry) -> Option<(String, LineState)> {
    let read = entry.read()?;
    let event = read.event()?;
    match event.kind {
        Kind::State(change) => Some((event.session.to_owned(), change.state)),
        _ => None,
    }
}
