//! Where the parts of the composer are, and what it says below the text.

use std::ops::Range;

use ratatui::layout::Rect;

use super::body::TextKind;
use super::form::BESIDE;
use super::misfit;
use super::sheet::Sheet;
use crate::console::theme::Role;
use crate::text::{Safe, width};

/// What is to be said takes no more rows.
const SAID: usize = 3;

/// Where the parts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Areas {
    /// The topic while it is typed.
    pub(super) topic: Rect,
    /// The text; empty where the form takes its place.
    pub(super) text: Rect,
    /// Between text and form.
    pub(super) rule: Rect,
    /// The form, if it is seen.
    pub(super) form: Option<Rect>,
    /// What is to be said.
    pub(super) words: Rect,
}

impl Sheet {
    /// The places of the parts in `area`.
    pub(super) fn split(&self, area: Rect) -> Areas {
        let topic = u16::from(self.typing.is_some()).min(area.height);
        // The text keeps a row at least, and the larger part of the room.
        let most = area.height.saturating_sub(topic + 1).min((area.height / 2).max(1));
        let wanted = self.words().map_or(0, |(says, _)| rows_of(&says, area.width).len().clamp(1, SAID));
        let words = u16::try_from(wanted).unwrap_or(u16::MAX).min(most);
        let middle = area.height - topic - words;
        let rows = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
        let areas = Areas { topic: rows(0, topic), words: rows(topic + middle, words), ..Areas::default() };
        let middle = rows(topic, middle);
        if self.form.reading.rows.is_empty() || (middle.width < BESIDE && !self.form.has_keys) {
            return Areas { text: middle, ..areas };
        }
        if middle.width < BESIDE {
            return Areas { form: Some(middle), text: Rect { height: 0, ..middle }, ..areas };
        }
        let left = middle.width * 2 / 5;
        let text = Rect { width: left, ..middle };
        let rule = Rect { x: middle.x + left, width: 1, ..middle };
        let form = Rect { x: middle.x + left + 2, width: middle.width - left - 2, ..middle };
        Areas { text, rule, form: Some(form), ..areas }
    }

    /// What is to be said below the text: news, what is wrong with the JSON or with the field under the cursor, what that can be.
    pub(super) fn words(&self) -> Option<(Safe, Role)> {
        if let Some(note) = &self.note {
            return Some((note.text.clone(), note.role));
        }
        let known = self.body.known_already()?;
        if let TextKind::Other(fault) = known.kind {
            let (line, column) = fault.place(&known.text);
            // A text that is not meant to be JSON has no fault.
            return self
                .wants_json
                .unwrap_or(false)
                .then(|| (Safe::new(&format!("line {line}, column {column}: {fault}")), Role::Wrong));
        }
        let row = self.form.row().filter(|_| self.form.has_keys)?;
        let wrong = row.wrong.and_then(|place| self.form.reading.findings.get(place));
        if let Some(finding) = wrong {
            return Some((Safe::new(&misfit::rule_words(finding, self.cloud())), Role::Wrong));
        }
        let mut words = row.id.clone();
        if let Some(name) = row.own_name() {
            words.push(&Safe::from_static(" "));
            words.push(name);
        }
        words.push(&Safe::from_static(": "));
        words.push(&row.what);
        Some((words, Role::Dim))
    }

    /// What a text is that is JSON, and whether it fits the model.
    pub(super) fn fit_words(&self) -> (Safe, Role) {
        let form = &self.form;
        match form.reading.findings.len() {
            _ if !form.is_fresh || self.model.is_none() => (Safe::from_static("valid JSON"), Role::Good),
            0 if form.reading.rows.is_empty() => (Safe::from_static("valid JSON"), Role::Good),
            0 => (Safe::from_static("valid JSON, fits the model"), Role::Good),
            count => (Safe::new(&format!("valid JSON, {count} against the model")), Role::Waiting),
        }
    }
}

/// The rows that words take, as ranges of them: broken between words where there is a blank.
pub(super) fn rows_of(says: &Safe, cells: u16) -> Vec<Range<usize>> {
    let text = says.as_str();
    let mut rows: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    while start < text.len() && rows.len() < SAID + 1 {
        let rest = text.get(start..).unwrap_or_default();
        let (fits, _) = width::cut(rest, usize::from(cells));
        let end = match fits.rfind(' ') {
            _ if fits.len() == rest.len() => fits.len(),
            Some(blank) if blank > 0 => blank + 1,
            _ => fits.len(),
        };
        // A row that takes nothing would never end.
        if end == 0 {
            break;
        }
        rows.push(start..start + end);
        start += end;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_between_words() {
        for (words, cells, rows) in [
            ("", 10, vec![]),
            ("one two", 7, vec!["one two"]),
            ("one two three", 8, vec!["one two ", "three"]),
            ("onetwothree", 4, vec!["onet", "woth", "ree"]),
            ("温度温度", 5, vec!["温度", "温度"]),
            ("abc", 0, vec![]),
        ] {
            let says = Safe::new(words);
            let found: Vec<&str> = rows_of(&says, cells).into_iter().map(|row| &says.as_str()[row]).collect();
            assert_eq!(found, rows, "{words}");
        }
    }
}
