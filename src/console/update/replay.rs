//! Keys in a replay: those of the panes for looking, and the deck's. Nothing here can send.

use super::{Effect, World, browse};
use crate::console::action::{Action, Knob, Way};
use crate::console::line::Line;
use crate::console::reel::{Reel, next_pace, pace_words};
use crate::console::state::{Overlay, State};
use crate::replay::{Order, Pace};
use crate::timeline::Only;

pub(super) fn act(state: &mut State, action: Action, world: &World<'_>) -> Vec<Effect> {
    match action {
        Action::Reel(knob) => turn(state, knob),
        Action::Quit => vec![Effect::EndReplay],
        Action::Back => back(state, world),
        Action::Compose
        | Action::Reply
        | Action::Send
        | Action::Subscribe
        | Action::Unsubscribe
        | Action::Reconnect
        | Action::Disconnect
        | Action::Connect => {
            state.refuse("This is a replay: nothing can be sent from here. q leaves it.");
            Vec::new()
        }
        Action::Tape | Action::Tapes | Action::Note => {
            state.refuse("This is a replay: tapes and notes belong to the live console. q leaves the replay.");
            Vec::new()
        }
        _ => browse::act(state, action, world),
    }
}

/// Goes where the prompt says.
pub(super) fn seek(state: &mut State) -> Vec<Effect> {
    let (Some(Overlay::Seek { line }), Some(reel)) = (&state.overlay, &state.reel) else { return Vec::new() };
    match reel.place(line.text()) {
        Ok(order) => {
            state.overlay = None;
            go(state, order)
        }
        Err(words) => {
            state.refuse(&words);
            Vec::new()
        }
    }
}

/// One thing is given up at a time, and the replay last.
fn back(state: &mut State, world: &World<'_>) -> Vec<Effect> {
    if state.window.break_off() {
        state.tell("The search was broken off.");
        return Vec::new();
    }
    if browse::has_back(state) {
        return browse::act(state, Action::Back, world);
    }
    vec![Effect::EndReplay]
}

fn turn(state: &mut State, knob: Knob) -> Vec<Effect> {
    let Some(reel) = &state.reel else { return Vec::new() };
    match knob {
        Knob::Play => return vec![Effect::Deck(Order::Play(!reel.deck.playing))],
        Knob::Step(way) => return step(state, way),
        Knob::Command(way) => return go(state, Order::Next(Only::Requests, way == Way::Back)),
        Knob::Change(way) => return go(state, Order::Next(Only::States, way == Way::Back)),
        Knob::Note(way) => return go(state, Order::Next(Only::Notes, way == Way::Back)),
        Knob::Skip(seconds) => return go(state, Order::By(i64::from(seconds) * 1_000_000)),
        Knob::Seek => state.overlay = Some(Overlay::Seek { line: Line::default() }),
        Knob::Faster | Knob::Slower | Knob::AsItWas => {
            let pace = match knob {
                Knob::AsItWas => Pace::Times(1.0),
                _ => next_pace(reel.deck.pace, knob == Knob::Faster),
            };
            state.tell(&format!("Pace: {}.", pace_words(pace)));
            return vec![Effect::Deck(Order::Pace(pace))];
        }
        Knob::Shorten => {
            let shortened = !reel.deck.shortened;
            state.tell(if shortened {
                "Idle stretches take a second at most."
            } else {
                "Idle stretches take the time that they took."
            });
            return vec![Effect::Deck(Order::Shorten(shortened))];
        }
        Knob::Loop => {
            let looped = !reel.deck.looped;
            state.tell(if looped { "At its end the tape begins anew." } else { "At its end the tape stops." });
            return vec![Effect::Deck(Order::Loop(looped))];
        }
    }
    Vec::new()
}

fn step(state: &mut State, way: Way) -> Vec<Effect> {
    let Some(Reel { deck, events, .. }) = &state.reel else { return Vec::new() };
    match way {
        Way::On if deck.position >= *events => {
            state.refuse("That was the last event. Space plays the tape again.");
            Vec::new()
        }
        Way::Back if deck.position == 0 => {
            state.refuse("Nothing has happened yet on this tape.");
            Vec::new()
        }
        Way::On => go(state, Order::Step(1)),
        Way::Back => go(state, Order::Step(-1)),
    }
}

/// Moves the tape; the cursor goes with it.
fn go(state: &mut State, order: Order) -> Vec<Effect> {
    state.window.to_last();
    vec![Effect::Deck(order)]
}

/// What the deck is told when an event that has still to happen was found, and is to be shown.
pub fn ahead(seq: u64) -> [Order; 2] {
    [Order::Play(false), Order::To(seq)]
}
