//! Servers that say what a test tells them, on TLS or TCP: they read CONNECT by hand, from MQTT's own layout.

use std::net::Ipv4Addr;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What a CONNECT says, byte by byte (MQTT 3.1.1, section 3.1).
#[derive(Debug, PartialEq, Eq)]
pub struct Hello {
    pub flags: u8,
    pub keep_alive: u16,
    pub client_id: String,
    pub username: String,
    pub password: Option<String>,
}

/// A packet: its first byte, and what follows its length.
pub async fn packet(stream: &mut (impl AsyncRead + Unpin)) -> (u8, Vec<u8>) {
    let first = stream.read_u8().await.unwrap();
    let (mut length, mut shift) = (0, 0);
    loop {
        let byte = stream.read_u8().await.unwrap();
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (first, body)
}

pub async fn hello(stream: &mut (impl AsyncRead + Unpin)) -> Hello {
    let (first, body) = packet(stream).await;
    assert_eq!(first, 0x10, "CONNECT");
    assert_eq!(&body[..7], b"\0\x04MQTT\x04");
    let (flags, keep_alive) = (body[7], u16::from_be_bytes([body[8], body[9]]));
    let mut rest = &body[10..];
    let mut text = || {
        let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        let (text, after) = rest[2..].split_at(length);
        rest = after;
        String::from_utf8(text.to_vec()).unwrap()
    };
    let (client_id, username) = (text(), text());
    let password = (flags & 0x40 != 0).then(text);
    Hello { flags, keep_alive, client_id, username, password }
}

pub async fn connack(stream: &mut (impl AsyncWrite + Unpin), code: u8) {
    stream.write_all(&[0x20, 2, 0, code]).await.unwrap();
}

/// A SUBSCRIBE for one filter, granted with QoS 0; answers the filter and the QoS asked for.
pub async fn grant(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), granted: u8) -> (String, u8) {
    let (first, body) = packet(stream).await;
    assert_eq!(first, 0x82, "SUBSCRIBE");
    let length = usize::from(u16::from_be_bytes([body[2], body[3]]));
    let filter = String::from_utf8(body[4..4 + length].to_vec()).unwrap();
    assert_eq!(body.len(), 5 + length, "one filter");
    stream.write_all(&[0x90, 3, body[0], body[1], granted]).await.unwrap();
    (filter, body[4 + length])
}

/// A PUBLISH of QoS 0: topic and payload.
pub async fn heard(stream: &mut (impl AsyncRead + Unpin)) -> (String, String) {
    let (first, body) = packet(stream).await;
    assert_eq!(first, 0x30, "PUBLISH, QoS 0");
    let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
    let (topic, payload) = body[2..].split_at(length);
    (String::from_utf8(topic.to_vec()).unwrap(), String::from_utf8(payload.to_vec()).unwrap())
}

/// Publishes with QoS 0.
pub async fn say(stream: &mut (impl AsyncWrite + Unpin), topic: &str, payload: &str) {
    let length = 2 + topic.len() + payload.len();
    let mut bytes = vec![0x30];
    let mut rest = length;
    while rest >= 0x80 {
        bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
    bytes.extend(topic.as_bytes());
    bytes.extend(payload.as_bytes());
    stream.write_all(&bytes).await.unwrap();
}

pub async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

pub async fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().await.unwrap().0
}

/// Everything up to the end of an HTTP head.
pub async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(read).unwrap()
}
