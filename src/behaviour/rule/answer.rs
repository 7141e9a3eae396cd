//! From a request to a rule's answer, spoilt where that is wanted.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use serde_json::Value;

pub(in crate::behaviour) use super::scope::Counters;
use super::scope::World;
use super::{Delay, Faults, Holds, Oversized, Reply};
use crate::behaviour::compact::compact;
use crate::cloud::transfer::result_code;
use crate::cloud::{Answer, Asked, Draft, Meaning, Platform, Properties, Property, Request, spoil};
use crate::event::{WallTime, What};
use crate::mqtt::Qos;
use crate::profile::Cloud;

/// What rules make their answers of.
#[derive(Debug)]
pub(in crate::behaviour) struct Maker {
    random: Rng,
    counters: Counters,
    variables: BTreeMap<String, Value>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::behaviour) struct Made {
    pub(in crate::behaviour) topic: String,
    pub(in crate::behaviour) payload: Bytes,
    pub(in crate::behaviour) qos: Qos,
    /// Whether it tells of success.
    pub(in crate::behaviour) success: bool,
    /// How long after the request it goes.
    pub(in crate::behaviour) after: Duration,
    /// How long after that it goes again.
    pub(in crate::behaviour) again: Option<Duration>,
    /// To how many bytes it is padded when it goes: what waits takes no more room than it must.
    pub(in crate::behaviour) pad: Option<usize>,
    /// Whether it is late on purpose, and goes even if the request has an answer by then.
    pub(in crate::behaviour) late: bool,
}

impl Maker {
    pub(in crate::behaviour) fn new(random: Rng, variables: &[(String, Value)]) -> Self {
        Self { random, counters: Counters::default(), variables: variables.iter().cloned().collect() }
    }

    /// What random things follow from.
    pub(in crate::behaviour) fn random(&mut self) -> &mut Rng {
        &mut self.random
    }

    /// The answer to a request, the `count`th of its rule. The error says in words why there is none.
    pub(in crate::behaviour) fn make(
        &mut self,
        (platform, properties): (&dyn Platform, &Properties),
        (asked, meaning, request): (&Asked<'_>, &Meaning<'_>, &Request),
        (reply, count): (&Reply, u64),
        at: WallTime,
    ) -> Result<Made, String> {
        let mut world = World {
            asked,
            id: meaning.request_id.as_deref(),
            request,
            properties,
            variables: &self.variables,
            random: &mut self.random,
            own_count: count,
            counters: &mut self.counters,
            counted: Vec::new(),
            at,
        };
        let Filled { draft, success } = fill(platform, properties, reply, &mut world)?;
        let Draft { topic, qos, body, .. } = draft;
        let (topic, payload) = spoil(platform.cloud(), &reply.faults, topic, body.into_bytes())?;
        let pad = match reply.faults.oversized {
            None => None,
            Some(Oversized::Bytes(bytes)) => Some(bytes),
            Some(Oversized::ByOne) => {
                let limit = platform.limits().payload.ok_or("the cloud sets no limit to be larger than")?;
                Some(limit + 1)
            }
        };
        let mut after = self.delay(reply.delay);
        if let (Some(late), Some(deadline)) = (reply.faults.late_by, meaning.deadline) {
            after = after.max(deadline + late);
        }
        let (again, late) = (reply.faults.twice, reply.faults.late_by.is_some());
        Ok(Made { topic, payload: Bytes::from(payload), qos, success, after, again, pad, late })
    }

    fn delay(&mut self, delay: Delay) -> Duration {
        let span = delay.most.saturating_sub(delay.least);
        if span.is_zero() {
            return delay.least;
        }
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        delay.least + Duration::from_nanos(self.random.u64(0..=nanos))
    }
}

struct Filled {
    draft: Draft,
    success: bool,
}

/// The answer before anything is wrong with it.
fn fill(
    platform: &dyn Platform,
    properties: &Properties,
    reply: &Reply,
    world: &mut World<'_>,
) -> Result<Filled, String> {
    const NO_ANSWER: &str = "the request has no id, or no form, that an answer could be made for";
    let message = reply.message.as_ref().map(|message| message.render(world)).transpose()?;
    let output = match &reply.holds {
        Holds::Output(template) => Some(template.render(world)?),
        Holds::Usual | Holds::Body(_) => None,
    };
    let get = world.request.what == What::PropertyGet;
    let given = match &output {
        Some(values) if get => Some(values_of(world.request, values, world.at)?),
        _ => None,
    };
    let own = Some(properties).filter(|_| get && world.request.target.is_none());
    let answer = Answer {
        code: reply.code,
        message: message.as_deref(),
        output: output.as_ref().filter(|_| !get),
        properties: given.as_ref().or(own),
    };
    let mut draft = platform.answer(world.asked, &answer).ok_or(NO_ANSWER)?;
    let usual = success_code(platform, world.request.what);
    let success = if let Holds::Body(template) = &reply.holds {
        draft.body = template.render(world)?;
        is_success(platform, world.request.what, draft.body.as_bytes())
    } else {
        draft.body = compact(draft.body);
        reply.code.is_none_or(|code| Some(code) == usual)
    };
    Ok(Filled { draft, success })
}

/// Whether an answer to a request of kind `what` tells of success.
pub(in crate::behaviour) fn is_success(platform: &dyn Platform, what: What, payload: &[u8]) -> bool {
    match result_code(platform.cloud(), payload) {
        Some(code) => Some(code) == success_code(platform, what),
        // Huawei counts a missing code as 0.
        None => platform.cloud() == Cloud::Huawei,
    }
}

fn success_code(platform: &dyn Platform, what: What) -> Option<i64> {
    platform.answer_codes(what).first().map(|(code, _)| *code)
}

/// The properties that a rule gives a property get.
fn values_of(request: &Request, values: &Value, at: WallTime) -> Result<Properties, String> {
    let members = values.as_object().ok_or("the reply to a property get must be an object of properties and values")?;
    let mut properties = Properties::default();
    for (name, value) in members {
        let mut property = Property::parse(name);
        if property.service.is_empty() {
            property.service.clone_from(&request.service);
        }
        if !properties.set(property, value.clone(), at) {
            return Err("the reply has more properties than a device".to_owned());
        }
    }
    Ok(properties)
}

/// Breaks what is to be broken: types and ids first, for they need whole JSON.
fn spoil(cloud: Cloud, faults: &Faults, mut topic: String, mut payload: Vec<u8>) -> Result<(String, Vec<u8>), String> {
    let wrong_topic = if faults.wrong_topic {
        Some(
            spoil::wrong_topic(cloud, &topic, &payload)
                .ok_or("wrong_topic: there is no other topic for this answer")?,
        )
    } else {
        None
    };
    if faults.wrong_type {
        let body = spoil::wrong_type(&payload).ok_or("wrong_type: the body is no JSON object with a value in it")?;
        payload = body.into_bytes();
    }
    if faults.wrong_request_id {
        let spoilt = spoil::wrong_id(cloud, &topic, &payload).ok_or("wrong_request_id: the answer has no id")?;
        let (wrong, body) = (spoilt.topic.into_owned(), spoilt.payload.into_owned());
        (topic, payload) = (wrong, body);
    }
    if let Some(wrong) = wrong_topic {
        // With its wrong id, if it is to have one.
        topic =
            if faults.wrong_request_id { spoil::wrong_topic(cloud, &topic, &payload).unwrap_or(wrong) } else { wrong };
    }
    if faults.broken_json {
        payload = spoil::broken_json(&payload).ok_or("broken_json: the body is no JSON object or list")?;
    }
    Ok((topic, payload))
}
