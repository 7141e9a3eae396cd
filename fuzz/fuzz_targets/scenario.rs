//! Any text as a scenario's file: no panic; it is taken, or each fault names the file.

#![no_main]

use std::fs;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use standin::scenario::{Around, LoadError, load};

/// One folder for all inputs: a scenario is read from a file.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a place for files"));

fuzz_target!(|text: &str| {
    // Other files are none of this target's business, and some of them never end.
    if ["data", "config"].iter().any(|key| text.contains(key)) || text.contains("\\u") || text.contains("\\U") {
        return;
    }
    let path = FOLDER.path().join("s.toml");
    // So that not every input spends its luck on the first table.
    let text = format!("platform = {{}}\ndefault_device = \"smoke-01\"\nvars = {{ v = 1 }}\n[[step]]\n{text}");
    fs::write(&path, text).expect("room");
    for platform in [false, true] {
        match load(&path, &Around { config: None, platform }) {
            Ok(scenario) => assert!(!scenario.name.is_empty()),
            Err(LoadError::Faulty(faults)) => {
                assert!(!faults.is_empty());
                // Of very many the last line says only how many more there are.
                let placed = faults.iter().filter(|fault| fault.contains("s.toml:")).count();
                let counted = faults.last().is_some_and(|last| last.starts_with("and ") && last.ends_with(" more"));
                assert_eq!(placed + usize::from(counted && placed > 0), faults.len(), "{faults:?}");
            }
            Err(other) => assert!(!other.to_string().is_empty()),
        }
    }
});
