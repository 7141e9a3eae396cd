//! The platform without its sockets: connections, sessions, rules, routing, requests.
//!
//! A pure state machine. Packets and the time go in; [`Deed`]s come out, and the `shell` carries them out. What
//! the documents leave open is decided here and said at the place:
//! - a will message and RETAIN are passed over on the clouds' doors, as their pages only say "not supported";
//! - a QoS 2 PUBLISH there, or a payload over the cloud's limit, ends the connection;
//! - a publish on a topic that is not the device's, or beyond the cloud's rate, is acknowledged and dropped.

mod dispatch;
mod orders;
mod publish;
mod registration;
mod services;
mod tape;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::application::{self, Application};
use super::client::{Client, ConnId};
use super::login::{self, Door, Guest};
use super::notice::{Happening, Notice};
use super::registration::{Desk, claim};
use super::request::{Expect, Outcome};
use super::roster::{Device, Roster};
use super::service::Service;
use super::tape::Cast;
use crate::cloud::Limits;
use crate::event::Moment;
use crate::mqtt::packet::{Connack, Connect, ConnectReturn};
use crate::mqtt::{Packet, Publish};
use crate::profile::Cloud;

/// How long a connection may take from its upgrade to a whole CONNECT.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Sessions of plain clients that are away; the first in order of name goes when there are more.
const SESSIONS: usize = 1_024;

/// What the shell is to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Deed {
    /// Send a packet.
    Send(ConnId, Packet),
    /// Send bytes as they are.
    Raw(ConnId, Bytes),
    /// End the connection.
    End(ConnId, End),
    /// Tell whoever watches.
    Tell(Notice),
    /// Tell whoever waits for this request.
    Finish(Ticket, Outcome),
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// What was to be sent is sent, then the stream is closed in order.
    InOrder,
    /// At once, as when a cable is cut.
    Abrupt,
}

/// Ties a request to whoever waits for its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// How the platform refuses the next connections, for tests of a client's patience.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// CONNACK with this code.
    Connack(ConnectReturn),
    /// The connection is closed instead of a CONNACK.
    Close,
    /// CONNECT is never answered.
    Silence,
    /// The WebSocket's upgrade is answered with this HTTP status.
    Upgrade(u16),
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::sim) enum Key {
    /// A device of the roster.
    Device(usize),
    /// A client of the plain broker.
    Plain(Arc<str>),
}

/// A network connection.
#[derive(Debug)]
struct Conn {
    door: Door,
    /// Who signed in on it.
    key: Option<Key>,
    /// 1.5 times what CONNECT asked for; `None`: as long as it likes.
    patience: Option<Duration>,
    heard: Instant,
    /// The platform plays dead on it.
    silent: bool,
    /// It registers a device, and nobody signs in on it.
    registering: Option<registration::Registering>,
    rate: publish::Rate,
}

/// A request that is open.
#[derive(Debug)]
struct Pending {
    by: Asker,
    device: usize,
    topic: String,
    expect: Expect,
    since: Instant,
}

/// Who asked a device for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    /// A caller, who waits for the outcome.
    Caller(Ticket),
    /// The simulated application.
    Application,
    /// The tape, by that step of the device's part.
    Tape(usize),
}

/// The platform.
#[derive(Debug)]
pub(crate) struct Hub {
    roster: Roster,
    conns: HashMap<ConnId, Conn>,
    clients: BTreeMap<Key, Client>,
    retained: publish::Retained,
    pending: Vec<Pending>,
    /// Each device's cloud, by the roster's numbers.
    services: BTreeMap<usize, Box<dyn Service>>,
    /// What devices were registered.
    desk: Desk,
    application: Option<Application>,
    tape: Option<Cast>,
    refusals: (usize, Refusal),
    next_number: u64,
    /// What is still to be handed to the shell.
    deeds: Vec<Deed>,
}

impl Hub {
    /// A platform for the devices of `roster`; with a seed, a simulated application too.
    pub(crate) fn new(roster: Roster, live: Option<u64>) -> Self {
        let application = live.map(|seed| Application::new(seed, roster.iter().map(|device| device.identity.cloud())));
        Self {
            roster,
            conns: HashMap::new(),
            clients: BTreeMap::new(),
            retained: publish::Retained::default(),
            pending: Vec::new(),
            services: BTreeMap::new(),
            desk: Desk::default(),
            application,
            tape: None,
            refusals: (0, Refusal::Close),
            next_number: 1,
            deeds: Vec::new(),
        }
    }

    /// What the shell is to do, in order.
    pub(crate) fn take_deeds(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }

