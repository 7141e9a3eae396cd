//! Questions in the middle of the screen: the one before leaving, and those about tapes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Pen, View, popup};
use crate::console::paint;
use crate::console::theme::Role;
use crate::text::Safe;

/// The narrowest that a question gets, where the screen has room for it.
const NARROWEST: u16 = 34;

/// Paints the question whether to leave.
pub fn leave(buffer: &mut Buffer, screen: Rect, view: &View<'_>, reasons: &[Safe]) {
    let widest = reasons.iter().map(paint::cells_of).max().unwrap_or(0).saturating_add(6).max(NARROWEST);
    let inside = popup::frame(buffer, popup::centred(screen, widest, reasons.len() + 4), view);
    let question = [Safe::from_static("Leave all the same?")];
    for (y, (place, line)) in (inside.top()..inside.bottom()).zip(reasons.iter().chain(&question).enumerate()) {
        let asks = place == reasons.len();
        let row = Rect { y: y + u16::from(asks), height: 1, ..inside };
        if row.y >= inside.bottom() {
            break;
        }
        let mut pen = Pen::new(buffer, row, view.signs);
        pen.skip(1);
        if !asks {
            pen.word(view.signs.waiting, view.style(Role::Waiting)).skip(1);
        }
        pen.put(line, view.style(if asks { Role::Strong } else { Role::Text }));
    }
}

/// Paints a question of these lines.
pub(super) fn ask(buffer: &mut Buffer, screen: Rect, view: &View<'_>, lines: &[(Safe, Role)]) {
    let widest = lines.iter().map(|(line, _)| paint::cells_of(line)).max().unwrap_or(0).saturating_add(4);
    let inside = popup::frame(buffer, popup::centred(screen, widest.max(NARROWEST), lines.len() + 2), view);
    for (y, (line, role)) in (inside.top()..inside.bottom()).zip(lines) {
        Pen::new(buffer, Rect { y, height: 1, ..inside }, view.signs).skip(1).put(line, view.style(*role));
    }
}
