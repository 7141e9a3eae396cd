//! Which recorded device is sent as which live one: settled before anything is dialled.

use std::sync::Arc;
use std::time::Duration;

use super::score::{self, Part};
use super::{Options, Resend};
use crate::cloud::guard::{self, Meter};
use crate::cloud::transfer::{Fresh, NewId, Transfer, Untransferable, is_same_device};
use crate::cloud::{self, Direction};
use crate::event::{Moment, What};
use crate::mqtt::Qos;
use crate::profile::Profile;
use crate::session::Handle;
use crate::tape::{Recorded, Tapes};

/// The part of one recorded device, to be sent as a live one.
#[derive(Clone, Debug)]
pub struct Plan {
    tapes: Tapes,
    recorded: Recorded,
    transfer: Transfer,
    to: Profile,
}

/// Why there is nothing to send.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No device is on the tape.
    #[error("no device is on the tape")]
    Nobody,
    /// The device that was named is not on the tape.
    #[error("`{name}` is not on the tape, which has {others}")]
    NotThere {
        /// The name.
        name: String,
        /// Who is.
        others: String,
    },
    /// Several devices are on the tape, and none fits better than the others.
    #[error("the tape has {others}, and it is not said whose messages `{device}` shall send")]
    Several {
        /// The live device.
        device: String,
        /// Who is on the tape.
        others: String,
    },
    /// The recorded device and the live one do not go together.
    #[error("`{recorded}` cannot be sent as `{device}`: {why}")]
    Unlike {
        /// The recorded device.
        recorded: String,
        /// The live device.
        device: String,
        /// Why.
        why: Untransferable,
    },
}

/// A message that would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// How long after the first one.
    pub after: Duration,
    /// Its kind.
    pub what: What,
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// The quality of service.
    pub qos: Qos,
    /// RETAIN.
    pub retain: bool,
    /// It is an answer: it goes only when the platform asks the same, with the id of that request instead of the recorded one.
    pub only_if_asked: bool,
    /// Why a guardrail would refuse it, if one would.
    pub breach: Option<String>,
}

impl Plan {
    /// Chooses the part: that of `session`, if one is named; else that of the device itself (by its identifiers, then by its
    /// name); else the only one of its cloud.
    pub fn new(tapes: Tapes, session: Option<&str>, to: &Profile) -> Result<Self, PlanError> {
        let recorded = choose(&tapes.sessions(), session, to)?;
        let live = Recorded::of(to);
        let from = (recorded.cloud, &recorded.identifiers);
        let transfer = Transfer::new(from, (live.cloud, &live.identifiers)).map_err(|why| PlanError::Unlike {
            recorded: recorded.name.clone(),
            device: to.name.clone(),
            why,
        })?;
        Ok(Self { tapes, recorded, transfer, to: to.clone() })
    }

    /// The recorded device.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// The tapes.
    pub fn tapes(&self) -> &Tapes {
        &self.tapes
    }

    /// What would be sent at `now`, in order; the ids are counted from the wall clock, as in earnest.
    pub fn rehearse(&self, now: Moment) -> impl Iterator<Item = Rehearsed> {
        let recorded = cloud::observed(self.recorded.cloud, &self.recorded.identifiers);
        let live = cloud::platform(&self.to);
        let mut serial = serial(now);
        let mut first_us = None;
        score::entries(&self.tapes, &self.recorded.name).filter_map(move |told| {
            let Part::Sent(letter) = &told.part else { return None };
            let passed = told.time_us.saturating_sub(*first_us.get_or_insert(told.time_us));
            let meaning = recorded.meaning(Direction::Up, &letter.topic, &letter.payload);
            let only_if_asked = meaning.what.is_answer();
            let id = (serial % (1 << 32)).to_string();
            let is_new = meaning.request_id.is_some() && !only_if_asked;
            serial += u64::from(!only_if_asked);
            let shift_us = now.at.unix_micros().saturating_sub(told.at.unix_micros());
            let fresh = Fresh {
                id: if is_new { NewId::Other(&id) } else { NewId::Same },
                shift_us: if only_if_asked { 0 } else { shift_us },
            };
            let carried = self.transfer.carry(Direction::Up, &letter.topic, &letter.payload, &fresh);
            let message = guard::Outgoing {
                topic: &carried.topic,
                size: carried.payload.len(),
                qos: letter.qos,
                retain: letter.retain,
                what: meaning.what,
            };
            let breach = guard::check_publish(live.limits(), &Meter::default(), now.mono, &message).err();
            Some(Rehearsed {
                after: Duration::from_micros(passed),
                what: meaning.what,
                topic: carried.topic.to_string(),
                payload: carried.payload.to_vec(),
                qos: letter.qos,
                retain: letter.retain,
                only_if_asked,
                breach: breach.map(|breach| breach.to_string()),
            })
        })
    }

    /// Begins, through the session of `handle`, whose device must be the plan's.
    pub fn begin(self, handle: &Handle, options: Options, now: Moment) -> std::io::Result<Resend> {
        let recorded = Arc::from(cloud::observed(self.recorded.cloud, &self.recorded.identifiers));
        let own = handle.platform.subscriptions().into_iter().chain(handle.profile.subscribe.iter().cloned());
        let held = own.map(|subscription| subscription.filter.as_str().to_owned()).collect();
        let live = Arc::clone(&handle.platform);
        let engine = super::engine::Engine::new(self.transfer, recorded, live, held, options, serial(now));
        let span_us = self.tapes.span_us();
        let entries = score::reader(self.tapes, self.recorded.name)?;
        Ok(Resend::new(engine, entries, handle.clone(), span_us))
    }
}

/// The first id: one that the device did not use before, as far as clocks go.
fn serial(now: Moment) -> u64 {
    u64::try_from(now.at.unix_micros() / 1_000).unwrap_or(0)
}

/// The recorded device whose part it is: the one named, else the device itself, its namesake, or the only one of its cloud.
pub(in crate::replay) fn choose(
    sessions: &[Recorded],
    named: Option<&str>,
    to: &Profile,
) -> Result<Recorded, PlanError> {
    if sessions.is_empty() {
        return Err(PlanError::Nobody);
    }
    let others = || {
        let words: Vec<_> =
            sessions.iter().map(|session| format!("`{}` ({})", session.name, session.cloud.word())).collect();
        words.join(", ")
    };
    if let Some(name) = named {
        let found = sessions.iter().find(|session| session.name == name).cloned();
        return found.ok_or_else(|| PlanError::NotThere { name: name.to_owned(), others: others() });
    }
    if let [only] = sessions {
        return Ok(only.clone());
    }
    let live = Recorded::of(to);
    let fitting: Vec<_> = sessions.iter().filter(|session| session.cloud == live.cloud).collect();
    let itself = fitting.iter().find(|session| is_same_device(live.cloud, &session.identifiers, &live.identifiers));
    let namesake = || fitting.iter().find(|session| session.name == live.name);
    let found = itself.or_else(namesake).copied().or(match fitting.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    found.cloned().ok_or_else(|| PlanError::Several { device: to.name.clone(), others: others() })
}
