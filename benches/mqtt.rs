//! How fast packets are decoded and the client's machine takes messages in and sends them: `cargo bench --bench mqtt`.

#![expect(clippy::expect_used, reason = "a bench ends where it fails")]

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use divan::Bencher;
use divan::counter::ItemsCount;
use standin::mqtt::codec::{Decoder, Malformed, Side, encode};
use standin::mqtt::packet::Connect;
use standin::mqtt::{Client, Happening, Input, Options, Output, Packet, PacketId, Publish, Qos, Token};

/// Messages of one turn.
const BATCH: usize = 100_000;
/// What is read from a link at a time, in bytes.
const READING: usize = 32 << 10;
const OPTIONS: Options = Options {
    max_packet: 8 << 20,
    window: 32,
    queue: 10_000,
    strict: true,
    answer_within: Duration::from_secs(10),
    hold: false,
};
const CONNACK: &[u8] = b"\x20\x02\x00\x00";

fn main() {
    divan::main();
}

/// A message with a payload of 200 bytes.
fn message(qos: Qos, number: usize) -> Publish {
    let packet_id = u16::try_from(number % 65_535 + 1).ok().and_then(PacketId::new).filter(|_| qos != Qos::AtMostOnce);
    Publish {
        dup: false,
        qos,
        retain: false,
        topic: format!("$oc/devices/smoke-{:02}/sys/properties/report", number % 50),
        packet_id,
        payload: Bytes::from_static(&[b'x'; 200]),
    }
}

fn append(stream: &mut BytesMut, packet: &Packet) {
    encode(packet, stream).expect("a packet of ours can be written");
}

/// A batch of messages as they come from a link, in readings that end within a packet.
fn readings(qos: Qos) -> Vec<Bytes> {
    let mut stream = BytesMut::new();
    for number in 0..BATCH {
        append(&mut stream, &Packet::Publish(message(qos, number)));
    }
    let stream = stream.freeze();
    (0..stream.len()).step_by(READING).map(|at| stream.slice(at..stream.len().min(at + READING))).collect()
}

/// A machine whose connection was accepted.
fn online(now: Instant, output: &mut Output) -> Client {
    let mut client = Client::new(OPTIONS);
    let connect = Connect { client_id: "bench".to_owned(), clean_session: true, keep_alive: 60, ..Connect::default() };
    client.step(now, Input::Opened(Box::new(connect)), output).expect("a CONNECT");
    client.step(now, Input::Received(Bytes::from_static(CONNACK)), output).expect("a CONNACK");
    clear(output);
    client
}

fn clear(output: &mut Output) {
    output.bytes.clear();
    output.happenings.clear();
}

/// Bytes to packets.
#[divan::bench(args = [0, 1])]
fn decode(bencher: Bencher<'_, '_>, qos: u8) {
    let readings = readings(Qos::from_number(qos).expect("a quality of service"));
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let (mut decoder, mut packets) = (Decoder::new(Side::Client, OPTIONS.max_packet), 0);
        for reading in &readings {
            decoder
                .feed(reading.clone(), |_| {
                    packets += 1;
                    Ok::<_, Malformed>(())
                })
                .expect("sound packets");
        }
        assert_eq!(packets, BATCH);
    });
}

/// Messages in, through the whole machine; with QoS 1 their acknowledgements out.
#[divan::bench(args = [0, 1])]
fn receive(bencher: Bencher<'_, '_>, qos: u8) {
    let readings = readings(Qos::from_number(qos).expect("a quality of service"));
    let (now, mut output) = (Instant::now(), Output::default());
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let (mut client, mut messages) = (online(now, &mut output), 0);
        for reading in &readings {
            client.step(now, Input::Received(reading.clone()), &mut output).expect("sound packets");
            messages += output.happenings.len();
            clear(&mut output);
        }
        assert_eq!(messages, BATCH);
    });
}

/// Messages out with QoS 1, each acknowledged when it was sent.
#[divan::bench]
fn publish(bencher: Bencher<'_, '_>) {
    let (now, mut output) = (Instant::now(), Output::default());
    let messages: Vec<_> = (0..BATCH).map(|number| message(Qos::AtLeastOnce, number)).collect();
    let mut answer = BytesMut::new();
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        let mut client = online(now, &mut output);
        for (token, Publish { topic, payload, qos, retain, .. }) in (0_u64..).zip(messages.iter().cloned()) {
            let input = Input::Publish { token: Token(token), topic, payload, qos, retain };
            client.step(now, input, &mut output).expect("a message");
            let sent = output.happenings.iter().find_map(|happening| match happening {
                Happening::Sent { packet_id, .. } => *packet_id,
                _ => None,
            });
            append(&mut answer, &Packet::Puback(sent.expect("the window is open")));
            clear(&mut output);
            client.step(now, Input::Received(answer.split().freeze()), &mut output).expect("a PUBACK");
            clear(&mut output);
        }
        assert_eq!(client.in_flight(), 0);
    });
}
