//! The deck's thread: it takes orders, lets events happen when they are due, and goes elsewhere on the tapes.

use std::sync::Arc;
use std::time::Instant;

use super::cast::Cast;
use super::clock::Clock;
use super::deck::Order;
use super::desk::{Call, Desk, Shown};
use super::lines::Lines;
use super::player::{Ahead, Due, Manner, Player};
use super::reel::Reel;
use crate::session::Journal;
use crate::tape::{Sought, Tapes};
use crate::timeline::{Budget, Only, Timeline};

/// How many events happen at a time, and how many bytes of lines, with the line beyond them: the screen waits meanwhile.
pub(super) const BATCH: usize = 512;
pub(super) const BATCH_BYTES: usize = 1 << 20;

/// What the thread owns.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) desk: Arc<Desk>,
    pub(super) journal: Journal,
    pub(super) reel: Reel,
    pub(super) cast: Cast,
    pub(super) lines: Lines,
    pub(super) player: Player,
    pub(super) budget: Budget,
    manner: Manner,
    /// Where it is to go.
    goal: Option<Goal>,
    pub(super) seeks: u64,
    misses: u64,
}

/// A place to go to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    /// The number of the last event that has happened there.
    pub(super) number: u64,
    /// The tape's time there, if it is not that event's.
    pub(super) time_us: Option<u64>,
    /// It was meant to lie before: where it falls in the midst of what is missing, it is the end of what comes before that.
    pub(super) back: bool,
}

impl Engine {
    /// At the beginning of `tapes`, paused.
    pub(super) fn new(mut tapes: Tapes, budget: Budget, now: Instant) -> (Self, Arc<Desk>, Journal) {
        // A tape that cannot be looked at again is played as far as it was read.
        let _is_longer = tapes.refresh();
        let cast = Cast::new(Clock::of(&tapes, now), tapes.sessions());
        let mut timeline = Timeline::new(budget, cast.clock().start());
        cast.enter(&mut timeline);
        let journal = Journal::new(timeline);
        let mut reel = Reel::new(tapes);
        let span_us = reel.span_us();
        let mut player = Player::new(span_us.0, now);
        player.go(0, span_us.0, reel.ahead(), now);
        let shown = Shown { player, events: reel.events(), span_us, seeks: 0, misses: 0 };
        let desk = Arc::new(Desk::new(shown));
        let engine = Self {
            desk: Arc::clone(&desk),
            journal: journal.clone(),
            reel,
            cast,
            lines: Lines::default(),
            player,
            budget,
            manner: Manner::PLAIN,
            goal: None,
            seeks: 0,
            misses: 0,
        };
        (engine, desk, journal)
    }

    pub(super) fn clock(&self) -> Clock {
        self.cast.clock()
    }

    /// Until the deck is no more.
    pub(super) fn run(mut self) {
        loop {
            let (call, manner) = self.desk.take();
            let now = Instant::now();
            if manner != self.manner {
                self.manner = manner;
                self.player.take(manner, now);
                self.show();
            }
            match call {
                Call::Closed => return,
                Call::Order(order) => {
                    self.obey(order, now);
                    self.show();
                }
                Call::Nothing => self.go_on(now),
            }
        }
    }

    /// Goes where it is to go, or lets happen what is due, or waits.
    fn go_on(&mut self, now: Instant) {
        if let Some(goal) = self.goal {
            if self.go(goal) {
                self.goal = None;
            }
            self.show();
            return;
        }
        match self.player.due() {
            Due::Event(due) if due <= now => self.play(now),
            Due::Look(due) if due <= now => self.look(now),
            Due::Anew(due) if due <= now => self.goal = Some(Goal { number: 0, time_us: None, back: true }),
            Due::Event(due) | Due::Look(due) | Due::Anew(due) => self.desk.wait(Some(due)),
            Due::Never => self.desk.wait(None),
        }
    }

    /// Shows how it stands, and wakes the screen.
    fn show(&self) {
        let (events, span_us) = (self.reel.events(), self.reel.span_us());
        let shown = Shown { player: self.player, events, span_us, seeks: self.seeks, misses: self.misses };
        self.desk.show(shown, self.goal.is_some());
        self.journal.ring();
    }

