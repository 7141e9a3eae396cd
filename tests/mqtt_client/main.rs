//! The client's machine under a virtual clock: against bytes of the specification, and against a small broker.
//!
//! A comment `// MQTT-…` above a test names the statements of the specification that the test shows;
//! `tests/mqtt_statements.rs` holds the list of all of them.

#![cfg(test)]

mod bench;
mod broker;
mod connecting;
mod cuts;
mod held;
mod incoming;
mod lenient;
mod outgoing;
mod requests;
mod timers;
