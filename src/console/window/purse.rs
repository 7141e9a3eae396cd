//! A search of the timeline that may not cost more than it was given.

use crate::timeline::{Query, Scan, Timeline};

/// How many events may still be looked at.
pub(super) struct Purse {
    pub(super) left: usize,
    /// Whether routine events are passed over.
    pub(super) quiet: bool,
}

impl Purse {
    /// The nearest event from `at` on, or back, that is to be shown.
    pub(super) fn find(&mut self, timeline: &Timeline, query: &Query, at: u64, back: bool) -> Scan {
        let mut at = at;
        loop {
            let scan = self.look(timeline, query, at, back);
            let Scan::Found(seq) = scan else { return scan };
            if !self.quiet || timeline.get(seq).is_none_or(|event| !event.is_routine()) {
                return scan;
            }
            at = if back { seq.saturating_sub(1) } else { seq + 1 };
            if self.left == 0 {
                return Scan::More(at);
            }
        }
    }

    fn look(&mut self, timeline: &Timeline, query: &Query, at: u64, back: bool) -> Scan {
        let scan = if back { timeline.find_back(query, at, self.left) } else { timeline.find_on(query, at, self.left) };
        let spent = match scan {
            Scan::Found(seq) => usize::try_from(at.abs_diff(seq)).unwrap_or(usize::MAX).saturating_add(1),
            Scan::More(_) => self.left,
            // The end costs a look.
            Scan::End => 1,
        };
        self.left = self.left.saturating_sub(spent);
        scan
    }
}
