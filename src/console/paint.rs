//! Putting text into cells: the only file that writes symbols into ratatui's buffer. Untrusted text comes as [`Safe`],
//! our own words as `&'static str` or numbers made into [`Safe`] by the caller.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::text::Safe;

/// Writes `text` into row `y` from column `x`, no further than `x + width` and the buffer's edge, and answers how many
/// cells it took. A wide character that does not fit is left out; combining characters stay with their base.
pub fn put(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &Safe, style: Style) -> u16 {
    let _ = (buffer, x, y, width, text, style);
    todo!()
}

/// As [`put`], but a text that does not fit ends in `cut`.
pub fn put_cut(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &Safe, cut: &'static str, style: Style) -> u16 {
    let _ = (buffer, x, y, width, text, cut, style);
    todo!()
}

/// Sets the style of a whole area, and blanks it.
pub fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    let _ = (buffer, area, style);
    todo!()
}
