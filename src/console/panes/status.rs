//! The status line: what the last key came to, else how the lines are; the most urgent request where its pane is not on the
//! screen; and the line that is typed.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Pen, View, footer, typed};
use crate::console::glance::{Ask, Device, Right};
use crate::console::layout::Pane;
use crate::console::paint;
use crate::console::state::Overlay;
use crate::console::theme::Role;
use crate::console::words as numbers;
use crate::event::LineState;
use crate::text::Safe;
use crate::timeline::SessionId;

/// Up to so many lines that are down are told one by one; of more, the header shows which.
const SINGLY: usize = 2;

/// A clock that is further off is told, in microseconds: signatures with a time stamp fail long after that, but hints begin here.
const CLOCK_OFF: u64 = 1_000_000;

/// Paints the line, with the keys on its right where they have no line of their own. Answers where the cursor is, if
/// something is typed here.
pub fn render(buffer: &mut Buffer, area: Rect, view: &View<'_>) -> Option<(u16, u16)> {
    let bar = view.style(Role::Bar);
    paint::fill(buffer, area, bar);
    if let Some(cursor) = prompt(buffer, area, view) {
        return Some(cursor);
    }
    if let Some(Overlay::Again(question)) = &view.state.overlay {
        let style = bar.patch(view.style(Role::Waiting));
        let mut pen = Pen::new(buffer, area, view.signs);
        // However narrow the screen is, the way out stays in sight.
        let (end, out) = (pen.end, Safe::from_static(" y/n"));
        pen.end = end.saturating_sub(paint::cells_of(&out));
        pen.skip(1).put(&Safe::new(&question.question), style);
        pen.end = end;
        pen.put(&out, style);
        return None;
    }
    let mut room = area;
    if view.layout.footer.is_none() {
        // Half of the line belongs to the status, whatever keys there are.
        let taken = footer::render_right(
            buffer,
            Rect { x: area.x + area.width / 2, width: area.width - area.width / 2, ..area },
            view,
        );
        room.width -= taken;
    }
    let mut pen = Pen::new(buffer, room, view.signs);
    pen.skip(1);
    if !stands_in_the_pane(view) {
        urgent(&mut pen, view, bar);
    }
    match &view.state.notice {
        Some(notice) => {
            pen.put(&notice.text, bar.patch(view.style(notice.role)));
        }
        None => lines(&mut pen, view, bar),
    }
    None
}

/// The line that is typed, if one is.
fn prompt(buffer: &mut Buffer, area: Rect, view: &View<'_>) -> Option<(u16, u16)> {
    let bar = view.style(Role::Bar);
    let strong = bar.patch(view.style(Role::Strong));
    let (label, line) = match &view.state.overlay {
        Some(Overlay::Palette { line, .. }) => (Safe::from_static(":"), line),
        Some(Overlay::Drafts { line, .. }) => (Safe::from_static("compose: "), line),
        Some(Overlay::Load { session, line }) => {
            (Safe::new(&format!("file of the product model of {}: ", view.device(*session))), line)
        }
        Some(Overlay::Seek { line }) => (Safe::from_static("go to @"), line),
        Some(Overlay::Prompt { session, line, qos, force }) => {
            let force = if *force { ", past the limits" } else { "" };
            let device = view.device(*session);
            (Safe::new(&format!("subscribe {device}, QoS {}{force}: ", qos.number())), line)
        }
        Some(Overlay::Value { property, line, .. }) => {
            let label = property.as_ref().map_or_else(|| "property = value: ".to_owned(), |name| format!("{name} = "));
            (Safe::new(&label), line)
        }
        Some(Overlay::Codes(codes)) => (Safe::from_static("code: "), &codes.line),
        Some(Overlay::Note { session, line }) => (Safe::new(&format!("note on {}: ", view.device(*session))), line),
        None if view.state.typing => (Safe::from_static("/"), &view.state.filter),
        _ => return None,
    };
    let mut room = area;
    let half = Rect { x: area.x + area.width / 2, width: area.width - area.width / 2, ..area };
    if let Some(notice) = &view.state.notice {
        // Why what is typed was not taken.
        let width = (paint::cells_of(&notice.text) + 2).min(half.width);
        let style = bar.patch(view.style(notice.role));
        let text = half.right().saturating_sub(width);
        paint::put_cut(buffer, text + 1, area.y, width.saturating_sub(2), &notice.text, view.signs.cut, style);
        room.width -= width;
    } else if view.layout.footer.is_none() && area.width >= 60 {
        room.width -= footer::render_right(buffer, half, view);
    }
    let mut pen = Pen::new(buffer, room, view.signs);
    pen.skip(1);
    let longest = pen.room() / 2;
    let label = label.cut(usize::from(longest));
    pen.put(&label, strong);
    Some(typed(&mut pen, line, bar))
}

/// Whether the pane of requests shows the most urgent one: it may be scrolled away, and in a stream of one device the keys may be
/// for another than the pane's first.
fn stands_in_the_pane(view: &View<'_>) -> bool {
    let glance = view.glance;
    let is_shown = |ask: &Ask| glance.asks.iter().any(|shown| shown.seq == ask.seq);
    let ambiguous = view.state.focus != Pane::Requests && glance.urgent.is_some() && glance.sooner.is_some();
    let most = glance.sooner.as_ref().or(glance.urgent.as_ref());
    view.layout.requests.is_some() && !ambiguous && most.is_none_or(is_shown)
}

