//! Where tapes go, how large they may get, and what is masked on them: the table `[tapes]`, and `redact`.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::suggest;
use super::table::{At, Table};
use super::units::{self, Limit};
use crate::tape::{Destination, Settings};

/// The keys of `[tapes]`.
const KEYS: [&str; 6] = ["folder", "name", "rotate_size", "rotate_after", "budget", "keep_free"];
/// What a tape's name may hold beside plain letters.
const PARTS: [&str; 3] = ["session", "date", "time"];
/// What every tape's name ends with: by it the budget knows a tape.
const ENDING: &str = ".mcap";
/// A part has a few chunks at least.
const SMALLEST_PART: u64 = 1 << 20;
/// Beyond any disk that a gateway has.
const LARGEST: u64 = 1 << 50;
/// A part is no younger than this when the next one begins, in seconds.
const SHORTEST_PART: u64 = 10;
/// Ten years, in seconds.
const LONGEST_PART: u64 = 10 * 365 * 86_400;
/// The longest name that file systems take, in bytes, less what a second tape of the same second adds.
const LONGEST_NAME: usize = 200;
/// As many masks as anybody writes by hand.
const MOST_MASKS: usize = 256;

/// Where tapes go unless the config says otherwise: `tapes` in standin's folder of the user's data directory (XDG); without a
/// home directory, `tapes` in `otherwise`.
pub fn usual_folder(otherwise: &Path) -> PathBuf {
    use etcetera::BaseStrategy as _;
    match etcetera::choose_base_strategy() {
        Ok(user) => user.data_dir().join("standin/tapes"),
        Err(_) => otherwise.join("tapes"),
    }
}

/// The settings for tapes in `folder` where the config says nothing else.
pub fn usual(folder: PathBuf) -> Settings {
    Settings::new(Destination::Folder { path: folder, pattern: Settings::PATTERN.to_owned() })
}

/// Checks `[tapes]` and the masks for all devices. `folder` is what relative paths start from.
pub(super) fn settings(top: &Table<'_>, folder: &Path) -> Settings {
    let mut settings = usual(usual_folder(folder));
    settings.redact = redact(top);
    let Some(table) = top.table("tapes", "`tapes`") else { return settings };
    table.refuse_unknown(&KEYS);
    let path = table.word("folder").map_or_else(|| usual_folder(folder), |path| folder.join(path.value));
    let pattern = name(&table).unwrap_or_else(|| Settings::PATTERN.to_owned());
    settings.destination = Destination::Folder { path, pattern };
    if let Some(limit) = units::size_or_off(&table, "rotate_size", SMALLEST_PART, LARGEST) {
        settings.rotate_bytes = limit.set();
    }
    if let Some(limit) = units::time_or_off(&table, "rotate_after", SHORTEST_PART, LONGEST_PART) {
        settings.rotate_after = limit.set().map(std::time::Duration::from_secs);
    }
    if let Some(limit) = units::size_or_off(&table, "budget", SMALLEST_PART, LARGEST) {
        settings.budget_bytes = limit.set();
    }
    if let Some(limit) = units::size_or_off(&table, "keep_free", 1, LARGEST) {
        settings.free_bytes = match limit {
            Limit::Off => 0,
            Limit::At(bytes) => bytes,
        };
    }
    if let (Some(part), Some(budget)) = (settings.rotate_bytes, settings.budget_bytes)
        && budget < part
    {
        let (part, budget) = (units::show_long(part), units::show_long(budget));
        table.report.warn(format!(
            "`tapes`: `budget` ({budget}) is smaller than a part (`rotate_size`, {part}): a part goes as soon as it is full"
        ));
    }
    settings
}

/// The pattern of tapes' names.
fn name(table: &Table<'_>) -> Option<String> {
    let text = table.word("name")?;
    let fault = |words: &str| table.report.fault(text.at.clone(), format!("`name` of {} {words}", table.what));
    if text.value.contains('/') {
        fault("must be a name without /; `folder` says where tapes go");
    } else if text.value.len() > LONGEST_NAME {
        fault("must have at most 200 bytes");
    } else if text.value.strip_suffix(ENDING).is_none_or(str::is_empty) {
        fault("must end in .mcap, such as \"{session}-{date}-{time}.mcap\"");
    } else if let Some(part) = unknown_part(&text.value) {
        let near = suggest::nearest(part, PARTS).map_or_else(
            || "; there are {session}, {date} and {time}".to_owned(),
            |near| format!("; did you mean {{{near}}}?"),
        );
        fault(&format!("has an unknown part {{{part}}}{near}"));
    } else {
        return Some(text.value.clone());
    }
    None
}

/// The first part in braces that stands for nothing.
fn unknown_part(pattern: &str) -> Option<&str> {
    pattern
        .split('{')
        .skip(1)
        .map(|rest| rest.split_once('}').map_or(rest, |(part, _)| part))
        .find(|part| !PARTS.contains(part))
}

/// The fields that are masked on tapes, as dotted paths.
pub(super) fn redact(table: &Table<'_>) -> Vec<String> {
    const WANTED: &str = "a list of dotted paths, such as [\"params.password\"]";
    let Some(value) = table.raw("redact") else { return Vec::new() };
    let Some(list) = value.get_ref().as_array() else {
        table.wrong_type(value, "redact", WANTED);
        return Vec::new();
    };
    if list.len() > MOST_MASKS {
        table.fault_at(value.span(), "redact", "a list of at most 256 paths");
        return Vec::new();
    }
    let mut paths = Vec::with_capacity(list.len());
    for entry in list {
        let DeValue::String(text) = entry.get_ref() else {
            table.wrong_type(entry, "redact", WANTED);
            continue;
        };
        let path = At { value: text.to_string(), at: entry.span() };
        match path_fault(&path.value) {
            Some(fault) => {
                table.report.fault(path.at, format!("`redact` of {} has no valid path: {fault}", table.what));
            }
            None => paths.push(path.value),
        }
    }
    paths
}

/// What is wrong with a path of names with dots between.
fn path_fault(path: &str) -> Option<&'static str> {
    let names = || path.split('.');
    if path.is_empty() {
        Some("it is empty")
    } else if names().any(str::is_empty) {
        Some("there is nothing before, between or behind a dot")
    } else if path.chars().any(char::is_control) {
        Some("it holds a control character")
    } else if names().any(|name| name.trim() != name) {
        Some("there are blanks around a name")
    } else if names().all(|name| name == "*") {
        Some("it would mask everything; name a field, such as \"password\"")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_name_are_known_or_told() {
        for (pattern, unknown) in [
            ("{session}-{date}-{time}.mcap", None),
            ("a.mcap", None),
            ("{sesion}.mcap", Some("sesion")),
            ("{date.mcap", Some("date.mcap")),
            ("{}.mcap", Some("")),
            ("a{date}{tme}.mcap", Some("tme")),
        ] {
            assert_eq!(unknown_part(pattern), unknown, "{pattern}");
        }
    }

    #[test]
    fn paths_have_a_name_between_every_two_dots() {
        for path in ["password", "params.password", "*.password", "params.*", "密钥", "a b"] {
            assert_eq!(path_fault(path), None, "{path}");
        }
        for path in ["", ".", "a.", ".a", "a..b", "a\u{7}", "*", "*.*", "a. b"] {
            assert!(path_fault(path).is_some(), "{path:?}");
        }
    }
}
