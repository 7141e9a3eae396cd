//! A config's text to a checked [`Config`], with every fault found.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::DeValue;

use super::document;
use super::file::Source;
use super::table::Table;
use super::{Config, ConfigError, device, keys, model, plan, tapes, units};
use crate::behaviour::Plan;
use crate::model::Model;
use crate::profile::Profile;

/// The timeline's budget unless the config says otherwise, in bytes.
const TIMELINE: usize = 32 << 20;

/// Checks a config.
pub(super) fn check(source: &Source) -> Result<Config, ConfigError> {
    let mut config = Config {
        path: source.path.clone(),
        devices: Vec::new(),
        plans: BTreeMap::new(),
        models: BTreeMap::new(),
        theme: None,
        bell: false,
        timeline_bytes: TIMELINE,
        tapes: tapes::usual(tapes::usual_folder(source.folder())),
        warnings: Vec::new(),
    };
    let walked = document::walk(source, "the config", |top| fill(&mut config, top, source))?;
    config.warnings = walked.warnings;
    Ok(config)
}

fn fill(config: &mut Config, top: &Table<'_>, source: &Source) {
    top.refuse_unknown(&keys::TOP);
    config.theme = top.word("theme").map(|theme| theme.value);
    config.bell = top.boolean("bell").is_some_and(|bell| bell.value);
    if let Some(size) = units::size(top, "timeline", 1 << 20, 4 << 30) {
        config.timeline_bytes = size.value;
    }
    config.tapes = tapes::settings(top, source.folder());
    let Devices { profiles, plans, models } = devices(top, source);
    config.devices = profiles;
    config.plans = plans;
    config.models = models;
}

/// Devices that were read.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    /// In the file's order.
    pub(crate) profiles: Vec<Profile>,
    /// What they do by themselves, by name; a device without an entry does nothing.
    pub(crate) plans: BTreeMap<String, Arc<Plan>>,
    /// What their products' models say, by name; a device without an entry has no model.
    pub(crate) models: BTreeMap<String, Arc<Model>>,
}

/// The devices of the tables `[[device]]`.
pub(crate) fn devices(top: &Table<'_>, source: &Source) -> Devices {
    const FORM: &str = "each device starts with a line [[device]]";
    let Some(value) = top.raw("device") else {
        // A misspelt [[device]] has been told of already.
        if !top.keys().any(|key| key.value.contains("evice")) {
            top.report.fault(top.place(), format!("the config has no device: {FORM}; `standin init` writes a sample"));
        }
        return Devices::default();
    };
    let Some(list) = value.get_ref().as_array() else {
        top.report.fault(top.key_place("device"), FORM);
        return Devices::default();
    };
    if list.is_empty() {
        top.report.fault(value.span(), format!("the config has no device: {FORM}"));
    }
    let mut seen: Vec<(String, usize)> = Vec::new();
    let mut devices = Devices::default();
    for (number, entry) in list.iter().enumerate() {
        let DeValue::Table(entries) = entry.get_ref() else {
            top.report.fault(entry.span(), FORM);
            continue;
        };
        let name = entries.get("name").and_then(|name| name.get_ref().as_str());
        let what = name.map_or_else(|| format!("device {}", number + 1), |name| format!("device `{name}`"));
        let table = Table::new(entries, entry.span(), &what, top.report);
        refuse_twin(&table, name, &mut seen, &source.text);
        let plan = plan::plan(&table, source.folder());
        if let (Some(name), true) = (name, plan != Plan::default()) {
            devices.plans.insert(name.to_owned(), Arc::new(plan));
        }
        if let (Some(name), Some(model)) = (name, model::model(&table, source.folder())) {
            devices.models.insert(name.to_owned(), model);
        }
        devices.profiles.extend(device::profile(&table, source.folder()));
    }
    devices
}

/// Names are how the user calls devices: each is there once.
fn refuse_twin(table: &Table<'_>, name: Option<&str>, seen: &mut Vec<(String, usize)>, source: &str) {
    let Some(name) = name else { return };
    let at = table.raw("name").map_or_else(|| table.place(), toml::Spanned::span);
    let line = source[..at.start].matches('\n').count() + 1;
    if let Some((_, first)) = seen.iter().find(|(other, _)| other == name) {
        table.report.fault(at, format!("there is already a device `{name}`, at line {first}; names are unique"));
    } else {
        seen.push((name.to_owned(), line));
    }
}
