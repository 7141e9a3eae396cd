//! A tape's platform, played for real devices: their requests come as recorded, and their reports are replied as recorded.
//!
//! | file | what lives there |
//! |---|---|
//! | `script` | what the tape's platform did, device by device |
//! | `stage` | one device that plays a part: what comes when, what its reports are replied |
//! | `cast` | who plays which part |
//!
//! Pure but for `Script::load`, which reads the tapes. What the tape does not know falls to the platform's own rules, which
//! do not live here.

mod cast;
mod script;
mod stage;
#[cfg(test)]
mod tests;

pub(crate) use cast::Cast;
#[cfg(test)]
pub(crate) use script::Loader;
pub use script::Script;
pub use stage::Cue;
pub(crate) use stage::{Cued, Said, Stage, Tally};
