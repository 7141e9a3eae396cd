//! Being let through by a proxy: HTTP CONNECT (RFC 9110 §9.3.6) and SOCKS5 (RFC 1928, RFC 1929).
//!
//! What lives here: the talk with the proxy on an open TCP connection. What may not: reaching the proxy (`dial`). The name
//! of the platform is resolved by the proxy, for networks whose own DNS does not know it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_socks::Error as SocksError;
use tokio_socks::tcp::Socks5Stream;
use zeroize::Zeroizing;

use super::error::{LinkError, Stage, closed, plain_io, quote};
use crate::profile::{Endpoint, Proxy, host_port};

/// The longest head of an answer that is read, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;
/// The most header fields in it.
const FIELD_LIMIT: usize = 64;

/// An HTTP answer to CONNECT.
struct Answer {
    /// Its length in bytes.
    length: usize,
    status: u16,
    reason: String,
}

/// Asks an HTTP proxy for a tunnel to `target` (`host:port`).
pub(super) async fn http_connect(tcp: &mut TcpStream, proxy: &Proxy, target: &str) -> Result<(), LinkError> {
    let at = named(proxy);
    let broken = |fault: std::io::Error| plain_io(Stage::Proxy, &at, &fault);
    let mut request = Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
    if let Some((user, password)) = &proxy.login {
        let pair = Zeroizing::new(format!("{user}:{}", password.reveal()));
        let basic = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&basic);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    tcp.write_all(request.as_bytes()).await.map_err(broken)?;
    let mut head = Vec::new();
    loop {
        while let Some(answer) = parse(&head).map_err(|why| no_http(&at, &why))? {
            // RFC 9110 §15.2: interim answers may come before the final one.
            if !(100..200).contains(&answer.status) {
                return verdict(&answer, head.len(), proxy, target);
            }
            head.drain(..answer.length);
        }
        if head.len() >= HEAD_LIMIT {
            return Err(no_http(&at, "its answer has no end"));
        }
        if tcp.read_buf(&mut head).await.map_err(broken)? == 0 {
            return Err(closed(Stage::Proxy, &at));
        }
    }
}

/// The answer at the start of `head`, once it is complete.
fn parse(head: &[u8]) -> Result<Option<Answer>, String> {
    let mut fields = [httparse::EMPTY_HEADER; FIELD_LIMIT];
    let mut response = httparse::Response::new(&mut fields);
    let length = match response.parse(head).map_err(|fault| fault.to_string())? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(length) => length,
    };
    // A complete answer has a status; RFC 9112 §4 lets the reason be empty.
    let status = response.code.ok_or("there is no status")?;
    Ok(Some(Answer { length, status, reason: quote(response.reason.unwrap_or_default()) }))
}

fn verdict(answer: &Answer, received: usize, proxy: &Proxy, target: &str) -> Result<(), LinkError> {
    let at = named(proxy);
    let Answer { length, status, reason } = answer;
    match status {
        // Both TLS and MQTT let the client speak first: what follows the head is not the platform's.
        200..300 if received > *length => Err(no_http(&at, "it sent more than an answer to CONNECT")),
        200..300 => Ok(()),
        407 => Err(LinkError::new(
            "proxy-auth",
            format!("{at} wants a user name and password ({status} {reason})"),
            login_hint(proxy),
        )),
        502..=504 => Err(LinkError::new(
            "proxy-refused",
            format!("{at} could not reach {target} ({status} {reason})"),
            "check host and port; the proxy resolves the name, so its DNS has to know it",
        )),
        _ => Err(LinkError::new(
            "proxy-refused",
            format!("{at} does not let connections to {target} through ({status} {reason})"),
            "have the proxy allow CONNECT to this host and port (many allow only 443)",
        )),
    }
}

/// Asks a SOCKS5 proxy for a tunnel to the platform, by name.
pub(super) async fn socks5(
    tcp: &mut TcpStream,
    proxy: &Proxy,
    endpoint: &Endpoint,
    target: &str,
) -> Result<(), LinkError> {
    let destination = (endpoint.host.as_str(), endpoint.port);
    let outcome = match &proxy.login {
        Some((user, password)) => {
            Socks5Stream::connect_with_password_and_socket(tcp, destination, user, password.reveal()).await
        }
        None => Socks5Stream::connect_with_socket(tcp, destination).await,
    };
    outcome.map(drop).map_err(|fault| socks_error(&fault, proxy, target))
}

fn socks_error(fault: &SocksError, proxy: &Proxy, target: &str) -> LinkError {
    let at = named(proxy);
    match fault {
        SocksError::Io(fault) => plain_io(Stage::Proxy, &at, fault),
        SocksError::PasswordAuthFailure(_)
        | SocksError::NoAcceptableAuthMethods
        | SocksError::AuthorizationRequired
        | SocksError::InvalidAuthValues(_) => {
            LinkError::new("proxy-auth", format!("{at} does not take our login: {fault}"), login_hint(proxy))
        }
        SocksError::InvalidResponseVersion | SocksError::InvalidReservedByte | SocksError::UnknownAddressType => {
            LinkError::new(
                "proxy-refused",
                format!("{at} does not answer in SOCKS5: {fault}"),
                "check the port, and whether it is an HTTP proxy (proxy = \"http://…\")",
            )
        }
        _ => LinkError::new(
            "proxy-refused",
            format!("{at} opened no connection to {target}: {fault}"),
            "check host and port, the proxy's rules, and that the proxy's DNS knows the name",
        ),
    }
}

fn login_hint(proxy: &Proxy) -> &'static str {
    match proxy.login {
        Some(_) => {
            "check the user name and password in proxy (1 to 255 bytes each); only Basic and plain logins are spoken"
        }
        None => "give the login in proxy: \"http://user:password@host:port\" or \"socks5://…\"",
    }
}

fn no_http(at: &str, why: &str) -> LinkError {
    LinkError::new(
        "proxy-refused",
        format!("{at} does not answer CONNECT in HTTP: {why}"),
        "check the port, and whether it is a SOCKS5 proxy (proxy = \"socks5://…\")",
    )
}

fn named(proxy: &Proxy) -> String {
    format!("the proxy {}", host_port(&proxy.host, proxy.port))
}
