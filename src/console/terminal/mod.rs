//! The terminal: set up, written to by a thread of its own, and given back as it was found.
//!
//! What lives here: raw mode, the alternate screen, the sequences that the outer contract allows, and their undoing on
//! every way out. What may not: what is on the screen.

pub mod clipboard;
pub mod encode;
mod guard;
mod writer;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use guard::{Guard, faults};
pub use writer::{Writer, Written, write_now};

/// The size of the terminal; 0 × 0, as serial consoles say it, and an unknown size count as 80 × 24.
pub fn size() -> (u16, u16) {
    match rustix::termios::tcgetwinsize(rustix::stdio::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
        _ => (80, 24),
    }
}

/// What the terminal shows, and the next frame in the making.
#[derive(Debug)]
pub struct Screen {
    shown: Buffer,
    next: Buffer,
    cursor: Option<(u16, u16)>,
    /// Nothing is known of what the terminal shows.
    dirty: bool,
}

impl Screen {
    /// A screen of that size of which nothing is known.
    pub fn new((width, height): (u16, u16)) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self { shown: Buffer::empty(area), next: Buffer::empty(area), cursor: None, dirty: true }
    }

    /// The size, in columns and rows.
    pub fn size(&self) -> (u16, u16) {
        (self.next.area.width, self.next.area.height)
    }

    /// The terminal has another size, or somebody else wrote to it: the next frame draws every cell.
    pub fn forget(&mut self, size: (u16, u16)) {
        *self = Self::new(size);
    }

    /// Has the next frame painted and appends what the terminal needs to show it: nothing, if it shows it already.
    pub fn draw(&mut self, out: &mut Vec<u8>, paint: impl FnOnce(&mut Buffer) -> Option<(u16, u16)>) {
        self.next.reset();
        let cursor = paint(&mut self.next);
        let start = out.len();
        // Held together, so that no half of it is seen; terminals that do not know the mode ignore it (DEC 2026).
        out.extend_from_slice(b"\x1b[?2026h");
        if self.cursor.is_some() {
            out.extend_from_slice(b"\x1b[?25l");
        }
        let prefix = out.len();
        if self.dirty {
            out.extend_from_slice(b"\x1b[m\x1b[2J");
        }
        let changed = encode::changes(out, &self.shown, &self.next);
        if !changed && cursor == self.cursor && !self.dirty {
            out.truncate(start);
            return;
        }
        if let Some((x, y)) = cursor {
            encode::place(out, x, y);
            out.extend_from_slice(b"\x1b[?25h");
        } else if prefix > start && self.dirty {
            out.extend_from_slice(b"\x1b[?25l");
        }
        out.extend_from_slice(b"\x1b[?2026l");
        self.cursor = cursor;
        self.dirty = false;
        std::mem::swap(&mut self.shown, &mut self.next);
    }
}

/// How long the way out waits for a terminal that takes nothing.
pub const PATIENCE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests;
