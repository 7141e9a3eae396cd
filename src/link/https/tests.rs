use super::*;

const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\n\r\n";
const INTERIM: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n";

/// Whole only when all of it is there, however it was cut on the way.
#[test]
fn an_answer_is_whole_at_its_last_byte_and_not_before() {
    for (text, status, body, ends) in [
        (LENGTH, 200, "{\"a\":1}", LENGTH.len()),
        // The line end behind the last chunk's size is the last thing that matters.
        (CHUNKED, 200, "{\"a\":1}", CHUNKED.len() - 2),
        (INTERIM, 503, "", INTERIM.len()),
    ] {
        for cut in 0..text.len() {
            let answer = parse(&text.as_bytes()[..cut], true).unwrap();
            assert_eq!(answer.is_some(), cut >= ends, "{cut} of {text:?}");
        }
        let answer = parse(text.as_bytes(), false).unwrap().unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (status, body.as_bytes()));
    }
}

#[test]
fn a_body_without_a_length_ends_with_the_stream() {
    let text = b"HTTP/1.0 200 OK\r\n\r\nhalf";
    assert_eq!(parse(text, false), Ok(None));
    assert_eq!(parse(text, true).unwrap().unwrap().body.as_slice(), b"half");
}

#[test]
fn what_is_no_http_is_told() {
    for (text, words) in [
        ("SSH-2.0-OpenSSH\r\n", "invalid"),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "no number"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "64 KiB"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "not chunked"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "broken"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", "broken"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "64 KiB"),
    ] {
        let why = parse(text.as_bytes(), true).expect_err(text);
        assert!(why.contains(words), "{text:?}: {why}");
    }
}

#[test]
fn a_request_is_exactly_this() {
    for (host, port, shown) in
        [("iot-auth.example", 443, "iot-auth.example"), ("127.0.0.1", 8443, "127.0.0.1:8443"), ("::1", 443, "[::1]")]
    {
        let (host, path) = (host.to_owned(), "/auth/register/device".to_owned());
        let endpoint = Endpoint { transport: Transport::Wss, host, port, path, subprotocol: None };
        let expected = format!(
            "POST /auth/register/device HTTP/1.1\r\nHost: {shown}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\nAccept: application/json\r\n\
             Connection: close\r\n\r\na=b&c=d"
        );
        assert_eq!(*request(&endpoint, "a=b&c=d"), expected);
    }
}

#[test]
fn an_answer_shows_no_body() {
    let answer = Answer { status: 200, reason: String::new(), body: Zeroizing::new(b"hunter2".to_vec()) };
    let shown = format!("{answer:?}");
    assert!(shown.contains("200") && !shown.contains("hunter2") && !shown.contains("104"), "{shown}");
}
