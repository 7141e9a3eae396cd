//! How one event lies in memory: a head of fixed size and three runs of bytes (topic, extras, payload).
//!
//! The head holds the numbers that every event has. What only some have (an order's number, a deadline, a reason) is packed
//! into the extras, in an order that the flags tell. Nothing here leaves the process: the layout may change at any time.

use std::time::Duration;

use crate::event::{Acked, Failure, Irregular, Kind, LineState, Message, StateChange, Subscribed, What};
use crate::mqtt::{PacketId, Qos};

/// Bytes of a head at rest.
pub(super) const HEAD_BYTES: usize = 44;

/// The numbers that every event has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Microseconds since the Unix epoch.
    pub(super) at: i64,
    /// Microseconds since the stream's start.
    pub(super) mono_us: u64,
    /// Where the topic or topic filter starts in the chunk. It may be shared with other events of the chunk.
    pub(super) topic_at: u32,
    /// Its length.
    pub(super) topic_len: u32,
    /// Where the extras start in the chunk; the payload follows them.
    pub(super) body_at: u32,
    /// Length of the extras.
    pub(super) extras_len: u32,
    /// Length of the payload.
    pub(super) payload_len: u32,
    /// The session.
    pub(super) session: u16,
    /// The packet identifier; 0 for none.
    pub(super) packet_id: u16,
    /// Which kind.
    pub(super) tag: u8,
    /// Which extras there are, and the kind's own bits.
    pub(super) flags: u8,
    /// An index into [`What::ALL`] or [`LineState::ALL`].
    pub(super) word: u8,
    /// Messages: what is out of order about a reply, and whether something of the device's own sent it.
    pub(super) more: u8,
}

/// Tags of the kinds.
pub(super) mod tag {
    pub(in super::super) const STATE: u8 = 0;
    pub(in super::super) const RX: u8 = 1;
    pub(in super::super) const TX: u8 = 2;
    pub(in super::super) const ACKED: u8 = 3;
    pub(in super::super) const SUBSCRIBED: u8 = 4;
    pub(in super::super) const UNSUBSCRIBED: u8 = 5;
    pub(in super::super) const GAP: u8 = 6;
    pub(in super::super) const NOTE: u8 = 7;
    pub(in super::super) const ERROR: u8 = 8;
}

/// Flags. The low two bits hold a quality of service where the kind has one.
mod flag {
    pub(super) const ORDER: u8 = 1 << 2;
    /// Messages.
    pub(super) const RETAIN: u8 = 1 << 3;
    pub(super) const DUP: u8 = 1 << 4;
    pub(super) const REQUEST: u8 = 1 << 5;
    pub(super) const DEADLINE: u8 = 1 << 6;
    pub(super) const TOOK: u8 = 1 << 7;
    /// States and failures.
    pub(super) const RETRY: u8 = 1 << 3;
    pub(super) const CODE: u8 = 1 << 4;
    pub(super) const REASON: u8 = 1 << 5;
    pub(super) const HINT: u8 = 1 << 6;
    /// Subscriptions: the granted quality of service is in bits 6 and 7.
    pub(super) const GRANTED: u8 = 1 << 3;
    pub(super) const GRANTED_SHIFT: u32 = 6;
}

/// In [`Head::more`], beside the three bits of [`Irregular`].
const BY: u8 = 1 << 3;

impl Head {
    /// Writes the head into `HEAD_BYTES` bytes.
    pub(super) fn write(&self, out: &mut [u8; HEAD_BYTES]) {
        out[0..8].copy_from_slice(&self.at.to_le_bytes());
        out[8..16].copy_from_slice(&self.mono_us.to_le_bytes());
        out[16..20].copy_from_slice(&self.topic_at.to_le_bytes());
        out[20..24].copy_from_slice(&self.topic_len.to_le_bytes());
        out[24..28].copy_from_slice(&self.body_at.to_le_bytes());
        out[28..32].copy_from_slice(&self.extras_len.to_le_bytes());
        out[32..36].copy_from_slice(&self.payload_len.to_le_bytes());
        out[36..38].copy_from_slice(&self.session.to_le_bytes());
        out[38..40].copy_from_slice(&self.packet_id.to_le_bytes());
        out[40] = self.tag;
        out[41] = self.flags;
        out[42] = self.word;
        out[43] = self.more;
    }

