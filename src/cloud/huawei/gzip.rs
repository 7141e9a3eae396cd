//! Bodies packed with gzip, which a topic's `?encoding=gzip` says.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::cloud::LONGEST_UNPACKED;

/// Every gzip stream begins so (RFC 1952, section 2.3.1).
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Whether the topic says that its body is packed.
pub(super) fn is_packed(topic: &str) -> bool {
    topic.split_once('?').is_some_and(|(_, query)| query.split('&').any(|part| part == "encoding=gzip"))
}

/// The body of a message on a topic that says it is packed, unpacked up to [`LONGEST_UNPACKED`]; `None` where it is no gzip.
pub(super) fn unpacked(topic: &str, payload: &[u8]) -> Option<Vec<u8>> {
    if !is_packed(topic) || !payload.starts_with(&MAGIC) {
        return None;
    }
    let mut body = Vec::new();
    // A stream that breaks off has said what it could.
    let read = GzDecoder::new(payload).take(LONGEST_UNPACKED as u64).read_to_end(&mut body);
    (read.is_ok() || !body.is_empty()).then_some(body)
}

/// The body to send on a topic that says it is packed; `None` where it says nothing, or the body is packed already.
pub(super) fn packed(topic: &str, payload: &[u8]) -> Option<Vec<u8>> {
    if !is_packed(topic) || payload.starts_with(&MAGIC) {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail; if it did, the body would go as it is.
    encoder.write_all(payload).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "$oc/devices/d/sys/properties/report?request_id=1&encoding=gzip";

    #[test]
    fn what_is_packed_is_unpacked_again() {
        let body = br#"{"services":[]}"#;
        let sent = packed(TOPIC, body).unwrap();
        assert!(sent.starts_with(&MAGIC));
        assert_eq!(unpacked(TOPIC, &sent).as_deref(), Some(body.as_slice()));
        assert_eq!(packed(TOPIC, &sent), None, "packed once");
        for other in ["$oc/devices/d/sys/properties/report", "a?encoding=gzipped", "a/encoding=gzip"] {
            assert_eq!((packed(other, body), unpacked(other, &sent)), (None, None), "{other}");
        }
    }

    #[test]
    fn a_bomb_is_cut_and_a_broken_stream_says_what_it_can() {
        let bomb = packed(TOPIC, &vec![b' '; 64 << 20]).unwrap();
        assert!(bomb.len() < 100_000);
        assert_eq!(unpacked(TOPIC, &bomb).map(|body| body.len()), Some(1 << 20));
        assert_eq!(unpacked(TOPIC, &MAGIC), None);
        let cut = packed(TOPIC, &[b'x'; 10_000]).unwrap();
        let cut = &cut[..cut.len() - 9];
        assert!(unpacked(TOPIC, cut).is_none_or(|body| body.iter().all(|byte| *byte == b'x')));
    }
}
