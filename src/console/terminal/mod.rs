//! The terminal.
pub mod encode;
