//! Who may sign in: the devices of the clouds' documents, more of them for load, and the caller's own.
//!
//! What lives here: names, identities and secrets, and the profiles that a client needs to sign in as one of them. What
//! may not: the rules of signing in (that is `login`).

use std::collections::BTreeMap;
use std::path::Path;

use crate::cloud::transfer::is_same_device;
use crate::cloud::{self, Limits, defaults};
use crate::profile::{
    AliyunIdentity, AliyunTimestamp, Cloud, Endpoint, HuaweiIdentity, Identity, MqttIdentity, Profile, SecretSource,
    SignMethod, SignType, Tls, Transport, UcloudIdentity,
};
use crate::secret::Secret;
use crate::tape::Recorded;

/// The secret of a device whose own is not known here.
const MADE_UP: &str = "made-up-for-the-embedded-platform";

/// A device that the platform knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// How orders and notices call it.
    pub name: String,
    /// Who it is; its secret is [`SecretSource::Inline`], other sources are unknown to the platform.
    pub identity: Identity,
    /// Whether its password is compared. A device that is known from a tape has a secret that nobody here knows.
    pub checked: bool,
}

/// All devices that the platform knows.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    devices: Vec<Device>,
}

impl Device {
    /// A device called `name`.
    pub fn new(name: impl Into<String>, identity: Identity) -> Self {
        Self { name: name.into(), identity, checked: true }
    }

    /// The device of `profile`. A secret that would have to be fetched, or that a certificate stands in for, is made up, so that
    /// nobody needs the real one: sign in by the identity of the device that this answers.
    pub fn standing_for(profile: &Profile) -> Self {
        let mut identity = profile.identity.clone();
        let known = |source: &mut SecretSource| {
            if !matches!(source, SecretSource::Inline(_)) {
                *source = inline(MADE_UP);
            }
        };
        match &mut identity {
            Identity::Huawei(device) => known(device.secret.get_or_insert_with(|| inline(MADE_UP))),
            Identity::Aliyun(device) => {
                known(&mut device.secret);
                // A made-up text is no token.
                device.is_token &= device.secret != inline(MADE_UP);
            }
            Identity::Ucloud(device) => known(&mut device.secret),
            Identity::Mqtt(device) => device.password.iter_mut().for_each(known),
        }
        Self::new(profile.name.clone(), identity)
    }

    /// The device of a tape, called `name`. It is let in with any password: a tape holds no secret.
    pub(crate) fn of_tape(name: String, recorded: &Recorded) -> Self {
        let of = |key: &str| recorded.identifiers.get(key).cloned().unwrap_or_default();
        let secret = || inline("any password is taken");
        let identity = match recorded.cloud {
            Cloud::Huawei => huawei(&of("device_id"), "any password is taken"),
            Cloud::Aliyun => Identity::Aliyun(AliyunIdentity {
                client_id: defaults::aliyun_client_id(&of("product_key"), &of("device_name")),
                product_key: of("product_key"),
                device_name: of("device_name"),
                secret: secret(),
                sign_method: SignMethod::HmacSha256,
                timestamp: AliyunTimestamp::Now,
                ext: None,
                is_token: false,
            }),
            Cloud::Ucloud => Identity::Ucloud(UcloudIdentity {
                product_sn: of("product_sn"),
                device_sn: of("device_sn"),
                secret: secret(),
            }),
            Cloud::Mqtt => {
                Identity::Mqtt(MqttIdentity { client_id: of("client_id"), username: None, password: None, will: None })
            }
        };
        Self { name, identity, checked: false }
    }

    /// Its public identifiers, by the config's keys.
    pub(crate) fn identifiers(&self) -> BTreeMap<String, String> {
        Recorded::of(&self.profile(Transport::default(), 0, Path::new(""))).identifiers
    }

    /// Its secret as the platform holds it.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match self.identity.secret() {
            Some(SecretSource::Inline(secret)) => Some(secret),
            _ => None,
        }
    }

    /// Its cloud's limits.
    pub(crate) fn limits(&self) -> &'static Limits {
        limits(self.identity.cloud())
    }

    /// A profile that signs in as this device.
    pub(crate) fn profile(&self, transport: Transport, port: u16, ca_file: &Path) -> Profile {
        let cloud = self.identity.cloud();
        let endpoint = Endpoint {
            transport,
            host: "127.0.0.1".to_owned(),
            port,
            path: path(cloud).to_owned(),
            subprotocol: Some("mqtt".to_owned()),
        };
        let ca_file = transport.is_tls().then(|| ca_file.to_owned());
        Profile {
            tls: Tls { ca_file, identity: None },
            ..defaults::profile(self.name.clone(), self.identity.clone(), endpoint)
        }
    }
}

impl Roster {
    /// A roster of `devices`.
    pub(crate) fn new(devices: Vec<Device>) -> Self {
        Self { devices }
    }

    /// Adds the device of a tape, unless it is known already. Another one may have its name.
    pub(crate) fn add_of_tape(&mut self, recorded: &Recorded) {
        let is_it = |device: &Device| {
            device.identity.cloud() == recorded.cloud
                && is_same_device(recorded.cloud, &device.identifiers(), &recorded.identifiers)
        };
        if self.devices.iter().any(is_it) {
            return;
        }
        let mut name = recorded.name.clone();
        while self.named(&name).is_some() {
            name.push_str("-on-tape");
        }
        self.add(Device::of_tape(name, recorded));
    }

