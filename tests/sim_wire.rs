//! The embedded platform on real connections: what ends one, what does not, and the orders that tests give it.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

mod sim_client;

use std::time::Duration;

use futures_util::SinkExt as _;
use serde_json::json;
use sim_client::{BOUND, connect_of, plain, sign_in, upgrade};
use standin::mqtt::Qos;
use standin::mqtt::packet::{Connect, ConnectReturn, Packet};
use standin::profile::{Identity, SignType, Transport};
use standin::sim::{Ask, Happening, Notice, Options, Outcome, Platform, Refusal};
use tokio::sync::broadcast;
use tokio_tungstenite::tungstenite::{self, Message};

fn start() -> Platform {
    Platform::start(Options::default()).unwrap()
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

async fn until(watch: &mut broadcast::Receiver<Notice>, device: &str, is: impl Fn(&Happening) -> bool) -> Happening {
    let found = async {
        loop {
            let notice = watch.recv().await.unwrap();
            if notice.device.as_deref() == Some(device) && is(&notice.what) {
                return notice.what;
            }
        }
    };
    tokio::time::timeout(BOUND, found).await.expect("it never happened")
}

/// The rows of `dependencies.md` §2 that a server can meet, and their like.
const FAULTS: &[(&str, &str)] = &[
    ("PUBLISH with QoS 0 and DUP", "3903000161"),
    ("PUBLISH with QoS 3", "36050001610001"),
    ("PUBLISH without a topic", "30020000"),
    ("PUBLISH with + in its topic", "300300012b"),
    ("PUBLISH with # in its topic", "3003000123"),
    ("PUBLISH with NUL in its topic", "3003000100"),
    ("PUBLISH with a topic that is no UTF-8", "30030001ff"),
    ("PUBLISH with a topic longer than the packet", "30030009 61"),
    ("PUBLISH with QoS 1 and packet identifier 0", "3205000161 0000"),
    ("PUBACK with flags", "41020001"),
    ("PUBACK with packet identifier 0", "40020000"),
    ("PUBACK that is too short", "400100"),
    ("PUBREC with packet identifier 0", "50020000"),
    ("PUBREL with the wrong flags", "60020001"),
    ("SUBSCRIBE with the wrong flags", "8006000900016100"),
    ("SUBSCRIBE without a filter", "82020009"),
    ("SUBSCRIBE with packet identifier 0", "8206000000016100"),
    ("SUBSCRIBE with reserved bits", "82060009000161fd"),
    ("SUBSCRIBE with QoS 3", "8206000900016103"),
    ("SUBSCRIBE with a bad filter", "820700090002612b00"),
    ("UNSUBSCRIBE without a filter", "a2020009"),
    ("UNSUBSCRIBE with packet identifier 0", "a2050000000161"),
    ("UNSUBSCRIBE with the wrong flags", "a0050009000161"),
    ("PINGREQ with a body", "c00100"),
    ("PINGREQ with flags", "c100"),
    ("DISCONNECT with flags", "e100"),
    ("DISCONNECT with a body", "e00100"),
    ("CONNACK from a client", "20020000"),
    ("SUBACK from a client", "9003000100"),
    ("PINGRESP from a client", "d000"),
    ("the reserved type 0", "0000"),
    ("the reserved type 15", "f000"),
    ("a remaining length of five bytes", "308080808001"),
    ("256 MB announced", "30ffffff7f"),
    ("a second CONNECT", "100d00044d51545404020000000178"),
];

/// What may not come as the first packet.
const BAD_STARTS: &[(&str, &str)] = &[
    ("PINGREQ first", "c000"),
    ("PUBLISH first", "3003000161"),
    ("CONNECT with its reserved flag", "100d00044d51545404030000000178"),
    ("CONNECT with bytes left over", "100e00044d5154540402000000017800"),
    ("CONNECT with a password and no user name", "101000044d51545404420000000178000170"),
    ("CONNECT with a will QoS of 3", "101300044d515454041e0000000178000174000170"),
    ("CONNECT with flags", "110d00044d51545404020000000178"),
    ("no MQTT at all", "474554202f20485454502f312e310d0a"),
];

#[tokio::test]
async fn every_malformed_packet_ends_its_connection_and_no_other() {
    let platform = start();
    let mut other = plain(&platform, "other").await;
    for (what, packet) in FAULTS {
        let mut client = plain(&platform, "x").await;
        client.send_raw(bytes(packet)).await;
        assert_eq!(client.receive().await, None, "{what}");
    }
    for (what, packet) in BAD_STARTS {
        let (mut client, _) = upgrade(&platform, Transport::Ws, "/broker/mqtt", Some("mqtt")).await.unwrap();
        client.send_raw(bytes(packet)).await;
        assert_eq!(client.receive().await, None, "{what}");
    }
    assert!(other.is_alive().await);
}

#[tokio::test]
async fn what_is_unusual_but_allowed_ends_nothing() {
    let platform = start();
    let mut client = plain(&platform, "x").await;
    // A remaining length in more bytes than needed; acknowledgements for nothing; DUP without an earlier PUBLISH.
    for packet in ["c080808000", "40020007", "50020007", "70020007", "62020007", "3a0500016100 05 "] {
        client.send_raw(bytes(packet)).await;
    }
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"PUBACK") {
        kinds.push(client.receive().await.expect("the connection goes on").name());
    }
    assert_eq!(kinds, ["PINGRESP", "PUBREL", "PUBCOMP", "PUBACK"]);
    assert!(client.is_alive().await);
}

