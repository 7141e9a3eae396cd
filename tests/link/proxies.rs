//! HTTP CONNECT and SOCKS5, with and without a login, and proxies that refuse.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use standin::profile::{Profile, Proxy, ProxyKind, Transport};
use standin::secret::Secret;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::authority::{Authority, accept_tls};
use crate::support::{
    MQTT, accept_ws, bounded, check_error, dial, field, listen, profile, read_bytes, read_head, refusing_port,
};

fn through(kind: ProxyKind, proxy: u16, login: Option<(&str, &str)>, profile: Profile) -> Profile {
    let login = login.map(|(user, password)| (user.to_owned(), Secret::new(password)));
    Profile { proxy: Some(Proxy { kind, host: "127.0.0.1".to_owned(), port: proxy, login }), ..profile }
}

/// A platform that says hello to one client.
async fn greet(listener: TcpListener) {
    let (mut tcp, _) = listener.accept().await.unwrap();
    tcp.write_all(b"hello").await.unwrap();
    // It goes when the client does.
    assert_eq!(tcp.read(&mut [0]).await.unwrap(), 0);
}

/// Takes one CONNECT, checks its login, and joins the client with `platform`, whatever name was asked for.
async fn http_proxy(listener: TcpListener, platform: u16, login: Option<&str>) -> String {
    let (mut tcp, _) = listener.accept().await.unwrap();
    let head = read_head(&mut tcp).await;
    let wanted = login.map(|login| format!("Basic {}", STANDARD.encode(login)));
    if field(&head, "Proxy-Authorization") != wanted.as_deref() {
        tcp.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")
            .await
            .unwrap();
        return head;
    }
    tcp.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
    tcp.write_all(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n").await.unwrap();
    join(tcp, platform).await;
    head
}

async fn join(mut client: TcpStream, platform: u16) {
    let mut platform = TcpStream::connect(("127.0.0.1", platform)).await.unwrap();
    // An end by either side is the end of this test's tunnel.
    drop(Box::pin(copy_bidirectional(&mut client, &mut platform)).await);
}

/// Greets a SOCKS5 client and checks its login; whether it may go on.
async fn socks_login(tcp: &mut TcpStream, login: Option<(&str, &str)>) -> bool {
    let mut greeting = [0; 2];
    tcp.read_exact(&mut greeting).await.unwrap();
    let mut methods = vec![0; usize::from(greeting[1])];
    tcp.read_exact(&mut methods).await.unwrap();
    let method = if login.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        tcp.write_all(&[5, 0xff]).await.unwrap();
        return false;
    }
    tcp.write_all(&[5, method]).await.unwrap();
    let Some((user, password)) = login else { return true };
    assert_eq!(tcp.read_u8().await.unwrap(), 1);
    let mut given = Vec::new();
    for _ in 0..2 {
        let length = tcp.read_u8().await.unwrap();
        let mut text = vec![0; usize::from(length)];
        tcp.read_exact(&mut text).await.unwrap();
        given.push(String::from_utf8(text).unwrap());
    }
    let fits = given == [user, password];
    tcp.write_all(&[1, u8::from(!fits)]).await.unwrap();
    fits
}

/// Takes one SOCKS5 client; answers the name that was asked for.
async fn socks_proxy(listener: TcpListener, platform: u16, login: Option<(&str, &str)>, reply: u8) -> Option<String> {
    let (mut tcp, _) = listener.accept().await.unwrap();
    if !socks_login(&mut tcp, login).await {
        return None;
    }
    let mut request = [0; 5];
    tcp.read_exact(&mut request).await.unwrap();
    assert_eq!(request[..4], [5, 1, 0, 3], "CONNECT by name: the proxy resolves it");
    let mut name = vec![0; usize::from(request[4])];
    tcp.read_exact(&mut name).await.unwrap();
    let port = tcp.read_u16().await.unwrap();
    tcp.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    if reply == 0 {
        join(tcp, platform).await;
    }
    Some(format!("{}:{port}", String::from_utf8(name).unwrap()))
}

