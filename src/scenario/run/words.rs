//! Events, messages and steps in a few words, for whoever looks into a failure. What came over the wire stands in them raw: whoever shows a line makes
//! it safe.

use super::log::Letter;
use crate::event::{Event, Kind, Message, What};
use crate::scenario::plan::{Deed, Order, Step, Switched};
use crate::scenario::value::Text;

/// Bytes of a payload that a line shows.
const SHOWN: usize = 400;

/// An event as one line.
pub(super) fn line(event: &Event<'_>) -> String {
    let seconds = event.mono_us / 1_000_000;
    let millis = event.mono_us / 1_000 % 1_000;
    let what = match &event.kind {
        Kind::State(change) => {
            let cause = [change.code, change.reason].into_iter().flatten().collect::<Vec<_>>().join(": ");
            let sign = if cause.is_empty() { "" } else { ", " };
            format!("{}{sign}{cause}", change.state.word())
        }
        Kind::Rx(message) => format!("< {}", self::message(message)),
        Kind::Tx(message) => format!("> {}", self::message(message)),
        Kind::Acked(acked) => format!("acknowledged after {} ms", acked.took.as_millis()),
        Kind::Subscribed(answer) => {
            let granted = if answer.granted.is_some() { "subscribed to" } else { "refused a subscription to" };
            format!("{granted} {}", answer.filter)
        }
        Kind::Unsubscribed { filter, .. } => format!("unsubscribed from {filter}"),
        Kind::Gap { count, reason } => format!("{count} events are missing: {reason}"),
        Kind::Note { text, .. } => format!("note: {text}"),
        Kind::Error(failure) => format!("error {}: {}", failure.code, failure.reason),
    };
    format!("{seconds}.{millis:03} {} {what}", event.session)
}

fn message(message: &Message<'_>) -> String {
    // What a rule or a simulator sent is nothing that the scenario did.
    let by = message.by.map(|by| format!(" (by {by})")).unwrap_or_default();
    format!("{}{by} {} {}", message.what.word(), message.topic, payload(message.payload))
}

/// The beginning of a payload as text; JSON over several lines stands on one.
pub(super) fn payload(payload: &[u8]) -> String {
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(payload).is_ok();
    let mut joined = Vec::new();
    let payload = if payload.contains(&b'\n') && is_json() {
        // A line end within a text of JSON is an escape, so none of it is lost.
        for line in payload.split(|byte| *byte == b'\n') {
            joined.extend_from_slice(line.trim_ascii());
        }
        joined.as_slice()
    } else {
        payload
    };
    let head = payload.get(..SHOWN).unwrap_or(payload);
    let more = if payload.len() > SHOWN { format!("… ({} bytes)", payload.len()) } else { String::new() };
    // A cut may go through a character, which then stands as one that is unknown.
    format!("{}{more}", String::from_utf8_lossy(head))
}

/// A message as one line.
pub(super) fn letter(letter: &Letter) -> String {
    format!("{} {} {}", letter.what.word(), letter.topic, payload(&letter.payload))
}

/// What a step does, in words.
pub(super) fn step(step: &Step, device: &str) -> String {
    let more = match &step.deed {
        Deed::ExpectState { state, .. } => state.word().to_owned(),
        Deed::WaitRequest(wanted) | Deed::ExpectMessage(wanted) | Deed::ExpectNoMessage { wanted, .. } => {
            let kind = wanted.what.map_or("", What::word);
            let name = wanted.name.as_ref().and_then(Text::as_plain).unwrap_or("");
            let topic = wanted.topic.as_ref().and_then(Text::as_plain).unwrap_or("");
            [kind, name, topic].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        }
        Deed::Publish(sending) => sending.topic.as_plain().unwrap_or("").to_owned(),
        Deed::Pause(time) => time.as_plain().unwrap_or("").to_owned(),
        Deed::Order(order) => self::order(order),
        Deed::Switch { what, on } => switched(what, *on),
        Deed::SetProperties(properties) => {
            let names: Vec<_> = properties.iter().filter_map(|(name, _)| name.as_plain()).collect();
            names.join(", ")
        }
        Deed::ExpectOutcome(ending) => if ending.answered { "answered" } else { "timed-out" }.to_owned(),
        _ => String::new(),
    };
    let about_none = matches!(step.deed, Deed::Pause(_) | Deed::Assert { .. } | Deed::RefuseNext { .. });
    let device = if about_none { "" } else { device };
    let words = [device, step.deed.word(), &more];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn switched(what: &Switched, on: bool) -> String {
    let what = match what {
        Switched::Rule(name) => format!("rule {}", name.as_plain().unwrap_or("")),
        Switched::Rules => "rules".to_owned(),
        Switched::Simulator(name) => format!("simulator {}", name.as_plain().unwrap_or("")),
    };
    format!("{} {}", what.trim_end(), if on { "on" } else { "off" })
}

fn order(order: &Order) -> String {
    match order {
        Order::Offer { name, .. } => name.as_plain().unwrap_or("").to_owned(),
        Order::Command { name, call, .. } => {
            let kind = if *call { "call" } else { "command" };
            format!("{kind} {}", name.as_plain().unwrap_or("")).trim_end().to_owned()
        }
        Order::PropertySet { .. } => "property-set".to_owned(),
        Order::PropertyGet { .. } => "property-get".to_owned(),
        Order::Message { .. } => "message".to_owned(),
    }
}
