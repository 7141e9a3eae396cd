//! The WebSocket upgrade: what is asked, and what may be answered.

use standin::event::WallTime;
use standin::link::LinkError;
use standin::profile::Transport;
use tokio::io::AsyncWriteExt;

use crate::support::{MQTT, accept_ws, bounded, check_error, dial, dial_fails, field, listen, profile, read_head};

/// Dials with `asked`, answers 101 with `fields`: the outcome and the request's head.
async fn upgraded(asked: Option<&str>, fields: &str) -> (Result<Option<WallTime>, LinkError>, String) {
    let (listener, port) = listen().await;
    let mut profile = profile(Transport::Ws, port);
    profile.endpoint.subprotocol = asked.map(str::to_owned);
    let server = async {
        let (tcp, _) = listener.accept().await.unwrap();
        accept_ws(tcp, fields).await.1
    };
    let client = async { dial(&profile).await.map(|(_, opened)| opened.server_date) };
    let (outcome, head) = bounded(async { tokio::join!(client, server) }).await;
    if let Err(error) = &outcome {
        check_error(error, error.code, port);
    }
    (outcome, head)
}

// MQTT-6.0.0-3: the client offers the subprotocol "mqtt".
#[tokio::test]
async fn the_request_asks_for_the_path_and_the_subprotocol_and_nothing_more() {
    let (outcome, head) = upgraded(Some("mqtt"), MQTT).await;
    assert_eq!(outcome, Ok(None));
    assert!(head.starts_with("GET /mqtt HTTP/1.1\r\n"), "{head}");
    assert_eq!(field(&head, "Sec-WebSocket-Protocol"), Some("mqtt"));
    assert_eq!(field(&head, "Sec-WebSocket-Version"), Some("13"));
    assert!(field(&head, "Host").unwrap().starts_with("127.0.0.1:"), "{head}");
    for absent in ["Sec-WebSocket-Extensions", "Authorization", "Origin", "Cookie", "User-Agent"] {
        assert_eq!(field(&head, absent), None, "{head}");
    }
}

// MQTT-6.0.0-4: the subprotocol in the answer has to be "mqtt".
#[tokio::test]
async fn the_subprotocol_asked_for_is_required() {
    for (asked, fields, passes) in [
        (Some("mqtt"), MQTT, true),
        (Some("mqtt"), "", false),
        (Some("mqtt"), "Sec-WebSocket-Protocol: mqttv3.1\r\n", false),
        (Some("mqtt"), "Sec-WebSocket-Protocol: MQTT\r\n", false),
        (Some("mqtt"), "Sec-WebSocket-Protocol: \r\n", false),
        (Some("mqttv3.1"), "Sec-WebSocket-Protocol: mqttv3.1\r\n", true),
        (None, "", true),
        (None, MQTT, false),
    ] {
        let (outcome, head) = upgraded(asked, fields).await;
        assert_eq!(field(&head, "Sec-WebSocket-Protocol"), asked);
        match outcome {
            Ok(_) => assert!(passes, "asked {asked:?}, answered {fields:?}"),
            Err(error) => {
                assert!(!passes, "{error}");
                assert_eq!(error.code, "ws-subprotocol", "{error}");
            }
        }
    }
}

#[tokio::test]
async fn the_date_of_the_answer_is_the_servers_clock() {
    let fields = format!("{MQTT}Date: Sat, 21 Nov 2026 08:30:00 GMT\r\n");
    let (outcome, _) = upgraded(Some("mqtt"), &fields).await;
    assert_eq!(outcome, Ok(WallTime::parse_rfc3339("2026-11-21T08:30:00Z")));
}

/// What a dial fails with when the upgrade is answered with `answer`.
async fn answered(answer: &[u8], code: &str) -> LinkError {
    let (listener, port) = listen().await;
    let server = async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        read_head(&mut tcp).await;
        // The client may go before it has read all of it.
        drop(tcp.write_all(answer).await);
    };
    let profile = profile(Transport::Ws, port);
    bounded(async { tokio::join!(dial_fails(&profile, code), server) }).await.0
}

#[tokio::test]
async fn a_redirect_is_named_and_not_followed() {
    let (elsewhere, port) = listen().await;
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{port}/mqtt\r\n\r\n");
    let error = answered(answer.as_bytes(), "ws-upgrade").await;
    assert!(error.reason.contains(&format!("a redirect to ws://127.0.0.1:{port}/mqtt")), "{error}");
    assert!(error.reason.contains("302"), "{error}");
    let none = tokio::time::timeout(std::time::Duration::from_millis(50), elsewhere.accept()).await;
    assert!(none.is_err(), "the target was dialled");
}

#[tokio::test]
async fn a_refused_upgrade_has_the_status_and_the_servers_clock() {
    for (status, words) in [
        ("401 Unauthorized", "401"),
        ("403 Forbidden", "403"),
        ("404 Not Found", "404"),
        ("503 Service Unavailable", "503"),
        ("200 OK", "200"),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\nDate: Sat, 21 Nov 2026 08:30:00 GMT\r\nContent-Length: 0\r\n\r\n");
        let error = answered(answer.as_bytes(), "ws-upgrade").await;
        assert!(error.reason.contains(words), "{error}");
        assert_eq!(error.server_date, WallTime::parse_rfc3339("2026-11-21T08:30:00Z"));
    }
}

#[tokio::test]
async fn what_is_no_upgrade_at_all() {
    let endless = format!("HTTP/1.1 101 Switching Protocols\r\nX: {}", "x".repeat(80_000));
    let many = format!("HTTP/1.1 101 Switching Protocols\r\n{}\r\n", "X: y\r\n".repeat(200));
    for (answer, code) in [
        (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], "ws-upgrade"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "ws-upgrade"),
        (b"HTTP/1.0 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "ws-upgrade"),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "ws-upgrade"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
            "ws-upgrade",
        ),
        (endless.as_bytes(), "ws-upgrade"),
        (many.as_bytes(), "ws-upgrade"),
        (b"HTTP/1.1 101 Swit", "closed"),
        (b"", "closed"),
    ] {
        answered(answer, code).await;
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_asked_for_is_told() {
    let (_listener, port) = listen().await;
    let mut profile = profile(Transport::Ws, port);
    profile.endpoint.path = "/a b\r\nX: y".to_owned();
    dial_fails(&profile, "ws-upgrade").await;
    profile.endpoint.path = "/mqtt".to_owned();
    profile.endpoint.subprotocol = Some("a\r\nX: y".to_owned());
    dial_fails(&profile, "ws-upgrade").await;
}
