//! The program is killed at random moments while it records: every message that it acknowledged is on the tape.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

mod support;

use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use fastrand::Rng;
use standin::tape::{Ending, Tape};

/// How often the program is killed, and how many of them run side by side.
const KILLS: u64 = 200;
const WORKERS: u64 = 4;

/// Messages without an acknowledgement that the broker has under way.
const WINDOW: u64 = 100;

/// How many messages it has: each has an identifier of its own.
const MESSAGES: u64 = 65_000;

/// How long a program lives after it has dialled, or after its first acknowledgement, at most, in milliseconds.
const LONGEST: f64 = 800.0;

/// What a killed program left.
#[derive(Debug, Default)]
struct Left {
    acknowledged: BTreeSet<u64>,
    parts: usize,
    cut: usize,
}

#[test]
fn every_acknowledged_message_is_on_the_tape_of_a_program_that_was_killed() {
    let seed =
        std::env::var("STANDIN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    eprintln!("STANDIN_SEED={seed}");
    let work = |worker: u64| {
        let kills = (worker..KILLS).step_by(usize::try_from(WORKERS).unwrap());
        kills.map(|number| kill_one(seed.wrapping_add(number))).collect::<Vec<_>>()
    };
    let left: Vec<Left> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(move || work(worker))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    // The moments were worth it.
    let some = left.iter().filter(|left| !left.acknowledged.is_empty()).count();
    let several = left.iter().filter(|left| left.parts > 1).count();
    let cut: usize = left.iter().map(|left| left.cut).sum();
    let most = left.iter().map(|left| left.acknowledged.len()).max().unwrap_or(0);
    eprintln!(
        "{some} of {KILLS} had acknowledged something, at most {most}; {several} had several parts; {cut} were cut"
    );
    assert_eq!(left.len(), usize::try_from(KILLS).unwrap());
    assert!(some > left.len() / 2 && cut > left.len() / 4);
}

/// Records, kills, and looks at what is there.
fn kill_one(seed: u64) -> Left {
    let mut rng = Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let tapes = folder.path().join("tapes");
    std::fs::create_dir(&tapes).unwrap();
    let config = support::write_config(
        folder.path(),
        &format!(
            "[tapes]\nfolder = \"{}\"\nrotate_size = \"1MiB\"\n[[device]]\nname = \"dev\"\ncloud = \"mqtt\"\n\
             host = \"127.0.0.1\"\ntransport = \"mqtt\"\nport = {port}\nclient_id = \"dev\"\n",
            tapes.display()
        ),
    );
    let out = tapes.join("out.mcap");
    let mut command = support::standin();
    command.arg("--config").arg(&config).args(["record", "dev"]);
    // Half of them on one file, half on parts.
    if rng.bool() {
        command.arg("--out").arg(&out);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Short lives more often than long ones: much happens at the beginning.
    let life = Duration::from_secs_f64(LONGEST.powf(rng.f64()) / 1_000.0);
    // Some die on their way to the first message.
    let is_late = rng.u8(..4) > 0;
    let mut broker = Broker::accept(&listener, rng);
    if is_late {
        let end = Instant::now() + support::PATIENCE;
        broker.talk_while(|broker| broker.acknowledged.is_empty() && Instant::now() < end);
    }
    let end = Instant::now() + life;
    broker.talk_while(|_| Instant::now() < end);
    child.kill().unwrap();
    child.wait().unwrap();
    broker.hear_the_rest();
    let mut left = Left { acknowledged: broker.acknowledged, ..Left::default() };
    let mut kept = BTreeSet::new();
    for path in files(&tapes) {
        left.parts += 1;
        match Tape::open(&path) {
            Ok(tape) => {
                assert_ne!(tape.ending(), Ending::BeingWritten, "seed {seed}: its writer is gone");
                left.cut += usize::from(tape.ending() == Ending::Cut);
                kept.extend(numbers(&tape, seed));
            }
            // Killed before the first byte was in the file.
            Err(error) => eprintln!("seed {seed}: {error}"),
        }
    }
    let missing: Vec<_> = left.acknowledged.difference(&kept).collect();
    assert!(missing.is_empty(), "seed {seed}: acknowledged, but not on the tape: {missing:?}, {left:?}");
    left
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The numbers of the messages on a tape.
fn numbers(tape: &Tape, seed: u64) -> Vec<u64> {
    let mut numbers = Vec::new();
    for place in 0..tape.chunks().len() {
        let chunk =
            tape.chunk(place).unwrap_or_else(|fault| panic!("seed {seed}: a chunk that was written: {fault:?}"));
        for line in (0..chunk.len()).map(|line| chunk.line(line).unwrap()) {
            let event: serde_json::Value = serde_json::from_slice(line).unwrap();
            if event["kind"] == "rx" {
                numbers.push(event["json"]["number"].as_u64().unwrap());
            }
        }
    }
    numbers
}

/// A broker that numbers its messages and remembers which of them were acknowledged.
struct Broker {
    stream: TcpStream,
    /// What came and is no whole packet yet.
    buffer: Vec<u8>,
    rng: Rng,
    /// CONNACK has gone out.
    online: bool,
    sent: u64,
    acknowledged: BTreeSet<u64>,
}

impl Broker {
    fn accept(listener: &TcpListener, rng: Rng) -> Self {
        listener.set_nonblocking(true).unwrap();
        let mut stream = None;
        support::until("the program dials", || {
            stream = listener.accept().ok();
            stream.is_some()
        });
        let (stream, _) = stream.unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        Self { stream, buffer: Vec::new(), rng, online: false, sent: 0, acknowledged: BTreeSet::new() }
    }

    /// Sends and hears.
    fn talk_while(&mut self, go_on: impl Fn(&Self) -> bool) {
        while go_on(self) {
            let mut online = self.online;
            let mut answers = Vec::new();
            self.hear(|first, _| {
                if first == 0x10 {
                    answers.extend([0x20, 2, 0, 0]);
                    online = true;
                }
            });
            self.online = online;
            while online && self.sent < MESSAGES.min(self.acknowledged.len() as u64 + WINDOW) {
                answers.extend(self.message());
            }
            // Gone already, unless it must still hear: then the test says what is missing.
            drop(self.stream.write_all(&answers));
        }
    }

    /// Takes what the program had sent before it died.
    fn hear_the_rest(&mut self) {
        let end = Instant::now() + support::PATIENCE;
        while self.hear(|_, _| ()) {
            assert!(Instant::now() < end, "the connection outlives its program");
        }
    }

    /// Takes what has come; answers whether more can come. Acknowledgements are remembered, PUBRECs answered, and every packet is
    /// handed to `each`: its first byte and its packet identifier.
    fn hear(&mut self, mut each: impl FnMut(u8, u16)) -> bool {
        let mut bytes = [0; 16 << 10];
        let open = match self.stream.read(&mut bytes) {
            Ok(0) => false,
            Ok(count) => {
                self.buffer.extend(&bytes[..count]);
                true
            }
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted),
        };
        let mut releases = Vec::new();
        while let [first, length, ..] = self.buffer[..] {
            assert!(length < 128, "the program sends short packets only");
            let end = 2 + usize::from(length);
            if self.buffer.len() < end {
                break;
            }
            let packet: Vec<u8> = self.buffer.drain(..end).collect();
            let id = packet.get(2..4).map_or(0, |id| u16::from_be_bytes([id[0], id[1]]));
            if matches!(first, 0x40 | 0x50) {
                self.acknowledge(first, id);
            }
            if first == 0x50 {
                releases.extend([0x62, 2, packet[2], packet[3]]);
            }
            each(first, id);
        }
        // It cannot be told any more when it is dead.
        drop(self.stream.write_all(&releases));
        open
    }

    /// The message of that identifier was acknowledged: one that is under way, in the order in which they were sent.
    fn acknowledge(&mut self, first: u8, id: u16) {
        let number = u64::from(id);
        assert_eq!(first == 0x50, is_qos_2(number), "number {number}");
        assert_eq!(self.acknowledged.len() as u64 + 1, number, "in order and once");
        self.acknowledged.insert(number);
    }

    /// The next message. Its identifier is its number.
    fn message(&mut self) -> Vec<u8> {
        self.sent += 1;
        let noise: String = (0..self.rng.usize(0..2_000)).map(|_| self.rng.alphanumeric()).collect();
        let payload = format!("{{\"number\":{},\"noise\":\"{noise}\"}}", self.sent);
        let id = u16::try_from(self.sent).unwrap();
        let rest = 2 + 1 + 2 + payload.len();
        let mut packet = vec![if is_qos_2(self.sent) { 0x34 } else { 0x32 }];
        if rest < 128 {
            packet.push(u8::try_from(rest).unwrap());
        } else {
            packet.extend([u8::try_from(rest % 128).unwrap() | 0x80, u8::try_from(rest / 128).unwrap()]);
        }
        packet.extend([0, 1, b't']);
        packet.extend(id.to_be_bytes());
        packet.extend(payload.as_bytes());
        packet
    }
}

fn is_qos_2(number: u64) -> bool {
    number.is_multiple_of(3)
}
