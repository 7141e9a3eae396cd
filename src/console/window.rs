//! Which events the stream shows: the rows under the query, the cursor, follow and hold.
//!
//! The cursor is an event, not a row. What is shown is searched for in bounded steps, so that a filter that matches
//! nothing among millions holds up neither the keys nor the sessions: [`Window::advance`] is called with a budget, turn
//! after turn, until it says that nothing is left to look for.

mod fill;
mod purse;

use std::collections::VecDeque;

use super::history::{History, Way};
use crate::timeline::{Filter, Query, Scan};
use purse::Purse;

/// Whether the search for rows has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All rows that are wanted are here, or there are no more.
    Done,
    /// The budget is used up: call again.
    More,
    /// A tape is being read: call again when there is news.
    Waiting,
}

/// A search that, once it has found an event, moves the cursor there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seek {
    query: Query,
    at: u64,
    back: bool,
    /// Look the other way from here if there is nothing this way.
    otherwise: Option<u64>,
    /// The row of the screen that the event gets.
    row: usize,
    /// Tell when nothing is found.
    hunt: bool,
}

/// Events found while following, from the newest backwards, until they meet those that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Chase {
    /// Where to go on.
    at: u64,
    /// Everything from here on has been looked at when the chase is over.
    top: u64,
    /// Found, newest first.
    found: Vec<u64>,
}

/// Which of the query's events are shown while no filter is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Breadth {
    /// All but routine.
    #[default]
    Telling,
    /// All.
    All,
}

/// The rows of the stream.
#[derive(Clone, Debug, Default)]
pub struct Window {
    query: Query,
    breadth: Breadth,
    height: usize,
    /// Matches among `low..high`, all of them, in order.
    rows: VecDeque<u64>,
    low: u64,
    high: u64,
    /// The first number that is not shown yet.
    horizon: u64,
    cursor: Option<u64>,
    /// The cursor's row on the screen, while held.
    row: usize,
    held: bool,
    /// Steps of the cursor that wait for rows to be found.
    owed: i64,
    chase: Option<Chase>,
    seek: Option<Seek>,
    /// The cursor before a filter was typed: the place to come back to.
    anchor: Option<u64>,
    /// Found beyond the newest event: where a replay is to go.
    ahead: Option<u64>,
    lost: bool,
    in_vain: bool,
}

impl Window {
    /// What is shown.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Whether routine events are shown even without a filter.
    pub fn shows_routine(&self) -> bool {
        self.breadth == Breadth::All
    }

    /// Whether new events move the rows.
    pub fn follows(&self) -> bool {
        !self.held
    }

    /// The event under the cursor: the one chosen, else the newest shown.
    pub fn selected(&self) -> Option<u64> {
        self.cursor.or_else(|| self.rows.back().copied())
    }

    /// Whether an event was chosen, so that the newest is not taken in its place.
    pub fn is_chosen(&self) -> bool {
        self.cursor.is_some()
    }

    /// The events to show, from the top row on.
    pub fn visible(&self) -> impl Iterator<Item = u64> {
        let start = self.start();
        self.rows.range(start..self.rows.len().min(start + self.height)).copied()
    }

    /// The first number beyond what is shown: newer events are news.
    pub fn shown_to(&self) -> u64 {
        match self.visible().last() {
            // Behind the last row that there is, everything was looked at up to `high`.
            Some(last) if Some(&last) != self.rows.back() => last + 1,
            _ => self.high,
        }
    }

    /// Whether a search is under way that may change what is shown.
    pub fn is_searching(&self) -> bool {
        self.seek.is_some() || self.owed != 0 || (self.chase.is_some() && self.rows.len() < self.height)
    }

    /// Whether an event is hunted for.
    pub fn is_hunting(&self) -> bool {
        self.seek.as_ref().is_some_and(|seek| seek.hunt)
    }

    /// Whether the chosen event was let go since the last call.
    pub fn take_lost(&mut self) -> bool {
        std::mem::take(&mut self.lost)
    }

    /// Whether a search for the next match ended in vain since the last call.
    pub fn take_in_vain(&mut self) -> bool {
        std::mem::take(&mut self.in_vain)
    }

    /// The event, found beyond the newest, at which a replay has still to arrive. The cursor goes there when it has.
    pub fn ahead(&self) -> Option<u64> {
        self.ahead
    }

