//! An event as a line for a person, for the commands without a screen.

use std::fmt::{self, Write as _};

use jiff::tz::TimeZone;

use crate::console::words::circumstances;
use crate::event::{Event, Kind, Message, StateChange};
use crate::text::Safe;

/// Appends `event` to `out` as one line. Nothing in it reaches a terminal raw.
pub fn write_line(out: &mut String, event: &Event<'_>, zone: &TimeZone) {
    let time = event.at.timestamp().to_zoned(zone.clone()).strftime("%H:%M:%S.%3f").to_string();
    // Writing to a String cannot fail; if it ever did, an empty line would be the least harm.
    let line = words(&event.kind).unwrap_or_default();
    for part in [&time, " ", Safe::new(event.session).as_str(), " ", Safe::new(&line).as_str()] {
        out.push_str(part);
    }
    if let Kind::Rx(message) | Kind::Tx(message) = &event.kind {
        out.push(' ');
        out.push_str(Safe::from_bytes(message.payload).as_str());
    }
    out.push('\n');
}

/// All of the line but its time, its session and a message's payload.
fn words(kind: &Kind<'_>) -> Result<String, fmt::Error> {
    let mut line = String::new();
    match kind {
        Kind::State(change) => state(&mut line, change)?,
        Kind::Rx(message) => self::message(&mut line, "<", message)?,
        Kind::Tx(message) => self::message(&mut line, ">", message)?,
        Kind::Acked(acked) => {
            line.push_str("+ acknowledgement");
            if let Some(id) = acked.packet_id {
                write!(line, " of packet {}", id.number())?;
            }
            write!(line, " after {} ms", acked.took.as_millis())?;
        }
        Kind::Subscribed(answer) => {
            write!(line, "+ subscription {} ", answer.filter)?;
            match answer.granted {
                Some(qos) => write!(line, "QoS {}", qos.number())?,
                None => line.push_str("refused"),
            }
            if let Some(reason) = answer.reason {
                write!(line, ": {reason}")?;
            }
        }
        Kind::Unsubscribed { filter, .. } => write!(line, "+ unsubscribed {filter}")?,
        Kind::Gap { count, reason } => write!(line, "x {count} events are missing: {reason}")?,
        Kind::Note { text, .. } => write!(line, ". {text}")?,
        Kind::Error(failure) => {
            write!(line, "x {}: {}", failure.code, failure.reason)?;
            hint(&mut line, failure.hint)?;
        }
    }
    Ok(line)
}

fn state(line: &mut String, change: &StateChange<'_>) -> fmt::Result {
    write!(line, "o {}", change.state.word())?;
    if let Some(code) = change.code {
        write!(line, " {code}")?;
    }
    if let Some(reason) = change.reason {
        write!(line, ": {reason}")?;
    }
    if let Some(wait) = change.retry_in {
        write!(line, "; attempt {} in {:.1} s", change.attempt, wait.as_secs_f64())?;
    }
    hint(line, change.hint)
}

fn hint(line: &mut String, hint: Option<&str>) -> fmt::Result {
    hint.filter(|hint| !hint.is_empty()).map_or(Ok(()), |hint| write!(line, " ({hint})"))
}

fn message(line: &mut String, sign: &str, message: &Message<'_>) -> fmt::Result {
    write!(line, "{sign} {} {}", message.what.word(), message.topic)?;
    if message.qos.number() > 0 {
        write!(line, " q{}", message.qos.number())?;
    }
    for (set, word) in [(message.retain, " retained"), (message.dup, " dup")] {
        line.push_str(if set { word } else { "" });
    }
    if let Some(deadline) = message.deadline_ms {
        write!(line, " answer within {} s", deadline / 1000)?;
    }
    if let Some(took) = message.took_ms {
        write!(line, " after {took} ms")?;
    }
    for part in circumstances(message.by, message.irregular) {
        write!(line, ", {part}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Irregular, LineState, WallTime, What};
    use crate::mqtt::Qos;

    fn line(kind: Kind<'_>) -> String {
        let mut out = String::new();
        let at = WallTime::parse_rfc3339("2026-11-21T08:30:01.250Z").unwrap();
        write_line(&mut out, &Event { seq: 1, at, mono_us: 0, session: "smoke\n01", kind }, &TimeZone::UTC);
        out
    }

    #[test]
    fn a_message_is_one_line_whatever_its_payload_is() {
        let message = Message {
            topic: "t",
            qos: Qos::AtLeastOnce,
            retain: true,
            dup: false,
            packet_id: None,
            payload: b"{\"a\":1}\n\xFF\x1B[2J",
            what: What::Command,
            request_id: Some("7"),
            deadline_ms: Some(20_000),
            took_ms: None,
            by: None,
            irregular: Irregular::default(),
            order: None,
        };
        let told = line(Kind::Rx(message));
        let expected = "08:30:01.250 smoke\\n01 < command t q1 retained answer within 20 s {\"a\":1}\\n\\xFF\\e[2J\n";
        assert_eq!(told, expected);
    }

    #[test]
    fn an_answer_tells_who_gave_it_and_what_is_out_of_order_about_it() {
        let message = Message {
            topic: "t",
            qos: Qos::AtMostOnce,
            payload: b"{}",
            what: What::CommandReply,
            request_id: Some("7"),
            took_ms: Some(21_000),
            by: Some("rule \u{1B}late"),
            irregular: Irregular { late: true, second: true, moved: false },
            ..Message::default()
        };
        let told = line(Kind::Tx(message));
        let expected =
            "08:30:01.250 smoke\\n01 > command-reply t after 21000 ms, late, second answer, by rule \\elate {}\n";
        assert_eq!(told, expected);
    }

    #[test]
    fn a_state_tells_its_cause_the_wait_and_what_to_try() {
        let change = StateChange {
            state: LineState::Backoff,
            attempt: 2,
            retry_in: Some(std::time::Duration::from_millis(1_800)),
            code: Some("refused"),
            reason: Some("h:443 refused the connection"),
            hint: Some("check host and port"),
            order: None,
        };
        assert_eq!(
            line(Kind::State(change)),
            "08:30:01.250 smoke\\n01 o backoff refused: h:443 refused the connection; attempt 2 in 1.8 s \
             (check host and port)\n"
        );
    }
}
