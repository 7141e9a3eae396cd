//! `standin sign`: the CONNECT credentials of a device at a time, or what signs the body of its request by HTTP.

use std::io::Write;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt;

use super::{CliError, Global, Outcome, written};
use crate::cloud::{self, Credentials};
use crate::event::WallTime;
use crate::profile::{Cloud, Profile};
use crate::secret::{MASK, Secret};
use crate::session::{clock, secrets};
use crate::text::{Safe, json};

/// The arguments of `standin sign`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A device of the config
    pub device: String,
    /// The time to sign for, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub at: Option<WallTime>,
    /// Prints one line of JSON
    #[arg(long)]
    pub json: bool,
    /// Shows the password
    #[arg(long)]
    pub reveal: bool,
    /// Prints the Authorization header of a request by HTTP with exactly this body instead, for UCloud; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "reveal"])]
    pub body: Option<PathBuf>,
}

/// Prints the credentials.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    let config = global.load()?;
    let profile = config.device(&args.device)?;
    if let Some(path) = &args.body {
        let text = authorization(profile, path, args.json).await?;
        written(std::io::stdout().lock().write_all(text.as_bytes()))?;
        return Ok(Outcome::Done);
    }
    if profile.endpoint.host.is_empty() {
        let message =
            format!("device `{}`: its platform's address is not known yet: it has still to register", profile.name);
        return Err(CliError::usage(message).hint(format!("standin register {} obtains it", profile.name)));
    }
    let at = args.at.unwrap_or_else(clock::wall);
    let secret = secret_of(profile).await?;
    let credentials = cloud::platform(profile).credentials(secret.as_ref(), at);
    let text = if args.json {
        in_json(profile, &credentials, args.reveal)
    } else {
        in_words(profile, &credentials, args.reveal)
    };
    written(std::io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(Outcome::Done)
}

async fn secret_of(profile: &Profile) -> Result<Option<Secret>, CliError> {
    match profile.identity.secret() {
        Some(source) => secrets::fetch(source).await.map(Some).map_err(|error| no_secret(profile, &error)),
        None => Ok(None),
    }
}

/// The header for the body in the file `path`. It is no secret: it goes over the wire, and signs no other body.
async fn authorization(profile: &Profile, path: &Path, as_json: bool) -> Result<String, CliError> {
    let platform = cloud::platform(profile);
    if profile.identity.cloud() != Cloud::Ucloud {
        let message = format!(
            "device `{}` is one of {}, which has no Authorization over a body: --body is for devices of UCloud UIoT",
            profile.name,
            platform.limits().cloud
        );
        return Err(CliError::usage(message));
    }
    let body = read(path).await?;
    let secret = secret_of(profile).await?;
    let Some(value) = secret.and_then(|secret| platform.http_authorization(&secret, &body)) else {
        return Err(CliError::usage(format!("device `{}` has no secret to sign with", profile.name)));
    };
    Ok(if as_json { format!("{{\"authorization\": \"{value}\"}}\n") } else { format!("Authorization: {value}\n") })
}

/// The bytes of a file, or of standard input for `-`: each of them is signed.
async fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    if path != Path::new("-") {
        let read = tokio::fs::read(path).await;
        return read.map_err(|error| CliError::usage(format!("could not read {}: {error}", path.display())));
    }
    let mut body = Vec::new();
    let read = tokio::io::stdin().read_to_end(&mut body).await;
    read.map_err(|error| CliError::usage(format!("could not read standard input: {error}")))?;
    Ok(body)
}

fn no_secret(profile: &Profile, error: &secrets::SecretError) -> CliError {
    let told = CliError::usage(format!("device `{}`: {error}", profile.name));
    if profile.registration.is_none() {
        return told;
    }
    told.hint(format!("standin register {} --out FILE obtains it", profile.name))
}

/// The four values by name; `None`: not sent.
fn fields<'a>(url: &'a str, credentials: &'a Credentials, reveal: bool) -> [(&'static str, Option<&'a str>); 4] {
    let password = credentials.password.as_ref().map(|secret| if reveal { secret.reveal() } else { MASK });
    [
        ("url", Some(url)),
        ("client_id", Some(&credentials.client_id)),
        ("username", credentials.username.as_deref()),
        ("password", password),
    ]
}

fn in_words(profile: &Profile, credentials: &Credentials, reveal: bool) -> String {
    let mut lines = Vec::new();
    for (name, value) in fields(&profile.endpoint.url(), credentials, reveal) {
        let shown = value.map_or_else(|| "not sent".to_owned(), |value| Safe::new(value).to_string());
        let hint = if value == Some(MASK) { "  (--reveal shows it)" } else { "" };
        lines.push(format!("{name:<11}{shown}{hint}\n"));
    }
    lines.concat()
}

fn in_json(profile: &Profile, credentials: &Credentials, reveal: bool) -> String {
    let mut text = String::from("{");
    for (place, (name, value)) in fields(&profile.endpoint.url(), credentials, reveal).into_iter().enumerate() {
        if place > 0 {
            text.push_str(", ");
        }
        json::write_string(&mut text, name);
        text.push_str(": ");
        match value {
            Some(value) => json::write_string(&mut text, value),
            None => text.push_str("null"),
        }
    }
    text.push_str("}\n");
    text
}

fn time(text: &str) -> Result<WallTime, String> {
    WallTime::parse_rfc3339(text).ok_or_else(|| "a time such as 2026-11-21T08:30:00Z".to_owned())
}
