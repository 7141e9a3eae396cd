//! The machine: what came and what went in, what is to be sent out.
//!
//! What lives here: the parts and how they hang together. Answering requests is in `requests`, what the platform tells beside
//! them in `told`, upgrades in `upgrade`, reports by simulators in `reports`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fastrand::Rng;

use super::compact::compact;
use super::pending::Pending;
use super::queue::Queue;
use super::requests::Recordings;
use super::rule::{self, Maker, Rule};
use super::simulator;
use super::upgrade::Upgrades;
use super::{Auto, Control, Deed, Plan, Sending, Standing};
use crate::cloud::{Asked, Draft, Meaning, Platform, Properties};
use crate::event::{Moment, What};
use crate::profile::Cloud;

/// How long after one picture of how things stand the next is made, unless a person switched something: a thousand answers a
/// second need no thousand pictures.
const BETWEEN_NEWS: Duration = Duration::from_millis(50);

/// Answers are made up to so many bytes before the session has taken them; the others wait for their turn, unpadded. A turn of
/// the session may bring thousands of requests, and an answer may be 16 MiB.
const AT_ONCE: usize = 16 << 20;

/// A device's own doings.
#[derive(Debug)]
pub struct Behaviour {
    pub(super) platform: Arc<dyn Platform>,
    pub(super) properties: Properties,
    pub(super) rules: Vec<rule::Running>,
    /// Whether rules and recorded answers answer at all.
    pub(super) rules_on: bool,
    pub(super) maker: Maker,
    pub(super) recordings: Option<Recordings>,
    pub(super) queue: Queue,
    pub(super) pending: Pending,
    pub(super) simulators: Vec<simulator::Running>,
    pub(super) upgrades: Upgrades,
    pub(super) auto: Auto,
    pub(super) ask_time: bool,
    pub(super) clock_offset_us: Option<i64>,
    pub(super) online: bool,
    pub(super) deeds: Vec<Deed>,
    pub(super) turn: Turn,
    serial: u64,
    news: News,
}

/// What stands among the deeds that the session has not taken yet.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Bytes of the messages.
    bytes: usize,
    /// The versions: a platform that asks for them a thousand times in a turn is told once.
    pub(super) versions: bool,
}

/// Whether there is something new to tell.
#[derive(Debug, Default)]
struct News {
    /// [`Behaviour::news`] would tell it now.
    ripe: bool,
    /// There is some, which becomes ripe in time.
    waits: bool,
    /// When some became ripe last.
    told: Option<Instant>,
}

impl Behaviour {
    /// What the device of `platform` does by `plan` from `now` on. All that looks random follows from `seed`, unless the plan has
    /// one of its own.
    pub fn new(plan: &Plan, platform: Arc<dyn Platform>, seed: u64, now: Moment) -> Self {
        let mut properties = Properties::default();
        for (property, value) in &plan.properties {
            properties.set(property.clone(), value.clone(), now.at);
        }
        let autos: &[(What, bool)] = match platform.cloud() {
            Cloud::Huawei | Cloud::Aliyun => {
                &[(What::PropertySet, plan.auto.property_set), (What::PropertyGet, plan.auto.property_get)]
            }
            Cloud::Ucloud => &[(What::PropertySet, plan.auto.property_set)],
            Cloud::Mqtt => &[],
        };
        let autos = autos.iter().map(|(what, on)| Rule::auto(*what, *on));
        Self {
            properties,
            rules: plan.rules.iter().cloned().chain(autos).map(rule::Running::new).collect(),
            rules_on: true,
            maker: Maker::new(Rng::with_seed(plan.seed.unwrap_or(seed)), &plan.variables),
            recordings: plan.recorded.clone().map(Recordings::new),
            queue: Queue::default(),
            pending: Pending::default(),
            simulators: plan.simulators.iter().cloned().map(simulator::Running::new).collect(),
            upgrades: Upgrades::new(plan),
            auto: plan.auto,
            ask_time: plan.ask_time,
            clock_offset_us: None,
            online: false,
            deeds: Vec::new(),
            turn: Turn::default(),
            serial: 0,
            news: News { ripe: true, ..News::default() },
            platform,
        }
    }

    /// CONNACK 0 has come.
    pub fn online(&mut self, now: Moment) {
        self.online = true;
        for simulator in &mut self.simulators {
            simulator.online(now.mono);
        }
        self.came_online(now);
    }

    /// The connection has ended. What was still to be sent waits for nobody.
    pub fn offline(&mut self) {
        self.online = false;
        self.simulators.iter_mut().for_each(simulator::Running::offline);
        self.upgrades.offline();
        let delayed = self.queue.clear();
        if delayed > 0 {
            let answers = if delayed == 1 { "answer was" } else { "answers were" };
            self.note(format!("{delayed} delayed {answers} not sent: the connection ended"));
        }
        // What this connection did not take is nothing for the next one.
        let before = self.deeds.len();
        self.deeds.retain(|deed| !matches!(deed, Deed::Send(_)));
        self.turn = Turn::default();
        let unsent = before - self.deeds.len();
        if unsent > 0 {
            let messages = if unsent == 1 { "message" } else { "messages" };
            self.note(format!("{unsent} {messages} of its own went no more: the connection ended"));
        }
    }

    /// A message of the platform came.
    pub fn received(&mut self, now: Moment, asked: &Asked<'_>, meaning: &Meaning<'_>) {
        if meaning.what.is_request() && meaning.deadline.is_some() {
            self.requested(now, asked, meaning);
        } else if let Some(told) = self.platform.told(asked.topic, asked.payload) {
            self.was_told(now, asked, told);
        }
    }

