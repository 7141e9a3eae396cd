//! Makes the sample tapes: `cargo run --release --example samples -- FOLDER` records live sessions against the embedded platform.
//!
//! One tape of each cloud with requests answered (one late, one not at all), one with cut lines and back-off, one with text that
//! would harm a terminal. Takes about 40 seconds; tapes that are there already are not touched.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use standin::event::Kind;
use standin::mqtt::Qos;
use standin::mqtt::packet::ConnectReturn;
use standin::profile::{Backoff, BackoffPolicy, Profile, Transport};
use standin::session::{self, Action, Handle, Journal, Order, Recording, clock};
use standin::sim::{Ask, Options, Platform, Refusal};
use standin::tape::{Destination, Recorded, Settings};
use standin::timeline::{Budget, RequestState, Timeline};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One session that is recorded.
struct Scene {
    platform: Platform,
    journal: Journal,
    handle: Handle,
    recording: Recording,
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("where to? samples FOLDER")?.into();
    tokio::try_join!(
        cloud(&folder, "huawei", "smoke-01"),
        cloud(&folder, "aliyun", "lamp-01"),
        cloud(&folder, "ucloud", "meter-7"),
        cut_lines(&folder),
        hostile(&folder),
    )?;
    Ok(())
}

impl Scene {
    /// Starts a platform, a device's session on it and its recording, and waits until the device is online.
    async fn begin(folder: &Path, tape: &str, device: &str, change: impl FnOnce(&mut Profile)) -> Result<Self> {
        let platform = Platform::start(Options::default())?;
        let mut profile = platform.profile(device, Transport::Wss).ok_or("no such device")?;
        change(&mut profile);
        let journal = Journal::new(Timeline::new(Budget::default(), clock::now()));
        let recorded = Recorded::of(&profile);
        let settings = Settings::new(Destination::File(folder.join(tape)));
        let recording = Recording::start(&journal, None, vec![recorded], settings, clock::now())?;
        let handle = session::start(profile, &journal);
        let scene = Self { platform, journal, handle, recording };
        scene.online().await;
        // Until its subscriptions are granted, a device hears nothing.
        pause(500).await;
        Ok(scene)
    }

    async fn online(&self) {
        while !self.platform.is_online(&self.handle.profile.name) {
            pause(20).await;
        }
    }

    /// Sends what the composer offers first, with `body` in its place where there is one.
    async fn report(&self, body: Option<Value>) {
        let serial = u64::try_from(clock::wall().unix_micros() / 1_000).unwrap_or(0);
        let Some(draft) = self.handle.platform.drafts(serial).into_iter().next() else { return };
        let payload = body.map_or(draft.body, |body| body.to_string());
        self.publish(&draft.topic, payload, draft.qos).await;
    }

    async fn publish(&self, topic: &str, payload: impl Into<Bytes>, qos: Qos) {
        let action =
            Action::Publish { topic: topic.to_owned(), payload: payload.into(), qos, retain: false, force: false };
        self.handle.send(Order { number: None, action }).await;
    }

    /// Asks the device, and answers with `code` after `wait`; without a wait it stays without an answer.
    async fn ask(&self, ask: Ask, wait: Option<u64>, code: Option<i64>) {
        let name = self.handle.profile.name.clone();
        let asking = self.platform.request(&name, &ask);
        let answering = async {
            let Some(wait) = wait else { return };
            let id = loop {
                let open = self.journal.with(|timeline| {
                    let mut open = timeline.requests().iter().filter(|request| request.state == RequestState::Open);
                    open.next_back().map(|request| request.request_id.clone())
                });
                if let Some(id) = open {
                    break id;
                }
                pause(10).await;
            };
            pause(wait).await;
            let action = Action::Reply { request_id: id, code, payload: None, force: false };
            self.handle.send(Order { number: None, action }).await;
        };
        let answered_then_still = async {
            answering.await;
            std::future::pending::<()>().await;
        };
        // What ends it is the platform: answered, too late, or not a thing that this cloud asks.
        tokio::select! {
            _ = asking => {}
            () = answered_then_still => {}
        }
        self.journal.with(|timeline| timeline.expire(clock::now()));
    }

    fn note(&self, text: &str) {
        self.journal.append(self.handle.id, clock::now(), &Kind::Note { text, order: None });
    }

    async fn end(self) {
        self.handle.leave().await;
        self.recording.stop(Duration::from_secs(5));
        self.platform.stop().await;
    }
}

/// A device of a cloud at work: reports, and requests that are answered.
async fn cloud(folder: &Path, cloud: &str, device: &str) -> Result<()> {
    let scene = Scene::begin(folder, &format!("{cloud}.mcap"), device, |_| ()).await?;
    let service = || "smokeDetector".to_owned();
    let command = |name: &str, input: Value| Ask::Command { service: service(), name: name.to_owned(), input };
    scene.report(None).await;
    pause(900).await;
    scene.ask(command("SILENCE", json!({ "value": 1 })), Some(420), None).await;
    for _ in 0..4 {
        pause(700).await;
        scene.report(None).await;
    }
    scene.ask(Ask::PropertySet { service: service(), properties: json!({ "alarm": 0 }) }, Some(250), None).await;
    pause(600).await;
    scene.ask(Ask::PropertyGet { service: service() }, Some(180), None).await;
    scene.note("the alarm was reset by the platform: watch the next reports");
    late_and_never(scene).await;
    Ok(())
}

