//! Device sessions against the embedded platform, over wss, with each cloud's rules.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

#[path = "support/bench.rs"]
mod bench;

use std::collections::HashSet;
use std::time::Duration;

use bench::{Bench, PATIENCE, as_json};
use serde_json::{Value, json};
use standin::behaviour::Plan;
use standin::event::{Kind, LineState, What};
use standin::mqtt::{Qos, TopicFilter};
use standin::profile::{Backoff, BackoffPolicy, Identity, Profile, SecretSource, SignMethod, SignType, SubDevice};
use standin::secret::Secret;
use standin::session::{self, Action, Order};
use standin::sim::{ALIYUN_SUB_DEVICES, Ask, Options, Outcome};
use tokio::time::timeout;

fn command(service: &str, name: &str) -> Ask {
    Ask::Command { service: service.into(), name: name.into(), input: json!({"value": 1}) }
}

#[tokio::test]
async fn every_clouds_requests_are_answered_by_their_request_id() {
    let mut bench = Bench::online().await;
    for cloud in ["huawei", "aliyun", "ucloud"] {
        let device = bench.device(cloud).name;
        let set = Ask::PropertySet { service: "smokeDetector".into(), properties: json!({"alarm": 0}) };
        let asks = [(What::Command, command("smokeDetector", "SILENCE")), (What::PropertySet, set)];
        for (number, (what, ask)) in (1_u64..).zip(asks) {
            let asked = bench
                .ask(&device, &ask, async |handle, came| {
                    assert_eq!(came["what"], what.word());
                    assert!(came["deadline_ms"].as_u64().is_some_and(|wait| wait >= 5_000), "{came}");
                    let request_id = came["request_id"].as_str().unwrap().to_owned();
                    let action = Action::Reply { request_id, code: None, payload: None, force: false };
                    handle.try_send(Order { number: Some(number), action }).unwrap();
                })
                .await;
            assert!(matches!(asked, Outcome::Answered { .. }), "{device} {what:?}: {asked:?}");
            let reply = bench.event("the reply", |event| event["kind"] == "tx" && event["order"] == number).await;
            assert!(reply["took_ms"].is_u64(), "{reply}");
            bench.seen.clear();
        }
    }
}

#[tokio::test]
async fn who_is_pushed_out_is_told_where_it_signed_in_with_flags() {
    for ext in [None, Some(1)] {
        let mut bench = Bench::new(Options::default());
        let mut lamp = bench.device("aliyun");
        let Identity::Aliyun(identity) = &mut lamp.identity else { unreachable!() };
        identity.ext = ext;
        let (name, again) = (lamp.name.clone(), Profile { name: "again".to_owned(), ..lamp.clone() });
        bench.start(lamp);
        bench.ready(&name).await;
        bench.start(again);
        let is_of_lamp = |event: &Value| event["session"] == name.as_str();
        bench.event("the end of the older connection", |event| is_of_lamp(event) && event["state"] == "backoff").await;
        let heard = bench.seen.iter().filter(|event| is_of_lamp(event) && event["topic"] == "/ext/notify");
        let heard: Vec<&Value> = heard.map(|event| &event["json"]).collect();
        let kick = json!({"title": "kick", "content": "Kicked by the same device"});
        assert_eq!(heard, if ext.is_some() { vec![&kick] } else { Vec::new() });
        let said = "the platform says kick: Kicked by the same device";
        let is_noted = bench.seen.iter().any(|event| is_of_lamp(event) && event["text"] == said);
        assert_eq!(is_noted, ext.is_some(), "{:#?}", bench.seen);
    }
}

