//! One line of JSON back to an event.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::value::RawValue;

use crate::event::{
    Acked, Event, Failure, Irregular, Kind, LineState, Message, StateChange, Subscribed, WallTime, What,
};
use crate::mqtt::{PacketId, Qos};

/// An event that was read from a line of JSON; it borrows from the line what stands there plainly.
#[derive(Debug)]
pub struct Read<'a> {
    line: Line<'a>,
    at: WallTime,
    payload: Cow<'a, [u8]>,
}

/// The keys of all kinds of events. A key that a kind does not have is absent.
#[derive(Debug, Deserialize)]
struct Line<'a> {
    seq: u64,
    #[serde(borrow)]
    at: Text<'a>,
    mono_us: u64,
    #[serde(borrow)]
    session: Text<'a>,
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    state: Option<Text<'a>>,
    attempt: Option<u32>,
    retry_in_ms: Option<u64>,
    #[serde(borrow)]
    code: Option<Text<'a>>,
    #[serde(borrow)]
    reason: Option<Text<'a>>,
    #[serde(borrow)]
    hint: Option<Text<'a>>,
    order: Option<u64>,
    #[serde(borrow)]
    topic: Option<Text<'a>>,
    qos: Option<u8>,
    #[serde(default)]
    retain: bool,
    #[serde(default)]
    dup: bool,
    packet_id: Option<u16>,
    size: Option<u64>,
    #[serde(borrow)]
    what: Option<Text<'a>>,
    #[serde(borrow)]
    request_id: Option<Text<'a>>,
    deadline_ms: Option<u32>,
    took_ms: Option<u64>,
    #[serde(borrow)]
    by: Option<Text<'a>>,
    #[serde(borrow, default)]
    irregular: Vec<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "raw")]
    json: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    base64: Option<Text<'a>>,
    #[serde(borrow)]
    filter: Option<Text<'a>>,
    asked: Option<u8>,
    #[serde(default)]
    refused: bool,
    count: Option<u64>,
}

/// A text, borrowed from the line unless something in it is escaped. (Serde's own borrowing stops at `Option<Cow<str>>`.)
#[derive(Debug)]
struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Text)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A value as it stands; `null` is one, too.
fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl<'a> Read<'a> {
    /// Reads a line; `None` where it is no event of the outer contract. Keys that are not known are passed over.
    pub fn line(line: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?;
        let parsed: Line<'a> = serde_json::from_str(text).ok()?;
        let at = WallTime::parse_rfc3339(&parsed.at)?;
        let payload = match (&parsed.json, &parsed.text, &parsed.base64) {
            (Some(json), ..) => Cow::Borrowed(as_it_came(text, json.get())),
            (None, Some(Text(Cow::Borrowed(text))), _) => Cow::Borrowed(text.as_bytes()),
            (None, Some(text), _) => Cow::Owned(text.as_bytes().to_vec()),
            (None, None, Some(base64)) => Cow::Owned(STANDARD.decode(base64.as_bytes()).ok()?),
            (None, None, None) => Cow::Borrowed(&b""[..]),
        };
        let read = Self { line: parsed, at, payload };
        read.event().is_some().then_some(read)
    }

    /// The size of a message's payload as it came, in bytes: fields of it may be masked by now.
    pub fn size(&self) -> Option<u64> {
        self.line.size
    }

    /// The event.
    pub fn event(&self) -> Option<Event<'_>> {
        let Line { seq, mono_us, session, .. } = &self.line;
        Some(Event { seq: *seq, at: self.at, mono_us: *mono_us, session, kind: self.kind()? })
    }

    fn kind(&self) -> Option<Kind<'_>> {
        let line = &self.line;
        let reason = || line.reason.as_deref();
        Some(match &*line.kind {
            "state" => Kind::State(StateChange {
                state: LineState::from_word(line.state.as_deref()?)?,
                attempt: line.attempt?,
                retry_in: line.retry_in_ms.map(Duration::from_millis),
                code: line.code.as_deref(),
                reason: reason(),
                hint: line.hint.as_deref(),
                order: line.order,
            }),
            "rx" => Kind::Rx(self.message()?),
            "tx" => Kind::Tx(self.message()?),
            "acked" => Kind::Acked(Acked {
                packet_id: line.packet_id.and_then(PacketId::new),
                took: Duration::from_millis(line.took_ms?),
                order: line.order,
            }),
            "subscribed" => Kind::Subscribed(Subscribed {
                filter: line.filter.as_deref()?,
                asked: Qos::from_number(line.asked.or(line.qos)?)?,
                granted: if line.refused { None } else { Some(Qos::from_number(line.qos?)?) },
                reason: reason(),
                order: line.order,
            }),
            "unsubscribed" => Kind::Unsubscribed { filter: line.filter.as_deref()?, order: line.order },
            "gap" => Kind::Gap { count: line.count?, reason: reason()? },
            "note" => Kind::Note { text: line.text.as_deref()?, order: line.order },
            "error" => Kind::Error(Failure {
                code: line.code.as_deref()?,
                reason: reason()?,
                hint: line.hint.as_deref(),
                order: line.order,
            }),
            _ => return None,
        })
    }

    fn message(&self) -> Option<Message<'_>> {
        let line = &self.line;
        Some(Message {
            topic: line.topic.as_deref()?,
            qos: Qos::from_number(line.qos?)?,
            retain: line.retain,
            dup: line.dup,
            packet_id: line.packet_id.and_then(PacketId::new),
            payload: &self.payload,
            // A word of a later version still is a message.
            what: line.what.as_deref().and_then(What::from_word).unwrap_or_default(),
            request_id: line.request_id.as_deref(),
            deadline_ms: line.deadline_ms,
            took_ms: line.took_ms.map(|took| u32::try_from(took).unwrap_or(u32::MAX)),
            order: line.order,
            by: line.by.as_deref(),
            irregular: line.irregular.iter().fold(Irregular::default(), |found, word| found.with(word)),
        })
    }
}

/// A JSON payload with the blanks that it came with: whatever stands between its key and the end of the object, which it is the
/// last member of. Elsewhere the value alone.
fn as_it_came<'a>(line: &'a str, value: &'a str) -> &'a [u8] {
    let bytes = line.as_bytes();
    let start = value.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
    let end = start.saturating_add(value.len());
    let (Some(before), Some(after)) = (bytes.get(..start), bytes.get(end..)) else { return value.as_bytes() };
    let left = before.iter().rev().take_while(|byte| **byte == b' ').count();
    let right = after.iter().take_while(|byte| **byte == b' ').count();
    if after.get(right..) == Some(b"}") { &bytes[start - left..end + right] } else { value.as_bytes() }
}
