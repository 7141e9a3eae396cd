//! The phases of a network connection, and which part takes which packet.

use std::time::Instant;

use bytes::Bytes;

use super::incoming::Incoming;
use super::keepalive::{Due, KeepAlive};
use super::outgoing::{Ids, Outgoing};
use super::requests::{Asked, Requests};
use super::{Fault, Happening, Input, Options, Output, Token};
use crate::mqtt::codec::{Decoder, Malformed, Side};
use crate::mqtt::packet::{Connack, Connect, ConnectReturn, Packet, Publish};

/// The machine.
#[derive(Debug)]
pub struct Client {
    decoder: Decoder,
    core: Core,
}

/// The machine behind its decoder.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) options: Options,
    pub(super) phase: Phase,
    /// CleanSession of the last CONNECT.
    clean: bool,
    /// The keep-alive of the last CONNECT, in seconds.
    keep_alive: u16,
    pub(super) ids: Ids,
    pub(super) outgoing: Outgoing,
    pub(super) incoming: Incoming,
    pub(super) requests: Requests,
}

/// Where a network connection stands.
#[derive(Debug)]
pub(super) enum Phase {
    /// No network connection.
    Down,
    /// CONNECT is written, CONNACK is awaited.
    Connecting {
        /// When CONNECT was written.
        sent: Instant,
        /// From when on the wait for CONNACK counts.
        since: Instant,
    },
    /// CONNACK 0 has come.
    Online(KeepAlive),
    /// We left, were refused or found a fault: nothing more is read or written until the link is closed.
    Over,
}

/// What stops the decoder.
enum Stop {
    Malformed(Malformed),
    Fault(Fault),
}

impl From<Malformed> for Stop {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl Client {
    /// A client with no session state.
    pub fn new(options: Options) -> Self {
        Self {
            decoder: Decoder::new(Side::Client, options.max_packet),
            core: Core {
                options,
                phase: Phase::Down,
                clean: true,
                keep_alive: 0,
                ids: Ids::default(),
                outgoing: Outgoing::default(),
                incoming: Incoming::default(),
                requests: Requests::default(),
            },
        }
    }

    /// Hands the machine one input.
    pub fn step(&mut self, now: Instant, input: Input, output: &mut Output) -> Result<(), Fault> {
        let before = output.bytes.len();
        let result = self.take(now, input, output);
        if output.bytes.len() > before
            && let Phase::Online(keep_alive) = &mut self.core.phase
        {
            keep_alive.sent(now);
        }
        if result.is_err() {
            self.core.phase = Phase::Over;
        }
        result
    }

    fn take(&mut self, now: Instant, input: Input, output: &mut Output) -> Result<(), Fault> {
        let core = &mut self.core;
        match input {
            Input::Opened(connect) => {
                core.closed(output);
                self.decoder = Decoder::new(Side::Client, core.options.max_packet);
                core.opened(now, connect, output)
            }
            Input::Received(bytes) => self.received(now, bytes, output),
            Input::Closed => {
                core.closed(output);
                Ok(())
            }
            Input::Publish { token, topic, payload, qos, retain } => {
                let publish = Publish { dup: false, qos, retain, topic, packet_id: None, payload };
                core.publish(now, token, publish, output);
                Ok(())
            }
            Input::Subscribe { token, filters } => {
                core.request(now, token, Asked::Subscribe(filters), output);
                Ok(())
            }
            Input::Unsubscribe { token, filters } => {
                core.request(now, token, Asked::Unsubscribe(filters), output);
                Ok(())
            }
            Input::Acknowledge { up_to } => core.acknowledge(up_to, output),
            Input::Disconnect => core.disconnect(output),
            Input::Tick => core.tick(now, output),
        }
    }

