//! `standin replay`: a tape in the console (`playback`), as JSON, or sent again.

use std::path::PathBuf;

use super::{CliError, Outcome, not_in_this_version, playback};

/// The arguments of `standin replay`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Tapes
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How many times as fast as it was
    #[arg(long, value_name = "X", default_value = "1", value_parser = speed)]
    pub speed: f64,
    /// Prints the events as JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// Sends the device's part again, as this device
    #[arg(long, value_name = "DEVICE")]
    pub to: Option<String>,
}

/// Replays.
pub async fn run(args: Args) -> Result<Outcome, CliError> {
    if args.json || args.to.is_some() {
        return Err(refusal(&args));
    }
    playback::run(args.files, args.speed).await
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