#[tokio::test]
async fn mqtt_6_0_0_2_packets_may_span_and_share_frames() {
    let platform = start();
    let (mut client, _) = upgrade(&platform, Transport::Wss, "/broker/mqtt", Some("mqtt")).await.unwrap();
    for byte in bytes("100d00044d51545404020000000178 c000") {
        client.send_raw(vec![byte]).await;
    }
    assert!(matches!(client.receive().await, Some(Packet::Connack(_))));
    assert_eq!(client.receive().await, Some(Packet::Pingresp));
    client.send_raw(bytes("c000 c000 c000")).await;
    for _ in 0..3 {
        assert_eq!(client.receive().await, Some(Packet::Pingresp));
    }
}

#[tokio::test]
async fn mqtt_6_0_0_1_a_text_frame_ends_the_connection() {
    let platform = start();
    let mut client = plain(&platform, "x").await;
    client.socket.send(Message::Text("c000".into())).await.unwrap();
    assert_eq!(client.receive().await, None);
}

#[tokio::test]
async fn other_versions_of_mqtt_are_told_so() {
    let platform = start();
    for connect in ["100f00064d51497364700302003c000178", "100e00044d5154540502003c00000178"] {
        let (mut client, _) = upgrade(&platform, Transport::Ws, "/broker/mqtt", Some("mqtt")).await.unwrap();
        client.send_raw(bytes(connect)).await;
        match client.receive().await {
            Some(Packet::Connack(connack)) => assert_eq!(connack.code.number(), 1),
            other => panic!("{other:?}"),
        }
        assert_eq!(client.receive().await, None);
    }
}

