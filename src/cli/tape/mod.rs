//! `standin tape`: looks after tapes.

mod export;
mod info;
mod scenario;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::error::Exit;
use super::{CliError, Outcome, note, write_out, written};
use crate::tape::TapeError;
use crate::tape::export::Format;
use crate::tape::reader::{Ending, Fault, Stream, Tape};
use crate::tape::repair::repair;
use crate::tape::verify::verify;
use crate::text::Safe;

/// Faults that are told one by one; of the others only how many there are.
const TOLD: usize = 50;

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
    /// Says what is on a tape: sessions, topics, counts, time span, gaps
    Info(InfoArgs),
    /// Checks every checksum, the index and the sequence: 0 whole, 4 damaged
    Verify(FileArgs),
    /// Writes what is whole of a damaged tape to a new file
    Repair(RepairArgs),
    /// Writes tapes in another format
    Export(ExportArgs),
    /// Writes a scenario that does again what is on a tape, for `standin test`
    Scenario(scenario::Args),
}

/// A tape.
#[derive(Clone, Debug, clap::Args)]
pub struct FileArgs {
    /// The tape
    pub file: PathBuf,
}

/// The arguments of `standin tape info`.
#[derive(Clone, Debug, clap::Args)]
pub struct InfoArgs {
    /// The tape
    pub file: PathBuf,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
    /// Lists all topics, not only the busiest
    #[arg(long)]
    pub topics: bool,
}