    fn obey(&mut self, order: Order, now: Instant) {
        let events = self.reel.events();
        let (first_us, last_us) = self.reel.span_us();
        match order {
            Order::Play(playing) => {
                let goal = self.goal.map_or(self.player.position(), |goal| goal.number);
                if playing && goal >= events && !self.reel.is_growing() {
                    self.goal = Some(Goal { number: 0, time_us: None, back: true });
                }
                self.player.play(playing, now);
            }
            Order::Step(steps) => {
                self.player.play(false, now);
                let number = self.place().saturating_add_signed(steps).min(events);
                self.goal = Some(Goal { number, time_us: None, back: steps < 0 });
            }
            Order::To(number) => self.goal = Some(Goal { number: number.min(events), time_us: None, back: false }),
            Order::ToTime(time_us) => self.aim(time_us),
            Order::By(by_us) => {
                let from = match self.goal {
                    Some(Goal { time_us: Some(time_us), .. }) => time_us,
                    Some(Goal { number: 0, .. }) => first_us,
                    Some(Goal { number, .. }) => self.reel.time_of(number),
                    None => self.player.time_us(now),
                };
                self.aim(from.saturating_add_signed(by_us));
            }
            Order::ToShare(share) => {
                let length = std::time::Duration::from_micros(last_us.saturating_sub(first_us)).as_secs_f64();
                let part = std::time::Duration::try_from_secs_f64(length * share.clamp(0.0, 1.0)).unwrap_or_default();
                self.aim(first_us.saturating_add(u64::try_from(part.as_micros()).unwrap_or(u64::MAX)));
            }
            Order::Next(only) => self.search(only, false, now),
            Order::Previous(only) => self.search(only, true, now),
            // These stand on the desk, and came from there.
            Order::Pace(_) | Order::Shorten(_) | Order::Loop(_) => {}
        }
    }

    /// The number of the last event that has happened, or will have.
    fn place(&self) -> u64 {
        self.goal.map_or(self.player.position(), |goal| goal.number)
    }

    fn aim(&mut self, time_us: u64) {
        let (first_us, last_us) = self.reel.span_us();
        let back = time_us < first_us;
        let number = if back { 0 } else { self.reel.tapes().number_at(time_us.saturating_add(1)).saturating_sub(1) };
        let time_us = time_us.min(last_us).max(first_us);
        self.goal = Some(Goal { number: number.min(self.reel.events()), time_us: Some(time_us), back });
    }

    fn search(&mut self, only: Only, back: bool, now: Instant) {
        self.player.play(false, now);
        let place = self.place();
        let from = if back { place.checked_sub(1).filter(|from| *from > 0) } else { Some(place + 1) };
        let sought = Sought { only, ..Sought::default() };
        let stop = &self.desk.stop;
        match from.and_then(|from| self.reel.tapes().find(&sought, from, back, stop)) {
            Some(number) => self.goal = Some(Goal { number, time_us: None, back }),
            None if stop.load(std::sync::atomic::Ordering::Relaxed) => {}
            None => self.misses += 1,
        }
    }

    /// Lets happen what is due: at most a batch, so that orders are heard.
    fn play(&mut self, now: Instant) {
        let mut player = self.player;
        let mut items = Vec::new();
        let mut bytes = 0;
        while items.len() < BATCH && bytes < BATCH_BYTES && matches!(player.due(), Due::Event(due) if due <= now) {
            let Some(item) = self.reel.next() else { break };
            player.happened(item.last, item.time_us, now);
            player.see(self.reel.ahead(), now);
            bytes += item.bytes();
            items.push(item);
        }
        self.cast.append(&items, |put| self.journal.with(put));
        // Only now: whoever looks finds the event at the position on the timeline.
        self.player = player;
        self.show();
    }

    /// Looks whether the tapes have grown.
    fn look(&mut self, now: Instant) {
        // A tape that can no longer be looked at has come to its end.
        let ahead = match self.reel.refresh() {
            Ok(_) => self.reel.ahead(),
            Err(_) => Ahead::End,
        };
        if self.reel.tapes().tapes().len() > 1 {
            // What grows on one of several tapes may belong before what is on another.
            self.lines.forget();
        }
        self.cast.meet(self.reel.tapes().sessions());
        self.player.see(ahead, now);
        if ahead != Ahead::Later {
            self.show();
        }
    }
}
