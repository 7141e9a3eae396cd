//! Chords: a key with its modifiers, as the keymap names them and as the screen shows them.

use std::fmt;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key.
    pub code: KeyCode,
    /// Control, Alt and, for keys that are not letters, Shift.
    pub mods: KeyModifiers,
}

impl Chord {
    /// A letter or sign as typed.
    pub const fn letter(letter: char) -> Self {
        Self { code: KeyCode::Char(letter), mods: KeyModifiers::NONE }
    }

    /// A letter with Control.
    pub const fn ctrl(letter: char) -> Self {
        Self { code: KeyCode::Char(letter), mods: KeyModifiers::CONTROL }
    }

    /// A key that is no letter.
    pub const fn key(code: KeyCode) -> Self {
        Self { code, mods: KeyModifiers::NONE }
    }

    /// A key with Alt.
    pub const fn alt(code: KeyCode) -> Self {
        Self { code, mods: KeyModifiers::ALT }
    }

    /// The chord of a key event. Shift is part of a letter (`G`), and Shift-Tab is a key of its own.
    pub fn of(event: KeyEvent) -> Self {
        let mut mods = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let mut code = event.code;
        match code {
            KeyCode::Char(letter) => {
                mods.remove(KeyModifiers::SHIFT);
                if mods.contains(KeyModifiers::CONTROL) {
                    code = KeyCode::Char(letter.to_ascii_lowercase());
                }
            }
            KeyCode::BackTab => mods.remove(KeyModifiers::SHIFT),
            _ => {}
        }
        Self { code, mods }
    }

    /// The letter that this chord types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(letter) if self.mods.is_empty() => Some(letter),
            _ => None,
        }
    }

    /// The letter that is typed with Alt alone.
    pub fn escaped(self) -> Option<char> {
        match self.code {
            KeyCode::Char(letter) if self.mods == KeyModifiers::ALT => Some(letter),
            _ => None,
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mods.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        if self.mods.contains(KeyModifiers::SHIFT) {
            f.write_str("Shift-")?;
        }
        if self.mods.contains(KeyModifiers::CONTROL) {
            f.write_str("^")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(letter) if self.mods.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", letter.to_ascii_uppercase())
            }
            KeyCode::Char(letter) => write!(f, "{letter}"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            KeyCode::Esc => f.write_str("Esc"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::F(number) => write!(f, "F{number}"),
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_read_as_people_write_them() {
        for (chord, words) in [
            (Chord::ctrl('s'), "^S"),
            (Chord::letter('G'), "G"),
            (Chord::letter(' '), "Space"),
            (Chord::alt(KeyCode::Enter), "Alt-Enter"),
            (Chord::key(KeyCode::BackTab), "Shift-Tab"),
            (Chord::key(KeyCode::Down), "Down"),
        ] {
            assert_eq!(chord.to_string(), words);
        }
    }

    #[test]
    fn shift_is_part_of_a_letter() {
        let event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Chord::of(event), Chord::letter('G'));
        let event = KeyEvent::new(KeyCode::Char('S'), KeyModifiers::CONTROL | KeyModifiers::SHIFT);
        assert_eq!(Chord::of(event), Chord::ctrl('s'));
        let event = KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT);
        assert_eq!(Chord::of(event), Chord::key(KeyCode::BackTab));
    }
}
