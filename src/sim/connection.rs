//! One network connection: TLS, the WebSocket's upgrade, bytes to packets and back.
//!
//! What may not live here: what a packet does. That is the hub's.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

use super::client::ConnId;
use super::https::{self, Begun};
use super::hub::End;
use super::login::Door;
use super::mailbox::{Mailbox, Next};
use super::roster;
use super::shell::Shell;
use crate::mqtt::Packet;
use crate::mqtt::codec::{Decoder, Malformed, Side};
use crate::profile::Cloud;

/// How long TLS and the upgrade may take, each.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// How long one write may take: a reader that is slower than that is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// How long the farewell may take: what is left to write, the WebSocket's close, TLS's `close_notify`.
const FAREWELL_WITHIN: Duration = Duration::from_secs(2);
/// Small, for there may be hundreds of connections at rest.
const READ_BUFFER: usize = 4 << 10;
/// The largest topic with all that stands around a payload in a PUBLISH.
const AROUND_PAYLOAD: usize = (64 << 10) + 16;
/// The plain broker's largest payload.
const PLAIN_PAYLOAD: usize = 8 << 20;

/// Serves one TCP connection until it ends. TLS is spoken where there is an acceptor.
pub(super) async fn serve(shell: &Shell, stream: TcpStream, acceptor: Option<TlsAcceptor>) {
    // Without it small packets wait for each other; where the system refuses, they are slower and nothing else.
    stream.set_nodelay(true).ok();
    match acceptor {
        None => upgraded(shell, stream, false).await,
        Some(acceptor) => {
            // A client that does not trust the authority ends here: TLS has told it why.
            let Ok(Ok(stream)) = timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await else { return };
            match Begun::of(stream).await {
                Some(begun) if begun.is_post() => https::serve(shell, begun).await,
                Some(begun) => upgraded(shell, begun, true).await,
                None => {}
            }
        }
    }
}

#[expect(clippy::result_large_err, reason = "the signature of tungstenite's callback")]
async fn upgraded<S: AsyncRead + AsyncWrite + Unpin>(shell: &Shell, stream: S, tls: bool) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(2 * (PLAIN_PAYLOAD + AROUND_PAYLOAD)))
        .max_frame_size(Some(2 * (PLAIN_PAYLOAD + AROUND_PAYLOAD)));
    let mut cloud = None;
    let upgrade = accept_hdr_async_with_config(
        stream,
        |request: &Request, response: Response| {
            let (found, response) = answer_upgrade(shell, request, response)?;
            cloud = Some(found);
            Ok(response)
        },
        Some(config),
    );
    let upgraded = timeout(HANDSHAKE_WITHIN, upgrade).await;
    let (Ok(Ok(stream)), Some(cloud)) = (upgraded, cloud) else {
        return;
    };
    let (conn, mailbox) = shell.open(Door { cloud, tls });
    let (sink, stream) = stream.split();
    let why = exchange(shell, conn, &mailbox, sink, stream, most(cloud)).await;
    shell.close(conn, &why);
}

/// Reads and writes until one of the two has ended, and answers why.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    shell: &Shell,
    conn: ConnId,
    mailbox: &Mailbox,
    sink: SplitSink<WebSocketStream<S>, Message>,
    stream: SplitStream<WebSocketStream<S>>,
    most: usize,
) -> String {
    let mut writer = std::pin::pin!(write_all(mailbox, sink));
    let mut reader = std::pin::pin!(read_all(shell, conn, stream, most));
    tokio::select! {
        ended = &mut writer => {
            if let Ok(End::InOrder) = ended {
                // Bytes that nobody read would make the system reset the connection, and the client miss the farewell.
                timeout(FAREWELL_WITHIN, reader).await.ok();
            }
            ended.map_or_else(|error| format!("the line broke: {error}"), |_| "by the platform".to_owned())
        }
        why = &mut reader => {
            mailbox.end(End::InOrder);
            // What the client may still be told is told; if it does not listen, the connection ends all the same.
            timeout(FAREWELL_WITHIN, writer).await.ok();
            why
        }
    }
}

/// Reads until the stream ends or its client has to go, and answers why.
async fn read_all<S: AsyncRead + AsyncWrite + Unpin>(
    shell: &Shell,
    conn: ConnId,
    mut stream: SplitStream<WebSocketStream<S>>,
    most: usize,
) -> String {
    let mut decoder = Decoder::new(Side::Server, most);
    let mut is_first = true;
    loop {
        let received = tokio::select! {
            received = stream.next() => received,
            () = sleep_until_maybe(shell.patience(conn)) => {
                shell.impatient(conn);
                continue;
            }
        };
        let bytes = match received {
            Some(Ok(Message::Binary(bytes))) => bytes,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Ok(Message::Text(_))) => {
                shell.malformed(conn, "a text frame came: MQTT goes in binary frames (MQTT-6.0.0-1)");
                return "a text frame came".to_owned();
            }
            Some(Ok(Message::Close(_))) | None => return "closed by the client".to_owned(),
            Some(Err(error)) => return format!("the line broke: {error}"),
        };
        let other_version = std::mem::take(&mut is_first).then(|| level(&bytes)).flatten().filter(|level| *level != 4);
        let fed = decoder.feed(bytes, |packet: Packet| {
            shell.packet(conn, packet);
            Ok::<(), Malformed>(())
        });
        if let Err(malformed) = fed {
            match other_version {
                Some(level) if malformed.packet == "CONNECT" => shell.other_version(conn, level),
                _ => shell.malformed(conn, &malformed.to_string()),
            }
            return malformed.to_string();
        }
    }
}

