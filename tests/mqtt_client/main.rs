//! The client's machine under a virtual clock: against bytes of the specification, and against a small broker.
//!
//! A comment `// MQTT-…` above a test names the statements of the specification that the test shows;
//! `tests/mqtt_statements.rs` holds the list of all of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

#[cfg(test)]
mod bench;
#[cfg(test)]
mod broker;
#[cfg(test)]
mod connecting;
#[cfg(test)]
mod cuts;
#[cfg(test)]
mod incoming;
#[cfg(test)]
mod lenient;
#[cfg(test)]
mod outgoing;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod timers;