    /// Reads what [`Head::write`] wrote.
    pub(super) fn read(bytes: &[u8; HEAD_BYTES]) -> Self {
        Self {
            at: i64::from_le_bytes(field(bytes, 0)),
            mono_us: u64::from_le_bytes(field(bytes, 8)),
            topic_at: u32::from_le_bytes(field(bytes, 16)),
            topic_len: u32::from_le_bytes(field(bytes, 20)),
            body_at: u32::from_le_bytes(field(bytes, 24)),
            extras_len: u32::from_le_bytes(field(bytes, 28)),
            payload_len: u32::from_le_bytes(field(bytes, 32)),
            session: u16::from_le_bytes(field(bytes, 36)),
            packet_id: u16::from_le_bytes(field(bytes, 38)),
            tag: bytes[40],
            flags: bytes[41],
            word: bytes[42],
            more: bytes[43],
        }
    }

    /// Whether this is a message.
    pub(super) fn is_message(&self) -> bool {
        matches!(self.tag, tag::RX | tag::TX)
    }

    /// What a message is.
    pub(super) fn what(&self) -> What {
        What::ALL.get(usize::from(self.word)).copied().unwrap_or_default()
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// The `N` bytes from `at`, as an array.
fn field<const N: usize>(bytes: &[u8; HEAD_BYTES], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

/// Takes `kind` apart: fills in the head's tag, flags, word and packet identifier, puts the extras into `extras` (which comes
/// empty), and answers the topic and the payload.
pub(super) fn pack<'a>(kind: &Kind<'a>, head: &mut Head, extras: &mut Vec<u8>) -> (&'a str, &'a [u8]) {
    match kind {
        Kind::Rx(message) => return pack_message(tag::RX, message, head, extras),
        Kind::Tx(message) => return pack_message(tag::TX, message, head, extras),
        Kind::State(change) => pack_state(change, head, extras),
        Kind::Acked(acked) => {
            head.tag = tag::ACKED;
            head.packet_id = number_of(acked.packet_id);
            put_order(acked.order, head, extras);
            put_duration(acked.took, extras);
        }
        Kind::Subscribed(answer) => {
            head.tag = tag::SUBSCRIBED;
            head.flags = answer.asked.number();
            if let Some(granted) = answer.granted {
                head.flags |= flag::GRANTED | granted.number() << flag::GRANTED_SHIFT;
            }
            put_order(answer.order, head, extras);
            put_text(flag::REASON, answer.reason, head, extras);
            return (answer.filter, &[]);
        }
        Kind::Unsubscribed { filter, order } => {
            head.tag = tag::UNSUBSCRIBED;
            put_order(*order, head, extras);
            return (filter, &[]);
        }
        Kind::Gap { count, reason } => {
            head.tag = tag::GAP;
            extras.extend_from_slice(&count.to_le_bytes());
            return ("", reason.as_bytes());
        }
        Kind::Note { text, order } => {
            head.tag = tag::NOTE;
            put_order(*order, head, extras);
            return ("", text.as_bytes());
        }
        Kind::Error(failure) => {
            head.tag = tag::ERROR;
            put_order(failure.order, head, extras);
            put_text(flag::CODE, Some(failure.code), head, extras);
            put_text(flag::HINT, failure.hint, head, extras);
            return ("", failure.reason.as_bytes());
        }
    }
    ("", &[])
}

fn pack_message<'a>(tag: u8, message: &Message<'a>, head: &mut Head, extras: &mut Vec<u8>) -> (&'a str, &'a [u8]) {
    head.tag = tag;
    head.word = message.what as u8;
    head.packet_id = number_of(message.packet_id);
    head.flags = message.qos.number();
    if message.retain {
        head.flags |= flag::RETAIN;
    }
    if message.dup {
        head.flags |= flag::DUP;
    }
    put_order(message.order, head, extras);
    for (flag, millis) in [(flag::DEADLINE, message.deadline_ms), (flag::TOOK, message.took_ms)] {
        if let Some(millis) = millis {
            head.flags |= flag;
            extras.extend_from_slice(&millis.to_le_bytes());
        }
    }
    put_text(flag::REQUEST, message.request_id, head, extras);
    head.more = message.irregular.bits();
    if let Some(by) = message.by {
        head.more |= BY;
        push_text(by, extras);
    }
    (message.topic, message.payload)
}

fn pack_state(change: &StateChange<'_>, head: &mut Head, extras: &mut Vec<u8>) {
    head.tag = tag::STATE;
    head.word = change.state as u8;
    put_order(change.order, head, extras);
    extras.extend_from_slice(&change.attempt.to_le_bytes());
    if let Some(wait) = change.retry_in {
        head.flags |= flag::RETRY;
        put_duration(wait, extras);
    }
    put_text(flag::CODE, change.code, head, extras);
    put_text(flag::REASON, change.reason, head, extras);
    put_text(flag::HINT, change.hint, head, extras);
}

fn number_of(packet_id: Option<PacketId>) -> u16 {
    packet_id.map_or(0, PacketId::number)
}

fn put_order(order: Option<u64>, head: &mut Head, extras: &mut Vec<u8>) {
    if let Some(order) = order {
        head.flags |= flag::ORDER;
        extras.extend_from_slice(&order.to_le_bytes());
    }
}

fn put_duration(duration: Duration, extras: &mut Vec<u8>) {
    extras.extend_from_slice(&duration.as_secs().to_le_bytes());
    extras.extend_from_slice(&duration.subsec_nanos().to_le_bytes());
}

fn put_text(flag: u8, text: Option<&str>, head: &mut Head, extras: &mut Vec<u8>) {
    if let Some(text) = text {
        head.flags |= flag;
        push_text(text, extras);
    }
}

fn push_text(text: &str, extras: &mut Vec<u8>) {
    extras.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    extras.extend_from_slice(text.as_bytes());
}

/// Puts together what [`pack`] took apart.
pub(super) fn unpack<'a>(head: &Head, topic: &'a str, extras: &'a [u8], payload: &'a [u8]) -> Kind<'a> {
    let mut extras = Reader(extras);
    let order = head.has(flag::ORDER).then(|| extras.u64());
    match head.tag {
        tag::RX => Kind::Rx(unpack_message(head, topic, extras, payload, order)),
        tag::TX => Kind::Tx(unpack_message(head, topic, extras, payload, order)),
        tag::STATE => Kind::State(StateChange {
            state: LineState::ALL.get(usize::from(head.word)).copied().unwrap_or_default(),
            order,
            attempt: extras.u32(),
            retry_in: head.has(flag::RETRY).then(|| extras.duration()),
            code: head.has(flag::CODE).then(|| extras.text()),
            reason: head.has(flag::REASON).then(|| extras.text()),
            hint: head.has(flag::HINT).then(|| extras.text()),
        }),
        tag::ACKED => Kind::Acked(Acked { packet_id: PacketId::new(head.packet_id), order, took: extras.duration() }),
        tag::SUBSCRIBED => Kind::Subscribed(Subscribed {
            filter: topic,
            asked: qos(head.flags),
            granted: head.has(flag::GRANTED).then(|| qos(head.flags >> flag::GRANTED_SHIFT)),
            order,
            reason: head.has(flag::REASON).then(|| extras.text()),
        }),
        tag::UNSUBSCRIBED => Kind::Unsubscribed { filter: topic, order },
        tag::GAP => Kind::Gap { count: extras.u64(), reason: words(payload) },
        tag::NOTE => Kind::Note { text: words(payload), order },
        _ => Kind::Error(Failure {
            order,
            code: extras.text(),
            hint: head.has(flag::HINT).then(|| extras.text()),
            reason: words(payload),
        }),
    }
}

