//! One network connection: a link and what MQTT's machine wants written to it.
//!
//! What lives here: moving bytes between the two without waiting on either. What may not: what the messages mean.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;

use crate::link::{Link, LinkError};
use crate::mqtt::{Client, Fault, Input, Output};

/// Bytes taken from the link in one turn, so that a flood cannot keep a session from its orders and timers.
const TURN: usize = 256 << 10;

/// While more than this waits to be written, nothing is read: acknowledgements must not pile up.
const UNWRITTEN: usize = 1 << 20;

/// One network connection.
#[derive(Debug)]
pub(super) struct Connection {
    link: Link,
    writing: Bytes,
    chunks: Vec<Bytes>,
    pub(super) output: Output,
}

impl Connection {
    /// A connection over `link`, with nothing sent.
    pub(super) fn new(link: Link) -> Self {
        Self { link, writing: Bytes::new(), chunks: Vec::new(), output: Output::default() }
    }

    /// Writes what waits and reads what came; ready when something came. With `read` false it only writes, and is ready
    /// when the link breaks. Cancelling it loses nothing.
    pub(super) async fn turn(&mut self, read: bool) -> Result<(), LinkError> {
        poll_fn(|cx| self.poll_turn(cx, read)).await
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>, read: bool) -> Poll<Result<(), LinkError>> {
        if let Poll::Ready(Err(error)) = self.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        if !read || self.output.bytes.len() + self.writing.len() > UNWRITTEN {
            return Poll::Pending;
        }
        self.link.poll_read(cx, &mut self.chunks, TURN)
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        loop {
            if self.writing.is_empty() {
                if self.output.bytes.is_empty() {
                    return self.link.poll_flush(cx);
                }
                self.writing = self.output.bytes.split().freeze();
            }
            match self.link.poll_write(cx, &mut self.writing) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
        }
    }

    /// Hands everything that was read to `client`.
    pub(super) fn deliver(&mut self, now: Instant, client: &mut Client) -> Result<(), Fault> {
        for chunk in self.chunks.drain(..) {
            client.step(now, Input::Received(chunk), &mut self.output)?;
        }
        Ok(())
    }

    /// Writes what waits and ends the link in order; what cannot be written is given up with the link.
    pub(super) async fn close(mut self) {
        let drained = tokio::time::timeout(LAST_WORDS, poll_fn(|cx| self.poll_drain(cx))).await;
        if matches!(drained, Ok(Ok(()))) {
            self.link.close().await;
        }
    }
}

/// How long the last packets may take on their way out.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(1);
