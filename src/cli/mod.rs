//! The command line: one file a subcommand.
//!
//! What lives here: the arguments, as clap reads them; the dispatch; what the commands share (the config's place, seconds
//! as an argument, output that may be cut off). What may not: a secret as a flag, since anybody on the machine can read
//! a command line, and anything that a library user would want without a command line.

pub mod console;
pub mod demo;
pub mod drive;
pub mod error;
pub mod headless;
pub mod human;
pub mod init;
mod models;
mod plans;
pub mod platform;
mod playback;
pub mod publish;
pub mod record;
pub mod register;
mod relines;
pub mod replay;
pub mod resend;
pub mod sign;
pub mod signals;
pub mod sub;
pub mod tape;
pub mod terminal;
pub mod test;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::config::{self, Config};
use crate::text::Safe;
pub use error::{CliError, Exit, Outcome};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "standin", version, about, max_term_width = 100, propagate_version = false)]
#[command(after_help = "Without a command: the console, with every device of the config.")]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command; none is the console.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const CONFIG_HELP: &str =
    "The config file [default: $STANDIN_CONFIG, else standin/config.toml in the user's config directory]";

/// What every command takes.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Global {
    /// The config file.
    #[arg(long, global = true, value_name = "FILE", help = CONFIG_HELP)]
    pub config: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The console against the embedded platform: one device of each cloud, nothing to set up
    Demo(demo::Args),
    /// The embedded platform alone, for one's own firmware
    Platform(platform::Args),
    /// Prints what happens to devices, without a screen
    Sub(sub::Args),
    /// Sends one message
    Pub(publish::Args),
    /// Live sessions driven by orders, one JSON object a line on standard input
    Drive(drive::Args),
    /// Records devices on a tape, without a screen
    Record(record::Args),
    /// Plays a tape in the console, or prints or sends it again
    Replay(replay::Args),
    /// The CONNECT credentials of a device
    Sign(sign::Args),
    /// Obtains a device's secret by its cloud's registration
    Register(register::Args),
    /// Looks after tapes: info, verify, repair, export, scenario
    Tape(tape::Args),
    /// Runs scenarios: tests of devices and platforms without a screen
    Test(test::Args),
    /// Writes a commented config
    Init(init::Args),
}

impl Global {
    /// Finds, reads and checks the config; says its warnings on standard error.
    pub fn load(&self) -> Result<Config, CliError> {
        let config = self.load_quietly()?;
        for warning in &config.warnings {
            note(&format!("standin: warning: {warning}"));
        }
        Ok(config)
    }

    /// Finds, reads and checks the config; the caller shows [`Config::warnings`].
    pub fn load_quietly(&self) -> Result<Config, CliError> {
        Ok(config::load(self.config.as_deref())?)
    }
}

/// Reads the command line and does what it says.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Result<Outcome, CliError> {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(told) => return answer_usage(&told),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CliError::not_held(format!("could not start worker threads: {error}")))?;
    let result = runtime.block_on(dispatch(cli));
    // A read of standard input cannot be called off: waiting for it would keep a finished command alive until Enter.
    runtime.shutdown_background();
    result
}

async fn dispatch(cli: Cli) -> Result<Outcome, CliError> {
    let global = cli.global;
    match cli.command {
        None => console::run(&global).await,
        Some(Command::Demo(args)) => demo::run(args).await,
        Some(Command::Platform(args)) => platform::run(args).await,
        Some(Command::Sub(args)) => sub::run(args, &global).await,
        Some(Command::Pub(args)) => publish::run(args, &global).await,
        Some(Command::Drive(args)) => drive::run(args, &global).await,
        Some(Command::Record(args)) => record::run(args, &global).await,
        Some(Command::Replay(args)) => replay::run(args, &global).await,
        Some(Command::Sign(args)) => sign::run(args, &global).await,
        Some(Command::Register(args)) => register::run(args, &global).await,
        Some(Command::Tape(args)) => tape::run(args).await,
        Some(Command::Test(args)) => test::run(args, &global).await,
        Some(Command::Init(args)) => init::run(&args, &global),
    }
}

/// Help and version are answers; anything else that clap says is wrong usage, which it has worded itself.
fn answer_usage(told: &clap::Error) -> Result<Outcome, CliError> {
    if told.use_stderr() {
        let words = told.render().to_string();
        let message = words.trim_end().strip_prefix("error: ").unwrap_or(words.trim_end());
        return Err(CliError::usage(message));
    }
    match told.print() {
        Ok(()) => Ok(Outcome::Done),
        Err(error) => written(Err(error)).map(|()| Outcome::Done),
    }
}

/// Keeps device secrets out of core dumps and away from other processes of the same user.
#[expect(clippy::let_underscore_must_use, reason = "where a sandbox forbids this, the program is as safe as without")]
pub fn harden() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Says one line on standard error: a warning, or what goes on. Untrusted text is made safe here.
pub fn note(line: &str) {
    // With standard error closed or full there is no one to tell, and the work itself must go on.
    drop(writeln!(std::io::stderr().lock(), "{}", Safe::new(line)));
}

/// Writes `text` to standard output on a thread of its own, so that a reader at a stand keeps nobody from hearing a signal. When
/// this is cancelled the write goes on, until the program ends.
async fn write_out(text: String) -> std::io::Result<()> {
    let writing = tokio::task::spawn_blocking(move || {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    });
    writing.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// What a write to standard output came to: a reader that has gone (`| head`) is no error.
pub fn written(result: std::io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(CliError::not_held(format!("could not write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Reads a positive number of seconds from an argument.
fn seconds(text: &str) -> Result<Duration, String> {
    let wanted = || "a number of seconds above 0, such as 10 or 0.5".to_owned();
    let number: f64 = text.parse().map_err(|_| wanted())?;
    match Duration::try_from_secs_f64(number) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err(wanted()),
    }
}

/// Reads a quality of service from an argument.
fn qos(text: &str) -> Result<crate::mqtt::Qos, String> {
    text.parse().ok().and_then(crate::mqtt::Qos::from_number).ok_or_else(|| "0, 1 or 2".to_owned())
}

#[cfg(test)]
mod tests;
