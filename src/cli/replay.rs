//! `standin replay`: a tape in the console (`playback`), as JSON (`relines`), or sent again (`resend`).

use std::path::PathBuf;

use super::{CliError, Global, Outcome, playback, relines, resend};

/// The arguments of `standin replay`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Tapes
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How many times as fast as it was
    #[arg(long, value_name = "X", value_parser = speed)]
    pub speed: Option<f64>,
    /// Prints the events as JSON, one object a line; with --to the summary, or what would be sent
    #[arg(long)]
    pub json: bool,
    /// With --json: goes on as a tape grows that is being written
    #[arg(long, requires = "json")]
    pub follow: bool,
    /// Sending it again.
    #[command(flatten)]
    pub resend: resend::Args,
}

/// Plays, prints or sends.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    if args.resend.to.is_some() {
        return resend::run(args.files, args.resend, args.speed, args.json, global).await;
    }
    if args.json {
        return relines::run(args.files, args.speed, args.follow).await;
    }
    playback::run(args.files, args.speed.unwrap_or(1.0), global).await
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("a number above 0, such as 2 or 0.5".to_owned()),
    }
}