    fn received(&mut self, now: Instant, mut bytes: Bytes, output: &mut Output) -> Result<(), Fault> {
        match &mut self.core.phase {
            Phase::Down | Phase::Over => return Ok(()),
            Phase::Online(keep_alive) => keep_alive.heard(now),
            Phase::Connecting { .. } => {}
        }
        loop {
            let core = &mut self.core;
            match self.decoder.feed(bytes, |packet| core.packet(now, packet, output).map_err(Stop::Fault)) {
                Ok(()) => return Ok(()),
                Err(Stop::Fault(fault)) => return Err(fault),
                Err(Stop::Malformed(malformed)) if malformed.framing_whole => {
                    self.core.fault(malformed.to_string(), output)?;
                    bytes = Bytes::new();
                }
                Err(Stop::Malformed(malformed)) => return Err(Fault::Protocol(malformed.to_string())),
            }
        }
    }

    /// When the machine wants an [`Input::Tick`].
    pub fn deadline(&self) -> Option<Instant> {
        let core = &self.core;
        match &core.phase {
            Phase::Down | Phase::Over => None,
            Phase::Connecting { since, .. } => Some(*since + core.options.answer_within),
            Phase::Online(keep_alive) => {
                let answers = core.requests.deadline(core.options.answer_within);
                answers.into_iter().chain(keep_alive.deadline()).min()
            }
        }
    }

    /// How many messages of ours are unacknowledged or wait for the window.
    pub fn in_flight(&self) -> usize {
        self.core.outgoing.len()
    }

    /// How many bytes of topics and payloads they have.
    pub fn unacknowledged_bytes(&self) -> usize {
        self.core.outgoing.bytes()
    }

    /// How many SUBSCRIBEs and UNSUBSCRIBEs have no answer yet.
    pub fn unanswered(&self) -> usize {
        self.core.requests.len()
    }

    /// How many acknowledgements of the server's messages were held, ever: the number of the last, where [`Options::hold`] is on.
    pub fn taken(&self) -> u64 {
        self.core.incoming.taken()
    }

    /// How many of them still wait for [`Input::Acknowledge`].
    pub fn held(&self) -> usize {
        self.core.incoming.held()
    }

    /// The caller did not read from the link on purpose until `now`: the silence does not count, nor does the wait for
    /// answers. To be called before the [`Input::Tick`] that would find them late.
    pub fn forgive_silence(&mut self, now: Instant) {
        match &mut self.core.phase {
            Phase::Down | Phase::Over => {}
            Phase::Connecting { since, .. } => *since = now,
            Phase::Online(keep_alive) => {
                keep_alive.forgive(now);
                self.core.requests.forgive(now);
            }
        }
    }
}

impl Core {
    /// A fault of the platform that leaves the framing whole.
    pub(super) fn fault(&self, fault: String, output: &mut Output) -> Result<(), Fault> {
        if self.options.strict {
            return Err(Fault::Protocol(fault));
        }
        output.happened(Happening::Noted(fault));
        Ok(())
    }

    fn opened(&mut self, now: Instant, connect: Box<Connect>, output: &mut Output) -> Result<(), Fault> {
        self.clean = connect.clean_session;
        self.keep_alive = connect.keep_alive;
        if self.clean {
            self.forget("the new connection begins with a clean session", output);
        }
        output.write(&Packet::Connect(connect))?;
        self.phase = Phase::Connecting { sent: now, since: now };
        Ok(())
    }

    fn closed(&mut self, output: &mut Output) {
        if matches!(self.phase, Phase::Down) {
            return;
        }
        self.phase = Phase::Down;
        self.requests.closed(&mut self.ids, output);
        self.incoming.closed();
        if self.clean {
            self.forget("the connection ended before the platform had acknowledged it", output);
        }
    }

    /// Discards the session's state (MQTT-3.1.2-6).
    fn forget(&mut self, reason: &str, output: &mut Output) {
        self.outgoing.discard(reason, &mut self.ids, output);
        self.incoming.forget();
    }

    fn publish(&mut self, now: Instant, token: Token, publish: Publish, output: &mut Output) {
        if matches!(self.phase, Phase::Online(_)) {
            let bounds = (self.options.window, self.options.queue);
            self.outgoing.publish(now, token, publish, bounds, &mut self.ids, output);
        } else {
            output.reject(token, "there is no connection to the platform");
        }
    }

