//! `standin`: the console, with every device of the config.

use super::{CliError, Global, Outcome};

/// Runs the console.
pub async fn run(global: &Global) -> Result<Outcome, CliError> {
    // TO BE REPLACED by the console's part.
    todo!("{global:?}")
}
