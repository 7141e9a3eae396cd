//! The panes: what the state and the last look at the timeline look like in cells.
//!
//! What lives here: painting, from `&State`, `&Glance`, a theme and signs. What may not: changing the state, I/O, a clock.

pub mod codes;
pub mod compose;
pub mod doings;
pub mod drafts;
pub mod footer;
pub mod form;
pub mod frames;
pub mod header;
pub mod help;
pub mod offers;
pub mod palette;
pub mod popup;
pub mod question;
pub mod reel;
pub mod requests;
pub mod screen;
pub mod status;
pub mod stream;
pub mod tapes;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::glance::Glance;
use super::layout::Layout;
use super::line::Line;
use super::paint;
use super::state::State;
use super::theme::{Role, Signs, Theme};
use crate::text::Safe;
use crate::timeline::SessionId;

/// What panes are painted from.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What the person at the keys has chosen and typed.
    pub state: &'a State,
    /// What the timeline says.
    pub glance: &'a Glance,
    /// Colours.
    pub theme: &'a Theme,
    /// Signs.
    pub signs: &'a Signs,
    /// Where the panes are.
    pub layout: &'a Layout,
}

impl View<'_> {
    fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// A device as the screen calls it: its number and its name.
    fn device(&self, session: SessionId) -> Safe {
        let name = self.glance.devices.get(usize::from(session.0)).map(|device| device.name.as_str());
        Safe::new(&format!("{} {}", number(session), name.unwrap_or_default()))
    }
}

/// The number that stands for a session in the keys and on the screen.
pub fn number(session: SessionId) -> u32 {
    u32::from(session.0) + 1
}

/// Where the next word of a line goes.
struct Pen<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
    cut: &'static str,
}

impl<'a> Pen<'a> {
    fn new(buffer: &'a mut Buffer, area: Rect, signs: &Signs) -> Self {
        Self { buffer, x: area.x, y: area.y, end: area.right(), cut: signs.cut }
    }

    fn room(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    fn put(&mut self, text: &Safe, style: Style) -> &mut Self {
        self.x += paint::put_cut(self.buffer, self.x, self.y, self.room(), text, self.cut, style);
        self
    }

    fn word(&mut self, text: &'static str, style: Style) -> &mut Self {
        self.put(&Safe::from_static(text), style)
    }

    fn skip(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.saturating_add(cells).min(self.end);
        self
    }
}

/// A text of several lines, wrapped between words, from the top of `area`: our own words in a pane that has nothing else to
/// show.
fn words(buffer: &mut Buffer, area: Rect, text: &str, style: Style) {
    let cells = usize::from(area.width);
    let lines = super::words::wrap(text, cells);
    let lines = lines.lines().map(Safe::new).flat_map(|line| {
        let rows: Vec<Safe> = crate::text::width::wrap(line.as_str(), cells).map(|row| line.slice(row)).collect();
        rows
    });
    for (y, line) in (area.top()..area.bottom()).zip(lines) {
        paint::put(buffer, area.x, y, area.width, &line, style);
    }
}

/// A typed line in what is left of a row; answers where the cursor stands.
fn typed(pen: &mut Pen<'_>, line: &Line, style: Style) -> (u16, u16) {
    let room = pen.room();
    // The cursor takes a cell of its own behind the text.
    let before = Safe::new(line.before()).cut_front(usize::from(room.saturating_sub(1)));
    let behind = Safe::new(line.text().get(line.before().len()..).unwrap_or_default());
    pen.x += paint::put(pen.buffer, pen.x, pen.y, room, &before, style);
    let cursor = (pen.x, pen.y);
    pen.put(&behind, style);
    cursor
}
