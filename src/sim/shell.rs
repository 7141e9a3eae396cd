//! The hub behind its lock, with the connections' mailboxes and whoever waits for an outcome: carries out the hub's deeds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, broadcast, oneshot};

use super::client::ConnId;
use super::hub::{Deed, End, Hub, Ticket};
use super::login::Door;
use super::mailbox::Mailbox;
use super::notice::{Happening, Notice};
use super::request::Outcome;
use crate::event::{Moment, WallTime};
use crate::mqtt::Packet;

/// So many notices wait for a slow watcher, then it misses the oldest.
const NOTICES: usize = 4_096;

/// The machine's own wall clock.
pub(super) fn machine_time() -> WallTime {
    WallTime::from_unix_micros(jiff::Timestamp::now().as_microsecond())
}

/// The hub and what its deeds reach.
#[derive(Debug)]
pub(super) struct Shell {
    state: Mutex<State>,
    /// Rings when the hub's deadline may have moved.
    bell: Notify,
    notices: broadcast::Sender<Notice>,
    /// The platform's clock minus the machine's, in microseconds.
    clock_offset_us: i64,
}

#[derive(Debug)]
struct State {
    hub: Hub,
    mailboxes: HashMap<ConnId, Arc<Mailbox>>,
    waiters: HashMap<Ticket, oneshot::Sender<Outcome>>,
    next_conn: ConnId,
    next_ticket: u64,
}

impl Shell {
    /// A shell around `hub`, whose clock is off by `clock_offset_us` microseconds.
    pub(super) fn new(hub: Hub, clock_offset_us: i64) -> Self {
        let state = State { hub, mailboxes: HashMap::new(), waiters: HashMap::new(), next_conn: 1, next_ticket: 1 };
        Self {
            state: Mutex::new(state),
            bell: Notify::new(),
            notices: broadcast::Sender::new(NOTICES),
            clock_offset_us,
        }
    }

    /// The platform's time, by both clocks.
    pub(super) fn now(&self) -> Moment {
        Moment { at: machine_time().shifted_micros(self.clock_offset_us), mono: Instant::now() }
    }

    /// The platform's time as HTTP writes it (RFC 9110, IMF-fixdate).
    pub(super) fn http_date(&self) -> String {
        self.now().at.timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// What happens from now on.
    pub(super) fn watch(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Hands the hub something and carries out what comes of it.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Hub, Moment) -> T) -> T {
        let now = self.now();
        let mut state = self.lock();
        let deadline = state.hub.deadline();
        let result = work(&mut state.hub, now);
        for deed in state.hub.take_deeds() {
            self.carry_out(&mut state, deed);
        }
        if state.hub.deadline() != deadline {
            self.bell.notify_one();
        }
        result
    }

    /// A connection was upgraded.
    pub(super) fn open(&self, door: Door) -> (ConnId, Arc<Mailbox>) {
        let mailbox = Arc::new(Mailbox::default());
        let conn = {
            let mut state = self.lock();
            let conn = state.next_conn;
            state.next_conn += 1;
            state.mailboxes.insert(conn, mailbox.clone());
            conn
        };
        self.with(|hub, now| hub.opened(now.mono, conn, door));
        (conn, mailbox)
    }

    /// A connection is no more.
    pub(super) fn close(&self, conn: ConnId, why: &str) {
        self.with(|hub, now| hub.closed(now, conn, why));
        self.lock().mailboxes.remove(&conn);
    }

    /// A packet came.
    pub(super) fn packet(&self, conn: ConnId, packet: Packet) {
        self.with(|hub, now| hub.packet(now, conn, packet));
    }

    /// What came is no MQTT.
    pub(super) fn malformed(&self, conn: ConnId, what: &str) {
        self.with(|hub, now| hub.malformed(now, conn, what));
    }

    /// A CONNECT of another version of MQTT came.
    pub(super) fn other_version(&self, conn: ConnId, level: u8) {
        self.with(|hub, now| hub.other_version(now, conn, level));
    }

    /// When the platform's patience with a connection ends.
    pub(super) fn patience(&self, conn: ConnId) -> Option<Instant> {
        self.lock().hub.patience(conn)
    }

    /// The platform's patience with a connection may be at its end.
    pub(super) fn impatient(&self, conn: ConnId) {
        self.with(|hub, now| hub.impatient(now, conn));
    }

    /// The status with which an upgrade is to be refused, if it is.
    pub(super) fn refused_upgrade(&self) -> Option<u16> {
        self.with(|hub, _| hub.refused_upgrade())
    }

    /// Begins something whose outcome is awaited.
    pub(super) fn await_outcome(&self, begin: impl FnOnce(&mut Hub, Moment, Ticket)) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        let ticket = {
            let mut state = self.lock();
            let ticket = Ticket(state.next_ticket);
            state.next_ticket += 1;
            state.waiters.insert(ticket, sender);
            ticket
        };
        self.with(|hub, now| begin(hub, now, ticket));
        receiver
    }

    /// Ends every connection in order.
    pub(super) fn end_all(&self) {
        for mailbox in self.lock().mailboxes.values() {
            mailbox.end(End::InOrder);
        }
    }

    /// Runs the hub's clock; never returns.
    pub(super) async fn keep_time(&self) {
        loop {
            let deadline = self.lock().hub.deadline();
            let due = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(tokio::time::Instant::from_std(deadline)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => self.with(Hub::tick),
                () = self.bell.notified() => {}
            }
        }
    }

    fn carry_out(&self, state: &mut State, deed: Deed) {
        match deed {
            Deed::Send(conn, packet) => {
                let Some(mailbox) = state.mailboxes.get(&conn).filter(|_| !state.hub.is_silent(conn)) else {
                    return;
                };
                if let Err(error) = mailbox.send(&packet) {
                    self.tell(Notice { device: None, what: Happening::Odd(format!("not sent: {error}")) });
                }
            }
            Deed::Raw(conn, bytes) => {
                if let Some(mailbox) = state.mailboxes.get(&conn) {
                    mailbox.send_raw(&bytes);
                }
            }
            Deed::End(conn, end) => {
                if let Some(mailbox) = state.mailboxes.get(&conn) {
                    mailbox.end(end);
                }
            }
            Deed::Tell(notice) => self.tell(notice),
            Deed::Finish(ticket, outcome) => {
                if let Some(waiter) = state.waiters.remove(&ticket) {
                    // Whoever asked may have stopped waiting.
                    waiter.send(outcome).ok();
                }
            }
        }
    }

    fn tell(&self, notice: Notice) {
        // An error means that nobody watches.
        self.notices.send(notice).ok();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while it was held is a fault of ours; what stands there is still the best there is.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
