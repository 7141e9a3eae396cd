//! Measures the figures that the README's table states, with the release build of the program in a pseudo-terminal.
//!
//!     cargo build --release && cargo run --release --example figures            # all of them
//!     cargo run --release --example figures -- flood keys                       # some of them
//!
//! Each prints one row. Rates stand beside a bare loop over the same bytes in the same run, because machines differ.

#![allow(clippy::print_stdout, reason = "the rows are what it is for")]
#![allow(clippy::cast_precision_loss, reason = "rates are rounded anyway")]
#![allow(unreachable_pub, reason = "an example has no users")]

mod answers;
mod bare;
mod broker;
mod deck;
#[path = "../../tests/support/pty.rs"]
mod pty;
mod replies;
mod tapes;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use broker::{Broker, Flood};
use pty::{Result, Terminal};
use standin::tape::Tape;

/// A measurement, which prints its row.
type Figure = fn() -> Result<()>;

/// The measurements, by name.
const FIGURES: &[(&str, Figure)] = &[
    ("size", size),
    ("start", start),
    ("flood", || flood(50)),
    ("topics", || flood(1_000_000)),
    ("keys", keys),
    ("trickle", trickle),
    ("rest", rest),
    ("sessions", sessions),
    ("rules", answers::rules),
    ("reply", replies::reply),
    ("requests", replies::requests),
    ("record", record),
    ("tape-write", tapes::write),
    ("tape-read", tapes::read),
    ("tape-play", deck::play),
];

const COLS: u16 = 160;
const ROWS: u16 = 45;

fn main() -> Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = asked.iter().find(|name| FIGURES.iter().all(|(known, _)| known != name)) {
        let known: Vec<_> = FIGURES.iter().map(|(name, _)| *name).collect();
        return Err(format!("{unknown} is no figure; there are {}", known.join(", ")).into());
    }
    for (name, measure) in FIGURES {
        if asked.is_empty() || asked.iter().any(|wanted| wanted == name) {
            measure()?;
        }
    }
    Ok(())
}

/// The release build beside this example.
fn program() -> Result<PathBuf> {
    let example = std::env::current_exe()?;
    let folder = example.parent().and_then(Path::parent).ok_or("the example stands in no target folder")?;
    let program = folder.join("standin");
    if program.exists() { Ok(program) } else { Err("build the program first: cargo build --release".into()) }
}

/// A config with one plain device on `port`, readable by its owner only.
fn config(folder: &Path, port: u16) -> Result<PathBuf> {
    let text = format!(
        "[[device]]\nname = \"flooded\"\ncloud = \"mqtt\"\nurl = \"ws://127.0.0.1:{port}/mqtt\"\nclient_id = \"flooded\"\nsubscribe = [\"#\"]\n"
    );
    let path = folder.join("config.toml");
    fs::write(&path, text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(path)
}

fn console(config: &Path) -> Result<Terminal> {
    Terminal::start(&program()?, &["--config", config.to_str().ok_or("the path is no UTF-8")?], COLS, ROWS)
}

fn row(figure: &str, value: &str) {
    println!("| {figure} | {value} |");
}

fn size() -> Result<()> {
    row("stripped binary", &format!("{:.2} MiB", mib(fs::metadata(program()?)?.len())));
    Ok(())
}

/// From the start of the process to the first frame, the best and the median of 21.
fn start() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // Nobody listens there: the first frame may not depend on it.
    let config = config(folder.path(), 9)?;
    let mut times = Vec::new();
    for _ in 0..21 {
        let mut terminal = console(&config)?;
        times.push(terminal.until_shown("flooded", Duration::from_secs(10))?);
    }
    times.sort();
    row("first frame", &format!("{} (best {})", ms(times[10]), ms(times[0])));
    Ok(())
}

/// 10,000,000 messages of 200 bytes as fast as they are taken, with the console open.
fn flood(topics: usize) -> Result<()> {
    const MESSAGES: usize = 10_000_000;
    let flood = Flood { messages: MESSAGES, topics, versions: 1, rate: None };
    let bare = Broker::start(flood)?;
    bare::run(bare.port)?;
    let bare = bare.rate()?;

    let folder = tempfile::tempdir()?;
    let broker = Broker::start(flood)?;
    let mut terminal = console(&config(folder.path(), broker.port)?)?;
    while !broker.is_done() {
        terminal.pump(Duration::from_millis(50))?;
    }
    let rate = broker.rate()?;
    let figure = format!("messages of 200 bytes a second on {topics} topics, console open");
    row(&figure, &format!("{rate:.0} ({:.2} of a bare loop's {bare:.0})", rate / bare));
    let figure = format!("peak memory after 10,000,000 of them on {topics} topics");
    row(&figure, &format!("{:.1} MiB", terminal.peak_memory_mib()?));
    Ok(())
}

