//! One row of the stream: an event in a person's words, made once when it becomes visible.

use jiff::tz::TimeZone;

use super::theme::{Role, Signs};
use super::words;
use crate::cloud::{Direction, Platform};
use crate::event::{Event, Failure, Kind, LineState, Message, StateChange, Subscribed, WallTime, What};
use crate::mqtt::PacketId;
use crate::text::Safe;
use crate::timeline::SessionId;

/// Payloads up to this size are summed up.
const SUMMED_UP: usize = 64 * 1024;
/// More letters than any row shows.
const ROW_BYTES: usize = 2 * 1024;

/// The sign at the head of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// From the platform.
    Down,
    /// To the platform.
    Up,
    /// Waiting.
    Waiting,
    /// Online.
    Online,
    /// Offline.
    Offline,
    /// Done.
    Good,
    /// Wrong.
    Wrong,
    /// Neither here nor there: a remark.
    Remark,
}

impl Sign {
    /// How it looks.
    pub fn shown(self, signs: &Signs) -> (&'static str, Role) {
        match self {
            Self::Down => (signs.down, Role::Incoming),
            Self::Up => (signs.up, Role::Outgoing),
            Self::Waiting => (signs.waiting, Role::Waiting),
            Self::Online => (signs.online, Role::Good),
            Self::Offline => (signs.offline, Role::Dim),
            Self::Good => (signs.good, Role::Good),
            Self::Wrong => (signs.wrong, Role::Wrong),
            Self::Remark => (signs.dot, Role::Dim),
        }
    }

