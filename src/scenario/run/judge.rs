//! Messages held against what is wanted: what differs, and which of several comes nearest.

use std::sync::Arc;

use serde_json::Value;

use super::log::Letter;
use crate::cloud::transfer::result_code;
use crate::cloud::{Asked, Direction, Platform};
use crate::event::What;
use crate::mqtt::topic;
use crate::profile::Cloud;
use crate::scenario::outcome::Compared;
use crate::scenario::plan::Wanted;
use crate::scenario::value::matcher::{Tests, equal};
use crate::scenario::value::path::Field;
use crate::scenario::value::{Matcher, Path, Values};

/// Differences within one value that are told one by one.
const TOLD: usize = 40;

/// The device as which messages are read.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) cloud: Cloud,
    pub(super) platform: Arc<dyn Platform>,
}

/// What is wanted, with its holes filled.
#[derive(Debug)]
pub(super) struct Sought {
    pub(super) direction: Direction,
    topic: Option<String>,
    what: Option<What>,
    name: Option<String>,
    places: Vec<(Path, Tests)>,
    /// Whether it must be a request of the platform.
    request: bool,
}

/// A message taken apart.
pub(super) struct Subject<'a> {
    reader: &'a Reader,
    letter: &'a Letter,
    body: Option<Value>,
}

impl Sought {
    /// The message that is wanted.
    pub(super) fn new(wanted: &Wanted, request: bool, values: &mut Values) -> Result<Self, String> {
        let fill = |text: &Option<_>, values: &mut Values| {
            text.as_ref().map(|text: &crate::scenario::value::Text| text.fill(values)).transpose()
        };
        Ok(Self {
            direction: wanted.direction,
            topic: fill(&wanted.topic, values)?,
            what: wanted.what,
            name: fill(&wanted.name, values)?,
            places: fill_places(&wanted.places, values)?,
            request,
        })
    }

    /// The answer to an order, of which only what stands in it counts.
    pub(super) fn answer(places: Vec<(Path, Tests)>) -> Self {
        Self { direction: Direction::Up, topic: None, what: None, name: None, places, request: false }
    }

    /// Whether `letter` is what is wanted.
    pub(super) fn is_met_by(&self, reader: &Reader, letter: &Letter) -> bool {
        // Cheap before dear: most messages are of another kind.
        let outside = self.what.is_none_or(|what| what == letter.what)
            && self.topic.as_ref().is_none_or(|filter| topic::matches(filter, &letter.topic))
            && (!self.request || letter.is_request());
        if !outside || (self.name.is_none() && self.places.is_empty()) {
            return outside;
        }
        let subject = Subject::new(reader, letter);
        self.name.as_ref().is_none_or(|name| subject.name() == *name)
            && self.places.iter().all(|(path, tests)| tests.pass(subject.find(path).as_ref()))
    }

    /// Each place that counts, with what `letter` has there.
    pub(super) fn compare(&self, reader: &Reader, letter: &Letter) -> Vec<Compared> {
        let subject = Subject::new(reader, letter);
        let mut rows = Vec::new();
        let mut row = |place: &str, expected: String, received: String, differs: bool| {
            rows.push(Compared { place: place.to_owned(), expected, received, differs });
        };
        if self.request && self.what.is_none() {
            let expected = "a request of the platform".to_owned();
            row("what", expected, letter.what.word().to_owned(), !letter.is_request());
        }
        if let Some(what) = self.what {
            row("what", what.word().to_owned(), letter.what.word().to_owned(), what != letter.what);
        }
        if let Some(filter) = &self.topic {
            row("topic", filter.clone(), letter.topic.clone(), !topic::matches(filter, &letter.topic));
        }
        if let Some(name) = &self.name {
            row("name", name.clone(), subject.name(), subject.name() != *name);
        }
        for (path, tests) in &self.places {
            let found = subject.find(path);
            match (tests.wanted_value(), &found) {
                (Some(wanted), Some(found)) if wanted.is_object() || wanted.is_array() => {
                    dig(&path.to_string(), wanted, found, &mut rows);
                }
                _ => rows.push(Compared {
                    place: path.to_string(),
                    expected: tests.to_string(),
                    received: found.as_ref().map_or_else(|| "not there".to_owned(), Value::to_string),
                    differs: !tests.pass(found.as_ref()),
                }),
            }
        }
        rows
    }

    /// What is wanted, where nothing came that could be held against it.
    pub(super) fn rows(&self) -> Vec<Compared> {
        let nothing = |place: &str, expected: String| Compared {
            place: place.to_owned(),
            expected,
            received: "nothing came".to_owned(),
            differs: true,
        };
        let kind = self.what.map(What::word).or(self.request.then_some("a request of the platform"));
        let mut rows: Vec<Compared> = kind.map(|word| nothing("what", word.to_owned())).into_iter().collect();
        rows.extend(self.topic.clone().map(|topic| nothing("topic", topic)));
        rows.extend(self.name.clone().map(|name| nothing("name", name)));
        rows.extend(self.places.iter().map(|(path, tests)| nothing(&path.to_string(), tests.to_string())));
        if rows.is_empty() {
            let way = if self.direction == Direction::Down { "from the platform" } else { "to the platform" };
            rows.push(nothing("message", format!("any message {way}")));
        }
        rows
    }

