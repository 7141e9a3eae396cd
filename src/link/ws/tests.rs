use super::*;

fn endpoint(transport: Transport, host: &str, port: u16, path: &str) -> Endpoint {
    Endpoint { transport, host: host.to_owned(), port, path: path.to_owned(), subprotocol: Some("mqtt".to_owned()) }
}

fn target() -> Target {
    Target { at: "broker:443".to_owned(), ca_file: None, cert_file: None, clock: WallTime::default() }
}

#[test]
fn the_host_header_leaves_a_default_port_out() {
    for (transport, host, port, path, url) in [
        (Transport::Wss, "broker", 443, "/mqtt", "wss://broker/mqtt"),
        (Transport::Wss, "broker", 80, "/mqtt", "wss://broker:80/mqtt"),
        (Transport::Ws, "broker", 80, "/", "ws://broker/"),
        (Transport::Ws, "broker", 443, "/mqtt?a=b", "ws://broker:443/mqtt?a=b"),
        (Transport::Ws, "2001:db8::1", 8083, "mqtt", "ws://[2001:db8::1]:8083/mqtt"),
        (Transport::Wss, "fe80::1%eth0", 443, "", "wss://[fe80::1]/"),
    ] {
        assert_eq!(uri(&endpoint(transport, host, port, path)).unwrap().to_string(), url);
    }
    assert_eq!(uri(&endpoint(Transport::Ws, "broker", 80, "/a b")), None);
}

#[test]
fn the_date_of_an_answer_is_read_where_it_is_sound() {
    for (text, date) in [
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some("1994-11-06T08:49:37Z")),
        ("Sat, 21 Nov 2026 08:30:00 GMT", Some("2026-11-21T08:30:00Z")),
        ("Mon, 06 Nov 1994 08:49:37 GMT", None),
        ("1994-11-06T08:49:37Z", None),
        ("", None),
        ("\u{1}", None),
    ] {
        let mut headers = HeaderMap::new();
        if let Ok(value) = text.parse() {
            headers.insert(DATE, value);
        }
        assert_eq!(server_date(&headers), date.and_then(WallTime::parse_rfc3339), "{text:?}");
    }
    assert_eq!(server_date(&HeaderMap::new()), None);
}

#[test]
fn every_status_has_a_hint_and_a_redirect_names_its_target() {
    let endpoint = endpoint(Transport::Wss, "broker", 443, "/mqtt");
    for status in [200, 204, 301, 302, 307, 308, 400, 401, 403, 404, 407, 418, 426, 429, 500, 503] {
        let location = "https://elsewhere.example/mqtt";
        let answer = Response::builder().status(status).header(LOCATION, location).body(None).unwrap();
        let error = answered(&answer, &endpoint, &target());
        assert_eq!(error.code, "ws-upgrade");
        assert!(error.reason.contains("broker:443") && error.reason.contains(&status.to_string()), "{error}");
        assert_eq!(error.reason.contains(location), (300..400).contains(&status), "{error}");
        assert!(!error.hint.is_empty());
    }
}

#[test]
fn a_long_redirect_target_is_cut() {
    let endpoint = endpoint(Transport::Wss, "broker", 443, "/mqtt");
    let answer = Response::builder().status(302).header(LOCATION, "x".repeat(5_000)).body(None).unwrap();
    assert!(answered(&answer, &endpoint, &target()).reason.len() < 400);
}
