//! What waits to be written to one connection: bounded, so that a slow reader costs its connection and nothing else.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::sync::Notify;

use super::hub::End;
use crate::mqtt::Packet;
use crate::mqtt::codec::{self, Unwritable};

/// A connection for which more than this waits is dropped; one message may be larger than that.
const LIMIT: usize = 32 << 20;

/// The way out of one connection.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    mail: Mutex<Mail>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Mail {
    bytes: BytesMut,
    end: Option<End>,
}

/// What the connection's writer is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Write these bytes.
    Write(Bytes),
    /// End the connection so.
    End(End),
}

impl Mailbox {
    /// Adds a packet. After the end was said, nothing is added.
    pub(crate) fn send(&self, packet: &Packet) -> Result<(), Unwritable> {
        self.add(|bytes| codec::encode(packet, bytes))
    }

    /// Adds bytes as they are.
    pub(crate) fn send_raw(&self, raw: &[u8]) {
        let Ok(()) = self.add(|bytes| {
            bytes.extend_from_slice(raw);
            Ok::<(), std::convert::Infallible>(())
        });
    }

    /// Says how the connection ends; the first word counts, but an abrupt end overtakes one in order.
    pub(crate) fn end(&self, end: End) {
        let mut mail = self.lock();
        if mail.end.is_none() || end == End::Abrupt {
            mail.end = Some(end);
        }
        drop(mail);
        self.bell.notify_one();
    }

    /// Waits for something to do.
    pub(crate) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.bell.notified().await;
        }
    }

    /// Waits until the connection is to end abruptly, whatever still waits to be written.
    pub(crate) async fn overturned(&self) {
        while self.lock().end != Some(End::Abrupt) {
            self.bell.notified().await;
        }
    }

    fn take(&self) -> Option<Next> {
        let mut mail = self.lock();
        match mail.end {
            Some(End::Abrupt) => Some(Next::End(End::Abrupt)),
            _ if !mail.bytes.is_empty() => Some(Next::Write(mail.bytes.split().freeze())),
            Some(end) => Some(Next::End(end)),
            None => None,
        }
    }

    fn add<E>(&self, write: impl FnOnce(&mut BytesMut) -> Result<(), E>) -> Result<(), E> {
        let mut mail = self.lock();
        if mail.end.is_some() {
            return Ok(());
        }
        if mail.bytes.len() > LIMIT {
            mail.end = Some(End::Abrupt);
        } else {
            write(&mut mail.bytes)?;
        }
        drop(mail);
        self.bell.notify_one();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        // A panic while it was held leaves whole packets behind: nothing to mend.
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_comes_out_before_an_end_in_order_and_never_after_an_abrupt_one() {
        let mailbox = Mailbox::default();
        assert_eq!(mailbox.take(), None);
        mailbox.send(&Packet::Pingresp).unwrap();
        mailbox.send_raw(b"raw");
        mailbox.end(End::InOrder);
        mailbox.send(&Packet::Pingresp).unwrap();
        assert_eq!(mailbox.take(), Some(Next::Write(Bytes::from_static(b"\xd0\x00raw"))));
        assert_eq!(mailbox.take(), Some(Next::End(End::InOrder)));

        let mailbox = Mailbox::default();
        mailbox.send(&Packet::Pingresp).unwrap();
        mailbox.end(End::InOrder);
        mailbox.end(End::Abrupt);
        assert_eq!(mailbox.take(), Some(Next::End(End::Abrupt)));
        mailbox.end(End::InOrder);
        assert_eq!(mailbox.take(), Some(Next::End(End::Abrupt)));
    }

    #[test]
    fn a_reader_that_does_not_read_is_dropped_at_the_limit() {
        let mailbox = Mailbox::default();
        let mib = vec![0; 1 << 20];
        for _ in 0..=LIMIT / mib.len() {
            mailbox.send_raw(&mib);
            assert!(!matches!(mailbox.lock().end, Some(End::Abrupt)));
        }
        mailbox.send_raw(b"one more");
        assert_eq!(mailbox.take(), Some(Next::End(End::Abrupt)));
    }
}
