//! The body being written: the text area with its keys, its size, and what is known of its text.
//!
//! The text area edits; what it holds is painted by `canvas`, since its own painting counts columns in sixteen bits and
//! leaves it to the terminal what a character does.

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
        (Self { area, known: None }, escaped)
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
        self.area.select_all();
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
            _ => self.area.input(key),
        };
        if changed {
            self.known = None;
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