/// A profile for a name that only the proxy can resolve.
fn distant(transport: Transport) -> Profile {
    let mut profile = profile(transport, 8883);
    profile.endpoint.host = "platform.invalid".to_owned();
    profile
}

#[tokio::test]
async fn http_connect_leads_to_a_name_that_only_the_proxy_knows() {
    for login in [None, Some(("user", "pass:word"))] {
        let ((platform, platform_port), (proxy, proxy_port)) = (listen().await, listen().await);
        let profile = through(ProxyKind::Http, proxy_port, login, distant(Transport::Mqtt));
        let expected = login.map(|(user, password)| format!("{user}:{password}"));
        let client = async {
            let (mut link, opened) = dial(&profile).await.unwrap();
            assert_eq!(opened.peer.port(), proxy_port, "TCP reached the proxy");
            assert_eq!(read_bytes(&mut link, 5).await, b"hello");
            link.close().await;
        };
        let proxy = http_proxy(proxy, platform_port, expected.as_deref());
        let ((), head, ()) = bounded(async { tokio::join!(client, proxy, greet(platform)) }).await;
        assert!(head.starts_with("CONNECT platform.invalid:8883 HTTP/1.1\r\n"), "{head}");
        assert_eq!(field(&head, "Host"), Some("platform.invalid:8883"));
    }
}

#[tokio::test]
async fn tls_and_a_websocket_pass_a_proxy() {
    let authority = Authority::new();
    let acceptor = authority.good().acceptor();
    let ((platform, platform_port), (proxy, proxy_port)) = (listen().await, listen().await);
    let profile = through(ProxyKind::Http, proxy_port, None, authority.profile(Transport::Wss, platform_port));
    let server = async {
        let (tcp, _) = platform.accept().await.unwrap();
        let tls = accept_tls(&acceptor, tcp).await.unwrap();
        accept_ws(tls, MQTT).await.1
    };
    let client = async { dial(&profile).await.map(drop) };
    let (outcome, head, _) =
        bounded(Box::pin(async { tokio::join!(client, server, http_proxy(proxy, platform_port, None)) })).await;
    outcome.unwrap();
    assert_eq!(field(&head, "Proxy-Authorization"), None, "the proxy's login is not the platform's business");
}

#[tokio::test]
async fn an_http_proxy_that_wants_another_login_is_proxy_auth() {
    for given in [None, Some(("user", "wrong"))] {
        let (proxy, proxy_port) = listen().await;
        let profile = through(ProxyKind::Http, proxy_port, given, distant(Transport::Mqtt));
        let client = async { dial(&profile).await.unwrap_err() };
        let (error, _) = bounded(async { tokio::join!(client, http_proxy(proxy, 0, Some("user:right"))) }).await;
        check_error(&error, "proxy-auth", proxy_port);
        assert!(!format!("{error:?}").contains("wrong"), "no error holds a password");
    }
}

/// What dialling through a proxy that answers `answer` fails with.
async fn answered(kind: ProxyKind, answer: &[u8]) -> (standin::link::LinkError, u16) {
    let (proxy, proxy_port) = listen().await;
    let profile = through(kind, proxy_port, None, distant(Transport::Wss));
    let server = async {
        let (mut tcp, _) = proxy.accept().await.unwrap();
        if kind == ProxyKind::Http {
            read_head(&mut tcp).await;
        } else {
            tcp.read_exact(&mut [0; 3]).await.unwrap();
        }
        tcp.write_all(answer).await.unwrap();
    };
    let client = async { dial(&profile).await.unwrap_err() };
    (bounded(async { tokio::join!(client, server) }).await.0, proxy_port)
}

