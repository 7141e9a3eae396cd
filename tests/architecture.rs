//! The house, held against the sources: who may use whom, what the pure core may not touch, and how long a file may be, tests included.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends where it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each part and the parts that it may use, which all stand above it. `cli` and `main` may use all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("secret", &[]),
    ("text", &[]),
    ("template", &["text"]),
    ("model", &["text"]),
    ("mqtt", &["secret"]),
    ("profile", &["mqtt", "secret"]),
    ("event", &["mqtt", "text"]),
    ("cloud", &["event", "model", "mqtt", "profile", "secret"]),
    ("behaviour", &["cloud", "event", "model", "mqtt", "profile", "template"]),
    ("timeline", &["event", "mqtt", "profile"]),
    ("link", &["event", "profile"]),
    ("tape", &["event", "mqtt", "profile", "secret", "text", "timeline"]),
    ("session", &["behaviour", "cloud", "event", "link", "mqtt", "profile", "secret", "tape", "timeline"]),
    ("replay", &["behaviour", "cloud", "event", "mqtt", "profile", "session", "tape", "timeline"]),
    ("config", &["behaviour", "cloud", "event", "model", "mqtt", "profile", "secret", "tape", "template", "text"]),
    (
        "console",
        &[
            "behaviour",
            "cloud",
            "config",
            "event",
            "model",
            "mqtt",
            "profile",
            "replay",
            "session",
            "tape",
            "text",
            "timeline",
        ],
    ),
    ("sim", &["cloud", "event", "mqtt", "profile", "secret", "tape"]),
    (
        "scenario",
        &[
            "behaviour",
            "cloud",
            "config",
            "event",
            "mqtt",
            "profile",
            "replay",
            "session",
            "sim",
            "tape",
            "template",
            "text",
            "timeline",
        ],
    ),
];

/// The parts that know no socket, clock, file, thread, chance or screen.
const PURE: &[&str] =
    &["secret", "text", "template", "model", "mqtt", "profile", "event", "cloud", "behaviour", "timeline"];

const IMPURE_WORDS: &[&str] = &[
    "tokio",
    "ratatui",
    "crossterm",
    "rustls",
    "tungstenite",
    // A generator that was given its seed is as pure as any argument.
    "Rng::new",
    "fastrand::f",
    "fastrand::u",
    "fastrand::i",
    "fastrand::b",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "std::io::stdout",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
];

/// What one place alone may name: the word, and the start of the paths that may.
const ONLY_HERE: &[(&str, &[&str])] = &[
    ("mqttbytes", &["mqtt/codec"]),
    ("set_symbol", &["console/paint"]),
    ("crossterm", &["console/"]),
    ("ratatui", &["console/"]),
    ("tokio_rustls", &["link/", "sim/"]),
    ("tokio_tungstenite", &["link/", "sim/"]),
    ("rcgen", &["sim/"]),
    ("mcap::", &["tape/"]),
    ("zstd::", &["tape/"]),
    ("fastrand", &["template", "behaviour/", "session/", "sim/", "scenario/", "cli/"]),
];

/// What a place may not name although it may use the part that the word belongs to.
const NEVER: &[(&str, &[&str])] = &[
    ("console", &["mqtt::client", "mqtt::codec", "mqtt::Client", "std::net", "tokio::net"]),
    ("console/panes", &["tokio", "&mut State", "std::fs", "async fn"]),
    ("sim", &["mqtt::client", "mqtt::Client"]),
];

const LONGEST_FILE: usize = 500;