/// The second half: a call that fails, a message without an answer, and a command that nobody answers.
async fn late_and_never(scene: Scene) {
    let service = || "smokeDetector".to_owned();
    for _ in 0..4 {
        pause(500).await;
        scene.report(None).await;
    }
    let call = Ask::Call { service: service(), name: "selfTest".to_owned(), input: json!({ "seconds": 3 }) };
    scene.ask(call, Some(1_400), Some(1)).await;
    pause(400).await;
    scene.ask(Ask::Message { payload: Bytes::from_static(b"{\"text\":\"maintenance at 02:00\"}") }, None, None).await;
    scene.report(None).await;
    // Nobody answers this one: it runs out.
    let reboot = Ask::Command { service: service(), name: "REBOOT".to_owned(), input: json!({ "delay": 5 }) };
    scene.ask(reboot, None, None).await;
    scene.note("REBOOT was not answered");
    scene.report(None).await;
    pause(500).await;
    scene.end().await;
}

/// A line that is cut, refused and silent, and what the back-off makes of it.
async fn cut_lines(folder: &Path) -> Result<()> {
    let hurried = |profile: &mut Profile| {
        let ms = Duration::from_millis;
        profile.backoff = Backoff { policy: BackoffPolicy::Huawei, min: ms(500), default: ms(500), max: ms(4_000) };
        profile.connect_timeout = Duration::from_secs(2);
    };
    let scene = Scene::begin(folder, "cut-lines.mcap", "smoke-01", hurried).await?;
    scene.report(None).await;
    pause(800).await;
    let name = scene.handle.profile.name.clone();
    scene.platform.cut(&name);
    gone(&scene).await;
    scene.online().await;
    pause(500).await;
    scene.report(None).await;
    pause(500).await;
    scene.platform.refuse_next(3, Refusal::Connack(ConnectReturn::ServerUnavailable));
    scene.platform.close(&name);
    gone(&scene).await;
    scene.online().await;
    pause(700).await;
    scene.report(None).await;
    scene.platform.refuse_next(1, Refusal::Upgrade(503));
    scene.platform.cut(&name);
    gone(&scene).await;
    scene.platform.stop_listening().await;
    pause(5_000).await;
    scene.platform.listen_again()?;
    scene.online().await;
    scene.note("four ends of a line: a cut, a restart with three refusals, a 503, a closed port");
    scene.report(None).await;
    pause(500).await;
    scene.end().await;
    Ok(())
}

/// Waits until the platform has noticed that the device is gone.
async fn gone(scene: &Scene) {
    while scene.platform.is_online(&scene.handle.profile.name) {
        pause(10).await;
    }
}

/// Text that would harm a terminal, and payloads that are no text.
async fn hostile(folder: &Path) -> Result<()> {
    let scene = Scene::begin(folder, "hostile.mcap", "broker-1", |_| ()).await?;
    let name = scene.handle.profile.name.clone();
    let deep = "[".repeat(200) + &"]".repeat(200);
    let payloads: [&[u8]; 16] = [
        b"\x1b]0;a title of mine\x07\x1b[2J\x1b[31mred",
        b"\x1b]52;c;cm0gLXJmIH4=\x07",
        b"\x1bP$q\"p\x1b\\\x1b[6n\x9b6n",
        "{\"name\":\"\u{202e}gpj.exe\",\"ok\":true}".as_bytes(),
        "a\u{1f31e}b \u{0301}\u{0301}\u{0301} e\u{0301} \u{200b}\u{feff}\u{2066}x\u{2069}".as_bytes(),
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{6e29}\u{5ea6}\u{8fc7}\u{9ad8} \u{ff21}".as_bytes(),
        b"{\"broken\": [1, 2,",
        b"{\"a\":1}{\"b\":2}",
        b"{\n  \"pretty\": [\n    1,\n    2\n  ]\n}",
        b"line one\r\nline two\rover\x08\x08\x08\x00nul",
        b"\xff\xfe\x00\x01\x80\x81 no UTF-8 \xc3\x28",
        b"",
        b"{\"big\":123456789012345678901234567890,\"exp\":1e400,\"dup\":1,\"dup\":2}",
        deep.as_bytes(),
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
        "=HYPERLINK(\"http://example.invalid\")".as_bytes(),
    ];
    for (number, payload) in payloads.into_iter().enumerate() {
        let topic = format!("lab/hostile/{number:02}");
        scene.platform.publish_to(&name, &topic, Bytes::copy_from_slice(payload), Qos::AtLeastOnce, number == 3);
        pause(250).await;
    }
    let topics = [
        "lab/\u{1b}[31m/red",
        "lab//empty level/ ",
        "lab/\u{202e}slevel",
        "lab/\u{8bbe}\u{5907}/\u{1f31e}",
        "$lab/own",
    ];
    for topic in topics {
        scene.platform.publish_to(
            &name,
            topic,
            Bytes::from_static(b"a topic that is hard to show"),
            Qos::AtMostOnce,
            false,
        );
        pause(250).await;
    }
    let long = "x".repeat(3_000);
    scene.platform.publish_to(
        &name,
        &format!("lab/{}", "long/".repeat(60)),
        Bytes::from(long),
        Qos::ExactlyOnce,
        false,
    );
    scene.publish("lab/sent", "\u{1b}[5mwe send it too", Qos::AtLeastOnce).await;
    scene.note("a note with \u{1b}[7mcontrols\u{1b}[0m and \u{202e}bidi");
    pause(500).await;
    scene.end().await;
    Ok(())
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}
