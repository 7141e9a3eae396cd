//! `standin platform`: the embedded platform alone, for one's own firmware.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::broadcast::error::RecvError;

use super::signals::Signals;
use super::{CliError, Outcome, note, write_out, written};
use crate::config::write;
use crate::profile::{Profile, Transport};
use crate::sim::{
    ALIYUN_PRODUCT_SECRET, Cue, HUAWEI_GROUP_SECRET, HUAWEI_SCOPE_ID, Notice, Options, Platform, Script,
    UCLOUD_PRODUCT_SECRET,
};
use crate::text::Safe;

/// The arguments of `standin platform`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Listens for wss at this port and for ws at the next one [default: free ports]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=65534))]
    pub port: Option<u16>,
    /// Makes what the platform does the same at each run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Sends commands and property sets, and cuts a connection once in a while
    #[arg(long, conflicts_with = "tape")]
    pub live: bool,
    /// So many more Huawei devices (extra-001, extra-002, …), for load
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = devices)]
    pub extra: usize,
    /// Prints one line of JSON that says how to connect
    #[arg(long)]
    pub json: bool,
    /// Answers devices as this tape's platform did; its devices may sign in, with any password
    #[arg(long, value_name = "FILE")]
    pub tape: Option<PathBuf>,
    /// When the tape's requests come
    #[arg(long, value_enum, default_value_t, requires = "tape")]
    pub tape_requests: CueWord,
}

/// When the tape's requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, ValueEnum)]
pub enum CueWord {
    /// As long after the device's connect as on the tape
    #[default]
    Times,
    /// One for each line of standard input, which may name the device
    OnDemand,
    /// One after each report of the device
    Reports,
}

/// Runs the platform until a signal ends it.
pub async fn run(args: Args) -> Result<Outcome, CliError> {
    let failed = |error: std::io::Error| CliError::not_held(format!("the platform could not start: {error}"));
    // Before a line is printed, so that whoever waits for that line can end the program in order.
    let mut signals = Signals::listen()?;
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let (tape, on_tape) = match args.tape.clone() {
        Some(path) => load(path, args.tape_requests).await?,
        None => (None, Vec::new()),
    };
    let options = Options { port: args.port, seed, live: args.live, extra: args.extra, tape, ..Options::default() };
    let platform = Platform::start(options).map_err(|error| match args.port {
        Some(_) => failed(error).hint("leave out --port to get free ports"),
        None => failed(error),
    })?;
    let profiles = platform.profiles();
    let config = platform.write_private("config.toml", &write::to_toml(&profiles)).map_err(failed)?;
    let told = if args.json {
        as_json(&platform, &profiles, &config)
    } else {
        let seed = args.live.then_some(seed);
        in_words(&platform, &profiles, &config, seed, &on_tape).join("\n")
    };
    let on_demand = args.tape.is_some() && args.tape_requests == CueWord::OnDemand;
    let outcome = tokio::select! {
        signal = signals.next() => Ok(Outcome::Signal(signal)),
        result = report(&platform, &told, args.json) => written(result).map(|()| Outcome::Done),
        () = called_for(&platform), if on_demand => Ok(Outcome::Done),
    };
    for line in platform.tape_report() {
        note(&line);
    }
    platform.stop().await;
    outcome
}

/// Reads the tape through; answers its platform's part, and what is on it in words.
async fn load(path: PathBuf, cue: CueWord) -> Result<(Option<(Script, Cue)>, Vec<String>), CliError> {
    let tapes = super::resend::open(vec![path]).await?;
    // What is missing is no reason not to play the rest.
    if let Some(words) = tapes.damage() {
        note(&format!("standin: warning: {words}"));
    }
    let loading = tokio::task::spawn_blocking(move || Script::load(&tapes)).await;
    let script = loading.map_err(|error| CliError::not_held(format!("the tape could not be read: {error}")))?;
    if script.sessions().next().is_none() {
        return Err(CliError::usage("no device is on the tape"));
    }
    let cue = match cue {
        CueWord::Times => Cue::Times,
        CueWord::OnDemand => Cue::OnDemand,
        CueWord::Reports => Cue::Reports,
    };
    let words = script.describe();
    Ok((Some((script, cue)), words))
}

