//! Values that never print: device secrets, passwords, private keys.
//!
//! What lives here: the type and its masking. What may not: reading a secret from a file, the environment or a command
//! (that is `session::secrets`), and any way to print one.

use std::fmt;

use zeroize::Zeroizing;

/// A secret text. It prints as `••••`, and is wiped from memory
/// when dropped.
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

/// Why a file may hold no secret: it belongs to somebody else, or others can read or write it. `None`: nobody can reach it
/// but its owner, who is `user` or root. `mode` is that of `stat`.
pub fn exposure(owner: u32, user: u32, mode: u32) -> Option<String> {
    if owner != user && owner != 0 {
        return Some(format!("it belongs to another user (id {owner}, not {user})"));
    }
    let others = mode & 0o077;
    (others != 0).then(|| {
        let who = if others & 0o044 == 0 { "is open to others" } else { "can be read by others" };
        format!("it {who} (mode {:03o})", mode & 0o777)
    })
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
            assert_eq!(exposure(owner, user, mode).is_some(), refused, "{owner} {user} {mode:o}");
        }
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