#[tokio::test]
async fn what_the_composer_offers_for_a_sub_device_is_taken_by_the_platform() {
    let (device_name, secret) = ALIYUN_SUB_DEVICES[0];
    let mut bench = Bench::new(Options::default());
    let mut gateway = bench.device("aliyun");
    let Identity::Aliyun(identity) = &gateway.identity else { unreachable!() };
    let of = |secret| SubDevice {
        product_key: identity.product_key.clone(),
        device_name: device_name.to_owned(),
        client_id: format!("{}&{device_name}", identity.product_key),
        sign_method: SignMethod::default(),
        secret,
    };
    let absent = SecretSource::Env("STANDIN_TEST_NOT_SET".to_owned());
    gateway.sub_devices = vec![of(SecretSource::Inline(Secret::new(secret))), of(absent)];
    let name = gateway.name.clone();
    bench.start(gateway);
    bench.ready(&name).await;
    let note = bench.event("the note", |event| event["kind"] == "note").await;
    assert!(note["text"].as_str().is_some_and(|text| text.contains("STANDIN_TEST_NOT_SET")), "{note}");
    let handle = bench.handles[0].clone();
    timeout(PATIENCE, async {
        while handle.sub_devices().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the secrets");
    for draft in handle.platform.sub_device_drafts(1_700_000_000_000, &handle.sub_devices()) {
        let answer = format!("{}_reply", draft.topic);
        let payload = draft.body.into_bytes().into();
        let (topic, qos) = (draft.topic, draft.qos);
        bench.order(&name, 1, Action::Publish { topic, payload, qos, retain: false, force: false });
        let reply = bench.event("the answer", |event| event["kind"] == "rx" && event["topic"] == answer).await;
        assert_eq!(reply["json"]["code"], 200, "{}: {reply}", draft.label);
    }
}

#[tokio::test]
async fn the_waits_between_attempts_follow_from_the_seed() {
    let mut all = Vec::new();
    for seed in [7, 7, 8] {
        let mut bench = Bench::new(Options::default());
        let unit = Duration::from_millis(4);
        let max = Duration::from_millis(200);
        let backoff = Backoff { policy: BackoffPolicy::Jitter, min: Duration::ZERO, default: unit, max };
        let profile = Profile { backoff, ..bench.device("huawei") };
        bench.platform.stop_listening().await;
        let plan = Plan { seed: Some(seed), ..Plan::default() };
        let handle = session::start_with(profile, &plan, &bench.journal);
        let mut waits = Vec::new();
        while waits.len() < 8 {
            let event = bench.event("a wait", |event| event["state"] == "backoff").await;
            waits.push(event["retry_in_ms"].as_u64().unwrap());
        }
        handle.leave().await;
        all.push(waits);
    }
    assert_eq!(all[0], all[1]);
    assert_ne!(all[0], all[2]);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_with_advice_and_never_shown() {
    for cloud in ["huawei", "aliyun", "ucloud"] {
        let mut bench = Bench::new(Options::default());
        let mut profile = bench.device(cloud);
        let wrong = SecretSource::Inline(Secret::new("hunter2hunter2"));
        match &mut profile.identity {
            Identity::Huawei(device) => device.secret = Some(wrong),
            Identity::Aliyun(device) => device.secret = wrong,
            Identity::Ucloud(device) => device.secret = wrong,
            Identity::Mqtt(_) => unreachable!(),
        }
        let name = profile.name.clone();
        bench.start(profile);
        let told = bench.state(&name, LineState::Offline).await;
        assert!(matches!(told["code"].as_str(), Some("connack-4" | "connack-5")), "{told}");
        let hint = told["hint"].as_str().unwrap();
        assert!(hint.to_lowercase().contains("secret"), "{hint}");
        assert!(!format!("{told} {:?}", bench.seen).contains("hunter2"), "the secret is in no event");
    }
}

#[tokio::test]
async fn a_keep_alive_outside_the_clouds_range_is_explained() {
    for cloud in ["huawei", "aliyun", "ucloud"] {
        let mut bench = Bench::new(Options::default());
        let profile = Profile { keep_alive: 20, ..bench.device(cloud) };
        let name = profile.name.clone();
        bench.start(profile);
        let told = bench.state(&name, LineState::Offline).await;
        assert!(format!("{told}").contains("30"), "names the range: {told}");
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_named_where_the_hour_is_signed() {
    let three_hours = 3 * 3_600_000_000_i64;
    let mut bench = Bench::new(Options { clock_offset_us: three_hours, ..Options::default() });
    let mut profile = bench.device("huawei");
    let Identity::Huawei(device) = &mut profile.identity else { unreachable!() };
    device.sign_type = SignType::Sha256Timed;
    let name = profile.name.clone();
    bench.start(profile);
    let told = bench.event("the refusal", |event| event["code"] == "connack-4").await;
    assert_eq!(told["session"], name.as_str());
    assert!(format!("{told}").contains("3 h"), "says how far off: {told}");
}

#[tokio::test]
async fn two_sessions_with_one_identity_find_out() {
    let mut bench = Bench::new(Options::default());
    let profile = bench.device("ucloud");
    let second = Profile { name: "second".into(), ..profile.clone() };
    bench.start(profile);
    bench.start(second);
    bench.event("a take-over", |event| event["code"] == "taken-over").await;
}

#[tokio::test]
async fn a_guardrail_refuses_and_force_passes_it() {
    let mut bench = Bench::online().await;
    let name = bench.device("aliyun").name;
    let publish = |retain, force| Action::Publish {
        topic: "/a1AbCdEfGh1/lamp-01/user/update".into(),
        payload: "{}".into(),
        qos: Qos::AtLeastOnce,
        retain,
        force,
    };
    bench.order(&name, 1, publish(true, false));
    let told = bench.event("a refusal", |event| event["kind"] == "error" && event["order"] == 1).await;
    assert_eq!(told["code"], "guard");
    assert!(told["hint"].as_str().unwrap().contains("--force"), "{told}");
    bench.order(&name, 2, publish(true, true));
    let sent = bench.event("tx", |event| event["kind"] == "tx" && event["order"] == 2).await;
    assert_eq!(sent["retain"], true);
}

#[tokio::test]
async fn subscriptions_are_refused_lowered_and_explained() {
    let mut bench = Bench::online().await;
    let name = bench.device("huawei").name;
    let subscribe =
        |filter: &str, qos| Action::Subscribe { filter: TopicFilter::new(filter).unwrap(), qos, force: true };
    bench.order(&name, 1, subscribe("$oc/devices/someone_else/sys/commands/#", Qos::AtLeastOnce));
    let told = bench.event("an answer", |event| event["kind"] == "subscribed" && event["order"] == 1).await;
    assert_eq!(told["refused"], true);
    assert!(!told["reason"].as_str().unwrap().is_empty(), "says why");
    let own = bench.device("huawei");
    let Identity::Huawei(device) = &own.identity else { unreachable!() };
    bench.order(&name, 2, subscribe(&format!("$oc/devices/{}/user/a", device.device_id), Qos::ExactlyOnce));
    let told = bench.event("an answer", |event| event["kind"] == "subscribed" && event["order"] == 2).await;
    assert_eq!((&told["qos"], &told["asked"]), (&json!(1), &json!(2)), "{told}");
}

#[tokio::test]
async fn a_report_is_acknowledged_and_its_time_told() {
    let mut bench = Bench::online().await;
    for cloud in ["aliyun", "ucloud"] {
        let name = bench.device(cloud).name;
        let handle = bench.handles.iter().find(|handle| handle.profile.name == name).unwrap();
        let draft = handle.platform.drafts(77).remove(0);
        assert_eq!(draft.what, What::PropertyReport);
        let action = Action::Publish {
            topic: draft.topic,
            payload: draft.body.into(),
            qos: draft.qos,
            retain: false,
            force: false,
        };
        bench.order(&name, 1, action);
        let reply = bench
            .event("the platform's reply", |event| event["what"] == "reply" && event["session"] == name.as_str())
            .await;
        assert!(reply["took_ms"].is_u64() && reply["request_id"].is_string(), "{reply}");
    }
}

#[tokio::test]
async fn a_device_comes_back_after_each_way_to_lose_the_line() {
    let mut bench = Bench::online().await;
    let name = bench.device("huawei").name;
    bench.platform.cut(&name);
    assert_eq!(bench.state(&name, LineState::Backoff).await["attempt"], 2);
    bench.state(&name, LineState::Online).await;
    bench.platform.close(&name);
    bench.state(&name, LineState::Backoff).await;
    bench.state(&name, LineState::Online).await;
    bench.platform.send_raw(&name, &b"\xf0\x00"[..]);
    assert_eq!(bench.state(&name, LineState::Backoff).await["code"], "protocol");
    bench.state(&name, LineState::Online).await;
    bench.platform.stop_listening().await;
    bench.platform.cut(&name);
    let told = bench.event("refused", |event| event["code"] == "refused").await;
    assert!(told["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{told}");
    bench.platform.listen_again().unwrap();
    bench.state(&name, LineState::Online).await;
}

#[tokio::test]
async fn two_hundred_and_fifty_six_sessions_are_online_at_once() {
    let mut bench = Bench::new(Options { extra: 252, ..Options::default() });
    let profiles = bench.platform.profiles();
    assert_eq!(profiles.len(), 256);
    for profile in profiles {
        bench.start(profile);
    }
    let mut online = HashSet::new();
    let waiting = async {
        while online.len() < 256 {
            bench
                .follower
                .next(512, |event| {
                    if matches!(event.kind, Kind::State(change) if change.state == LineState::Online) {
                        online.insert(event.session.to_owned());
                    }
                })
                .await;
        }
    };
    timeout(PATIENCE * 3, waiting).await.expect("all come online");
    let leaving: Vec<_> = bench.handles.drain(..).map(|handle| tokio::spawn(handle.leave())).collect();
    for left in leaving {
        timeout(PATIENCE, left).await.expect("each leaves").unwrap();
    }
}

#[tokio::test]
async fn a_reply_beyond_the_clouds_limits_needs_force() {
    let mut bench = Bench::online().await;
    let name = bench.device("ucloud").name;
    let body = vec![b' '; 300 << 10];
    let came = {
        let (platform, ask) = (&bench.platform, command("", "big"));
        let request = platform.request(&name, &ask);
        tokio::pin!(request);
        let seen = &mut bench.seen;
        let follower = &mut bench.follower;
        let mut came = None;
        while came.is_none() {
            tokio::select! {
                outcome = &mut request => panic!("not before it was answered: {outcome:?}"),
                () = follower.next(64, |event| seen.push(as_json(event))) => {}
            }
            came = seen.iter().find(|event| event["kind"] == "rx" && event["what"] == "command").cloned();
        }
        came.unwrap()
    };
    let reply = |force| Action::Reply {
        request_id: came["request_id"].as_str().unwrap().to_owned(),
        code: None,
        payload: Some(body.clone().into()),
        force,
    };
    bench.order(&name, 1, reply(false));
    let told = bench.event("a refusal", |event| event["order"] == 1).await;
    assert_eq!((&told["kind"], &told["code"]), (&json!("error"), &json!("guard")));
    bench.order(&name, 2, reply(true));
    let sent = bench.event("the reply", |event| event["order"] == 2).await;
    assert_eq!((&sent["kind"], &sent["size"]), (&json!("tx"), &json!(body.len())));
}
