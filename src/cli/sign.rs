//! `standin sign`: the CONNECT credentials of a device at a time.

use super::{CliError, Global, Outcome};
use crate::event::WallTime;

/// The arguments of `standin sign`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A device of the config
    pub device: String,
    /// The time to sign for, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<WallTime>,
    /// Prints one line of JSON
    #[arg(long)]
    pub json: bool,
    /// Shows the password
    #[arg(long)]
    pub reveal: bool,
}

/// Prints the credentials.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    todo!("{args:?} {global:?}")
}

fn time(text: &str) -> Result<WallTime, String> {
    WallTime::parse_rfc3339(text).ok_or_else(|| "a time such as 2026-11-21T08:30:00Z".to_owned())
}
