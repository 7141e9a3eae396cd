//! Which keys a config may hold, and whose they are.

use super::choice;
use super::table::Table;
use crate::profile::Cloud;

/// The keys beside the devices.
pub(super) const TOP: [&str; 6] = ["device", "theme", "bell", "timeline", "redact", "tapes"];

/// The keys of every device.
const SHARED: [&str; 31] = [
    "name",
    "cloud",
    "host",
    "transport",
    "port",
    "path",
    "subprotocol",
    "autoconnect",
    "keep_alive",
    "clean_session",
    "connect_timeout",
    "max_packet",
    "strict",
    "ca_file",
    "cert_file",
    "key_file",
    "proxy",
    "subscribe",
    "backoff",
    "on_takeover",
    "record",
    "redact",
    "model",
    "simulator",
    "rule",
    "properties",
    "vars",
    "auto",
    "upgrade",
    "answers",
    "seed",
];

/// The keys of a cloud's devices beside [`SHARED`].
fn own(cloud: Cloud) -> &'static [&'static str] {
    match cloud {
        Cloud::Huawei => &["device_id", "secret", "sign_type", "check_timestamp", "bootstrap"],
        Cloud::Aliyun => &[
            "product_key",
            "device_name",
            "secret",
            "token",
            "region",
            "client_id",
            "sign_method",
            "timestamp",
            "ext",
            "product_secret",
            "register",
            "register_host",
            "register_secure_mode",
            "instance_id",
            "sub_device",
        ],
        Cloud::Ucloud => &["product_sn", "device_sn", "secret", "product_secret"],
        Cloud::Mqtt => &["url", "client_id", "username", "password", "will"],
    }
}

/// Tells of every key that a device of `cloud` cannot have; without a cloud, of those that no device has.
pub(super) fn check(device: &Table<'_>, cloud: Option<Cloud>) {
    let mut known = SHARED.to_vec();
    let asked = |cloud: Cloud| own(cloud).iter().copied();
    match cloud {
        Some(cloud) => known.extend(asked(cloud)),
        None => known.extend(choice::CLOUDS.iter().flat_map(|(_, cloud)| asked(*cloud))),
    }
    for key in device.keys().filter(|key| !known.contains(&key.value)) {
        match cloud.and_then(|cloud| of_another(cloud, key.value)) {
            Some(sentence) => device.report.fault(key.at, format!("{}: {sentence}", device.what)),
            None => device.unknown(&key, &known),
        }
    }
}

/// The sentence for a key that is known, but not for this cloud.
fn of_another(cloud: Cloud, key: &str) -> Option<String> {
    let owners: Vec<&str> =
        choice::CLOUDS.iter().filter(|(_, other)| own(*other).contains(&key)).map(|(name, _)| *name).collect();
    if owners.is_empty() {
        return None;
    }
    let instead = match (cloud, key) {
        (Cloud::Mqtt, "secret") => "; here it is `password`".to_owned(),
        (Cloud::Huawei | Cloud::Aliyun | Cloud::Ucloud, "password") => "; here it is `secret`".to_owned(),
        (Cloud::Huawei | Cloud::Aliyun | Cloud::Ucloud, "url") => {
            "; here it is `host`, with `port` and `path`".to_owned()
        }
        (Cloud::Huawei | Cloud::Aliyun | Cloud::Ucloud, "username") => format!("; {} makes it itself", cloud.word()),
        (Cloud::Huawei | Cloud::Aliyun | Cloud::Ucloud, "will") => format!("; {} takes no will message", cloud.word()),
        _ => String::new(),
    };
    Some(format!("`{key}` is a key of {} devices, and this one is {}{instead}", listed(&owners), cloud.word()))
}

/// "a", "a and b", "a, b and c".
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_cloud_is_told_with_its_owner() {
        for (cloud, key, words) in [
            (Cloud::Huawei, "product_key", "aliyun devices, and this one is huawei"),
            (Cloud::Mqtt, "secret", "here it is `password`"),
            (Cloud::Ucloud, "password", "here it is `secret`"),
            (Cloud::Aliyun, "url", "here it is `host`"),
            (Cloud::Huawei, "client_id", "aliyun and mqtt devices"),
        ] {
            let sentence = of_another(cloud, key).unwrap();
            assert!(sentence.contains(words), "{sentence}");
        }
        assert_eq!(of_another(Cloud::Huawei, "devise_id"), None);
    }

    #[test]
    fn no_key_is_listed_twice_for_a_cloud() {
        for (_, cloud) in choice::CLOUDS {
            let mut all: Vec<&str> = SHARED.iter().chain(own(cloud)).copied().collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "{cloud:?}");
        }
    }
}
