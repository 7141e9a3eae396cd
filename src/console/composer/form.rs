//! The form for a body: which of its fields is under the cursor, what is typed for it, and which are visible.
//!
//! What may not live here: the text (that is `sheet`'s, and edits go through it) and cells (those are `panes::form`'s).

use super::misfit::{Reading, Row};
use crate::console::action::Motion;
use crate::console::line::Line;

/// From this width on, the form stands beside the text; below, it takes the text's place while it has the keys.
pub(super) const BESIDE: u16 = 100;

/// The form.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    pub(super) reading: Reading,
    /// Whether `reading` is of the text as it stands.
    pub(super) is_fresh: bool,
    /// Whether it gets the keys.
    pub(super) has_keys: bool,
    /// The field under the cursor, by its place.
    chosen: usize,
    /// The first visible line, and how many there are.
    top: usize,
    visible: usize,
    /// What is typed for the field.
    pub(super) line: Option<Line>,
}

/// One line of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The name of what the fields below belong to, which the field of that place has.
    Group(usize),
    /// The field of that place.
    Field(usize),
}

/// What the form shows.
#[derive(Clone, Copy, Debug)]
pub struct FormView<'a> {
    form: &'a Form,
}

impl Form {
    /// The place of the field under the cursor.
    pub(super) fn chosen(&self) -> usize {
        self.chosen.min(self.reading.rows.len().saturating_sub(1))
    }

    /// The field under the cursor.
    pub(super) fn row(&self) -> Option<&Row> {
        self.reading.rows.get(self.chosen())
    }

    /// Takes in what the model says of the text now; the cursor stays on its field.
    pub(super) fn take(&mut self, reading: Reading) {
        let pointer = self.row().map(|row| row.pointer.clone());
        self.reading = reading;
        self.is_fresh = true;
        if let Some(place) = self.reading.rows.iter().position(|row| Some(&row.pointer) == pointer.as_ref()) {
            self.chosen = place;
        } else {
            self.line = None;
        }
        if self.reading.rows.is_empty() {
            self.has_keys = false;
        }
    }

    /// Moves the cursor.
    pub(super) fn step(&mut self, motion: Motion) {
        let (place, last) = (self.chosen(), self.reading.rows.len().saturating_sub(1));
        let page = self.visible.max(1);
        self.chosen = motion.goal(place, last, page);
    }

    /// Finds which lines are visible in `rows` rows: the field under the cursor is, and the name above it where it is the first.
    pub(super) fn follow(&mut self, rows: u16) {
        self.visible = usize::from(rows);
        let chosen = self.chosen();
        let line = self.entries().position(|entry| entry == Entry::Field(chosen)).unwrap_or(0);
        let count = self.entries().count();
        let first = match line.checked_sub(1).and_then(|above| self.entries().nth(above)) {
            Some(Entry::Group(_)) if self.visible > 1 => line - 1,
            _ => line,
        };
        let lowest = (line + 1).saturating_sub(self.visible);
        self.top = self.top.min(count.saturating_sub(self.visible)).max(lowest).min(first);
    }

    /// Its lines, visible or not.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let rows = &self.reading.rows;
        rows.iter().enumerate().flat_map(move |(place, row)| {
            let before = place.checked_sub(1).and_then(|before| rows.get(before)).map(|before| &before.group);
            let is_new = before.is_none_or(|before| *before != row.group) && !row.group.as_str().is_empty();
            [is_new.then_some(Entry::Group(place)), Some(Entry::Field(place))].into_iter().flatten()
        })
    }
}

impl<'a> FormView<'a> {
    pub(super) fn new(form: &'a Form) -> Self {
        Self { form }
    }

    /// The visible lines.
    pub fn entries(self) -> impl Iterator<Item = Entry> + 'a {
        self.form.entries().skip(self.form.top).take(self.form.visible)
    }

    /// The field of that place.
    pub fn row(self, place: usize) -> Option<&'a Row> {
        self.form.reading.rows.get(place)
    }

    /// The fields, visible or not.
    pub fn rows(self) -> &'a [Row] {
        &self.form.reading.rows
    }

    /// The place of the field under the cursor.
    pub fn chosen(self) -> usize {
        self.form.chosen()
    }

    /// What is typed for the field under the cursor.
    pub fn line(self) -> Option<&'a Line> {
        self.form.line.as_ref()
    }

    /// Whether the form gets the keys.
    pub fn has_keys(self) -> bool {
        self.form.has_keys
    }

    /// Whether it shows the text as it stands; else the text is no JSON since it was read.
    pub fn is_fresh(self) -> bool {
        self.form.is_fresh
    }
}
