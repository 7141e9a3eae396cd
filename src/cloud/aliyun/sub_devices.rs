//! A gateway's sub-devices: the signed bodies that bring them into the topology and log them in.
//!
//! What lives here: what is signed with a sub-device's own secret, for a gateway that holds it, and its check for a platform.
//! What may not: the gateway's own login (`credentials`).

use serde_json::{Value, json};

use super::bodies::id;
use super::credentials::{Content, hash, method_from_word, sign};
use crate::cloud::Draft;
use crate::event::{WallTime, What};
use crate::mqtt::Qos;
use crate::profile::{self, AliyunIdentity, SignMethod};
use crate::secret::Secret;

/// No more sub-devices log in with one message.
pub const BATCH: usize = 50;

/// A device that speaks through a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubDevice {
    /// `ProductKey`.
    pub product_key: String,
    /// `DeviceName`.
    pub device_name: String,
    /// What it is called in the signed content; the documents suggest `{product key}&{device name}`.
    pub client_id: String,
    /// The HMAC.
    pub sign_method: SignMethod,
}

impl SubDevice {
    /// A sub-device with the client id that the documents suggest, signed with HMAC-SHA256.
    pub fn new(product_key: &str, device_name: &str) -> Self {
        Self {
            product_key: product_key.to_owned(),
            device_name: device_name.to_owned(),
            client_id: format!("{product_key}&{device_name}"),
            sign_method: SignMethod::default(),
        }
    }

    /// The signature: the same content as at a CONNECT, under the sub-device's own secret. `timestamp` is the text that is
    /// sent; `None`: none is sent.
    pub fn sign(&self, secret: &Secret, timestamp: Option<&str>) -> String {
        let content = Content {
            client_id: &self.client_id,
            device_name: &self.device_name,
            product_key: &self.product_key,
            timestamp,
        };
        sign(secret.reveal(), self.sign_method, &content)
    }
}

impl From<&profile::SubDevice> for SubDevice {
    fn from(device: &profile::SubDevice) -> Self {
        let profile::SubDevice { product_key, device_name, client_id, sign_method, .. } = device.clone();
        Self { product_key, device_name, client_id, sign_method }
    }
}

/// Adds sub-devices to a gateway's topology (`thing.topo.add`), each signed with its secret at `at`.
pub fn sub_device_topology(
    gateway: &AliyunIdentity,
    serial: u64,
    at: WallTime,
    sub_devices: &[(SubDevice, Secret)],
) -> Draft {
    let stamp = stamp(at);
    let entries: Vec<Value> =
        sub_devices.iter().map(|(device, secret)| topology_entry(device, secret, &stamp)).collect();
    let body = json!({
        "id": id(serial), "version": "1.0", "sys": { "ack": 1 }, "params": entries, "method": "thing.topo.add"
    });
    let topic = format!("/sys/{}/{}/thing/topo/add", gateway.product_key, gateway.device_name);
    Draft::json("topology: add", What::System, topic, &body)
}

/// Logs a sub-device in over its gateway's connection (`combine/login`), signed with its secret at `at`. The topology must
/// hold it.
pub fn sub_device_login(
    gateway: &AliyunIdentity,
    serial: u64,
    at: WallTime,
    device: &SubDevice,
    secret: &Secret,
) -> Draft {
    let params = login_entry(device, secret, &stamp(at));
    session("login", gateway, &json!({ "id": id(serial), "params": params }))
}

/// Logs sub-devices in with one message (`combine/batch_login`); the platform takes up to [`BATCH`].
pub fn sub_device_batch_login(
    gateway: &AliyunIdentity,
    serial: u64,
    at: WallTime,
    sub_devices: &[(SubDevice, Secret)],
) -> Draft {
    let stamp = stamp(at);
    let entries: Vec<Value> = sub_devices.iter().map(|(device, secret)| login_entry(device, secret, &stamp)).collect();
    session("batch_login", gateway, &json!({ "id": id(serial), "params": { "deviceList": entries } }))
}

/// What brings a gateway's sub-devices into its topology and logs them in: each alone, and up to [`BATCH`] together. `serial` makes
/// the ids; as it is the milliseconds of the wall clock, it is also the time that is signed.
pub(super) fn drafts(gateway: &AliyunIdentity, serial: u64, known: &[(profile::SubDevice, Secret)]) -> Vec<Draft> {
    let at = WallTime::from_unix_micros(i64::try_from(serial).unwrap_or(i64::MAX).saturating_mul(1_000));
    let pairs: Vec<(SubDevice, Secret)> =
        known.iter().map(|(device, secret)| (SubDevice::from(device), secret.clone())).collect();
    if pairs.is_empty() {
        return Vec::new();
    }
    let mut drafts = vec![sub_device_topology(gateway, serial, at, &pairs)];
    drafts.extend(pairs.iter().map(|(device, secret)| {
        let login = sub_device_login(gateway, serial, at, device, secret);
        Draft { label: format!("{} {}", login.label, device.device_name), ..login }
    }));
    drafts.extend(pairs.chunks(BATCH).map(|batch| sub_device_batch_login(gateway, serial, at, batch)));
    drafts
}

