//! What lies over the panes: its place on the screen, its frame, and the lines of a list in it.
//!
//! What lives here: what all lists and questions share. What may not: what one of them says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Pen, View};
use crate::console::paint;
use crate::console::theme::Role;
use crate::text::Safe;

/// From this width on a list's frame has room for words.
const LABELLED: u16 = 30;

/// A place in the middle of the screen, no larger than the screen.
pub(super) fn centred(screen: Rect, width: u16, rows: usize) -> Rect {
    let rows = u16::try_from(rows).unwrap_or(u16::MAX);
    let (width, height) = (screen.width.min(width), screen.height.min(rows));
    Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height }
}

/// A place for so many rows and their frame at the lower end of `above`.
pub(super) fn at_bottom(above: Rect, width: u16, rows: usize) -> Rect {
    let rows = u16::try_from(rows).unwrap_or(u16::MAX);
    let height = rows.saturating_add(2).min(above.height);
    Rect { y: above.bottom() - height, height, width: above.width.min(width), ..above }
}

/// Paints an empty frame; answers what is inside.
pub(super) fn frame(buffer: &mut Buffer, area: Rect, view: &View<'_>) -> Rect {
    paint::fill(buffer, area, view.style(Role::Text));
    paint::outline(buffer, area, view.signs, view.style(Role::Accent));
    inside(area)
}

/// Puts a title into the upper edge of a frame.
pub(super) fn title(buffer: &mut Buffer, area: Rect, view: &View<'_>, words: &str) {
    let edge =
        Rect { x: area.x + 1.min(area.width), height: area.height.min(1), width: area.width.saturating_sub(2), ..area };
    if edge.height > 0 {
        Pen::new(buffer, edge, view.signs).put(&Safe::new(words), view.style(Role::Accent));
    }
}

/// Says in a list's frame where in it one is, if not all of its `count` lines are on the screen: "14 of 31".
pub(super) fn place_in(buffer: &mut Buffer, area: Rect, view: &View<'_>, line: usize, count: usize) {
    if count > usize::from(inside(area).height) {
        label(buffer, area, view, &format!(" {line} of {count} "));
    }
}

/// Puts words into the lower edge of a list's frame, where that has room for them.
pub(super) fn label(buffer: &mut Buffer, area: Rect, view: &View<'_>, words: &str) {
    if area.width < LABELLED {
        return;
    }
    let words = Safe::new(words);
    let width = paint::cells_of(&words).min(area.width / 2);
    let x = area.right().saturating_sub(width + 2);
    paint::put_right(buffer, x, area.bottom().saturating_sub(1), width, &words, view.signs.cut, view.style(Role::Dim));
}

/// The rows of a list that are visible, each with its place and its item: as far down as the chosen one needs.
pub(super) fn visible<T>(inside: Rect, items: &[T], chosen: usize) -> impl Iterator<Item = (Rect, usize, &T)> {
    let top = (chosen + 1).saturating_sub(usize::from(inside.height));
    let rows = (inside.top()..inside.bottom()).map(move |y| Rect { y, height: 1, ..inside });
    rows.zip(items.iter().enumerate().skip(top)).map(|(row, (place, item))| (row, place, item))
}

/// Begins a line of a list: its ground, and the cursor where it is the chosen one.
pub(super) fn line<'a>(buffer: &'a mut Buffer, row: Rect, view: &View<'_>, is_chosen: bool) -> (Pen<'a>, Style) {
    let mut ground = view.style(Role::Text);
    if is_chosen {
        ground = view.style(Role::Selected);
        paint::tint(buffer, row, ground);
    }
    let mut pen = Pen::new(buffer, row, view.signs);
    pen.word(if is_chosen { view.signs.cursor } else { " " }, view.style(Role::Accent).patch(ground));
    (pen, ground)
}

/// How many lines a page of a list has on a screen of that size.
pub fn page(size: (u16, u16)) -> usize {
    // Header, status, footer and the frame take five lines of most screens.
    usize::from(size.1.saturating_sub(5)).max(1)
}

/// What is inside a frame.
pub(super) fn inside(area: Rect) -> Rect {
    Rect {
        x: area.x + 1.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}
