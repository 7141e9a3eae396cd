//! What a fault of TLS means for the person who set the connection up.
//!
//! What lives here: rustls's errors as codes, words and hints. What may not: the handshake (`tls`) and loading (`trust`).

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use super::error::{LinkError, Target, quote};
use crate::event::WallTime;

/// What `fault` means when dialling `target`.
pub(super) fn explain(fault: &Error, target: &Target) -> LinkError {
    let at = &target.at;
    match fault {
        Error::InvalidCertificate(fault) => certificate(fault, target),
        Error::AlertReceived(alert) => alerted(*alert, target),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => LinkError::new(
            "tls",
            format!("{at} does not answer in TLS"),
            "check the port; without TLS: transport = \"ws\" or \"mqtt\"",
        ),
        Error::PeerIncompatible(why) => LinkError::new(
            "tls",
            format!("{at} and standin share no TLS version or cipher: {why:?}"),
            "standin speaks TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20; raise the platform's TLS level",
        ),
        other => LinkError::new(
            "tls",
            format!("TLS with {at} failed: {}", quote(&other.to_string())),
            "check that the port is the platform's own and that nothing on the way breaks TLS open",
        ),
    }
}

/// The platform's certificate does not pass.
fn certificate(fault: &CertificateError, target: &Target) -> LinkError {
    let at = &target.at;
    match fault {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => untrusted(target),
        CertificateError::Expired => expired(target, None),
        CertificateError::ExpiredContext { not_after, .. } => expired(target, Some(wall(*not_after))),
        CertificateError::NotValidYet => not_yet_valid(target, None),
        CertificateError::NotValidYetContext { not_before, .. } => not_yet_valid(target, Some(wall(*not_before))),
        CertificateError::NotValidForName => wrong_name(target, &[]),
        CertificateError::NotValidForNameContext { presented, .. } => wrong_name(target, presented),
        CertificateError::Revoked => LinkError::new(
            "tls-untrusted",
            format!("the certificate of {at} has been revoked"),
            "do not go on: ask the platform's operator for a new certificate",
        ),
        CertificateError::Other(_) if fault.to_string().contains("CaUsedAsEndEntity") => LinkError::new(
            "tls-untrusted",
            format!("{at} shows a CA's certificate as its own"),
            "issue the server a certificate of its own, signed by that CA, and name the CA in ca_file",
        ),
        CertificateError::Other(_) if fault.to_string().contains("UnsupportedCertVersion") => LinkError::new(
            "tls-untrusted",
            format!("the certificate of {at} is of an old version (X.509 v1), which cannot name its host safely"),
            "issue the server a certificate of version 3 with a subjectAltName",
        ),
        other => LinkError::new(
            "tls",
            format!("the certificate of {at} does not pass: {}", quote(&other.to_string())),
            "ask the platform's operator to check the certificate",
        ),
    }
}

fn untrusted(target: &Target) -> LinkError {
    let at = &target.at;
    match &target.ca_file {
        Some(file) => LinkError::new(
            "tls-untrusted",
            format!("the certificate of {at} is not signed by a root in {}", file.display()),
            "ca_file replaces the system's roots: put the platform's root into it (PEM), or take ca_file away for a \
             platform with a public certificate; a server that leaves out its intermediate certificate fails like this too",
        ),
        None => LinkError::new(
            "tls-untrusted",
            format!("the certificate of {at} is not signed by a root that this machine trusts"),
            "if the platform has a root of its own, name it in ca_file (PEM); if a public one, bring this machine's \
             ca-certificates up to date; a proxy that opens TLS also looks like this",
        ),
    }
}

fn expired(target: &Target, not_after: Option<WallTime>) -> LinkError {
    let mut reason = format!("the certificate of {} has expired", target.at);
    add_dates(&mut reason, "it was valid until", not_after, target.clock, "later");
    LinkError::new(
        "tls-expired",
        reason,
        "if our clock is wrong, set it (timedatectl, NTP); if it is right, the platform's operator has to renew the certificate",
    )
}

fn not_yet_valid(target: &Target, not_before: Option<WallTime>) -> LinkError {
    let mut reason = format!("the certificate of {} is not valid yet", target.at);
    add_dates(&mut reason, "it is valid from", not_before, target.clock, "earlier");
    LinkError::new(
        "tls-not-yet-valid",
        reason,
        "most often our clock is behind, as after a start without a battery or network: set it (timedatectl, NTP)",
    )
}

/// Says when the certificate's limit is and how our clock compares.
fn add_dates(reason: &mut String, label: &str, limit: Option<WallTime>, clock: WallTime, side: &str) {
    let Some(limit) = limit else { return };
    let apart = clock.unix_micros().abs_diff(limit.unix_micros()) / 1_000_000;
    let dates = format!(": {label} {}; our clock says {}, {} {side}", date(limit), date(clock), span(apart));
    reason.push_str(&dates);
}

fn wrong_name(target: &Target, presented: &[String]) -> LinkError {
    let at = &target.at;
    let names = if presented.is_empty() {
        "it names no host at all (no subjectAltName)".to_owned()
    } else {
        format!("it is for {}", quote(&presented.join(", ")))
    };
    LinkError::new(
        "tls-name",
        format!("the certificate of {at} is for another host: {names}"),
        "set host to a name in the certificate, or give the server a certificate for this host (an address counts as a name \
         of its own kind)",
    )
}

/// The platform ended TLS and said why in one word.
fn alerted(alert: AlertDescription, target: &Target) -> LinkError {
    use AlertDescription as Alert;
    let at = &target.at;
    match alert {
        Alert::CertificateRequired
        | Alert::NoCertificate
        | Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => client_certificate(alert, target),
        // Only a certificate's signature is checked this late in a handshake that both sides otherwise understand.
        Alert::DecryptError if target.cert_file.is_some() => client_certificate(alert, target),
        Alert::UnrecognisedName => LinkError::new(
            "tls-name",
            format!("{at} does not know this host name (TLS alert {alert:?})"),
            "set host to the name that the platform gives for this instance",
        ),
        Alert::ProtocolVersion | Alert::InsufficientSecurity => LinkError::new(
            "tls",
            format!("{at} wants another TLS version or cipher (TLS alert {alert:?})"),
            "standin speaks TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20; raise the platform's TLS level",
        ),
        Alert::HandshakeFailure if target.cert_file.is_none() => LinkError::new(
            "tls",
            format!("{at} refused the TLS handshake (TLS alert {alert:?})"),
            "a platform that wants a client certificate may answer like this (cert_file, key_file); else it shares no cipher",
        ),
        other => LinkError::new(
            "tls",
            format!("{at} ended TLS with the alert {other:?}"),
            "look into the platform's log for its side of the story",
        ),
    }
}

fn client_certificate(alert: AlertDescription, target: &Target) -> LinkError {
    let at = &target.at;
    match &target.cert_file {
        Some(file) => LinkError::new(
            "tls-client-cert",
            format!("{at} refuses the client certificate in {} (TLS alert {alert:?})", file.display()),
            "check that it is this device's, not expired, and signed by a CA that the platform knows (intermediates belong \
             into the same file)",
        ),
        None => LinkError::new(
            "tls-client-cert",
            format!("{at} wants a client certificate (TLS alert {alert:?})"),
            "set cert_file and key_file to the device's certificate and key (PEM)",
        ),
    }
}

fn wall(time: UnixTime) -> WallTime {
    let micros = i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    WallTime::from_unix_micros(micros)
}

/// A date to the second.
fn date(time: WallTime) -> String {
    time.timestamp().strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// How far two times are apart, in the largest unit that still says something.
fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