    /// What it is about, in a few words.
    pub(super) fn words(&self) -> String {
        let kind = self.what.map_or(if self.request { "request" } else { "message" }, What::word);
        let way = if self.direction == Direction::Down { "from" } else { "to" };
        let name = self.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        format!("{kind}{name} {way} the platform")
    }
}

/// The tests with their holes filled.
pub(super) fn fill_places(places: &[(Path, Matcher)], values: &mut Values) -> Result<Vec<(Path, Tests)>, String> {
    places.iter().map(|(path, matcher)| Ok((path.clone(), matcher.fill(values)?))).collect()
}

/// How far a message is from what is wanted: of two, the one with the smaller number is nearer.
pub(super) fn distance(rows: &[Compared]) -> usize {
    // A message of another kind with a body alike is further than one of the kind with another body.
    let weight = |row: &Compared| if matches!(row.place.as_str(), "what" | "topic" | "name") { 100 } else { 1 };
    rows.iter().filter(|row| row.differs).map(weight).sum()
}

/// Tells the leaves in which two values differ; that they do not, in one row.
fn dig(place: &str, wanted: &Value, found: &Value, rows: &mut Vec<Compared>) {
    let mut leaves = Vec::new();
    differences(place, Some(wanted), Some(found), &mut leaves);
    if leaves.is_empty() {
        let (expected, received) = (wanted.to_string(), found.to_string());
        leaves.push(Compared { place: place.to_owned(), expected, received, differs: false });
    }
    rows.extend(leaves);
}

fn differences(place: &str, wanted: Option<&Value>, found: Option<&Value>, leaves: &mut Vec<Compared>) {
    if leaves.len() >= TOLD {
        return;
    }
    match (wanted, found) {
        (Some(wanted), Some(found)) if equal(wanted, found) => {}
        (Some(Value::Object(wanted)), Some(Value::Object(found))) => {
            let more = found.keys().filter(|name| !wanted.contains_key(*name));
            for name in wanted.keys().chain(more) {
                differences(&format!("{place}/{name}"), wanted.get(name), found.get(name), leaves);
            }
        }
        (Some(Value::Array(wanted)), Some(Value::Array(found))) => {
            for at in 0..wanted.len().max(found.len()) {
                differences(&format!("{place}/{at}"), wanted.get(at), found.get(at), leaves);
            }
        }
        _ => {
            let shown = |value: Option<&Value>| value.map_or_else(|| "not there".to_owned(), Value::to_string);
            let (expected, received) = (shown(wanted), shown(found));
            leaves.push(Compared { place: place.to_owned(), expected, received, differs: true });
        }
    }
}

impl<'a> Subject<'a> {
    pub(super) fn new(reader: &'a Reader, letter: &'a Letter) -> Self {
        let unpacked = reader.platform.unpacked(&letter.topic, &letter.payload);
        let payload = unpacked.as_deref().unwrap_or(&letter.payload);
        // A payload that is no JSON has no places.
        Self { reader, letter, body: serde_json::from_slice(payload).ok() }
    }

    /// The name of the command or service.
    pub(super) fn name(&self) -> String {
        let Letter { topic, payload, direction, .. } = self.letter;
        let request = if *direction == Direction::Down { self.request() } else { None };
        request.map_or_else(|| self.reader.platform.summary(*direction, topic, payload).name, |request| request.name)
    }

    /// What stands at a path.
    pub(super) fn find(&self, path: &Path) -> Option<Value> {
        match path {
            Path::Body(steps) => {
                steps.iter().try_fold(self.body.as_ref()?, |value, step| match value {
                    Value::Object(members) => members.get(step),
                    // What is no place in a list is not there.
                    Value::Array(list) => list.get(step.parse::<usize>().ok()?),
                    _ => None,
                })
            }
            .cloned(),
            Path::Field(field) => self.field(*field),
        }
    }

    fn field(&self, field: Field) -> Option<Value> {
        let letter = self.letter;
        Some(match field {
            Field::RequestId => Value::from(letter.request_id.clone()?),
            Field::Topic => Value::from(letter.topic.clone()),
            Field::What => Value::from(letter.what.word()),
            Field::Name => Value::from(Some(self.name()).filter(|name| !name.is_empty())?),
            Field::Service => Value::from(Some(self.request()?.service).filter(|service| !service.is_empty())?),
            Field::Target => Value::from(self.request()?.target?),
            Field::Input => Some(self.request()?.input).filter(|input| !input.is_null())?,
            Field::Code => Value::from(result_code(self.reader.cloud, &letter.payload)?),
            Field::Qos => Value::from(letter.qos.number()),
            Field::Retain => Value::from(letter.retain),
            Field::Size => Value::from(letter.payload.len()),
            // What is no UTF-8 is no text.
            Field::Text => Value::from(std::str::from_utf8(&letter.payload).ok()?),
        })
    }

    fn request(&self) -> Option<crate::cloud::Request> {
        let Letter { topic, payload, .. } = self.letter;
        self.reader.platform.request(&Asked { topic, payload })
    }
}

#[cfg(test)]
mod tests;