fn unpack_message<'a>(
    head: &Head,
    topic: &'a str,
    mut extras: Reader<'a>,
    payload: &'a [u8],
    order: Option<u64>,
) -> Message<'a> {
    Message {
        topic,
        qos: qos(head.flags),
        retain: head.has(flag::RETAIN),
        dup: head.has(flag::DUP),
        packet_id: PacketId::new(head.packet_id),
        payload,
        what: head.what(),
        order,
        deadline_ms: head.has(flag::DEADLINE).then(|| extras.u32()),
        took_ms: head.has(flag::TOOK).then(|| extras.u32()),
        request_id: head.has(flag::REQUEST).then(|| extras.text()),
        irregular: Irregular::from_bits(head.more),
        by: (head.more & BY != 0).then(|| extras.text()),
    }
}

fn qos(bits: u8) -> Qos {
    Qos::from_number(bits & 3).unwrap_or_default()
}

/// The bytes of a text that was stored.
pub(super) fn words(bytes: &[u8]) -> &str {
    // They came from a `&str`, so this cannot fail.
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Reads extras from the front. They were written by `pack` with the same flags, so they are long enough.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let bytes = self.bytes(N);
        out[..bytes.len()].copy_from_slice(bytes);
        out
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    fn duration(&mut self) -> Duration {
        Duration::new(self.u64(), self.u32())
    }

    fn text(&mut self) -> &'a str {
        let length = self.u32();
        words(self.bytes(length as usize))
    }
}