    /// The devices.
    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// A connection is open and upgraded.
    pub(crate) fn opened(&mut self, now: Instant, conn: ConnId, door: Door) {
        let fresh = Conn {
            door,
            key: None,
            patience: Some(CONNECT_WITHIN),
            heard: now,
            silent: false,
            registering: None,
            rate: publish::Rate::new(now),
        };
        self.conns.insert(conn, fresh);
    }

    /// When the platform's patience with a connection ends; `None`: never.
    pub(crate) fn patience(&self, conn: ConnId) -> Option<Instant> {
        let conn = self.conns.get(&conn)?;
        conn.patience.filter(|_| !conn.silent).map(|patience| conn.heard + patience)
    }

    /// Patience with a connection may be at its end.
    pub(crate) fn impatient(&mut self, now: Moment, conn: ConnId) {
        if self.patience(conn).is_some_and(|end| end <= now.mono) {
            let why = match self.conns.get(&conn) {
                Some(conn) if conn.key.is_some() => "nothing came for one and a half times the keep-alive",
                Some(conn) if conn.registering.is_some() => "the registration is over",
                _ => "no CONNECT came",
            };
            self.drop_conn(now, conn, End::InOrder, why);
        }
    }

    /// The stream has ended, by the client or by a fault of the line.
    pub(crate) fn closed(&mut self, now: Moment, conn: ConnId, why: &str) {
        self.gone(now, conn, why, false);
    }

    /// What came is no MQTT: the connection ends (MQTT-4.8.0-1).
    pub(crate) fn malformed(&mut self, now: Moment, conn: ConnId, what: &str) {
        self.drop_conn(now, conn, End::InOrder, what);
    }

    /// A CONNECT of another version than 3.1.1 came (MQTT-3.1.2-2).
    pub(crate) fn other_version(&mut self, now: Moment, conn: ConnId, level: u8) {
        if self.conns.get(&conn).is_some_and(|conn| conn.key.is_none() && !conn.silent) {
            let code = ConnectReturn::UnacceptableProtocolVersion;
            let why = format!("protocol level {level}, and this platform speaks MQTT 3.1.1, which is 4");
            let what = Happening::Refused { code: code.number(), why };
            self.deeds.push(Deed::Tell(Notice { device: None, what }));
            self.refuse(now, conn, code);
        } else {
            self.malformed(now, conn, "a second CONNECT came");
        }
    }

