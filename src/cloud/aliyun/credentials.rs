//! Aliyun's CONNECT: client id with its extension list, signature, and how a platform reads them back.

use hmac::Hmac;
use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;

use super::registration;
use crate::cloud::Credentials;
use crate::cloud::signing::hmac_hex;
use crate::event::WallTime;
use crate::profile::{AliyunIdentity, AliyunTimestamp, SignMethod, Transport};
use crate::secret::Secret;

/// What is signed. The client id is the part before the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content<'a> {
    pub(super) client_id: &'a str,
    /// `DeviceName`.
    pub(super) device_name: &'a str,
    /// `ProductKey`.
    pub(super) product_key: &'a str,
    /// Signed exactly when it is sent, as the text that is sent.
    pub(super) timestamp: Option<&'a str>,
}

/// What a client id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login<'a> {
    /// The part before the first bar; not empty.
    pub client_id: &'a str,
    /// `securemode`: 2 on TLS, 3 on plain TCP; devices may send others.
    pub secure_mode: Option<i32>,
    /// `signmethod`; MD5 when absent, as the documents have it.
    pub sign_method: SignMethod,
    /// `timestamp`, as it stands.
    pub timestamp: Option<&'a str>,
    /// `ext`: the capability flags.
    pub ext: Option<u32>,
    /// `authType`: `register` and `regnwl` register, `connwl` signs in with a token; absent: with the secret.
    pub auth_type: Option<&'a str>,
    /// `random`: what a registration signs beside the names.
    pub random: Option<&'a str>,
}

/// The password: HMAC of the content under the device secret. Each key that takes part stands before its value, in the
/// keys' alphabetical order, with nothing between.
pub(super) fn sign(secret: &str, method: SignMethod, content: &Content<'_>) -> String {
    let Content { client_id, device_name, product_key, timestamp } = content;
    let mut text = format!("clientId{client_id}deviceName{device_name}productKey{product_key}");
    if let Some(timestamp) = timestamp {
        text.push_str("timestamp");
        text.push_str(timestamp);
    }
    hash(secret, method, &text)
}

/// HMAC of `content` under `secret`, as lower-case hexadecimal.
pub(super) fn hash(secret: &str, method: SignMethod, content: &str) -> String {
    let (key, message) = (secret.as_bytes(), content.as_bytes());
    match method {
        SignMethod::HmacMd5 => hmac_hex::<Hmac<Md5>>(key, message),
        SignMethod::HmacSha1 => hmac_hex::<Hmac<Sha1>>(key, message),
        SignMethod::HmacSha256 => hmac_hex::<Hmac<Sha256>>(key, message),
    }
}

/// The client id: `{client id}|securemode=…,signmethod=…[,ext=…][,timestamp=…]|`.
fn client_id(identity: &AliyunIdentity, transport: Transport, timestamp: Option<&str>) -> String {
    let AliyunIdentity { client_id, sign_method, ext, .. } = identity;
    let mut text = format!("{client_id}|securemode={},signmethod={}", secure_mode(transport), sign_method.word());
    if let Some(flags) = ext {
        text.push_str(",ext=");
        text.push_str(&flags.to_string());
    }
    if let Some(timestamp) = timestamp {
        text.push_str(",timestamp=");
        text.push_str(timestamp);
    }
    text.push('|');
    text
}

/// Reads a client id back; `None` when it has not that form: two bars, the second at the end, pairs between them. Keys
/// that are not signed (`lan`, `_v`, `_ss`, …) may stand among them in any order.
pub fn parse_client_id(client_id: &str) -> Option<Login<'_>> {
    let (client_id, extensions) = client_id.strip_suffix('|')?.split_once('|')?;
    if client_id.is_empty() || extensions.contains('|') {
        return None;
    }
    let mut login = Login {
        client_id,
        secure_mode: None,
        sign_method: SignMethod::HmacMd5,
        timestamp: None,
        ext: None,
        auth_type: None,
        random: None,
    };
    for pair in extensions.split(',') {
        match pair.split_once('=')? {
            ("securemode", mode) => login.secure_mode = Some(mode.parse().ok()?),
            ("signmethod", method) => login.sign_method = method_from_word(method)?,
            ("timestamp", timestamp) => login.timestamp = Some(timestamp),
            ("ext", flags) => login.ext = Some(flags.parse().ok()?),
            ("authType", kind) => login.auth_type = Some(kind),
            ("random", random) => login.random = Some(random),
            _ => {}
        }
    }
    Some(login)
}

/// The user name: `{device name}&{product key}`.
pub(super) fn username(device_name: &str, product_key: &str) -> String {
    format!("{device_name}&{product_key}")
}

