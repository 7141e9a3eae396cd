//! Profiles, small servers and bounded waiting.

use std::future::{Future, poll_fn};
use std::net::{Ipv4Addr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use standin::cloud::defaults;
use standin::event::WallTime;
use standin::link::{Link, LinkError, Opened, open};
use standin::profile::{Endpoint, Identity, MqttIdentity, Profile, Tls, Transport};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::authority::Authority;

/// The largest packet in these tests' profiles, in bytes.
pub(crate) const MAX_PACKET: usize = 64 * 1024;

/// Waits for `future`, but not for ever.
pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("nothing came within 20 s")
}

pub(crate) async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A port of the loopback where nothing listens.
pub(crate) async fn refusing_port() -> u16 {
    listen().await.1
}

pub(crate) fn profile(transport: Transport, port: u16) -> Profile {
    let identity = MqttIdentity { client_id: "device".to_owned(), username: None, password: None, will: None };
    let endpoint = Endpoint {
        transport,
        host: "127.0.0.1".to_owned(),
        port,
        path: "/mqtt".to_owned(),
        subprotocol: Some("mqtt".to_owned()),
    };
    Profile { max_packet: MAX_PACKET, ..defaults::profile("device", Identity::Mqtt(identity), endpoint) }
}

impl Authority {
    /// A profile that trusts this authority.
    pub(crate) fn profile(&self, transport: Transport, port: u16) -> Profile {
        Profile { tls: Tls { ca_file: Some(self.ca_file()), identity: None }, ..profile(transport, port) }
    }
}

/// The wall clock.
pub(crate) fn now() -> WallTime {
    WallTime::from_unix_micros(jiff::Timestamp::now().as_microsecond())
}

pub(crate) async fn dial(profile: &Profile) -> Result<(Link, Opened), LinkError> {
    bounded(open(profile, now)).await
}

/// Dials, expects a failure with `code` that names the platform and says what to try.
pub(crate) async fn dial_fails(profile: &Profile, code: &str) -> LinkError {
    let error = dial(profile).await.expect_err("the dial should fail");
    check_error(&error, code, profile.endpoint.port);
    error
}

/// Every error names host and port and has a hint.
pub(crate) fn check_error(error: &LinkError, code: &str, port: u16) {
    assert_eq!(error.code, code, "{error}");
    assert!(error.reason.contains(&format!(":{port}")), "{error}");
    assert!(!error.hint.is_empty(), "{error}");
}

/// Reads until `count` bytes are there.
pub(crate) async fn read_bytes(link: &mut Link, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        let mut parts = Vec::new();
        bounded(poll_fn(|cx| link.poll_read(cx, &mut parts, 64 * 1024))).await.unwrap();
        assert!(!parts.is_empty(), "a reading is never empty");
        for part in parts {
            bytes.extend_from_slice(&part);
        }
    }
    bytes
}

/// Reads until the link fails: what came before, and the failure.
pub(crate) async fn read_to_error(link: &mut Link) -> (Vec<u8>, LinkError) {
    let mut parts: Vec<Bytes> = Vec::new();
    loop {
        if let Err(error) = bounded(poll_fn(|cx| link.poll_read(cx, &mut parts, 64 * 1024))).await {
            return (parts.concat(), error);
        }
    }
}

/// Writes and flushes all of `bytes`.
pub(crate) async fn write_all(link: &mut Link, bytes: impl Into<Bytes>) {
    let mut bytes = bytes.into();
    bounded(poll_fn(|cx| link.poll_write(cx, &mut bytes))).await.unwrap();
    assert!(bytes.is_empty());
    bounded(poll_fn(|cx| link.poll_flush(cx))).await.unwrap();
}

/// Polls once.
pub(crate) async fn once<T>(mut poll: impl FnMut(&mut std::task::Context<'_>) -> Poll<T>) -> Poll<T> {
    poll_fn(|cx| Poll::Ready(poll(cx))).await
}

/// Reads an HTTP head.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(bounded(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// The value of a field of an HTTP head.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// Answers an upgrade with 101 and `fields` besides the necessary ones; the request's head comes back too.
pub(crate) async fn accept_ws<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    fields: &str,
) -> (WebSocketStream<S>, String) {
    let head = read_head(&mut stream).await;
    let key = derive_accept_key(field(&head, "Sec-WebSocket-Key").unwrap().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {key}\r\n{fields}\r\n"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
    (WebSocketStream::from_raw_socket(stream, Role::Server, None).await, head)
}

/// The field that answers `mqtt`.
pub(crate) const MQTT: &str = "Sec-WebSocket-Protocol: mqtt\r\n";
