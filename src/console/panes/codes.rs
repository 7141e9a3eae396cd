//! The list of codes to answer or to fail with, above the line in which a code is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{View, popup, words};
use crate::console::state::{Codes, CodesFor};
use crate::console::theme::Role;
use crate::text::Safe;

/// How many codes are shown at once.
const ROWS: usize = 10;
/// The widest that the list gets.
const WIDEST: u16 = 76;

/// Paints the codes, above the line that is typed.
pub fn render(buffer: &mut Buffer, above: Rect, view: &View<'_>, codes: &Codes) {
    let area = popup::at_bottom(above, WIDEST, codes.known.len().clamp(1, ROWS));
    let inside = popup::frame(buffer, area, view);
    let subject = match &codes.purpose {
        CodesFor::Answer(bound) => format!(" Fail {} ", bound.name),
        CodesFor::Upgrade(session) => format!(" Fail the upgrade of {} ", view.device(*session)),
    };
    popup::title(buffer, area, view, &subject);
    if codes.known.is_empty() {
        words(buffer, inside, "This cloud names no codes: type one.", view.style(Role::Dim));
        return;
    }
    let chosen = codes.place();
    popup::place_in(buffer, area, view, chosen.map_or(0, |chosen| chosen + 1), codes.known.len());
    for (row, place, (code, meaning)) in popup::visible(inside, codes.known, chosen.unwrap_or(0)) {
        let (mut pen, ground) = popup::line(buffer, row, view, chosen == Some(place));
        let style = |role| view.style(role).patch(ground);
        pen.put(&Safe::new(&format!("{code:>7}")), style(Role::Strong)).skip(2).word(meaning, style(Role::Text));
    }
}
