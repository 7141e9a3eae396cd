//! Aliyun's side of a device.
//!
//! | file | what lives there |
//! |---|---|
//! | `place` | whose topic it is |
//! | `alink` | the envelope: reading a question, making the answer |
//! | `reports` | what is said to reports and events |
//! | `keep` | what is kept of a device: desired values, tags, config, versions |
//! | `model` | the product's model |
//! | `shadow` | the device shadow |
//! | `gateway` | sub-devices: topology, registration, logins |
//! | `orders` | what the cloud can be told to order |
//!
//! What the documents leave open: a raw report is answered as the documents' sample script does, byte 0 a command, the next four
//! an id; anything else gets no answer, for only the product's own script could make one. A topic below `thing/` that is in no
//! list is answered with 6203.

mod alink;
mod gateway;
mod keep;
mod model;
mod orders;
mod place;
mod reports;
mod shadow;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Offer, Push, Scene, Service};
use crate::cloud::aliyun::parse_client_id;
use crate::event::WallTime;
use crate::mqtt::Qos;
use crate::profile::{AliyunIdentity, Identity};
use crate::sim::request::Request;
use alink::{Asked, NO_SESSION, Verdict};
pub use gateway::{ALIYUN_PRODUCT_SECRET, ALIYUN_SUB_DEVICES};
use gateway::{Gateway, World};
use keep::Kept;
pub(super) use model::whole as product_model;
use place::{Place, Tree, Who};

/// The flag in `ext` that opens calls on custom topics.
const CUSTOM_CALLS: u32 = 1;

/// What the cloud keeps of a device and of those behind it.
#[derive(Debug, Default)]
pub(super) struct Cloud {
    kept: BTreeMap<Who, Kept>,
    gateway: Gateway,
    /// The capability flags of the running connection.
    ext: u32,
}

impl Service for Cloud {
    fn take(&mut self, scene: &Scene<'_>, topic: &str, payload: &[u8]) -> Vec<Push> {
        let Identity::Aliyun(own) = scene.identity else { return Vec::new() };
        let Some(place) = Place::of(topic) else { return Vec::new() };
        let is_own = place.who == Who::of(own);
        if !is_own && !self.gateway.has(&place.who) {
            return Vec::new();
        }
        let push = match place.tree {
            Tree::Thing => self.thing(scene, own, &place, topic, payload),
            Tree::Session if is_own => self.session(scene, own, &place, topic, payload),
            Tree::Clock if is_own => clock(scene.at, &place, payload),
            Tree::Upgrade => self.upgrade(&place, payload),
            Tree::Shadow if place.path == "update" => {
                let body = self.kept(&place.who).shadow.take(payload, second(scene.at));
                Some(Push::json(format!("/shadow/get/{}", place.who), &body))
            }
            Tree::Session | Tree::Clock | Tree::Shadow => None,
        };
        push.into_iter().collect()
    }

    /// Those behind the gateway, logged in or not: who is not gets that as the answer.
    fn is_of_sub_device(&self, topic: &str) -> bool {
        place::owner(topic).is_some_and(|who| self.gateway.has(&who))
    }

    fn offers(&self) -> Vec<Offer> {
        orders::offers()
    }

    fn order(&mut self, scene: &Scene<'_>, name: &str, input: &Value) -> Option<Request> {
        let Identity::Aliyun(own) = scene.identity else { return None };
        let offer = self.offers().into_iter().find(|offer| offer.name == name)?;
        let input = if input.is_null() { offer.input } else { input.clone() };
        self.make(scene, own, name, input)
    }

    fn hindrance(&self, name: &str) -> Option<&'static str> {
        self.obstacle(name)
    }

    fn online(&mut self, client_id: &str) {
        self.ext = parse_client_id(client_id).and_then(|login| login.ext).unwrap_or(0);
    }

    /// Only devices that sign in with flags get it.
    fn farewell(&self) -> Option<Push> {
        let body = json!({ "title": "kick", "content": "Kicked by the same device" });
        (self.ext != 0).then(|| Push::json("/ext/notify".to_owned(), &body))
    }

    fn offline(&mut self) {
        self.gateway.offline();
    }
}

impl Cloud {
    /// What is kept of a device.
    fn kept(&mut self, who: &Who) -> &mut Kept {
        self.kept.entry(who.clone()).or_default()
    }

