//! How fast a tape is written, and how small it is: `cargo bench --bench tape`.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::ItemsCount;
use standin::event::{Event, Kind, Message, Moment, WallTime, What, json};
use standin::mqtt::Qos;
use standin::tape::{Destination, Settings, Writer};

/// Events that one turn writes.
const BATCH: u64 = 200_000;

fn main() {
    let (lines, tape) = ratio();
    let thousandths = tape * 1000 / lines;
    // Beside divan's table: bytes are no time. Nobody there to read it: nothing lost.
    drop(writeln!(
        std::io::stdout(),
        "a tape of {BATCH} messages: {tape} bytes for {lines} bytes of JSON, {thousandths}/1000"
    ));
    divan::main();
}

/// As many payloads as make a stream that repeats itself no more than real reports do: 200 bytes each, numbers that walk.
fn payloads() -> Vec<Vec<u8>> {
    let mut seed = 7_u64;
    let mut next = move |most: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    let payload = |_| {
        let mut json = format!(
            r#"{{"services":[{{"service_id":"smokeDetector","properties":{{"alarm":{},"temperature":{}.{},"humidity":{}.{},"smoke":{}}},"event_time":"20261121T0830{:02}Z"}}],"note":""#,
            next(2),
            15 + next(20),
            next(10),
            30 + next(50),
            next(100),
            next(100_000),
            next(60)
        );
        while json.len() < 198 {
            json.push(char::from(b'a' + u8::try_from(next(26)).unwrap_or(0)));
        }
        json.push_str("\"}");
        json.into_bytes()
    };
    (0..10_000).map(payload).collect()
}

/// Writes the events, 2 µs apart, on fifty topics, as the recording thread does: a flush every half second.
fn write(path: &Path, payloads: &[Vec<u8>], redact: Vec<String>) -> u64 {
    let topics: Vec<_> = (0..50).map(|n| format!("$oc/devices/smoke-{n:04}/sys/properties/report")).collect();
    let start = Moment { at: WallTime::from_unix_micros(1_795_249_800_000_000), mono: Instant::now() };
    let settings = Settings { redact, ..Settings::new(Destination::File(path.to_owned())) };
    let Ok(mut writer) = Writer::create(settings, Vec::new(), start) else { return 0 };
    for number in 0..BATCH {
        let now = start.after(Duration::from_micros(2 * number));
        let place = usize::try_from(number).unwrap_or(0);
        writer.push(&event(number, now, start, &topics[place % 50], &payloads[place % payloads.len()]), now.mono);
        if number % 1000 == 0 {
            writer.turn(now.mono);
        }
    }
    writer.finish(start.mono).bytes
}

fn event<'a>(number: u64, now: Moment, start: Moment, topic: &'a str, payload: &'a [u8]) -> Event<'a> {
    let mono_us = u64::try_from(now.mono.duration_since(start.mono).as_micros()).unwrap_or(0);
    let message = Message { topic, qos: Qos::AtMostOnce, payload, what: What::PropertyReport, ..Message::default() };
    Event { seq: number + 1, at: now.at, mono_us, session: "smoke-01", kind: Kind::Rx(message) }
}

/// Bytes of JSON, and bytes of their tape.
fn ratio() -> (u64, u64) {
    let Ok(folder) = tempfile::tempdir() else { return (1, 0) };
    let payloads = payloads();
    let topics: Vec<_> = (0..50).map(|n| format!("$oc/devices/smoke-{n:04}/sys/properties/report")).collect();
    let start = Moment { at: WallTime::from_unix_micros(1_795_249_800_000_000), mono: Instant::now() };
    let mut lines = 0;
    let mut line = String::new();
    for number in 0..BATCH {
        let place = usize::try_from(number).unwrap_or(0);
        let now = start.after(Duration::from_micros(2 * number));
        line.clear();
        json::write(&mut line, &event(number, now, start, &topics[place % 50], &payloads[place % payloads.len()]));
        lines += line.len() as u64 + 1;
    }
    (lines, write(&folder.path().join("ratio.mcap"), &payloads, Vec::new()))
}

#[divan::bench(sample_count = 5, sample_size = 1, args = [false, true])]
fn written(bencher: Bencher<'_, '_>, masked: bool) {
    let payloads = payloads();
    let redact: &[&str] = if masked { &["params.password", "token"] } else { &[] };
    let redact: Vec<_> = redact.iter().map(ToString::to_string).collect();
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| tempfile::tempdir().map_err(|error| error.to_string()))
        .bench_refs(|folder| {
            let Ok(folder) = folder else { return 0 };
            write(&folder.path().join("bench.mcap"), &payloads, redact.clone())
        });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn lines_alone(bencher: Bencher<'_, '_>) {
    let payloads = payloads();
    let start = Moment { at: WallTime::from_unix_micros(1_795_249_800_000_000), mono: Instant::now() };
    bencher.counter(ItemsCount::new(BATCH)).bench(|| {
        let mut line = String::new();
        let mut bytes = 0;
        for number in 0..BATCH {
            let place = usize::try_from(number).unwrap_or(0);
            line.clear();
            let now = start.after(Duration::from_micros(2 * number));
            json::write(
                &mut line,
                &event(
                    number,
                    now,
                    start,
                    "$oc/devices/smoke-0001/sys/properties/report",
                    &payloads[place % payloads.len()],
                ),
            );
            bytes += line.len();
        }
        bytes
    });
}
