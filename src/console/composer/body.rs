//! The body being written: the text area with its keys, its size, and what is known of its text.
//!
//! The text area edits; what it holds is painted by `canvas`, since its own painting counts columns in sixteen bits and
//! leaves it to the terminal what a character does.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui_textarea::{CursorMove, TextArea};

use super::clean::{Clean, clean};
use crate::console::message::json::{self, Fault};

/// The largest body, in bytes.
pub(super) const LARGEST: usize = 1 << 20;

/// How many edits can be taken back.
const UNDO: usize = 200;

/// The body.
#[derive(Clone, Debug)]
pub(super) struct Body {
    area: TextArea<'static>,
    /// The text as one, and what it is; made when asked for after an edit.
    known: Option<Known>,
    /// What the text was in the middle of each edit that takes the text area two steps.
    halves: HashSet<u64>,
}

/// What is known of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The text.
    pub(super) text: String,
    /// What it is.
    pub(super) kind: TextKind,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKind {
    /// Nothing.
    Empty,
    /// JSON.
    Json,
    /// No JSON, from this place on.
    Other(Fault),
}

/// A text that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge {
    /// Its size, in bytes.
    pub(super) size: usize,
}

impl Body {
    /// A body that starts with `text`, the cursor at its start; and how many characters became escapes.
    pub(super) fn new(text: &str) -> (Self, usize) {
        let Clean { text, escaped } = clean(text);
        let mut area = TextArea::from(text.split('\n'));
        area.set_max_histories(UNDO);
        (Self { area, known: None, halves: HashSet::new() }, escaped)
    }

    /// Its lines.
    pub(super) fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// The cursor's line and character, from 0.
    pub(super) fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// Where the selection begins and ends, as lines and characters, from 0.
    pub(super) fn selection(&self) -> Option<((usize, usize), (usize, usize))> {
        self.area.selection_range()
    }

    /// The text and what it is.
    pub(super) fn known(&mut self) -> &Known {
        let area = &self.area;
        self.known.get_or_insert_with(|| {
            let text = area.lines().join("\n");
            let kind = match json::check(&text) {
                Ok(()) => TextKind::Json,
                Err(_) if text.trim().is_empty() => TextKind::Empty,
                Err(fault) => TextKind::Other(fault),
            };
            Known { text, kind }
        })
    }

    /// What is known, if it was asked for since the last edit.
    pub(super) fn known_already(&self) -> Option<&Known> {
        self.known.as_ref()
    }

    /// Replaces all of the text, in a way that can be taken back. Answers how many characters became escapes.
    pub(super) fn replace(&mut self, text: &str) -> usize {
        let Clean { text, escaped } = clean(text);
        // Its own way to select all ends at column 65,535.
        self.area.move_cursor(CursorMove::Top);
        self.area.move_cursor(CursorMove::Head);
        self.area.start_selection();
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
        if !self.area.insert_str(&text) {
            // Nothing was put in, and what was selected may still stand.
            self.area.delete_char();
        }
        self.area.cancel_selection();
        self.area.move_cursor(CursorMove::Top);
        self.area.move_cursor(CursorMove::Head);
        self.known = None;
        escaped
    }

    /// Makes the text another one by one edit of what differs, which is taken back by one key; the cursor goes to the byte `at`
    /// of `text`.
    pub(super) fn rewrite(&mut self, text: &str, at: usize) {
        let Clean { text, .. } = clean(text);
        let old = self.known().text.clone();
        let (from, until, put) = difference(&old, &text);
        match (place_of(&old, from), place_of(&old, until)) {
            (Some(start), Some(end)) => {
                self.area.cancel_selection();
                if from < until {
                    self.jump(start);
                    self.area.start_selection();
                    self.jump(end);
                    self.area.delete_char();
                    if !put.is_empty() {
                        self.note_half();
                    }
                } else {
                    self.jump(start);
                }
                if !put.is_empty() {
                    self.area.insert_str(put);
                }
                self.known = None;
            }
            // The text area counts in sixteen bits where it jumps.
            _ => drop(self.replace(&text)),
        }
        self.go_to(at);
    }

