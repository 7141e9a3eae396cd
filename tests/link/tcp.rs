//! Names, addresses, and MQTT on TCP without a WebSocket.

use std::future::poll_fn;
use std::net::{Ipv6Addr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use standin::profile::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::Instant;

use crate::support::{
    bounded, check_error, dial, dial_fails, listen, once, profile, read_bytes, read_to_error, refusing_port, write_all,
};

#[tokio::test]
async fn a_port_where_nothing_listens_is_refused() {
    for transport in [Transport::Wss, Transport::Ws, Transport::Mqtts, Transport::Mqtt] {
        dial_fails(&profile(transport, refusing_port().await), "refused").await;
    }
}

#[tokio::test]
async fn an_address_without_a_route_is_unreachable() {
    let mut profile = profile(Transport::Mqtt, 9);
    // Multicast takes no TCP: the kernel has no route for it.
    profile.endpoint.host = "224.0.0.1".to_owned();
    dial_fails(&profile, "unreachable").await;
}

#[tokio::test]
async fn a_host_that_cannot_be_looked_up_is_dns() {
    for host in ["x".repeat(64), "no host".to_owned(), String::new()] {
        let mut profile = profile(Transport::Mqtt, 1883);
        profile.endpoint.host = host;
        let error = dial(&profile).await.unwrap_err();
        assert_eq!(error.code, "dns", "{error}");
    }
}

#[tokio::test]
async fn a_name_is_resolved_and_addresses_where_nothing_listens_are_passed_over() {
    // Where the name has an IPv6 address too, nothing listens there.
    let (listener, port) = listen().await;
    let mut profile = profile(Transport::Mqtt, port);
    profile.endpoint.host = "localhost".to_owned();
    let (_link, opened) = dial(&profile).await.unwrap();
    assert_eq!(opened.peer, listener.local_addr().unwrap());
}

#[tokio::test]
async fn an_ipv6_address_is_dialled_and_shown_in_brackets() {
    let Ok(listener) = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, 0))).await else {
        eprintln!("no IPv6 on this machine's loopback: nothing to try");
        return;
    };
    let address = listener.local_addr().unwrap();
    let mut profile = profile(Transport::Mqtt, address.port());
    profile.endpoint.host = "::1".to_owned();
    let (link, opened) = dial(&profile).await.unwrap();
    assert_eq!(opened.peer, address);
    assert!(format!("{link:?}").contains(&format!("[::1]:{}", address.port())));
    drop(listener);
    let error = dial_fails(&profile, "refused").await;
    assert!(error.reason.contains("[::1]:"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_never_answers_is_a_timeout_that_names_the_stage() {
    let (listener, port) = listen().await;
    for (transport, words) in
        [(Transport::Wss, "TLS handshake"), (Transport::Mqtts, "TLS handshake"), (Transport::Ws, "WebSocket upgrade")]
    {
        let mut profile = profile(transport, port);
        profile.connect_timeout = Duration::from_secs(3);
        // Trusting a file of our own: the system's may be absent on this machine.
        let authority = crate::authority::Authority::new();
        profile.tls.ca_file = Some(authority.ca_file());
        let start = Instant::now();
        let error = dial_fails(&profile, "timeout").await;
        assert!(error.reason.contains(words) && error.reason.contains("3s"), "{error}");
        let waited = start.elapsed();
        assert!(waited >= profile.connect_timeout && waited < profile.connect_timeout * 2, "{waited:?}");
    }
    drop(listener);
}

#[tokio::test(start_paused = true)]
async fn a_platform_whose_queue_is_full_is_a_timeout_of_tcp() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut profile = profile(Transport::Mqtt, listener.local_addr().unwrap().port());
    profile.connect_timeout = Duration::from_millis(200);
    let mut links = Vec::new();
    let error = loop {
        match dial(&profile).await {
            Ok((link, _)) => links.push(link),
            Err(error) => break error,
        }
        assert!(links.len() < 64, "the queue never fills");
    };
    check_error(&error, "timeout", profile.endpoint.port);
    assert!(error.reason.contains("TCP connect"), "{error}");
}

#[tokio::test]
async fn bytes_pass_both_ways_and_a_closed_stream_says_so() {
    let (listener, port) = listen().await;
    let server = async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let mut got = [0; 5];
        tcp.read_exact(&mut got).await.unwrap();
        tcp.write_all(&got).await.unwrap();
    };
    let client = async {
        let (mut link, opened) = dial(&profile(Transport::Mqtt, port)).await.unwrap();
        assert_eq!(opened.server_date, None);
        write_all(&mut link, &b"hello"[..]).await;
        let (bytes, error) = read_to_error(&mut link).await;
        assert_eq!(bytes, b"hello", "what came before the end is handed out first");
        check_error(&error, "closed", port);
        let (_, again) = read_to_error(&mut link).await;
        assert_eq!(again, error, "the end comes again at every call");
        let mut more = Bytes::from_static(b"more");
        assert_eq!(bounded(poll_fn(|cx| link.poll_write(cx, &mut more))).await, Err(error));
        bounded(link.close()).await;
    };
    bounded(async { tokio::join!(server, client) }).await;
}

