//! The list of commands above the line in which a command's name is typed, the question before leaving, and other questions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Pen, View, words};
use crate::console::chord::Chord;
use crate::console::keymap::commands;
use crate::console::line::Line;
use crate::console::paint;
use crate::console::theme::Role;
use crate::text::Safe;

/// How many commands are shown at once.
const ROWS: u16 = 10;
/// From this width on a list's frame has room for words.
const LABELLED: u16 = 30;

/// Paints the commands that fit what is typed, above `bottom`.
pub fn render(buffer: &mut Buffer, above: Rect, view: &View<'_>, line: &Line, chosen: usize) {
    let found = commands(view.state.ground(), line.text());
    let count = u16::try_from(found.len()).unwrap_or(u16::MAX).clamp(1, ROWS);
    let height = (count + 2).min(above.height);
    let area = Rect { y: above.bottom() - height, height, width: above.width.min(76), ..above };
    paint::fill(buffer, area, view.style(Role::Text));
    paint::outline(buffer, area, view.signs, view.style(Role::Accent));
    let inside = shrink(area);
    if found.is_empty() {
        let digits = !line.is_empty() && line.text().bytes().all(|byte| byte.is_ascii_digit());
        let text = if digits { "The device of that number." } else { "No command has that name or does that." };
        words(buffer, inside, text, view.style(Role::Dim));
        return;
    }
    place_in(buffer, area, view, chosen + 1, found.len());
    let top = (chosen + 1).saturating_sub(usize::from(inside.height));
    for (y, (place, binding)) in (inside.top()..inside.bottom()).zip(found.iter().enumerate().skip(top)) {
        let row = Rect { y, height: 1, ..inside };
        let mut ground = view.style(Role::Text);
        if place == chosen {
            ground = view.style(Role::Selected);
            paint::tint(buffer, row, ground);
        }
        let style = |role| view.style(role).patch(ground);
        let mut pen = Pen::new(buffer, row, view.signs);
        pen.word(if place == chosen { view.signs.cursor } else { " " }, style(Role::Accent));
        pen.word(binding.name, style(Role::Strong));
        pen.x = pen.x.max(inside.x + 18.min(inside.width));
        let chord = binding.chords.first().map(Chord::to_string).unwrap_or_default();
        pen.put(&Safe::new(&chord), style(Role::Key));
        pen.x = pen.x.max(inside.x + 26.min(inside.width)).max(pen.x + 1);
        pen.word(binding.words, style(Role::Text));
    }
}

/// Paints the question whether to leave, in the middle of the screen.
pub fn leave(buffer: &mut Buffer, screen: Rect, view: &View<'_>, reasons: &[Safe]) {
    let rows = u16::try_from(reasons.len()).unwrap_or(u16::MAX).saturating_add(4);
    let widest = reasons.iter().map(paint::cells_of).max().unwrap_or(0).saturating_add(6).max(34);
    let (width, height) = (screen.width.min(widest), screen.height.min(rows));
    let area =
        Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height };
    paint::fill(buffer, area, view.style(Role::Text));
    paint::outline(buffer, area, view.signs, view.style(Role::Accent));
    let inside = shrink(area);
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

/// Paints a question in the middle of the screen.
pub(super) fn ask(buffer: &mut Buffer, screen: Rect, view: &View<'_>, lines: &[(Safe, Role)]) {
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let widest = lines.iter().map(|(line, _)| paint::cells_of(line)).max().unwrap_or(0).saturating_add(4).max(34);
    let (width, height) = (screen.width.min(widest), screen.height.min(rows));
    let area =
        Rect { x: screen.x + (screen.width - width) / 2, y: screen.y + (screen.height - height) / 2, width, height };
    paint::fill(buffer, area, view.style(Role::Text));
    paint::outline(buffer, area, view.signs, view.style(Role::Accent));
    let inside = shrink(area);
    for (y, (line, role)) in (inside.top()..inside.bottom()).zip(lines) {
        Pen::new(buffer, Rect { y, height: 1, ..inside }, view.signs).skip(1).put(line, view.style(*role));
    }
}

/// Says in a list's frame where in it one is, if not all of its `count` lines are on the screen: "14 of 31".
pub(super) fn place_in(buffer: &mut Buffer, area: Rect, view: &View<'_>, line: usize, count: usize) {
    if count > usize::from(shrink(area).height) {
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

/// What is inside a frame.
pub(super) fn shrink(area: Rect) -> Rect {
    Rect {
        x: area.x + 1.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}