/// The arguments of `standin tape repair`.
#[derive(Clone, Debug, clap::Args)]
pub struct RepairArgs {
    /// The tape
    pub file: PathBuf,
    /// The new tape [default: NAME-repaired.mcap beside the old one]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// The arguments of `standin tape export`.
#[derive(Clone, Debug, clap::Args)]
pub struct ExportArgs {
    /// Tapes; several become one stream in the order of time
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The format
    #[arg(long, value_enum, default_value_t)]
    pub format: FormatWord,
    /// Where it goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Also over a file that is there already
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// The formats of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub enum FormatWord {
    /// One JSON object a line
    #[default]
    Jsonl,
    /// A table
    Csv,
    /// For Wireshark
    Pcapng,
}

impl From<FormatWord> for Format {
    fn from(word: FormatWord) -> Self {
        match word {
            FormatWord::Jsonl => Self::Jsonl,
            FormatWord::Csv => Self::Csv,
            FormatWord::Pcapng => Self::Pcapng,
        }
    }
}

/// Does what the arguments say.
pub async fn run(args: Args) -> Result<Outcome, CliError> {
    match args.action {
        Action::Info(args) => info::run(args).await,
        Action::Verify(args) => check(args.file).await,
        Action::Repair(args) => mend(args).await,
        Action::Export(args) => export::run(args).await,
        Action::Scenario(args) => scenario::run(args).await,
    }
}

async fn check(file: PathBuf) -> Result<Outcome, CliError> {
    let path = file.clone();
    let verdict = off_thread(move || verify(&path)).await?.map_err(|error| unreadable(&error))?;
    let name = file.display();
    let mut lines: Vec<String> = verdict.faults.iter().take(TOLD).map(told).collect();
    if verdict.faults.len() > TOLD {
        lines.push(format!("and {} more faults", verdict.faults.len() - TOLD));
    }
    let counts = format!("{} events in {} chunks", verdict.events, verdict.chunks);
    let end = match (verdict.is_whole(), verdict.ending) {
        (true, Ending::BeingWritten) => format!("{name}: whole so far, {counts}; it is being written"),
        (true, _) => format!("{name}: whole, {counts}"),
        (false, Ending::Cut) => format!("{name}: damaged, {counts} can be looked up; it has no end"),
        (false, _) => format!("{name}: damaged, {counts} can be looked up"),
    };
    lines.push(end);
    let page = lines.iter().flat_map(|line| [Safe::new(line).as_str().to_owned(), "\n".to_owned()]).collect();
    written(write_out(page).await)?;
    if verdict.is_whole() {
        return Ok(Outcome::Done);
    }
    Err(CliError::new(Exit::Tape, format!("{} is damaged", file.display()))
        .hint("`standin tape repair FILE` writes what is whole to a new tape"))
}

async fn mend(args: RepairArgs) -> Result<Outcome, CliError> {
    let RepairArgs { file, out } = args;
    let path = file.clone();
    let verdict = off_thread(move || verify(&path)).await?.map_err(|error| unreadable(&error))?;
    if verdict.is_whole() {
        note(&format!("{}: nothing is damaged, and nothing was written", file.display()));
        return Ok(Outcome::Done);
    }
    let out = out.unwrap_or_else(|| repaired_name(&file));
    let (path, to) = (file.clone(), out.clone());
    let repaired = off_thread(move || repair(&Tape::open(&path)?, &to)).await?.map_err(|error| match &error {
        TapeError::Io { error: io, path } if io.kind() == std::io::ErrorKind::AlreadyExists => {
            CliError::usage(format!("{} is there already, and was not touched", path.display()))
                .hint("another name: --out FILE")
        }
        _ => CliError::not_held(error.to_string()),
    })?;
    for fault in repaired.faults.iter().take(TOLD) {
        note(&told(fault));
    }
    let lost = if repaired.lost > 0 { format!("; {} are lost", repaired.lost) } else { String::new() };
    note(&format!("{}: {} events saved{lost}; {} was not changed", out.display(), repaired.saved, file.display()));
    Ok(Outcome::Done)
}

fn repaired_name(file: &Path) -> PathBuf {
    let stem = file.file_stem().map_or_else(|| "tape".into(), |stem| stem.to_string_lossy().into_owned());
    file.with_file_name(format!("{stem}-repaired.mcap"))
}

/// A fault in words.
fn told(fault: &Fault) -> String {
    match fault.events {
        Some(events) => format!("at byte {}: {}; {events} events", fault.offset, fault.reason),
        None => format!("at byte {}: {}", fault.offset, fault.reason),
    }
}

/// Why a tape could not be opened.
pub(super) fn unreadable(error: &TapeError) -> CliError {
    match error {
        TapeError::Io { .. } => CliError::usage(error.to_string()),
        TapeError::NoTape { .. } => CliError::new(Exit::Tape, error.to_string()),
    }
}

/// Opens tapes to be read from their beginning on, as one stream.
pub(super) async fn open(files: Vec<PathBuf>) -> Result<Stream, CliError> {
    let opened = off_thread(move || files.iter().map(|file| Tape::open(file)).collect::<Result<Vec<_>, _>>()).await?;
    opened.map(Stream::new).map_err(|error| unreadable(&error))
}

/// How a command ends that has given all that is there of `tapes`: what is missing is said last, and by the status. `unread` of
/// their messages were no events.
pub(super) fn ended(tapes: &[Tape], unread: u64) -> Result<Outcome, CliError> {
    let of = |tape: &Tape| {
        let faults = tape.faults();
        let missing: u64 = faults.iter().filter_map(|fault| fault.events).fold(0, u64::saturating_add);
        let words = match (faults.first(), tape.ending()) {
            (Some(fault), _) => fault.reason.clone(),
            (None, Ending::Cut) => "it has no end: it was cut off, or its writer was killed".to_owned(),
            (None, Ending::Whole | Ending::BeingWritten) => return None,
        };
        let missing = if missing > 0 { format!(" ({missing} events are missing)") } else { String::new() };
        Some(format!("{} is damaged: {words}{missing}", tape.path().display()))
    };
    let mut words: Vec<String> = tapes.iter().filter_map(of).collect();
    if unread > 0 {
        let names: Vec<String> = tapes.iter().map(|tape| tape.path().display().to_string()).collect();
        let words_of = if unread == 1 { "message is no event, and was" } else { "messages are no events, and were" };
        words.push(format!("{}: {unread} {words_of} left out", names.join(", ")));
    }
    if words.is_empty() {
        return Ok(Outcome::Done);
    }
    Err(CliError::new(Exit::Tape, words.join("\n")).hint("`standin tape verify FILE` says all that is wrong"))
}

/// Does what takes a disk's time, so that a signal still ends the program.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CliError> {
    let failed = |error| CliError::not_held(format!("a part of standin failed: {error}"));
    tokio::task::spawn_blocking(work).await.map_err(failed)
}
