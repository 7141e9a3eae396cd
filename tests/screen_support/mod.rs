//! A canned timeline: three devices, one of each cloud, and what a morning with them looks like.

#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

pub(crate) mod bench;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use standin::cloud::{self, Direction, Platform};
use standin::console::application::Application;
use standin::console::update::World;
use standin::event::{Acked, Kind, LineState, Message, Moment, StateChange, Subscribed};
use standin::mqtt::{PacketId, Qos};
use standin::profile::{
    AliyunIdentity, AliyunTimestamp, Endpoint, HuaweiIdentity, Identity, Profile, SecretSource, SignMethod, SignType,
    Transport, UcloudIdentity,
};
use standin::session::{Handle, Order};
use standin::timeline::{Budget, SessionId, Timeline};
use tokio::sync::mpsc;

/// A timeline with its sessions' handles, and the orders that they take.
pub(crate) struct Canned {
    pub(crate) timeline: Timeline,
    pub(crate) handles: Vec<Handle>,
    pub(crate) orders: Vec<mpsc::Receiver<Order>>,
    /// What the platform can be told to send, where there is one.
    pub(crate) application: Option<Box<dyn Application>>,
    pub(crate) now: Moment,
}

fn secret() -> SecretSource {
    SecretSource::File(PathBuf::from("/nowhere"))
}

fn profile(name: &str, identity: Identity) -> Profile {
    let endpoint = Endpoint {
        transport: Transport::Wss,
        host: "localhost".to_owned(),
        port: 443,
        path: "/mqtt".to_owned(),
        subprotocol: Some("mqtt".to_owned()),
    };
    cloud::defaults::profile(name, identity, endpoint)
}

pub(crate) fn profiles() -> Vec<Profile> {
    vec![
        profile(
            "smoke-01",
            Identity::Huawei(HuaweiIdentity {
                device_id: "smoke-01".to_owned(),
                secret: Some(secret()),
                sign_type: SignType::Sha256,
            }),
        ),
        profile(
            "lamp-gw",
            Identity::Aliyun(AliyunIdentity {
                product_key: "a1B2c3".to_owned(),
                device_name: "lamp-gw".to_owned(),
                secret: secret(),
                client_id: "a1B2c3.lamp-gw".to_owned(),
                sign_method: SignMethod::HmacSha256,
                timestamp: AliyunTimestamp::Absent,
                ext: None,
                is_token: false,
            }),
        ),
        profile(
            "meter-7",
            Identity::Ucloud(UcloudIdentity {
                product_sn: "zb8ri73kj8m1xhgr".to_owned(),
                device_sn: "meter-7".to_owned(),
                secret: secret(),
            }),
        ),
    ]
}

impl Canned {
    /// The devices, and nothing that has happened.
    pub(crate) fn empty(now: Moment) -> Self {
        Self::with(profiles(), now)
    }

    pub(crate) fn with(profiles: Vec<Profile>, now: Moment) -> Self {
        let mut timeline = Timeline::new(Budget::default(), now);
        let (mut handles, mut orders) = (Vec::new(), Vec::new());
        for profile in profiles {
            let id = timeline.register(&profile.name, profile.identity.cloud());
            let platform: Arc<dyn Platform> = Arc::from(cloud::platform(&profile));
            let (sender, receiver) = mpsc::channel(4);
            handles.push(Handle::new(id, Arc::new(profile), platform, sender));
            orders.push(receiver);
        }
        Self { timeline, handles, orders, application: None, now }
    }

    /// What stands in the sketch of the console.
    pub(crate) fn morning(now: Moment) -> Self {
        let mut canned = Self::empty(now);
        canned.online(0);
        canned.online(1);
        canned.pass(7_120);
        canned.down(
            0,
            "$oc/devices/smoke-01/sys/commands/request_id=c1",
            r#"{"command_name":"SILENCE","service_id":"smokeDetector","paras":{"value":1}}"#,
        );
        canned.pass(420);
        canned.up(
            0,
            "$oc/devices/smoke-01/sys/commands/response/request_id=c1",
            r#"{"result_code":0,"response_name":"COMMAND_RESPONSE","paras":{"result":"success"}}"#,
        );
        canned.acked(0, 7, None);
        canned.pass(461);
        canned.up(
            1,
            "/sys/a1B2c3/lamp-gw/thing/event/property/post",
            r#"{"id":"1","version":"1.0","params":{"temperature":21.4,"humidity":40},"method":"thing.event.property.post"}"#,
        );
        canned.acked(1, 7, None);
        canned.pass(43);
        canned.down(
            1,
            "/sys/a1B2c3/lamp-gw/thing/event/property/post_reply",
            r#"{"code":200,"data":{},"id":"1","message":"success","method":"thing.event.property.post","version":"1.0"}"#,
        );
        canned.pass(1_256);
        canned.down(
            0,
            "$oc/devices/smoke-01/sys/properties/set/request_id=3a1f",
            r#"{"services":[{"service_id":"smokeDetector","properties":{"alarm":0}}]}"#,
        );
        canned.pass(700);
        canned.backoff(2);
        canned.pass(400);
        canned
    }

