//! Aliyun's registration by HTTPS, at the door with TLS: one POST, one answer, and the connection ends (RFC 9112).
//!
//! What may not live here: who may register. That is the hub's.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;

use super::shell::Shell;
use crate::cloud::aliyun::registration::HTTPS_PATH;

/// How long a request may take from its first byte to the answer's last.
const WITHIN: Duration = Duration::from_secs(10);
/// The largest request, head included, in bytes.
const REQUEST_LIMIT: usize = 16 << 10;
/// The most header fields in it.
const FIELD_LIMIT: usize = 64;

/// A stream of which some bytes were read before.
pub(super) struct Begun<S> {
    read: Bytes,
    stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Begun<S> {
    /// Reads what comes first on `stream`; `None`: it ended, or nothing came in time.
    pub(super) async fn of(mut stream: S) -> Option<Self> {
        let mut first = BytesMut::with_capacity(1024);
        match timeout(WITHIN, stream.read_buf(&mut first)).await {
            Ok(Ok(count)) if count > 0 => Some(Self { read: first.freeze(), stream }),
            _ => None,
        }
    }

    /// Whether it is a POST: a WebSocket begins with a GET.
    pub(super) fn is_post(&self) -> bool {
        self.read.first() == Some(&b'P')
    }
}

/// Answers the request on `stream` and ends the connection.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(shell: &Shell, mut stream: Begun<S>) {
    let talk = async {
        let mut received = BytesMut::new();
        let answer = loop {
            match parse(&received) {
                Parsed::Whole(path, body) => break answer(shell, &path, &body),
                Parsed::Broken => break (400, String::new()),
                Parsed::Partial if received.len() >= REQUEST_LIMIT => break (413, String::new()),
                Parsed::Partial => {}
            }
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        };
        let (status, body) = answer;
        let reason = if status == 200 { "OK" } else { "Refused" };
        let date = shell.http_date();
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\nDate: {date}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.shutdown().await
    };
    // Whoever does not read the answer, or breaks off, is left: there is nobody to tell.
    drop::<Result<io::Result<()>, _>>(timeout(WITHIN, talk).await);
}

fn answer(shell: &Shell, path: &str, body: &str) -> (u16, String) {
    if path.split('?').next() != Some(HTTPS_PATH) {
        return (404, String::new());
    }
    let answer = shell.with(|hub, _| hub.register_by_form(&fields(body)));
    (200, answer.to_string())
}

/// How far a request has come.
#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    Partial,
    Broken,
    /// Its path and its body.
    Whole(String, String),
}

fn parse(bytes: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; FIELD_LIMIT];
    let mut request = httparse::Request::new(&mut headers);
    let head = match request.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(_) => return Parsed::Broken,
    };
    let length = request.headers.iter().find(|field| field.name.eq_ignore_ascii_case("Content-Length"));
    // A request without a length has no body; one that is no number is no request.
    let length = length.map_or(Some(0), |field| std::str::from_utf8(field.value).ok()?.trim().parse::<usize>().ok());
    let (Some("POST"), Some(path), Some(length)) = (request.method, request.path, length) else {
        return Parsed::Broken;
    };
    if length > REQUEST_LIMIT {
        return Parsed::Broken;
    }
    match bytes.get(head..head + length).map(std::str::from_utf8) {
        None => Parsed::Partial,
        Some(Ok(body)) => Parsed::Whole(path.to_owned(), body.to_owned()),
        Some(Err(_)) => Parsed::Broken,
    }
}

/// The fields of a form; what is no pair, or no text once it is decoded, is left out.
fn fields(body: &str) -> Vec<(String, String)> {
    body.split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter_map(|(key, value)| Some((decoded(key)?, decoded(value)?)))
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                bytes.extend(hex::decode(after.get(..2)?).ok()?);
                rest = after.get(2..)?;
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.read.has_remaining() {
            let count = self.read.remaining().min(into.remaining());
            into.put_slice(&self.read.split_to(count));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_whole_at_its_last_byte_and_not_before() {
        let text = b"POST /auth/register/device HTTP/1.1\r\nHost: x\r\ncontent-length: 7\r\n\r\na=b&c=d";
        for cut in 0..text.len() {
            assert_eq!(parse(&text[..cut]), Parsed::Partial, "{cut}");
        }
        assert_eq!(parse(text), Parsed::Whole("/auth/register/device".to_owned(), "a=b&c=d".to_owned()));
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for text in [
            "PUT / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n",
            "POST\r\n\r\n",
        ] {
            assert_eq!(parse(text.as_bytes()), Parsed::Broken, "{text:?}");
        }
        assert_eq!(parse(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n\xff"), Parsed::Broken);
    }

    #[test]
    fn the_fields_of_a_form_are_decoded() {
        let own = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        for (body, expected) in [
            ("a=b&c=d", own(&[("a", "b"), ("c", "d")])),
            ("a=%E7%81%AF+1&b=%2B", own(&[("a", "灯 1"), ("b", "+")])),
            ("a=%zz&b&c=%4&d=%FF", own(&[])),
            ("", own(&[])),
        ] {
            assert_eq!(fields(body), expected, "{body}");
        }
    }
}
