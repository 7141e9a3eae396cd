//! `standin record`: a tape without a screen. Tapes are not in this version: the command is refused as such.

use std::path::PathBuf;
use std::time::Duration;

use super::{CliError, not_in_this_version};

/// The arguments of `standin record`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Devices of the config
    #[arg(required = true, value_name = "DEVICE")]
    pub devices: Vec<String>,
    /// Where the tape goes
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Ends after this long online
    #[arg(long = "for", value_name = "SECONDS", value_parser = super::seconds)]
    pub period: Option<Duration>,
    /// Goes on by the back-off policy when the first connection fails
    #[arg(long)]
    pub retry: bool,
}

/// Why it is not done.
pub fn refusal(args: &Args) -> CliError {
    let devices = args.devices.join(" ");
    not_in_this_version("record", &format!("`standin sub {devices} --json`, which prints the same events, into a file"))
}
