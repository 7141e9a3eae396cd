//! Keys in a replay: those of the panes for looking, and the deck's. Nothing here can send.

use super::{Effect, World, browse};
use crate::console::action::{Action, Knob, Way};
use crate::console::line::Line;
use crate::console::reel::{next_pace, pace_words};
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
        | Action::Succeed
        | Action::Fail
        | Action::Hold
        | Action::Ignore
        | Action::Doings
        | Action::Offers
        | Action::Send
        | Action::LoadModel
        | Action::Subscribe
        | Action::Unsubscribe
        | Action::Reconnect
        | Action::Disconnect
        | Action::Connect => {
            state.refuse("This is a replay: nothing can be sent from here. q leaves it.");
            Vec::new()
        }
        Action::Tape | Action::Tapes | Action::Note | Action::StopSending => {
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
    if browse::has_back(state) {
        return browse::act(state, Action::Back, world);
    }
    vec![Effect::EndReplay]
}

fn turn(state: &mut State, knob: Knob) -> Vec<Effect> {
    let Some(reel) = &mut state.reel else { return Vec::new() };
    // The next key counts from what this one asked for, also before the deck has heard of it.
    let order = match knob {
        Knob::Play => {
            reel.deck.playing = !reel.deck.playing;
            Order::Play(reel.deck.playing)
        }
        Knob::Step(way) => return step(state, way),
        Knob::Command(way) => return next(state, Only::Requests, "command", way),
        Knob::Change(way) => return next(state, Only::States, "change of a line's state", way),
        Knob::Note(way) => return next(state, Only::Notes, "note or gap", way),
        Knob::Skip(seconds) => return go(state, Order::By(i64::from(seconds) * 1_000_000)),
        Knob::Seek => {
            state.overlay = Some(Overlay::Seek { line: Line::default() });
            return Vec::new();
        }
        Knob::Faster | Knob::Slower | Knob::AsItWas => {
            let pace = match knob {
                Knob::AsItWas => Pace::Times(1.0),
                _ => next_pace(reel.deck.pace, knob == Knob::Faster),
            };
            reel.deck.pace = pace;
            state.tell(&format!("Pace: {}.", pace_words(pace)));
            Order::Pace(pace)
        }
        Knob::Shorten => {
            let shortened = !reel.deck.shortened;
            reel.deck.shortened = shortened;
            state.tell(if shortened {
                "Idle stretches take a second at most."
            } else {
                "Idle stretches take the time that they took."
            });
            Order::Shorten(shortened)
        }
        Knob::Loop => {
            let looped = !reel.deck.looped;
            reel.deck.looped = looped;
            state.tell(if looped { "At its end the tape begins anew." } else { "At its end the tape stops." });
            Order::Loop(looped)
        }
    };
    vec![Effect::Deck(order)]
}

fn step(state: &mut State, way: Way) -> Vec<Effect> {
    let Some(deck) = state.reel.as_ref().map(|reel| reel.deck) else { return Vec::new() };
    match way {
        Way::On if deck.position >= deck.events => {
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

fn next(state: &mut State, only: Only, wanted: &'static str, way: Way) -> Vec<Effect> {
    if let Some(reel) = &mut state.reel {
        reel.wanted = wanted;
    }
    go(state, if way == Way::On { Order::Next(only) } else { Order::Previous(only) })
}

/// Moves the tape; the cursor goes with it.
fn go(state: &mut State, order: Order) -> Vec<Effect> {
    state.window.to_last();
    vec![Effect::Deck(order)]
}
