//! `standin test`: scenarios run without a screen.

use std::fs::File;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use tokio::sync::{mpsc, watch};

use super::signals::Signals;
use super::{CliError, Global, Outcome, headless, note};
use crate::scenario::write::text::{self, Colours};
use crate::scenario::write::{junit, tap};
use crate::scenario::{self, Around, CaseReport, LoadError, Options, Progress, Scenario, Verdict};

/// The arguments of `standin test`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Scenarios
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The first scenario that fails is the last that is run
    #[arg(long)]
    pub bail: bool,
    /// What is random follows from it [default: the scenario's own, else a random one]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The format of the report
    #[arg(long, value_enum, default_value_t)]
    pub format: FormatWord,
    /// Where the report goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where tapes of failed scenarios go [default: the config's folder for tapes, else the current folder]
    #[arg(long, value_name = "DIR")]
    pub tapes: Option<PathBuf>,
    /// Runs against the embedded platform, whatever the scenario says
    #[arg(long)]
    pub platform: bool,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub enum FormatWord {
    /// For a person, while it runs
    #[default]
    Text,
    /// Test Anything Protocol, version 14
    Tap,
    // Markdown's marks would stand in the help.
    #[value(help = "The XML of JUnit")]
    /// The XML of `JUnit`.
    Junit,
}

/// Runs the scenarios.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    let scenarios = load(&args, global)?;
    let out = args.out.as_deref().map(create).transpose()?;
    let mut signals = Signals::listen()?;
    let options = Options { bail: args.bail, seed: args.seed, tapes: args.tapes };
    let began = Instant::now();
    let mut page = Page::new(args.format, out.is_some());
    let (reports, signal) = follow(&scenarios, &options, &mut page, &mut signals).await?;
    let whole = page.whole(&reports, began.elapsed());
    let written = match (out, args.out) {
        (Some(mut file), Some(path)) => file
            .write_all(whole.as_bytes())
            .and_then(|()| file.flush())
            .map_err(|error| CliError::not_held(format!("could not write {}: {error}", path.display()))),
        _ => Ok(()),
    };
    let last = page.last(&reports, &whole, began.elapsed());
    // The reports' verdict counts for more than whether somebody still reads them.
    let printed = headless::print(last, &mut signals).await;
    written?;
    match (signal, printed) {
        (Some(signal), _) | (None, Some(Ok(Outcome::Signal(signal)))) => Ok(Outcome::Signal(signal)),
        (None, Some(Err(error))) => Err(error),
        (None, _) => verdict(&reports),
    }
}

/// Reads every scenario before any is run; the error tells the faults of all of them.
fn load(args: &Args, global: &Global) -> Result<Vec<Scenario>, CliError> {
    let around = Around { config: global.config.clone(), platform: args.platform };
    let mut scenarios = Vec::new();
    let mut faults: Vec<LoadError> = Vec::new();
    for file in &args.files {
        match scenario::load(file, &around) {
            Ok(scenario) => scenarios.push(scenario),
            Err(fault) if faults.contains(&fault) => {}
            Err(fault) => faults.push(fault),
        }
    }
    for (scenario, warning) in scenarios.iter().flat_map(|one| one.warnings.iter().map(move |warning| (one, warning))) {
        note(&format!("standin: warning: {}: {warning}", scenario.path.display()));
    }
    if faults.is_empty() {
        return Ok(scenarios);
    }
    let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let error = CliError::usage(words.join("\n"));
    Err(faults.iter().flat_map(LoadError::hints).fold(error, CliError::hint))
}

/// Runs the scenarios, and prints while they run. Answers the signal that ended them, if one did.
async fn follow(
    scenarios: &[Scenario],
    options: &Options,
    page: &mut Page,
    signals: &mut Signals,
) -> Result<(Vec<CaseReport>, Option<u8>), CliError> {
    let (told, mut news) = mpsc::unbounded_channel();
    let (stop, stopped) = watch::channel(false);
    let mut run = std::pin::pin!(scenario::run(scenarios, options, &told, &stopped));
    let mut caught = None;
    loop {
        let reports = tokio::select! {
            biased;
            signal = signals.next(), if caught.is_none() => {
                caught = Some(signal);
                // The run holds the other end until it has ended.
                stop.send_replace(true);
                None
            }
            Some(progress) = news.recv() => {
                page.take(&progress);
                None
            }
            reports = &mut run => Some(reports),
        };
        if reports.is_some() {
            while let Ok(progress) = news.try_recv() {
                page.take(&progress);
            }
        }
        match page.print(signals).await {
            Some(Ok(Outcome::Signal(signal))) => {
                caught = caught.or(Some(signal));
                stop.send_replace(true);
            }
            Some(Err(error)) => return Err(error),
            Some(Ok(_)) | None => {}
        }
        if let Some(reports) = reports {
            return Ok((reports, caught));
        }
    }
}

/// What is printed, and what goes to a file.
struct Page {
    format: FormatWord,
    /// Whether there is text for a person on standard output.
    live: bool,
    colours: Colours,
    unprinted: String,
    /// Everything as plain text, for a file.
    plain: String,
}

impl Page {
    fn new(format: FormatWord, to_file: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let quiet = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colours = if terminal && !quiet { Colours::On } else { Colours::Off };
        let live = to_file || format == FormatWord::Text;
        Self { format, live, colours, unprinted: String::new(), plain: String::new() }
    }

    fn take(&mut self, progress: &Progress) {
        if self.live {
            text::write(&mut self.unprinted, progress, self.colours);
        }
        if self.format == FormatWord::Text {
            text::write(&mut self.plain, progress, Colours::Off);
        }
    }

    /// Prints what is new. Where the reader has gone, nothing more is printed, and the run goes on.
    async fn print(&mut self, signals: &mut Signals) -> Option<Result<Outcome, CliError>> {
        let printed = headless::print(std::mem::take(&mut self.unprinted), signals).await;
        if matches!(printed, Some(Ok(Outcome::Done))) {
            self.live = false;
        }
        printed
    }

    /// The whole report in its format.
    fn whole(&self, reports: &[CaseReport], took: Duration) -> String {
        match self.format {
            FormatWord::Tap => tap::write(reports),
            FormatWord::Junit => junit::write(reports, took),
            FormatWord::Text => {
                let mut whole = self.plain.clone();
                text::write_sum(&mut whole, reports, took, Colours::Off);
                whole
            }
        }
    }

    /// What is printed at the end.
    fn last(&self, reports: &[CaseReport], whole: &str, took: Duration) -> String {
        let mut last = String::new();
        if self.live {
            text::write_sum(&mut last, reports, took, self.colours);
        } else if self.format != FormatWord::Text {
            last.push_str(whole);
        }
        last
    }
}

fn create(path: &Path) -> Result<File, CliError> {
    File::create(path).map_err(|error| {
        CliError::usage(format!("the report cannot go to {}: {error}", path.display()))
            .hint("another place: --out FILE")
    })
}

/// How the command ends.
fn verdict(reports: &[CaseReport]) -> Result<Outcome, CliError> {
    let run = || reports.iter().filter(|report| !matches!(report.verdict, Verdict::NotRun(_)));
    let unconnected = |report: &CaseReport| report.verdict == Verdict::Failed { never_connected: true };
    if run().next().is_some() && run().all(unconnected) {
        let first = run().find_map(CaseReport::failure);
        let words = first.map_or("no connection", |(_, failure)| failure.message.as_str());
        return Err(CliError::connection(format!("no scenario could connect: {words}")));
    }
    Ok(if reports.iter().all(CaseReport::passed) { Outcome::Done } else { Outcome::NotHeld })
}
