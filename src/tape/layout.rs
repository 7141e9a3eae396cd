//! What writer and reader agree on: the words of a tape's records, and how topics are folded for its channels.

use crate::event::WallTime;
use crate::timeline::FOLDED_ID;

/// The MCAP profile of a tape, in the file's header.
pub const PROFILE: &str = "standin";
/// The schema of every message.
pub const SCHEMA_NAME: &str = "standin.Event";
/// How [`SCHEMA`] is written.
pub const SCHEMA_ENCODING: &str = "jsonschema";
/// What a message is: an event of the outer contract.
pub const SCHEMA: &str = include_str!("event.schema.json");
/// How messages are written.
pub const MESSAGE_ENCODING: &str = "json";
/// The name of the metadata record of the tape itself: `program`, `started` (RFC 3339), `part`.
pub const TAPE: &str = "standin.tape";
/// The name of the metadata record of a session: `name`, `cloud`, `endpoint`, `state`, `clock_offset_us` where known, and each
/// identifier behind [`IDENTIFIER`]. A later record with the same session's name replaces the earlier one.
pub const SESSION: &str = "standin.session";
/// What stands before the key of a session's identifier.
pub const IDENTIFIER: &str = "id.";
/// The topic of the one channel that takes all messages when there are too many channels.
pub const OTHER: &str = "standin/other";
/// The ending of a tape's file name, by which a folder's tapes are found.
pub const ENDING: &str = "mcap";

/// The program that writes tapes, with its version.
pub fn program() -> String {
    format!("standin {}", env!("CARGO_PKG_VERSION"))
}

/// The MCAP library string of a tape, in the file's header.
pub fn library() -> String {
    format!("standin/{}", env!("CARGO_PKG_VERSION"))
}

/// A time as MCAP has it: nanoseconds since the Unix epoch. What it cannot say becomes the nearest that it can.
pub fn nanos(at: WallTime) -> u64 {
    u64::try_from(at.unix_micros()).unwrap_or(0).saturating_mul(1_000)
}

/// The bytes of `topic` that are the request's own id: what stands behind a `=` in a level, the last level, or the level behind
/// `rrpc`. That is where the clouds put it; an id that came in the payload may be as short as `1`, and occurs anywhere by chance.
pub fn id_span(topic: &str, request_id: &str) -> Option<(usize, usize)> {
    if request_id.is_empty() || topic.len() < request_id.len() {
        return None;
    }
    let mut end = topic.len();
    for level in topic.rsplit('/') {
        let start = end - level.len();
        if let Some(before) = level.strip_suffix(request_id) {
            let id = start + before.len();
            if before.ends_with('=') {
                return Some((id, end));
            }
            let is_own = end == topic.len() || topic[..start].ends_with("/rrpc/");
            if before.is_empty() && is_own {
                return Some((id, end));
            }
        }
        end = start.saturating_sub(1);
    }
    None
}

/// `topic` with the request's own id folded to [`FOLDED_ID`], put into `out` where it has one.
pub fn fold<'a>(topic: &'a str, request_id: Option<&str>, out: &'a mut String) -> &'a str {
    let Some((start, end)) = request_id.and_then(|id| id_span(topic, id)) else { return topic };
    out.clear();
    out.push_str(&topic[..start]);
    out.push_str(FOLDED_ID);
    out.push_str(&topic[end..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_folded_where_the_clouds_put_the_id() {
        for (topic, id, folded) in [
            ("$oc/devices/d/sys/commands/request_id=3a1f", Some("3a1f"), "$oc/devices/d/sys/commands/request_id={id}"),
            (
                "$oc/devices/7/sys/properties/set/request_id=7",
                Some("7"),
                "$oc/devices/7/sys/properties/set/request_id={id}",
            ),
            ("/sys/pk/dn/rrpc/request/812", Some("812"), "/sys/pk/dn/rrpc/request/{id}"),
            ("/ext/rrpc/812//pk/dn/user/get", Some("812"), "/ext/rrpc/{id}//pk/dn/user/get"),
            ("$system/p/d/tmodel/command_reply/77", Some("77"), "$system/p/d/tmodel/command_reply/{id}"),
            // An id of the payload's that occurs in the topic by chance.
            ("/sys/pk/1/thing/event/property/post", Some("1"), "/sys/pk/1/thing/event/property/post"),
            ("/sys/pk1/d1/thing/a1", Some("1"), "/sys/pk1/d1/thing/a1"),
            ("a/b", None, "a/b"),
            ("a/b", Some(""), "a/b"),
            ("", Some("x"), ""),
            ("x", Some("x"), "{id}"),
            ("a//", Some("/"), "a//"),
            ("温/é=度", Some("度"), "温/é={id}"),
        ] {
            assert_eq!(fold(topic, id, &mut String::new()), folded, "{topic} {id:?}");
        }
    }
}