/// The same flood onto a tape, every 200th message of a topic alike. The last message is acknowledged when all before it are kept:
/// the rate is that of the whole way to the disk.
fn record() -> Result<()> {
    const MESSAGES: usize = 10_000_000;
    let folder = tempfile::tempdir()?;
    let tapes = folder.path().join("tapes");
    let broker = Broker::start(Flood { messages: MESSAGES, topics: 50, versions: 200, rate: None })?;
    let config = config(folder.path(), broker.port)?;
    let device = fs::read_to_string(&config)?;
    let keep = format!("[tapes]\nfolder = \"{}\"\nbudget = 0\n{device}record = true\n", tapes.display());
    fs::write(&config, keep)?;
    let mut terminal = console(&config)?;
    while !broker.is_done() {
        terminal.pump(Duration::from_millis(50))?;
    }
    let rate = broker.rate()?;
    let memory = terminal.peak_memory_mib()?;
    let (mut kept, mut bytes) = (0, 0);
    for entry in fs::read_dir(&tapes)? {
        let tape = Tape::open(&entry?.path())?;
        kept += tape.events();
        bytes += tape.bytes()?;
    }
    if kept < MESSAGES as u64 {
        return Err(format!("{kept} events are on the tape").into());
    }
    let figure = "messages of 200 bytes a second from ws to the disk, console open, tape on";
    row(figure, &format!("{rate:.0} ({:.0} MiB on tape, peak memory {memory:.1} MiB)", mib(bytes)));
    Ok(())
}

/// From a key to its effect on the screen, while messages come as fast as they are taken.
fn keys() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let broker = Broker::start(Flood { messages: usize::MAX, topics: 50, versions: 1, rate: None })?;
    let mut terminal = console(&config(folder.path(), broker.port)?)?;
    terminal
        .until_shown("rx", Duration::from_secs(10))
        .or_else(|_| terminal.until_shown("←", Duration::from_secs(10)))?;
    terminal.pump(Duration::from_secs(2))?;
    let mut times = Vec::new();
    for _ in 0..20 {
        times.push(terminal.press_until_shown(b"?", HELP)?);
        terminal.press_until_gone(b"\x1b", HELP)?;
        terminal.pump(Duration::from_millis(150))?;
    }
    times.sort();
    row("key to screen under that flood, median (worst) of 20", &format!("{} ({})", ms(times[10]), ms(times[19])));
    Ok(())
}

/// What the help overlay shows and nothing else does.
const HELP: &str = "next pane";

/// What the terminal gets while 10,000 messages a second come.
fn trickle() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let broker = Broker::start(Flood { messages: usize::MAX, topics: 50, versions: 1, rate: Some(10_000) })?;
    let mut terminal = console(&config(folder.path(), broker.port)?)?;
    terminal.until_shown("←", Duration::from_secs(10))?;
    terminal.pump(Duration::from_secs(2))?;
    let before = terminal.bytes();
    let begun = Instant::now();
    terminal.pump(Duration::from_secs(10))?;
    let rate = (terminal.bytes() - before) as f64 / begun.elapsed().as_secs_f64() / 1e3;
    row("bytes to the terminal a second under 10,000 messages a second", &format!("{rate:.1} KB"));
    Ok(())
}

/// What a console costs while nothing comes.
fn rest() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let broker = Broker::start(Flood { messages: 100, topics: 5, versions: 1, rate: None })?;
    let mut terminal = console(&config(folder.path(), broker.port)?)?;
    terminal.until_shown("←", Duration::from_secs(10))?;
    terminal.pump(Duration::from_secs(5))?;
    let (bytes, cpu) = (terminal.bytes(), terminal.cpu()?);
    terminal.pump(Duration::from_secs(10))?;
    let used = terminal.cpu()?.saturating_sub(cpu);
    row("in 10 s at rest", &format!("{} bytes, {} ms of CPU", terminal.bytes() - bytes, used.as_millis()));
    Ok(())
}

/// 256 sessions over wss against `standin platform` in another process.
fn sessions() -> Result<()> {
    let mut platform = Command::new(program()?)
        .args(["platform", "--json", "--extra", "252"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let measured = sessions_against(&mut platform);
    platform.kill()?;
    platform.wait()?;
    measured
}

fn sessions_against(platform: &mut std::process::Child) -> Result<()> {
    use std::io::BufRead as _;
    let mut line = String::new();
    std::io::BufReader::new(platform.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let facts: serde_json::Value = serde_json::from_str(&line)?;
    let config = facts["config"].as_str().ok_or("the platform names no config")?;
    let begun = Instant::now();
    let mut terminal = console(Path::new(config))?;
    terminal.until_shown("256 of 256 online", Duration::from_mins(2))?;
    let took = begun.elapsed();
    terminal.pump(Duration::from_secs(3))?;
    row("256 wss sessions", &format!("{:.1} MiB, all online after {}", terminal.peak_memory_mib()?, ms(took)));
    Ok(())
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
