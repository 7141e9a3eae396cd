//! What a key does: `(state, action, world) → effects`. Pure: the shell carries the effects out and tells how that went.
//!
//! A key that cannot act says why in the status line.

mod browse;
mod compose;
mod doings;
mod drafts;
mod inbox;
mod models;
mod offers;
mod orders;
mod overlay;
mod replay;
mod tapes;

use std::path::PathBuf;
use std::time::Instant;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;
use super::application::{Application, Wanted};
use super::chord::Chord;
use super::history::History;
use super::inbox::Bound;
use super::keymap::{Context, lookup};
use super::line::{Edit, Line};
use super::state::{Codes, Overlay, State, TWICE};
use super::tapes::Wish;
use crate::event::{LineState, Moment};
use crate::replay::Order as Turn;
use crate::session::{Handle, Order};
use crate::timeline::{Filter, Query, SessionId, Standing};

pub use inbox::{held, ignored};
pub use orders::{refused, settle, taken};

/// What a key may look at.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// What happened.
    pub history: History<'a>,
    /// The sessions.
    pub handles: &'a [Handle],
    /// The platform's application, where this program has one.
    pub application: Option<&'a dyn Application>,
    /// Now, as the history goes.
    pub now: Moment,
    /// Now, at the keys: the same but in a replay.
    pub real: Instant,
}

/// What the shell has to do.
#[derive(Debug)]
pub enum Effect {
    /// Hand an order to a session, without waiting.
    Send(Sending),
    /// Put these bytes on the clipboard of the terminal.
    Copy(Vec<u8>),
    /// Take the next theme.
    NextTheme,
    /// Give the terminal back to the shell until it continues the program.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// See to a tape.
    Tape(Wish),
    /// Put a note on the stream.
    Note {
        /// The session that it is about.
        session: SessionId,
        /// The note.
        text: String,
    },
    /// Set a request aside, or take it back.
    Hold {
        /// The request.
        bound: Bound,
        /// Whether it is set aside.
        held: bool,
    },
    /// Leave a request without an answer.
    Ignore {
        /// The request.
        bound: Bound,
        /// What the timeline shall say of it.
        note: String,
    },
    /// Have the platform's application send something.
    Order(Wanted),
    /// Read the model of a device's product.
    LoadModel {
        /// The session of the device.
        session: SessionId,
        /// The file, as it was typed.
        file: String,
    },
    /// Replay these tapes as one stream.
    Replay(Vec<PathBuf>),
    /// Send what a tape's device sent once more.
    Resend {
        /// The tape.
        path: PathBuf,
        /// The session that sends.
        session: SessionId,
    },
    /// Stop sending a tape's part again.
    StopSending,
    /// Tell the deck something.
    Deck(Turn),
    /// Break off the search of the tape.
    CallOff,
    /// Leave the replay.
    EndReplay,
    /// Leave.
    Leave,
}

/// An order for a session.
#[derive(Debug)]
pub struct Sending {
    /// The session.
    pub session: SessionId,
    /// The order, with its number.
    pub order: Order,
    /// What is asked for, as words: "publish", "subscribe".
    pub what: &'static str,
    /// Where the order was made: what becomes of its text depends on it.
    pub origin: Origin,
}

/// Where an order was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the composer.
    Composer,
    /// At the prompt for a topic filter.
    Prompt,
    /// By a key alone.
    Key,
    /// In the list of what a device does by itself.
    Doings,
}

impl<'a> World<'a> {
    /// A session as it stands.
    pub fn standing(&self, session: SessionId) -> Option<&'a Standing> {
        self.history.timeline.sessions().get(usize::from(session.0))
    }

    /// How to speak to a session.
    pub fn handle(&self, session: SessionId) -> Option<&'a Handle> {
        self.handles.iter().find(|handle| handle.id == session)
    }
}

/// A key was pressed.
pub fn key(state: &mut State, event: KeyEvent, world: &World<'_>) -> Vec<Effect> {
    let chord = Chord::of(event);
    let context = state.context();
    let action = lookup(context, chord);
    if let (None, Some(letter)) = (action, chord.escaped()) {
        // Terminals write Esc and a letter typed right after it as they write Alt with that letter. Alt with a letter is
        // nobody's key here, so it is the two.
        let mut effects = key(state, KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), world);
        effects.extend(key(state, KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE), world));
        return effects;
    }
    if action != Some(Action::Interrupt) {
        state.notice = None;
        state.interrupted = None;
    }
    match action {
        Some(action) => act(state, action, world),
        None if matches!(context, Context::Compose | Context::Form) => {
            compose::key(state, event);
            Vec::new()
        }
        None => {
            match (context.takes_text(), edit(chord)) {
                (true, Some(edit)) => overlay::edit(state, edit, world),
                (true, None) => {}
                (false, _) => {
                    let helps = lookup(context, Chord::letter('?')) == Some(Action::Help);
                    let way = if helps { "? shows the keys." } else { "Esc goes back." };
                    state.refuse(&format!("{chord} does nothing here. {way}"));
                }
            }
            Vec::new()
        }
    }
}

/// Text was pasted: it is put where text is typed, and it never sends.
pub fn paste(state: &mut State, text: &str, world: &World<'_>) {
    state.notice = None;
    match state.context() {
        Context::Compose | Context::Form => compose::paste(state, text),
        context if context.takes_text() => overlay::paste(state, text, world),
        Context::Replay => state.refuse("A paste goes into the filter (/) or the place to go to (@)."),
        _ => state.refuse("Nothing here takes a paste. c, /, m and s open what does."),
    }
}