    /// Moves the cursor to the byte `at` of the text.
    pub(super) fn go_to(&mut self, at: usize) {
        if let Some(place) = place_of(&self.known().text, at) {
            self.area.cancel_selection();
            self.jump(place);
        }
    }

    fn jump(&mut self, (row, column): (u16, u16)) {
        self.area.move_cursor(CursorMove::Jump(row, column));
    }

    fn note_half(&mut self) {
        if self.halves.len() > UNDO {
            self.halves.clear();
        }
        self.halves.insert(self.hash());
    }

    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.area.lines().hash(&mut hasher);
        hasher.finish()
    }

    /// Puts `raw` in at the cursor, all of it or nothing. Answers how many characters became escapes.
    pub(super) fn paste(&mut self, raw: &str) -> Result<usize, TooLarge> {
        // Cleaning never makes a text shorter than half: what is far too large is not even looked at.
        if raw.len() > 2 * LARGEST {
            return Err(TooLarge { size: raw.len() });
        }
        let Clean { text, escaped } = clean(raw);
        let held: usize = self.area.lines().iter().map(|line| line.len() + 1).sum::<usize>() - 1;
        if held + text.len() > LARGEST {
            return Err(TooLarge { size: held + text.len() });
        }
        self.area.insert_str(text);
        self.known = None;
        Ok(escaped)
    }

    /// Carries out an editing key; `page` is how many rows a page has. Answers whether the text changed.
    pub(super) fn key(&mut self, key: KeyEvent, page: usize) -> bool {
        let changed = match key.code {
            KeyCode::PageDown => self.page(CursorMove::Down, page, key.modifiers),
            KeyCode::PageUp => self.page(CursorMove::Up, page, key.modifiers),
            // A character that would not be seen is put in as what can be seen.
            KeyCode::Char(letter) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {
                self.paste(letter.encode_utf8(&mut [0; 4])).is_ok()
            }
            KeyCode::Enter if !key.modifiers.is_empty() => false,
            KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => self.undo(),
            _ => self.area.input(key),
        };
        if changed {
            self.known = None;
        }
        changed
    }

    /// Takes one edit back, with both of its steps where it had two.
    fn undo(&mut self) -> bool {
        let changed = self.area.undo();
        if changed && self.halves.contains(&self.hash()) {
            self.area.undo();
        }
        changed
    }

    fn page(&mut self, step: CursorMove, rows: usize, modifiers: KeyModifiers) -> bool {
        let selects = modifiers.contains(KeyModifiers::SHIFT);
        match (selects, self.area.is_selecting()) {
            (true, false) => self.area.start_selection(),
            (false, true) => self.area.cancel_selection(),
            _ => {}
        }
        for _ in 0..rows.max(1) {
            self.area.move_cursor(step);
        }
        false
    }
}

/// What differs: the bytes of `old` from the first to behind the last, and what `new` has in their place.
fn difference<'n>(old: &str, new: &'n str) -> (usize, usize, &'n str) {
    let same = old.bytes().zip(new.bytes()).take_while(|(one, other)| one == other).count();
    let from = (0..=same).rev().find(|at| old.is_char_boundary(*at) && new.is_char_boundary(*at)).unwrap_or(0);
    let room = old.len().min(new.len()) - from;
    let tail = old.bytes().rev().zip(new.bytes().rev()).take(room).take_while(|(one, other)| one == other).count();
    let fits = |tail: &usize| old.is_char_boundary(old.len() - tail) && new.is_char_boundary(new.len() - tail);
    let tail = (0..=tail).rev().find(fits).unwrap_or(0);
    (from, old.len() - tail, new.get(from..new.len() - tail).unwrap_or_default())
}

