//! The message under the cursor: its header, and its body as pretty JSON, text or hex.
//!
//! What lives here: what is laid out and painted of one event. What may not: which event that is, and the frame around
//! it. A view is used in two steps. [`MessageView::collect`] is called while the timeline is locked, and lays out what is visible
//! into rows of its own; [`MessageView::render`] then paints them. Where rows begin is remembered as far as it was needed, so that the size and
//! the depth of a body do not matter.

mod index;
pub mod json;
mod packing;
mod plain;
mod pretty;
mod row;
#[cfg(test)]
pub(in crate::console) mod tests;
mod words;

use std::str;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use super::paint;
use super::theme::{Role, Signs, Theme};
use crate::event::{Event, Kind};
use crate::text::{Safe, width};
use index::{Index, Place};
use packing::Packing;
use plain::Hex;
use row::Row;
use words::Head;

/// How many bytes one call lays out beyond what is visible, when somebody wants to see the end.
const STEP: usize = 256 << 10;

/// So many rows beyond the visible ones are laid out too, so that the length of all but long bodies is known.
const AHEAD: usize = 100;

/// Below this height the body has all rows, from it on the first is the header's.
const HEADER_FROM: u16 = 3;

/// How a body is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// JSON re-indented; what is no JSON is shown as text.
    #[default]
    Pretty,
    /// Text as it came, wrapped; what is no UTF-8 is shown as hex.
    Text,
    /// Bytes, as they came: those of a packed body are the packed ones.
    Hex,
}

/// A way to scroll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scroll {
    /// By rows: down, or up where negative.
    Lines(isize),
    /// By what fits, less one row.
    Pages(isize),
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
}

/// Which rows are visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The first visible row, from 0.
    pub top: usize,
    /// How many are visible.
    pub visible: usize,
    /// How many there are, as far as is known.
    pub total: usize,
    /// Whether there are no more than `total`.
    pub is_total_known: bool,
}

/// The view.
#[derive(Debug, Default)]
pub struct MessageView {
    mode: Mode,
    top: usize,
    to_bottom: bool,
    shown: Option<Shown>,
    /// Why no event is shown.
    absent: Option<&'static str>,
}

/// What is known and visible of one event at one width.
#[derive(Debug)]
struct Shown {
    seq: u64,
    asked: Mode,
    size: Size,
    head: Head,
    /// What the mode is, or why it is another one than asked for.
    view: &'static str,
    is_other: bool,
    /// A body that came packed.
    packing: Option<Packing>,
    body: Body,
    rows: Vec<Row>,
    position: Position,
}

/// How the body is laid out.
#[derive(Debug)]
enum Body {
    Rows(Index),
    Hex(Hex),
    /// An event without a payload: its words.
    Words(String, Index),
    Empty,
}

impl MessageView {
    /// How bodies are to be shown.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Shows bodies in the next way: pretty, text, hex.
    pub fn cycle_mode(&mut self) {
        self.mode = match self.mode {
            Mode::Pretty => Mode::Text,
            Mode::Text => Mode::Hex,
            Mode::Hex => Mode::Pretty,
        };
        self.scroll(Scroll::Top);
    }

    /// Scrolls; the next [`MessageView::collect`] stops at the ends.
    pub fn scroll(&mut self, scroll: Scroll) {
        self.to_bottom = false;
        let page = self.shown.as_ref().map_or(1, |shown| shown.position.visible.saturating_sub(1).max(1));
        let page = isize::try_from(page).unwrap_or(isize::MAX);
        self.top = match scroll {
            Scroll::Lines(count) => self.top.saturating_add_signed(count),
            Scroll::Pages(count) => self.top.saturating_add_signed(count.saturating_mul(page)),
            Scroll::Top => 0,
            Scroll::Bottom => {
                self.to_bottom = true;
                self.top
            }
        };
    }

    /// Which rows were visible at the last [`MessageView::collect`].
    pub fn position(&self) -> Option<Position> {
        self.shown.as_ref().map(|shown| shown.position)
    }

    /// That the body came packed, how long it was and is: "gzip: 84 B, unpacked 3.4 KiB". `None`: it did not.
    pub fn packing(&self) -> Option<Safe> {
        self.shown.as_ref()?.packing.as_ref().map(Packing::words)
    }

    /// Forgets the event, for instance when another timeline is shown.
    pub fn clear(&mut self) {
        *self = Self { mode: self.mode, ..Self::default() };
    }

    /// Shows no event, but why there is none.
    pub fn be_without(&mut self, why: &'static str) {
        self.shown = None;
        self.absent = Some(why);
    }

