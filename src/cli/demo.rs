//! `standin demo`: the console against the embedded platform.

use super::{CliError, Outcome};

/// The arguments of `standin demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Makes what happens the same at each run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Runs the demo.
pub async fn run(args: Args) -> Result<Outcome, CliError> {
    // TO BE REPLACED by the console's part.
    todo!("{args:?}")
}
