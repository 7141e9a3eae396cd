//! The list of commands above the line in which a command's name is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{View, popup, words};
use crate::console::chord::Chord;
use crate::console::keymap::commands;
use crate::console::line::Line;
use crate::console::theme::Role;
use crate::text::Safe;

/// How many commands are shown at once.
const ROWS: usize = 10;
/// The widest that the list gets.
const WIDEST: u16 = 76;

/// Paints the commands that fit what is typed, above `bottom`.
pub fn render(buffer: &mut Buffer, above: Rect, view: &View<'_>, line: &Line, chosen: usize) {
    let found = commands(view.state.ground(), line.text());
    let area = popup::at_bottom(above, WIDEST, found.len().clamp(1, ROWS));
    let inside = popup::frame(buffer, area, view);
    if found.is_empty() {
        let digits = !line.is_empty() && line.text().bytes().all(|byte| byte.is_ascii_digit());
        let text = if digits { "The device of that number." } else { "No command has that name or does that." };
        words(buffer, inside, text, view.style(Role::Dim));
        return;
    }
    popup::place_in(buffer, area, view, chosen + 1, found.len());
    for (row, place, binding) in popup::visible(inside, &found, chosen) {
        let (mut pen, ground) = popup::line(buffer, row, view, place == chosen);
        let style = |role| view.style(role).patch(ground);
        pen.word(binding.name, style(Role::Strong));
        pen.x = pen.x.max(inside.x + 18.min(inside.width));
        let chord = binding.chords.first().map(Chord::to_string).unwrap_or_default();
        pen.put(&Safe::new(&chord), style(Role::Key));
        pen.x = pen.x.max(inside.x + 26.min(inside.width)).max(pen.x + 1);
        pen.word(binding.words, style(Role::Text));
    }
}
