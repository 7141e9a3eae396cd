//! Keys about tapes: starting and ending them, notes, the list and its questions.

use super::{Effect, World, likely_target};
use crate::console::action::{Action, Motion};
use crate::console::line::Line;
use crate::console::panes::tapes as pane;
use crate::console::state::{Overlay, State};
use crate::console::tapes::shelf::{Found, Kept};
use crate::console::tapes::{Asked, List, Wish};
use crate::session::recorder::Phase;
use crate::tape::Ending;
use crate::timeline::SessionId;

/// Starts a tape of what is chosen, or ends the one that covers it.
pub(super) fn toggle(state: &mut State, world: &World<'_>) -> Vec<Effect> {
    if world.handles.is_empty() {
        state.refuse("There is no device that could be recorded.");
        return Vec::new();
    }
    let chosen = state.device();
    let running =
        state.tapes.covering(chosen, world.history.timeline.sessions().len()).map(|tape| (tape.id, tape.phase));
    let wish = match running {
        None => {
            state.tell("The tape is being begun.");
            Wish::Start(chosen)
        }
        Some((id, Phase::Running)) => {
            state.tell("The tape is being ended.");
            Wish::Stop(id)
        }
        Some((_, Phase::Starting)) => {
            state.refuse("The tape is still being begun.");
            return Vec::new();
        }
        Some((_, Phase::Ending)) => {
            state.refuse("The tape is still being ended.");
            return Vec::new();
        }
    };
    vec![Effect::Tape(wish)]
}

/// Stops sending a tape's part again.
pub(super) fn stop_sending(state: &mut State) -> Vec<Effect> {
    if state.sending.is_none() {
        state.refuse("Nothing is being sent again: p in the list of tapes (L) does that.");
        return Vec::new();
    }
    vec![Effect::StopSending]
}

/// Opens the prompt for a note.
pub(super) fn prompt(state: &mut State, world: &World<'_>) {
    match likely_target(state, world) {
        Some(session) => state.overlay = Some(Overlay::Note { session, line: Line::default() }),
        None => state.refuse("There is no device that a note could be about."),
    }
}

/// Notes what is typed.
pub(super) fn note(state: &mut State) -> Vec<Effect> {
    let Some(Overlay::Note { session, line }) = &state.overlay else { return Vec::new() };
    let (session, text) = (*session, line.text().trim().to_owned());
    if text.is_empty() {
        state.refuse("Nothing is typed: Esc goes back.");
        return Vec::new();
    }
    state.overlay = None;
    if state.tapes.running().iter().any(|(tape, _)| tape.covers(session)) {
        state.tell("Noted, on the tape too.");
    } else {
        state.tell("Noted. No tape of this device runs: t starts one.");
    }
    vec![Effect::Note { session, text }]
}

/// A key while the list is open.
pub(super) fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    let Some(Overlay::Tapes(list)) = &state.overlay else { return Vec::new() };
    if let Some(asked) = list.asked.clone() {
        return answer(state, action, asked, world);
    }
    let mut list = list.clone();
    let place = state.tapes.shelf.place(list.chosen.as_deref());
    let chosen = state.tapes.shelf.tapes.get(place).cloned();
    match (action, chosen) {
        (Action::Back, _) => state.overlay = None,
        (_, None) => state.refuse("There is no tape in the folder yet. t starts one."),
        (Action::Move(motion), Some(_)) => {
            let goal = moved(state, place, motion);
            list.chosen = state.tapes.shelf.tapes.get(goal).map(|tape| tape.path.clone());
            state.overlay = Some(Overlay::Tapes(list));
        }
        (Action::Mark, Some(tape)) => {
            match list.marked.iter().position(|marked| *marked == tape.path) {
                Some(marked) => drop(list.marked.remove(marked)),
                None => list.marked.push(tape.path.clone()),
            }
            let goal = moved(state, place, Motion::Down);
            list.chosen = state.tapes.shelf.tapes.get(goal).map(|tape| tape.path.clone());
            state.overlay = Some(Overlay::Tapes(list));
        }
        (Action::Accept, Some(tape)) => {
            let marked = !list.marked.is_empty();
            if let (Found::Fault(reason), false) = (&tape.found, marked) {
                let words = format!("It cannot be replayed. {}", reason.as_str());
                state.refuse(&words);
                return Vec::new();
            }
            let paths = if marked { list.marked } else { vec![tape.path.clone()] };
            state.overlay = None;
            return vec![Effect::Replay(paths)];
        }
        (Action::Resend, Some(tape)) => match (&tape.found, sender(state, &tape.found, world)) {
            (Found::Tape(_), Some(session)) => {
                list.asked = Some(Asked::Resend(tape.path.clone(), session));
                state.overlay = Some(Overlay::Tapes(list));
            }
            (Found::Unread, _) => state.refuse("It has not been opened yet. Try again in a moment."),
            (Found::Fault(_), _) => state.refuse("Nothing on it can be read."),
            (Found::Tape(_), None) => state.refuse("There is no device that could send."),
        },
        (Action::Discard, Some(tape)) if is_written(state, &tape.path, &tape.found) => {
            state.refuse("It is being written: it stays. t ends a tape.");
        }
        (Action::Discard, Some(tape)) => {
            list.asked = Some(Asked::Delete(tape.path.clone()));
            state.overlay = Some(Overlay::Tapes(list));
        }
        _ => {}
    }
    Vec::new()
}

