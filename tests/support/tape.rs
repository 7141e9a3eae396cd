//! Tapes for tests: a story of events that a timeline tells as a session would, put onto a tape by the writer itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use standin::cloud::{self, Direction, Platform};
use standin::event::{
    Acked, Event, Failure, Kind, LineState, Message, Moment, StateChange, Subscribed, WallTime, json,
};
use standin::mqtt::{PacketId, Qos};
use standin::profile::Cloud;
use standin::tape::{Destination, Recorded, Settings, Status, Writer};
use standin::timeline::{Budget, SessionId, Timeline};

/// When every story starts: 2026-11-21T08:30:00Z.
pub const START: i64 = 1_795_249_800_000_000;

/// What happened to some devices, on a clock of its own.
pub struct Story {
    pub timeline: Timeline,
    pub start: Moment,
    pub now: Moment,
    pub sessions: Vec<Recorded>,
    platforms: Vec<Box<dyn Platform>>,
}

impl Story {
    /// Nothing yet.
    pub fn new() -> Self {
        let start = Moment { at: WallTime::from_unix_micros(START), mono: Instant::now() };
        let timeline = Timeline::new(Budget::default(), start);
        Self { timeline, start, now: start, sessions: Vec::new(), platforms: Vec::new() }
    }

    /// A device of each cloud, each with commands answered, reports, a free message; notes, an error, a gap, back-off.
    pub fn of_three_clouds() -> Self {
        let mut story = Self::new();
        let huawei = story.device(recorded("smoke-01", Cloud::Huawei));
        let aliyun = story.device(recorded("lamp-01", Cloud::Aliyun));
        let ucloud = story.device(recorded("meter-01", Cloud::Ucloud));
        for device in [huawei, aliyun, ucloud] {
            story.state(device, LineState::Connecting);
            story.wait_ms(40);
            story.state(device, LineState::Online);
        }
        for round in 0..3 {
            story.wait_ms(500);
            story.huawei(huawei, round);
            story.aliyun(aliyun, round);
            story.ucloud(ucloud, round);
        }
        story.note(huawei, "look\there: \u{202E}hidden\u{1B}[31m");
        story.say(aliyun, &Kind::Gap { count: 12, reason: "the reader could not keep up" });
        let failure = Failure { code: "offline", reason: "no line", hint: Some("connect first"), order: Some(8) };
        story.say(ucloud, &Kind::Error(failure));
        story.wait_ms(10);
        let backoff = StateChange {
            state: LineState::Backoff,
            attempt: 4,
            retry_in: Some(Duration::from_millis(10_600)),
            code: Some("closed"),
            reason: Some("the platform closed the connection"),
            ..StateChange::default()
        };
        story.say(ucloud, &Kind::State(backoff));
        story
    }

    /// Makes a device known.
    pub fn device(&mut self, recorded: Recorded) -> SessionId {
        self.platforms.push(cloud::observed(recorded.cloud, &recorded.identifiers));
        let id = self.timeline.register(&recorded.name, recorded.cloud);
        self.sessions.push(recorded);
        id
    }

    /// Lets time pass.
    pub fn wait_ms(&mut self, millis: u64) {
        self.now = self.now.after(Duration::from_millis(millis));
    }

    /// Something happens, 137 microseconds after what was before.
    pub fn say(&mut self, device: SessionId, kind: &Kind<'_>) -> u64 {
        self.now = self.now.after(Duration::from_micros(137));
        self.timeline.append(device, self.now, kind, None)
    }

    /// The line changes.
    pub fn state(&mut self, device: SessionId, state: LineState) -> u64 {
        self.say(device, &Kind::State(StateChange { state, attempt: 1, ..StateChange::default() }))
    }

    /// Somebody notes something.
    pub fn note(&mut self, device: SessionId, text: &str) -> u64 {
        self.say(device, &Kind::Note { text, order: None })
    }

    /// A message comes, QoS 1.
    pub fn rx(&mut self, device: SessionId, topic: &str, payload: impl AsRef<[u8]>) -> u64 {
        self.message(device, Direction::Down, topic, payload.as_ref())
    }

    /// A message goes, QoS 1, and is acknowledged.
    pub fn tx(&mut self, device: SessionId, topic: &str, payload: impl AsRef<[u8]>) -> u64 {
        let seq = self.message(device, Direction::Up, topic, payload.as_ref());
        let acked = Acked { packet_id: PacketId::new(7), took: Duration::from_micros(31_400), order: None };
        self.say(device, &Kind::Acked(acked));
        seq
    }