    fn takes_custom_calls(&self) -> bool {
        self.ext & CUSTOM_CALLS != 0
    }

    /// A message below `thing/`.
    fn thing(
        &mut self,
        scene: &Scene<'_>,
        own: &AliyunIdentity,
        place: &Place<'_>,
        topic: &str,
        payload: &[u8],
    ) -> Option<Push> {
        if place.path == "model/up_raw" {
            let payload = raw_answer(payload)?;
            return Some(Push { topic: format!("{topic}_reply"), payload, qos: Qos::AtMostOnce });
        }
        // An answer that nobody waits for any more.
        if place.path.ends_with("_reply") {
            return None;
        }
        let (asked, verdict) = match Asked::read(payload) {
            Ok(asked) if !asked.wants_answer() => {
                self.judge(scene, own, place, &asked);
                return None;
            }
            Ok(asked) => {
                let verdict = self.judge(scene, own, place, &asked);
                (asked, verdict)
            }
            Err(no) => (Asked::default(), no),
        };
        Some(Push::json(format!("{topic}_reply"), &asked.answer(verdict)))
    }

    fn judge(&mut self, scene: &Scene<'_>, own: &AliyunIdentity, place: &Place<'_>, asked: &Asked) -> Verdict {
        let is_own = place.who == Who::of(own);
        if self.kept(&place.who).disabled || self.gateway.is_disabled(&place.who) {
            return Verdict::no(6204, "device is disabled");
        }
        if !is_own && !self.gateway.is_online(&place.who) {
            return NO_SESSION;
        }
        if !asked.has_method() {
            return Verdict::no(6300, "method is missing");
        }
        let params = asked.params();
        if let Some(report) = place.path.strip_prefix("event/").filter(|path| path.ends_with("/post")) {
            let sender = &place.who;
            return reports::judge(report, params, |who| who == sender || self.gateway.is_online(who));
        }
        let world = World { gateway: own, roster: scene.roster };
        let of_gateway = if is_own { self.gateway.ask(world, place.path, params) } else { None };
        of_gateway
            .or_else(|| self.kept(&place.who).ask(place.path, params))
            .unwrap_or(const { Verdict::no(6203, "topic can not be parsed") })
    }

    /// A message on `combine/{verb}`, whose envelope has no method.
    fn session(
        &mut self,
        scene: &Scene<'_>,
        own: &AliyunIdentity,
        place: &Place<'_>,
        topic: &str,
        payload: &[u8],
    ) -> Option<Push> {
        let world = World { gateway: own, roster: scene.roster };
        let body = match Asked::read(payload) {
            Ok(asked) => asked.answer(self.gateway.session(world, place.path, asked.params())?),
            Err(no) => Asked::default().answer(Verdict { code: 460, ..no }),
        };
        Some(Push::json(format!("{topic}_reply"), &body))
    }

    /// Versions and progress are kept, and not answered.
    fn upgrade(&mut self, place: &Place<'_>, payload: &[u8]) -> Option<Push> {
        let asked = Asked::read(payload).ok()?;
        match place.path {
            "inform" => self.kept(&place.who).inform(&asked),
            "progress" => self.kept(&place.who).progress(&asked),
            _ => {}
        }
        None
    }
}

/// The time: the question comes and the answer goes at the same moment here.
fn clock(at: WallTime, place: &Place<'_>, payload: &[u8]) -> Option<Push> {
    let asked: Value = serde_json::from_slice(payload).ok()?;
    let sent = asked.get("deviceSendTime").filter(|sent| sent.is_string() || sent.is_number())?;
    if place.path != "request" {
        return None;
    }
    let now = at.unix_micros().div_euclid(1_000).to_string();
    let body = json!({ "deviceSendTime": sent, "serverRecvTime": now, "serverSendTime": now });
    Some(Push::json(format!("/ext/ntp/{}/response", place.who), &body))
}

/// What the documents' sample script makes of a raw report: command 2, the report's id, code 200.
fn raw_answer(payload: &[u8]) -> Option<Bytes> {
    match payload {
        [0, id @ ..] => {
            let id = id.get(..4)?;
            Some([&[2], id, &[200]].concat().into())
        }
        _ => None,
    }
}

/// Seconds since the Unix epoch, as the shadow has them.
fn second(at: WallTime) -> i64 {
    at.unix_micros().div_euclid(1_000_000)
}
