//! The engine on a disk in memory that fails when it is told to, under a virtual clock.

mod faults;
mod parts;
mod properties;

use std::io;
use std::sync::{Arc, Mutex};

use mcap::MessageStream;
use mcap::read::Options;
use serde_json::Value;

use super::*;
use crate::event::{LineState, Message, StateChange, What};
use crate::mqtt::Qos;
use crate::profile::Cloud;

/// 2026-11-21T08:30:00Z.
const START: i64 = 1_795_249_800_000_000;
const MILLI: Duration = Duration::from_millis(1);

/// A disk that counts its operations, and fails some of them.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: Vec<Vec<u8>>,
    operations: usize,
    /// From this operation on, and how many; one that fails takes so many bytes before.
    fails: Option<(usize, usize, usize)>,
    kind: Option<io::ErrorKind>,
}

struct Open(Disk, usize);

impl State {
    /// `Err`: the operation fails, and may take so many bytes first.
    fn operate(&mut self) -> Result<(), (usize, io::Error)> {
        self.operations += 1;
        let Some((first, count, partial)) = self.fails else { return Ok(()) };
        let place = self.operations - 1;
        let kind = self.kind.unwrap_or(io::ErrorKind::StorageFull);
        if (first..first.saturating_add(count)).contains(&place) { Err((partial, kind.into())) } else { Ok(()) }
    }
}

impl Disk {
    fn failing(first: usize, count: usize, partial: usize) -> Self {
        let disk = Self::default();
        disk.fail(first, count, partial);
        disk
    }

    fn fail(&self, first: usize, count: usize, partial: usize) {
        self.0.lock().unwrap().fails = Some((first, count, partial));
    }

    fn operations(&self) -> usize {
        self.0.lock().unwrap().operations
    }

    fn files(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().files.clone()
    }

    fn make(&self) -> Make<Open> {
        let disk = self.clone();
        Box::new(move |_| {
            let mut state = disk.0.lock().unwrap();
            let number = state.files.len();
            let path = PathBuf::from(format!("{number}.mcap"));
            state.operate().map_err(|(_, error)| TapeError::io(&path, error))?;
            state.files.push(Vec::new());
            Ok((path, Open(disk.clone(), number)))
        })
    }
}