    /// Breaks off what is being looked for, if something is; answers whether that was so.
    pub fn break_off(&mut self) -> bool {
        let was = self.is_hunting() || self.ahead.is_some();
        self.seek.take_if(|seek| seek.hunt);
        self.ahead = None;
        was
    }

    /// Sets how many rows the screen has.
    pub fn resize(&mut self, height: usize) {
        self.height = height;
        self.row = self.row.min(height.saturating_sub(1));
    }

    /// Shows something else. The cursor stays where it is if it can, else it goes to the nearest event that is shown.
    pub fn show(&mut self, query: Query) {
        if query != self.query {
            self.query = query;
            self.anew();
        }
    }

    /// Shows routine events (`Event::is_routine`) or leaves them out. With a filter that is typed, all that it matches are shown.
    pub fn show_routine(&mut self, routine: bool) {
        let breadth = if routine { Breadth::All } else { Breadth::Telling };
        if breadth != self.breadth {
            self.breadth = breadth;
            self.anew();
        }
    }

    /// Looks for the rows again.
    fn anew(&mut self) {
        self.forget(self.horizon);
        if self.held {
            let from = *self.anchor.get_or_insert(self.cursor.unwrap_or(self.horizon.saturating_sub(1)));
            self.start_seek(from, true, Some(from), self.row);
        }
    }

    /// Ends the memory of where the cursor was before the filter was typed.
    pub fn settle(&mut self) {
        self.anchor = None;
    }

    /// Moves the cursor by `steps` events; a window that follows holds from then on.
    pub fn step(&mut self, steps: i64) {
        self.ahead = None;
        self.hold();
        self.settle();
        self.owed = self.owed.saturating_add(steps);
    }

    /// Moves the cursor to the oldest event.
    pub fn to_first(&mut self) {
        self.held = true;
        self.settle();
        self.start_seek(0, false, None, 0);
    }

    /// Follows, with the cursor on the newest event.
    pub fn to_last(&mut self) {
        self.cursor = None;
        self.follow();
    }

    /// Follows; the cursor stays on its event.
    pub fn follow(&mut self) {
        self.held = false;
        self.owed = 0;
        self.seek = None;
        self.ahead = None;
        self.settle();
    }

    /// Holds the rows as they stand.
    pub fn hold(&mut self) {
        if self.held {
            return;
        }
        let cursor = self.selected();
        let row = self.visible().position(|seq| Some(seq) == cursor);
        self.held = true;
        self.chase = None;
        self.cursor = cursor;
        match (cursor, row) {
            (_, Some(row)) => self.row = row,
            // Out of sight, or hidden by a filter that came later.
            (Some(cursor), None) => self.start_seek(cursor, true, Some(cursor), 0),
            (None, None) => {}
        }
    }

    /// Puts the cursor on that event, in the middle of the screen.
    pub fn go(&mut self, seq: u64) {
        self.held = true;
        self.settle();
        self.start_seek(seq, true, Some(seq), self.height / 2);
    }

    /// Looks for the next (or previous) event that `filter` matches beside the query.
    pub fn hunt(&mut self, filter: Filter, back: bool) {
        self.hold();
        self.settle();
        self.owed = 0;
        self.ahead = None;
        let at = match (self.cursor, back) {
            (Some(from), true) => from.saturating_sub(1),
            (Some(from), false) => from + 1,
            (None, true) => self.horizon.saturating_sub(1),
            (None, false) => self.horizon.max(1),
        };
        let query = Query { filter, ..self.query.clone() };
        self.seek = Some(Seek { query, at, back, otherwise: None, row: self.height / 2, hunt: true });
    }

    /// Searches on, looking at no more than about `budget` events. With `fresh`, events that came since are taken in.
    pub fn advance(&mut self, history: History<'_>, budget: usize, fresh: bool) -> Progress {
        let hunts = self.is_hunting();
        // Where nothing has happened yet a replay can still be hunted through.
        let Some((oldest, newest)) = history.span().or(hunts.then_some((1, 0))) else {
            self.cut_back(0);
            self.forget(1);
            self.seek = None;
            self.owed = 0;
            return Progress::Done;
        };
        self.cut_back(newest);
        if fresh || self.horizon == 0 {
            self.horizon = newest + 1;
        }
        self.let_go(oldest);
        if self.ahead.is_some_and(|ahead| ahead <= newest) {
            self.horizon = newest + 1;
            self.ahead.take().into_iter().for_each(|seq| self.go(seq));
        }
        let quiet = self.breadth == Breadth::Telling && self.query.filter.is_empty();
        let mut purse = Purse { left: budget, quiet, waiting: false };
        self.run_seek(history, (oldest, newest), &mut purse);
        if self.held && self.seek.is_none() && self.place_of_cursor().is_none() {
            // The rows around the cursor were trimmed while the window followed.
            self.seek = self.cursor.map(|at| self.seek_for(at, true, Some(at), self.row));
            self.run_seek(history, (oldest, newest), &mut purse);
        }
        if self.seek.is_none() {
            if self.held {
                self.fill_held(history, oldest, &mut purse);
            } else {
                self.fill_following(history, oldest, &mut purse);
            }
        }
        self.trim();
        match (purse.waiting, purse.left) {
            (true, _) => Progress::Waiting,
            (false, 0) => Progress::More,
            (false, _) => Progress::Done,
        }
    }