#[tokio::test]
async fn what_an_http_proxy_may_answer_instead_of_a_tunnel() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(20_000));
    for (answer, code, words) in [
        ("HTTP/1.1 403 Forbidden by policy\r\n\r\n", "proxy-refused", "403 Forbidden by policy"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "proxy-refused", "could not reach platform.invalid:8883"),
        ("HTTP/1.1 301 Moved\r\nLocation: http://elsewhere/\r\n\r\n", "proxy-refused", "301 Moved"),
        ("HTTP/1.1 407 Who are you\r\n\r\n", "proxy-auth", "407 Who are you"),
        ("HTTP/1.1 200 OK\r\n\r\nsurplus", "proxy-refused", "more than an answer"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "proxy-refused", "in HTTP"),
        (endless.as_str(), "proxy-refused", "no end"),
        ("HTTP/1.1 200 OK\r\nVia", "closed", "closed the connection"),
        ("", "closed", "closed the connection"),
    ] {
        let (error, port) = answered(ProxyKind::Http, answer.as_bytes()).await;
        check_error(&error, code, port);
        assert!(error.reason.contains(words), "{error}");
    }
    let long = format!("HTTP/1.1 403 {}\r\n\r\n", "no ".repeat(1_000));
    let (error, _) = answered(ProxyKind::Http, long.as_bytes()).await;
    assert!(error.reason.chars().count() < 400, "the other side's words are cut");
}

#[tokio::test]
async fn socks5_leads_to_a_name_that_only_the_proxy_knows() {
    for login in [None, Some(("user", "secret"))] {
        let ((platform, platform_port), (proxy, proxy_port)) = (listen().await, listen().await);
        let profile = through(ProxyKind::Socks5, proxy_port, login, distant(Transport::Mqtt));
        let client = async {
            let (mut link, _) = dial(&profile).await.unwrap();
            assert_eq!(read_bytes(&mut link, 5).await, b"hello");
            link.close().await;
        };
        let proxy = socks_proxy(proxy, platform_port, login, 0);
        let ((), name, ()) = bounded(async { tokio::join!(client, proxy, greet(platform)) }).await;
        assert_eq!(name.as_deref(), Some("platform.invalid:8883"));
    }
}

#[tokio::test]
async fn a_socks5_proxy_that_wants_another_login_is_proxy_auth() {
    for given in [None, Some(("user", "wrong"))] {
        let (proxy, proxy_port) = listen().await;
        let profile = through(ProxyKind::Socks5, proxy_port, given, distant(Transport::Mqtt));
        let client = async { dial(&profile).await.unwrap_err() };
        let server = socks_proxy(proxy, 0, Some(("user", "right")), 0);
        let (error, _) = bounded(async { tokio::join!(client, server) }).await;
        check_error(&error, "proxy-auth", proxy_port);
    }
}

#[tokio::test]
async fn a_socks5_proxy_that_refuses_says_why() {
    for (reply, words) in
        [(1, "General SOCKS"), (2, "ruleset"), (3, "Network"), (4, "Host"), (5, "refused"), (6, "TTL"), (7, "Command")]
    {
        let (proxy, proxy_port) = listen().await;
        let profile = through(ProxyKind::Socks5, proxy_port, None, distant(Transport::Mqtt));
        let client = async { dial(&profile).await.unwrap_err() };
        let (error, _) = bounded(async { tokio::join!(client, socks_proxy(proxy, 0, None, reply)) }).await;
        check_error(&error, "proxy-refused", proxy_port);
        assert!(error.reason.contains(words) && error.reason.contains("platform.invalid:8883"), "{error}");
    }
    let (error, port) = answered(ProxyKind::Socks5, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    check_error(&error, "proxy-refused", port);
    let (error, port) = answered(ProxyKind::Socks5, b"").await;
    check_error(&error, "closed", port);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_never_answers_is_a_timeout_of_the_proxy() {
    for kind in [ProxyKind::Http, ProxyKind::Socks5] {
        let (_listener, port) = listen().await;
        let mut profile = through(kind, port, None, distant(Transport::Mqtt));
        profile.connect_timeout = Duration::from_secs(3);
        let start = Instant::now();
        let error = dial(&profile).await.unwrap_err();
        check_error(&error, "timeout", port);
        assert!(error.reason.contains("proxy"), "{error}");
        assert!(start.elapsed() >= profile.connect_timeout);
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let port = refusing_port().await;
    let error = dial(&through(ProxyKind::Http, port, None, distant(Transport::Mqtt))).await.unwrap_err();
    check_error(&error, "refused", port);
    assert!(error.reason.contains("the proxy 127.0.0.1"), "{error}");
}
