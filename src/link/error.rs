//! Why there is no link: stable codes, words for a person, what to try.
//!
//! What lives here: [`LinkError`] and what the operating system's errors mean at each stage. What may not: TLS's own faults
//! (`tls_error`), and those that only a proxy or the upgrade knows (`proxy`, `ws`).

use std::future::Future;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;

use super::tls_error;
use crate::event::WallTime;
use crate::profile::{Profile, host_port};

/// Why there is no link, or no link any more.
///
/// The codes: `dns`, `refused`, `unreachable`, `timeout`, `proxy-refused`, `proxy-auth`, `tls-untrusted`, `tls-name`,
/// `tls-expired`, `tls-not-yet-valid`, `tls-client-cert`, `tls`, `ws-upgrade`, `ws-subprotocol`, `protocol`, `too-large`,
/// `closed`, `reset`, `http`, `file` and, for what the operating system reports besides, `io`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct LinkError {
    /// One of the stable words above.
    pub code: &'static str,
    /// What happened, in words for a person. May hold text of the other side: shown through `Safe` only.
    pub reason: String,
    /// What to try.
    pub hint: String,
    /// The `Date` of an HTTP answer that came with the failure, for the clock's offset.
    pub server_date: Option<WallTime>,
}

/// The stages of a link's life, each of which fails in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Looking up the host's addresses.
    Name,
    /// Opening TCP.
    Tcp,
    /// Being let through by the proxy.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// The WebSocket upgrade.
    Upgrade,
    /// An HTTPS request.
    Http,
    /// The link is open.
    Open,
}

/// Whom the link leads to, as its errors name it.
#[derive(Debug)]
pub(super) struct Target {
    /// `host:port`, an IPv6 address in brackets.
    pub(super) at: String,
    /// The roots trusted instead of the system's.
    pub(super) ca_file: Option<PathBuf>,
    /// The client certificate.
    pub(super) cert_file: Option<PathBuf>,
    /// Our clock when TLS began.
    pub(super) clock: WallTime,
}

/// The longest text of the other side that a reason quotes, in characters.
const QUOTE_LIMIT: usize = 200;

impl LinkError {
    /// An error without a server's date.
    pub(super) fn new(code: &'static str, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), hint: hint.into(), server_date: None }
    }
}

impl Target {
    /// The target of `profile`; an error where its host can be no host.
    pub(super) fn of(profile: &Profile) -> Result<Self, LinkError> {
        let endpoint = &profile.endpoint;
        for host in std::iter::once(&endpoint.host).chain(profile.proxy.as_ref().map(|proxy| &proxy.host)) {
            check_host(host)?;
        }
        Ok(Self {
            at: host_port(&endpoint.host, endpoint.port),
            ca_file: profile.tls.ca_file.clone(),
            cert_file: profile.tls.identity.as_ref().map(|(cert, _)| cert.clone()),
            clock: WallTime::default(),
        })
    }
}

/// Refuses what would break out of a request line, a header or a URL.
fn check_host(host: &str) -> Result<(), LinkError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
    if !host.is_empty() && host.bytes().all(plain) {
        return Ok(());
    }
    Err(LinkError::new(
        "dns",
        format!("“{}” is no host name", quote(host)),
        "give a host name in ASCII (a name in another script in its xn-- form) or an address, without scheme and path",
    ))
}

/// `text` of the other side, cut so that an error stays readable.
pub(super) fn quote(text: &str) -> String {
    let mut kept: String = text.chars().take(QUOTE_LIMIT).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

impl Stage {
    /// The stage in words, at the end of a sentence; nothing for an open link.
    fn during(self) -> &'static str {
        match self {
            Self::Name => " during the name lookup",
            Self::Tcp => " during the TCP connect",
            Self::Proxy => " during the talk with the proxy",
            Self::Tls => " during the TLS handshake",
            Self::Upgrade => " during the WebSocket upgrade",
            Self::Http => " during the HTTPS request",
            Self::Open => "",
        }
    }

    /// What to try when this stage got no answer.
    fn silence_hint(self) -> &'static str {
        match self {
            Self::Name => "check that a DNS server answers on this machine (/etc/resolv.conf)",
            Self::Tcp => {
                "check host and port, and whether a firewall drops the packets; networks that need a proxy: set proxy"
            }
            Self::Proxy => {
                "check that host and port of proxy are those of an HTTP or SOCKS5 proxy, and of the right kind"
            }
            Self::Tls => "check that the port speaks TLS; a line that loses large packets (MTU) also stops here",
            Self::Upgrade => {
                "check that port and path belong to a WebSocket; MQTT without WebSocket: transport = \"mqtts\""
            }
            Self::Http => "check that host and port belong to the HTTPS service; try again",
            Self::Open => "check the line; the platform is dialled again by the back-off policy",
        }
    }
}

