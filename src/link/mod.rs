//! A byte stream to a platform: name, TCP, proxy, TLS, WebSocket.
//!
//! What lives here: dialling with a deadline for each stage, and reading and writing MQTT's bytes over whichever transport.
//! What may not: MQTT itself (bytes are bytes here), sessions, the screen. Every failure has a stable code and says what
//! to try. There is no switch that turns certificate checks off.
//!
//! | file | what lives there |
//! |---|---|
//! | `dial` | names, addresses, TCP |
//! | `proxy` | HTTP CONNECT and SOCKS5 |
//! | `tls`, `trust` | the handshake; roots and client certificates, loaded once for all sessions |
//! | `ws` | the upgrade, binary frames |
//! | `https` | one POST, for what a cloud keeps behind HTTP |
//! | `raw` | MQTT on TCP or TLS without WebSocket |
//! | `net` | TCP or TLS under either of them |
//! | `stream` | [`Link`] |
//! | `error`, `tls_error` | [`LinkError`]: codes, words and hints |

mod dial;
mod error;
pub mod https;
mod net;
mod proxy;
mod raw;
mod stream;
mod tls;
mod tls_error;
mod trust;
mod ws;

use std::net::SocketAddr;

pub use error::LinkError;
pub use stream::Link;

use error::{Stage, Target, within};
use net::Net;
use stream::Carrier;

use crate::event::WallTime;
use crate::profile::{Profile, ProxyKind, host_port};

/// What was learnt while dialling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Whom TCP reached (the proxy, if there is one).
    pub peer: SocketAddr,
    /// The `Date` of the upgrade's answer, whole seconds.
    pub server_date: Option<WallTime>,
}

/// Dials the platform of `profile`. All addresses of its host are tried. Each stage (name, TCP, proxy, TLS, upgrade) has
/// `profile.connect_timeout`. `clock` answers the wall time, to say how far off a certificate's dates are.
///
/// Nothing is read from disk before this is called, and then only what the transport needs.
pub async fn open(profile: &Profile, clock: impl Fn() -> WallTime) -> Result<(Link, Opened), LinkError> {
    // The stages need some ten kilobytes between them, which a session should not keep once it is online.
    Box::pin(stages(profile, clock)).await
}

async fn stages(profile: &Profile, clock: impl Fn() -> WallTime) -> Result<(Link, Opened), LinkError> {
    let (endpoint, limit) = (&profile.endpoint, profile.connect_timeout);
    let (net, target, peer) = carrier(profile, clock).await?;
    if !endpoint.transport.is_websocket() {
        let carrier = Carrier::Raw(raw::Raw::new(net));
        return Ok((Link::new(carrier, target), Opened { peer, server_date: None }));
    }
    let upgrade = ws::upgrade(net, endpoint, profile.max_packet, &target);
    let (ws, server_date) = within(Stage::Upgrade, &target.at, limit, upgrade).await?;
    Ok((Link::new(Carrier::Ws(Box::new(ws)), target), Opened { peer, server_date }))
}

/// The lower stages: name, TCP, proxy, and TLS where the transport wants it.
async fn carrier(profile: &Profile, clock: impl Fn() -> WallTime) -> Result<(Net, Target, SocketAddr), LinkError> {
    let endpoint = &profile.endpoint;
    let limit = profile.connect_timeout;
    let mut target = Target::of(profile)?;
    let tcp = match &profile.proxy {
        None => dial::connect(&endpoint.host, endpoint.port, &target.at, limit).await?,
        Some(proxy) => {
            let at = host_port(&proxy.host, proxy.port);
            let mut tcp = dial::connect(&proxy.host, proxy.port, &format!("the proxy {at}"), limit).await?;
            let tunnel = async {
                match proxy.kind {
                    ProxyKind::Http => proxy::http_connect(&mut tcp, proxy, &target.at).await,
                    ProxyKind::Socks5 => proxy::socks5(&mut tcp, proxy, endpoint, &target.at).await,
                }
            };
            within(Stage::Proxy, &at, limit, tunnel).await?;
            tcp
        }
    };
    let peer = tcp.peer_addr().map_err(|fault| error::from_io(Stage::Tcp, &target, &fault))?;
    let net = if endpoint.transport.is_tls() {
        target.clock = clock();
        let handshake = tls::handshake(tcp, &endpoint.host, &profile.tls, &target);
        Net::Tls(Box::new(within(Stage::Tls, &target.at, limit, handshake).await?))
    } else {
        Net::Plain(tcp)
    };
    Ok((net, target, peer))
}
