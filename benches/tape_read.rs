//! How fast a tape is opened, sought through, searched and read: `cargo bench --bench tape_read`. The figures of a tape of ten million
//! events are `cargo run --release --example figures -- tape-read`.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use standin::event::{Event, Kind, Message, Moment, WallTime, What, json};
use standin::mqtt::Qos;
use standin::tape::{Destination, Settings, Sought, Tape, Tapes, Writer};
use standin::timeline::Filter;
use tempfile::TempDir;

/// Events on the tape.
const EVENTS: u64 = 200_000;

fn main() {
    divan::main();
}

fn payload(number: u64) -> String {
    format!(
        r#"{{"services":[{{"service_id":"smokeDetector","properties":{{"alarm":{},"temperature":{}.{},"serial":"{:016x}"}},"event_time":"20261121T083000Z"}}],"note":"calibrated by the workshop on Monday"}}"#,
        number % 2,
        15 + number % 20,
        number % 10,
        number.wrapping_mul(0x9E37_79B9_7F4A_7C15),
    )
}

fn event<'a>(number: u64, topic: &'a str, payload: &'a str) -> Event<'a> {
    let message = Message {
        topic,
        qos: Qos::AtLeastOnce,
        payload: payload.as_bytes(),
        what: What::PropertyReport,
        ..Message::default()
    };
    let at = WallTime::from_unix_micros(1_795_249_800_000_000).shifted_micros(i64::try_from(number).unwrap_or(0));
    Event { seq: number + 1, at, mono_us: number, session: "smoke-01", kind: Kind::Rx(message) }
}

/// The tape, made once; it goes with the process.
fn tape() -> Option<&'static PathBuf> {
    static TAPE: OnceLock<Option<(TempDir, PathBuf)>> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().ok()?;
        let path = folder.path().join("bench.mcap");
        let start = Moment { at: WallTime::from_unix_micros(1_795_249_800_000_000), mono: Instant::now() };
        let settings = Settings::new(Destination::File(path.clone()));
        let mut writer = Writer::create(settings, Vec::new(), start).ok()?;
        for number in 0..EVENTS {
            let topic = format!("$oc/devices/smoke-{:04}/sys/properties/report", number % 50);
            writer.push(&event(number, &topic, &payload(number)), start.mono);
        }
        writer.finish(start.mono);
        Some((folder, path))
    };
    TAPE.get_or_init(make).as_ref().map(|(_, path)| path)
}

fn opened() -> Option<Tapes> {
    Some(Tapes::of(vec![Tape::open(tape()?).ok()?]))
}

#[divan::bench]
fn open_and_first_screen(bencher: Bencher<'_, '_>) {
    tape();
    bencher.bench(|| opened().map_or(0, |tapes| tapes.entries_from(1).take(100).count()));
}

#[divan::bench(args = [1, 2])]
fn seek_anywhere(bencher: Bencher<'_, '_>, tapes: usize) {
    let Some(one) = opened() else { return };
    let all = Tapes::of(one.tapes().iter().cycle().take(tapes).cloned().collect());
    let mut number = 0;
    bencher.bench_local(|| {
        number = (number + 7_919_777) % all.events();
        all.entry(number + 1).map(|entry| entry.time_us)
    });
}

#[divan::bench(args = [1, 2])]
fn events_one_after_the_other(bencher: Bencher<'_, '_>, tapes: usize) {
    let Some(one) = opened() else { return };
    let all = Tapes::of(one.tapes().iter().cycle().take(tapes).cloned().collect());
    bencher
        .counter(ItemsCount::new(all.events()))
        .bench(|| all.entries_from(1).map(|entry| entry.line().len()).sum::<usize>());
}

#[divan::bench(args = ["nowhere", "calibrated nowhere"])]
fn search(bencher: Bencher<'_, '_>, typed: &str) {
    let Some(tapes) = opened() else { return };
    let sought = Sought { filter: Filter::parse(typed), ..Sought::default() };
    bencher.counter(ItemsCount::new(EVENTS)).bench(|| tapes.find(&sought, 1, false, &AtomicBool::new(false)));
}

#[divan::bench]
fn line_to_event(bencher: Bencher<'_, '_>) {
    let mut line = String::new();
    json::write(&mut line, &event(7, "$oc/devices/smoke-0001/sys/properties/report", &payload(7)));
    bencher.counter(BytesCount::new(line.len())).bench(|| {
        json::Read::line(divan::black_box(line.as_bytes())).and_then(|read| read.event().map(|event| event.seq))
    });
}
