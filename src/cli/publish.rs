//! `standin pub`: one message.

use std::path::PathBuf;

use super::{CliError, Global, Outcome};
use crate::mqtt::Qos;

/// The arguments of `standin pub`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A device of the config
    pub device: String,
    /// The topic
    pub topic: String,
    /// The payload; - reads it from standard input; none sends an empty one
    #[arg(conflicts_with = "file", allow_negative_numbers = true)]
    pub payload: Option<String>,
    /// Sends this file's content
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The quality of service
    #[arg(long, value_name = "N", default_value = "0", value_parser = super::qos)]
    pub qos: Qos,
    /// Asks the platform to keep the message for later subscribers
    #[arg(long)]
    pub retain: bool,
    /// Goes on by the back-off policy when the first connection fails
    #[arg(long)]
    pub retry: bool,
    /// Sends even what the cloud's limits forbid
    #[arg(long)]
    pub force: bool,
}

/// Sends the message and waits until the platform has it.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    // TO BE REPLACED by the headless part.
    todo!("{args:?} {global:?}")
}