    fn start(&self) -> usize {
        let last_page = self.rows.len().saturating_sub(self.height);
        match self.place_of_cursor() {
            Some(place) if self.held => place.saturating_sub(self.row),
            _ => last_page,
        }
    }

    fn place_of_cursor(&self) -> Option<usize> {
        self.cursor.and_then(|cursor| self.rows.binary_search(&cursor).ok())
    }

    fn forget(&mut self, at: u64) {
        self.rows.clear();
        (self.low, self.high) = (at, at);
        self.chase = None;
    }

    /// Starts anew around one event.
    fn place(&mut self, seq: u64, row: usize) {
        self.forget(seq);
        self.high = seq + 1;
        self.rows.push_back(seq);
        self.cursor = Some(seq);
        self.row = row.min(self.height.saturating_sub(1));
    }

    fn start_seek(&mut self, at: u64, back: bool, otherwise: Option<u64>, row: usize) {
        self.owed = 0;
        self.ahead = None;
        self.seek = Some(self.seek_for(at, back, otherwise, row));
    }

    fn seek_for(&self, at: u64, back: bool, otherwise: Option<u64>, row: usize) -> Seek {
        Seek { query: self.query.clone(), at, back, otherwise, row, hunt: false }
    }

    /// Forgets what has not happened any more, since a replay went back.
    fn cut_back(&mut self, newest: u64) {
        if self.horizon <= newest + 1 {
            return;
        }
        self.horizon = newest + 1;
        while self.rows.back().is_some_and(|seq| *seq > newest) {
            self.rows.pop_back();
        }
        self.high = self.high.min(self.horizon);
        self.low = self.low.min(self.high);
        self.chase = None;
        if self.cursor.is_some_and(|cursor| cursor > newest) {
            self.to_last();
        }
        self.anchor.take_if(|anchor| *anchor > newest);
    }

    /// Forgets what is neither in memory nor on a tape any more.
    fn let_go(&mut self, oldest: u64) {
        while self.rows.front().is_some_and(|seq| *seq < oldest) {
            self.rows.pop_front();
        }
        self.low = self.low.max(oldest);
        self.high = self.high.max(self.low);
        if self.cursor.is_some_and(|cursor| cursor < oldest) {
            self.lost = true;
            self.cursor = None;
            if self.held && self.seek.is_none() {
                self.start_seek(oldest, false, None, 0);
            }
        }
    }

    fn run_seek(&mut self, history: History<'_>, (oldest, newest): (u64, u64), purse: &mut Purse) {
        while let Some(mut seek) = self.seek.take() {
            if purse.left == 0 {
                self.seek = Some(seek);
                return;
            }
            seek.at = seek.at.max(oldest);
            // What a replay has still to come to is no row yet, but it can be hunted for.
            let end = if seek.hunt { u64::MAX } else { self.horizon };
            let way = if seek.back { Way::Back } else { Way::On { end } };
            match purse.find(history, &seek.query, seek.at, way) {
                Scan::Found(seq) if seq < self.horizon => self.place(seq, seek.row),
                Scan::Found(seq) if seek.hunt && seq > newest => self.ahead = Some(seq),
                Scan::More(at) => {
                    seek.at = at;
                    self.seek = Some(seek);
                }
                Scan::Found(_) | Scan::End => {
                    if let Some(at) = seek.otherwise {
                        self.seek = Some(Seek { at, back: false, otherwise: None, ..seek });
                    } else if seek.hunt {
                        self.in_vain = true;
                    } else {
                        self.forget(self.horizon);
                        self.low = oldest;
                        self.cursor = None;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
