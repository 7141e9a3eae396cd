//! From a name to an open TCP connection.
//!
//! What lives here: the lookup, the order of addresses, TCP. What may not: proxies, TLS. All addresses are tried, each a
//! quarter of a second after the one before it or as soon as that one failed (RFC 8305), so that one dead address, or a
//! network with half an IPv6, costs 250 ms and not the whole deadline.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until};

use super::error::{LinkError, Stage, plain_io, silence, within};

/// The head start of an address before the next one is tried besides it: RFC 8305 §5, Connection Attempt Delay.
const STAGGER: Duration = Duration::from_millis(250);
/// How many failed addresses an error lists.
const LISTED: usize = 4;

/// Why no address was reached.
#[derive(Debug)]
struct Unreached {
    /// The addresses that failed, in the order of failing.
    faults: Vec<(SocketAddr, io::Error)>,
    /// Whether an address was still being waited for when the time was up.
    silent: bool,
}

/// Looks up `host` and opens TCP to one of its addresses. `at` names it in errors; `limit` holds for the lookup and for TCP
/// each.
pub(super) async fn connect(host: &str, port: u16, at: &str, limit: Duration) -> Result<TcpStream, LinkError> {
    let lookup = async { lookup(host, port, at).await };
    let addresses = within(Stage::Name, at, limit, lookup).await?;
    race(alternate(&addresses), limit).await.map_err(|unreached| unreached.explain(at, limit))
}

async fn lookup(host: &str, port: u16, at: &str) -> Result<Vec<SocketAddr>, LinkError> {
    let failed = |why: String| {
        LinkError::new(
            "dns",
            format!("the name of {at} has no address: {why}"),
            "check the spelling of the host, and that this machine's DNS knows it (getent hosts NAME)",
        )
    };
    let found = tokio::net::lookup_host((host, port)).await.map_err(|fault| failed(fault.to_string()))?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(failed("the answer is empty".to_owned()));
    }
    Ok(addresses)
}

/// The addresses with the two families taking turns, beginning with the resolver's first choice (RFC 8305 §4).
fn alternate(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else { return Vec::new() };
    let (mut preferred, mut other): (Vec<SocketAddr>, Vec<SocketAddr>) =
        addresses.iter().rev().partition(|address| address.is_ipv4() == first.is_ipv4());
    let mut order = Vec::with_capacity(addresses.len());
    while order.len() < addresses.len() {
        order.extend(preferred.pop());
        order.extend(other.pop());
    }
    order
}

/// Tries `addresses` until one answers or `limit` is over.
async fn race(addresses: Vec<SocketAddr>, limit: Duration) -> Result<TcpStream, Unreached> {
    let deadline = Instant::now() + limit;
    let mut waiting = addresses.into_iter();
    let mut running = FuturesUnordered::new();
    let mut faults = Vec::new();
    running.extend(waiting.next().map(attempt));
    while !running.is_empty() {
        tokio::select! {
            Some((address, outcome)) = running.next() => match outcome {
                Ok(tcp) => return Ok(tcp),
                Err(fault) => {
                    faults.push((address, fault));
                    running.extend(waiting.next().map(attempt));
                }
            },
            () = sleep(STAGGER), if waiting.len() > 0 => running.extend(waiting.next().map(attempt)),
            () = sleep_until(deadline) => return Err(Unreached { faults, silent: true }),
        }
    }
    Err(Unreached { faults, silent: false })
}

async fn attempt(address: SocketAddr) -> (SocketAddr, io::Result<TcpStream>) {
    let outcome = async {
        let tcp = TcpStream::connect(address).await?;
        // MQTT's packets are small and wait for answers: Nagle's delay would add up to 40 ms to each.
        tcp.set_nodelay(true)?;
        Ok(tcp)
    };
    (address, outcome.await)
}

impl Unreached {
    /// The error of the address that tells most: one that refused is there, one that is silent may be.
    fn explain(self, at: &str, limit: Duration) -> LinkError {
        let Self { faults, silent } = self;
        let told = |(_, fault): &&(SocketAddr, io::Error)| match fault.kind() {
            io::ErrorKind::ConnectionRefused => 0,
            io::ErrorKind::ConnectionReset => 1,
            io::ErrorKind::TimedOut => 2,
            io::ErrorKind::PermissionDenied => 3,
            _ => 4,
        };
        let mut error = match faults.iter().min_by_key(told) {
            Some(best) if !silent || told(&best) == 0 => plain_io(Stage::Tcp, at, &best.1),
            _ => silence(Stage::Tcp, at, limit),
        };
        if faults.len() > 1 || (silent && !faults.is_empty()) {
            let mut list: Vec<String> =
                faults.iter().take(LISTED).map(|(address, fault)| format!("{}: {fault}", address.ip())).collect();
            if faults.len() > LISTED {
                list.push(format!("{} more", faults.len() - LISTED));
            }
            if silent {
                list.push("others: no answer".to_owned());
            }
            error.reason = format!("{} (tried {})", error.reason, list.join("; "));
        }
        error
    }
}

#[cfg(test)]
mod tests;
