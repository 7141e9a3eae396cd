//! Text that came from outside, made safe and fitted to cells.
//!
//! What lives here: the `Safe` type, display width, cutting and wrapping to cells, JSON escapes. What may not: colours,
//! terminals, or what a text means.

pub mod json;
pub mod safe;
pub mod width;

pub use safe::Safe;
