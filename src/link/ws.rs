//! MQTT on WebSocket: the upgrade and the frames (RFC 6455; MQTT 3.1.1 chapter 6).
//!
//! What lives here: the request, what its answers mean, binary frames in both directions. What may not: TLS and TCP, MQTT
//! packets. Redirects are named and never followed; no extension is offered, so nothing can be inflated.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_util::{Sink, StreamExt};
use jiff::fmt::rfc2822::DateTimeParser;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::http::header::{DATE, HeaderName, LOCATION};
use tokio_tungstenite::tungstenite::http::{HeaderMap, Response, Uri};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::error::{LinkError, Stage, Target, closed, from_io, quote};
use super::net::Net;
use super::stream::stream_error;
use crate::event::WallTime;
use crate::profile::{Endpoint, Transport, host_port};

/// What is read at a time, in bytes. tungstenite keeps it for each connection, idle or not. Frames of 200 bytes come at
/// 4.9 million a second with this, at 5.8 million with tungstenite's own 128 KiB, which 256 idle sessions would pay for with 24 MiB.
const READ_BUFFER: usize = 32 * 1024;
/// What is collected before tungstenite writes by itself.
const WRITE_BUFFER: usize = 32 * 1024;
/// The most that waits to be written.
const WRITE_LIMIT: usize = 1024 * 1024;
/// The largest frame sent: half the limit, so that there is always room once the buffer was written.
const LARGEST_FRAME: usize = WRITE_LIMIT / 2;
/// What a frame costs in a reading beside its payload, so that empty frames and pings cannot hold the reader for ever.
const FRAME_COST: usize = 32;

/// A WebSocket that carries MQTT.
pub(super) struct Ws {
    stream: WebSocketStream<Net>,
}

/// Asks for a WebSocket, and answers with the `Date` of the answer.
pub(super) async fn upgrade(
    net: Net,
    endpoint: &Endpoint,
    max_packet: usize,
    target: &Target,
) -> Result<(Ws, Option<WallTime>), LinkError> {
    let uri = uri(endpoint).ok_or_else(|| unaskable(endpoint, target))?;
    let mut request = ClientRequestBuilder::new(uri);
    if let Some(subprotocol) = &endpoint.subprotocol {
        // [MQTT-6.0.0-3]: the client offers "mqtt".
        request = request.with_sub_protocol(subprotocol);
    }
    // A frame may hold several packets, and a message is at most as long as two of the largest.
    let largest = Some(max_packet.saturating_mul(2));
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_LIMIT)
        .max_message_size(largest)
        .max_frame_size(largest);
    let (stream, answer) =
        client_async_with_config(request, net, Some(config)).await.map_err(|fault| refused(fault, endpoint, target))?;
    Ok((Ws { stream }, server_date(answer.headers())))
}

/// The upgrade cannot even be asked for.
fn unaskable(endpoint: &Endpoint, target: &Target) -> LinkError {
    let (path, subprotocol) = (quote(&endpoint.path), quote(endpoint.subprotocol.as_deref().unwrap_or_default()));
    LinkError::new(
        "ws-upgrade",
        format!("{} cannot be asked for a WebSocket with path “{path}” and subprotocol “{subprotocol}”", target.at),
        "write both in ASCII, with %XX for anything else in path, such as \"/mqtt\"",
    )
}

/// The URL of the upgrade. A default port stays out of the Host header, as browsers do it: some gateways compare it.
fn uri(endpoint: &Endpoint) -> Option<Uri> {
    let default = if endpoint.transport == Transport::Wss { 443 } else { 80 };
    // A zone is this machine's own affair (RFC 6874 §4).
    let host = endpoint.host.split('%').next().unwrap_or_default();
    let full = host_port(host, endpoint.port);
    let authority = if endpoint.port == default { full.strip_suffix(&format!(":{default}"))? } else { &full };
    let slash = if endpoint.path.starts_with('/') { "" } else { "/" };
    format!("{}://{authority}{slash}{}", endpoint.transport.scheme(), endpoint.path).parse().ok()
}

/// The `Date` of an answer (RFC 9110 §5.6.7), where there is a sound one.
fn server_date(headers: &HeaderMap) -> Option<WallTime> {
    let text = headers.get(DATE)?.to_str().ok()?;
    let stamp = DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(WallTime::from_unix_micros(stamp.as_second().checked_mul(1_000_000)?))
}

