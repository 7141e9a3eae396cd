//! Going elsewhere on the tapes: a fresh timeline that ends where it was asked for.

use std::time::Instant;

use super::engine::{BATCH, BATCH_BYTES, Engine, Goal};
use super::reel::Item;
use crate::timeline::Timeline;

/// How many events ahead are played onto the timeline that is there, instead of making a fresh one.
const HOP: u64 = 1_000;

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
        let (tapes, stop) = (self.reel.tapes(), &self.desk.stop);
        if !self.lines.recall(&mut fresh, tapes, &self.cast, oldest, stop) {
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
}
