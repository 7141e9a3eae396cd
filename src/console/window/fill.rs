//! Looking for the rows that the screen has room for.

use super::purse::Purse;
use super::{Chase, Window};
use crate::console::history::{History, Way};
use crate::timeline::Scan;

impl Window {
    /// Finds the rows above and below the cursor, and carries out the steps that it owes.
    pub(super) fn fill_held(&mut self, history: History<'_>, oldest: u64, purse: &mut Purse) {
        if self.cursor.is_none() {
            // Nothing was there when the window was held; what comes now is shown from its beginning.
            self.cursor = self.rows.front().copied();
            self.row = 0;
        }
        loop {
            let place = self.place_of_cursor().unwrap_or(0);
            let goal = i64::try_from(place).unwrap_or(i64::MAX).saturating_add(self.owed);
            let row = i64::try_from(self.row).unwrap_or(0);
            let height = i64::try_from(self.height.max(1)).unwrap_or(1);
            let known = i64::try_from(self.rows.len()).unwrap_or(i64::MAX);
            let goal_row = row.saturating_add(self.owed).clamp(0, height - 1);
            let missing_above = goal < goal_row && self.low > oldest;
            // One more than fits, so that it is known whether there is news below.
            let missing_below = goal.saturating_add(height - goal_row) >= known && self.high < self.horizon;
            if purse.left == 0 {
                return;
            }
            if missing_above {
                self.find_above(history, purse);
            } else if missing_below {
                self.find_below(history, purse);
            } else {
                let end = goal.clamp(0, (known - 1).max(0));
                let moved = end - i64::try_from(place).unwrap_or(0);
                let end = usize::try_from(end).unwrap_or(0);
                self.cursor = self.rows.get(end).copied();
                self.row = usize::try_from((row + moved).clamp(0, height - 1)).unwrap_or(0).min(end);
                self.owed = 0;
                return;
            }
        }
    }

    fn find_above(&mut self, history: History<'_>, purse: &mut Purse) {
        match purse.find(history, &self.query, self.low - 1, Way::Back) {
            Scan::Found(seq) => {
                self.rows.push_front(seq);
                self.low = seq;
            }
            Scan::More(at) => self.low = (at + 1).min(self.low),
            Scan::End => self.low = 0,
        }
    }

    fn find_below(&mut self, history: History<'_>, purse: &mut Purse) {
        match purse.find(history, &self.query, self.high, Way::On { end: self.horizon }) {
            Scan::Found(seq) if seq < self.horizon => {
                self.rows.push_back(seq);
                self.high = seq + 1;
            }
            Scan::More(at) if at < self.horizon => self.high = at.max(self.high),
            _ => self.high = self.horizon,
        }
    }

    /// Finds the newest rows: from the newest event backwards to those that are known, then further back if the screen
    /// has room.
    pub(super) fn fill_following(&mut self, history: History<'_>, oldest: u64, purse: &mut Purse) {
        if self.chase.is_none() && self.high < self.horizon {
            self.chase = Some(Chase { at: self.horizon - 1, top: self.horizon, found: Vec::new() });
        }
        while let Some(mut chase) = self.chase.take() {
            if chase.found.len() >= self.height.max(1) {
                // The screen is full: what lies between these rows and the older ones is not known.
                self.rows = chase.found.iter().rev().copied().collect();
                self.low = self.rows.front().copied().unwrap_or(chase.top);
                self.high = chase.top;
                break;
            }
            if purse.left == 0 {
                self.chase = Some(chase);
                return;
            }
            let reached = chase.at < self.high.max(oldest);
            let scan = if reached { Scan::End } else { purse.find(history, &self.query, chase.at, Way::Back) };
            match scan {
                Scan::Found(seq) if seq >= self.high => {
                    chase.found.push(seq);
                    chase.at = seq.saturating_sub(1);
                    self.chase = Some(chase);
                }
                Scan::More(at) if at >= self.high => {
                    chase.at = at;
                    self.chase = Some(chase);
                }
                _ => {
                    self.rows.extend(chase.found.iter().rev());
                    self.high = chase.top;
                }
            }
        }
        while purse.left > 0 && self.rows.len() < self.height.max(1) && self.low > oldest {
            self.find_above(history, purse);
        }
    }

    /// Keeps a few screens around what is shown.
    pub(super) fn trim(&mut self) {
        if self.owed != 0 {
            // What was found on the way there would have to be found again, and again.
            return;
        }
        let spare = 2 * self.height.max(8);
        let start = self.start();
        for _ in spare..start {
            if let Some(seq) = self.rows.pop_front() {
                self.low = seq + 1;
            }
        }
        let start = self.start();
        while self.held && self.rows.len() > start + self.height + spare {
            if let Some(seq) = self.rows.pop_back() {
                self.high = seq;
            }
        }
    }
}
