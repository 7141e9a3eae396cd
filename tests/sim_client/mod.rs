//! A small MQTT client on WebSocket for the tests of the embedded platform: raw enough to send what no client should.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use standin::cloud;
use standin::event::WallTime;
use standin::mqtt::codec::{self, Decoder, Malformed, Side};
use standin::mqtt::packet::{Connect, ConnectReturn, Packet, PacketId, Subscribe};
use standin::mqtt::{Publish, Qos};
use standin::profile::{Profile, SecretSource, Transport};
use standin::sim::Platform;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Nothing in these tests may take longer.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A client with an upgraded connection.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<Box<dyn Stream>>,
    decoder: Decoder,
    packets: std::collections::VecDeque<Packet>,
}

/// Opens a connection on `path`, asking for `subprotocol` if there is one.
pub(crate) async fn upgrade(
    platform: &Platform,
    transport: Transport,
    path: &str,
    subprotocol: Option<&str>,
) -> Result<(Client, Response), tungstenite::Error> {
    let base = if transport.is_tls() { platform.wss_url() } else { platform.ws_url() };
    let address = base.split_once("://").unwrap().1.to_owned();
    let tcp = TcpStream::connect(&address).await?;
    let stream: Box<dyn Stream> =
        if transport.is_tls() { Box::new(secure(platform.ca_pem(), tcp).await?) } else { Box::new(tcp) };
    let mut request = format!("{base}{path}").into_client_request()?;
    if let Some(name) = subprotocol {
        request.headers_mut().insert("Sec-WebSocket-Protocol", name.parse().unwrap());
    }
    let (socket, response) = timeout(BOUND, client_async(request, stream)).await.expect("no answer to the upgrade")?;
    let decoder = Decoder::new(Side::Client, 16 << 20);
    Ok((Client { socket, decoder, packets: std::collections::VecDeque::new() }, response))
}

async fn secure(ca_pem: &str, tcp: TcpStream) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("127.0.0.1").unwrap(), tcp).await
}

/// The CONNECT that a profile makes now.
pub(crate) fn connect_of(profile: &Profile) -> Connect {
    let secret = match profile.identity.secret() {
        Some(SecretSource::Inline(secret)) => Some(secret),
        _ => None,
    };
    let now = WallTime::parse_rfc3339(&jiff::Timestamp::now().to_string()).unwrap();
    let made = cloud::platform(profile).credentials(secret, now);
    Connect {
        client_id: made.client_id,
        username: made.username,
        password: made.password,
        will: made.will,
        clean_session: profile.clean_session,
        keep_alive: profile.keep_alive,
    }
}

/// Signs in as the device called `name`.
pub(crate) async fn sign_in(platform: &Platform, name: &str, transport: Transport) -> Client {
    let profile = platform.profile(name, transport).unwrap();
    let (mut client, _) = upgrade(platform, transport, &profile.endpoint.path, Some("mqtt")).await.unwrap();
    assert_eq!(client.connect(connect_of(&profile)).await, ConnectReturn::Accepted, "{name}");
    client
}

/// Signs in to the plain broker by ws.
pub(crate) async fn plain(platform: &Platform, client_id: &str) -> Client {
    let (mut client, _) = upgrade(platform, Transport::Ws, "/broker/mqtt", Some("mqtt")).await.unwrap();
    let connect = Connect { client_id: client_id.to_owned(), clean_session: true, ..Connect::default() };
    assert_eq!(client.connect(connect).await, ConnectReturn::Accepted);
    client
}

impl Client {
    pub(crate) async fn connect(&mut self, connect: Connect) -> ConnectReturn {
        self.send(&Packet::Connect(Box::new(connect))).await;
        match self.receive().await {
            Some(Packet::Connack(connack)) => connack.code,
            other => panic!("CONNACK expected, came {other:?}"),
        }
    }

    pub(crate) async fn send(&mut self, packet: &Packet) {
        let mut bytes = BytesMut::new();
        codec::encode(packet, &mut bytes).unwrap();
        self.send_raw(bytes.freeze()).await;
    }

    /// Errors are left to the reading side: the platform may have closed already.
    pub(crate) async fn send_raw(&mut self, bytes: impl Into<Bytes>) {
        self.socket.send(Message::Binary(bytes.into())).await.ok();
    }

    pub(crate) async fn publish(&mut self, topic: &str, payload: &[u8], qos: Qos) {
        let publish = Publish {
            dup: false,
            qos,
            retain: false,
            topic: topic.to_owned(),
            packet_id: (qos != Qos::AtMostOnce).then_some(PacketId::FIRST),
            payload: Bytes::copy_from_slice(payload),
        };
        self.send(&Packet::Publish(publish)).await;
    }

    /// Subscribes and answers what was granted.
    pub(crate) async fn subscribe(&mut self, filter: &str, qos: Qos) -> Option<Qos> {
        let subscribe = Subscribe { packet_id: PacketId::FIRST, filters: vec![(filter.to_owned(), qos)] };
        self.send(&Packet::Subscribe(subscribe)).await;
        match self.receive().await {
            Some(Packet::Suback(suback)) => suback.granted[0],
            other => panic!("SUBACK expected, came {other:?}"),
        }
    }

    /// The next packet; `None`: the connection has ended.
    pub(crate) async fn receive(&mut self) -> Option<Packet> {
        loop {
            if let Some(packet) = self.packets.pop_front() {
                return Some(packet);
            }
            match timeout(BOUND, self.socket.next()).await.expect("the platform says nothing") {
                Some(Ok(Message::Binary(bytes))) => {
                    let packets = &mut self.packets;
                    let take = |packet| {
                        packets.push_back(packet);
                        Ok::<(), Malformed>(())
                    };
                    self.decoder.feed(bytes, take).unwrap();
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next PUBLISH.
    pub(crate) async fn message(&mut self) -> Publish {
        match self.receive().await {
            Some(Packet::Publish(publish)) => publish,
            other => panic!("PUBLISH expected, came {other:?}"),
        }
    }

    /// Whether the connection still answers.
    pub(crate) async fn is_alive(&mut self) -> bool {
        self.send(&Packet::Pingreq).await;
        self.receive().await == Some(Packet::Pingresp)
    }
}
