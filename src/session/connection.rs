//! One network connection: a link and what MQTT's machine wants written to it.
//!
//! What lives here: moving bytes between the two without waiting on either. What may not: what the messages mean.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::link::{Link, LinkError};
use crate::mqtt::{Client, Fault, Input, Output};

/// Bytes taken from the link in one turn, so that a flood cannot keep a session from its orders and timers.
const TURN: usize = 256 << 10;

/// While more than this waits to be written, nothing is read: acknowledgements must not pile up.
const UNWRITTEN: usize = 1 << 20;

/// How long the last packets may take on their way out.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// One network connection.
#[derive(Debug)]
pub(super) struct Connection {
    link: Link,
    writing: Bytes,
    chunks: Vec<Bytes>,
    /// Bytes that the network has taken, ever.
    flushed: u64,
    /// Bytes that the link has taken since then.
    taken: u64,
    pub(super) output: Output,
}

impl Connection {
    /// A connection over `link`, with nothing sent.
    pub(super) fn new(link: Link) -> Self {
        let (writing, chunks) = (Bytes::new(), Vec::new());
        Self { link, writing, chunks, flushed: 0, taken: 0, output: Output::default() }
    }

    /// Bytes that the network has not taken yet.
    pub(super) fn unwritten(&self) -> usize {
        let waiting = self.output.bytes.len() + self.writing.len();
        waiting + usize::try_from(self.taken).unwrap_or(usize::MAX - waiting)
    }

    /// How many bytes the network has taken so far.
    pub(super) fn flushed(&self) -> u64 {
        self.flushed
    }

    /// What [`Connection::flushed`] answers once everything that was put out so far is written.
    pub(super) fn end(&self) -> u64 {
        self.flushed + self.unwritten() as u64
    }

    /// Writes what waits and reads what came; ready when something came, or when the network has taken `until` bytes. With
    /// `read` false it only writes, and is ready when the link breaks or at `until`. Cancelling it loses nothing.
    pub(super) async fn turn(&mut self, read: bool, until: Option<u64>) -> Result<(), LinkError> {
        poll_fn(|cx| self.poll_turn(cx, read, until)).await
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>, read: bool, until: Option<u64>) -> Poll<Result<(), LinkError>> {
        if let Poll::Ready(Err(error)) = self.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        if until.is_some_and(|until| self.flushed >= until) {
            return Poll::Ready(Ok(()));
        }
        let read = read && self.output.bytes.len() + self.writing.len() <= UNWRITTEN;
        if !read && !self.link.is_unwritable() {
            return Poll::Pending;
        }
        self.link.poll_read(cx, &mut self.chunks, TURN)
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        loop {
            if self.writing.is_empty() {
                // Flushed before more is taken, so that even under a flood it is known what has gone.
                ready!(self.link.poll_flush(cx))?;
                self.flushed += std::mem::take(&mut self.taken);
                if self.output.bytes.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                self.writing = self.output.bytes.split().freeze();
            }
            let before = self.writing.len();
            let polled = self.link.poll_write(cx, &mut self.writing);
            self.taken += (before - self.writing.len()) as u64;
            ready!(polled)?;
        }
    }

    /// Hands everything that was read to `client`.
    pub(super) fn deliver(&mut self, now: Instant, client: &mut Client) -> Result<(), Fault> {
        for chunk in self.chunks.drain(..) {
            client.step(now, Input::Received(chunk), &mut self.output)?;
        }
        Ok(())
    }

    /// Writes what waits, as far as that goes in a second.
    pub(super) async fn drain(&mut self) {
        // What cannot be written is given up with the link.
        drop(tokio::time::timeout(LAST_WORDS, poll_fn(|cx| self.poll_drain(cx))).await);
    }

    /// Ends the link in order, if everything is written.
    pub(super) async fn finish(self) {
        if self.unwritten() == 0 {
            self.link.close().await;
        }
    }

    /// Writes what waits and ends the link in order.
    pub(super) async fn close(mut self) {
        self.drain().await;
        self.finish().await;
    }
}
