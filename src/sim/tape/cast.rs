//! Who plays which part.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::script::{Part, Script};
use super::stage::{Cue, Stage, Tally};
use crate::cloud::transfer::{Transfer, is_same_device};
use crate::profile::Cloud;
use crate::sim::hub::Key;

/// The parts of a tape, and the devices that play them.
#[derive(Debug)]
pub(crate) struct Cast {
    parts: Vec<Arc<Part>>,
    /// Who plays each part: a part is played by one device at a time.
    players: Vec<Option<Key>>,
    stages: BTreeMap<Key, Stage>,
    cue: Cue,
}

/// A device found its part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Casting {
    /// The recorded device's name.
    pub(crate) part: String,
    /// Why this one, in words.
    pub(crate) why: &'static str,
}

impl Cast {
    /// A cast without players.
    pub(crate) fn new(script: Script, cue: Cue) -> Self {
        let parts: Vec<_> = script.parts.into_iter().map(Arc::new).collect();
        Self { players: vec![None; parts.len()], parts, stages: BTreeMap::new(), cue }
    }

    /// A device signed in. It goes on with the part that it has, or is given one: its own by its identifiers, else the first of
    /// its cloud that nobody plays. `None`: there is none for it, or it has had its part before.
    pub(crate) fn online(
        &mut self,
        now: Instant,
        key: &Key,
        (cloud, identifiers): (Cloud, &BTreeMap<String, String>),
    ) -> Option<Casting> {
        if let Some(stage) = self.stages.get_mut(key) {
            stage.online(now);
            return None;
        }
        let of_cloud = |place: &usize| self.parts[*place].recorded.cloud == cloud;
        let free = || (0..self.parts.len()).filter(of_cloud).filter(|place| self.players[*place].is_none());
        let own = free().find(|place| is_same_device(cloud, &self.parts[*place].recorded.identifiers, identifiers));
        let (place, why) = match (own, free().count()) {
            (Some(place), _) => (place, "by its identifiers"),
            (None, 1) => (free().next()?, "the only one of its cloud that is free"),
            (None, _) => (free().next()?, "the first of its cloud that is free"),
        };
        let part = Arc::clone(&self.parts[place]);
        let from = (part.recorded.cloud, &part.recorded.identifiers);
        let transfer = Transfer::new(from, (cloud, identifiers)).ok()?;
        let name = part.recorded.name.clone();
        let mut stage = Stage::new(part, transfer, self.cue);
        stage.online(now);
        self.players[place] = Some(key.clone());
        self.stages.insert(key.clone(), stage);
        Some(Casting { part: name, why })
    }

    /// A device is gone; its part stays its own.
    pub(crate) fn offline(&mut self, now: Instant, key: &Key) {
        if let Some(stage) = self.stages.get_mut(key) {
            stage.offline(now);
        }
    }

    /// The stage of a device.
    pub(crate) fn stage(&mut self, key: &Key) -> Option<&mut Stage> {
        self.stages.get_mut(key)
    }

    /// Who is on a stage.
    pub(crate) fn players(&self) -> impl Iterator<Item = &Key> {
        self.stages.keys()
    }

    /// When something is due next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.stages.values().filter_map(Stage::deadline).min()
    }

    /// What each device did, held against its part.
    pub(crate) fn tallies(&self) -> impl Iterator<Item = (&Key, &str, usize, Tally)> {
        self.stages.iter().map(|(key, stage)| (key, stage.part_name(), stage.steps(), stage.tally))
    }
}
