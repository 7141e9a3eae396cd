//! Why a connection, or an attempt at one, ended: a stable word, the words for a person, and what the policy makes of it.

use super::recovery::Ending;
use super::secrets::SecretError;
use crate::link::LinkError;
use crate::mqtt::Fault;
use crate::profile::Profile;

/// Why a connection, or an attempt, ended: for the event and for the policy.
pub(super) struct Cause {
    pub(super) code: String,
    pub(super) reason: String,
    pub(super) hint: String,
    pub(super) ending: Ending,
}

impl Cause {
    /// A link that failed, with what that means for the policy.
    pub(super) fn link(error: LinkError, ending: Ending) -> Self {
        Self { code: error.code.to_owned(), reason: error.reason, hint: error.hint, ending }
    }

    /// An attempt that came to no link.
    pub(super) fn failed(error: LinkError) -> Self {
        let again = error.code != UNREGISTERED;
        Self::link(error, if again { Ending::Failed } else { Ending::Refused { hour_changes_in: None } })
    }

    /// A fault of the platform; before CONNACK it is a failed attempt.
    pub(super) fn fault(fault: &Fault, accepted: bool) -> Self {
        let (code, hint) = match fault {
            Fault::Protocol(_) => {
                ("protocol", "the platform broke MQTT; `strict = false` goes on after faults that leave packets whole")
            }
            Fault::KeepAlive(_) => ("keepalive", "check the way to the platform: a firewall may drop idle connections"),
            Fault::Timeout(_) => ("timeout", "the platform is slow or overloaded; `connect_timeout` gives it longer"),
        };
        let ending = if accepted { Ending::Lost } else { Ending::Failed };
        Self { code: code.to_owned(), reason: fault.to_string(), hint: hint.to_owned(), ending }
    }

    /// The same, told as the take-over that it probably is.
    pub(super) fn taken_over(self) -> Self {
        Self {
            code: "taken-over".to_owned(),
            reason: format!(
                "another client may hold this identity: {}, three times soon after it was accepted",
                self.reason
            ),
            hint: "look for the real device or a second tool that signs in with the same identity".to_owned(),
            ..self
        }
    }
}

/// A secret that cannot be fetched, as a failure of the attempt.
pub(super) fn no_secret(profile: &Profile, error: &SecretError) -> LinkError {
    let mut hint =
        "the device's `secret` (or `password`) in the config says where it comes from; it is fetched at each attempt"
            .to_owned();
    if profile.registration.is_some() && matches!(error, SecretError::File { .. }) {
        hint = format!("{}; {hint}", register_hint(profile));
    }
    LinkError { code: "secret", reason: error.to_string(), hint, server_date: None }
}

/// A device that has still to register, as a failure of the attempt.
pub(super) fn unregistered(profile: &Profile) -> LinkError {
    let lacks = if profile.endpoint.host.is_empty() { "its platform's address" } else { "a secret" };
    LinkError {
        code: UNREGISTERED,
        reason: format!("the device has still to register: it has not {lacks} yet"),
        hint: format!("{}; then put what it tells into the config", register_hint(profile)),
        server_date: None,
    }
}

/// The code of [`unregistered`]: another attempt would end like the first.
pub(super) const UNREGISTERED: &str = "unregistered";

fn register_hint(profile: &Profile) -> String {
    format!("standin register {} --out FILE obtains it", profile.name)
}
