//! The desk: where the console leaves orders and reads how the tape stands, and where the deck's thread takes them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::deck::{DeckState, Order, Pace};
use super::player::{Manner, Player};

/// How many orders wait at most; the oldest goes first. Orders come from keys, and the thread takes them within milliseconds:
/// only a disk that hangs lets so many wait.
const ORDERS: usize = 64;

/// What the console and the deck's thread share.
#[derive(Debug)]
pub(super) struct Desk {
    inside: Mutex<Inside>,
    bell: Condvar,
    /// Breaks off the seek or search that is under way.
    pub(super) stop: AtomicBool,
}

#[derive(Debug)]
struct Inside {
    orders: VecDeque<Order>,
    manner: Manner,
    shown: Shown,
    /// The search that is under way.
    search: Option<Order>,
    /// The thread has a place to go to.
    going: bool,
    closed: bool,
    /// Something changed since the thread looked last.
    rung: bool,
}

/// What the thread shows of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) player: Player,
    pub(super) events: u64,
    pub(super) span_us: (u64, u64),
    pub(super) seeks: u64,
    pub(super) misses: u64,
}

/// What the thread finds on the desk.
#[derive(Debug)]
pub(super) enum Call {
    /// An order.
    Order(Order),
    /// No order.
    Nothing,
    /// The deck is no more.
    Closed,
}

impl Desk {
    pub(super) fn new(shown: Shown) -> Self {
        let inside = Inside {
            orders: VecDeque::new(),
            manner: Manner::PLAIN,
            shown,
            search: None,
            going: false,
            closed: false,
            rung: false,
        };
        Self { inside: Mutex::new(inside), bell: Condvar::new(), stop: AtomicBool::new(false) }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves an order.
    pub(super) fn order(&self, order: Order) {
        let mut inside = self.inside();
        match order {
            Order::Pace(Pace::Times(times)) if times.is_nan() => {}
            Order::Pace(Pace::Times(times)) => inside.manner.pace = Pace::Times(times.clamp(0.1, 1_000.0)),
            Order::Pace(Pace::Full) => inside.manner.pace = Pace::Full,
            Order::Shorten(shortened) => inside.manner.shortened = shortened,
            Order::Loop(looped) => inside.manner.looped = looped,
            _ => inside.queue(order, &self.stop),
        }
        inside.rung = true;
        self.bell.notify_one();
    }

    /// How the tape stands.
    pub(super) fn state(&self, now: Instant) -> DeckState {
        let inside = self.inside();
        let Shown { player, events, span_us, seeks, misses } = inside.shown;
        let Manner { pace, shortened, looped } = inside.manner;
        DeckState {
            playing: player.is_playing(),
            pace,
            position: player.position(),
            time_us: player.time_us(now),
            events,
            span_us,
            shortened,
            looped,
            seeking: inside.going || inside.orders.iter().any(|order| !is_play(order)),
            seeks,
            misses,
        }
    }

    /// Tells the thread that nobody listens any more.
    pub(super) fn close(&self) {
        let mut inside = self.inside();
        inside.closed = true;
        self.stop.store(true, Ordering::Relaxed);
        drop(inside);
        self.bell.notify_one();
    }

    /// What there is to do for the thread, and the manner in which it is to play. A seek that is taken counts as under way until the
    /// thread shows itself again ([`Desk::show`]).
    pub(super) fn take(&self) -> (Call, Manner) {
        let mut inside = self.inside();
        inside.rung = false;
        inside.search = None;
        if inside.closed {
            return (Call::Closed, inside.manner);
        }
        let Some(order) = inside.orders.pop_front() else {
            self.stop.store(false, Ordering::Relaxed);
            return (Call::Nothing, inside.manner);
        };
        // An order that waits breaks off what this one begins, as it would had it come a moment later.
        self.stop.store(inside.orders.front().is_some_and(|next| *next != order), Ordering::Relaxed);
        inside.search = Some(order).filter(|order| matches!(order, Order::Next(_) | Order::Previous(_)));
        inside.going |= !is_play(&order);
        (Call::Order(order), inside.manner)
    }

    /// Shows how the thread stands, and whether it has a place to go to.
    pub(super) fn show(&self, shown: Shown, going: bool) {
        let mut inside = self.inside();
        inside.shown = shown;
        inside.going = going;
    }

    /// Waits for the next order, at most until `end`.
    pub(super) fn wait(&self, end: Option<Instant>) {
        let inside = self.inside();
        let asleep = |inside: &mut Inside| !inside.rung && !inside.closed;
        // The answers are guards and whether time ran out: the caller looks at the desk and at the clock anyway.
        match end {
            Some(end) => {
                let wait = end.saturating_duration_since(Instant::now());
                drop(self.bell.wait_timeout_while(inside, wait, asleep).unwrap_or_else(PoisonError::into_inner));
            }
            None => drop(self.bell.wait_while(inside, asleep).unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

impl Inside {
    /// Takes in an order that goes somewhere, or plays, and breaks off what is under way. The same search once more is done
    /// after the one under way instead, so that a key that is held goes from one to the next.
    fn queue(&mut self, order: Order, stop: &AtomicBool) {
        if self.search == Some(order) {
            if !self.orders.contains(&order) {
                self.orders.push_back(order);
            }
            return;
        }
        if self.orders.len() >= ORDERS {
            self.orders.pop_front();
        }
        self.orders.push_back(order);
        stop.store(true, Ordering::Relaxed);
    }
}

fn is_play(order: &Order) -> bool {
    matches!(order, Order::Play(_))
}
