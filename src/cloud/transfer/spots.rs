//! The places of a message that are a device's or a moment's own, found without making a tree of the body.
//!
//! What lives here: the places and what stands there, and the walk through a body's members. What may not: which members a
//! cloud's documents name; each cloud says that in a file of its own.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// No body beyond this is looked into, in bytes: the clouds themselves take no larger ones that have an envelope.
const SEARCH_LIMIT: usize = 1 << 20;

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cloud) enum Part {
    /// The levels of a topic, or the text of a body, that name the device.
    Device,
    /// The level of a topic that names the device's product.
    Product,
    /// The id that ties request and reply.
    Id,
    /// The id of a body that lies within a call which has its own id in the topic.
    Inner,
    /// A time: milliseconds since 1970 as a number or as text, or one of the two written forms of Huawei.
    Time,
}

/// The places of one message, each with the bytes that it takes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::cloud) struct Spots {
    pub(in crate::cloud) topic: Vec<(Range<usize>, Part)>,
    pub(in crate::cloud) body: Vec<(Range<usize>, Part)>,
}

/// A body of JSON, to look for places in.
#[derive(Clone, Copy, Debug)]
pub(in crate::cloud) struct Body<'a> {
    start: usize,
    root: &'a RawValue,
}

impl Spots {
    /// Notes a place in the topic.
    pub(in crate::cloud) fn in_topic(&mut self, range: Range<usize>, part: Part) {
        if !range.is_empty() {
            self.topic.push((range, part));
        }
    }

    /// Notes that `value` of `body` is such a part.
    pub(in crate::cloud) fn in_body(&mut self, body: Body<'_>, value: &RawValue, part: Part) {
        self.body.push((body.range(value), part));
    }

    /// As [`Spots::in_body`], for each of these members that an object has.
    pub(in crate::cloud) fn members(&mut self, body: Body<'_>, object: &RawValue, names: &[&str], part: Part) {
        for (name, value) in members(object) {
            if names.contains(&name.as_ref()) {
                self.in_body(body, value, part);
            }
        }
    }

    /// In order of their places, as whoever replaces them wants them.
    pub(super) fn sorted(mut self) -> Self {
        self.topic.sort_by_key(|(range, _)| range.start);
        self.body.sort_by_key(|(range, _)| range.start);
        self
    }
}

impl<'a> Body<'a> {
    /// Reads a body; `None` where it is no JSON object, or too large for one of a cloud's.
    pub(in crate::cloud) fn read(payload: &'a [u8]) -> Option<Self> {
        if payload.len() > SEARCH_LIMIT || payload.trim_ascii_start().first() != Some(&b'{') {
            return None;
        }
        // A body that is no JSON has no places: that is an answer, not an error.
        let root: &RawValue = serde_json::from_slice(payload).ok()?;
        Some(Self { start: payload.as_ptr().addr(), root })
    }

    /// The whole of it.
    pub(in crate::cloud) fn root(self) -> &'a RawValue {
        self.root
    }

    /// The bytes of the payload that `value`, a part of this body, takes.
    fn range(self, value: &RawValue) -> Range<usize> {
        let text = value.get();
        let start = text.as_ptr().addr().saturating_sub(self.start);
        start..start + text.len()
    }
}

/// The members of an object, in order; none where it is no object.
pub(in crate::cloud) fn members(object: &RawValue) -> Vec<(Cow<'_, str>, &RawValue)> {
    // Anything but an object has none.
    serde_json::from_str::<Members<'_>>(object.get()).map_or_else(|_| Vec::new(), |members| members.0)
}

/// The member of that name; the last one, as readers of JSON take it, where there are several.
pub(in crate::cloud) fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    members(object).into_iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The items of an array; none where it is no array.
pub(in crate::cloud) fn items(array: &RawValue) -> Vec<&RawValue> {
    // Anything but an array has none.
    serde_json::from_str(array.get()).unwrap_or_default()
}

/// The items of the array that is the member of that name.
pub(in crate::cloud) fn items_of<'a>(object: &'a RawValue, name: &str) -> Vec<&'a RawValue> {
    member(object, name).map_or_else(Vec::new, items)
}

/// The bytes of the levels of `topic` from byte `start` on: `count` of them, with the slashes between; `None` where there are
/// fewer or one is empty.
pub(in crate::cloud) fn levels(topic: &str, start: usize, count: usize) -> Option<Range<usize>> {
    let mut end = start;
    for level in 0..count {
        if level > 0 {
            end += 1;
        }
        let length = topic.get(end..)?.split('/').next().filter(|text| !text.is_empty())?.len();
        end += length;
    }
    let enough = topic.get(start..end)?.split('/').count() == count;
    enough.then_some(start..end)
}

struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(std::marker::PhantomData))
    }
}

struct MembersVisitor<'a>(std::marker::PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for MembersVisitor<'a> {
    type Value = Members<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// A member's name, borrowed where no escape is in it.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_counted_out() {
        for (topic, start, count, expected) in [
            ("/sys/pk/dn/thing", 5, 2, Some("pk/dn")),
            ("/sys/pk/dn", 5, 2, Some("pk/dn")),
            ("/sys/pk", 5, 2, None),
            ("/sys/pk/", 5, 2, None),
            ("/sys//dn/x", 5, 2, None),
            ("$oc/devices/d/sys", 12, 1, Some("d")),
            ("$oc/devices/", 12, 1, None),
            ("中/文", 1, 1, None),
        ] {
            assert_eq!(levels(topic, start, count).map(|range| &topic[range]), expected, "{topic}");
        }
    }

    #[test]
    fn members_keep_their_places() {
        let payload = br#" {"a" : {"b":[ 1 , "x"]}, "\u0061":2, "c":null} "#;
        let body = Body::read(payload).unwrap();
        let texts: Vec<_> = members(body.root()).into_iter().map(|(name, value)| (name, value.get())).collect();
        assert_eq!(texts.len(), 3);
        assert_eq!(texts[1], (Cow::from("a"), "2"));
        let inner = members(body.root())[0].1;
        let array = items_of(inner, "b");
        assert_eq!(array.iter().map(|item| &payload[body.range(item)]).collect::<Vec<_>>(), [&b"1"[..], br#""x""#]);
        assert_eq!(member(body.root(), "a").map(RawValue::get), Some("2"), "the last of two");
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for payload in [&b""[..], b"[]", b"{", b"\xff", b"nonsense", br#"{"a":1} x"#] {
            assert!(Body::read(payload).is_none(), "{payload:?}");
        }
        let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        let body = Body::read(deep.as_bytes()).unwrap();
        assert_eq!(items_of(body.root(), "a").len(), 1, "depth costs no stack");
    }
}
