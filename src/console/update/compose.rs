//! Keys in the composer, and what opens it.

use ratatui::crossterm::event::KeyEvent;

use super::{Effect, Origin, Sending, World, inbox, likely_target};
use crate::console::action::Action;
use crate::console::composer::{Purpose, Scene};
use crate::console::layout::Pane;
use crate::console::state::State;
use crate::timeline::{Request, RequestState};

pub(super) fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    match action {
        Action::Send => return send(state, world),
        Action::Force => state.composer.toggle_force(),
        Action::Topic => state.composer.next_topic(),
        Action::Drafts => super::drafts::open(state),
        Action::Form => state.composer.toggle_form(),
        Action::Fill => state.composer.fill(),
        Action::Qos => state.composer.next_qos(),
        Action::Retain => state.composer.toggle_retain(),
        Action::Discard => {
            state.composer.discard();
            state.tell("The draft was thrown away.");
        }
        Action::Back => {
            let unsent = state.composer.unsent();
            state.composer.back();
            if !state.composer.is_open() && unsent > 0 {
                state.tell("The draft is kept.");
            }
        }
        // Nothing else is bound to a key of the composer.
        _ => {}
    }
    if !state.composer.is_open() {
        leave(state);
    }
    state.composer.read_model();
    Vec::new()
}

/// A key while the form has them: its own first, then those of the composer.
pub(super) fn act_in_form(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    match action {
        Action::Accept => state.composer.accept_field(),
        Action::Choice(way) => state.composer.choose_in_form(way),
        Action::Omit => state.composer.omit_field(),
        Action::Move(motion) => state.composer.move_in_form(motion),
        Action::Back => state.composer.leave_form(),
        _ => return act(state, action, world),
    }
    Vec::new()
}

/// An editing key.
pub(super) fn key(state: &mut State, event: KeyEvent) {
    if state.composer.is_form() {
        state.composer.form_key(event);
    } else {
        state.composer.key(event);
    }
    state.composer.read_model();
}

/// A paste: text, whatever it holds.
pub(super) fn paste(state: &mut State, text: &str) {
    state.composer.paste(text);
    state.composer.read_model();
}

/// Opens the composer with a report: a new one, or the one that was kept.
pub(super) fn report(state: &mut State, world: &World<'_>) {
    let Some(handle) = likely_target(state, world).and_then(|session| world.handle(session)) else {
        return state.refuse("There is no device to send from.");
    };
    // Ids of bodies must not come again, in this run or the next.
    let serial = u64::try_from(world.now.at.unix_micros() / 1000).unwrap_or(1);
    state.composer.open_report(handle, serial);
    enter(state);
}

/// Opens the composer with the reply to the chosen request, else to the one with the least time left.
pub(super) fn reply(state: &mut State, world: &World<'_>) {
    let Some(request) = inbox::chosen(state, world) else {
        return inbox::refuse(state, world);
    };
    let Some(handle) = world.handle(request.session) else {
        return state.refuse("The device of that request is not connected from here.");
    };
    if state.composer.open_reply(handle, request) {
        state.inbox.chosen = Some(request.seq);
        state.inbox.last = Some(request.seq);
        enter(state);
    } else {
        state.refuse("The cloud knows no answer to that request. c composes a message.");
    }
}

/// The session took what was composed. A reply closes the composer, a report stays to be sent again.
pub(super) fn sent(state: &mut State) {
    state.composer.sent();
    if !state.composer.is_open() {
        leave(state);
    }
}

fn send(state: &mut State, world: &World<'_>) -> Vec<Effect> {
    let Some(session) = state.composer.target() else { return Vec::new() };
    let Some(standing) = world.standing(session) else { return Vec::new() };
    let (request, what) = match state.composer.purpose() {
        Some(Purpose::Reply { seq, .. }) => (asked(world, *seq), "reply"),
        _ => (None, "publish"),
    };
    let irregular = request.map(|request| inbox::irregular(state, request, world)).unwrap_or_default();
    let scene = Scene { standing, request, irregular, now: world.now };
    match state.composer.to_order(&scene, state.next_order) {
        Some(Ok(order)) => {
            state.next_order += 1;
            if let Some(request) = request.filter(|request| request.state == RequestState::Open) {
                inbox::move_on(state, request.seq, world);
            }
            vec![Effect::Send(Sending { session, order, what, origin: Origin::Composer })]
        }
        // The verdict stands below the text.
        Some(Err(_)) | None => Vec::new(),
    }
}

fn asked<'a>(world: &World<'a>, seq: u64) -> Option<&'a Request> {
    // One whose id a newer request has taken cannot be answered: the answer would be for that one.
    let requests = world.history.timeline.requests();
    let request = requests.get(seq)?;
    requests.find(request.session, &request.request_id).filter(|newest| newest.seq == seq)
}

fn enter(state: &mut State) {
    state.composer.read_model();
    if state.focus != Pane::Composer {
        state.before = state.focus;
    }
    state.focus = Pane::Composer;
    state.zoom = false;
}

fn leave(state: &mut State) {
    state.focus = state.before;
}