/// Carries an action out, in the context that the state is in.
pub fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    match action {
        Action::Interrupt => return interrupt(state, world),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        _ => {}
    }
    match state.context() {
        Context::Browse | Context::Replay if action == Action::Back && state.window.break_off() => {
            state.tell("The search was broken off.");
            vec![Effect::CallOff]
        }
        Context::Compose => compose::act(state, action, world),
        Context::Form => compose::act_in_form(state, action, world),
        Context::Drafts => drafts::act(state, action),
        Context::Load => models::act(state, action, world),
        Context::Browse | Context::Everywhere => browse::act(state, action, world),
        Context::Replay => replay::act(state, action, world),
        Context::Filter
        | Context::Prompt
        | Context::Palette
        | Context::Help
        | Context::Confirm
        | Context::Note
        | Context::Seek => overlay::act(state, action, world),
        Context::Tapes | Context::Question => tapes::act(state, action, world),
        Context::Again => inbox::answer_question(state, action, world),
        Context::Codes => inbox::act_in_codes(state, action, world),
        Context::Doings => doings::act(state, action, world),
        Context::Value => doings::act_in_value(state, action),
        Context::Offers => offers::act(state, action, world),
    }
}

fn interrupt(state: &mut State, world: &World<'_>) -> Vec<Effect> {
    let before = state.interrupted.replace(world.real);
    if before.is_some_and(|before| world.real.saturating_duration_since(before) <= TWICE) {
        return vec![Effect::Leave];
    }
    state.refuse("Ctrl-C once more leaves.");
    Vec::new()
}

/// Asks to leave: at once, or after a question where something would be lost.
fn leave(state: &mut State, world: &World<'_>) -> Vec<Effect> {
    let mut reasons = Vec::new();
    let (open, _) = world.history.timeline.requests().most_urgent();
    let plural = |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
    if open > 0 {
        reasons.push(plural(open, "request waits for its answer", "requests wait for their answers"));
    }
    let drafts = state.composer.unsent();
    if drafts > 0 {
        reasons.push(plural(drafts, "draft has not been sent", "drafts have not been sent"));
    }
    let tapes = state.tapes.open();
    if tapes > 0 {
        reasons.push(plural(tapes, "tape runs and would be ended", "tapes run and would be ended"));
    }
    if state.sending.is_some() {
        reasons.push("a tape is being sent again".to_owned());
    }
    if reasons.is_empty() {
        return vec![Effect::Leave];
    }
    let reasons = reasons.iter().map(|reason| crate::text::Safe::new(reason)).collect();
    state.overlay = Some(Overlay::Leave { reasons });
    Vec::new()
}

/// Shows what device, topic and filter say.
fn show(state: &mut State, session: Option<SessionId>, topic: Option<String>) {
    let filter = Filter::parse(state.filter.text());
    state.window.show(Query { session, topic, filter });
}

/// Shows the same with the filter as it is typed now.
fn show_filter(state: &mut State) {
    let query = state.window.query();
    let (session, topic) = (query.session, query.topic.clone());
    show(state, session, topic);
}

/// The device that a key means: the chosen one, else that of the event under the cursor, else the only one.
fn target(state: &mut State, world: &World<'_>) -> Option<SessionId> {
    let selected = || state.window.selected().filter(|_| state.window.is_chosen());
    let session = state
        .device()
        .or_else(|| selected().and_then(|seq| world.history.session_of(seq)))
        .or_else(|| (world.handles.len() == 1).then(|| world.handles.first().map(|handle| handle.id)).flatten());
    match session {
        None if world.handles.is_empty() => state.refuse("There is no device that could do that."),
        None => state.refuse("Which device? 1 to 9 choose one, or the cursor on one of its messages does."),
        Some(_) => {}
    }
    session
}

/// The device for something that harms nothing when it was meant for another: what is typed says for whom it is.
fn likely_target(state: &State, world: &World<'_>) -> Option<SessionId> {
    let sessions = world.history.timeline.sessions();
    let online = || sessions.iter().position(|standing| standing.state == LineState::Online).or(Some(0));
    state
        .device()
        .or_else(|| {
            state.window.selected().filter(|_| state.window.is_chosen()).and_then(|seq| world.history.session_of(seq))
        })
        .or_else(|| online().and_then(|place| u16::try_from(place).ok()).map(SessionId))
        .filter(|session| world.handle(*session).is_some())
}

/// What a chord does to a line of text.
fn edit(chord: Chord) -> Option<Edit> {
    if let Some(letter) = chord.typed() {
        return Some(Edit::Insert(letter));
    }
    let known = [
        (Chord::key(KeyCode::Backspace), Edit::Backspace),
        (Chord::key(KeyCode::Delete), Edit::Delete),
        (Chord::key(KeyCode::Left), Edit::Left),
        (Chord::key(KeyCode::Right), Edit::Right),
        (Chord::key(KeyCode::Home), Edit::Home),
        (Chord::key(KeyCode::End), Edit::End),
        (Chord::ctrl('a'), Edit::Home),
        (Chord::ctrl('e'), Edit::End),
        (Chord::ctrl('w'), Edit::DeleteWord),
        (Chord::ctrl('u'), Edit::DeleteToStart),
    ];
    known.into_iter().find(|(known, _)| *known == chord).map(|(_, edit)| edit)
}

/// The line that is being typed, outside the composer.
fn typed_line(state: &mut State) -> Option<&mut Line> {
    match &mut state.overlay {
        Some(
            Overlay::Palette { line, .. }
            | Overlay::Prompt { line, .. }
            | Overlay::Note { line, .. }
            | Overlay::Seek { line }
            | Overlay::Value { line, .. }
            | Overlay::Drafts { line, .. }
            | Overlay::Load { line, .. }
            | Overlay::Codes(Codes { line, .. }),
        ) => Some(line),
        Some(_) => None,
        None => state.typing.then_some(&mut state.filter),
    }
}