    /// What a key may look at.
    pub(crate) fn world(&self) -> World<'_> {
        World {
            history: (&self.timeline).into(),
            handles: &self.handles,
            application: self.application.as_deref(),
            now: self.now,
            real: self.now.mono,
        }
    }

    /// Lets time pass, in milliseconds.
    pub(crate) fn pass(&mut self, millis: u64) {
        self.now = self.now.after(Duration::from_millis(millis));
    }

    pub(crate) fn online(&mut self, device: u16) {
        let id = SessionId(device);
        let online = StateChange { state: LineState::Online, attempt: 1, ..StateChange::default() };
        self.timeline.append(id, self.now, &Kind::State(online), None);
        let platform = Arc::clone(&self.handles[usize::from(device)].platform);
        for wanted in platform.subscriptions() {
            let answer = Subscribed {
                filter: wanted.filter.as_str(),
                asked: wanted.qos,
                granted: Some(wanted.qos),
                reason: None,
                order: None,
            };
            self.timeline.append(id, self.now, &Kind::Subscribed(answer), None);
        }
        self.timeline.pinged(id, Duration::from_millis(23));
    }

    pub(crate) fn backoff(&mut self, device: u16) {
        let change = StateChange {
            state: LineState::Backoff,
            attempt: 4,
            retry_in: Some(Duration::from_millis(10_600)),
            code: Some("closed"),
            reason: Some("the platform closed the connection"),
            ..StateChange::default()
        };
        self.timeline.append(SessionId(device), self.now, &Kind::State(change), None);
    }

    pub(crate) fn down(&mut self, device: u16, topic: &str, payload: &str) -> u64 {
        self.message(device, Direction::Down, topic, payload.as_bytes())
    }

    pub(crate) fn up(&mut self, device: u16, topic: &str, payload: &str) -> u64 {
        self.message(device, Direction::Up, topic, payload.as_bytes())
    }

    pub(crate) fn acked(&mut self, device: u16, number: u16, order: Option<u64>) {
        let acked = Acked { packet_id: PacketId::new(number), took: Duration::from_millis(31), order };
        self.timeline.append(SessionId(device), self.now, &Kind::Acked(acked), None);
    }

    pub(crate) fn message(&mut self, device: u16, direction: Direction, topic: &str, payload: &[u8]) -> u64 {
        self.message_by(device, direction, topic, payload, None)
    }

    /// An answer of the device, which `by` gave, marked as a session marks it.
    pub(crate) fn own(&mut self, device: u16, topic: &str, payload: &str, by: Option<&str>) -> u64 {
        self.message_by(device, Direction::Up, topic, payload.as_bytes(), by)
    }

    fn message_by(&mut self, device: u16, direction: Direction, topic: &str, payload: &[u8], by: Option<&str>) -> u64 {
        let id = SessionId(device);
        let platform = Arc::clone(&self.handles[usize::from(device)].platform);
        let meaning = platform.meaning(direction, topic, payload);
        let request_id = meaning.request_id.as_deref();
        let took = request_id.filter(|_| meaning.what.is_answer() && direction == Direction::Up);
        let took = took.and_then(|request| self.timeline.requests().took(id, request, self.now.mono));
        let message = Message {
            topic,
            qos: Qos::AtLeastOnce,
            packet_id: PacketId::new(7),
            payload,
            what: meaning.what,
            request_id,
            deadline_ms: meaning
                .deadline
                .filter(|_| direction == Direction::Down)
                .and_then(|deadline| u32::try_from(deadline.as_millis()).ok()),
            took_ms: took.and_then(|took| u32::try_from(took.as_millis()).ok()),
            by,
            irregular: request_id
                .filter(|_| took.is_some())
                .map(|request| self.timeline.requests().irregular(id, request, self.now.mono))
                .unwrap_or_default(),
            ..Message::default()
        };
        let kind = if direction == Direction::Down { Kind::Rx(message) } else { Kind::Tx(message) };
        self.timeline.append(id, self.now, &kind, meaning.id_span)
    }
}