/// The line and the character in it, from 0, of a byte of `text`; `None` where the text area cannot jump to it.
fn place_of(text: &str, at: usize) -> Option<(u16, u16)> {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at))?;
    let before = text.get(..at)?;
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    let row = memchr::memchr_iter(b'\n', before.as_bytes()).count();
    let column = before.get(line..)?.chars().count();
    Some((u16::try_from(row).ok()?, u16::try_from(column).ok()?)) // beyond sixteen bits there is no jump
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(body: &mut Body, code: KeyCode, modifiers: KeyModifiers) -> bool {
        body.key(KeyEvent::new(code, modifiers), 3)
    }

    #[test]
    fn a_paste_is_taken_as_a_whole_or_not_at_all() {
        let (mut body, _) = Body::new("[");
        assert_eq!(body.paste(&"x".repeat(LARGEST)), Err(TooLarge { size: LARGEST + 1 }));
        assert_eq!(body.paste(&"x".repeat(3 * LARGEST)), Err(TooLarge { size: 3 * LARGEST }));
        assert_eq!(body.known().text, "[");
        assert_eq!(body.paste(&"x".repeat(LARGEST - 1)), Ok(0));
        assert!(!press(&mut body, KeyCode::Char('y'), KeyModifiers::NONE), "it is full");
        assert_eq!(body.known().text.len(), LARGEST);
    }

    #[test]
    fn replacing_can_be_taken_back() {
        let (mut body, _) = Body::new("{\n  \"a\": 1\n}");
        body.replace("");
        assert_eq!(body.known().kind, TextKind::Empty);
        body.replace("[1]");
        assert_eq!(body.known().text, "[1]");
        assert_eq!(body.cursor(), (0, 0));
        while press(&mut body, KeyCode::Char('u'), KeyModifiers::CONTROL) {}
        assert_eq!(body.known().text, "{\n  \"a\": 1\n}");
    }

    #[test]
    fn a_rewrite_is_one_edit_of_what_differs() {
        for (old, new) in [
            ("{\n  \"a\": 1\n}", "{\n  \"a\": 25\n}"),
            ("{\"a\": \"温\"}", "{\"a\": \"度\", \"b\": 1}"),
            ("{\"a\": 1, \"b\": 2}", "{\"b\": 2}"),
            ("", "{}"),
            ("{}", ""),
            ("aaa", "aa"),
            ("same", "same"),
            ("1\n2\n3\n4", "1\n5\n6\n7\n4"),
        ] {
            let (mut body, _) = Body::new(old);
            body.rewrite(new, new.len());
            assert_eq!(body.known().text, new);
            let last = new.rsplit('\n').next().unwrap();
            assert_eq!(body.cursor(), (new.matches('\n').count(), last.chars().count()));
            press(&mut body, KeyCode::Char('u'), KeyModifiers::CONTROL);
            assert_eq!(body.known().text, old, "by one key");
        }
    }

    #[test]
    fn a_rewrite_of_a_line_that_the_text_area_cannot_jump_in_is_whole() {
        let old = format!("[\"{}\", 1]", "x".repeat(70_000));
        let new = old.replace(", 1]", ", 2]");
        let (mut body, _) = Body::new(&old);
        body.rewrite(&new, new.len());
        assert!(body.known().text == new, "a text of {} bytes", body.known().text.len());
    }

    proptest::proptest! {
        #[test]
        fn any_text_becomes_any_other_and_comes_back(old in "[ab温\n\"]{0,12}", new in "[ab温度\n\"]{0,12}", at in 0usize..20) {
            let (mut body, _) = Body::new(&old);
            body.rewrite(&new, at);
            proptest::prop_assert_eq!(&body.known().text, &new);
            press(&mut body, KeyCode::Char('u'), KeyModifiers::CONTROL);
            proptest::prop_assert_eq!(&body.known().text, &old);
        }
    }

    #[test]
    fn pages_move_and_select() {
        let (mut body, _) = Body::new("1\n2\n3\n4\n5\n6");
        press(&mut body, KeyCode::PageDown, KeyModifiers::NONE);
        assert_eq!((body.cursor(), body.selection()), ((3, 0), None));
        press(&mut body, KeyCode::PageUp, KeyModifiers::SHIFT);
        assert_eq!(body.selection(), Some(((0, 0), (3, 0))));
        press(&mut body, KeyCode::PageDown, KeyModifiers::NONE);
        assert_eq!((body.cursor(), body.selection()), ((3, 0), None));
    }

    #[test]
    fn an_enter_with_a_modifier_is_no_line_end() {
        let (mut body, _) = Body::new("1");
        assert!(!press(&mut body, KeyCode::Enter, KeyModifiers::ALT));
        assert!(press(&mut body, KeyCode::Enter, KeyModifiers::NONE));
        assert_eq!(body.lines(), ["", "1"]);
    }
}
