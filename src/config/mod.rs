//! Files, environment and flags to checked values.
//!
//! What lives here: where the config is, reading it without trusting it, the walk from TOML with its places to
//! [`Profile`]s, every sentence about what is wrong with it, and the way back from profiles to TOML. What may not: fetching
//! a secret (that is `session::secrets`) and what a cloud asks of a device (that is `cloud`; its defaults and checks are
//! called from here).
//!
//! A raw table never leaves this module but for `scenario`, whose files are walked by the same means: what else does has been
//! checked.

mod authority;
pub(crate) mod check;
mod choice;
mod device;
pub(crate) mod document;
mod endpoint;
mod excerpt;
pub(crate) mod file;
mod identity;
pub(crate) mod json;
mod keys;
pub mod model;
mod plan;
mod registration;
pub(crate) mod report;
mod rules;
mod simulators;
mod sub_devices;
pub(crate) mod suggest;
pub(crate) mod table;
pub mod tapes;
mod templates;
mod units;
mod values;
pub mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::behaviour::Plan;
use crate::model::Model;
use crate::profile::Profile;
use crate::secret::Exposure;
use crate::tape::Settings;
use file::Source;

/// A config that has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// Its devices, in the file's order; at least one.
    pub devices: Vec<Profile>,
    /// What devices do by themselves, by name; a device without an entry does nothing.
    pub plans: BTreeMap<String, Arc<Plan>>,
    /// The models of the devices' products, by the devices' names; a device without an entry has none, or one that could not
    /// be read, of which [`Config::warnings`] tells.
    pub models: BTreeMap<String, Arc<Model>>,
    /// The theme's name.
    pub theme: Option<String>,
    /// Whether a new request may ring the terminal's bell.
    pub bell: bool,
    /// The timeline's budget in bytes.
    pub timeline_bytes: usize,
    /// How tapes are kept; the fields that every device's tapes mask among it.
    pub tapes: Settings,
    /// What will probably not work, in words for a person.
    pub warnings: Vec<String>,
}

/// Why there is no config, or no such device in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// There is no file.
    Missing {
        /// The path looked for.
        path: PathBuf,
    },
    /// The user has no home directory in which to look.
    NoHome,
    /// The file could not be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, in words for a person.
        reason: String,
    },
    /// The file holds a secret, and somebody else can read or own it.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Who else can reach it.
        exposure: Exposure,
    },
    /// The file says something that cannot be taken.
    Faulty {
        /// Each fault, with its place and its line, in the file's order.
        faults: Vec<String>,
    },
    /// No device has this name.
    NoDevice {
        /// The name asked for.
        name: String,
        /// The config.
        path: PathBuf,
        /// A device with nearly that name.
        nearest: Option<String>,
        /// The names there are.
        names: Vec<String>,
    },
}

/// Finds, reads and checks the config: at `explicit`, else at `$STANDIN_CONFIG`, else the user's.
pub fn load(explicit: Option<&Path>) -> Result<Config, ConfigError> {
    let path = locate(explicit)?;
    check::check(&Source::read(&path)?)
}

/// Where the config is, or would be: `explicit`, else `$STANDIN_CONFIG`, else `standin/config.toml` in the user's config
/// directory (XDG).
pub fn locate(explicit: Option<&Path>) -> Result<PathBuf, ConfigError> {
    if let Some(path) = explicit {
        return Ok(path.to_owned());
    }
    if let Some(path) = std::env::var_os("STANDIN_CONFIG").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    Ok(directory()?.join("config.toml"))
}

/// standin's own directory in the user's config directory; themes of the user's own stand in its `themes`.
pub fn directory() -> Result<PathBuf, ConfigError> {
    use etcetera::BaseStrategy as _;
    let user = etcetera::choose_base_strategy().map_err(|_| ConfigError::NoHome)?;
    Ok(user.config_dir().join("standin"))
}

impl Config {
    /// The device called `name`.
    pub fn device(&self, name: &str) -> Result<&Profile, ConfigError> {
        self.devices.iter().find(|device| device.name == name).ok_or_else(|| {
            let names: Vec<String> = self.devices.iter().map(|device| device.name.clone()).collect();
            let nearest = suggest::nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
            ConfigError::NoDevice { name: name.to_owned(), path: self.path.clone(), nearest, names }
        })
    }
}

impl ConfigError {
    /// What to try, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            // The contract wants one line, which names the commands itself.
            Self::Missing { .. } | Self::Faulty { .. } => Vec::new(),
            Self::NoHome => vec!["set HOME, or say where the config is: --config FILE".to_owned()],
            Self::Unreadable { .. } => vec!["another file: --config FILE".to_owned()],
            Self::Exposed { path, exposure } => {
                let elsewhere =
                    "or keep the secret elsewhere: secret = { env = … }, { file = … } or { command = [ … ] }";
                vec![exposure.remedy(path), elsewhere.to_owned()]
            }
            Self::NoDevice { names, .. } => vec![format!("one of the config's: {}", some_of(names))],
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => {
                let path = path.display();
                write!(f, "there is no config at {path}: `standin init` writes one, `standin demo` needs none")
            }
            Self::NoHome => write!(f, "there is no home directory to look for a config in"),
            Self::Unreadable { path, reason } => write!(f, "could not read the config {}: {reason}", path.display()),
            Self::Exposed { path, exposure } => {
                write!(f, "the config {} holds a secret, and {exposure}", path.display())
            }
            Self::Faulty { faults } => f.write_str(&faults.join("\n")),
            Self::NoDevice { name, path, nearest, .. } => {
                write!(f, "no device is called `{name}` in {}", path.display())?;
                nearest.as_ref().map_or(Ok(()), |nearest| write!(f, "; did you mean `{nearest}`?"))
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// The first few of many names.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    let rest = names.len().saturating_sub(SHOWN);
    if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests;
