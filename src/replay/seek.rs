//! Going elsewhere on the tapes: a fresh timeline that ends where it was asked for.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::engine::{BATCH, BATCH_BYTES, Engine, Goal};
use super::reel::Item;
use crate::event::{Kind, LineState};
use crate::tape::{Entry, Recorded, Sought};
use crate::timeline::{Only, SessionId, Timeline};

/// How many events ahead are played onto the timeline that is there, instead of making a fresh one.
const HOP: u64 = 1_000;

/// How many changes to the same state are looked through for the one that began it.
const SAME: usize = 8;

impl Engine {
    /// Goes there; `false` where it was broken off.
    pub(super) fn go(&mut self, goal: Goal) -> bool {
        let position = self.player.position();
        if goal.back || goal.number < position || goal.number > position + HOP {
            self.leap(goal)
        } else {
            self.hop(goal)
        }
    }

    /// Lets happen at once what lies between.
    fn hop(&mut self, goal: Goal) -> bool {
        let mut position = self.player.position();
        let mut time_us = if position == 0 { self.reel.span_us().0 } else { self.reel.time_of(position) };
        while position < goal.number {
            let mut items: Vec<Item> = Vec::new();
            let mut bytes = 0;
            while position < goal.number && items.len() < BATCH && bytes < BATCH_BYTES {
                let Some(item) = self.reel.next() else { break };
                bytes += item.bytes();
                (position, time_us) = (item.last, item.time_us);
                items.push(item);
            }
            if items.is_empty() {
                break;
            }
            self.cast.append(&items, |put| self.journal.with(put));
        }
        self.stand(position, goal.time_us.unwrap_or(time_us));
        true
    }

    /// Puts a fresh timeline in the place of the one that is there.
    fn leap(&mut self, goal: Goal) -> bool {
        let mut number = goal.number;
        let items = loop {
            if number == 0 {
                break Vec::new();
            }
            let time_us = self.reel.time_of(number);
            let Some(items) = self.reel.before(number, time_us, &self.desk.stop) else { return false };
            match items.last() {
                // In the midst of what is missing: every item before ends with its own number.
                Some(missing) if goal.back && missing.last > number => number = missing.first - 1,
                _ => break items,
            }
        };
        let (position, at_us) = items.last().map_or((0, self.reel.span_us().0), |item| (item.last, item.time_us));
        let time_us = goal.time_us.unwrap_or(at_us);
        let oldest = items.first().map_or(1, |item| item.first);
        let mut fresh = Timeline::new(self.budget, self.clock().start());
        self.cast.enter(&mut fresh);
        if !self.recall(&mut fresh, oldest) {
            return false;
        }
        fresh.jump(oldest);
        for some in items.chunks(BATCH) {
            self.cast.append(some, |put| put(&mut fresh));
        }
        fresh.expire(self.clock().moment_of(time_us));
        // The old one is let go after the lock.
        drop(self.journal.with(|timeline| timeline.replace(fresh)));
        self.seeks += 1;
        self.reel.go(position + 1);
        self.stand(position, time_us);
        true
    }

    fn stand(&mut self, position: u64, time_us: u64) {
        let ahead = self.reel.ahead();
        self.player.go(position, time_us, ahead, Instant::now());
    }

    /// Tells `timeline` how each line stood before event `oldest`; `false` where it was broken off.
    fn recall(&self, timeline: &mut Timeline, oldest: u64) -> bool {
        for (place, session) in (0..).zip(self.cast.sessions()) {
            self.recall_one(timeline, SessionId(place), session, oldest);
            if self.desk.stop.load(Ordering::Relaxed) {
                return false;
            }
        }
        true
    }

    fn recall_one(&self, timeline: &mut Timeline, id: SessionId, session: &Recorded, oldest: u64) {
        let tapes = self.reel.tapes();
        let sought = Sought { session: Some(session.name.clone()), only: Only::States, ..Sought::default() };
        let mut changes = Vec::new();
        let mut state: Option<LineState> = None;
        let mut before = oldest;
        while before > 1 && changes.len() < SAME {
            let Some(entry) = tapes.find(&sought, before - 1, true, &self.desk.stop).and_then(|n| tapes.entry(n))
            else {
                break;
            };
            before = entry.number;
            let now = state_of(&entry);
            changes.push(entry);
            if state.is_some_and(|state| now != Some(state)) {
                break;
            }
            state = now;
        }
        for entry in changes.into_iter().rev() {
            let Some(read) = entry.read() else { continue };
            let Some(event) = read.event() else { continue };
            if let Kind::State(change) = event.kind {
                timeline.stand(id, self.clock().moment(event.at, entry.time_us), &change);
            }
        }
    }
}

/// The state that the line changed to in `entry`.
fn state_of(entry: &Entry) -> Option<LineState> {
    match entry.read()?.event()?.kind {
        Kind::State(change) => Some(change.state),
        _ => None,
    }
}
