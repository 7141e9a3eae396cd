//! The states of a device's line, by what it waits for.

use std::future::Future;
use std::pin::Pin;
use std::time::Instant;

use super::connection::Connection;
use crate::link::{Link, LinkError, Opened};
use crate::secret::Secret;

/// The line, by what it waits for.
pub(super) enum Line {
    /// Down, until it is told to connect.
    Offline,
    /// Down, until the back-off ends.
    Waiting(Instant),
    /// An attempt. Kept here, and never made anew by anything but its own end or an order, so that no key press restarts it.
    Dialling(Pin<Box<dyn Future<Output = Result<Dialled, LinkError>> + Send>>),
    /// A link is up; CONNACK may be still to come.
    Connected(Box<Online>),
    /// The session has ended.
    Left,
}

/// What an attempt brings.
pub(super) struct Dialled {
    pub(super) link: Link,
    pub(super) opened: Opened,
    pub(super) secret: Option<Secret>,
}

/// A connection and what was done on it.
pub(super) struct Online {
    pub(super) connection: Connection,
    /// CONNACK 0 has come.
    pub(super) accepted: bool,
    /// Something was sent that the cloud's guardrails object to: a close may be our own fault.
    pub(super) forced: bool,
    /// Reading is held back until the follower has caught up.
    pub(super) held: bool,
}
