//! A search that may not cost more than it was given.

use crate::console::history::{Find, History, Way};
use crate::timeline::{Only, Query, Scan};

/// How many events may still be looked at.
pub(super) struct Purse {
    pub(super) left: usize,
    /// Whether routine events are passed over.
    pub(super) quiet: bool,
    /// Whether a tape has to be read first. Then nothing is left.
    pub(super) waiting: bool,
}

impl Purse {
    /// The nearest event from `at` on that way that is to be shown.
    pub(super) fn find(&mut self, history: History<'_>, query: &Query, at: u64, way: Way) -> Scan {
        let only = if self.quiet { Only::Telling } else { Only::All };
        let mut at = at;
        loop {
            let scan = match history.find(query, only, at, way, self.left) {
                Find::Waiting => {
                    self.waiting = true;
                    self.left = 0;
                    return Scan::More(at);
                }
                Find::OnTape(scan) => {
                    self.left = self.left.saturating_sub(1);
                    return scan;
                }
                Find::InMemory(scan) => scan,
            };
            self.pay(at, scan);
            let Scan::Found(seq) = scan else { return scan };
            if !self.quiet || history.timeline.get(seq).is_none_or(|event| !event.is_routine()) {
                return scan;
            }
            at = if way == Way::Back { seq.saturating_sub(1) } else { seq + 1 };
            if self.left == 0 {
                return Scan::More(at);
            }
        }
    }

    fn pay(&mut self, at: u64, scan: Scan) {
        let spent = match scan {
            Scan::Found(seq) => usize::try_from(at.abs_diff(seq)).unwrap_or(usize::MAX).saturating_add(1),
            Scan::More(_) => self.left,
            // The end costs a look.
            Scan::End => 1,
        };
        self.left = self.left.saturating_sub(spent);
    }
}