#[tokio::test]
async fn a_stream_that_is_cut_is_a_reset() {
    let (listener, port) = listen().await;
    let (mut link, _) = dial(&profile(Transport::Mqtt, port)).await.unwrap();
    let (tcp, _) = listener.accept().await.unwrap();
    tcp.set_zero_linger().unwrap();
    drop(tcp);
    let (_, error) = read_to_error(&mut link).await;
    check_error(&error, "reset", port);
}

#[tokio::test]
async fn a_reading_is_bounded_and_the_rest_stays() {
    let (listener, port) = listen().await;
    let (mut link, _) = dial(&profile(Transport::Mqtt, port)).await.unwrap();
    let (mut tcp, _) = listener.accept().await.unwrap();
    let sent: Vec<u8> = (0..=255).cycle().take(1_000_000).collect();
    let expected = sent.clone();
    let server = async {
        tcp.write_all(&sent).await.unwrap();
    };
    let client = async {
        let mut got = Vec::new();
        while got.len() < expected.len() {
            let mut parts = Vec::new();
            poll_fn(|cx| link.poll_read(cx, &mut parts, 1_000)).await.unwrap();
            let count: usize = parts.iter().map(Bytes::len).sum();
            assert!(count > 0 && count <= 1_000 + 64 * 1024, "{count}");
            got.extend(parts.concat());
        }
        assert_eq!(got, expected);
    };
    bounded(async { tokio::join!(server, client) }).await;
}

#[tokio::test]
async fn writing_waits_when_the_platform_does_not_read_and_loses_nothing() {
    let (listener, port) = listen().await;
    let (mut link, _) = dial(&profile(Transport::Mqtt, port)).await.unwrap();
    let (mut tcp, _) = listener.accept().await.unwrap();
    let sent: Bytes = (0..=255).cycle().take(16_000_000).collect::<Vec<u8>>().into();
    let mut rest = sent.clone();
    assert_eq!(once(|cx| link.poll_write(cx, &mut rest)).await, Poll::Pending);
    assert!(!rest.is_empty(), "the line takes no 16 MB at once");
    let server = async {
        let mut got = vec![0; sent.len()];
        tcp.read_exact(&mut got).await.unwrap();
        assert!(got == sent, "every byte came, in order");
    };
    let client = async {
        poll_fn(|cx| link.poll_write(cx, &mut rest)).await.unwrap();
        poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
    };
    bounded(async { tokio::join!(server, client) }).await;
}

#[tokio::test]
async fn the_last_words_are_read_although_writing_fails() {
    let (listener, port) = listen().await;
    let (mut link, _) = dial(&profile(Transport::Mqtt, port)).await.unwrap();
    let (mut tcp, _) = listener.accept().await.unwrap();
    tcp.write_all(b"refused").await.unwrap();
    // Unread bytes make the close a reset: the next writes fail.
    write_all(&mut link, &b"x"[..]).await;
    bounded(tcp.readable()).await.unwrap();
    drop(tcp);
    for _ in 0..50 {
        let mut more = Bytes::from_static(b"more");
        if once(|cx| link.poll_write(cx, &mut more)).await == Poll::Pending {
            break;
        }
        assert!(!matches!(once(|cx| link.poll_flush(cx)).await, Poll::Ready(Err(_))), "the reader reports it");
    }
    assert_eq!(read_bytes(&mut link, 7).await, b"refused");
    let (_, error) = read_to_error(&mut link).await;
    // The kernel tells of a reset once: to the writer, after which the reader just finds the end, or to the reader.
    assert!(["reset", "closed"].contains(&error.code), "{error}");
    check_error(&error, error.code, port);
}

#[tokio::test]
async fn closing_delivers_what_was_written_and_does_not_cut() {
    let (listener, port) = listen().await;
    let (mut link, _) = dial(&profile(Transport::Mqtt, port)).await.unwrap();
    let (mut tcp, _) = listener.accept().await.unwrap();
    // Bytes that the client never reads must not turn its goodbye into a reset.
    tcp.write_all(b"unread").await.unwrap();
    let mut last = Bytes::from_static(b"disconnect");
    bounded(poll_fn(|cx| link.poll_write(cx, &mut last))).await.unwrap();
    let server = async move {
        let mut got = Vec::new();
        tcp.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"disconnect");
    };
    bounded(async { tokio::join!(server, link.close()) }).await;
}

#[tokio::test(start_paused = true)]
async fn closing_takes_a_second_at_the_most() {
    let (listener, port) = listen().await;
    let (link, _) = dial(&profile(Transport::Mqtt, port)).await.unwrap();
    let (_tcp, _) = listener.accept().await.unwrap();
    let start = Instant::now();
    link.close().await;
    let waited = start.elapsed();
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(2), "{waited:?}");
}
