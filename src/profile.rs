//! A device as checked values: what to connect to, as whom, and how.
//!
//! What lives here: the values and their vocabulary. What may not: reading them from TOML (that is `config`), fetching a
//! secret (that is `session::secrets`), or what a cloud makes of them (that is `cloud`).

mod registration;

use std::path::PathBuf;
use std::time::Duration;

use crate::mqtt::packet::Will;
use crate::mqtt::{Qos, TopicFilter};
use crate::secret::Secret;

pub use registration::{AliyunMethod, AliyunRegistration, HuaweiBootstrap, Registration, UcloudRegistration};

/// A device that standin stands in for.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for a key of the config, and none excludes another")]
pub struct Profile {
    /// How the user calls the device; unique.
    pub name: String,
    /// Who the device is to its cloud.
    pub identity: Identity,
    /// What it registers with, where it can.
    pub registration: Option<Registration>,
    /// Where the platform listens.
    pub endpoint: Endpoint,
    /// Whom to trust and how to prove oneself.
    pub tls: Tls,
    /// The way round a firewall.
    pub proxy: Option<Proxy>,
    /// Connect when the program starts.
    pub autoconnect: bool,
    /// Keep-alive in seconds; 0 switches it off.
    pub keep_alive: u16,
    /// MQTT's CleanSession.
    pub clean_session: bool,
    /// How long each stage of a connect (name, TCP, proxy, TLS, upgrade, CONNACK) and each answer to a request may take.
    pub connect_timeout: Duration,
    /// The largest MQTT packet taken, header included, in bytes.
    pub max_packet: usize,
    /// Whether faults of the peer that leave the framing whole end the connection.
    pub strict: bool,
    /// Subscriptions besides the cloud's own.
    pub subscribe: Vec<Subscription>,
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// What to do when another client holds the identity.
    pub on_takeover: OnTakeover,
    /// Start a tape of the device with its first connection.
    pub record: bool,
    /// Fields that its tapes mask, as dotted paths.
    pub redact: Vec<String>,
    /// The devices behind it, where it is a gateway of Aliyun's.
    pub sub_devices: Vec<SubDevice>,
}

/// The clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cloud {
    /// Huawei Cloud IoTDA.
    Huawei,
    /// Alibaba Cloud IoT Platform.
    Aliyun,
    /// UCloud UIoT-Core.
    Ucloud,
    /// A plain MQTT broker.
    Mqtt,
}

/// Who a device is to its cloud.
#[derive(Clone, Debug, PartialEq)]
pub enum Identity {
    /// Huawei IoTDA.
    Huawei(HuaweiIdentity),
    /// Aliyun IoT.
    Aliyun(AliyunIdentity),
    /// UCloud UIoT.
    Ucloud(UcloudIdentity),
    /// A plain broker.
    Mqtt(MqttIdentity),
}

/// A Huawei IoTDA device.
#[derive(Clone, Debug, PartialEq)]
pub struct HuaweiIdentity {
    /// Usually `{product id}_{node id}`.
    pub device_id: String,
    /// The device secret; absent with a client certificate.
    pub secret: Option<SecretSource>,
    /// How the CONNECT is signed.
    pub sign_type: SignType,
}

/// Huawei's sign types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SignType {
    /// 0: HMAC-SHA256, the platform does not compare the hour.
    #[default]
    Sha256,
    /// 1: HMAC-SHA256, the platform compares the hour with its own.
    Sha256Timed,
    /// 2: HMAC-SM3.
    Sm3,
}

/// An Aliyun IoT device.
#[derive(Clone, Debug, PartialEq)]
pub struct AliyunIdentity {
    /// `ProductKey`.
    pub product_key: String,
    /// `DeviceName`.
    pub device_name: String,
    /// `DeviceSecret`, or the token where [`AliyunIdentity::is_token`].
    pub secret: SecretSource,
    /// Whether `secret` is what a registration of [`AliyunMethod::MqttUnregistered`] gave, JSON with `clientId` and
    /// `deviceToken`: it goes over the wire as it is, and nothing is signed.
    pub is_token: bool,
    /// The part of the client id before the bar.
    pub client_id: String,
    /// The HMAC.
    pub sign_method: SignMethod,
    /// What is sent and signed as `timestamp`.
    pub timestamp: AliyunTimestamp,
    /// The capability flags that the client id holds as `ext`; absent: not sent. Calls on custom topics come only to devices
    /// that send 1.
    pub ext: Option<u32>,
}

/// A device behind a gateway of Aliyun's, as far as the gateway signs for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubDevice {
    /// `ProductKey`.
    pub product_key: String,
    /// `DeviceName`.
    pub device_name: String,
    /// What it is called in what is signed; the documents suggest `{product key}&{device name}`.
    pub client_id: String,
    /// The HMAC.
    pub sign_method: SignMethod,
    /// `DeviceSecret`.
    pub secret: SecretSource,
}

/// Aliyun's sign methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SignMethod {
    /// `hmacmd5`.
    HmacMd5,
    /// `hmacsha1`.
    HmacSha1,
    /// `hmacsha256`.
    #[default]
    HmacSha256,
}

/// Aliyun's optional time stamp.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum AliyunTimestamp {
    /// Neither sent nor signed.
    #[default]
    Absent,
    /// Milliseconds at the attempt.
    Now,
    /// Sent and signed as it stands.
    Fixed(String),
}

