//! Tapes played: on the timeline of a console ([`Deck`]), read behind what the timeline still holds ([`Past`]), and to a
//! platform again.
//!
//! What lives here: pace, position and seeking; reading tapes without holding up the screen; sending a device's part again.
//! What may not: the screen, or how a tape is laid out (that is `tape`).

pub mod answers;
mod cast;
mod clock;
mod deck;
mod desk;
mod engine;
mod lines;
mod past;
mod player;
mod reel;
pub mod resend;
mod seek;

pub use deck::{Deck, DeckState, Order, Pace};
pub use past::{Past, Seen};
