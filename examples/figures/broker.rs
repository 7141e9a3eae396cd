//! A broker that floods its one client over WebSocket, and tells how fast the client took it.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use standin::mqtt::codec::{Decoder, Malformed, Side, encode};
use standin::mqtt::packet::{Connack, ConnectReturn, Packet, PacketId, Publish, Qos, Suback};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Message, WebSocket, accept_hdr};

use super::Result;

/// The size of a message's payload, in bytes.
const PAYLOAD: usize = 200;

/// Messages sent before the clock is looked at again, under a rate.
const SLICES_A_SECOND: u64 = 100;

#[derive(Clone, Copy)]
pub struct Flood {
    pub messages: usize,
    pub topics: usize,
    /// How many different messages there are on each topic: with one, it says the same each time.
    pub versions: usize,
    /// Messages a second; `None`: as fast as they are taken.
    pub rate: Option<u64>,
}

pub struct Broker {
    pub port: u16,
    done: Arc<AtomicBool>,
    result: Arc<Mutex<Option<std::result::Result<f64, String>>>>,
    _thread: JoinHandle<()>,
}

impl Broker {
    pub fn start(flood: Flood) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let (done, result) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)));
        let (tell_done, tell) = (Arc::clone(&done), Arc::clone(&result));
        let thread = std::thread::spawn(move || {
            let served = serve(&listener, flood).map_err(|error| error.to_string());
            if let Ok(mut result) = tell.lock() {
                *result = Some(served);
            }
            tell_done.store(true, Ordering::Release);
        });
        Ok(Self { port, done, result, _thread: thread })
    }

    /// Whether the client has acknowledged the flood's last message.
    pub fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Messages a second, once the flood is done.
    pub fn rate(&self) -> Result<f64> {
        while !self.is_done() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut result = self.result.lock().map_err(|_| "the broker panicked")?;
        Ok(result.take().ok_or("no result")??)
    }
}

fn serve(listener: &TcpListener, flood: Flood) -> Result<f64> {
    let (stream, _) = listener.accept()?;
    let mut socket = accept(stream)?;
    greet(&mut socket)?;
    let begun = Instant::now();
    send(&mut socket, flood, begun)?;
    // The acknowledgement of one last message says that all before it were read.
    let last = publish("flood/end", &[b'.'; PAYLOAD], Qos::AtLeastOnce)?;
    socket.get_mut().write_all(&frame(&last))?;
    until(&mut socket, |packet| matches!(packet, Packet::Puback(_)))?;
    let rate = flood.messages as f64 / begun.elapsed().as_secs_f64();
    // The screen goes on being looked at; the line stays open until the client goes.
    std::thread::spawn(move || while socket.read().is_ok() {});
    Ok(rate)
}

/// Takes the upgrade.
pub fn accept(stream: TcpStream) -> Result<WebSocket<TcpStream>> {
    stream.set_nodelay(true)?;
    #[expect(clippy::result_large_err, reason = "the WebSocket library's own type")]
    let offer = |_: &Request, mut response: Response| {
        response.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("mqtt"));
        Ok(response)
    };
    accept_hdr(stream, offer).map_err(|error| error.to_string().into())
}

/// Answers CONNECT and the first SUBSCRIBE.
fn greet(socket: &mut WebSocket<TcpStream>) -> Result<()> {
    until(socket, |packet| matches!(packet, Packet::Connect(_)))?;
    answer(socket, &Packet::Connack(Connack { session_present: false, code: ConnectReturn::Accepted }))?;
    let mut asked = None;
    until(socket, |packet| {
        if let Packet::Subscribe(subscribe) = packet {
            asked = Some((subscribe.packet_id, subscribe.filters.len()));
        }
        asked.is_some()
    })?;
    let (packet_id, count) = asked.ok_or("no SUBSCRIBE")?;
    answer(socket, &Packet::Suback(Suback { packet_id, granted: vec![Some(Qos::AtMostOnce); count] }))
}

pub fn answer(socket: &mut WebSocket<TcpStream>, packet: &Packet) -> Result<()> {
    let mut bytes = BytesMut::new();
    encode(packet, &mut bytes)?;
    Ok(socket.send(Message::Binary(bytes.freeze()))?)
}

/// Reads until a packet `is` the one waited for.
fn until(socket: &mut WebSocket<TcpStream>, mut is: impl FnMut(&Packet) -> bool) -> Result<()> {
    let mut decoder = Decoder::new(Side::Server, 1 << 20);
    loop {
        let Message::Binary(bytes) = socket.read()? else { continue };
        let mut found = false;
        decoder.feed(bytes, |packet| -> std::result::Result<(), Malformed> {
            found |= is(&packet);
            Ok(())
        })?;
        if found {
            return Ok(());
        }
    }
}

fn send(socket: &mut WebSocket<TcpStream>, flood: Flood, begun: Instant) -> Result<()> {
    let cycle = frames(flood)?;
    let each = cycle.len() / (flood.topics * flood.versions).max(1);
    let slice = flood.rate.map_or(cycle.len() / each, |rate| usize::try_from(rate / SLICES_A_SECOND).unwrap_or(1));
    let (mut sent, mut at) = (0, 0);
    while sent < flood.messages {
        let count = slice.min(flood.messages - sent).min((cycle.len() - at) / each);
        if socket.get_mut().write_all(&cycle[at..at + count * each]).is_err() {
            // The client has gone: an endless flood ends that way.
            return Ok(());
        }
        sent += count;
        at = (at + count * each) % cycle.len();
        if let Some(rate) = flood.rate {
            let due = begun + Duration::from_secs_f64(sent as f64 / rate as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
    Ok(())
}

/// One frame a topic and version, all of the same length, end to end.
fn frames(flood: Flood) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    let mut noise = fastrand::Rng::with_seed(7);
    for version in 0..flood.versions {
        for topic in 0..flood.topics {
            let mut payload =
                format!("{{\"id\":\"{topic:07}\",\"params\":{{\"temperature\":{:02}.5}},", topic % 100).into_bytes();
            if version > 0 {
                let (pressure, voltage) = (noise.u32(90_000..110_000), noise.u32(1_000..5_000));
                payload.extend_from_slice(format!("\"pressure\":{pressure:06},\"voltage\":{voltage}").as_bytes());
                payload.extend_from_slice(format!(",\"uptime\":{:012},", noise.u64(..1_000_000_000)).as_bytes());
            }
            payload.extend_from_slice(b"\"pad\":\"");
            payload.resize(PAYLOAD - 2, b'x');
            payload.extend_from_slice(b"\"}");
            all.extend_from_slice(&frame(&publish(&format!("flood/{topic:07}/user/get"), &payload, Qos::AtMostOnce)?));
        }
    }
    Ok(all)
}

pub fn publish(topic: &str, payload: &[u8], qos: Qos) -> Result<Vec<u8>> {
    let packet_id = (qos != Qos::AtMostOnce).then_some(PacketId::FIRST);
    let payload = Bytes::copy_from_slice(payload);
    let packet = Publish { dup: false, qos, retain: false, topic: topic.to_owned(), packet_id, payload };
    let mut bytes = BytesMut::new();
    encode(&Packet::Publish(packet), &mut bytes)?;
    Ok(bytes.to_vec())
}

/// `packet` as one unmasked binary frame (RFC 6455, section 5.2).
pub fn frame(packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82];
    match (u8::try_from(packet.len()), u16::try_from(packet.len())) {
        (Ok(length @ 0..126), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend_from_slice(&(packet.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(packet);
    frame
}
