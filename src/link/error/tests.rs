use super::*;

#[test]
fn what_the_operating_system_reports_has_a_code_and_a_hint() {
    for (kind, code) in [
        (ErrorKind::ConnectionRefused, "refused"),
        (ErrorKind::NetworkUnreachable, "unreachable"),
        (ErrorKind::HostUnreachable, "unreachable"),
        (ErrorKind::AddrNotAvailable, "unreachable"),
        (ErrorKind::PermissionDenied, "unreachable"),
        (ErrorKind::TimedOut, "timeout"),
        (ErrorKind::ConnectionReset, "reset"),
        (ErrorKind::ConnectionAborted, "reset"),
        (ErrorKind::BrokenPipe, "reset"),
        (ErrorKind::UnexpectedEof, "closed"),
        (ErrorKind::OutOfMemory, "io"),
    ] {
        for stage in [Stage::Name, Stage::Tcp, Stage::Proxy, Stage::Tls, Stage::Upgrade, Stage::Open] {
            let error = plain_io(stage, "broker:8883", &io::Error::from(kind));
            assert_eq!(error.code, code, "{kind:?}");
            assert!(error.reason.contains("broker:8883"), "{error}");
            assert!(!error.hint.is_empty());
        }
    }
}

#[test]
fn the_limit_of_sockets_is_named() {
    let error = plain_io(Stage::Tcp, "broker:1", &io::Error::from(Errno::MFILE));
    assert_eq!(error.code, "io");
    assert!(error.hint.contains("ulimit -n"), "{}", error.hint);
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_does_not_end_is_a_timeout_that_names_it() {
    for (stage, words) in [
        (Stage::Name, "name lookup"),
        (Stage::Tcp, "TCP connect"),
        (Stage::Proxy, "proxy"),
        (Stage::Tls, "TLS handshake"),
        (Stage::Upgrade, "WebSocket upgrade"),
    ] {
        let start = tokio::time::Instant::now();
        let limit = Duration::from_secs(7);
        let error = within(stage, "broker:1", limit, std::future::pending::<Result<(), _>>()).await.unwrap_err();
        assert_eq!(error.code, "timeout");
        assert!(error.reason.contains(words) && error.reason.contains("broker:1"), "{error}");
        assert!(start.elapsed() >= limit && start.elapsed() < limit + Duration::from_millis(10));
    }
}

#[test]
fn a_host_that_would_break_out_of_a_header_is_refused() {
    for good in ["broker.example", "xn--bcher-kva.example", "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "my_host"] {
        assert_eq!(check_host(good), Ok(()), "{good}");
    }
    for bad in ["", "a b", "a\r\nX: y", "user@host", "host/path", "bücher.example", "[::1]", "a\0b"] {
        assert_eq!(check_host(bad).unwrap_err().code, "dns", "{bad:?}");
    }
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    assert_eq!(host_port("2001:db8::1", 443), "[2001:db8::1]:443");
    assert_eq!(host_port("broker", 1883), "broker:1883");
}

#[test]
fn text_of_the_other_side_is_cut_at_a_character() {
    assert_eq!(quote("short"), "short");
    let long = "界".repeat(QUOTE_LIMIT + 1);
    let cut = quote(&long);
    assert_eq!(cut.chars().count(), QUOTE_LIMIT + 1);
    assert!(cut.ends_with('…'));
    assert_eq!(quote(&"界".repeat(QUOTE_LIMIT)).chars().count(), QUOTE_LIMIT);
}
