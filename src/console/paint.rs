//! Putting text into cells: the only file that writes symbols into ratatui's buffer. Untrusted text comes as [`Safe`],
//! our own words as `&'static str` or numbers made into [`Safe`] by the caller.
//!
//! What holds for every function here: nothing outside the buffer is touched, no width panics, a cell never gets a
//! control character, and a wide character is never left standing by half.

use std::num::NonZeroU16;

use ratatui::buffer::{Buffer, Cell, CellDiffOption, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::theme::Signs;
use crate::text::{Safe, width};

/// Writes `text` into row `y` from column `x`, no further than `x + width` and the buffer's edge, and answers how many
/// cells it took. A wide character that does not fit is left out; combining characters stay with their base.
pub fn put(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &Safe, style: Style) -> u16 {
    write(buffer, x, y, width, text.as_str(), style)
}

/// As [`put`], but a text that does not fit ends in `cut`.
pub fn put_cut(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &Safe, cut: &'static str, style: Style) -> u16 {
    let room = room(buffer, x, y, width);
    if fits(text.as_str(), room) {
        return write(buffer, x, y, room, text.as_str(), style);
    }
    let tail = cells(cut);
    if tail > room {
        return write(buffer, x, y, room, text.as_str(), style);
    }
    let head = write(buffer, x, y, room - tail, text.as_str(), style);
    head + write(buffer, x + head, y, tail, cut, style)
}

/// As [`put`], for words of our own.
pub fn word(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &'static str, style: Style) -> u16 {
    write(buffer, x, y, width, text, style)
}

/// As [`put_cut`], but ends at column `x + width`. Answers how many cells it took.
pub fn put_right(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &Safe, cut: &'static str, style: Style) -> u16 {
    let room = room(buffer, x, y, width);
    let wants = cells_up_to(text.as_str(), room);
    put_cut(buffer, x + (room - wants), y, wants, text, cut, style)
}

/// How many cells `text` takes; a text that is wider than any screen counts as the widest.
pub fn cells_of(text: &Safe) -> u16 {
    cells(text.as_str())
}

/// Sets the style of a whole area, and blanks it.
pub fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    for y in area.top()..area.bottom() {
        mend_left(buffer, area.left(), y);
        for x in area.left()..area.right() {
            let cell = &mut buffer[(x, y)];
            cell.reset();
            cell.set_style(style);
        }
    }
}

/// Adds `style` to what stands in `area`, as for a selected row.
pub fn tint(buffer: &mut Buffer, area: Rect, style: Style) {
    buffer.set_style(area, style);
}

/// The four sides of a pane's frame; a side of which the pane has no room is left out.
pub fn outline(buffer: &mut Buffer, area: Rect, signs: &Signs, style: Style) {
    let [flat, upright, top_left, top_right, bottom_left, bottom_right, ..] = signs.lines;
    if area.width < 2 || area.height < 2 {
        return;
    }
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    rule(buffer, Rect { height: 1, ..area }, flat, style);
    rule(buffer, Rect { y: bottom, height: 1, ..area }, flat, style);
    for y in area.top() + 1..bottom {
        write(buffer, area.left(), y, 1, upright, style);
        write(buffer, right, y, 1, upright, style);
    }
    for (x, y, corner) in [
        (area.left(), area.top(), top_left),
        (right, area.top(), top_right),
        (area.left(), bottom, bottom_left),
        (right, bottom, bottom_right),
    ] {
        write(buffer, x, y, 1, corner, style);
    }
}

/// A row filled with one sign of our own.
pub fn rule(buffer: &mut Buffer, area: Rect, sign: &'static str, style: Style) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            write(buffer, x, y, 1, sign, style);
        }
    }
}

/// Shows everything that is not ASCII as `?`: on a terminal of another character set the bytes of UTF-8 would be other
/// letters, and some of them control characters.
pub fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            cell.set_char('?').set_diff_option(CellDiffOption::None);
        }
    }
}

/// How many cells are there from column `x` of row `y` on, at most `width`.
fn room(buffer: &Buffer, x: u16, y: u16, width: u16) -> u16 {
    let area = buffer.area;
    if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
        return 0;
    }
    (area.right() - x).min(width)
}

/// The clusters of `text` with the cells that each takes; clusters that take none are left out, since a cell of their
/// own would move everything behind them.
fn clusters(text: &str) -> impl Iterator<Item = (&str, u16)> {
    width::clusters(text)
        .map(|cluster| {
            // The last line of defence: `Safe` has no control characters, and a cell must not have one either.
            if cluster.text.contains(char::is_control) { ("?", 1) } else { (cluster.text, cluster.cells.min(2)) }
        })
        .filter(|(_, cells)| *cells > 0)
        .map(|(text, cells)| (text, if cells == 2 { 2 } else { 1 }))
}

/// The cells of `text`, counting no further than just beyond `limit`: a line of a mebibyte costs no more than a short one.
fn cells_up_to(text: &str, limit: u16) -> u16 {
    let mut sum = 0_u16;
    for (_, cells) in clusters(text) {
        sum = sum.saturating_add(cells);
        if sum > limit {
            return limit;
        }
    }
    sum
}

fn fits(text: &str, room: u16) -> bool {
    let mut sum = 0_u16;
    clusters(text).all(|(_, cells)| {
        sum = sum.saturating_add(cells);
        sum <= room
    })
}

fn cells(text: &str) -> u16 {
    cells_up_to(text, u16::MAX)
}

fn write(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
    let room = room(buffer, x, y, width);
    if room == 0 {
        return 0;
    }
    let mut taken = 0;
    for (cluster, cells) in clusters(text) {
        if taken + cells > room {
            break;
        }
        if taken == 0 {
            mend_left(buffer, x, y);
        }
        set(&mut buffer[(x + taken, y)], cluster, cells, style);
        if cells == 2 {
            set(&mut buffer[(x + taken + 1, y)], " ", 1, style);
        }
        taken += cells;
    }
    taken
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that sets symbols: `clusters` let no control character pass"
)]
fn set(cell: &mut Cell, cluster: &str, cells: u16, style: Style) {
    cell.set_symbol(cluster).set_style(style).set_diff_option(CellDiffOption::None);
    if cell.cell_width() != cells
        && let Some(forced) = NonZeroU16::new(cells)
    {
        cell.set_diff_option(CellDiffOption::ForcedWidth(forced));
    }
}

/// Blanks a wide character whose tail stands in column `x`, since that tail is about to be overwritten. The other way round
/// there is nothing to do: a tail whose head is overwritten is blank already.
fn mend_left(buffer: &mut Buffer, x: u16, y: u16) {
    if x > buffer.area.left() && buffer[(x - 1, y)].cell_width() > 1 {
        buffer[(x - 1, y)].set_char(' ').set_diff_option(CellDiffOption::None);
    }
}

#[cfg(test)]
mod tests;