/// Each line of standard input calls for the tape's next message: for the device that it names, for all without a name. At the
/// end of input nothing more is called for.
async fn called_for(platform: &Platform) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    // A standard input that cannot be read has ended.
    while let Ok(Some(line)) = lines.next_line().await {
        let name = line.trim();
        if platform.next_of_tape((!name.is_empty()).then_some(name)) == 0 {
            note("standin: no device that is signed in has a further message on the tape");
        }
    }
    std::future::pending::<()>().await;
}

/// Prints what happens, until nobody reads it any more. The one line of JSON stays alone.
async fn report(platform: &Platform, told: &str, quiet: bool) -> std::io::Result<()> {
    let mut notices = platform.watch();
    say(told).await?;
    if quiet {
        return std::future::pending().await;
    }
    loop {
        match notices.recv().await {
            Ok(notice) => say(&line_of(&notice)).await?,
            Err(RecvError::Lagged(missed)) => say(&format!("… {missed} more")).await?,
            // The platform is ours and still runs, so that this cannot come; if it did, there is nothing to report.
            Err(RecvError::Closed) => return std::future::pending().await,
        }
    }
}

fn line_of(notice: &Notice) -> String {
    let now = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
    format!("{now}  {}", Safe::new(&notice.to_string()))
}

async fn say(line: &str) -> std::io::Result<()> {
    write_out(format!("{line}\n")).await
}

/// The contract's line: where to connect, whom to trust, as whom; and what to register with.
fn as_json(platform: &Platform, profiles: &[Profile], config: &Path) -> String {
    let devices: Vec<_> = profiles.iter().map(write::table).collect();
    json!({
        "wss": platform.wss_url(),
        "ws": platform.ws_url(),
        "ca_file": platform.ca_file(),
        "devices": devices,
        "config": config,
        "register": {
            "aliyun": { "product_secret": ALIYUN_PRODUCT_SECRET, "register_host": door(platform) },
            "ucloud": { "product_secret": UCLOUD_PRODUCT_SECRET },
            "huawei": { "scope_id": HUAWEI_SCOPE_ID, "group_secret": HUAWEI_GROUP_SECRET },
        },
    })
    .to_string()
}

fn in_words(
    platform: &Platform,
    profiles: &[Profile],
    config: &Path,
    seed: Option<u64>,
    on_tape: &[String],
) -> Vec<String> {
    let mut lines = vec!["An IoT platform for trying out, on this machine only.".to_owned(), String::new()];
    let names = profiles.iter().map(|profile| profile.name.chars().count()).max().unwrap_or(0);
    // Hundreds of extra devices would push the rest off the screen.
    for profile in profiles.iter().take(8) {
        let cloud = profile.identity.cloud().word();
        let mut line = format!("  {:names$}  {cloud:6}  {}", profile.name, profile.endpoint.url());
        if let Some(plain) = platform.profile(&profile.name, Transport::Ws) {
            line = format!("{line}  {}", plain.endpoint.url());
        }
        lines.push(line);
    }
    if let Some(more) = profiles.len().checked_sub(8).filter(|more| *more > 0) {
        lines.push(format!("  … and {more} more"));
    }
    lines.extend([
        String::new(),
        format!("  certificate to trust   {}", platform.ca_file().display()),
        format!("  ready config           {}", config.display()),
        format!("  try it                 standin --config {}", config.display()),
    ]);
    let (lead, rest) = ("  to register with       ", "                         ");
    lines.extend([
        format!("{lead}aliyun  product_secret = \"{ALIYUN_PRODUCT_SECRET}\", register_host = \"{}\"", door(platform)),
        format!("{rest}ucloud  product_secret = \"{UCLOUD_PRODUCT_SECRET}\""),
        format!("{rest}huawei  scope_id = \"{HUAWEI_SCOPE_ID}\", group_secret = \"{HUAWEI_GROUP_SECRET}\""),
    ]);
    lines.extend(seed.map(|seed| format!("  what it does           --live --seed {seed} does the same again")));
    lines.extend(on_tape.iter().map(|line| format!("  on the tape            {}", Safe::new(line))));
    lines.extend([String::new(), "Ctrl-C ends it.".to_owned(), String::new()]);
    lines
}

/// `host:port` of the door with TLS.
fn door(platform: &Platform) -> String {
    platform.wss_url().trim_start_matches("wss://").to_owned()
}

fn devices(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number <= 10_000).ok_or_else(|| "a number up to 10000".to_owned())
}
