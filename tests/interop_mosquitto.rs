//! The program against a real mosquitto, over every transport. Bodies stay under 32 KiB: mosquitto 2.0.11 stalls larger
//! WebSocket frames.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::mosquitto::Mosquitto;
use support::{Running, mosquitto, run, said, write_config};

/// A device section for one transport of the broker.
fn device(name: &str, transport: &str, broker: &Mosquitto, more: &str) -> String {
    let port = match transport {
        "wss" => broker.wss,
        "ws" => broker.ws,
        "mqtts" => broker.mqtts,
        _ => broker.mqtt,
    };
    let path = if transport.starts_with('w') { "/mqtt" } else { "" };
    let ca = broker.authority.ca_file();
    let trust = if transport.ends_with('s') && transport != "ws" {
        format!("ca_file = \"{}\"\n", ca.display())
    } else {
        String::new()
    };
    format!(
        "[[device]]\nname = \"{name}\"\ncloud = \"mqtt\"\nurl = \"{transport}://localhost:{port}{path}\"\n\
         client_id = \"{name}\"\n{trust}{more}\n"
    )
}

fn with_broker(test: impl FnOnce(&Path, &Mosquitto)) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(broker) = mosquitto::start(folder.path()) {
        test(folder.path(), &broker);
    }
}

fn is_rx<'a>(session: &'a str, topic: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |event| event["kind"] == "rx" && event["session"] == session && event["topic"] == topic
}

fn round_trips(transport: &str) {
    with_broker(|folder, broker| {
        let sections = device("one", transport, broker, "subscribe = [{ filter = \"t/#\", qos = 2 }]");
        let config = write_config(folder, &sections);
        let mut drive = Running::start(&config, &["drive", "one"]);
        drive.state("one", "online");
        let granted = drive.event("the grant", |event| event["kind"] == "subscribed");
        assert_eq!((&granted["filter"], &granted["qos"]), (&json!("t/#"), &json!(2)));
        for qos in 0..=2 {
            let topic = format!("t/{transport}/{qos}");
            let body = json!({"v": qos, "words": "中文 🌞", "pad": "x".repeat(20_000)});
            drive.order(
                &json!({"do": "publish", "session": "one", "topic": topic, "qos": qos, "json": body, "order": qos}),
            );
            let sent = drive.event("tx", |event| event["kind"] == "tx" && event["topic"] == topic.as_str());
            assert_eq!(sent["qos"], qos);
            let acked = drive.event("acked", |event| event["kind"] == "acked" && event["order"] == qos);
            assert_eq!(acked["packet_id"].is_u64(), qos > 0);
            let came = drive.event("rx", is_rx("one", &topic));
            assert_eq!((&came["qos"], &came["json"]), (&json!(qos), &body));
        }
        drive.order(&json!({"do": "publish", "session": "one", "topic": "t/bytes", "base64": "AP+AQQ=="}));
        assert_eq!(drive.event("bytes", is_rx("one", "t/bytes"))["base64"], "AP+AQQ==");
        drive.order(&json!({"do": "unsubscribe", "session": "one", "filter": "t/#", "order": 9}));
        drive.event("unsubscribed", |event| event["kind"] == "unsubscribed" && event["order"] == 9);
        assert_eq!(drive.exit(), Some(0));
    });
}

#[test]
fn messages_of_every_qos_go_round_over_wss() {
    round_trips("wss");
}

#[test]
fn messages_of_every_qos_go_round_over_ws() {
    round_trips("ws");
}

#[test]
fn messages_of_every_qos_go_round_over_mqtts() {
    round_trips("mqtts");
}

#[test]
fn messages_of_every_qos_go_round_over_mqtt() {
    round_trips("mqtt");
}

#[test]
fn pub_and_sub_meet_at_the_broker() {
    with_broker(|folder, broker| {
        let sections = device("ear", "wss", broker, "") + &device("mouth", "mqtts", broker, "");
        let config = write_config(folder, &sections);
        let mut sub = Running::start(&config, &["sub", "ear", "--json", "--topic", "news/+", "--count", "2"]);
        sub.event("the grant", |event| event["kind"] == "subscribed" && event["filter"] == "news/+");
        for (qos, body) in [("0", "first"), ("2", "second")] {
            let sent = run(&config, &["pub", "mouth", "news/today", body, "--qos", qos]);
            assert_eq!(sent.status.code(), Some(0), "{}", said(&sent));
            assert_eq!(sub.event(body, is_rx("ear", "news/today"))["text"], body);
        }
        assert_eq!(sub.exit(), Some(0));
    });
}

