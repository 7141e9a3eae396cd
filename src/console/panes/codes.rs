//! The list of codes to answer or to fail with, above the line in which a code is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::palette::{place_in, shrink};
use super::{Pen, View, words};
use crate::console::paint;
use crate::console::state::{Codes, CodesFor};
use crate::console::theme::Role;
use crate::text::Safe;

/// How many codes are shown at once.
const ROWS: u16 = 10;
/// The widest that the list gets.
const WIDEST: u16 = 76;

/// Paints the codes, above the line that is typed.
pub fn render(buffer: &mut Buffer, above: Rect, view: &View<'_>, codes: &Codes) {
    let count = u16::try_from(codes.known.len()).unwrap_or(u16::MAX).clamp(1, ROWS);
    let height = (count + 2).min(above.height);
    let area = Rect { y: above.bottom() - height, height, width: above.width.min(WIDEST), ..above };
    paint::fill(buffer, area, view.style(Role::Text));
    paint::outline(buffer, area, view.signs, view.style(Role::Accent));
    let title =
        Rect { x: area.x + 1.min(area.width), height: area.height.min(1), width: area.width.saturating_sub(2), ..area };
    if title.height > 0 {
        let subject = match &codes.purpose {
            CodesFor::Answer(bound) => format!(" Fail {} ", bound.name),
            CodesFor::Upgrade(session) => format!(" Fail the upgrade of {} ", view.device(*session)),
        };
        Pen::new(buffer, title, view.signs).put(&Safe::new(&subject), view.style(Role::Accent));
    }
    let inside = shrink(area);
    if codes.known.is_empty() {
        words(buffer, inside, "This cloud names no codes: type one.", view.style(Role::Dim));
        return;
    }
    let chosen = codes.place();
    place_in(buffer, area, view, chosen.map_or(0, |chosen| chosen + 1), codes.known.len());
    let top = chosen.map_or(0, |chosen| (chosen + 1).saturating_sub(usize::from(inside.height)));
    for (y, (place, (code, meaning))) in (inside.top()..inside.bottom()).zip(codes.known.iter().enumerate().skip(top)) {
        let row = Rect { y, height: 1, ..inside };
        let mut ground = view.style(Role::Text);
        if chosen == Some(place) {
            ground = view.style(Role::Selected);
            paint::tint(buffer, row, ground);
        }
        let style = |role| view.style(role).patch(ground);
        let mut pen = Pen::new(buffer, row, view.signs);
        pen.word(if chosen == Some(place) { view.signs.cursor } else { " " }, style(Role::Accent));
        pen.put(&Safe::new(&format!("{code:>7}")), style(Role::Strong)).skip(2).word(meaning, style(Role::Text));
    }
}
