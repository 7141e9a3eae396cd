//! Text as it came, wrapped; and bytes as hex.

use unicode_segmentation::UnicodeSegmentation;

use super::row::{Filler, Row};
use crate::console::theme::Role;

/// Cells between tab stops.
const TAB: usize = 4;

/// Where a row of text begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    at: usize,
}

impl Place {
    /// The next byte of the text.
    pub(super) fn at(self) -> usize {
        self.at
    }

    /// Whether `text` has no more rows.
    pub(super) fn is_done(self, text: &str) -> bool {
        self.at >= text.len()
    }

    /// Fills one row from here and moves behind it.
    pub(super) fn fill(&mut self, text: &str, width: u16, out: &mut Filler<'_>) {
        let width = usize::from(width.max(1));
        while self.at < text.len() {
            let rest = &text[self.at..];
            match rest.graphemes(true).next() {
                Some(end @ ("\n" | "\r\n")) => {
                    self.at += end.len();
                    return;
                }
                Some("\t") => {
                    if out.left() == 0 {
                        return;
                    }
                    let used = width - out.left();
                    out.spaces(TAB - used % TAB);
                    self.at += 1;
                }
                Some(_) => {
                    let line = &rest[..line_end(rest, out.left())];
                    let taken = out.push(line, Role::Text);
                    self.at += taken;
                    if taken < line.len() || taken == 0 {
                        return;
                    }
                    if out.left() == 0 {
                        // A line that ends with the row leaves no empty row behind it.
                        self.at += line_break(&text[self.at..]);
                        return;
                    }
                }
                None => return,
            }
        }
    }
}

/// How long the run before the next line end or tab is, looked for no further than `cells` can show.
fn line_end(text: &str, cells: usize) -> usize {
    // A cluster of one cell may have many bytes: what lies behind the horizon is taken in the next round.
    let mut horizon = text.len().min(cells.saturating_mul(16).max(64));
    while !text.is_char_boundary(horizon) {
        horizon += 1;
    }
    let end = memchr::memchr3(b'\n', b'\t', b'\r', &text.as_bytes()[..horizon]).unwrap_or(horizon);
    if end > 0 {
        return end;
    }
    // A carriage return of its own: it is shown as an escape, and the run goes on behind it.
    text.chars().next().map_or(0, char::len_utf8)
}

/// How many bytes a line end at the start of `text` has.
fn line_break(text: &str) -> usize {
    if text.starts_with("\r\n") { 2 } else { usize::from(text.starts_with('\n')) }
}

/// How bytes are laid out in rows of a width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hex {
    /// Digits of the offset.
    digits: usize,
    /// Bytes in a row.
    pub(super) per_row: usize,
    /// Whether the bytes stand beside as ASCII.
    ascii: bool,
}

impl Hex {
    /// The most bytes in a row (16, 8, 4, 2 or 1) that `width` cells take with offset and ASCII, then without.
    pub(super) fn new(size: usize, width: u16) -> Self {
        let width = usize::from(width);
        let digits = format!("{:x}", size.saturating_sub(1)).len().max(4);
        let rows = |ascii| [16, 8, 4, 2, 1].map(|per_row| Self { digits, per_row, ascii });
        let fitting = rows(true).into_iter().take(3).chain(rows(false)).find(|hex| hex.cells() <= width);
        fitting.unwrap_or(Self { digits: 0, per_row: 1, ascii: false })
    }

    /// Cells of a full row: offset, a space, the bytes with a gap in the middle of sixteen, two spaces, the ASCII.
    fn cells(self) -> usize {
        self.digits + 3 * self.per_row + usize::from(self.per_row == 16) + if self.ascii { 2 + self.per_row } else { 0 }
    }

    /// How many rows `size` bytes have.
    pub(super) fn rows(self, size: usize) -> usize {
        size.div_ceil(self.per_row)
    }

    /// Fills row number `index` of `bytes`.
    pub(super) fn fill(self, bytes: &[u8], index: usize, width: u16, row: &mut Row) {
        let start = index * self.per_row;
        let Some(part) = bytes.get(start..bytes.len().min(start + self.per_row)) else { return };
        let mut out = Filler::new(width, Some(row));
        if self.digits > 0 {
            let digits = self.digits;
            out.push(&format!("{start:0digits$x} "), Role::Dim);
        }
        let mut hex = String::with_capacity(3 * self.per_row);
        for at in 0..self.per_row {
            hex += if at == 0 { "" } else { " " };
            hex += if at == 8 { " " } else { "" };
            match part.get(at) {
                Some(byte) => hex += &hex::encode([*byte]),
                None if self.ascii => hex += "  ",
                None => break,
            }
        }
        out.push(&hex, Role::Text);
        if self.ascii {
            out.spaces(2);
            for &byte in part {
                let shown = matches!(byte, b' '..=b'~');
                let text = if shown { char::from(byte) } else { '.' };
                out.push(text.encode_utf8(&mut [0; 4]), if shown { Role::JsonString } else { Role::Dim });
            }
        }
    }
}