    /// All events, in order.
    pub fn events(&self) -> impl Iterator<Item = Event<'_>> {
        self.timeline.events_from(1)
    }

    /// The lines that a tape of the whole story has: numbered from 1, timed from the story's start.
    pub fn lines(&self) -> Vec<String> {
        let line = |event: Event<'_>| {
            let mut line = String::new();
            json::write(&mut line, &event);
            line
        };
        self.events().map(line).collect()
    }

    /// Puts the whole story onto a tape at `path`, a chunk at most every `flush_each` events, and ends it in order.
    pub fn record(&self, path: &Path, flush_each: usize) -> Status {
        self.record_with(Settings::new(Destination::File(path.to_owned())), flush_each)
    }

    /// As [`Story::record`], with other settings.
    pub fn record_with(&self, settings: Settings, flush_each: usize) -> Status {
        let mut writer = Writer::create(settings, self.sessions.clone(), self.start).unwrap();
        for (place, event) in self.events().enumerate() {
            let now = self.start.mono + Duration::from_micros(event.mono_us);
            writer.push(&event, now);
            if (place + 1) % flush_each == 0 {
                writer.flush(now);
            }
        }
        writer.finish(self.now.mono)
    }

    fn message(&mut self, device: SessionId, direction: Direction, topic: &str, payload: &[u8]) -> u64 {
        self.now = self.now.after(Duration::from_micros(137));
        let meaning = self.platforms[usize::from(device.0)].meaning(direction, topic, payload);
        let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap();
        let message = Message {
            topic,
            qos: Qos::AtLeastOnce,
            packet_id: PacketId::new(7),
            payload,
            what: meaning.what,
            request_id: meaning.request_id.as_deref(),
            deadline_ms: meaning.deadline.filter(|_| direction == Direction::Down).map(millis),
            ..Message::default()
        };
        let kind = if direction == Direction::Down { Kind::Rx(message) } else { Kind::Tx(message) };
        self.timeline.append(device, self.now, &kind, meaning.id_span)
    }

    fn huawei(&mut self, device: SessionId, round: u32) {
        let base = "$oc/devices/65f0c0de_dev01/sys";
        let filter = "$oc/devices/65f0c0de_dev01/sys/commands/#";
        let asked = Qos::AtLeastOnce;
        let answer = Subscribed { filter, asked, granted: Some(asked), reason: None, order: None };
        self.say(device, &Kind::Subscribed(answer));
        self.rx(
            device,
            &format!("{base}/commands/request_id=c{round}"),
            r#"{"command_name":"SILENCE","service_id":"smokeDetector","paras":{"value":1}}"#,
        );
        self.wait_ms(20);
        self.tx(
            device,
            &format!("{base}/commands/response/request_id=c{round}"),
            r#"{"result_code":0,"response_name":"COMMAND_RESPONSE","paras":{"result":"success"}}"#,
        );
        let report = format!(
            r#"{{"services":[{{"service_id":"smokeDetector","properties":{{"alarm":{round},"temperature":21.{round}}}}}]}}"#
        );
        self.tx(device, &format!("{base}/properties/report"), report);
        self.rx(device, &format!("{base}/messages/down"), [0xFF, 0x00, u8::try_from(round).unwrap()]);
        self.say(device, &Kind::Unsubscribed { filter, order: None });
    }

    fn aliyun(&mut self, device: SessionId, round: u32) {
        let base = "/sys/a1AbCdEfGh1/lamp-01";
        let refused = Subscribed {
            filter: "/sys/#",
            asked: Qos::ExactlyOnce,
            granted: None,
            reason: Some("not allowed"),
            order: Some(2),
        };
        self.say(device, &Kind::Subscribed(refused));
        self.rx(
            device,
            &format!("{base}/thing/service/property/set"),
            format!("{{\n  \"id\": \"{round}\",\n  \"params\": {{\"password\": \"hunter{round}\", \"亮度\": 40}}\n}}"),
        );
        self.tx(
            device,
            &format!("{base}/thing/service/property/set_reply"),
            format!(r#"{{"id":"{round}","code":200,"data":{{}}}}"#),
        );
        self.rx(device, &format!("{base}/rrpc/request/81{round}"), "温度 \u{202E}?\n");
        self.tx(device, &format!("{base}/rrpc/response/81{round}"), "");
    }

    fn ucloud(&mut self, device: SessionId, round: u32) {
        let base = "/$system/ledubff3z85spjmu/h9onxtzw0aep7fsr";
        self.rx(
            device,
            &format!("{base}/tmodel/command"),
            format!(r#"{{"RequestID":"7{round}","Identifier":"open","Input":{{}}}}"#),
        );
        self.tx(
            device,
            &format!("{base}/tmodel/command_reply/7{round}"),
            format!(r#"{{"RequestID":"7{round}","RetCode":0}}"#),
        );
        self.tx(
            device,
            &format!("{base}/tmodel/property/post"),
            format!(r#"{{"RequestID":"9{round}","Property":{{"kwh":{{"Value":{round}.5}}}}}}"#),
        );
    }
}

/// A device of `cloud` as a tape names it.
pub fn recorded(name: &str, cloud: Cloud) -> Recorded {
    let identifiers: &[(&str, &str)] = match cloud {
        Cloud::Huawei => &[("device_id", "65f0c0de_dev01")],
        Cloud::Aliyun => &[("product_key", "a1AbCdEfGh1"), ("device_name", "lamp-01"), ("client_id", "12345")],
        Cloud::Ucloud => &[("product_sn", "ledubff3z85spjmu"), ("device_sn", "h9onxtzw0aep7fsr")],
        Cloud::Mqtt => &[("client_id", "plain-01")],
    };
    let identifiers = identifiers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Recorded {
        name: name.to_owned(),
        cloud,
        endpoint: format!("wss://{}.example:443/mqtt", cloud.word()),
        identifiers: identifiers.collect::<BTreeMap<_, _>>(),
        clock_offset_us: None,
        state: LineState::Offline,
    }
}
