//! A TOML file walked with its places: what the config and other files that people write have in common.
//!
//! What lives here: from a text to a table, and from the faults that were found on the way to what a person reads. What may
//! not: which keys there are.

use toml::de::DeTable;

use super::file::Source;
use super::report::Report;
use super::table::Table;
use super::{ConfigError, excerpt};

/// Beyond this many faults a person mends the first ones and looks again.
const TOLD: usize = 20;

/// What came of a walk without faults.
#[derive(Debug)]
pub(crate) struct Walked<T> {
    /// What the walk answered.
    pub(crate) value: T,
    /// What will probably not work, in words for a person.
    pub(crate) warnings: Vec<String>,
}

/// Hands the top table of `source`, called `what` in sentences, to `work`, which tells its report what is wrong. Every fault
/// that was found stands in the error, each with its line.
pub(crate) fn walk<T: Default>(
    source: &Source,
    what: &str,
    work: impl FnOnce(&Table<'_>) -> T,
) -> Result<Walked<T>, ConfigError> {
    let (document, broken) = DeTable::parse_recoverable(&source.text);
    let report = Report::default();
    for error in &broken {
        let end = source.text.trim_end().len();
        report.fault(error.span().unwrap_or(end..end), format!("this is not TOML: {}", words(error)));
    }
    // What follows broken syntax is guesswork: its faults would mislead.
    let value = if broken.is_empty() {
        work(&Table::new(document.get_ref(), document.span(), what, &report))
    } else {
        T::default()
    };
    if report.holds_secret() {
        source.refuse_if_exposed()?;
    }
    let (faults, warnings) = report.into_parts();
    if faults.is_empty() {
        return Ok(Walked { value, warnings });
    }
    let mut told: Vec<String> =
        faults.iter().take(TOLD).map(|fault| excerpt::render(&source.path, &source.text, fault)).collect();
    if faults.len() > TOLD {
        told.push(format!("and {} more", faults.len() - TOLD));
    }
    Err(ConfigError::Faulty { faults: told })
}

/// toml's words for a value without quotes name a form of text that nobody means.
fn words(error: &toml::de::Error) -> &str {
    error.message().trim_end_matches(", expected literal string")
}
