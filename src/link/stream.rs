//! An open link: reading, writing, closing.
//!
//! What lives here: [`Link`] and what it says when the stream ends. What may not: how bytes are framed (`ws`, `raw`).

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Sleep;

use super::error::{LinkError, Stage, Target, from_io};
use super::raw::Raw;
use super::ws::Ws;

/// How long a goodbye may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);
/// How long the reader may take to find the end of a stream that can no longer be written.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// An open byte stream.
pub struct Link {
    carrier: Carrier,
    target: Target,
    /// Why reading ended; from then on every call says so.
    ended: Option<Box<LinkError>>,
    /// Why writing ended, until the reader has seen what the platform still had to say.
    unwritable: Option<Unwritable>,
}

/// A failed write.
struct Unwritable {
    fault: Box<LinkError>,
    /// Ends the wait for the reader's own end of the stream.
    patience: Pin<Box<Sleep>>,
}

/// What frames the bytes.
pub(super) enum Carrier {
    /// Binary frames on a WebSocket.
    Ws(Box<Ws>),
    /// Nothing.
    Raw(Raw),
}

impl Link {
    pub(super) fn new(carrier: Carrier, target: Target) -> Self {
        Self { carrier, target, ended: None, unwritable: None }
    }

    /// Appends what is ready to `into`, about `most` bytes at the most, waiting only when nothing is.
    /// `Err` with code `closed` when the other side ended the stream. What came before an error is handed out first; the
    /// same error then comes again at every call.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Bytes>,
        most: usize,
    ) -> Poll<Result<(), LinkError>> {
        if let Some(fault) = &self.ended {
            return Poll::Ready(Err(LinkError::clone(fault)));
        }
        let before = into.len();
        let most = most.max(1);
        let polled = match &mut self.carrier {
            Carrier::Ws(ws) => ws.poll_read(cx, into, most, &self.target),
            Carrier::Raw(raw) => raw.poll_read(cx, into, most).map_err(|fault| stream_error(&self.target, &fault)),
        };
        let fault = match polled {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(fault)) => Box::new(fault),
            Poll::Pending => match self.unwritable.take_if(|failed| failed.patience.as_mut().poll(cx).is_ready()) {
                Some(failed) => failed.fault,
                None => return Poll::Pending,
            },
        };
        let answer = if into.len() > before { Ok(()) } else { Err(LinkError::clone(&fault)) };
        self.ended = Some(fault);
        Poll::Ready(answer)
    }

    /// Writes whole MQTT packets (one binary frame for all of them on WebSocket, several beyond 512 KiB) and whatever was
    /// buffered before. Pending while more than the write buffer's limit waits; cancelling loses nothing that was taken, and
    /// what was not taken stays in `bytes`. When the line is broken this waits, and the reader has the reason: the platform's
    /// last words may still be unread.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &mut Bytes) -> Poll<Result<(), LinkError>> {
        if let Some(blocked) = self.blocked() {
            return blocked;
        }
        let polled = match &mut self.carrier {
            Carrier::Ws(ws) => ws.poll_write(cx, bytes, &self.target),
            Carrier::Raw(raw) => raw.poll_write(cx, bytes).map_err(|fault| stream_error(&self.target, &fault)),
        };
        self.written(cx, polled)
    }

    /// Whether the line can no longer be written, and whoever does not read will not hear why.
    pub fn is_unwritable(&self) -> bool {
        self.unwritable.is_some()
    }

    /// Flushes what was written. A broken line is reported as by [`Link::poll_write`].
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        if let Some(blocked) = self.blocked() {
            return blocked;
        }
        let polled = match &mut self.carrier {
            Carrier::Ws(ws) => ws.poll_flush(cx, &self.target),
            Carrier::Raw(raw) => raw.poll_flush(cx).map_err(|fault| stream_error(&self.target, &fault)),
        };
        self.written(cx, polled)
    }

    /// Ends the stream in order (WebSocket close, TLS `close_notify`), for one second at the most.
    pub async fn close(self) {
        if self.ended.is_some() || self.unwritable.is_some() {
            return;
        }
        let goodbye = async {
            match self.carrier {
                Carrier::Ws(ws) => ws.finish().await,
                Carrier::Raw(raw) => raw.finish().await,
            }
        };
        // A peer that does not answer the goodbye loses the connection all the same.
        drop(tokio::time::timeout(CLOSE_LIMIT, goodbye).await);
    }

    /// The answer to a write when nothing can be written any more.
    fn blocked(&self) -> Option<Poll<Result<(), LinkError>>> {
        match (&self.ended, &self.unwritable) {
            (Some(fault), _) => Some(Poll::Ready(Err(LinkError::clone(fault)))),
            (None, Some(_)) => Some(Poll::Pending),
            (None, None) => None,
        }
    }

    /// Keeps a failed write for the reader, and wakes it.
    fn written(&mut self, cx: &Context<'_>, polled: Poll<Result<(), LinkError>>) -> Poll<Result<(), LinkError>> {
        match polled {
            Poll::Ready(Err(fault)) => {
                let patience = Box::pin(tokio::time::sleep(LAST_WORDS));
                self.unwritable = Some(Unwritable { fault: Box::new(fault), patience });
                // The reader has to take its turn, for the patience to run.
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            other => other,
        }
    }
}

impl fmt::Debug for Link {
    /// Names the platform and the carrier; never what is in the buffers, which may hold a CONNECT with its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let carrier = match self.carrier {
            Carrier::Ws(_) => "websocket",
            Carrier::Raw(_) => "raw",
        };
        f.debug_struct("Link").field("target", &self.target.at).field("carrier", &carrier).finish_non_exhaustive()
    }
}

/// What an error of an open stream means.
pub(super) fn stream_error(target: &Target, fault: &io::Error) -> LinkError {
    from_io(Stage::Open, target, fault)
}

#[cfg(test)]
mod tests;
