//! The screen: state, actions, keymap, panes, themes, terminal.
//!
//! What lives here: everything between the terminal and a session's handle. What may not: a socket, MQTT's machine, or an
//! `await` on the network in the loop that answers keys.

mod acks;
pub mod action;
pub mod application;
pub mod chord;
pub mod composer;
pub mod doings;
pub mod glance;
pub mod history;
pub mod inbox;
pub mod input;
pub mod keymap;
pub mod layout;
pub mod line;
pub mod message;
pub mod models;
pub mod outbox;
pub mod pace;
pub mod paint;
pub mod panes;
#[cfg(test)]
mod picture;
pub mod reel;
pub mod row;
pub mod shell;
pub mod signals;
pub mod stage;
pub mod state;
pub mod tapes;
pub mod terminal;
pub mod theme;
pub mod tree;
pub mod update;
pub mod window;
pub mod words;

pub use shell::{ConsoleError, Left, Replay, Shell, replay, run};
