//! The stream: one row an event, the newest at the bottom; time on the left, how long on the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Pen, View, frames, number, words};
use crate::console::action::{Action, Knob};
use crate::console::glance::Right;
use crate::console::keymap::{Context, chord_words};
use crate::console::layout::Pane;
use crate::console::paint;
use crate::console::row::Row;
use crate::console::theme::Role;
use crate::console::words as numbers;
use crate::text::Safe;

/// Cells of the title and its frame that a remark leaves to them.
const TITLE: u16 = 18;

/// The columns of a width.
#[derive(Clone, Copy, Debug)]
struct Columns {
    /// Cells of the time of day: to the millisecond, the second, or none.
    clock: u16,
    /// Cells of a device's number; 0: there is one device only.
    device: u16,
    /// Cells of what it is.
    what: u16,
    /// Between columns.
    gap: u16,
}

impl Columns {
    fn new(width: u16, view: &View<'_>) -> Self {
        let devices = view.glance.devices.len();
        let digits = u16::try_from(devices.to_string().len()).unwrap_or(1);
        Self {
            clock: match width {
                70.. => 12,
                30.. => 8,
                _ => 0,
            },
            device: if devices > 1 { digits } else { 0 },
            what: match width {
                110.. => 26,
                70.. => 18,
                64.. => 15,
                _ => 0,
            },
            gap: if width >= 70 { 2 } else { 1 },
        }
    }
}

