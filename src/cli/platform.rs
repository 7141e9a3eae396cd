//! `standin platform`: the embedded platform alone, for one's own firmware.

use super::{CliError, Outcome};

/// The arguments of `standin platform`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Listens for wss at this port and for ws at the next one [default: free ports]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=65534))]
    pub port: Option<u16>,
    /// Makes what the platform does the same at each run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Sends commands and property sets, and cuts a connection once in a while
    #[arg(long)]
    pub live: bool,
    /// Prints one line of JSON that says how to connect
    #[arg(long)]
    pub json: bool,
}

/// Runs the platform until a signal ends it.
pub async fn run(args: Args) -> Result<Outcome, CliError> {
    // TO BE REPLACED by the platform's part.
    todo!("{args:?}")
}
