//! A scenario's file to a checked [`Scenario`]: every fault is told with its place before anything runs.
//!
//! | file | what lives there |
//! |---|---|
//! | `cast` | who takes part: the embedded platform's devices, the file's own, or a config's |
//! | `rows` | the data rows of a CSV file |
//! | `step`, `expect` | what a step does, and what it expects |
//! | `reading` | texts with holes, values, durations, payloads |

mod cast;
mod expect;
pub(super) mod reading;
mod rows;
mod step;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::plan::{Deed, Row, Scenario, Step};
use super::value::text::is_name;
use super::value::{Form, Text};
use crate::config::file::Source;
use crate::config::table::Table;
use crate::config::{ConfigError, document, suggest};
use crate::profile::Profile;
use crate::replay::answers;
use cast::{Candidates, Troupe};
use reading::Reading;

/// What is around a scenario's file.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The config of devices that neither the file nor the embedded platform has.
    pub config: Option<PathBuf>,
    /// Run against the embedded platform, whatever the file says.
    pub platform: bool,
}

/// Why a scenario cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// There is no file.
    Missing(PathBuf),
    /// Its file cannot be read: the reason.
    Unreadable(PathBuf, String),
    /// The file holds a secret that others can read: who, and what mends it.
    Exposed(PathBuf, String, String),
    /// It says something that cannot be taken: each fault with its place and its line.
    Faulty(Vec<String>),
    /// It says nothing of devices, and there is no config that does.
    NoDevices(PathBuf, ConfigError),
    /// The config with its devices has faults of its own.
    Config(ConfigError),
}

/// Reads and checks the scenario at `path`.
pub fn load(path: &Path, around: &Around) -> Result<Scenario, LoadError> {
    let source = Source::read(path).map_err(LoadError::of_file)?;
    let walked = document::walk(&source, "the scenario", |top| read(top, &source, around));
    let walked = walked.map_err(LoadError::of_file)?;
    // Without faults there is one; a walk that answers nothing has told why.
    let found = walked.value.unwrap_or_else(|| Err(LoadError::Faulty(vec![format!("{} is empty", path.display())])));
    let mut scenario = found?;
    scenario.warnings.extend(walked.warnings);
    check_answers(&scenario)?;
    Ok(scenario)
}

/// Recorded answers that cannot be had are a fault of the file, and not of the devices that are tested by it.
fn check_answers(scenario: &Scenario) -> Result<(), LoadError> {
    let named = |profile: &&Profile| scenario.devices.contains(&profile.name);
    for profile in cast::own_profiles(&scenario.cast).filter(named) {
        if let Some(plan) = scenario.plans.get(&profile.name) {
            let told = |why| LoadError::Faulty(vec![format!("{}: {why}", scenario.path.display())]);
            answers::fill(plan, profile).map_err(told)?;
        }
    }
    Ok(())
}

const KEYS: [&str; 9] = ["name", "seed", "vars", "data", "platform", "config", "device", "default_device", "step"];

fn read(top: &Table<'_>, source: &Source, around: &Around) -> Option<Result<Scenario, LoadError>> {
    top.refuse_unknown(&KEYS);
    let reading = Reading::default();
    let stem = source.path.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy().into_owned());
    let name = top.word("name").map_or(stem, |name| name.value);
    let seed = top.integer("seed", 0, i64::MAX).map(|seed| seed.value.unsigned_abs());
    let rows = rows::rows(top, source.folder());
    match &rows {
        Some(rows) => {
            let columns = rows.iter().take(1).flat_map(|row| &row.columns);
            columns.for_each(|(column, _)| reading.learn(format!("row.{column}")));
        }
        None => reading.rows_are_unread(),
    }
    let vars = vars(top, &reading);
    let candidates = match cast::candidates(top, source, around) {
        Ok(candidates) => candidates?,
        Err(error @ ConfigError::Missing { .. }) if top.raw("config").is_none() => {
            return Some(Err(LoadError::NoDevices(source.path.clone(), error)));
        }
        Err(error) => return Some(Err(LoadError::Config(error))),
    };
    let mut troupe = Troupe::new(candidates);
    troupe.choose_default(top);
    let steps = steps(top, source, &reading, &mut troupe);
    let Troupe { candidates, used, .. } = troupe;
    let Candidates { cast, plans, tapes, warnings, .. } = candidates;
    Some(Ok(Scenario {
        path: source.path.clone(),
        name,
        seed,
        vars,
        rows: rows?,
        cast: cast::cut_down(cast, &used),
        plans,
        devices: used,
        steps: steps?,
        tapes,
        warnings,
    }))
}