impl io::Write for Open {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let mut state = self.0.0.lock().unwrap();
        let operated = state.operate();
        let file = &mut state.files[self.1];
        match operated {
            Ok(()) => {
                file.extend_from_slice(from);
                Ok(from.len())
            }
            Err((0, error)) => Err(error),
            // As a disk does it: what fits is taken, and the next call fails.
            Err((partial, _)) => {
                let taken = partial.min(from.len());
                file.extend_from_slice(&from[..taken]);
                Ok(taken)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An engine, the source's clock, and what was pushed.
struct Bench {
    engine: Engine<Open>,
    disk: Disk,
    start: Moment,
    now: Moment,
    pushed: u64,
}

impl Bench {
    fn new(disk: &Disk, limits: Limits, sessions: &[Recorded]) -> Self {
        let start = Moment { at: WallTime::from_unix_micros(START), mono: Instant::now() };
        let engine = Engine::start(disk.make(), limits, Redact::default(), sessions.to_vec(), start).unwrap();
        Self { engine, disk: disk.clone(), start, now: start, pushed: 0 }
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }

    fn say(&mut self, session: &str, kind: Kind<'_>) {
        self.pushed += 1;
        let passed = self.now.mono.duration_since(self.start.mono).as_micros();
        let mono_us = u64::try_from(passed).unwrap();
        self.engine.push(&Event { seq: self.pushed, at: self.now.at, mono_us, session, kind }, self.now.mono);
    }

    fn message(&mut self, session: &str, payload: &[u8]) {
        self.say(session, Kind::Rx(message("a/b", payload)));
    }

    fn turn(&mut self) {
        self.engine.turn(self.now.mono);
    }

    fn flush(&mut self) {
        self.engine.flush(self.now.mono);
    }

    /// Long enough for every operation that is to fail.
    fn retry_often(&mut self) {
        for _ in 0..6 {
            self.pass(1000 * MILLI);
            self.turn();
        }
    }

    /// The events of all files, as far as their chunks are whole.
    fn read(&self) -> Vec<Vec<Value>> {
        self.disk.files().iter().map(|file| lines(file)).collect()
    }

    fn status(&self) -> &Status {
        self.engine.status()
    }
}

fn message<'a>(topic: &'a str, payload: &'a [u8]) -> Message<'a> {
    Message { topic, qos: Qos::AtMostOnce, payload, what: What::Custom, ..Message::default() }
}

fn recorded(name: &str) -> Recorded {
    Recorded {
        name: name.to_owned(),
        cloud: Cloud::Mqtt,
        endpoint: "wss://broker.example/mqtt".to_owned(),
        identifiers: std::collections::BTreeMap::new(),
        clock_offset_us: None,
        state: LineState::Offline,
    }
}

fn lines(file: &[u8]) -> Vec<Value> {
    // A file of which not even the head is there has no events.
    let Ok(stream) = MessageStream::new_with_options(file, Options::IgnoreEndMagic.into()) else { return Vec::new() };
    let whole = stream.map_while(Result::ok);
    whole.map(|message| serde_json::from_slice(&message.data).unwrap()).collect()
}

fn gaps(lines: &[Value]) -> u64 {
    lines.iter().filter(|line| line["kind"] == "gap").map(|line| line["count"].as_u64().unwrap()).sum()
}

/// The numbers that `numbered` gave the payloads, of the events that are there.
fn payloads(lines: &[Value]) -> Vec<u64> {
    lines.iter().filter_map(|line| line["json"].as_u64()).collect()
}

fn is_numbered(lines: &[Value]) -> bool {
    (1..).zip(lines).all(|(number, line): (u64, _)| line["seq"].as_u64() == Some(number))
}

/// A whole MCAP file: every checksum holds, and the summary counts what is there.
fn check_whole(file: &[u8]) -> Vec<Value> {
    let summary = mcap::Summary::read(file).unwrap().unwrap();
    let messages: Vec<_> = MessageStream::new(file).unwrap().map(Result::unwrap).collect();
    assert_eq!(summary.stats.unwrap().message_count, messages.len() as u64);
    assert!(messages.windows(2).all(|pair| pair[0].log_time <= pair[1].log_time));
    let reader = mcap::read::LinearReader::new(file).unwrap();
    let mut crcs = 0;
    let mut end = 0;
    for record in reader {
        if let mcap::records::Record::DataEnd(record) = record.unwrap() {
            crcs += 1;
            end = record.data_section_crc;
        }
    }
    let data = summary_start(file) - 9 - 4;
    assert_eq!((crcs, end), (1, crc32fast::hash(&file[..data])));
    let lines = lines(file);
    assert!(is_numbered(&lines));
    lines
}

/// Where the summary starts: the footer says it.
fn summary_start(file: &[u8]) -> usize {
    let footer = file.len() - 8 - 20;
    usize::try_from(u64::from_le_bytes(file[footer..footer + 8].try_into().unwrap())).unwrap()
}

fn metadata(file: &[u8]) -> Vec<mcap::records::Metadata> {
    let records = mcap::read::LinearReader::new(file).unwrap().map(Result::unwrap);
    records
        .filter_map(|record| if let mcap::records::Record::Metadata(found) = record { Some(found) } else { None })
        .collect()
}

/// Sixty messages of two sessions, a chunk for every five, 100 ms apart; after each step `look` may look.
fn sixty(bench: &mut Bench, mut look: impl FnMut(&mut Bench)) {
    for number in 1..=60 {
        bench.pass(100 * MILLI);
        bench.message(if number % 3 == 0 { "one" } else { "two" }, number.to_string().as_bytes());
        if number % 5 == 0 {
            bench.flush();
        }
        bench.turn();
        look(bench);
    }
}

#[test]
fn what_waits_is_written_after_half_a_second_and_a_state_at_once() {
    let disk = Disk::default();
    let mut bench = Bench::new(&disk, Limits::default(), &[]);
    assert_eq!(bench.engine.deadline(), None);
    bench.pass(10_000 * MILLI);
    bench.message("one", b"1");
    let due = bench.now.after(DIRTY).mono;
    bench.pass(300 * MILLI);
    bench.message("one", b"2");
    assert_eq!(bench.engine.deadline(), Some(due));
    bench.pass(199 * MILLI);
    bench.turn();
    assert_eq!((bench.engine.kept(), payloads(&bench.read()[0])), (0, vec![]));
    bench.pass(MILLI);
    bench.turn();
    assert_eq!((bench.engine.kept(), payloads(&bench.read()[0])), (2, vec![1, 2]));
    assert_eq!(bench.engine.deadline(), None);
    bench.message("one", b"3");
    bench.say("one", Kind::State(StateChange::default()));
    assert_eq!((bench.engine.kept(), bench.read()[0].len()), (4, 4));
    // A full chunk goes by itself; one that waits is not written because of it.
    let large = vec![b'1'; 100 << 10];
    for (kept, seq) in [(4, 5), (4, 6), (7, 7), (7, 8)] {
        bench.message("one", &large);
        assert_eq!((bench.engine.kept(), bench.pushed), (kept, seq));
    }
}
