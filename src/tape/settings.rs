//! Where tapes go, how large they may get, and what is masked on them.

use std::path::PathBuf;
use std::time::Duration;

/// How tapes are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the tape goes.
    pub destination: Destination,
    /// A new part begins when a part has this many bytes; `None`: never.
    pub rotate_bytes: Option<u64>,
    /// A new part begins when a part is this old; `None`: never.
    pub rotate_after: Option<Duration>,
    /// All finished tapes of the folder together, in bytes; the oldest go first. `None`: no limit.
    pub budget_bytes: Option<u64>,
    /// While less is free on the file system, nothing is written, in bytes; never more than a twentieth of its size.
    pub free_bytes: u64,
    /// Fields of JSON payloads that are masked, as dotted paths (`params.password`).
    pub redact: Vec<String>,
}

/// Where a tape goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A folder, in which each tape gets a name of its own: `{session}`, `{date}` and `{time}` stand for what they say.
    Folder {
        /// The folder; made if it is not there.
        path: PathBuf,
        /// The name's pattern.
        pattern: String,
    },
    /// This very file, which must not be there yet. It is never split.
    File(PathBuf),
}

impl Settings {
    /// The name of a tape in the folder, unless the config says otherwise.
    pub const PATTERN: &'static str = "{session}-{date}-{time}.mcap";

    /// The settings without a word in the config: 64 MiB and a day a part, 1 GiB in all, 64 MiB kept free.
    pub fn new(destination: Destination) -> Self {
        let is_file = matches!(destination, Destination::File(_));
        Self {
            destination,
            rotate_bytes: (!is_file).then_some(64 << 20),
            rotate_after: (!is_file).then_some(Duration::from_hours(24)),
            budget_bytes: (!is_file).then_some(1 << 30),
            free_bytes: 64 << 20,
            redact: Vec::new(),
        }
    }
}
