//! Keys in the composer, and what opens it.

use ratatui::crossterm::event::KeyEvent;

use super::{Effect, World, target};
use crate::console::action::Action;
use crate::console::layout::Pane;
use crate::console::state::State;

pub(super) fn act(state: &mut State, action: Action, _world: &World<'_>) -> Vec<Effect> {
    if action == Action::Back {
        close(state);
    }
    Vec::new()
}

/// Opens the composer with a report.
pub(super) fn report(state: &mut State, world: &World<'_>) {
    let Some(session) = target(state, world) else { return };
    if let Some(handle) = world.handle(session) {
        state.composer.report(handle);
        enter(state);
    }
}

/// Opens the composer with a reply.
pub(super) fn reply(state: &mut State, world: &World<'_>) {
    let requests = world.timeline.requests();
    let chosen = match state.focus {
        Pane::Requests => state.request,
        _ => state.window.selected().filter(|_| state.window.is_chosen()),
    };
    let request = chosen
        .and_then(|seq| requests.iter().find(|request| request.seq == seq))
        .or_else(|| requests.most_urgent().1);
    let Some(request) = request else {
        return state.refuse("No request is open, so there is nothing to reply to.");
    };
    if let Some(handle) = world.handle(request.session) {
        state.composer.reply(handle, request);
        enter(state);
    }
}

pub(super) fn key(_state: &mut State, _event: KeyEvent) {}

pub(super) fn paste(_state: &mut State, _text: &str) {}

/// What was composed is on its way.
pub(super) fn sent(state: &mut State) {
    close(state);
}

fn enter(state: &mut State) {
    if state.focus != Pane::Composer {
        state.before = state.focus;
    }
    state.focus = Pane::Composer;
    state.zoom = false;
}

fn close(state: &mut State) {
    state.composer.close();
    state.focus = state.before;
}
