//! The lines around the panes, with their titles. Neighbours share a line; the focused pane's frame is painted last, in the
//! accent colour.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Pen, View};
use crate::console::layout::Pane;
use crate::console::paint;
use crate::console::theme::Role;
use crate::text::Safe;

const ORDER: [Pane; 5] = [Pane::Topics, Pane::Requests, Pane::Stream, Pane::Message, Pane::Composer];

/// Paints the frames of the panes that lie side by side, that of the focused one last.
pub fn render(buffer: &mut Buffer, view: &View<'_>) {
    let focus = view.state.focus;
    for pane in ORDER.into_iter().filter(|pane| *pane != focus) {
        frame(buffer, view, pane);
    }
    if !view.layout.side {
        frame(buffer, view, focus);
    }
}

/// Clears the place of a pane that lies over others, and paints its frame.
pub fn over(buffer: &mut Buffer, view: &View<'_>, rect: Rect) {
    paint::fill(buffer, rect, view.style(Role::Text));
    frame(buffer, view, view.state.focus);
}

/// Puts a pane's title on its frame: words on the left, a remark on the right where there is room for it.
pub fn title(buffer: &mut Buffer, view: &View<'_>, pane: Pane, words: &[(Safe, Role)], remark: &Safe, role: Role) {
    let Some(rect) = view.layout.pane(pane) else { return };
    let focused = view.state.focus == pane;
    let margin = u16::from(view.layout.framed);
    let mut line = Rect { x: rect.x + margin, width: rect.width.saturating_sub(2 * margin), height: 1, ..rect };
    if !view.layout.framed && rect.height < 2 {
        return;
    }
    let wanted: u16 = words.iter().map(|(text, _)| paint::cells_of(text)).sum::<u16>() + 2;
    let tail = paint::cells_of(remark) + 2;
    if !remark.is_empty() && line.width >= wanted.min(12) + tail + 2 {
        let start = line.right() - tail - margin;
        let place = Rect { x: start, width: tail, ..line };
        paint::fill(buffer, place, view.style(Role::Text));
        let mut pen = Pen::new(buffer, place, view.signs);
        let style = view.style(role);
        pen.word(" ", style).put(remark, style).word(" ", style);
        line.width = start - line.x;
    }
    // Where a theme leaves the text's colour to the terminal, the words must not take on that of the frame.
    paint::fill(buffer, Rect { width: wanted.min(line.width), ..line }, view.style(Role::Text));
    let mut pen = Pen::new(buffer, line, view.signs);
    let plain = view.style(if focused { Role::Accent } else { Role::Text });
    pen.word(" ", plain);
    for (text, role) in words {
        let style = if *role == Role::Text { plain } else { view.style(*role) };
        let keep = pen.end;
        pen.end = keep.saturating_sub(1);
        pen.put(text, style);
        pen.end = keep;
    }
    pen.word(" ", plain);
}

fn frame(buffer: &mut Buffer, view: &View<'_>, pane: Pane) {
    let Some(rect) = view.layout.pane(pane).filter(|_| view.layout.framed) else { return };
    let style = view.style(if view.state.focus == pane { Role::Accent } else { Role::Frame });
    paint::outline(buffer, rect, view.signs, style);
    if view.layout.side && view.state.focus == pane {
        return;
    }
    let [.., tee_right, tee_left] = view.signs.lines;
    let bottom = rect.bottom().saturating_sub(1);
    for other in ORDER.into_iter().filter(|other| *other != pane).filter_map(|other| view.layout.pane(other)) {
        let meets_top = other.bottom().saturating_sub(1) == rect.y;
        let meets_bottom = other.y == bottom;
        for (y, meets) in [(rect.y, meets_top), (bottom, meets_bottom)] {
            if meets && other.x == rect.x {
                paint::word(buffer, rect.x, y, 1, tee_right, style);
            }
            if meets && other.right() == rect.right() {
                paint::word(buffer, rect.right() - 1, y, 1, tee_left, style);
            }
        }
    }
}