/// The variables, in the file's order.
fn vars(top: &Table<'_>, reading: &Reading) -> Vec<(String, Form)> {
    let Some(table) = top.table("vars", "`vars`") else { return Vec::new() };
    let mut vars = Vec::new();
    for key in table.keys() {
        if is_name(key.value) {
            vars.extend(reading.form(&table, key.value).map(|form| (key.value.to_owned(), form)));
        } else {
            let words = format!("`{}` is no name of a variable: letters, digits, `_` and `-`", key.value);
            table.report.fault(key.at, words);
        }
        reading.learn(key.value.to_owned());
    }
    vars
}

fn steps(top: &Table<'_>, source: &Source, reading: &Reading, troupe: &mut Troupe) -> Option<Vec<Step>> {
    const FORM: &str = "each step starts with a line [[step]]";
    let Some(value) = top.raw("step") else {
        top.missing("step", FORM);
        return None;
    };
    let Some(list) = value.get_ref().as_array().filter(|list| !list.is_empty()) else {
        top.report.fault(top.key_place("step"), FORM);
        return None;
    };
    let mut steps = Vec::with_capacity(list.len());
    for (place, entry) in list.iter().enumerate() {
        let DeValue::Table(entries) = entry.get_ref() else {
            top.report.fault(entry.span(), FORM);
            continue;
        };
        let line = source.text.get(..entry.span().start).unwrap_or("").matches('\n').count() + 1;
        let what = format!("step {}", place + 1);
        let table = Table::new(entries, entry.span(), &what, top.report);
        steps.push(one_step(&table, line, reading, troupe));
    }
    steps.into_iter().collect()
}

fn one_step(table: &Table<'_>, line: usize, reading: &Reading, troupe: &mut Troupe) -> Option<Step> {
    const OTHERS: [&str; 3] = ["name", "device", "within"];
    table.refuse_unknown(&[OTHERS.as_slice(), &step::ACTIONS].concat());
    let action = step::only_one(table, &step::ACTIONS, &OTHERS, "what is done");
    let name: Option<Text> = reading.word(table, "name").map(|name| name.value);
    let within = reading.span(table, "within");
    let deed = reading.deed(table, action?);
    let about_none = matches!(deed, Some(Deed::Pause(_) | Deed::Assert { .. } | Deed::RefuseNext { .. }));
    let device = if about_none && table.raw("device").is_none() { Some(0) } else { troupe.device(table) };
    if let Some(Deed::Pause(_) | Deed::Assert { .. } | Deed::Note(_) | Deed::ExpectNoMessage { .. }) = deed
        && table.raw("within").is_some()
    {
        let words = format!("`within` of {} has no use: it does not wait for anything", table.what);
        table.report.fault(table.key_place("within"), words);
    }
    Some(Step { line, name, device: device?, within, deed: deed? })
}

/// The nearest of `names`, as a question.
fn meant(name: &str, names: &[String]) -> String {
    let near = suggest::nearest(name, names.iter().map(String::as_str));
    match near {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None if names.is_empty() => String::new(),
        None => format!("; there are {}", names.iter().take(8).cloned().collect::<Vec<_>>().join(", ")),
    }
}

/// A single run, where there is no data.
fn no_data() -> Vec<Row> {
    vec![Row::default()]
}

impl LoadError {
    /// What to try, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Missing(_) | Self::Unreadable(..) | Self::Faulty(_) => Vec::new(),
            Self::Exposed(_, _, remedy) => vec![remedy.clone()],
            Self::NoDevices(_, error) => {
                let own = "give the scenario devices of its own: [platform] for the embedded platform's, or [[device]] tables";
                error.hints().into_iter().chain([own.to_owned()]).collect()
            }
            Self::Config(error) => error.hints(),
        }
    }

    /// What went wrong with the scenario's own file.
    fn of_file(error: ConfigError) -> Self {
        match error {
            ConfigError::Missing { path } => Self::Missing(path),
            ConfigError::Unreadable { path, reason } => Self::Unreadable(path, reason),
            ConfigError::Exposed { path, exposure } => {
                let remedy = exposure.remedy(&path);
                Self::Exposed(path, exposure.to_string(), remedy)
            }
            ConfigError::Faulty { faults } => Self::Faulty(faults),
            other @ (ConfigError::NoHome | ConfigError::NoDevice { .. }) => Self::Config(other),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "there is no scenario at {}", path.display()),
            Self::Unreadable(path, reason) => write!(f, "could not read the scenario {}: {reason}", path.display()),
            Self::Exposed(path, who, _) => write!(f, "the scenario {} holds a secret, and {who}", path.display()),
            Self::Faulty(faults) => f.write_str(&faults.join("\n")),
            Self::NoDevices(path, error) => write!(f, "the scenario {} has no devices, and {error}", path.display()),
            Self::Config(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for LoadError {}
