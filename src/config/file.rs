//! Reading a config file without trusting it: its size, its text, and who else can read it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::ConfigError;
use crate::secret::Exposure;

/// No config that a person wrote is larger.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A config file as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Where it is, as the user named it.
    pub(crate) path: PathBuf,
    /// Its content.
    pub(crate) text: String,
    /// Why it may hold no secret.
    exposure: Option<Exposure>,
}

impl Source {
    /// Opens and reads `path`. Owner and mode are asked of the open file, so that nobody can exchange it in between.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |reason: String| ConfigError::Unreadable { path: path.to_owned(), reason };
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => ConfigError::Missing { path: path.to_owned() },
            _ => unreadable(error.to_string()),
        })?;
        let metadata = file.metadata().map_err(|error| unreadable(error.to_string()))?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() as u64 > LARGEST {
            return Err(unreadable(format!("it is larger than {} MiB", LARGEST / 1024 / 1024)));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = memchr::memchr_iter(b'\n', &error.as_bytes()[..good]).count() + 1;
            unreadable(format!("line {line} is not UTF-8, as TOML must be"))
        })?;
        let user = rustix::process::geteuid().as_raw();
        let exposure = Exposure::of(metadata.uid(), user, metadata.mode());
        Ok(Self { path: path.to_owned(), text, exposure })
    }

    /// A source that no file stands behind.
    #[cfg(test)]
    pub(crate) fn of_text(text: &str) -> Self {
        Self { path: PathBuf::from("/etc/standin/config.toml"), text: text.to_owned(), exposure: None }
    }

    /// The folder that relative paths of the config start from.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Refuses a file that holds a secret which others can reach.
    pub(crate) fn refuse_if_exposed(&self) -> Result<(), ConfigError> {
        match self.exposure {
            None => Ok(()),
            Some(exposure) => Err(ConfigError::Exposed { path: self.path.clone(), exposure }),
        }
    }
}
