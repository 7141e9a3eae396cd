//! The link against real peers on the loopback: every error code comes from a real fault.
//!
//! | file | what is tried |
//! |---|---|
//! | `support` | profiles, servers, bounded waiting |
//! | `authority` | certificates: good, expired, for another host, … (shared with the tests that run the program) |
//! | `tcp` | names, addresses, MQTT without WebSocket |
//! | `proxies` | HTTP CONNECT and SOCKS5 |
//! | `tls` | the platform's certificate and ours |
//! | `upgrade` | answers to the WebSocket upgrade |
//! | `frames` | what passes on an open WebSocket |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

#[cfg(test)]
#[path = "../support/authority.rs"]
mod authority;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod proxies;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod upgrade;
