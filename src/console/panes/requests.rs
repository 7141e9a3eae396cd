//! The inbox: the requests of the platforms that wait, the most urgent first, then those that are over. With room, each shows its
//! parameters; larger, also its kind, its device's name and its id.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Pen, View, frames, number, words};
use crate::console::glance::{Ask, Right};
use crate::console::layout::Pane;
use crate::console::paint;
use crate::console::theme::Role;
use crate::console::words as numbers;
use crate::text::Safe;

/// From this width on a row is a table's: kind, device, name, parameters, state, id.
const TABLE: u16 = 72;
/// From this width on the table has a column for the id.
const WITH_ID: u16 = 110;
/// The columns of the table.
const DEVICE: u16 = 14;
const KIND: u16 = 12;
const ID: u16 = 36;
/// A name is whole in the table up to so many cells.
const NAME: u16 = 16;

/// Paints the pane.
pub fn render(buffer: &mut Buffer, rect: Rect, view: &View<'_>) {
    title(buffer, view);
    let area = view.layout.inside(rect);
    if view.glance.asks.is_empty() {
        let text = "No request yet. What a platform asks for, a command or a property set, waits here for its answer.";
        let inset = u16::from(area.width > 2);
        let area = Rect { x: area.x + inset, width: area.width - 2 * inset, ..area };
        words(buffer, area, text, view.style(Role::Dim));
        return;
    }
    let chosen = view.state.inbox.meant();
    for (y, ask) in (area.top()..area.bottom()).zip(&view.glance.asks) {
        let line = Rect { y, height: 1, ..area };
        row(buffer, line, view, ask, view.state.focus == Pane::Requests && chosen == Some(ask.seq));
    }
}

fn title(buffer: &mut Buffer, view: &View<'_>) {
    let open = view.glance.open;
    let mut parts = vec![(Safe::from_static("Requests"), Role::Text)];
    if open > 0 {
        let count = |count: usize| numbers::count(u64::try_from(count).unwrap_or(u64::MAX));
        parts.push((Safe::new(&format!(" {} ", view.signs.dot)), Role::Dim));
        parts.push((Safe::new(&format!("{} open", count(open))), Role::Waiting));
        if view.state.zoom {
            parts.push((Safe::new(&format!(" of {}", count(view.glance.all_asks))), Role::Dim));
        }
    }
    frames::title(buffer, view, Pane::Requests, &parts, &Safe::default(), Role::Dim);
}

fn row(buffer: &mut Buffer, line: Rect, view: &View<'_>, ask: &Ask, selected: bool) {
    let ground = if selected { view.style(Role::Selected) } else { Style::new() };
    if selected {
        paint::tint(buffer, line, ground);
    }
    let style = |role| view.style(role).patch(ground);
    let table = line.width >= TABLE;
    let mut pen = Pen::new(buffer, line, view.signs);
    pen.word(if selected { view.signs.cursor } else { " " }, style(Role::Accent));
    let (state, role) = time_of(view, ask);
    let start = pen.x;
    paint::put_right(pen.buffer, start, line.y, pen.room().min(5), &state, view.signs.cut, style(role));
    pen.skip(7);
    if table && line.width >= WITH_ID {
        let end = pen.end;
        let x = end.saturating_sub(ID + 1);
        paint::put_cut(pen.buffer, x, line.y, ID, &ask.request_id, view.signs.cut, style(Role::Dim));
        pen.end = x.saturating_sub(2);
    }
    let tail = tail_of(view, ask, table);
    // The request's name keeps its place before the end of the tail.
    let named = if table { DEVICE + KIND + 6 + paint::cells_of(&ask.label).min(NAME) } else { 0 };
    let width = paint::cells_of(&tail).min(pen.room() / 2).min(pen.room().saturating_sub(named));
    let end = pen.end;
    let margin = u16::from(!(table && line.width >= WITH_ID));
    let x = end.saturating_sub(width + margin);
    paint::put_right(pen.buffer, x, line.y, width, &tail, view.signs.cut, style(role));
    pen.end = end.saturating_sub(if width > 0 { width + margin + 1 } else { margin });
    subject(&mut pen, view, ask, table, &style);
}

