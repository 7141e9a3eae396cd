//! An event as a line for a person, for the commands without a screen.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::event::{Event, Kind, Message, StateChange};
use crate::text::Safe;

/// Appends `event` to `out` as one line. Nothing in it reaches a terminal raw.
pub fn write_line(out: &mut String, event: &Event<'_>, zone: &TimeZone) {
    let time = event.at.timestamp().to_zoned(zone.clone()).strftime("%H:%M:%S.%3f");
    let line = match &event.kind {
        Kind::State(change) => state(change),
        Kind::Rx(message) => self::message("<", message),
        Kind::Tx(message) => self::message(">", message),
        Kind::Acked(acked) => {
            let id = acked.packet_id.map(|id| format!(" of packet {}", id.number())).unwrap_or_default();
            format!("+ acknowledgement{id} after {} ms", acked.took.as_millis())
        }
        Kind::Subscribed(answer) => {
            let granted = answer.granted.map_or_else(|| "refused".to_owned(), |qos| format!("QoS {}", qos.number()));
            let reason = answer.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("+ subscription {} {granted}{reason}", answer.filter)
        }
        Kind::Unsubscribed { filter, .. } => format!("+ unsubscribed {filter}"),
        Kind::Gap { count, reason } => format!("x {count} events are missing: {reason}"),
        Kind::Note { text } => format!(". {text}"),
        Kind::Error(failure) => {
            let hint = failure.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("x {}: {}{hint}", failure.code, failure.reason)
        }
    };
    // Writing to a String cannot fail.
    let _infallible = writeln!(out, "{time} {} {}", Safe::new(event.session), Safe::new(&line));
}

fn state(change: &StateChange<'_>) -> String {
    let mut line = format!("o {}", change.state.word());
    if let Some(code) = change.code {
        line += &format!(" {code}");
    }
    if let Some(reason) = change.reason {
        line += &format!(": {reason}");
    }
    if let Some(wait) = change.retry_in {
        line += &format!("; attempt {} in {:.1} s", change.attempt, wait.as_secs_f64());
    }
    if let Some(hint) = change.hint.filter(|hint| !hint.is_empty()) {
        line += &format!(" ({hint})");
    }
    line
}

fn message(sign: &str, message: &Message<'_>) -> String {
    let mut line = format!("{sign} {} {}", message.what.word(), message.topic);
    if message.qos.number() > 0 {
        line += &format!(" q{}", message.qos.number());
    }
    for (set, word) in [(message.retain, " retained"), (message.dup, " dup")] {
        line += if set { word } else { "" };
    }
    if let Some(deadline) = message.deadline_ms {
        line += &format!(" answer within {} s", deadline / 1000);
    }
    if let Some(took) = message.took_ms {
        line += &format!(" after {took} ms");
    }
    line += " ";
    line += &String::from_utf8_lossy(message.payload);
    line
}
