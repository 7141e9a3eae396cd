//! A rule at work: its switch, and what it has done.

use std::sync::Arc;

use fastrand::Rng;

use super::{Action, Rule};
use crate::behaviour::RuleStanding;
use crate::cloud::Request;
use crate::event::What;

/// A rule and where it stands.
#[derive(Debug)]
pub(in crate::behaviour) struct Running {
    rule: Rule,
    on: bool,
    hits: u64,
    last: Option<(Last, String)>,
    /// What stands on its messages: "rule NAME: twice".
    by: Arc<str>,
}

/// What a rule did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::behaviour) enum Last {
    Answered,
    Dropped,
    /// It could not, and why.
    Failed(String),
}

impl Running {
    pub(in crate::behaviour) fn new(rule: Rule) -> Self {
        let faults = match &rule.then {
            Action::Answer(reply) => reply.faults.words(),
            Action::Drop => Vec::new(),
        };
        let by = if faults.is_empty() {
            format!("rule {}", rule.name)
        } else {
            format!("rule {}: {}", rule.name, faults.join(", "))
        };
        Self { on: rule.enabled, hits: 0, last: None, by: by.into(), rule }
    }

    pub(in crate::behaviour) fn rule(&self) -> &Rule {
        &self.rule
    }

    pub(in crate::behaviour) fn by(&self) -> &Arc<str> {
        &self.by
    }

    pub(in crate::behaviour) fn hits(&self) -> u64 {
        self.hits
    }

    pub(in crate::behaviour) fn switch(&mut self, on: bool) {
        self.on = on;
    }

    /// Whether a request of this kind could be for it: asked before a request is taken apart.
    pub(in crate::behaviour) fn may_take(&self, what: What) -> bool {
        self.on
            && self.rule.matches.what.is_none_or(|wanted| wanted == what)
            && self.rule.times.is_none_or(|times| self.hits < times)
    }

    /// Whether it takes `request`, which is counted.
    pub(in crate::behaviour) fn takes(&mut self, request: &Request, random: &mut Rng) -> bool {
        let takes = self.may_take(request.what)
            && self.rule.matches.fits(request)
            && self.rule.chance.is_none_or(|chance| random.f64() < chance);
        self.hits += u64::from(takes);
        takes
    }

    /// Notes what it did with a request.
    pub(in crate::behaviour) fn did(&mut self, last: Last, request: &Request) {
        match &mut self.last {
            // Told of a thousand times a second, and read now and then.
            Some((what, name)) => {
                *what = last;
                request.name.clone_into(name);
            }
            None => self.last = Some((last, request.name.clone())),
        }
    }

    pub(in crate::behaviour) fn standing(&self) -> RuleStanding {
        let last = self.last.as_ref().map(|(last, name)| {
            let name = if name.is_empty() { "a request" } else { name };
            match last {
                Last::Answered => format!("answered {name}"),
                Last::Dropped => format!("left {name} without an answer"),
                Last::Failed(why) => format!("could not answer {name}: {why}"),
            }
        });
        RuleStanding { name: self.rule.name.clone(), words: self.rule.words(), on: self.on, hits: self.hits, last }
    }
}
