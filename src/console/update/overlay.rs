//! Keys while something is typed or asked: the filter, the palette, the prompt to subscribe, a note, the help, the question
//! before leaving.

use super::{
    Effect, Origin, Sending, World, act as act_anywhere, browse, orders, replay, show_filter, tapes, typed_line,
};
use crate::console::action::{Action, Motion};
use crate::console::keymap::commands;
use crate::console::line::{Edit, Line};
use crate::console::panes::help;
use crate::console::state::{Overlay, State};
use crate::mqtt::{Qos, TopicFilter};
use crate::session::Action as Deed;

pub(super) fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    let ground = state.ground();
    match (&mut state.overlay, action) {
        (Some(Overlay::Help { .. }), Action::Move(motion)) => scroll_help(state, motion),
        (Some(Overlay::Palette { line, chosen }), Action::Move(motion)) => {
            let last = commands(ground, line.text()).len().saturating_sub(1);
            *chosen = match motion {
                Motion::Up => chosen.saturating_sub(1),
                _ => (*chosen + 1).min(last),
            };
        }
        (Some(Overlay::Palette { .. }), Action::Accept) => return run(state, world),
        (Some(Overlay::Prompt { qos, .. }), Action::Qos) => *qos = next(*qos),
        (Some(Overlay::Prompt { force, .. }), Action::Force) => *force = !*force,
        (Some(Overlay::Prompt { .. }), Action::Accept) => return subscribe(state),
        (Some(Overlay::Note { .. }), Action::Accept) => return tapes::note(state),
        (Some(Overlay::Seek { .. }), Action::Accept) => return replay::seek(state),
        (Some(Overlay::Leave { .. }), Action::Accept) => return vec![Effect::Leave],
        (Some(_), Action::Back) => state.overlay = None,
        (None, Action::Move(motion)) => {
            browse::in_stream(state, motion);
        }
        (None, Action::Accept) => {
            state.typing = false;
            state.window.settle();
            remember(state);
        }
        (None, Action::Back) => {
            state.typing = false;
            remember(state);
            state.filter = Line::default();
            show_filter(state);
            state.window.settle();
        }
        _ => {}
    }
    Vec::new()
}

pub(super) fn edit(state: &mut State, edit: Edit, world: &World<'_>) {
    replace_code(state, matches!(edit, Edit::Insert(_)));
    let Some(line) = typed_line(state) else { return };
    if line.edit(edit) {
        changed(state, world);
    }
}

pub(super) fn paste(state: &mut State, text: &str, world: &World<'_>) {
    replace_code(state, true);
    let Some(line) = typed_line(state) else { return };
    line.paste(text);
    changed(state, world);
}

/// What is typed or pasted takes the place of a code that was chosen, as a selected text would be replaced; a key that moves in
/// the line keeps it.
fn replace_code(state: &mut State, inserts: bool) {
    let Some(Overlay::Codes(codes)) = &mut state.overlay else { return };
    let fresh = std::mem::take(&mut codes.is_fresh);
    if fresh && inserts {
        codes.line = Line::default();
    }
}

/// What is typed has changed: a filter acts as it is typed, a palette chooses anew.
fn changed(state: &mut State, _world: &World<'_>) {
    match &mut state.overlay {
        Some(Overlay::Palette { chosen, .. } | Overlay::Drafts { chosen, .. }) => *chosen = 0,
        Some(_) => {}
        None => show_filter(state),
    }
}

fn remember(state: &mut State) {
    if !state.filter.is_empty() {
        state.hunted = state.filter.text().to_owned();
    }
}

/// The next quality of service.
pub(super) fn next(qos: Qos) -> Qos {
    Qos::from_number(qos.number() + 1).unwrap_or_default()
}

fn scroll_help(state: &mut State, motion: Motion) {
    let (width, height) = state.size;
    let visible = help::visible(width, height.saturating_sub(1)).max(1);
    let last = help::lines().saturating_sub(visible);
    if let Some(Overlay::Help { top }) = &mut state.overlay {
        *top = motion.goal(*top, last, visible);
    }
}

/// Runs the chosen command; a number alone is a device.
fn run(state: &mut State, world: &World<'_>) -> Vec<Effect> {
    let Some(Overlay::Palette { line, chosen }) = state.overlay.take() else { return Vec::new() };
    if let Ok(number) = line.text().trim().parse::<usize>() {
        match number.checked_sub(1) {
            Some(place) => browse::device(state, place, world),
            None => return act_anywhere(state, Action::AllDevices, world),
        }
        return Vec::new();
    }
    if let Some(binding) = commands(state.ground(), line.text()).get(chosen) {
        return act_anywhere(state, binding.action, world);
    }
    state.refuse(&format!("No command {:?}.", line.text()));
    Vec::new()
}

fn subscribe(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Prompt { session, line, qos, force }) = &state.overlay else { return Vec::new() };
    let (session, qos, force) = (*session, *qos, *force);
    match TopicFilter::new(line.text().trim()) {
        Ok(filter) => {
            let order = orders::number(state, Deed::Subscribe { filter, qos, force });
            vec![Effect::Send(Sending { session, order, what: "subscribe", origin: Origin::Prompt })]
        }
        Err(error) => {
            state.refuse(&error.to_string());
            Vec::new()
        }
    }
}
