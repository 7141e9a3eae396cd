//! A byte stream to a platform: name, TCP, proxy, TLS, WebSocket.
//!
//! What lives here: dialling with a deadline for each stage, and reading and writing MQTT's bytes over whichever transport.
//! What may not: MQTT itself (bytes are bytes here), sessions, the screen. Every failure has a stable code and says what
//! to try. There is no switch that turns certificate checks off.

use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::event::WallTime;
use crate::profile::Profile;

/// An open byte stream.
#[derive(Debug)]
pub struct Link {
    // The helper that fills this in chooses the fields.
}

/// What was learnt while dialling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Whom TCP reached (the proxy, if there is one).
    pub peer: SocketAddr,
    /// The `Date` of the upgrade's answer, whole seconds.
    pub server_date: Option<WallTime>,
}

/// Why there is no link, or no link any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct LinkError {
    /// A stable word: `dns`, `refused`, `timeout`, `tls-untrusted`, `tls-name`, `tls-expired`, `ws-upgrade`, `closed`, …
    pub code: &'static str,
    /// What happened, in words for a person. May hold text of the other side: shown through `Safe` only.
    pub reason: String,
    /// What to try.
    pub hint: String,
    /// The `Date` of an HTTP answer that came with the failure, for the clock's offset.
    pub server_date: Option<WallTime>,
}

/// Dials the platform of `profile`. All addresses of its host are tried. Each stage (name, TCP, proxy, TLS, upgrade) has
/// `profile.connect_timeout`. `clock` answers the wall time, to say how far off a certificate's dates are.
pub async fn open(profile: &Profile, clock: impl Fn() -> WallTime) -> Result<(Link, Opened), LinkError> {
    let _ = (profile, clock());
    todo!()
}

impl Link {
    /// Appends what is ready to `into`, about `most` bytes at the most, waiting only when nothing is.
    /// `Err` with code `closed` when the other side ended the stream.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Bytes>,
        most: usize,
    ) -> Poll<Result<(), LinkError>> {
        let _ = (cx, into, most);
        todo!()
    }

    /// Writes whole MQTT packets (one binary frame for all of them on WebSocket) and whatever was buffered before.
    /// Pending while more than the write buffer's limit waits; cancelling loses nothing that was taken.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &mut Bytes) -> Poll<Result<(), LinkError>> {
        let _ = (cx, bytes);
        todo!()
    }

    /// Flushes what was written.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        let _ = cx;
        todo!()
    }

    /// Ends the stream in order (WebSocket close, TLS close_notify), for one second at the most.
    pub async fn close(self) {
        todo!()
    }
}
