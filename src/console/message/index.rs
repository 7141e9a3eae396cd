//! Where rows begin, found once and kept for every so many rows, so that eight mebibytes scroll like eight lines.

use super::row::{Filler, Row};
use super::{plain, pretty};

/// A place is kept for each so many rows.
const STRIDE: usize = 64;

/// Where a row begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In JSON.
    Pretty(pretty::Place),
    /// In text.
    Text(plain::Place),
}

/// The rows of a text at a width, as far as they are known.
#[derive(Debug)]
pub(super) struct Index {
    width: u16,
    marks: Vec<Place>,
    rows: usize,
    tail: Place,
}

impl Place {
    fn at(&self) -> usize {
        match self {
            Self::Pretty(place) => place.at(),
            Self::Text(place) => place.at(),
        }
    }

    fn is_done(&self, text: &str) -> bool {
        match self {
            Self::Pretty(place) => place.is_done(text),
            Self::Text(place) => place.is_done(text),
        }
    }

    /// Fills the row that begins here and moves behind it.
    fn fill(&mut self, text: &str, width: u16, row: Option<&mut Row>) {
        let mut out = Filler::new(width, row);
        match self {
            Self::Pretty(place) => place.fill(text, &mut out),
            Self::Text(place) => place.fill(text, width, &mut out),
        }
    }
}

impl Index {
    /// Nothing known yet but the first place.
    pub(super) fn new(first: Place, width: u16) -> Self {
        Self { width: width.max(1), marks: Vec::new(), rows: 0, tail: first }
    }

    /// How many rows are known.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether all rows are known.
    pub(super) fn is_done(&self, text: &str) -> bool {
        self.tail.is_done(text)
    }

    /// Gets to know rows until there are `until`, or until `budget` bytes were looked at.
    pub(super) fn extend(&mut self, text: &str, until: usize, budget: usize) {
        let horizon = self.tail.at().saturating_add(budget);
        // A deep nest has more rows than bytes to look at: rows are bounded as well.
        let until = until.min(self.rows.saturating_add(budget));
        while self.rows < until && self.tail.at() < horizon && !self.tail.is_done(text) {
            if self.rows.is_multiple_of(STRIDE) {
                self.marks.push(self.tail);
            }
            self.tail.fill(text, self.width, None);
            self.rows += 1;
        }
    }

    /// The rows from `top` on, at most `height`, of those that are known.
    pub(super) fn rows_from(&self, text: &str, top: usize, height: usize) -> Vec<Row> {
        let Some(mut place) = self.marks.get(top / STRIDE).copied() else { return Vec::new() };
        for _ in 0..top % STRIDE {
            place.fill(text, self.width, None);
        }
        let count = height.min(self.rows.saturating_sub(top));
        (0..count)
            .map(|_| {
                let mut row = Row::new();
                place.fill(text, self.width, Some(&mut row));
                row
            })
            .collect()
    }
}
