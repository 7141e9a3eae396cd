//! `standin replay`: a tape in the console (`playback`), as JSON, or sent again (`resend`).

use std::path::PathBuf;

use super::{CliError, Global, Outcome, not_in_this_version, playback, resend};

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
        return Err(refusal(&args));
    }
    playback::run(args.files, args.speed.unwrap_or(1.0)).await
}

/// Why it is not done.
fn refusal(args: &Args) -> CliError {
    let read = args.files.first().map_or_else(String::new, |file| format!("; `{}` was not opened", file.display()));
    not_in_this_version("replay", &format!("`standin demo` for something to look at{read}"))
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("a number above 0, such as 2 or 0.5".to_owned()),
    }
}