/// The device that most probably shall send again: the chosen one, else the one that the tape is of.
fn sender(state: &State, found: &Found, world: &World<'_>) -> Option<SessionId> {
    let is_on = |name: &str| match found {
        Found::Tape(kept) => kept.sessions.iter().any(|(known, _)| known.as_str() == name),
        Found::Unread | Found::Fault(_) => false,
    };
    let same = || world.handles.iter().find(|handle| is_on(&handle.profile.name)).map(|handle| handle.id);
    let chosen = state.device().filter(|session| world.handle(*session).is_some());
    chosen.or_else(same).or_else(|| likely_target(state, world))
}

/// A key while a question about a tape waits.
fn answer(state: &mut State, action: Action, asked: Asked, world: &World<'_>) -> Vec<Effect> {
    let question = |state: &mut State, question: Option<Asked>| {
        if let Some(Overlay::Tapes(List { asked, .. })) = &mut state.overlay {
            *asked = question;
        }
    };
    match (action, asked) {
        (Action::Back, _) => question(state, None),
        (Action::Device(place), Asked::Resend(path, _)) => {
            let session = u16::try_from(place).map(SessionId).ok().filter(|id| world.handle(*id).is_some());
            match session {
                Some(session) => question(state, Some(Asked::Resend(path, session))),
                None => state.refuse(&format!("There is no device {}.", place + 1)),
            }
        }
        (Action::Accept, Asked::Resend(path, session)) => {
            state.overlay = None;
            return vec![Effect::Resend { path, session }];
        }
        (Action::Accept, Asked::Delete(path)) => {
            if let Some(Overlay::Tapes(list)) = &mut state.overlay {
                list.asked = None;
                list.marked.retain(|marked| *marked != path);
                // The cursor goes to the tape below, which takes the place.
                let place = state.tapes.shelf.place(Some(&path));
                let below = state
                    .tapes
                    .shelf
                    .tapes
                    .get(place + 1)
                    .or_else(|| state.tapes.shelf.tapes.get(place.checked_sub(1)?));
                list.chosen = below.map(|tape| tape.path.clone());
            }
            return vec![Effect::Tape(Wish::Delete(path))];
        }
        _ => {}
    }
    Vec::new()
}

/// Whether a tape is being written, by this program or by another.
fn is_written(state: &State, path: &std::path::Path, found: &Found) -> bool {
    let by_us = state.tapes.running().iter().any(|(tape, _)| tape.status.path == path);
    by_us || matches!(found, Found::Tape(kept) if matches!(**kept, Kept { ending: Ending::BeingWritten, .. }))
}

fn moved(state: &State, place: usize, motion: Motion) -> usize {
    let count = state.tapes.shelf.tapes.len();
    // Header, status and footer take three lines of most screens.
    let page = pane::rows(state.size.1.saturating_sub(3), count).max(1);
    motion.goal(place, count.saturating_sub(1), page)
}
