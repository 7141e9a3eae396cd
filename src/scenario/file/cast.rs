//! Who takes part: the embedded platform's devices, the file's own tables, or those of a config.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{Around, meant};
use crate::behaviour::Plan;
use crate::config::check::Devices;
use crate::config::file::Source;
use crate::config::table::Table;
use crate::config::{self, ConfigError, check};
use crate::profile::Profile;
use crate::scenario::plan::Cast;
use crate::sim::{self, Device};
use crate::tape::Settings;

/// The devices that steps may name.
#[derive(Debug)]
pub(super) struct Candidates {
    pub(super) cast: Cast,
    pub(super) plans: BTreeMap<String, Arc<Plan>>,
    pub(super) names: Vec<String>,
    pub(super) tapes: Option<Settings>,
    pub(super) warnings: Vec<String>,
}

/// The devices that the steps read so far have named.
#[derive(Debug)]
pub(super) struct Troupe {
    pub(super) candidates: Candidates,
    pub(super) used: Vec<String>,
    default: Option<String>,
}

/// The devices that the file's steps may name; `None` where the report says what is wrong with them.
pub(super) fn candidates(top: &Table<'_>, source: &Source, around: &Around) -> Result<Option<Candidates>, ConfigError> {
    let live = live(top);
    let embedded = around.platform || top.raw("platform").is_some();
    if embedded {
        top.report.secrets_are_harmless();
    }
    if top.raw("device").is_some() {
        if top.raw("config").is_some() {
            let words = "`config` cannot stand beside [[device]]: the devices come from one of them";
            top.report.fault(top.key_place("config"), words);
        }
        let Devices { profiles, plans, .. } = check::devices(top, source);
        // Faults among them stand in the report.
        let candidates = (!profiles.is_empty()).then(|| Candidates::of(profiles, embedded, live, None));
        return Ok(candidates.map(|candidates| Candidates { plans, ..candidates }));
    }
    if top.raw("config").is_some() {
        let Some(path) = top.word("config") else { return Ok(None) };
        return of_config(Some(&source.folder().join(path.value)), embedded, live).map(Some);
    }
    if top.raw("platform").is_some() || (embedded && names_only_demo_devices(top)) {
        let devices: Vec<_> = sim::demo().into_iter().map(|device| (device, None)).collect();
        return Ok(Some(Candidates::embedded(devices, live, None)));
    }
    of_config(around.config.as_deref(), embedded, live).map(Some)
}

/// The cast without the devices of real platforms that no step names. The embedded platform keeps all of its own.
pub(super) fn cut_down(cast: Cast, used: &[String]) -> Cast {
    match cast {
        Cast::Real(profiles) => {
            Cast::Real(profiles.into_iter().filter(|profile| used.contains(&profile.name)).collect())
        }
        embedded @ Cast::Embedded { .. } => embedded,
    }
}

/// The devices that a file or a config has, and not the embedded platform.
pub(super) fn own_profiles(cast: &Cast) -> impl Iterator<Item = &Profile> {
    let (real, embedded) = match cast {
        Cast::Real(profiles) => (profiles.as_slice(), [].as_slice()),
        Cast::Embedded { devices, .. } => ([].as_slice(), devices.as_slice()),
    };
    real.iter().chain(embedded.iter().filter_map(|(_, own)| own.as_ref()))
}

/// Whether the simulated application of the embedded platform is to be at work.
fn live(top: &Table<'_>) -> bool {
    let Some(table) = top.table("platform", "`platform`") else { return false };
    table.refuse_unknown(&["live"]);
    table.boolean("live").is_some_and(|live| live.value)
}

fn of_config(path: Option<&Path>, embedded: bool, live: bool) -> Result<Candidates, ConfigError> {
    let config = config::load(path)?;
    let mut candidates = Candidates::of(config.devices, embedded, live, Some(config.tapes));
    candidates.plans = config.plans;
    candidates.warnings = config.warnings;
    Ok(candidates)
}

/// Whether every device that a step names is one of the embedded platform's own.
fn names_only_demo_devices(top: &Table<'_>) -> bool {
    let demo = sim::demo();
    let steps = top.raw("step").and_then(|value| value.get_ref().as_array());
    let of_steps = steps.into_iter().flatten().filter_map(|step| step.get_ref().get("device")?.get_ref().as_str());
    let default = top.raw("default_device").and_then(|value| value.get_ref().as_str());
    let mut names = of_steps.chain(default).peekable();
    names.peek().is_some() && names.all(|name| demo.iter().any(|device| device.name == name))
}

impl Candidates {
    fn of(profiles: Vec<Profile>, embedded: bool, live: bool, tapes: Option<Settings>) -> Self {
        if embedded {
            let devices = profiles.into_iter().map(|profile| {
                let device = Device::standing_for(&profile);
                (device, Some(profile))
            });
            return Self::embedded(devices.collect(), live, tapes);
        }
        let names = profiles.iter().map(|profile| profile.name.clone()).collect();
        Self { cast: Cast::Real(profiles), plans: BTreeMap::new(), names, tapes, warnings: Vec::new() }
    }

    fn embedded(devices: Vec<(Device, Option<Profile>)>, live: bool, tapes: Option<Settings>) -> Self {
        let names = devices.iter().map(|(device, _)| device.name.clone()).collect();
        Self { cast: Cast::Embedded { live, devices }, plans: BTreeMap::new(), names, tapes, warnings: Vec::new() }
    }
}

impl Troupe {
    pub(super) fn new(candidates: Candidates) -> Self {
        let default = match candidates.names.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        Self { candidates, used: Vec::new(), default }
    }

    /// Takes note of the device of steps that name none.
    pub(super) fn choose_default(&mut self, top: &Table<'_>) {
        let Some(name) = top.word("default_device") else { return };
        if self.candidates.names.contains(&name.value) {
            self.default = Some(name.value);
        } else {
            let words = format!("there is no device \"{}\"{}", name.value, meant(&name.value, &self.candidates.names));
            top.report.fault(name.at, words);
        }
    }

    /// The place of the device that a step is about; `None` where the report says what is wrong.
    pub(super) fn device(&mut self, step: &Table<'_>) -> Option<usize> {
        let name = if step.raw("device").is_some() {
            let named = step.word("device")?;
            if !self.candidates.names.contains(&named.value) {
                let words =
                    format!("there is no device \"{}\"{}", named.value, meant(&named.value, &self.candidates.names));
                step.report.fault(named.at, words);
                return None;
            }
            named.value
        } else if let Some(default) = &self.default {
            default.clone()
        } else {
            let words = "which device is it about? There are several, and no `default_device`";
            step.missing("device", words);
            return None;
        };
        if let Some(place) = self.used.iter().position(|used| *used == name) {
            return Some(place);
        }
        self.used.push(name);
        Some(self.used.len() - 1)
    }
}