/// Paints the pane.
pub fn render(buffer: &mut Buffer, rect: Rect, view: &View<'_>) {
    heading(buffer, view);
    let area = view.layout.inside(rect);
    if area.is_empty() {
        return;
    }
    if view.glance.rows.is_empty() {
        let inset = u16::from(area.width > 2);
        let area = Rect { x: area.x + inset, width: area.width - 2 * inset, ..area };
        words(buffer, area, &nothing(view), view.style(Role::Dim));
        return;
    }
    let columns = Columns::new(area.width, view);
    for (y, (place, (row, right))) in (area.top()..area.bottom()).zip(view.glance.rows.iter().enumerate()) {
        let line = Rect { y, height: 1, ..area };
        let selected = view.glance.cursor == Some(place);
        let ground = if selected { view.style(Role::Selected) } else { Style::new() };
        if selected {
            paint::tint(buffer, line, ground);
        }
        paint_row(buffer, line, view, columns, row, right, selected, ground);
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one row; a struct of them would live for one call")]
fn paint_row(
    buffer: &mut Buffer,
    line: Rect,
    view: &View<'_>,
    columns: Columns,
    row: &Row,
    right: &Right,
    selected: bool,
    ground: Style,
) {
    let style = |role| view.style(role).patch(ground);
    let (right_text, right_role) = right_words(view, right, line.width);
    let room = paint::cells_of(&right_text).min(line.width * 2 / 5);
    let tail = if right_text.is_empty() { 0 } else { room + 1 };
    let x = line.right().saturating_sub(tail);
    paint::put_right(buffer, x, line.y, room, &right_text, view.signs.cut, style(right_role));
    let mut pen = Pen::new(buffer, line, view.signs);
    let cursor = if selected { view.signs.cursor } else { " " };
    pen.word(cursor, style(Role::Accent));
    if columns.clock > 0 {
        pen.put(&row.clock.cut(usize::from(columns.clock)), style(Role::Dim)).skip(columns.gap);
    }
    if columns.device > 0 {
        let text = Safe::new(&format!("{:>1$}", number(row.session), usize::from(columns.device)));
        pen.put(&text, style(Role::Text)).skip(columns.gap);
    }
    let (sign, role) = row.sign.shown(view.signs);
    pen.word(sign, style(role)).skip(columns.gap);
    pen.end = line.right().saturating_sub(tail + 1);
    let role = if row.wrong { Role::Wrong } else { role };
    let told = !row.name.is_empty() || !row.detail.is_empty();
    if columns.what > 0 || !told || row.is_topic {
        what(&mut pen, view, row, columns.what, style(role));
    }
    if !row.name.is_empty() {
        pen.put(&row.name, style(Role::Strong)).skip(columns.gap);
    }
    let detail = style(if row.wrong { Role::Wrong } else { Role::Text });
    let end = pen.end;
    if let Some((remark, _)) = &row.remark {
        // Up to half of the room is the remark's: it says what the detail does not.
        let half = paint::cells_of(remark).min(pen.room() / 2);
        pen.end -= half + columns.gap.max(1).min(pen.room() - half);
    }
    let room = pen.room();
    if row.is_filter && paint::cells_of(&row.detail) > room {
        let kept = row.detail.cut_front(usize::from(room.saturating_sub(1)));
        pen.word(view.signs.cut, detail).put(&kept, detail);
    } else {
        pen.put(&row.detail, detail);
    }
    pen.end = end;
    if let Some((remark, role)) = &row.remark {
        pen.skip(columns.gap.max(1)).put(remark, style(*role));
    }
}

/// The column that says what it is. A narrow screen has no such column, and shows a topic as wide as it is, up to half of
/// what is left.
fn what(pen: &mut Pen<'_>, view: &View<'_>, row: &Row, column: u16, style: Style) {
    let (start, end) = (pen.x, pen.end);
    let room = if column > 0 {
        column.min(pen.room())
    } else if row.is_topic {
        pen.room() / 2
    } else {
        pen.room()
    };
    pen.end = start + room;
    if row.is_topic && paint::cells_of(&row.what) > room {
        let kept = row.what.cut_front(usize::from(room.saturating_sub(1)));
        pen.word(view.signs.cut, style).put(&kept, style);
    } else {
        pen.put(&row.what, style);
    }
    pen.end = end;
    pen.x = (start + column + u16::from(column > 0)).max(pen.x + 1).min(end);
}

fn right_words(view: &View<'_>, right: &Right, width: u16) -> (Safe, Role) {
    let marked = |sign: &'static str, words: &str| Safe::new(&format!("{sign} {words}"));
    match right {
        Right::Nothing => (Safe::default(), Role::Dim),
        Right::Aside(aside) => (aside.clone(), Role::Dim),
        Right::Unacked => (Safe::from_static(view.signs.waiting), Role::Waiting),
        Right::Acked(took) => (marked(view.signs.good, &numbers::took(*took)), Role::Dim),
        Right::Left(left) => {
            let left = numbers::left(*left);
            let words = if width >= 84 { format!("answer in {left}") } else { left };
            (Safe::new(&words), Role::Waiting)
        }
        Right::Answered(took) => (marked(view.signs.good, &numbers::took(*took)), Role::Good),
        Right::Late(took) => (marked(view.signs.wrong, &format!("late, {}", numbers::took(*took))), Role::Wrong),
        Right::Ignored => (marked(view.signs.dot, "ignored"), Role::Dim),
        Right::Expired => (marked(view.signs.wrong, "no answer"), Role::Wrong),
    }
}

fn heading(buffer: &mut Buffer, view: &View<'_>) {
    let state = view.state;
    let query = state.window.query();
    let dot = format!(" {} ", view.signs.dot);
    let mut parts = vec![(Safe::from_static("Stream"), Role::Text)];
    let mut add = |text: Safe, role| {
        parts.push((Safe::new(&dot), Role::Dim));
        parts.push((text, role));
    };
    match query.session {
        Some(session) => add(view.device(session), Role::Text),
        None if view.glance.devices.len() > 1 => add(Safe::from_static("all devices"), Role::Text),
        None => {}
    }
    if let Some(topic) = &query.topic {
        add(Safe::new(topic), Role::Match);
    }
    if !state.filter.is_empty() {
        add(Safe::new(&format!("/{}", state.filter.text())), Role::Match);
    }
    let remark = remark(view);
    let role = if state.window.follows() { Role::Dim } else { Role::Waiting };
    frames::title(buffer, view, Pane::Stream, &parts, &remark, role);
}

/// Whether the stream follows, and how much is newer or was let go; with fewer words where those have no room.
fn remark(view: &View<'_>) -> Safe {
    let window = &view.state.window;
    let news = view.glance.newest.saturating_add(1).saturating_sub(window.shown_to());
    let (mode, count) = match (window.is_searching(), window.follows(), news) {
        (true, ..) => ("searching", None),
        (false, true, _) => ("following", Some(numbers::count(view.glance.newest))),
        (false, false, 0) => ("held", None),
        (false, false, news) => ("held", Some(format!("{} newer", numbers::count(news)))),
    };
    let let_go = view.glance.let_go.events;
    let lost = |number: String| (let_go > 0).then(|| format!("{number} let go"));
    let all = window.shows_routine().then(|| "all".to_owned());
    let dotted = |parts: [Option<String>; 4]| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        Safe::new(&parts.join(&format!(" {} ", view.signs.dot)))
    };
    let full = dotted([lost(numbers::count(let_go)), all, Some(mode.to_owned()), count]);
    let room = view.layout.stream.map_or(0, |rect| rect.width);
    if paint::cells_of(&full) + TITLE <= room {
        return full;
    }
    dotted([lost(numbers::about(let_go)), None, Some(mode.to_owned()), None])
}

fn nothing(view: &View<'_>) -> String {
    let state = view.state;
    let key = |action| chord_words(Context::Browse, action);
    let filtered = !state.filter.is_empty() || state.window.query().topic.is_some();
    if state.window.is_searching() {
        "Searching.".to_owned()
    } else if let (true, Some(_)) = (filtered, &state.reel) {
        let (next, back) = (key(Action::NextMatch), key(Action::Back));
        format!("No event fits so far. {next} looks further along the tape, {back} shows all again.")
    } else if filtered {
        format!("No event fits. {} shows all again.", key(Action::Back))
    } else if state.reel.is_some() {
        let key = |knob| chord_words(Context::Replay, Action::Reel(knob));
        format!(
            "Nothing has happened yet on this tape. {} plays it, {} goes to a place on it.",
            key(Knob::Play),
            key(Knob::Seek)
        )
    } else if view.glance.devices.is_empty() {
        "There is no device. Name one in the config, or start `standin demo`.".to_owned()
    } else {
        let (connect, help) = (key(Action::Connect), key(Action::Help));
        format!("Nothing has happened yet. {connect} connects, {help} shows all keys.")
    }
}
