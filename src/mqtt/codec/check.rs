//! What a fixed header alone tells: who may send the packet, its flags, its length.

use super::frame::Header;
use super::{Malformed, Side};

/// What the specification says of a packet type's fixed header (table 2.1, table 2.2, sections 3.1 to 3.14).
struct Rule {
    name: &'static str,
    /// Who may send it.
    senders: Senders,
    /// The flags, where they are fixed.
    flags: Option<u8>,
    /// The remaining length, where it is fixed.
    remaining: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Senders {
    Nobody,
    Client,
    Server,
    Both,
}

/// The packet types by number.
const RULES: [Rule; 16] = [
    rule("reserved packet type 0", Senders::Nobody, None, None),
    rule("CONNECT", Senders::Client, Some(0), None),
    rule("CONNACK", Senders::Server, Some(0), Some(2)),
    rule("PUBLISH", Senders::Both, None, None),
    rule("PUBACK", Senders::Both, Some(0), Some(2)),
    rule("PUBREC", Senders::Both, Some(0), Some(2)),
    rule("PUBREL", Senders::Both, Some(0b0010), Some(2)),
    rule("PUBCOMP", Senders::Both, Some(0), Some(2)),
    rule("SUBSCRIBE", Senders::Client, Some(0b0010), None),
    rule("SUBACK", Senders::Server, Some(0), None),
    rule("UNSUBSCRIBE", Senders::Client, Some(0b0010), None),
    rule("UNSUBACK", Senders::Server, Some(0), Some(2)),
    rule("PINGREQ", Senders::Client, Some(0), Some(0)),
    rule("PINGRESP", Senders::Server, Some(0), Some(0)),
    rule("DISCONNECT", Senders::Client, Some(0), Some(0)),
    rule("reserved packet type 15", Senders::Nobody, None, None),
];

const fn rule(name: &'static str, senders: Senders, flags: Option<u8>, remaining: Option<usize>) -> Rule {
    Rule { name, senders, flags, remaining }
}

/// The name of the packet that begins with the byte `first`.
pub(super) fn name(first: u8) -> &'static str {
    RULES[usize::from(first >> 4)].name
}

/// Checks a fixed header as `side` receives it.
pub(super) fn header(side: Side, header: Header) -> Result<(), Malformed> {
    let rule = &RULES[usize::from(header.first >> 4)];
    let flags = header.first & 0x0f;
    let fault = |fault: String| Err(Malformed::within(rule.name, fault));
    match (rule.senders, side) {
        (Senders::Nobody, _) => return fault("MQTT 3.1.1 has no such packet".to_owned()),
        (Senders::Client, Side::Client) => return fault("a server may not send it".to_owned()),
        (Senders::Server, Side::Server) => return fault("a client may not send it".to_owned()),
        _ => {}
    }
    match rule.flags {
        Some(wanted) if flags != wanted => {
            return fault(format!("its flags are {flags:04b} and must be {wanted:04b} (MQTT-2.2.2-2)"));
        }
        None if flags & 0b0110 == 0b0110 => {
            return fault("it has QoS 3, which does not exist (MQTT-3.3.1-4)".to_owned());
        }
        None if flags & 0b1110 == 0b1000 => return fault("it has DUP set with QoS 0 (MQTT-3.3.1-2)".to_owned()),
        _ => {}
    }
    match rule.remaining {
        Some(wanted) if header.remaining != wanted => {
            fault(format!("its remaining length is {} and must be {wanted}", header.remaining))
        }
        _ => Ok(()),
    }
}
