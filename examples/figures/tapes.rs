//! The figures of tapes: made, opened, sought through and searched in this process.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use standin::event::{Event, Kind, LineState, Message, Moment, WallTime, What, json};
use standin::mqtt::Qos;
use standin::profile::Cloud;
use standin::tape::{Destination, Recorded, Settings, Sought, Tape, Tapes, Writer};
use standin::timeline::{Filter, Only};

use super::pty::Result;
use super::{mib, ms, row};

/// The events of the large tape.
pub const EVENTS: u64 = 10_000_000;
/// The last of them alone holds this.
const NEEDLE: &str = "needle-in-the-last-one";

/// Writes the large tape, and says how fast and how small.
pub fn write() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (rate, json_bytes) = make(&folder.path().join("large.mcap"), EVENTS)?;
    let size = fs::metadata(folder.path().join("large.mcap"))?.len();
    row("events a second onto a tape, one thread, payloads of 200 bytes", &format!("{rate:.0}"));
    row("the tape's bytes beside those of its JSON events", &format!("{:.3}", size as f64 / json_bytes as f64));
    Ok(())
}

/// Opens the large tape, seeks and searches in it.
pub fn read() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("large.mcap");
    make(&path, EVENTS)?;
    let start = Instant::now();
    let tapes = Tapes::of(vec![Tape::open(&path)?]);
    let shown = tapes.entries_from(1).take(100).count();
    let opened = start.elapsed();
    row(&format!("a tape of {} events opened, its first {shown} read", tapes.events()), &ms(opened));

    let (first, last) = tapes.span_us().ok_or("the tape is empty")?;
    let mut random = fastrand::Rng::with_seed(7);
    let mut seeks = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        let number = tapes.number_at(random.u64(first..last));
        let shown = tapes.entries_from(number).take(100).count();
        assert!(shown > 0, "nothing at {number}");
        seeks.push(start.elapsed());
    }
    seeks.sort();
    row(
        "seek to any time, 100 events read: median and worst of 200",
        &format!("{} and {}", ms(seeks[100]), ms(seeks[199])),
    );

    let tape = &tapes.tapes()[0];
    let (mut ratios, mut searches) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let bare = decompress(tape, &path)?;
        let sought = Sought { session: None, topic: None, filter: Filter::parse(NEEDLE), only: Only::All };
        let start = Instant::now();
        let found = tapes.find(&sought, 1, false, &AtomicBool::new(false));
        assert_eq!(found, Some(EVENTS));
        let search = start.elapsed();
        searches.push(search);
        ratios.push(bare.as_secs_f64() / search.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    searches.sort();
    let figure = "text search over the whole tape, and its speed beside bare decompression, median of 3";
    row(figure, &format!("{} ({:.2})", ms(searches[1]), ratios[1]));
    row("peak memory of all this", &format!("{:.1} MiB", peak_mib()?));
    Ok(())
}

/// Reads and decompresses all chunks on all cores, and does nothing with them.
fn decompress(tape: &Tape, path: &Path) -> Result<Duration> {
    use std::os::unix::fs::FileExt;
    let file = fs::File::open(path)?;
    let next = AtomicUsize::new(0);
    let chunks = tape.chunks();
    let work = || -> io::Result<()> {
        let mut decoder = zstd::bulk::Decompressor::new()?;
        let (mut record, mut out) = (Vec::new(), Vec::with_capacity(4 << 20));
        while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
            record.resize(usize::try_from(chunk.length).map_err(io::Error::other)?, 0);
            file.read_exact_at(&mut record, chunk.offset)?;
            out.clear();
            // Behind the record's opcode and length, and the chunk's head with the name `zstd` in it.
            decoder.decompress_to_buffer(&record[9 + 44..], &mut out)?;
        }
        Ok(())
    };
    let start = Instant::now();
    let cores = std::thread::available_parallelism()?.get();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("a panic"))))
    })?;
    Ok(start.elapsed())
}

/// Writes a tape of `events`; answers how many a second, and the bytes of their JSON.
pub fn make(path: &Path, events: u64) -> Result<(f64, u64)> {
    let start = Moment { at: WallTime::from_unix_micros(1_795_249_800_000_000), mono: Instant::now() };
    let session = Recorded {
        name: "plant-01".to_owned(),
        cloud: Cloud::Mqtt,
        endpoint: "wss://broker.example:443/mqtt".to_owned(),
        identifiers: std::iter::once(("client_id".to_owned(), "plant-01".to_owned())).collect(),
        clock_offset_us: None,
        state: LineState::Online,
    };
    let mut writer = Writer::create(Settings::new(Destination::File(path.to_owned())), vec![session], start)?;
    let mut random = fastrand::Rng::with_seed(1);
    let topics: Vec<String> =
        (0..50).map(|topic| format!("plant/line-{}/machine-{topic}/telemetry", topic % 7)).collect();
    let (mut payload, mut line, mut json_bytes) = (String::new(), String::new(), 0);
    let mut spent = Duration::ZERO;
    for seq in 1..=events {
        fill(&mut payload, &mut random, seq, seq == events)?;
        let message = Message {
            topic: &topics[usize::try_from(seq % 50)?],
            qos: Qos::AtMostOnce,
            payload: payload.as_bytes(),
            what: What::Custom,
            ..Message::default()
        };
        let mono_us = seq * 1_000;
        let at = start.at.shifted_micros(i64::try_from(mono_us)?);
        let event = Event { seq, at, mono_us, session: "plant-01", kind: Kind::Rx(message) };
        if seq % 1_000 == 0 {
            line.clear();
            json::write(&mut line, &event);
            json_bytes += line.len() as u64 * 1_000;
        }
        let now = Instant::now();
        writer.push(&event, now);
        spent += now.elapsed();
    }
    writer.finish(Instant::now());
    Ok((events as f64 / spent.as_secs_f64(), json_bytes))
}

/// A report of 200 bytes as a sensor sends it: numbers that change, names that do not.
fn fill(payload: &mut String, random: &mut fastrand::Rng, seq: u64, last: bool) -> fmt::Result {
    use std::fmt::Write as _;
    payload.clear();
    write!(
        payload,
        "{{\"id\":\"{seq}\",\"version\":\"1.0\",\"params\":{{\"temperature\":{:.2},\"humidity\":{:.1},\"pressure\":{},\"vibration\":{:.4},\"state\":\"{}\"",
        18.0 + random.f64() * 9.0,
        30.0 + random.f64() * 40.0,
        random.u32(98_000..103_000),
        random.f64(),
        ["running", "idle", "maintenance"][random.usize(0..3)],
    )?;
    let note = if last { NEEDLE } else { "calibrated by the workshop on Monday" };
    write!(payload, "}},\"note\":\"{note}")?;
    while payload.len() < 197 {
        payload.push('.');
    }
    payload.push_str("\"}");
    Ok(())
}

/// The most memory that this process ever had, in MiB.
pub fn peak_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak memory is told")?;
    Ok(mib(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1_024))
}
