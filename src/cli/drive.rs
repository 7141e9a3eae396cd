//! `standin drive`: live sessions driven by orders on standard input, events on standard output.

use super::{CliError, Global, Outcome};

/// The arguments of `standin drive`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Devices of the config
    #[arg(required = true, value_name = "DEVICE")]
    pub devices: Vec<String>,
    /// Goes on by the back-off policy when the first connection fails
    #[arg(long)]
    pub retry: bool,
    /// Sends even what the clouds' limits forbid
    #[arg(long)]
    pub force: bool,
}

/// Carries orders out until the end of input.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    // TO BE REPLACED by the headless part.
    todo!("{args:?} {global:?}")
}
