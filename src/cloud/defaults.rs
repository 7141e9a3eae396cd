//! A device about which the config says nothing but who it is and where its platform listens.
//!
//! What lives here: default ports, paths, hosts, client ids, keep-alives and back-offs, from the clouds' documents, and the
//! profile that they make. What may not: limits on messages (they are beside each cloud) and checks of identifiers
//! (re-exported here, made in `identifiers`).

use std::ops::RangeInclusive;
use std::time::Duration;

pub use super::identifiers::{identifier_faults, identifier_warnings};
use crate::profile::{Backoff, BackoffPolicy, Cloud, Endpoint, Identity, OnTakeover, Profile, Tls, Transport};

/// The profile of a device called `name` where the config says nothing else.
pub fn profile(name: impl Into<String>, identity: Identity, endpoint: Endpoint) -> Profile {
    let cloud = identity.cloud();
    Profile {
        name: name.into(),
        identity,
        registration: None,
        endpoint,
        tls: Tls::default(),
        proxy: None,
        autoconnect: true,
        keep_alive: keep_alive(cloud),
        clean_session: true,
        connect_timeout: Duration::from_secs(10),
        max_packet: 8 << 20,
        strict: true,
        subscribe: Vec::new(),
        backoff: backoff(backoff_policy(cloud)),
        on_takeover: OnTakeover::default(),
        record: false,
        redact: Vec::new(),
        sub_devices: Vec::new(),
    }
}

/// The TCP port; `None`: the cloud has no such transport.
///
/// Huawei takes WebSocket only on TLS. Aliyun tells TLS from plain by the client id's `securemode`, so both share a port:
/// 443 for WebSocket, 1883 for MQTT. A plain broker gets the ports registered for the scheme.
pub fn port(cloud: Cloud, transport: Transport) -> Option<u16> {
    match (cloud, transport) {
        (Cloud::Huawei, Transport::Ws) => None,
        (_, Transport::Wss) | (Cloud::Aliyun, Transport::Ws) => Some(443),
        (Cloud::Ucloud | Cloud::Mqtt, Transport::Ws) => Some(80),
        (Cloud::Aliyun, Transport::Mqtts) | (_, Transport::Mqtt) => Some(1883),
        (_, Transport::Mqtts) => Some(8883),
    }
}

/// The transports that the cloud has, the safest first.
pub fn transports(cloud: Cloud) -> impl Iterator<Item = Transport> {
    [Transport::Wss, Transport::Mqtts, Transport::Ws, Transport::Mqtt]
        .into_iter()
        .filter(move |transport| port(cloud, *transport).is_some())
}

/// The path of the WebSocket's upgrade. UCloud's documents give a URL without a path, which MQTT.js requests as `/`.
pub fn path(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Huawei | Cloud::Mqtt => "/mqtt",
        Cloud::Aliyun | Cloud::Ucloud => "/",
    }
}

/// The keep-alive to ask for, in seconds.
pub fn keep_alive(cloud: Cloud) -> u16 {
    match cloud {
        Cloud::Huawei => 120,
        Cloud::Aliyun => 300,
        Cloud::Ucloud => 240,
        Cloud::Mqtt => 60,
    }
}

/// The keep-alives that the cloud takes, in seconds; outside, it refuses the CONNECT. 0 switches keep-alive off, which
/// only a plain broker allows.
pub fn keep_alive_range(cloud: Cloud) -> RangeInclusive<u16> {
    match cloud {
        Cloud::Huawei | Cloud::Aliyun | Cloud::Ucloud => 30..=1200,
        Cloud::Mqtt => 0..=u16::MAX,
    }
}

/// The back-off policy: Huawei's devices keep to Huawei's own, the other clouds document none.
pub fn backoff_policy(cloud: Cloud) -> BackoffPolicy {
    match cloud {
        Cloud::Huawei => BackoffPolicy::Huawei,
        Cloud::Aliyun | Cloud::Ucloud | Cloud::Mqtt => BackoffPolicy::Jitter,
    }
}

