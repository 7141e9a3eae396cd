//! The keys that are most useful now, from the keymap.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::View;
use crate::console::action::{Action, Knob, Motion, Way};
use crate::console::glance::{Ask, Right};
use crate::console::keymap::{Context, binding};
use crate::console::layout::Pane;
use crate::console::paint;
use crate::console::theme::Role;
use crate::event::LineState;
use crate::text::Safe;

/// How many keys are shown.
const KEYS: usize = 5;

/// Paints a line of keys.
pub fn render(buffer: &mut Buffer, area: Rect, view: &View<'_>) {
    paint::fill(buffer, area, view.style(Role::Bar));
    let mut x = area.x + u16::from(area.width > 1);
    for (chord, words) in fitting(view, area.width.saturating_sub(1)) {
        x += put(buffer, x, area, view, &chord, &words) + 2;
    }
}

/// Paints the keys at the right end of a line; answers how many cells they take.
pub fn render_right(buffer: &mut Buffer, area: Rect, view: &View<'_>) -> u16 {
    let keys = fitting(view, area.width.saturating_sub(1));
    let wanted: u16 = keys.iter().map(|(chord, words)| width(chord, words) + 2).sum();
    if wanted == 0 {
        return 0;
    }
    let mut x = area.right().saturating_sub(wanted - 1);
    for (chord, words) in &keys {
        x += put(buffer, x, area, view, chord, words) + 2;
    }
    wanted
}

fn put(buffer: &mut Buffer, x: u16, area: Rect, view: &View<'_>, chord: &Safe, words: &Safe) -> u16 {
    let bar = view.style(Role::Bar);
    let room = |x: u16| area.right().saturating_sub(x);
    let style: Style = bar.patch(view.style(Role::Key));
    let key = paint::put(buffer, x, area.y, room(x), chord, style);
    key + 1 + paint::put(buffer, x + key + 1, area.y, room(x + key + 1), words, bar)
}

fn width(chord: &Safe, words: &Safe) -> u16 {
    paint::cells_of(chord) + 1 + paint::cells_of(words)
}

/// The most useful keys that fit into `room` cells.
fn fitting(view: &View<'_>, room: u16) -> Vec<(Safe, Safe)> {
    let context = view.state.context();
    let mut taken = 0;
    let mut out = Vec::new();
    for action in useful(view).into_iter().take(KEYS) {
        let Some(found) = binding(context, action).filter(|found| !found.short.is_empty()) else { continue };
        let Some(chord) = found.chords.first() else { continue };
        let (chord, words) = (Safe::new(&chord.to_string()), Safe::from_static(found.short));
        let wanted = width(&chord, &words) + 2;
        if taken + wanted > room + 2 {
            continue;
        }
        taken += wanted;
        out.push((chord, words));
    }
    out
}

/// The actions that are worth a place, the most useful first; help is always among the first five.
fn useful(view: &View<'_>) -> Vec<Action> {
    let state = view.state;
    let mut actions = match state.context() {
        Context::Compose if state.composer.wants_force() => {
            vec![Action::Force, Action::Send, Action::Back, Action::Topic, Action::Qos]
        }
        Context::Compose if state.composer.has_form() => {
            vec![Action::Send, Action::Form, Action::Back, Action::Drafts, Action::Fill]
        }
        Context::Form => vec![Action::Send, Action::Accept, Action::Choice(Way::On), Action::Form, Action::Fill],
        Context::Compose => vec![Action::Send, Action::Back, Action::Topic, Action::Qos],
        Context::Filter
        | Context::Palette
        | Context::Confirm
        | Context::Note
        | Context::Question
        | Context::Again
        | Context::Drafts
        | Context::Load
        | Context::Seek
        | Context::Value => {
            vec![Action::Accept, Action::Back]
        }
        Context::Codes | Context::Offers => vec![Action::Accept, Action::Move(Motion::Down), Action::Back],
        Context::Doings => doings(view),
        Context::Tapes => vec![Action::Accept, Action::Mark, Action::Resend, Action::Discard, Action::Back],
        Context::Prompt => vec![Action::Accept, Action::Qos, Action::Back],
        Context::Help => vec![Action::Move(Motion::Down), Action::Move(Motion::PageDown), Action::Back],
        Context::Replay => replay(view),
        Context::Everywhere | Context::Browse => browse(view),
    };
    if matches!(state.context(), Context::Browse | Context::Replay) {
        actions.truncate(KEYS - 1);
        actions.push(Action::Help);
    }
    actions
}

