//! What the header says of an event, and what an event without a payload says in words.

use crate::console::row::Sign;
use crate::console::words;
use crate::event::{Event, Kind, LineState, Message, StateChange, Subscribed};
use crate::mqtt::Qos;
use crate::text::Safe;

/// The first row: what happened on the left, its particulars on the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Which sign stands first, and how it looks.
    pub(super) sign: Sign,
    /// The topic, or the kind of event.
    pub(super) subject: Safe,
    /// Quality of service, flags, size; or a code.
    pub(super) particulars: Vec<Safe>,
}

/// The header of `event`.
pub(super) fn head(event: &Event<'_>) -> Head {
    match &event.kind {
        Kind::Rx(message) => message_head(Sign::Down, message),
        Kind::Tx(message) => message_head(Sign::Up, message),
        Kind::State(change) => {
            // Offline with a code is a line that gave up; without one somebody wanted it so.
            let gave_up = change.state == LineState::Offline && change.code.is_some();
            let sign = if gave_up { Sign::Wrong } else { Sign::of(change.state) };
            words_head(sign, change.state.word(), change.code)
        }
        Kind::Acked(_) => words_head(Sign::Good, "acknowledged", None),
        Kind::Subscribed(subscribed) => match subscribed.granted {
            Some(_) => words_head(Sign::Good, "subscribed", None),
            None => words_head(Sign::Wrong, "subscription refused", None),
        },
        Kind::Unsubscribed { .. } => words_head(Sign::Good, "unsubscribed", None),
        Kind::Gap { .. } => words_head(Sign::Wrong, "gap", None),
        Kind::Note { .. } => words_head(Sign::Remark, "note", None),
        Kind::Error(failure) => words_head(Sign::Wrong, "error", Some(failure.code)),
    }
}

fn message_head(sign: Sign, message: &Message<'_>) -> Head {
    let mut particulars = vec![Safe::new(&format!("qos {}", message.qos.number()))];
    let flags = [(message.retain, "retain"), (message.dup, "dup")];
    particulars.extend(flags.iter().filter(|(set, _)| *set).map(|(_, word)| Safe::new(word)));
    particulars.push(Safe::new(&words::bytes(message.payload.len())));
    // What stands last stays longest on a narrow screen.
    particulars.extend(words::circumstances(message.by, message.irregular).iter().map(|part| Safe::new(part)));
    Head { sign, subject: Safe::new(message.topic), particulars }
}

fn words_head(sign: Sign, subject: &str, code: Option<&str>) -> Head {
    Head { sign, subject: Safe::new(subject), particulars: code.map(Safe::new).into_iter().collect() }
}

/// What `event` says, in lines; `None` for a message, which speaks by its payload.
pub(super) fn body(event: &Event<'_>) -> Option<String> {
    let lines = match &event.kind {
        Kind::Rx(_) | Kind::Tx(_) => return None,
        Kind::State(change) => state(change),
        Kind::Acked(acked) => vec![match acked.packet_id {
            Some(id) => format!("The platform has packet {} after {}.", id.number(), words::took(acked.took)),
            None => format!("Written after {}; with QoS 0 nobody says whether it arrived.", words::took(acked.took)),
        }],
        Kind::Subscribed(subscribed) => subscription(subscribed),
        Kind::Unsubscribed { filter, .. } => vec![(*filter).to_owned()],
        Kind::Gap { count, reason } => vec![format!("{} events are missing here: {reason}", words::count(*count))],
        Kind::Note { text, .. } => vec![(*text).to_owned()],
        Kind::Error(failure) => {
            let mut lines = vec![failure.reason.to_owned()];
            lines.extend(failure.hint.map(str::to_owned));
            lines
        }
    };
    Some(lines.join("\n"))
}

fn state(change: &StateChange<'_>) -> Vec<String> {
    let mut lines: Vec<String> = change.reason.iter().chain(&change.hint).map(|&words| words.to_owned()).collect();
    let wait = change.retry_in.map(words::took);
    lines.extend(match (change.attempt, wait) {
        (0, None) => None,
        (0, Some(wait)) => Some(format!("Next attempt in {wait}.")),
        (attempt, None) => Some(format!("Attempt {attempt}.")),
        (attempt, Some(wait)) => Some(format!("Attempt {attempt}, the next in {wait}.")),
    });
    lines
}

fn subscription(subscribed: &Subscribed<'_>) -> Vec<String> {
    let mut lines = vec![subscribed.filter.to_owned()];
    let asked = subscribed.asked.number();
    lines.push(match subscribed.granted.map(Qos::number) {
        Some(granted) if granted == asked => format!("QoS {granted}, as asked for."),
        Some(granted) => format!("QoS {granted}; QoS {asked} was asked for."),
        None => format!("Refused; QoS {asked} was asked for."),
    });
    lines.extend(subscribed.reason.map(str::to_owned));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::WallTime;

    #[test]
    fn a_line_has_the_sign_that_the_stream_gives_it_and_one_that_gave_up_is_wrong() {
        for (state, code, sign) in [
            (LineState::Online, None, Sign::Online),
            (LineState::Connecting, None, Sign::Waiting),
            (LineState::Backoff, Some("refused"), Sign::Waiting),
            (LineState::Offline, None, Sign::Offline),
            (LineState::Offline, Some("connack-4"), Sign::Wrong),
        ] {
            let kind = Kind::State(StateChange { state, code, ..StateChange::default() });
            let event = Event { seq: 1, at: WallTime::default(), mono_us: 0, session: "d", kind };
            assert_eq!(head(&event).sign, sign, "{state:?} {code:?}");
        }
    }
}