/// Writes what the mailbox holds until its end, and answers which one it was.
async fn write_all<S: AsyncRead + AsyncWrite + Unpin>(
    mailbox: &Mailbox,
    mut sink: SplitSink<WebSocketStream<S>, Message>,
) -> Result<End, tungstenite::Error> {
    loop {
        match mailbox.next().await {
            Next::Write(bytes) => tokio::select! {
                sent = timeout(WRITE_WITHIN, sink.send(Message::Binary(bytes))) => sent.map_err(|_| slow())??,
                () = mailbox.overturned() => return Ok(End::Abrupt),
            },
            Next::End(End::Abrupt) => return Ok(End::Abrupt),
            Next::End(End::InOrder) => {
                timeout(FAREWELL_WITHIN, sink.close()).await.map_err(|_| slow())??;
                return Ok(End::InOrder);
            }
        }
    }
}

fn slow() -> tungstenite::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client does not read").into()
}

async fn sleep_until_maybe(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(deadline) => sleep_until(Instant::from_std(deadline)).await,
        None => std::future::pending().await,
    }
}

/// The largest packet on a cloud's door, in bytes; the exact limit of the payload is the hub's to keep.
fn most(cloud: Cloud) -> usize {
    let payload = roster::limits(cloud).payload.unwrap_or(PLAIN_PAYLOAD);
    payload + AROUND_PAYLOAD
}

/// The protocol level of the CONNECT that `bytes` begin with, whatever its version.
fn level(bytes: &Bytes) -> Option<u8> {
    let (first, lengths) = bytes.split_first()?;
    let size = lengths.iter().take(4).position(|byte| byte & 0x80 == 0)? + 1;
    let body = lengths.get(size..).filter(|_| *first == 0x10)?;
    let name = usize::from(u16::from_be_bytes([*body.first()?, *body.get(1)?]));
    let is_mqtt = matches!(body.get(2..2 + name)?, b"MQTT" | b"MQIsdp");
    body.get(2 + name).copied().filter(|_| is_mqtt)
}

/// Says yes to an upgrade on a cloud's path. The subprotocol `mqtt` is answered where it was asked for; a client that asks
/// for others only is refused, one that asks for none is taken, for brokers differ there.
#[expect(clippy::result_large_err, reason = "the signature of tungstenite's callback")]
fn answer_upgrade(
    shell: &Shell,
    request: &Request,
    mut response: Response,
) -> Result<(Cloud, Response), ErrorResponse> {
    // A date is ASCII; were it not, the answer would go without one.
    let date = HeaderValue::from_str(&shell.http_date()).ok();
    let refuse = |status: StatusCode, words: &str| {
        let mut refusal = ErrorResponse::new(Some(format!("{words}\n")));
        *refusal.status_mut() = status;
        refusal.headers_mut().extend(date.clone().map(|date| (tungstenite::http::header::DATE, date)));
        Err(refusal)
    };
    if let Some(status) = shell.refused_upgrade() {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return refuse(status, "refused by order");
    }
    let Some(cloud) = roster::cloud_at(request.uri().path()) else {
        return refuse(StatusCode::NOT_FOUND, "nothing is at this path");
    };
    let asked = request.headers().get_all("Sec-WebSocket-Protocol");
    let mut names = asked.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).peekable();
    if names.peek().is_some() {
        if !names.any(|name| name.trim() == "mqtt") {
            return refuse(StatusCode::BAD_REQUEST, "the subprotocol here is mqtt");
        }
        response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("mqtt"));
    }
    response.headers_mut().extend(date.map(|date| (tungstenite::http::header::DATE, date)));
    Ok((cloud, response))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_of_a_connect_is_read_whatever_its_version() {
        for (bytes, expected) in [
            (&b"\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00"[..], Some(3)),
            (b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", Some(4)),
            (b"\x10\x8d\x00\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x00", Some(5)),
            (b"\x10\x0c\x00\x04MQTS\x04\x02\x00\x3c\x00\x00", None),
            (b"\x20\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00", None),
            (b"\x10\x0c\x00\x04MQTT", None),
            (b"\x10\xff\xff\xff\xff\x01", None),
            (b"\x10\x0c\x00", None),
            (b"", None),
        ] {
            assert_eq!(level(&Bytes::from_static(bytes)), expected, "{bytes:?}");
        }
    }
}
