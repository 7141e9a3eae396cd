//! Events that were read, in pages, within a budget. Pure.

use std::collections::VecDeque;

use super::Seen;
use crate::tape::Entry;

/// How many numbers a page has.
pub(super) const PAGE: u64 = 512;

/// How many bytes pages take, with what they hold of the tapes' chunks beside their own events; and how many while all of them are on
/// the screen.
const BUDGET: usize = 8 << 20;
const LIMIT: usize = 48 << 20;

/// What a page holds of the tapes beside its own events: the rest of a chunk.
const BESIDE: usize = 256 << 10;

/// A page that was looked at within so many looks is on the screen: it stays up to the limit. Else two that do not fit together
/// would take turns for ever.
const ON_SCREEN: u64 = 256;

/// What was read of a page: the events from number `first` on, without a hole.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) first: u64,
    pub(super) slots: Vec<Slot>,
}

/// What is known of a number.
#[derive(Clone, Debug)]
pub(super) enum Slot {
    /// Its event.
    Here(Entry),
    /// It is among these, which cannot be read.
    Missing(u64, u64),
}

/// The pages.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// With the look that saw it last.
    held: VecDeque<(Page, u64)>,
    bytes: usize,
    looks: u64,
}

impl Page {
    /// The number of the page that `seq` is on.
    pub(super) fn of(seq: u64) -> u64 {
        seq / PAGE
    }

    /// Nothing can be read from `first` to `last`.
    pub(super) fn missing(first: u64, last: u64) -> Self {
        Self { first, slots: (first..=last).map(|_| Slot::Missing(first, last)).collect() }
    }

    fn slot(&self, seq: u64) -> Option<&Slot> {
        self.slots.get(usize::try_from(seq.checked_sub(self.first)?).ok()?)
    }

    fn bytes(&self) -> usize {
        let line = |slot: &Slot| match slot {
            Slot::Here(entry) => entry.line().len(),
            Slot::Missing(..) => 0,
        };
        BESIDE + size_of_val(self.slots.as_slice()) + self.slots.iter().map(line).sum::<usize>()
    }
}

impl Pages {
    /// The event of that number, if its page is here.
    pub(super) fn get(&mut self, seq: u64) -> Option<Seen> {
        self.looks += 1;
        let (page, look) = self.held.iter_mut().find(|(page, _)| page.slot(seq).is_some())?;
        *look = self.looks;
        page.slot(seq).map(|slot| match slot {
            Slot::Here(entry) => Seen::Here(entry.clone()),
            Slot::Missing(first, last) => Seen::Missing(*first, *last),
        })
    }

    /// Whether there is room for a page, or one that may go.
    pub(super) fn has_room(&self) -> bool {
        self.bytes < LIMIT || self.held.iter().any(|(_, look)| !self.is_on_screen(*look))
    }

    /// Takes in a page; those that were not looked at for the longest time go where there is no room. Answers whether it was taken.
    pub(super) fn put(&mut self, page: Page) -> bool {
        let bytes = page.bytes();
        while self.bytes + bytes > BUDGET
            && let Some(oldest) = (0..self.held.len()).min_by_key(|place| self.held[*place].1)
            && !self.is_on_screen(self.held[oldest].1)
        {
            self.let_go(oldest);
        }
        // One page larger than the limit is shown all the same.
        if self.bytes + bytes > LIMIT && !self.held.is_empty() {
            return false;
        }
        self.bytes += bytes;
        self.held.push_back((page, self.looks));
        true
    }

    /// Lets go what was known to be missing, since it may have come.
    pub(super) fn forget_missing(&mut self) {
        let mut place = 0;
        while let Some((page, _)) = self.held.get(place) {
            if page.slots.iter().any(|slot| matches!(slot, Slot::Missing(..))) {
                self.let_go(place);
            } else {
                place += 1;
            }
        }
    }

    fn let_go(&mut self, place: usize) {
        if let Some((page, _)) = self.held.remove(place) {
            self.bytes -= page.bytes();
        }
    }

    fn is_on_screen(&self, look: u64) -> bool {
        self.looks - look < ON_SCREEN
    }
}
