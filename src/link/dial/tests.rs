use std::net::{Ipv4Addr, SocketAddr};

use proptest::prelude::*;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::timeout;

use super::*;

const LIMIT: Duration = Duration::from_secs(10);

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// An address where nothing listens.
async fn refusing() -> SocketAddr {
    TcpListener::bind(any_port()).await.unwrap().local_addr().unwrap()
}

/// An address that never answers: the queue of its listener is full, so the kernel drops what comes.
async fn silent() -> (SocketAddr, Vec<TcpStream>, TcpListener) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(any_port()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(tcp) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        queued.push(tcp.unwrap());
        assert!(queued.len() < 64, "the queue never fills");
    }
    (address, queued, listener)
}

/// Multicast takes no TCP: the kernel has no route for it.
fn unreachable() -> SocketAddr {
    SocketAddr::from(([224, 0, 0, 1], 9))
}

#[test]
fn the_families_take_turns_beginning_with_the_resolvers_choice() {
    let v4 = |last: u8| SocketAddr::from(([192, 0, 2, last], 1));
    let v6 = |last: u16| SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 1));
    for (given, order) in [
        (vec![], vec![]),
        (vec![v4(1)], vec![v4(1)]),
        (vec![v6(1), v6(2), v4(1), v4(2)], vec![v6(1), v4(1), v6(2), v4(2)]),
        (vec![v4(1), v6(1), v6(2), v6(3)], vec![v4(1), v6(1), v6(2), v6(3)]),
        (vec![v4(1), v4(2), v4(3), v6(1)], vec![v4(1), v6(1), v4(2), v4(3)]),
    ] {
        assert_eq!(alternate(&given), order);
    }
}

proptest! {
    #[test]
    fn alternating_loses_no_address_and_keeps_the_order_of_each_family(families in prop::collection::vec(any::<bool>(), 0..20)) {
        let given: Vec<SocketAddr> = families.iter().enumerate().map(|(at, &v4)| {
            let at = u16::try_from(at).unwrap();
            if v4 { SocketAddr::from(([192, 0, 2, 1], at)) } else { SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], at)) }
        }).collect();
        let order = alternate(&given);
        for v4 in [true, false] {
            let of = |list: &[SocketAddr]| list.iter().copied().filter(|one| one.is_ipv4() == v4).collect::<Vec<_>>();
            prop_assert_eq!(of(&order), of(&given));
        }
        prop_assert_eq!(order.first(), given.first());
    }
}

#[tokio::test]
async fn an_address_that_refuses_is_passed_over() {
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let good = listener.local_addr().unwrap();
    let addresses = vec![refusing().await, unreachable(), good];
    let tcp = race(addresses, LIMIT).await.unwrap();
    assert_eq!(tcp.peer_addr().unwrap(), good);
    assert!(tcp.nodelay().unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_silent_costs_a_quarter_of_a_second() {
    let (dead, _queued, _listener) = silent().await;
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let good = listener.local_addr().unwrap();
    let start = Instant::now();
    let tcp = race(vec![dead, good], LIMIT).await.unwrap();
    assert_eq!(tcp.peer_addr().unwrap(), good);
    let waited = start.elapsed();
    assert!(waited >= STAGGER && waited < STAGGER * 2, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn silence_ends_at_the_deadline_and_names_the_stage() {
    let (dead, _queued, _listener) = silent().await;
    let start = Instant::now();
    let error = connect("127.0.0.1", dead.port(), "broker:1", LIMIT).await.unwrap_err();
    let waited = start.elapsed();
    assert!(waited >= LIMIT && waited < LIMIT + STAGGER, "{waited:?}");
    assert_eq!(error.code, "timeout");
    assert_eq!(error.reason, "no answer from broker:1 within 10s during the TCP connect");
}

#[tokio::test]
async fn when_all_fail_the_error_that_tells_most_is_reported_and_all_are_listed() {
    for addresses in [vec![unreachable(), refusing().await], vec![refusing().await, unreachable()]] {
        let error = race(addresses, LIMIT).await.unwrap_err().explain("broker:1", LIMIT);
        assert_eq!(error.code, "refused");
        assert!(error.reason.starts_with("broker:1 refused the connection (tried "), "{error}");
        assert!(error.reason.contains("127.0.0.1") && error.reason.contains("224.0.0.1"), "{error}");
    }
    let error = race(vec![unreachable()], LIMIT).await.unwrap_err().explain("broker:1", LIMIT);
    assert_eq!(error.code, "unreachable");
    assert!(!error.reason.contains("tried"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_address_beside_an_unreachable_one_is_a_timeout() {
    let (dead, _queued, _listener) = silent().await;
    let error = race(vec![unreachable(), dead], LIMIT).await.unwrap_err().explain("broker:1", LIMIT);
    assert_eq!(error.code, "timeout");
    assert!(error.reason.contains("224.0.0.1") && error.reason.contains("others: no answer"), "{error}");
}

#[test]
fn a_long_list_of_addresses_is_cut() {
    let faults = (0..9).map(|_| (unreachable(), io::Error::from(io::ErrorKind::NetworkUnreachable))).collect();
    let error = Unreached { faults, silent: false }.explain("broker:1", LIMIT);
    assert_eq!(error.reason.matches("224.0.0.1").count(), LISTED);
    assert!(error.reason.ends_with("; 5 more)"), "{error}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_dns() {
    // A label of more than 63 bytes cannot be asked for, so this needs no DNS server.
    let host = format!("{}.example", "x".repeat(64));
    let error = connect(&host, 443, &format!("{host}:443"), LIMIT).await.unwrap_err();
    assert_eq!(error.code, "dns");
    assert!(error.reason.contains(&host), "{error}");
}