/// The `securemode` that fits a transport: 2 on TLS, 3 on plain TCP. A mismatch is refused.
pub(super) fn secure_mode(transport: Transport) -> i32 {
    if transport.is_tls() { 2 } else { 3 }
}

/// Reads a method's name; SDKs differ in its case.
pub(super) fn method_from_word(word: &str) -> Option<SignMethod> {
    [SignMethod::HmacMd5, SignMethod::HmacSha1, SignMethod::HmacSha256]
        .into_iter()
        .find(|method| method.word().eq_ignore_ascii_case(word))
}

/// What CONNECT carries at `at`.
pub(super) fn credentials(
    identity: &AliyunIdentity,
    transport: Transport,
    secret: Option<&Secret>,
    at: WallTime,
) -> Credentials {
    if identity.is_token {
        return registration::token_login(identity, secret);
    }
    let timestamp = match &identity.timestamp {
        AliyunTimestamp::Absent => None,
        AliyunTimestamp::Now => Some(at.unix_micros().div_euclid(1000).to_string()),
        AliyunTimestamp::Fixed(text) => Some(text.clone()),
    };
    let timestamp = timestamp.as_deref();
    let content = Content {
        client_id: &identity.client_id,
        device_name: &identity.device_name,
        product_key: &identity.product_key,
        timestamp,
    };
    Credentials {
        client_id: client_id(identity, transport, timestamp),
        username: Some(username(&identity.device_name, &identity.product_key)),
        password: secret.map(|secret| Secret::new(sign(secret.reveal(), identity.sign_method, &content))),
        will: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::SecretSource;

    type Case = (&'static str, Content<'static>, [&'static str; 3]);

    fn content(
        client_id: &'static str,
        device_name: &'static str,
        product_key: &'static str,
        timestamp: Option<&'static str>,
    ) -> Content<'static> {
        Content { client_id, device_name, product_key, timestamp }
    }

    /// MD5, SHA-1 and SHA-256 of each; the first is the documents' own example.
    fn vectors() -> [Case; 5] {
        let lamp = "e5f6a7b8c9d0e1f2a3b4c5d6e7f80912";
        [
            (
                "secret",
                content("12345", "device", "pk", Some("789")),
                [
                    "14b198324fe55e1d3c88f2e705e201ee",
                    "fafd82a3d602b37fb0fa8b7892f24a477f851a14",
                    "6074a46a91b1ebb2cc4ea42790ad0e80202c9843859fc292e57c4eb19fad9e57",
                ],
            ),
            (
                "secret",
                content("12345", "device", "pk", None),
                [
                    "2ce7304ec0ddd548eb1492d65ac0b334",
                    "3504e4df7ce4766d30f796ee973c9ce7fc5425cb",
                    "c8cb3dcb7159682438e5fd9a9c34f398e41bb8edb6f222795e307bafee151090",
                ],
            ),
            (
                lamp,
                content("a1AbCdEfGh1.lamp-01", "lamp-01", "a1AbCdEfGh1", Some("1700000000000")),
                [
                    "e57f00412591acf115727a93f881b072",
                    "10f05e5ce078612dd098fbc75948e908f5d8d93e",
                    "2fe17151fc2302214012667abe2dc391ea5bacda2dd6b579a9a5e9164e0ad0d7",
                ],
            ),
            (
                lamp,
                content("AA:BB:CC:DD:EE:FF", "lamp_01", "a1AbCdEfGh1", Some("2524608000000")),
                [
                    "a6a2f165494a4d0b92749f11fd8e9cb4",
                    "a5f965ab8c90cb516accc4ad14ef1c13e6bcd646",
                    "397032616b42b838c4184bd8456b3cc223e4170b3cf408fad4570ca72396ee5d",
                ],
            ),
            (
                "s3cr3t",
                content("a1AbCdEfGh1&gw", "gw", "a1AbCdEfGh1", Some("1604561234567")),
                [
                    "3bab74df34c692a61c179886dffa5ef5",
                    "f5423f1ac99020a8db53568cf59a1f33cceeedb6",
                    "7e6a5a82c9500882a67e40b2e66fef580871c65e3528241667ef5c9e1f528260",
                ],
            ),
        ]
    }

    fn identity(content: &Content<'_>, sign_method: SignMethod, timestamp: AliyunTimestamp) -> AliyunIdentity {
        AliyunIdentity {
            product_key: content.product_key.to_owned(),
            device_name: content.device_name.to_owned(),
            secret: SecretSource::Env("UNUSED".to_owned()),
            client_id: content.client_id.to_owned(),
            sign_method,
            timestamp,
            ext: None,
            is_token: false,
        }
    }

    #[test]
    fn the_vectors_of_every_method_on_every_transport() {
        let methods = [SignMethod::HmacMd5, SignMethod::HmacSha1, SignMethod::HmacSha256];
        for (secret, content, hashes) in vectors() {
            for (method, hash) in methods.into_iter().zip(hashes) {
                let stamp =
                    content.timestamp.map_or(AliyunTimestamp::Absent, |text| AliyunTimestamp::Fixed(text.into()));
                let identity = identity(&content, method, stamp);
                for (transport, mode) in
                    [(Transport::Wss, 2), (Transport::Mqtts, 2), (Transport::Ws, 3), (Transport::Mqtt, 3)]
                {
                    let connect = credentials(&identity, transport, Some(&Secret::new(secret)), WallTime::default());
                    let login = parse_client_id(&connect.client_id).unwrap();
                    assert_eq!(login.client_id, content.client_id);
                    assert_eq!(login.secure_mode, Some(mode));
                    assert_eq!(login.sign_method, method);
                    assert_eq!(login.timestamp, content.timestamp);
                    assert_eq!(connect.password.as_ref().map(Secret::reveal), Some(hash));
                }
            }
        }
    }

    #[test]
    fn the_documents_own_login() {
        let content = content("12345", "device", "pk", Some("789"));
        let identity = identity(&content, SignMethod::HmacSha1, AliyunTimestamp::Fixed("789".to_owned()));
        let connect = credentials(&identity, Transport::Wss, Some(&Secret::new("secret")), WallTime::default());
        assert_eq!(connect.client_id, "12345|securemode=2,signmethod=hmacsha1,timestamp=789|");
        assert_eq!(connect.username.as_deref(), Some("device&pk"));
        let plain = credentials(&identity, Transport::Ws, None, WallTime::default());
        assert_eq!(plain.client_id, "12345|securemode=3,signmethod=hmacsha1,timestamp=789|");
        assert_eq!(plain.password, None);
    }

    #[test]
    fn now_is_milliseconds_and_absent_is_absent() {
        let content = content("c", "d", "p", None);
        let at = WallTime::parse_rfc3339("2023-11-14T22:13:20.123456Z").unwrap();
        for (timestamp, expected) in [
            (AliyunTimestamp::Now, "c|securemode=2,signmethod=hmacsha256,timestamp=1700000000123|"),
            (AliyunTimestamp::Absent, "c|securemode=2,signmethod=hmacsha256|"),
        ] {
            let identity = identity(&content, SignMethod::HmacSha256, timestamp);
            assert_eq!(credentials(&identity, Transport::Wss, None, at).client_id, expected);
        }
    }

    /// The flags are not signed: the password is that of the vector without them.
    #[test]
    fn the_capability_flags_are_sent_and_not_signed() {
        let content = content("12345", "device", "pk", Some("789"));
        let plain = identity(&content, SignMethod::HmacSha1, AliyunTimestamp::Fixed("789".to_owned()));
        let flagged = AliyunIdentity { ext: Some(1), ..plain };
        let connect = credentials(&flagged, Transport::Wss, Some(&Secret::new("secret")), WallTime::default());
        assert_eq!(connect.client_id, "12345|securemode=2,signmethod=hmacsha1,ext=1,timestamp=789|");
        assert_eq!(connect.password.as_ref().map(Secret::reveal), Some("fafd82a3d602b37fb0fa8b7892f24a477f851a14"));
        assert_eq!(parse_client_id(&connect.client_id).and_then(|login| login.ext), Some(1));
    }

    #[test]
    fn client_ids_are_read_as_sdks_write_them() {
        let long = "a&b|lan=Python,_v=1.2,timestamp=1,securemode=2,signmethod=hmacSha256,ext=1,_ss=1|";
        let login = parse_client_id(long).unwrap();
        assert_eq!((login.client_id, login.secure_mode, login.timestamp), ("a&b", Some(2), Some("1")));
        assert_eq!((login.sign_method, login.ext), (SignMethod::HmacSha256, Some(1)));
        assert_eq!(parse_client_id("c|securemode=-1|").unwrap().secure_mode, Some(-1));
        assert_eq!(parse_client_id("c|securemode=2|").unwrap().sign_method, SignMethod::HmacMd5);
        for other in [
            "",
            "12345",
            "12345|securemode=2,signmethod=hmacsha1",
            "|securemode=2|",
            "c|securemode=2|x|",
            "c|securemode|",
            "c||",
            "c|securemode=two|",
            "c|securemode=2,ext=one|",
            "c|securemode=2,signmethod=sha3|",
        ] {
            assert_eq!(parse_client_id(other), None, "{other}");
        }
    }
}