    /// The sign of a line's state.
    pub fn of(state: LineState) -> Self {
        match state {
            LineState::Online => Self::Online,
            LineState::Connecting | LineState::Backoff => Self::Waiting,
            LineState::Offline => Self::Offline,
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The event's number.
    pub seq: u64,
    /// The time of day, to the millisecond.
    pub clock: Safe,
    /// The session.
    pub session: SessionId,
    /// The sign.
    pub sign: Sign,
    /// What it is; for a message on a topic of the user's own, the topic.
    pub what: Safe,
    /// Whether the end of `what` tells more than its beginning.
    pub is_topic: bool,
    /// What it is about; may be empty.
    pub name: Safe,
    /// The rest; may be empty.
    pub detail: Safe,
    /// By whom of the device's own doings it was sent, and what is out of order about it; most have none.
    pub remark: Option<(Safe, Role)>,
    /// Whether it tells of something that is wrong.
    pub wrong: bool,
    /// Whether the end of `detail` tells more than its beginning.
    pub is_filter: bool,
    /// How long it took, which QoS was granted, when it is tried again; empty where that is not known.
    pub aside: Safe,
    /// The packet id under which it went out and which the platform acknowledges.
    pub packet: Option<PacketId>,
}

impl Row {
    /// The row of an event that is not here, and why.
    pub fn absent(seq: u64, why: &'static str) -> Self {
        Self {
            seq,
            clock: Safe::default(),
            session: SessionId(0),
            sign: Sign::Remark,
            what: Safe::default(),
            is_topic: false,
            name: Safe::default(),
            detail: Safe::from_static(why),
            remark: None,
            wrong: false,
            is_filter: false,
            aside: Safe::default(),
            packet: None,
        }
    }
}

/// A row for which the cloud has still to say what the message says. It owns all it needs, so that nobody waits meanwhile.
#[derive(Debug)]
pub struct Draft {
    row: Row,
    message: Option<Body>,
}

/// What the cloud is asked about.
#[derive(Debug)]
struct Body {
    direction: Direction,
    topic: String,
    /// `None`: too long to be summed up in a moment.
    payload: Option<Vec<u8>>,
    size: usize,
}

impl Draft {
    /// Copies what the row needs out of the timeline.
    pub fn read(event: &Event<'_>, session: SessionId, zone: &TimeZone) -> Self {
        let mut row = Row { clock: clock(event.at, zone), session, ..Row::absent(event.seq, "") };
        let mut message = None;
        match event.kind {
            Kind::Rx(came) => message = Some(read_message(&mut row, &came, Direction::Down)),
            Kind::Tx(went) => {
                row.packet = went.packet_id;
                message = Some(read_message(&mut row, &went, Direction::Up));
            }
            Kind::State(change) => read_state(&mut row, &change),
            Kind::Acked(acked) => {
                row.sign = Sign::Good;
                row.what = Safe::from_static(if acked.packet_id.is_some() { "acked" } else { "sent" });
                if let Some(id) = acked.packet_id {
                    row.detail = Safe::new(&format!("packet {}", id.number()));
                }
                row.aside = Safe::new(&words::took(acked.took));
            }
            Kind::Subscribed(answer) => read_subscribed(&mut row, &answer),
            Kind::Unsubscribed { filter, .. } => {
                row.sign = Sign::Good;
                row.what = Safe::from_static("unsubscribed");
                row.detail = line(filter);
            }
            Kind::Gap { count, reason } => {
                row.sign = Sign::Wrong;
                row.wrong = true;
                row.what = Safe::from_static("gap");
                row.detail = line(&format!("{} missing: {reason}", words::count(count)));
            }
            Kind::Note { text, .. } => {
                row.what = Safe::from_static("note");
                row.detail = line(text);
            }
            Kind::Error(failure) => read_failure(&mut row, &failure),
        }
        Self { row, message }
    }

    /// The session of the row.
    pub fn session(&self) -> SessionId {
        self.row.session
    }

    /// The packet id whose acknowledgement is awaited.
    pub fn packet(&self) -> Option<PacketId> {
        self.row.packet
    }

    /// The row, with what the cloud says of the message.
    pub fn finish(self, platform: Option<&dyn Platform>) -> Row {
        let Self { mut row, message } = self;
        let Some(Body { direction, topic, payload, size }) = message else { return row };
        let (Some(platform), Some(payload)) = (platform, payload) else {
            let topic = if row.is_topic { "" } else { words::clip(&topic, ROW_BYTES) };
            row.detail = Safe::new(format!("{topic} {}", words::bytes(size)).trim_start());
            return row;
        };
        let summary = platform.summary(direction, &topic, &payload);
        row.name = line(&summary.name);
        row.detail = if summary.name.is_empty() && summary.detail.is_empty() && !row.is_topic {
            line(&topic)
        } else {
            line(&summary.detail)
        };
        row.wrong |= summary.failed;
        row
    }
}

/// The time of day in that zone, to the millisecond.
pub fn clock(at: WallTime, zone: &TimeZone) -> Safe {
    Safe::new(&at.timestamp().to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string())
}

/// A long text costs no more than what a row shows of it.
fn line(text: &str) -> Safe {
    Safe::new(words::clip(text, ROW_BYTES))
}

fn read_message(row: &mut Row, message: &Message<'_>, direction: Direction) -> Body {
    row.sign = if direction == Direction::Down { Sign::Down } else { Sign::Up };
    row.is_topic = message.what == What::Custom;
    row.what = if row.is_topic { line(message.topic) } else { Safe::new(&message.what.word().replace('-', " ")) };
    if let Some(millis) = message.took_ms {
        row.aside = Safe::new(&words::took(std::time::Duration::from_millis(u64::from(millis))));
    }
    let remark = words::circumstances(message.by, message.irregular).join(", ");
    let role = if message.irregular.any() { Role::Waiting } else { Role::Dim };
    row.remark = (!remark.is_empty()).then(|| (Safe::new(&remark), role));
    let size = message.payload.len();
    let payload = (size <= SUMMED_UP).then(|| message.payload.to_vec());
    Body { direction, topic: message.topic.to_owned(), payload, size }
}

fn read_state(row: &mut Row, change: &StateChange<'_>) {
    row.sign = Sign::of(change.state);
    let word = words::line_state(change.state);
    row.what = change.code.map_or_else(|| Safe::from_static(word), line);
    // Offline with a code is a line that gave up; without one somebody wanted it so.
    row.wrong = change.state == LineState::Offline && change.code.is_some();
    if row.wrong {
        row.sign = Sign::Wrong;
    }
    let mut parts: Vec<String> = Vec::new();
    parts.extend(change.reason.map(|reason| words::clip(reason, ROW_BYTES).to_owned()));
    match (change.state, change.retry_in) {
        (LineState::Backoff, Some(wait)) => {
            row.aside = Safe::new(&format!("retry {} in {}", change.attempt, words::took(wait)));
        }
        (LineState::Connecting, _) if change.attempt > 1 => parts.push(format!("attempt {}", change.attempt)),
        _ => {}
    }
    row.detail = Safe::new(&parts.join(", "));
}

fn read_subscribed(row: &mut Row, answer: &Subscribed<'_>) {
    row.what = Safe::from_static("subscribed");
    row.detail = line(answer.filter);
    let asked = answer.asked.number();
    let Some(granted) = answer.granted else {
        row.sign = Sign::Wrong;
        row.wrong = true;
        row.what = Safe::from_static("refused");
        // The reason names the filter.
        if let Some(reason) = answer.reason {
            row.detail = line(reason);
        }
        return;
    };
    let lowered = granted != answer.asked;
    row.sign = if lowered { Sign::Waiting } else { Sign::Good };
    let instead = if lowered { format!(" instead of q{asked}") } else { String::new() };
    row.aside = Safe::new(&format!("q{}{instead}", granted.number()));
    row.is_filter = true;
}

fn read_failure(row: &mut Row, failure: &Failure<'_>) {
    row.sign = Sign::Wrong;
    row.wrong = true;
    row.what = line(failure.code);
    row.detail = line(failure.reason);
}
