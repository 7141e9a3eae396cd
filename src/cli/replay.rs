//! `standin replay`: tapes in the console (`playback`), printed as events (`reprint`), or sent again (`resend`).

use std::path::PathBuf;

use super::{CliError, Global, Outcome, playback, reprint, resend};

/// The arguments of `standin replay`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Tapes
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How many times as fast as it was [default: 1; with --json: as fast as it goes]
    #[arg(long, value_name = "X", value_parser = speed)]
    pub speed: Option<f64>,
    /// Prints the events as JSON, one object a line; with --to the summary, or what would be sent
    #[arg(long)]
    pub json: bool,
    /// Goes on as long as a tape is being written
    #[arg(long, requires = "json", conflicts_with = "to")]
    pub follow: bool,
    /// Sending it again.
    #[command(flatten)]
    pub resend: resend::Args,
}

/// Plays, prints or sends.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    if args.resend.to.is_some() {
        resend::run(args.files, args.resend, args.speed, args.json, global).await
    } else if args.json {
        reprint::run(args.files, args.speed, args.follow).await
    } else {
        playback::run(args.files, args.speed.unwrap_or(1.0)).await
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("a number above 0, such as 2 or 0.5".to_owned()),
    }
}
