//! `standin register`: obtains a device's secret, token or address by its cloud's registration.
//!
//! What lives here: where the secret goes, which the user has to say before anything is sent, for many devices register only
//! once. What may not: the registration itself.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::signals::Signals;
use super::{CliError, Exit, Global, Outcome, written};
use crate::cloud::registration::Obtained;
use crate::profile::{AliyunMethod, Profile};
use crate::secret::{MASK, Secret};
use crate::session::registration::{self, Failure, Kind};
use crate::text::Safe;

/// The arguments of `standin register`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A device of the config
    pub device: String,
    /// Writes what is obtained to a new file that nobody else can read
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Shows the secret
    #[arg(long)]
    pub reveal: bool,
    /// Aliyun: https, mqtt or mqtt-unregistered [default: the config's]
    #[arg(long, value_name = "WAY", value_parser = method)]
    pub method: Option<AliyunMethod>,
}

/// Registers the device, once.
pub async fn run(args: Args, global: &Global) -> Result<Outcome, CliError> {
    let config = global.load()?;
    let profile = config.device(&args.device)?;
    let way = registration::way(profile, args.method).map_err(|failure| told(profile, failure))?;
    if args.out.is_none() && !args.reveal {
        let message = format!(
            "device `{}`: nothing says where the secret goes, and many devices register only once",
            profile.name
        );
        return Err(CliError::usage(message)
            .hint(format!("standin register {} --out FILE    keeps it in a new file of mode 0600", profile.name))
            .hint(format!("standin register {} --reveal      shows it, and keeps it nowhere", profile.name)));
    }
    let mut signals = Signals::listen()?;
    // Before anything is sent: a secret that was obtained must have its place.
    let place = args.out.as_deref().map(Place::reserve).transpose()?;
    let obtained = tokio::select! {
        signal = signals.next() => return Ok(Outcome::Signal(signal)),
        obtained = registration::register(profile, way) => obtained.map_err(|failure| told(profile, failure))?,
    };
    let kept = kept_text(&obtained);
    let file = match (place, &kept) {
        (Some(place), Some(secret)) => Some(place.keep(secret)?),
        _ => None,
    };
    let text = report(profile, way, &obtained, &Shown { file: file.as_deref(), reveal: args.reveal });
    match super::write_out(text).await {
        // Also where the reader has gone, which elsewhere is no error: what nobody has read is lost.
        Err(error) if file.is_none() && kept.is_some() => {
            let words =
                format!("device `{}` is registered, but what it obtained could not be shown: {error}", profile.name);
            Err(CliError::not_held(words).hint("register it again, where the platform allows that, with --out FILE"))
        }
        shown => written(shown).map(|()| Outcome::Done),
    }
}

/// What goes into the file: the secret alone, or the token in the form that the config's `token` takes.
fn kept_text(obtained: &Obtained) -> Option<Secret> {
    obtained.secret.clone().or_else(|| obtained.token.as_ref().map(crate::cloud::registration::Token::to_json))
}

/// How a secret is shown.
struct Shown<'a> {
    file: Option<&'a Path>,
    reveal: bool,
}

impl Shown<'_> {
    fn secret(&self, secret: &Secret) -> String {
        let text = if self.reveal { Safe::new(secret.reveal()).to_string() } else { MASK.to_owned() };
        match self.file {
            Some(file) => format!("{text}  (in {})", Safe::new(&file.display().to_string())),
            None => text,
        }
    }
}

fn report(profile: &Profile, way: AliyunMethod, obtained: &Obtained, shown: &Shown<'_>) -> String {
    let (name, cloud) = (Safe::new(&profile.name).to_string(), profile.identity.cloud().word());
    let mut rows = vec![("registered", format!("{name} at {cloud}, by {}", way.word()))];
    if let Some(address) = &obtained.address {
        rows.push(("address", Safe::new(address).to_string()));
    }
    if let Some(secret) = &obtained.secret {
        rows.push(("secret", shown.secret(secret)));
    }
    if let Some(token) = &obtained.token {
        rows.push(("client_id", Safe::new(&token.client_id).to_string()));
        rows.push(("token", shown.secret(&token.device_token)));
    }
    if let Some(config) = &obtained.init_config {
        let text =
            if shown.reveal { Safe::new(config.reveal()).to_string() } else { format!("{MASK}  (--reveal shows it)") };
        rows.push(("init_config", text));
    }
    rows.extend(next(obtained, shown.file).into_iter().map(|line| ("next", line)));
    let lines: Vec<String> = rows.into_iter().map(|(key, value)| format!("{key:<13}{value}")).collect();
    lines.join("\n") + "\n"
}

