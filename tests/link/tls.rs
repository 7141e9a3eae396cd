//! The platform's certificate, ours, and what else can go wrong with TLS.

use std::future::Future;
use std::process::Command;

use standin::event::WallTime;
use standin::link::{LinkError, open};
use standin::profile::{Profile, Proxy, ProxyKind, Tls, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::authority::{Authority, Leaf, accept_tls, long_over, not_yet};
use crate::support::{
    MQTT, accept_ws, bounded, check_error, dial, dial_fails, listen, now, profile, read_bytes, read_head,
    read_to_error, write_all,
};

const BOTH: [&[&rustls::SupportedProtocolVersion]; 2] = [&[&rustls::version::TLS12], &[&rustls::version::TLS13]];

/// Takes one client and waits until it goes.
async fn take(listener: &TcpListener, acceptor: &TlsAcceptor) {
    let (tcp, _) = listener.accept().await.unwrap();
    if let Some(mut tls) = accept_tls(acceptor, tcp).await {
        // However it goes: the client is the one that is tested.
        drop(tls.read(&mut [0; 1024]).await);
    }
}

/// Dials a server with `leaf`, which has to fail with `code`.
async fn rejected(authority: &Authority, leaf: &Leaf, code: &str) -> LinkError {
    let mut last = None;
    for versions in BOTH {
        for transport in [Transport::Wss, Transport::Mqtts] {
            let (listener, port) = listen().await;
            let profile = authority.profile(transport, port);
            let acceptor = leaf.acceptor_for(versions);
            let (error, ()) =
                bounded(async { tokio::join!(dial_fails(&profile, code), take(&listener, &acceptor)) }).await;
            last = Some(error);
        }
    }
    last.unwrap()
}

#[tokio::test]
async fn a_good_certificate_passes_and_the_name_goes_out() {
    let authority = Authority::new();
    for versions in BOTH {
        let acceptor = authority.good().acceptor_for(versions);
        for (host, sni) in [("localhost", Some("localhost")), ("127.0.0.1", None)] {
            let (listener, port) = listen().await;
            let mut profile = authority.profile(Transport::Mqtts, port);
            profile.endpoint.host = host.to_owned();
            let server = async {
                let (tcp, _) = listener.accept().await.unwrap();
                let mut tls = accept_tls(&acceptor, tcp).await.unwrap();
                // RFC 6066 §3: an address is no SNI.
                assert_eq!(tls.get_ref().1.server_name(), sni);
                let mut got = [0; 4];
                tls.read_exact(&mut got).await.unwrap();
                tls.write_all(&got).await.unwrap();
                tls.flush().await.unwrap();
                assert_eq!(tls.read(&mut got).await.unwrap(), 0, "the client ends TLS with close_notify");
            };
            let client = async {
                let (mut link, _) = dial(&profile).await.unwrap();
                write_all(&mut link, &b"ping"[..]).await;
                assert_eq!(read_bytes(&mut link, 4).await, b"ping");
                link.close().await;
            };
            bounded(async { tokio::join!(server, client) }).await;
        }
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_untrusted() {
    // The second pair is alike in all but the key.
    for (ours, theirs) in
        [(Authority::new(), Authority::new()), (Authority::named("namesake"), Authority::named("namesake"))]
    {
        let error = rejected(&ours, &theirs.good(), "tls-untrusted").await;
        assert!(error.reason.contains(&ours.ca_file().display().to_string()), "{error}");
        assert!(error.hint.contains("ca_file"), "{}", error.hint);
    }
}

#[tokio::test]
async fn a_ca_certificate_used_as_the_servers_own_is_untrusted_and_says_why() {
    let authority = Authority::new();
    let error = rejected(&authority, &authority.root_as_leaf(), "tls-untrusted").await;
    assert!(error.reason.contains("a CA's certificate as its own"), "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_host_names_both() {
    let authority = Authority::new();
    let leaf = authority.leaf(|params| params.subject_alt_names.truncate(1));
    let error = rejected(&authority, &leaf, "tls-name").await;
    assert!(error.reason.contains("127.0.0.1") && error.reason.contains("localhost"), "{error}");
    let nameless = authority.leaf(|params| params.subject_alt_names.clear());
    let error = rejected(&authority, &nameless, "tls-name").await;
    assert!(error.reason.contains("no host at all"), "{error}");
}

#[tokio::test]
async fn an_expired_certificate_says_since_when_by_our_clock() {
    let authority = Authority::new();
    let error = rejected(&authority, &authority.leaf(long_over), "tls-expired").await;
    assert!(error.reason.contains("valid until 1999-12-31 00:00:00 UTC"), "{error}");
    let today = now().to_string();
    assert!(error.reason.contains(&format!("our clock says {}", &today[..10])), "{error}");
    assert!(error.reason.contains("days later"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_is_not_yet_valid_says_how_far_our_clock_is_behind() {
    let authority = Authority::new();
    rejected(&authority, &authority.leaf(not_yet), "tls-not-yet-valid").await;
    let leaf = authority.leaf(not_yet);
    let (listener, port) = listen().await;
    let profile = authority.profile(Transport::Mqtts, port);
    let clock = || WallTime::parse_rfc3339("2998-12-31T21:00:00Z").unwrap();
    let acceptor = leaf.acceptor();
    let (outcome, ()) = bounded(async { tokio::join!(open(&profile, clock), take(&listener, &acceptor)) }).await;
    let error = outcome.unwrap_err();
    check_error(&error, "tls-not-yet-valid", port);
    assert!(
        error
            .reason
            .ends_with("valid from 2999-01-01 00:00:00 UTC; our clock says 2998-12-31 21:00:00 UTC, 3 h earlier"),
        "{error}"
    );
    assert!(error.hint.contains("clock"), "{}", error.hint);
}

/// Dials a server that wants client certificates, and reads until it fails.
async fn proves_itself(profile: &Profile, listener: &TcpListener, acceptor: &TlsAcceptor) -> Result<(), LinkError> {
    let server = async {
        let (tcp, _) = listener.accept().await.unwrap();
        if let Some(mut tls) = accept_tls(acceptor, tcp).await {
            tls.write_all(b"welcome").await.unwrap();
            tls.flush().await.unwrap();
            drop(tls.read(&mut [0; 1024]).await);
        }
    };
    let client = async {
        let (mut link, _) = dial(profile).await?;
        // In TLS 1.3 our side of the handshake is done before the platform has looked at our certificate.
        let mut parts = Vec::new();
        std::future::poll_fn(|cx| link.poll_read(cx, &mut parts, 1024)).await?;
        assert_eq!(parts.concat(), b"welcome");
        link.close().await;
        Ok(())
    };
    bounded(Box::pin(async { tokio::join!(client, server) })).await.0
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_its_absence_and_refusal_are_told_apart() {
    let authority = Authority::named("fleet");
    let acceptor = authority.demanding(&authority.good());
    let (listener, port) = listen().await;
    let mut profile = authority.profile(Transport::Mqtts, port);

    let error = proves_itself(&profile, &listener, &acceptor).await.unwrap_err();
    check_error(&error, "tls-client-cert", port);
    assert!(error.reason.contains("wants a client certificate"), "{error}");

    for stranger in [Authority::new(), Authority::named("fleet")] {
        let files = stranger.files(&stranger.good());
        profile.tls.identity = Some(files.clone());
        let error = proves_itself(&profile, &listener, &acceptor).await.unwrap_err();
        check_error(&error, "tls-client-cert", port);
        assert!(error.reason.contains(&files.0.display().to_string()), "{error}");
    }

    profile.tls.identity = Some(authority.files(&authority.good()));
    proves_itself(&profile, &listener, &acceptor).await.unwrap();
}

#[tokio::test]
async fn a_missing_client_certificate_is_told_during_the_upgrade_too() {
    let authority = Authority::new();
    let acceptor = authority.demanding(&authority.good());
    let (listener, port) = listen().await;
    let profile = authority.profile(Transport::Wss, port);
    bounded(async { tokio::join!(dial_fails(&profile, "tls-client-cert"), take(&listener, &acceptor)) }).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named() {
    let authority = Authority::new();
    let (listener, port) = listen().await;
    let missing = authority.ca_file().with_file_name("missing.pem");
    let files = authority.files(&authority.good());
    for tls in [
        Tls { ca_file: Some(missing.clone()), identity: None },
        Tls { ca_file: Some(authority.ca_file()), identity: Some((missing.clone(), files.1.clone())) },
        Tls { ca_file: Some(authority.ca_file()), identity: Some((files.0.clone(), missing.clone())) },
    ] {
        let error = dial(&Profile { tls, ..profile(Transport::Wss, port) }).await.unwrap_err();
        assert_eq!(error.code, "file");
        assert!(error.reason.contains(&missing.display().to_string()), "{error}");
    }
    drop(listener);
    // Without TLS nothing is read.
    let tls = Tls { ca_file: Some(missing), identity: None };
    dial_fails(&Profile { tls, ..profile(Transport::Ws, port) }, "refused").await;
}

/// What a dial fails with when the server answers a client hello with `answer` and goes.
async fn answered(answer: &[u8], code: &str) -> LinkError {
    let authority = Authority::new();
    let (listener, port) = listen().await;
    let server = async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        read_record(&mut tcp).await;
        tcp.write_all(answer).await.unwrap();
    };
    let profile = authority.profile(Transport::Wss, port);
    bounded(async { tokio::join!(dial_fails(&profile, code), server) }).await.0
}

/// Reads one TLS record.
async fn read_record(tcp: &mut TcpStream) {
    let mut head = [0; 5];
    tcp.read_exact(&mut head).await.unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    tcp.read_exact(&mut body).await.unwrap();
}

/// A fatal alert in the clear.
fn alert(description: u8) -> [u8; 7] {
    [21, 3, 3, 0, 2, 2, description]
}

#[tokio::test]
async fn what_a_server_may_answer_instead_of_tls() {
    for (answer, code, words) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "tls", "does not answer in TLS"),
        (&b""[..], "closed", "closed the connection during the TLS handshake"),
        (&alert(40)[..], "tls", "HandshakeFailure"),
        (&alert(70)[..], "tls", "TLS version"),
        (&alert(80)[..], "tls", "InternalError"),
        (&alert(112)[..], "tls-name", "does not know this host name"),
        (&alert(116)[..], "tls-client-cert", "wants a client certificate"),
    ] {
        let error = answered(answer, code).await;
        assert!(error.reason.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_host_that_no_certificate_can_name_is_tls_name() {
    let authority = Authority::new();
    let (listener, port) = listen().await;
    let mut profile = authority.profile(Transport::Mqtts, 8883);
    profile.endpoint.host = "two..dots".to_owned();
    // Behind a proxy the name is not looked up here.
    profile.proxy = Some(Proxy { kind: ProxyKind::Http, host: "127.0.0.1".to_owned(), port, login: None });
    let server = async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        read_head(&mut tcp).await;
        tcp.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    };
    let (error, ()) = bounded(async { tokio::join!(dial_fails(&profile, "tls-name"), server) }).await;
    assert!(error.reason.contains("two..dots"), "{error}");
}

/// Set for the child process that `the_systems_roots_…` starts.
const ROLE: &str = "STANDIN_TEST_SYSTEM_ROOTS";

#[test]
fn the_systems_roots_are_used_without_a_ca_file_and_their_absence_is_told() {
    let authority = Authority::new();
    let empty = authority.ca_file().with_file_name("empty.pem");
    std::fs::write(&empty, "").unwrap();
    // The place of the system's roots is the process's, so each case is a process of its own.
    for (role, file) in [("trusted", authority.ca_file()), ("none", empty)] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tls::child_with_its_own_system_roots", "--ignored", "--nocapture"])
            .env("SSL_CERT_FILE", file)
            .env_remove("SSL_CERT_DIR")
            .env(ROLE, role)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{role}: {text}");
    }
}

#[tokio::test]
#[ignore = "started by the_systems_roots_are_used_without_a_ca_file_and_their_absence_is_told"]
async fn child_with_its_own_system_roots() {
    let role = std::env::var(ROLE).unwrap();
    let stranger = Authority::new();
    let (listener, port) = listen().await;
    let profile = profile(Transport::Wss, port);
    let acceptor = stranger.good().acceptor();
    let (error, ()) =
        bounded(async { tokio::join!(dial_fails(&profile, "tls-untrusted"), take(&listener, &acceptor)) }).await;
    let none = error.reason.contains("this machine has no CA certificates");
    assert_eq!(none, role == "none", "{error}");
    if none {
        assert!(error.hint.contains("ca-certificates") && error.hint.contains("ca_file"), "{}", error.hint);
    }
}

#[tokio::test]
async fn a_ca_file_is_trusted_instead_of_the_systems_roots_and_read_again_when_it_changes() {
    let (first, second) = (Authority::new(), Authority::new());
    let (listener, port) = listen().await;
    let profile = first.profile(Transport::Mqtts, port);
    let acceptor = second.good().acceptor();
    bounded(async { tokio::join!(dial_fails(&profile, "tls-untrusted"), take(&listener, &acceptor)) }).await;
    let mut bundle = std::fs::read(first.ca_file()).unwrap();
    bundle.extend(std::fs::read(second.ca_file()).unwrap());
    std::fs::write(first.ca_file(), bundle).unwrap();
    let client = async {
        let (link, _) = dial(&profile).await.unwrap();
        link.close().await;
    };
    bounded(async { tokio::join!(client, take(&listener, &acceptor)) }).await;
}

#[tokio::test]
async fn a_stream_cut_inside_tls_is_no_orderly_end() {
    let authority = Authority::new();
    let acceptor = authority.good().acceptor();
    let (listener, port) = listen().await;
    let profile = authority.profile(Transport::Mqtts, port);
    let server = async {
        let (tcp, _) = listener.accept().await.unwrap();
        let tls = accept_tls(&acceptor, tcp).await.unwrap();
        // Without close_notify: anybody on the way could have done this.
        drop(tls.into_inner().0);
    };
    let client = async {
        let (mut link, _) = dial(&profile).await.unwrap();
        read_to_error(&mut link).await.1
    };
    let (error, ()) = bounded(async { tokio::join!(client, server) }).await;
    check_error(&error, "closed", port);
}

/// A future that can be handed to a task: the session spawns its dial.
fn movable<T: Future + Send>(future: T) -> T {
    future
}

#[tokio::test]
async fn many_sessions_dial_at_once() {
    let authority = Authority::new();
    let acceptor = authority.good().acceptor();
    let (listener, port) = listen().await;
    let server = tokio::spawn(async move {
        let mut open = Vec::new();
        while open.len() < 64 {
            let (tcp, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            open.push(tokio::spawn(async move {
                let tls = accept_tls(&acceptor, tcp).await.unwrap();
                accept_ws(tls, MQTT).await.0
            }));
        }
        for one in open {
            drop(one.await.unwrap());
        }
    });
    let dials: Vec<_> = (0..64)
        .map(|_| {
            let profile = authority.profile(Transport::Wss, port);
            tokio::spawn(movable(async move { open(&profile, now).await.map(drop) }))
        })
        .collect();
    for dial in dials {
        bounded(dial).await.unwrap().unwrap();
    }
    bounded(server).await.unwrap();
}
