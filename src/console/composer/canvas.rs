//! The body in cells: which part of the text is visible, and how it is painted.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Modifier, Style};

use super::body::{Body, TextKind};
use crate::console::message::json::{self, Kind};
use crate::console::paint;
use crate::console::theme::{Role, Theme};
use crate::text::hidden::{is_hidden, is_printable_ascii};
use crate::text::{Safe, width};

/// Lines longer than this are shown without colours: what a token is would have to be looked for from the line's start.
const COLOURED: usize = 8 << 10;

/// The visible part: the first visible line, and the first visible column, in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    top: usize,
    left: usize,
    /// The cursor's column, in cells.
    column: usize,
    size: Size,
}

/// What stands in one cell, or in a few.
struct Glyph<'a> {
    /// Its first byte in the line.
    start: usize,
    text: &'a str,
    cells: usize,
    /// Whether it is shown as an escape.
    is_escape: bool,
}

impl Window {
    /// Moves so far that the cursor is visible in `size` cells.
    pub(super) fn follow(&mut self, body: &Body, size: Size) {
        self.size = size;
        let (row, column) = body.cursor();
        let line = body.lines().get(row).map_or("", String::as_str);
        let at = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
        let mut cells = 1;
        let (column, glyphs) = glyphs_from(line, at);
        self.column = column;
        for glyph in glyphs {
            if glyph.start + glyph.text.len() > at {
                cells = glyph.cells;
                break;
            }
            self.column += glyph.cells;
        }
        self.top = into_view(self.top, row, 1, usize::from(size.height));
        self.left = into_view(self.left, self.column, cells, usize::from(size.width));
    }

    /// Where the terminal's cursor belongs, if `area` has room for it.
    pub(super) fn cursor(&self, body: &Body, area: Rect) -> Option<Position> {
        let x = u16::try_from(self.column.checked_sub(self.left)?).ok()?;
        let y = u16::try_from(body.cursor().0.checked_sub(self.top)?).ok()?;
        (x < area.width && y < area.height).then(|| Position { x: area.x + x, y: area.y + y })
    }

    /// Rows of a page.
    pub(super) fn page(&self) -> usize {
        usize::from(self.size.height.saturating_sub(1))
    }

    /// Paints the visible part; `is_json`: in the colours of JSON and with its fault marked.
    pub(super) fn render(&self, body: &Body, is_json: bool, buffer: &mut Buffer, area: Rect, theme: &Theme) {
        let fault = body.known_already().filter(|_| is_json).and_then(|known| match known.kind {
            TextKind::Other(fault) => Some(fault.place(&known.text)),
            _ => None,
        });
        let lines = body.lines().iter().enumerate().skip(self.top);
        for (y, (row, line)) in (area.y..area.bottom()).zip(lines) {
            let space = Rect { y, height: 1, ..area };
            let marks = Marks {
                roles: if is_json && line.len() <= COLOURED { roles(line) } else { Vec::new() },
                selected: selected(body, row, line),
                fault: fault
                    .filter(|(line, _)| *line == row + 1)
                    .map(|(_, column)| line.char_indices().nth(column - 1).map_or(line.len(), |(at, _)| at)),
            };
            self.line(buffer, space, line, &marks, theme);
        }
    }

    fn line(&self, buffer: &mut Buffer, space: Rect, line: &str, marks: &Marks, theme: &Theme) {
        let (mut column, glyphs) = glyphs_from(line, self.left);
        let right = self.left + usize::from(space.width);
        for glyph in glyphs {
            if column >= right {
                return;
            }
            if let Some(x) = column.checked_sub(self.left).and_then(|x| u16::try_from(x).ok()) {
                let role = if glyph.is_escape { Role::Escape } else { role_at(&marks.roles, glyph.start) };
                let style = marks.style(glyph.start, theme.style(role), theme);
                paint::put(buffer, space.x + x, space.y, space.width - x, &Safe::new(glyph.text), style);
            }
            column += glyph.cells;
        }
        // Behind the line, the end of a fault or of a selected line is a blank.
        if let Some(x) = column.checked_sub(self.left).and_then(|x| u16::try_from(x).ok()).filter(|x| *x < space.width)
        {
            let style = marks.style(line.len(), theme.style(Role::Text), theme);
            paint::put(buffer, space.x + x, space.y, 1, &Safe::from_static(" "), style);
        }
    }
}

