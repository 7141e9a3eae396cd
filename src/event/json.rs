//! An event as one line of JSON, as in the outer contract.

mod read;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use read::Read;

use super::{Event, Failure, Kind, Message, StateChange, Subscribed};
use crate::mqtt::PacketId;
use crate::text::json::{as_plain, write_number, write_string};

/// Appends `event` to `out` as one JSON object, without a line end. Keys stand in a fixed order, those without a value are
/// left out, and no control, bidi or invisible character is in it raw.
pub fn write(out: &mut String, event: &Event<'_>) {
    write_with(out, event, None);
}

/// As [`write()`], with `masked` for the payload of a message. Its `size` stays that of the message.
pub fn write_masked(out: &mut String, event: &Event<'_>, masked: &[u8]) {
    write_with(out, event, Some(masked));
}

fn write_with(out: &mut String, event: &Event<'_>, masked: Option<&[u8]>) {
    let mut object = Object { out };
    object.out.push_str("{\"seq\":");
    write_number(object.out, event.seq);
    object.key("at");
    object.out.push('"');
    // Digits and signs throughout.
    object.out.push_str(std::str::from_utf8(&event.at.rfc3339()).unwrap_or_default());
    object.out.push('"');
    object.number("mono_us", event.mono_us);
    object.text("session", event.session);
    object.text("kind", event.kind.word());
    match &event.kind {
        Kind::State(change) => state(&mut object, change),
        Kind::Rx(sent) | Kind::Tx(sent) => message(&mut object, sent, masked.unwrap_or(sent.payload)),
        Kind::Acked(acked) => {
            object.maybe_number("packet_id", acked.packet_id.map(PacketId::number));
            object.number("took_ms", millis(acked.took));
            object.maybe_number("order", acked.order);
        }
        Kind::Subscribed(answer) => subscribed(&mut object, answer),
        Kind::Unsubscribed { filter, order } => {
            object.text("filter", filter);
            object.maybe_number("order", *order);
        }
        Kind::Gap { count, reason } => {
            object.number("count", *count);
            object.text("reason", reason);
        }
        Kind::Note { text, order } => {
            object.text("text", text);
            object.maybe_number("order", *order);
        }
        Kind::Error(failure) => error(&mut object, failure),
    }
    out.push('}');
}

fn state(object: &mut Object<'_>, change: &StateChange<'_>) {
    object.text("state", change.state.word());
    object.number("attempt", change.attempt.into());
    object.maybe_number("retry_in_ms", change.retry_in.map(millis));
    object.maybe_text("code", change.code);
    object.maybe_text("reason", change.reason);
    object.maybe_text("hint", change.hint);
    object.maybe_number("order", change.order);
}

fn message(object: &mut Object<'_>, message: &Message<'_>, shown: &[u8]) {
    object.text("topic", message.topic);
    object.number("qos", message.qos.number().into());
    object.flag("retain", message.retain);
    object.flag("dup", message.dup);
    object.maybe_number("packet_id", message.packet_id.map(PacketId::number));
    object.number("size", message.payload.len() as u64);
    object.text("what", message.what.word());
    object.maybe_text("request_id", message.request_id);
    object.maybe_number("deadline_ms", message.deadline_ms);
    object.maybe_number("took_ms", message.took_ms);
    object.maybe_number("order", message.order);
    object.maybe_text("by", message.by);
    if message.irregular.any() {
        object.words("irregular", message.irregular.words());
    }
    payload(object, shown);
}

/// Appends a payload to an object that has members already: `,"json":…`, `,"text":…` or `,"base64":…`.
pub fn write_payload(out: &mut String, payload: &[u8]) {
    self::payload(&mut Object { out }, payload);
}

/// The payload, byte for byte: `json` as it came, else `text`, else `base64`.
fn payload(object: &mut Object<'_>, payload: &[u8]) {
    if let Some(json) = as_plain(payload) {
        object.key("json");
        object.out.push_str(json);
    } else if let Ok(text) = std::str::from_utf8(payload) {
        object.text("text", text);
    } else {
        object.key("base64");
        object.out.push('"');
        STANDARD.encode_string(payload, object.out);
        object.out.push('"');
    }
}

fn subscribed(object: &mut Object<'_>, answer: &Subscribed<'_>) {
    object.text("filter", answer.filter);
    match answer.granted {
        Some(granted) => object.number("qos", granted.number().into()),
        None => object.flag("refused", true),
    }
    object.number("asked", answer.asked.number().into());
    object.maybe_text("reason", answer.reason);
    object.maybe_number("order", answer.order);
}

fn error(object: &mut Object<'_>, failure: &Failure<'_>) {
    object.text("code", failure.code);
    object.text("reason", failure.reason);
    object.maybe_text("hint", failure.hint);
    object.maybe_number("order", failure.order);
}

/// Whole milliseconds, rounded down.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// An object that has its first key already.
struct Object<'a> {
    out: &'a mut String,
}

impl Object<'_> {
    fn key(&mut self, key: &str) {
        self.out.push_str(",\"");
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        write_string(self.out, value);
    }

    fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        write_number(self.out, value);
    }

    fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.push_str(if value { "true" } else { "false" });
    }

    /// A list of words that need no escapes.
    fn words(&mut self, key: &str, words: impl Iterator<Item = &'static str>) {
        self.key(key);
        for (place, word) in words.enumerate() {
            self.out.push_str(if place == 0 { "[\"" } else { ",\"" });
            self.out.push_str(word);
            self.out.push('"');
        }
        self.out.push(']');
    }

    fn maybe_text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    fn maybe_number(&mut self, key: &str, value: Option<impl Into<u64>>) {
        if let Some(value) = value {
            self.number(key, value.into());
        }
    }
}

#[cfg(test)]
mod tests;