    /// Gives the device that `fresh` is too its secret or token; `None`: there is no such device.
    pub(crate) fn renew(&mut self, fresh: &Identity) -> Option<usize> {
        let same = |known: &Identity| match (known, fresh) {
            (Identity::Huawei(known), Identity::Huawei(fresh)) => known.device_id == fresh.device_id,
            (Identity::Aliyun(known), Identity::Aliyun(fresh)) => {
                known.product_key == fresh.product_key && known.device_name == fresh.device_name
            }
            (Identity::Ucloud(known), Identity::Ucloud(fresh)) => {
                known.product_sn == fresh.product_sn && known.device_sn == fresh.device_sn
            }
            _ => false,
        };
        let index = self.devices.iter().position(|device| same(&device.identity))?;
        let device = self.devices.get_mut(index)?;
        device.identity = fresh.clone();
        device.checked = true;
        Some(index)
    }

    /// Adds a device.
    pub(crate) fn add(&mut self, device: Device) {
        self.devices.push(device);
    }

    /// The device of that number.
    pub(crate) fn get(&self, index: usize) -> Option<&Device> {
        self.devices.get(index)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter()
    }

    /// The first device whose identity `is` the one looked for.
    pub(crate) fn find(&self, is: impl Fn(&Identity) -> bool) -> Option<(usize, &Device)> {
        self.devices.iter().enumerate().find(|(_, device)| is(&device.identity))
    }

    /// The device of that name.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.devices.iter().position(|device| device.name == name)
    }
}

/// The WebSocket path of a cloud's rules.
pub(crate) fn path(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Huawei => "/huawei/mqtt",
        Cloud::Aliyun => "/aliyun",
        Cloud::Ucloud => "/ucloud",
        Cloud::Mqtt => "/broker/mqtt",
    }
}

/// The cloud whose rules hold on `path`; one slash at the end is as good as none.
pub(crate) fn cloud_at(asked: &str) -> Option<Cloud> {
    let asked = asked.strip_suffix('/').unwrap_or(asked);
    [Cloud::Huawei, Cloud::Aliyun, Cloud::Ucloud, Cloud::Mqtt].into_iter().find(|cloud| path(*cloud) == asked)
}

/// A cloud's limits.
pub(crate) fn limits(cloud: Cloud) -> &'static Limits {
    match cloud {
        Cloud::Huawei => &cloud::huawei::LIMITS,
        Cloud::Aliyun => &cloud::aliyun::LIMITS,
        Cloud::Ucloud => &cloud::ucloud::LIMITS,
        Cloud::Mqtt => &cloud::plain::LIMITS,
    }
}

/// The devices of the clouds' own documents, and a client of the plain broker.
pub fn demo() -> Vec<Device> {
    vec![
        Device::new("smoke-01", huawei("65f0c0de_dev01", "12345678")),
        Device::new(
            "lamp-01",
            Identity::Aliyun(AliyunIdentity {
                product_key: "a1AbCdEfGh1".to_owned(),
                device_name: "lamp-01".to_owned(),
                secret: inline("e5f6a7b8c9d0e1f2a3b4c5d6e7f80912"),
                client_id: defaults::aliyun_client_id("a1AbCdEfGh1", "lamp-01"),
                sign_method: SignMethod::HmacSha256,
                timestamp: AliyunTimestamp::Now,
                ext: None,
                is_token: false,
            }),
        ),
        Device::new(
            "meter-7",
            Identity::Ucloud(UcloudIdentity {
                product_sn: "ledubff3z85spjmu".to_owned(),
                device_sn: "h9onxtzw0aep7fsr".to_owned(),
                secret: inline("6g7tjlekwf3sqqqj"),
            }),
        ),
        Device::new(
            "broker-1",
            Identity::Mqtt(MqttIdentity {
                client_id: "broker-1".to_owned(),
                username: None,
                password: None,
                will: None,
            }),
        ),
    ]
}

/// One more Huawei device, for load: `extra-001`, `extra-002`, ….
pub(crate) fn extra(number: usize) -> Device {
    let name = format!("extra-{number:03}");
    let identity = huawei(&format!("65f0c0de_{name}"), &format!("secret-of-{name}"));
    Device::new(name, identity)
}

fn huawei(device_id: &str, secret: &str) -> Identity {
    Identity::Huawei(HuaweiIdentity {
        device_id: device_id.to_owned(),
        secret: Some(inline(secret)),
        sign_type: SignType::Sha256,
    })
}

fn inline(secret: &str) -> SecretSource {
    SecretSource::Inline(Secret::new(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_leads_to_its_cloud() {
        for (asked, cloud) in [
            ("/huawei/mqtt", Some(Cloud::Huawei)),
            ("/huawei/mqtt/", Some(Cloud::Huawei)),
            ("/aliyun", Some(Cloud::Aliyun)),
            ("/aliyun/", Some(Cloud::Aliyun)),
            ("/ucloud", Some(Cloud::Ucloud)),
            ("/broker/mqtt", Some(Cloud::Mqtt)),
            ("/", None),
            ("", None),
            ("/mqtt", None),
            ("/aliyun//", None),
        ] {
            assert_eq!(cloud_at(asked), cloud, "{asked}");
        }
    }

    #[test]
    fn names_are_unique_with_many_extra_devices() {
        let mut names: Vec<_> = demo().into_iter().chain((1..=1000).map(extra)).map(|device| device.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_profile_trusts_the_authority_only_where_tls_is_spoken() {
        for device in demo() {
            let wss = device.profile(Transport::Wss, 1, Path::new("/x/ca.pem"));
            assert_eq!(wss.tls.ca_file.as_deref(), Some(Path::new("/x/ca.pem")));
            assert_eq!(device.profile(Transport::Ws, 2, Path::new("/x/ca.pem")).tls.ca_file, None);
            assert_eq!(cloud_at(&wss.endpoint.path), Some(device.identity.cloud()));
        }
    }
}