    /// When [`Hub::tick`] is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let requests = self.pending.iter().map(|pending| pending.since + pending.expect.within).min();
        let application = self.application.as_ref().and_then(Application::deadline);
        let tape = self.tape.as_ref().and_then(Cast::deadline);
        requests.into_iter().chain(application).chain(tape).min()
    }

    /// Ends a connection from this side.
    fn drop_conn(&mut self, now: Moment, conn: ConnId, end: End, why: &str) {
        if self.conns.contains_key(&conn) {
            self.deeds.push(Deed::End(conn, end));
            self.gone(now, conn, why, false);
        }
    }

    /// A connection is no more. `in_order`: by DISCONNECT, which takes the will back (MQTT-3.14.4-3).
    fn gone(&mut self, now: Moment, conn: ConnId, why: &str, in_order: bool) {
        let Some(key) = self.conns.remove(&conn).and_then(|conn| conn.key) else {
            return;
        };
        let Some(client) = self.clients.get_mut(&key).filter(|client| client.conn == Some(conn)) else {
            return;
        };
        client.conn = None;
        let will = client.will.take().filter(|_| !in_order);
        if client.clean {
            self.clients.remove(&key);
        }
        self.tell(&key, Happening::Offline { why: why.to_owned() });
        if let (Some(will), Key::Plain(_)) = (will, &key) {
            let message = Publish {
                dup: false,
                qos: will.qos,
                retain: will.retain,
                topic: will.topic,
                packet_id: None,
                payload: will.payload,
            };
            self.route(message);
        }
        self.leaves_the_stage(now, &key);
        if let Key::Device(device) = key {
            if let Some(service) = self.services.get_mut(&device) {
                service.offline();
            }
            self.tell_application(now, application::Input::Offline(device));
        }
        self.forget_sessions();
    }

    /// Keeps the sessions of plain clients that are away within bounds.
    fn forget_sessions(&mut self) {
        let is_away = |(key, client): &(&Key, &Client)| matches!(key, Key::Plain(_)) && client.conn.is_none();
        if self.clients.iter().filter(is_away).count() > SESSIONS {
            let first = self.clients.iter().find(is_away).map(|(key, _)| key.clone());
            first.and_then(|key| self.clients.remove(&key));
        }
    }

    /// CONNECT on a fresh connection.
    fn sign_in(&mut self, now: Moment, conn: ConnId, connect: Connect) {
        let Some(door) = self.conns.get(&conn).map(|conn| conn.door) else {
            return;
        };
        if self.refuses(now, conn) {
            return;
        }
        let entered = match claim(&self.desk, &self.roster, door, &connect, now.at) {
            Some(claimed) => self.registers(conn, claimed).map(|()| None),
            None => login::check(&self.roster, door, &connect, now.at).map(Some),
        };
        match entered {
            Ok(None) => {}
            Ok(Some(guest)) => {
                let key = match guest {
                    Guest::Device(device) => Key::Device(device),
                    Guest::Plain(id) if id.is_empty() => Key::Plain(format!("auto-{conn}").into()),
                    Guest::Plain(id) => Key::Plain(id.into()),
                };
                self.welcome(now, conn, &key, connect);
            }
            Err(denial) => {
                let what = Happening::Refused { code: denial.code.number(), why: denial.why };
                self.deeds.push(Deed::Tell(Notice { device: Some(connect.client_id), what }));
                self.refuse(now, conn, denial.code);
            }
        }
    }

    /// Whether a test wants this connection refused, and if so refuses it.
    fn refuses(&mut self, now: Moment, conn: ConnId) -> bool {
        let (left, how) = self.refusals;
        if left == 0 || matches!(how, Refusal::Upgrade(_)) {
            return false;
        }
        self.refusals.0 -= 1;
        match how {
            Refusal::Connack(code) => self.refuse(now, conn, code),
            Refusal::Silence => self.play_dead(conn),
            Refusal::Close | Refusal::Upgrade(_) => self.drop_conn(now, conn, End::InOrder, "refused by order"),
        }
        true
    }

    fn refuse(&mut self, now: Moment, conn: ConnId, code: ConnectReturn) {
        self.deeds.push(Deed::Send(conn, Packet::Connack(Connack { session_present: false, code })));
        self.drop_conn(now, conn, End::InOrder, "refused");
    }

    /// The guest is who it says: an older connection of the same identity ends (MQTT-3.1.4-2), with no more than the cloud's own
    /// farewell.
    fn welcome(&mut self, now: Moment, conn: ConnId, key: &Key, connect: Connect) {
        if let Some(older) = self.clients.get(key).and_then(|client| client.conn) {
            self.says_farewell(key);
            self.drop_conn(now, older, End::InOrder, "the same identity signed in again");
        }
        if let Key::Device(device) = key {
            self.desk.activate(*device);
            self.came_online(*device, &connect.client_id);
        }
        if connect.clean_session {
            self.clients.remove(key);
        }
        let queue = self.queue_of(key);
        let session_present = self.clients.contains_key(key);
        let client = self.clients.entry(key.clone()).or_insert_with(|| Client::new(queue));
        client.conn = Some(conn);
        client.clean = connect.clean_session;
        client.will = connect.will;
        let connack = Connack { session_present, code: ConnectReturn::Accepted };
        let mut out = vec![Packet::Connack(connack)];
        client.resume(&mut out);
        self.deeds.extend(out.into_iter().map(|packet| Deed::Send(conn, packet)));
        if let Some(entry) = self.conns.get_mut(&conn) {
            entry.key = Some(key.clone());
            let seconds = Duration::from_secs(connect.keep_alive.into());
            entry.patience = (connect.keep_alive > 0).then(|| seconds * 3 / 2);
        }
        self.tell(key, Happening::Online);
        self.enters_the_stage(now, key);
        if let Key::Device(device) = *key {
            self.tell_application(now, application::Input::Online(device));
        }
    }

    /// How many messages may wait for a client: UCloud documents 100, the others nothing.
    fn queue_of(&self, key: &Key) -> usize {
        match self.device_of(key).map(|device| device.identity.cloud()) {
            Some(Cloud::Ucloud) => 100,
            _ => 1_000,
        }
    }

    fn device_of(&self, key: &Key) -> Option<&Device> {
        match key {
            Key::Device(device) => self.roster.get(*device),
            Key::Plain(_) => None,
        }
    }

    /// The limits for a client; the plain broker sets none.
    fn limits_of(&self, key: &Key) -> Option<&'static Limits> {
        self.device_of(key).map(Device::limits)
    }

    fn name_of(&self, key: &Key) -> String {
        match key {
            Key::Device(number) => {
                self.device_of(key).map_or_else(|| format!("device {number}"), |device| device.name.clone())
            }
            Key::Plain(id) => id.to_string(),
        }
    }

    fn tell(&mut self, key: &Key, what: Happening) {
        let device = Some(self.name_of(key));
        self.deeds.push(Deed::Tell(Notice { device, what }));
    }
}

#[cfg(test)]
mod tests;
