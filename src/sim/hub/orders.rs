//! What is asked of the platform from its own side: requests to devices, faults, and the simulated application.

use bytes::Bytes;

use super::super::application::{self, Action};
use super::super::client::ConnId;
use super::super::notice::Happening;
use super::super::request::{Ask, Outcome};
use super::super::roster::Device;
use super::publish::message;
use super::{Asker, Deed, End, Hub, Key, Pending, Refusal, Ticket};
use crate::event::Moment;
use crate::mqtt::topic::check_name;
use crate::mqtt::{Publish, Qos};

impl Hub {
    /// Time has come: requests that nobody answered end, and the application does what it wants to.
    pub(crate) fn tick(&mut self, now: Moment) {
        let overdue = |pending: &mut Pending| pending.since + pending.expect.within <= now.mono;
        let late: Vec<Pending> = self.pending.extract_if(.., overdue).collect();
        for pending in late {
            self.finish(now, pending, Outcome::TimedOut);
        }
        self.play(now);
        self.tell_application(now, application::Input::Tick);
    }

    /// Adds a device.
    pub(crate) fn add_device(&mut self, device: Device) {
        if let Some(application) = &mut self.application {
            application.add(device.identity.cloud());
        }
        self.roster.add(device);
    }

    /// Whether the device or plain client of that name is signed in.
    pub(crate) fn is_online(&self, name: &str) -> bool {
        self.conn_of(name).is_some()
    }

    /// Asks a device for something; [`Deed::Finish`] with this ticket is due when it has ended.
    pub(crate) fn ask(&mut self, now: Moment, ticket: Ticket, name: &str, ask: &Ask) {
        if let Some(device) = self.roster.named(name) {
            self.ask_device(now, Asker::Caller(ticket), device, ask);
        } else {
            let why = format!("the platform knows no device called {name}");
            self.deeds.push(Deed::Finish(ticket, Outcome::NotSent(why)));
        }
    }

    /// Sends a message to a device or plain client that is online, whether it has subscribed or not.
    pub(crate) fn publish_to(&mut self, name: &str, topic: String, payload: Bytes, qos: Qos, retain: bool) -> bool {
        let Some(key) = self.key_of(name).filter(|_| self.is_online(name) && check_name(&topic).is_ok()) else {
            return false;
        };
        self.hand_over(&key, Publish { retain, ..message(topic, payload, qos) })
    }

    /// Sends bytes as they are to a device or plain client that is online.
    pub(crate) fn send_raw(&mut self, name: &str, bytes: Bytes) -> bool {
        let conn = self.conn_of(name);
        self.deeds.extend(conn.map(|conn| Deed::Raw(conn, bytes)));
        conn.is_some()
    }

    /// Ends the connection of a device or plain client that is online.
    pub(crate) fn cut(&mut self, now: Moment, name: &str, end: End) -> bool {
        let conn = self.conn_of(name);
        if let Some(conn) = conn {
            self.drop_conn(now, conn, end, "cut by order");
        }
        conn.is_some()
    }

    /// Plays dead on the connection of a device or plain client: it stays open, and nothing comes any more.
    pub(crate) fn silence(&mut self, name: &str) -> bool {
        let conn = self.conn_of(name);
        if let Some(conn) = conn {
            self.play_dead(conn);
        }
        conn.is_some()
    }

    pub(super) fn play_dead(&mut self, conn: ConnId) {
        if let Some(entry) = self.conns.get_mut(&conn) {
            entry.silent = true;
        }
    }

    /// Whether the platform plays dead on a connection.
    pub(crate) fn is_silent(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|conn| conn.silent)
    }

    /// Refuses the next `count` connections; 0 takes an earlier order back.
    pub(crate) fn refuse_next(&mut self, count: usize, how: Refusal) {
        self.refusals = (count, how);
    }

    /// The HTTP status with which the next upgrade is to be refused, if it is.
    pub(crate) fn refused_upgrade(&mut self) -> Option<u16> {
        match self.refusals {
            (left, Refusal::Upgrade(status)) if left > 0 => {
                self.refusals.0 -= 1;
                Some(status)
            }
            _ => None,
        }
    }

    fn ask_device(&mut self, now: Moment, by: Asker, device: usize, ask: &Ask) {
        let key = Key::Device(device);
        let request = self.request(now, device, ask);
        let Some(request) = request else {
            let why = self.why_not(device, ask);
            return self.end(now, device, by, Outcome::NotSent(why));
        };
        let online = self.clients.get(&key).is_some_and(|client| client.conn.is_some());
        let sent = online && self.deliver(&key, message(request.topic.clone(), request.payload, Qos::AtLeastOnce));
        let outcome = match (&request.expect, online, sent) {
            (_, false, _) => Some(Outcome::NotSent("the device is not online".to_owned())),
            (_, _, false) => Some(Outcome::NotSent(format!("the device has not subscribed to {}", request.topic))),
            (None, ..) => Some(Outcome::Sent),
            (Some(_), ..) => None,
        };
        if sent {
            self.tell(&key, Happening::Asked { topic: request.topic.clone() });
        }
        match (outcome, request.expect) {
            (Some(outcome), _) => self.end(now, device, by, outcome),
            (None, Some(expect)) => {
                let topic = request.topic;
                self.pending.push(Pending { by, device, topic, expect, since: now.mono });
            }
            (None, None) => {}
        }
    }

    /// An open request has ended.
    pub(super) fn finish(&mut self, now: Moment, pending: Pending, outcome: Outcome) {
        let what = Happening::Ended { topic: pending.topic, outcome: outcome.clone() };
        self.tell(&Key::Device(pending.device), what);
        self.end(now, pending.device, pending.by, outcome);
    }

    fn end(&mut self, now: Moment, device: usize, by: Asker, outcome: Outcome) {
        match by {
            Asker::Application => self.tell_application(now, application::Input::Ended),
            Asker::Caller(ticket) => self.deeds.push(Deed::Finish(ticket, outcome)),
            Asker::Tape(step) => self.held_against_the_tape(device, step, &outcome),
        }
    }

    /// Hands the application an input and does what it wants.
    pub(super) fn tell_application(&mut self, now: Moment, input: application::Input) {
        let action = self.application.as_mut().and_then(|application| application.step(now.mono, input));
        match action {
            Some(Action::Ask(device, ask)) => self.ask_device(now, Asker::Application, device, &ask),
            Some(Action::Cut(device)) => {
                let conn = self.clients.get(&Key::Device(device)).and_then(|client| client.conn);
                if let Some(conn) = conn {
                    self.drop_conn(now, conn, End::Abrupt, "cut by the simulated application");
                }
            }
            None => {}
        }
    }

    /// A device's name, else the client id of a plain client. A plain client of the roster goes by its client id too.
    pub(super) fn key_of(&self, name: &str) -> Option<Key> {
        use crate::profile::Identity;
        match self.roster.named(name).map(|device| (device, self.roster.get(device))) {
            Some((_, Some(Device { identity: Identity::Mqtt(client), .. }))) => {
                Some(Key::Plain(client.client_id.as_str().into()))
            }
            Some((device, _)) => Some(Key::Device(device)),
            None => Some(Key::Plain(name.into())).filter(|key| self.clients.contains_key(key)),
        }
    }

    fn conn_of(&self, name: &str) -> Option<ConnId> {
        self.key_of(name).and_then(|key| self.clients.get(&key)).and_then(|client| client.conn)
    }
}
