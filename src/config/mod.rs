//! Files, environment and flags to checked values.

use std::path::{Path, PathBuf};

use crate::profile::Profile;

/// A config that has been checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// Its devices, in the file's order; at least one.
    pub devices: Vec<Profile>,
    /// The theme's name.
    pub theme: Option<String>,
    /// Whether a new request may ring the terminal's bell.
    pub bell: bool,
    /// The timeline's budget in bytes.
    pub timeline_bytes: usize,
    /// What will probably not work, in words for a person.
    pub warnings: Vec<String>,
}

/// Why there is no config.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    message: String,
    hints: Vec<String>,
}

impl ConfigError {
    /// What to try.
    pub fn hints(&self) -> Vec<String> {
        self.hints.clone()
    }
}

impl Config {
    /// The device called `name`.
    pub fn device(&self, name: &str) -> Result<&Profile, ConfigError> {
        todo!("{name}")
    }
}

/// Finds, reads and checks the config: `explicit`, else `$STANDIN_CONFIG`, else the user's.
pub fn load(explicit: Option<&Path>) -> Result<Config, ConfigError> {
    todo!("{explicit:?}")
}
