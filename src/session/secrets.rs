//! Fetching a secret from where the config says it is; anew at each attempt, so that a changed one is taken up.
//!
//! What lives here: the environment, files and commands as sources. What may not: keeping a secret. No error shows a
//! secret, nor what a command printed.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::profile::SecretSource;
use crate::secret::{Exposure, Secret};

/// How long a command may take: a password manager may ask its user first.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest secret, in bytes: what a string of MQTT holds (section 1.5.3).
const LONGEST: usize = 65_535;

/// Why a secret is not there, in words for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set, or not UTF-8.
    #[error("the environment variable {0} holds no secret: set it before standin starts")]
    Env(String),
    /// The file cannot be read.
    #[error("the secret's file {}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Others can reach the file.
    #[error("the secret's file {}: {exposure}; nobody but you may reach it: {}", path.display(), exposure.remedy(path))]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Who else.
        exposure: Exposure,
    },
    /// The command did not do its work.
    #[error("the command {program} gave no secret: {reason}")]
    Command {
        /// Its first word; the others may hold what should not be shown.
        program: String,
        /// What went wrong.
        reason: String,
    },
    /// There is none yet.
    #[error("it has no secret yet: it has still to register")]
    Unregistered,
}

/// Fetches the secret that `source` tells of.
pub async fn fetch(source: &SecretSource) -> Result<Secret, SecretError> {
    match source {
        SecretSource::Inline(secret) => Ok(secret.clone()),
        SecretSource::Env(name) => from_env(name),
        SecretSource::File(path) => {
            let owned = path.clone();
            let read = tokio::task::spawn_blocking(move || from_file(&owned)).await;
            read.unwrap_or_else(|error| Err(SecretError::File { path: path.clone(), reason: error.to_string() }))
        }
        SecretSource::Command(words) => from_command(words, PATIENCE).await,
        SecretSource::Unregistered => Err(SecretError::Unregistered),
    }
}

fn from_env(name: &str) -> Result<Secret, SecretError> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
        // Which of the reasons it is, unset, empty or not UTF-8, changes nothing in what to do.
        _ => Err(SecretError::Env(name.to_owned())),
    }
}

/// Reads the file whole, but for its last line end. Owner and mode are asked of the open file, so that nobody can exchange
/// it in between.
fn from_file(path: &Path) -> Result<Secret, SecretError> {
    let fault = |reason: &str| SecretError::File { path: path.to_owned(), reason: reason.to_owned() };
    let read = |error: std::io::Error| fault(&error.to_string());
    let file = File::open(path).map_err(read)?;
    let metadata = file.metadata().map_err(read)?;
    let user = rustix::process::geteuid().as_raw();
    if let Some(exposure) = Exposure::of(metadata.uid(), user, metadata.mode()) {
        return Err(SecretError::Exposed { path: path.to_owned(), exposure });
    }
    // Room for all at once: a buffer that grows leaves copies behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 3));
    file.take(LONGEST as u64 + 3).read_to_end(&mut bytes).map_err(read)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| fault("it is not UTF-8"))?;
    checked(without_line_end(text)).map_err(|reason| fault(&reason))
}

/// Runs a command and takes the first line that it prints. What it says on standard error is dropped: it could hold a
/// secret, and the screen is not its place.
async fn from_command(words: &[String], patience: Duration) -> Result<Secret, SecretError> {
    let program = words.first().cloned().unwrap_or_default();
    let fault = |reason: String| SecretError::Command { program: program.clone(), reason };
    let mut child = Command::new(&program)
        .args(words.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| fault(error.to_string()))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 3));
    let output = child.stdout.take();
    let work = async {
        if let Some(output) = output {
            output.take(LONGEST as u64 + 3).read_to_end(&mut bytes).await?;
        }
        child.wait().await
    };
    let status = match tokio::time::timeout(patience, work).await {
        Ok(ended) => ended.map_err(|error| fault(error.to_string()))?,
        Err(_) => return Err(fault(format!("it did not end within {} s", patience.as_secs_f32()))),
    };
    if !status.success() {
        return Err(fault(format!("it ended with {status}")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| fault("its output is not UTF-8".to_owned()))?;
    checked(text.lines().next().unwrap_or_default()).map_err(fault)
}

fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn checked(text: &str) -> Result<Secret, String> {
    if text.is_empty() {
        Err("it is empty".to_owned())
    } else if text.len() > LONGEST {
        Err("it holds more than 65,535 bytes".to_owned())
    } else if text.contains('\0') {
        Err("it holds a NUL character".to_owned())
    } else {
        Ok(Secret::new(text))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(text: &[u8], mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    fn shell(script: &str) -> SecretSource {
        SecretSource::Command(["sh", "-c", script].map(str::to_owned).to_vec())
    }

    #[tokio::test]
    async fn a_file_gives_its_content_without_the_last_line_end() {
        for (content, secret) in
            [("hunter2\n", "hunter2"), ("hunter2\r\n", "hunter2"), ("a\nb\n\n", "a\nb\n"), (" x ", " x ")]
        {
            let file = file(content.as_bytes(), 0o600);
            let source = SecretSource::File(file.path().to_owned());
            assert_eq!(fetch(&source).await, Ok(Secret::new(secret)), "{content:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_will_not_do_is_refused_without_its_content() {
        for (content, mode, words) in [
            (b"hunter2".as_slice(), 0o640, "chmod 600"),
            (b"hunter2", 0o604, "read by others"),
            (b"\n", 0o600, "empty"),
            (b"hunter2\xff", 0o600, "UTF-8"),
            (b"hunter2\0", 0o600, "NUL"),
            ("x".repeat(LONGEST + 1).as_bytes(), 0o600, "65,535"),
        ] {
            let file = file(content, mode);
            let error = fetch(&SecretSource::File(file.path().to_owned())).await.unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let error = fetch(&SecretSource::File("/nonexistent/secret".into())).await.unwrap_err().to_string();
        assert!(error.contains("/nonexistent/secret"), "{error}");
    }

    #[tokio::test]
    async fn a_command_gives_its_first_line() {
        assert_eq!(fetch(&shell("printf 'hunter2\\nmore\\n'")).await, Ok(Secret::new("hunter2")));
    }

    #[tokio::test]
    async fn a_command_that_fails_is_told_without_what_it_printed() {
        for (script, words) in [
            ("echo hunter2; exit 3", "exit status: 3"),
            ("echo hunter2 >&2", "empty"),
            ("printf 'hunter2\\377'", "UTF-8"),
        ] {
            let error = fetch(&shell(script)).await.unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let absent = SecretSource::Command(vec!["/nonexistent/pass".to_owned(), "hunter2".to_owned()]);
        let error = fetch(&absent).await.unwrap_err().to_string();
        assert!(error.contains("/nonexistent/pass") && !error.contains("hunter2"), "{error}");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_ended() {
        let words = ["sleep", "600"].map(str::to_owned);
        let error = from_command(&words, Duration::from_millis(20)).await.unwrap_err().to_string();
        assert!(error.contains("did not end within"), "{error}");
    }

    #[tokio::test]
    async fn the_environment_gives_a_variable_that_is_set() {
        let path = fetch(&SecretSource::Env("PATH".to_owned())).await.unwrap();
        assert_eq!(path.reveal(), std::env::var("PATH").unwrap());
        let error = fetch(&SecretSource::Env("STANDIN_NO_SUCH".to_owned())).await.unwrap_err().to_string();
        assert!(error.contains("STANDIN_NO_SUCH"), "{error}");
    }
}