/// Whether an entry of a topology or a login, as JSON, is signed with `secret`. The name of the method is written in two ways
/// there, and its case does not count; neither does that of the digits.
pub fn is_signed(entry: &Value, secret: &Secret) -> bool {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let method = text("signMethod").or_else(|| text("signmethod")).and_then(method_from_word);
    let (Some(product_key), Some(device_name), Some(sign_method), Some(sent)) =
        (text("productKey"), text("deviceName"), method, text("sign"))
    else {
        return false;
    };
    let client_id = text("clientId").unwrap_or_default().to_owned();
    let device = SubDevice { client_id, sign_method, ..SubDevice::new(product_key, device_name) };
    device.sign(secret, text("timestamp")).eq_ignore_ascii_case(sent)
}

/// Whether an entry of a registration by the product's secret (`thing.proxy.provisioning.product_register`), as JSON, is
/// signed with it. Its content is that of the dynamic registration: device name, product key and a random text.
pub fn is_signed_by_product(entry: &Value, product_secret: &Secret) -> bool {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let (Some(product_key), Some(device_name), Some(random), Some(method), Some(sent)) = (
        text("productKey"),
        text("deviceName"),
        text("random"),
        text("signMethod").and_then(method_from_word),
        text("sign"),
    ) else {
        return false;
    };
    let content = format!("deviceName{device_name}productKey{product_key}random{random}");
    hash(product_secret.reveal(), method, &content).eq_ignore_ascii_case(sent)
}

/// What goes with `combine/{verb}`, which is taken with QoS 0.
pub(super) fn session(verb: &str, gateway: &AliyunIdentity, body: &Value) -> Draft {
    let topic = format!("/ext/session/{}/{}/combine/{verb}", gateway.product_key, gateway.device_name);
    let label = format!("sub-device: {}", verb.replace('_', " "));
    Draft { qos: Qos::AtMostOnce, ..Draft::json(label, What::System, topic, body) }
}

fn topology_entry(device: &SubDevice, secret: &Secret, stamp: &str) -> Value {
    json!({
        "productKey": device.product_key, "deviceName": device.device_name, "clientId": device.client_id,
        "timestamp": stamp, "signmethod": device.sign_method.word(), "sign": device.sign(secret, Some(stamp)),
    })
}

fn login_entry(device: &SubDevice, secret: &Secret, stamp: &str) -> Value {
    json!({
        "productKey": device.product_key, "deviceName": device.device_name, "clientId": device.client_id,
        "timestamp": stamp, "signMethod": device.sign_method.word(), "sign": device.sign(secret, Some(stamp)),
        "cleanSession": "true",
    })
}

