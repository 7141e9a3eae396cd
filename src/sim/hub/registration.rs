//! Connections that register a device, and nothing else.

use std::time::Duration;

use serde_json::Value;

use super::super::client::ConnId;
use super::super::login::Denial;
use super::super::notice::{Happening, Notice};
use super::super::registration::Registrant;
use super::super::roster::Device;
use super::publish::message;
use super::{Deed, End, Hub, Key};
use crate::event::Moment;
use crate::mqtt::packet::{Connack, ConnectReturn, Suback};
use crate::mqtt::{Packet, Publish, Qos};
use crate::profile::Identity;

/// A connection that registers is closed when it has said nothing for so long (AD: about 15 s).
const REGISTRATION_WITHIN: Duration = Duration::from_secs(15);
/// Where Aliyun pushes what it gives.
const ALIYUN_PUSH: &str = "/ext/register";

/// What a connection is there for that registers a device.
#[derive(Debug)]
pub(super) struct Registering {
    who: Registrant,
    /// It has subscribed to the topic of the answer.
    listens: bool,
}

impl Hub {
    /// Where devices find this platform, `host:port`.
    pub(crate) fn set_address(&mut self, address: String) {
        self.desk.address = address;
    }

    /// A registration by HTTPS: the body of the answer.
    pub(crate) fn register_by_form(&mut self, fields: &[(String, String)]) -> Value {
        let (answer, device) = self.desk.form(&self.roster, fields);
        if let Some(device) = device {
            self.enter(device);
        }
        answer
    }

    /// A CONNECT that registers.
    pub(super) fn registers(&mut self, conn: ConnId, claimed: Result<Registrant, Denial>) -> Result<(), Denial> {
        let who = claimed?;
        self.deeds
            .push(Deed::Send(conn, Packet::Connack(Connack { session_present: false, code: ConnectReturn::Accepted })));
        if who.topics().is_none() {
            let (data, device) = self.desk.give(&self.roster, &who, &[]);
            self.hand_out(conn, ALIYUN_PUSH, &data, device);
        }
        if let Some(entry) = self.conns.get_mut(&conn) {
            entry.patience = Some(REGISTRATION_WITHIN);
            entry.registering = Some(Registering { who, listens: false });
        }
        Ok(())
    }

    /// A packet on a connection that registers.
    pub(super) fn registrant_packet(&mut self, now: Moment, conn: ConnId, packet: Packet) {
        let topics = self.conns.get(&conn).and_then(|conn| conn.registering.as_ref()).and_then(|it| it.who.topics());
        match packet {
            Packet::Subscribe(subscribe) => {
                let grant = |(filter, asked): &(String, Qos)| {
                    let own = topics.as_ref().is_some_and(|(_, answers)| answers == filter);
                    own.then(|| (*asked).min(Qos::AtLeastOnce))
                };
                let granted: Vec<Option<Qos>> = subscribe.filters.iter().map(grant).collect();
                if granted.iter().any(Option::is_some)
                    && let Some(it) = self.conns.get_mut(&conn).and_then(|conn| conn.registering.as_mut())
                {
                    it.listens = true;
                }
                self.deeds.push(Deed::Send(conn, Packet::Suback(Suback { packet_id: subscribe.packet_id, granted })));
            }
            Packet::Publish(publish) => self.asks_for_registration(conn, topics, &publish),
            Packet::Pingreq => self.deeds.push(Deed::Send(conn, Packet::Pingresp)),
            Packet::Disconnect => self.drop_conn(now, conn, End::InOrder, "by DISCONNECT"),
            Packet::Puback(_) => {}
            other => {
                self.drop_conn(now, conn, End::InOrder, &format!("{} has no place in a registration", other.name()));
            }
        }
    }

    /// A question is answered where the answer is subscribed to; anything else is acknowledged and dropped.
    fn asks_for_registration(&mut self, conn: ConnId, topics: Option<(String, String)>, publish: &Publish) {
        if let (Qos::AtLeastOnce, Some(id)) = (publish.qos, publish.packet_id) {
            self.deeds.push(Deed::Send(conn, Packet::Puback(id)));
        }
        let Some(Registering { who, listens: true }) = self.conns.get(&conn).and_then(|conn| conn.registering.as_ref())
        else {
            return;
        };
        if let Some((_, answers)) = topics.filter(|(questions, _)| *questions == publish.topic) {
            let (data, device) = self.desk.give(&self.roster, who, &publish.payload);
            self.hand_out(conn, &answers, &data, device);
        }
    }

    fn hand_out(&mut self, conn: ConnId, topic: &str, data: &Value, device: Option<Device>) {
        self.deeds.push(Deed::Send(
            conn,
            Packet::Publish(message(topic.to_owned(), data.to_string().into(), Qos::AtMostOnce)),
        ));
        if let Some(device) = device {
            self.enter(device);
        }
    }

    /// A registered device is let in from now on; one that is known keeps its name and place.
    fn enter(&mut self, device: Device) {
        let known = self.roster.renew(&device.identity).map(|index| self.name_of(&Key::Device(index)));
        let name = known.unwrap_or_else(|| {
            let mut device = device;
            while self.roster.named(&device.name).is_some() {
                device.name.push_str("-registered");
            }
            let name = device.name.clone();
            self.add_device(device);
            name
        });
        self.deeds.push(Deed::Tell(Notice { device: Some(name), what: Happening::Registered }));
    }

    /// The answer to a device that is registered already and asks, over its usual login, where its platform is; `None`: it asks
    /// for something else.
    pub(super) fn bootstrap_answer(&self, device: usize, topic: &str) -> Option<Publish> {
        let Identity::Huawei(huawei) = &self.roster.get(device)?.identity else { return None };
        let root = format!("$oc/devices/{}/sys/bootstrap", huawei.device_id);
        if topic != format!("{root}/up") {
            return None;
        }
        let body = serde_json::json!({ "address": self.desk.address });
        Some(message(format!("{root}/down"), body.to_string().into(), Qos::AtMostOnce))
    }
}
