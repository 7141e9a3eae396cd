//! `standin tape`: looks after tapes. Tapes are not in this version: the command is refused as such.

use std::path::PathBuf;

use clap::ValueEnum;

use super::{CliError, not_in_this_version};

/// The arguments of `standin tape`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with a tape.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Action {
    /// Says what is on a tape
    Info(FileArgs),
    /// Reads a tape through and says whether it is whole
    Verify(FileArgs),
    /// Writes what can be saved of a damaged tape
    Repair(FileArgs),
    /// Writes a tape in another format
    Export(ExportArgs),
}

/// A tape.
#[derive(Clone, Debug, clap::Args)]
pub struct FileArgs {
    /// The tape
    pub file: PathBuf,
}

/// The arguments of `standin tape export`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArgs {
    /// The tape
    pub file: PathBuf,
    /// The format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Where it goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The formats of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    #[default]
    Jsonl,
    /// A table
    Csv,
    /// For Wireshark
    Pcapng,
}

/// Why it is not done.
pub fn refusal(args: &Args) -> CliError {
    let (word, file) = match &args.action {
        Action::Info(args) => ("tape info", &args.file),
        Action::Verify(args) => ("tape verify", &args.file),
        Action::Repair(args) => ("tape repair", &args.file),
        Action::Export(args) => ("tape export", &args.file),
    };
    not_in_this_version(word, &format!("a version with tapes; `{}` was not touched", file.display()))
}