    /// A message of the device went. `by` says what of its own doings sent it, as on the event; `None`: a person, or an order.
    pub fn sent(&mut self, now: Moment, (topic, payload): (&str, &[u8]), meaning: &Meaning<'_>, by: Option<&str>) {
        match meaning.what {
            What::PropertyReport => {
                for (property, value) in self.platform.reported(topic, payload) {
                    self.set(now, property, value);
                }
            }
            // An answer of its own doings has done by now what it is to do.
            what if what.is_answer() && by.is_none() => self.answered_by_hand(now, meaning, payload),
            _ => {}
        }
    }

    /// Carries a control out; the error says why it cannot be, in words for a person.
    pub fn control(&mut self, now: Moment, control: &Control) -> Result<(), String> {
        match control {
            Control::Rule { name, on } => self.switch_rule(name, *on)?,
            Control::Rules { on } => self.rules_on = *on,
            Control::Simulator { name, on } => self.switch_simulator(name, *on, now)?,
            Control::Property { property, value } => {
                property.check(self.platform.cloud())?;
                if !self.properties.set(property.clone(), value.clone(), now.at) {
                    return Err(format!(
                        "there is no room for {property}: it is too large, or there are too many ({})",
                        self.properties.len()
                    ));
                }
            }
            Control::Upgrade { failure } => self.start_upgrade(now, *failure)?,
            Control::AskTime => self.ask_for_time(now)?,
        }
        // Who switches something looks whether it is switched.
        self.news.ripe = true;
        Ok(())
    }

    /// The deadline has come.
    pub fn tick(&mut self, now: Moment) {
        while self.has_turn()
            && let Some(waiting) = self.queue.take(now.mono)
        {
            self.emit(now, waiting);
        }
        self.report_by_simulators(now);
        self.go_on_with_upgrade(now);
        if self.news.waits && self.news.due().is_none_or(|due| due <= now.mono) {
            self.news.ripen(now.mono);
        }
    }

    /// When [`Behaviour::tick`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        let simulators = self.simulators.iter().filter_map(simulator::Running::due).min();
        let news = self.news.due().filter(|_| self.news.waits);
        [self.queue.due(), simulators, self.upgrades.due(), news].into_iter().flatten().min()
    }

    /// What is to be done, in order.
    pub fn take_deeds(&mut self) -> Vec<Deed> {
        self.turn = Turn::default();
        std::mem::take(&mut self.deeds)
    }

    /// The current properties.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// How things stand, if that has changed since the last call. What changes by itself is told at most 20 times a second;
    /// [`Behaviour::deadline`] sees to it that nothing stays untold.
    pub fn news(&mut self) -> Option<Standing> {
        if !std::mem::take(&mut self.news.ripe) {
            return None;
        }
        self.news.waits = false;
        let rules = self.rules.iter().map(rule::Running::standing);
        Some(Standing {
            rules_on: self.rules_on,
            rules: rules.chain(self.recordings.as_ref().map(Recordings::standing)).collect(),
            simulators: self.simulators.iter().map(simulator::Running::standing).collect(),
            properties: self
                .properties
                .iter()
                .map(|(property, current)| (property.clone(), current.value.clone()))
                .collect(),
            upgrade: self.upgrades.standing(),
            clock_offset_us: self.clock_offset_us,
        })
    }

    /// Something has changed.
    pub(super) fn changed(&mut self, now: Moment) {
        if self.news.due().is_none_or(|due| due <= now.mono) {
            self.news.ripen(now.mono);
        } else {
            self.news.waits = true;
        }
    }

    /// Whether one more answer may be made before the session has taken those that are.
    pub(super) fn has_turn(&self) -> bool {
        self.turn.bytes < AT_ONCE
    }

    /// A message is made.
    pub(super) fn made(&mut self, sending: Sending) {
        self.turn.bytes += sending.payload.len();
        self.deeds.push(Deed::Send(sending));
    }

    pub(super) fn note(&mut self, text: String) {
        self.deeds.push(Deed::Note(text));
    }

    pub(super) fn send(&mut self, draft: Draft, by: &Arc<str>) {
        let Draft { topic, qos, body, .. } = draft;
        self.made(Sending { topic, payload: Bytes::from(compact(body)), qos, by: Arc::clone(by) });
    }

    /// A number that this device did not use before.
    pub(super) fn serial(&mut self, now: Moment) -> u64 {
        let millis = u64::try_from(now.at.unix_micros() / 1_000).unwrap_or(0);
        self.serial = millis.max(self.serial + 1);
        self.serial
    }

    fn switch_rule(&mut self, name: &str, on: bool) -> Result<(), String> {
        if let Some(rule) = self.rules.iter_mut().find(|rule| rule.rule().name == name) {
            rule.switch(on);
            return Ok(());
        }
        match self.recordings.as_mut().filter(|_| name == super::RECORDED) {
            Some(recordings) => recordings.switch(on),
            None => return Err(format!("there is no rule `{name}`")),
        }
        Ok(())
    }
}

impl News {
    fn due(&self) -> Option<Instant> {
        self.told.map(|told| told + BETWEEN_NEWS)
    }

    fn ripen(&mut self, now: Instant) {
        *self = Self { ripe: true, waits: false, told: Some(now) };
    }
}