fn doings(view: &View<'_>) -> Vec<Action> {
    // Enter asks for the time too, on the clock's line.
    let mut actions = vec![Action::Accept, Action::SetProperty, Action::Rules, Action::Back];
    // Without an upgrade there is nothing that could fail.
    if view.glance.doings.as_ref().is_some_and(|standing| standing.upgrade.is_some()) {
        actions.insert(3, Action::Fail);
    }
    actions
}

fn replay(view: &View<'_>) -> Vec<Action> {
    let state = view.state;
    match state.focus {
        Pane::Message => vec![Action::View, Action::CopyPayload, Action::Back, Action::Reel(Knob::Play)],
        Pane::Topics | Pane::Requests => vec![Action::Open, Action::Back, Action::Reel(Knob::Play)],
        _ if !state.window.follows() => {
            vec![Action::Move(Motion::Last), Action::Open, Action::Reel(Knob::Play), Action::NextMatch]
        }
        _ => {
            let (step, next) = (Knob::Step(Way::On), Knob::Command(Way::On));
            vec![Action::Reel(Knob::Play), Action::Reel(step), Action::Reel(next), Action::Reel(Knob::Seek)]
        }
    }
}

fn browse(view: &View<'_>) -> Vec<Action> {
    let state = view.state;
    if state.focus == Pane::Requests && view.glance.all_asks > 0 {
        let meant = state.inbox.meant();
        let is_over = |ask: &Ask| Some(ask.seq) == meant && !matches!(ask.right, Right::Left(_));
        // What does not wait any more cannot be held.
        let last = if view.glance.asks.iter().any(is_over) { Action::Open } else { Action::Hold };
        return vec![Action::Succeed, Action::Fail, Action::Reply, last];
    }
    let mut actions = Vec::new();
    // A stream of one device keeps these keys to its requests.
    let waits = view.glance.urgent.is_some() || (view.glance.open > 0 && state.device().is_none());
    if waits {
        actions.extend([Action::Succeed, Action::Reply]);
    }
    let chosen = state.device().map(|session| usize::from(session.0));
    let mut devices =
        view.glance.devices.iter().enumerate().filter(|(place, _)| chosen.is_none_or(|chosen| chosen == *place));
    match devices.find(|(_, device)| matches!(device.state, LineState::Backoff | LineState::Offline)) {
        Some((_, device)) if device.state == LineState::Backoff => actions.push(Action::Reconnect),
        Some(_) => actions.push(Action::Connect),
        // To fail a request is worth a place where no line is down.
        None if waits => actions.insert(1, Action::Fail),
        None => {}
    }
    let pane: &[Action] = match state.focus {
        Pane::Stream if !state.window.follows() => &[Action::Move(Motion::Last), Action::Open, Action::Filter],
        Pane::Stream => &[Action::Compose, Action::Follow, Action::Filter, Action::NextPane],
        Pane::Message => &[Action::View, Action::CopyPayload, Action::Back],
        Pane::Topics => &[Action::Subscribe, Action::Unsubscribe, Action::Open, Action::Back],
        Pane::Requests => &[Action::Open, Action::Compose, Action::Back],
        Pane::Composer => &[Action::Compose],
    };
    if state.focus == Pane::Stream && (!state.filter.is_empty() || state.window.query().topic.is_some()) {
        actions.push(Action::Back);
    }
    actions.extend(pane);
    actions
}