struct Source {
    /// Below `src`, with forward slashes.
    path: String,
    part: String,
    /// Without comments and without tests.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let sources: Vec<_> = files.iter().map(|file| read(&root, file)).collect();
    assert!(sources.len() > 30, "the sources were not found under {}", root.display());
    sources
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn read(root: &Path, file: &Path) -> Source {
    let text = fs::read_to_string(file).unwrap();
    let path = file.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
    let part = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
    let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
    let code = if is_test { String::new() } else { without_comments(before_tests(&text)) };
    Source { path, part, code }
}

/// Everything but a test module at the end. `#[cfg(test)]` alone is not the end: `mod tests;` may stand anywhere.
fn before_tests(text: &str) -> &str {
    text.find("mod tests {").map_or(text, |at| &text[..at])
}

fn without_comments(text: &str) -> String {
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    text.lines().filter(|line| !is_comment(line)).flat_map(|line| [line, "\n"]).collect()
}

/// The parts that `code` names by `crate::part`, also in `use crate::{a::…, b::…}`.
fn parts_used(code: &str, parts: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let group = &group[..group.find("};").unwrap_or(group.len())];
            used.extend(parts.iter().filter(|part| group.contains(&format!("{part}::"))).map(ToString::to_string));
        } else {
            let name: String = rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
            used.insert(name);
        }
    }
    used
}

#[test]
fn parts_use_only_what_the_table_allows() {
    let table: BTreeMap<_, BTreeSet<_>> =
        MAY_USE.iter().map(|(part, may)| (*part, may.iter().copied().collect())).collect();
    let parts: BTreeSet<&str> = table.keys().copied().chain(["cli"]).collect();
    let mut breaches = Vec::new();
    for source in sources() {
        if matches!(source.part.as_str(), "cli" | "main" | "lib") {
            continue;
        }
        let Some(may) = table.get(source.part.as_str()) else {
            breaches.push(format!("{}: the part `{}` is not in the table", source.path, source.part));
            continue;
        };
        for used in parts_used(&source.code, &parts) {
            if parts.contains(used.as_str()) && used != source.part && !may.contains(used.as_str()) {
                breaches.push(format!("{} uses crate::{used}", source.path));
            }
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn the_table_has_no_circle() {
    for (place, (part, may)) in MAY_USE.iter().enumerate() {
        let above: BTreeSet<_> = MAY_USE[..place].iter().map(|(part, _)| *part).collect();
        assert!(may.iter().all(|used| above.contains(used)), "{part} uses a part that does not stand above it");
    }
}

#[test]
fn the_pure_core_touches_nothing() {
    let mut breaches = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.part.as_str())) {
        for word in IMPURE_WORDS.iter().filter(|word| source.code.contains(**word)) {
            breaches.push(format!("{} names {word}", source.path));
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn what_belongs_to_one_place_is_named_nowhere_else() {
    let mut breaches = Vec::new();
    for source in sources() {
        for (word, places) in ONLY_HERE {
            if source.code.contains(word) && !places.iter().any(|place| source.path.starts_with(place)) {
                breaches.push(format!("{} names {word}", source.path));
            }
        }
        for (place, words) in NEVER.iter().filter(|(place, _)| source.path.starts_with(&format!("{place}/"))) {
            for word in words.iter().filter(|word| source.code.contains(**word)) {
                breaches.push(format!("{} names {word}, which {place} may not", source.path));
            }
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn files_are_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches", "examples"] {
        walk(&root.join(folder), &mut files);
    }
    let lines = |file: &PathBuf| fs::read_to_string(file).unwrap().lines().count();
    let long: Vec<_> = files
        .iter()
        .map(|file| (file, lines(file)))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .map(|(file, lines)| format!("{}: {lines} lines", file.strip_prefix(root).unwrap().display()))
        .collect();
    assert!(long.is_empty(), "to be split by subject: {long:#?}");
}

#[test]
fn the_checks_see_what_they_forbid() {
    let parts: BTreeSet<&str> = ["link", "event", "session"].into();
    let used = parts_used("use crate::{event::Event, link::{self, Link}};\nlet x = crate::session::start();", &parts);
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["event", "link", "session"]);
    assert_eq!(without_comments("a // b\n// tokio\n//! tokio\nc"), "a // b\nc\n");
    let code = "a\n#[cfg(test)]\nmod tests;\nb\n#[cfg(test)]\n";
    assert_eq!(before_tests(&format!("{code}mod tests {{ tokio }}")), code);
}