/// What is marked in one line, in bytes.
struct Marks {
    roles: Vec<(Range<usize>, Role)>,
    selected: Option<Range<usize>>,
    fault: Option<usize>,
}

impl Marks {
    fn style(&self, at: usize, plain: Style, theme: &Theme) -> Style {
        let mut style = plain;
        if self.selected.as_ref().is_some_and(|selected| selected.contains(&at)) {
            style = style.patch(theme.style(Role::Selected));
        }
        if self.fault == Some(at) {
            style = style.patch(theme.style(Role::Wrong)).add_modifier(Modifier::UNDERLINED | Modifier::REVERSED);
        }
        style
    }
}

/// The part of line number `row` that is selected, in bytes; its line end counts as one more.
fn selected(body: &Body, row: usize, line: &str) -> Option<Range<usize>> {
    let (start, end) = body.selection()?;
    if row < start.0 || row > end.0 {
        return None;
    }
    let byte = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let from = if row == start.0 { byte(start.1) } else { 0 };
    Some(from..if row == end.0 { byte(end.1) } else { line.len() + 1 })
}

/// The glyphs of `line`, in order, and the column of the first one. In plain ASCII, where bytes are columns, they begin at
/// `from`, so that a mebibyte on one line costs no more than a short one; elsewhere at the line's start.
fn glyphs_from(line: &str, from: usize) -> (usize, impl Iterator<Item = Glyph<'_>>) {
    let is_plain = is_printable_ascii(line.as_bytes());
    let first = if is_plain { from.min(line.len()) } else { 0 };
    let glyphs = width::clusters(&line[first..]).map(move |cluster| {
        let (start, text) = (first + cluster.start, cluster.text);
        let is_simple = is_plain || (cluster.cells > 0 && text.chars().count() == 1 && !text.contains(is_hidden));
        if is_simple {
            return Glyph { start, text, cells: cluster.cells, is_escape: false };
        }
        let shown = Safe::new(text);
        Glyph { start, text, cells: shown.width(), is_escape: shown.as_str() != text }
    });
    (first, glyphs)
}

/// The tokens of one line with their roles, as if it were JSON: no string of JSON goes over a line end.
fn roles(line: &str) -> Vec<(Range<usize>, Role)> {
    let bytes = line.as_bytes();
    let mut roles = Vec::new();
    let mut at = 0;
    while let Some(token) = json::token(bytes, at) {
        let role = match token.kind {
            Kind::String if bytes.get(json::skip_space(bytes, token.end)) == Some(&b':') => Role::JsonKey,
            Kind::String => Role::JsonString,
            Kind::Number if bytes[token.start].is_ascii_digit() || bytes[token.start] == b'-' => Role::JsonNumber,
            Kind::Literal if matches!(&bytes[token.start..token.end], b"true" | b"false" | b"null") => {
                Role::JsonLiteral
            }
            Kind::Number | Kind::Literal => Role::Text,
            _ => Role::JsonPunctuation,
        };
        roles.push((token.start..token.end, role));
        at = token.end;
    }
    roles
}

fn role_at(roles: &[(Range<usize>, Role)], at: usize) -> Role {
    let token = roles.partition_point(|(range, _)| range.end <= at);
    roles.get(token).filter(|(range, _)| range.contains(&at)).map_or(Role::Text, |(_, role)| *role)
}

/// Where a window of `room` that began at `first` begins, so that `cells` from `at` on are in it.
fn into_view(first: usize, at: usize, cells: usize, room: usize) -> usize {
    first.max((at + cells).saturating_sub(room)).min(at)
}