/// The request with the least time left: the chosen device's, for which the keys are, then another device's that has less.
fn urgent(pen: &mut Pen<'_>, view: &View<'_>, bar: Style) {
    let style = bar.patch(view.style(Role::Waiting));
    let device = |ask: &Ask| match view.glance.devices.len() {
        0 | 1 => String::new(),
        _ => format!(" {}", super::number(ask.session)),
    };
    let asks = [&view.glance.urgent, &view.glance.sooner].into_iter().flatten();
    let mut shown = 0;
    for ask in asks {
        let Right::Left(left) = ask.right else { continue };
        let sign = if shown == 0 { view.signs.waiting } else { "," };
        let text = format!("{sign} {}{} {}", numbers::left(left), device(ask), ask.label);
        pen.put(&Safe::new(&text), style);
        shown += 1;
    }
    if shown == 0 {
        return;
    }
    if view.glance.open > shown {
        pen.put(&Safe::new(&format!(" +{}", view.glance.open - shown)), style);
    }
    separate(pen, view, bar);
}

fn separate(pen: &mut Pen<'_>, view: &View<'_>, bar: Style) {
    let [_, upright, ..] = view.signs.lines;
    pen.skip(1).word(upright, bar.patch(view.style(Role::Frame))).skip(1);
}

/// How the lines are: the chosen device's in full, or all of them together; then those that are down.
fn lines(pen: &mut Pen<'_>, view: &View<'_>, bar: Style) {
    let devices = &view.glance.devices;
    let chosen = view.state.device().or_else(|| (devices.len() == 1).then_some(SessionId(0)));
    match chosen.and_then(|session| Some((session, devices.get(usize::from(session.0))?))) {
        Some((session, device)) => one(pen, view, session, device, bar),
        None => all(pen, view, bar),
    }
    let is_chosen = |place| chosen.is_some_and(|session| usize::from(session.0) == place);
    let down: Vec<_> =
        devices.iter().enumerate().filter(|(place, device)| device.is_down() && !is_chosen(*place)).collect();
    if down.len() > SINGLY {
        separate(pen, view, bar);
        let text = format!("{} {} down", view.signs.waiting, numbers::count(down.len() as u64));
        pen.put(&Safe::new(&text), bar.patch(view.style(Role::Waiting)));
        return;
    }
    for (place, device) in down {
        separate(pen, view, bar);
        let style = bar.patch(view.style(Role::Waiting));
        pen.put(&Safe::new(&format!("{} {}", place + 1, state_words(device))), style);
    }
}

fn all(pen: &mut Pen<'_>, view: &View<'_>, bar: Style) {
    let devices = &view.glance.devices;
    let online = devices.iter().filter(|device| device.state == LineState::Online).count();
    pen.put(&Safe::new(&format!("{online} of {} online", devices.len())), bar);
    let sum = |rate: fn(&Device) -> f64| devices.iter().map(rate).fold(0.0, |sum, rate| sum + rate);
    rates(pen, view, bar, sum(|device| device.rates.0), sum(|device| device.rates.1));
}

fn one(pen: &mut Pen<'_>, view: &View<'_>, session: SessionId, device: &Device, bar: Style) {
    pen.put(&Safe::new(&format!("{} ", super::number(session))), bar);
    if device.state == LineState::Online {
        pen.word("online", bar.patch(view.style(Role::Good)));
        pen.put(&Safe::new(&format!(" since {}", device.since)), bar);
        if let Some(off) = device.clock_offset_us.filter(|off| off.unsigned_abs() > CLOCK_OFF) {
            let sign = if off < 0 { '-' } else { '+' };
            let off = numbers::took(Duration::from_micros(off.unsigned_abs()));
            let text = format!(" {} clock {sign}{off}", view.signs.dot);
            pen.put(&Safe::new(&text), bar.patch(view.style(Role::Waiting)));
        } else if let Some(ping) = device.ping {
            pen.put(&Safe::new(&format!(" {} ping {}", view.signs.dot, numbers::took(ping))), bar);
        }
        if device.refused > 0 {
            let text = format!(" {} {} refused", view.signs.dot, device.refused);
            pen.put(&Safe::new(&text), bar.patch(view.style(Role::Wrong)));
        }
        rates(pen, view, bar, device.rates.0, device.rates.1);
        return;
    }
    let role = if device.state == LineState::Offline && device.is_down() { Role::Wrong } else { Role::Waiting };
    pen.put(&Safe::new(&state_words(device)), bar.patch(view.style(role)));
    if !device.reason.is_empty() {
        pen.put(&Safe::new(&format!(" {} {}", view.signs.dot, device.reason)), bar);
    }
}

fn rates(pen: &mut Pen<'_>, view: &View<'_>, bar: Style, down: f64, up: f64) {
    let [fall, rise] = view.signs.rates;
    let text = format!(" {} {fall} {} {rise} {}", view.signs.dot, numbers::rate(down), numbers::rate(up));
    pen.put(&Safe::new(&text), bar);
}

fn state_words(device: &Device) -> String {
    match (device.state, device.retry) {
        (LineState::Backoff, Some((left, whole))) => {
            format!("back-off {}: {} of {}", device.attempt, numbers::left(left), numbers::left(whole))
        }
        (LineState::Backoff, None) => format!("back-off {}", device.attempt),
        (LineState::Connecting, _) if device.attempt > 1 => format!("connecting, attempt {}", device.attempt),
        (LineState::Connecting, _) => "connecting".to_owned(),
        (LineState::Online, _) => "online".to_owned(),
        (LineState::Offline, _) if device.code.is_empty() => "offline".to_owned(),
        (LineState::Offline, _) => format!("offline: {}", device.code),
    }
}