    /// Lays out what is visible of `event` in `size` cells, header included. Answers whether there is more to lay out
    /// before the place that somebody scrolled to is reached: then call it again with the next frame. `unpack` answers the
    /// body of a packed message by its topic and payload, see [`Platform::unpacked`](crate::cloud::Platform::unpacked); it is
    /// called only where the event, the mode or the width is another than before.
    pub fn collect(
        &mut self,
        event: &Event<'_>,
        size: Size,
        unpack: impl FnOnce(&str, &[u8]) -> Option<Vec<u8>>,
    ) -> bool {
        self.absent = None;
        let (topic, payload) = message(event);
        let same_event = self.shown.as_ref().is_some_and(|shown| shown.seq == event.seq);
        if !same_event {
            self.scroll(Scroll::Top);
        }
        let (mode, seq) = (self.mode, event.seq);
        let is_known = |shown: &Shown| shown.seq == seq && shown.asked == mode && shown.size.width == size.width;
        let mut shown = self.shown.take().filter(is_known).unwrap_or_else(|| {
            let packing = unpack(topic, payload).map(|body| Packing::new(payload.len(), body));
            Shown::new(event, mode, size, packing, payload)
        });
        shown.size = size;
        let is_unfinished = shown.lay_out(payload, &mut self.top, self.to_bottom);
        self.shown = Some(shown);
        is_unfinished
    }

    /// Paints what was laid out into `area`.
    pub fn render(&self, buffer: &mut Buffer, area: Rect, theme: &Theme, signs: &Signs) {
        paint::fill(buffer, area, theme.style(Role::Text));
        let Some(shown) = &self.shown else {
            let why = Safe::from_static(self.absent.unwrap_or_default());
            paint::put(buffer, area.x, area.y, area.width, &why, theme.style(Role::Dim));
            return;
        };
        let mut body = area;
        if area.height >= HEADER_FROM {
            shown.render_head(buffer, Rect { height: 1, ..area }, theme, signs);
            body = Rect { y: area.y + 1, height: area.height - 1, ..area };
        }
        if matches!(shown.body, Body::Empty) && body.height > 0 {
            paint::put(buffer, body.x, body.y, body.width, &Safe::new("no payload"), theme.style(Role::Dim));
        }
        for (y, row) in (body.y..body.bottom()).zip(&shown.rows) {
            let mut x = body.x;
            for piece in row {
                let style = theme.style(piece.role);
                x += paint::put(buffer, x, y, body.right().saturating_sub(x), &Safe::new(&piece.text), style);
            }
        }
    }
}

impl Shown {
    fn new(event: &Event<'_>, asked: Mode, size: Size, packing: Option<Packing>, payload: &[u8]) -> Self {
        let (body, view, is_other) = match words::body(event) {
            Some(said) => {
                let words = super::words::wrap(&said, usize::from(size.width));
                let index = Index::new(Place::Text(plain::Place::default()), size.width);
                (Body::Words(words, index), "", false)
            }
            None => match (&packing, asked) {
                (None, _) => Body::of(payload, asked, size.width),
                (Some(_), Mode::Hex) => (Body::of(payload, asked, size.width).0, "hex: packed", false),
                (Some(packing), _) => Body::of(packing.body(), asked, size.width),
            },
        };
        Self {
            seq: event.seq,
            asked,
            size,
            head: words::head(event),
            view,
            is_other,
            packing,
            body,
            rows: Vec::new(),
            position: Position { top: 0, visible: 0, total: 0, is_total_known: false },
        }
    }

    /// See [`MessageView::collect`].
    fn lay_out(&mut self, payload: &[u8], top: &mut usize, to_bottom: bool) -> bool {
        let height = usize::from(if self.size.height >= HEADER_FROM { self.size.height - 1 } else { self.size.height });
        let wanted = if to_bottom { usize::MAX } else { top.saturating_add(height) };
        let payload = match &self.packing {
            Some(packing) if self.asked != Mode::Hex => packing.body(),
            _ => payload,
        };
        // Bodies that are laid out by rows were found to be UTF-8 when the view was made.
        let text = str::from_utf8(payload).unwrap_or_default();
        let (total, is_total_known) = match &mut self.body {
            Body::Empty => (0, true),
            Body::Hex(hex) => (hex.rows(payload.len()), true),
            Body::Rows(index) => {
                index.extend(text, wanted.saturating_add(AHEAD), STEP);
                (index.rows(), index.is_done(text))
            }
            Body::Words(words, index) => {
                index.extend(words, wanted.saturating_add(AHEAD), STEP);
                (index.rows(), index.is_done(words))
            }
        };
        let last = total.saturating_sub(height);
        let reached = is_total_known || wanted <= total;
        let here = if to_bottom { last } else { (*top).min(last) };
        if reached {
            *top = here;
        }
        self.rows = match &self.body {
            Body::Empty => Vec::new(),
            Body::Hex(hex) => hex_rows(*hex, payload, here, height, self.size.width),
            Body::Rows(index) => index.rows_from(text, here, height),
            Body::Words(words, index) => index.rows_from(words, here, height),
        };
        self.position = Position { top: here, visible: self.rows.len(), total, is_total_known };
        !reached
    }

