//! How fast the timeline takes events in, finds them and writes them as JSON: `cargo bench --bench timeline`.

use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use standin::event::{Event, Kind, Message, Moment, WallTime, What};
use standin::mqtt::Qos;
use standin::profile::Cloud;
use standin::text::Safe;
use standin::timeline::{Budget, Filter, Query, SessionId, Timeline};

/// Events that one turn appends.
const BATCH: usize = 100_000;

fn main() {
    divan::main();
}

fn message<'a>(topic: &'a str, payload: &'a [u8]) -> Kind<'a> {
    Kind::Rx(Message { topic, qos: Qos::AtMostOnce, payload, what: What::PropertyReport, ..Message::default() })
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("$oc/devices/smoke-{n:07}/sys/properties/report")).collect()
}

/// 200 bytes of JSON.
fn payload() -> Vec<u8> {
    let mut json =
        br#"{"services":[{"service_id":"smokeDetector","properties":{"alarm":0,"temperature":21.4}}],"note":""#
            .to_vec();
    json.resize(198, b'x');
    json.extend_from_slice(b"\"}");
    json
}

fn timeline() -> (Timeline, SessionId, Moment) {
    let start = Moment { at: WallTime::from_unix_micros(0), mono: Instant::now() };
    let mut timeline = Timeline::new(Budget::default(), start);
    let session = timeline.register("smoke-01", Cloud::Huawei);
    (timeline, session, start)
}

fn fill(timeline: &mut Timeline, session: SessionId, start: Moment, topics: &[String], count: usize) {
    let payload = payload();
    for (n, topic) in topics.iter().cycle().take(count).enumerate() {
        let now = start.after(Duration::from_micros(n as u64));
        timeline.append(session, now, &message(topic, &payload), None);
    }
}

/// 200-byte messages on 50, 20,000 and 1,000,000 topics, with the budget reached.
#[divan::bench(args = [50, 20_000, 1_000_000])]
fn append(bencher: Bencher<'_, '_>, topics: usize) {
    let names = names(topics);
    let payload = payload();
    let (mut timeline, session, start) = timeline();
    fill(&mut timeline, session, start, &names, 300_000);
    let mut next = 0;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        for _ in 0..BATCH {
            let topic = &names[next % topics];
            timeline.append(session, start.after(Duration::from_micros(next as u64)), &message(topic, &payload), None);
            next += 1;
        }
    });
}

/// A search through the whole history that finds nothing.
#[divan::bench(args = ["nothing", "!alarm", "smoke temperature nothing", "\"two words\""])]
fn find(bencher: Bencher<'_, '_>, typed: &str) {
    let (mut timeline, session, start) = timeline();
    fill(&mut timeline, session, start, &names(50), 300_000);
    let query = Query { filter: Filter::parse(typed), ..Query::default() };
    let held = timeline.span().map_or(0, |(oldest, newest)| newest - oldest + 1);
    bencher.counter(ItemsCount::new(held)).bench_local(|| timeline.find_back(&query, u64::MAX, usize::MAX));
}

/// A search for a session that has no events.
#[divan::bench]
fn find_session(bencher: Bencher<'_, '_>) {
    let (mut timeline, session, start) = timeline();
    fill(&mut timeline, session, start, &names(50), 300_000);
    let query = Query { session: Some(timeline.register("other", Cloud::Mqtt)), ..Query::default() };
    let held = timeline.span().map_or(0, |(oldest, newest)| newest - oldest + 1);
    bencher.counter(ItemsCount::new(held)).bench_local(|| timeline.find_back(&query, u64::MAX, usize::MAX));
}

/// An event as a line of JSON.
#[divan::bench]
fn json(bencher: Bencher<'_, '_>) {
    let payload = payload();
    let kind = message("$oc/devices/smoke-01/sys/properties/report", &payload);
    let event =
        Event { seq: 1, at: WallTime::from_unix_micros(1_763_713_800_000_001), mono_us: 5, session: "smoke-01", kind };
    let mut line = String::new();
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        line.clear();
        standin::event::json::write(&mut line, &event);
        line.len()
    });
}

/// A mebibyte made safe: plain, of wide characters, and full of what must not be shown.
#[divan::bench(args = ["plain", "wide", "hidden"])]
fn safe(bencher: Bencher<'_, '_>, of: &str) {
    let unit = match of {
        "plain" => "a",
        "wide" => "温",
        _ => "\u{1B}[31m\u{202E}",
    };
    let text = unit.repeat((1 << 20) / unit.len());
    bencher.counter(BytesCount::new(text.len())).bench_local(|| Safe::new(&text));
}
