//! How fast a rule answers, against a raw platform that keeps a thousand requests open and acknowledges every answer.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use standin::mqtt::codec::{Decoder, Malformed, Side};
use standin::mqtt::packet::{Connack, ConnectReturn, Packet, Qos, Suback};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use super::broker::{accept, answer, frame, publish};
use super::{Result, console, row};

/// Requests in all.
const REQUESTS: u32 = 1_000_000;
/// Requests that are open at once, at the most.
const OPEN: u32 = 1_000;

/// A rule's answers a second, with the console open.
pub fn rules() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let platform: JoinHandle<std::result::Result<f64, String>> =
        std::thread::spawn(move || serve(&listener).map_err(|error| error.to_string()));
    let folder = tempfile::tempdir()?;
    let mut terminal = console(&config(folder.path(), port)?)?;
    while !platform.is_finished() {
        terminal.pump(Duration::from_millis(50))?;
    }
    let rate = platform.join().map_err(|_| "the platform panicked")??;
    row("requests a second answered by a rule in one session, QoS 1, console open", &format!("{rate:.0}"));
    row("peak memory after 1,000,000 of them", &format!("{:.1} MiB", terminal.peak_memory_mib()?));
    Ok(())
}

/// An Aliyun lamp whose service `dim` a rule answers.
fn config(folder: &Path, port: u16) -> Result<PathBuf> {
    let text = format!(
        r#"
[[device]]
name = "lamp"
cloud = "aliyun"
host = "127.0.0.1"
transport = "ws"
port = {port}
product_key = "pk"
device_name = "dn"
secret = "secret"

[[device.rule]]
name = "dim"
on = "command"
named = "dim"
reply = {{ level = "{{{{ request.input.level }}}}", at = "{{{{ now.ms }}}}" }}
"#
    );
    let path = folder.join("config.toml");
    fs::write(&path, text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(path)
}

fn serve(listener: &TcpListener) -> Result<f64> {
    let (stream, _) = listener.accept()?;
    let mut line = Line::open(stream)?;
    let mut answered = HashSet::with_capacity(REQUESTS as usize);
    let (mut sent, begun) = (0, Instant::now());
    while answered.len() < REQUESTS as usize {
        let done = u32::try_from(answered.len())?;
        // Half a window at a time, so that frames and system calls are not what is measured.
        if sent < REQUESTS && sent - done <= OPEN / 2 {
            let until = (done + OPEN).min(REQUESTS);
            line.ask(sent..until)?;
            sent = until;
        }
        line.read()?;
        line.acknowledge(|payload| {
            answered.insert(id_of(payload)?);
            Ok(())
        })?;
    }
    let rate = f64::from(REQUESTS) / begun.elapsed().as_secs_f64();
    // The screen goes on being looked at; the line stays open until the client goes.
    std::thread::spawn(move || while line.read().is_ok() {});
    Ok(rate)
}

/// A platform's side of a device's connection.
pub struct Line {
    socket: WebSocket<TcpStream>,
    decoder: Decoder,
    came: Vec<Packet>,
}

impl Line {
    /// Signs the device in, and reads on until it wants its subscriptions.
    pub fn open(stream: TcpStream) -> Result<Self> {
        let mut line = Self { socket: accept(stream)?, decoder: Decoder::new(Side::Server, 1 << 20), came: Vec::new() };
        line.until(|packet| matches!(packet, Packet::Connect(_)))?;
        answer(&mut line.socket, &Packet::Connack(Connack { session_present: false, code: ConnectReturn::Accepted }))?;
        line.until(|packet| matches!(packet, Packet::Subscribe(_)))?;
        Ok(line)
    }

    /// Calls the service `dim`, once for each number.
    pub fn ask(&mut self, numbers: std::ops::Range<u32>) -> Result<()> {
        let mut frames = Vec::new();
        for number in numbers {
            let body = format!(
                r#"{{"method":"thing.service.dim","id":"{number}","params":{{"level":{}}},"version":"1.0.0"}}"#,
                number % 100
            );
            frames.extend(frame(&publish("/sys/pk/dn/thing/service/dim", body.as_bytes(), Qos::AtMostOnce)?));
        }
        Ok(self.socket.get_mut().write_all(&frames)?)
    }

    /// Takes what comes next.
    pub fn read(&mut self) -> Result<()> {
        let Message::Binary(bytes) = self.socket.read()? else { return Ok(()) };
        let came = &mut self.came;
        self.decoder.feed(bytes, |packet| -> std::result::Result<(), Malformed> {
            came.push(packet);
            Ok(())
        })?;
        Ok(())
    }

    /// Acknowledges what came, and hands each message's payload to `take`.
    pub fn acknowledge(&mut self, mut take: impl FnMut(&Bytes) -> Result<()>) -> Result<()> {
        let mut acks = Vec::new();
        for packet in std::mem::take(&mut self.came) {
            match packet {
                Packet::Publish(publish) => {
                    if let Some(id) = publish.packet_id {
                        acks.extend([0x82, 4, 0x40, 2]);
                        acks.extend(id.number().to_be_bytes());
                    }
                    take(&publish.payload)?;
                }
                Packet::Subscribe(subscribe) => {
                    let granted = vec![Some(Qos::AtLeastOnce); subscribe.filters.len()];
                    answer(&mut self.socket, &Packet::Suback(Suback { packet_id: subscribe.packet_id, granted }))?;
                }
                Packet::Pingreq => answer(&mut self.socket, &Packet::Pingresp)?,
                _ => {}
            }
        }
        Ok(self.socket.get_mut().write_all(&acks)?)
    }

    /// Reads until a packet `is` the one waited for, which stays among those that came.
    fn until(&mut self, is: impl Fn(&Packet) -> bool) -> Result<()> {
        while !self.came.iter().any(&is) {
            self.read()?;
        }
        Ok(())
    }
}

fn id_of(payload: &Bytes) -> Result<u32> {
    let body: serde_json::Value = serde_json::from_slice(payload)?;
    if body["code"] != 200 || !body["data"]["level"].is_number() {
        return Err(format!("not the rule's answer: {body}").into());
    }
    Ok(body["id"].as_str().ok_or("an answer without an id")?.parse()?)
}
