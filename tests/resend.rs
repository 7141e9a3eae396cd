//! `standin replay --to`: a recorded device's part, sent again through the program to the embedded platform.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use standin::config::write;
use standin::event::LineState;
use standin::profile::Cloud;
use standin::sim::{Ask, Happening, Notice, Options, Outcome, Platform};
use standin::tape::Recorded;
use support::tape::{Story, recorded};
use support::{PATIENCE, said, standin, until, write_config};
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

/// A device of `cloud` that is none of the platform's.
fn stranger(cloud: Cloud) -> Recorded {
    let mut device = recorded("stranger", cloud);
    for (key, value) in &mut device.identifiers {
        if !matches!(key.as_str(), "product_key" | "product_sn") {
            *value = format!("other-{}", cloud.word());
        }
    }
    device
}

/// Its part: two reports, and between them a command with an answer of its own kind.
fn story(cloud: Cloud) -> Story {
    let mut story = Story::new();
    let device = story.device(stranger(cloud));
    story.state(device, LineState::Connecting);
    story.state(device, LineState::Online);
    match cloud {
        Cloud::Huawei => {
            let root = "$oc/devices/other-huawei/sys";
            story.tx(
                device,
                &format!("{root}/properties/report"),
                r#"{"services":[{"service_id":"s","properties":{"v": 1.50}}]}"#,
            );
            story.rx(device, &format!("{root}/commands/request_id=c1"), r#"{"command_name":"OPEN","paras":{}}"#);
            story.tx(device, &format!("{root}/commands/response/request_id=c1"), r#"{"result_code":7}"#);
            story.tx(device, &format!("{root}/messages/up"), [0xFF, 0x00, 0x1B]);
        }
        Cloud::Aliyun => {
            let root = "/sys/a1AbCdEfGh1/other-aliyun/thing";
            for id in ["1", "2"] {
                let post = format!("{root}/event/property/post");
                let body =
                    json!({"id": id, "version": "1.0", "params": {"v": 1}, "method": "thing.event.property.post"});
                story.tx(device, &post, body.to_string());
                let reply = json!({"code": 200, "data": {}, "id": id, "method": "thing.event.property.post", "version": "1.0", "message": "success"});
                story.rx(device, &format!("{post}_reply"), reply.to_string());
            }
            story.rx(device, &format!("{root}/service/OPEN"), r#"{"id":"c1","params":{}}"#);
            story.tx(device, &format!("{root}/service/OPEN_reply"), r#"{"id":"c1","code":100001,"data":{}}"#);
        }
        Cloud::Ucloud => {
            let root = "/$system/ledubff3z85spjmu/other-ucloud/tmodel";
            for id in ["1", "2"] {
                let body = json!({"RequestID": id, "Property": {"v": {"Value": 1}}});
                story.tx(device, &format!("{root}/property/post"), body.to_string());
                let reply = json!({"RequestID": id, "RetCode": 0, "Message": "success"});
                story.rx(device, &format!("{root}/property/post_reply"), reply.to_string());
            }
            story.rx(device, &format!("{root}/command"), r#"{"RequestID":"c1","Identifier":"OPEN","Input":{}}"#);
            story.tx(
                device,
                &format!("{root}/command_reply/c1"),
                r#"{"RequestID":"c1","RetCode":9,"Identifier":"OPEN"}"#,
            );
        }
        Cloud::Mqtt => {
            story.tx(device, "a/b", "one");
            story.tx(device, "a/c", r#"{"id":"1"}"#);
        }
    }
    story
}

/// The platform's device of that cloud.
fn live(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Huawei => "smoke-01",
        Cloud::Aliyun => "lamp-01",
        Cloud::Ucloud => "meter-7",
        Cloud::Mqtt => "broker-1",
    }
}

/// A platform, a config with its devices, and a tape.
struct Bench {
    platform: Platform,
    notices: Receiver<Notice>,
    folder: tempfile::TempDir,
    config: PathBuf,
    tape: PathBuf,
}

impl Bench {
    fn new(story: &Story) -> Self {
        let platform = Platform::start(Options::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = write_config(folder.path(), &write::to_toml(&platform.profiles()));
        let tape = folder.path().join("tape.mcap");
        story.record(&tape, 4);
        Self { notices: platform.watch(), platform, folder, config, tape }
    }

    /// Runs `standin replay` on the tape, on a thread that waits for its end.
    fn replay(&self, args: &[&str]) -> tokio::task::JoinHandle<Output> {
        let mut command = standin();
        command.arg("--config").arg(&self.config).arg("replay").arg(&self.tape).args(args);
        command.stdin(std::process::Stdio::null()).env("XDG_DATA_HOME", self.folder.path());
        tokio::task::spawn_blocking(move || command.output().unwrap())
    }

    /// The messages that came to the platform since the last look: topic and payload.
    fn came(&mut self) -> Vec<(String, Vec<u8>)> {
        let mut messages = Vec::new();
        while let Ok(notice) = self.notices.try_recv() {
            if let Happening::Published { topic, payload, .. } = notice.what {
                messages.push((topic, payload.to_vec()));
            }
        }
        messages
    }

    /// Waits until the device has subscribed to what its platform asks it on.
    async fn subscribed(&mut self, cloud: Cloud) {
        let wanted = match cloud {
            Cloud::Huawei => "/commands/#",
            Cloud::Aliyun => "/thing/service/+",
            _ => "/tmodel/command",
        };
        loop {
            let notice = timeout(PATIENCE, self.notices.recv()).await.unwrap().unwrap();
            if matches!(&notice.what, Happening::Subscribed { filter, .. } if filter.ends_with(wanted)) {
                return;
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn ended(run: tokio::task::JoinHandle<Output>) -> Output {
    timeout(PATIENCE * 2, run).await.expect("the program ends").unwrap()
}

fn open() -> Ask {
    Ask::Command { service: "s".to_owned(), name: "OPEN".to_owned(), input: json!({}) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_device_sent_another_of_its_cloud_sends_again() {
    for (cloud, answer) in [
        (Cloud::Huawei, json!({"result_code": 7})),
        (Cloud::Aliyun, json!({"code": 100_001, "data": {}})),
        (Cloud::Ucloud, json!({"RetCode": 9, "Identifier": "OPEN"})),
    ] {
        let mut bench = Bench::new(&story(cloud));
        let run = bench.replay(&["--to", live(cloud), "--pace", "replies"]);
        bench.subscribed(cloud).await;
        let Outcome::Answered { body, .. } = bench.platform.request(live(cloud), &open()).await else {
            panic!("{}: no answer", cloud.word());
        };
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        for id in ["id", "RequestID"] {
            body.as_object_mut().unwrap().remove(id);
        }
        assert_eq!(body, answer, "{}: the recorded answer", cloud.word());
        let output = ended(run).await;
        let told = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{told}{}", said(&output));
        assert!(told.contains("3 of 3 messages sent, 3 acknowledged; all as recorded"), "{told}");
        assert!(told.contains("requests of the platform: 1 of 1 recorded came"), "{told}");
        if cloud != Cloud::Huawei {
            assert!(told.contains("replies: 2 as recorded"), "{told}");
        }
        let came = bench.came();
        assert!(came.iter().all(|(topic, _)| !topic.contains("other-")), "{came:?}");
        bench.platform.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_brokers_part_goes_as_it_is() {
    let mut bench = Bench::new(&story(Cloud::Mqtt));
    let output = ended(bench.replay(&["--to", "broker-1", "--speed", "50"])).await;
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), said(&output));
    let expected = [("a/b", &b"one"[..]), ("a/c", br#"{"id":"1"}"#)];
    assert_eq!(bench.came(), expected.map(|(topic, payload)| (topic.to_owned(), payload.to_vec())));
}

/// The dry run's lines, as topic and payload.
fn rehearsed(output: &Output) -> Vec<(String, Vec<u8>)> {
    let lines = text(&output.stdout);
    let read = |line: &str| {
        let message: Value = serde_json::from_str(line).unwrap();
        let payload = match (&message["json"], &message["text"], &message["base64"]) {
            (Value::Null, Value::String(text), _) => text.clone().into_bytes(),
            (Value::Null, Value::Null, Value::String(_)) => vec![0xFF, 0x00, 0x1B],
            (json, ..) => json.to_string().into_bytes(),
        };
        let asked = message["only_if_asked"] == true;
        (!asked).then(|| (message["topic"].as_str().unwrap().to_owned(), payload))
    };
    lines.lines().filter_map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_prints_what_is_sent_and_connects_to_nothing() {
    for cloud in [Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt] {
        let mut bench = Bench::new(&story(cloud));
        let dry = ended(bench.replay(&["--to", live(cloud), "--dry-run", "--json"])).await;
        assert_eq!(dry.status.code(), Some(0), "{}", said(&dry));
        assert!(bench.notices.try_recv().is_err(), "nobody signed in");
        let words = ended(bench.replay(&["--to", live(cloud), "--dry-run"])).await;
        assert_eq!(text(&words.stdout).lines().filter(|line| !line.contains("(only if asked)")).count(), 2);
        assert!(!words.stdout.contains(&0x1B), "nothing reaches the terminal raw");
        // Nobody asks this time: the answer stays.
        let run = ended(bench.replay(&["--to", live(cloud), "--pace", "full", "--wait", "0.2"])).await;
        let status = i32::from(cloud != Cloud::Mqtt);
        assert_eq!(run.status.code(), Some(status), "{}{}", text(&run.stdout), said(&run));
        let comparable = |messages: Vec<(String, Vec<u8>)>| -> Vec<(String, Value)> {
            let bare = |(topic, payload): (String, Vec<u8>)| match serde_json::from_slice::<Value>(&payload) {
                Ok(mut body) if cloud != Cloud::Mqtt => {
                    for id in ["id", "RequestID"] {
                        body.as_object_mut().unwrap().remove(id);
                    }
                    (topic, body)
                }
                _ => (topic, json!(payload)),
            };
            messages.into_iter().map(bare).collect()
        };
        assert_eq!(comparable(rehearsed(&dry)), comparable(bench.came()), "{}", cloud.word());
        bench.platform.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_are_told_and_end_with_1() {
    let mut story = story(Cloud::Aliyun);
    let device = standin::timeline::SessionId(0);
    story.tx(device, "/sys/a1AbCdEfGh1/other-aliyun/thing/event/property/post", r#"{"id":"9","params":{}}"#);
    story.rx(
        device,
        "/sys/a1AbCdEfGh1/other-aliyun/thing/event/property/post_reply",
        r#"{"id":"9","code":200,"data":{}}"#,
    );
    let bench = Bench::new(&story);
    let run = bench.replay(&["--to", "lamp-01", "--pace", "full", "--wait", "0.3", "--json"]);
    let output = ended(run).await;
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &told["as_recorded"]), (Some(1), &json!(false)), "{told}");
    assert_eq!(told["replies"], json!({"same": 2, "other": 1, "missing": 0, "unrecorded": 0}));
    assert_eq!(told["requests"], json!({"recorded": 1, "came": 0, "unrecorded": 0}));
    let differences = told["differences"].to_string();
    assert!(differences.contains("6300") && differences.contains("OPEN"), "{differences}");
    assert_eq!(told["messages"]["command-reply"]["not_asked"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_line_comes_back_and_nothing_is_lost() {
    let mut story = Story::new();
    let device = story.device(stranger(Cloud::Mqtt));
    story.state(device, LineState::Online);
    for number in 0..40 {
        story.wait_ms(25);
        story.tx(device, "n", number.to_string());
    }
    let mut bench = Bench::new(&story);
    let run = bench.replay(&["--to", "broker-1"]);
    let mut came = Vec::new();
    until("some messages came", || {
        came.extend(bench.came());
        came.len() >= 5
    });
    assert!(bench.platform.cut("broker-1"));
    let output = ended(run).await;
    came.extend(bench.came());
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), said(&output));
    let mut numbers: Vec<u32> = came.iter().map(|(_, payload)| text(payload).parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_said_before_anything_is_dialled() {
    let mut bench = Bench::new(&story(Cloud::Huawei));
    for (args, words) in [
        (&["--to", "lamp-01"][..], "huawei"),
        (&["--to", "nobody"], "nobody"),
        (&["--to", "smoke-01", "--session", "nobody"], "stranger"),
        (&["--to", "smoke-01", "--pace", "full", "--speed", "2"], "--speed"),
        (&["--session", "stranger"], "--to"),
        (&["--dry-run"], "--to"),
    ] {
        let output = ended(bench.replay(args)).await;
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(words), "{args:?}: {}", said(&output));
    }
    assert!(bench.notices.try_recv().is_err(), "nobody signed in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_with_the_summary_of_what_was_sent() {
    let mut story = Story::new();
    let device = story.device(stranger(Cloud::Mqtt));
    for number in 0..1_000 {
        story.wait_ms(50);
        story.tx(device, "n", number.to_string());
    }
    let mut bench = Bench::new(&story);
    let mut command = standin();
    command.arg("--config").arg(&bench.config).arg("replay").arg(&bench.tape).args(["--to", "broker-1"]);
    let child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    until("something came", || !bench.came().is_empty());
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(text(&output.stdout).contains("it was stopped"), "{}", text(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_whole_on_a_damaged_tape_is_sent_and_the_rest_is_told_of() {
    let mut story = Story::new();
    let device = story.device(stranger(Cloud::Mqtt));
    story.state(device, LineState::Online);
    for number in 0..20 {
        story.tx(device, "n", number.to_string());
    }
    let mut bench = Bench::new(&story);
    // Within a chunk of its second half.
    let whole = standin::tape::Tape::open(&bench.tape).unwrap();
    let at = whole.chunks()[whole.chunks().len() / 2].offset + 20;
    std::fs::File::options().write(true).open(&bench.tape).unwrap().set_len(at).unwrap();
    let output = ended(bench.replay(&["--to", "broker-1", "--pace", "full"])).await;
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(said(&output).contains("tape verify"), "{}", said(&output));
    let came = bench.came();
    assert!(!came.is_empty() && came.len() < 20, "{}", came.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_connection_it_ends_with_3() {
    let bench = Bench::new(&story(Cloud::Huawei));
    bench.platform.stop_listening().await;
    let output = ended(bench.replay(&["--to", "smoke-01"])).await;
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}

#[test]
fn of_several_devices_the_own_part_is_chosen_else_it_must_be_named() {
    use standin::replay::resend::{Plan, PlanError};
    use standin::tape::Tapes;
    let mut story = Story::new();
    let mut device = |name: &str, id: &str| {
        let identifiers = BTreeMap::from([("device_id".to_owned(), id.to_owned())]);
        let device = story.device(Recorded { identifiers, ..recorded(name, Cloud::Huawei) });
        story.tx(device, &format!("$oc/devices/{id}/sys/messages/up"), "x");
    };
    device("first", "id-1");
    device("second", "65f0c0de_dev01");
    device("smoke-01", "id-3");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("three.mcap");
    story.record(&path, 100);
    let tapes = Tapes::open(&[path]).unwrap();
    let chosen = |id: &str, name: &str, session: Option<&str>| {
        let mut profile = profile(id);
        name.clone_into(&mut profile.name);
        Plan::new(tapes.clone(), session, &profile).map(|plan| plan.recorded().name.clone())
    };
    assert_eq!(chosen("65f0c0de_dev01", "smoke-01", None).unwrap(), "second", "by its identifiers");
    assert_eq!(chosen("elsewhere", "smoke-01", None).unwrap(), "smoke-01", "by its name");
    assert_eq!(chosen("65f0c0de_dev01", "smoke-01", Some("first")).unwrap(), "first");
    assert!(matches!(chosen("elsewhere", "new", None), Err(PlanError::Several { .. })));
    assert!(matches!(chosen("elsewhere", "new", Some("fourth")), Err(PlanError::NotThere { .. })));
}

fn profile(id: &str) -> standin::profile::Profile {
    use standin::cloud::defaults;
    use standin::profile::{Endpoint, HuaweiIdentity, Identity, SignType, Transport};
    let identity = HuaweiIdentity { device_id: id.to_owned(), secret: None, sign_type: SignType::default() };
    let endpoint =
        Endpoint { transport: Transport::Wss, host: "h".into(), port: 443, path: "/mqtt".into(), subprotocol: None };
    defaults::profile("device", Identity::Huawei(identity), endpoint)
}

#[test]
fn a_file_that_is_no_tape_ends_with_4_and_one_that_is_not_there_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_config(
        folder.path(),
        "[[device]]\nname = \"d\"\ncloud = \"mqtt\"\nurl = \"ws://127.0.0.1:1/x\"\nclient_id = \"d\"\n",
    );
    let odd = folder.path().join("odd.mcap");
    std::fs::write(&odd, "no tape").unwrap();
    for (file, status) in [(odd.as_path(), 4), (Path::new("/nonexistent/tape.mcap"), 2)] {
        let output = support::run(&config, &["replay", file.to_str().unwrap(), "--to", "d"]);
        assert_eq!(output.status.code(), Some(status), "{}", said(&output));
    }
}
