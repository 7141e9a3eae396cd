//! `standin init`: writes a commented config.

use std::io::{ErrorKind, Write};

use super::{CliError, Global, Outcome, written};
use crate::config::{self, write};
use crate::text::Safe;

/// A config that explains itself. A test loads it as it stands and with every key uncommented.
const SAMPLE: &str = include_str!("sample.toml");

/// The arguments of `standin init`: none beside `--config`, which says where it goes.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {}

/// Writes the config where the other commands look for it; never over a file that is there.
pub fn run(_args: &Args, global: &Global) -> Result<Outcome, CliError> {
    let path = config::locate(global.config.as_deref())?;
    let shown = path.display();
    write::create_private(&path, SAMPLE).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => CliError::usage(format!("there is already a file at {shown}; it is left as it is"))
            .hint("another place: standin init --config FILE"),
        _ => CliError::usage(format!("could not write {shown}: {error}"))
            .hint("another place: standin init --config FILE"),
    })?;
    let path = Safe::new(&shown.to_string());
    let words = format!(
        "wrote {path}, which nobody else can read\n\
         next: put your device's host, identity and secret into it, then\n  \
         standin sign smoke-01    shows what it would sign in with\n  \
         standin                  opens the console\n"
    );
    written(std::io::stdout().lock().write_all(words.as_bytes()))?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        write::create_private(&path, text).unwrap();
        let config = config::load(Some(&path)).unwrap();
        // The product's model is a file of the user's.
        let model = |warning: &&String| warning.contains("no product model: ") && warning.contains("profile.zip");
        assert_eq!(config.warnings.iter().filter(|warning| !model(warning)).count(), 0, "{:?}", config.warnings);
        config.devices.into_iter().map(|device| device.name).collect()
    }

    #[test]
    fn the_sample_loads_as_it_stands() {
        assert_eq!(devices(SAMPLE), ["smoke-01"]);
    }

    #[test]
    fn the_sample_loads_with_every_key_uncommented() {
        // Prose stands behind "# ", a key that is not set behind "#" alone.
        let all: String = SAMPLE
            .lines()
            .map(|line| if line.starts_with("# ") { line } else { line.strip_prefix('#').unwrap_or(line) })
            .flat_map(|line| [line, "\n"])
            .collect();
        assert_eq!(devices(&all), ["smoke-01", "lamp-01", "meter-7", "broker"]);
    }
}