#[tokio::test]
async fn the_upgrade_knows_its_paths_and_its_subprotocol_and_tells_the_time() {
    let platform = start();
    for (path, asked, status, answered) in [
        ("/huawei/mqtt", Some("mqtt"), 101, Some("mqtt")),
        ("/aliyun", Some("mqttv3.1, mqtt"), 101, Some("mqtt")),
        ("/ucloud/", None, 101, None),
        ("/broker/mqtt?x=1", Some("mqtt"), 101, Some("mqtt")),
        ("/ucloud", Some("mqttv3.1"), 400, None),
        ("/mqtt", Some("mqtt"), 404, None),
    ] {
        let (got, headers) = match upgrade(&platform, Transport::Ws, path, asked).await {
            Ok((_, response)) => (response.status(), response.headers().clone()),
            Err(tungstenite::Error::Http(response)) => (response.status(), response.headers().clone()),
            Err(other) => panic!("{path}: {other}"),
        };
        assert_eq!(got.as_u16(), status, "{path}");
        let name = headers.get("Sec-WebSocket-Protocol").map(|name| name.to_str().unwrap());
        assert_eq!(name, answered, "{path}");
        assert!(headers["Date"].to_str().unwrap().ends_with(" GMT"), "{path}");
    }
    platform.refuse_next(1, Refusal::Upgrade(503));
    match upgrade(&platform, Transport::Wss, "/aliyun", Some("mqtt")).await {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status().as_u16(), 503),
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[tokio::test]
async fn every_device_signs_in_on_both_doors() {
    let platform = start();
    for profile in platform.profiles() {
        for transport in [Transport::Wss, Transport::Ws] {
            let mut client = sign_in(&platform, &profile.name, transport).await;
            assert!(platform.is_online(&profile.name) && client.is_alive().await, "{}", profile.name);
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_off_shows_with_sign_type_1_and_in_the_date() {
    let two_hours = 2 * 3600 * 1_000_000;
    let platform = Platform::start(Options { clock_offset_us: two_hours, ..Options::default() }).unwrap();
    let mut profile = platform.profile("smoke-01", Transport::Wss).unwrap();
    for (sign_type, expected) in
        [(SignType::Sha256, ConnectReturn::Accepted), (SignType::Sha256Timed, ConnectReturn::BadUserNameOrPassword)]
    {
        if let Identity::Huawei(device) = &mut profile.identity {
            device.sign_type = sign_type;
        }
        let (mut client, response) = upgrade(&platform, Transport::Wss, "/huawei/mqtt", Some("mqtt")).await.unwrap();
        assert_eq!(client.connect(connect_of(&profile)).await, expected);
        let hour = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(2);
        let date = response.headers()["Date"].to_str().unwrap().to_owned();
        let expected = hour.strftime("%a, %d %b %Y %H:").to_string();
        // The hour may turn between the answer and this line.
        let earlier = (hour - jiff::SignedDuration::from_secs(60)).strftime("%a, %d %b %Y %H:").to_string();
        assert!(date.starts_with(&expected) || date.starts_with(&earlier), "{date}");
    }
}

#[tokio::test]
async fn a_second_login_closes_the_first_connection() {
    let platform = start();
    let mut first = sign_in(&platform, "meter-7", Transport::Wss).await;
    let mut second = sign_in(&platform, "meter-7", Transport::Ws).await;
    assert_eq!(first.receive().await, None);
    assert!(second.is_alive().await && platform.is_online("meter-7"));
}

#[tokio::test]
async fn a_request_reaches_the_device_and_its_answer_comes_back() {
    let platform = start();
    let mut client = sign_in(&platform, "smoke-01", Transport::Wss).await;
    client.subscribe("$oc/devices/65f0c0de_dev01/sys/commands/#", Qos::AtLeastOnce).await.unwrap();
    let ask =
        Ask::Command { service: "smokeDetector".to_owned(), name: "SILENCE".to_owned(), input: json!({"value": 1}) };
    let device = async {
        let request = client.message().await;
        client.send(&Packet::Puback(request.packet_id.unwrap())).await;
        let answer = request.topic.replace("/commands/", "/commands/response/");
        client.publish(&answer, br#"{"result_code":0}"#, Qos::AtLeastOnce).await;
        assert!(matches!(client.receive().await, Some(Packet::Puback(_))));
    };
    let (outcome, ()) = tokio::join!(platform.request("smoke-01", &ask), device);
    match outcome {
        Outcome::Answered { body, .. } => assert_eq!(&body[..], br#"{"result_code":0}"#),
        other => panic!("{other:?}"),
    }
    let unknown = platform.request("nobody", &ask).await;
    assert!(matches!(unknown, Outcome::NotSent(_)), "{unknown:?}");
}

#[tokio::test]
async fn connections_can_be_cut_closed_silenced_and_fed_with_anything() {
    let platform = start();
    let mut watch = platform.watch();
    let mut client = sign_in(&platform, "lamp-01", Transport::Wss).await;
    assert!(platform.publish_to("lamp-01", "any/topic", &b"\x00\xff"[..], Qos::AtMostOnce, false));
    assert_eq!(&client.message().await.payload[..], b"\x00\xff");
    assert!(platform.send_raw("lamp-01", bytes("d000")));
    assert_eq!(client.receive().await, Some(Packet::Pingresp));
    assert!(platform.cut("lamp-01"));
    assert_eq!(client.receive().await, None);
    until(&mut watch, "lamp-01", |what| matches!(what, Happening::Offline { .. })).await;
    assert!(!platform.cut("lamp-01"), "it is gone already");

    let mut client = sign_in(&platform, "lamp-01", Transport::Ws).await;
    assert!(platform.close("lamp-01"));
    assert_eq!(client.receive().await, None);

    let mut client = sign_in(&platform, "lamp-01", Transport::Ws).await;
    assert!(platform.go_silent("lamp-01"));
    client.send(&Packet::Pingreq).await;
    let quiet = tokio::time::timeout(Duration::from_millis(300), client.receive()).await;
    assert!(quiet.is_err(), "a platform that plays dead said {quiet:?}");
}

#[tokio::test]
async fn the_doors_close_and_open_again_at_the_same_ports() {
    let platform = start();
    let mut client = plain(&platform, "x").await;
    platform.stop_listening().await;
    for transport in [Transport::Wss, Transport::Ws] {
        match upgrade(&platform, transport, "/broker/mqtt", Some("mqtt")).await {
            Err(tungstenite::Error::Io(error)) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused),
            other => panic!("{:?}", other.map(|_| ())),
        }
    }
    assert!(client.is_alive().await, "open connections stay");
    platform.listen_again().unwrap();
    assert!(plain(&platform, "y").await.is_alive().await);
    platform.stop().await;
    assert_eq!(client.receive().await, None, "stopping says farewell");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let platform = start();
    let port: u16 = platform.wss_url().rsplit_once(':').unwrap().1.parse().unwrap();
    let error = Platform::start(Options { port: Some(port), ..Options::default() }).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn the_authoritys_file_goes_with_the_platform() {
    let platform = start();
    let file = platform.ca_file().to_owned();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), platform.ca_pem());
    platform.stop().await;
    assert!(!file.exists() && !file.parent().unwrap().exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_dropped_and_the_others_go_on() {
    let platform = start();
    let mut watch = platform.watch();
    let slow = plain(&platform, "slow").await;
    let mut other = plain(&platform, "other").await;
    let payload = vec![b'x'; 1 << 20];
    let flood = async {
        // The system's buffers take some of it; then the mailbox fills up.
        while platform.publish_to("slow", "t", payload.clone(), Qos::AtMostOnce, false) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(BOUND, flood).await.expect("a slow reader is never dropped");
    until(&mut watch, "slow", |what| matches!(what, Happening::Offline { .. })).await;
    assert!(other.is_alive().await);
    drop(slow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_and_fifty_six_devices_are_online_at_once() {
    let platform = Platform::start(Options { extra: 256, ..Options::default() }).unwrap();
    let mut clients = Vec::new();
    for number in 1..=256 {
        clients.push(sign_in(&platform, &format!("extra-{number:03}"), Transport::Wss).await);
    }
    for client in &mut clients {
        assert!(client.is_alive().await);
    }
}

#[tokio::test]
async fn a_live_platform_asks_huaweis_device_first() {
    let platform = Platform::start(Options { live: true, seed: 5, ..Options::default() }).unwrap();
    let mut client = sign_in(&platform, "smoke-01", Transport::Wss).await;
    client.subscribe("$oc/devices/65f0c0de_dev01/sys/commands/#", Qos::AtLeastOnce).await.unwrap();
    let started = std::time::Instant::now();
    let request = client.message().await;
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    assert!(request.topic.contains("/sys/commands/request_id="));
    let body: serde_json::Value = serde_json::from_slice(&request.payload).unwrap();
    assert_eq!((&body["command_name"], &body["paras"]), (&json!("SILENCE"), &json!({"value": 1})));
}

#[tokio::test]
async fn an_empty_client_id_with_a_session_is_refused() {
    let platform = start();
    let (mut client, _) = upgrade(&platform, Transport::Ws, "/broker/mqtt", Some("mqtt")).await.unwrap();
    client.send_raw(bytes("100c00044d5154540400003c0000")).await;
    match client.receive().await {
        Some(Packet::Connack(connack)) => assert_eq!(connack.code, ConnectReturn::IdentifierRejected),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.receive().await, None);
}

#[tokio::test]
async fn mqtt_3_1_2_24_a_silent_client_is_dropped_after_one_and_a_half_keep_alives() {
    let platform = start();
    let (mut client, _) = upgrade(&platform, Transport::Ws, "/broker/mqtt", Some("mqtt")).await.unwrap();
    let connect = Connect { client_id: "x".to_owned(), clean_session: true, keep_alive: 1, ..Connect::default() };
    assert_eq!(client.connect(connect).await, ConnectReturn::Accepted);
    let started = std::time::Instant::now();
    assert_eq!(client.receive().await, None);
    assert!(started.elapsed() >= Duration::from_millis(1_400), "{:?}", started.elapsed());
}
