//! What a device registers with, before it has a secret (or an address) of its own.
//!
//! What lives here: the material and its vocabulary. What may not: what a registration says on the wire (that is `cloud`), and
//! doing it (that is `session`).

use super::{Endpoint, SecretSource};

/// What a device registers with at its cloud.
#[derive(Clone, Debug, PartialEq)]
pub enum Registration {
    /// Huawei: bootstrapping at IoT Device Provisioning.
    Huawei(HuaweiBootstrap),
    /// Aliyun: dynamic registration, one secret a product.
    Aliyun(AliyunRegistration),
    /// UCloud: dynamic registration, auth mode 2.
    Ucloud(UcloudRegistration),
}

/// How a Huawei device asks for its platform's address, and for a secret where its group gives one.
#[derive(Clone, Debug, PartialEq)]
pub struct HuaweiBootstrap {
    /// Where the provisioning service listens.
    pub endpoint: Endpoint,
    /// The registration group's scope id; absent for a device that is registered already.
    pub scope_id: Option<String>,
    /// The registration group's secret, base64; absent where a client certificate or the device's own secret says who it is.
    pub group_secret: Option<SecretSource>,
    /// The keyword (`baseStrategyKeyword`) that helps the service choose among its policies.
    pub keyword: Option<String>,
}

/// How an Aliyun device obtains its secret or token.
#[derive(Clone, Debug, PartialEq)]
pub struct AliyunRegistration {
    /// `ProductSecret`.
    pub product_secret: SecretSource,
    /// The way, unless the command names another.
    pub method: AliyunMethod,
    /// Host and port for [`AliyunMethod::Https`].
    pub https: Option<(String, u16)>,
    /// The instance's id, which enterprise and new public instances ask for.
    pub instance_id: Option<String>,
    /// `securemode` for [`AliyunMethod::MqttUnregistered`]: −2 in the documents, 2 in the vendor's Python SDK.
    pub unregistered_mode: i32,
}

/// Aliyun's ways of registering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum AliyunMethod {
    /// One POST; the device's name is known to the platform.
    #[default]
    Https,
    /// By MQTT; the device's name is known to the platform.
    Mqtt,
    /// By MQTT, and the platform makes the device. It gives a token instead of a secret.
    MqttUnregistered,
}

/// How a UCloud device obtains its secret.
#[derive(Clone, Debug, PartialEq)]
pub struct UcloudRegistration {
    /// `ProductSecret`. It goes over the wire as it is.
    pub product_secret: SecretSource,
}

impl AliyunMethod {
    /// Its name in the config and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Mqtt => "mqtt",
            Self::MqttUnregistered => "mqtt-unregistered",
        }
    }
}
