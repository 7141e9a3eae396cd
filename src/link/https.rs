//! One POST over HTTPS, by the same way as a link: all addresses, proxy, TLS with the device's roots.
//!
//! What lives here: the request, and reading an answer of bounded size (RFC 9112). What may not: what the answer says. No
//! redirect is followed: a secret goes where the config says, or nowhere.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use zeroize::Zeroizing;

use super::carrier;
use super::error::{LinkError, Stage, Target, closed, from_io, quote, within};
use super::net::Net;
use crate::event::WallTime;
use crate::profile::{Endpoint, Profile, Transport, host_port};

/// The largest answer that is read, head included, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;
/// The most header fields in it.
const FIELD_LIMIT: usize = 64;
/// The port that a Host header leaves out.
const USUAL_PORT: u16 = 443;

/// An answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, from 200 on.
    pub status: u16,
    /// The words beside it, of the other side: shown through `Safe` only.
    pub reason: String,
    /// The body, decoded; it may hold a secret.
    pub body: Zeroizing<Vec<u8>>,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Chunked,
    Length(usize),
    /// With the stream.
    Close,
}

/// Posts `form` (`application/x-www-form-urlencoded`) to `path` at `host` and `port`, by the proxy and with the roots and the client
/// certificate of `profile`. Each stage, and the request with its whole answer, has `profile.connect_timeout`. An answer of any
/// status is an answer; `LinkError` with code `http` is something that is none.
pub async fn post(
    profile: &Profile,
    (host, port): (&str, u16),
    path: &str,
    form: &str,
    clock: impl Fn() -> WallTime,
) -> Result<Answer, LinkError> {
    let endpoint =
        Endpoint { transport: Transport::Wss, host: host.to_owned(), port, path: path.to_owned(), subprotocol: None };
    let there = Profile { endpoint, ..profile.clone() };
    let (net, target, _) = Box::pin(carrier(&there, clock)).await?;
    let request = request(&there.endpoint, form);
    within(Stage::Http, &target.at, profile.connect_timeout, exchange(net, &request, &target)).await
}

fn request(endpoint: &Endpoint, form: &str) -> Zeroizing<String> {
    // A zone is this machine's own affair (RFC 6874 §4).
    let name = endpoint.host.split('%').next().unwrap_or(&endpoint.host);
    let full = host_port(name, endpoint.port);
    let host = if endpoint.port == USUAL_PORT { full.strip_suffix(":443").unwrap_or(&full) } else { &full };
    Zeroizing::new(format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Accept: application/json\r\nConnection: close\r\n\r\n{form}",
        endpoint.path,
        form.len()
    ))
}

async fn exchange(mut net: Net, request: &str, target: &Target) -> Result<Answer, LinkError> {
    let broken = |fault: std::io::Error| from_io(Stage::Http, target, &fault);
    net.write_all(request.as_bytes()).await.map_err(broken)?;
    net.flush().await.map_err(broken)?;
    // Room for all at once: a buffer that grows leaves copies behind that nobody wipes.
    let mut received = Zeroizing::new(Vec::with_capacity(ANSWER_LIMIT));
    loop {
        let count = net.read_buf(&mut *received).await.map_err(broken)?;
        let at_end = count == 0;
        if let Some(answer) = parse(&received, at_end).map_err(|why| no_http(target, &why))? {
            // The answer is whole; how the other side takes the goodbye changes nothing.
            drop(net.shutdown().await);
            return Ok(answer);
        }
        if at_end {
            return Err(closed(Stage::Http, &target.at));
        }
        if received.len() >= ANSWER_LIMIT {
            return Err(no_http(target, "its answer is larger than 64 KiB"));
        }
    }
}

/// The answer that `bytes` are, once it is whole; `at_end`: no more will come.
fn parse(bytes: &[u8], at_end: bool) -> Result<Option<Answer>, String> {
    let mut rest = bytes;
    loop {
        let mut fields = [httparse::EMPTY_HEADER; FIELD_LIMIT];
        let mut response = httparse::Response::new(&mut fields);
        let head = match response.parse(rest).map_err(|fault| fault.to_string())? {
            httparse::Status::Partial => return Ok(None),
            httparse::Status::Complete(length) => length,
        };
        // A complete answer has a status; RFC 9112 §4 lets the reason be empty.
        let status = response.code.ok_or("there is no status")?;
        let reason = quote(response.reason.unwrap_or_default());
        let framing = framing(response.headers)?;
        rest = rest.get(head..).unwrap_or_default();
        // RFC 9110 §15.2: interim answers may come before the final one.
        if status < 200 {
            continue;
        }
        let body = match framing {
            Framing::Length(length) => rest.get(..length).map(<[u8]>::to_vec),
            Framing::Chunked => chunks(rest)?,
            Framing::Close => at_end.then(|| rest.to_vec()),
        };
        return Ok(body.map(|body| Answer { status, reason, body: Zeroizing::new(body) }));
    }
}

/// Where the body ends (RFC 9112 §6.3).
fn framing(fields: &[httparse::Header<'_>]) -> Result<Framing, String> {
    let value = |name: &str| fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value);
    if let Some(coding) = value("Transfer-Encoding") {
        let chunked = coding.trim_ascii().eq_ignore_ascii_case(b"chunked");
        return if chunked { Ok(Framing::Chunked) } else { Err("its transfer encoding is not chunked".to_owned()) };
    }
    let Some(length) = value("Content-Length") else { return Ok(Framing::Close) };
    // A number that does not fit is more than is ever read.
    let length = std::str::from_utf8(length).ok().and_then(|text| text.trim().parse::<usize>().ok());
    match length {
        Some(length) if length <= ANSWER_LIMIT => Ok(Framing::Length(length)),
        Some(_) => Err("its answer is larger than 64 KiB".to_owned()),
        None => Err("its Content-Length is no number".to_owned()),
    }
}

/// A body in chunks, once the last one has come (RFC 9112 §7.1). Trailers are left unread: the connection ends.
fn chunks(mut rest: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let broken = || "its chunks are broken".to_owned();
    let mut body = Vec::with_capacity(rest.len());
    loop {
        let (start, size) = match httparse::parse_chunk_size(rest).map_err(|_| broken())? {
            httparse::Status::Partial => return Ok(None),
            httparse::Status::Complete(found) => found,
        };
        if size == 0 {
            return Ok(Some(body));
        }
        let size = usize::try_from(size).ok().filter(|size| *size <= ANSWER_LIMIT);
        let size = size.ok_or("its answer is larger than 64 KiB")?;
        let (Some(chunk), Some(end)) = (rest.get(start..start + size), rest.get(start + size..start + size + 2)) else {
            return Ok(None);
        };
        if end != b"\r\n" {
            return Err(broken());
        }
        body.extend_from_slice(chunk);
        rest = rest.get(start + size + 2..).unwrap_or_default();
    }
}

fn no_http(target: &Target, why: &str) -> LinkError {
    LinkError::new(
        "http",
        format!("{} does not answer in HTTP/1.1: {why}", target.at),
        "check that host and port belong to the HTTPS service",
    )
}

impl std::fmt::Debug for Answer {
    /// Without the body, which may hold a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