    fn render_head(&self, buffer: &mut Buffer, area: Rect, theme: &Theme, signs: &Signs) {
        let (dim, gap) = (theme.style(Role::Dim), Safe::new(&format!(" {} ", signs.dot)));
        let view_style = theme.style(if self.is_other { Role::Waiting } else { Role::Dim });
        let mut parts: Vec<_> = self.head.particulars.iter().map(|part| (part.clone(), dim)).collect();
        if !self.view.is_empty() {
            parts.push((Safe::new(self.view), view_style));
        }
        if self.position.visible < self.position.total || !self.position.is_total_known {
            parts.push((self.place(), dim));
        }
        let (sign, role) = self.head.sign.shown(signs);
        let subject_x =
            area.x + paint::put(buffer, area.x, area.y, area.width, &Safe::new(sign), theme.style(role)) + 1;
        let room = area.right().saturating_sub(subject_x);
        // The subject keeps a third of the row at least; what is beside it goes, the least telling first.
        let gap_cells = cells(&gap);
        let beside = |parts: &[(Safe, Style)]| parts.iter().map(|(part, _)| cells(part) + gap_cells).sum::<u16>();
        while beside(&parts) + area.width / 3 > room && !parts.is_empty() {
            parts.remove(0);
        }
        let subject_cells = room.saturating_sub(beside(&parts).saturating_sub(gap_cells - 1));
        let subject = theme.style(Role::Strong);
        paint::put_cut(buffer, subject_x, area.y, subject_cells, &self.head.subject, signs.cut, subject);
        let mut x = area.right() - (beside(&parts).saturating_sub(gap_cells)).min(area.width);
        for (at, (part, style)) in parts.iter().enumerate() {
            if at > 0 {
                x += paint::put(buffer, x, area.y, area.right().saturating_sub(x), &gap, dim);
            }
            x += paint::put(buffer, x, area.y, area.right().saturating_sub(x), part, *style);
        }
    }

    /// "3-12 of 100".
    fn place(&self) -> Safe {
        let Position { top, visible, total, is_total_known } = self.position;
        let more = if is_total_known { "" } else { "+" };
        Safe::new(&format!("{}-{} of {total}{more}", top + usize::from(visible > 0), top + visible))
    }
}

impl Body {
    /// How `payload` is laid out, what that is called, and whether it is another way than asked for.
    fn of(payload: &[u8], asked: Mode, width: u16) -> (Self, &'static str, bool) {
        if payload.is_empty() {
            return (Self::Empty, "empty", false);
        }
        let hex = || Self::Hex(Hex::new(payload.len(), width));
        let text = || Self::Rows(Index::new(Place::Text(plain::Place::default()), width));
        let Ok(utf8) = str::from_utf8(payload) else {
            return match asked {
                Mode::Hex => (hex(), "hex", false),
                _ => (hex(), "hex: not UTF-8", true),
            };
        };
        match asked {
            Mode::Hex => (hex(), "hex", false),
            Mode::Text => (text(), "text", false),
            Mode::Pretty if json::check(utf8).is_ok() => {
                (Self::Rows(Index::new(Place::Pretty(pretty::Place::default()), width)), "pretty", false)
            }
            Mode::Pretty => (text(), "text: not JSON", true),
        }
    }
}

fn hex_rows(hex: Hex, payload: &[u8], top: usize, height: usize, width: u16) -> Vec<Row> {
    let last = hex.rows(payload.len()).min(top.saturating_add(height));
    (top..last)
        .map(|index| {
            let mut row = Row::new();
            hex.fill(payload, index, width, &mut row);
            row
        })
        .collect()
}

/// The cells of a short text of the header.
fn cells(text: &Safe) -> u16 {
    u16::try_from(width::width(text.as_str())).unwrap_or(u16::MAX)
}

/// The topic and the payload of a message; of another event, nothing.
fn message<'a>(event: &Event<'a>) -> (&'a str, &'a [u8]) {
    match event.kind {
        Kind::Rx(message) | Kind::Tx(message) => (message.topic, message.payload),
        _ => ("", &[]),
    }
}
