//! `standin init`: writes a commented config.

use super::{CliError, Global, Outcome};

/// The arguments of `standin init`: none beside `--config`, which says where it goes.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {}

/// Writes the config.
pub fn run(args: &Args, global: &Global) -> Result<Outcome, CliError> {
    todo!("{args:?} {global:?}")
}
