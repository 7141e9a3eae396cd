//! Recorded answers: a new request gets what a device once answered to the like of it.
//!
//! What lives here: finding the answer that fits and making it one of now. What may not: reading a tape (that is `replay`).

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;

use crate::cloud::transfer::{Fresh, NewId, Transfer, Untransferable};
use crate::cloud::{Asked, Direction, Request, observed};
use crate::event::{WallTime, What};
use crate::mqtt::Qos;
use crate::profile::Cloud;

/// A request and what the device answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The topic of the request.
    pub asked_topic: String,
    /// Its payload.
    pub asked_payload: Bytes,
    /// The topic of the answer.
    pub topic: String,
    /// Its payload.
    pub payload: Bytes,
    /// Its quality of service.
    pub qos: Qos,
    /// When it went, by the recording machine's wall clock.
    pub at: WallTime,
    /// How long after the request.
    pub took: Duration,
}

/// A device's public identifiers, by the config's keys.
pub type Identifiers = BTreeMap<String, String>;

/// What becomes of a request that no recorded one is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Unmatched {
    /// It is left to the person.
    #[default]
    Leave,
    /// It is answered with the cloud's first code for a failure.
    Fail,
    /// It gets no answer.
    Drop,
}

/// The recorded answers of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    transfer: Transfer,
    pairs: Vec<Pair>,
    /// Places of those whose request is the same but for ids, times and the device, by its digest.
    alike: HashMap<u64, Turn>,
    /// Places of those whose request asks for the same.
    of_name: HashMap<Question, Turn>,
    /// What becomes of the others.
    pub unmatched: Unmatched,
    /// Whether an answer takes as long as it took.
    pub paced: bool,
}

/// A recorded answer made one of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Bytes,
    /// Its quality of service.
    pub qos: Qos,
    /// How long after the request it goes.
    pub after: Duration,
    /// Whether the request was the same, or only of the same name.
    pub same: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    what: What,
    service: String,
    name: String,
}

/// Several that fit take turns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Turn {
    places: Vec<usize>,
    next: usize,
}

