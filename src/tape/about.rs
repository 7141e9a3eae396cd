//! What a tape says of itself: who wrote it, when, and which sessions are on it. Never a secret.

use std::collections::BTreeMap;

use crate::event::{LineState, WallTime};
use crate::profile::{Cloud, Identity, Profile};

/// What a tape says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct About {
    /// The program that wrote it, with its version.
    pub program: String,
    /// When it starts: `mono_us` of its events counts from here.
    pub started: WallTime,
    /// Which part of a recording that was split: 1, 2, 3 …
    pub part: u32,
    /// Its sessions.
    pub sessions: Vec<Recorded>,
}

/// A session as a tape names it: whatever is needed to tell what its messages mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The device's name as the user called it.
    pub name: String,
    /// Its cloud.
    pub cloud: Cloud,
    /// The URL that it dialled.
    pub endpoint: String,
    /// Its public identifiers, by the config's own key: `device_id`; `product_key`, `device_name`; `product_sn`, `device_sn`;
    /// `client_id`.
    pub identifiers: BTreeMap<String, String>,
    /// The platform's clock minus ours in microseconds, where it is known.
    pub clock_offset_us: Option<i64>,
    /// The line's state when the tape began.
    pub state: LineState,
}

impl Recorded {
    /// The device of `profile`, offline and with nothing known of the platform's clock.
    pub fn of(profile: &Profile) -> Self {
        let identifiers: &[(&str, &str)] = match &profile.identity {
            Identity::Huawei(device) => &[("device_id", device.device_id.as_str())],
            Identity::Aliyun(device) => &[
                ("product_key", device.product_key.as_str()),
                ("device_name", device.device_name.as_str()),
                ("client_id", device.client_id.as_str()),
            ],
            Identity::Ucloud(device) => {
                &[("product_sn", device.product_sn.as_str()), ("device_sn", device.device_sn.as_str())]
            }
            Identity::Mqtt(device) => &[("client_id", device.client_id.as_str())],
        };
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Self {
            name: profile.name.clone(),
            cloud: profile.identity.cloud(),
            endpoint: profile.endpoint.url(),
            identifiers: identifiers.iter().map(owned).collect(),
            clock_offset_us: None,
            state: LineState::Offline,
        }
    }
}