/// Whose request it is, what it is called, and its parameters.
fn subject(pen: &mut Pen<'_>, view: &View<'_>, ask: &Ask, table: bool, style: &dyn Fn(Role) -> Style) {
    let column = |pen: &mut Pen<'_>, width: u16, text: &Safe, style: Style| {
        let (start, end) = (pen.x, pen.end);
        pen.end = end.min(start + width);
        pen.put(text, style);
        (pen.x, pen.end) = ((start + width + 2).min(end), end);
    };
    let kind = Safe::new(&ask.what.word().replace('-', " "));
    if table {
        column(pen, DEVICE, &view.device(ask.session), style(Role::Text));
        column(pen, KIND, &kind, style(Role::Incoming));
    } else if view.glance.devices.len() > 1 {
        pen.put(&Safe::new(&number(ask.session).to_string()), style(Role::Text)).skip(2);
    }
    let label = if matches!(ask.right, Right::Left(_)) && !ask.held { Role::Strong } else { Role::Text };
    if !(table && ask.label == kind) {
        pen.put(&ask.label, style(label)).skip(1);
    }
    if view.state.composer.has_reply_to(ask.session, ask.seq) {
        pen.word("draft", style(Role::Dim)).skip(1);
    }
    if pen.room() > 2 {
        pen.skip(u16::from(table && ask.label != kind)).put(&ask.detail, style(Role::Text));
    }
}

/// The time that is left, or the sign of the end; and how it looks.
fn time_of(view: &View<'_>, ask: &Ask) -> (Safe, Role) {
    match &ask.right {
        Right::Left(left) => (Safe::new(&numbers::left(*left)), if ask.held { Role::Dim } else { Role::Waiting }),
        // In time, whatever it said; that it told of a failure stands at the end of the row.
        Right::Answered(_) if ask.failed => (Safe::from_static(view.signs.good), Role::Wrong),
        Right::Answered(_) => (Safe::from_static(view.signs.good), Role::Good),
        Right::Late(_) | Right::Expired => (Safe::from_static(view.signs.wrong), Role::Wrong),
        Right::Ignored => (Safe::from_static(view.signs.dot), Role::Dim),
        // No request ends like this.
        Right::Nothing | Right::Aside(_) | Right::Acked(_) | Right::Unacked => (Safe::default(), Role::Dim),
    }
}

/// What became of it: whether its answer told of a failure, by whom it was answered, how long that took, how often. A narrow row
/// tells by whom before how fast.
fn tail_of(view: &View<'_>, ask: &Ask, table: bool) -> Safe {
    let by = ask.by.as_ref().map(Safe::as_str);
    let failed = if ask.failed { "failed, " } else { "" };
    let with_by = |took: String| match by {
        Some(by) if table => format!("{failed}{took} by {by}"),
        Some(by) => format!("{failed}{by}"),
        // That it failed tells more than how fast.
        None if ask.failed && !table => "failed".to_owned(),
        None => format!("{failed}{took}"),
    };
    let out = match &ask.right {
        Right::Left(_) if ask.under_way => "on its way".to_owned(),
        Right::Left(_) if ask.held => "held".to_owned(),
        Right::Answered(took) => with_by(numbers::took(*took)),
        Right::Late(took) => with_by(format!("late, {}", numbers::took(*took))),
        Right::Expired => "no answer".to_owned(),
        Right::Ignored => "ignored".to_owned(),
        _ => String::new(),
    };
    let times = if ask.answers > 1 { format!(" {}{}", view.signs.times, ask.answers) } else { String::new() };
    Safe::new(&(out + &times))
}