#[test]
fn a_retained_message_comes_to_a_later_subscriber() {
    with_broker(|folder, broker| {
        let config = write_config(folder, &device("one", "ws", broker, ""));
        let sent = run(&config, &["pub", "one", "kept", "still here", "--qos", "1", "--retain"]);
        assert_eq!(sent.status.code(), Some(0), "{}", said(&sent));
        let mut sub = Running::start(&config, &["sub", "one", "--json", "--topic", "kept", "--count", "1"]);
        let came = sub.event("the retained message", is_rx("one", "kept"));
        assert_eq!((&came["retain"], &came["text"]), (&json!(true), &json!("still here")));
        assert_eq!(sub.exit(), Some(0));
    });
}

#[test]
fn a_will_is_published_when_the_program_is_killed() {
    with_broker(|folder, broker| {
        let will = "will = { topic = \"wills/one\", payload = \"gone\", qos = 1, retain = false }";
        let sections = device("one", "ws", broker, will) + &device("heir", "mqtt", broker, "subscribe = [\"wills/#\"]");
        let config = write_config(folder, &sections);
        let mut heir = Running::start(&config, &["sub", "heir", "--json"]);
        heir.event("the grant", |event| event["kind"] == "subscribed");
        let mut one = Running::start(&config, &["sub", "one", "--json"]);
        one.state("one", "online");
        one.kill();
        assert_eq!(heir.event("the will", is_rx("heir", "wills/one"))["text"], "gone");
    });
}

#[test]
fn a_kept_session_brings_what_came_meanwhile() {
    with_broker(|folder, broker| {
        let kept = "clean_session = false\nsubscribe = [\"kept/#\"]";
        let sections = device("one", "wss", broker, kept) + &device("other", "mqtt", broker, "");
        let config = write_config(folder, &sections);
        let mut sub = Running::start(&config, &["sub", "one", "--json"]);
        sub.event("the grant", |event| event["kind"] == "subscribed");
        sub.kill();
        let sent = run(&config, &["pub", "other", "kept/a", "meanwhile", "--qos", "1"]);
        assert_eq!(sent.status.code(), Some(0), "{}", said(&sent));
        let mut sub = Running::start(&config, &["sub", "one", "--json", "--count", "1"]);
        assert_eq!(sub.event("the kept message", is_rx("one", "kept/a"))["text"], "meanwhile");
        assert_eq!(sub.exit(), Some(0));
    });
}

#[test]
fn a_broker_that_is_not_trusted_or_refuses_ends_with_status_3() {
    with_broker(|folder, broker| {
        let untrusted = device("untrusted", "wss", broker, "").replace("ca_file", "# ca_file");
        let wrong_name = device("wrong-name", "mqtts", broker, "").replace("localhost", "127.0.0.2");
        let login = |name: &str, password: &str| {
            let login = format!("username = \"user\"\npassword = \"{password}\"");
            device(name, "mqtt", broker, &login).replace(&broker.mqtt.to_string(), &broker.login.to_string())
        };
        let sections = [untrusted, wrong_name, login("wrong", "wrong"), login("right", "right")].concat();
        let config = write_config(folder, &sections);
        for (name, code) in [("untrusted", "tls-untrusted"), ("wrong", "connack-5")] {
            let sent = run(&config, &["pub", name, "a", "b"]);
            assert_eq!(sent.status.code(), Some(3), "{name}: {}", said(&sent));
            assert!(said(&sent).contains(code) && said(&sent).contains(name), "{}", said(&sent));
        }
        let wrong_name = run(&config, &["pub", "wrong-name", "a", "b"]);
        assert_eq!(wrong_name.status.code(), Some(3), "{}", said(&wrong_name));
        let right = run(&config, &["pub", "right", "a", "b", "--qos", "1"]);
        assert_eq!(right.status.code(), Some(0), "{}", said(&right));
    });
}