/// Why the upgrade failed.
fn refused(fault: Error, endpoint: &Endpoint, target: &Target) -> LinkError {
    let at = &target.at;
    match fault {
        Error::Http(answer) => answered(&answer, endpoint, target),
        Error::Io(fault) => from_io(Stage::Upgrade, target, &fault),
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            closed(Stage::Upgrade, at)
        }
        Error::HttpFormat(_) | Error::Url(_) => unaskable(endpoint, target),
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(why)) => subprotocol(why, endpoint, at),
        other => LinkError::new(
            "ws-upgrade",
            format!("{at} does not answer the WebSocket upgrade as RFC 6455 wants it: {}", quote(&other.to_string())),
            "check port and path; a port for plain MQTT or TLS answers like this too (transport)",
        ),
    }
}

/// [MQTT-6.0.0-4]: the server names the subprotocol that it chose, and it is the one asked for.
fn subprotocol(why: SubProtocolError, endpoint: &Endpoint, at: &str) -> LinkError {
    let asked = quote(endpoint.subprotocol.as_deref().unwrap_or_default());
    let (reason, hint) = match why {
        SubProtocolError::NoSubProtocol => (
            format!("{at} opened a WebSocket without the subprotocol “{asked}”"),
            "check that path leads to MQTT; a platform that leaves the name out: subprotocol = \"\"",
        ),
        SubProtocolError::InvalidSubProtocol => (
            format!("{at} chose a WebSocket subprotocol that was not asked for (asked: “{asked}”)"),
            "set subprotocol to the platform's own word, such as \"mqttv3.1\"",
        ),
        SubProtocolError::ServerSentSubProtocolNoneRequested => (
            format!("{at} chose a WebSocket subprotocol although none was asked for"),
            "take subprotocol = \"\" away, so that \"mqtt\" is asked for",
        ),
    };
    LinkError::new("ws-subprotocol", reason, hint)
}

/// An HTTP answer other than 101.
fn answered(answer: &Response<Option<Vec<u8>>>, endpoint: &Endpoint, target: &Target) -> LinkError {
    let status = answer.status();
    let header =
        |name: HeaderName| answer.headers().get(name).map(|value| quote(&String::from_utf8_lossy(value.as_bytes())));
    let mut reason = format!("{} answered the WebSocket upgrade of {} with {status}", target.at, quote(&endpoint.path));
    let hint = match status.as_u16() {
        300..400 => {
            if let Some(location) = header(LOCATION) {
                reason = format!("{reason}, a redirect to {location}");
            }
            "no redirect is followed, since it would carry the device's credentials elsewhere: if you trust that address, \
             put it into host, port and path"
        }
        200..300 => "a web server lives there, but no WebSocket: check path and port",
        400 => "check path, and whether the port wants TLS (transport = \"wss\")",
        401 | 403 => {
            "the platform or a gateway before it refuses before MQTT begins: check host and path, and whether this \
                      network may reach it"
        }
        404 | 405 | 410 => "check path: \"/mqtt\" on most platforms, \"/\" on some",
        407 => "a proxy on the way wants a login: set proxy",
        426 => "the server wants another protocol: check port and path",
        429 => "too many connections: wait, or dial fewer devices at a time",
        500.. => "the platform is in trouble or being restarted: try again later",
        _ => "check host, port and path",
    };
    LinkError { server_date: server_date(answer.headers()), ..LinkError::new("ws-upgrade", reason, hint) }
}

