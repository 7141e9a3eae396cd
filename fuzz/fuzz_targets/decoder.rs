//! Any bytes, on either side: no panic, the same packets and faults in any split, and what is read can be written and read.

#![no_main]

use arbitrary::Arbitrary;
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use standin::mqtt::codec::{Decoder, Malformed, Side, encode};
use standin::mqtt::packet::Packet;

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    server: bool,
    max_packet: u16,
    piece: u8,
    stream: &'a [u8],
}

/// Reads on behind faults that leave the framing whole, as a lenient machine does.
fn read(side: Side, max_packet: usize, stream: &[u8], piece: usize) -> (Vec<Packet>, Vec<Malformed>) {
    let mut decoder = Decoder::new(side, max_packet);
    let (mut packets, mut faults) = (Vec::new(), Vec::new());
    for piece in stream.chunks(piece) {
        let mut bytes = Bytes::copy_from_slice(piece);
        loop {
            let fed = decoder.feed(bytes, |packet| {
                packets.push(packet);
                Ok::<_, Malformed>(())
            });
            match fed {
                Ok(()) => break,
                Err(malformed) => {
                    let whole = malformed.framing_whole;
                    faults.push(malformed);
                    if !whole {
                        return (packets, faults);
                    }
                    bytes = Bytes::new();
                }
            }
        }
    }
    (packets, faults)
}

fuzz_target!(|case: Case<'_>| {
    let side = if case.server { Side::Server } else { Side::Client };
    let max_packet = usize::from(case.max_packet);
    let whole = read(side, max_packet, case.stream, usize::MAX);
    let split = read(side, max_packet, case.stream, usize::from(case.piece).max(1));
    assert_eq!(whole, split, "the split matters");
    for packet in whole.0 {
        let mut bytes = BytesMut::new();
        match encode(&packet, &mut bytes) {
            Ok(()) => assert_eq!(read(side, usize::MAX, &bytes, usize::MAX), (vec![packet], vec![])),
            // The one packet that a server must read, to refuse it with return code 2, and a client may not write.
            Err(error) => assert!(error.fault.contains("MQTT-3.1.3-7"), "{error}"),
        }
    }
});
