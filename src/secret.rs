//! Values that never print: device secrets, passwords, private keys.
//!
//! What lives here: the type and its masking, and whether a file is private enough to hold one. What may not: reading a secret from a file, the environment or a command
//! (that is `session::secrets`), and any way to print one.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

/// A secret text. It prints as `••••`, and is wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// What a secret looks like wherever it is shown.
pub const MASK: &str = "••••";

impl Secret {
    /// Takes `text` as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself: for signing and for the CONNECT packet, never for a person.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// Why a file may hold no secret: somebody besides its owner, who is the user or root, can reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// It belongs to neither the user nor root.
    Foreign {
        /// Whose it is, by number.
        owner: u32,
        /// The user.
        user: u32,
    },
    /// Group or others have rights.
    Open {
        /// The mode of `stat`.
        mode: u32,
    },
}

impl Exposure {
    /// What is wrong with a file of this owner and mode (as in `stat`) for `user`; `None`: it may hold a secret.
    pub fn of(owner: u32, user: u32, mode: u32) -> Option<Self> {
        if owner != user && owner != 0 {
            return Some(Self::Foreign { owner, user });
        }
        (mode & 0o077 != 0).then_some(Self::Open { mode })
    }

    /// The shell command that mends it for the file at `path`.
    pub fn remedy(self, path: &Path) -> String {
        let path = shell_word(path);
        match self {
            Self::Foreign { .. } => format!("chown \"$(id -u)\" {path} && chmod 600 {path}"),
            Self::Open { .. } => format!("chmod 600 {path}"),
        }
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { owner, user } => write!(f, "it belongs to another user (id {owner}, not {user})"),
            Self::Open { mode } => {
                let how = match mode & 0o066 {
                    0 => "is open to others",
                    rights if rights & 0o044 == 0 => "can be written by others",
                    _ => "can be read by others",
                };
                write!(f, "it {how} (mode {:03o})", mode & 0o777)
            }
        }
    }
}

/// A path as a shell takes it.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    if !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "/._-+@%:,".contains(c)) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_may_reach_a_secret() {
        for (owner, user, mode, refused) in [
            (1000, 1000, 0o100_600, false),
            (1000, 1000, 0o100_400, false),
            (0, 1000, 0o100_600, false),
            (1000, 1000, 0o100_640, true),
            (1000, 1000, 0o100_604, true),
            (1000, 1000, 0o100_620, true),
            (1000, 1000, 0o100_610, true),
            (1001, 1000, 0o100_600, true),
            (1000, 0, 0o100_600, true),
        ] {
            assert_eq!(Exposure::of(owner, user, mode).is_some(), refused, "{owner} {user} {mode:o}");
        }
    }

    #[test]
    fn an_exposure_says_who_can_do_what_and_how_to_mend_it() {
        for (owner, mode, words, remedy) in [
            (1000, 0o100_640, "read by others (mode 640)", "chmod 600 /a/secret"),
            (1000, 0o100_602, "written by others (mode 602)", "chmod 600 /a/secret"),
            (1000, 0o100_610, "open to others (mode 610)", "chmod 600 /a/secret"),
            (7, 0o100_600, "another user (id 7, not 1000)", "chown \"$(id -u)\" /a/secret && chmod 600 /a/secret"),
        ] {
            let exposure = Exposure::of(owner, 1000, mode).unwrap();
            assert!(exposure.to_string().ends_with(words), "{exposure}");
            assert_eq!(exposure.remedy(Path::new("/a/secret")), remedy);
        }
    }

    #[test]
    fn a_path_with_blanks_is_quoted_for_the_shell() {
        assert_eq!(shell_word(Path::new("/home/a/config.toml")), "/home/a/config.toml");
        assert_eq!(shell_word(Path::new("/home/a b/it's")), "'/home/a b/it'\\''s'");
    }

    #[test]
    fn a_secret_prints_as_its_mask_in_every_format() {
        let secret = Secret::new("hunter2");
        for shown in [format!("{secret}"), format!("{secret:?}"), format!("{secret:#?}"), format!("{secret:>9}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains(MASK), "{shown}");
        }
        assert_eq!(secret.reveal(), "hunter2");
    }
}
