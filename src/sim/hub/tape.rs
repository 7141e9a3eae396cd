//! A tape's platform, on this one's connections: whatever the tape knows goes before the platform's own rules.

use std::collections::BTreeMap;

use super::super::notice::Happening;
use super::super::request::{self, Outcome};
use super::super::tape::{Cast, Cue, Cued, Said, Script, Stage, Tally};
use super::publish::message;
use super::{Asker, Hub, Key, Pending};
use crate::cloud;
use crate::event::Moment;
use crate::mqtt::Publish;
use crate::profile::Cloud;

impl Hub {
    /// From now on what the tape's platform did is done again.
    pub(crate) fn set_stage(&mut self, script: Script, cue: Cue) {
        self.tape = Some(Cast::new(script, cue));
    }

    /// A device signed in: it gets its part, or goes on with it.
    pub(super) fn enters_the_stage(&mut self, now: Moment, key: &Key) {
        let Some((cloud, identifiers)) = self.who(key) else { return };
        let Some(cast) = &mut self.tape else { return };
        let had_one = cast.stage(key).is_some();
        let casting = cast.online(now.mono, key, (cloud, &identifiers));
        let words = match casting {
            Some(casting) => format!("plays the part of {}: {}", casting.part, casting.why),
            None if had_one => "goes on with its part".to_owned(),
            None => format!("has no part: no device of {} on the tape is free", cloud.word()),
        };
        self.tell(key, Happening::Tape(words));
    }

    pub(super) fn leaves_the_stage(&mut self, now: Moment, key: &Key) {
        if let Some(cast) = &mut self.tape {
            cast.offline(now.mono, key);
        }
    }

    /// Sends what is due.
    pub(super) fn play(&mut self, now: Moment) {
        let Some(cast) = &self.tape else { return };
        let players: Vec<Key> = cast.players().cloned().collect();
        for key in players {
            while let Some(cued) = self.next_cued(now, &key) {
                match cued {
                    Ok(cued) => self.send_cued(now, &key, cued),
                    Err(topic) => {
                        let words = format!("the message on {topic} is left out: the device did not subscribe to it");
                        self.tell(&key, Happening::Tape(words));
                    }
                }
            }
        }
    }

    fn next_cued(&mut self, now: Moment, key: &Key) -> Option<Result<Cued, String>> {
        let (cloud, _) = self.who(key)?;
        let Self { tape, clients, next_number, .. } = self;
        let id = request::id_of(cloud, *next_number);
        let client = clients.get(key)?;
        let cued = tape.as_mut()?.stage(key)?.cue(now, &id, |topic| client.granted(topic).is_some());
        *next_number += u64::from(cued.is_some());
        cued
    }

    fn send_cued(&mut self, now: Moment, key: &Key, cued: Cued) {
        let Cued { topic, payload, qos, retain, asks } = cued;
        let publish = Publish { retain, ..message(topic, payload, qos) };
        if !self.deliver(key, publish.clone()) {
            let words = format!("the message on {} could not be sent: too much waits for the device", publish.topic);
            self.tell(key, Happening::Tape(words));
            return;
        }
        let Some((step, device)) = asks.zip(device_number(key)) else {
            return self.tell(key, Happening::Tape(format!("was sent {}", publish.topic)));
        };
        self.tell(key, Happening::Asked { topic: publish.topic.clone() });
        let expect = self.who(key).and_then(|(cloud, identifiers)| {
            request::expected(&*cloud::observed(cloud, &identifiers), &publish.topic, &publish.payload)
        });
        if let Some(expect) = expect {
            let by = Asker::Tape(step);
            self.pending.push(Pending { by, device, topic: publish.topic, expect, since: now.mono });
        }
    }

    /// Replies to what a device sent as the tape's platform did; `false`: the tape does not know it.
    pub(super) fn reply_of_the_tape(&mut self, now: Moment, key: &Key, publish: &Publish) -> bool {
        let Some(stage) = self.tape.as_mut().and_then(|cast| cast.stage(key)) else { return false };
        let said = stage.report(now, &publish.topic, &publish.payload);
        let topic = &publish.topic;
        let words = match &said {
            Said::Unknown => format!("the message on {topic} is not on it"),
            Said::Nothing => format!("the message on {topic} is on it, without a reply"),
            Said::Reply(_) => format!("the message on {topic} is on it, and is replied as there"),
        };
        self.tell(key, Happening::Tape(words));
        let is_known = said != Said::Unknown;
        if let Said::Reply(reply) = said {
            let Cued { topic, payload, qos, retain, .. } = reply;
            self.deliver(key, Publish { retain, ..message(topic, payload, qos) });
        }
        self.play(now);
        is_known
    }

    /// A request of the tape has ended.
    pub(super) fn held_against_the_tape(&mut self, device: usize, step: usize, outcome: &Outcome) {
        let key = Key::Device(device);
        let Some(stage) = self.tape.as_mut().and_then(|cast| cast.stage(&key)) else { return };
        let words = if let Outcome::Answered { topic, body, .. } = outcome {
            match stage.answered(step, topic, body) {
                Some(true) => "the answer is as on it",
                Some(false) => "the answer is another one than on it",
                None => "there is no answer on it",
            }
        } else {
            stage.unanswered(step);
            "there is no answer to hold against it"
        };
        self.tell(&key, Happening::Tape(words.to_owned()));
    }

    /// Calls for the next message of the tape.
    pub(crate) fn call_next(&mut self, now: Moment, name: Option<&str>) -> usize {
        let wanted = name.map(|name| self.key_of(name));
        let Some(cast) = &mut self.tape else { return 0 };
        let players: Vec<Key> = cast.players().cloned().collect();
        let mut called = 0;
        for key in players {
            if wanted.as_ref().is_none_or(|wanted| wanted.as_ref() == Some(&key)) {
                called += usize::from(cast.stage(&key).is_some_and(Stage::call));
            }
        }
        self.play(now);
        called
    }

    /// What the devices did, held against the tape.
    pub(crate) fn tape_report(&self) -> Vec<String> {
        let Some(cast) = &self.tape else { return Vec::new() };
        let line = |(key, part, steps, tally): (&Key, &str, usize, Tally)| {
            format!(
                "{} as {part}: {} of {steps} messages sent; answers: {} as on the tape, {} other, {} missing; \
                 its own messages: {} on the tape, {} not",
                self.name_of(key),
                tally.sent,
                tally.same,
                tally.other,
                tally.silent,
                tally.known,
                tally.unknown
            )
        };
        cast.tallies().map(line).collect()
    }

    /// The cloud and the identifiers of whoever signed in.
    fn who(&self, key: &Key) -> Option<(Cloud, BTreeMap<String, String>)> {
        self.tape.as_ref()?;
        match key {
            Key::Device(device) => {
                let device = self.roster.get(*device)?;
                Some((device.identity.cloud(), device.identifiers()))
            }
            Key::Plain(id) => Some((Cloud::Mqtt, BTreeMap::from([("client_id".to_owned(), id.to_string())]))),
        }
    }
}

fn device_number(key: &Key) -> Option<usize> {
    match key {
        Key::Device(device) => Some(*device),
        Key::Plain(_) => None,
    }
}
