//! SUBSCRIBE and UNSUBSCRIBE on their way to an answer. They die with the network connection.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::outgoing::Ids;
use super::{Fault, Happening, Output, Token};
use crate::mqtt::codec;
use crate::mqtt::packet::{Packet, PacketId, Qos, Suback, Subscribe, Unsubscribe};
use crate::mqtt::topic::TopicFilter;

/// The requests without an answer, by packet identifier.
#[derive(Debug, Default)]
pub(super) struct Requests {
    open: BTreeMap<PacketId, Request>,
}

#[derive(Debug)]
struct Request {
    token: Token,
    /// From when on the wait for its answer counts.
    since: Instant,
    asked: Asked,
}

/// What a request asks for.
#[derive(Debug)]
pub(super) enum Asked {
    Subscribe(Vec<(TopicFilter, Qos)>),
    Unsubscribe(Vec<TopicFilter>),
}

impl Asked {
    fn packet(&self, packet_id: PacketId) -> Packet {
        match self {
            Self::Subscribe(filters) => {
                let filters = filters.iter().map(|(filter, qos)| (filter.as_str().to_owned(), *qos)).collect();
                Packet::Subscribe(Subscribe { packet_id, filters })
            }
            Self::Unsubscribe(filters) => {
                let filters = filters.iter().map(|filter| filter.as_str().to_owned()).collect();
                Packet::Unsubscribe(Unsubscribe { packet_id, filters })
            }
        }
    }

    /// The packet that answers.
    fn answer(&self) -> &'static str {
        match self {
            Self::Subscribe(_) => "SUBACK",
            Self::Unsubscribe(_) => "UNSUBACK",
        }
    }
}

impl Requests {
    /// Requests without an answer.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Writes a request; what cannot be written is rejected.
    pub(super) fn send(&mut self, now: Instant, token: Token, asked: Asked, ids: &mut Ids, output: &mut Output) {
        let Some(id) = ids.take() else {
            return output.reject(token, "all 65,535 packet identifiers are in use");
        };
        match codec::encode(&asked.packet(id), &mut output.bytes) {
            Ok(()) => {
                self.open.insert(id, Request { token, since: now, asked });
            }
            Err(error) => {
                ids.free(id);
                output.reject(token, error.to_string());
            }
        }
    }

    /// The packet that `id` waits for, if it belongs to a request.
    pub(super) fn awaited(&self, id: PacketId) -> Option<&'static str> {
        self.open.get(&id).map(|request| request.asked.answer())
    }

    /// Takes a SUBACK whose identifier belongs to a SUBSCRIBE. `Err` tells the fault, in words; the request is over then, too.
    pub(super) fn suback(&mut self, suback: Suback, ids: &mut Ids, output: &mut Output) -> Result<(), String> {
        let Some(request) = self.open.remove(&suback.packet_id) else { return Ok(()) };
        ids.free(suback.packet_id);
        let Asked::Subscribe(filters) = request.asked else { return Ok(()) };
        let (asked, granted) = (filters.len(), suback.granted.len());
        if asked != granted {
            let fault = format!("SUBACK: it has {granted} return codes for {asked} topic filters (MQTT-3.8.4-5)");
            output.reject(request.token, fault.as_str());
            return Err(fault);
        }
        let filters: Vec<_> =
            filters.into_iter().zip(suback.granted).map(|((filter, qos), granted)| (filter, qos, granted)).collect();
        for (filter, qos, granted) in &filters {
            if let Some(granted) = granted.filter(|granted| granted > qos) {
                let (granted, qos) = (granted.number(), qos.number());
                let filter = filter.as_str();
                output.happened(Happening::Noted(format!(
                    "SUBACK grants QoS {granted} for {filter}, more than the QoS {qos} that was asked for"
                )));
            }
        }
        output.happened(Happening::Subscribed { token: request.token, filters });
        Ok(())
    }

    /// Takes an UNSUBACK whose identifier belongs to an UNSUBSCRIBE.
    pub(super) fn unsuback(&mut self, id: PacketId, ids: &mut Ids, output: &mut Output) {
        if let Some(Request { token, asked: Asked::Unsubscribe(filters), .. }) = self.open.remove(&id) {
            ids.free(id);
            output.happened(Happening::Unsubscribed { token, filters });
        }
    }

    /// When the first answer is late.
    pub(super) fn deadline(&self, within: Duration) -> Option<Instant> {
        self.open.values().map(|request| request.since + within).min()
    }

    /// Ends the requests whose answers are late. A strict machine ends the connection for the first of them.
    pub(super) fn tick(
        &mut self,
        now: Instant,
        within: Duration,
        strict: bool,
        ids: &mut Ids,
        output: &mut Output,
    ) -> Result<(), Fault> {
        let is_late = |_: &PacketId, request: &mut Request| now >= request.since + within;
        for (id, request) in self.open.extract_if(.., is_late) {
            let answer = request.asked.answer();
            ids.free(id);
            output.reject(request.token, format!("{answer} did not come within {} s", within.as_secs()));
            if strict {
                return Err(Fault::Timeout(answer));
            }
        }
        Ok(())
    }

    /// Nobody listened until `now`: the wait begins anew.
    pub(super) fn forgive(&mut self, now: Instant) {
        for request in self.open.values_mut() {
            request.since = now;
        }
    }

    /// The network connection is gone, and with it every request.
    pub(super) fn closed(&mut self, ids: &mut Ids, output: &mut Output) {
        for (id, request) in std::mem::take(&mut self.open) {
            ids.free(id);
            output.reject(request.token, format!("the connection ended before {} came", request.asked.answer()));
        }
    }
}
