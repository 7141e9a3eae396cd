//! Text that came from outside, made safe and fitted to cells.
//!
//! What lives here: which characters must not reach a terminal, the [`Safe`] type, display width, cutting and wrapping to
//! cells, JSON strings. What may not: colours, terminals, or what a text means.

pub mod hidden;
pub mod json;
mod safe;
pub mod width;

pub use safe::Safe;
