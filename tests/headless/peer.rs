//! A broker that does what a test tells it to, on plain TCP, and the config of a device that dials it.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use crate::support::write_config;

/// CONNACK 0 without a session.
pub const CONNACK: &[u8] = b"\x20\x02\x00\x00";

/// One connection, seen from the broker.
pub struct Peer {
    tcp: TcpStream,
}

/// A packet as it came: its first byte and what follows the fixed header.
pub type Packet = (u8, Vec<u8>);

/// Listens on a port of its own, and hands each connection with its number (1, 2, 3 …) to `each` on a thread.
pub fn listen(each: impl Fn(&mut Peer, u32) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        std::thread::scope(|scope| {
            for (number, tcp) in (1..).zip(listener.incoming()) {
                let each = &each;
                scope.spawn(move || each(&mut Peer { tcp: tcp.unwrap() }, number));
            }
        });
    });
    port
}

/// The config of the device `d`, which signs in at `port` without TLS; `more` is further keys.
pub fn config(folder: &Path, port: u16, more: &str) -> PathBuf {
    let text = format!(
        "[[device]]\nname = \"d\"\ncloud = \"mqtt\"\nhost = \"127.0.0.1\"\nport = {port}\ntransport = \"mqtt\"\n\
         client_id = \"c\"\nbackoff = {{ policy = \"fixed\", min_ms = 0, default_ms = 20 }}\n{more}"
    );
    write_config(folder, &text)
}

impl Peer {
    /// The next packet; `None` when the device has gone.
    pub fn packet(&mut self) -> Option<Packet> {
        let first = self.byte()?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.tcp.read_exact(&mut body).ok().map(|()| (first, body))
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.tcp.read_exact(&mut byte).ok().map(|()| byte[0])
    }

    /// Reads CONNECT and answers with `connack`.
    pub fn accept(&mut self, connack: &[u8]) {
        assert_eq!(self.packet().unwrap().0, 0x10);
        self.send(connack);
    }

    /// Sends bytes; `false` when the device has gone.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        match self.tcp.write_all(bytes) {
            Ok(()) => true,
            Err(fault) => {
                let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset].contains(&fault.kind());
                assert!(gone, "{fault}");
                false
            }
        }
    }

    /// Answers PUBLISH, SUBSCRIBE, UNSUBSCRIBE and PINGREQ as a broker does until the device leaves; what came, in order.
    pub fn serve(&mut self) -> Vec<Packet> {
        let mut came = Vec::new();
        while let Some((first, body)) = self.packet() {
            self.answer(first, &body);
            came.push((first, body));
            if first == 0xe0 {
                break;
            }
        }
        came
    }

    /// Answers one packet.
    pub fn answer(&mut self, first: u8, body: &[u8]) {
        match first >> 4 {
            3 if first & 0x06 != 0 => {
                let topic = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
                self.send(&[if first & 0x02 == 0 { 0x50 } else { 0x40 }, 2, body[topic], body[topic + 1]]);
            }
            // One filter a SUBSCRIBE is all that these tests ask for.
            8 => drop(self.send(&[0x90, 3, body[0], body[1], 0])),
            10 => drop(self.send(&[0xb0, 2, body[0], body[1]])),
            12 => drop(self.send(b"\xd0\x00")),
            _ => {}
        }
    }

    /// Reads up to `most` bytes; 0 when the device has gone.
    pub fn read(&mut self, most: usize) -> usize {
        let mut bytes = vec![0; most];
        self.tcp.read(&mut bytes).unwrap_or(0)
    }
}

/// A PUBLISH with QoS 0.
pub fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut rest = u16::try_from(topic.len()).unwrap().to_be_bytes().to_vec();
    rest.extend_from_slice(topic.as_bytes());
    rest.extend_from_slice(payload);
    let mut packet = vec![0x30];
    let mut length = rest.len();
    loop {
        let byte = u8::try_from(length & 0x7f).unwrap();
        length >>= 7;
        packet.push(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    packet.extend(rest);
    packet
}