/// A UCloud UIoT device.
#[derive(Clone, Debug, PartialEq)]
pub struct UcloudIdentity {
    /// `ProductSN`.
    pub product_sn: String,
    /// `DeviceSN`.
    pub device_sn: String,
    /// `DeviceSecret`.
    pub secret: SecretSource,
}

/// A client of a plain broker.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttIdentity {
    /// The client id, sent as it stands.
    pub client_id: String,
    /// The user name.
    pub username: Option<String>,
    /// The password.
    pub password: Option<SecretSource>,
    /// The will message.
    pub will: Option<Will>,
}

/// Where a secret comes from; it is fetched anew at each attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// It stands in the config.
    Inline(Secret),
    /// An environment variable.
    Env(String),
    /// The content of a file, without its last line end.
    File(PathBuf),
    /// The first line that a command prints.
    Command(Vec<String>),
    /// Nowhere yet: the device has still to register.
    Unregistered,
}

/// Where a platform listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The transport.
    pub transport: Transport,
    /// A host name or an address, without brackets; empty where only a registration can tell it.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The path of the WebSocket's upgrade.
    pub path: String,
    /// The WebSocket subprotocol asked for and required; `None`: neither.
    pub subprotocol: Option<String>,
}

/// The transports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Transport {
    /// MQTT on WebSocket on TLS.
    #[default]
    Wss,
    /// MQTT on WebSocket.
    Ws,
    /// MQTT on TLS.
    Mqtts,
    /// MQTT on TCP.
    Mqtt,
}

/// Whom to trust and how to prove oneself. There is no way to trust everybody.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tls {
    /// PEM roots that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// A client certificate chain and its key, PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its protocol.
    pub kind: ProxyKind,
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User name and password.
    pub login: Option<(String, Secret)>,
}

/// The proxies' protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// HTTP CONNECT.
    Http,
    /// SOCKS5; the proxy resolves the name.
    Socks5,
}

/// A topic filter with the QoS to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The topic filter.
    pub filter: TopicFilter,
    /// The quality of service asked for.
    pub qos: Qos,
}

/// How long to wait between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The formula.
    pub policy: BackoffPolicy,
    /// Added to each wait by Huawei's formula; the other policies have no use for it.
    pub min: Duration,
    /// What is doubled and jittered.
    pub default: Duration,
    /// No wait is longer.
    pub max: Duration,
}

/// The formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BackoffPolicy {
    /// Huawei's own: `min(min + 2^n · (R + 0.8·D), max)`.
    Huawei,
    /// Full jitter: uniform below `min(max, default · 2^n)`.
    Jitter,
    /// Always `default`.
    Fixed,
    /// Never again.
    None,
}

/// What to do when another client holds this identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum OnTakeover {
    /// Go on at the policy's longest wait.
    #[default]
    Slow,
    /// Stop.
    Stop,
}

impl Profile {
    /// Whether the device cannot sign in because it has still to register: it lacks its secret, or its platform's address.
    pub fn is_unregistered(&self) -> bool {
        self.registration.is_some()
            && (self.endpoint.host.is_empty() || self.identity.secret() == Some(&SecretSource::Unregistered))
    }
}

impl Identity {
    /// The cloud.
    pub fn cloud(&self) -> Cloud {
        match self {
            Self::Huawei(_) => Cloud::Huawei,
            Self::Aliyun(_) => Cloud::Aliyun,
            Self::Ucloud(_) => Cloud::Ucloud,
            Self::Mqtt(_) => Cloud::Mqtt,
        }
    }

    /// Where the secret comes from, if the device has one.
    pub fn secret(&self) -> Option<&SecretSource> {
        match self {
            Self::Huawei(device) => device.secret.as_ref(),
            Self::Aliyun(device) => Some(&device.secret),
            Self::Ucloud(device) => Some(&device.secret),
            Self::Mqtt(device) => device.password.as_ref(),
        }
    }
}

impl Cloud {
    /// Its name in the config.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Huawei => "huawei",
            Self::Aliyun => "aliyun",
            Self::Ucloud => "ucloud",
            Self::Mqtt => "mqtt",
        }
    }
}

impl SignType {
    /// The type that `number` names in the config and in a client id.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Sha256, Self::Sha256Timed, Self::Sm3].get(usize::from(number)).copied()
    }

    /// 0, 1 or 2.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl SignMethod {
    /// Its name in the config and in a client id.
    pub const fn word(self) -> &'static str {
        match self {
            Self::HmacMd5 => "hmacmd5",
            Self::HmacSha1 => "hmacsha1",
            Self::HmacSha256 => "hmacsha256",
        }
    }
}

impl Transport {
    /// The scheme of its URL, which is its name in the config.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Wss => "wss",
            Self::Ws => "ws",
            Self::Mqtts => "mqtts",
            Self::Mqtt => "mqtt",
        }
    }

    /// Whether TLS carries it.
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Wss | Self::Mqtts)
    }

    /// Whether a WebSocket carries it.
    pub fn is_websocket(self) -> bool {
        matches!(self, Self::Wss | Self::Ws)
    }
}

impl Endpoint {
    /// The URL, for a person and for the upgrade; an IPv6 address stands in brackets.
    pub fn url(&self) -> String {
        let path = if self.transport.is_websocket() { self.path.as_str() } else { "" };
        format!("{}://{}{path}", self.transport.scheme(), host_port(&self.host, self.port))
    }
}

/// `host:port` as people, URLs and HTTP write it: an IPv6 address in brackets.
pub fn host_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
