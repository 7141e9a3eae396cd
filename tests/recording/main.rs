//! Recording end to end: `standin record`, `record = true`, and the console's keys in a pseudo-terminal.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod bench;
mod command;
mod console;
#[path = "../support/mod.rs"]
mod support;
