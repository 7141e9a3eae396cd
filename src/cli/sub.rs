//! `standin sub`: prints events without a screen.

use std::num::NonZeroU64;
use std::time::Duration;

use super::{CliError, Global, Outcome};
use crate::mqtt::Qos;

/// The arguments of `standin sub`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Devices of the config
    #[arg(required = true, value_name = "DEVICE")]
    pub devices: Vec<String>,
    /// Subscribes to this as well, besides the cloud's own and the config's
    #[arg(long = "topic", value_name = "FILTER")]
    pub topics: Vec<String>,
    /// The quality of service to ask for with --topic
    #[arg(long, value_name = "N", default_value = "1", value_parser = super::qos)]
    pub qos: Qos,
    /// Prints events as JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// Ends with 0 when this many messages were received
    #[arg(long, value_name = "N")]
    pub count: Option<NonZeroU64>,
    /// Ends after this long online
    #[arg(long = "for", value_name = "SECONDS", value_parser = super::seconds)]
    pub period: Option<Duration>,
    /// Goes on by the back-off policy when the first connection fails
    #[arg(long)]
    pub retry: bool,
    /// Subscribes even where the cloud is known to refuse
    #[arg(long)]
    pub force: bool,
}

/// Prints events until the end that the arguments name.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    // TO BE REPLACED by the headless part.
    todo!("{args:?} {global:?}")
}