/// The waits that a policy comes with. Huawei's are those of its SDKs (Java, Python, Go, C).
pub fn backoff(policy: BackoffPolicy) -> Backoff {
    let (min, max) = match policy {
        BackoffPolicy::Huawei => (Duration::from_secs(1), Duration::from_secs(30)),
        BackoffPolicy::Jitter | BackoffPolicy::Fixed | BackoffPolicy::None => (Duration::ZERO, Duration::from_mins(1)),
    };
    Backoff { policy, min, default: Duration::from_secs(1), max }
}

/// The host of Aliyun's public instance. An enterprise instance has its own, shown in its console.
pub fn aliyun_host(product_key: &str, region: &str) -> String {
    format!("{product_key}.iot-as-mqtt.{region}.aliyuncs.com")
}

/// The host of Aliyun's registration by HTTPS.
pub fn aliyun_registration_host(region: &str) -> String {
    format!("iot-auth.{region}.aliyuncs.com")
}

/// The port of HTTPS.
pub const HTTPS_PORT: u16 = 443;

/// The part of an Aliyun client id before the bar, as Aliyun's console makes it.
pub fn aliyun_client_id(product_key: &str, device_name: &str) -> String {
    format!("{product_key}.{device_name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_those_of_the_documents() {
        use Transport::{Mqtt, Mqtts, Ws, Wss};
        for (cloud, transport, expected) in [
            (Cloud::Huawei, Wss, Some(443)),
            (Cloud::Huawei, Ws, None),
            (Cloud::Huawei, Mqtts, Some(8883)),
            (Cloud::Huawei, Mqtt, Some(1883)),
            (Cloud::Aliyun, Wss, Some(443)),
            (Cloud::Aliyun, Ws, Some(443)),
            (Cloud::Aliyun, Mqtts, Some(1883)),
            (Cloud::Aliyun, Mqtt, Some(1883)),
            (Cloud::Ucloud, Wss, Some(443)),
            (Cloud::Ucloud, Ws, Some(80)),
            (Cloud::Ucloud, Mqtts, Some(8883)),
            (Cloud::Ucloud, Mqtt, Some(1883)),
            (Cloud::Mqtt, Wss, Some(443)),
            (Cloud::Mqtt, Ws, Some(80)),
            (Cloud::Mqtt, Mqtts, Some(8883)),
            (Cloud::Mqtt, Mqtt, Some(1883)),
        ] {
            assert_eq!(port(cloud, transport), expected, "{} over {}", cloud.word(), transport.scheme());
        }
        assert_eq!(transports(Cloud::Huawei).collect::<Vec<_>>(), [Wss, Mqtts, Mqtt]);
        assert_eq!(transports(Cloud::Aliyun).count(), 4);
    }

    #[test]
    fn the_default_keep_alive_is_within_the_clouds_range() {
        for (cloud, seconds) in [(Cloud::Huawei, 120), (Cloud::Aliyun, 300), (Cloud::Ucloud, 240), (Cloud::Mqtt, 60)] {
            assert_eq!(keep_alive(cloud), seconds);
            assert!(keep_alive_range(cloud).contains(&seconds));
            assert_eq!(keep_alive_range(cloud).contains(&0), cloud == Cloud::Mqtt);
        }
    }

    #[test]
    fn aliyun_names_are_made_of_key_and_name() {
        assert_eq!(aliyun_host("a1AbCdEfGh1", "cn-shanghai"), "a1AbCdEfGh1.iot-as-mqtt.cn-shanghai.aliyuncs.com");
        assert_eq!(aliyun_client_id("a1AbCdEfGh1", "lamp-01"), "a1AbCdEfGh1.lamp-01");
        assert_eq!(path(Cloud::Huawei), "/mqtt");
        assert_eq!(path(Cloud::Aliyun), "/");
    }
}
