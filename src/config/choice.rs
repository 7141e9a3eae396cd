//! The names that config values go by: one table a type, for reading and for writing.

use crate::profile::{AliyunMethod, BackoffPolicy, Cloud, OnTakeover, SignMethod, Transport};

/// `cloud`.
pub(super) const CLOUDS: [(&str, Cloud); 4] = [
    (Cloud::Huawei.word(), Cloud::Huawei),
    (Cloud::Aliyun.word(), Cloud::Aliyun),
    (Cloud::Ucloud.word(), Cloud::Ucloud),
    (Cloud::Mqtt.word(), Cloud::Mqtt),
];

/// `transport`; the names that `MQTT.js` has for the sockets of mini-programs mean the same on the wire.
pub(super) const TRANSPORTS: [(&str, Transport); 6] = [
    (Transport::Wss.scheme(), Transport::Wss),
    (Transport::Ws.scheme(), Transport::Ws),
    (Transport::Mqtts.scheme(), Transport::Mqtts),
    (Transport::Mqtt.scheme(), Transport::Mqtt),
    ("wxs", Transport::Wss),
    ("wx", Transport::Ws),
];

/// Aliyun's `sign_method`.
pub(super) const SIGN_METHODS: [(&str, SignMethod); 3] = [
    (SignMethod::HmacSha256.word(), SignMethod::HmacSha256),
    (SignMethod::HmacSha1.word(), SignMethod::HmacSha1),
    (SignMethod::HmacMd5.word(), SignMethod::HmacMd5),
];

/// Aliyun's `register`.
pub(super) const METHODS: [(&str, AliyunMethod); 3] = [
    (AliyunMethod::Https.word(), AliyunMethod::Https),
    (AliyunMethod::Mqtt.word(), AliyunMethod::Mqtt),
    (AliyunMethod::MqttUnregistered.word(), AliyunMethod::MqttUnregistered),
];

/// `policy` of `backoff`.
pub(super) const POLICIES: [(&str, BackoffPolicy); 4] = [
    ("huawei", BackoffPolicy::Huawei),
    ("jitter", BackoffPolicy::Jitter),
    ("fixed", BackoffPolicy::Fixed),
    ("none", BackoffPolicy::None),
];

/// `on_takeover`.
pub(super) const TAKEOVERS: [(&str, OnTakeover); 2] = [("slow", OnTakeover::Slow), ("stop", OnTakeover::Stop)];

/// The first name of a value. Each table holds every value of its type, which a test proves.
pub(super) fn name_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> Option<&'static str> {
    table.iter().find(|(_, there)| there == value).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_its_name() {
        for cloud in [Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt] {
            assert_eq!(name_of(&CLOUDS, &cloud), Some(cloud.word()));
        }
        for transport in [Transport::Wss, Transport::Ws, Transport::Mqtts, Transport::Mqtt] {
            assert_eq!(name_of(&TRANSPORTS, &transport), Some(transport.scheme()));
        }
        for method in [SignMethod::HmacMd5, SignMethod::HmacSha1, SignMethod::HmacSha256] {
            assert_eq!(name_of(&SIGN_METHODS, &method), Some(method.word()));
        }
        for method in [AliyunMethod::Https, AliyunMethod::Mqtt, AliyunMethod::MqttUnregistered] {
            assert_eq!(name_of(&METHODS, &method), Some(method.word()));
        }
        for policy in [BackoffPolicy::Huawei, BackoffPolicy::Jitter, BackoffPolicy::Fixed, BackoffPolicy::None] {
            assert!(name_of(&POLICIES, &policy).is_some());
        }
        for way in [OnTakeover::Slow, OnTakeover::Stop] {
            assert!(name_of(&TAKEOVERS, &way).is_some());
        }
    }
}