impl Recorded {
    /// The answers of `pairs`, which the device with the identifiers `from` gave, for the device with `to`. A request that the
    /// cloud does not know as one is passed over.
    pub fn new(
        pairs: impl IntoIterator<Item = Pair>,
        from: (Cloud, &Identifiers),
        to: (Cloud, &Identifiers),
    ) -> Result<Self, Untransferable> {
        let platform = observed(from.0, from.1);
        let mut recorded = Self {
            transfer: Transfer::new(from, to)?,
            pairs: Vec::new(),
            alike: HashMap::new(),
            of_name: HashMap::new(),
            unmatched: Unmatched::default(),
            paced: false,
        };
        for pair in pairs {
            let asked = Asked { topic: &pair.asked_topic, payload: &pair.asked_payload };
            let Some(request) = platform.request(&asked) else { continue };
            let essence = recorded.transfer.essence_recorded(Direction::Down, asked.topic, asked.payload);
            let place = recorded.pairs.len();
            recorded.alike.entry(essence.digest()).or_default().places.push(place);
            recorded.of_name.entry(Question::of(&request)).or_default().places.push(place);
            recorded.pairs.push(pair);
        }
        Ok(recorded)
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The answer to a request that came at `now`: one to the same request, else one to a request of the same name.
    pub fn answer(&mut self, asked: &Asked<'_>, request: &Request, now: WallTime) -> Option<Given> {
        let digest = self.transfer.essence_live(Direction::Down, asked.topic, asked.payload).digest();
        let same = self.alike.get_mut(&digest).and_then(Turn::take);
        let place = same.or_else(|| self.of_name.get_mut(&Question::of(request)).and_then(Turn::take))?;
        let pair = self.pairs.get(place)?;
        let after = if self.paced { pair.took } else { Duration::ZERO };
        let shift_us = now.unix_micros().saturating_sub(pair.at.unix_micros());
        let fresh = Fresh { id: NewId::Answering(asked, Direction::Down), shift_us };
        let carried = self.transfer.carry(Direction::Up, &pair.topic, &pair.payload, &fresh);
        Some(Given {
            topic: carried.topic.into_owned(),
            payload: Bytes::from(carried.payload.into_owned()),
            qos: pair.qos,
            after,
            same: same.is_some(),
        })
    }
}

impl Question {
    fn of(request: &Request) -> Self {
        Self { what: request.what, service: request.service.clone(), name: request.name.clone() }
    }
}

impl Turn {
    fn take(&mut self) -> Option<usize> {
        let place = *self.places.get(self.next % self.places.len().max(1))?;
        self.next = (self.next + 1) % self.places.len();
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn identifiers(pairs: &[(&str, &str)]) -> Identifiers {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn pair(asked: (&str, &Value), answer: (&str, &Value)) -> Pair {
        Pair {
            asked_topic: asked.0.to_owned(),
            asked_payload: Bytes::from(asked.1.to_string()),
            topic: answer.0.to_owned(),
            payload: Bytes::from(answer.1.to_string()),
            qos: Qos::AtLeastOnce,
            at: WallTime::from_unix_micros(1_700_000_000_000_000),
            took: Duration::from_millis(420),
        }
    }

    fn dim(device: &str, id: &str, level: u8) -> (String, Value) {
        let topic = format!("/sys/pk/{device}/thing/service/dim");
        (topic, json!({ "method": "thing.service.dim", "id": id, "params": { "level": level }, "version": "1.0.0" }))
    }

    fn lamp() -> Recorded {
        let from = identifiers(&[("product_key", "pk"), ("device_name", "old")]);
        let to = identifiers(&[("product_key", "pk"), ("device_name", "new")]);
        let reply = "/sys/pk/old/thing/service/dim_reply";
        let answer = |id: &str, data: Value| json!({ "id": id, "code": 200, "data": data });
        let (topic, first) = dim("old", "1", 10);
        let (_, second) = dim("old", "2", 20);
        let pairs = [
            pair((&topic, &first), (reply, &answer("1", json!({ "was": 1 })))),
            pair((&topic, &second), (reply, &answer("2", json!({ "was": 2 })))),
            pair(("/pk/old/user/get", &json!({})), (reply, &answer("3", json!({})))),
        ];
        Recorded::new(pairs, (Cloud::Aliyun, &from), (Cloud::Aliyun, &to)).unwrap()
    }

    fn ask(recorded: &mut Recorded, (topic, body): &(String, Value)) -> Option<(String, Value, bool)> {
        let payload = body.to_string();
        let asked = Asked { topic, payload: payload.as_bytes() };
        let request = observed(Cloud::Aliyun, &Identifiers::new()).request(&asked)?;
        let given = recorded.answer(&asked, &request, WallTime::from_unix_micros(1_700_000_100_000_000))?;
        Some((given.topic, serde_json::from_slice(&given.payload).unwrap(), given.same))
    }

    #[test]
    fn the_same_request_gets_its_answer_with_the_new_id_and_device() {
        let mut recorded = lamp();
        assert_eq!(recorded.len(), 2, "what is no request is passed over");
        let (topic, body, same) = ask(&mut recorded, &dim("new", "77", 20)).unwrap();
        assert_eq!(topic, "/sys/pk/new/thing/service/dim_reply");
        assert_eq!(body, json!({ "id": "77", "code": 200, "data": { "was": 2 } }));
        assert!(same);
    }

    #[test]
    fn one_of_the_same_name_takes_its_turn_and_another_gets_nothing() {
        let mut recorded = lamp();
        let mut of_name = || {
            let (_, body, same) = ask(&mut recorded, &dim("new", "1", 99)).unwrap();
            (body["data"]["was"].clone(), same)
        };
        assert_eq!([of_name(), of_name(), of_name()], [(json!(1), false), (json!(2), false), (json!(1), false)]);
        let other = ("/sys/pk/new/thing/service/blink".to_owned(), json!({ "id": "1", "params": {} }));
        assert_eq!(ask(&mut recorded, &other), None);
    }

    #[test]
    fn a_paced_answer_takes_as_long_as_it_took() {
        let mut recorded = Recorded { paced: true, ..lamp() };
        let (topic, body) = dim("new", "5", 10);
        let payload = body.to_string();
        let asked = Asked { topic: &topic, payload: payload.as_bytes() };
        let request = observed(Cloud::Aliyun, &Identifiers::new()).request(&asked).unwrap();
        let given = recorded.answer(&asked, &request, WallTime::default()).unwrap();
        assert_eq!((given.after, given.qos), (Duration::from_millis(420), Qos::AtLeastOnce));
    }

    #[test]
    fn another_clouds_answers_are_refused() {
        let from = identifiers(&[("device_id", "d")]);
        let to = identifiers(&[("product_key", "pk"), ("device_name", "new")]);
        let refused = Recorded::new([], (Cloud::Huawei, &from), (Cloud::Aliyun, &to));
        assert!(matches!(refused, Err(Untransferable::Clouds { .. })));
    }
}
