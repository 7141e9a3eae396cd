//! MQTT's bytes on TCP or TLS, without a WebSocket.
//!
//! What lives here: reading into chunks that are handed on without a copy, and a small write buffer. What may not: packets.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::net::Net;

/// What is made room for at a time, in bytes: also what an idle connection keeps.
const CHUNK: usize = 32 * 1024;
/// A read with less room than this takes a new chunk.
const LEAST_ROOM: usize = 4 * 1024;
/// How much waits to be written before `poll_write` does.
const WRITE_LIMIT: usize = 64 * 1024;

/// A byte stream.
pub(super) struct Raw {
    net: Net,
    incoming: BytesMut,
    outgoing: BytesMut,
}

impl Raw {
    pub(super) fn new(net: Net) -> Self {
        Self { net, incoming: BytesMut::new(), outgoing: BytesMut::new() }
    }

    /// Appends what is ready to `into`, about `most` bytes. `UnexpectedEof` at the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Bytes>,
        most: usize,
    ) -> Poll<io::Result<()>> {
        let mut taken = 0;
        while taken < most {
            if self.incoming.capacity() < LEAST_ROOM {
                self.incoming.reserve(CHUNK);
            }
            // `read_buf` holds nothing between polls, so a fresh one each time loses nothing.
            match pin!(self.net.read_buf(&mut self.incoming)).poll(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Poll::Ready(Ok(count)) => {
                    taken += count;
                    into.push(self.incoming.split().freeze());
                }
                Poll::Ready(Err(fault)) => return Poll::Ready(Err(fault)),
                Poll::Pending if taken > 0 => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes from `bytes` what there is room for; ready when that was all.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &mut Bytes) -> Poll<io::Result<()>> {
        while !bytes.is_empty() {
            let room = WRITE_LIMIT.saturating_sub(self.outgoing.len());
            if room == 0 {
                ready!(self.poll_drain(cx))?;
            } else {
                let taken = bytes.split_to(bytes.len().min(room));
                self.outgoing.extend_from_slice(&taken);
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.net).poll_flush(cx)
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let count = ready!(Pin::new(&mut self.net).poll_write(cx, &self.outgoing))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.outgoing.advance(count);
        }
        // An idle connection keeps no write buffer.
        self.outgoing = BytesMut::new();
        Poll::Ready(Ok(()))
    }

    /// Writes what is left, says goodbye, and reads on until the other side has gone: closing with unread bytes would make
    /// TCP cut the connection, and our last packets with it.
    pub(super) async fn finish(mut self) {
        let Self { net, outgoing, .. } = &mut self;
        if net.write_all(outgoing).await.is_err() || net.shutdown().await.is_err() {
            return;
        }
        let mut rest = vec![0; LEAST_ROOM];
        while net.read(&mut rest).await.is_ok_and(|count| count > 0) {}
    }
}