fn stamp(at: WallTime) -> String {
    at.unix_micros().div_euclid(1_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the CONNECT: the content is the same.
    #[test]
    fn a_sub_device_signs_what_a_device_would() {
        let hash = [
            (SignMethod::HmacMd5, "14b198324fe55e1d3c88f2e705e201ee", "2ce7304ec0ddd548eb1492d65ac0b334"),
            (
                SignMethod::HmacSha1,
                "fafd82a3d602b37fb0fa8b7892f24a477f851a14",
                "3504e4df7ce4766d30f796ee973c9ce7fc5425cb",
            ),
            (
                SignMethod::HmacSha256,
                "6074a46a91b1ebb2cc4ea42790ad0e80202c9843859fc292e57c4eb19fad9e57",
                "c8cb3dcb7159682438e5fd9a9c34f398e41bb8edb6f222795e307bafee151090",
            ),
        ];
        let secret = Secret::new("secret");
        for (sign_method, stamped, plain) in hash {
            let device = SubDevice { client_id: "12345".to_owned(), sign_method, ..SubDevice::new("pk", "device") };
            assert_eq!(device.sign(&secret, Some("789")), stamped);
            assert_eq!(device.sign(&secret, None), plain);
            let mut entry = json!({
                "productKey": "pk", "deviceName": "device", "clientId": "12345", "timestamp": "789",
                "signMethod": sign_method.word().to_uppercase(), "sign": stamped.to_uppercase(), "cleanSession": "true",
            });
            assert!(is_signed(&entry, &secret));
            assert!(!is_signed(&entry, &Secret::new("other")));
            entry["timestamp"] = json!("790");
            assert!(!is_signed(&entry, &secret));
        }
    }

    #[test]
    fn what_is_signed_here_is_found_right_there() {
        let gateway = crate::cloud::aliyun::tests::identity();
        let at = WallTime::from_unix_micros(1_700_000_000_000_000);
        let secret = Secret::new("c0ffee");
        let device = SubDevice::new("a1AbCdEfGh1", "lamp-sub-01");
        let pairs = [(device.clone(), secret.clone())];
        let of = |draft: &Draft| -> Value { serde_json::from_str(&draft.body).unwrap() };
        let added = sub_device_topology(&gateway, 7, at, &pairs);
        assert_eq!(added.topic, "/sys/a1AbCdEfGh1/lamp-01/thing/topo/add");
        assert!(is_signed(&of(&added)["params"][0], &secret));
        let login = sub_device_login(&gateway, 7, at, &device, &secret);
        assert_eq!(
            (login.topic.as_str(), login.qos),
            ("/ext/session/a1AbCdEfGh1/lamp-01/combine/login", Qos::AtMostOnce)
        );
        assert!(is_signed(&of(&login)["params"], &secret));
        assert_eq!(of(&login)["params"]["timestamp"], "1700000000000");
        let batch = sub_device_batch_login(&gateway, 7, at, &pairs);
        assert!(is_signed(&of(&batch)["params"]["deviceList"][0], &secret));
        assert!(!batch.body.contains("c0ffee"), "the secret itself goes nowhere");
    }

    #[test]
    fn what_the_composer_offers_is_signed_with_each_ones_secret() {
        let gateway = crate::cloud::aliyun::tests::identity();
        let of = |name: &str, sign_method| profile::SubDevice {
            product_key: "pk".to_owned(),
            device_name: name.to_owned(),
            client_id: format!("pk&{name}"),
            sign_method,
            secret: profile::SecretSource::Unregistered,
        };
        let known = [
            (of("one", SignMethod::HmacSha256), Secret::new("c0ffee")),
            (of("two", SignMethod::HmacMd5), Secret::new("decaf")),
        ];
        let drafts = drafts(&gateway, 1_700_000_000_000, &known);
        let labels: Vec<&str> = drafts.iter().map(|draft| draft.label.as_str()).collect();
        assert_eq!(
            labels,
            ["topology: add", "sub-device: login one", "sub-device: login two", "sub-device: batch login"]
        );
        for (draft, at) in drafts.iter().zip(["/params", "/params", "/params", "/params/deviceList"]) {
            let body: Value = serde_json::from_str(&draft.body).unwrap();
            let params = body.pointer(at).unwrap();
            for entry in params.as_array().map_or(std::slice::from_ref(params), Vec::as_slice) {
                let secret = if entry["deviceName"] == "one" { &known[0].1 } else { &known[1].1 };
                assert!(is_signed(entry, secret), "{}: {entry}", draft.label);
                assert_eq!(entry["timestamp"], "1700000000000");
            }
            assert!(!draft.body.contains("c0ffee") && !draft.body.contains("decaf"), "{}", draft.body);
        }
        assert_eq!(super::drafts(&gateway, 1, &[]), Vec::new());
    }

    /// The vectors of the dynamic registration.
    #[test]
    fn a_product_signs_for_its_devices() {
        for (secret, name, key, random, method, sign) in [
            ("prodsecret", "device", "pk", "123", "hmacmd5", "8cc3459a703b53a9f007e04549d279ed"),
            ("prodsecret", "device", "pk", "123", "hmacsha1", "0b0aec323ff6e062916278b4dd25e57bbc31edde"),
            (
                "h1nQFYPZS0mWabcd",
                "device1",
                "al123456789",
                "123",
                "hmacSha256",
                "6AE18354CF59FC70CCE2FA30EBAB5A11010B76D0105009303B28563555D5049D",
            ),
            (
                "ProdSecret0001",
                "lamp-01",
                "a1AbCdEfGh1",
                "8Ygb7ULYh53B6OA",
                "hmacsha256",
                "82145e0526532e17c414c2ae850b2a2ce9f67230ac1497e7c144f1d0a3e00eb0",
            ),
        ] {
            let mut entry = json!({
                "productKey": key, "deviceName": name, "random": random, "signMethod": method, "sign": sign
            });
            assert!(is_signed_by_product(&entry, &Secret::new(secret)), "{name} {method}");
            assert!(!is_signed_by_product(&entry, &Secret::new("other")));
            entry["random"] = json!("124");
            assert!(!is_signed_by_product(&entry, &Secret::new(secret)));
        }
    }

    #[test]
    fn what_lacks_a_part_is_not_signed() {
        for entry in [json!(null), json!({}), json!({"productKey": "pk", "deviceName": "d", "sign": "x"}), json!([1])] {
            assert!(!is_signed(&entry, &Secret::new("secret")), "{entry}");
            assert!(!is_signed_by_product(&entry, &Secret::new("secret")), "{entry}");
        }
    }
}
