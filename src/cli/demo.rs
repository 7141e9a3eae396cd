//! `standin demo`: the console against the embedded platform.

use std::path::Path;

use super::plans::Plans;
use super::{CliError, Outcome, console, terminal};
use crate::config::tapes;
use crate::console::Shell;
use crate::profile::Cloud;
use crate::sim::{self, Options, Platform};
use crate::timeline::Budget;

/// The arguments of `standin demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Makes what happens the same at each run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Runs the demo.
pub async fn run(args: Args) -> Result<Outcome, CliError> {
    terminal::require("standin platform --live")?;
    let devices = sim::demo().into_iter().filter(|device| device.identity.cloud() != Cloud::Mqtt).collect();
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let platform = Platform::start(Options { seed, live: true, devices, ..Options::default() })
        .map_err(|error| CliError::not_held(format!("the embedded platform could not start: {error}")))?;
    let tapes = tapes::usual(tapes::usual_folder(Path::new("")));
    let profiles = platform.profiles();
    let plans = Plans::demo(&profiles);
    let (journal, handles, recorder, _) = console::start(profiles, &plans, Budget::default(), tapes);
    let shell = Shell {
        journal,
        handles,
        recorder,
        theme: None,
        themes: None,
        bell: false,
        banner: Some("demo".to_owned()),
        notice: None,
    };
    let outcome = console::show(shell).await;
    platform.stop().await;
    outcome
}