/// Runs `future` for `limit` at the most; `at` is whom it waits for.
pub(super) async fn within<T>(
    stage: Stage,
    at: &str,
    limit: Duration,
    future: impl Future<Output = Result<T, LinkError>>,
) -> Result<T, LinkError> {
    tokio::time::timeout(limit, future).await.unwrap_or_else(|_| Err(silence(stage, at, limit)))
}

/// No answer within `limit`.
pub(super) fn silence(stage: Stage, at: &str, limit: Duration) -> LinkError {
    let reason = format!("no answer from {at} within {limit:?}{}", stage.during());
    LinkError::new("timeout", reason, stage.silence_hint())
}

/// What an error of the operating system, or of TLS inside of one, means at `stage`.
pub(super) fn from_io(stage: Stage, target: &Target, fault: &io::Error) -> LinkError {
    if let Some(tls) = fault.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls_error::explain(tls, target);
    }
    plain_io(stage, &target.at, fault)
}

/// [`from_io`] where no TLS is involved.
pub(super) fn plain_io(stage: Stage, at: &str, fault: &io::Error) -> LinkError {
    let during = stage.during();
    match fault.kind() {
        ErrorKind::ConnectionRefused => LinkError::new(
            "refused",
            format!("{at} refused the connection"),
            "nothing listens there: check host and port (a cloud's WebSocket usually listens on 443)",
        ),
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::AddrNotAvailable => LinkError::new(
            "unreachable",
            format!("no route to {at}: {fault}"),
            "check this machine's network, its default route and, for an IPv6 address, whether it has IPv6 at all",
        ),
        ErrorKind::PermissionDenied => LinkError::new(
            "unreachable",
            format!("this machine does not let a connection to {at} out: {fault}"),
            "check the local firewall's rules",
        ),
        ErrorKind::TimedOut => {
            LinkError::new("timeout", format!("no answer from {at}{during}: {fault}"), stage.silence_hint())
        }
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => LinkError::new(
            "reset",
            format!("{at} cut the connection without a goodbye{during} ({fault})"),
            cut_hint(stage),
        ),
        ErrorKind::UnexpectedEof => closed(stage, at),
        _ => LinkError::new("io", format!("{at}: {fault}{during}"), io_hint(fault)),
    }
}

/// The other side ended the stream without saying why.
pub(super) fn closed(stage: Stage, at: &str) -> LinkError {
    LinkError::new("closed", format!("{at} closed the connection{}", stage.during()), cut_hint(stage))
}

/// What to try when the other side ends the connection at `stage`.
fn cut_hint(stage: Stage) -> &'static str {
    match stage {
        Stage::Name | Stage::Tcp => "check host and port; a firewall may cut what it does not know",
        Stage::Proxy => "check that proxy names the right kind (http:// or socks5://) and port",
        Stage::Tls => "check that the port speaks TLS (else transport = \"ws\" or \"mqtt\") and knows this host name",
        Stage::Upgrade => {
            "check that port and path belong to a WebSocket, and that the port does not want TLS (transport = \"wss\")"
        }
        Stage::Http => "check that host and port belong to the HTTPS service; something on the way may cut requests",
        Stage::Open => {
            "the platform ended it, or something on the way did; if it happens again and again, another client may hold \
             this identity, or the platform dislikes what was sent"
        }
    }
}

/// What to try for an error without a code of its own.
fn io_hint(fault: &io::Error) -> &'static str {
    match Errno::from_io_error(fault) {
        Some(Errno::MFILE | Errno::NFILE) => {
            "too many sockets for this process: raise the limit (ulimit -n) or dial fewer devices"
        }
        _ => "this is the operating system's error: check this machine's network and limits",
    }
}

#[cfg(test)]
mod tests;
