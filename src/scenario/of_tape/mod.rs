//! A tape becomes a scenario that runs against the embedded platform: what the platform sent is ordered, what the device sent is
//! sent again, and what came back is expected. Ids and times are not compared, pauses are rounded.
//!
//! | file | what lives there |
//! |---|---|
//! | `part` | what one device did and what was done to it, event by event |
//! | `orders` | a request of the platform as an order |
//! | `steps` | steps as they are written |
//! | `toml` | values as TOML |

mod orders;
mod part;
mod steps;
mod toml;

use crate::cloud::transfer::is_same_device;
use crate::event::Event;
use crate::profile::Cloud;
use crate::sim;
use crate::tape::{Recorded, Tapes};
use part::Part;
use steps::Steps;

/// A scenario as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file's content.
    pub text: String,
    /// Its steps.
    pub steps: usize,
    /// What could not be taken over, in words for a person.
    pub remarks: Vec<String>,
}

/// The secret that a recorded device gets at the embedded platform: no tape holds the real one. It has the 16 characters of
/// UCloud's documents.
const SECRET: &str = "only-embedded-01";

/// The scenario called `name` of what is on `tapes`; `None` where no device on them did anything.
pub fn write(tapes: &Tapes, name: &str) -> Option<Written> {
    let mut story = Story::new(tapes);
    for entry in tapes.entries_from(1) {
        if let Some(read) = entry.read()
            && let Some(event) = read.event()
        {
            story.take(&event, entry.time_us);
        }
    }
    story.end(tapes.span_us().map_or(0, |(_, last)| last));
    story.write(name)
}

/// What happened on the tapes, step by step.
struct Story {
    parts: Vec<Part>,
    steps: Steps,
}

impl Story {
    fn new(tapes: &Tapes) -> Self {
        let sessions = tapes.sessions().into_iter().enumerate();
        let mut story =
            Self { parts: sessions.map(|(place, one)| Part::new(place, one)).collect(), steps: Steps::default() };
        let start_us = tapes.span_us().map_or(0, |(first, _)| first);
        for part in &mut story.parts {
            part.begin(&mut story.steps, start_us);
        }
        story
    }

    fn take(&mut self, event: &Event<'_>, time_us: u64) {
        if let Some(part) = self.parts.iter_mut().find(|part| part.recorded.name == event.session) {
            part.take(&mut self.steps, &event.kind, time_us);
        }
    }

    fn end(&mut self, last_us: u64) {
        for part in &mut self.parts {
            part.end(&mut self.steps, last_us);
        }
    }

    fn write(self, name: &str) -> Option<Written> {
        if self.steps.is_empty() {
            return None;
        }
        let used: Vec<&Part> = self.parts.iter().filter(|part| self.steps.names(part.place)).collect();
        let mut text = String::new();
        toml::line(&mut text, "name", &toml::text(name));
        if let [only] = used.as_slice() {
            toml::line(&mut text, "default_device", &toml::text(&only.recorded.name));
        }
        text.push_str("\n[platform]\n");
        if !used.iter().all(|part| part.subscribed.is_empty() && is_platforms_own(&part.recorded)) {
            for part in &used {
                device(&mut text, part);
            }
        }
        let alone = used.len() == 1;
        let names: Vec<&str> = self.parts.iter().map(|part| part.recorded.name.as_str()).collect();
        self.steps.write(&mut text, |place| names.get(place).copied().filter(|_| !alone));
        let remarks = self.parts.iter().flat_map(|part| part.remarks.iter().cloned()).chain(self.steps.remark());
        Some(Written { text, steps: self.steps.len(), remarks: remarks.collect() })
    }
}

/// Whether the embedded platform has that very device, by that name, unasked.
fn is_platforms_own(recorded: &Recorded) -> bool {
    sim::demo().iter().any(|device| {
        device.name == recorded.name
            && device.identity.cloud() == recorded.cloud
            && is_same_device(recorded.cloud, &device.identifiers(), &recorded.identifiers)
    })
}

/// The config's keys for who a device is, as far as a tape tells it.
fn identifier_keys(cloud: Cloud) -> &'static [&'static str] {
    match cloud {
        Cloud::Huawei => &["device_id"],
        Cloud::Aliyun => &["client_id", "device_name", "product_key"],
        Cloud::Ucloud => &["device_sn", "product_sn"],
        Cloud::Mqtt => &["client_id"],
    }
}

/// A device's own table.
fn device(text: &mut String, part: &Part) {
    let Recorded { name, cloud, identifiers, .. } = &part.recorded;
    text.push_str("\n[[device]]\n");
    let mut line = |key: &str, value: String| toml::line(text, key, &value);
    line("name", toml::text(name));
    line("cloud", toml::text(cloud.word()));
    line("host", toml::text("127.0.0.1"));
    // A tape may say anything; what is no identifier would be another key of the device's.
    for key in identifier_keys(*cloud) {
        if let Some(value) = identifiers.get(*key) {
            line(key, toml::text(value));
        }
    }
    if *cloud != Cloud::Mqtt {
        line("secret", toml::text(SECRET));
    }
    if !part.subscribed.is_empty() {
        let filters: Vec<String> = part
            .subscribed
            .iter()
            .map(|(filter, qos)| {
                let qos = ("qos".to_owned(), qos.number().to_string());
                toml::table(&[("filter".to_owned(), toml::exact(filter)), qos])
            })
            .collect();
        line("subscribe", format!("[{}]", filters.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::LineState;

    #[test]
    fn a_tape_cannot_write_keys_of_its_own_into_a_scenario() {
        let identifiers = [
            ("client_id", "c\"\nsecret = 1"),
            ("password = { command = [\"id\"] }\nfilter", "x"),
            ("proxy", "http://evil"),
        ];
        let recorded = Recorded {
            name: "d\"\n[[device]]".to_owned(),
            cloud: Cloud::Mqtt,
            endpoint: String::new(),
            identifiers: identifiers.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            clock_offset_us: None,
            state: LineState::Offline,
        };
        let mut text = String::new();
        device(&mut text, &Part::new(0, recorded));
        let read: ::toml::Table = text.parse().unwrap();
        let devices = read["device"].as_array().unwrap();
        let keys: Vec<&String> = devices[0].as_table().unwrap().keys().collect();
        assert_eq!((devices.len(), keys.len()), (1, 4), "{text}");
        assert_eq!(devices[0]["client_id"].as_str(), Some(identifiers[0].1));
    }
}
