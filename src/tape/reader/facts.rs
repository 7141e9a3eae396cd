//! What single records say: channels and metadata.

use std::collections::{BTreeMap, HashMap};

use super::bytes::Bytes;
use crate::event::{LineState, WallTime};
use crate::profile::Cloud;
use crate::tape::{About, Recorded, layout};

/// A channel, by the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelInfo {
    /// Its session; `None` on the channel that takes the rest.
    pub session: Option<String>,
    /// The kind of its events: `rx`, `tx`, `state`, …; empty on the channel that takes the rest.
    pub kind: String,
    /// Its topic, with request ids folded.
    pub topic: Option<String>,
    /// What its messages are.
    pub what: Option<String>,
}

impl ChannelInfo {
    /// The channel of a record, with its number.
    pub(super) fn read(body: &[u8]) -> Option<(u16, Self)> {
        let mut body = Bytes(body);
        let (id, _schema) = (body.u16()?, body.u16()?);
        let (_topic, _encoding) = (body.text()?, body.text()?);
        let texts = body.texts()?;
        let of = |key: &str| texts.get(key).map(|text| (*text).to_owned());
        // The channel that takes the rest says nothing.
        let kind = of("kind").unwrap_or_default();
        Some((id, Self { session: of("session"), kind, topic: of("topic"), what: of("what") }))
    }
}

/// What the metadata of a tape says, record by record.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) about: About,
    /// Whether the tape has told who wrote it: no other program's does.
    pub(super) is_ours: bool,
    places: HashMap<String, usize>,
}

impl Facts {
    /// Takes in a metadata record; of another's there is nothing to know.
    pub(super) fn take(&mut self, body: &[u8]) {
        let mut body = Bytes(body);
        let Some((name, texts)) = body.text().zip(body.texts()) else { return };
        match name {
            layout::TAPE => self.tape(&texts),
            layout::SESSION => self.session(&texts),
            _ => {}
        }
    }

    fn tape(&mut self, texts: &BTreeMap<&str, &str>) {
        let of = |key: &str| texts.get(key).copied();
        self.is_ours = true;
        of("program").unwrap_or("another program").clone_into(&mut self.about.program);
        if let Some(started) = of("started").and_then(WallTime::parse_rfc3339) {
            self.about.started = started;
        }
        self.about.part = of("part").and_then(|part| part.parse().ok()).unwrap_or(1);
    }

    fn session(&mut self, texts: &BTreeMap<&str, &str>) {
        let Some(session) = session(texts) else { return };
        let place = *self.places.entry(session.name.clone()).or_insert(self.about.sessions.len());
        match self.about.sessions.get_mut(place) {
            Some(known) => *known = session,
            None => self.about.sessions.push(session),
        }
    }
}

fn session(texts: &BTreeMap<&str, &str>) -> Option<Recorded> {
    let of = |key: &str| texts.get(key).copied();
    let identifiers = texts.iter().filter_map(|(key, value)| {
        let key = key.strip_prefix(layout::IDENTIFIER)?;
        Some((key.to_owned(), (*value).to_owned()))
    });
    Some(Recorded {
        name: of("name")?.to_owned(),
        cloud: of("cloud").and_then(cloud_of)?,
        endpoint: of("endpoint").map_or_else(String::new, str::to_owned),
        identifiers: identifiers.collect(),
        clock_offset_us: of("clock_offset_us").and_then(|offset| offset.parse().ok()),
        // What it was is not known: as if nothing had been said.
        state: of("state").and_then(LineState::from_word).unwrap_or_default(),
    })
}

fn cloud_of(word: &str) -> Option<Cloud> {
    [Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt].into_iter().find(|cloud| cloud.word() == word)
}