    fn request(&mut self, now: Instant, token: Token, asked: Asked, output: &mut Output) {
        if matches!(self.phase, Phase::Online(_)) {
            self.requests.send(now, token, asked, &mut self.ids, output);
        } else {
            output.reject(token, "there is no connection to the platform");
        }
    }

    fn acknowledge(&mut self, up_to: u64, output: &mut Output) -> Result<(), Fault> {
        if matches!(self.phase, Phase::Online(_)) { self.incoming.release(up_to, output) } else { Ok(()) }
    }

    /// After DISCONNECT nothing is written (MQTT-3.14.4-2).
    fn disconnect(&mut self, output: &mut Output) -> Result<(), Fault> {
        if matches!(self.phase, Phase::Connecting { .. } | Phase::Online(_)) {
            self.phase = Phase::Over;
            output.write(&Packet::Disconnect)?;
        }
        Ok(())
    }

    fn tick(&mut self, now: Instant, output: &mut Output) -> Result<(), Fault> {
        let within = self.options.answer_within;
        let keep_alive = match &mut self.phase {
            Phase::Connecting { since, .. } if now >= *since + within => return Err(Fault::Timeout("CONNACK")),
            Phase::Down | Phase::Over | Phase::Connecting { .. } => return Ok(()),
            Phase::Online(keep_alive) => keep_alive,
        };
        self.requests.tick(now, within, self.options.strict, &mut self.ids, output)?;
        if let Some(Due::Unanswered) = keep_alive.due(now) {
            if self.options.strict {
                return Err(Fault::Timeout("PINGRESP"));
            }
            keep_alive.forget_pings();
            output.happened(Happening::Noted("PINGRESP did not come in time, but other packets do".to_owned()));
        }
        match keep_alive.due(now) {
            Some(Due::Gone(silence)) => return Err(Fault::KeepAlive(silence)),
            Some(Due::Ping) => {
                keep_alive.pinged(now);
                output.write(&Packet::Pingreq)?;
            }
            Some(Due::Unanswered) | None => {}
        }
        Ok(())
    }

    fn packet(&mut self, now: Instant, packet: Packet, output: &mut Output) -> Result<(), Fault> {
        match (&self.phase, packet) {
            (Phase::Down | Phase::Over, _) => Ok(()),
            (&Phase::Connecting { sent, .. }, Packet::Connack(connack)) => self.connack(now, sent, connack, output),
            (Phase::Connecting { .. }, packet) => {
                self.fault(format!("{}: it came before CONNACK (MQTT-3.2.0-1)", packet.name()), output)
            }
            (Phase::Online(_), packet) => self.packet_online(now, packet, output),
        }
    }

    /// Takes the CONNACK to the CONNECT that was written at `sent`.
    fn connack(&mut self, now: Instant, sent: Instant, connack: Connack, output: &mut Output) -> Result<(), Fault> {
        if connack.code != ConnectReturn::Accepted {
            self.phase = Phase::Over;
            output.happened(Happening::Refused(connack.code));
            return Ok(());
        }
        let session_present = connack.session_present;
        if session_present && self.clean {
            let fault = "CONNACK: session-present is set, but a clean session was asked for (MQTT-3.2.2-1)";
            self.fault(fault.to_owned(), output)?;
        }
        let mut keep_alive = KeepAlive::new(self.keep_alive, self.options.answer_within, sent);
        keep_alive.heard(now);
        self.phase = Phase::Online(keep_alive);
        output.happened(Happening::Connected { session_present });
        if !session_present {
            // The platform may use any identifier anew: a QoS 2 message with an old one is a new message.
            self.incoming.forget();
        }
        // MQTT-4.4.0-1 makes no exception for a platform that has lost its half of the session.
        let again = self.outgoing.send_again(output)?;
        if again > 0 && !session_present {
            output.happened(Happening::Noted(format!(
                "the platform kept no session: {again} unacknowledged messages are sent again and may arrive twice"
            )));
        }
        self.outgoing.send_waiting(now, self.options.window, &mut self.ids, output);
        Ok(())
    }
}