impl Ws {
    /// Appends the payloads of ready frames to `into`, about `most` bytes.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut Vec<Bytes>,
        most: usize,
        target: &Target,
    ) -> Poll<Result<(), LinkError>> {
        let before = into.len();
        let mut spent = 0;
        while spent < most {
            spent += FRAME_COST;
            match self.stream.poll_next_unpin(cx) {
                // [MQTT-6.0.0-2]: packets need not begin where a frame does; the bytes are all that counts.
                Poll::Ready(Some(Ok(Message::Binary(payload)))) => {
                    spent += payload.len();
                    if !payload.is_empty() {
                        into.push(payload);
                    }
                }
                // tungstenite answers a ping at its next read, which is the next turn of this loop or the next poll.
                Poll::Ready(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => {}
                Poll::Ready(Some(Ok(Message::Close(why)))) => {
                    self.push_out(cx);
                    return Poll::Ready(Err(goodbye(why, target)));
                }
                Poll::Ready(Some(Ok(Message::Text(_)))) => {
                    self.refuse(cx, CloseCode::Unsupported);
                    return Poll::Ready(Err(text_frame(target)));
                }
                Poll::Ready(Some(Err(fault))) => return Poll::Ready(Err(self.broken(cx, &fault, target))),
                Poll::Ready(None) => return Poll::Ready(Err(closed(Stage::Open, &target.at))),
                Poll::Pending if into.len() > before => return Poll::Ready(Ok(())),
                Poll::Pending => return Poll::Pending,
            }
        }
        if into.len() == before {
            // Only empty frames and pings so far: others get their turn, then this goes on.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    /// Takes `bytes` as binary frames [MQTT-6.0.0-1] while there is room.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &mut Bytes,
        target: &Target,
    ) -> Poll<Result<(), LinkError>> {
        while !bytes.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_ready(cx)).map_err(|fault| failure(&fault, target))?;
            let frame = bytes.slice(..bytes.len().min(LARGEST_FRAME));
            let length = frame.len();
            match Pin::new(&mut self.stream).start_send(Message::Binary(frame)) {
                Ok(()) => bytes.advance(length),
                // Pongs took the room: nothing was taken, and there is room after a flush.
                Err(Error::WriteBufferFull(_)) => ready!(self.poll_flush(cx, target))?,
                Err(fault) => return Poll::Ready(Err(failure(&fault, target))),
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>, target: &Target) -> Poll<Result<(), LinkError>> {
        Pin::new(&mut self.stream).poll_flush(cx).map_err(|fault| failure(&fault, target))
    }

    /// Says goodbye and reads on until the platform has gone.
    pub(super) async fn finish(mut self) {
        if self.stream.close(None).await.is_err() {
            return;
        }
        while let Some(Ok(message)) = self.stream.next().await {
            if message.is_close() {
                break;
            }
        }
        // The platform has gone, or the line is broken: there is nobody left to tell.
        drop(self.stream.get_mut().shutdown().await);
    }

    /// The stream broke: tells the other side why where that is its fault, and us what it means.
    fn broken(&mut self, cx: &mut Context<'_>, fault: &Error, target: &Target) -> LinkError {
        match fault {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => self.refuse(cx, CloseCode::Size),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {}
            Error::Protocol(_) => self.refuse(cx, CloseCode::Protocol),
            Error::Utf8(_) => self.refuse(cx, CloseCode::Unsupported),
            _ => {}
        }
        failure(fault, target)
    }

    /// Sends a close frame with `code`, as far as that goes without waiting: the connection ends in any case.
    fn refuse(&mut self, cx: &mut Context<'_>, code: CloseCode) {
        let close = Message::Close(Some(CloseFrame { code, reason: "".into() }));
        if Pin::new(&mut self.stream).start_send(close).is_ok() {
            self.push_out(cx);
        }
    }

    /// Writes what waits, as far as that goes without waiting, on a connection that has ended: a failure changes nothing.
    fn push_out(&mut self, cx: &mut Context<'_>) {
        drop(Pin::new(&mut self.stream).poll_flush(cx));
    }
}

/// [MQTT-6.0.0-1]: a frame that is not binary ends the connection.
fn text_frame(target: &Target) -> LinkError {
    LinkError::new(
        "protocol",
        format!("{} sent a WebSocket text frame, which MQTT forbids [MQTT-6.0.0-1]", target.at),
        "check that path leads to MQTT and not to another service of that host",
    )
}

/// What an error of the open WebSocket means.
fn failure(fault: &Error, target: &Target) -> LinkError {
    let at = &target.at;
    match fault {
        Error::Io(fault) => stream_error(target, fault),
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => LinkError::new(
            "too-large",
            format!("{at} sent a WebSocket message of {size} bytes; at most {max_size} are taken (twice max_packet)"),
            "if that is in order, raise max_packet",
        ),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => closed(Stage::Open, at),
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(ProtocolError::SendAfterClosing) => {
            closed(Stage::Open, at)
        }
        other => LinkError::new(
            "protocol",
            format!("{at} broke the WebSocket protocol: {}", quote(&other.to_string())),
            "something between here and the platform may change the stream; wss keeps its hands off",
        ),
    }
}

/// The platform closed the WebSocket in order.
fn goodbye(why: Option<CloseFrame>, target: &Target) -> LinkError {
    let mut error = closed(Stage::Open, &target.at);
    if let Some(CloseFrame { code, reason }) = why {
        let words = if reason.is_empty() { String::new() } else { format!(", “{}”", quote(&reason)) };
        error.reason = format!("{} (WebSocket close {}{words})", error.reason, u16::from(code));
    }
    error
}

#[cfg(test)]
mod tests;
