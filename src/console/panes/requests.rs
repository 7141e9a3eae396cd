//! The requests of the platforms: those that wait, the most urgent first, then those that are over.

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

/// Paints the pane.
pub fn render(buffer: &mut Buffer, rect: Rect, view: &View<'_>) {
    let open = view.glance.open;
    let mut parts = vec![(Safe::from_static("Requests"), Role::Text)];
    if open > 0 {
        parts.push((Safe::new(&format!(" {} ", view.signs.dot)), Role::Dim));
        parts.push((
            Safe::new(&format!("{} open", numbers::count(u64::try_from(open).unwrap_or(u64::MAX)))),
            Role::Waiting,
        ));
    }
    frames::title(buffer, view, Pane::Requests, &parts, &Safe::default(), Role::Dim);
    let area = view.layout.inside(rect);
    if view.glance.asks.is_empty() {
        let text = "No request yet. What a platform asks for, a command or a property set, waits here for its answer.";
        let inset = u16::from(area.width > 2);
        let area = Rect { x: area.x + inset, width: area.width - 2 * inset, ..area };
        words(buffer, area, text, view.style(Role::Dim));
        return;
    }
    for (y, ask) in (area.top()..area.bottom()).zip(&view.glance.asks) {
        let line = Rect { y, height: 1, ..area };
        let selected = view.state.focus == Pane::Requests && view.state.request == Some(ask.seq);
        let ground = if selected { view.style(Role::Selected) } else { Style::new() };
        if selected {
            paint::tint(buffer, line, ground);
        }
        let style = |role| view.style(role).patch(ground);
        let mut pen = Pen::new(buffer, line, view.signs);
        pen.word(if selected { view.signs.cursor } else { " " }, style(Role::Accent));
        let (state, tail, role) = words_of(view, ask);
        let start = pen.x;
        paint::put_right(pen.buffer, start, y, pen.room().min(5), &state, view.signs.cut, style(role));
        pen.skip(7);
        if view.glance.devices.len() > 1 {
            pen.put(&Safe::new(&number(ask.session).to_string()), style(Role::Text)).skip(2);
        }
        let tail_width = paint::cells_of(&tail).min(pen.room() / 2);
        let end = pen.end;
        paint::put_right(
            pen.buffer,
            end.saturating_sub(tail_width + 1),
            y,
            tail_width,
            &tail,
            view.signs.cut,
            style(role),
        );
        pen.end = end.saturating_sub(if tail_width > 0 { tail_width + 2 } else { 0 });
        let label = if matches!(ask.right, Right::Left(_)) { Role::Strong } else { Role::Text };
        pen.put(&ask.label, style(label));
        if view.state.composer.has_reply_to(ask.session, ask.seq) {
            pen.skip(1).word("draft", style(Role::Dim));
        }
    }
}

/// The time left or the sign of the end; and how long the answer took.
fn words_of(view: &View<'_>, ask: &Ask) -> (Safe, Safe, Role) {
    let text = |words: String| Safe::new(&words);
    match &ask.right {
        Right::Left(left) => (text(numbers::left(*left)), Safe::default(), Role::Waiting),
        Right::Answered(took) => (Safe::from_static(view.signs.good), text(numbers::took(*took)), Role::Good),
        Right::Late(took) => {
            (Safe::from_static(view.signs.wrong), text(format!("late, {}", numbers::took(*took))), Role::Wrong)
        }
        Right::Expired => (Safe::from_static(view.signs.wrong), Safe::from_static("no answer"), Role::Wrong),
        Right::Ignored => (Safe::from_static(view.signs.dot), Safe::from_static("ignored"), Role::Dim),
        // No request ends like this.
        Right::Nothing | Right::Aside(_) | Right::Acked(_) | Right::Unacked => {
            (Safe::default(), Safe::default(), Role::Dim)
        }
    }
}
