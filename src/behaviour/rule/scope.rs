//! Where the values of a rule's templates come from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::Value;

use crate::cloud::{Asked, Properties, Request};
use crate::event::WallTime;
use crate::template::{RequestPart, Scope};

/// Counters that rules share, by name.
#[derive(Debug, Default)]
pub(in crate::behaviour) struct Counters {
    counts: BTreeMap<String, u64>,
}

/// What one answer is made of.
pub(super) struct World<'a> {
    pub(super) asked: &'a Asked<'a>,
    pub(super) id: Option<&'a str>,
    pub(super) request: &'a Request,
    pub(super) properties: &'a Properties,
    pub(super) variables: &'a BTreeMap<String, Value>,
    pub(super) random: &'a mut Rng,
    /// What `counter` is.
    pub(super) own_count: u64,
    pub(super) counters: &'a mut Counters,
    /// The shared counters that this answer has counted already.
    pub(super) counted: Vec<(String, u64)>,
    pub(super) at: WallTime,
}

impl Scope for World<'_> {
    fn request(&self, part: RequestPart) -> Option<Cow<'_, Value>> {
        let text = |text: &str| (!text.is_empty()).then(|| Cow::Owned(Value::String(text.to_owned())));
        match part {
            RequestPart::Input => Some(Cow::Borrowed(&self.request.input)),
            RequestPart::Id => self.id.and_then(text),
            RequestPart::Name => text(&self.request.name),
            RequestPart::Service => text(&self.request.service),
            RequestPart::Target => self.request.target.as_deref().and_then(text),
            RequestPart::Topic => text(self.asked.topic),
        }
    }

    fn property(&self, name: &str) -> Option<Cow<'_, Value>> {
        let (service, name) = name.split_once('/').unwrap_or(("", name));
        self.properties.find(service, name).map(|(_, current)| Cow::Borrowed(&current.value))
    }

    fn variable(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.variables.get(name).map(Cow::Borrowed)
    }

    fn counter(&mut self, name: Option<&str>) -> u64 {
        let Some(name) = name else { return self.own_count };
        if let Some((_, count)) = self.counted.iter().find(|(counted, _)| counted == name) {
            return *count;
        }
        // The names stand in templates: there are no more of them than were written.
        let count = self.counters.counts.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
        self.counted.push((name.to_owned(), *count));
        *count
    }

    fn random(&mut self) -> &mut Rng {
        self.random
    }

    fn now_us(&self) -> i64 {
        self.at.unix_micros()
    }
}