/// What to put into the config.
fn next(obtained: &Obtained, file: Option<&Path>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((host, port)) = obtained.address.as_deref().and_then(|address| address.rsplit_once(':')) {
        // Huawei's answer is the address for MQTT on TLS; its WebSocket listens beside it, on 443.
        let (host, port) = (Safe::new(host), Safe::new(port));
        lines.push(format!("in the config: host = \"{host}\"; with transport = \"mqtts\" also port = {port}"));
    }
    let key = if obtained.token.is_some() && obtained.secret.is_none() { "token" } else { "secret" };
    match file {
        Some(file) => {
            let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
            lines.push(format!("in the config: {key} = {{ file = \"{}\" }}", Safe::new(&path.display().to_string())));
        }
        None if key == "token" => {
            let words =
                "keep both now: the platform may not give them again; the config's `client_id` and `token` take them";
            lines.push(words.to_owned());
        }
        None if obtained.secret.is_some() => {
            lines.push("keep it now: the platform may not give it again; the config's `secret` takes it".to_owned());
        }
        None => lines.push("no secret came with the answer: the device signs in with the one that it has".to_owned()),
    }
    lines
}

/// The room on the disk that a secret is kept free, in bytes: no secret or token of the clouds is longer.
const ROOM: usize = 4 << 10;

/// A new file that nobody else can read, with room for a secret: a disk that is full must show before a device has registered. It goes again unless something was kept in it.
struct Place {
    path: PathBuf,
    file: Option<File>,
}

impl Place {
    fn reserve(path: &Path) -> Result<Self, CliError> {
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = made.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                CliError::usage(format!("there is already a file at {}; it is left as it is", path.display()))
                    .hint("another one: --out FILE")
            }
            _ => CliError::usage(format!("could not write {}: {error}; nothing was sent", path.display())),
        })?;
        let mut place = Self { path: path.to_owned(), file: None };
        let file = place.file.insert(file);
        file.write_all(&[0; ROOM]).and_then(|()| file.sync_all()).map_err(|error| {
            CliError::usage(format!("could not write {}: {error}; nothing was sent", path.display()))
        })?;
        Ok(place)
    }

    /// Writes the secret through to the disk.
    fn keep(mut self, secret: &Secret) -> Result<PathBuf, CliError> {
        if let Some(mut file) = self.file.take() {
            let text = secret.reveal();
            let done = file
                .rewind()
                .and_then(|()| file.write_all(text.as_bytes()))
                .and_then(|()| file.set_len(text.len() as u64))
                .and_then(|()| file.sync_all());
            done.map_err(|error| {
                let message =
                    format!("the device is registered, but {} could not be written: {error}", self.path.display());
                CliError::not_held(message).hint("register it again, where the platform allows that, with --reveal")
            })?;
        }
        Ok(self.path.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.file.is_some() {
            // Nothing was kept in it. Where it cannot be removed, an empty file stays, which holds no secret.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

fn told(profile: &Profile, failure: Failure) -> CliError {
    let status = match failure.kind {
        Kind::Usage => Exit::Usage,
        Kind::Line => Exit::Connection,
        Kind::Declined => Exit::NotHeld,
    };
    CliError::new(status, format!("device `{}`: {}", profile.name, failure.reason)).hint(failure.hint)
}

fn method(text: &str) -> Result<AliyunMethod, String> {
    let all = [AliyunMethod::Https, AliyunMethod::Mqtt, AliyunMethod::MqttUnregistered];
    all.into_iter().find(|way| way.word() == text).ok_or_else(|| "one of https, mqtt and mqtt-unregistered".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_for_a_secret_is_there_before_it_and_gone_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let place = Place::reserve(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), ROOM as u64);
        assert!(Place::reserve(&path).is_err() && path.exists(), "another's place is left as it is");
        place.keep(&Secret::new("hunter2")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "hunter2");
        let other = folder.path().join("other");
        drop(Place::reserve(&other).unwrap());
        assert!(!other.exists());
    }
}
